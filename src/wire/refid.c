/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/refid.h"

#include <stdbool.h>

#include "base/text.h"
#include "crypto/md5.h"

uint32_t address_refid(const struct address *address)
{
    uint8_t sum[MD5_SIZE];
    const uint8_t *octets = address->bytes;

    if (address->family == ADDRESS_NONE) {
        return 0;
    }
    if (address->family == ADDRESS_IPV6) {
        md5_sum(address->bytes, sizeof address->bytes, sum);
        octets = sum;
    }
    return (uint32_t)octets[0] << 24 | (uint32_t)octets[1] << 16 | (uint32_t)octets[2] << 8 |
           octets[3];
}

/* Letters, padded at the end by zeros or spaces; returns how many, 0 when it is no such code. */
static unsigned letters(uint32_t refid, char text[static 4])
{
    unsigned count = 0;
    bool ended = false;

    for (int shift = 24; shift >= 0; shift -= 8) {
        char c = (char)(refid >> shift & 0xff);

        if (c == '\0' || c == ' ') {
            ended = true;
        } else if (ended || c < '!' || c > '~') {
            return 0;
        } else {
            text[count++] = c;
        }
    }
    return count;
}

void refid_print(uint32_t refid, unsigned stratum, char text[static REFID_TEXT_SIZE])
{
    struct text t = text_begin(text, REFID_TEXT_SIZE);
    char code[4];
    unsigned count = stratum <= 1 || stratum >= 16 ? letters(refid, code) : 0;

    for (unsigned i = 0; i < count; i++) {
        text_char(&t, code[i]);
    }
    for (unsigned i = 0; count == 0 && i < 4; i++) {
        if (i > 0) {
            text_char(&t, '.');
        }
        text_u64(&t, refid >> (24 - 8 * i) & 0xff);
    }
}
