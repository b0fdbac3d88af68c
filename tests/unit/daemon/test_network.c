/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/network.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/socket.h>

/* A change at that second, told or not, and for how long nothing is looked at then. */
struct change {
    int64_t at_s;
    int64_t pause_s;
};

static struct steady_time second(int64_t s)
{
    return (struct steady_time){s * NS_PER_S};
}

static void changes_are_told_ever_more_rarely_while_they_go_on(void **state)
{
    static const struct change changes[] = {
        {100, 2},  {102, 2},  {104, 2},  {106, 2}, {108, 4}, {112, 8}, {120, 16},
        {136, 32}, {168, 64}, {232, 64}, {600, 2}, {620, 2}, {622, 2},
    };
    struct network network;
    int pair[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pair), 0);
    network_open(&network, pair[0]);
    assert_int_equal(network_fd(&network, second(1)), pair[0]);
    assert_true(network_wait(&network, second(1)).ns < 0);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        struct steady_time now = second(changes[i].at_s);
        struct steady_time until = second(changes[i].at_s + changes[i].pause_s);

        for (int burst = 0; burst < 5; burst++) {
            assert_int_equal(send(pair[1], "x", 1, 0), 1);
        }
        assert_int_equal(network_fd(&network, now), pair[0]);
        assert_true(network_take(&network, now));
        assert_int_equal(network_fd(&network, now), -1);
        assert_int_equal(network_wait(&network, now).ns, changes[i].pause_s * NS_PER_S);
        assert_int_equal(network_fd(&network, (struct steady_time){until.ns - 1}), -1);
        assert_int_equal(network_fd(&network, until), pair[0]);
        assert_true(network_wait(&network, until).ns < 0);
        assert_false(network_take(&network, until)); /* the burst was taken as a whole */
    }
    network_close(&network);
    assert_int_equal(network_fd(&network, second(9999)), -1);
}

static void without_a_socket_nothing_is_waited_for(void **state)
{
    struct network network;

    (void)state;
    network_open(&network, -1);
    assert_int_equal(network_fd(&network, second(5)), -1);
    assert_true(network_wait(&network, second(5)).ns < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes_are_told_ever_more_rarely_while_they_go_on),
        cmocka_unit_test(without_a_socket_nothing_is_waited_for),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
