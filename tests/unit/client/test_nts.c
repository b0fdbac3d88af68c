/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/client/nts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "wire/nts.h"

enum { COOKIE_SIZE = 104 };

static const struct utc_time utc = {INT64_C(1795361029) * NS_PER_S};

static struct mono_time at_s(double s)
{
    return (struct mono_time){duration_from_s(s).ns};
}

static struct keys_answer good_answer(uint32_t query)
{
    struct keys_answer answer = {.query = query,
                                 .result = KEYS_OK,
                                 .name = "a.example",
                                 .algorithm = AEAD_AES_SIV_CMAC_256,
                                 .valid_from = {1},
                                 .valid_until = {INT64_MAX},
                                 .to_server = {1},
                                 .to_client = {2},
                                 .cookie_count = NTS_COOKIES};

    for (uint8_t i = 0; i < NTS_COOKIES; i++) {
        answer.cookies[i].size = COOKIE_SIZE;
        answer.cookies[i].bytes[0] = i;
    }
    return answer;
}

struct client {
    struct nts nts;
    uint32_t sequence;
    uint64_t random[NTS_RANDOM];
    uint8_t request[NTS_PACKET];
    size_t size;
};

static void set_up(struct client *client)
{
    struct keys_answer answer = good_answer(7);

    memset(client, 0, sizeof *client);
    nts_init(&client->nts, at_s(0), 0);
    nts_asked(&client->nts, 7, at_s(0));
    assert_true(nts_take(&client->nts, &answer, at_s(1), utc, 3));
}

static void ask(struct client *client)
{
    memset(client->request, 0, sizeof client->request);
    client->request[0] = 0x23;
    client->random[0]++;
    client->size = nts_protect(&client->nts, ++client->sequence, client->random, client->request);
}

/* What the server sees of a request. */
static struct nts_fields seen(const struct client *client)
{
    struct nts_fields fields;
    struct aead_key key;
    uint8_t text[NTS_PACKET], secret[KEYS_SECRET_SIZE] = {1};
    size_t text_size;

    aead_key_init(&key, AEAD_AES_SIV_CMAC_256, secret);
    assert_true(nts_fields_find(&fields, client->request, client->size));
    assert_true(nts_open(client->request, &fields, &key, text, &text_size));
    return fields;
}

struct reply {
    uint8_t bytes[NTS_PACKET];
    size_t size;
};

/* The server's reply, with `cookies` new ones, sealed with a key that starts with `secret`. */
static struct reply answered(const struct client *client, unsigned cookies, uint8_t secret)
{
    struct nts_fields fields = seen(client);
    struct reply reply = {.bytes = {0x24, 1}};
    struct nts_datagram datagram = {reply.bytes, NTP_HEADER_SIZE, sizeof reply.bytes};
    uint8_t text[NTS_PACKET], bytes[KEYS_SECRET_SIZE] = {secret}, cookie[COOKIE_SIZE] = {0};
    struct writer w = {text, sizeof text, false};
    struct aead_key key;
    const uint8_t nonce[AEAD_NONCE_SIZE_MAX] = {9};

    aead_key_init(&key, AEAD_AES_SIV_CMAC_256, bytes);
    for (unsigned i = 0; i < cookies; i++) {
        cookie[0] = (uint8_t)(100 + client->sequence);
        extension_put(&w, EXTENSION_COOKIE, cookie, sizeof cookie);
    }
    struct nts_seal seal = {&key, nonce, text, sizeof text - w.left};
    assert_true(nts_datagram_put(&datagram, EXTENSION_UNIQUE_ID, fields.id.body, NTS_ID_SIZE));
    assert_true(nts_datagram_seal(&datagram, &seal));
    reply.size = datagram.size;
    return reply;
}

static struct reply nak(const struct client *client)
{
    struct nts_fields fields = seen(client);
    struct reply reply = {.bytes = {0xe4, 0, [12] = 'N', 'T', 'S', 'N'}};
    struct nts_datagram datagram = {reply.bytes, NTP_HEADER_SIZE, sizeof reply.bytes};

    assert_true(nts_datagram_put(&datagram, EXTENSION_UNIQUE_ID, fields.id.body, NTS_ID_SIZE));
    reply.size = datagram.size;
    return reply;
}

static enum drop_reason check(struct client *client, const struct reply *reply)
{
    return nts_check(&client->nts, reply->bytes, reply->size);
}

