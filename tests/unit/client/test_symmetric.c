/* SPDX-License-Identifier: BSD-2-Clause */
/* A source with a symmetric key: what is sent to it, and what is believed of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "core/client/association.h"
#include "unit/client/exchange_bench.h"

static struct mac_key key_of(uint32_t id, const char *secret)
{
    struct mac_key key = {.id = id};

    assert_true(mac_key_set(&key, MAC_SHA1, (const uint8_t *)secret, strlen(secret)));
    return key;
}

/* What a server, or somebody on the way, appends to a reply. */
enum appended { PLAIN, RIGHT, WRONG_SECRET, WRONG_ID, CHANGED, NAK, ODD };

static struct exchange_result answer(struct bench *bench, enum appended what)
{
    const struct mac_key right = key_of(7, "the secret"), wrong = key_of(7, "another secret"),
                         other = key_of(8, "the secret");
    struct ntp_packet reply = reply_to(&bench->request, 10 * MS, 11 * MS);
    uint8_t bytes[NTP_HEADER_SIZE + NTP_MAC_MAX] = {0};
    struct local_stamp received = stamp_at(41 * MS, STAMP_KERNEL);
    size_t size = NTP_HEADER_SIZE;

    ntp_packet_encode(&reply, bytes);
    if (what == RIGHT || what == CHANGED) {
        size = ntp_mac_put(&right, 4, bytes, size);
        bytes[20] ^= what == CHANGED;
    } else if (what == WRONG_SECRET || what == WRONG_ID) {
        size = ntp_mac_put(what == WRONG_ID ? &other : &wrong, 4, bytes, size);
    } else if (what == NAK || what == ODD) {
        size += what == NAK ? 4 : 12;
    }
    return exchange_receive(&bench->exchange, &bench->limits, bytes, size, &received);
}

static void only_the_right_mac_is_believed_and_a_wrong_one_costs_nothing(void **state)
{
    static const struct {
        enum appended what;
        enum drop_reason reason;
    } rows[] = {
        {PLAIN, DROP_UNAUTHENTICATED}, {WRONG_SECRET, DROP_BAD_MAC}, {WRONG_ID, DROP_BAD_MAC},
        {CHANGED, DROP_BAD_MAC},       {NAK, DROP_CRYPTO_NAK},       {ODD, DROP_FORMAT},
    };
    const struct source_options options = {.max_delay_s = 3.0, .key = 7};
    const struct mac_key key = key_of(7, "the secret");

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bench bench = bench_start();

        bench.limits.options = &options;
        bench.limits.key = &key;
        ask(&bench, 0);
        struct exchange_result result = answer(&bench, rows[i].what);
        assert_int_equal(result.outcome, EXCHANGE_DROPPED);
        assert_int_equal(result.reason, rows[i].reason);
        assert_false(result.matched);
        /* Who was quicker than the server with something wrong does not keep the server out. */
        result = answer(&bench, RIGHT);
        assert_int_equal(result.outcome, EXCHANGE_SAMPLE);
        assert_true(result.sample.authenticated);
        assert_int_equal(answer(&bench, RIGHT).reason, DROP_ORIGIN);
    }
}

static void a_kiss_of_death_must_be_authenticated_too(void **state)
{
    const struct source_options options = {.max_delay_s = 3.0, .key = 7};
    const struct mac_key key = key_of(7, "the secret");
    struct bench bench = bench_start();

    (void)state;
    bench.limits.options = &options;
    bench.limits.key = &key;
    ask(&bench, 0);
    struct ntp_packet reply = reply_to(&bench.request, 10 * MS, 11 * MS);
    reply.stratum = 0;
    reply.refid = 0x44454e59; /* DENY */
    assert_int_equal(deliver(&bench, &reply, 20 * MS).reason, DROP_UNAUTHENTICATED);
}

static void without_a_key_a_mac_changes_nothing(void **state)
{
    struct bench bench = bench_start();

    (void)state;
    ask(&bench, 0);
    struct exchange_result result = answer(&bench, WRONG_SECRET);
    assert_int_equal(result.outcome, EXCHANGE_SAMPLE);
    assert_false(result.sample.authenticated);
}

struct associated {
    struct association association;
    struct budget budget;
    struct budget_slot slots[512];
    struct source_options options;
    struct association_send send;
};

