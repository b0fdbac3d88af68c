/* SPDX-License-Identifier: BSD-2-Clause */
#include "nts.h"

#include <stdio.h>
#include <string.h>

enum {
    HEADER = 48,
    KEY = 32,
    NONCE = 16,
    TAG = SIV_DIGEST_SIZE,
    IDENTIFIER = 32,
    FIELD_IDENTIFIER = 0x0104,
    FIELD_COOKIE = 0x0204,
    FIELD_AUTHENTICATOR = 0x0404,
    ANSWER_MAX = 512,
};

static bool read_hex(FILE *file, uint8_t *bytes, size_t capacity, size_t *size)
{
    unsigned octet;
    int c = 0;

    for (*size = 0; *size < capacity && fscanf(file, "%2x", &octet) == 1; (*size)++) {
        bytes[*size] = (uint8_t)octet;
        c = fgetc(file);
        if (c == '\n' || c == EOF) {
            (*size)++;
            return true;
        }
        (void)ungetc(c, file);
    }
    return false;
}

bool nts_read(struct nts *nts, const char *path)
{
    FILE *file = fopen(path, "r");
    uint8_t keys[2][KEY];
    size_t sizes[2] = {0, 0};
    bool good = file != NULL && read_hex(file, keys[0], KEY, &sizes[0]) &&
                read_hex(file, keys[1], KEY, &sizes[1]) &&
                read_hex(file, nts->cookie, sizeof nts->cookie, &nts->cookie_size);

    if (file != NULL) {
        (void)fclose(file);
    }
    if (!good || sizes[0] != KEY || sizes[1] != KEY || nts->cookie_size % 4 != 0) {
        return false;
    }
    siv_cmac_aes128_set_key(&nts->to_server, keys[0]);
    siv_cmac_aes128_set_key(&nts->to_client, keys[1]);
    return true;
}

static uint8_t *put_head(uint8_t *at, unsigned kind, size_t body)
{
    size_t size = body + 4;

    at[0] = (uint8_t)(kind >> 8);
    at[1] = (uint8_t)kind;
    at[2] = (uint8_t)(size >> 8);
    at[3] = (uint8_t)size;
    return at + 4;
}

static void put_identifier(uint8_t *at, uint64_t mark)
{
    memset(at, 0x5a, IDENTIFIER);
    memcpy(at, &mark, sizeof mark);
}

unsigned nts_seal(struct nts *nts, uint8_t *ntp, uint64_t mark)
{
    uint8_t *at = put_head(ntp + HEADER, FIELD_IDENTIFIER, IDENTIFIER);

    put_identifier(at, mark);
    at = put_head(at + IDENTIFIER, FIELD_COOKIE, nts->cookie_size);
    memcpy(at, nts->cookie, nts->cookie_size);
    at += nts->cookie_size;
    const size_t before = (size_t)(at - ntp);
    at = put_head(at, FIELD_AUTHENTICATOR, 4 + NONCE + TAG);
    memcpy(at, (const uint8_t[]){0, NONCE, 0, TAG}, 4);
    memset(at + 4, 0, NONCE);
    nts->drawn++;
    memcpy(at + 4, &nts->drawn, sizeof nts->drawn);
    siv_cmac_aes128_encrypt_message(&nts->to_server, NONCE, at + 4, before, ntp, TAG,
                                    at + 4 + NONCE, NULL);
    return (unsigned)(before + 4 + 4 + NONCE + TAG);
}

static unsigned get16(const uint8_t *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

/* The authenticator at `at`: its secret part must be a cookie. */
static bool open_rest(struct nts *nts, const uint8_t *ntp, size_t at, size_t size)
{
    uint8_t text[ANSWER_MAX];
    unsigned nonce = get16(ntp + at + 4), sealed = get16(ntp + at + 6);

    if (8U + nonce + sealed > size || nonce % 4 != 0 || sealed < TAG + 4 || sealed > sizeof text) {
        return false;
    }
    return siv_cmac_aes128_decrypt_message(&nts->to_client, nonce, ntp + at + 8, at, ntp,
                                           sealed - TAG, text, ntp + at + 8 + nonce) == 1 &&
           get16(text) == FIELD_COOKIE && get16(text + 2) == nts->cookie_size + 4;
}

bool nts_open(struct nts *nts, const uint8_t *ntp, size_t size, uint64_t mark)
{
    uint8_t identifier[IDENTIFIER];
    bool known = false;

    put_identifier(identifier, mark);
    for (size_t at = HEADER; at + 8 <= size;) {
        unsigned kind = get16(ntp + at), length = get16(ntp + at + 2);

        if (length < 8 || length > size - at) {
            return false;
        }
        if (kind == FIELD_AUTHENTICATOR) {
            return known && open_rest(nts, ntp, at, length);
        }
        known = known || (kind == FIELD_IDENTIFIER && length == IDENTIFIER + 4 &&
                          memcmp(ntp + at + 4, identifier, IDENTIFIER) == 0);
        at += length;
    }
    return false;
}
