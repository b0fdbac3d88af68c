/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exchange.h - one key exchange of NTS as a client (RFC 8915, section 4): a connection, TLS 1.3, a
 * message each way.  Never waits; whatever the other side does, it is over in EXCHANGE_LIMIT_S.
 */
#ifndef HELPER_EXCHANGE_H
#define HELPER_EXCHANGE_H

#include <openssl/ssl.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/units.h"
#include "wire/keys.h"

enum { EXCHANGE_CONNECT_S = 6, EXCHANGE_LIMIT_S = 15 };

enum exchange_phase {
    EXCHANGE_FREE,
    EXCHANGE_CONNECTS,
    EXCHANGE_SHAKES_HANDS,
    EXCHANGE_WRITES,
    EXCHANGE_READS,
    EXCHANGE_OVER, /* `answer` is complete, but for the name of another server */
};

struct key_exchange {
    enum exchange_phase phase;
    int fd; /* -1: none */
    SSL *tls;
    bool wants_write; /* TLS waits for that */
    struct steady_time begun;
    struct keys_question question;
    struct ke_request request;
    struct keys_answer answer;
    char other[KE_NAME_SIZE]; /* the NTP server's name, when it has to be looked up; "": not */
    size_t size;              /* octets in the buffer, or sent of it */
    size_t length;            /* of the request */
    uint8_t buffer[KE_MESSAGE_MAX];
};

/* Begins; `context` NULL: there are no certificates to trust.  It may be over at once. */
void exchange_begin(struct key_exchange *exchange, const struct keys_question *question,
                    SSL_CTX *context, struct steady_time now);
/* What to wait for; returns false when there is nothing. */
bool exchange_poll(const struct key_exchange *exchange, struct pollfd *fd);
/* After the wait, whether the descriptor is ready or not. */
void exchange_work(struct key_exchange *exchange, struct steady_time now, bool ready);
/* How long until exchange_work() has to be called, s from now. */
struct duration exchange_wait(const struct key_exchange *exchange, struct steady_time now);
/* Wipes and frees. */
void exchange_end(struct key_exchange *exchange);

#endif
