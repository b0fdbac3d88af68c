/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/client/exchange.h"

#include <math.h>

#include "base/fmath.h"
#include "base/must.h"

enum {
    KISS_RATE = 0x52415445, /* "RATE" */
    KISS_DENY = 0x44454e59, /* "DENY" */
    KISS_RSTR = 0x52535452, /* "RSTR" */
    STRATUM_MAX = 15,
    LOOPBACK_NET = 127,
    LATE_STAMPS_MAX = 3,  /* then the kernel is believed to have stopped giving stamps */
    DEVIATIONS_MAX = 4,   /* then the path has changed and the estimator has to see it */
    DEVIATION_SAMPLES = 8 /* fewer say little about the deviation */
};

/* Beyond it a server is as good as unsynchronised (MAXDISP of RFC 5905). */
static const double root_distance_max_s = 16.0;

/*
 * A server's clock was set before it answers.  It may have been set back a little since, by a leap
 * second for instance; and a server that coasts says so by its dispersion, long before this age.
 */
static const double reference_ahead_max_s = 2.0;
static const double reference_age_max_s = 14 * 86400.0;

/* Longer between receiving and answering: the clock was set in between, or the server hangs. */
static const double server_interval_max_s = 4.0;

/*
 * What a stamp of each class is off by at its best, one sigma.  A stamp that comes late lengthens
 * the round trip, and so widens the interval of what it says; only what no delay shows counts here.
 */
static const double stamp_error_s[] = {
    [STAMP_USER] = 1e-6, [STAMP_KERNEL] = 1e-8, [STAMP_HARDWARE] = 1e-8};

/* By so much stamps of a class may contradict each other before somebody is called a liar. */
static const double stamp_tolerance_s[] = {
    [STAMP_USER] = 2e-6, [STAMP_KERNEL] = 4e-7, [STAMP_HARDWARE] = 4e-8};

/* The four times of one exchange. */
struct times {
    const struct local_stamp *sent;
    const struct local_stamp *received;
    const struct ntp_packet *packet; /* T2, and what the server announced */
    struct ntp_ts transmit;          /* T3 */
};

static double larger(double a, double b)
{
    return a > b ? a : b;
}

void exchange_init(struct exchange *exchange)
{
    *exchange = (struct exchange){0};
}

static struct pending_request *find_sequence(struct exchange *exchange, uint32_t sequence)
{
    struct pending_request *request = &exchange->pending[sequence % EXCHANGE_PENDING];

    return request->sequence == sequence && sequence != 0 ? request : NULL;
}

uint32_t exchange_ask(struct exchange *exchange, const struct exchange_request *how,
                      struct mono_time now, uint8_t bytes[static NTP_HEADER_SIZE])
{
    struct ntp_packet packet = {
        .version = how->version,
        .mode = NTP_MODE_CLIENT,
        /* Zero would mean "nothing awaited". */
        .transmit = {how->random[0] != 0 ? how->random[0] : 1},
    };

    must(how->version >= 1 && how->version <= 4);
    if (how->interleaved && how->version == 4 && exchange->last.complete) {
        packet.origin = exchange->last.reply.packet.receive;
        packet.receive.raw = how->random[1] != 0 ? how->random[1] : 1;
        /* Equal ones would make the request an ordinary one (RFC 9769, section 2). */
        packet.receive.raw += packet.receive.raw == packet.transmit.raw;
    }
    exchange->sequence++;
    exchange->sequence += exchange->sequence == 0;
    exchange->pending[exchange->sequence % EXCHANGE_PENDING] = (struct pending_request){
        .transmit = packet.transmit,
        .receive = packet.receive,
        /* Until its stamp comes: it can't have left before it was made, which is sound. */
        .sent = {now, 0, STAMP_USER, true},
        .asked = now,
        .sequence = exchange->sequence,
        .presend = how->presend,
    };
    ntp_packet_encode(&packet, bytes);
    return exchange->sequence;
}

