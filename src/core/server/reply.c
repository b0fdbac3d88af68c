/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/server/reply.h"

#include "base/bytes.h"
#include "base/fmath.h"
#include "base/must.h"
#include "wire/nts.h"

enum {
    NTP_PORT = 123,
    MODE_OMITTED = 0, /* NTPv1 has no mode (RFC 1059) */
    STRATUM_MAX = 15,
    VERSION_OURS = 4,
    MEMORY_ALIGNMENT = 64,
    /* How the tables share their memory: clients, departures, and one part for prefixes. */
    MEMORY_PARTS = 32,
    CLIENT_PARTS = 27,
    DEPARTURE_PARTS = 4,
};

/* A request that waited longer is answered by nobody: its client has given up or asks again. */
static const int64_t stale_ns = 100000000;
static const int64_t stale_fresh_ns = 2000000000; /* ... while noond was being replaced */

/* "RATE" */
static const uint32_t kiss_rate = 0x52415445;

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

    if (from->port == 0 || !address_is_host(from) ||
        (from->port == NTP_PORT && address_equal(from, &request->to))) {
        return false;
    }
    /* ::1 and 127.0.0.0/8 begin like this; nearly nobody else does. */
    return (from->bytes[0] != 0 && from->bytes[0] != 127) || !address_is_loopback(from) ||
           request->to.family == ADDRESS_NONE || address_is_loopback(&request->to);
}

/* What one request is worked on with. */
struct work {
    const struct server_view *view;
    struct server_tables *own;
    const struct request *request;
    struct ntp_packet in;
    struct client_visit visit;
    struct auth auth;
    uint8_t flags; /* enum access_flag, of its sender */
};

static enum drop_reason check(struct work *work)
{
    const struct server_view *view = work->view;
    const struct request *request = work->request;
    struct ntp_packet *packet = &work->in;
    enum drop_reason reason;
    uint16_t access;

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
    access = access_value(view->access, &request->from, NULL);
    if ((access & ACCESS_ALLOW) == 0) {
        return DROP_ACCESS;
    }
    work->flags = access_flags(access);
    if ((work->flags & ACCESS_THIS_VERSION) != 0 && packet->version != VERSION_OURS) {
        return DROP_VERSION;
    }
    if ((request->flags & REQUEST_TRUNCATED) != 0 || request->size > NTP_PACKET_MAX) {
        return DROP_FORMAT;
    }
    if (request->now.ns - request->received.ns > (view->fresh ? stale_fresh_ns : stale_ns)) {
        return DROP_STALE;
    }
    return DROP_NONE;
}

size_t server_clients_size(size_t size)
{
    return size / MEMORY_PARTS / MEMORY_ALIGNMENT * MEMORY_ALIGNMENT * CLIENT_PARTS;
}

size_t server_memory(const struct node_options *options)
{
    return options->no_client_log ? 0 : (size_t)options->client_log_octets;
}

