/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_query.c - `noon query HOST`: asks a server directly, without noond and without touching
 * anything. */
#include <stdio.h>
#include <stdlib.h>

#include "base/fmath.h"
#include "cli/json.h"
#include "cli/out.h"
#include "cli/parse.h"
#include "cli/view_query.h"
#include "sys/clock.h"
#include "sys/entropy.h"
#include "sys/resolve.h"
#include "sys/signals.h"
#include "sys/udp.h"
#include "wire/refid.h"

enum { ADDRESSES_MAX = 8, ANSWERS_MAX = 1000, HOST_SIZE = 256 };

/* Between two requests: public servers are never asked more often, whoever wishes it. */
static const struct duration pause_public = {2 * NS_PER_S};
static const struct duration pause_private = {NS_PER_S / 5};
/* The kernel's departure stamp may come after the answer. */
static const struct duration stamp_patience = {20000000};
static const double answer_patience_s = 2;

struct query {
    const struct cli *cli;
    const char *host;
    struct address address;
    char name[ADDRESS_TEXT_SIZE];
    struct udp_socket socket;
    struct query_request request;
    uint32_t sequence;
    struct query_answer *answers;
    size_t count, lost;
};

static bool find_addresses(const struct cli *cli, const char *host, struct address *addresses,
                           size_t *count)
{
    enum address_family family = cli->options.ipv4   ? ADDRESS_IPV4
                                 : cli->options.ipv6 ? ADDRESS_IPV6
                                                     : ADDRESS_NONE;

    if (address_parse(&addresses[0], host)) {
        *count = 1;
        if (family == ADDRESS_NONE || addresses[0].family == family) {
            return true;
        }
        fprintf(stderr, "noon: %s is an address of the other family\n", host);
        return false;
    }
    switch (resolve_name(host, family, addresses, ADDRESSES_MAX, count)) {
    case RESOLVE_STATUS_FOUND:
        return true;
    case RESOLVE_STATUS_NO_NAME:
        fprintf(stderr, "noon: there is no host called `%s`\n", host);
        return false;
    case RESOLVE_STATUS_NO_DATA:
        fprintf(stderr, "noon: `%s` has no address%s\n", host,
                family == ADDRESS_NONE ? "" : " of that family");
        return false;
    case RESOLVE_STATUS_FAILED:
        break;
    }
    fprintf(stderr, "noon: `%s` could not be looked up: the resolver does not answer\n", host);
    return false;
}

static bool send_request(struct query *query)
{
    struct ntp_packet packet = {.version = 4, .mode = NTP_MODE_CLIENT};
    uint8_t bytes[NTP_HEADER_SIZE];
    struct udp_message message = {.bytes = bytes, .size = sizeof bytes};

    /* Random instead of our time: the server only echoes it, and it tells answers from forgeries
     * (RFC 5905 asks for a match only; draft-ietf-ntp-data-minimization). */
    packet.transmit.raw = entropy_u64() | 1;
    ntp_packet_encode(&packet, bytes);
    query->request = (struct query_request){.nonce = packet.transmit};
    message.sequence = ++query->sequence;
    return udp_send(&query->socket, &message, &query->request.sent) == ERR_NONE;
}

/* Departure stamps and ICMP errors.  False: the server can't be reached. */
static bool take_reports(struct query *query)
{
    struct udp_report report;
    enum err err = ERR_NONE;

    while (err == ERR_NONE || err == ERR_FORMAT) {
        err = udp_report(&query->socket, &report);
        if (err != ERR_NONE) {
            continue;
        }
        if (report.kind == UDP_REPORT_ERROR) {
            return false;
        }
        if (report.sequence == query->sequence) {
            query->request.sent = report.stamp;
            query->request.kernel_stamp = true;
        }
    }
    return true;
}

static void wait_for(const struct query *query, struct duration time)
{
    struct pollfd fd = {.fd = query->socket.fd, .events = POLLIN | POLLPRI};

    (void)signals_wait(&fd, 1, time);
}

enum waited { WAITED_ANSWER, WAITED_SILENCE, WAITED_UNREACHABLE, WAITED_SIGNAL };

static enum waited wait_for_answer(struct query *query, struct query_answer *answer)
{
    double patience_s = query->cli->options.timeout_s;
    struct steady_time end = {clock_steady().ns +
                              duration_from_s(patience_s > 0 ? patience_s : answer_patience_s).ns};
    uint8_t buffer[NTP_PACKET_MAX];
    struct udp_datagram datagram = {.bytes = buffer, .capacity = sizeof buffer};

    for (;;) {
        int64_t left_ns = end.ns - clock_steady().ns;
        enum err err;

        if (signals_take().terminate) {
            return WAITED_SIGNAL;
        }
        if (left_ns <= 0) {
            return WAITED_SILENCE;
        }
        wait_for(query, (struct duration){left_ns});
        if (!take_reports(query)) {
            return WAITED_UNREACHABLE;
        }
        err = udp_receive(&query->socket, &datagram);
        if (err == ERR_UNREACHABLE) {
            return WAITED_UNREACHABLE;
        }
        if (err != ERR_NONE ||
            !query_take(answer, &query->request, buffer, datagram.size, datagram.stamp)) {
            continue;
        }
        if (!query->request.kernel_stamp && query->socket.stamps) {
            wait_for(query, stamp_patience);
            (void)take_reports(query);
            (void)query_take(answer, &query->request, buffer, datagram.size, datagram.stamp);
        }
        answer->kernel_stamps =
            query->request.kernel_stamp && datagram.stamp_kind == UDP_STAMP_KERNEL;
        return WAITED_ANSWER;
    }
}

