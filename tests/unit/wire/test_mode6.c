/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/mode6.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#define COUNT(list) (sizeof(list) / sizeof *(list))

/* A request with that text, padded with zeros to a multiple of 4; returns its octets. */
static size_t make(uint8_t bytes[static MODE6_PACKET_MAX], uint8_t op, const char *text)
{
    size_t length = strlen(text);

    memset(bytes, 0, MODE6_PACKET_MAX);
    bytes[0] = 0xd6; /* leap 3, version 2, mode 6: what ntpq sends */
    bytes[1] = op;
    bytes[3] = 7;
    bytes[11] = (uint8_t)length;
    memcpy(bytes + MODE6_HEADER_SIZE, text, length);
    return (MODE6_HEADER_SIZE + length + 3) / 4 * 4;
}

static void requests_are_judged_as_ntpd_does(void **state)
{
    static const struct {
        unsigned octet, value;
        size_t size; /* 0: as made */
        enum mode6_error error;
    } rows[] = {
        {0, 0xd6, 0, MODE6_OK},        {0, 0x16, 0, MODE6_OK},
        {0, 0x0e, 0, MODE6_OK},        {0, 0x26, 0, MODE6_OK},
        {0, 0x2e, 0, MODE6_SILENCE},   {0, 0x06, 0, MODE6_SILENCE},
        {0, 0x17, 0, MODE6_SILENCE},   {1, 0x82, 0, MODE6_SILENCE},
        {1, 0x42, 0, MODE6_SILENCE},   {1, 0x22, 0, MODE6_SILENCE},
        {9, 4, 0, MODE6_SILENCE},      {0, 0xd6, 11, MODE6_SILENCE},
        {0, 0xd6, 0, MODE6_OK},        {0, 0xd6, 19, MODE6_BAD_FORMAT},
        {11, 40, 0, MODE6_BAD_FORMAT}, {10, 2, 0, MODE6_BAD_FORMAT},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t bytes[MODE6_PACKET_MAX];
        struct mode6_request request;
        size_t size = make(bytes, MODE6_READ_VARIABLES, "stratum");

        bytes[rows[i].octet] = (uint8_t)rows[i].value;
        assert_int_equal(
            mode6_request_decode(&request, bytes, rows[i].size > 0 ? rows[i].size : size),
            rows[i].error);
    }
}

static void names_are_separated_by_commas_and_values_ignored(void **state)
{
    static const char *const names[] = {"stratum", "offset", "jitter"};
    uint8_t bytes[MODE6_PACKET_MAX];
    struct mode6_request request;
    char name[MODE6_NAME_SIZE];
    size_t at = 0;

    (void)state;
    assert_int_equal(mode6_request_decode(&request, bytes,
                                          make(bytes, 2, " stratum,offset=\"a b\" ,  jitter\r\n")),
                     MODE6_OK);
    for (size_t i = 0; i < COUNT(names); i++) {
        assert_true(mode6_next_name(&request, &at, name));
        assert_string_equal(name, names[i]);
    }
    assert_false(mode6_next_name(&request, &at, name));
    at = 0;
    (void)mode6_request_decode(&request, bytes,
                               make(bytes, 2, "a_name_that_is_much_longer_than_any_that_is_known"));
    assert_true(mode6_next_name(&request, &at, name));
    assert_string_equal(name, "");
}

static void a_value_is_found_by_its_whole_name(void **state)
{
    uint8_t bytes[MODE6_PACKET_MAX];
    struct mode6_request request;
    char value[8];

    (void)state;
    (void)mode6_request_decode(&request, bytes,
                               make(bytes, 10, "xfrags=1, frags=32, nonce=0123456789"));
    assert_true(mode6_value(&request, "frags", value, sizeof value));
    assert_string_equal(value, "32");
    assert_false(mode6_value(&request, "nonce", value, sizeof value)); /* too long */
    assert_false(mode6_value(&request, "limit", value, sizeof value));
    assert_false(mode6_value(&request, "frag", value, sizeof value));
}

static void lines_are_broken_before_72_octets(void **state)
{
    static struct mode6_answer answer;

    (void)state;
    answer.size = answer.line = 0;
    for (int i = 0; i < 12; i++) {
        mode6_item(&answer, "variable=12345");
    }
    mode6_end(&answer);
    answer.text[answer.size] = '\0';
    assert_memory_equal(answer.text, "variable=12345, variable=12345, ", 32);
    for (const char *line = answer.text; *line != '\0'; line = strchr(line, '\n') + 1) {
        assert_true(strchr(line, '\n') - line <= 74);
    }
    assert_string_equal(answer.text + answer.size - 2, "\r\n");
    assert_false(answer.overrun);
}

static void an_answer_is_cut_into_padded_pieces(void **state)
{
    static struct mode6_answer answer;
    uint8_t bytes[MODE6_PACKET_MAX], request_bytes[MODE6_PACKET_MAX];
    struct mode6_request request;
    size_t at = 0, size;
    unsigned pieces = 0;

    (void)state;
    (void)mode6_request_decode(&request, request_bytes, make(request_bytes, 2, ""));
    answer = (struct mode6_answer){.leap = 1, .status = 0x615, .size = 1001};
    for (size_t i = 0; i < answer.size; i++) {
        answer.text[i] = (char)('a' + i % 26);
    }
    while ((size = mode6_fragment(&request, &answer, pieces, bytes)) > 0) {
        size_t count = (size_t)(bytes[10] << 8 | bytes[11]);

        assert_int_equal(bytes[0], 0x56); /* our leap, their version */
        assert_int_equal(bytes[1], pieces < 2 ? 0xa2 : 0x82);
        assert_int_equal(bytes[3], 7);
        assert_int_equal(bytes[4] << 8 | bytes[5], 0x615);
        assert_int_equal(bytes[8] << 8 | bytes[9], at);
        assert_int_equal(size % 4, 0);
        assert_true(size - MODE6_HEADER_SIZE - count < 4);
        assert_memory_equal(bytes + MODE6_HEADER_SIZE, answer.text + at, count);
        at += count;
        pieces++;
    }
    assert_int_equal(pieces, 3);
    assert_int_equal(at, 1001);
    answer.size = 0;
    assert_int_equal(mode6_fragment(&request, &answer, 0, bytes), MODE6_HEADER_SIZE);
    assert_int_equal(mode6_fragment(&request, &answer, 1, bytes), 0);
}

static void an_error_has_twelve_octets(void **state)
{
    static const uint8_t expected[] = {0xd6, 0xc2, 0, 7, 5, 0, 0, 0, 0, 0, 0, 0};
    uint8_t bytes[MODE6_PACKET_MAX];
    struct mode6_request request;

    (void)state;
    (void)mode6_request_decode(&request, bytes, make(bytes, 2, "nosuchvar"));
    assert_int_equal(mode6_error_encode(&request, 3, MODE6_UNKNOWN_VARIABLE, bytes),
                     sizeof expected);
    assert_memory_equal(bytes, expected, sizeof expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_judged_as_ntpd_does),
        cmocka_unit_test(names_are_separated_by_commas_and_values_ignored),
        cmocka_unit_test(a_value_is_found_by_its_whole_name),
        cmocka_unit_test(lines_are_broken_before_72_octets),
        cmocka_unit_test(an_answer_is_cut_into_padded_pieces),
        cmocka_unit_test(an_error_has_twelve_octets),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
