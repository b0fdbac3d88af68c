/* SPDX-License-Identifier: BSD-2-Clause */
/* clients.h - who asked this server for time: the answer to CONTROL_CLIENTS. */
#ifndef WIRE_CLIENTS_H
#define WIRE_CLIENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/units.h"
#include "wire/fields.h"

/* One entry of the server's client table.  What the server does not keep stays 0. */
struct client_status {
    struct address address; /* without port: NAT and port-changing clients are one */
    uint64_t requests;
    uint64_t answers;
    uint64_t dropped;      /* requests that were not answered */
    uint8_t last_drop;     /* enum drop_reason of the last of those */
    uint8_t version;       /* NTP version of the last request */
    struct utc_time first; /* 0: unknown */
    struct utc_time last;
    double interval_s; /* mean distance of the latest requests; 0: only one */
};

/* Borrowed: `count` clients, of `known` that are in the table. */
struct clients_record {
    uint64_t known;
    size_t count;
    struct client_status *clients; /* decode: the caller's array */
};

/*
 * Encodes as many clients as fit; returns the octets used, 0 when not even the head fits.  Decode
 * fills at most `capacity`; false when the octets are no such record.  Newer and older records are
 * read as far as they are known (wire/fields.h).
 */
size_t clients_encode(const struct clients_record *record, uint8_t *bytes, size_t size);
bool clients_decode(struct clients_record *record, size_t capacity, const uint8_t *bytes,
                    size_t size);
/* Every encoded client takes more: so many at most are in a record of a given size. */
enum { CLIENT_OCTETS_MIN = 32 };
/* Upper limit of clients_encode() for that many clients. */
size_t clients_size_max(size_t clients);

const struct status_field *clients_fields(size_t *count);

#endif
