/* SPDX-License-Identifier: BSD-2-Clause */
/* view_query.h - what a server answered when it was asked directly. */
#ifndef CLI_VIEW_QUERY_H
#define CLI_VIEW_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "base/units.h"
#include "wire/drop.h"
#include "wire/ntp_packet.h"

/* One request, and when it left by the system's clock. */
struct query_request {
    struct ntp_ts nonce; /* its transmit timestamp: random */
    struct utc_time sent;
    bool kernel_stamp; /* `sent` was taken by the kernel */
};

struct query_answer {
    struct ntp_packet packet;
    double offset_s; /* the server's time - the system clock's */
    double delay_s;
    double root_distance_s; /* the offset is wrong by at most this, if the server is honest */
    bool kernel_stamps;     /* both ours are the kernel's */
    /* DROP_NONE: a time to be used; UNSYNCHRONISED, STRATUM, KOD_*: an answer without one. */
    enum drop_reason refusal;
};

/*
 * Take a datagram that came at `received`.  False when it is no answer to the request: it is to be
 * ignored, and the answer still awaited.
 */
bool query_take(struct query_answer *answer, const struct query_request *request,
                const uint8_t *bytes, size_t size, struct utc_time received);

/* The answer of the shortest round trip among those with a time; NULL: there is none. */
const struct query_answer *query_best(const struct query_answer *answers, size_t count);

/* "10.0.0.4: offset +312 us +- 1.2 ms, delay ...", ended by a newline. */
void view_query(struct text *text, const char *server, const struct query_answer *answer);
/* After several requests: the best answer, and how many were lost. */
void view_query_summary(struct text *text, const char *server, const struct query_answer *answers,
                        size_t count, size_t lost);

/* "none", "insert", "delete", "unsynchronised" */
const char *query_leap_word(uint8_t leap);

#endif
