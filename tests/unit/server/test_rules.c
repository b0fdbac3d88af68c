/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/server/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "rule_text.h"

static bool allowed(struct access_tree *tree, const char *text)
{
    struct address address;

    assert_true(address_parse(&address, text));
    return access_allows(tree, &address, NULL);
}

static void later_rules_count_behind_the_configured_ones(void **state)
{
    static const struct {
        const char *configured[4], *later[4];
        const char *allowed[3], *refused[3];
        unsigned kept;
    } rows[] = {
        {{NULL}, {"+10.0.0.0/8"}, {"10.1.2.3"}, {"11.0.0.1", "::1"}, 1},
        {{"+"}, {"-10.0.0.0/8"}, {"11.0.0.1", "::1"}, {"10.1.2.3"}, 1},
        {{"+10.0.0.0/8"}, {"-10.0.0.0/8"}, {NULL}, {"10.1.2.3"}, 1},
        /* A configured rule that is more specific stays in force, unless `all` was said. */
        {{"-10.1.0.0/16"}, {"+10.0.0.0/8"}, {"10.2.0.1"}, {"10.1.0.1"}, 1},
        {{"-10.1.0.0/16"}, {"!+10.0.0.0/8"}, {"10.2.0.1", "10.1.0.1"}, {"11.0.0.1"}, 1},
        /* ... also when a later rule speaks of the same prefix. */
        {{"-10.1.0.0/16"}, {"!+10.0.0.0/8", "+10.0.0.0/8"}, {"10.1.0.1"}, {NULL}, 2},
        {{"+10.1.0.0/16"}, {"!-"}, {NULL}, {"10.1.0.1", "::1"}, 1},
        /* What has become void is not kept. */
        {{NULL}, {"+10.0.0.0/8", "-10.0.0.0/8", "+10.0.0.0/8"}, {"10.0.0.1"}, {NULL}, 1},
        {{NULL}, {"+10.1.0.0/16", "+10.2.0.0/16", "!-10.0.0.0/8"}, {NULL}, {"10.1.0.1"}, 1},
        {{NULL}, {"+10.1.0.0/16", "+fd00::/8", "!+"}, {"::1", "1.2.3.4"}, {NULL}, 1},
        {{NULL}, {"+10.1.2.3/16", "-10.1.9.9/16"}, {NULL}, {"10.1.2.3"}, 1},
        {{NULL}, {"+fd00::/8", "!-10.0.0.0/8"}, {"fd00::1"}, {"10.1.0.1"}, 2},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct access_node *nodes = calloc(rules_nodes(4), sizeof *nodes);
        struct access_rule configured[4];
        struct rules rules = {0};
        struct access_tree tree;
        size_t count = 0;

        for (; count < 4 && rows[i].configured[count]; count++) {
            configured[count] = rule_of(rows[i].configured[count]);
        }
        for (int k = 0; k < 4 && rows[i].later[k]; k++) {
            const struct access_rule rule = rule_of(rows[i].later[k]);

            assert_int_equal(rules_add(&rules, &rule), ERR_NONE);
        }
        assert_int_equal(rules.count, rows[i].kept);
        access_init(&tree, nodes, rules_nodes(4));
        assert_int_equal(rules_build(&tree, configured, count, &rules), ERR_NONE);
        /* ... and a second time in the same memory. */
        assert_int_equal(rules_build(&tree, configured, count, &rules), ERR_NONE);
        for (int k = 0; k < 3; k++) {
            assert_true(!rows[i].allowed[k] || allowed(&tree, rows[i].allowed[k]));
            assert_true(!rows[i].refused[k] || !allowed(&tree, rows[i].refused[k]));
        }
        free(nodes);
    }
}

static void prefixes_that_do_not_exist_are_refused(void **state)
{
    static const char *const bad[] = {"+10.0.0.0/33", "-::/129"};
    const struct access_rule everybody = {.bits = 8, .allow = true};
    struct rules rules = {0};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const struct access_rule rule = rule_of(bad[i]);

        assert_int_equal(rules_add(&rules, &rule), ERR_RANGE);
    }
    assert_int_equal(rules_add(&rules, &everybody), ERR_RANGE);
    assert_int_equal(rules.count, 0);
}

static void a_full_list_takes_what_replaces_another(void **state)
{
    struct rules rules = {0};
    struct access_rule rule = rule_of("+10.0.0.0/24");

    (void)state;
    for (int i = 0; i < RULES_MAX; i++) {
        rule.prefix.bytes[2] = (uint8_t)i;
        assert_int_equal(rules_add(&rules, &rule), ERR_NONE);
    }
    rule = rule_of("+11.0.0.0/24");
    assert_int_equal(rules_add(&rules, &rule), ERR_FULL);
    rule = rule_of("-10.0.7.0/24");
    assert_int_equal(rules_add(&rules, &rule), ERR_NONE);
    rule = rule_of("!-10.0.0.0/8");
    assert_int_equal(rules_add(&rules, &rule), ERR_NONE);
    assert_int_equal(rules.count, 1);
}

static void a_list_of_nonsense_lets_nobody_in(void **state)
{
    const struct access_rule everybody = {.allow = true};
    struct access_node *nodes = calloc(rules_nodes(1), sizeof *nodes);
    struct rules rules = {.count = 1};
    struct access_tree tree;

    (void)state;
    rules.at[0] = (struct access_rule){.prefix = {.family = ADDRESS_IPV4}, .bits = 200};
    access_init(&tree, nodes, rules_nodes(1));
    assert_int_equal(rules_build(&tree, &everybody, 1, &rules), ERR_RANGE);
    assert_false(allowed(&tree, "10.0.0.1"));
    rules.count = RULES_MAX + 1;
    assert_int_equal(rules_build(&tree, &everybody, 1, &rules), ERR_RANGE);
    assert_false(access_allows_somebody(&tree));
    free(nodes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(later_rules_count_behind_the_configured_ones),
        cmocka_unit_test(prefixes_that_do_not_exist_are_refused),
        cmocka_unit_test(a_full_list_takes_what_replaces_another),
        cmocka_unit_test(a_list_of_nonsense_lets_nobody_in),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
