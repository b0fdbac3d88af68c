/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/client/budget.h"

/* Between turns; less the grace of the first one at least 2 s lie between the requests. */
static const int64_t address_spacing_ns = 2 * NS_PER_S + BUDGET_GRACE_NS;

enum {
    DEPTH_BASE = 32,
    DEPTH_PER_SOURCE = 4,
    DEPTH_MAX = 256,
    RATE_LEAST = 4,
    RATE_MAX = 64,
};

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t depth_for(size_t sources)
{
    return smaller(DEPTH_BASE + DEPTH_PER_SOURCE * sources, DEPTH_MAX);
}

/*
 * A slot is in use from the reservation to 2 s after the turn.  At most: what the bucket lets
 * through in that time, plus one turn to come for each source.  A public source is asked every 2 s
 * at most, so its steady rate is below one half.
 */
size_t budget_slots(size_t sources)
{
    size_t live = depth_for(sources) + 3 * (RATE_MAX + sources) + sources;
    size_t slots = 64;

    while (slots < 2 * live) {
        slots *= 2;
    }
    return slots;
}

void budget_resize(struct budget *budget, size_t sources, double steady_per_s)
{
    double rate = (double)sources / 2;

    rate = rate < RATE_LEAST ? RATE_LEAST : rate > RATE_MAX ? RATE_MAX : rate;
    budget->token_ns = (int64_t)(1e9 / (rate + 2 * steady_per_s));
    budget->depth_ns = budget->token_ns * (int64_t)(depth_for(sources) - 1);
}

void budget_init(struct budget *budget, struct budget_slot *slots, size_t sources,
                 double steady_per_s, uint64_t secret)
{
    *budget = (struct budget){
        .slots = slots,
        .mask = (uint32_t)(budget_slots(sources) - 1),
        .secret = secret,
        .turn = {INT64_MIN / 2},
    };
    budget_resize(budget, sources, steady_per_s);
}

static uint64_t mix(uint64_t x)
{
    x ^= x >> 31;
    x *= UINT64_C(0x9e3779b97f4a7c15);
    x ^= x >> 29;
    x *= UINT64_C(0xd6e8feb86659fd93);
    return x ^ x >> 32;
}

/* The port does not count: it is one machine.  Never 0. */
static uint64_t key_of(const struct budget *budget, const struct address *address)
{
    uint64_t key = budget->secret ^ address->family;

    for (unsigned i = 0; i < sizeof address->bytes; i += 8) {
        uint64_t part = 0;

        for (unsigned k = 0; k < 8; k++) {
            part = part << 8 | address->bytes[i + k];
        }
        key = mix(key ^ part);
    }
    return key | 1;
}

/*
 * The slot of the address, or one that nobody needs any longer.  Slots that were never used end
 * the search.  A table full of live ones takes associations that come and go faster than their
 * turns; then the slot is taken that will be free first.
 */
static struct budget_slot *slot_of(struct budget *budget, uint64_t key, struct mono_time now)
{
    struct budget_slot *reusable = NULL, *oldest = NULL;

    for (uint32_t i = 0; i <= budget->mask; i++) {
        struct budget_slot *slot = &budget->slots[((uint32_t)(key >> 32) + i) & budget->mask];

        if (slot->key == key) {
            return slot;
        }
        if (slot->key == 0) {
            return reusable != NULL ? reusable : slot;
        }
        if (reusable == NULL && slot->at.ns + address_spacing_ns <= now.ns) {
            reusable = slot;
        }
        if (oldest == NULL || slot->at.ns < oldest->at.ns) {
            oldest = slot;
        }
    }
    return reusable != NULL ? reusable : oldest;
}

struct mono_time budget_reserve(struct budget *budget, const struct address *to,
                                struct mono_time now)
{
    struct mono_time at = now;

    if (budget->turn.ns < now.ns - budget->depth_ns) {
        budget->turn.ns = now.ns - budget->depth_ns;
    }
    if (budget->turn.ns > at.ns) {
        at = budget->turn;
    }
    budget->turn.ns += budget->token_ns;
    if (!address_is_private(to)) {
        uint64_t key = key_of(budget, to);
        struct budget_slot *slot = slot_of(budget, key, now);

        if (slot->key == key && at.ns < slot->at.ns + address_spacing_ns) {
            at.ns = slot->at.ns + address_spacing_ns;
        }
        *slot = (struct budget_slot){key, at};
    }
    budget->delayed += at.ns > now.ns;
    return at;
}
