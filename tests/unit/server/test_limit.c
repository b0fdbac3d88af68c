/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/server/limit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

enum { PREFIX_MEMORY = 32768, MS = 1000000 };

static const struct limit_options standard = {
    .enabled = true, .interval_log2 = 3, .burst = 8, .leak = 2};

struct bench {
    _Alignas(64) uint8_t memory[1 << 20];
    int64_t prefixes[PREFIX_MEMORY / 8];
    struct client_log log;
    struct limits limits;
    struct limit_state state;
};

static void bench_start(struct bench *bench, const struct limit_options *options, unsigned workers)
{
    const struct siphash_key key = {{1, 2}};

    memset(bench, 0, sizeof *bench);
    client_log_init(&bench->log, bench->memory, sizeof bench->memory, &key);
    limit_state_init(&bench->state, bench->prefixes, sizeof bench->prefixes, &key);
    limits_init(&bench->limits, options, workers);
}

static struct address numbered(uint32_t number)
{
    return (struct address){.family = ADDRESS_IPV4,
                            .bytes = {(uint8_t)(number >> 24), (uint8_t)(number >> 16),
                                      (uint8_t)(number >> 8), (uint8_t)number}};
}

static enum limit_verdict ask(struct bench *bench, uint32_t number, int64_t ns)
{
    struct address from = numbered(number);
    struct steady_time now = {NS_PER_S + ns};
    struct client_visit visit = client_log_visit(&bench->log, &from, now);
    enum limit_verdict verdict = limits_judge(&bench->limits, &bench->state, &from, &visit, now);

    client_log_count(&bench->log, &visit, 4, verdict == LIMIT_PASS ? DROP_NONE : DROP_RATE_LIMIT);
    return verdict;
}

/* Of so many requests, so far apart, how many are answered? */
static unsigned passed(struct bench *bench, unsigned requests, int64_t apart_ns)
{
    unsigned count = 0;

    for (unsigned i = 0; i < requests; i++) {
        count += ask(bench, 7, i * apart_ns) == LIMIT_PASS;
    }
    return count;
}

static void a_client_may_ask_a_burst_and_then_once_in_the_interval(void **state)
{
    static const struct {
        int8_t interval_log2;
        uint8_t burst;
        unsigned requests;
        int64_t apart_ns;
        unsigned answered;
    } rows[] = {
        {3, 8, 8, 1, 8},
        {3, 8, 1000, 1, 8},
        {3, 8, 100, 8 * NS_PER_S, 100},
        {3, 8, 100, 4 * NS_PER_S, 57}, /* 7 in advance, and one in 8 s of the 396 */
        {3, 1, 100, 4 * NS_PER_S, 50},
        {0, 1, 10, NS_PER_S - MS, 5},
        {12, 255, 300, NS_PER_S, 255},
        {-4, 32, 1000, NS_PER_S / 16, 1000},
        {-4, 32, 1000, NS_PER_S / 32, 531},
        {-19, 1, 1000, 1000, 500},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        static struct bench bench;
        const struct limit_options options = {.enabled = true,
                                              .interval_log2 = rows[i].interval_log2,
                                              .burst = rows[i].burst,
                                              .leak = 60};

        bench_start(&bench, &options, 1);
        unsigned answered = passed(&bench, rows[i].requests, rows[i].apart_ns);
        if (answered != rows[i].answered) {
            fail_msg("row %zu: %u answered", i, answered);
        }
    }
}

static void without_the_directive_nobody_is_limited(void **state)
{
    static struct bench bench;
    struct limit_options options = standard;

    (void)state;
    options.enabled = false;
    options.ceiling_per_s = 1;
    options.prefix_burst = 1;
    bench_start(&bench, &options, 1);
    assert_int_equal(passed(&bench, 10000, 1), 10000);
}

