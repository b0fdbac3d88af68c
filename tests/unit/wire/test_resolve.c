/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/resolve.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static struct resolve_question good_question(void)
{
    struct resolve_question question = {
        .query = 0x01020304, .family = ADDRESS_IPV6, .method = RESOLVE_SRV, .flags = 1};

    memcpy(question.name, "ntp_1.Example-x.org.", 21);
    return question;
}

static void a_question_comes_through(void **state)
{
    uint8_t bytes[RESOLVE_QUESTION_SIZE];
    struct resolve_question in = good_question();
    struct resolve_question out;

    (void)state;
    resolve_question_encode(&in, bytes);
    assert_memory_equal(bytes, "NQ\2\2\1\2\3\4\1\1\0\0ntp_1", 17);
    assert_true(resolve_question_decode(&out, bytes, sizeof bytes));
    assert_int_equal(out.query, in.query);
    assert_int_equal(out.family, in.family);
    assert_int_equal(out.method, RESOLVE_SRV);
    assert_int_equal(out.flags, RESOLVE_UNVALIDATED);
    assert_string_equal(out.name, in.name);
}

static void what_lies_behind_a_name_is_not_told(void **state)
{
    uint8_t bytes[RESOLVE_QUESTION_SIZE];
    struct resolve_question in = good_question();

    (void)state;
    memcpy(in.name + 100, "secret", 6);
    resolve_question_encode(&in, bytes);
    assert_int_equal(bytes[12 + 100], 0);
    /* A name without an end gets one. */
    memset(in.name, 'x', sizeof in.name);
    resolve_question_encode(&in, bytes);
    assert_int_equal(bytes[RESOLVE_QUESTION_SIZE - 1], 0);
    assert_true(resolve_question_decode(&in, bytes, sizeof bytes));
}

static void spoilt_questions_are_refused(void **state)
{
    static const struct {
        const char *what;
        size_t at;
        uint8_t octet;
    } rows[] = {
        {"magic", 0, 'X'},        {"version", 2, 1},
        {"family", 3, 3},         {"method", 8, RESOLVE_METHOD_COUNT},
        {"flags", 9, 2},          {"padding", 11, 1},
        {"empty name", 12, 0},    {"space", 14, ' '},
        {"slash", 14, '/'},       {"control", 14, '\n'},
        {"high octet", 14, 0xc3}, {"behind the end", 104, 'a'},
        {"last octet", 267, 'a'}, {"hole in the name", 16, 0},
    };
    struct resolve_question in = good_question();
    struct resolve_question out;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t bytes[RESOLVE_QUESTION_SIZE];

        resolve_question_encode(&in, bytes);
        bytes[rows[i].at] = rows[i].octet;
        if (resolve_question_decode(&out, bytes, sizeof bytes)) {
            fail_msg("accepted: %s", rows[i].what);
        }
    }
    uint8_t longer[RESOLVE_QUESTION_SIZE + 1] = {0};
    resolve_question_encode(&in, longer);
    assert_false(resolve_question_decode(&out, longer, sizeof longer));
    for (size_t size = 0; size < RESOLVE_QUESTION_SIZE; size++) {
        assert_false(resolve_question_decode(&out, longer, size));
    }
}

static struct resolve_answer good_answer(void)
{
    struct resolve_answer answer = {.query = 7, .result = RESOLVE_OK, .ttl_s = 86400, .count = 2};

    answer.addresses[0] = (struct address){.family = ADDRESS_IPV4, .bytes = {192, 0, 2, 1}};
    answer.addresses[1] = (struct address){
        .family = ADDRESS_IPV6, .bytes = {0xfe, 0x80, [15] = 1}, .scope = 3, .port = 1123};
    answer.found[0] = (struct found){.how = FOUND_DHCP, .by = FOUND_BY_NETWORKD};
    memcpy(answer.found[0].interface, "enp3s0", 7);
    answer.found[1] = (struct found){.how = FOUND_SRV, .priority = 10, .weight = 65535, .spare = 1};
    answer.flags = RESOLVE_UNVALIDATED;
    return answer;
}

