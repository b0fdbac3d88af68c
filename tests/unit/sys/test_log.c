/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What goes to standard error while run() runs. */
static void capture(char *text, size_t size, void (*run)(struct log_sink *))
{
    char path[] = "/tmp/noon-test-log-XXXXXX";
    int file = mkstemp(path);
    int saved = dup(STDERR_FILENO);
    struct log_sink sink;

    assert_true(file >= 0);
    (void)unlink(path);
    (void)dup2(file, STDERR_FILENO);
    run(&sink);
    (void)dup2(saved, STDERR_FILENO);
    ssize_t got = pread(file, text, size - 1, 0);
    text[got > 0 ? got : 0] = '\0';
    (void)close(saved);
    (void)close(file);
}

static void speak(struct log_sink *sink)
{
    log_open(sink, "noond", false, LOG_SEVERITY_INFO);
    log_line(sink, LOG_SEVERITY_DEBUG, "dropped");
    log_line(sink, LOG_SEVERITY_INFO, "one");
    errno = 5;
    log_format(sink, LOG_SEVERITY_ERROR, "two %d", 2);
    assert_int_equal(errno, 5);
}

static void speak_to_file(struct log_sink *sink)
{
    char path[] = "/tmp/noon-test-logfile-XXXXXX";
    char text[200] = "";
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, "before\n", 7), 7);
    log_open(sink, "noond", false, LOG_SEVERITY_INFO);
    assert_true(log_to_file(sink, path));
    log_line(sink, LOG_SEVERITY_INFO, "one");
    (void)!write(STDERR_FILENO, "a child\n", 8); /* its standard error is the file */
    (void)unlink(path);
    assert_true(pread(fd, text, sizeof text - 1, 0) > 0);
    (void)close(fd);
    assert_int_equal(strncmp(text, "before\n", 7), 0);
    assert_non_null(strstr(text, "Z noond: one\na child\n"));
    errno = 0;
    assert_false(log_to_file(sink, "/nowhere/noond.log"));
    assert_int_equal(errno, ENOENT);
}

static void a_file_is_appended_to(void **state)
{
    char text[1000];

    (void)state;
    capture(text, sizeof text, speak_to_file);
    assert_string_equal(text, "");
}

static void lines_carry_time_name_and_importance(void **state)
{
    char text[1000];
    int year = 0;

    (void)state;
    (void)unsetenv("JOURNAL_STREAM");
    capture(text, sizeof text, speak);
    assert_null(strstr(text, "dropped"));
    assert_non_null(strstr(text, "Z noond: one\n"));
    assert_non_null(strstr(text, "Z noond: error two 2\n"));
    assert_int_equal(sscanf(text, "%4d-%*2d-%*2dT%*2d:%*2d:%*2dZ", &year), 1);
    assert_true(year >= 2024);
}

static void speak_to_journal(struct log_sink *sink)
{
    struct stat st;
    char stream[64];

    (void)fstat(STDERR_FILENO, &st);
    (void)snprintf(stream, sizeof stream, "%llu:%llu", (unsigned long long)st.st_dev,
                   (unsigned long long)st.st_ino);
    (void)setenv("JOURNAL_STREAM", stream, 1);
    log_open(sink, "noond", false, LOG_SEVERITY_DEBUG);
    log_line(sink, LOG_SEVERITY_DEBUG, "zero");
    log_line(sink, LOG_SEVERITY_WARNING, "one");
}

static void the_journal_gets_priorities_instead(void **state)
{
    char text[1000];

    (void)state;
    capture(text, sizeof text, speak_to_journal);
    assert_string_equal(text, "<7>zero\n<4>one\n");
    (void)setenv("JOURNAL_STREAM", "1:1", 1); /* somebody else's: redirected since */
    capture(text, sizeof text, speak);
    assert_non_null(strstr(text, "Z noond: one\n"));
}

static void speak_long(struct log_sink *sink)
{
    char line[3000];

    memset(line, 'x', sizeof line - 1);
    line[sizeof line - 1] = '\0';
    log_open(sink, "noond", false, LOG_SEVERITY_INFO);
    log_format(sink, LOG_SEVERITY_INFO, "%s", line);
}

static void a_formatted_line_is_cut_but_ended(void **state)
{
    char text[4000];

    (void)state;
    (void)unsetenv("JOURNAL_STREAM");
    capture(text, sizeof text, speak_long);
    size_t length = strlen(text);
    assert_true(length > 1023 && length < 1100);
    assert_int_equal(text[length - 1], '\n');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_appended_to),
        cmocka_unit_test(lines_carry_time_name_and_importance),
        cmocka_unit_test(the_journal_gets_priorities_instead),
        cmocka_unit_test(a_formatted_line_is_cut_but_ended),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
