/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/control.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static struct control_request request_of(enum control_command command, const char *argument)
{
    struct control_request request = {.command = command};

    memcpy(request.argument, argument, strlen(argument));
    return request;
}

static size_t encoded(enum control_command command, const char *argument, uint8_t *bytes,
                      size_t size)
{
    struct control_request request = request_of(command, argument);

    return control_request_encode(&request, bytes, size);
}

static void a_request_has_the_documented_octets(void **state)
{
    static const uint8_t expected[] = {'N', 'O', 'O', 'N', 1,  0, 0, CONTROL_OFFLINE,
                                       0,   0,   0,   5,   0,  0, 0, 0,
                                       'n', 't', 'p', '.', 'a'};
    uint8_t bytes[64];

    (void)state;
    assert_int_equal(encoded(CONTROL_OFFLINE, "ntp.a", bytes, sizeof bytes), sizeof expected);
    assert_memory_equal(bytes, expected, sizeof expected);
}

static void every_request_comes_back_from_its_octets(void **state)
{
    static char longest[CONTROL_ARGUMENT_MAX];
    const char *const arguments[] = {"", "ntp.example", longest};

    (void)state;
    memset(longest, 'x', sizeof longest - 1);
    for (int command = 0; command < CONTROL_COMMAND_COUNT; command++) {
        for (size_t i = 0; i < 3; i++) {
            uint8_t bytes[CONTROL_HEADER_SIZE + CONTROL_ARGUMENT_MAX];
            struct control_request back;
            size_t size = encoded((enum control_command)command, arguments[i], bytes, sizeof bytes);

            memset(&back, 0xaa, sizeof back);
            assert_int_equal(size, CONTROL_HEADER_SIZE + strlen(arguments[i]));
            assert_int_equal(control_request_decode(&back, bytes, sizeof bytes), size);
            assert_int_equal(back.command, command);
            assert_string_equal(back.argument, arguments[i]);
            assert_int_equal(back.ticket, 0);
        }
    }
}

static void an_incomplete_request_waits_for_the_rest(void **state)
{
    uint8_t bytes[64];
    struct control_request back;
    size_t size = encoded(CONTROL_BURST, "ntp.example", bytes, sizeof bytes);

    (void)state;
    for (size_t i = 0; i < size; i++) {
        assert_int_equal(control_request_decode(&back, bytes, i), 0);
    }
}

static void a_stranger_is_refused_at_his_first_octet(void **state)
{
    struct control_request back;
    uint8_t bytes[CONTROL_HEADER_SIZE];

    (void)state;
    assert_true(control_request_decode(&back, (const uint8_t *)"G", 1) < 0);
    assert_true(control_request_decode(&back, (const uint8_t *)"NOT", 3) < 0);
    (void)encoded(CONTROL_STATUS, "", bytes, sizeof bytes);
    bytes[3] = 'n';
    assert_true(control_request_decode(&back, bytes, sizeof bytes) < 0);
}

static void an_argument_too_long_or_with_a_zero_is_refused(void **state)
{
    struct control_request back;
    uint8_t bytes[64];
    size_t size = encoded(CONTROL_ADD, "server a", bytes, sizeof bytes);

    (void)state;
    bytes[20] = 0;
    assert_true(control_request_decode(&back, bytes, size) < 0);
    bytes[20] = 'x';
    bytes[10] = CONTROL_ARGUMENT_MAX >> 8; /* refused before its octets have come */
    bytes[11] = CONTROL_ARGUMENT_MAX & 0xff;
    assert_true(control_request_decode(&back, bytes, size) < 0);
    bytes[8] = 0xff;
    assert_true(control_request_decode(&back, bytes, size) < 0);
}

