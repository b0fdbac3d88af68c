/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/xdp_feed.h"

#include <math.h>
#include <string.h>

#include "base/fmath.h"
#include "sys/bpf.h"
#include "wire/ntp_packet.h"

enum { RENEW_NS = 250000000, STRATUM_MAX = 15 };

static const int64_t from_1900_ns = INT64_C(2208988800) * NS_PER_S;
static const double dispersion_unit = 281474976710656.0; /* 2^48 */
/* Beyond these the scaled integers might not hold; nobody who is synchronised comes near. */
static const double rate_max_s_per_s = 0.1, growth_max_s_per_s = 0.01;

void xdp_feed_open(struct xdp_feed *feed, int lines_fd, int counters_fd, int settings_fd)
{
    *feed = (struct xdp_feed){.lines = bpf_memory(lines_fd, sizeof *feed->lines, true)};
    feed->counters = bpf_memory(counters_fd, XDP_CPUS * sizeof *feed->counters, false);
    feed->settings = bpf_memory(settings_fd, sizeof *feed->settings, false);
    if (feed->lines == NULL || feed->counters == NULL || feed->settings == NULL) {
        *feed = (struct xdp_feed){.lines = NULL}; /* /dev/null: there is no program */
    }
}

static bool may_serve(const struct time_line *line, bool draining)
{
    return !draining && line->synchronised && line->leap != NTP_LEAP_UNSYNC && line->stratum >= 1 &&
           line->stratum <= STRATUM_MAX && fabs(line->rate) < rate_max_s_per_s &&
           line->growth_s_per_s >= 0 && line->growth_s_per_s < growth_max_s_per_s;
}

struct xdp_line xdp_feed_line(const struct time_line *line, bool draining, struct steady_time now)
{
    struct xdp_line out = {.from_ns = now.ns};
    double dispersion_s = line_root_dispersion_s(line, now) + fmath_exp2i(line->precision_log2);
    int64_t until_ns = now.ns + XDP_PROMISE_MS * INT64_C(1000000);

    if (!may_serve(line, draining) || now.ns >= line->void_after.ns || dispersion_s > 16) {
        return out;
    }
    out.until_ns = until_ns < line->void_after.ns ? until_ns : line->void_after.ns;
    out.utc_ns = line_utc(line, now).ns + from_1900_ns;
    out.rate = (int64_t)(line->rate * 4294967296.0);
    out.dispersion = (uint64_t)(dispersion_s * dispersion_unit);
    out.growth =
        (uint64_t)(line->growth_s_per_s * 1e-9 * dispersion_unit * (double)(1 << XDP_GROWTH_SHIFT));
    out.reference = ntp_ts_from_utc(line->reference).raw;
    out.root_delay = ntp_short_from_s_up(line->root_delay_s).raw;
    out.refid = line->refid;
    out.leap = line->leap;
    out.stratum = line->stratum;
    out.precision = (uint8_t)line->precision_log2;
    return out;
}

void xdp_feed_give(struct xdp_feed *feed, const struct time_line *line, bool draining,
                   struct steady_time now)
{
    if (feed->lines == NULL) {
        return;
    }
    struct xdp_line fresh = xdp_feed_line(line, draining, now);
    uint64_t index = feed->lines->index + 1;

    memcpy(&feed->lines->line[index & 1], &fresh, sizeof fresh);
    __atomic_store_n(&feed->lines->index, index, __ATOMIC_RELEASE);
    feed->renew.ns = now.ns + RENEW_NS;
    feed->served = fresh.until_ns != 0;
}

struct duration xdp_feed_wait(const struct xdp_feed *feed, struct steady_time now)
{
    /* What is not served need not be renewed. */
    if (feed->lines == NULL || !feed->served) {
        return (struct duration){-1};
    }
    return (struct duration){feed->renew.ns > now.ns ? feed->renew.ns - now.ns : 0};
}

void xdp_feed_count(const struct xdp_feed *feed, struct server_status *status)
{
    for (size_t i = 0; feed->lines != NULL && i < XDP_CPUS; i++) {
        const volatile struct xdp_counters *one = &feed->counters[i];

        status->requests += one->requests;
        status->answers += one->answers;
        status->driver_answers += one->answers;
        status->drops[DROP_ACCESS] += one->refused;
        status->drops[DROP_RATE_LIMIT] += one->limited;
        status->kisses += one->kisses;
    }
    for (size_t i = 0; feed->lines != NULL && i < XDP_CARDS; i++) {
        const volatile struct xdp_card *card = &feed->settings->cards[i];

        status->driver_native += card->index != 0 && card->generic == 0;
        status->driver_generic += card->index != 0 && card->generic != 0;
    }
}
