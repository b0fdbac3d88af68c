/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ke_server.h - the server's side of NTS key establishment (RFC 8915, section 4): TLS 1.3, one
 * request, one answer with cookies, the end.
 *
 * Sessions are driven by their owner, who waits for their sockets; none of them ever blocks.  There
 * are no tickets and no resumption: a client comes once in weeks.  Several threads may share a
 * server; a session is of one of them.
 */
#ifndef HELPER_KE_SERVER_H
#define HELPER_KE_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/units.h"
#include "wire/cookie.h"
#include "wire/ke.h"
#include "wire/ke_trial.h"

struct ke_server;
struct ke_session;

enum { KE_PAIRS_MAX = KE_TRIAL_PAIRS_MAX };

/* What is granted; borrowed by a session as long as it lives. */
struct ke_grant {
    const struct cookie_keys *cookies;
    const char *ntp_server; /* that clients are sent to; NULL: the one they have asked */
    uint16_t ntp_port;      /* 0: the usual one */
    uint16_t algorithms[KE_ALGORITHMS]; /* the best first */
    size_t algorithm_count;
};

/* Files in PEM. */
struct ke_pair {
    const char *certificate; /* with its chain */
    const char *key;
};

struct ke_files {
    const struct ke_pair *pairs;
    size_t count;
    const char *suites; /* of TLS 1.3, by colons, the best first; NULL: the usual ones */
};

/*
 * Reads certificates and keys; the first pair is for clients that name no server, or another one.
 * NULL: why[] says which file is no good, and why.
 */
struct ke_server *ke_server_open(const struct ke_files *files, char *why, size_t why_size);
/* Whether it could be opened, and what is wrong with which file if not. */
struct ke_trial ke_server_try(const struct ke_files *files);
void ke_server_close(struct ke_server *server);

/* Takes over a connection.  NULL: no memory; then the connection is closed. */
struct ke_session *ke_session_open(struct ke_server *server, const struct ke_grant *grant, int fd);
void ke_session_close(struct ke_session *session);

enum ke_progress {
    KE_WANTS_READ,  /* to be driven again when its socket is readable ... */
    KE_WANTS_WRITE, /* ... or writable */
    KE_DONE,        /* cookies were given */
    KE_FAILED,
};

/* Goes on as far as it can. */
enum ke_progress ke_session_drive(struct ke_session *session);
int ke_session_fd(const struct ke_session *session);

/* Why a session has failed. */
enum ke_failure { KE_FAILED_HANDSHAKE, KE_FAILED_REQUEST, KE_FAILED_CIPHER, KE_FAILED_INTERNAL };
enum ke_failure ke_session_failure(const struct ke_session *session);

#endif
