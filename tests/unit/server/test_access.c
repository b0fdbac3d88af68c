/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/server/access.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "rule_text.h"

enum { FEW = 16, RULES_MAX = 120 };

static struct address address_of(const char *text)
{
    struct address address;

    assert_true(address_parse(&address, text));
    return address;
}

static void the_most_specific_prefix_decides(void **state)
{
    static const struct {
        const char *rules[5];
        const char *allowed[5], *refused[5];
    } rows[] = {
        {{NULL}, {NULL}, {"127.0.0.1", "::1"}},
        {{"+"}, {"127.0.0.1", "::1"}, {NULL}},
        {{"+10.0.0.0/8"}, {"10.0.0.0", "10.255.255.255"}, {"9.255.255.255", "11.0.0.0", "::1"}},
        {{"+10.0.0.0/8", "-10.1.0.0/16", "+10.1.2.3/32"},
         {"10.0.0.1", "10.1.2.3", "10.2.0.0"},
         {"10.1.2.2", "10.1.2.4", "10.1.255.255"}},
        /* The order of writing does not matter, unless the prefix is the same. */
        {{"+10.1.2.3/32", "-10.1.0.0/16", "+10.0.0.0/8"}, {"10.0.0.1", "10.1.2.3"}, {"10.1.2.2"}},
        {{"+10.0.0.0/8", "-10.0.0.0/8"}, {NULL}, {"10.0.0.1"}},
        {{"-10.0.0.0/8", "+10.0.0.0/8"}, {"10.0.0.1"}, {NULL}},
        /* `all` replaces what is inside, and only that. */
        {{"+10.1.0.0/16", "+11.0.0.0/8", "!-10.0.0.0/8"}, {"11.0.0.1"}, {"10.1.0.1", "10.0.0.1"}},
        {{"+10.1.0.0/16", "!-10.0.0.0/8", "+10.1.1.0/24"}, {"10.1.1.1"}, {"10.1.2.1"}},
        {{"-1.2.3.4/32", "-fd00::1/128", "!+"}, {"1.2.3.4", "fd00::1"}, {NULL}},
        {{"-1.2.3.4/32", "-fd00::1/128", "+"}, {"1.2.3.5", "fd00::2"}, {"1.2.3.4", "fd00::1"}},
        /* Bits behind the prefix are not looked at. */
        {{"+10.1.2.3/8"}, {"10.9.9.9"}, {"11.1.2.3"}},
        {{"+0.0.0.0/0"}, {"1.2.3.4", "255.255.255.255"}, {"::1", "1::"}},
        {{"+::/0", "-fe80::/10"}, {"fd00::1", "::"}, {"fe80::1", "febf::1", "10.0.0.1"}},
        {{"+2001:db8::/32", "-2001:db8:0:1::/64", "+2001:db8:0:1::7/128"},
         {"2001:db8::1", "2001:db8:0:1::7", "2001:db8:ffff::"},
         {"2001:db8:0:1::8", "2001:db9::"}},
        {{"+10.0.0.1/32", "+10.0.0.2/31", "-10.0.0.0/30"},
         {"10.0.0.1", "10.0.0.2", "10.0.0.3"},
         {"10.0.0.0", "10.0.0.4"}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct access_node nodes[1 + 4 * 5];
        struct access_rule rules[5];
        struct access_tree tree;
        size_t count = 0, bad = 99;

        while (count < 5 && rows[i].rules[count] != NULL) {
            rules[count] = rule_of(rows[i].rules[count]);
            count++;
        }
        access_init(&tree, nodes, access_nodes(count));
        assert_int_equal(access_build(&tree, rules, count, &bad), ERR_NONE);
        for (unsigned k = 0; k < 5; k++) {
            struct address address;

            if (rows[i].allowed[k] != NULL) {
                address = address_of(rows[i].allowed[k]);
                if (!access_allows(&tree, &address, NULL)) {
                    fail_msg("row %zu: %s is refused", i, rows[i].allowed[k]);
                }
            }
            if (rows[i].refused[k] != NULL) {
                address = address_of(rows[i].refused[k]);
                if (access_allows(&tree, &address, NULL)) {
                    fail_msg("row %zu: %s is allowed", i, rows[i].refused[k]);
                }
            }
        }
    }
}

static void an_address_without_family_is_refused(void **state)
{
    struct access_node nodes[8];
    struct access_rule rule = rule_of("+");
    struct access_tree tree;
    size_t bad;

    (void)state;
    access_init(&tree, nodes, 8);
    assert_int_equal(access_build(&tree, &rule, 1, &bad), ERR_NONE);
    assert_false(access_allows(&tree, &(struct address){0}, NULL));
}

static void a_rule_that_cannot_be_is_named_and_nobody_gets_in(void **state)
{
    struct access_node nodes[16];
    struct access_rule rules[3] = {rule_of("+10.0.0.0/8"), rule_of("+11.0.0.0/8"),
                                   rule_of("+10.0.0.0/33")};
    struct address address = address_of("10.0.0.1");
    struct access_tree tree;
    size_t bad = 99;

    (void)state;
    access_init(&tree, nodes, 16);
    assert_int_equal(access_build(&tree, rules, 3, &bad), ERR_RANGE);
    assert_int_equal(bad, 2);
    assert_false(access_allows(&tree, &address, NULL));

    rules[2] = rule_of("+::/129");
    assert_int_equal(access_build(&tree, rules, 3, &bad), ERR_RANGE);
    access_init(&tree, nodes, 3);
    bad = 99;
    assert_int_equal(access_build(&tree, rules, 2, &bad), ERR_FULL);
    assert_int_equal(bad, 1);
    assert_false(access_allows(&tree, &address, NULL));
    access_init(&tree, nodes, 0);
    assert_int_equal(access_build(&tree, rules, 1, &bad), ERR_FULL);
    assert_int_equal(bad, 0);
    /* The same memory can be used again. */
    access_init(&tree, nodes, 16);
    assert_int_equal(access_build(&tree, rules, 2, &bad), ERR_NONE);
    assert_true(access_allows(&tree, &address, NULL));
}

static void whether_anybody_may_ask_is_known(void **state)
{
    static const struct {
        const char *rules[3];
        bool somebody;
    } rows[] = {
        {{NULL}, false},
        {{"-"}, false},
        {{"+fd00::1/128"}, true},
        {{"-10.0.0.0/8", "+10.1.0.0/16", "-10.1.1.0/24"}, true},
        {{"+10.1.0.0/16", "!-10.0.0.0/8"}, false},
        {{"+10.1.0.0/16", "!-"}, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct access_node nodes[16];
        struct access_rule rules[3];
        struct access_tree tree;
        size_t count = 0, bad;

        while (count < 3 && rows[i].rules[count] != NULL) {
            rules[count] = rule_of(rows[i].rules[count]);
            count++;
        }
        access_init(&tree, nodes, 16);
        assert_int_equal(access_build(&tree, rules, count, &bad), ERR_NONE);
        assert_int_equal(access_allows_somebody(&tree), rows[i].somebody);
    }
}

static uint64_t next_random(uint64_t *x)
{
    *x = *x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *x >> 32;
}

/* Few different bits, so that prefixes contain each other. */
static struct access_rule random_rule(uint64_t *x)
{
    struct access_rule rule = {.allow = next_random(x) % 2 == 0, .all = next_random(x) % 8 == 0};
    bool ipv4 = next_random(x) % 2 == 0;

    if (next_random(x) % 16 == 0) {
        return rule;
    }
    rule.prefix.family = ipv4 ? ADDRESS_IPV4 : ADDRESS_IPV6;
    for (unsigned i = 0; i < (ipv4 ? 4U : 16U); i++) {
        rule.prefix.bytes[i] = next_random(x) % 4 == 0 ? (uint8_t)(next_random(x) % 4 * 85) : 0;
    }
    rule.bits = (uint8_t)(next_random(x) % (ipv4 ? 33 : 129));
    return rule;
}

/* What the rules mean, read one by one. */
static bool by_hand(const struct access_rule *rules, size_t count, const struct address *address)
{
    bool removed[RULES_MAX] = {false};
    bool allowed = false;
    int best = -1;

    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < i && rules[i].all; k++) {
            removed[k] = removed[k] || rules[i].prefix.family == ADDRESS_NONE ||
                         (rules[k].bits >= rules[i].bits &&
                          address_in_prefix(&rules[k].prefix, &rules[i].prefix, rules[i].bits));
        }
    }
    for (size_t i = 0; i < count; i++) {
        bool holds = rules[i].prefix.family == ADDRESS_NONE ||
                     address_in_prefix(address, &rules[i].prefix, rules[i].bits);

        if (!removed[i] && holds && rules[i].bits >= best) {
            best = rules[i].bits;
            allowed = rules[i].allow;
        }
    }
    return allowed;
}