static void begin(struct associated *a, const struct mac_key *key)
{
    struct association_start start = {.options = &a->options, .key = key};

    memset(a, 0, sizeof *a);
    a->options = (struct source_options){
        .minpoll = 6, .maxpoll = 10, .presend_minpoll = 127, .polltarget = 8, .key = 7};
    assert_true(address_parse(&start.address, "10.0.0.1"));
    budget_init(&a->budget, a->slots, 4, 4.0 / 64, 1);
    association_init(&a->association, &start);
}

static bool ask_next(struct associated *a)
{
    const uint64_t random[ASSOCIATION_RANDOM] = {3, 4};
    struct mono_time now = association_deadline(&a->association);

    for (int i = 0; i < 3 && now.ns != INT64_MAX; i++) {
        if (association_poll(&a->association, &a->budget, now, random, &a->send) ==
            ASSOCIATION_SENDS) {
            return true;
        }
        now = association_deadline(&a->association);
    }
    return false;
}

static void requests_carry_the_mac_of_their_version(void **state)
{
    const struct mac_key key = key_of(7, "the secret");
    struct associated a;
    struct ntp_mac mac;

    (void)state;
    begin(&a, &key);
    assert_true(ask_next(&a));
    assert_int_equal(a.send.size, 72);
    assert_int_equal(ntp_mac_find(&mac, 4, a.send.bytes, a.send.size), NTP_MAC_FOUND);
    assert_true(ntp_mac_check(&mac, &key, 4, a.send.bytes));
    begin(&a, &key);
    a.options.version = 3;
    assert_true(ask_next(&a));
    assert_int_equal(a.send.bytes[0] >> 3 & 7, 3);
    assert_int_equal(ntp_mac_find(&mac, 3, a.send.bytes, a.send.size), NTP_MAC_FOUND);
    assert_true(ntp_mac_check(&mac, &key, 3, a.send.bytes));
}

static void a_source_whose_key_is_missing_is_asked_when_it_comes(void **state)
{
    const struct mac_key key = key_of(7, "the secret");
    struct associated a;

    (void)state;
    begin(&a, NULL);
    assert_true(association_lacks_key(&a.association));
    assert_true(association_deadline(&a.association).ns == INT64_MAX);
    assert_false(ask_next(&a));
    association_set_key(&a.association, &key, (struct mono_time){100 * NS_PER_S});
    assert_false(association_lacks_key(&a.association));
    assert_true(association_deadline(&a.association).ns < 110 * NS_PER_S);
    assert_true(ask_next(&a));
}

static void a_source_whose_answers_are_not_authenticated_is_doubted_not_silent(void **state)
{
    const struct mac_key key = key_of(7, "the secret"), wrong = key_of(7, "another secret");
    struct associated a;

    (void)state;
    begin(&a, &key);
    for (int i = 0; i < 3; i++) {
        const struct exchange_limits limits = {
            .utc = {base_ns}, .base_ns = base_ns, .options = &a.options, .key = &key};
        struct local_stamp received;
        struct ntp_packet request;
        uint8_t bytes[NTP_HEADER_SIZE + NTP_MAC_MAX];

        assert_true(ask_next(&a));
        assert_int_equal(association_doubted(&a.association), i > 0);
        assert_int_equal(ntp_packet_decode(&request, a.send.bytes, NTP_HEADER_SIZE), DROP_NONE);
        received = stamp_at(a.association.schedule.next.ns - 1, STAMP_KERNEL);
        struct ntp_packet reply = reply_to(&request, received.at.ns, received.at.ns);
        ntp_packet_encode(&reply, bytes);
        size_t size = ntp_mac_put(&wrong, 4, bytes, NTP_HEADER_SIZE);
        assert_int_equal(
            association_receive(&a.association, &limits, bytes, size, &received).reason,
            DROP_BAD_MAC);
    }
    assert_int_equal(a.association.drops[DROP_BAD_MAC], 3);
    assert_true(ask_next(&a) && ask_next(&a));
    assert_false(association_doubted(&a.association)); /* now it is silent */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_right_mac_is_believed_and_a_wrong_one_costs_nothing),
        cmocka_unit_test(a_kiss_of_death_must_be_authenticated_too),
        cmocka_unit_test(without_a_key_a_mac_changes_nothing),
        cmocka_unit_test(requests_carry_the_mac_of_their_version),
        cmocka_unit_test(a_source_whose_key_is_missing_is_asked_when_it_comes),
        cmocka_unit_test(a_source_whose_answers_are_not_authenticated_is_doubted_not_silent),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
