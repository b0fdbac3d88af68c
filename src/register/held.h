/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * held.h - what this server may have registered, kept in a file: after a crash it may have another
 * address, and the record of the old one would lead clients to somebody else.
 */
#ifndef REGISTER_HELD_H
#define REGISTER_HELD_H

#include "base/err.h"
#include "base/text.h"
#include "register/record.h"

enum { HELD_TEXT_SIZE = RECORDS_MAX * (RECORD_NAME_SIZE + RECORD_DATA_SIZE + 8) };

/* A line a record: TYPE NAME DATA. */
void held_print(struct text *text, const struct records *records);
/* Adds those of the text; lines that are none are left out. */
void held_parse(struct records *records, const char *text);

/* The file of a registration by its name; none is no error, and adds nothing. */
MUST_USE enum err held_read(const char *directory, const char *name, struct records *records);
MUST_USE enum err held_write(const char *directory, const char *name,
                             const struct records *records);

#endif
