/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct address v4(uint16_t port)
{
    return (struct address){.family = ADDRESS_IPV4, .port = port, .bytes = {192, 0, 2, 1}};
}

static struct keys_question good_question(void)
{
    return (struct keys_question){.query = 77,
                                  .cert_set = 5,
                                  .server = v4(4460),
                                  .ntp_port = 123,
                                  .at = {1795361029000000000},
                                  .name = "ntp.example",
                                  .algorithm_count = 2,
                                  .algorithms = {15, 30}};
}

static void a_question_comes_through(void **state)
{
    uint8_t bytes[KEYS_QUESTION_SIZE], again[KEYS_QUESTION_SIZE];
    struct keys_question in = good_question(), out;

    (void)state;
    keys_question_encode(&in, bytes);
    assert_true(keys_question_decode(&out, bytes, sizeof bytes));
    assert_int_equal(out.query, 77);
    assert_int_equal(out.cert_set, 5);
    assert_int_equal(out.ntp_port, 123);
    assert_int_equal(out.server.port, 4460);
    assert_int_equal(out.at.ns, in.at.ns);
    assert_string_equal(out.name, "ntp.example");
    assert_int_equal(out.algorithm_count, 2);
    assert_int_equal(out.algorithms[1], 30);
    keys_question_encode(&out, again); /* not the structs: there is padding in them */
    assert_memory_equal(again, bytes, sizeof bytes);
}

static void spoilt_questions_are_refused(void **state)
{
    static const struct {
        const char *what;
        size_t at;
        uint8_t octet;
    } rows[] = {
        {"magic", 0, 'X'},
        {"version", 2, 2},
        {"padding", 3, 1},
        {"family", 12, 3},
        {"no family", 12, 0},
        {"scope of IPv4", 19, 1},
        {"long IPv4", 30, 1},
        {"slash in the name", 48, '/'},
        {"empty name", 46, 0},
        {"behind the name", 200, 'x'},
        {"unknown algorithm", 305, 16},
        {"behind the algorithms", 319, 15},
    };
    struct keys_question in = good_question(), out;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t bytes[KEYS_QUESTION_SIZE];

        keys_question_encode(&in, bytes);
        bytes[rows[i].at] = rows[i].octet;
        if (keys_question_decode(&out, bytes, sizeof bytes)) {
            fail_msg("accepted: %s", rows[i].what);
        }
    }
    uint8_t longer[KEYS_QUESTION_SIZE + 1] = {0};
    keys_question_encode(&in, longer);
    assert_false(keys_question_decode(&out, longer, sizeof longer));
    for (size_t size = 0; size < KEYS_QUESTION_SIZE; size++) {
        assert_false(keys_question_decode(&out, longer, size));
    }
}

static struct keys_answer good_answer(uint16_t algorithm)
{
    struct keys_answer answer = {.query = 77,
                                 .result = KEYS_OK,
                                 .took_us = 3000,
                                 .name = "ntp.example",
                                 .asked = v4(4460),
                                 .valid_from = {100},
                                 .valid_until = {200},
                                 .made = {150},
                                 .server = v4(123),
                                 .algorithm = algorithm,
                                 .cookie_count = 2};

    memset(answer.to_server, 1, aead_key_size(algorithm));
    memset(answer.to_client, 2, aead_key_size(algorithm));
    for (uint8_t i = 0; i < 2; i++) {
        answer.cookies[i].size = 100;
        memset(answer.cookies[i].bytes, 3 + i, 100);
    }
    return answer;
}

static void an_answer_comes_through(void **state)
{
    static const uint16_t algorithms[] = {15, 30};
    uint8_t bytes[KEYS_ANSWER_SIZE];
    struct keys_answer out;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct keys_answer in = good_answer(algorithms[i]);

        keys_answer_encode(&in, bytes);
        assert_true(keys_answer_decode(&out, bytes, sizeof bytes));
        assert_int_equal(out.query, 77);
        assert_int_equal(out.took_us, 3000);
        assert_string_equal(out.name, "ntp.example");
        assert_int_equal(out.server.port, 123);
        assert_int_equal(out.valid_until.ns, 200);
        assert_int_equal(out.made.ns, 150);
        assert_memory_equal(out.to_client, in.to_client, sizeof in.to_client);
        assert_int_equal(out.cookie_count, 2);
        assert_memory_equal(out.cookies, in.cookies, sizeof in.cookies);
    }
}

static void a_failure_carries_no_keys(void **state)
{
    uint8_t bytes[KEYS_ANSWER_SIZE];
    struct keys_answer out;

    (void)state;
    for (int result = KEYS_OK + 1; result < KEYS_RESULT_COUNT; result++) {
        struct keys_answer in = good_answer(15);

        in.result = (enum keys_result)result;
        in.detail = 18;
        keys_answer_encode(&in, bytes);
        assert_true(keys_answer_decode(&out, bytes, sizeof bytes));
        assert_int_equal(out.result, result);
        assert_int_equal(out.detail, 18);
        assert_int_equal(out.cookie_count, 0);
        assert_int_equal(out.to_server[0], 0);
        bytes[KEYS_ANSWER_SIZE - 1] = 1;
        assert_false(keys_answer_decode(&out, bytes, sizeof bytes));
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
        {"version", 2, 0},
        {"no result", 3, KEYS_NONE},
        {"unknown result", 3, KEYS_RESULT_COUNT},
        {"space in the name", 16, ' '},
        {"unknown family", 270, 9},
        {"unknown algorithm", 343, 14},
        {"long secret", 343, 30},
        {"no cookies", 409, 0},
        {"nine cookies", 409, 9},
        {"more than there are", 409, 3},
        {"a long cookie", 410, 2},
        {"behind a cookie", 660, 1},
    };
    struct keys_answer in = good_answer(15), out;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t bytes[KEYS_ANSWER_SIZE];

        keys_answer_encode(&in, bytes);
        bytes[rows[i].at] = rows[i].octet;
        if (keys_answer_decode(&out, bytes, sizeof bytes)) {
            fail_msg("accepted: %s", rows[i].what);
        }
    }
    uint8_t longer[KEYS_ANSWER_SIZE + 1] = {0};
    keys_answer_encode(&in, longer);
    assert_false(keys_answer_decode(&out, longer, sizeof longer));
    for (size_t size = 0; size < KEYS_ANSWER_SIZE; size++) {
        assert_false(keys_answer_decode(&out, longer, size));
    }
}

static void every_result_has_a_word_and_a_clause(void **state)
{
    (void)state;
    for (unsigned i = 0; i < KEYS_RESULT_COUNT; i++) {
        assert_true(strlen(keys_result_word(i)) > 1);
        assert_true(strlen(keys_result_sentence(i)) > 10);
        for (unsigned j = 0; j < i; j++) {
            assert_string_not_equal(keys_result_word(i), keys_result_word(j));
        }
    }
    assert_string_equal(keys_result_word(200), "unknown");
    assert_non_null(keys_result_sentence(200));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_question_comes_through),
        cmocka_unit_test(spoilt_questions_are_refused),
        cmocka_unit_test(an_answer_comes_through),
        cmocka_unit_test(a_failure_carries_no_keys),
        cmocka_unit_test(spoilt_answers_are_refused),
        cmocka_unit_test(every_result_has_a_word_and_a_clause),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
