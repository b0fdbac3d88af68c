/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/landlock.h>
#include <linux/prctl.h>
#include <linux/sockios.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of later kernels than the headers that this is compiled with. */
#ifndef LANDLOCK_ACCESS_FS_REFER
#define LANDLOCK_ACCESS_FS_REFER (1ULL << 13)
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif

/* Memory, clocks to read, signals, waiting, the end: what every process needs. */
static const int for_all[] = {
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(readv),
    SCMP_SYS(writev),
    SCMP_SYS(close),
    SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(lseek),
    SCMP_SYS(munmap),
    SCMP_SYS(brk),
    SCMP_SYS(madvise),
    SCMP_SYS(mremap),
    SCMP_SYS(futex),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(getppid),
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getegid),
    SCMP_SYS(getrandom),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_getres),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(nanosleep),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(sched_yield),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(rseq),
    SCMP_SYS(recvfrom),
    SCMP_SYS(recvmsg),
    SCMP_SYS(recvmmsg),
    SCMP_SYS(sendto),
    SCMP_SYS(sendmsg),
    SCMP_SYS(sendmmsg),
    SCMP_SYS(getsockopt),
    SCMP_SYS(getsockname),
    SCMP_SYS(getpeername),
    SCMP_SYS(alarm),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(uname),
    SCMP_SYS(sysinfo),
};

/* Files, within the Landlock rules. */
static const int for_files[] = {
    SCMP_SYS(open),     SCMP_SYS(openat),     SCMP_SYS(stat),       SCMP_SYS(lstat),
    SCMP_SYS(statx),    SCMP_SYS(access),     SCMP_SYS(faccessat),  SCMP_SYS(faccessat2),
    SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(getdents64), SCMP_SYS(pread64),
    SCMP_SYS(fstatfs),  SCMP_SYS(getcwd),     SCMP_SYS(fadvise64),  SCMP_SYS(dup),
};

static const int for_writing[] = {
    SCMP_SYS(rename),    SCMP_SYS(renameat), SCMP_SYS(renameat2), SCMP_SYS(unlink),
    SCMP_SYS(unlinkat),  SCMP_SYS(fsync),    SCMP_SYS(fdatasync), SCMP_SYS(ftruncate),
    SCMP_SYS(fallocate), SCMP_SYS(fchmod),   SCMP_SYS(umask),     SCMP_SYS(pwrite64),
};

static const int for_sockets[] = {
    SCMP_SYS(connect),
    SCMP_SYS(bind),
    SCMP_SYS(setsockopt),
    SCMP_SYS(shutdown),
};

static const int for_watching[] = {
    SCMP_SYS(inotify_init1),
    SCMP_SYS(inotify_add_watch),
};

static const int for_listeners[] = {
    SCMP_SYS(accept4),
    SCMP_SYS(setsockopt),
    SCMP_SYS(shutdown),
};

static const int for_time[] = {
    SCMP_SYS(clock_adjtime),    SCMP_SYS(adjtimex),       SCMP_SYS(accept),
    SCMP_SYS(accept4),          SCMP_SYS(timerfd_create), SCMP_SYS(timerfd_settime),
    SCMP_SYS(memfd_create),     SCMP_SYS(inotify_init1),  SCMP_SYS(inotify_add_watch),
    SCMP_SYS(inotify_rm_watch),
};

/* No correct program of ours makes these: whoever does has been taken over. */
static const int deadly[] = {
    SCMP_SYS(execve),
    SCMP_SYS(execveat),
    SCMP_SYS(ptrace),
    SCMP_SYS(init_module),
    SCMP_SYS(finit_module),
    SCMP_SYS(delete_module),
    SCMP_SYS(kexec_load),
    SCMP_SYS(bpf),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(mount),
    SCMP_SYS(pivot_root),
    SCMP_SYS(setuid),
    SCMP_SYS(setresuid),
    SCMP_SYS(reboot),
};

/* Adds rules and remembers whether one failed. */
struct filter {
    scmp_filter_ctx context;
    bool failed;
};

