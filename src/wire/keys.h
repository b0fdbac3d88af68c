/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * keys.h - what noond and noon-helper say to each other about key exchanges of NTS: messages of
 * fixed size, big-endian, over a local socket that keeps their boundaries.  An answer is also what
 * noond keeps in a file, so that a restart needs no exchange.
 *
 * Neither end trusts the other: every field is checked.
 */
#ifndef WIRE_KEYS_H
#define WIRE_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/units.h"
#include "wire/ke.h"

/* X(constant, word in JSON, clause for people) */
#define KEYS_RESULT_LIST(X)                                                                        \
    X(NONE, "none", "no key exchange yet")                                                         \
    X(OK, "ok", "keys were exchanged")                                                             \
    X(NO_HELPER, "no-helper", "noon-helper, which does it, does not run")                          \
    X(TIMEOUT, "timeout",                                                                          \
      "no connection to its key exchange: a firewall may let NTP (UDP) pass, but not the TCP "     \
      "port of NTS-KE")                                                                            \
    X(REFUSED, "refused", "nothing listens on the TCP port of NTS-KE")                             \
    X(UNREACHABLE, "unreachable", "there is no route to its key exchange")                         \
    X(CLOSED, "closed", "the key exchange was broken off by the server")                           \
    X(SLOW, "slow", "the key exchange was not finished in time")                                   \
    X(TLS, "tls", "no TLS 1.3 connection could be made")                                           \
    X(PROTOCOL, "protocol", "the server does not speak NTS-KE (ALPN ntske/1)")                     \
    X(UNTRUSTED, "untrusted", "its certificate is self-signed, or its issuer is not trusted here") \
    X(NAME, "name", "its certificate is for another name")                                         \
    X(EXPIRED, "expired", "its certificate has expired")                                           \
    X(NOT_YET, "not-yet", "its certificate is not valid yet")                                      \
    X(CERTIFICATE, "certificate", "its certificate is no good")                                    \
    X(MESSAGE, "message", "its key exchange message is no good")                                   \
    X(ERROR, "error", "the server refused the key exchange")                                       \
    X(SERVER, "server", "the NTP server that it names has no address")                             \
    X(CERTIFICATES, "certificates", "the certificates to trust can't be read")

enum keys_result {
#define X(name, word, sentence) KEYS_##name,
    KEYS_RESULT_LIST(X)
#undef X
        KEYS_RESULT_COUNT
};

const char *keys_result_word(unsigned result);
/* A clause for people; never NULL. */
const char *keys_result_sentence(unsigned result);

enum { KEYS_SECRET_SIZE = AEAD_KEY_SIZE_MAX };

struct keys_question {
    uint32_t query;          /* comes back in the answer */
    uint32_t cert_set;       /* which certificates are trusted */
    struct address server;   /* of key exchange, with port */
    uint16_t ntp_port;       /* unless the server names another one */
    struct utc_time at;      /* the certificate must be valid then; 0: do not look at its dates */
    char name[KE_NAME_SIZE]; /* what the certificate must be for; a name or an address */
    uint8_t algorithm_count;
    uint16_t algorithms[KE_ALGORITHMS]; /* the best first */
};

struct keys_answer {
    uint32_t query;
    enum keys_result result;
    uint16_t detail;  /* MESSAGE: enum ke_fault; ERROR: the server's number; else the library's */
    uint32_t took_us; /* the exchange, from the first packet */
    char name[KE_NAME_SIZE]; /* as asked */
    struct address asked;    /* as asked */
    /* The certificates' common validity; from >= until when none was seen. */
    struct utc_time valid_from, valid_until;
    /* The rest is only there when the result is OK. */
    struct utc_time made;  /* in files: when the keys were exchanged */
    struct address server; /* of NTP, with port */
    uint16_t algorithm;    /* enum aead_id */
    uint8_t to_server[KEYS_SECRET_SIZE], to_client[KEYS_SECRET_SIZE];
    uint8_t cookie_count;
    struct ke_cookie cookies[NTS_COOKIES];
};

enum {
    KEYS_ADDRESS_SIZE = 24,
    KEYS_QUESTION_SIZE = 8 + 4 + KEYS_ADDRESS_SIZE + 2 + 8 + KE_NAME_SIZE + 2 + 2 * KE_ALGORITHMS,
    KEYS_ANSWER_SIZE = 8 + 2 + 4 + KE_NAME_SIZE + 2 * KEYS_ADDRESS_SIZE + 24 + 2 +
                       2 * KEYS_SECRET_SIZE + 2 + NTS_COOKIES * (2 + NTS_COOKIE_SIZE),
};

void keys_question_encode(const struct keys_question *question,
                          uint8_t bytes[static KEYS_QUESTION_SIZE]);
/* False: not a question, or one that makes no sense. */
bool keys_question_decode(struct keys_question *question, const uint8_t *bytes, size_t size);

void keys_answer_encode(const struct keys_answer *answer, uint8_t bytes[static KEYS_ANSWER_SIZE]);
/* False: not an answer.  Wipe what it holds when it is no longer needed. */
bool keys_answer_decode(struct keys_answer *answer, const uint8_t *bytes, size_t size);

#endif
