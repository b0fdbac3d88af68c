/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/storage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char directory[64];

static const char *in_directory(const char *name)
{
    static char text[128];

    (void)snprintf(text, sizeof text, "%s/%s", directory, name);
    return text;
}

static int make_directory(void **state)
{
    (void)state;
    (void)snprintf(directory, sizeof directory, "/tmp/noon-test-storage-XXXXXX");
    return mkdtemp(directory) == NULL;
}

static int remove_directory(void **state)
{
    char command[128];

    (void)state;
    (void)snprintf(command, sizeof command, "rm -rf '%s'", directory);
    return system(command);
}

static void a_file_is_replaced_whole_and_nothing_is_left_over(void **state)
{
    char text[32] = "";
    size_t size = 0;
    struct stat st;

    (void)state;
    const char *path = in_directory("drift");
    assert_int_equal(storage_replace(path, "one", 3, 0640), ERR_NONE);
    assert_int_equal(storage_replace(path, "other", 5, 0640), ERR_NONE);
    assert_int_equal(storage_read(path, text, sizeof text, &size), ERR_NONE);
    assert_int_equal(size, 5);
    assert_memory_equal(text, "other", 5);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
    assert_int_equal(access(in_directory("drift.new"), F_OK), -1);
}

static void reading_says_what_is_wrong(void **state)
{
    char text[8];
    size_t size = 0;

    (void)state;
    assert_int_equal(storage_read(in_directory("none"), text, sizeof text, &size), ERR_NOT_FOUND);
    assert_int_equal(storage_read(directory, text, sizeof text, &size), ERR_FORMAT);
    assert_int_equal(mkfifo(in_directory("fifo"), 0600), 0);
    assert_int_equal(storage_read(in_directory("fifo"), text, sizeof text, &size), ERR_FORMAT);
    assert_int_equal(storage_replace(in_directory("long"), "12345678", 8, 0600), ERR_NONE);
    assert_int_equal(storage_read(in_directory("long"), text, 8, &size), ERR_NONE);
    assert_int_equal(storage_read(in_directory("long"), text, 7, &size), ERR_RANGE);
    assert_int_equal(storage_read("/dev/null", text, sizeof text, &size), ERR_NONE);
    assert_int_equal(size, 0);
    assert_int_equal(storage_read("/dev/zero", text, sizeof text, &size), ERR_FORMAT);
}

static void a_planted_link_is_not_followed(void **state)
{
    char target[128];
    char text[8] = "";
    size_t size = 0;

    (void)state;
    (void)snprintf(target, sizeof target, "%s/target", directory);
    assert_int_equal(storage_replace(target, "keep", 4, 0600), ERR_NONE);
    assert_int_equal(symlink(target, in_directory("drift.new")), 0);
    assert_int_equal(storage_replace(in_directory("drift"), "x", 1, 0600), ERR_NONE);
    assert_int_equal(storage_read(target, text, sizeof text, &size), ERR_NONE);
    assert_memory_equal(text, "keep", 4);
}

/* In a mount namespace of its own: a file system of 64 kB, then read-only. */
static int on_small_disk(void)
{
    static char block[128 * 1024];
    char text[8] = "";
    size_t size = 0;

    if (unshare(CLONE_NEWNS) != 0 || mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("none", directory, "tmpfs", 0, "size=64k") != 0) {
        return 77;
    }
    if (storage_replace(in_directory("f"), "old", 3, 0600) != ERR_NONE) {
        return 1;
    }
    if (storage_replace(in_directory("f"), block, sizeof block, 0600) != ERR_FULL ||
        storage_read(in_directory("f"), text, sizeof text, &size) != ERR_NONE || size != 3 ||
        access(in_directory("f.new"), F_OK) == 0) {
        return 2;
    }
    if (mount("none", directory, NULL, MS_REMOUNT | MS_RDONLY, NULL) != 0 ||
        storage_replace(in_directory("f"), "x", 1, 0600) != ERR_DENIED ||
        storage_read(in_directory("f"), text, sizeof text, &size) != ERR_NONE || size != 3) {
        return 3;
    }
    return 0;
}

static void a_full_or_read_only_disk_keeps_the_old_content(void **state)
{
    int status = 0;
    pid_t child = fork();

    (void)state;
    if (child == 0) {
        _exit(on_small_disk());
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WEXITSTATUS(status) == 77) {
        skip(); /* not allowed to mount */
    }
    assert_int_equal(status, 0);
}

static void directories_are_made_down_to_the_last(void **state)
{
    struct stat st;
    char path[128];

    (void)state;
    (void)snprintf(path, sizeof path, "%s/a/b/c", directory);
    assert_int_equal(storage_make_directory(path, 0750, -1, -1), ERR_NONE);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0750);
    assert_int_equal(storage_make_directory(path, 0700, -1, -1), ERR_NONE);
    if (geteuid() == 0) {
        assert_int_equal(storage_make_directory(path, 0700, 12345, 54321), ERR_NONE);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_uid, 12345);
        assert_int_equal(st.st_gid, 54321);
    }
    assert_int_equal(storage_replace(in_directory("plain"), "", 0, 0600), ERR_NONE);
    assert_int_equal(storage_make_directory(in_directory("plain"), 0700, -1, -1), ERR_IN_USE);
    assert_int_equal(storage_make_directory("", 0700, -1, -1), ERR_RANGE);
}