static void a_command_or_version_of_the_future_is_unknown_and_answered(void **state)
{
    struct control_request back;
    uint8_t bytes[64];
    size_t size = encoded(CONTROL_STATUS, "", bytes, sizeof bytes);

    (void)state;
    bytes[7] = CONTROL_COMMAND_COUNT;
    assert_int_equal(control_request_decode(&back, bytes, size), size);
    assert_int_equal(back.command, CONTROL_COMMAND_COUNT);
    bytes[7] = CONTROL_STATUS;
    bytes[4] = 2;
    assert_int_equal(control_request_decode(&back, bytes, size), size);
    assert_int_equal(back.command, CONTROL_COMMAND_COUNT);
    assert_true(control_command_writes(CONTROL_COMMAND_COUNT));
    assert_string_equal(control_command_word(CONTROL_COMMAND_COUNT), "unknown");
}

static void a_buffer_too_small_gives_no_request(void **state)
{
    uint8_t bytes[64];

    (void)state;
    for (size_t i = 0; i < CONTROL_HEADER_SIZE + 3; i++) {
        assert_int_equal(encoded(CONTROL_BURST, "abc", bytes, i), 0);
    }
    assert_int_equal(encoded(CONTROL_BURST, "abc", bytes, CONTROL_HEADER_SIZE + 3),
                     CONTROL_HEADER_SIZE + 3);
}

static void every_reply_header_comes_back(void **state)
{
    (void)state;
    for (int result = CONTROL_OK; result <= CONTROL_BUSY; result++) {
        struct control_reply_header header = {(enum control_result)result, CONTROL_REPLY_MAX};
        struct control_reply_header back;
        uint8_t bytes[CONTROL_HEADER_SIZE];

        control_reply_encode(&header, bytes);
        assert_true(control_reply_decode(&back, bytes));
        assert_int_equal(back.result, result);
        assert_int_equal(back.body_size, CONTROL_REPLY_MAX);
    }
}

static void a_reply_that_is_none_is_refused(void **state)
{
    struct control_reply_header header = {CONTROL_OK, 7};
    struct control_reply_header back;
    uint8_t bytes[CONTROL_HEADER_SIZE];

    (void)state;
    control_reply_encode(&header, bytes);
    bytes[0] ^= 1;
    assert_false(control_reply_decode(&back, bytes));
    bytes[0] ^= 1;
    bytes[4] = 9;
    assert_false(control_reply_decode(&back, bytes));
    bytes[4] = 1;
    bytes[8] = 1; /* 16 MB */
    assert_false(control_reply_decode(&back, bytes));
    bytes[8] = 0;
    bytes[7] = 99; /* a failure that only a newer daemon knows */
    assert_true(control_reply_decode(&back, bytes));
    assert_int_equal(back.result, CONTROL_FAILED);
}

static void only_what_changes_nothing_is_for_the_status_socket(void **state)
{
    (void)state;
    assert_false(control_command_writes(CONTROL_STATUS));
    assert_false(control_command_writes(CONTROL_SOURCE));
    assert_false(control_command_writes(CONTROL_CLIENTS));
    for (int i = CONTROL_ADD; i < CONTROL_COMMAND_COUNT; i++) {
        assert_int_equal(control_command_writes((enum control_command)i), i != CONTROL_RULES);
    }
    assert_string_equal(control_command_word(CONTROL_REFRESH), "refresh");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_has_the_documented_octets),
        cmocka_unit_test(every_request_comes_back_from_its_octets),
        cmocka_unit_test(an_incomplete_request_waits_for_the_rest),
        cmocka_unit_test(a_stranger_is_refused_at_his_first_octet),
        cmocka_unit_test(an_argument_too_long_or_with_a_zero_is_refused),
        cmocka_unit_test(a_command_or_version_of_the_future_is_unknown_and_answered),
        cmocka_unit_test(a_buffer_too_small_gives_no_request),
        cmocka_unit_test(every_reply_header_comes_back),
        cmocka_unit_test(a_reply_that_is_none_is_refused),
        cmocka_unit_test(only_what_changes_nothing_is_for_the_status_socket),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
