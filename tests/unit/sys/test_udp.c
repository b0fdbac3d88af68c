/* SPDX-License-Identifier: BSD-2-Clause */
/* Real sockets on loopback. */
#include "sys/udp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <linux/net_tstamp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* What a simulator, or an old kernel, refuses; these stand in front of the C library's. */
static struct {
    bool typed_sockets;
    bool many_at_once;
    unsigned typed_refused, many_refused;
} refuse;

int socket(int domain, int type, int protocol)
{
    if (refuse.typed_sockets && (type & ~0xf) != 0) {
        refuse.typed_refused++;
        errno = EINVAL;
        return -1;
    }
    return (int)syscall(SYS_socket, domain, type, protocol);
}

int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
    if (refuse.many_at_once) {
        refuse.many_refused++;
        errno = EBADF;
        return -1;
    }
    return (int)syscall(SYS_sendmmsg, fd, messages, count, flags);
}

int recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags, struct timespec *timeout)
{
    if (refuse.many_at_once) {
        refuse.many_refused++;
        errno = ENOSYS;
        return -1;
    }
    return (int)syscall(SYS_recvmmsg, fd, messages, count, flags, timeout);
}

static int64_t now_ns(void)
{
    struct timespec t;

    assert_int_equal(clock_gettime(CLOCK_REALTIME, &t), 0);
    return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

static bool wait_readable(int fd, short events)
{
    struct pollfd p = {.fd = fd, .events = events};

    return poll(&p, 1, 2000) == 1;
}

static struct address local_address(const char *text)
{
    struct address address;

    assert_true(address_parse(&address, text));
    return address;
}

/* A server socket on a free port of that address, and a client connected to it. */
struct pair {
    struct udp_socket server, client;
    struct address server_address;
};

static void open_pair(struct pair *pair, const char *server, const char *asked)
{
    struct udp_options options = {.local = local_address(server), .stamps = true};

    assert_int_equal(udp_server_open(&pair->server, &options), ERR_NONE);
    pair->server_address = local_address(asked);
    pair->server_address.port = udp_local(&pair->server).port;
    struct udp_options client = {.stamps = true};
    assert_int_equal(udp_client_open(&pair->client, &pair->server_address, &client), ERR_NONE);
}

static void close_pair(struct pair *pair)
{
    udp_close(&pair->server);
    udp_close(&pair->client);
    assert_int_equal(pair->server.fd, -1);
}

static void send_request(struct pair *pair, uint32_t sequence, uint8_t fill, struct utc_time *stamp)
{
    uint8_t bytes[48];
    struct udp_message message = {.bytes = bytes, .size = sizeof bytes, .sequence = sequence};

    memset(bytes, fill, sizeof bytes);
    assert_int_equal(udp_send(&pair->client, &message, stamp), ERR_NONE);
}

static struct udp_datagram receive(struct udp_socket *s, uint8_t *bytes, size_t capacity)
{
    struct udp_datagram datagram = {.bytes = bytes, .capacity = capacity};

    assert_true(wait_readable(s->fd, POLLIN));
    assert_int_equal(udp_receive(s, &datagram), ERR_NONE);
    return datagram;
}

static struct udp_report take_report(struct udp_socket *s)
{
    struct udp_report report;

    assert_true(wait_readable(s->fd, POLLPRI));
    assert_int_equal(udp_report(s, &report), ERR_NONE);
    return report;
}

/* One exchange over each family, to the wildcard and to one address, stamped at all four places. */
static void a_datagram_goes_there_and_back_with_kernel_stamps(void **state)
{
    static const struct {
        const char *server, *asked;
    } rows[] = {
        {"127.0.0.1", "127.0.0.1"},
        {"0.0.0.0", "127.0.0.1"},
        {"::1", "::1"},
        {"::", "::1"},
    };
    struct pair pair;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t bytes[100];
        struct utc_time sent;
        struct utc_time answered;
        int64_t start = now_ns();

        open_pair(&pair, rows[i].server, rows[i].asked);
        send_request(&pair, 7, 0xab, &sent);
        struct udp_datagram request = receive(&pair.server, bytes, sizeof bytes);
        assert_int_equal(request.size, 48);
        assert_int_equal(bytes[47], 0xab);
        assert_false(request.truncated);
        assert_int_equal(request.stamp_kind, UDP_STAMP_KERNEL);
        assert_true(request.stamp.ns >= sent.ns && request.stamp.ns <= now_ns());
        assert_true(address_equal(&request.to, &pair.server_address));
        assert_int_equal(request.from.port, udp_local(&pair.client).port);

        struct udp_message answer = {
            .bytes = bytes, .size = 40, .to = request.from, .from = request.to};
        assert_int_equal(udp_send(&pair.server, &answer, &answered), ERR_NONE);
        struct udp_report report = take_report(&pair.client);
        assert_int_equal(report.kind, UDP_REPORT_SENT);
        assert_int_equal(report.sequence, 7);
        assert_true(report.stamp.ns >= sent.ns && report.stamp.ns <= request.stamp.ns);
        struct udp_datagram reply = receive(&pair.client, bytes, sizeof bytes);
        assert_int_equal(reply.size, 40);
        assert_int_equal(reply.stamp_kind, UDP_STAMP_KERNEL);
        assert_true(reply.stamp.ns >= answered.ns && reply.stamp.ns <= now_ns());
        assert_true(address_equal(&reply.from, &pair.server_address));
        assert_true(sent.ns >= start);
        struct udp_datagram none = {.bytes = bytes, .capacity = sizeof bytes};
        assert_int_equal(udp_receive(&pair.client, &none), ERR_AGAIN);
        assert_int_equal(udp_report(&pair.client, &report), ERR_AGAIN);
        close_pair(&pair);
    }
}

