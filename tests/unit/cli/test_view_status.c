/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/view_status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "unit/cli/made.h"

static const char *page(struct made *made)
{
    static char buffer[8192];
    struct text text = text_begin(buffer, sizeof buffer);

    view_status(&text, &made->view, &made->record);
    assert_false(text.overrun);
    return buffer;
}

static void a_synchronised_node_on_one_page(void **state)
{
    struct made made;

    (void)state;
    made_synchronised(&made);
    made.record.node.server.serving = true;
    made.record.node.server.requests = 1000;
    made.record.node.server.answers = 990;
    made.record.node.steps = 1;
    made.record.node.last_step_s = -0.25;
    made.record.node.last_step_time = made_time(14, 0, 5);
    made.record.node.suspends = 2;
    made.record.node.slew_s_per_s = 20e-6;
    assert_string_equal(
        page(&made),
        "state           synchronised, since 14:02 (1 h 5 min ago)\n"
        "bound           right to within 312 us (standard deviation 8.0 us)\n"
        "follows         10.0.0.4 and 2 others of 4 sources\n"
        "sources         4 configured, 4 usable, 3 agree\n"
        "last update     15:06 (12 s ago), corrected by -3.0 us\n"
        "clock           kernel, fast by 4.0 us, slewed at 20.000 ppm\n"
        "frequency       12.345 ppm slow, +- 0.004 ppm\n"
        "announces       stratum 3, refid 10.0.0.4, root delay 740 us, root dispersion 900 us\n"
        "server          1000 requests, 990 answered\n"
        "events          1 step (last by -250 ms, 14:00), 2 sleeps\n"
        "daemon          noond 0.1.0, process 4711, since 14:00 (1 h 7 min ago)\n"
        "configuration   /etc/noon/noon.conf\n");
}

static void who_answers_in_the_driver_is_shown(void **state)
{
    static const struct {
        uint64_t answers, native, generic;
        const char *words;
    } rows[] = {
        {900, 1, 0, "990 answered, 900 of them by xdp (in the driver of 1 interface)\n"},
        {0, 0, 2, "0 of them by xdp (in the kernel behind the driver of 2 interfaces, which saves"},
        {9, 2, 1,
         "9 of them by xdp (in the driver of 2 interfaces, in the kernel behind the driver"},
        {9, 0, 0, "990 answered, 9 of them by xdp (at no interface now)\n"},
        {0, 0, 0, "990 answered\n"},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct made made;
        struct server_status *server = &made.record.node.server;

        made_synchronised(&made);
        server->serving = true;
        server->requests = 1000;
        server->answers = 990;
        server->driver_answers = rows[i].answers;
        server->driver_native = rows[i].native;
        server->driver_generic = rows[i].generic;
        if (strstr(page(&made), rows[i].words) == NULL) {
            fail_msg("expected %s: %s", rows[i].words, page(&made));
        }
    }
}

static void what_is_not_known_yet_is_not_shown_as_zero(void **state)
{
    struct made made;

    (void)state;
    made_init(&made);
    made.record.node.state = NODE_UNSYNCHRONISED;
    made.record.node.reason = NODE_REASON_NO_REPLY;
    made.record.node.privileged = false;
    (void)made_silent(&made, "10.0.0.1", SOURCE_UNREACHABLE);
    assert_string_equal(
        page(&made),
        "state           not synchronised, since 15:06 (1 min ago)\n"
        "because         no source answers\n"
        "bound           unknown\n"
        "follows         none\n"
        "sources         1 configured, 0 usable, 0 agree\n"
        "last update     never\n"
        "clock           kernel: may not be set (CAP_SYS_TIME is missing)\n"
        "frequency       unknown\n"
        "announces       stratum 16, refid 0.0.0.0, root delay 0 ns, root dispersion 0 ns, "
        "unsynchronised (leap 3)\n"
        "server          serves nobody\n"
        "events          none\n"
        "daemon          noond 0.1.0, process 4711, since 14:00 (1 h 7 min ago)\n"
        "configuration   /etc/noon/noon.conf\n");
}

static void a_leap_second_and_a_clock_left_alone_are_mentioned(void **state)
{
    struct made made;

    (void)state;
    made_synchronised(&made);
    made.record.node.leap = 1;
    made.record.node.backend = BACKEND_NONE;
    assert_non_null(strstr(page(&made), ", leap second at the end of the month\n"));
    assert_non_null(strstr(page(&made), "none: the system clock is left alone, fast by 4.0 us\n"));
    made.record.node.leap = 2;
    assert_non_null(strstr(page(&made), ", the month ends a second early\n"));
}

static void who_follows_stratum_15_announces_no_time(void **state)
{
    struct made made;

    (void)state;
    made_synchronised(&made);
    made.record.node.stratum = 16;
    assert_non_null(strstr(page(&made), "announces       no time, since what it follows is of "
                                        "stratum 15: clients are told leap 3; stratum 16"));
}

static void troubles_are_counted(void **state)
{
    struct made made;

    (void)state;
    made_synchronised(&made);
    made.record.node.disturbances = 3;
    made.record.node.rivals = 1;
    made.record.node.reload_failures = 2;
    assert_non_null(strstr(page(&made), "events          3 disturbances, 1 rival adjustment, "
                                        "2 refused reloads\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_synchronised_node_on_one_page),
        cmocka_unit_test(who_answers_in_the_driver_is_shown),
        cmocka_unit_test(what_is_not_known_yet_is_not_shown_as_zero),
        cmocka_unit_test(a_leap_second_and_a_clock_left_alone_are_mentioned),
        cmocka_unit_test(who_follows_stratum_15_announces_no_time),
        cmocka_unit_test(troubles_are_counted),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
