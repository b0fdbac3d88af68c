/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/client/association.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MS INT64_C(1000000)
static const int64_t base_ns = INT64_C(1790000000) * NS_PER_S;

/* One association with a server that answers as it is told, 1 ms away. */
struct bench {
    struct association association;
    struct budget budget;
    struct budget_slot slots[512];
    struct source_options options;
    struct exchange_limits limits;
    struct mono_time now;
    uint64_t random;
    struct association_send send; /* the last one */
    struct ntp_packet request;
    unsigned sends;
};

static void bench_start(struct bench *bench, const char *address, bool iburst)
{
    struct association_start start = {.options = &bench->options, .phase_ns = 5 * NS_PER_S};

    memset(bench, 0, sizeof *bench);
    bench->options = (struct source_options){.minpoll = 6,
                                             .maxpoll = 10,
                                             .presend_minpoll = 127,
                                             .polltarget = 8,
                                             .max_delay_s = 3,
                                             .iburst = iburst};
    assert_true(address_parse(&start.address, address));
    start.address.port = 123;
    assert_true(budget_slots(4) <= sizeof bench->slots / sizeof *bench->slots);
    budget_init(&bench->budget, bench->slots, 4, 4.0 / 64, 1);
    association_init(&bench->association, &start);
    bench->limits =
        (struct exchange_limits){.utc = {base_ns}, .base_ns = base_ns, .options = &bench->options};
}

/* Let time pass to the next deadline, at most to `end`; true when a request was sent. */
static bool step(struct bench *bench, struct mono_time end)
{
    struct mono_time deadline = association_deadline(&bench->association);
    uint64_t random[ASSOCIATION_RANDOM] = {++bench->random, ++bench->random};

    if (deadline.ns == INT64_MAX) {
        return false;
    }
    if (deadline.ns > end.ns) {
        bench->now = end;
        return false;
    }
    bench->now = deadline.ns > bench->now.ns ? deadline : bench->now;
    if (association_poll(&bench->association, &bench->budget, bench->now, random, &bench->send) !=
        ASSOCIATION_SENDS) {
        return false;
    }
    bench->sends++;
    assert_int_equal(ntp_packet_decode(&bench->request, bench->send.bytes, NTP_HEADER_SIZE),
                     DROP_NONE);
    return true;
}

static void until_sent(struct bench *bench)
{
    for (int i = 0; i < 3; i++) {
        if (step(bench, (struct mono_time){INT64_MAX})) {
            return;
        }
    }
    fail_msg("nothing is sent");
}

static struct exchange_result answer(struct bench *bench, const struct ntp_packet *as)
{
    struct ntp_packet reply = *as;
    uint8_t bytes[NTP_HEADER_SIZE];
    struct local_stamp received = {{bench->now.ns + MS}, 1e-7, STAMP_KERNEL, true};

    reply.version = 4;
    reply.mode = NTP_MODE_SERVER;
    reply.origin = bench->request.transmit;
    reply.receive = ntp_ts_from_utc((struct utc_time){base_ns + bench->now.ns});
    reply.transmit = reply.receive;
    ntp_packet_encode(&reply, bytes);
    bench->now.ns += MS;
    return association_receive(&bench->association, &bench->limits, bytes, sizeof bytes, &received);
}

static const struct ntp_packet good = {.stratum = 2, .refid = 1};
static const struct ntp_packet no_time = {.leap = NTP_LEAP_UNSYNC, .stratum = 2};
static const struct ntp_packet rate = {.leap = NTP_LEAP_UNSYNC, .refid = 0x52415445};
static const struct ntp_packet deny = {.leap = NTP_LEAP_UNSYNC, .refid = 0x44454e59};