static void the_answer_leaves_from_the_address_that_was_asked(void **state)
{
    struct pair pair;
    uint8_t bytes[64];
    struct utc_time stamp;

    (void)state;
    open_pair(&pair, "0.0.0.0", "127.3.2.1");
    send_request(&pair, 1, 1, &stamp);
    struct udp_datagram request = receive(&pair.server, bytes, sizeof bytes);
    assert_true(address_equal(&request.to, &pair.server_address));
    struct udp_message answer = {
        .bytes = bytes, .size = 48, .to = request.from, .from = request.to};
    assert_int_equal(udp_send(&pair.server, &answer, &stamp), ERR_NONE);
    /* The client is connected to 127.3.2.1: an answer from 127.0.0.1 would not arrive. */
    (void)receive(&pair.client, bytes, sizeof bytes);
    close_pair(&pair);
}

static void departure_stamps_find_their_requests(void **state)
{
    struct pair pair;
    struct utc_time sent[3];

    (void)state;
    open_pair(&pair, "127.0.0.1", "127.0.0.1");
    for (uint32_t i = 0; i < 3; i++) {
        send_request(&pair, 100 + i, (uint8_t)i, &sent[i]);
    }
    for (uint32_t i = 0; i < 3; i++) {
        struct udp_report report = take_report(&pair.client);

        assert_int_equal(report.sequence, 100 + i);
        assert_true(report.stamp.ns >= sent[i].ns);
        assert_true(i == 2 || report.stamp.ns <= sent[i + 1].ns);
    }
    close_pair(&pair);
}

/* As where OPT_TSONLY is not honoured: the frame comes back, without a usable number. */
static void a_looped_frame_is_recognised_by_its_content(void **state)
{
    struct pair pair;
    struct utc_time sent;
    struct udp_report report;
    int flags = SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;

    (void)state;
    open_pair(&pair, "127.0.0.1", "127.0.0.1");
    assert_int_equal(setsockopt(pair.client.fd, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof flags),
                     0);
    send_request(&pair, 5, 0x11, &sent);
    send_request(&pair, 6, 0x22, &sent);
    assert_int_equal(take_report(&pair.client).sequence, 5);
    assert_int_equal(take_report(&pair.client).sequence, 6);
    /* A frame that is none of ours. */
    assert_int_equal(send(pair.client.fd, "stranger", 8, 0), 8);
    assert_true(wait_readable(pair.client.fd, POLLPRI));
    assert_int_equal(udp_report(&pair.client, &report), ERR_FORMAT);
    close_pair(&pair);
}

