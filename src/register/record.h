/* SPDX-License-Identifier: BSD-2-Clause */
/* record.h - the DNS records that one registration is about, as text.  Pure. */
#ifndef REGISTER_RECORD_H
#define REGISTER_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/address.h"

enum {
    RECORD_NAME_SIZE = 256,
    RECORD_DATA_SIZE = 300,
    RECORD_ADDRESSES_MAX = 16,
    RECORDS_MAX = 2 * RECORD_ADDRESSES_MAX + 1,
};

enum record_type { RECORD_A, RECORD_AAAA, RECORD_SRV, RECORD_TYPES };

struct record {
    enum record_type type;
    char name[RECORD_NAME_SIZE]; /* absolute: "ntp.example.net." */
    char data[RECORD_DATA_SIZE]; /* as in a zone file: "192.0.2.1", "10 60 123 a.example.net." */
};

struct records {
    struct record at[RECORDS_MAX];
    size_t count;
};

/* What the records of a server are made of. */
struct record_names {
    const char *name; /* that clients ask for; several servers share it */
    const char *host; /* of this server alone; "": it has none */
    bool srv;         /* _ntp._udp.NAME leads to `host` */
    unsigned priority, weight;
};

/* "A", "AAAA", "SRV". */
const char *record_type_word(enum record_type type);

/* The records that say that the server has these addresses. */
void records_of(struct records *records, const struct record_names *names,
                const struct address *addresses, size_t count);

/* Appends it unless it is there; false: no room. */
bool records_add(struct records *records, const struct record *record);
bool records_have(const struct records *records, const struct record *record);
bool records_equal(const struct records *a, const struct records *b);

/*
 * A host's name as records have it, lower case and with a dot at the end.  False: not letters,
 * digits, - and _, a label of more than 63 octets, more than 253 octets, or nothing at all.
 */
bool record_name(char name[static RECORD_NAME_SIZE], const char *text);
/* Is the name the zone's, or below it?  Both absolute. */
bool record_name_in_zone(const char *name, const char *zone);

#endif