void exchange_sent(struct exchange *exchange, uint32_t sequence, const struct local_stamp *sent)
{
    struct pending_request *request = find_sequence(exchange, sequence);
    struct last_exchange *last = &exchange->last;

    must(sent->stamp_class <= STAMP_HARDWARE);
    if (sent->stamp_class > STAMP_USER) {
        exchange->kernel_stamps = true;
        exchange->late_stamps = 0;
    }
    if (request != NULL && !sent->known) {
        request->spoiled = true;
    } else if (request != NULL && sent->stamp_class >= request->sent.stamp_class) {
        request->sent = *sent;
    }
    if (last->complete && last->sequence == sequence) {
        if (!sent->known) {
            last->complete = false;
        } else if (sent->stamp_class >= last->sent.stamp_class) {
            last->sent = *sent;
        }
    }
}

void exchange_spoil(struct exchange *exchange)
{
    for (unsigned i = 0; i < EXCHANGE_PENDING; i++) {
        exchange->pending[i].spoiled = true;
    }
    exchange->last.complete = false;
}

bool exchange_idle(const struct exchange *exchange)
{
    for (unsigned i = 0; i < EXCHANGE_PENDING; i++) {
        if (exchange->pending[i].transmit.raw != 0 || exchange->pending[i].holding) {
            return false;
        }
    }
    return true;
}

/* Which request is answered?  NULL: none, or one that was answered before. */
static struct pending_request *match(struct exchange *exchange, struct ntp_ts origin,
                                     bool *interleaved)
{
    for (unsigned i = 0; i < EXCHANGE_PENDING; i++) {
        struct pending_request *request = &exchange->pending[i];

        if (request->transmit.raw == 0) {
            continue;
        }
        *interleaved = request->receive.raw != 0 && request->receive.raw == origin.raw;
        if (*interleaved || request->transmit.raw == origin.raw) {
            return request;
        }
    }
    return NULL;
}

/* Kiss-o'-death packets, and servers that have no time (RFC 5905, sections 7.4 and 7.3). */
static enum drop_reason check_kiss(const struct ntp_packet *packet)
{
    switch (packet->refid) {
    case KISS_RATE:
        return DROP_KOD_RATE;
    case KISS_DENY:
    case KISS_RSTR:
        return DROP_KOD_DENY;
    default:
        break;
    }
    if (packet->leap == NTP_LEAP_UNSYNC) {
        return DROP_UNSYNCHRONISED;
    }
    for (unsigned shift = 0; shift < 32; shift += 8) {
        uint8_t c = (uint8_t)(packet->refid >> shift);

        if (c < 'A' || c > 'Z') {
            return DROP_STRATUM;
        }
    }
    return DROP_KOD_OTHER;
}

/*
 * Several servers of one machine may follow each other over loopback, which then names all of them;
 * and at stratum 1 the refid is a name, not an address.
 */
static bool follows_us(const struct ntp_packet *packet, const struct exchange_limits *limits)
{
    if (packet->stratum <= 1 || packet->refid >> 24 == LOOPBACK_NET) {
        return false;
    }
    for (size_t i = 0; i < limits->own_refid_count; i++) {
        if (packet->refid == limits->own_refids[i]) {
            return true;
        }
    }
    return false;
}

/* What a server says about itself: tests 6 and 7 of RFC 5905, and its appendix A.5.1.1. */
static enum drop_reason check_server(const struct ntp_packet *packet,
                                     const struct exchange_limits *limits)
{
    double distance_s =
        ntp_short_to_s(packet->root_delay) / 2 + ntp_short_to_s(packet->root_dispersion);
    /* The transmit time of an interleaved reply is of the reply before: a whole poll ago. */
    struct ntp_ts latest =
        ntp_ts_diff_s(packet->transmit, packet->receive) < 0 ? packet->receive : packet->transmit;
    double reference_age_s = ntp_ts_diff_s(latest, packet->reference);

    if (packet->stratum == 0) {
        return check_kiss(packet);
    }
    if (packet->leap == NTP_LEAP_UNSYNC) {
        return DROP_UNSYNCHRONISED;
    }
    if (packet->stratum > STRATUM_MAX) {
        return DROP_STRATUM;
    }
    if (packet->transmit.raw == 0 || packet->receive.raw == 0) {
        return DROP_SERVER_TIME;
    }
    if (distance_s >= root_distance_max_s ||
        (limits->max_distance_s > 0 && distance_s > limits->max_distance_s)) {
        return DROP_ROOT_DISTANCE;
    }
    /* Simple servers leave the reference time out. */
    if (packet->reference.raw != 0 &&
        (reference_age_s < -reference_ahead_max_s || reference_age_s > reference_age_max_s)) {
        return DROP_REFERENCE_TIME;
    }
    return follows_us(packet, limits) ? DROP_LOOP : DROP_NONE;
}

