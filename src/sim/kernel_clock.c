/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/kernel_clock.h"

#include <math.h>

#include "base/must.h"

enum {
    SECONDS_PER_DAY = 86400,
    MAXERROR_GROWTH_US = 500, /* in a second: MAXFREQ */
    SINGLESHOT_MAX_US = 500,  /* in a second: MAX_TICKADJ */
    PLL_SHIFT = 2,            /* SHIFT_PLL */
    CONSTANT_MAX = 10,        /* MAXTC */
    OFFSET_MAX_NS = 500000000 /* MAXPHASE */
};

#define SETTABLE_STATUS (KERNEL_STA_PLL | KERNEL_STA_INS | KERNEL_STA_DEL | KERNEL_STA_UNSYNC)

struct utc_time kernel_clock_real(const struct kernel_clock *clock)
{
    return (struct utc_time){clock->mono_ns + clock->real_minus_mono_ns};
}

struct steady_time kernel_clock_mono(const struct kernel_clock *clock)
{
    return (struct steady_time){clock->mono_ns};
}

struct boot_time kernel_clock_boot(const struct kernel_clock *clock)
{
    return (struct boot_time){clock->mono_ns + clock->boot_minus_mono_ns};
}

struct freq kernel_clock_rate(const struct kernel_clock *clock)
{
    return (struct freq){(double)clock->tick_us / KERNEL_TICK_NOMINAL_US - 1 +
                         (double)clock->freq * 0x1p-16 * 1e-6};
}

double kernel_clock_rate_now(const struct kernel_clock *clock)
{
    return kernel_clock_rate(clock).s_per_s + clock->pending_s_per_s;
}

static int64_t floor_second(int64_t ns)
{
    return ns / NS_PER_S - (ns % NS_PER_S < 0);
}

/* ntp_clear(): what every step of CLOCK_REALTIME does to the adjustments. */
static void clear_adjustments(struct kernel_clock *clock)
{
    clock->singleshot_us = 0;
    clock->offset_ns = 0;
    clock->pending_s_per_s = 0;
    clock->status |= KERNEL_STA_UNSYNC;
    clock->maxerror_us = KERNEL_PHASE_LIMIT_US;
    clock->esterror_us = KERNEL_PHASE_LIMIT_US;
    clock->next_leap_s = INT64_MAX; /* but leap_state stays: a trap of the real kernel's */
    clock->second_s = floor_second(kernel_clock_real(clock).ns);
}

void kernel_clock_init(struct kernel_clock *clock, struct mono_time raw, struct utc_time real)
{
    *clock = (struct kernel_clock){
        .raw_ns = raw.ns,
        .mono_ns = raw.ns,
        .real_minus_mono_ns = real.ns - raw.ns,
        .tick_us = KERNEL_TICK_NOMINAL_US,
        .constant = 2,
        .status = KERNEL_STA_UNSYNC,
    };
    clear_adjustments(clock);
}

/* The leap second's part of second_overflow(); returns by how many seconds REAL jumps. */
static int leap_step(struct kernel_clock *clock, int64_t second)
{
    int64_t day_end = (second / SECONDS_PER_DAY + 1) * SECONDS_PER_DAY;

    switch (clock->leap_state) {
    case KERNEL_TIME_OK:
        if (clock->status & KERNEL_STA_INS) {
            clock->leap_state = KERNEL_TIME_INS;
            clock->next_leap_s = day_end;
        } else if (clock->status & KERNEL_STA_DEL) {
            clock->leap_state = KERNEL_TIME_DEL;
            clock->next_leap_s = ((second + 1) / SECONDS_PER_DAY + 1) * SECONDS_PER_DAY - 1;
        }
        break;
    case KERNEL_TIME_INS:
        if (!(clock->status & KERNEL_STA_INS)) {
            clock->next_leap_s = INT64_MAX;
            clock->leap_state = KERNEL_TIME_OK;
        } else if (second == clock->next_leap_s) {
            clock->leap_state = KERNEL_TIME_OOP;
            return -1;
        }
        break;
    case KERNEL_TIME_DEL:
        if (!(clock->status & KERNEL_STA_DEL)) {
            clock->next_leap_s = INT64_MAX;
            clock->leap_state = KERNEL_TIME_OK;
        } else if (second == clock->next_leap_s) {
            clock->next_leap_s = INT64_MAX;
            clock->leap_state = KERNEL_TIME_WAIT;
            return 1;
        }
        break;
    case KERNEL_TIME_OOP:
        clock->next_leap_s = INT64_MAX;
        clock->leap_state = KERNEL_TIME_WAIT;
        break;
    case KERNEL_TIME_WAIT:
        if (!(clock->status & (KERNEL_STA_INS | KERNEL_STA_DEL))) {
            clock->leap_state = KERNEL_TIME_OK;
        }
        break;
    }
    return 0;
}

