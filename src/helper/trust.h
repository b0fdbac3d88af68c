/* SPDX-License-Identifier: BSD-2-Clause */
/* trust.h - which certificates key exchanges trust: sets by number, of which 0 has the system's. */
#ifndef HELPER_TRUST_H
#define HELPER_TRUST_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

#include "sys/log.h"

enum { TRUST_SETS_MAX = 17 };

struct trust_set {
    uint32_t number;
    SSL_CTX *context;
    bool broken; /* something of it could not be read */
};

struct trust {
    struct trust_set sets[TRUST_SETS_MAX];
    unsigned count;
    const char *suites; /* borrowed */
};

/*
 * Set 0, with the system's certificates or without.  `suites` of TLS 1.3, by colons, borrowed;
 * NULL: the library's.  False: the library can't start, or knows no such suites.
 */
bool trust_open(struct trust *trust, bool system_certificates, const char *suites);
/*
 * "SET:PATH", a file in PEM or a directory of such files.  What can't be read is said, and marks
 * the set as broken.
 */
void trust_add(struct trust *trust, const char *what, const struct log_sink *log);
/* NULL: there is no such set, or it is broken. */
SSL_CTX *trust_context(const struct trust *trust, uint32_t number);
void trust_close(struct trust *trust);

#endif
