/* SPDX-License-Identifier: BSD-2-Clause */
/* Sockets that are opened, kept and closed as they are wanted, on loopback. */
#include "sys/socket_set.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/tcp.h"
#include "sys/tcp_listen.h"

/* 127.0.0.`last`, with a port that was free there a moment ago. */
static struct endpoint free_place(uint8_t last, bool stream)
{
    struct endpoint endpoint = {
        .stream = stream,
        .sockets = 1,
        .options.local = {.family = ADDRESS_IPV4, .bytes = {127, 0, 0, last}},
    };
    int fd = -1;

    if (stream) {
        assert_int_equal(tcp_listen(&fd, &endpoint.options.local), ERR_NONE);
    } else {
        assert_int_equal(udp_bound_open(&fd, &endpoint.options), ERR_NONE);
    }
    const struct udp_socket s = {.fd = fd};
    endpoint.options.local = udp_local(&s);
    (void)close(fd);
    return endpoint;
}

static void close_all(struct socket_set *set)
{
    enum err results[1];

    (void)!socket_set_apply(set, NULL, 0, results);
}

static void what_is_wanted_is_opened_once_and_stays(void **state)
{
    const struct endpoint wanted[] = {free_place(1, false), free_place(1, true),
                                      free_place(2, false)};
    struct socket_set set;
    enum err results[3];
    int before[8], after[8];

    (void)state;
    socket_set_init(&set);
    assert_true(socket_set_apply(&set, wanted, 3, results));
    for (int i = 0; i < 3; i++) {
        assert_int_equal(results[i], ERR_NONE);
    }
    assert_int_equal(socket_set_count(&set, false), 2);
    assert_int_equal(socket_set_count(&set, true), 1);
    assert_int_equal(socket_set_fds(&set, false, before, 8), 2);
    assert_false(socket_set_apply(&set, wanted, 3, results));
    assert_int_equal(socket_set_fds(&set, false, after, 8), 2);
    assert_memory_equal(before, after, 2 * sizeof before[0]);
    assert_int_equal(socket_set_fds(&set, false, after, 1), 1); /* no more than there is room */
    close_all(&set);
}

static void what_is_not_wanted_any_more_is_closed_and_nothing_else(void **state)
{
    const struct endpoint one = free_place(1, false), two = free_place(2, false),
                          three = free_place(3, false);
    const struct endpoint first[] = {one, two}, second[] = {two, three};
    struct socket_set set;
    enum err results[2];
    int before[2], after[2];

    (void)state;
    socket_set_init(&set);
    assert_true(socket_set_apply(&set, first, 2, results));
    assert_int_equal(socket_set_fds(&set, false, before, 2), 2);
    assert_true(socket_set_apply(&set, second, 2, results));
    assert_int_equal(socket_set_fds(&set, false, after, 2), 2);
    assert_int_equal(after[0], before[1]);
    struct udp_socket rival;
    assert_int_equal(udp_server_open(&rival, &one.options), ERR_NONE); /* it is free */
    udp_close(&rival);
    assert_true(socket_set_apply(&set, NULL, 0, results));
    assert_int_equal(socket_set_count(&set, false), 0);
}

static void what_a_leaving_process_still_holds_is_in_nobodys_way_but_a_rival_is(void **state)
{
    const struct endpoint loopback = free_place(1, false);
    struct endpoint everywhere = loopback;
    struct socket_set set;
    struct udp_socket rival;
    enum err result;
    int fd, held[3];

    (void)state;
    memset(everywhere.options.local.bytes, 0, sizeof everywhere.options.local.bytes);
    everywhere.sockets = 2;
    socket_set_init(&set);
    for (int round = 0; round < 3; round++) { /* there and back, as rules come and go */
        const struct endpoint *now = round % 2 ? &everywhere : &loopback;

        assert_true(socket_set_apply(&set, now, 1, &result));
        assert_int_equal(result, ERR_NONE);
        assert_int_equal(socket_set_count(&set, false), now->sockets);
        assert_int_equal(socket_set_fds(&set, false, &fd, 1), 1);
        held[round] = dup(fd); /* the server process has it, too, until this test ends */
    }
    const struct endpoint taken = free_place(2, false);
    assert_int_equal(udp_server_open(&rival, &taken.options), ERR_NONE);
    assert_true(socket_set_apply(&set, &taken, 1, &result));
    assert_int_equal(result, ERR_IN_USE);
    udp_close(&rival);
    close_all(&set);
    for (int round = 0; round < 3; round++) {
        assert_int_equal(close(held[round]), 0);
    }
}

static void more_threads_get_more_sockets(void **state)
{
    struct endpoint wanted = free_place(1, false);
    struct socket_set set;
    enum err result;

    (void)state;
    socket_set_init(&set);
    assert_true(socket_set_apply(&set, &wanted, 1, &result));
    wanted.sockets = 3;
    assert_true(socket_set_apply(&set, &wanted, 1, &result));
    assert_int_equal(socket_set_count(&set, false), 3);
    wanted.sockets = 2; /* what waits in a socket would be lost with it */
    assert_false(socket_set_apply(&set, &wanted, 1, &result));
    assert_int_equal(socket_set_count(&set, false), 3);
    close_all(&set);
}

