/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/server/reply.h"

#include "base/bytes.h"
#include "base/fmath.h"
#include "base/must.h"

enum {
    NTP_PORT = 123,
    MODE_OMITTED = 0, /* NTPv1 has no mode (RFC 1059) */
    STRATUM_MAX = 15,
    CLIENT_ALIGNMENT = 64,
};

/* A request that waited longer is answered by nobody: its client has given up or asks again. */
static const int64_t stale_ns = 100000000;

/* Announced with leap 3, where no number is right (MAXDISP of RFC 5905). */
static const double unsynchronised_dispersion_s = 16.0;

bool server_received(const struct time_line *line, const struct clock_pair *pair,
                     struct utc_time stamp, struct steady_time *received)
{
    int64_t difference = pair->real.ns - pair->mono.ns - line->real_minus_mono_ns;

    *received = (struct steady_time){pair->mono.ns - (pair->real.ns - stamp.ns)};
    return difference <= line->tolerance_ns && difference >= -line->tolerance_ns;
}

/* The mode of an answer; 0: there is none. */
static uint8_t answer_mode(const struct ntp_packet *packet, const struct address *from)
{
    switch (packet->mode) {
    case NTP_MODE_CLIENT:
        return NTP_MODE_SERVER;
    case NTP_MODE_ACTIVE:
        return NTP_MODE_PASSIVE;
    case MODE_OMITTED:
        /* From the port of a server it may be an answer. */
        return packet->version == 1 && from->port != NTP_PORT ? NTP_MODE_SERVER : 0;
    default:
        return 0;
    }
}

static bool time_is_valid(const struct time_line *line, struct steady_time leaves)
{
    return line->synchronised && line->leap != NTP_LEAP_UNSYNC && line->stratum >= 1 &&
           line->stratum <= STRATUM_MAX && leaves.ns < line->void_after.ns;
}

/* A sender to whom an answer must not go: nobody's own address, or a server's, or this one's. */
static bool source_ok(const struct request *request)
{
    const struct address *from = &request->from;

    return from->port != 0 && address_is_host(from) &&
           !(from->port == NTP_PORT && address_equal(from, &request->to)) &&
           !(address_is_loopback(from) && request->to.family != ADDRESS_NONE &&
             !address_is_loopback(&request->to));
}

static enum drop_reason check(const struct server_view *view, const struct request *request,
                              struct ntp_packet *packet, struct auth *auth)
{
    enum drop_reason reason;

    if (!view->serving) {
        return DROP_NOT_SERVING;
    }
    reason = ntp_packet_decode(packet, request->bytes, request->size);
    if (reason != DROP_NONE) {
        return reason;
    }
    if (answer_mode(packet, &request->from) == 0) {
        return DROP_MODE;
    }
    if (!source_ok(request)) {
        return DROP_SOURCE;
    }
    if (!access_allows(view->access, &request->from, NULL)) {
        return DROP_ACCESS;
    }
    if ((request->flags & REQUEST_TRUNCATED) != 0 || request->size > NTP_PACKET_MAX) {
        return DROP_FORMAT;
    }
    if (request->now.ns - request->received.ns > stale_ns) {
        return DROP_STALE;
    }
    return auth_check(auth, &view->secrets, packet->version, request->bytes, request->size);
}

void server_tables_init(struct server_tables *own, void *memory, size_t size,
                        const struct siphash_key *key)
{
    static const uint8_t label[] = "departures";
    /* A client that uses interleaved mode takes a little of the second part, too. */
    size_t clients = size / 16 * 13 / CLIENT_ALIGNMENT * CLIENT_ALIGNMENT;
    uint8_t *rest = (uint8_t *)memory + clients;

    *own = (struct server_tables){.counters = {.requests = 0}};
    client_log_init(&own->clients, memory, clients / sizeof(struct client_slot), key);
    departures_init(&own->departures, (struct departure *)(void *)rest,
                    (size - clients) / sizeof(struct departure), siphash(key, label, sizeof label));
}

static uint8_t client_octet(const struct server_tables *own, const struct address *from)
{
    return (uint8_t)siphash(&own->clients.key, from->bytes, sizeof from->bytes);
}

/*
 * A request for interleaved mode names the receive timestamp of our last answer to it as its
 * origin, which is odd; the transmit timestamps, which basic clients name, are even.
 */
static bool asks_for_interleaved(const struct ntp_packet *packet)
{
    return packet->mode == NTP_MODE_CLIENT && (packet->origin.raw & 1) != 0 &&
           packet->receive.raw != packet->transmit.raw;
}