static void an_answer_is_counted_everywhere(void **state)
{
    static struct bench bench;

    (void)state;
    bench_start(&bench, "10.0.0.4", true);
    until_sent(&bench);
    assert_false(bench.send.fresh_socket);
    assert_int_equal(answer(&bench, &good).outcome, EXCHANGE_SAMPLE);

    struct association *a = &bench.association;
    assert_int_equal(a->sent, 1);
    assert_int_equal(a->received, 1);
    assert_int_equal(a->accepted, 1);
    assert_int_equal(a->reach, 1);
    assert_int_equal(a->silent, 0);
    assert_int_equal(a->last.stratum, 2);
    assert_int_equal(a->last_reason, DROP_NONE);
    assert_true(a->sampled && a->last_sample.ns == bench.now.ns);
    assert_true(a->last_answer.ns == bench.now.ns);
    struct source_hour hours[HISTORY_HOURS];
    association_hours(a, bench.now, hours);
    assert_int_equal(hours[0].sent, 1);
    assert_int_equal(hours[0].answered, 1);
}

static void a_refused_answer_keeps_it_reachable_but_not_its_reach(void **state)
{
    static struct bench bench;

    (void)state;
    bench_start(&bench, "10.0.0.4", true);
    until_sent(&bench);
    answer(&bench, &good);
    until_sent(&bench);
    assert_int_equal(answer(&bench, &no_time).reason, DROP_UNSYNCHRONISED);
    assert_int_equal(bench.association.reach, 2);
    assert_int_equal(bench.association.drops[DROP_UNSYNCHRONISED], 1);
    assert_int_equal(bench.association.last_drop, DROP_UNSYNCHRONISED);
    assert_int_equal(bench.association.last_reason, DROP_UNSYNCHRONISED);
    assert_false(association_unreachable(&bench.association));
    /* A forged one changes nothing but its counter. */
    bench.request.transmit.raw++;
    assert_int_equal(answer(&bench, &good).reason, DROP_ORIGIN);
    assert_int_equal(bench.association.last_reason, DROP_UNSYNCHRONISED);
    assert_int_equal(bench.association.reach, 2);
    assert_int_equal(bench.association.drops[DROP_ORIGIN], 1);
}

static void a_late_answer_counts_for_the_request_it_answers(void **state)
{
    static struct bench bench;

    (void)state;
    bench_start(&bench, "10.0.0.4", true);
    until_sent(&bench);
    struct ntp_packet first = bench.request;
    until_sent(&bench);
    struct ntp_packet second = bench.request;
    bench.request = first;
    answer(&bench, &good);
    assert_int_equal(bench.association.reach, 2);
    bench.request = second;
    answer(&bench, &good);
    assert_int_equal(bench.association.reach, 3);
}

static void eight_losses_make_it_unreachable_and_draw_another_port(void **state)
{
    static struct bench bench;
    unsigned fresh = 0;

    (void)state;
    bench_start(&bench, "10.0.0.4", true);
    while (bench.association.schedule.ramping) {
        until_sent(&bench);
        answer(&bench, &good);
    }
    for (int i = 1; i <= 8; i++) {
        until_sent(&bench);
        assert_false(bench.send.fresh_socket);
        assert_false(association_unreachable(&bench.association));
    }
    until_sent(&bench);
    assert_true(bench.send.fresh_socket);
    assert_true(association_unreachable(&bench.association));
    for (int i = 0; i < 16; i++) {
        until_sent(&bench);
        fresh += bench.send.fresh_socket;
    }
    assert_int_equal(fresh, 2);
    assert_int_equal(bench.association.reach, 0);
    /* Back again: a few more requests at once, then as usual. */
    int64_t back = bench.now.ns;
    answer(&bench, &good);
    assert_false(association_unreachable(&bench.association));
    unsigned before = bench.sends;
    while (bench.now.ns < back + 20 * NS_PER_S) {
        step(&bench, (struct mono_time){back + 20 * NS_PER_S});
    }
    assert_int_equal(bench.sends - before, 4);
}

static void a_server_that_comes_up_late_is_learnt_as_quickly_as_at_the_start(void **state)
{
    static struct bench bench;

    (void)state;
    bench_start(&bench, "10.0.0.4", true);
    while (bench.now.ns < 3000 * NS_PER_S) {
        step(&bench, (struct mono_time){3000 * NS_PER_S});
    }
    until_sent(&bench);
    int64_t up = bench.now.ns;
    unsigned before = bench.sends;
    answer(&bench, &good);
    while (bench.now.ns < up + 10 * NS_PER_S) {
        if (step(&bench, (struct mono_time){up + 10 * NS_PER_S})) {
            answer(&bench, &good);
        }
    }
    assert_true(bench.sends - before >= 12);
}

