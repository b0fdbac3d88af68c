/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dhcp.h - time servers in DHCP options, as their octets.
 *
 * Option 42 of DHCP (RFC 2132, section 8.3) and 31 of DHCPv6 (SNTP servers, RFC 4075) are lists of
 * addresses; option 56 of DHCPv6 (RFC 5908) has a suboption for each: an address, a multicast
 * address, or a name.  What is not exactly so is refused as a whole.
 */
#ifndef WIRE_DHCP_H
#define WIRE_DHCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DHCP_SERVERS_MAX = 16, DHCP_HOST_SIZE = 256 };

struct dhcp_servers {
    size_t count;
    char at[DHCP_SERVERS_MAX][DHCP_HOST_SIZE]; /* addresses or names, as text */
    size_t multicast;                          /* addresses that are listened to, not asked */
};

/* Each appends to *servers as many as there is room for.  False: odd octets, nothing is taken. */
bool dhcp_ntp_servers(struct dhcp_servers *servers, const uint8_t *option, size_t size);
bool dhcp6_sntp_servers(struct dhcp_servers *servers, const uint8_t *option, size_t size);
bool dhcp6_ntp_servers(struct dhcp_servers *servers, const uint8_t *option, size_t size);

/*
 * Octets as text, as dhclient and udhcpc write options that they don't know: "0:1:0:10" or
 * "00010010".  Returns how many; 0: it is no such text, or more than `capacity`.
 */
size_t dhcp_octets(const char *text, uint8_t *bytes, size_t capacity);

#endif
