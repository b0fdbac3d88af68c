/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/address.h"

#include <string.h>

bool address_equal(const struct address *a, const struct address *b)
{
    return a->family == b->family && a->scope == b->scope &&
           memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

/* A number without leading zeros (some read those as octal), at most `max`; moves *text past it. */
static bool parse_decimal(const char **text, uint32_t max, uint32_t *value)
{
    const char *at = *text;
    uint64_t sum = 0;

    if (*at < '0' || *at > '9' || (*at == '0' && at[1] >= '0' && at[1] <= '9')) {
        return false;
    }
    for (; *at >= '0' && *at <= '9'; at++) {
        sum = sum * 10 + (uint64_t)(*at - '0');
        if (sum > max) {
            return false;
        }
    }
    *text = at;
    *value = (uint32_t)sum;
    return true;
}

static bool parse_ipv4(const char **text, uint8_t bytes[static 4])
{
    for (unsigned i = 0; i < 4; i++) {
        uint32_t octet;

        if (i > 0 && *(*text)++ != '.') {
            return false;
        }
        if (!parse_decimal(text, 255, &octet)) {
            return false;
        }
        bytes[i] = (uint8_t)octet;
    }
    return true;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

/* One to four hexadecimal digits; returns how many, 0 for none, 5 for too many. */
static unsigned parse_group(const char *text, uint8_t bytes[static 2])
{
    unsigned digits = 0;
    unsigned value = 0;

    for (; digits < 5 && hex_digit(text[digits]) >= 0; digits++) {
        value = value << 4 | (unsigned)hex_digit(text[digits]);
    }
    bytes[0] = (uint8_t)(value >> 8);
    bytes[1] = (uint8_t)value;
    return digits;
}

/* RFC 4291, section 2.2: groups, one "::", and perhaps an IPv4 address in the last 32 bits. */
static bool parse_ipv6(const char **text, uint8_t bytes[static 16])
{
    const char *at = *text;
    unsigned filled = 0;
    int gap = -1;

    memset(bytes, 0, 16);
    if (at[0] == ':' && at[1] == ':') {
        gap = 0;
        at += 2;
    }
    while (filled < 16) {
        uint8_t pair[2];
        unsigned digits = parse_group(at, pair);

        if (digits == 0 && gap == (int)filled) {
            break; /* the "::" was the end */
        }
        if (digits == 0 || digits > 4) {
            return false;
        }
        if (at[digits] == '.') {
            if (filled > 12 || !parse_ipv4(&at, bytes + filled)) {
                return false;
            }
            filled += 4;
            break;
        }
        memcpy(bytes + filled, pair, 2);
        filled += 2;
        at += digits;
        if (*at != ':') {
            break;
        }
        if (at[1] == ':') {
            if (gap >= 0) {
                return false;
            }
            gap = (int)filled;
            at++;
        } else if (filled == 16) {
            return false;
        }
        at++;
    }
    if (gap < 0 ? filled != 16 : filled > 14) {
        return false;
    }
    if (gap >= 0) {
        memmove(bytes + 16 - (filled - (unsigned)gap), bytes + gap, filled - (unsigned)gap);
        memset(bytes + gap, 0, 16 - filled);
    }
    *text = at;
    return true;
}

bool address_parse(struct address *address, const char *text)
{
    struct address parsed = {.family = ADDRESS_IPV4};
    const char *at = text;
    bool bracket = *at == '[';

    if (!bracket && parse_ipv4(&at, parsed.bytes) && *at == '\0') {
        *address = parsed;
        return true;
    }
    at = bracket ? text + 1 : text;
    parsed.family = ADDRESS_IPV6;
    if (!parse_ipv6(&at, parsed.bytes)) {
        return false;
    }
    if (*at == '%') {
        at++;
        if (!parse_decimal(&at, UINT32_MAX, &parsed.scope)) {
            return false;
        }
    }
    if (bracket && *at++ != ']') {
        return false;
    }
    if (*at != '\0') {
        return false;
    }
    *address = parsed;
    return true;
}

static char *print_decimal(char *at, uint32_t value)
{
    char digits[10];
    unsigned count = 0;

    do {
        digits[count++] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    while (count > 0) {
        *at++ = digits[--count];
    }
    return at;
}

static char *print_ipv4(char *at, const uint8_t bytes[static 4])
{
    for (unsigned i = 0; i < 4; i++) {
        if (i > 0) {
            *at++ = '.';
        }
        at = print_decimal(at, bytes[i]);
    }
    return at;
}

static char *print_group(char *at, unsigned value)
{
    bool started = false;

    for (int shift = 12; shift >= 0; shift -= 4) {
        unsigned digit = value >> shift & 15;

        if (digit > 0 || started || shift == 0) {
            *at++ = "0123456789abcdef"[digit];
            started = true;
        }
    }
    return at;
}

/* First of the longest runs of two or more zero groups; 8 when there is none. */
static unsigned longest_zeros(const uint8_t bytes[static 16], unsigned groups, unsigned *length)
{
    unsigned best = 8;
    unsigned run = 0;

    *length = 1;
    for (unsigned i = 0; i < groups; i++) {
        run = bytes[2 * i] == 0 && bytes[2 * i + 1] == 0 ? run + 1 : 0;
        if (run > *length) {
            *length = run;
            best = i + 1 - run;
        }
    }
    return best;
}

static char *print_ipv6(char *at, const uint8_t bytes[static 16])
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    bool ipv4 = memcmp(bytes, mapped, sizeof mapped) == 0;
    unsigned groups = ipv4 ? 6 : 8;
    unsigned length;
    unsigned gap = longest_zeros(bytes, groups, &length);

    for (unsigned i = 0; i < groups; i++) {
        if (i == gap) {
            *at++ = ':';
            *at++ = ':';
            i += length - 1;
            continue;
        }
        if (i > 0 && at[-1] != ':') {
            *at++ = ':';
        }
        at = print_group(at, (unsigned)bytes[2 * i] << 8 | bytes[2 * i + 1]);
    }
    if (ipv4) {
        *at++ = ':';
        at = print_ipv4(at, bytes + 12);
    }
    return at;
}

/* Needs 47 octets at most: an IPv6 address of 39, '%' and a scope of 10. */
static char *print_address(char *at, const struct address *address)
{
    if (address->family == ADDRESS_IPV4) {
        return print_ipv4(at, address->bytes);
    }
    if (address->family != ADDRESS_IPV6) {
        *at++ = '?';
        return at;
    }
    at = print_ipv6(at, address->bytes);
    if (address->scope != 0) {
        *at++ = '%';
        at = print_decimal(at, address->scope);
    }
    return at;
}

void address_print(const struct address *address, char text[static ADDRESS_TEXT_SIZE])
{
    *print_address(text, address) = '\0';
}

void address_print_port(const struct address *address, char text[static ADDRESS_TEXT_SIZE])
{
    char *at = text;

    if (address->family == ADDRESS_IPV6) {
        *at++ = '[';
    }
    at = print_address(at, address);
    if (address->family == ADDRESS_IPV6) {
        *at++ = ']';
    }
    if (address->family != ADDRESS_NONE) {
        *at++ = ':';
        at = print_decimal(at, address->port);
    }
    *at = '\0';
}

bool address_clear_host_bits(struct address *address, unsigned bits)
{
    bool cleared = false;

    for (unsigned i = 0; i < sizeof address->bytes; i++) {
        unsigned kept = bits > i * 8 ? bits - i * 8 : 0;
        uint8_t mask = kept >= 8 ? 0xff : (uint8_t)(0xff00 >> kept);

        cleared = cleared || (address->bytes[i] & ~mask);
        address->bytes[i] &= mask;
    }
    return cleared;
}

bool address_in_prefix(const struct address *address, const struct address *prefix, unsigned bits)
{
    unsigned whole = bits / 8;
    unsigned rest = bits % 8;
    unsigned size = prefix->family == ADDRESS_IPV4 ? 32 : 128;

    if (address->family != prefix->family || prefix->family == ADDRESS_NONE || bits > size) {
        return false;
    }
    if (memcmp(address->bytes, prefix->bytes, whole) != 0) {
        return false;
    }
    return rest == 0 || (address->bytes[whole] ^ prefix->bytes[whole]) >> (8 - rest) == 0;
}

struct block {
    struct address prefix;
    unsigned bits;
};

static bool in_any(const struct address *address, const struct block *blocks, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (address_in_prefix(address, &blocks[i].prefix, blocks[i].bits)) {
            return true;
        }
    }
    return false;
}

bool address_is_loopback(const struct address *address)
{
    static const struct block blocks[] = {
        {{.family = ADDRESS_IPV4, .bytes = {127}}, 8},
        {{.family = ADDRESS_IPV6, .bytes = {[15] = 1}}, 128},
    };

    return in_any(address, blocks, sizeof blocks / sizeof *blocks);
}

bool address_is_host(const struct address *address)
{
    static const uint8_t nobody[16], everybody[4] = {255, 255, 255, 255};
    const uint8_t *bytes = address->bytes;

    switch (address->family) {
    case ADDRESS_IPV4:
        return bytes[0] != 0 && (bytes[0] & 0xf0) != 0xe0 &&
               memcmp(bytes, everybody, sizeof everybody) != 0;
    case ADDRESS_IPV6:
        return bytes[0] != 0xff && memcmp(bytes, nobody, sizeof nobody) != 0;
    default:
        return false;
    }
}

bool address_is_private(const struct address *address)
{
    static const struct block blocks[] = {
        {{.family = ADDRESS_IPV4, .bytes = {10}}, 8},
        {{.family = ADDRESS_IPV4, .bytes = {172, 16}}, 12},
        {{.family = ADDRESS_IPV4, .bytes = {192, 168}}, 16},
        {{.family = ADDRESS_IPV4, .bytes = {100, 64}}, 10},
        {{.family = ADDRESS_IPV4, .bytes = {169, 254}}, 16},
        {{.family = ADDRESS_IPV6, .bytes = {0xfe, 0x80}}, 10},
        {{.family = ADDRESS_IPV6, .bytes = {0xfc}}, 7},
    };

    return address_is_loopback(address) || in_any(address, blocks, sizeof blocks / sizeof *blocks);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

size_t address_of_localhost(const char *name, enum address_family family,
                            struct address addresses[static 2])
{
    static const char localhost[] = "localhost";
    size_t length = strlen(name), own = sizeof localhost - 1, count = 0;

    length -= length > 0 && name[length - 1] == '.';
    if (length < own || (length > own && name[length - own - 1] != '.')) {
        return 0;
    }
    for (size_t i = 0; i < own; i++) {
        if (lower(name[length - own + i]) != localhost[i]) {
            return 0;
        }
    }
    if (family != ADDRESS_IPV4) {
        addresses[count++] = (struct address){.family = ADDRESS_IPV6, .bytes = {[15] = 1}};
    }
    if (family != ADDRESS_IPV6) {
        addresses[count++] = (struct address){.family = ADDRESS_IPV4, .bytes = {127, 0, 0, 1}};
    }
    return count;
}
