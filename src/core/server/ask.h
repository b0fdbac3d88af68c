/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ask.h - what questions about the daemon are answered from, whoever asks and by which protocol.
 *
 * A picture of the node; nothing here can change it.  The owner brings it up to date: `now` and
 * the root dispersion of the record belong to the same instant.
 */
#ifndef CORE_SERVER_ASK_H
#define CORE_SERVER_ASK_H

#include "base/units.h"
#include "core/server/access.h"
#include "core/server/ask_mru.h"
#include "wire/chrony.h"
#include "wire/clients.h"
#include "wire/status.h"

/* Borrowed during the call. */
struct ask_view {
    const struct status_record *record;
    struct utc_time now;
    const struct mru_tables *tables;          /* of clients, for mrulist; NULL: likewise */
    const struct clients_record *clients;     /* NULL: nobody keeps a table of clients */
    const struct access_tree *access;         /* who may ask for time; NULL: not known here */
    const struct access_tree *command_access; /* who may ask about the daemon; likewise */
    const struct chrony_manual_list *manual;  /* times typed in; NULL: not known here */
};

/* Seconds from `then` until now, whole ones; UINT32_MAX: never. */
uint32_t ask_age_s(const struct ask_view *view, struct utc_time then);

#endif
