/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nts.h - one association's side of Network Time Security (RFC 8915): when keys are wanted, what
 * protects a request, and which replies are authentic.
 *
 * Keys come from a key exchange that the owner has done (nts_due(), nts_asked(), nts_take()).  A
 * cookie is used once.  Requests carry placeholders for the cookies that are missing, so that the
 * stock stays full as long as replies come.
 *
 * A failed exchange is repeated after 16 s, then ever later, up to 36 hours where the server has
 * said no or its certificate is bad; whether one that succeeded was worth it, only an authentic
 * reply tells.  There is no falling back to requests without protection.
 */
#ifndef CORE_CLIENT_NTS_H
#define CORE_CLIENT_NTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/units.h"
#include "crypto/aead.h"
#include "wire/drop.h"
#include "wire/keys.h"
#include "wire/ntp_packet.h"

enum {
    NTS_PENDING = 4,   /* requests whose replies are still accepted; as exchange.h */
    NTS_RANDOM = 2,    /* words of randomness for a request */
    NTS_PACKET = 1024, /* requests are not longer, so neither are replies */
};

struct nts_asked {
    uint32_t sequence; /* 0: none */
    uint8_t id[NTS_ID_SIZE];
};

struct nts {
    bool have_keys;
    struct keys_answer keys; /* as exchanged; the cookies are those that are left, oldest first */
    struct aead_key to_server, to_client;
    struct nts_asked asked[NTS_PENDING];

    uint32_t query; /* exchange in flight; 0: none */
    struct mono_time query_sent;
    struct mono_time ask_at;     /* when to exchange keys (again) */
    struct mono_time refresh_at; /* when the keys are old */
    int64_t refresh_ns;          /* their age then; 0: never */
    unsigned futile;             /* exchanges in a row that did not lead to an authentic reply */
    bool kept_none;              /* of keys that were kept over a restart there are none */
    bool saved_tried;            /* keys that were kept over a restart have been asked for */
    bool refused;                /* a NAK came, and no authentic reply since */

    bool proven;      /* the server's certificate was valid at a time that is believed */
    bool wants_proof; /* ... and is to be seen again, at the time that the owner says */
    bool proof_asked; /* the exchange in flight looks at the certificate's dates */
    bool doubt_told;  /* for the owner: it has said that the certificate is not believed */

    uint32_t attempts, naks;
    enum keys_result result; /* of the last exchange */
    uint16_t detail;
    struct mono_time result_at;
    uint32_t took_us;
    struct utc_time valid_from, valid_until; /* of the last certificate that was seen */
};

/* `refresh_s`: after how long keys are renewed; 0: never. */
void nts_init(struct nts *nts, struct mono_time now, double refresh_s);
/* Wipes keys and cookies. */
void nts_done(struct nts *nts);

/* Can a request be protected now? */
bool nts_ready(const struct nts *nts);

/* Is an exchange due?  Then the owner begins one and calls nts_asked(). */
bool nts_due(const struct nts *nts, struct mono_time now);
void nts_asked(struct nts *nts, uint32_t query, struct mono_time now);
/* The instant at which nts_due() or nts_time_out() becomes true. */
struct mono_time nts_deadline(const struct nts *nts);
/* An exchange of which nothing was heard counts as one without a helper. */
bool nts_time_out(struct nts *nts, struct mono_time now);
/*
 * The exchange's result, or keys of an earlier run (their `made` is not 0); `utc` is about now.
 * False: there are no new keys (those that work are kept).  `random` spreads the next attempt.
 */
bool nts_take(struct nts *nts, const struct keys_answer *answer, struct mono_time now,
              struct utc_time utc, uint64_t random);
/* Keys are wanted anew, soon: the network has changed, or the operator says so. */
void nts_soon(struct nts *nts, struct mono_time now);
/* The keys are not to be used after all: UTC is known, and the certificate is not valid then. */
void nts_reject(struct nts *nts, struct utc_time utc);
/* The certificate is to be shown again, since the time has become known by which to judge it. */
void nts_prove(struct nts *nts, struct mono_time now);

/* A request is about to be made: what a server has refused since the last one is given up. */
void nts_prepare(struct nts *nts);
/*
 * Appends to the header in bytes[NTP_HEADER_SIZE] what protects it; takes a cookie.  Returns the
 * datagram's size.  Only when nts_ready().  `random`: unpredictable, and sent nowhere.
 */
size_t nts_protect(struct nts *nts, uint32_t sequence, const uint64_t random[static NTS_RANDOM],
                   uint8_t bytes[static NTS_PACKET]);

/*
 * Is it an authentic reply to one of our requests (section 5.7)?  DROP_NONE: yes; its cookies have
 * been taken.  DROP_NTS_NAK: the server can't read our cookie, or somebody on the path says so: if
 * nothing better comes until the next request, keys are exchanged anew.
 */
enum drop_reason nts_check(struct nts *nts, const uint8_t *bytes, size_t size);

/* Is the certificate that was shown valid then? */
bool nts_valid_at(const struct nts *nts, struct utc_time at);

#endif
