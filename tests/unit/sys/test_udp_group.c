/* SPDX-License-Identifier: BSD-2-Clause */
/* Sockets that share a port, on loopback, with clients of many addresses and ports. */
#include "sys/udp_group.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SOCKETS = 4, CLIENTS = 40, PORTS = 6 };

static const struct udp_options anywhere = {
    .local = {.family = ADDRESS_IPV4, .bytes = {127, 0, 0, 1}}};

/* The group's options with the port that it has got. */
static struct udp_options open_group(struct udp_group *group, unsigned count)
{
    struct udp_options options = anywhere;

    group->count = 0;
    assert_int_equal(udp_group_grow(group, &options, 1), ERR_NONE);
    const struct udp_socket first = {.fd = group->fds[0]};
    options.local = udp_local(&first);
    assert_int_equal(udp_group_grow(group, &options, count), ERR_NONE);
    assert_int_equal(group->count, count);
    return options;
}

/* Sends one datagram from 127.1.1.`client`; returns which socket it came to. */
static unsigned send_one(const struct udp_group *group, const struct udp_options *options,
                         unsigned client)
{
    struct udp_options own = {.local = {.family = ADDRESS_IPV4, .bytes = {127, 1, 1}}};
    struct udp_message message = {.bytes = (const uint8_t *)"?", .size = 1};
    struct pollfd fds[UDP_GROUP_MAX];
    struct udp_socket s;
    struct utc_time stamp;
    char byte;

    own.local.bytes[3] = (uint8_t)client;
    assert_int_equal(udp_client_open(&s, &options->local, &own), ERR_NONE);
    assert_int_equal(udp_send(&s, &message, &stamp), ERR_NONE);
    udp_close(&s);
    for (unsigned i = 0; i < group->count; i++) {
        fds[i] = (struct pollfd){.fd = group->fds[i], .events = POLLIN};
    }
    assert_int_equal(poll(fds, group->count, 2000), 1);
    for (unsigned i = 0; i < group->count; i++) {
        if (fds[i].revents != 0) {
            assert_int_equal(recv(group->fds[i], &byte, 1, MSG_DONTWAIT), 1);
            return i;
        }
    }
    fail_msg("came nowhere");
    return 0;
}

static void a_client_meets_the_same_socket_from_every_port(void **state)
{
    struct udp_group group;
    struct udp_options options = open_group(&group, SOCKETS);
    unsigned met[SOCKETS] = {0};

    (void)state;
    for (unsigned client = 1; client <= CLIENTS; client++) {
        unsigned first = send_one(&group, &options, client);

        met[first]++;
        for (int i = 1; i < PORTS; i++) {
            assert_int_equal(send_one(&group, &options, client), first);
        }
    }
    for (unsigned i = 0; i < SOCKETS; i++) {
        assert_true(met[i] > 0); /* and clients are spread */
    }
    udp_group_close(&group);
}

static void a_group_grows_while_it_is_used(void **state)
{
    struct udp_group group;
    struct udp_options options = open_group(&group, 1);
    bool second = false;

    (void)state;
    assert_int_equal(send_one(&group, &options, 5), 0);
    assert_int_equal(udp_group_grow(&group, &options, 2), ERR_NONE);
    assert_int_equal(group.count, 2);
    for (unsigned client = 1; client <= CLIENTS; client++) {
        second = send_one(&group, &options, client) == 1 || second;
    }
    assert_true(second);
    assert_int_equal(udp_group_grow(&group, &options, 1), ERR_NONE);
    assert_int_equal(group.count, 2); /* those that are there stay */
    udp_group_close(&group);
}

static void another_server_on_the_port_is_noticed(void **state)
{
    struct udp_group group, rival = {.count = 0};
    struct udp_options options = open_group(&group, 2);

    (void)state;
    assert_int_equal(udp_group_grow(&rival, &options, 2), ERR_IN_USE);
    assert_int_equal(rival.count, 0);
    udp_group_close(&group);
    assert_int_equal(udp_group_grow(&rival, &options, 2), ERR_NONE);
    udp_group_close(&rival);
}

