/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/server/limit.h"

#include "base/fmath.h"

enum {
    PREFIX_OCTETS_IPV4 = 3, /* /24 */
    PREFIX_OCTETS_IPV6 = 6, /* /48: what one site has */
    CLIENTS_IN_64 = 32,
};

/* Kisses of a worker: told sparingly, or they are a weapon themselves. */
static const struct limit kisses = {.interval_ns = 15625000, .allowance_ns = 15 * 15625000};

static struct limit limit_of(double interval_s, unsigned burst)
{
    struct duration interval = duration_from_s(interval_s);

    return (struct limit){interval.ns > 0 ? interval.ns : 1, interval.ns * ((int64_t)burst - 1)};
}

void limits_init(struct limits *limits, const struct limit_options *options, unsigned workers)
{
    *limits = (struct limits){.leak = options->leak,
                              .kod = options->kod,
                              .interval_log2 = options->interval_log2,
                              .listed = options->listed};
    if (options->enabled) {
        limits->interval_s = fmath_exp2i(options->interval_log2);
        limits->allowance_s = limits->interval_s * (double)(options->burst - 1);
        limits->interval_64_s = limits->interval_s / CLIENTS_IN_64;
        limits->client = limit_of(limits->interval_s, options->burst);
    }
    if (options->enabled && options->prefix_burst > 0) {
        /* All of a prefix need not be with the same worker; more than its limit none lets pass. */
        limits->prefix =
            limit_of(fmath_exp2i(options->prefix_interval_log2), options->prefix_burst);
    }
    if (options->enabled && options->ceiling_per_s > 0) {
        double interval_s = (double)workers / options->ceiling_per_s;

        /* Bursts of a tenth of a second. */
        limits->all = limit_of(interval_s, 2 + (unsigned)(0.1 / interval_s));
    }
}

void limit_state_init(struct limit_state *state, int64_t *memory, size_t size,
                      const struct siphash_key *key)
{
    *state = (struct limit_state){
        .prefix_due = memory, .prefixes = size / (2 * sizeof *memory), .key = *key};
}

bool limit_take(const struct limit *limit, struct steady_time *due, struct steady_time now)
{
    if (due->ns < now.ns) {
        due->ns = now.ns;
    }
    if (due->ns - now.ns > limit->allowance_ns) {
        return false;
    }
    due->ns += limit->interval_ns;
    return true;
}

/* One in 2^n. */
static bool by_chance(struct limit_state *state, unsigned n)
{
    uint64_t count = state->drawn++;
    uint8_t bytes[8];

    for (unsigned i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(count >> 8 * i);
    }
    return (siphash(&state->key, bytes, sizeof bytes) & ((UINT64_C(1) << n) - 1)) == 0;
}

/* The most generous of its two places decides: an innocent prefix shares both with nobody. */
static bool prefix_passes(const struct limits *limits, struct limit_state *state,
                          const struct address *from, struct steady_time now)
{
    size_t octets = from->family == ADDRESS_IPV4 ? PREFIX_OCTETS_IPV4 : PREFIX_OCTETS_IPV6;
    uint64_t hash = siphash(&state->key, from->bytes, octets);
    bool passes = false;

    for (unsigned row = 0; row < 2; row++) {
        uint32_t part = (uint32_t)(hash >> 32 * row);
        size_t place = (size_t)((uint64_t)part * state->prefixes >> 32) + row * state->prefixes;
        struct steady_time due = {state->prefix_due[place]};

        passes = limit_take(&limits->prefix, &due, now) || passes;
        state->prefix_due[place] = due.ns;
    }
    return passes;
}

/* Half of the whole is left to those who are known. */
static bool all_pass(const struct limits *limits, struct limit_state *state, bool established,
                     struct steady_time now)
{
    struct limit limit = limits->all;

    limit.allowance_ns = established ? limit.allowance_ns : limit.allowance_ns / 2;
    return limit_take(&limit, &state->all_due, now);
}

static bool client_passes(const struct limits *limits, struct client_slot *slot)
{
    if (slot == NULL) {
        return true; /* only the other two know of it */
    }
    if ((double)slot->debt_s > limits->allowance_s) {
        return false;
    }
    bool is_64 = slot->family == ADDRESS_IPV6 && slot->link_local == 0;
    slot->debt_s += (float)(is_64 ? limits->interval_64_s : limits->interval_s);
    return true;
}

enum limit_verdict limits_judge(const struct limits *limits, struct limit_state *state,
                                const struct address *from, const struct client_visit *visit,
                                struct steady_time now)
{
    if (limits->client.interval_ns == 0) {
        return LIMIT_PASS;
    }
    if (!client_passes(limits, visit->slot) && !by_chance(state, limits->leak)) {
        return limits->kod > 0 && by_chance(state, limits->kod) &&
                       limit_take(&kisses, &state->kod_due, now)
                   ? LIMIT_KISS
                   : LIMIT_DROP;
    }
    if (limits->prefix.interval_ns > 0 && state->prefixes > 0 && !visit->established &&
        !prefix_passes(limits, state, from, now)) {
        return LIMIT_DROP;
    }
    if (limits->all.interval_ns > 0 && !all_pass(limits, state, visit->established, now)) {
        return LIMIT_DROP;
    }
    return LIMIT_PASS;
}
