/* SPDX-License-Identifier: BSD-2-Clause */
/* nts.h - requests by NTS (RFC 8915) with one cookie, and a look at the answers. */
#ifndef BENCH_SERVER_NTS_H
#define BENCH_SERVER_NTS_H

#include <nettle/siv-cmac.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NTS_COOKIE_MAX = 256 };

struct nts {
    struct siv_cmac_aes128_ctx to_server, to_client;
    uint8_t cookie[NTS_COOKIE_MAX];
    size_t cookie_size;
    uint64_t drawn; /* nonces */
};

/* From the file that ke.c has printed: two keys and a cookie. */
bool nts_read(struct nts *nts, const char *path);

/* Puts identifier, cookie and authenticator behind the header; `mark` makes the identifier. Returns
 * the size of all. */
unsigned nts_seal(struct nts *nts, uint8_t *ntp, uint64_t mark);

/* Is it authentic, an answer to that request, and with a cookie in it? */
bool nts_open(struct nts *nts, const uint8_t *ntp, size_t size, uint64_t mark);

#endif