static void each_request_has_an_identifier_and_a_cookie_of_its_own(void **state)
{
    struct client client;
    uint8_t before[NTS_ID_SIZE] = {0};

    (void)state;
    set_up(&client);
    for (unsigned i = 0; i < NTS_COOKIES; i++) {
        assert_true(nts_ready(&client.nts));
        ask(&client);
        struct nts_fields fields = seen(&client);
        assert_int_equal(fields.ids, 1);
        assert_int_equal(fields.id.body_size, NTS_ID_SIZE);
        assert_memory_not_equal(fields.id.body, before, NTS_ID_SIZE);
        memcpy(before, fields.id.body, NTS_ID_SIZE);
        assert_int_equal(fields.cookies, 1);
        assert_int_equal(fields.cookie.body[0], i);
        assert_int_equal(fields.placeholders, i);
        assert_true(fields.placeholders_fit);
        assert_true(client.size <= NTS_PACKET);
    }
    assert_false(nts_ready(&client.nts));
}

static void cookies_are_topped_up_to_eight(void **state)
{
    struct client client;

    (void)state;
    set_up(&client);
    for (unsigned i = 0; i < 3; i++) {
        ask(&client);
    }
    assert_int_equal(client.nts.keys.cookie_count, 5);
    ask(&client);
    struct reply reply = answered(&client, 1 + seen(&client).placeholders, 2);
    assert_int_equal(check(&client, &reply), DROP_NONE);
    assert_int_equal(client.nts.keys.cookie_count, NTS_COOKIES);
    ask(&client);
    reply = answered(&client, 8, 2); /* more than was asked for */
    assert_int_equal(check(&client, &reply), DROP_NONE);
    assert_int_equal(client.nts.keys.cookie_count, NTS_COOKIES);
}

static void a_reply_is_believed_once_and_only_with_the_right_key(void **state)
{
    struct client client;

    (void)state;
    set_up(&client);
    ask(&client);
    struct reply good = answered(&client, 1, 2), bad = answered(&client, 1, 3);
    assert_int_equal(check(&client, &bad), DROP_NTS_FORGED);
    for (size_t i = 0; i < good.size; i++) {
        struct reply changed = good;

        changed.bytes[i] ^= 1;
        assert_int_not_equal(check(&client, &changed), DROP_NONE);
    }
    assert_int_equal(client.nts.keys.cookie_count, NTS_COOKIES - 1);
    assert_int_equal(check(&client, &good), DROP_NONE);
    assert_int_equal(check(&client, &good), DROP_NTS_ID);
    assert_int_equal(client.nts.keys.cookie_count, NTS_COOKIES);
}

static void replies_without_protection_are_refused_by_name(void **state)
{
    struct client client;
    struct reply plain = {.bytes = {0x24, 1}, .size = NTP_HEADER_SIZE};
    struct reply kiss = {.bytes = {0xe4, 0, [12] = 'D', 'E', 'N', 'Y'}, .size = NTP_HEADER_SIZE};

    (void)state;
    set_up(&client);
    ask(&client);
    assert_int_equal(check(&client, &plain), DROP_UNAUTHENTICATED);
    assert_int_equal(check(&client, &kiss), DROP_UNAUTHENTICATED);
    plain.size = NTP_HEADER_SIZE - 1;
    assert_int_equal(check(&client, &plain), DROP_SHORT);
    plain.size = NTP_HEADER_SIZE + 12;
    assert_int_equal(check(&client, &plain), DROP_FORMAT);
}

static void replies_to_a_few_requests_may_overtake_each_other(void **state)
{
    struct client client;
    struct reply replies[NTS_PENDING + 1];

    (void)state;
    set_up(&client);
    for (unsigned i = 0; i <= NTS_PENDING; i++) {
        ask(&client);
        replies[i] = answered(&client, 1, 2);
    }
    assert_int_equal(check(&client, &replies[0]), DROP_NTS_ID); /* forgotten */
    for (unsigned i = NTS_PENDING; i > 0; i--) {
        assert_int_equal(check(&client, &replies[i]), DROP_NONE);
    }
}

static void a_nak_leads_to_new_keys_unless_an_authentic_reply_follows(void **state)
{
    struct client client;
    struct keys_answer answer = good_answer(8);

    (void)state;
    set_up(&client);
    ask(&client);
    struct reply refused = nak(&client), good = answered(&client, 1, 2), other;
    other = refused;
    other.bytes[NTP_HEADER_SIZE + 8] ^= 1;
    assert_int_equal(check(&client, &other), DROP_UNAUTHENTICATED); /* not our identifier */
    assert_int_equal(check(&client, &refused), DROP_NTS_NAK);
    assert_int_equal(check(&client, &good), DROP_NONE);
    nts_prepare(&client.nts);
    assert_true(nts_ready(&client.nts));

    ask(&client);
    refused = nak(&client);
    assert_int_equal(check(&client, &refused), DROP_NTS_NAK);
    assert_true(nts_ready(&client.nts));
    nts_prepare(&client.nts);
    assert_false(nts_ready(&client.nts));
    assert_int_equal(client.nts.naks, 2);
    assert_true(nts_due(&client.nts, at_s(64)));
    nts_asked(&client.nts, 8, at_s(64));
    assert_true(nts_take(&client.nts, &answer, at_s(65), utc, 0));
    assert_true(nts_ready(&client.nts));
}

