/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * computer.h - all clocks of one simulated machine, as a daemon on it sees them: readings with a
 * window, stamps with noise, and the backends that carry out STEER and STEP.
 *
 * Everything it does takes some time; `now` runs ahead of the world's time by what this machine's
 * program is busy with.
 */
#ifndef SIM_COMPUTER_H
#define SIM_COMPUTER_H

#include <stdbool.h>

#include "core/clock/compensation.h"
#include "core/clock/reading.h"
#include "core/estimate/sample.h"
#include "core/node/action.h"
#include "core/node/event.h"
#include "sim/kernel_clock.h"
#include "sim/oscillator.h"
#include "sim/prng.h"
#include "sim/true_time.h"
#include "wire/status.h"

struct computer_options {
    struct oscillator_options oscillator;
    enum clock_backend backend; /* KERNEL, VIRTUAL, NONE */
    double error_s;             /* of the disciplined clock at the start: its time minus UTC */
    double stamp_noise_s;       /* mean lateness of a receive stamp and of a transmit stamp */
    double latency_s;           /* mean time from a wake-up to the program's first instruction */
    double tx_stamp_loss;       /* probability that the kernel's transmit stamp never comes */
    bool user_stamps;           /* the kernel stamps nothing */
    bool boot_unknown;          /* no CLOCK_BOOTTIME */
    bool thermometer;           /* beside a processor's sensor there is one that tells something:
                                   degrees, 10 for the whole swing of the oscillator's temperature */
};

struct computer {
    struct computer_options options;
    struct oscillator oscillator;
    struct kernel_clock kernel;
    struct kernel_clock virtual;      /* the virtual clock: its REAL is disciplined */
    struct compensation compensation; /* of raw, as the program wants it */
    struct prng prng;
    double load; /* what the processor's own sensor shows above the air */
    struct true_time now;
    struct true_time frozen_until;
};

struct computer_options computer_options_default(void);
/* Boots when the world begins, at which UTC is `utc`; `index` names it in the world of that seed.
 */
void computer_init(struct computer *computer, const struct computer_options *options,
                   struct utc_time utc, uint64_t seed, unsigned index);

/* Move `now` to `t` when that is later. */
void computer_advance(struct computer *computer, struct true_time t);
/* The program is busy for that long. */
void computer_spend(struct computer *computer, double s);
struct clock_reading computer_reading(struct computer *computer);
/* The stamp that a datagram gets that passes the network card now. */
struct stamp computer_stamp(struct computer *computer, bool outgoing);

/* Truth for checks, at `now`: the disciplined clock and MONO without noise. */
struct utc_time computer_real(struct computer *computer);
struct steady_time computer_mono(struct computer *computer);

bool computer_may_adjust(const struct computer *computer);
double computer_max_rate(const struct computer *computer);
/* Rate of the disciplined clock against raw, as set. */
struct freq computer_steered(const struct computer *computer);
/* Carry out STEER and STEP; what they really did. */
struct event_clock_adjusted computer_steer(struct computer *computer, struct freq rate);
struct event_clock_adjusted computer_step(struct computer *computer, struct duration by);
/* Carry out COMPENSATE; the rate of the disciplined clock stays what it was to the program. */
struct event_clock_adjusted computer_compensate(struct computer *computer, struct freq rate);
/* A program starts: it has corrected nothing yet. */
void computer_forget(struct computer *computer);
/* What the machine's sensors show. */
struct event_temperature computer_temperatures(struct computer *computer);
void computer_set_status(struct computer *computer, const struct action_status *status);

/*
 * How long the program sleeps when it asks poll() for the time until `deadline`, counted from the
 * reading it took: whole milliseconds, rounded up, as CLOCK_MONOTONIC runs.
 */
double computer_sleep_s(struct computer *computer, struct mono_time raw_now,
                        struct mono_time deadline);

/* Misfortunes, from the computer's `now` on. */
void computer_pause(struct computer *computer, double s);        /* every clock stands still */
void computer_suspend(struct computer *computer, double s);      /* REAL and BOOT are put forward */
void computer_disturb(struct computer *computer, double step_s); /* another program steps REAL */
void computer_meddle(struct computer *computer,
                     struct kernel_adjust *adjust); /* or sets its rate */

#endif
