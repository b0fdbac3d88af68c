/* SPDX-License-Identifier: BSD-2-Clause */
/* refid.h - the reference identifier: how a server names what it follows. */
#ifndef WIRE_REFID_H
#define WIRE_REFID_H

#include <stdint.h>

#include "base/address.h"

/*
 * The refid by which an NTP server names this source: the IPv4 address itself, or for IPv6 the
 * first four octets of its MD5 sum (RFC 5905, section 7.3).  0 for ADDRESS_NONE.
 */
uint32_t address_refid(const struct address *address);

enum { REFID_TEXT_SIZE = 16 };
/*
 * For people: the letters of a reference or kiss code at stratum 0, 1 or 16 ("GPS", "RATE"),
 * dotted octets at others and where an octet is no printable ASCII.
 */
void refid_print(uint32_t refid, unsigned stratum, char text[static REFID_TEXT_SIZE]);

#endif
