/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/server.h"

#include <math.h>
#include <string.h>

#define HALF_DAY_NS (43200 * NS_PER_S)

struct server_options server_options_honest(void)
{
    return (struct server_options){
        .stratum = 1,
        .precision_log2 = -24,
        .refid = UINT32_C(0x47505300), /* GPS */
        .root_dispersion_s = 20e-6,
        .noise_s = 1e-6,
        .processing_s = 20e-6,
    };
}

void server_init(struct server *server, const struct server_options *options, struct prng prng)
{
    *server = (struct server){.options = *options, .prng = prng};
    departures_init(&server->departures, server->kept, SERVER_DEPARTURES, 1);
}

/* What its way with leap seconds adds to its clock. */
static double leap_error_s(const struct server *server, const struct utc_scale *utc,
                           struct true_time t)
{
    int64_t leap_ns = utc_scale_leap_at(utc).ns;

    if (utc->leap == 0) {
        return 0;
    }
    if (server->options.leap == SERVER_IGNORES_LEAP) {
        return t.ns >= leap_ns ? utc->leap : 0;
    }
    if (server->options.leap != SERVER_SMEARS) {
        return 0;
    }
    double turned = (double)(t.ns - (leap_ns - HALF_DAY_NS)) / (double)(2 * HALF_DAY_NS);
    turned = turned < 0 ? 0 : turned > 1 ? 1 : turned;
    return utc->leap * ((t.ns >= leap_ns ? 1 : 0) - turned);
}

double server_error_s(const struct server *server, const struct utc_scale *utc, struct true_time t)
{
    const struct server_options *options = &server->options;
    double drifting_s = true_time_to_s(t) - true_time_to_s(options->drift_at);
    double error_s = options->error_s + leap_error_s(server, utc, t);

    if (drifting_s > 0) {
        error_s += options->drift_s_per_s * drifting_s;
    }

    if (options->sawtooth_s > 0) {
        double turns = true_time_to_s(t) / options->sawtooth_period_s;
        double rise = 1 - options->sawtooth_fall;
        double at = turns - floor(turns);

        at = at < rise ? at / rise : (1 - at) / options->sawtooth_fall;
        error_s += options->sawtooth_s * (2 * at - 1);
    }
    if (options->jump_s != 0 && t.ns >= options->jump_at.ns) {
        error_s += options->jump_s;
    }
    return error_s;
}

/* Both stamps of an answer share their noise: a clock does not run back between them. */
static struct ntp_ts read_clock(const struct server *server, const struct utc_scale *utc,
                                struct true_time t, double noise_s)
{
    const struct server_options *options = &server->options;
    double error_s = server_error_s(server, utc, t) + noise_s;
    struct utc_time shown = {utc_scale_at(utc, t).ns + duration_from_s(error_s).ns};

    if (options->granularity_s > 0) {
        int64_t grain_ns = duration_from_s(options->granularity_s).ns;
        shown.ns -= ((shown.ns % grain_ns) + grain_ns) % grain_ns;
    }
    return ntp_ts_from_utc(shown);
}

static uint8_t announced_leap(const struct server *server, const struct utc_scale *utc,
                              struct true_time t)
{
    int64_t leap_ns = utc_scale_leap_at(utc).ns;
    bool on_the_day = t.ns >= leap_ns - 2 * HALF_DAY_NS && t.ns < leap_ns;

    if (period_has(&server->options.unsynchronised, t)) {
        return NTP_LEAP_UNSYNC;
    }
    if (server->options.leap == SERVER_CRIES_LEAP) {
        return NTP_LEAP_INSERT;
    }
    if (utc->leap != 0 && on_the_day && server->options.leap == SERVER_LEAPS) {
        return utc->leap > 0 ? NTP_LEAP_INSERT : NTP_LEAP_DELETE;
    }
    return NTP_LEAP_NONE;
}

/* A kiss instead of time; 0: time is given. */
static uint32_t kiss(const struct server *server, const struct server_request *request)
{
    const struct server_options *options = &server->options;

    if (period_has(&options->kod, request->arrived)) {
        return options->kiss;
    }
    if (request->since_last_s >= 0 && request->since_last_s < options->rate_limit_s) {
        return KISS_RATE;
    }
    return 0;
}

