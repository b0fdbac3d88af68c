/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * failing.c - preloaded before the C library, it makes one call of a program fail: the n-th.
 *
 * Environment: FAILING_AT (n, from 1; 0 or none: no call fails), FAILING_NAME (every call of this
 * function fails from the n-th call on, for good), FAILING_NTH (only the n-th call of that function
 * fails), FAILING_REPORT (a file to which the number of calls is written when the program ends, and
 * each call that fails).
 * Of a daemon of several processes: FAILING_ROLE (it fails in the process with --role=ROLE alone,
 * and not again in one that is started after it; "parent": the one of noond without a role),
 * FAILING_LIST (the report names each function that such a process calls; with it the report is
 * open from the start, for processes in a sandbox). Each call fails with an error that it can meet
 * in a full, poor or odd system.  Reading clocks, signal handlers, closing and freeing do not fail
 * and are not counted.  Preloaded before fakeclock.so it makes the calls of a virtual world fail
 * too.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

static struct {
    long at, count;
    bool started;
    const char *name; /* NULL: one call fails, whatever it is */
    char report[256];
    long nth, met;         /* of that name */
    int fd;                /* the report, of a process of several; 0: opened for each line */
    const char *known[64]; /* functions that were listed; NULL: none is */
    bool list;
} plan;

extern void *__libc_calloc(size_t count, size_t size); /* for dlsym() itself */

/* The report goes past our own wrappers. */
static void write_report(const char *what, long number)
{
    char text[128];
    ssize_t (*real_write)(int, const void *, size_t);
    int (*real_open)(const char *, int, ...);
    int fd, size = snprintf(text, sizeof text, "%s %ld\n", what, number);

    *(void **)&real_write = dlsym(RTLD_NEXT, "write");
    *(void **)&real_open = dlsym(RTLD_NEXT, "open64");
    fd = plan.fd > 0 ? plan.fd
         : plan.report[0] != '\0' && size > 0
             ? real_open(plan.report, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)
             : -1;
    if (fd >= 0) {
        ssize_t ignored = real_write(fd, text, (size_t)size);

        (void)ignored;
    }
    if (fd >= 0 && fd != plan.fd) {
        close(fd);
    }
}

/* Is this the process of noond, or of its helper, that FAILING_ROLE means? */
static bool has_role(const char *role)
{
    char text[4096], wanted[64];
    ssize_t size = readlink("/proc/self/exe", text, sizeof text - 1);
    const char *end;
    FILE *file;

    text[size > 0 ? size : 0] = '\0';
    end = strrchr(text, '/');
    if (end == NULL || strncmp(end, "/noon", 5) != 0) {
        return false;
    }
    file = fopen("/proc/self/cmdline", "r");
    size = file != NULL ? (ssize_t)fread(text, 1, sizeof text - 1, file) : 0;
    if (file != NULL) {
        fclose(file);
    }
    for (ssize_t i = 0; i < size; i++) {
        text[i] = text[i] == '\0' ? '\n' : text[i];
    }
    text[size] = '\0';
    snprintf(wanted, sizeof wanted, "\n--role=%s\n", role);
    return strcmp(role, "parent") == 0 ? strstr(text, "\n--role=") == NULL
                                       : strstr(text, wanted) != NULL;
}

/* Has it failed in an earlier process of this role?  Then this one is to live. */
static bool failed_before(void)
{
    char text[4096], wanted[64];
    FILE *file = plan.nth > 0 && plan.name != NULL ? fopen(plan.report, "r") : NULL;
    size_t size = file != NULL ? fread(text + 1, 1, sizeof text - 2, file) : 0;

    if (file != NULL) {
        fclose(file);
    }
    text[0] = '\n';
    text[size + 1] = '\0';
    snprintf(wanted, sizeof wanted, "\n%s ", plan.name != NULL ? plan.name : "");
    return size > 0 && strstr(text, wanted) != NULL;
}

/* Far above the descriptors that a child is given and counts. */
static void open_report(void)
{
    enum { ABOVE = 900 };
    int fd = open(plan.report, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

    plan.fd = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, ABOVE) : 0;
    plan.fd = plan.fd > 0 ? plan.fd : 0;
    if (fd >= 0) {
        close(fd);
    }
}