static void allow(struct filter *f, const int *calls, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        /* Calls that this machine does not have are numbered below 0: nothing to allow. */
        if (calls[i] >= 0 && seccomp_rule_add(f->context, SCMP_ACT_ALLOW, calls[i], 0) != 0) {
            f->failed = true;
        }
    }
}

#define ALLOW(f, list) allow(f, list, sizeof(list) / sizeof(list)[0])

/* Memory may be mapped, but nothing that was written may be executed. */
static void allow_memory(struct filter *f)
{
    const int calls[] = {SCMP_SYS(mmap), SCMP_SYS(mprotect)};

    for (int i = 0; i < 2; i++) {
        if (seccomp_rule_add(f->context, SCMP_ACT_ALLOW, calls[i], 1,
                             SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) != 0) {
            f->failed = true;
        }
    }
}

static void allow_socket(struct filter *f, int domain, int type)
{
    if (seccomp_rule_add(f->context, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2,
                         SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)domain),
                         SCMP_A1(SCMP_CMP_MASKED_EQ, 0xf, (scmp_datum_t)type)) != 0) {
        f->failed = true;
    }
}

static void allow_ioctl(struct filter *f, unsigned long request)
{
    if (seccomp_rule_add(f->context, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
                         SCMP_A1(SCMP_CMP_EQ, request)) != 0) {
        f->failed = true;
    }
}

static void allow_if(struct filter *f, int call, struct scmp_arg_cmp condition)
{
    if (call >= 0 && seccomp_rule_add_array(f->context, SCMP_ACT_ALLOW, call, 1, &condition) != 0) {
        f->failed = true;
    }
}

/*
 * Calls that can be turned against other processes, only against itself: noond's processes are one
 * user's, whom the kernel lets end, limit and interrupt all of them.
 */
static void allow_itself(struct filter *f)
{
    static const int commands[] = {F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL,
                                   F_SETFL, F_GETLK,         F_SETLK, F_SETLKW};

    allow_if(f, SCMP_SYS(tgkill), SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
    allow_if(f, SCMP_SYS(prlimit64), SCMP_A0(SCMP_CMP_EQ, 0));
    /* Not F_SETOWN: whoever "owns" a socket gets its signals. */
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        allow_if(f, SCMP_SYS(fcntl), SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)commands[i]));
    }
    allow_if(f, SCMP_SYS(fcntl), SCMP_A1(SCMP_CMP_EQ, F_ADD_SEALS));
    allow_if(f, SCMP_SYS(fcntl), SCMP_A1(SCMP_CMP_EQ, F_GET_SEALS));
}

/* Threads of this process, and no other process. */
static void allow_threads(struct filter *f)
{
    const scmp_datum_t thread = CLONE_VM | CLONE_SIGHAND | CLONE_THREAD;

    if (seccomp_rule_add(f->context, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                         SCMP_A0(SCMP_CMP_MASKED_EQ, thread, thread)) != 0 ||
        /* Its arguments can't be looked at; a kernel that lacks it makes the C library use clone().
         */
        seccomp_rule_add(f->context, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) != 0) {
        f->failed = true;
    }
}

/* To read from a map that it was given, nothing else. */
static void allow_map_reading(struct filter *f)
{
    if (seccomp_rule_add(f->context, SCMP_ACT_ALLOW, SCMP_SYS(bpf), 1,
                         SCMP_A0(SCMP_CMP_EQ, BPF_MAP_LOOKUP_BATCH)) != 0 ||
        seccomp_rule_add(f->context, SCMP_ACT_KILL_PROCESS, SCMP_SYS(bpf), 1,
                         SCMP_A0(SCMP_CMP_NE, BPF_MAP_LOOKUP_BATCH)) != 0) {
        f->failed = true;
    }
}

