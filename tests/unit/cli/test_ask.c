/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/ask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "unit/cli/fake_daemon.h"

static const struct duration patience = {300000000};

/* Asks a daemon that gives these octets, and maybe then stays silent. */
static struct ask_answer ask_fake(const uint8_t *bytes, size_t size, int silent_s)
{
    struct fake_daemon daemon;
    struct fake_reply reply = {.bytes = bytes, .size = size, .silent_s = silent_s};
    struct control_request request = {.command = CONTROL_STATUS, .argument = "x"};
    struct ask_answer answer;
    char path[ASK_PATH_SIZE];

    fake_daemon_start(&daemon, &reply, 0660);
    ask_path(path, daemon.directory, CONTROL_STATUS);
    answer = ask_socket(path, &request, patience);
    fake_daemon_stop(&daemon);
    return answer;
}

static void an_answer_comes_with_its_body(void **state)
{
    uint8_t bytes[100];
    size_t size = fake_answer(bytes, sizeof bytes, CONTROL_NO_SOURCE, "no such thing", 13);
    struct ask_answer answer = ask_fake(bytes, size, 0);

    (void)state;
    assert_int_equal(answer.outcome, ASK_ANSWERED);
    assert_int_equal(answer.result, CONTROL_NO_SOURCE);
    assert_int_equal(answer.size, 13);
    assert_string_equal((const char *)answer.body, "no such thing");
    ask_done(&answer);
}

static void an_answer_larger_than_a_socket_buffer_is_put_together(void **state)
{
    static uint8_t body[3 << 20];
    static uint8_t bytes[(3 << 20) + CONTROL_HEADER_SIZE];
    struct ask_answer answer;

    (void)state;
    memset(body, 'b', sizeof body);
    body[sizeof body - 1] = 'e';
    answer = ask_fake(bytes, fake_answer(bytes, sizeof bytes, CONTROL_OK, body, sizeof body), 0);
    assert_int_equal(answer.outcome, ASK_ANSWERED);
    assert_int_equal(answer.size, sizeof body);
    assert_memory_equal(answer.body, body, sizeof body);
    ask_done(&answer);
}

static void bad_daemons_are_told_apart(void **state)
{
    static const char garbage[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
    uint8_t bytes[100];
    size_t size = fake_answer(bytes, sizeof bytes, CONTROL_OK, "0123456789", 10);

    (void)state;
    assert_int_equal(ask_fake((const uint8_t *)garbage, sizeof garbage - 1, 0).outcome,
                     ASK_GARBAGE);
    assert_int_equal(ask_fake(bytes, 0, 0).outcome, ASK_CUT);
    assert_int_equal(ask_fake(bytes, CONTROL_HEADER_SIZE - 1, 0).outcome, ASK_CUT);
    assert_int_equal(ask_fake(bytes, size - 1, 0).outcome, ASK_CUT);
    assert_int_equal(ask_fake(bytes, 0, 5).outcome, ASK_SILENT);
    assert_int_equal(ask_fake(bytes, size - 1, 5).outcome, ASK_SILENT);
}

static void nobody_is_told_from_somebody(void **state)
{
    struct control_request request = {.command = CONTROL_STATUS};
    struct ask_answer answer =
        ask_socket("/tmp/noon-test-nothing-here/status.sock", &request, patience);

    (void)state;
    assert_int_equal(answer.outcome, ASK_NOBODY);
    assert_null(answer.body);
}

static void what_writes_goes_to_the_control_socket(void **state)
{
    char path[ASK_PATH_SIZE];

    (void)state;
    ask_path(path, "/run/noon", CONTROL_CLIENTS);
    assert_string_equal(path, "/run/noon/status.sock");
    ask_path(path, "/run/noon", CONTROL_SHUTDOWN);
    assert_string_equal(path, "/run/noon/control.sock");
}

static void every_failure_has_a_sentence_and_an_exit_code(void **state)
{
    static uint8_t said[] = "ntp.conf:3: expected a name";
    static const struct {
        enum ask_outcome outcome;
        enum control_result result;
        uint8_t *body;
        enum exit_code code;
        const char *text;
    } rows[] = {
        {ASK_NOBODY, CONTROL_OK, NULL, EXIT_CODE_UNREACHABLE,
         "noond is not running: nobody answers at P (-r DIR, when its runtime directory is "
         "another)"},
        {ASK_SILENT, CONTROL_OK, NULL, EXIT_CODE_UNREACHABLE,
         "noond does not answer at P: no reply in time; it hangs, or is stopped"},
        {ASK_CUT, CONTROL_OK, NULL, EXIT_CODE_UNREACHABLE,
         "noond closed P in the middle of its answer"},
        {ASK_GARBAGE, CONTROL_OK, NULL, EXIT_CODE_UNREACHABLE,
         "what answers at P does not speak like noond"},
        {ASK_FORBIDDEN, CONTROL_OK, NULL, EXIT_CODE_REFUSED,
         "not allowed: `step` is for root and members of the group `time`"},
        {ASK_ANSWERED, CONTROL_OK, NULL, EXIT_CODE_OK, ""},
        {ASK_ANSWERED, CONTROL_DENIED, NULL, EXIT_CODE_REFUSED,
         "not allowed: `step` is for root and members of the group `time`"},
        {ASK_ANSWERED, CONTROL_UNKNOWN, NULL, EXIT_CODE_REFUSED,
         "noond does not know `step`: is it older than this noon?"},
        {ASK_ANSWERED, CONTROL_BAD, said, EXIT_CODE_USAGE, "ntp.conf:3: expected a name"},
        {ASK_ANSWERED, CONTROL_BAD, NULL, EXIT_CODE_USAGE,
         "noond does not understand the argument"},
        {ASK_ANSWERED, CONTROL_NO_SOURCE, NULL, EXIT_CODE_NO,
         "no source has that name: `noon sources` lists them"},
        {ASK_ANSWERED, CONTROL_FAILED, said, EXIT_CODE_NO, "ntp.conf:3: expected a name"},
        {ASK_ANSWERED, CONTROL_FAILED, NULL, EXIT_CODE_NO, "noond tried, and failed"},
        {ASK_ANSWERED, CONTROL_BUSY, NULL, EXIT_CODE_NO,
         "noond is busy with another command: try again"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct ask_answer answer = {
            .outcome = rows[i].outcome,
            .result = rows[i].result,
            .body = rows[i].body,
            .size = rows[i].body != NULL ? sizeof said - 1 : 0,
        };
        char buffer[400];
        struct text text = text_begin(buffer, sizeof buffer);

        assert_int_equal(ask_explain(&text, &answer, "P", "time", "step"), rows[i].code);
        assert_string_equal(buffer, rows[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_comes_with_its_body),
        cmocka_unit_test(an_answer_larger_than_a_socket_buffer_is_put_together),
        cmocka_unit_test(bad_daemons_are_told_apart),
        cmocka_unit_test(nobody_is_told_from_somebody),
        cmocka_unit_test(what_writes_goes_to_the_control_socket),
        cmocka_unit_test(every_failure_has_a_sentence_and_an_exit_code),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
