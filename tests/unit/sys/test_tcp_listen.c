/* SPDX-License-Identifier: BSD-2-Clause */
/* Over loopback; ports are the kernel's choice. */
#include "sys/tcp_listen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct address loopback = {.family = ADDRESS_IPV4, .bytes = {127, 0, 0, 1}};

struct pair {
    int listener, client, server;
    struct address from;
};

/* A connection over which the client has said something: who is silent is not accepted. */
static void open_pair(struct pair *pair)
{
    struct sockaddr_in where;
    socklen_t size = sizeof where;
    struct pollfd p;

    assert_int_equal(tcp_listen(&pair->listener, &loopback), ERR_NONE);
    assert_int_equal(tcp_accept(pair->listener, &pair->server, &pair->from), ERR_AGAIN);
    assert_int_equal(getsockname(pair->listener, (struct sockaddr *)&where, &size), 0);
    pair->client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(pair->client, (struct sockaddr *)&where, sizeof where), 0);
    assert_int_equal(send(pair->client, "?", 1, 0), 1);
    p = (struct pollfd){.fd = pair->listener, .events = POLLIN};
    assert_int_equal(poll(&p, 1, 10000), 1);
    assert_int_equal(tcp_accept(pair->listener, &pair->server, &pair->from), ERR_NONE);
}

static void close_pair(struct pair *pair)
{
    (void)close(pair->client);
    tcp_close(&pair->server);
    tcp_close(&pair->listener);
}

static void a_connection_comes_with_the_address_of_who_made_it(void **state)
{
    struct sockaddr_in own;
    socklen_t size = sizeof own;
    struct pair pair;

    (void)state;
    open_pair(&pair);
    assert_int_equal(getsockname(pair.client, (struct sockaddr *)&own, &size), 0);
    assert_true(address_equal(&pair.from, &loopback));
    assert_int_equal(pair.from.port, ntohs(own.sin_port));
    close_pair(&pair);
}

static void an_occupied_port_is_named_so(void **state)
{
    struct sockaddr_in where;
    socklen_t size = sizeof where;
    struct address local = loopback;
    int first, second;

    (void)state;
    assert_int_equal(tcp_listen(&first, &local), ERR_NONE);
    assert_int_equal(getsockname(first, (struct sockaddr *)&where, &size), 0);
    local.port = ntohs(where.sin_port);
    assert_true(tcp_listens_at(first, &local));
    assert_int_equal(tcp_listen(&second, &local), ERR_IN_USE);
    assert_int_equal(second, -1);
    local.port ^= 1;
    assert_false(tcp_listens_at(first, &local));
    tcp_close(&first);
    assert_int_equal(first, -1);
}

static void last_words_arrive_whole_and_are_the_last(void **state)
{
    char text[20];
    size_t sent = 0, got = 0;
    struct pair pair;
    ssize_t size;

    (void)state;
    open_pair(&pair);
    assert_int_equal(recv(pair.server, text, sizeof text, 0), 1);
    assert_int_equal(tcp_send_last(pair.server, "good ", 5, &sent), ERR_NONE);
    assert_int_equal(sent, 5);
    assert_int_equal(tcp_send_last(pair.server, "bye", 3, &sent), ERR_NONE);
    tcp_close(&pair.server);
    while ((size = recv(pair.client, text + got, sizeof text - got, 0)) > 0) {
        got += (size_t)size;
    }
    assert_int_equal(size, 0);
    assert_int_equal(got, 8);
    assert_memory_equal(text, "good bye", 8);
    close_pair(&pair);
}

static void who_does_not_read_makes_nobody_wait(void **state)
{
    static const char plenty[100000];
    size_t sent = 1, all = 0;
    enum err err = ERR_NONE;
    struct pair pair;

    (void)state;
    open_pair(&pair);
    for (int i = 0; i < 10000 && err == ERR_NONE; i++) {
        err = tcp_send_last(pair.server, plenty, sizeof plenty, &sent);
        all += sent;
    }
    assert_int_equal(err, ERR_AGAIN);
    assert_int_equal(sent, 0);
    assert_true(all > 0);
    close_pair(&pair);
}

static void who_has_gone_is_an_error_and_no_signal(void **state)
{
    enum err err = ERR_NONE;
    struct pair pair;
    size_t sent;

    (void)state;
    open_pair(&pair);
    const struct linger abruptly = {.l_onoff = 1};
    assert_int_equal(setsockopt(pair.client, SOL_SOCKET, SO_LINGER, &abruptly, sizeof abruptly), 0);
    (void)close(pair.client);
    pair.client = -1;
    for (int i = 0; i < 2; i++) {
        err = tcp_send_last(pair.server, "?", 1, &sent);
    }
    assert_int_not_equal(err, ERR_NONE);
    assert_int_not_equal(err, ERR_AGAIN);
    assert_int_equal(sent, 0);
    close_pair(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connection_comes_with_the_address_of_who_made_it),
        cmocka_unit_test(an_occupied_port_is_named_so),
        cmocka_unit_test(last_words_arrive_whole_and_are_the_last),
        cmocka_unit_test(who_does_not_read_makes_nobody_wait),
        cmocka_unit_test(who_has_gone_is_an_error_and_no_signal),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("sys/tcp_listen", tests, NULL, NULL);
}
