/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/view_rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void assert_view(const char *lines, const char *wanted)
{
    char buffer[2000];
    struct text text = text_begin(buffer, sizeof buffer);

    view_rules(&text, lines);
    assert_string_equal(buffer, wanted);
}

static void each_rule_says_where_it_is_from(void **state)
{
    (void)state;
    assert_view("=allow 10.0.0.0/8\n+deny all 10.1.0.0/16\n=cmdallow\n",
                "RULE                                            SAID BY\n"
                "allow 10.0.0.0/8                                configuration\n"
                "deny all 10.1.0.0/16                            order, until noond ends\n"
                "cmdallow                                        configuration\n"
                "The most specific prefix decides, of two rules for one prefix the later.\n");
}

static void without_rules_nobody_may_ask(void **state)
{
    (void)state;
    assert_view("", "Nobody may ask for time: no `allow` line says so.\n"
                    "Nobody may ask about noond from elsewhere: no `cmdallow` line says so.\n");
    assert_view("+cmdallow 192.0.2.1/32\n",
                "RULE                                            SAID BY\n"
                "cmdallow 192.0.2.1/32                           order, until noond ends\n"
                "Nobody may ask for time: no `allow` line says so.\n"
                "The most specific prefix decides, of two rules for one prefix the later.\n");
}

static void a_list_that_was_cut_says_so(void **state)
{
    (void)state;
    assert_view("=allow 10.0.0.0/8\n.\n",
                "RULE                                            SAID BY\n"
                "allow 10.0.0.0/8                                configuration\n"
                "... and more, for which there was no room\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_rule_says_where_it_is_from),
        cmocka_unit_test(without_rules_nobody_may_ask),
        cmocka_unit_test(a_list_that_was_cut_says_so),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
