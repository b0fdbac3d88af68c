/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/xdp_clients.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/siphash.h"
#include "sys/bpf.h"
#include "sys/entropy.h"
#include "wire/drop.h"

enum {
    READ_MAX = 32768, /* at a look: no more are told */
    PLACES = 131072,  /* four for each, and a power of two */
};

struct xdp_clients {
    struct xdp_client_name names[READ_MAX];
    struct xdp_client clients[READ_MAX];
    uint32_t places[PLACES]; /* 1 + index of who is in the list; by a hash, 0: nobody */
    struct siphash_key key;
};

struct xdp_clients *xdp_clients_open(void)
{
    /* Not touched by the system before somebody is there to be told of. */
    struct xdp_clients *clients = malloc(sizeof *clients);

    if (clients != NULL) {
        entropy_fill(&clients->key, sizeof clients->key);
    }
    return clients;
}

/* The place of an address in the list: its own, or the free one that it may have. */
static uint32_t *place_of(struct xdp_clients *clients, const struct clients_record *record,
                          const struct address *address)
{
    uint64_t hash = siphash(&clients->key, address->bytes, sizeof address->bytes);

    for (;; hash++) {
        uint32_t *place = &clients->places[hash % PLACES];

        if (*place == 0 || address_equal(&record->clients[*place - 1].address, address)) {
            return place;
        }
    }
}

/* As core/server/clientlog gives an address back. */
static struct address address_of(const struct xdp_client_name *name)
{
    struct address address = {.family = name->family};

    if (name->family == ADDRESS_IPV6 && name->link_local != 0) {
        address.bytes[0] = 0xfe;
        address.bytes[1] = 0x80;
        memcpy(address.bytes + 8, name->bytes, sizeof name->bytes);
    } else {
        memcpy(address.bytes, name->bytes, name->family == ADDRESS_IPV4 ? 4 : sizeof name->bytes);
    }
    return address;
}

/* Both have met it. */
static void join(struct client_status *one, const struct client_status *other)
{
    one->requests += other->requests;
    one->answers += other->answers;
    one->dropped += other->dropped;
    one->first = other->first.ns < one->first.ns ? other->first : one->first;
    if (other->last.ns > one->last.ns) {
        one->last = other->last;
        one->version = other->version;
        one->interval_s = other->interval_s;
        one->last_drop = other->last_drop != DROP_NONE ? other->last_drop : one->last_drop;
    }
}

static struct client_status status_of(const struct xdp_client_name *name,
                                      const struct xdp_client *client, const struct time_line *line)
{
    return (struct client_status){
        .address = address_of(name),
        .requests = client->requests,
        .answers = client->answers,
        .dropped = client->requests > client->answers ? client->requests - client->answers : 0,
        .last_drop = client->last_drop < DROP_COUNT ? client->last_drop : (uint8_t)DROP_NONE,
        .version = client->version,
        .first = line_utc(line, (struct steady_time){client->first_ns}),
        .last = line_utc(line, (struct steady_time){client->last_ns}),
        .interval_s = client->interval_ns > 0 ? (double)client->interval_ns * 1e-9 : 0,
    };
}

void xdp_clients_add(struct xdp_clients *clients, int fd, const struct time_line *line,
                     struct clients_record *record, size_t capacity)
{
    size_t count = bpf_entries(fd, clients->names, clients->clients, READ_MAX);

    if (count == 0) {
        return;
    }
    memset(clients->places, 0, sizeof clients->places);
    for (uint32_t i = 0; i < record->count && i < READ_MAX; i++) {
        *place_of(clients, record, &record->clients[i].address) = i + 1;
    }
    for (size_t i = 0; i < count; i++) {
        struct client_status status = status_of(&clients->names[i], &clients->clients[i], line);
        uint32_t *place = place_of(clients, record, &status.address);

        if (*place != 0) {
            join(&record->clients[*place - 1], &status);
            continue;
        }
        record->known++;
        if (record->count < capacity) {
            record->clients[record->count++] = status;
            *place = (uint32_t)record->count;
        }
    }
}
