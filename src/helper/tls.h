/* SPDX-License-Identifier: BSD-2-Clause */
/* tls.h - what a server's certificate has to show, and when its chain is valid. */
#ifndef HELPER_TLS_H
#define HELPER_TLS_H

#include <openssl/ssl.h>
#include <stdbool.h>

#include "base/units.h"

/*
 * The certificate has to be for `name`, a name or an address, and valid at that time; 0: its dates
 * are not looked at.  False: the library has no memory.
 */
bool tls_demand(SSL *tls, const char *name, struct utc_time at);

/* When all certificates of the chain are valid. */
void tls_validity(STACK_OF(X509) * chain, struct utc_time *from, struct utc_time *until);

#endif
