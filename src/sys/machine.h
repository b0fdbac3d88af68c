/* SPDX-License-Identifier: BSD-2-Clause */
/* machine.h - what else runs on this machine and could be in the way, and where it is reachable. */
#ifndef SYS_MACHINE_H
#define SYS_MACHINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/address.h"

/* Another program that disciplines the clock. */
struct machine_rival {
    int process;
    char name[16];    /* as the kernel knows it */
    char remedy[100]; /* a command that ends it for good */
};

/*
 * Looks through `proc` ("/proc") for a known time daemon that may set the clock (CAP_SYS_TIME; one
 * that only observes, or disciplines a network card's clock, is none), and is not noond with `self`
 * as an ancestor or as itself.  False: there is none, or none that can be seen.
 */
bool machine_find_rival(const char *proc, int self, struct machine_rival *rival);

/* The addresses of all interfaces, without port and scope; returns how many, at most `max`. */
size_t machine_addresses(struct address *addresses, size_t max);
/* Those of one interface; 0 also when there is no interface of that name. */
size_t machine_interface_addresses(const char *interface, struct address *addresses, size_t max);

/* Has any interface an address that is nobody's private one? */
bool machine_has_public_address(void);

#endif
