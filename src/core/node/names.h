/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * names.h - the addresses that names had, kept over a restart: a machine that starts while its
 * resolver is down still finds its servers.
 *
 * A line for each: "NAME METHOD FAMILY WHEN ADDRESS RANK [ADDRESS RANK]...", numbers but
 * for the name and the addresses, which have a port; WHEN in seconds since 1970.
 */
#ifndef CORE_NODE_NAMES_H
#define CORE_NODE_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "core/node/options.h"

struct saved_name {
    char name[NAME_SIZE];
    uint8_t method; /* RESOLVE_ADDRESSES or RESOLVE_SRV: what DHCP said holds in its network only */
    uint8_t family; /* enum address_family; ADDRESS_NONE: both */
    uint8_t count;
    struct utc_time when; /* they were found */
    struct address addresses[RESOLVED_MAX];
    struct found found[RESOLVED_MAX];
};

enum { SAVED_NAME_LINE_SIZE = 2048 };

/*
 * Reads up to `capacity` lines; *skipped counts those that say nothing.  Returns how many there
 * are.
 */
size_t names_parse(struct saved_name *names, size_t capacity, const char *bytes, size_t size,
                   unsigned *skipped);
/* One line, with its end; returns its length. */
size_t names_format(const struct saved_name *name, char text[static SAVED_NAME_LINE_SIZE]);

/* What was kept for the line, wherever it is now; NULL: nothing. */
const struct saved_name *names_find(const struct saved_name *names, size_t count,
                                    const struct source_options *options);

/*
 * Is it odd that a name of the public DNS has this address: one of a private network?  A portal
 * that wants a password, or a resolver that lies, may stand behind it.
 */
bool names_odd_address(const char *name, const struct address *address);

#endif
