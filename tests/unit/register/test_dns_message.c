/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages to a DNS server, and answers that it did not sign. */
#include "register/dns_message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct tsig_key key = {.name = "k.",
                                    .algorithm = "hmac-sha256.",
                                    .secret = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="};
static const struct record record = {.type = RECORD_A, .name = "n.test.", .data = "192.0.2.1"};

static struct dns_message sent;
static char why[400];

static void send_question(void)
{
    assert_true(dns_message_question(&sent, &record));
    assert_true(dns_message_sign(&sent, &key));
    assert_true(sent.size > 12 + 12 + 60);
}

static struct dns_answer hear(const uint8_t *bytes, size_t size)
{
    const struct dns_octets octets = {bytes, size};
    struct text text = text_begin(why, sizeof why);

    return dns_message_answer(&sent, &key, &record, &octets, &text);
}

static void an_update_adds_and_removes_single_records(void **state)
{
    /* Section 2.5 of RFC 2136: the record itself, in class IN or in class NONE and without TTL. */
    static const uint8_t added[] = {0, 1, 0, 1, 0, 0, 0, 30, 0, 4, 192, 0, 2, 1};
    static const uint8_t removed[] = {0, 1, 0, 254, 0, 0, 0, 0, 0, 4, 192, 0, 2, 2};
    struct records add = {.count = 1}, remove = {.count = 1};
    const struct dns_change change = {"test.", 30, &add, &remove};
    struct dns_message message;

    (void)state;
    add.at[0] = remove.at[0] = record;
    remove.at[0].data[8] = '2';
    assert_true(dns_message_update(&message, &change));
    assert_true(dns_message_sign(&message, &key));
    assert_int_equal(message.wire[2] >> 3, 5);                    /* UPDATE */
    assert_memory_equal(message.wire + 4, "\0\1\0\0\0\2\0\1", 8); /* one zone, two records, TSIG */
    assert_non_null(memmem(message.wire, message.size, added, sizeof added));
    assert_non_null(memmem(message.wire, message.size, removed, sizeof removed));
    dns_message_done(&message);
}

static void what_the_key_did_not_sign_is_not_believed(void **state)
{
    uint8_t reply[512];

    (void)state;
    send_question();
    memcpy(reply, sent.wire, sent.size);
    reply[2] |= 0x80;
    assert_int_equal(hear(reply, sent.size).result, ATTEMPT_REFUSED); /* signed as a question */
    assert_string_equal(why, "its answer is not signed by the key");
    /* Without a signature: the header and the question alone. */
    memset(reply + 6, 0, 6);
    size_t bare = sent.size - 12 < 12 + 12 ? sent.size : 12 + 8 + 4;
    assert_int_equal(hear(reply, bare).result, ATTEMPT_REFUSED);
    assert_false(hear(reply, bare).found);
    assert_string_equal(why, "its answer is not signed by the key");
    dns_message_done(&sent);
}

static void several_signatures_are_refused_before_anything_is_kept_of_them(void **state)
{
    /* No question; in the additional section three records TSIG of the root, without data. */
    static const uint8_t record_tsig[] = {0, 0, 250, 0, 255, 0, 0, 0, 0, 0, 0};
    uint8_t reply[12 + 3 * sizeof record_tsig] = {0};

    (void)state;
    send_question();
    memcpy(reply, sent.wire, 2);
    reply[2] = 0x80;
    reply[11] = 3;
    for (size_t i = 0; i < 3; i++) {
        memcpy(reply + 12 + i * sizeof record_tsig, record_tsig, sizeof record_tsig);
    }
    assert_int_equal(hear(reply, sizeof reply).result, ATTEMPT_LATER);
    assert_string_equal(why, "its answer is no DNS message");
    dns_message_done(&sent);
}

static void each_refusal_has_its_sentence(void **state)
{
    static const struct {
        uint8_t rcode;
        enum attempt_result result;
        const char *expected;
    } cases[] = {{1, ATTEMPT_REFUSED, "FORMERR"}, {2, ATTEMPT_LATER, "SERVFAIL"},
                 {4, ATTEMPT_REFUSED, "NOTIMP"},  {5, ATTEMPT_REFUSED, "REFUSED"},
                 {9, ATTEMPT_REFUSED, "NOTAUTH"}, {10, ATTEMPT_REFUSED, "NOTZONE"},
                 {15, ATTEMPT_REFUSED, "15"}};
    uint8_t reply[12] = {0};

    (void)state;
    send_question();
    memcpy(reply, sent.wire, 2);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        reply[2] = 0x80;
        reply[3] = cases[i].rcode;
        assert_int_equal(hear(reply, sizeof reply).result, cases[i].result);
        assert_non_null(strstr(why, cases[i].expected));
    }
    dns_message_done(&sent);
}

static void nonsense_and_others_answers_are_no_answer(void **state)
{
    uint8_t reply[512];

    (void)state;
    send_question();
    memcpy(reply, sent.wire, sent.size);
    assert_int_equal(hear(reply, sent.size).result, ATTEMPT_LATER); /* a question */
    reply[2] |= 0x80;
    reply[0] ^= 1;
    assert_int_equal(hear(reply, sent.size).result, ATTEMPT_LATER);
    assert_string_equal(why, "its answer belongs to another question");
    reply[0] ^= 1;
    for (size_t size = 0; size < sent.size; size++) {
        assert_int_not_equal(hear(reply, size).result, ATTEMPT_DONE);
    }
    for (size_t i = 12; i < sent.size; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            reply[i] ^= (uint8_t)(1U << bit);
            assert_int_not_equal(hear(reply, sent.size).result, ATTEMPT_DONE);
            reply[i] ^= (uint8_t)(1U << bit);
        }
    }
    dns_message_done(&sent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_update_adds_and_removes_single_records),
        cmocka_unit_test(what_the_key_did_not_sign_is_not_believed),
        cmocka_unit_test(several_signatures_are_refused_before_anything_is_kept_of_them),
        cmocka_unit_test(each_refusal_has_its_sentence),
        cmocka_unit_test(nonsense_and_others_answers_are_no_answer),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
