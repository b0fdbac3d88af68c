/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fake_world.h - one machine's clock and a few NTP servers, in virtual time, within one process.
 *
 * True time only moves in world_advance().  Each second of it is told to world_second().  The
 * machine's clock has an error that nobody told it, and obeys clock_adjtime() as Linux does.
 * Servers answer requests after a path delay.
 */
#ifndef SUPPORT_FAKE_WORLD_H
#define SUPPORT_FAKE_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/timex.h>

#define FAKE_NS_PER_S INT64_C(1000000000)

enum { FAKE_SERVERS_MAX = 8, FAKE_DATAGRAM_MAX = 576, FAKE_FLYING_MAX = 64 };

struct fake_server {
    double offset_s;  /* of its clock: 0 tells the truth */
    double delay_s;   /* each way */
    double jitter_s;  /* mean of the exponential part, each way */
    uint64_t answers; /* sent so far */
};

/* A datagram on its way to the machine. */
struct fake_datagram {
    bool used;
    int64_t arrival_ns; /* true time */
    int socket;         /* who waits for it */
    unsigned server;
    size_t size;
    uint8_t bytes[FAKE_DATAGRAM_MAX];
};

struct fake_clock {
    double skew;      /* of the oscillator: seconds gained a second */
    int64_t freq;     /* timex.freq, 2^-16 ppm */
    int64_t tick;     /* us */
    int64_t since_ns; /* true time of the last change; what follows held then */
    int64_t real_ns;  /* CLOCK_REALTIME */
    double real_rest; /* its fraction of a ns */
    int64_t mono_ns;  /* CLOCK_MONOTONIC */
    double mono_rest;
    int status;
    int tai;
    int64_t maxerror_us, esterror_us, constant;
    int64_t maxerror_ns; /* true time since when it has grown */
};

struct fake_report {
    uint64_t seconds;        /* in the second half of the run so far: one sample a second */
    double squares, worst_s; /* of the true error */
    uint64_t steps, adjustments, requests;
};

struct fake_world {
    int64_t true_ns; /* UTC, ns since 1970 */
    int64_t start_ns;
    int64_t judge_ns; /* errors count from here on */
    uint64_t random;
    struct fake_clock clock;
    struct fake_server servers[FAKE_SERVERS_MAX];
    unsigned server_count;
    int64_t silent_ns[2]; /* servers answer only between these instants */
    uint8_t leap;         /* that they announce */
    int64_t rival_s;      /* another program changes the frequency so often; 0: never */
    struct fake_datagram flying[FAKE_FLYING_MAX];
    struct fake_report report;
};

/* The world as the environment describes it; see fakeclock.c. */
void world_init(struct fake_world *w);

/* Of the user of this module: a second of true time has passed. */
void world_second(const struct fake_world *w);

/* Moves true time on; `to_ns` in the past does nothing. */
void world_advance(struct fake_world *w, int64_t to_ns);

int64_t world_real(const struct fake_world *w);
int64_t world_mono(const struct fake_world *w);
int64_t world_raw(const struct fake_world *w);
/* True time at which CLOCK_MONOTONIC will have run on by `ns`, at its present rate. */
int64_t world_after(const struct fake_world *w, int64_t ns);
/* The kernel's maxerror as it has grown, and its status by that, as adjtimex() tells them. */
int64_t world_maxerror_us(const struct fake_world *w);
int world_status(const struct fake_world *w);
/* CLOCK_REALTIME less true time, s. */
double world_error_s(const struct fake_world *w);

/* clock_adjtime(CLOCK_REALTIME): TIME_OK ..., or -1 with errno. */
int world_adjust(struct fake_world *w, struct timex *tx);
void world_set(struct fake_world *w, int64_t real_ns);

/* A request leaves `socket` for a server (0 ...); its answer will fly. */
void world_request(struct fake_world *w, int socket, unsigned server, const uint8_t *bytes,
                   size_t size);

/* The first datagram for `socket` that has arrived, or with `flying` will arrive; NULL: none. */
struct fake_datagram *world_datagram(struct fake_world *w, int socket, bool flying);

uint64_t world_random(struct fake_world *w);

#endif
