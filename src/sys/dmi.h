/* SPDX-License-Identifier: BSD-2-Clause */
/* dmi.h - what the firmware says of the machine: who made it, and what it is called. */
#ifndef SYS_DMI_H
#define SYS_DMI_H

#include <stddef.h>

/* Reads an item as sys_vendor or product_name, without white space around; "" when there is none.
 */
void dmi_read(const char *item, char *text, size_t size);

#endif