static void any_set_of_rules_means_what_it_says(void **state)
{
    uint64_t x = 42;
    unsigned made = 0;

    (void)state;
    for (int round = 0; round < 3000; round++) {
        static struct access_node nodes[2048];
        struct access_rule rules[RULES_MAX];
        struct access_tree tree;
        size_t count = next_random(&x) % (round % 8 == 0 ? RULES_MAX + 1 : FEW + 1), bad;

        for (size_t i = 0; i < count; i++) {
            rules[i] = random_rule(&x);
        }
        assert_true(access_nodes(count) <= 2048);
        /* Where the ranges find no memory the tree is searched. */
        access_init(&tree, nodes, round % 3 == 0 ? 1 + 4 * count : access_nodes(count));
        assert_int_equal(access_build(&tree, rules, count, &bad), ERR_NONE);
        made += tree.ranges[0].levels > 0;
        for (int i = 0; i < 40; i++) {
            struct access_rule probe = random_rule(&x);

            if (i % 4 == 0 && count > 0) {
                probe = rules[next_random(&x) % count]; /* its very first address, too */
            }

            if (probe.prefix.family != ADDRESS_NONE &&
                access_allows(&tree, &probe.prefix, NULL) != by_hand(rules, count, &probe.prefix)) {
                fail_msg("round %d, probe %d", round, i);
            }
        }
    }
    assert_in_range(made, 1000, 2000);
}