static double server_unit_s(const struct ntp_packet *packet)
{
    int exponent = packet->precision_log2;

    return fmath_exp2i(exponent < -32 ? -32 : exponent > 0 ? 0 : exponent);
}

/*
 * One sigma of the stamps of both ends together, s.  What is smaller than a server's unit is cut
 * off or, as RFC 5905 has it, random: then a stamp is off by the difference of two uniform numbers.
 */
static double precision_s(const struct times *times)
{
    double precision = server_unit_s(times->packet) / sqrt(6.0);
    const struct local_stamp *own[] = {times->sent, times->received};

    for (unsigned i = 0; i < 2; i++) {
        precision = larger(precision, own[i]->error_s);
        precision = larger(precision, stamp_error_s[own[i]->stamp_class]);
    }
    return precision;
}

/* Times that run backwards by no more than this are the stamps' coarseness. */
static double tolerance_s(const struct times *times)
{
    const struct local_stamp *own[] = {times->sent, times->received};
    double tolerance = 2 * server_unit_s(times->packet);

    for (unsigned i = 0; i < 2; i++) {
        tolerance = larger(tolerance, 2 * own[i]->error_s);
        tolerance = larger(tolerance, stamp_tolerance_s[own[i]->stamp_class]);
    }
    return tolerance;
}

/*
 * The test of maxdelaydevratio: does the delay stand out against the offsets?  Not when the offset
 * is wrong by more than the delay can explain (that would be news), and not for ever.
 */
static bool deviates(struct exchange *exchange, const struct exchange_limits *limits,
                     const struct sample *sample)
{
    const struct estimate *estimate = limits->estimate;

    if (limits->options->max_delay_dev_ratio <= 0 || estimate == NULL ||
        estimate->samples < DEVIATION_SAMPLES) {
        return false;
    }
    double excess_s = (sample->delay_s - estimate->floor_s) / 2;
    double allowed_s =
        limits->options->max_delay_dev_ratio * larger(estimate->jitter_s, sample->precision_s) +
        sqrt(estimate_variance_at(estimate, sample->when));
    double error_s = fabs(sample->offset_s - estimate_offset_at(estimate, sample->when));

    if (excess_s <= allowed_s) {
        exchange->deviations = 0;
        return false;
    }
    if (error_s - allowed_s > excess_s || exchange->deviations >= DEVIATIONS_MAX) {
        return false;
    }
    exchange->deviations++;
    return true;
}

/*
 * The test of maxdelayquant.  The quantile is approached by steps that are in such a proportion up
 * and down that it stays where `share` of all delays are shorter (Robbins and Monro); they begin
 * large and stay a twentieth of the spread, so that a path may change.
 */
static bool is_slow(struct delay_quantile *quantile, double share, double delay_s)
{
    const double least = 0.05;
    double gain;
    bool above;

    if (quantile->count == 0) {
        *quantile = (struct delay_quantile){.at_s = delay_s, .count = 1};
        return false;
    }
    quantile->count++;
    gain = larger(1.0 / quantile->count, least);
    above = delay_s > quantile->at_s;
    quantile->spread_s += gain * (fabs(delay_s - quantile->at_s) - quantile->spread_s);
    quantile->at_s += gain * quantile->spread_s * (above ? share : share - 1);
    return above;
}

static enum drop_reason check_delay(struct exchange *exchange, const struct exchange_limits *limits,
                                    double least_s, const struct sample *sample)
{
    if (sample->delay_s < least_s) {
        return DROP_NEGATIVE_DELAY;
    }
    if (limits->options->max_delay_s > 0 && sample->delay_s > limits->options->max_delay_s) {
        return DROP_DELAY;
    }
    if (limits->options->max_delay_ratio > 0 && limits->estimate != NULL &&
        limits->estimate->floor_s > 0 &&
        sample->delay_s > limits->options->max_delay_ratio * limits->estimate->floor_s) {
        return DROP_DELAY;
    }
    if (limits->options->max_delay_quantile > 0 &&
        is_slow(&exchange->quantile, limits->options->max_delay_quantile, sample->delay_s)) {
        return DROP_DELAY;
    }
    return deviates(exchange, limits, sample) ? DROP_TEST_DEVIATION : DROP_NONE;
}