static void grow_maxerror(struct kernel_clock *clock, int64_t seconds)
{
    clock->maxerror_us += MAXERROR_GROWTH_US * seconds;
    if (clock->maxerror_us >= KERNEL_PHASE_LIMIT_US) {
        clock->maxerror_us = KERNEL_PHASE_LIMIT_US;
        clock->status |= KERNEL_STA_UNSYNC;
    }
}

/* second_overflow(): REAL has just reached a new second. */
static void begin_second(struct kernel_clock *clock)
{
    int64_t second = floor_second(kernel_clock_real(clock).ns);
    int leap = leap_step(clock, second);

    if (leap) {
        clock->real_minus_mono_ns += leap * NS_PER_S;
        second += leap;
        clock->leaps++;
    }
    clock->second_s = second;
    grow_maxerror(clock, 1);

    double chunk_ns = clock->offset_ns / (double)(1 << (PLL_SHIFT + clock->constant));
    clock->offset_ns -= chunk_ns;
    if (fabs(clock->offset_ns) < 1) {
        clock->offset_ns = 0;
    }
    int64_t slice_us = clock->singleshot_us;
    if (slice_us > SINGLESHOT_MAX_US) {
        slice_us = SINGLESHOT_MAX_US;
    } else if (slice_us < -SINGLESHOT_MAX_US) {
        slice_us = -SINGLESHOT_MAX_US;
    }
    clock->singleshot_us -= slice_us;
    clock->pending_s_per_s = chunk_ns * 1e-9 + (double)slice_us * 1e-6;
}

/* Does anything but the rate change at the next second? */
static bool seconds_matter(const struct kernel_clock *clock)
{
    return clock->pending_s_per_s != 0 || clock->offset_ns != 0 || clock->singleshot_us != 0 ||
           clock->leap_state != KERNEL_TIME_OK ||
           (clock->status & (KERNEL_STA_INS | KERNEL_STA_DEL));
}

static void run(struct kernel_clock *clock, int64_t raw_ns)
{
    int64_t passed_ns = raw_ns - clock->raw_ns;
    double exact_ns = clock->mono_fraction_ns + (double)passed_ns * kernel_clock_rate_now(clock);
    double whole_ns = floor(exact_ns);

    clock->mono_ns += passed_ns + (int64_t)whole_ns;
    clock->mono_fraction_ns = exact_ns - whole_ns;
    clock->raw_ns = raw_ns;
}

void kernel_clock_advance(struct kernel_clock *clock, struct mono_time raw)
{
    if (raw.ns <= clock->raw_ns) {
        return;
    }
    while (seconds_matter(clock)) {
        int64_t left_ns = (clock->second_s + 1) * NS_PER_S - kernel_clock_real(clock).ns;
        double needed_ns = (double)left_ns / (1 + kernel_clock_rate_now(clock));
        int64_t next_ns = clock->raw_ns + (needed_ns > 1 ? (int64_t)ceil(needed_ns) : 1);
        if (next_ns > raw.ns) {
            run(clock, raw.ns);
            return;
        }
        run(clock, next_ns);
        if (floor_second(kernel_clock_real(clock).ns) > clock->second_s) {
            begin_second(clock);
        }
    }
    run(clock, raw.ns);
    int64_t second = floor_second(kernel_clock_real(clock).ns);
    if (second > clock->second_s) {
        grow_maxerror(clock, second - clock->second_s);
        clock->second_s = second;
    }
}

