/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * leases.h - time servers in the files of DHCP clients: texts in, leads out.
 *
 * What can't be read adds nothing: these files are other people's, and half written now and then.
 * When a lease ends is left out of account: who knows what time it is?
 */
#ifndef HELPER_LEASES_H
#define HELPER_LEASES_H

#include <stddef.h>

#include "helper/leads.h"

/* A state file of systemd-networkd, /run/systemd/netif/links/INDEX: its line NTP=. */
void leases_networkd(const char *text, size_t size, const struct found *found, struct leads *leads);

/*
 * A file of dhclient's leases: of each interface the last one counts.  Options 42 of DHCP, 31 and
 * 56 of DHCPv6, the latter also as octets.
 */
void leases_dhclient(const char *text, size_t size, const struct found *found, struct leads *leads);

/* A file of `server` lines, as hook scripts write it: names and addresses; what else is there is
 * skipped. */
void leases_hook(const char *text, size_t size, const struct found *found, struct leads *leads);

#endif
