/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ask_chrony.h - chronyc's questions answered as chronyd answers them (wire/chrony.h).
 *
 * Signs are chrony's: where it says local - reference, offsets of the record change theirs.
 */
#ifndef CORE_SERVER_ASK_CHRONY_H
#define CORE_SERVER_ASK_CHRONY_H

#include <stdbool.h>

#include "core/server/ask.h"
#include "wire/chrony.h"

/*
 * Answer a request that chrony_request_decode() took.  Returns the octets of the reply, which are
 * never more than those of the request; 0: it asks for a change, which is not decided here.
 */
size_t ask_chrony(const struct ask_view *view, const struct chrony_request *request,
                  uint8_t reply[static CHRONY_REPLY_MAX]);

/* The source that an address, or the number of a name without one, means; NULL: none. */
const struct source_status *ask_chrony_source(const struct status_record *record,
                                              const struct chrony_address *address);

#endif
