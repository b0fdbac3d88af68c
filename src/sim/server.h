/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * server.h - an NTP server of a chosen character: honest, lying, drifting, refusing, silent.
 *
 * It is no node: it knows true time and answers from it, falsified as its options say.  Whole nodes
 * that serve are built with world_add_node().
 */
#ifndef SIM_SERVER_H
#define SIM_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/server/departures.h"
#include "sim/prng.h"
#include "sim/true_time.h"
#include "sim/utc_scale.h"
#include "wire/ntp_packet.h"

enum leap_character {
    SERVER_LEAPS,          /* announces a leap second on its day and carries it out */
    SERVER_LEAPS_SILENTLY, /* carries it out unannounced */
    SERVER_SMEARS,         /* from noon to noon, linearly; announces nothing */
    SERVER_IGNORES_LEAP,   /* stays a second off afterwards */
    SERVER_CRIES_LEAP,     /* announces one that will not come */
};

/* The kiss code it answers with during `kod`. */
#define KISS_RATE UINT32_C(0x52415445)
#define KISS_DENY UINT32_C(0x44454e59)
#define KISS_RSTR UINT32_C(0x52535452)

struct server_options {
    uint8_t stratum;
    int8_t precision_log2;
    uint32_t refid;
    double root_delay_s, root_dispersion_s; /* as announced */
    /* Its clock minus UTC: */
    double error_s;
    double drift_s_per_s;
    struct true_time drift_at; /* it drifts from here on */
    double noise_s;            /* normal, of each answer */
    double sawtooth_s;         /* half the height of a steered clock's sawtooth ... */
    double sawtooth_period_s;  /* ... and its length */
    double sawtooth_fall;      /* share of it in which it is slewed back; 0: it jumps back */
    double jump_s;
    struct true_time jump_at; /* the jump_s are added from here on */
    double granularity_s;     /* stamps are whole multiples of it */
    double processing_s;      /* mean of T3 - T2, exponential */
    double send_s;        /* from reading T3 until it leaves: a half, and exponentially so much */
    bool interleaved;     /* serves interleaved mode (RFC 9769) */
    double backwards_s;   /* T3 is claimed this much too early */
    struct period silent; /* does not answer */
    struct period unsynchronised; /* answers with leap 3 */
    struct period kod;            /* answers with the kiss code */
    uint32_t kiss;
    double rate_limit_s; /* answers RATE to who asks sooner than this after his last request */
    double replay;       /* probability that the previous answer is sent once more, first */
    enum leap_character leap;
};

enum { SERVER_DEPARTURES = 64 };

struct server {
    struct server_options options; /* may be changed at any time */
    struct prng prng;
    uint8_t last[NTP_HEADER_SIZE]; /* the previous answer */
    bool have_last;
    struct departures departures; /* of interleaved mode */
    struct departure kept[SERVER_DEPARTURES];
    uint64_t requests, answers, kisses, interleaved;
};

/* One answer, and when it leaves. */
struct server_answer {
    struct true_time leaves;
    uint8_t bytes[NTP_HEADER_SIZE];
};

/* What a request met. */
struct server_request {
    struct true_time arrived;
    double since_last_s; /* since the same client's request before; negative: the first */
    const uint8_t *bytes;
    uint16_t size;
};

enum { SERVER_ANSWERS_MAX = 2 };

/* An honest stratum 1 server with a microsecond of noise. */
struct server_options server_options_honest(void);

void server_init(struct server *server, const struct server_options *options, struct prng prng);
/* Its clock minus UTC at `t`, without the noise, s. */
double server_error_s(const struct server *server, const struct utc_scale *utc, struct true_time t);
/* Answer a request: returns how many of answers[] were filled. */
unsigned server_answer(struct server *server, const struct utc_scale *utc,
                       const struct server_request *request,
                       struct server_answer answers[static SERVER_ANSWERS_MAX]);

#endif