static json_t *json_of_answer(const struct query_answer *answer)
{
    const struct ntp_packet *packet = &answer->packet;
    char refid[REFID_TEXT_SIZE];

    refid_print(packet->refid, packet->stratum, refid);
    return json_pack("{s:o,s:o,s:s,s:i,s:s,s:o,s:o,s:o,s:o,s:i,s:s}", "offset_s",
                     json_of_double(answer->offset_s), "delay_s", json_of_double(answer->delay_s),
                     "leap", query_leap_word(packet->leap), "stratum", packet->stratum, "refid",
                     refid, "root_delay_s", json_of_double(ntp_short_to_s(packet->root_delay)),
                     "root_dispersion_s", json_of_double(ntp_short_to_s(packet->root_dispersion)),
                     "root_distance_s", json_of_double(answer->root_distance_s), "precision_s",
                     json_of_double(fmath_exp2i(packet->precision_log2)), "version",
                     packet->version, "stamps", answer->kernel_stamps ? "kernel" : "user");
}

static void print_answer(const struct query *query, const struct query_answer *answer)
{
    struct text text = out_begin(0);

    view_query(&text, query->name, answer);
    (void)out_end(&text, EXIT_CODE_OK);
}

static enum exit_code finish(const struct query *query, long asked)
{
    const struct query_answer *best = query_best(query->answers, query->count);
    enum exit_code code = best != NULL       ? EXIT_CODE_OK
                          : query->count > 0 ? EXIT_CODE_NO
                                             : EXIT_CODE_UNREACHABLE;

    if (query->cli->options.json) {
        json_t *array = json_array();

        for (size_t i = 0; i < query->count; i++) {
            json_array_append_new(array, json_of_answer(&query->answers[i]));
        }
        return json_print(
            json_pack("{s:s,s:s,s:o,s:o,s:o,s:i}", "host", query->host, "address", query->name,
                      "offset_s", best != NULL ? json_of_double(best->offset_s) : json_null(),
                      "delay_s", best != NULL ? json_of_double(best->delay_s) : json_null(),
                      "answers", array, "lost", (int)query->lost),
            false, code);
    }
    if (asked > 1) {
        struct text text = out_begin(0);

        view_query_summary(&text, query->name, query->answers, query->count, query->lost);
        return out_end(&text, code);
    }
    return code;
}

/* Says that nothing came; the next address may do better. */
static void complain(const struct query *query, enum waited waited)
{
    const char *what = waited == WAITED_UNREACHABLE ? "can't be reached, or nobody listens there"
                                                    : "does not answer";

    fprintf(stderr, "noon: %s %s\n", query->name, what);
}

/* One request after another to one address.  False: it never answered, and was given up. */
static bool ask_address(struct query *query, long wanted)
{
    struct duration pause = address_is_private(&query->address) ? pause_private : pause_public;

    for (long n = 0; n < wanted; n++) {
        struct query_answer answer = {.refusal = DROP_NONE};
        enum waited waited =
            send_request(query) ? wait_for_answer(query, &answer) : WAITED_UNREACHABLE;

        if (waited == WAITED_SIGNAL) {
            return true;
        }
        if (waited == WAITED_ANSWER) {
            query->answers[query->count++] = answer;
            if (!query->cli->options.json) {
                print_answer(query, &answer);
            }
        } else {
            query->lost++;
            complain(query, waited);
            if (waited == WAITED_UNREACHABLE && query->count == 0) {
                return false;
            }
        }
        if (n + 1 < wanted) {
            (void)signals_wait(NULL, 0, pause);
        }
    }
    return query->count > 0;
}

enum exit_code command_query(const struct cli *cli)
{
    struct udp_options options = {.stamps = true};
    struct address addresses[ADDRESSES_MAX];
    size_t count = 0;
    long wanted = cli->options.count > 0 ? cli->options.count : 1;
    char host[HOST_SIZE];
    long port = cli->options.port;
    struct query query = {.cli = cli, .host = cli->arguments[0]};
    enum exit_code code;

    wanted = wanted < ANSWERS_MAX ? wanted : ANSWERS_MAX;
    signals_open(SIGNALS_NORMAL);
    if (parse_host_port(cli->arguments[0], host, sizeof host, &port)) {
        query.host = host;
    }
    if (!find_addresses(cli, query.host, addresses, &count)) {
        return EXIT_CODE_UNREACHABLE;
    }
    query.answers = calloc((size_t)wanted, sizeof *query.answers);
    for (size_t i = 0; query.answers != NULL && i < count; i++) {
        bool done = false;

        query.address = addresses[i];
        query.address.port = (uint16_t)port;
        address_print_port(&query.address, query.name);
        if (udp_client_open(&query.socket, &query.address, &options) == ERR_NONE) {
            done = ask_address(&query, wanted);
            udp_close(&query.socket);
        } else {
            query.lost++;
            complain(&query, WAITED_UNREACHABLE);
        }
        if (done) {
            break;
        }
    }
    code = finish(&query, wanted);
    free(query.answers);
    return code;
}
