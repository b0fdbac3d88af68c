/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * discipline.h - from an estimate of UTC to what the clock is to do: its frequency, a slew that
 * takes the rest of the error out, a step, or nothing because the operator forbade it.
 *
 * Rates are the disciplined clock's against RAW.  One that keeps right runs at the estimate's
 * frequency (`base`); a slew adds error / time to it and ends at a given instant of RAW.
 */
#ifndef CORE_CLOCK_DISCIPLINE_H
#define CORE_CLOCK_DISCIPLINE_H

#include <stdbool.h>

#include "base/units.h"
#include "core/clock/adjusted.h"
#include "core/node/options.h"

enum decision_kind {
    DECISION_NONE,    /* the clock already does the right thing */
    DECISION_STEER,   /* set `rate` */
    DECISION_STEP,    /* step by `step`, then set `rate` when `steer` says so */
    DECISION_REFUSED, /* beyond maxchange: the clock and the accepted UTC stay as they are */
};

struct decision {
    enum decision_kind kind;
    struct duration step;
    bool steer;
    struct freq rate;
    double slew_time_s; /* the slew that `rate` begins takes this long; 0: no slew */
    double change_s;    /* how far this update moved what is taken for UTC */
};

/* What is known at an update.  All offsets are reference - local. */
struct discipline_input {
    struct mono_time now;
    double utc_offset_s;        /* UTC - (raw + frame base) at `now` */
    double clock_error_s;       /* UTC - the disciplined clock at `now` */
    double sd_s;                /* of both */
    double freq_s_per_s;        /* of the raw clock: positive when it is slow */
    double freq_sd_s_per_s;     /* of that */
    double poll_s;              /* interval between updates in force */
    struct mono_time next_wake; /* when the node wakes anyway; <= now: unknown */
};

struct discipline {
    double base_s_per_s; /* the rate that keeps right, as far as known */
    double rate_s_per_s; /* in force: what the backend really does */
    bool rate_known;     /* false: somebody else may have changed it */
    double max_rate_s_per_s;
    struct {
        bool active;
        struct mono_time from, end;
        double error_s; /* still to go at `from` */
    } slew;
    struct {
        bool known;
        struct mono_time when;
        double offset_s, freq_s_per_s;
        double sd_s, freq_sd_s_per_s;
    } accepted;           /* UTC as last accepted: what maxchange is measured against */
    double expected_sd_s; /* of UTC, as was claimed just before the last update */
    unsigned updates;     /* accepted */
    unsigned refusals;    /* ever */
    bool refused;         /* the last update was: its error is not to be corrected */
    bool change_refused;  /* the last update was refused, and `ignore` is used up */
    unsigned extra_steps; /* updates that may step although makestep's limit is reached */
    bool slew_only;       /* a leap second is being slewed: no step, whatever makestep says */
};

/* `rate` is in force now; the backend does not run faster or slower than max_rate. */
void discipline_init(struct discipline *discipline, struct freq rate, double max_rate_s_per_s);
/* A frequency is known from elsewhere (drift file): run at it. */
struct decision discipline_set_freq(struct discipline *discipline,
                                    const struct node_options *options, struct freq freq);

/*
 * A new estimate.  makestep and maxchange as in chrony.conf(5), but that nothing ends the daemon:
 * a correction beyond maxchange is refused each time, and once it has been ignored as often as
 * allowed, change_refused says so.  With corrtimeratio 3, slews take a third of the poll interval
 * or half of the time that the estimate averages over (at most four intervals), whichever is
 * longer; at least 1 s.  Errors beyond three standard deviations, as claimed before and after the
 * update, are taken out faster in proportion, up to maxslewrate.  Errors below a third of one end
 * with the next wake-up instead of needing their own.
 */
struct decision discipline_update(struct discipline *discipline, const struct node_options *options,
                                  const struct discipline_input *input);
/* Correct the whole error by a step at once, whatever makestep and maxchange say: an operator's
 * command. */
struct decision discipline_step_now(struct discipline *discipline,
                                    const struct node_options *options,
                                    const struct discipline_input *input);
/* Begin to slew the whole error, and keep makestep from stepping it: leapsecmode slew. */
struct decision discipline_slew_now(struct discipline *discipline,
                                    const struct node_options *options,
                                    const struct discipline_input *input);
/*
 * Anybody woke up: end the slew if it is due.  Of *input, now, clock_error_s, sd_s, poll_s and
 * next_wake are used.  Woken late, the clock has run past the goal: that is known exactly, and
 * taken out by another slew when it matters.
 */
struct decision discipline_wake(struct discipline *discipline, const struct node_options *options,
                                const struct discipline_input *input);
/* When discipline_wake() is due; INT64_MAX: no slew in progress. */
struct mono_time discipline_deadline(const struct discipline *discipline);

/* What became of the decision: the end of the slew follows from the rate really in force. */
void discipline_adjusted(struct discipline *discipline,
                         const struct event_clock_adjusted *adjusted);

/*
 * The clock was stepped or steered by another, or the machine was suspended: its rate is set again
 * whatever it was, and the next `updates` updates may step if the error is above makestep's
 * threshold, or 0.1 s where makestep is not configured.
 */
void discipline_disturbed(struct discipline *discipline, unsigned updates);
/* UTC - RAW jumped for a known reason (suspend, leap second): not a change to be refused. */
void discipline_utc_moved(struct discipline *discipline, double by_s);
/* Rate of the slew in progress, 0: none. */
double discipline_slew_rate(const struct discipline *discipline);

#endif
