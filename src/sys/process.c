/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/must.h"
#include "sys/signals.h"
#include "sys/storage.h"

/* Above every number that is given, so that none is overwritten before its turn. */
enum { FDS_ABOVE = PROCESS_FDS_FIRST + PROCESS_FDS_MAX + 1 };

/* In the child: moves the descriptors to 3, 4, ... and closes all others but the report's. */
static bool arrange_fds(const int *fds, size_t count, int *report)
{
    int moved[PROCESS_FDS_MAX + 1];

    for (size_t i = 0; i <= count; i++) {
        moved[i] = fcntl(i == count ? *report : fds[i], F_DUPFD, FDS_ABOVE);
        if (moved[i] < 0) {
            return false;
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (dup2(moved[i], PROCESS_FDS_FIRST + (int)i) < 0) {
            return false;
        }
    }
    *report = PROCESS_FDS_FIRST + (int)count;
    if (dup3(moved[count], *report, O_CLOEXEC) < 0) {
        return false;
    }
    if (close_range((unsigned)*report + 1, UINT_MAX, 0) != 0) {
        for (int fd = *report + 1; fd < (int)sysconf(_SC_OPEN_MAX); fd++) {
            (void)close(fd);
        }
    }
    return true;
}

struct start {
    const char *path;
    char *const *arguments;
    const int *fds;
    size_t fd_count;
    pid_t parent;
};

static _Noreturn void run_child(const struct start *start, int report)
{
    /* A daemon without its supervisor would run on unseen. */
    (void)prctl(PR_SET_PDEATHSIG, (long)SIGKILL);
    if (getppid() == start->parent && arrange_fds(start->fds, start->fd_count, &report)) {
        signals_reset();
        (void)execv(start->path, start->arguments);
    }
    int os_error = errno;
    ssize_t said = write(report, &os_error, sizeof os_error);
    (void)said;
    _exit(127);
}

enum err process_start(int *pid, const char *path, char *const arguments[], const int *fds,
                       size_t fd_count)
{
    const struct start start = {path, arguments, fds, fd_count, getpid()};
    int report[2];
    int os_error = 0;

    must(fd_count <= PROCESS_FDS_MAX);
    *pid = -1;
    /* Closes by itself when the program starts; otherwise errno comes through. */
    if (pipe2(report, O_CLOEXEC) != 0) {
        return storage_err(errno);
    }
    pid_t child = fork();
    if (child == 0) {
        (void)close(report[0]);
        run_child(&start, report[1]);
    }
    if (child < 0) {
        os_error = errno;
    }
    (void)close(report[1]);
    while (child > 0 && read(report[0], &os_error, sizeof os_error) < 0 && errno == EINTR) {
    }
    (void)close(report[0]);
    if (child > 0 && os_error != 0) {
        while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {
        }
        child = -1;
    }
    *pid = (int)child;
    return os_error != 0 ? storage_err(os_error) : ERR_NONE;
}

bool process_ended(struct process_end *end)
{
    int status = 0;
    pid_t pid = waitpid(-1, &status, WNOHANG);

    if (pid <= 0) {
        return false;
    }
    end->pid = (int)pid;
    end->killed = WIFSIGNALED(status);
    end->status = end->killed ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    return true;
}

void process_signal(int pid, int number)
{
    if (pid > 0) {
        (void)kill((pid_t)pid, number);
    }
}

void process_name(const char *name)
{
    (void)prctl(PR_SET_NAME, name);
}

size_t process_given_fds(void)
{
    size_t count = 0;

    while (count < PROCESS_FDS_MAX && fcntl(PROCESS_FDS_FIRST + (int)count, F_GETFD) >= 0) {
        count++;
    }
    return count;
}

bool process_directory(char *text, size_t size)
{
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);

    if (length <= 0) {
        return false;
    }
    path[length] = '\0';
    *strrchr(path, '/') = '\0';
    return snprintf(text, size, "%s", path) < (int)size;
}

bool process_beside(const char *called, const char *name, char *path, size_t size)
{
    char directory[PATH_MAX];
    const char *slash = strrchr(called, '/');

    if (slash != NULL &&
        snprintf(path, size, "%.*s/%s", (int)(slash - called), called, name) < (int)size &&
        access(path, X_OK) == 0) {
        return true;
    }
    return process_directory(directory, sizeof directory) &&
           snprintf(path, size, "%s/%s", directory, name) < (int)size && access(path, X_OK) == 0;
}

