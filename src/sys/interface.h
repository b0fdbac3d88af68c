/* SPDX-License-Identifier: BSD-2-Clause */
/* interface.h - names of network interfaces. */
#ifndef SYS_INTERFACE_H
#define SYS_INTERFACE_H

#include <stdbool.h>

enum { INTERFACE_NAME_SIZE = 16 };

/* The name of an interface by its index; false: there is none. */
bool interface_name(unsigned index, char name[static INTERFACE_NAME_SIZE]);

#endif