static void rate_is_obeyed_once_per_offence(void **state)
{
    static struct bench bench;

    (void)state;
    bench_start(&bench, "8.8.8.8", true);
    until_sent(&bench);
    struct ntp_packet first = bench.request;
    until_sent(&bench);
    assert_int_equal(answer(&bench, &rate).reason, DROP_KOD_RATE);
    bench.request = first;
    assert_int_equal(answer(&bench, &rate).reason, DROP_KOD_RATE);
    assert_int_equal(bench.association.kod, 2);
    assert_int_equal(bench.association.schedule.poll, 7);
    assert_false(association_burst(&bench.association, bench.now));
    until_sent(&bench);
    answer(&bench, &rate);
    assert_int_equal(bench.association.schedule.poll, 8);
    until_sent(&bench);
    assert_int_equal(answer(&bench, &good).outcome, EXCHANGE_SAMPLE);
    assert_int_equal(bench.association.schedule.poll, 8);
}

static void deny_silences_for_hours_ever_longer(void **state)
{
    static struct bench bench;
    int64_t silence_s = 2 * 3600;

    (void)state;
    bench_start(&bench, "8.8.8.8", true);
    for (int i = 0; i < 9; i++) {
        until_sent(&bench);
        assert_int_equal(answer(&bench, &deny).reason, DROP_KOD_DENY);
        assert_true(association_denied(&bench.association));
        assert_true(association_deadline(&bench.association).ns ==
                    bench.now.ns + silence_s * NS_PER_S);
        silence_s = silence_s * 2 < 5 * 86400 + 36000 ? silence_s * 2 : silence_s;
    }
    assert_false(association_burst(&bench.association, bench.now));
    association_network(&bench.association, bench.now);
    association_set_online(&bench.association, false, bench.now);
    association_set_online(&bench.association, true, bench.now);
    int64_t refused = bench.now.ns;
    until_sent(&bench);
    assert_true(bench.now.ns - refused >= 5 * 86400 * NS_PER_S);
    answer(&bench, &good);
    assert_false(association_denied(&bench.association));
    until_sent(&bench);
    answer(&bench, &deny);
    assert_true(association_deadline(&bench.association).ns == bench.now.ns + 7200 * NS_PER_S);
}

static void kisses_are_obeyed_across_restarts(void **state)
{
    static struct bench before, after;
    struct association_kod kod;

    (void)state;
    bench_start(&before, "8.8.8.8", true);
    until_sent(&before);
    answer(&before, &rate);
    until_sent(&before);
    answer(&before, &deny);
    before.now.ns += 3600 * NS_PER_S;
    kod = association_kod(&before.association, before.now);
    assert_true(kod.rate_limited);
    assert_int_equal(kod.poll_floor, 7);
    assert_true(kod.silence.ns == 3600 * NS_PER_S);

    bench_start(&after, "8.8.8.8", true);
    association_restore_kod(&after.association, &kod, after.now);
    assert_true(association_denied(&after.association));
    until_sent(&after);
    assert_true(after.now.ns == 3600 * NS_PER_S);
    answer(&after, &good);
    int64_t first = after.now.ns;
    until_sent(&after);
    assert_true(after.now.ns - first >= 60 * NS_PER_S);
    assert_false(association_burst(&after.association, after.now));
    assert_int_equal(after.association.schedule.poll, 7);

    /* Nothing was asked for: nothing is kept. */
    bench_start(&before, "8.8.8.8", true);
    kod = association_kod(&before.association, before.now);
    bench_start(&after, "8.8.8.8", true);
    association_restore_kod(&after.association, &kod, after.now);
    assert_true(after.association.schedule.ramping);
    assert_false(association_denied(&after.association));
}

static void offline_sends_nothing_and_online_asks_at_once(void **state)
{
    static struct bench bench;

    (void)state;
    bench_start(&bench, "8.8.8.8", false);
    until_sent(&bench);
    answer(&bench, &good);
    association_set_online(&bench.association, false, bench.now);
    assert_true(association_deadline(&bench.association).ns == INT64_MAX);
    bench.now.ns += 1000 * NS_PER_S;
    assert_false(step(&bench, (struct mono_time){INT64_MAX}));
    assert_false(association_burst(&bench.association, bench.now));
    int64_t from = bench.now.ns;
    association_set_online(&bench.association, true, bench.now);
    until_sent(&bench);
    assert_true(bench.now.ns == from);
}