static void a_stamp_that_is_older_than_the_request_is_not_its_own(void **state)
{
    struct pair pair;
    struct utc_time sent;
    struct udp_report report;

    (void)state;
    open_pair(&pair, "127.0.0.1", "127.0.0.1");
    send_request(&pair, 5, 0x11, &sent);
    pair.client.sent[0].stamp.ns += NS_PER_S;
    assert_true(wait_readable(pair.client.fd, POLLPRI));
    assert_int_equal(udp_report(&pair.client, &report), ERR_FORMAT);
    close_pair(&pair);
}

static void a_closed_port_is_reported_and_sending_goes_on(void **state)
{
    struct pair pair;
    struct utc_time sent;
    struct udp_report report;
    uint8_t bytes[64];
    bool refused = false;

    (void)state;
    open_pair(&pair, "127.0.0.1", "127.0.0.1");
    udp_close(&pair.server);
    send_request(&pair, 1, 1, &sent);
    assert_true(wait_readable(pair.client.fd, POLLPRI));
    for (int i = 0; i < 3; i++) {
        enum err err = udp_report(&pair.client, &report);

        refused = refused || (err == ERR_NONE && report.kind == UDP_REPORT_ERROR &&
                              report.os_error == ECONNREFUSED);
    }
    assert_true(refused);
    assert_int_equal(pair.client.unreachable, 1);
    struct udp_datagram datagram = {.bytes = bytes, .capacity = sizeof bytes};
    enum err err = udp_receive(&pair.client, &datagram);
    assert_true(err == ERR_AGAIN || err == ERR_UNREACHABLE);
    /* The error of the last one, not read yet, must not swallow the next. */
    send_request(&pair, 2, 2, &sent);
    send_request(&pair, 3, 3, &sent);
    close_pair(&pair);
}

static void after_a_failed_send_stamps_are_still_matched(void **state)
{
    struct pair pair;
    struct utc_time sent;
    static uint8_t huge[70000];
    struct udp_message message = {.bytes = huge, .size = sizeof huge};

    (void)state;
    open_pair(&pair, "127.0.0.1", "127.0.0.1");
    send_request(&pair, 1, 1, &sent);
    assert_int_equal(take_report(&pair.client).sequence, 1);
    assert_true(udp_send(&pair.client, &message, &sent) != ERR_NONE);
    assert_int_equal(pair.client.too_big, 2); /* tried again without DF */
    assert_true(pair.client.df_cleared);
    for (uint32_t i = 2; i < 5; i++) {
        send_request(&pair, i, (uint8_t)i, &sent);
        assert_int_equal(take_report(&pair.client).sequence, i);
    }
    close_pair(&pair);
}

static void a_long_datagram_is_cut_and_says_so(void **state)
{
    struct pair pair;
    struct utc_time sent;
    uint8_t bytes[20];

    (void)state;
    open_pair(&pair, "127.0.0.1", "127.0.0.1");
    send_request(&pair, 1, 9, &sent);
    struct udp_datagram datagram = receive(&pair.server, bytes, sizeof bytes);
    assert_true(datagram.truncated);
    assert_int_equal(datagram.size, 20);
    close_pair(&pair);
}

static void a_rival_on_the_port_is_noticed(void **state)
{
    struct pair pair;
    struct udp_socket second;

    (void)state;
    open_pair(&pair, "127.0.0.1", "127.0.0.1");
    struct udp_options options = {.local = pair.server_address};
    assert_int_equal(udp_server_open(&second, &options), ERR_IN_USE);
    assert_int_equal(second.fd, -1);
    /* The wildcard meets it too; the other family does not. */
    memset(options.local.bytes, 0, sizeof options.local.bytes);
    assert_int_equal(udp_server_open(&second, &options), ERR_IN_USE);
    options.local.family = ADDRESS_IPV6;
    assert_int_equal(udp_server_open(&second, &options), ERR_NONE);
    udp_close(&second);
    close_pair(&pair);
}