static void an_answer_comes_through(void **state)
{
    uint8_t bytes[RESOLVE_ANSWER_SIZE];
    struct resolve_answer in = good_answer();
    struct resolve_answer out;

    (void)state;
    resolve_answer_encode(&in, bytes);
    assert_true(resolve_answer_decode(&out, bytes, sizeof bytes));
    assert_int_equal(out.query, 7);
    assert_int_equal(out.result, RESOLVE_OK);
    assert_int_equal(out.ttl_s, 86400);
    assert_int_equal(out.count, 2);
    assert_memory_equal(out.addresses, in.addresses, sizeof out.addresses);
    assert_memory_equal(out.found, in.found, sizeof out.found);
    assert_int_equal(out.flags, RESOLVE_UNVALIDATED);
    for (int result = RESOLVE_NO_NAME; result <= RESOLVE_CHANGED; result++) {
        in = (struct resolve_answer){.query = 9, .result = (enum resolve_result)result};
        resolve_answer_encode(&in, bytes);
        assert_true(resolve_answer_decode(&out, bytes, sizeof bytes));
        assert_int_equal(out.result, result);
        assert_int_equal(out.count, 0);
    }
}

static void spoilt_answers_are_refused(void **state)
{
    static const struct {
        const char *what;
        size_t at;
        uint8_t octet;
    } rows[] = {
        {"magic", 1, 'Q'},
        {"version", 2, 1},
        {"unknown result", 3, RESOLVE_RESULT_COUNT},
        {"failure with addresses", 3, RESOLVE_NO_NAME},
        {"count 0", 12, 0},
        {"too many", 12, 17},
        {"more than there are", 12, 3},
        {"unknown flag", 13, 2},
        {"padding", 14, 1},
        {"family none", 16, 0},
        {"unknown family", 16, 3},
        {"unknown way", 17, FOUND_HOW_COUNT},
        {"unknown program", 18, FOUND_BY_COUNT},
        {"spare", 19, 2},
        {"scope of IPv4", 23, 1},
        {"long IPv4", 28, 1},
        {"padding of the weight", 47, 1},
        {"space in the interface", 49, ' '},
        {"hole in the interface", 49, 0},
        {"interface without an end", 63, 'x'},
        {"behind the last", 120, 1},
        {"last octet", 783, 1},
    };
    struct resolve_answer in = good_answer();
    struct resolve_answer out;

    (void)state;
    assert_int_equal(RESOLVE_ANSWER_SIZE, 784);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t bytes[RESOLVE_ANSWER_SIZE];

        resolve_answer_encode(&in, bytes);
        bytes[rows[i].at] = rows[i].octet;
        if (resolve_answer_decode(&out, bytes, sizeof bytes)) {
            fail_msg("accepted: %s", rows[i].what);
        }
    }
    uint8_t longer[RESOLVE_ANSWER_SIZE + 1] = {0};
    resolve_answer_encode(&in, longer);
    assert_false(resolve_answer_decode(&out, longer, sizeof longer));
    for (size_t size = 0; size < RESOLVE_ANSWER_SIZE; size++) {
        assert_false(resolve_answer_decode(&out, longer, size));
    }
}

static void more_addresses_than_fit_are_cut(void **state)
{
    uint8_t bytes[RESOLVE_ANSWER_SIZE];
    struct resolve_answer in = {.result = RESOLVE_OK, .count = 200};
    struct resolve_answer out;

    (void)state;
    for (size_t i = 0; i < RESOLVED_MAX; i++) {
        in.addresses[i] = (struct address){.family = ADDRESS_IPV4, .bytes = {10, 0, 0, (uint8_t)i}};
    }
    resolve_answer_encode(&in, bytes);
    assert_true(resolve_answer_decode(&out, bytes, sizeof bytes));
    assert_int_equal(out.count, RESOLVED_MAX);
    assert_int_equal(out.addresses[RESOLVED_MAX - 1].bytes[3], RESOLVED_MAX - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_question_comes_through),
        cmocka_unit_test(what_lies_behind_a_name_is_not_told),
        cmocka_unit_test(spoilt_questions_are_refused),
        cmocka_unit_test(an_answer_comes_through),
        cmocka_unit_test(spoilt_answers_are_refused),
        cmocka_unit_test(more_addresses_than_fit_are_cut),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
