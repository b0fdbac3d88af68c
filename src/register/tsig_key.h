/* SPDX-License-Identifier: BSD-2-Clause */
/* tsig_key.h - the key of a DNS server's updates, from a file in the form of BIND. */
#ifndef REGISTER_TSIG_KEY_H
#define REGISTER_TSIG_KEY_H

#include <stdbool.h>

#include "base/text.h"
#include "register/record.h"

enum { TSIG_ALGORITHM_SIZE = 16, TSIG_SECRET_SIZE = 256, TSIG_FILE_MAX = 8 << 10 };

struct tsig_key {
    char name[RECORD_NAME_SIZE];         /* absolute */
    char algorithm[TSIG_ALGORITHM_SIZE]; /* absolute: "hmac-sha256." */
    char secret[TSIG_SECRET_SIZE];       /* in base64 */
};

/*
 * Reads `key "NAME" { algorithm hmac-sha256; secret "BASE64"; };` with the comments that BIND
 * knows.  False: *problem says what is wrong, with the file's line, and never the secret.
 */
bool tsig_key_read(struct tsig_key *key, const char *file, const char *text, struct text *problem);

#endif
