/* SPDX-License-Identifier: BSD-2-Clause */
/* interface.h - names, numbers and addresses of network interfaces. */
#ifndef SYS_INTERFACE_H
#define SYS_INTERFACE_H

#include <stdbool.h>
#include <stdint.h>

enum { INTERFACE_NAME_SIZE = 16 };

/* The name of an interface by its index; false: there is none. */
bool interface_name(unsigned index, char name[static INTERFACE_NAME_SIZE]);

/* Its index; 0: there is none of that name.  *ethernet: whether it is of that kind; then `mac` is
 * its address. */
unsigned interface_look(const char *name, bool *ethernet, uint8_t mac[static 6]);

#endif
