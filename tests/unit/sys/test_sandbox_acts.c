/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What each role may do inside its sandbox, act by act: a child enters the role, tries one thing
 * and ends.  Where a call that is let through would do harm its arguments are such that the kernel
 * refuses them for another reason, which is told apart.
 */
#include "sys/sandbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char directory[40], inside[80], outside[80];

/* --- acts: 0, or the errno that they end with ------------------------------------------------ */

static int end_of(long result)
{
    return result < 0 ? errno : 0;
}

static int open_as(const char *path, int flags)
{
    return end_of(open(path, flags | O_CLOEXEC, 0600));
}

/* Arguments that no call can use: a pointer to nothing. */
static void *const nowhere = NULL;

#define ACT(name, expression)                                                                      \
    static int name(void)                                                                          \
    {                                                                                              \
        return end_of(expression);                                                                 \
    }

static int read_etc(void)
{
    return open_as("/etc/passwd", O_RDONLY);
}

static int read_proc(void)
{
    return open_as("/proc/1/status", O_RDONLY);
}

static int list_root(void)
{
    return open_as("/", O_RDONLY | O_DIRECTORY);
}

static int write_etc(void)
{
    return open_as("/etc/noon-test-file", O_CREAT | O_WRONLY);
}

static int write_inside(void)
{
    return open_as(inside, O_CREAT | O_WRONLY);
}

static int write_outside(void)
{
    return open_as(outside, O_CREAT | O_WRONLY);
}

static int rename_outside(void)
{
    int made = write_inside();

    return made != 0 ? made : end_of(rename(inside, outside));
}

ACT(make_directory, mkdir(inside, 0700))
ACT(make_link, symlink("/etc/passwd", inside))
ACT(make_node, mknod(inside, S_IFIFO | 0600, 0))
ACT(change_mode, chmod(directory, 0777))
ACT(change_owner, chown(directory, 1, 1))
ACT(cut_file, truncate(outside, 0))
ACT(change_directory, chdir("/"))
ACT(change_root, chroot("/"))
ACT(watch_files, syscall(SYS_inotify_init1, 0))
ACT(open_by_handle, syscall(SYS_open_by_handle_at, -1, nowhere, 0))

ACT(socket_udp, socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0))
ACT(socket_tcp, socket(AF_INET, SOCK_STREAM, 0))
ACT(socket_raw, socket(AF_INET, SOCK_RAW, 1))
ACT(socket_packet, socket(AF_PACKET, SOCK_DGRAM, 0))
ACT(socket_netlink, socket(AF_NETLINK, SOCK_RAW, 0))
ACT(socket_unix, socket(AF_UNIX, SOCK_STREAM, 0))
ACT(socket_unix_datagram, socket(AF_UNIX, SOCK_DGRAM, 0))
ACT(socket_vsock, socket(AF_VSOCK, SOCK_STREAM, 0))
ACT(socket_algorithm, socket(AF_ALG, SOCK_SEQPACKET, 0))
ACT(connect_one, syscall(SYS_connect, -1, nowhere, 0))
ACT(bind_one, syscall(SYS_bind, -1, nowhere, 0))
ACT(listen_at, listen(-1, 1))
ACT(accept_one, syscall(SYS_accept4, -1, nowhere, nowhere, 0))
ACT(set_option, setsockopt(-1, SOL_SOCKET, SO_RCVBUF, nowhere, 0))

ACT(set_clock, syscall(SYS_clock_settime, CLOCK_REALTIME, nowhere))
ACT(set_clock_and_zone, syscall(SYS_settimeofday, (void *)8, nowhere))
ACT(steer_clock, syscall(SYS_clock_adjtime, CLOCK_REALTIME, nowhere))
ACT(steer_clock_otherwise, syscall(SYS_adjtimex, nowhere))

static int make_process(void)
{
    pid_t child = fork();

    if (child == 0) {
        _exit(0);
    }
    return end_of(child);
}

static void *do_nothing(void *context)
{
    return context;
}

static int make_thread(void)
{
    pthread_t thread;
    int error = pthread_create(&thread, NULL, do_nothing, NULL);

    return error != 0 ? error : pthread_join(thread, NULL);
}

static int execute(void)
{
    char *const arguments[] = {(char[]){"true"}, NULL};

    return end_of(execv("/bin/true", arguments));
}

ACT(execute_descriptor, syscall(SYS_execveat, -1, "", nowhere, nowhere, 0))
ACT(trace, syscall(SYS_ptrace, 16, getppid(), 0, 0))
ACT(read_memory_of_others, syscall(SYS_process_vm_readv, getppid(), nowhere, 0, nowhere, 0, 0))
ACT(write_memory_of_others, syscall(SYS_process_vm_writev, getppid(), nowhere, 0, nowhere, 0, 0))
ACT(signal_others, kill(getppid(), 0))
ACT(signal_a_thread_of_others, syscall(SYS_tgkill, getppid(), getppid(), 0))
ACT(signal_itself, syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), 0))
ACT(have_others_signalled, fcntl(0, F_SETOWN, getppid()))
ACT(limit_others, syscall(SYS_prlimit64, getppid(), RLIMIT_CPU, nowhere, nowhere))
ACT(read_own_limit, syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, nowhere, nowhere))
ACT(open_process, syscall(SYS_pidfd_open, getppid(), 0))
ACT(set_priority, setpriority(PRIO_PROCESS, 0, 0))

