/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * limit.h - how often whoever asks is answered.
 *
 * A limit is a mean interval and a burst: who keeps to the interval can't meet it, who was silent
 * may ask so many times at once.  It is kept for each client (an entry of its own, in
 * clientlog; a /64 of IPv6 may be a whole network, and has that of 32 clients),
 * for each prefix (in a table of two rows that share their places: who exceeds both is over) and
 * for this worker as a whole, where clients that are established may use the last half alone.
 *
 * Beyond the limit a random share is answered nevertheless: else somebody who sends in a victim's
 * name could keep the victim from its time.
 */
#ifndef CORE_SERVER_LIMIT_H
#define CORE_SERVER_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/units.h"
#include "core/node/options.h"
#include "core/server/clientlog.h"
#include "crypto/siphash.h"

struct limit {
    int64_t interval_ns;  /* 0: no limit */
    int64_t allowance_ns; /* so far ahead of the interval it may be: (burst - 1) intervals */
};

/* What the operator wants, for one worker of several. */
struct limits {
    struct limit client, prefix, all;
    double interval_s, allowance_s; /* of `client` */
    double interval_64_s;           /* of one that is a /64 */
    uint8_t leak, kod;              /* one in 2^n; kod 0: never */
    int8_t interval_log2;
    bool listed; /* only of clients whose access rule says so */
};

void limits_init(struct limits *limits, const struct limit_options *options, unsigned workers);

/* What was used of them: one worker's own. */
struct limit_state {
    int64_t *prefix_due; /* two rows of `prefixes`, borrowed */
    size_t prefixes;     /* 0: prefixes are not limited */
    struct steady_time all_due, kod_due;
    struct siphash_key key;
    uint64_t drawn; /* random numbers */
};

/* Keeps `memory`, zeroed, of that many octets.  The key is random. */
void limit_state_init(struct limit_state *state, int64_t *memory, size_t size,
                      const struct siphash_key *key);

/* Takes one request from *due; false when it is over the limit. */
bool limit_take(const struct limit *limit, struct steady_time *due, struct steady_time now);

enum limit_verdict {
    LIMIT_PASS,
    LIMIT_DROP,
    LIMIT_KISS, /* drop, and say so: a KoD RATE */
};

enum limit_verdict limits_judge(const struct limits *limits, struct limit_state *state,
                                const struct address *from, const struct client_visit *visit,
                                struct steady_time now);

#endif
