/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ke.h - records of NTS key establishment (RFC 8915, section 4), which both sides exchange once,
 * over TLS: what a client asks for and what a server grants.
 */
#ifndef WIRE_KE_H
#define WIRE_KE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "wire/nts.h"

enum {
    KE_PORT = 4460,
    KE_MESSAGE_MAX = 16384, /* a longer message is not read on */
    KE_ALGORITHMS = 8,
    KE_NAME_SIZE = 256,
    KE_PROTOCOL_NTPV4 = 0,
    KE_EXPORT_CONTEXT_SIZE = 5,
};

/* The label of the TLS exporter (section 5.1), without an ending zero on the wire. */
#define KE_EXPORT_LABEL "EXPORTER-network-time-security"
/* The protocol's name in TLS (section 4). */
#define KE_ALPN "ntske/1"

enum ke_type {
    KE_END = 0,
    KE_NEXT_PROTOCOL = 1,
    KE_ERROR = 2,
    KE_WARNING = 3,
    KE_ALGORITHM = 4,
    KE_COOKIE = 5,
    KE_SERVER = 6,
    KE_SERVER_PORT = 7,
    /* chrony's: both sides derive keys of AES-128-GCM-SIV as section 5.1 says, which its
     * versions 4.4 to 4.6 did not. */
    KE_COMPLIANT_GCM_SIV = 1024,
};

enum ke_error { KE_ERROR_UNKNOWN_CRITICAL = 0, KE_ERROR_BAD_REQUEST = 1, KE_ERROR_INTERNAL = 2 };

/* Each way in which a message is no good, and what people read about it. */
#define KE_FAULT_LIST(X)                                                                           \
    X(NONE, "sound")                                                                               \
    X(UNFINISHED, "it ended in the middle")                                                        \
    X(TOO_LONG, "it is longer than any honest one")                                                \
    X(MALFORMED, "a record has a length or a content that it can't have")                          \
    X(REPEATED, "a record is there twice that may be there once")                                  \
    X(CRITICAL, "it has a record that must be understood and isn't known here")                    \
    X(NO_PROTOCOL, "it does not agree to NTPv4")                                                   \
    X(NO_ALGORITHM, "it agrees to no cipher that was offered")                                     \
    X(NO_COOKIE, "it brings no cookie")                                                            \
    X(COOKIE_SIZE, "its cookies are longer than can be used")                                      \
    X(REFUSED, "the server answered with an error record")                                         \
    X(WARNED, "the server answered with a warning that isn't known here")

enum ke_fault {
#define X(name, sentence) KE_FAULT_##name,
    KE_FAULT_LIST(X)
#undef X
        KE_FAULT_COUNT
};

/* The fault as a clause for people; never NULL. */
const char *ke_fault_sentence(enum ke_fault fault);

struct ke_record {
    bool critical;
    uint16_t type;
    const uint8_t *body; /* borrowed */
    size_t size;
};

/* The next record; false: there is no whole one left, and the reader has not moved. */
bool ke_record_next(struct reader *r, struct ke_record *record);
void ke_record_put(struct writer *w, const struct ke_record *record);

/*
 * Whether a message ends within these octets, so that no more need to be read: by its End of
 * Message record, or by a record that is longer than KE_MESSAGE_MAX allows.  *size its octets.
 */
bool ke_message_ends(const uint8_t *bytes, size_t available, size_t *size);

struct ke_request {
    uint16_t algorithms[KE_ALGORITHMS]; /* the best first */
    size_t algorithm_count;
    bool ntpv4;                /* is among the protocols */
    bool compliant_gcm_siv;    /* chrony's record is there */
    char server[KE_NAME_SIZE]; /* "": no preference */
    uint16_t port;             /* 0: no preference */
};

void ke_request_encode(struct writer *w, const struct ke_request *request);
/* The whole message; ke_message_ends() tells its size.  Unknown algorithms are left out. */
enum ke_fault ke_request_decode(struct ke_request *request, const uint8_t *bytes, size_t size);

struct ke_cookie {
    uint16_t size;
    uint8_t bytes[NTS_COOKIE_SIZE];
};

struct ke_response {
    uint16_t algorithm;
    bool ntpv4;
    bool compliant_gcm_siv;
    bool failed;               /* an error record: no more is in it */
    uint16_t error;            /* enum ke_error or what else the server said */
    char server[KE_NAME_SIZE]; /* "": the one that was asked */
    uint16_t port;             /* 0: NTP's */
    uint8_t cookie_count;
    struct ke_cookie cookies[NTS_COOKIES];
};

void ke_response_encode(struct writer *w, const struct ke_response *response);
/*
 * The whole message, as the answer to `request`.  On a fault *response holds what was read; after
 * KE_FAULT_REFUSED and KE_FAULT_WARNED `error` is the server's number.
 */
enum ke_fault ke_response_decode(struct ke_response *response, const struct ke_request *request,
                                 const uint8_t *bytes, size_t size);

/* The context of the TLS exporter (section 5.1), for the key from client to server or back. */
void ke_export_context(uint8_t context[static KE_EXPORT_CONTEXT_SIZE], uint16_t algorithm,
                       bool to_client);

#endif
