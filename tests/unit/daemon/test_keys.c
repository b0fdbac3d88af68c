/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/keys.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char directory[] = "/tmp/noon-keys-XXXXXX";

struct outcome {
    struct key_list list;
    char log[4096];
};

static const char *path_of(const char *name)
{
    static char path[64];

    snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

static void write_file(const char *path, const char *text, mode_t mode)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
}

/* What keys_read() returns, and what it says. */
static void read_keys(struct outcome *outcome, const char *path, int fd)
{
    FILE *said = tmpfile();
    int standard = dup(STDERR_FILENO);
    struct log_sink log;

    memset(outcome, 0, sizeof *outcome);
    assert_non_null(said);
    log_open(&log, "noond", false, LOG_SEVERITY_INFO);
    (void)fflush(stderr);
    assert_true(dup2(fileno(said), STDERR_FILENO) >= 0);
    outcome->list = keys_read(&(struct keys_place){path, fd, false}, &log);
    (void)fflush(stderr);
    assert_true(dup2(standard, STDERR_FILENO) >= 0);
    (void)close(standard);
    rewind(said);
    (void)!fread(outcome->log, 1, sizeof outcome->log - 1, said);
    (void)fclose(said);
}

static void a_file_that_only_its_group_reads_is_taken_silently(void **state)
{
    struct outcome outcome;

    (void)state;
    write_file(path_of("good"), "7 SHA1 the-seventh-secret\n3 MD5 the-third-secret\n", 0640);
    read_keys(&outcome, path_of("good"), -1);
    assert_int_equal(outcome.list.count, 2);
    assert_int_equal(outcome.list.keys[0].id, 3);
    assert_int_equal(outcome.list.keys[1].id, 7);
    assert_string_equal(outcome.log, "");
    keys_free(&outcome.list);
    assert_null(outcome.list.keys);
}

static void what_is_wrong_with_a_file_is_said_with_its_name_and_line(void **state)
{
    struct outcome outcome;

    (void)state;
    write_file(path_of("open"), "1 MD5 the-first-secret\n2 AES128 short\n", 0644);
    read_keys(&outcome, path_of("open"), -1);
    assert_int_equal(outcome.list.count, 1);
    assert_non_null(strstr(outcome.log, "everybody may read it: chmod 0640"));
    assert_non_null(strstr(outcome.log, "open:2: AES128 needs a key of 16 octets"));
    keys_free(&outcome.list);
    read_keys(&outcome, path_of("none"), -1);
    assert_int_equal(outcome.list.count, 0);
    assert_non_null(strstr(outcome.log, "none, the file of symmetric keys, can't be used: there"));
    read_keys(&outcome, directory, -1);
    assert_non_null(strstr(outcome.log, "it is no plain file"));
    keys_free(&outcome.list);
}

static void a_file_of_ntp_has_long_keys_in_hexadecimal(void **state)
{
    static const char text[] = "5 SHA1 000102030405060708090a0b0c0d0e0f10111213\n";
    const struct log_sink nowhere = {.least = LOG_SEVERITY_ERROR};

    (void)state;
    write_file(path_of("ntp"), text, 0640);
    for (int of_ntp = 0; of_ntp < 2; of_ntp++) {
        struct key_list list =
            keys_read(&(struct keys_place){path_of("ntp"), -1, of_ntp != 0}, &nowhere);

        assert_int_equal(list.count, 1);
        assert_int_equal(list.keys[0].size, of_ntp ? 20 : 40);
        keys_free(&list);
    }
}

/* As the parent hands it to a process that may not open it; at each reload again. */
static void a_descriptor_is_read_from_its_start(void **state)
{
    struct outcome outcome;
    int fd;

    (void)state;
    write_file(path_of("passed"), "5 MD5 the-fifth-secret\n", 0600);
    fd = open(path_of("passed"), O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    for (int i = 0; i < 2; i++) {
        read_keys(&outcome, "/nowhere", fd);
        assert_int_equal(outcome.list.count, 1);
        assert_string_equal(outcome.log, "");
        keys_free(&outcome.list);
    }
    assert_int_equal(close(fd), 0);
}

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(directory) == NULL;
}

static int tear_down(void **state)
{
    static const char *const names[] = {"good", "open", "passed", "ntp"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)unlink(path_of(names[i]));
    }
    return rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_that_only_its_group_reads_is_taken_silently),
        cmocka_unit_test(what_is_wrong_with_a_file_is_said_with_its_name_and_line),
        cmocka_unit_test(a_file_of_ntp_has_long_keys_in_hexadecimal),
        cmocka_unit_test(a_descriptor_is_read_from_its_start),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