static void fill(struct server *server, const struct utc_scale *utc,
                 const struct server_request *request, struct ntp_packet *packet)
{
    const struct server_options *options = &server->options;
    uint32_t code = kiss(server, request);

    packet->leap = announced_leap(server, utc, request->arrived);
    packet->mode = NTP_MODE_SERVER;
    packet->stratum = packet->leap == NTP_LEAP_UNSYNC ? 0 : options->stratum;
    packet->precision_log2 = options->precision_log2;
    packet->root_delay = ntp_short_from_s_up(options->root_delay_s);
    packet->root_dispersion = ntp_short_from_s_up(options->root_dispersion_s);
    packet->refid = packet->leap == NTP_LEAP_UNSYNC ? 0 : options->refid;
    if (code) {
        packet->stratum = 0;
        packet->leap = NTP_LEAP_UNSYNC;
        packet->refid = code;
        server->kisses++;
    }
}

/*
 * As core/server does it: receive timestamps are odd, transmit timestamps even; a request whose
 * origin is one of the former asks for when that answer left.
 */
static void interleave(struct server *server, const struct ntp_packet *asked, struct ntp_ts left,
                       struct true_time at, struct ntp_packet *packet)
{
    struct departure *before;

    packet->receive.raw |= 1;
    packet->transmit.raw &= ~UINT64_C(1);
    struct departure now = {.receive = packet->receive.raw,
                            .after = (uint32_t)(left.raw - packet->receive.raw),
                            .class = DEPARTURE_PROVEN};
    if ((asked->origin.raw & 1) == 0 || asked->receive.raw == asked->transmit.raw) {
        return;
    }
    before = departures_find(&server->departures, asked->origin, 0);
    if (before) {
        packet->origin = asked->receive;
        packet->transmit.raw = before->receive + before->after;
        before->class = DEPARTURE_SPENT;
        server->interleaved++;
    }
    (void)departures_store(&server->departures, &now, (struct steady_time){at.ns},
                           asked->poll_log2);
}

unsigned server_answer(struct server *server, const struct utc_scale *utc,
                       const struct server_request *request,
                       struct server_answer answers[static SERVER_ANSWERS_MAX])
{
    const struct server_options *options = &server->options;
    struct ntp_packet packet;
    unsigned count = 0;

    server->requests++;
    if (ntp_packet_decode(&packet, request->bytes, request->size) != DROP_NONE ||
        packet.mode != NTP_MODE_CLIENT || period_has(&options->silent, request->arrived)) {
        return 0;
    }
    double took_s = options->processing_s * prng_exponential(&server->prng);
    struct true_time leaves = true_time_after_s(request->arrived, took_s);
    struct true_time claimed = true_time_after_s(leaves, -options->backwards_s);
    const struct ntp_packet asked = packet;

    if (options->send_s > 0) {
        leaves =
            true_time_after_s(leaves, options->send_s * (0.5 + prng_exponential(&server->prng)));
    }
    double noise_s = options->noise_s > 0 ? options->noise_s * prng_normal(&server->prng) : 0;
    fill(server, utc, request, &packet);
    packet.origin = packet.transmit;
    packet.receive = read_clock(server, utc, request->arrived, noise_s);
    packet.transmit = read_clock(server, utc, claimed, noise_s);
    if (options->interleaved && packet.stratum > 0) {
        interleave(server, &asked, read_clock(server, utc, leaves, noise_s), leaves, &packet);
    }
    packet.reference = ntp_ts_from_utc(
        (struct utc_time){utc_scale_at(utc, request->arrived).ns - NS_PER_S +
                          duration_from_s(server_error_s(server, utc, request->arrived)).ns});
    if (server->have_last && prng_chance(&server->prng, options->replay)) {
        answers[count].leaves = leaves;
        memcpy(answers[count++].bytes, server->last, NTP_HEADER_SIZE);
    }
    answers[count].leaves = leaves;
    ntp_packet_encode(&packet, answers[count].bytes);
    memcpy(server->last, answers[count++].bytes, NTP_HEADER_SIZE);
    server->have_last = true;
    server->answers++;
    return count;
}
