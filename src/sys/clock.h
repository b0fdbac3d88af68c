/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * clock.h - reading the machine's clocks, and the one clock that is disciplined.
 *
 * The disciplined clock is one of three behind one interface: the kernel's CLOCK_REALTIME, a
 * virtual clock that lives in this process and runs on CLOCK_MONOTONIC_RAW, or none (read only).
 * All three quantise, limit and report alike, so that what works on one works on the others.
 * Nothing here decides anything about time.
 */
#ifndef SYS_CLOCK_H
#define SYS_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/units.h"

/*
 * Every clock read together, in the order raw, system, mono, boot, raw; `raw` is the middle of the
 * two raw readings and `window` their distance, the least of up to 3 tries.  `real` is the
 * disciplined clock at that instant: `system` itself, or the virtual clock.
 */
struct clocks {
    struct mono_time raw;    /* CLOCK_MONOTONIC_RAW */
    struct utc_time real;    /* the disciplined clock */
    struct utc_time system;  /* CLOCK_REALTIME: the clock of the kernel's packet stamps */
    struct steady_time mono; /* CLOCK_MONOTONIC */
    struct boot_time boot;   /* CLOCK_BOOTTIME; 0 when unknown */
    struct duration window;
    bool boot_known; /* false where the kernel, or a simulator, has no CLOCK_BOOTTIME */
};

/* Reads all clocks; real = system. */
void clocks_read(struct clocks *out);

/* One clock alone. */
struct mono_time clock_raw(void);
struct steady_time clock_steady(void);
struct utc_time clock_system(void);

/*
 * The smallest difference that two successive readings of CLOCK_REALTIME show, s: the precision of
 * RFC 5905.  Takes about 20 us; where time stands still between calls (simulators) 1 ns to 1 us.
 */
double clock_precision_s(void);

/*
 * The instant of a stamp of CLOCK_REALTIME on the raw clock, from one pair of readings.  For
 * stamps that are at most seconds old, and for clocks other than the kernel's: with the virtual
 * clock no segment describes CLOCK_REALTIME, so its stamps must enter the node as raw ones.
 */
struct mono_time clocks_raw_of_system(const struct clocks *now, struct utc_time stamp);

enum clock_control_kind { CLOCK_CONTROL_KERNEL, CLOCK_CONTROL_VIRTUAL, CLOCK_CONTROL_NONE };

/* What a correction may be at most, whoever asks; a larger one is refused with ERR_RANGE. */
struct clock_limits {
    double max_rate_s_per_s;    /* |rate|; the kernel's own limit, 0.1, holds besides */
    double max_step_s;          /* |step|; 0: no limit but the dates below */
    struct utc_time not_before; /* a step must not lead to before this (the build's date) ... */
    struct utc_time not_after;  /* ... nor after this; ns 0: no limit */
};

/* What clock_adjtime() shows.  The rate follows: tick / nominal - 1 + freq * 2^-16 * 1e-6. */
struct clock_state {
    struct freq rate; /* of the disciplined clock against raw; positive runs fast */
    int64_t freq;     /* timex.freq: 2^-16 ppm */
    int64_t tick_us;  /* timex.tick: us per 1/USER_HZ s */
    int status;       /* timex.status: STA_* */
    int state;        /* TIME_OK, TIME_INS, ...: the return value */
    int64_t offset;   /* timex.offset: a PLL correction of somebody is under way */
    int64_t maxerror_us, esterror_us;
    int tai_s;
};

/* What a change really did.  When `error` is set nothing was changed and rate is still right. */
struct clock_change {
    enum err error;
    int os_error;                   /* errno, 0: refused here */
    struct mono_time before, after; /* the change lies between */
    struct freq rate;               /* in force afterwards, from what the kernel returned */
    struct duration step;
};

enum clock_leap { CLOCK_LEAP_NONE, CLOCK_LEAP_INSERT, CLOCK_LEAP_DELETE };