/* Offset and delay from the four times (RFC 5905, section 8), on the free-running timescale. */
static enum drop_reason measure(struct exchange *exchange, const struct exchange_limits *limits,
                                const struct times *times, struct sample *sample)
{
    struct utc_time arrived = utc_from_ntp_ts(times->packet->receive, limits->utc);
    /* Near the other one, so that a pair of times never straddles the edge of an era. */
    struct utc_time left = utc_from_ntp_ts(times->transmit, arrived);
    struct mono_time sent = times->sent->at, received = times->received->at;
    double freq = limits->estimate != NULL ? limits->estimate->freq_s_per_s : 0;
    double server_s = utc_diff_s(left, arrived);
    const struct ntp_packet *packet = times->packet;

    *sample = (struct sample){
        .when = {sent.ns + (received.ns - sent.ns) / 2},
        .offset_s = ((double)(arrived.ns - limits->base_ns - sent.ns) +
                     (double)(left.ns - limits->base_ns - received.ns)) *
                    0.5e-9,
        .delay_s = mono_diff_s(received, sent) * (1 + freq) - server_s,
        .precision_s = precision_s(times),
        .root_delay_s = ntp_short_to_s(packet->root_delay),
        .root_dispersion_s = ntp_short_to_s(packet->root_dispersion),
        .stratum = packet->stratum > limits->options->min_stratum ? packet->stratum
                                                                  : limits->options->min_stratum,
        .leap = packet->leap,
        .kind = SAMPLE_TWO_WAY,
        .authenticated = limits->options->key != 0 || limits->options->nts,
        .stamp_class = times->sent->stamp_class < times->received->stamp_class
                           ? times->sent->stamp_class
                           : times->received->stamp_class,
    };
    if (server_s < -tolerance_s(times) || server_s > server_interval_max_s) {
        return DROP_SERVER_TIME;
    }
    sample->offset_s += limits->options->offset_s;
    enum drop_reason reason = check_delay(exchange, limits, -tolerance_s(times), sample);
    /* Quantised stamps can make a short round trip negative. */
    sample->delay_s = larger(sample->delay_s, 0);
    return reason;
}

static void finish(struct exchange *exchange, const struct exchange_limits *limits,
                   const struct times *times, struct exchange_result *result)
{
    result->reason = measure(exchange, limits, times, &result->sample);
    result->outcome = result->reason == DROP_NONE ? EXCHANGE_SAMPLE : EXCHANGE_DROPPED;
}

/* An interleaved reply tells when the previous one left: that exchange is measured now. */
static void finish_previous(struct exchange *exchange, const struct exchange_limits *limits,
                            struct exchange_result *result)
{
    const struct last_exchange *last = &exchange->last;

    if (!last->complete || last->measured) {
        return; /* EXCHANGE_ANSWERED: no exchange is measured twice */
    }
    finish(exchange, limits,
           &(struct times){.sent = &last->sent,
                           .received = &last->reply.received,
                           .packet = &last->reply.packet,
                           .transmit = result->packet.transmit},
           result);
    result->interleaved = true;
}

static void finish_ordinary(struct exchange *exchange, const struct exchange_limits *limits,
                            const struct pending_request *request, struct exchange_result *result)
{
    if (request->spoiled) {
        result->outcome = EXCHANGE_DROPPED;
        result->reason = DROP_AMBIGUOUS_STAMP;
        return;
    }
    finish(exchange, limits,
           &(struct times){.sent = &request->sent,
                           .received = &request->held.received,
                           .packet = &request->held.packet,
                           .transmit = request->held.packet.transmit},
           result);
}

/* A reply that is believed: measure it, hold it, or only keep it for the next one. */
static void take(struct exchange *exchange, const struct exchange_limits *limits,
                 struct pending_request *request, struct exchange_result *result)
{
    bool waits = exchange->kernel_stamps && request->sent.stamp_class == STAMP_USER;