static void what_somebody_else_has_is_reported_and_the_rest_is_open(void **state)
{
    const struct endpoint wanted[] = {free_place(1, false), free_place(2, false),
                                      free_place(1, true)};
    struct udp_socket rival;
    struct socket_set set;
    enum err results[3];
    int listener;

    (void)state;
    assert_int_equal(udp_server_open(&rival, &wanted[0].options), ERR_NONE);
    assert_int_equal(tcp_listen(&listener, &wanted[2].options.local), ERR_NONE);
    socket_set_init(&set);
    assert_true(socket_set_apply(&set, wanted, 3, results));
    assert_int_equal(results[0], ERR_IN_USE);
    assert_int_equal(results[1], ERR_NONE);
    assert_int_equal(results[2], ERR_IN_USE);
    assert_int_equal(socket_set_count(&set, false), 1);
    assert_int_equal(socket_set_count(&set, true), 0);
    udp_close(&rival);
    tcp_close(&listener);
    assert_true(socket_set_apply(&set, wanted, 3, results)); /* tried again when asked again */
    assert_int_equal(results[0], ERR_NONE);
    assert_int_equal(socket_set_count(&set, false), 2);
    assert_int_equal(socket_set_count(&set, true), 1);
    close_all(&set);
}

/* As the service manager hands them to a parent that starts: 3, 4, ... and the environment. */
static void what_was_kept_over_a_restart_is_taken_and_what_does_not_fit_is_closed(void **state)
{
    const struct endpoint wanted[] = {free_place(1, false), free_place(1, true)};
    const struct endpoint other = free_place(4, false);
    struct socket_set before, after;
    enum err results[2];
    int kept[3], fds[1];
    char pid[16];

    (void)state;
    socket_set_init(&before);
    assert_true(socket_set_apply(&before, wanted, 2, results));
    assert_int_equal(socket_set_fds(&before, false, &kept[1], 1), 1);
    assert_int_equal(socket_set_fds(&before, true, &kept[2], 1), 1);
    assert_int_equal(udp_bound_open(&kept[0], &other.options), ERR_NONE);
    for (int i = 0; i < 3; i++) { /* out of the way of the places that they get */
        kept[i] = dup2(kept[i], 40 + i);
    }
    close_all(&before);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(dup2(kept[i], 3 + i), 3 + i);
        (void)close(kept[i]);
    }
    (void)snprintf(pid, sizeof pid, "%d", (int)getpid());
    (void)setenv("LISTEN_PID", pid, 1);
    (void)setenv("LISTEN_FDS", "3", 1);
    (void)setenv("LISTEN_FDNAMES", "noon-server:noon-server:noon-server", 1);
    socket_set_init(&after);
    assert_int_equal(after.kept_count, 3);
    assert_true(socket_set_apply(&after, wanted, 2, results));
    assert_int_equal(results[0], ERR_NONE);
    assert_int_equal(results[1], ERR_NONE);
    assert_int_equal(socket_set_fds(&after, false, fds, 1), 1);
    assert_int_equal(fds[0], 4);
    assert_int_equal(socket_set_fds(&after, true, fds, 1), 1);
    assert_int_equal(fds[0], 5);
    struct udp_socket again;
    assert_int_equal(udp_server_open(&again, &other.options), ERR_NONE); /* 3 was closed */
    udp_close(&again);
    close_all(&after);
}

static void what_could_not_be_had_is_known_before(void **state)
{
    for (int stream = 0; stream < 2; stream++) {
        const struct endpoint first = free_place(1, stream), second = free_place(2, stream);
        struct endpoint moved = first;
        struct socket_set mine, others;
        enum err results[1];

        (void)state;
        socket_set_init(&mine);
        socket_set_init(&others);
        assert_int_equal(socket_set_try(&mine, &second), ERR_NONE);
        assert_true(socket_set_apply(&mine, &first, 1, results));
        assert_true(socket_set_apply(&others, &second, 1, results));
        assert_int_equal(socket_set_try(&mine, &second), ERR_IN_USE);
        /* One's own socket is no obstacle, as it would be closed. */
        memset(moved.options.local.bytes, 0, 4);
        assert_int_equal(socket_set_try(&mine, &first), ERR_NONE);
        assert_int_equal(socket_set_try(&mine, &moved), ERR_NONE);
        close_all(&others);
        assert_int_equal(socket_set_try(&mine, &second), ERR_NONE);
        close_all(&mine);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wanted_is_opened_once_and_stays),
        cmocka_unit_test(what_is_not_wanted_any_more_is_closed_and_nothing_else),
        cmocka_unit_test(what_a_leaving_process_still_holds_is_in_nobodys_way_but_a_rival_is),
        cmocka_unit_test(more_threads_get_more_sockets),
        cmocka_unit_test(what_somebody_else_has_is_reported_and_the_rest_is_open),
        cmocka_unit_test(what_could_not_be_had_is_known_before),
        cmocka_unit_test(what_was_kept_over_a_restart_is_taken_and_what_does_not_fit_is_closed),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
