/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * network.h - one direction of a path through a network: how long each datagram takes, and what
 * else may happen to it.
 */
#ifndef SIM_NETWORK_H
#define SIM_NETWORK_H

#include <stdbool.h>

#include "sim/prng.h"
#include "sim/true_time.h"

/* Distribution of what a datagram waits on top of the base delay; the mean is always jitter_s. */
enum jitter_kind {
    JITTER_EXPONENTIAL,
    JITTER_GAMMA,   /* shape: of the gamma distribution */
    JITTER_NORMAL,  /* the absolute value of a normal deviate */
    JITTER_PARETO,  /* shape: exponent of the tail, > 1 */
    JITTER_UNIFORM, /* 0 .. 2 jitter_s */
};

/* Episodes in which the jitter is larger. */
struct congestion {
    double share;  /* of the time; 0: never */
    double mean_s; /* mean length of an episode */
    double factor; /* by which the jitter grows */
};

struct route_options {
    double base_s;
    double jitter_s;
    double shape;
    enum jitter_kind kind;
    double loss;      /* probabilities */
    double duplicate; /* a second copy, with a delay of its own */
    double reorder;   /* waits reorder_s more */
    double reorder_s;
    struct congestion congestion;
    bool fifo; /* a single queue: nobody overtakes */
    bool down; /* partitioned */
};

struct route {
    struct route_options options; /* may be changed at any time */
    struct prng prng;
    bool congested;
    struct true_time toggle_at; /* when congestion begins or ends */
    struct true_time last_arrival;
    uint64_t carried, lost;
};

/* What became of one datagram. */
struct passage {
    unsigned copies; /* 0: lost */
    struct true_time arrival[2];
};

void route_init(struct route *path, const struct route_options *options, struct prng prng);
/* A datagram enters at `now`; calls come in the order of time. */
struct passage route_carry(struct route *path, struct true_time now);

#endif