static void bits_of_any_kind_are_kept_for_a_prefix(void **state)
{
    struct access_node nodes[32];
    struct access_tree tree;
    struct address address = address_of("10.0.0.0");

    (void)state;
    access_init(&tree, nodes, 32);
    assert_int_equal(access_add(&tree, &address, 8, 0x8004, false), ERR_NONE);
    address = address_of("10.1.0.0");
    assert_int_equal(access_add(&tree, &address, 16, 0x0008 | ACCESS_ALLOW, false), ERR_NONE);
    access_finish(&tree);
    assert_int_equal(access_value(&tree, &address, NULL), 0x0008 | ACCESS_ALLOW);
    assert_true(access_allows(&tree, &address, NULL));
    address = address_of("10.2.0.0");
    assert_int_equal(access_value(&tree, &address, NULL), 0x8004);
    assert_false(access_allows(&tree, &address, NULL));
    address = address_of("11.0.0.0");
    assert_int_equal(access_value(&tree, &address, NULL), ACCESS_UNSAID);
}

static void a_hundred_thousand_prefixes_cost_a_few_visits(void **state)
{
    enum { RULES = 100000, PROBES = 100000 };
    struct access_rule *rules = calloc(RULES, sizeof *rules);
    struct access_node *nodes = calloc(access_nodes(RULES), sizeof *nodes);
    struct access_tree tree;
    unsigned visits, most = 0;
    uint64_t sum = 0, x = 7;
    size_t bad;

    (void)state;
    assert_non_null(rules);
    assert_non_null(nodes);
    for (size_t i = 0; i < RULES; i++) {
        rules[i].prefix.family = i % 2 ? ADDRESS_IPV4 : ADDRESS_IPV6;
        for (unsigned k = 0; k < (i % 2 ? 4U : 8U); k++) {
            rules[i].prefix.bytes[k] = (uint8_t)next_random(&x);
        }
        rules[i].bits = i % 2 ? (uint8_t)(16 + next_random(&x) % 17) : 64;
        rules[i].allow = true;
    }
    access_init(&tree, nodes, access_nodes(RULES));
    assert_int_equal(access_build(&tree, rules, RULES, &bad), ERR_NONE);
    assert_true(tree.count <= 2 * RULES + 1);
    assert_true(tree.ranges[0].levels > 0 && tree.ranges[1].levels > 0);
    for (size_t i = 0; i < PROBES; i++) {
        assert_true(access_allows(&tree, &rules[i % RULES].prefix, &visits));
        sum += visits;
        most = visits > most ? visits : most;
    }
    /* 50,000 prefixes of a family: 6 blocks, where a list would look at 50,000. */
    assert_true(sum / PROBES <= 6);
    assert_true(most <= 6);
    print_message("# visits: %u at most, %.1f on average\n", most, (double)sum / PROBES);
    free(rules);
    free(nodes);
}