static void a_reload_takes_the_line_offline_but_respects_commands(void **state)
{
    static struct bench bench;
    static struct source_options same, offline;

    (void)state;
    bench_start(&bench, "8.8.8.8", false);
    same = bench.options;
    offline = bench.options;
    offline.offline = true;
    association_set_online(&bench.association, false, bench.now);
    association_options(&bench.association, &same, bench.now);
    assert_false(bench.association.online);
    association_options(&bench.association, &offline, bench.now);
    association_set_online(&bench.association, true, bench.now);
    association_options(&bench.association, &offline, bench.now);
    assert_true(bench.association.online);
    association_options(&bench.association, &same, bench.now);
    assert_true(bench.association.online);
}

static void a_commanded_burst_ends_with_four_good_answers(void **state)
{
    static struct bench bench;

    (void)state;
    bench_start(&bench, "8.8.8.8", false);
    while (bench.now.ns < 1000 * NS_PER_S) {
        if (step(&bench, (struct mono_time){1000 * NS_PER_S})) {
            association_estimated(&bench.association, bench.now, &(struct estimate){0}, false, 0);
        }
    }
    unsigned before = bench.sends;
    int64_t from = bench.now.ns;
    assert_true(association_burst(&bench.association, bench.now));
    while (bench.now.ns < from + 25 * NS_PER_S) {
        if (step(&bench, (struct mono_time){from + 25 * NS_PER_S})) {
            answer(&bench, &good);
            association_estimated(&bench.association, bench.now, &(struct estimate){0}, false, 0);
        }
    }
    assert_int_equal(bench.sends - before, 4);
}

static void a_changed_network_matters_only_to_who_does_not_answer(void **state)
{
    static struct bench bench;

    (void)state;
    bench_start(&bench, "8.8.8.8", false);
    until_sent(&bench);
    answer(&bench, &good);
    int64_t planned = association_deadline(&bench.association).ns;
    association_network(&bench.association, bench.now);
    assert_true(association_deadline(&bench.association).ns == planned);
    until_sent(&bench);
    until_sent(&bench);
    association_network(&bench.association, bench.now);
    assert_true(association_deadline(&bench.association).ns <= bench.now.ns + 3 * NS_PER_S);
}

static void a_held_answer_is_counted_once_and_wakes_its_owner(void **state)
{
    static struct bench bench;
    struct local_stamp kernel = {{0}, 1e-7, STAMP_KERNEL, true};
    struct exchange_result result;

    (void)state;
    bench_start(&bench, "10.0.0.4", true);
    until_sent(&bench);
    association_sent(&bench.association, bench.send.sequence, &kernel);
    answer(&bench, &good);
    until_sent(&bench);
    assert_int_equal(answer(&bench, &good).outcome, EXCHANGE_HELD);
    assert_int_equal(bench.association.accepted, 1);
    assert_int_equal(bench.association.reach, 3);
    assert_true(association_deadline(&bench.association).ns == bench.now.ns + EXCHANGE_HOLD_NS);
    bench.now = association_deadline(&bench.association);
    assert_true(association_release(&bench.association, &bench.limits, bench.now, &result));
    assert_int_equal(result.outcome, EXCHANGE_SAMPLE);
    assert_int_equal(bench.association.accepted, 2);
    assert_int_equal(bench.association.received, 2);
    assert_false(association_release(&bench.association, &bench.limits, bench.now, &result));
}