static void a_socket_of_an_earlier_life_is_taken_if_it_fits(void **state)
{
    struct udp_group before, after = {.count = 0};
    struct udp_options options = open_group(&before, 2), other = options;
    int pipes[2];

    (void)state;
    other.local.port++;
    assert_false(udp_group_take(&after, &other, before.fds[0]));
    other = options;
    (void)snprintf(other.device, sizeof other.device, "lo");
    assert_false(udp_group_take(&after, &other, before.fds[0]));
    assert_int_equal(pipe(pipes), 0);
    assert_false(udp_group_take(&after, &options, pipes[0]));
    (void)close(pipes[0]);
    (void)close(pipes[1]);
    for (unsigned i = 0; i < 2; i++) {
        assert_true(udp_group_take(&after, &options, before.fds[i]));
    }
    assert_int_equal(udp_group_grow(&after, &options, 3), ERR_NONE);
    assert_int_equal(after.count, 3);
    unsigned first = send_one(&after, &options, 9);
    assert_int_equal(send_one(&after, &options, 9), first);
    udp_group_close(&after);
}

static void what_a_full_queue_loses_is_counted(void **state)
{
    struct udp_group group;
    struct udp_options options = open_group(&group, 1);
    const struct udp_options own = {.stamps = false};
    static const uint8_t bytes[1000];
    const struct udp_message message = {.bytes = bytes, .size = sizeof bytes};
    struct udp_socket s;
    struct utc_time stamp;
    int least = 1;

    (void)state;
    assert_int_equal(udp_overflows(group.fds[0]), 0);
    (void)setsockopt(group.fds[0], SOL_SOCKET, SO_RCVBUF, &least, sizeof least);
    assert_int_equal(udp_client_open(&s, &options.local, &own), ERR_NONE);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(udp_send(&s, &message, &stamp), ERR_NONE);
    }
    assert_true(udp_overflows(group.fds[0]) > 0 && udp_overflows(group.fds[0]) < 20);
    udp_close(&s);
    udp_group_close(&group);
}

static void sockets_of_ipv6_know_a_client_by_its_64(void **state)
{
    struct udp_group group = {.count = 0};
    struct udp_options options = {.local = {.family = ADDRESS_IPV6, .bytes = {[15] = 1}}};

    (void)state;
    if (udp_group_grow(&group, &options, 1) != ERR_NONE) {
        skip(); /* no IPv6 here */
    }
    const struct udp_socket first = {.fd = group.fds[0]};
    options.local = udp_local(&first);
    assert_int_equal(udp_group_grow(&group, &options, SOCKETS), ERR_NONE);
    unsigned met = SOCKETS;
    for (int i = 0; i < 12; i++) {
        const struct udp_options own = {.stamps = false};
        const struct udp_message message = {.bytes = (const uint8_t *)"?", .size = 1};
        struct udp_socket s;
        struct utc_time stamp;
        struct pollfd fds[SOCKETS];
        char byte;

        assert_int_equal(udp_client_open(&s, &options.local, &own), ERR_NONE);
        assert_int_equal(udp_send(&s, &message, &stamp), ERR_NONE);
        udp_close(&s);
        for (unsigned k = 0; k < SOCKETS; k++) {
            fds[k] = (struct pollfd){.fd = group.fds[k], .events = POLLIN};
        }
        assert_int_equal(poll(fds, SOCKETS, 2000), 1);
        for (unsigned k = 0; k < SOCKETS; k++) {
            if (fds[k].revents != 0) {
                assert_true(met == SOCKETS || met == k);
                met = k;
                assert_int_equal(recv(group.fds[k], &byte, 1, MSG_DONTWAIT), 1);
            }
        }
    }
    udp_group_close(&group);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_meets_the_same_socket_from_every_port),
        cmocka_unit_test(a_group_grows_while_it_is_used),
        cmocka_unit_test(another_server_on_the_port_is_noticed),
        cmocka_unit_test(a_socket_of_an_earlier_life_is_taken_if_it_fits),
        cmocka_unit_test(what_a_full_queue_loses_is_counted),
        cmocka_unit_test(sockets_of_ipv6_know_a_client_by_its_64),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