/* What programs are told about the clock. */
struct clock_status {
    bool synchronised; /* false: maxerror and esterror become 16 s, so that nobody is misled */
    bool rtc_copy;     /* clear STA_UNSYNC: the kernel then copies the time to the RTC every 11
                          minutes.  false: STA_UNSYNC stays set, maxerror is told all the same */
    enum clock_leap leap;
    int tai_s;                     /* TAI - UTC; 0: not known, left as it is */
    double maxerror_s, esterror_s; /* written rounded up to us; the kernel adds 500 ppm to
                                      maxerror by itself: repeat at least every 256 s */
};

struct clock_control;

/* One kind of disciplined clock.  Not called directly. */
struct clock_backend_ops {
    void (*read)(const struct clock_control *control, struct clocks *out);
    void (*set_rate)(struct clock_control *control, struct freq rate, struct clock_change *out);
    void (*step)(struct clock_control *control, struct duration by, struct clock_change *out);
    enum err (*set_status)(struct clock_control *control, const struct clock_status *status);
    enum err (*state)(const struct clock_control *control, struct clock_state *out);
};

/* The caller's memory; its members are private. */
struct clock_control {
    const struct clock_backend_ops *ops;
    enum clock_control_kind kind;
    struct clock_limits limits;
    /* The kernel's clock. */
    bool rearm_leap;          /* a step of ours has disarmed the leap second */
    int64_t told_maxerror_us; /* as last written */
    struct duration lag;      /* a new rate counts from the next tick (Linux before 4.19) */
    /* The virtual clock: reads `base` at raw time `from`, then runs at 1 + rate. */
    struct mono_time from;
    struct utc_time base;
    int64_t freq, tick_us;
};

/*
 * Can this process adjust the kernel's clock?  Tries, by setting the frequency to what it is:
 * capability bits prove nothing in a user namespace.  ERR_DENIED: no; raise the capability first
 * (privilege.h).
 */
MUST_USE enum err clock_kernel_ability(void);

/*
 * The kernel's clock.  Ends what others left running (PLL remainder, adjtime()), keeps frequency
 * and tick.  ERR_DENIED: may only look; *control is then a CLOCK_CONTROL_NONE and usable as such.
 */
MUST_USE enum err clock_control_kernel(struct clock_control *control,
                                       const struct clock_limits *limits);

/* A virtual clock that starts at CLOCK_REALTIME + error, at 1 + rate against the raw clock. */
void clock_control_virtual(struct clock_control *control, const struct clock_limits *limits,
                           struct duration error, struct freq rate);

/* CLOCK_REALTIME, which is left alone: every change is refused with ERR_DENIED. */
void clock_control_none(struct clock_control *control);

/* Reads all clocks; out->real is this clock's. */
void clock_control_read(const struct clock_control *control, struct clocks *out);

/*
 * Runs the clock at 1 + rate against the raw clock from now on.  The kernel splits it: `tick`
 * takes multiples of 100 ppm, `freq` the rest within 50 ppm, in units of 2^-16 ppm.
 */
void clock_control_set_rate(struct clock_control *control, struct freq rate,
                            struct clock_change *out);

/* Steps the clock by exactly this much.  Repeat the status afterwards: the kernel forgets it. */
void clock_control_step(struct clock_control *control, struct duration by,
                        struct clock_change *out);

/*
 * Tells programs.  A leap second is armed at once, also when a step has just disarmed it; it
 * happens at the end of the present UTC day: ask for it only on that day.  TAI is left alone.
 */
MUST_USE enum err clock_control_set_status(struct clock_control *control,
                                           const struct clock_status *status);

/* Reads back what is in force now: a value that is not ours is a rival's. */
MUST_USE enum err clock_control_state(const struct clock_control *control, struct clock_state *out);

/* The rate of a frequency and tick as the kernel understands them. */
struct freq clock_rate_of(int64_t freq, int64_t tick_us);

/*
 * Sets the kernel's rate without anything else: what a supervisor does for a dead process.
 */
MUST_USE enum err clock_kernel_set_rate(struct freq rate);

#endif
