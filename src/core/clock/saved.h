/* SPDX-License-Identifier: BSD-2-Clause */
/* saved.h - what a node keeps over a restart; core/clock/drift turns it into a file and back. */
#ifndef CORE_CLOCK_SAVED_H
#define CORE_CLOCK_SAVED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "base/units.h"

enum { NODE_KOD_MAX = 32, TEMPCOMP_SENSORS_MAX = 8, TEMPCOMP_SPEEDS = 2 };
enum { TEMPCOMP_TRACES = TEMPCOMP_SENSORS_MAX * TEMPCOMP_SPEEDS };

/* What `tempcomp auto` has learnt: sums over changes, of which old ones count less. */
struct tempcomp_learnt {
    double weight; /* how many changes; 0: nothing has been learnt */
    double yy;     /* squares of changes of frequency, (s/s)^2 */
    struct {
        double xx, xy; /* of changes of temperature, and with those of frequency */
    } traces[TEMPCOMP_TRACES];
};

/* A server that asked for restraint, and what it asked for. */
struct node_kod {
    struct address address;
    struct utc_time until; /* not to be asked at all before this */
    int8_t poll_floor;     /* log2 s; never to be asked more often; -128: no such limit */
    uint8_t denials;
};

/* What survives a restart.  Frequencies are the free-running clock's, positive when it is slow. */
struct node_saved {
    bool have_freq;
    double freq_s_per_s;
    double freq_sd_s_per_s; /* 0: unknown (another daemon's drift file) */
    struct tempcomp_learnt tempcomp;
    unsigned kod_count;
    struct node_kod kod[NODE_KOD_MAX];
};

#endif
