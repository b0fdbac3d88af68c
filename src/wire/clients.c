/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/clients.h"

#include <string.h>

#include "base/bytes.h"
#include "wire/drop.h"

/* {"NOCL", version, 0 (3 octets), known (8), number of clients (4)}, the clients. */
static const uint8_t magic[4] = {'N', 'O', 'C', 'L'};

enum { RECORD_VERSION = 1, HEAD_SIZE = 20 };

#define WORD(name, word, sentence) word,
static const char *const drop_words[] = {DROP_LIST(WORD)};

#define FIELD(kind, member, help)                                                                  \
    {                                                                                              \
#member, help, FIELD_##kind, offsetof(struct client_status, member), 1, NULL, 0            \
    }

/* The order is the order on the wire: new fields go to the end, none is ever taken out. */
static const struct status_field fields[] = {
    FIELD(ADDRESS, address, "the client's address"),
    FIELD(U64, requests, "requests received"),
    FIELD(U64, answers, "requests answered"),
    FIELD(U64, dropped, "requests not answered"),
    {"last_drop", "why the last of those was not answered", FIELD_U8,
     offsetof(struct client_status, last_drop), 1, drop_words, DROP_COUNT},
    FIELD(U8, version, "NTP version of the last request"),
    FIELD(TIME, first, "first request; null: not known any more"),
    FIELD(TIME, last, "last request"),
    FIELD(DOUBLE, interval_s, "mean distance of the latest requests; 0: only one"),
};

static const struct field_table table = {fields, sizeof fields / sizeof *fields,
                                         sizeof(struct client_status)};

const struct status_field *clients_fields(size_t *count)
{
    *count = table.count;
    return fields;
}

static void put_head(struct writer *w, uint64_t known, size_t count)
{
    writer_put(w, magic, sizeof magic);
    writer_be(w, 4, (uint64_t)RECORD_VERSION << 24);
    writer_be(w, 8, known);
    writer_be(w, 4, count);
}

size_t clients_encode(const struct clients_record *record, uint8_t *bytes, size_t size)
{
    struct writer head = {.at = bytes, .left = HEAD_SIZE};
    struct writer w = {.at = bytes + HEAD_SIZE};
    size_t done = 0;

    if (size < HEAD_SIZE) {
        return 0;
    }
    w.left = size - HEAD_SIZE;
    for (; done < record->count; done++) {
        struct writer before = w;

        fields_encode(&w, &table, &record->clients[done]);
        if (w.overrun) {
            w = before;
            break;
        }
    }
    put_head(&head, record->known, done);
    return size - w.left;
}

bool clients_decode(struct clients_record *record, size_t capacity, const uint8_t *bytes,
                    size_t size)
{
    struct reader r = {.at = bytes, .left = size};
    const uint8_t *start = reader_take(&r, sizeof magic);
    uint64_t version = reader_be(&r, 4) >> 24;
    uint64_t count;

    record->known = reader_be(&r, 8);
    record->count = 0;
    count = reader_be(&r, 4);
    if (r.overrun || memcmp(start, magic, sizeof magic) != 0 || version != RECORD_VERSION) {
        return false;
    }
    while (record->count < capacity && record->count < count) {
        if (!fields_decode(&r, &table, &record->clients[record->count])) {
            return false;
        }
        record->count++;
    }
    return true;
}

size_t clients_size_max(size_t clients)
{
    return HEAD_SIZE + clients * fields_size_max(&table);
}