static void beyond_the_limit_one_in_two_to_the_leak_is_answered(void **state)
{
    (void)state;
    for (uint8_t leak = 1; leak <= 4; leak++) {
        static struct bench bench;
        struct limit_options options = standard;

        options.leak = leak;
        bench_start(&bench, &options, 1);
        unsigned answered = passed(&bench, 16000, 1) - 8, expected = 16000U >> leak;
        assert_in_range(answered, expected * 9 / 10, expected * 11 / 10);
    }
}

static void kisses_are_few_and_limited_themselves(void **state)
{
    static struct bench bench;
    struct limit_options options = standard;
    unsigned kisses = 0;

    (void)state;
    options.kod = 2;
    bench_start(&bench, &options, 1);
    for (unsigned i = 0; i < 1600; i++) {
        kisses += ask(&bench, 7, i * (int64_t)(100 * MS)) == LIMIT_KISS;
    }
    /* Of 1600 - 8 - 20 beyond the limit three quarters are not answered, of those a quarter told.
     */
    assert_in_range(kisses, 220, 370);
    for (unsigned i = 0; i < 1000000; i++) {
        kisses += ask(&bench, 7, 200 * NS_PER_S + i * INT64_C(1000)) == LIMIT_KISS;
    }
    assert_in_range(kisses, 220 + 64, 370 + 64 + 16); /* 64 a second and 16 at once */
    options.kod = 0;
    bench_start(&bench, &options, 1);
    for (unsigned i = 0; i < 1000; i++) {
        assert_true(ask(&bench, 7, i) != LIMIT_KISS);
    }
}

static void unknown_clients_of_a_prefix_share_its_limit(void **state)
{
    static struct bench bench;
    struct limit_options options = standard;
    unsigned attackers = 0, others = 0;

    (void)state;
    options.prefix_interval_log2 = -4;
    options.prefix_burst = 64;
    bench_start(&bench, &options, 1);
    /* 256 addresses of one /24 ask once a second each; 200 other /24 have one client each. */
    for (int64_t s = 0; s < 7; s++) {
        for (uint32_t i = 0; i < 256; i++) {
            attackers += ask(&bench, 0x0a010200U + i, s * NS_PER_S + i * MS) == LIMIT_PASS;
        }
        for (uint32_t i = 0; i < 200; i++) {
            others += ask(&bench, 0x0b000001U + (i << 8), s * NS_PER_S + 500 * MS) == LIMIT_PASS;
        }
    }
    assert_int_equal(others, 7 * 200);
    assert_in_range(attackers, 64 + 6 * 16, 64 + 8 * 16);
}

static void under_the_ceiling_established_clients_come_first(void **state)
{
    static struct bench bench;
    struct limit_options options = standard;
    unsigned known = 0, strangers = 0;
    uint32_t stranger = 0;

    (void)state;
    options.ceiling_per_s = 10000;
    bench_start(&bench, &options, 2); /* 5000 a second for this worker */
    for (int64_t s = 0; s < 64; s += 16) {
        for (uint32_t i = 0; i < 100; i++) {
            (void)ask(&bench, i << 16 | 9, s * NS_PER_S);
        }
    }
    /* 50,000 a second, for 10 s, and among them the hundred. */
    for (int64_t n = 0; n < 500000; n++) {
        int64_t ns = 64 * NS_PER_S + n * 20000;

        strangers += ask(&bench, 0x40000000U + stranger++ * 2654435761U, ns) == LIMIT_PASS;
        if (n % 5000 == 2500) {
            known += ask(&bench, (uint32_t)(n / 5000) << 16 | 9, ns) == LIMIT_PASS;
        }
    }
    assert_int_equal(known, 100);
    assert_in_range(strangers, 49000, 51000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_may_ask_a_burst_and_then_once_in_the_interval),
        cmocka_unit_test(without_the_directive_nobody_is_limited),
        cmocka_unit_test(beyond_the_limit_one_in_two_to_the_leak_is_answered),
        cmocka_unit_test(kisses_are_few_and_limited_themselves),
        cmocka_unit_test(unknown_clients_of_a_prefix_share_its_limit),
        cmocka_unit_test(under_the_ceiling_established_clients_come_first),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