/* A server and two associations, all on one port: each gets what is its own. */
static void associations_share_the_servers_port(void **state)
{
    struct pair a;
    struct pair b;
    struct udp_socket server;
    struct udp_socket mine[2];
    struct utc_time stamp;
    uint8_t bytes[64];

    (void)state;
    open_pair(&a, "127.0.0.1", "127.0.0.1");
    open_pair(&b, "127.0.0.1", "127.0.0.1");
    struct udp_options options = {.local = local_address("127.0.0.9"), .share_port = true};
    assert_int_equal(udp_server_open(&server, &options), ERR_NONE);
    options.local.port = udp_local(&server).port;
    assert_int_equal(udp_client_open(&mine[0], &a.server_address, &options), ERR_NONE);
    int fd = -1;
    assert_int_equal(udp_bound_open(&fd, &options), ERR_NONE);
    assert_int_equal(udp_client_adopt(&mine[1], fd, &b.server_address, &options), ERR_NONE);
    struct udp_socket *theirs[2] = {&a.server, &b.server};
    for (int i = 0; i < 2; i++) {
        struct udp_message out = {.bytes = (const uint8_t *)"hello", .size = 5};

        assert_int_equal(udp_send(&mine[i], &out, &stamp), ERR_NONE);
        struct udp_datagram request = receive(theirs[i], bytes, sizeof bytes);
        assert_int_equal(request.from.port, options.local.port);
        struct udp_message answer = {.bytes = bytes, .size = 5, .to = request.from};
        assert_int_equal(udp_send(theirs[i], &answer, &stamp), ERR_NONE);
        (void)receive(&mine[i], bytes, sizeof bytes);
    }
    /* A stranger's request goes to the server's socket. */
    struct address to_server = options.local;
    struct udp_options any = {.stamps = false};
    struct udp_socket stranger;
    assert_int_equal(udp_client_open(&stranger, &to_server, &any), ERR_NONE);
    struct udp_message out = {.bytes = (const uint8_t *)"hi", .size = 2};
    assert_int_equal(udp_send(&stranger, &out, &stamp), ERR_NONE);
    (void)receive(&server, bytes, sizeof bytes);
    udp_close(&stranger);
    udp_close(&server);
    udp_close(&mine[0]);
    udp_close(&mine[1]);
    close_pair(&a);
    close_pair(&b);
}

static void an_inherited_socket_serves_as_before(void **state)
{
    struct pair pair;
    struct udp_socket heir;
    struct utc_time sent;
    uint8_t bytes[64];
    int pipe_fds[2];

    (void)state;
    open_pair(&pair, "::1", "::1");
    assert_int_equal(udp_server_adopt(&heir, dup(pair.server.fd)), ERR_NONE);
    assert_int_equal(heir.family, ADDRESS_IPV6);
    send_request(&pair, 1, 1, &sent);
    struct udp_datagram datagram = receive(&heir, bytes, sizeof bytes);
    assert_true(address_equal(&datagram.to, &pair.server_address));
    udp_close(&heir);
    close_pair(&pair);
    assert_int_equal(pipe(pipe_fds), 0);
    assert_int_equal(udp_server_adopt(&heir, pipe_fds[0]), ERR_OTHER);
    assert_int_equal(heir.fd, -1);
    (void)close(pipe_fds[0]);
    (void)close(pipe_fds[1]);
}

static void a_socket_is_bound_to_a_device_or_an_address_or_refused(void **state)
{
    struct pair pair;
    struct udp_socket client;
    struct udp_options options = {.local = local_address("127.0.0.5"), .device = "lo"};

    (void)state;
    open_pair(&pair, "127.0.0.1", "127.0.0.1");
    assert_int_equal(udp_client_open(&client, &pair.server_address, &options), ERR_NONE);
    struct address local = udp_local(&client);
    assert_true(address_equal(&local, &options.local));
    assert_true(local.port != 0);
    udp_close(&client);
    memcpy(options.device, "nonexistent0", 13);
    assert_int_equal(udp_client_open(&client, &pair.server_address, &options), ERR_NOT_FOUND);
    options.device[0] = '\0';
    options.local = local_address("192.0.2.1");
    assert_int_equal(udp_client_open(&client, &pair.server_address, &options), ERR_NOT_FOUND);
    close_pair(&pair);
    /* A server's address may come later. */
    options = (struct udp_options){.local = local_address("192.0.2.1")};
    assert_int_equal(udp_server_open(&pair.server, &options), ERR_NONE);
    udp_close(&pair.server);
    struct address none = {.family = ADDRESS_NONE};
    assert_int_equal(udp_client_open(&client, &none, &options), ERR_UNSUPPORTED);
}

