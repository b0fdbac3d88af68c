/* SPDX-License-Identifier: BSD-2-Clause */
#include "fixture.h"

static struct fixture fixture;

static void prefixes_are_read_in_all_their_forms(void **state)
{
    static const struct {
        const char *line;
        const char *prefix; /* NULL: everybody */
        unsigned bits;
        bool allow, all;
        uint8_t flags;
    } rows[] = {
        {"allow", NULL, 0, true, false},
        {"deny", NULL, 0, false, false},
        {"allow all", NULL, 0, true, true},
        {"deny ALL", NULL, 0, false, true},
        {"allow 1.2.3.4", "1.2.3.4", 32, true, false},
        {"allow 3.4.5.0/24", "3.4.5.0", 24, true, false},
        {"allow 3.4.5", "3.4.5.0", 24, true, false},
        {"allow 10", "10.0.0.0", 8, true, false},
        {"allow 172.31/12", "172.16.0.0", 12, true, false},
        {"allow 0/0", "0.0.0.0", 0, true, false},
        {"allow ::/0", "::", 0, true, false},
        {"deny 2001:db8::/32", "2001:db8::", 32, false, false},
        {"allow all 10.0.0.0/8", "10.0.0.0", 8, true, true},
        {"allow 10.1.2.3/9", "10.0.0.0", 9, true, false},
        {"allow limited", NULL, 0, true, false, ACCESS_LIMITED},
        {"allow all 10/8 KOD limited", "10.0.0.0", 8, true, true, ACCESS_KOD | ACCESS_LIMITED},
        {"allow ::1 authenticated version4", "::1", 128, true, false,
         ACCESS_AUTHENTICATED | ACCESS_THIS_VERSION},
        {"allow fd00::1", "fd00::1", 128, true, false},
        {"allow 2001:db8:ffff::/33", "2001:db8:8000::", 33, true, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct address prefix = {0};
        const struct access_rule *rule = fixture.space.access;

        if (rows[i].prefix) {
            assert_true(address_parse(&prefix, rows[i].prefix));
        }
        assert_true(parse_text(&fixture, rows[i].line));
        assert_int_equal(fixture.config.node.access_count, 1);
        assert_true(address_equal(&rule->prefix, &prefix));
        assert_int_equal(rule->bits, rows[i].bits);
        assert_int_equal(rule->allow, rows[i].allow);
        assert_int_equal(rule->all, rows[i].all);
        assert_int_equal(rule->flags, rows[i].flags);
    }
}

static void what_is_no_prefix_is_refused(void **state)
{
    static const char *const rows[] = {
        "allow 256",        "allow 1.2.3.4.5", "allow 10.0.0.0/", "allow 10.0.0.0/-1",
        "allow 10.0.0.0/x", "allow ::/129",    "allow name/24",   "allow 10.0.0.0/8 11.0.0.0/8",
        "allow 1.2.",       "allow :::",       "deny all all",    "allow 1234",
        "deny 10 limited",  "allow 10 slow",   "cmdallow 10 kod",
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (parse_text(&fixture, rows[i])) {
            fail_msg("taken: %s", rows[i]);
        }
    }
}

static void names_become_their_addresses_in_place(void **state)
{
    const struct access_rule *access = fixture.space.access;

    (void)state;
    assert_true(parse_text(&fixture, "server a.example\n"
                                     "deny 10.0.0.0/8\n"
                                     "allow monitor.example\n"
                                     "allow 10.1.0.0/16\n"));
    assert_int_equal(config_access_names(&fixture.config), 1);
    assert_int_equal(fixture.config.node.access_count, 4);
    assert_int_equal(access[0].bits, 8);
    assert_int_equal(access[1].bits, 32);
    assert_int_equal(access[1].prefix.family, ADDRESS_IPV4);
    assert_true(access[1].allow);
    assert_int_equal(access[2].bits, 128);
    assert_int_equal(access[2].prefix.family, ADDRESS_IPV6);
    assert_int_equal(access[3].bits, 16);
}

static void a_name_without_address_never_means_everybody(void **state)
{
    struct memory memory = {.unknown_name = "gone.example"};
    struct config_input input = memory_input(&memory, "server a.example\nallow gone.example\n");

    (void)state;
    assert_true(parse_with(&fixture, &input));
    assert_int_equal(fixture.config.node.access_count, 0);
    assert_int_equal(fixture.report.warnings, 1);
    input = memory_input(&memory, "server a.example\nallow\ndeny gone.example\n");
    assert_false(parse_with(&fixture, &input));
}

static void names_can_be_looked_up_later(void **state)
{
    struct memory memory = {0};
    struct config_input input = memory_input(&memory, "server a.example\nallow\ndeny b.example\n");

    (void)state;
    input.lookup = NULL;
    assert_true(parse_with(&fixture, &input));
    assert_int_equal(fixture.config.node.access_count, 1);
    assert_int_equal(fixture.report.warnings, 0);
    input.lookup = memory_lookup;
    assert_int_equal(config_resolve_access(&fixture.config, &input), 0);
    assert_int_equal(fixture.config.node.access_count, 3);
    assert_false(fixture.config.node.access[2].allow);
}

static void too_many_rules_are_an_error_and_names_never_crowd_out_prefixes(void **state)
{
    static char text[4 << 20];
    struct text lines = text_begin(text, sizeof text);
    struct memory memory = {.unknown_name = "none"};
    struct config_input input;

    (void)state;
    for (unsigned i = 0; i < CONFIG_ACCESS_MAX - 1; i++) {
        text_add(&lines, "allow some.host.example\n");
    }
    text_add(&lines, "deny 10.0.0.0/8\n");
    input = memory_input(&memory, text);
    (void)parse_with(&fixture, &input);
    assert_true(fixture.config.node.access_count <= CONFIG_RESOLVED_MAX);
    assert_int_equal(fixture.space.access[fixture.config.node.access_count - 1].bits, 8);
    text_add(&lines, "deny 11.0.0.0/8\n");
    input = memory_input(&memory, text);
    assert_false(parse_with(&fixture, &input));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prefixes_are_read_in_all_their_forms),
        cmocka_unit_test(what_is_no_prefix_is_refused),
        cmocka_unit_test(names_become_their_addresses_in_place),
        cmocka_unit_test(a_name_without_address_never_means_everybody),
        cmocka_unit_test(names_can_be_looked_up_later),
        cmocka_unit_test(too_many_rules_are_an_error_and_names_never_crowd_out_prefixes),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("config/access", tests, NULL, NULL);
}