static void add_told(void *context, const struct address *prefix, unsigned bits, uint16_t value)
{
    assert_int_equal(access_add(context, prefix, bits, value, false), ERR_NONE);
}

/* A copy made of what is told says the same of every address. */
static void what_is_told_of_prefixes_is_all_there_is(void **state)
{
    static struct access_node memory[2][1000];
    static struct access_rule rules[RULES_MAX];
    struct access_tree tree, copy;
    size_t bad;

    (void)state;
    srand(9);
    for (unsigned round = 0; round < 20; round++) {
        for (size_t i = 0; i < RULES_MAX; i++) {
            rules[i] = (struct access_rule){
                .prefix = {.family = (uint8_t)(i % 3 == 0 ? ADDRESS_IPV6 : ADDRESS_IPV4)},
                .bits = (uint8_t)(rand() % 33),
                .allow = rand() % 2,
                .all = rand() % 16 == 0};
            for (unsigned k = 0; k < 4; k++) {
                rules[i].prefix.bytes[k] = (uint8_t)(rand() % 4);
            }
        }
        access_init(&tree, memory[0], 1000);
        access_init(&copy, memory[1], 1000);
        assert_int_equal(access_build(&tree, rules, RULES_MAX, &bad), ERR_NONE);
        access_each(&tree, &(struct access_teller){add_told, &copy});
        for (unsigned i = 0; i < 2000; i++) {
            struct address address = {.family = (uint8_t)(i % 3 == 0 ? ADDRESS_IPV6 : ADDRESS_IPV4),
                                      .bytes = {(uint8_t)(rand() % 5), (uint8_t)(rand() % 5),
                                                (uint8_t)(rand() % 5), (uint8_t)(rand() % 5)}};

            assert_int_equal(access_value(&copy, &address, NULL),
                             access_value(&tree, &address, NULL));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_most_specific_prefix_decides),
        cmocka_unit_test(an_address_without_family_is_refused),
        cmocka_unit_test(a_rule_that_cannot_be_is_named_and_nobody_gets_in),
        cmocka_unit_test(whether_anybody_may_ask_is_known),
        cmocka_unit_test(what_is_told_of_prefixes_is_all_there_is),
        cmocka_unit_test(any_set_of_rules_means_what_it_says),
        cmocka_unit_test(bits_of_any_kind_are_kept_for_a_prefix),
        cmocka_unit_test(a_hundred_thousand_prefixes_cost_a_few_visits),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