static void allow_role(struct filter *f, enum sandbox_role role)
{
    ALLOW(f, for_all);
    allow_memory(f);
    allow_itself(f);
    allow_ioctl(f, TCGETS); /* what stdio asks */
    if (role == SANDBOX_SERVER) {
        allow_threads(f);
        allow_map_reading(f);
        return;
    }
    ALLOW(f, for_files);
    if (role == SANDBOX_NTS_SERVER) {
        ALLOW(f, for_writing);
        ALLOW(f, for_listeners);
        allow_threads(f);
        return;
    }
    ALLOW(f, for_sockets);
    allow_socket(f, AF_INET, SOCK_DGRAM);
    allow_socket(f, AF_INET6, SOCK_DGRAM);
    allow_ioctl(f, FIONREAD);
    if (role == SANDBOX_TIME) {
        ALLOW(f, for_writing);
        ALLOW(f, for_time);
        allow_socket(f, AF_UNIX, SOCK_DGRAM); /* the system log, when it comes back */
    } else {
        allow_socket(f, AF_INET, SOCK_STREAM);
        allow_socket(f, AF_INET6, SOCK_STREAM);
        allow_ioctl(f, FIONBIO);
        allow_ioctl(f, SIOCGIFNAME);
        ALLOW(f, for_watching);
    }
}

static bool filter_calls(enum sandbox_role role)
{
    struct filter f = {.context = seccomp_init(SCMP_ACT_ERRNO(EPERM))};

    if (f.context == NULL) {
        return false;
    }
    allow_role(&f, role);
    for (size_t i = 0; i < sizeof deadly / sizeof deadly[0]; i++) {
        if (role == SANDBOX_SERVER && deadly[i] == SCMP_SYS(bpf)) {
            continue; /* dealt with */
        }
        if (deadly[i] >= 0 &&
            seccomp_rule_add(f.context, SCMP_ACT_KILL_PROCESS, deadly[i], 0) != 0) {
            f.failed = true;
        }
    }
    bool on = !f.failed && seccomp_load(f.context) == 0;
    seccomp_release(f.context);
    return on;
}

/* Files, by Landlock's bare calls: the C library has none */

static uint64_t rights_known(int abi)
{
    uint64_t rights =
        LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE |
        LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_REMOVE_DIR |
        LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
        LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
        LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;

    rights |= abi >= 2 ? LANDLOCK_ACCESS_FS_REFER : 0;
    rights |= abi >= 3 ? LANDLOCK_ACCESS_FS_TRUNCATE : 0;
    return rights;
}

/* A path that is not there gives no right, and that is no failure. */
static bool open_path(int ruleset, const char *path, uint64_t rights)
{
    const uint64_t of_files = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                              LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_TRUNCATE;
    struct stat st;
    int fd = open(path, O_PATH | O_CLOEXEC);

    if (fd < 0) {
        return true;
    }
    if (fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode)) {
        rights &= of_files;
    }
    struct landlock_path_beneath_attr rule = {.allowed_access = rights, .parent_fd = fd};
    bool added = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
    (void)close(fd);
    return added;
}

static bool restrict_files(int abi, const struct sandbox_paths *paths)
{
    const uint64_t known = rights_known(abi);
    const uint64_t reading = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
    const uint64_t writing =
        known & (reading | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                 LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_TRUNCATE);
    struct landlock_ruleset_attr attributes = {.handled_access_fs = known};
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0);
    bool good = ruleset >= 0;

    for (size_t i = 0; good && i < paths->read_count; i++) {
        good = open_path(ruleset, paths->read[i], reading);
    }
    for (size_t i = 0; good && i < paths->write_count; i++) {
        good = open_path(ruleset, paths->write[i], writing);
    }
    good = good && syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
    if (ruleset >= 0) {
        (void)close(ruleset);
    }
    return good;
}

enum err sandbox_enter(enum sandbox_role role, const struct sandbox_paths *paths,
                       struct sandbox_report *report)
{
    static const struct sandbox_paths none = {.read_count = 0};

    *report = (struct sandbox_report){0};
    /* Both ask for it: no program that is executed later may gain rights over this one. */
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L);
    int abi = (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    report->landlock_abi = abi > 0 ? abi : 0;
    report->files = abi > 0 && restrict_files(abi, paths == NULL ? &none : paths);
    report->syscalls = filter_calls(role);
    return report->files && report->syscalls ? ERR_NONE : ERR_UNSUPPORTED;
}
