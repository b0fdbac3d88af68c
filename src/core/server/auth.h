/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * auth.h - is a request authenticated, and by what; its answer is authenticated likewise.
 *
 * By a symmetric key: a request with a MAC that is wrong, or of a key that is not known, is
 * dropped, as chronyd drops it: whoever sent it would not believe a plain answer, and a crypto-NAK
 * tells an attacker which keys exist.
 *
 * By NTS (RFC 8915, section 5.7): what the client's keys are, its cookie says; the answer brings
 * new cookies, as many as it has room for.  Who sends a cookie that can't be opened is told so.
 */
#ifndef CORE_SERVER_AUTH_H
#define CORE_SERVER_AUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/units.h"
#include "crypto/mac.h"
#include "crypto/siphash.h"
#include "wire/cookie.h"
#include "wire/drop.h"
#include "wire/ntp_packet.h"

/* The secrets; borrowed. */
struct auth_secrets {
    const struct mac_key *keys; /* in ascending order of their ids */
    size_t key_count;
    const struct cookie_keys *cookies; /* NULL: NTS is not served */
};

/* What one worker needs and changes. */
struct auth_tables {
    struct siphash_key nonce_keys[2]; /* random */
    uint64_t nonces;                  /* made so far */
    int64_t nak_second;               /* of CLOCK_MONOTONIC */
    uint32_t naks;                    /* sent in it */
};

enum {
    AUTH_ID_MAX = 128,         /* a longer identifier is nobody's */
    AUTH_NAKS_PER_SECOND = 50, /* of a worker; what is more gets no answer */
};

/* `random` is unpredictable, and of no other worker. */
void auth_tables_init(struct auth_tables *own, const uint64_t random[static 4]);

enum auth_kind { AUTH_NONE, AUTH_KEY, AUTH_NTS, AUTH_NAK };

/* What authenticates one request. */
struct auth {
    uint8_t kind; /* enum auth_kind */
    uint8_t version;
    const struct mac_key *key; /* AUTH_KEY */
    /* AUTH_NTS; AUTH_NAK: the identifier only */
    struct cookie cookie;
    uint16_t placeholders;
    uint16_t id_size;
    uint8_t id[AUTH_ID_MAX];
};

/*
 * Looks at what follows the header, which is there.  DROP_FORMAT: nothing that can follow it looks
 * like this; DROP_BAD_MAC; DROP_NTS_COOKIE: auth_nak() may tell the client.
 */
enum drop_reason auth_check(struct auth *auth, const struct auth_secrets *secrets, uint8_t version,
                            const uint8_t *bytes, size_t size);

/* Is the client to be told that its cookie can't be opened?  Counts what is told. */
bool auth_may_nak(const struct auth *auth, struct auth_tables *own, struct steady_time now);

/* An answer being completed. */
struct auth_answer {
    uint8_t *bytes;
    size_t size;      /* so far; a header at first */
    size_t space;     /* as many octets as were asked with */
    unsigned cookies; /* that were put into it */
};

/* Completes the answer; it never gets longer than its space. */
void auth_seal(const struct auth *auth, const struct auth_secrets *secrets, struct auth_tables *own,
               struct auth_answer *answer);

#endif
