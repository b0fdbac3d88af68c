/* SPDX-License-Identifier: BSD-2-Clause */
/* reading.h - all clocks read together, and stamps that say which clock they were taken in. */
#ifndef CORE_CLOCK_READING_H
#define CORE_CLOCK_READING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/units.h"

/*
 * One reading of every clock, taken once per pass of the loop in the order raw, real, mono, boot,
 * raw; `raw` is the middle, `window` the distance of the two raw readings (the least of a few
 * tries).  `real` is the clock under discipline: CLOCK_REALTIME, or the virtual clock.
 */
struct clock_reading {
    struct mono_time raw;
    struct utc_time real;
    struct steady_time mono;
    struct boot_time boot;
    struct duration window;
    bool boot_known; /* false where the kernel has no CLOCK_BOOTTIME */
};

enum stamp_clock {
    STAMP_CLOCK_REAL, /* the disciplined clock: only core/clock/timescale converts it */
    STAMP_CLOCK_RAW,
};

/* When a datagram passed, in the clock in which it was stamped. */
struct stamp {
    int64_t ns;
    uint8_t clock;       /* enum stamp_clock */
    uint8_t stamp_class; /* enum stamp_class */
};

#endif
