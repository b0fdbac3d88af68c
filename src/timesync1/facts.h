/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * facts.h - noond's status as systemd's interface org.freedesktop.timesync1.Manager tells it.
 *
 * Pure: a record in, values out.  Times in us, as D-Bus has them; a frequency as the kernel's
 * timex.freq (ppm * 65536).  systemd's tools make offset and delay from the four stamps of the last
 * exchange; noond keeps offset and delay, so the stamps are made to give just these.
 */
#ifndef TIMESYNC1_FACTS_H
#define TIMESYNC1_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/status.h"

enum { FACTS_SERVERS_MAX = 64, FACTS_AF_INET = 2, FACTS_AF_INET6 = 10 };

struct facts_message {
    uint32_t leap, version, mode, stratum;
    int32_t precision_log2;
    uint64_t root_delay_us, root_dispersion_us;
    uint8_t refid[4];
    uint64_t origin_us, receive_us, transmit_us, destination_us; /* T1 .. T4, since 1970 */
    bool ignored;                                                /* the last answer was refused */
    uint64_t count; /* answers used; 0: there is no exchange to tell of */
    uint64_t jitter_us;
};

struct facts {
    const char *system_servers[FACTS_SERVERS_MAX + 1]; /* as configured, ended by NULL */
    const char *server_name;                           /* of the selected source; "" */
    int32_t family;                                    /* AF_*; 0: none */
    uint8_t address[16];
    size_t address_size;
    uint64_t root_distance_max_us;
    uint64_t poll_min_us, poll_max_us, poll_us; /* of the selected source; 0: none */
    struct facts_message message;
    int64_t frequency;
};

/* What the record says; names are borrowed from it. */
void facts_from_record(struct facts *facts, const struct status_record *record);

#endif
