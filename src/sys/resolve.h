/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * resolve.h - names to addresses within the process, by getaddrinfo(): blocks, loads NSS modules,
 * knows no TTL.  For --single alone; otherwise noon-helper resolves.
 */
#ifndef SYS_RESOLVE_H
#define SYS_RESOLVE_H

#include <stddef.h>

#include "base/address.h"

enum resolve_status {
    RESOLVE_STATUS_FOUND,
    RESOLVE_STATUS_NO_NAME, /* the name does not exist (yet) */
    RESOLVE_STATUS_NO_DATA, /* it has no address of that family */
    RESOLVE_STATUS_FAILED,  /* no resolver, no answer */
};

/* `family` NONE: both.  Ports are 0.  *count is at most `capacity`; duplicates are left out. */
enum resolve_status resolve_name(const char *name, enum address_family family,
                                 struct address *addresses, size_t capacity, size_t *count);

#endif
