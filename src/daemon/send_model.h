/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * send_model.h - when the k-th answer of a batch will leave, learnt from the kernel's stamps.
 *
 * A batch goes: requests read (the anchor), answers written one after the other, all handed to the
 * kernel in one call, in which they leave one after the other.  Each answer carries the time at
 * which it will leave, so this has to be known beforehand.  An answer that says a later time than
 * it left may make its client measure a negative delay, for which OpenNTPD leaves a server alone
 * for an hour; hence estimates are no means but the least that was met lately, which what a lost
 * processor adds does not move.
 */
#ifndef DAEMON_SEND_MODEL_H
#define DAEMON_SEND_MODEL_H

#include <stdbool.h>
#include <stdint.h>

/* After a pause caches and the processor's speed are cold, and everything takes longer. */
enum send_model_pace { SEND_COLD, SEND_RESTED, SEND_HOT, SEND_PACES };

struct send_estimate {
    double ns;
    bool known;
};

struct send_model {
    struct send_estimate write[SEND_PACES]; /* to write an answer */
    struct send_estimate first[SEND_PACES]; /* from the call until the first one leaves */
    struct send_estimate each;              /* from one to the next */
    uint64_t stamped;                       /* departures that it was learnt from */
};

void send_model_init(struct send_model *model);

/* From the anchor until answer `k` (from 0) of `count` leaves, ns. */
double send_model_ns(const struct send_model *model, enum send_model_pace pace, unsigned count,
                     unsigned k);

/* Writing `count` answers took so long. */
void send_model_written(struct send_model *model, enum send_model_pace pace, unsigned count,
                        double took_ns);

/* Answer `k` left `after_ns` after the call began. */
void send_model_left(struct send_model *model, enum send_model_pace pace, unsigned k,
                     double after_ns);

/* Where the kernel stamps no departures: a call that sent `count` answers took so long. */
void send_model_call(struct send_model *model, enum send_model_pace pace, unsigned count,
                     double took_ns);

#endif