__attribute__((constructor)) static void begin(void)
{
    const char *at = getenv("FAILING_AT"), *report = getenv("FAILING_REPORT");

    plan.at = at != NULL ? strtol(at, NULL, 10) : 0;
    snprintf(plan.report, sizeof plan.report, "%s", report != NULL ? report : "");
    plan.name = getenv("FAILING_NAME");
    plan.nth = getenv("FAILING_NTH") != NULL ? strtol(getenv("FAILING_NTH"), NULL, 10) : 0;
    plan.list = getenv("FAILING_LIST") != NULL;
    if (getenv("FAILING_ROLE") != NULL) {
        if (!has_role(getenv("FAILING_ROLE")) || failed_before()) {
            return;
        }
        open_report();
    }
    plan.started = true;
}

__attribute__((destructor)) static void end(void)
{
    if (plan.started) {
        write_report("calls", plan.count);
    }
    plan.started = false;
}

static void list(const char *name)
{
    for (size_t i = 0; i < sizeof plan.known / sizeof plan.known[0]; i++) {
        if (plan.known[i] == NULL) {
            plan.known[i] = name;
            write_report(name, plan.count);
            return;
        }
        if (strcmp(plan.known[i], name) == 0) {
            return;
        }
    }
}

/* Whether this call is the one. */
static bool due(const char *name)
{
    if (!plan.started) {
        return false;
    }
    plan.count++;
    if (plan.list) {
        list(name);
    }
    if (plan.nth > 0) {
        if (plan.name == NULL || strcmp(name, plan.name) != 0 || ++plan.met != plan.nth) {
            return false;
        }
    } else if (plan.name != NULL ? plan.count < plan.at || strcmp(name, plan.name) != 0
                                 : plan.count != plan.at) {
        return false;
    }
    write_report(name, plan.count);
    return true;
}

static void *behind(const char *name)
{
    void *function = dlsym(RTLD_NEXT, name);

    if (function == NULL) {
        fprintf(stderr, "failing: there is no %s\n", name);
        abort();
    }
    return function;
}