static void lines_are_appended(void **state)
{
    char text[16];
    size_t size = 0;

    (void)state;
    for (int i = 0; i < 2; i++) {
        int fd = storage_append_open(in_directory("log"), 0644);
        assert_true(fd >= 0);
        assert_int_equal(storage_append(fd, "line\n", 5), ERR_NONE);
        (void)close(fd);
    }
    assert_int_equal(storage_read(in_directory("log"), text, sizeof text, &size), ERR_NONE);
    assert_memory_equal(text, "line\nline\n", 10);
}

static void a_pid_file_names_one_living_daemon(void **state)
{
    const char *path = in_directory("pid");
    char text[32];
    int other = 0;

    (void)state;
    assert_int_equal(storage_pidfile(path, &other), ERR_NONE);
    assert_int_equal(storage_pidfile(path, &other), ERR_NONE); /* our own */
    /* A living process of our name. */
    pid_t child = fork();
    if (child == 0) {
        (void)pause();
        _exit(0);
    }
    int length = snprintf(text, sizeof text, "%d\n", (int)child);
    assert_int_equal(storage_replace(path, text, (size_t)length, 0644), ERR_NONE);
    assert_int_equal(storage_pidfile(path, &other), ERR_IN_USE);
    assert_int_equal(other, child);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(storage_pidfile(path, &other), ERR_NONE); /* stale */
    /* A living process that only has the id. */
    assert_int_equal(storage_replace(path, "1\n", 2, 0644), ERR_NONE);
    assert_int_equal(storage_pidfile(path, &other), ERR_NONE);
    assert_int_equal(storage_replace(path, "nonsense", 8, 0644), ERR_NONE);
    assert_int_equal(storage_pidfile(path, &other), ERR_NONE);
    storage_remove(path);
    assert_int_equal(access(path, F_OK), -1);
}

static void errors_of_the_system_have_their_kind(void **state)
{
    const struct {
        int os_error;
        enum err expected;
    } cases[] = {
        {0, ERR_NONE},
        {EPERM, ERR_DENIED},
        {EROFS, ERR_DENIED},
        {ENOSPC, ERR_FULL},
        {EDQUOT, ERR_FULL},
        {ENOENT, ERR_NOT_FOUND},
        {EADDRINUSE, ERR_IN_USE},
        {ECONNREFUSED, ERR_UNREACHABLE},
        {EAGAIN, ERR_AGAIN},
        {EAFNOSUPPORT, ERR_UNSUPPORTED},
        {EIO, ERR_OTHER},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(storage_err(cases[i].os_error), cases[i].expected);
    }
}

#define WITH_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, make_directory, remove_directory)

static void what(const char *path, char text[static 8])
{
    size_t size = 0;

    memset(text, 0, 8);
    if (storage_read(path, text, 7, &size) != ERR_NONE) {
        memcpy(text, "none", 5);
    }
}

static void a_full_log_makes_room_and_few_older_ones_stay(void **state)
{
    static const char *const names[] = {"r", "r.1", "r.2", "r.3"};
    static const char *const left[] = {"none", "4", "3", "none"};
    char path[128], text[8];

    (void)state;
    (void)snprintf(path, sizeof path, "%s", in_directory("r"));
    for (unsigned i = 1; i <= 4; i++) {
        char digit = (char)('0' + i);
        int fd = storage_append_open(path, 0644);

        assert_int_equal(storage_append(fd, &digit, 1), ERR_NONE);
        assert_int_equal(storage_append_size(fd), 1);
        (void)close(fd);
        storage_shift(path, 2);
    }
    for (unsigned i = 0; i < 4; i++) {
        what(in_directory(names[i]), text);
        assert_string_equal(text, left[i]);
    }
    storage_shift(in_directory("r.1"), 0);
    what(in_directory("r.1"), text);
    assert_string_equal(text, "none");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DIRECTORY(a_file_is_replaced_whole_and_nothing_is_left_over),
        WITH_DIRECTORY(reading_says_what_is_wrong),
        WITH_DIRECTORY(a_planted_link_is_not_followed),
        WITH_DIRECTORY(a_full_or_read_only_disk_keeps_the_old_content),
        WITH_DIRECTORY(directories_are_made_down_to_the_last),
        WITH_DIRECTORY(lines_are_appended),
        WITH_DIRECTORY(a_pid_file_names_one_living_daemon),
        WITH_DIRECTORY(a_full_log_makes_room_and_few_older_ones_stay),
        cmocka_unit_test(errors_of_the_system_have_their_kind),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