/*
 * Turn a basic answer into an interleaved one if the one before it is known, and see to it that the
 * next one can be (RFC 9769, section 2).
 */
static void interleave(struct server_tables *own, const struct request *request,
                       const struct ntp_packet *packet, struct ntp_packet *out, uint64_t *handle)
{
    uint8_t client = client_octet(own, &request->from);
    struct departure *before = departures_find(&own->departures, packet->origin, client);
    struct departure wanted = {
        .receive = out->receive.raw,
        .after = (uint32_t)(out->transmit.raw - out->receive.raw),
        .client = client,
        .class = before != NULL ? DEPARTURE_PROVEN : DEPARTURE_TRIED,
    };

    if (before != NULL) {
        out->origin = packet->receive;
        out->transmit.raw = before->receive + before->after;
        before->class = DEPARTURE_SPENT;
        own->counters.interleaved++;
    }
    *handle = departures_store(&own->departures, &wanted, request->now);
    if ((request->flags & REQUEST_TELLABLE) == 0) {
        *handle = 0;
    }
}

static void fill(const struct server_view *view, const struct request *request,
                 const struct ntp_packet *packet, struct ntp_packet *out)
{
    const struct time_line *line = view->line;
    /* A stamp's clock may run a little ahead of ours; nothing leaves before it came. */
    struct steady_time came =
        request->received.ns < request->now.ns ? request->received : request->now;

    *out = (struct ntp_packet){
        .leap = NTP_LEAP_UNSYNC,
        .version = packet->version,
        .mode = answer_mode(packet, &request->from),
        .poll_log2 = packet->poll_log2,
        .precision_log2 = line->precision_log2,
        .root_dispersion = ntp_short_from_s_up(unsynchronised_dispersion_s),
        .origin = packet->transmit,
        .receive = ntp_ts_from_utc(line_utc(line, came)),
        .transmit = ntp_ts_from_utc(line_utc(line, request->leaves)),
    };
    /* By the last bit, 0.2 ns, the two are told apart: asks_for_interleaved(). */
    out->receive.raw |= 1;
    out->transmit.raw &= ~UINT64_C(1);
    if ((int64_t)(out->transmit.raw - out->receive.raw) < 0) {
        out->transmit.raw = out->receive.raw + 1;
    }
    if (time_is_valid(line, request->leaves)) {
        out->leap = line->leap;
        out->stratum = line->stratum;
        out->root_delay = ntp_short_from_s_up(line->root_delay_s);
        /* The precision covers reading the clock and rounding to the format. */
        out->root_dispersion = ntp_short_from_s_up(line_root_dispersion_s(line, request->leaves) +
                                                   fmath_exp2i(line->precision_log2));
        out->refid = line->refid;
        out->reference = ntp_ts_from_utc(line->reference);
    }
}

static void answer(const struct server_view *view, struct server_tables *own,
                   const struct request *request, const struct ntp_packet *packet,
                   struct reply *reply)
{
    struct ntp_packet out;

    fill(view, request, packet, &out);
    if (asks_for_interleaved(packet) && out.leap != NTP_LEAP_UNSYNC) {
        interleave(own, request, packet, &out, &reply->handle);
    }
    ntp_packet_encode(&out, reply->bytes);
    reply->size = NTP_HEADER_SIZE;
}

enum drop_reason server_reply(const struct server_view *view, struct server_tables *own,
                              const struct request *request, struct reply *reply)
{
    struct ntp_packet packet = {0};
    struct auth auth = {.key = NULL};
    enum drop_reason reason = check(view, request, &packet, &auth);

    reply->size = 0;
    reply->handle = 0;
    own->counters.requests++;
    own->counters.drops[reason] += reason != DROP_NONE;
    own->counters.answers += reason == DROP_NONE;
    if (reason != DROP_NOT_SERVING) {
        client_log_count(&own->clients, &request->from, request->now, packet.version, reason);
    }
    if (reason == DROP_NONE) {
        answer(view, own, request, &packet, reply);
        reply->size = auth_seal(&auth, reply->bytes, reply->size);
    }
    must(reply->size <= request->size);
    return reason;
}

void server_sent(const struct server_view *view, struct server_tables *own, uint64_t handle,
                 struct steady_time at)
{
    struct ntp_ts transmit = ntp_ts_from_utc(line_utc(view->line, at));

    /* Even, as every transmit timestamp. */
    departures_sent(&own->departures, handle, (struct ntp_ts){transmit.raw & ~UINT64_C(1)});
}