static int map_executable(void)
{
    void *map =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return map == MAP_FAILED ? errno : 0;
}

static int make_executable(void)
{
    void *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return map == MAP_FAILED ? 0 : end_of(mprotect(map, 4096, PROT_READ | PROT_EXEC));
}

static int map_memory(void)
{
    void *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return map == MAP_FAILED ? errno : end_of(munmap(map, 4096));
}

ACT(make_memory_file, syscall(SYS_memfd_create, "x", 0))
ACT(mount_one, syscall(SYS_mount, nowhere, nowhere, nowhere, 0, nowhere))
ACT(change_root_mount, syscall(SYS_pivot_root, nowhere, nowhere))
ACT(become_another_user, setuid(getuid()))
ACT(become_another_group, setgid(getgid()))
ACT(set_capabilities, syscall(SYS_capset, nowhere, nowhere))
ACT(load_module, syscall(SYS_init_module, nowhere, 0, nowhere))
ACT(load_kernel, syscall(SYS_kexec_load, 0, 0, nowhere, 0xffffffffUL))
ACT(restart_machine, syscall(SYS_reboot, 0, 0, 0, nowhere))
ACT(load_program, syscall(SYS_bpf, 0, nowhere, 0))
ACT(leave_namespaces, syscall(SYS_unshare, 0))
ACT(enter_namespace, syscall(SYS_setns, -1, 0))
ACT(ring_of_calls, syscall(SYS_io_uring_setup, 1, nowhere))
ACT(count_events, syscall(SYS_perf_event_open, nowhere, 0, -1, -1, 0))
ACT(catch_faults, syscall(SYS_userfaultfd, 0))
ACT(add_key, syscall(SYS_add_key, nowhere, nowhere, nowhere, 0, 0))
ACT(name_machine, syscall(SYS_sethostname, nowhere, 1))
ACT(change_personality, syscall(SYS_personality, 0xffffffffUL))
ACT(read_log, syscall(SYS_syslog, 3, nowhere, 0))

/* --- what is expected ------------------------------------------------------------------------ */

/* In the order of enum sandbox_role; y: may, n: may not, k: whoever tries is killed. */
static const struct {
    const char *name;
    int (*act)(void);
    const char *expected;
} acts[] = {
    {"read /etc", read_etc, "ynyn"},
    {"read of /proc", read_proc, "nnnn"},
    {"list /", list_root, "nnnn"},
    {"create a file in /etc", write_etc, "nnnn"},
    {"create a file in its directory", write_inside, "ynny"},
    {"create a file beside its directory", write_outside, "nnnn"},
    {"move a file out of its directory", rename_outside, "nnnn"},
    {"make a directory", make_directory, "nnnn"},
    {"make a symbolic link", make_link, "nnnn"},
    {"make a pipe", make_node, "nnnn"},
    {"chmod", change_mode, "nnnn"},
    {"chown", change_owner, "nnnn"},
    {"truncate", cut_file, "nnnn"},
    {"chdir", change_directory, "nnnn"},
    {"chroot", change_root, "nnnn"},
    {"watch files", watch_files, "ynyn"},
    {"open by handle", open_by_handle, "nnnn"},
    {"UDP socket", socket_udp, "ynyn"},
    {"TCP socket", socket_tcp, "nnyn"},
    {"raw socket", socket_raw, "nnnn"},
    {"packet socket", socket_packet, "nnnn"},
    {"netlink socket", socket_netlink, "nnnn"},
    {"Unix stream socket", socket_unix, "nnnn"},
    {"Unix datagram socket", socket_unix_datagram, "ynnn"},
    {"vsock", socket_vsock, "nnnn"},
    {"algorithm socket", socket_algorithm, "nnnn"},
    {"connect", connect_one, "ynyn"},
    {"bind", bind_one, "ynyn"},
    {"listen", listen_at, "nnnn"},
    {"accept", accept_one, "ynny"},
    {"setsockopt", set_option, "ynyy"},
    {"clock_settime", set_clock, "nnnn"},
    {"settimeofday", set_clock_and_zone, "nnnn"},
    {"clock_adjtime", steer_clock, "ynnn"},
    {"adjtimex", steer_clock_otherwise, "ynnn"},
    {"fork", make_process, "nnnn"},
    {"start a thread", make_thread, "nyny"},
    {"execute a program", execute, "kkkk"},
    {"execute a descriptor", execute_descriptor, "kkkk"},
    {"ptrace", trace, "kkkk"},
    {"read another's memory", read_memory_of_others, "kkkk"},
    {"write another's memory", write_memory_of_others, "kkkk"},
    {"kill another", signal_others, "nnnn"},
    {"kill another's thread", signal_a_thread_of_others, "nnnn"},
    {"have another signalled", have_others_signalled, "nnnn"},
    {"end itself by a signal", signal_itself, "yyyy"},
    {"limit another", limit_others, "nnnn"},
    {"read its own limit", read_own_limit, "yyyy"},
    {"open another process", open_process, "nnnn"},
    {"set its priority", set_priority, "nnnn"},
    {"memory to write and execute", map_executable, "nnnn"},
    {"execute what was written", make_executable, "nnnn"},
    {"memory", map_memory, "yyyy"},
    {"a file in memory", make_memory_file, "ynnn"},
    {"mount", mount_one, "kkkk"},
    {"pivot_root", change_root_mount, "kkkk"},
    {"setuid", become_another_user, "kkkk"},
    {"setgid", become_another_group, "nnnn"},
    {"capset", set_capabilities, "nnnn"},
    {"load a module", load_module, "kkkk"},
    {"load a kernel", load_kernel, "kkkk"},
    {"reboot", restart_machine, "kkkk"},
    {"bpf", load_program, "kkkk"},
    {"unshare", leave_namespaces, "nnnn"},
    {"setns", enter_namespace, "nnnn"},
    {"io_uring", ring_of_calls, "nnnn"},
    {"perf events", count_events, "nnnn"},
    {"userfaultfd", catch_faults, "nnnn"},
    {"keyrings", add_key, "nnnn"},
    {"sethostname", name_machine, "nnnn"},
    {"personality", change_personality, "nnnn"},
    {"the kernel's log", read_log, "nnnn"},
};