static void it_works_where_socket_types_carry_no_flags(void **state)
{
    (void)state;
    refuse.typed_sockets = true;
    a_datagram_goes_there_and_back_with_kernel_stamps(state);
    refuse.typed_sockets = false;
    assert_int_equal(refuse.typed_refused, 8);
}

/* Ten requests of different clients, of which one gets no answer and one can't be reached. */
static void answer_a_batch(unsigned batch_size)
{
    enum { CLIENTS = 10 };
    struct pair pair;
    struct udp_socket clients[CLIENTS];
    struct utc_time stamp;
    uint8_t bytes[64];
    unsigned got = 0;
    unsigned answered = 0;
    struct udp_batch *batch = udp_batch_open(batch_size, 64);

    assert_non_null(batch);
    open_pair(&pair, "0.0.0.0", "127.0.0.1");
    struct udp_options options = {.stamps = false};
    for (unsigned i = 0; i < CLIENTS; i++) {
        struct udp_message message = {.bytes = bytes, .size = 48};

        memset(bytes, (int)i, sizeof bytes);
        assert_int_equal(udp_client_open(&clients[i], &pair.server_address, &options), ERR_NONE);
        assert_int_equal(udp_send(&clients[i], &message, &stamp), ERR_NONE);
    }
    while (got < CLIENTS) {
        unsigned count = udp_batch_receive(batch, &pair.server);

        assert_true(count > 0 && count <= batch_size);
        for (unsigned i = 0; i < count; i++) {
            const struct udp_datagram *request = udp_batch_at(batch, i);

            assert_int_equal(request->size, 48);
            assert_int_equal(request->bytes[0], got + i);
            assert_int_equal(request->stamp_kind, UDP_STAMP_KERNEL);
            memset(udp_batch_answer(batch, i), request->bytes[0] + 100, 40);
            udp_batch_answer_size(batch, i, request->bytes[0] == 3 ? 0 : 40);
        }
        got += count;
        answered += udp_batch_send(batch, &pair.server);
    }
    assert_int_equal(udp_batch_receive(batch, &pair.server), 0);
    assert_int_equal(answered, CLIENTS - 1);
    for (unsigned i = 0; i < CLIENTS; i++) {
        struct udp_datagram reply = {.bytes = bytes, .capacity = sizeof bytes};

        assert_int_equal(udp_receive(&clients[i], &reply), i == 3 ? ERR_AGAIN : ERR_NONE);
        assert_true(i == 3 || (reply.size == 40 && bytes[39] == i + 100));
        udp_close(&clients[i]);
    }
    close_pair(&pair);
    udp_batch_close(batch);
}

/* Sends `count` answers, all to be stamped with tokens from `first` on; returns how many came. */
static unsigned stamp_some(struct pair *pair, struct udp_batch *batch, unsigned count,
                           uint64_t first)
{
    struct udp_departure departures[64];
    const struct udp_options options = {.stamps = false};
    struct udp_socket client;
    struct utc_time stamp;
    uint8_t bytes[64] = {0};
    const struct udp_message message = {.bytes = bytes, .size = 48};

    assert_int_equal(udp_client_open(&client, &pair->server_address, &options), ERR_NONE);
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(udp_send(&client, &message, &stamp), ERR_NONE);
    }
    assert_int_equal(udp_batch_receive(batch, &pair->server), count);
    for (unsigned i = 0; i < count; i++) {
        udp_batch_answer_size(batch, i, 48);
        udp_batch_stamp(batch, i, first + i);
    }
    int64_t before_ns = now_ns();
    assert_int_equal(udp_batch_send(batch, &pair->server), count);
    int64_t after_ns = now_ns();
    unsigned got = udp_batch_departures(batch, &pair->server, departures, 64);
    for (unsigned i = 0; i < got; i++) {
        assert_true(departures[i].token == first + i);
        assert_true(departures[i].stamp.ns >= before_ns - 1000 &&
                    departures[i].stamp.ns <= after_ns + 1000);
        assert_true(i == 0 || departures[i].stamp.ns >= departures[i - 1].stamp.ns);
    }
    udp_close(&client);
    return got;
}

