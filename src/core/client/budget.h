/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * budget.h - how many requests a whole node may send, whatever happens to it.
 *
 * One token bucket for all sources (the virtual scheduling form: a caller who must wait gets his
 * turn told, first come first served), and at least 2 s between two requests to one public address,
 * even when they come from different associations, or from one that was made anew because its name
 * resolved differently.  Time is the free-running clock's: setting the clock in a loop gains
 * nothing.
 */
#ifndef CORE_CLIENT_BUDGET_H
#define CORE_CLIENT_BUDGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/units.h"

/* When an address was, or will be, asked. */
struct budget_slot {
    uint64_t key; /* of the address; 0: free */
    struct mono_time at;
};

struct budget {
    struct budget_slot *slots;
    uint32_t mask;         /* slots - 1 */
    uint64_t secret;       /* keys the addresses */
    int64_t token_ns;      /* time in which a token comes */
    int64_t depth_ns;      /* tokens at most, in time */
    struct mono_time turn; /* when the bucket would be full again, less its depth */
    uint64_t delayed;      /* requests that had to wait */
};

/* How many slots budget_init() wants for that many sources. */
size_t budget_slots(size_t sources);

/*
 * Keeps `slots` (budget_slots(sources) of them, zeroed).  `steady_per_s`: requests per second that
 * the configuration asks for when everything is settled, the sum of 2^-minpoll.  The bucket holds
 * 32 + 4 per source (at most 256) and refills with twice the steady rate plus half a request per
 * second and source (at least 4, at most 64).
 */
void budget_init(struct budget *budget, struct budget_slot *slots, size_t sources,
                 double steady_per_s, uint64_t secret);
/* Another number of sources, no more than the slots were sized for. */
void budget_resize(struct budget *budget, size_t sources, double steady_per_s);

/*
 * Reserve a turn for a request to that address: the instant from which it may be sent, `now` or
 * later.  The turn is good for BUDGET_GRACE_NS; who comes later reserves anew.
 */
struct mono_time budget_reserve(struct budget *budget, const struct address *to,
                                struct mono_time now);

enum { BUDGET_GRACE_NS = 100000000 };

#endif