/* A server that grants keys and then refuses its own cookies gets ever fewer exchanges. */
static void exchanges_that_lead_to_nothing_become_rare(void **state)
{
    struct client client;
    double now_s = 1, last_s = 0;
    unsigned exchanges = 0;

    (void)state;
    set_up(&client);
    while (now_s < 86400) {
        struct keys_answer answer = good_answer(9);

        nts_prepare(&client.nts);
        if (nts_ready(&client.nts)) {
            ask(&client);
            struct reply refused = nak(&client);
            assert_int_equal(check(&client, &refused), DROP_NTS_NAK);
        }
        if (nts_due(&client.nts, at_s(now_s))) {
            assert_true(exchanges == 0 || now_s - last_s >= 15);
            last_s = now_s;
            exchanges++;
            nts_asked(&client.nts, 9, at_s(now_s));
            assert_true(nts_take(&client.nts, &answer, at_s(now_s), utc, exchanges));
        }
        now_s += 16;
    }
    assert_in_range(exchanges, 8, 30);
}

static void failures_are_repeated_ever_later(void **state)
{
    static const struct {
        enum keys_result result;
        unsigned least, most; /* exchanges in a week */
    } rows[] = {{KEYS_TIMEOUT, 110, 170},   {KEYS_REFUSED, 110, 170}, {KEYS_NO_HELPER, 110, 170},
                {KEYS_UNTRUSTED, 10, 20},   {KEYS_ERROR, 10, 20},     {KEYS_MESSAGE, 10, 20},
                {KEYS_CERTIFICATE, 10, 20}, {KEYS_SLOW, 110, 170}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct nts nts;
        struct keys_answer answer = {.query = 1, .result = rows[i].result};
        unsigned exchanges = 0;

        nts_init(&nts, at_s(0), 0);
        for (double now_s = 0; now_s < 7 * 86400;) {
            assert_true(nts_due(&nts, at_s(now_s)));
            nts_asked(&nts, 1, at_s(now_s));
            assert_false(nts_due(&nts, at_s(now_s)));
            assert_false(nts_take(&nts, &answer, at_s(now_s + 1), utc, 12345));
            assert_int_equal(nts.result, rows[i].result);
            assert_false(nts_ready(&nts));
            exchanges++;
            now_s = duration_to_s((struct duration){nts_deadline(&nts).ns});
        }
        assert_in_range(exchanges, rows[i].least, rows[i].most);
    }
}

static void no_answer_at_all_is_a_failure_after_a_minute(void **state)
{
    struct nts nts;

    (void)state;
    nts_init(&nts, at_s(0), 0);
    nts_asked(&nts, 5, at_s(0));
    assert_false(nts_time_out(&nts, at_s(59)));
    assert_int_equal(nts_deadline(&nts).ns, at_s(60).ns);
    assert_true(nts_time_out(&nts, at_s(60)));
    assert_int_equal(nts.result, KEYS_NO_HELPER);
    assert_false(nts_due(&nts, at_s(61)));
    nts_soon(&nts, at_s(61));
    assert_false(nts_due(&nts, at_s(61)));
    assert_true(nts_due(&nts, at_s(68)));
}

static void old_keys_are_renewed_while_they_still_work(void **state)
{
    struct nts nts;
    struct keys_answer answer = good_answer(1), none = {.query = 2, .result = KEYS_TIMEOUT};

    (void)state;
    nts_init(&nts, at_s(0), 1000);
    nts_asked(&nts, 1, at_s(0));
    assert_true(nts_take(&nts, &answer, at_s(0), utc, 0));
    assert_int_equal(nts.keys.made.ns, utc.ns);
    assert_false(nts_due(&nts, at_s(999)));
    assert_true(nts_due(&nts, at_s(1000)));
    nts_asked(&nts, 2, at_s(1000));
    assert_false(nts_take(&nts, &none, at_s(1001), utc, 0));
    assert_true(nts_ready(&nts)); /* what works is kept */
    assert_false(nts_due(&nts, at_s(1002)));
}

