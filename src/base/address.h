/* SPDX-License-Identifier: BSD-2-Clause */
/* address.h - IP addresses, with port or prefix length, as plain values. */
#ifndef BASE_ADDRESS_H
#define BASE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum address_family { ADDRESS_NONE, ADDRESS_IPV4, ADDRESS_IPV6 };

/* An address; IPv4 lies in bytes[0..3], the others being zero, so that memcmp works. */
struct address {
    uint8_t family; /* enum address_family */
    uint8_t bytes[16];
    uint32_t scope; /* interface index of an IPv6 link-local address; 0: none */
    uint16_t port;
};

/* Same family, address and scope; ports are not compared. */
bool address_equal(const struct address *a, const struct address *b);

/*
 * Text to address: "10.0.0.1", "fd00::1", "[fd00::1]", "fe80::1%2" (the scope as a number).  The
 * port is left 0.  False when `text` is no literal address (then it may be a name).
 */
bool address_parse(struct address *address, const char *text);

enum { ADDRESS_TEXT_SIZE = 64 };
/* Without the port; IPv6 in the form of RFC 5952.  "?" for ADDRESS_NONE. */
void address_print(const struct address *address, char text[static ADDRESS_TEXT_SIZE]);
/* With it: "10.0.0.1:123", "[fd00::1]:123". */
void address_print_port(const struct address *address, char text[static ADDRESS_TEXT_SIZE]);

/* Sets the bits behind the first `bits` to zero; true when some of them were not. */
bool address_clear_host_bits(struct address *address, unsigned bits);
/* Is the address inside prefix/bits?  False for another family. */
bool address_in_prefix(const struct address *address, const struct address *prefix, unsigned bits);

/*
 * The addresses of "localhost" and of the names below it, which no resolver has to know (RFC 6761,
 * section 6.3): at most two, of that family or, for ADDRESS_NONE, of both.  0: another name.
 */
size_t address_of_localhost(const char *name, enum address_family family,
                            struct address addresses[static 2]);

bool address_is_loopback(const struct address *address);
/* May one machine have it?  False for 0.0.0.0/8 and ::, multicast and 255.255.255.255. */
bool address_is_host(const struct address *address);
/* Loopback, link-local, RFC 1918, RFC 6598 or unique local: nobody's public server. */
bool address_is_private(const struct address *address);

#endif