    result->outcome = EXCHANGE_ANSWERED;
    if (request->spoiled || !request->held.received.known) {
        result->outcome = EXCHANGE_DROPPED;
        result->reason = DROP_AMBIGUOUS_STAMP;
        exchange->last.complete = false;
        return;
    }
    if (request->presend) {
        return;
    }
    if (request->interleaved) {
        finish_previous(exchange, limits, result);
    } else if (waits) {
        request->holding = true;
        request->hold_until =
            mono_add(request->held.received.at, (struct duration){EXCHANGE_HOLD_NS});
        result->outcome = EXCHANGE_HELD;
    } else {
        finish_ordinary(exchange, limits, request, result);
    }
    exchange->last = (struct last_exchange){
        .sent = request->sent,
        .reply = request->held,
        .sequence = request->sequence,
        .complete = true,
        .measured = !request->interleaved,
    };
}

/* What a source without a key appends is its own affair; NTS is checked before it comes here. */
static enum drop_reason check_mac(const struct exchange_limits *limits, uint8_t version,
                                  const uint8_t *bytes, size_t size)
{
    struct ntp_mac mac;

    if (limits->options->key == 0) {
        return DROP_NONE;
    }
    switch (ntp_mac_find(&mac, version, bytes, size)) {
    case NTP_MAC_NONE:
        return DROP_UNAUTHENTICATED;
    case NTP_MAC_NAK:
        return DROP_CRYPTO_NAK;
    case NTP_MAC_MALFORMED:
        return DROP_FORMAT;
    case NTP_MAC_FOUND:
        break;
    }
    return limits->key != NULL && ntp_mac_check(&mac, limits->key, version, bytes) ? DROP_NONE
                                                                                   : DROP_BAD_MAC;
}

struct exchange_result exchange_receive(struct exchange *exchange,
                                        const struct exchange_limits *limits, const uint8_t *bytes,
                                        size_t size, const struct local_stamp *received)
{
    struct exchange_result result = {.outcome = EXCHANGE_DROPPED};
    struct pending_request *request;
    bool interleaved;

    must(received->stamp_class <= STAMP_HARDWARE);
    result.reason = ntp_packet_decode(&result.packet, bytes, size);
    if (result.reason != DROP_NONE) {
        return result;
    }
    /* Nothing that could follow was asked for; but extension fields come in words of 32 bits. */
    if (size > NTP_PACKET_MAX || size % 4 != 0) {
        result.reason = DROP_FORMAT;
        return result;
    }
    if (result.packet.mode != NTP_MODE_SERVER) {
        result.reason = DROP_MODE;
        return result;
    }
    request = match(exchange, result.packet.origin, &interleaved);
    if (request == NULL) {
        result.reason = DROP_ORIGIN;
        return result;
    }
    result.reason = check_mac(limits, result.packet.version, bytes, size);
    if (result.reason != DROP_NONE) {
        return result;
    }
    result.matched = true;
    result.sequence = request->sequence;
    result.asked = request->asked;
    result.presend = request->presend;
    request->transmit.raw = 0; /* one reply to a request: a replay finds nothing awaited */
    request->held = (struct held_reply){result.packet, *received};
    request->interleaved = interleaved;
    result.reason = check_server(&result.packet, limits);
    if (result.reason != DROP_NONE) {
        exchange->last.complete = false;
        return result;
    }
    take(exchange, limits, request, &result);
    return result;
}

struct mono_time exchange_deadline(const struct exchange *exchange)
{
    struct mono_time deadline = {INT64_MAX};

    for (unsigned i = 0; i < EXCHANGE_PENDING; i++) {
        if (exchange->pending[i].holding) {
            deadline = mono_min(deadline, exchange->pending[i].hold_until);
        }
    }
    return deadline;
}

bool exchange_release(struct exchange *exchange, const struct exchange_limits *limits,
                      struct mono_time now, struct exchange_result *result)
{
    for (unsigned i = 0; i < EXCHANGE_PENDING; i++) {
        struct pending_request *request = &exchange->pending[i];
        bool stamped = request->sent.stamp_class > STAMP_USER || request->spoiled;

        if (!request->holding || (!stamped && now.ns < request->hold_until.ns)) {
            continue;
        }
        if (!stamped && ++exchange->late_stamps >= LATE_STAMPS_MAX) {
            exchange->kernel_stamps = false;
            exchange->late_stamps = 0;
        }
        request->holding = false;
        *result = (struct exchange_result){
            .matched = true,
            .sequence = request->sequence,
            .asked = request->asked,
            .packet = request->held.packet,
        };
        finish_ordinary(exchange, limits, request, result);
        return true;
    }
    return false;
}
