/* SPDX-License-Identifier: BSD-2-Clause */
/* hex.h - octets from the hexadecimal digits of a published vector, for tests. */
#ifndef SUPPORT_HEX_H
#define SUPPORT_HEX_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The octets of `text`, at most `space`; returns how many. */
static inline size_t from_hex(const char *text, uint8_t *bytes, size_t space)
{
    size_t size = strlen(text) / 2;

    for (size_t i = 0; i < size && i < space; i++) {
        unsigned octet = 0;

        for (unsigned j = 0; j < 2; j++) {
            char c = text[2 * i + j];
            octet = octet << 4 | (unsigned)(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
        }
        bytes[i] = (uint8_t)octet;
    }
    return size < space ? size : space;
}

#endif