static void answers_tell_when_they_left(void **state)
{
    struct pair pair;
    struct udp_batch *batch = udp_batch_open(16, 64), *other = udp_batch_open(16, 64);

    (void)state;
    assert_non_null(batch);
    assert_non_null(other);
    open_pair(&pair, "0.0.0.0", "127.0.0.1");
    /* The kernel's numbering has to be learnt first: by one. */
    assert_int_equal(stamp_some(&pair, batch, 3, 100), 1);
    assert_int_equal(stamp_some(&pair, batch, 5, 200), 5);
    assert_int_equal(stamp_some(&pair, batch, 16, 300), 16);
    /* Another process has used the socket meanwhile: nothing is believed until it is learnt anew.
     */
    assert_int_equal(stamp_some(&pair, other, 4, 400), 1);
    assert_int_equal(stamp_some(&pair, other, 4, 500), 4);
    assert_int_equal(stamp_some(&pair, batch, 2, 600), 0);
    assert_int_equal(stamp_some(&pair, batch, 2, 700), 1);
    assert_int_equal(stamp_some(&pair, batch, 2, 800), 2);
    assert_int_equal(udp_batch_troubles(batch)->full, 0);
    udp_batch_close(batch);
    udp_batch_close(other);
    close_pair(&pair);
}

static void batches_of_any_size_answer_everybody(void **state)
{
    (void)state;
    answer_a_batch(64);
    answer_a_batch(4);
    answer_a_batch(1);
}

static void a_batch_works_where_only_single_calls_do(void **state)
{
    (void)state;
    refuse.many_at_once = true;
    refuse.many_refused = 0;
    answer_a_batch(64);
    assert_int_equal(refuse.many_refused, 1);
    refuse.many_refused = 0;
    answer_a_batch(1);
    assert_int_equal(refuse.many_refused, 0); /* never asked */
    refuse.many_at_once = false;
}

/*
 * The kernel begins to stamp arrivals a moment after the first socket has asked for it, and ends
 * with the last one: one stays open through all tests.
 */
static int wait_for_stamps(void **state)
{
    static struct pair keeper;
    struct utc_time stamp;
    uint8_t bytes[64];

    *state = &keeper;
    open_pair(&keeper, "127.0.0.1", "127.0.0.1");
    for (uint32_t i = 0; i < 200; i++) {
        send_request(&keeper, i, 0, &stamp);
        if (receive(&keeper.server, bytes, sizeof bytes).stamp_kind == UDP_STAMP_KERNEL) {
            return 0;
        }
        (void)usleep(10000);
    }
    return -1;
}

static int close_keeper(void **state)
{
    close_pair(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_datagram_goes_there_and_back_with_kernel_stamps),
        cmocka_unit_test(the_answer_leaves_from_the_address_that_was_asked),
        cmocka_unit_test(departure_stamps_find_their_requests),
        cmocka_unit_test(a_looped_frame_is_recognised_by_its_content),
        cmocka_unit_test(a_stamp_that_is_older_than_the_request_is_not_its_own),
        cmocka_unit_test(a_closed_port_is_reported_and_sending_goes_on),
        cmocka_unit_test(after_a_failed_send_stamps_are_still_matched),
        cmocka_unit_test(a_long_datagram_is_cut_and_says_so),
        cmocka_unit_test(a_rival_on_the_port_is_noticed),
        cmocka_unit_test(associations_share_the_servers_port),
        cmocka_unit_test(an_inherited_socket_serves_as_before),
        cmocka_unit_test(a_socket_is_bound_to_a_device_or_an_address_or_refused),
        cmocka_unit_test(it_works_where_socket_types_carry_no_flags),
        cmocka_unit_test(batches_of_any_size_answer_everybody),
        cmocka_unit_test(answers_tell_when_they_left),
        cmocka_unit_test(a_batch_works_where_only_single_calls_do),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, wait_for_stamps, close_keeper);
}
