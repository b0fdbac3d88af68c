/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kernel_clock.h - what Linux does with CLOCK_REALTIME, CLOCK_MONOTONIC and CLOCK_BOOTTIME on top
 * of the raw clock, and clock_adjtime() with its units, clamps and side effects.
 *
 * Modelled on kernel/time/ntp.c: the once-a-second step that bleeds off phase adjustments, counts
 * up maxerror and applies leap seconds; ntp_clear() after every step.
 */
#ifndef SIM_KERNEL_CLOCK_H
#define SIM_KERNEL_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/units.h"

/* Bits of kernel_adjust.modes, with the kernel's values (linux/timex.h). */
enum {
    KERNEL_OFFSET = 0x0001,
    KERNEL_FREQUENCY = 0x0002,
    KERNEL_MAXERROR = 0x0004,
    KERNEL_ESTERROR = 0x0008,
    KERNEL_STATUS = 0x0010,
    KERNEL_TIMECONST = 0x0020,
    KERNEL_SETOFFSET = 0x0100,
    KERNEL_TICK = 0x4000,
    KERNEL_SINGLESHOT = 0x8001,
};

/* Status bits. */
enum {
    KERNEL_STA_PLL = 0x0001,
    KERNEL_STA_INS = 0x0010,
    KERNEL_STA_DEL = 0x0020,
    KERNEL_STA_UNSYNC = 0x0040,
};

enum kernel_leap_state {
    KERNEL_TIME_OK,
    KERNEL_TIME_INS,
    KERNEL_TIME_DEL,
    KERNEL_TIME_OOP,
    KERNEL_TIME_WAIT,
};

enum {
    KERNEL_TICK_NOMINAL_US = 10000,
    KERNEL_TICK_MIN_US = 9000,
    KERNEL_TICK_MAX_US = 11000,
    KERNEL_FREQ_MAX = 500 << 16, /* 500 ppm in units of 2^-16 ppm */
    KERNEL_PHASE_LIMIT_US = 16000000,
};

/* struct timex, as far as it is used. */
struct kernel_adjust {
    unsigned modes;
    int64_t offset_ns; /* OFFSET; SINGLESHOT: rounded to us */
    int64_t freq;      /* 2^-16 ppm */
    int64_t tick_us;   /* length of a tick of 10 ms */
    int64_t maxerror_us, esterror_us;
    int64_t step_ns; /* SETOFFSET */
    int status;
    int constant;
};

struct kernel_clock {
    int64_t raw_ns; /* where the values below hold */
    int64_t mono_ns;
    double mono_fraction_ns;
    int64_t real_minus_mono_ns;
    int64_t boot_minus_mono_ns;
    int64_t freq;
    int64_t tick_us;
    double pending_s_per_s; /* phase adjustments being bled off in this second */
    double offset_ns;       /* what the PLL has left */
    int64_t singleshot_us;  /* what adjtime() has left */
    int constant;
    int status;
    enum kernel_leap_state leap_state;
    int64_t next_leap_s; /* INT64_MAX: none */
    int64_t second_s;    /* of CLOCK_REALTIME, last handled */
    int64_t maxerror_us, esterror_us;
    unsigned leaps; /* carried out */
};

/* The clock at boot: REAL shows `real`, nothing is adjusted, not synchronised. */
void kernel_clock_init(struct kernel_clock *clock, struct mono_time raw, struct utc_time real);
/* Let it run until the raw clock shows `raw`; earlier readings change nothing. */
void kernel_clock_advance(struct kernel_clock *clock, struct mono_time raw);

/* The clocks at the instant last advanced to. */
struct utc_time kernel_clock_real(const struct kernel_clock *clock);
struct steady_time kernel_clock_mono(const struct kernel_clock *clock);
struct boot_time kernel_clock_boot(const struct kernel_clock *clock);

/* Rate of MONO and REAL against raw, from tick and freq alone (what clock_adjtime returns). */
struct freq kernel_clock_rate(const struct kernel_clock *clock);
/* The rate in force, with phase adjustments. */
double kernel_clock_rate_now(const struct kernel_clock *clock);

/*
 * clock_adjtime(): changes what `modes` names, then fills *adjust with the present values.
 * ERR_RANGE where the kernel says EINVAL: nothing has changed then.
 */
enum err kernel_clock_adjust(struct kernel_clock *clock, struct kernel_adjust *adjust) MUST_USE;

/*
 * The machine wakes from a sleep during which the raw clock stood still: REAL and BOOT are put
 * forward by what the persistent clock says.
 */
void kernel_clock_resume(struct kernel_clock *clock, struct duration slept);

#endif