/* A function that says -1 and errno.  Prototypes of the C library's headers don't matter here. */
#define FAILS(type, name, error, parameters, arguments)                                            \
    type failing_##name parameters __asm__(#name);                                                 \
    type failing_##name parameters                                                                 \
    {                                                                                              \
        static type(*next) parameters;                                                             \
                                                                                                   \
        if (due(#name)) {                                                                          \
            errno = error;                                                                         \
            return -1;                                                                             \
        }                                                                                          \
        if (next == NULL) {                                                                        \
            *(void **)&next = behind(#name);                                                       \
        }                                                                                          \
        return next arguments;                                                                     \
    }

FAILS(int, socket, EMFILE, (int a, int b, int c), (a, b, c))
FAILS(int, bind, EADDRNOTAVAIL, (int a, const void *b, unsigned c), (a, b, c))
FAILS(int, connect, ENETUNREACH, (int a, const void *b, unsigned c), (a, b, c))
FAILS(int, listen, EADDRINUSE, (int a, int b), (a, b))
FAILS(int, getsockname, ENOBUFS, (int a, void *b, void *c), (a, b, c))
FAILS(int, getsockopt, ENOPROTOOPT, (int a, int b, int c, void *d, void *e), (a, b, c, d, e))
FAILS(int, setsockopt, ENOPROTOOPT, (int a, int b, int c, const void *d, unsigned e),
      (a, b, c, d, e))
FAILS(ssize_t, sendmsg, ENOBUFS, (int a, const void *b, int c), (a, b, c))
FAILS(ssize_t, recvmsg, ENOMEM, (int a, void *b, int c), (a, b, c))
FAILS(ssize_t, send, EPIPE, (int a, const void *b, size_t c, int d), (a, b, c, d))
FAILS(ssize_t, recv, ECONNRESET, (int a, void *b, size_t c, int d), (a, b, c, d))
FAILS(int, recvmmsg, ENOMEM, (int a, void *b, unsigned c, int d, void *e), (a, b, c, d, e))
FAILS(int, poll, ENOMEM, (void *a, unsigned long b, int c), (a, b, c))
FAILS(int, clock_adjtime, EPERM, (int a, void *b), (a, b))
FAILS(int, accept4, EMFILE, (int a, void *b, void *c, int d), (a, b, c, d))
FAILS(int, sendmmsg, ENOBUFS, (int a, void *b, unsigned c, int d), (a, b, c, d))
FAILS(int, ppoll, ENOMEM, (void *a, unsigned long b, const void *c, const void *d), (a, b, c, d))
FAILS(int, pipe2, EMFILE, (int *a, int b), (a, b))
FAILS(int, socketpair, EMFILE, (int a, int b, int c, int *d), (a, b, c, d))
FAILS(int, eventfd, EMFILE, (unsigned a, int b), (a, b))
FAILS(int, fork, EAGAIN, (void), ())
FAILS(int, inotify_init1, EMFILE, (int a), (a))
FAILS(int, setgroups, EPERM, (size_t a, const void *b), (a, b))
FAILS(int, setresgid, EPERM, (unsigned a, unsigned b, unsigned c), (a, b, c))
FAILS(int, setresuid, EPERM, (unsigned a, unsigned b, unsigned c), (a, b, c))
FAILS(ssize_t, getrandom, ENOSYS, (void *a, size_t b, unsigned c), (a, b, c))
FAILS(ssize_t, read, EIO, (int a, void *b, size_t c), (a, b, c))
FAILS(ssize_t, pread64, EIO, (int a, void *b, size_t c, long d), (a, b, c, d))
FAILS(ssize_t, write, ENOSPC, (int a, const void *b, size_t c), (a, b, c))
FAILS(ssize_t, writev, ENOSPC, (int a, const void *b, int c), (a, b, c))
FAILS(int, fsync, EIO, (int a), (a))
FAILS(int, rename, EROFS, (const char *a, const char *b), (a, b))
FAILS(int, unlink, EROFS, (const char *a), (a))
FAILS(int, mkdir, EROFS, (const char *a, unsigned b), (a, b))
FAILS(int, chmod, EPERM, (const char *a, unsigned b), (a, b))
FAILS(int, fchmod, EPERM, (int a, unsigned b), (a, b))
FAILS(int, chown, EPERM, (const char *a, unsigned b, unsigned c), (a, b, c))
FAILS(int, stat64, EACCES, (const char *a, void *b), (a, b))
FAILS(int, fstat64, EIO, (int a, void *b), (a, b))
FAILS(int, access, EACCES, (const char *a, int b), (a, b))
FAILS(int, ftruncate64, ENOSPC, (int a, long b), (a, b))
FAILS(int, posix_fallocate64, ENOSPC, (int a, long b, long c), (a, b, c))
FAILS(int, memfd_create, ENOSYS, (const char *a, unsigned b), (a, b))
FAILS(int, uname, EFAULT, (void *a), (a))
FAILS(ssize_t, readlink, ENOENT, (const char *a, char *b, size_t c), (a, b, c))
FAILS(long, sysconf, EINVAL, (int a), (a))

/* Those with other ways to fail, or a variable number of arguments. */

int open64(const char *path, int flags, ...)
{
    int (*next)(const char *, int, ...);
    va_list list;
    unsigned mode;

    va_start(list, flags);
    mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(list, unsigned) : 0;
    va_end(list);
    if (due("open64")) {
        errno = EMFILE;
        return -1;
    }
    *(void **)&next = behind("open64");
    return next(path, flags, mode);
}

int fcntl64(int fd, int command, ...)
{
    int (*next)(int, int, ...);
    va_list list;
    void *argument;

    va_start(list, command);
    argument = va_arg(list, void *);
    va_end(list);
    if (due("fcntl64")) {
        errno = EPERM;
        return -1;
    }
    *(void **)&next = behind("fcntl64");
    return next(fd, command, argument);
}

int prctl(int option, ...)
{
    int (*next)(int, ...);
    unsigned long a[4];
    va_list list;

    va_start(list, option);
    for (int i = 0; i < 4; i++) {
        a[i] = va_arg(list, unsigned long);
    }
    va_end(list);
    if (due("prctl")) {
        errno = EINVAL;
        return -1;
    }
    *(void **)&next = behind("prctl");
    return next(option, a[0], a[1], a[2], a[3]);
}

void *failing_mmap(void *a, size_t b, int c, int d, int e, long f) __asm__("mmap64");
void *failing_mmap(void *a, size_t b, int c, int d, int e, long f)
{
    void *(*next)(void *, size_t, int, int, int, long);

    if (due("mmap64")) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    *(void **)&next = behind("mmap64");
    return next(a, b, c, d, e, f);
}

void *calloc(size_t count, size_t size)
{
    if (due("calloc")) {
        errno = ENOMEM;
        return NULL;
    }
    return __libc_calloc(count, size);
}

void *failing_opendir(const char *path) __asm__("opendir");
void *failing_opendir(const char *path)
{
    void *(*next)(const char *);

    if (due("opendir")) {
        errno = EMFILE;
        return NULL;
    }
    *(void **)&next = behind("opendir");
    return next(path);
}
