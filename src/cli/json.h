/* SPDX-License-Identifier: BSD-2-Clause */
/* json.h - records as JSON, made from the field tables; and the documentation of both. */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <jansson.h>

#include "base/units.h"
#include "cli/command.h"
#include "wire/fields.h"
#include "wire/status.h"

/* Grows when a key changes its meaning or goes away; new keys don't count. */
enum { JSON_SCHEMA = 1 };

/* An object with a key for each field; keys with a dot become objects within it. */
json_t *json_of_fields(const struct status_field *fields, size_t count, const void *object);
json_t *json_of_node(const struct node_status *node);
json_t *json_of_source(const struct source_status *source);
/* Array of all sources. */
json_t *json_of_sources(const struct status_record *record);

/* RFC 3339 with ns; null for 0. */
json_t *json_of_time(struct utc_time t);
/* null for what is not finite. */
json_t *json_of_double(double value);

/* Prints {"schema": 1, ...} and frees it; `compact` on one line.  Keeps the exit code. */
enum exit_code json_print(json_t *object, bool compact, enum exit_code code);

/* Prints docs/json.md: every command's object, every field. */
void json_document(void);

#endif
