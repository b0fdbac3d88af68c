/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fetch.h - the Date of one HTTPS server: a connection, TLS, a HEAD request, the head of the
 * response.  Never waits; whatever the other side does, it is over in FETCH_LIMIT_S.
 */
#ifndef HELPER_FETCH_H
#define HELPER_FETCH_H

#include <openssl/ssl.h>
#include <poll.h>
#include <stdbool.h>

#include "wire/date.h"

enum { FETCH_LIMIT_S = 10 };

enum fetch_phase {
    FETCH_FREE,
    FETCH_CONNECTS,
    FETCH_SHAKES_HANDS,
    FETCH_WRITES,
    FETCH_READS,
    FETCH_OVER /* `answer` is complete */
};

struct fetch {
    enum fetch_phase phase;
    int fd; /* -1: none */
    SSL *tls;
    bool wants_write; /* TLS waits for that */
    struct steady_time begun, asked;
    struct date_question question;
    struct date_answer answer;
    struct utc_time valid_from, valid_until; /* of the certificates */
    size_t size;                             /* octets in the buffer */
    char buffer[DATE_RESPONSE_MAX];
};

/* Begins to ask question->address; `context` NULL: there are no certificates to trust. */
void fetch_begin(struct fetch *fetch, const struct date_question *question, SSL_CTX *context,
                 struct steady_time now);
/* What to wait for; returns false when there is nothing. */
bool fetch_poll(const struct fetch *fetch, struct pollfd *fd);
/* After the wait, whether the descriptor is ready or not. */
void fetch_work(struct fetch *fetch, struct steady_time now, bool ready);
/* How long until fetch_work() has to be called. */
struct duration fetch_wait(const struct fetch *fetch, struct steady_time now);
void fetch_end(struct fetch *fetch);

#endif