void server_tables_init(struct server_tables *own, void *memory, size_t size,
                        const struct siphash_key *key)
{
    static const uint8_t label[] = "departures";
    /* A client takes 44 octets; one that uses interleaved mode 16 to 32 more. */
    size_t clients = server_clients_size(size);
    size_t part = clients / CLIENT_PARTS;
    /* Without memory nothing is remembered. */
    uint8_t *at = memory;
    uint8_t *limits = clients > 0 ? at + clients : NULL;
    uint8_t *departures = clients > 0 ? limits + part : NULL;
    uint64_t secret = siphash(key, label, sizeof label);

    *own = (struct server_tables){.counters = {.requests = 0}};
    client_log_init(&own->clients, at, clients, key);
    limit_state_init(&own->limits, (int64_t *)(void *)limits, part,
                     &(struct siphash_key){{~key->half[1], secret}});
    departures_init(&own->departures, (struct departure *)(void *)departures,
                    DEPARTURE_PARTS * part / sizeof(struct departure), secret);
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
static void interleave(const struct work *work, struct ntp_packet *out, uint64_t *handle)
{
    struct departures *departures = &work->own->departures;
    uint8_t client = (uint8_t)work->visit.check;
    struct departure *before = departures_find(departures, work->in.origin, client);
    struct departure wanted = {
        .receive = out->receive.raw,
        .after = (uint32_t)(out->transmit.raw - out->receive.raw),
        .client = client,
        .class = before != NULL ? DEPARTURE_PROVEN : DEPARTURE_TRIED,
    };

    if (before != NULL) {
        out->origin = work->in.receive;
        out->transmit.raw = before->receive + before->after;
        before->class = DEPARTURE_SPENT;
        work->own->counters.interleaved++;
    }
    *handle = departures_store(departures, &wanted, work->request->now, work->in.poll_log2);
    if ((work->request->flags & REQUEST_TELLABLE) == 0) {
        *handle = 0;
    }
}

/* What every answer holds, and all of one that has no time to give. */
static struct ntp_packet begin(const struct work *work)
{
    const struct request *request = work->request;
    const struct time_line *line = work->view->line;
    /* A stamp's clock may run a little ahead of ours; nothing leaves before it came. */
    struct steady_time came =
        request->received.ns < request->now.ns ? request->received : request->now;
    struct ntp_packet out = {
        .leap = NTP_LEAP_UNSYNC,
        .version = work->in.version,
        .mode = answer_mode(&work->in, &request->from),
        .poll_log2 = work->in.poll_log2,
        .precision_log2 = line->precision_log2,
        .root_dispersion = ntp_short_from_s_up(unsynchronised_dispersion_s),
        .origin = work->in.transmit,
        .receive = ntp_ts_from_utc(line_utc(line, came)),
        .transmit = ntp_ts_from_utc(line_utc(line, request->leaves)),
    };

    /* By the last bit, 0.2 ns, the two are told apart: asks_for_interleaved(). */
    out.receive.raw |= 1;
    out.transmit.raw &= ~UINT64_C(1);
    if ((int64_t)(out.transmit.raw - out.receive.raw) < 0) {
        out.transmit.raw = out.receive.raw + 1;
    }
    return out;
}

static void tell_time(const struct work *work, struct ntp_packet *out, uint64_t *handle)
{
    const struct time_line *line = work->view->line;
    const struct limits *limits = work->view->limits;

    if (limits != NULL && limits->client.interval_ns > 0 && work->in.poll_log2 >= 0 &&
        work->in.poll_log2 < limits->interval_log2) {
        out->poll_log2 = limits->interval_log2; /* what it may do without meeting the limit */
    }
    if (!time_is_valid(line, work->request->leaves)) {
        return;
    }
    out->leap = line->leap;
    out->stratum = line->stratum;
    out->root_delay = ntp_short_from_s_up(line->root_delay_s);
    /* The precision covers reading the clock and rounding to the format. */
    out->root_dispersion = ntp_short_from_s_up(line_root_dispersion_s(line, work->request->leaves) +
                                               fmath_exp2i(line->precision_log2));
    out->refid = line->refid;
    out->reference = ntp_ts_from_utc(line->reference);
    if (asks_for_interleaved(&work->in)) {
        interleave(work, out, handle);
    }
}

/* The client's own pace stays in force if it is slower than the limit (RFC 5905, section 7.4). */
static void tell_limit(const struct work *work, struct ntp_packet *out)
{
    int8_t least = work->view->limits->interval_log2;

    out->refid = kiss_rate;
    out->poll_log2 = work->in.poll_log2 > least ? work->in.poll_log2 : least;
    work->own->counters.kisses++;
}

static void visit_log(struct work *work)
{
    struct client_log *log = &work->own->clients;
    struct server_status *counters = &work->own->counters;

    work->visit = client_log_visit(log, &work->request->from, work->request->now);
    if (work->visit.fresh) {
        counters->newcomers = log->head->known + log->head->forgotten;
        counters->forgotten = log->head->forgotten;
        counters->untracked = log->head->untracked;
    }
}

static enum drop_reason judge(struct work *work, bool *kiss)
{
    const struct limits *limits = work->view->limits;
    enum drop_reason reason = check(work);

    if (reason == DROP_NOT_SERVING || reason == DROP_SOURCE) {
        return reason; /* nobody asked whom it is worth to remember */
    }
    visit_log(work);
    if (reason == DROP_NONE && limits != NULL &&
        (!limits->listed || (work->flags & ACCESS_LIMITED) != 0)) {
        enum limit_verdict verdict = limits_judge(limits, &work->own->limits, &work->request->from,
                                                  &work->visit, work->request->now);

        /* Who authenticates would not believe it without a MAC, which is not worth its cost. */
        *kiss = verdict == LIMIT_KISS && work->in.mode == NTP_MODE_CLIENT &&
                (!limits->listed || (work->flags & ACCESS_KOD) != 0) &&
                work->request->size == NTP_HEADER_SIZE;
        reason = verdict == LIMIT_PASS ? DROP_NONE : DROP_RATE_LIMIT;
    }
    if (reason == DROP_NONE) {
        reason = auth_check(&work->auth, &work->view->secrets, work->in.version,
                            work->request->bytes, work->request->size);
    }
    if (reason == DROP_NONE && (work->flags & ACCESS_AUTHENTICATED) != 0 &&
        work->auth.kind != AUTH_KEY && work->auth.kind != AUTH_NTS) {
        reason = DROP_UNAUTHENTICATED;
    }
    client_log_count(&work->own->clients, &work->visit, work->in.version, reason);
    return reason;
}

/* "Your cookie can't be opened" (RFC 8915, section 5.7). */
static void tell_nak(struct ntp_packet *out)
{
    out->refid = NTS_KISS_NAK; /* what there is so far says that no time is told */
}

enum drop_reason server_reply(const struct server_view *view, struct server_tables *own,
                              const struct request *request, struct reply *reply)
{
    struct work work = {.view = view, .own = own, .request = request};
    bool kiss = false;
    enum drop_reason reason = judge(&work, &kiss);
    bool nak = reason == DROP_NTS_COOKIE && auth_may_nak(&work.auth, &own->auth, request->now);

    reply->size = 0;
    reply->handle = 0;
    own->counters.requests++;
    own->counters.drops[reason] += reason != DROP_NONE;
    own->counters.answers += reason == DROP_NONE;
    if (reason == DROP_NONE || kiss || nak) {
        struct ntp_packet out = begin(&work);

        if (kiss) {
            tell_limit(&work, &out);
        } else if (nak) {
            tell_nak(&out);
        } else {
            tell_time(&work, &out, &reply->handle);
        }
        ntp_packet_encode(&out, reply->bytes);
        struct auth_answer answer = {reply->bytes, NTP_HEADER_SIZE, request->size, 0};
        if (!kiss) {
            auth_seal(&work.auth, &view->secrets, &own->auth, &answer);
        }
        own->counters.authenticated += work.auth.kind == AUTH_KEY || work.auth.kind == AUTH_NTS;
        own->counters.nts_answers += work.auth.kind == AUTH_NTS;
        own->counters.nts_naks += nak;
        own->counters.nts_cookies += answer.cookies;
        reply->size = answer.size;
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