void process_give_back_memory(void)
{
#ifdef M_MMAP_THRESHOLD
    enum { LARGE = 128 << 10 }; /* the C library's own, which it would raise */

    (void)mallopt(M_MMAP_THRESHOLD, LARGE);
#endif
}

void process_exact_timers(void)
{
    enum { SLACK_NS = 1000 }; /* instead of 50 us */

    (void)prctl(PR_SET_TIMERSLACK, (unsigned long)SLACK_NS);
}

int process_id(void)
{
    return (int)getpid();
}

/* What the process that a person or a script has started does until it knows how it went. */
static _Noreturn void wait_for_start(int from)
{
    char text[1024];
    bool said = false;

    for (;;) {
        ssize_t got = read(from, text, sizeof text);

        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            break;
        }
        size_t size = strnlen(text, (size_t)got); /* the end of the text is the good news */
        ssize_t written = write(STDERR_FILENO, text, size);
        (void)written;
        said = said || size > 0;
        if (size < (size_t)got) {
            _exit(0);
        }
    }
    static const char silent[] = "noond: not started; the system log says why\n";
    ssize_t written = said ? 0 : write(STDERR_FILENO, silent, sizeof silent - 1);
    (void)written;
    _exit(1);
}

enum err process_background(int *starter)
{
    int report[2];

    if (pipe2(report, O_CLOEXEC) != 0) {
        return storage_err(errno);
    }
    pid_t pid = fork();
    if (pid < 0) {
        int os_error = errno;

        (void)close(report[0]);
        (void)close(report[1]);
        return storage_err(os_error);
    }
    if (pid > 0) {
        (void)close(report[1]);
        wait_for_start(report[0]);
    }
    (void)close(report[0]);
    *starter = report[1];
    (void)setsid();
    int null = open("/dev/null", O_RDWR);
    for (int fd = 0; null >= 0 && fd < 3; fd++) {
        (void)dup2(null, fd);
    }
    if (null > 2) {
        (void)close(null);
    }
    return ERR_NONE;
}

void process_started(int *starter)
{
    if (starter == NULL) {
        return;
    }
    if (*starter >= 0) {
        ssize_t written = write(*starter, "", 1);

        (void)written;
        (void)close(*starter);
    }
    *starter = -1;
}

static void raise_limit(__rlimit_resource_t resource, rlim_t wanted)
{
    struct rlimit limit;

    if (getrlimit(resource, &limit) == 0 && limit.rlim_max < wanted) {
        const struct rlimit raised = {wanted, wanted};
        int ignored = setrlimit(resource, &raised); /* what is lacking is said by whom it lacks */

        (void)ignored;
    }
}

void process_permit(bool lock_memory, int priority)
{
    if (lock_memory) {
        raise_limit(RLIMIT_MEMLOCK, RLIM_INFINITY);
    }
    if (priority > 0) {
        raise_limit(RLIMIT_RTPRIO, (rlim_t)priority);
    }
}

bool process_lock_memory(void)
{
    struct rlimit limit;

    /* With less, memory that is wanted later could not be had. */
    if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0 || limit.rlim_max != RLIM_INFINITY) {
        return false;
    }
    limit.rlim_cur = limit.rlim_max;
    /* Pages that are never touched, of which a configuration has many, need not be there. */
    return setrlimit(RLIMIT_MEMLOCK, &limit) == 0 &&
           mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0;
}

bool process_realtime(int priority)
{
    const struct sched_param param = {.sched_priority = priority};
    const struct rlimit limit = {(rlim_t)priority, (rlim_t)priority};
    struct rlimit now;

    if (getrlimit(RLIMIT_RTPRIO, &now) == 0 && now.rlim_cur < limit.rlim_cur &&
        now.rlim_max >= limit.rlim_cur) {
        now.rlim_cur = limit.rlim_cur;
        int ignored = setrlimit(RLIMIT_RTPRIO, &now);
        (void)ignored;
    }
    return sched_setscheduler(0, SCHED_FIFO, &param) == 0;
}
