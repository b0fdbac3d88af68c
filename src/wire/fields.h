/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fields.h - structs described by tables: one description encodes, decodes, names and explains
 * every field.
 *
 * On the wire a struct is its size (4 octets) and its fields in the order of the table, big-endian,
 * lists with their length in front.  Fields are only ever appended to a table; so a reader takes
 * as many as it knows of a newer record, and leaves 0 what an older one does not have.
 */
#ifndef WIRE_FIELDS_H
#define WIRE_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

/* One field, for those who render records: JSON, metrics, the manual's schema. */
enum field_type {
    FIELD_BOOL,
    FIELD_U8,
    FIELD_I8,
    FIELD_U16,
    FIELD_I32,
    FIELD_U32,
    FIELD_U64,
    FIELD_DOUBLE,
    FIELD_TIME,
    FIELD_TEXT,
    FIELD_ADDRESS,
    FIELD_DROPS32,
    FIELD_DROPS64,
    FIELD_HOURS
};

struct status_field {
    const char *name; /* JSON key */
    const char *help; /* for the schema, with the unit */
    enum field_type type;
    uint16_t offset;          /* in its struct */
    uint16_t count;           /* of a text's octets, of a list's elements; else 1 */
    const char *const *words; /* enums: word of each value; else NULL */
    uint8_t word_count;
};

struct field_table {
    const struct status_field *fields;
    size_t count;
    size_t struct_size;
};

/* Appends *object. */
void fields_encode(struct writer *w, const struct field_table *table, const void *object);
/* Takes one object, all of which is written.  False (or an overrun) when there is none. */
bool fields_decode(struct reader *r, const struct field_table *table, void *object);
/* Upper limit of the octets that one object takes. */
size_t fields_size_max(const struct field_table *table);

/* The number that a FIELD_BOOL .. FIELD_U64 field holds (an I8 or I32 as two's complement). */
uint64_t field_number(const struct status_field *field, const void *object);
double field_double(const struct status_field *field, const void *object);
/* Word of an enumeration's value; "unknown" beyond the table. */
const char *field_word(const struct status_field *field, uint64_t value);

#endif
