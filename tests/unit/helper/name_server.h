/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * name_server.h - a name server of one socket for tests, with a character for each name:
 * two.test has A with TTLs 300 and 60 and AAAA with 600, four.test only A, none.test does not
 * exist, broken.test is SERVFAIL, garbage.test gets rubbish, silent.test nothing; dnssec.test is
 * SERVFAIL unless validation is disabled, loop.test is an alias of itself; the service srv.test has
 * two.test with priority 20 and four.test with 10 on port 1123, and TTL 120.
 */
#ifndef TESTS_HELPER_NAME_SERVER_H
#define TESTS_HELPER_NAME_SERVER_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "sys/udp.h"

enum {
    DNS_TYPE_A = 1,
    DNS_TYPE_CNAME = 5,
    DNS_TYPE_AAAA = 28,
    DNS_TYPE_SRV = 33,
    DNS_SERVFAIL = 2,
    DNS_NXDOMAIN = 3
};

/* Opens on a free port of 127.0.0.1 and writes "127.0.0.1:PORT". */
static void name_server_open(struct udp_socket *s, char where[static ADDRESS_TEXT_SIZE])
{
    struct udp_options options = {.local = {.family = ADDRESS_IPV4, .bytes = {127, 0, 0, 1}}};

    assert_int_equal(udp_server_open(s, &options), ERR_NONE);
    struct address local = udp_local(s);
    address_print_port(&local, where);
}

static size_t add_record(uint8_t *at, uint16_t type, uint32_t ttl_s, uint8_t last)
{
    const size_t length = type == DNS_TYPE_A ? 4 : 16;
    const uint8_t head[12] = {0xc0,
                              12, /* the name of the question */
                              0,
                              (uint8_t)type,
                              0,
                              1,
                              (uint8_t)(ttl_s >> 24),
                              (uint8_t)(ttl_s >> 16),
                              (uint8_t)(ttl_s >> 8),
                              (uint8_t)ttl_s,
                              0,
                              (uint8_t)length};
    const uint8_t v4[4] = {192, 0, 2, last};
    const uint8_t v6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = last};

    memcpy(at, head, sizeof head);
    memcpy(at + sizeof head, type == DNS_TYPE_A ? v4 : v6, length);
    return sizeof head + length;
}

/* A record whose data are given. */
static size_t add_data(uint8_t *at, uint16_t type, uint8_t ttl_s, const uint8_t *data, uint8_t size)
{
    const uint8_t head[12] = {0xc0, 12, 0, (uint8_t)type, 0, 1, 0, 0, 0, ttl_s, 0, size};

    memcpy(at, head, sizeof head);
    memcpy(at + sizeof head, data, size);
    return sizeof head + size;
}

static size_t add_services(uint8_t *at)
{
    static const uint8_t two[] = "\0\x14\0\1\0\x7b\3two\4test",
                         four[] = "\0\x0a\0\0\4\x63\4four\4test";
    size_t size = add_data(at, DNS_TYPE_SRV, 200, two, sizeof two);

    return size + add_data(at + size, DNS_TYPE_SRV, 120, four, sizeof four);
}

/* Name and type of a question; returns where it ends, 0: none. */
static size_t read_question(const struct udp_datagram *d, char name[static 256], uint16_t *type)
{
    size_t at = 12;
    size_t length = 0;

    while (at < d->size && d->bytes[at] != 0) {
        uint8_t label = d->bytes[at++];

        if (label > 63 || at + label > d->size || length + label + 2 > 256) {
            return 0;
        }
        length += (size_t)snprintf(name + length, 256 - length, "%s%.*s", length > 0 ? "." : "",
                                   (int)label, (const char *)d->bytes + at);
        at += label;
    }
    if (at + 5 > d->size) {
        return 0;
    }
    *type = (uint16_t)(d->bytes[at + 1] << 8 | d->bytes[at + 2]);
    return at + 5;
}

/* Takes a question, if there is one, and answers it by its name's character. */
static void name_server_work(struct udp_socket *s)
{
    uint8_t bytes[1024];
    char name[256] = "";
    uint16_t type = 0;
    struct udp_datagram d = {.bytes = bytes, .capacity = 512};
    struct utc_time stamp;
    uint8_t answers = 0;

    if (udp_receive(s, &d) != ERR_NONE) {
        return;
    }
    size_t size = read_question(&d, name, &type);
    if (size == 0 || strcmp(name, "silent.test") == 0) {
        return;
    }
    uint8_t code = strcmp(name, "broken.test") == 0 ? DNS_SERVFAIL : DNS_NXDOMAIN;
    if (strcmp(name, "two.test") == 0 || strcmp(name, "four.test") == 0) {
        code = 0;
        if (type == DNS_TYPE_A) {
            size += add_record(bytes + size, type, 300, 1);
            size += add_record(bytes + size, type, 60, 2);
            answers = 2;
        } else if (type == DNS_TYPE_AAAA && name[0] == 't') {
            size += add_record(bytes + size, type, 600, 3);
            answers = 1;
        }
    }
    if (strcmp(name, "dnssec.test") == 0) {
        code = (bytes[3] & 0x10) != 0 ? 0 : DNS_SERVFAIL;
        if (code == 0 && type == DNS_TYPE_A) {
            size += add_record(bytes + size, type, 300, 9);
            answers = 1;
        }
    } else if (strcmp(name, "loop.test") == 0) {
        size += add_data(bytes + size, DNS_TYPE_CNAME, 60, (const uint8_t *)"\xc0\x0c", 2);
        code = 0;
        answers = 1;
    } else if (strcmp(name, "_ntp._udp.srv.test") == 0 && type == DNS_TYPE_SRV) {
        size += add_services(bytes + size);
        code = 0;
        answers = 2;
    } else if (strcmp(name, "_ntp._udp.nowhere.test") == 0) {
        size += add_data(bytes + size, DNS_TYPE_SRV, 60, (const uint8_t *)"\0\0\0\0\0\x7b\0", 7);
        code = 0;
        answers = 1;
    }
    bytes[2] = 0x81;                   /* an answer, recursion desired ... */
    bytes[3] = (uint8_t)(0x80 | code); /* ... and available */
    memset(bytes + 6, 0, 6);
    bytes[7] = answers;
    if (strcmp(name, "garbage.test") == 0) {
        memset(bytes + 2, 0xff, size - 2);
    }
    struct udp_message answer = {.bytes = bytes, .size = size, .to = d.from, .from = d.to};
    assert_int_equal(udp_send(s, &answer, &stamp), ERR_NONE);
}

#endif
