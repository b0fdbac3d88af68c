/* SPDX-License-Identifier: BSD-2-Clause */
#include "timesync1/facts.h"

#include <math.h>
#include <string.h>

enum { US_PER_S = 1000000, NTP_VERSION = 4 };

/* What noond accepts of a source when nothing else is configured (maxdistance). */
static const double root_distance_max_s = 3;

static uint64_t us_from_s(double s)
{
    return s > 0 ? (uint64_t)llround(s * US_PER_S) : 0;
}

static uint64_t us_from_poll(int poll_log2)
{
    if (poll_log2 < 0) {
        return poll_log2 > -20 ? (uint64_t)US_PER_S >> -poll_log2 : 1;
    }
    return (uint64_t)US_PER_S << (poll_log2 < 32 ? poll_log2 : 32);
}

static const struct source_status *selected(const struct status_record *record)
{
    for (size_t i = 0; i < record->count; i++) {
        if (record->sources[i].state == SOURCE_SELECTED) {
            return &record->sources[i];
        }
    }
    return NULL;
}

static void list_servers(struct facts *facts, const struct status_record *record)
{
    size_t count = 0;

    for (size_t i = 0; i < record->count && count < FACTS_SERVERS_MAX; i++) {
        const char *name = record->sources[i].name;
        bool known = false;

        for (size_t j = 0; j < count && !known; j++) {
            known = strcmp(facts->system_servers[j], name) == 0; /* a pool's name comes often */
        }
        if (!known) {
            facts->system_servers[count++] = name;
        }
    }
    facts->system_servers[count] = NULL;
}

/* Stamps with that offset and delay: the answer left when it had come. */
static void fill_stamps(struct facts_message *message, const struct source_status *source)
{
    uint64_t delay_us = us_from_s(source->last_delay_s);
    int64_t offset_us = llround(source->last_offset_s * US_PER_S);
    uint64_t there_us;

    message->destination_us = (uint64_t)(source->last_sample.ns / 1000);
    message->origin_us = message->destination_us - delay_us;
    there_us = message->origin_us + delay_us / 2 + (uint64_t)offset_us;
    message->receive_us = message->transmit_us = there_us;
}

static void fill_message(struct facts_message *message, const struct source_status *source)
{
    message->leap = source->leap;
    message->version = source->version != 0 ? source->version : NTP_VERSION;
    message->mode = source->packet_mode;
    message->stratum = source->stratum;
    message->precision_log2 = source->packet_precision_log2;
    message->ignored = source->last_result != DROP_NONE;
    message->root_delay_us = us_from_s(source->root_delay_s);
    message->root_dispersion_us = us_from_s(source->root_dispersion_s);
    for (int i = 0; i < 4; i++) {
        message->refid[i] = (uint8_t)(source->refid >> (24 - 8 * i));
    }
    message->count = source->accepted;
    message->jitter_us = us_from_s(source->jitter_s);
    if (source->last_sample.ns > 0) {
        fill_stamps(message, source);
    } else {
        message->count = 0;
    }
}

void facts_from_record(struct facts *facts, const struct status_record *record)
{
    const struct source_status *source = selected(record);

    *facts = (struct facts){
        .server_name = "",
        .root_distance_max_us = us_from_s(root_distance_max_s),
        .frequency = llround(record->node.freq_s_per_s * 1e6 * 65536),
    };
    list_servers(facts, record);
    if (source == NULL) {
        return;
    }
    facts->server_name = source->name;
    if (source->address.family != ADDRESS_NONE) {
        bool old = source->address.family == ADDRESS_IPV4;

        facts->family = old ? FACTS_AF_INET : FACTS_AF_INET6;
        facts->address_size = old ? 4 : 16;
        memcpy(facts->address, source->address.bytes, facts->address_size);
    }
    facts->poll_min_us = us_from_poll(source->minpoll);
    facts->poll_max_us = us_from_poll(source->maxpoll);
    facts->poll_us = us_from_poll(source->poll_log2);
    fill_message(&facts->message, source);
}