static void keys_of_an_earlier_run_keep_their_age(void **state)
{
    static const struct {
        double age_s, due_s;
    } rows[] = {{600, 400}, {1200, 16}, {-50, 16}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct nts nts;
        struct keys_answer answer = good_answer(1);

        answer.made.ns = utc.ns - duration_from_s(rows[i].age_s).ns;
        nts_init(&nts, at_s(0), 1000);
        nts_asked(&nts, 1, at_s(0));
        assert_true(nts_take(&nts, &answer, at_s(0), utc, 0));
        assert_int_equal(nts.attempts, 0); /* no exchange was made */
        assert_true(nts_ready(&nts));
        assert_false(nts_due(&nts, at_s(rows[i].due_s - 1)));
        assert_true(nts_due(&nts, at_s(rows[i].due_s)));
    }
}

static void where_nothing_was_kept_keys_are_exchanged_at_once(void **state)
{
    struct nts nts;
    struct keys_answer none = {.query = 1, .result = KEYS_NONE};

    (void)state;
    nts_init(&nts, at_s(5), 0);
    assert_false(nts.saved_tried);
    nts_asked(&nts, 1, at_s(5));
    assert_false(nts_take(&nts, &none, at_s(5), utc, 0));
    assert_true(nts.saved_tried);
    assert_true(nts_due(&nts, at_s(5)));
    assert_int_equal(nts.result, KEYS_NONE);
    nts_asked(&nts, 2, at_s(5));
    assert_false(nts_take(&nts, &none, at_s(5), utc, 0));
    assert_false(nts_due(&nts, at_s(20))); /* said twice, it is a failure like others */
}

static void a_certificate_is_shown_again_on_demand(void **state)
{
    struct client client;
    struct keys_answer answer = good_answer(2);

    (void)state;
    set_up(&client);
    assert_false(nts_due(&client.nts, at_s(100)));
    nts_prove(&client.nts, at_s(100));
    assert_true(nts_due(&client.nts, at_s(100)));
    assert_true(nts_ready(&client.nts)); /* goes on meanwhile */
    nts_asked(&client.nts, 2, at_s(100));
    assert_true(nts_take(&client.nts, &answer, at_s(101), utc, 0));
    assert_false(nts_due(&client.nts, at_s(200)));
    assert_true(nts_valid_at(&client.nts, utc));
    assert_false(nts_valid_at(&client.nts, (struct utc_time){0}));
}

static void keys_of_a_certificate_that_proves_invalid_are_given_up(void **state)
{
    static const struct {
        int64_t from_ns, until_ns;
        enum keys_result result;
    } rows[] = {{1, 2, KEYS_EXPIRED}, {INT64_MAX - 2, INT64_MAX - 1, KEYS_NOT_YET}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct nts nts;
        struct keys_answer answer = good_answer(1);

        answer.valid_from.ns = rows[i].from_ns;
        answer.valid_until.ns = rows[i].until_ns;
        nts_init(&nts, at_s(0), 0);
        nts_asked(&nts, 1, at_s(0));
        assert_true(nts_take(&nts, &answer, at_s(0), utc, 0));
        nts_reject(&nts, utc);
        assert_false(nts_ready(&nts));
        assert_int_equal(nts.result, rows[i].result);
        assert_int_equal(nts.valid_until.ns, rows[i].until_ns); /* what is wrong can be told */
        assert_false(nts_due(&nts, at_s(15)));
        assert_true(nts_due(&nts, at_s(20)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_request_has_an_identifier_and_a_cookie_of_its_own),
        cmocka_unit_test(cookies_are_topped_up_to_eight),
        cmocka_unit_test(a_reply_is_believed_once_and_only_with_the_right_key),
        cmocka_unit_test(replies_without_protection_are_refused_by_name),
        cmocka_unit_test(replies_to_a_few_requests_may_overtake_each_other),
        cmocka_unit_test(a_nak_leads_to_new_keys_unless_an_authentic_reply_follows),
        cmocka_unit_test(exchanges_that_lead_to_nothing_become_rare),
        cmocka_unit_test(failures_are_repeated_ever_later),
        cmocka_unit_test(no_answer_at_all_is_a_failure_after_a_minute),
        cmocka_unit_test(old_keys_are_renewed_while_they_still_work),
        cmocka_unit_test(keys_of_an_earlier_run_keep_their_age),
        cmocka_unit_test(where_nothing_was_kept_keys_are_exchanged_at_once),
        cmocka_unit_test(a_certificate_is_shown_again_on_demand),
        cmocka_unit_test(keys_of_a_certificate_that_proves_invalid_are_given_up),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
