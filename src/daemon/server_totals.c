/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/server_totals.h"

#include <string.h>

#include "daemon/descriptors.h"
#include "daemon/worker_report.h"
#include "sys/unix_socket.h"

/* All members behind `serving` are counters of 64 bits. */
enum {
    COUNTERS_AT = offsetof(struct server_status, requests),
    COUNTERS = (sizeof(struct server_status) - COUNTERS_AT) / sizeof(uint64_t),
};
_Static_assert(COUNTERS_AT + COUNTERS * sizeof(uint64_t) == sizeof(struct server_status),
               "counters only");

void server_status_add(struct server_status *sum, const struct server_status *other)
{
    uint64_t ours[COUNTERS], theirs[COUNTERS];

    memcpy(ours, (const uint8_t *)sum + COUNTERS_AT, sizeof ours);
    memcpy(theirs, (const uint8_t *)other + COUNTERS_AT, sizeof theirs);
    for (size_t i = 0; i < COUNTERS; i++) {
        ours[i] += theirs[i];
    }
    memcpy((uint8_t *)sum + COUNTERS_AT, ours, sizeof ours);
    sum->serving = sum->serving || other->serving;
}

bool server_totals_open(struct server_totals *totals, int fd)
{
    *totals = (struct server_totals){.before = {.fd = -1}};
    return page_adopt(&totals->now, fd, PAGE_LAYOUT_COUNTERS, false) == ERR_NONE;
}

void server_totals_next(struct server_totals *totals, int fd)
{
    struct page next;
    struct server_status last;

    if (page_adopt(&next, fd, PAGE_LAYOUT_COUNTERS, false) != ERR_NONE) {
        unix_close(&fd);
        return;
    }
    if (totals->before.map != NULL) {
        worker_status_read(&totals->before, &last);
        server_status_add(&totals->earlier, &last);
        page_close(&totals->before);
    }
    totals->before = totals->now;
    totals->now = next;
}

void server_totals_read(const struct server_totals *totals, struct server_status *status)
{
    struct server_status one;

    worker_status_read(&totals->now, status);
    bool serving = status->serving;
    server_status_add(status, &totals->earlier);
    if (totals->before.map != NULL) {
        worker_status_read(&totals->before, &one);
        server_status_add(status, &one);
    }
    status->serving = serving;
}
