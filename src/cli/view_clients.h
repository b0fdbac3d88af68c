/* SPDX-License-Identifier: BSD-2-Clause */
/* view_clients.h - who asks this server for time. */
#ifndef CLI_VIEW_CLIENTS_H
#define CLI_VIEW_CLIENTS_H

#include "base/text.h"
#include "cli/view.h"
#include "wire/clients.h"

/* A heading and a line for each client, in the order of the record. */
void view_clients(struct text *text, const struct view *view, const struct clients_record *record);

#endif