static enum err check_adjust(const struct kernel_adjust *adjust)
{
    if ((adjust->modes & KERNEL_TICK) &&
        (adjust->tick_us < KERNEL_TICK_MIN_US || adjust->tick_us > KERNEL_TICK_MAX_US)) {
        return ERR_RANGE;
    }
    return ERR_NONE;
}

/* process_adj_status(). */
static void change_status(struct kernel_clock *clock, int status)
{
    if ((clock->status & KERNEL_STA_PLL) && !(status & KERNEL_STA_PLL)) {
        clock->leap_state = KERNEL_TIME_OK;
        clock->status = KERNEL_STA_UNSYNC;
        clock->next_leap_s = INT64_MAX;
    }
    clock->status = status & SETTABLE_STATUS;
}

static int64_t clamp(int64_t value, int64_t limit)
{
    return value > limit ? limit : value < -limit ? -limit : value;
}

/* ntp_update_offset(), phase only: the frequency part needs updates that follow each other. */
static void change_offset(struct kernel_clock *clock, int64_t offset_ns)
{
    if (clock->status & KERNEL_STA_PLL) {
        clock->offset_ns = (double)clamp(offset_ns, OFFSET_MAX_NS);
    }
}

static void change_values(struct kernel_clock *clock, const struct kernel_adjust *adjust)
{
    unsigned modes = adjust->modes;

    if (modes & KERNEL_STATUS) {
        change_status(clock, adjust->status);
    }
    if (modes & KERNEL_FREQUENCY) {
        clock->freq = clamp(adjust->freq, KERNEL_FREQ_MAX);
    }
    if (modes & KERNEL_MAXERROR) {
        clock->maxerror_us = adjust->maxerror_us;
    }
    if (modes & KERNEL_ESTERROR) {
        clock->esterror_us = adjust->esterror_us;
    }
    if (modes & KERNEL_TIMECONST) {
        int constant = adjust->constant < 0 ? 0 : adjust->constant;
        clock->constant = constant > CONSTANT_MAX ? CONSTANT_MAX : constant;
    }
    if (modes & KERNEL_TICK) {
        clock->tick_us = adjust->tick_us;
    }
    if ((modes & KERNEL_SINGLESHOT) == KERNEL_SINGLESHOT) {
        clock->singleshot_us = adjust->offset_ns / 1000;
    } else if (modes & KERNEL_OFFSET) {
        change_offset(clock, adjust->offset_ns);
    }
}

enum err kernel_clock_adjust(struct kernel_clock *clock, struct kernel_adjust *adjust)
{
    enum err error = check_adjust(adjust);

    if (error != ERR_NONE) {
        return error;
    }
    if (adjust->modes & KERNEL_SETOFFSET) {
        clock->real_minus_mono_ns += adjust->step_ns;
        clear_adjustments(clock);
    }
    change_values(clock, adjust);
    *adjust = (struct kernel_adjust){
        .offset_ns = (int64_t)clock->offset_ns,
        .freq = clock->freq,
        .tick_us = clock->tick_us,
        .maxerror_us = clock->maxerror_us,
        .esterror_us = clock->esterror_us,
        .status = clock->status,
        .constant = clock->constant,
    };
    return ERR_NONE;
}

void kernel_clock_resume(struct kernel_clock *clock, struct duration slept)
{
    must(slept.ns >= 0);
    clock->real_minus_mono_ns += slept.ns;
    clock->boot_minus_mono_ns += slept.ns;
    clear_adjustments(clock); /* timekeeping_resume() ends in ntp_clear() too */
}
