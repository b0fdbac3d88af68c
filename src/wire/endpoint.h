/* SPDX-License-Identifier: BSD-2-Clause */
/* endpoint.h - an address and its port in the messages between noond's processes: 24 octets. */
#ifndef WIRE_ENDPOINT_H
#define WIRE_ENDPOINT_H

#include <stdbool.h>

#include "base/address.h"
#include "base/bytes.h"

/* Family, a zero, port, scope and the octets. */
void endpoint_write(struct writer *w, const struct address *address);
/*
 * False: of no family and not all zeros (which is ADDRESS_NONE), without a port, or with octets
 * where none can be.
 */
bool endpoint_read(struct reader *r, struct address *address);

#endif