static void an_opening_request_does_not_count_for_reach(void **state)
{
    static struct bench bench;

    (void)state;
    bench_start(&bench, "8.8.8.8", false);
    bench.options.presend_minpoll = 6;
    while (bench.association.schedule.ramping) {
        until_sent(&bench);
        answer(&bench, &good);
    }
    uint32_t asked = bench.association.asked;
    uint32_t accepted = bench.association.accepted;
    bench.association.reach = 0;
    until_sent(&bench); /* opens the path, gets lost */
    assert_int_equal(bench.association.asked, asked);
    until_sent(&bench);
    answer(&bench, &good);
    assert_int_equal(bench.association.asked, asked + 1);
    assert_int_equal(bench.association.reach, 1);
    assert_int_equal(bench.association.accepted, accepted + 1);
    until_sent(&bench); /* opens the path, is answered */
    assert_int_equal(answer(&bench, &good).outcome, EXCHANGE_ANSWERED);
    assert_int_equal(bench.association.reach, 1);
    assert_int_equal(bench.association.accepted, accepted + 1);
}

static void an_opening_request_is_an_ordinary_one_under_xleave(void **state)
{
    static struct bench bench;

    (void)state;
    bench_start(&bench, "8.8.8.8", false);
    bench.options.xleave = true;
    until_sent(&bench);
    answer(&bench, &good);
    until_sent(&bench);
    assert_true(bench.request.receive.raw != 0 && bench.request.origin.raw != 0);
    while (bench.association.schedule.ramping) {
        until_sent(&bench);
        answer(&bench, &good);
    }
    bench.options.presend_minpoll = 6;
    until_sent(&bench);
    assert_true(bench.request.receive.raw == 0 && bench.request.origin.raw == 0);
    answer(&bench, &good);
    until_sent(&bench);
    assert_true(bench.request.receive.raw != 0);
    bench.options.xleave = false;
    bench.options.presend_minpoll = 127;
    until_sent(&bench);
    assert_true(bench.request.receive.raw == 0);
}

static void failures_to_send_are_counted_and_believed_only_by_the_lack_of_answers(void **state)
{
    static struct bench bench;

    (void)state;
    bench_start(&bench, "8.8.8.8", false);
    until_sent(&bench);
    association_send_failed(&bench.association);
    association_send_failed(&bench.association);
    assert_int_equal(bench.association.send_errors, 2);
    assert_int_equal(answer(&bench, &good).outcome, EXCHANGE_SAMPLE);
}

static void who_comes_online_again_has_lost_nothing(void **state)
{
    static struct bench bench;

    (void)state;
    bench_start(&bench, "8.8.8.8", false);
    until_sent(&bench);
    answer(&bench, &good);
    for (int i = 0; i < 10; i++) {
        until_sent(&bench);
    }
    assert_true(association_unreachable(&bench.association));
    /* Told to be what it is: nothing changes. */
    association_set_online(&bench.association, true, bench.now);
    assert_true(association_unreachable(&bench.association));
    association_set_online(&bench.association, false, bench.now);
    association_set_online(&bench.association, true, bench.now);
    assert_false(association_unreachable(&bench.association));
    until_sent(&bench);
    assert_int_equal(bench.association.silent, 0);
    until_sent(&bench);
    assert_int_equal(bench.association.silent, 1);
}

static void the_hours_move_on_and_old_ones_are_forgotten(void **state)
{
    static struct bench bench;
    struct source_hour hours[HISTORY_HOURS];

    (void)state;
    bench_start(&bench, "8.8.8.8", false);
    until_sent(&bench);
    answer(&bench, &good);
    bench.now.ns = 3 * 3600 * NS_PER_S + MS;
    bench.association.schedule.next = bench.now;
    until_sent(&bench);
    association_hours(&bench.association, bench.now, hours);
    assert_int_equal(hours[0].sent, 1);
    assert_int_equal(hours[0].answered, 0);
    assert_int_equal(hours[1].sent, 0);
    assert_int_equal(hours[3].sent, 1);
    assert_int_equal(hours[3].answered, 1);
    /* Hours in which nothing happened pass, too. */
    association_hours(&bench.association, (struct mono_time){5 * 3600 * NS_PER_S}, hours);
    assert_int_equal(hours[0].sent, 0);
    assert_int_equal(hours[2].sent, 1);
    assert_int_equal(hours[5].answered, 1);
    bench.now.ns = 1000 * 3600 * NS_PER_S;
    bench.association.schedule.next = bench.now;
    until_sent(&bench);
    association_hours(&bench.association, bench.now, hours);
    for (int i = 0; i < HISTORY_HOURS; i++) {
        assert_int_equal(hours[i].sent, i == 0);
    }
}