enum { INCOMPLETE = 200, KILLED = 201 };

/* The paths that noond gives to each. */
static bool enter(enum sandbox_role role)
{
    struct sandbox_paths paths = {.read = {"/etc"}, .write = {directory}};
    struct sandbox_report report;

    paths.read_count = role == SANDBOX_TIME || role == SANDBOX_RESOLVE;
    paths.write_count = role == SANDBOX_TIME || role == SANDBOX_NTS_SERVER;
    return sandbox_enter(role, &paths, &report) == ERR_NONE;
}

static int try_in_child(enum sandbox_role role, int (*act)(void))
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        const struct rlimit none = {0, 0};

        (void)setrlimit(RLIMIT_CORE, &none);
        _exit(enter(role) ? act() : INCOMPLETE);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    (void)unlink(inside);
    (void)unlink(outside);
    (void)rmdir(inside);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS ? KILLED : WEXITSTATUS(status);
}

static bool as_expected(char expected, int result)
{
    bool refused = result == EPERM || result == EACCES;

    return expected == 'k'   ? result == KILLED
           : expected == 'n' ? refused
                             : !refused && result != KILLED;
}

static void try_all(enum sandbox_role role, const char *name)
{
    unsigned wrong = 0;

    (void)snprintf(directory, sizeof directory, "/tmp/noon-test-acts-XXXXXX");
    assert_non_null(mkdtemp(directory));
    (void)snprintf(inside, sizeof inside, "%s/file", directory);
    (void)snprintf(outside, sizeof outside, "%s-beside", directory);
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
        int result = try_in_child(role, acts[i].act);

        if (result == INCOMPLETE) {
            (void)rmdir(directory);
            skip();
        }
        if (!as_expected(acts[i].expected[role], result)) {
            print_message("# %s: %s: expected %c, got %s\n", name, acts[i].name,
                          acts[i].expected[role], result == KILLED ? "death" : strerror(result));
            wrong++;
        }
    }
    (void)rmdir(directory);
    assert_int_equal(wrong, 0);
}

static void the_time_process_has_its_rights_and_no_other(void **state)
{
    (void)state;
    try_all(SANDBOX_TIME, "time");
}

static void the_server_process_has_its_rights_and_no_other(void **state)
{
    (void)state;
    try_all(SANDBOX_SERVER, "server");
}

static void helpers_have_their_rights_and_no_other(void **state)
{
    (void)state;
    try_all(SANDBOX_RESOLVE, "helper");
}

static void the_key_exchange_server_has_its_rights_and_no_other(void **state)
{
    (void)state;
    try_all(SANDBOX_NTS_SERVER, "key exchange server");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_time_process_has_its_rights_and_no_other),
        cmocka_unit_test(the_server_process_has_its_rights_and_no_other),
        cmocka_unit_test(helpers_have_their_rights_and_no_other),
        cmocka_unit_test(the_key_exchange_server_has_its_rights_and_no_other),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("sys/sandbox_acts", tests, NULL, NULL);
}
