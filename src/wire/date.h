/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * date.h - the time that an HTTPS server tells in the Date of its responses: a bound on what
 * sources may say (`constraint`).  The messages between noond and noon-helper have the sizes of
 * those of keys.h and go over the same socket; neither end trusts the other.
 */
#ifndef WIRE_DATE_H
#define WIRE_DATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/units.h"
#include "wire/keys.h"

/* X(constant, word in JSON, clause for people) */
#define DATE_RESULT_LIST(X)                                                                        \
    X(NONE, "none", "it has not been asked yet")                                                   \
    X(OK, "ok", "it tells the time")                                                               \
    X(NO_HELPER, "no-helper", "noon-helper, which asks it, does not run")                          \
    X(NAME, "name", "its name has no address")                                                     \
    X(CONNECTION, "connection",                                                                    \
      "no connection: it does not answer, or a firewall does not let TCP to its port pass")        \
    X(CLOSED, "closed", "it broke off")                                                            \
    X(SLOW, "slow", "it took too long")                                                            \
    X(TLS, "tls", "no TLS connection could be made")                                               \
    X(CERTIFICATE, "certificate", "its certificate is not trusted here, or is for another name")   \
    X(EXPIRED, "expired", "its certificate is not valid at the time that it tells")                \
    X(RESPONSE, "response", "its answer is not HTTP, or is too long")                              \
    X(NO_DATE, "no-date", "its answer has no date, several, or one that can't be read")

enum date_result {
#define X(name, word, sentence) DATE_##name,
    DATE_RESULT_LIST(X)
#undef X
        DATE_RESULT_COUNT
};

const char *date_result_word(unsigned result);
/* A clause for people; never NULL. */
const char *date_result_sentence(unsigned result);

enum { DATE_PATH_SIZE = 128, DATE_RESPONSE_MAX = 8192, DATE_REQUEST_MAX = 640 };

struct date_question {
    uint32_t query;          /* comes back in the answers */
    bool all;                /* all addresses of the name, each with an answer of its own */
    uint16_t port;           /* TCP */
    struct address address;  /* ADDRESS_NONE: the name is looked up */
    char name[KE_NAME_SIZE]; /* what the certificate must be for; a name or an address */
    char path[DATE_PATH_SIZE];
};

struct date_answer {
    uint32_t query;
    enum date_result result;
    uint32_t took_us;      /* from the request to the answer */
    struct address server; /* ADDRESS_NONE: it was not found */
    struct utc_time date;  /* as told: the second in which it was answered; result OK only */
};

enum { DATE_QUESTION_SIZE = KEYS_QUESTION_SIZE, DATE_ANSWER_SIZE = KEYS_ANSWER_SIZE };

/* Name and path together may have at most this many octets. */
enum { DATE_TEXT_MAX = DATE_QUESTION_SIZE - 10 - KEYS_ADDRESS_SIZE - 2 };

void date_question_encode(const struct date_question *question,
                          uint8_t bytes[static DATE_QUESTION_SIZE]);
/* False: not a question, or one that makes no sense. */
bool date_question_decode(struct date_question *question, const uint8_t *bytes, size_t size);

void date_answer_encode(const struct date_answer *answer, uint8_t bytes[static DATE_ANSWER_SIZE]);
bool date_answer_decode(struct date_answer *answer, const uint8_t *bytes, size_t size);

/* "https://HOST[:PORT][/PATH]", with or without the scheme, into name, path and port. */
bool date_url_parse(struct date_question *question, const char *url);

/* The request (RFC 9110, section 9.3.2: HEAD).  Returns its length. */
size_t date_request(const struct date_question *question, char text[static DATE_REQUEST_MAX]);

enum date_head { DATE_HEAD_INCOMPLETE, DATE_HEAD_OK, DATE_HEAD_BAD, DATE_HEAD_NO_DATE };

/*
 * What the head of a response says (RFC 9112, section 4): one Date, in the form that servers have
 * to use (RFC 9110, section 5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT").
 */
enum date_head date_response(const char *bytes, size_t size, struct utc_time *date);

#endif