/*
 * Everything that can make a node hasty, at once, for ten minutes: sources that come and go (a name
 * that keeps changing its mind), the network flapping, bursts, suspicion, losses.
 */
static void a_thousand_frantic_sources_stay_within_the_budget(void **state)
{
    enum { SOURCES = 1000, ADDRESSES = 300, END_S = 120 };
    struct association *all = calloc(SOURCES, sizeof *all);
    struct budget_slot *slots = calloc(budget_slots(SOURCES), sizeof *slots);
    static int64_t last[ADDRESSES];
    struct source_options options = {
        .minpoll = 1, .maxpoll = 10, .presend_minpoll = 127, .iburst = true, .burst = true};
    struct association_start start = {.options = &options};
    struct budget budget;
    unsigned sent = 0;
    uint64_t x = 1;

    (void)state;
    assert_non_null(all);
    assert_non_null(slots);
    budget_init(&budget, slots, SOURCES, 0, 3);
    for (unsigned i = 0; i < ADDRESSES; i++) {
        last[i] = -100 * NS_PER_S;
    }
    for (int64_t t = 0; t < END_S * NS_PER_S; t += 20 * MS) {
        for (unsigned i = 0; i < SOURCES; i++) {
            struct association_send send;
            uint64_t random[ASSOCIATION_RANDOM] = {x, x + 1};

            x = x * UINT64_C(6364136223846793005) + 1442695040888963407u;
            if (t == 0 || (x >> 33) % 500 == 0) {
                uint32_t which = (uint32_t)(x >> 40) % ADDRESSES;

                start.address = (struct address){.family = ADDRESS_IPV4, .bytes = {8, 8}};
                start.address.bytes[2] = (uint8_t)(which >> 8);
                start.address.bytes[3] = (uint8_t)which;
                start.now.ns = t;
                association_init(&all[i], &start);
            }
            association_network(&all[i], (struct mono_time){t});
            association_burst(&all[i], (struct mono_time){t});
            association_estimated(&all[i], (struct mono_time){t}, NULL, true, 0);
            if (association_poll(&all[i], &budget, (struct mono_time){t}, random, &send) !=
                ASSOCIATION_SENDS) {
                continue;
            }
            unsigned which = (unsigned)all[i].address.bytes[2] << 8 | all[i].address.bytes[3];
            assert_true(t - last[which] >= 2 * NS_PER_S);
            last[which] = t;
            sent++;
        }
    }
    assert_true(sent <= 256 + 64 * END_S + 1);
    assert_true(sent > 256);
    free(all);
    free(slots);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_counted_everywhere),
        cmocka_unit_test(a_refused_answer_keeps_it_reachable_but_not_its_reach),
        cmocka_unit_test(a_late_answer_counts_for_the_request_it_answers),
        cmocka_unit_test(eight_losses_make_it_unreachable_and_draw_another_port),
        cmocka_unit_test(a_server_that_comes_up_late_is_learnt_as_quickly_as_at_the_start),
        cmocka_unit_test(rate_is_obeyed_once_per_offence),
        cmocka_unit_test(deny_silences_for_hours_ever_longer),
        cmocka_unit_test(kisses_are_obeyed_across_restarts),
        cmocka_unit_test(offline_sends_nothing_and_online_asks_at_once),
        cmocka_unit_test(a_reload_takes_the_line_offline_but_respects_commands),
        cmocka_unit_test(a_commanded_burst_ends_with_four_good_answers),
        cmocka_unit_test(a_changed_network_matters_only_to_who_does_not_answer),
        cmocka_unit_test(a_held_answer_is_counted_once_and_wakes_its_owner),
        cmocka_unit_test(an_opening_request_does_not_count_for_reach),
        cmocka_unit_test(an_opening_request_is_an_ordinary_one_under_xleave),
        cmocka_unit_test(failures_to_send_are_counted_and_believed_only_by_the_lack_of_answers),
        cmocka_unit_test(who_comes_online_again_has_lost_nothing),
        cmocka_unit_test(the_hours_move_on_and_old_ones_are_forgotten),
        cmocka_unit_test(a_thousand_frantic_sources_stay_within_the_budget),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
