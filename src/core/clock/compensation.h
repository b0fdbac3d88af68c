/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * compensation.h - the free-running clock, corrected for what is known of its frequency (the
 * temperature): the timescale that a node calls raw.
 *
 * The owner of a node maps what he reads and what he carries out; the node and everything in it
 * see an oscillator that is calmer than the real one, and its estimates never notice a correction.
 */
#ifndef CORE_CLOCK_COMPENSATION_H
#define CORE_CLOCK_COMPENSATION_H

#include "base/units.h"

/* Zeroed: no compensation, the two clocks are the same. */
struct compensation {
    struct mono_time from; /* of the real one, since when the rate holds ... */
    struct mono_time then; /* ... and what the corrected one showed at that instant ... */
    double fraction_ns;    /* ... and the part below 1 ns */
    double rate_s_per_s;   /* of the corrected one against the real one */
};

/* From `raw` (of the real clock) on; the corrected clock neither jumps nor goes back. */
void compensation_set(struct compensation *compensation, struct mono_time raw, struct freq rate);
/* The corrected clock when the real one shows `raw`, which may be a little before the last change.
 */
struct mono_time compensation_apply(const struct compensation *compensation, struct mono_time raw);

/* A rate against the corrected clock as one against the real clock, and back. */
struct freq compensation_to_raw(const struct compensation *compensation, struct freq rate);
struct freq compensation_from_raw(const struct compensation *compensation, struct freq rate);

#endif
