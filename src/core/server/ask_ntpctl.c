/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/server/ask_ntpctl.h"

#include <string.h>

#include "base/fmath.h"
#include "base/text.h"
#include "wire/ntp_packet.h"

enum { TRUST_BEST = 10, TRUST_VALID = 6, TRUST_NEW = 2, MS_PER_S = 1000 };

size_t ask_ntpctl_size(size_t sources)
{
    return IMSG_STATUS_SIZE + sources * IMSG_PEER_SIZE + 3 * IMSG_COUNT_SIZE;
}

/* "address [from pool] name", or that there is no address. */
static void describe(const struct source_status *source, char text[static IMSG_TEXT_SIZE])
{
    struct text out = text_begin(text, IMSG_TEXT_SIZE);
    char address[ADDRESS_TEXT_SIZE];

    if (source->address.family == ADDRESS_NONE) {
        text_add(&out, "not resolved ");
        text_add(&out, source->name);
        return;
    }
    address_print(&source->address, address);
    text_add(&out, address);
    if (source->pool || strcmp(source->name, address) != 0) {
        text_add(&out, source->pool ? " from pool " : " ");
        text_add(&out, source->name);
    }
}

/* OpenNTPD counts up to 10 with each good answer; 6 are needed. */
static uint8_t trust_of(const struct source_status *source)
{
    switch (source->state) {
    case SOURCE_SELECTED:
    case SOURCE_COMBINED:
    case SOURCE_TRUECHIMER:
        return TRUST_BEST;
    case SOURCE_NOSELECT:
    case SOURCE_FALSETICKER:
    case SOURCE_NO_MAJORITY:
    case SOURCE_UNTRUSTED:
    case SOURCE_TOO_FAR:
    case SOURCE_STRATUM:
        return TRUST_VALID;
    default:
        return source->reach != 0 ? TRUST_NEW : 0;
    }
}

static size_t put_peer(const struct ask_view *view, size_t index,
                       uint8_t bytes[static IMSG_PEER_SIZE])
{
    const struct source_status *source = &view->record->sources[index];
    struct imsg_peer peer = {
        .synced = view->record->node.selected == (int32_t)index,
        .weight = 1,
        .trust = trust_of(source),
        .stratum = source->packet_mode != 0 ? source->stratum : 0,
        .poll_s = (int64_t)fmath_exp2i(source->poll_log2 > 0 ? source->poll_log2 : 0),
        .offset_ms = source->offset_s * MS_PER_S,
        .delay_ms = source->last_delay_s * MS_PER_S,
        .jitter_ms = source->jitter_s * MS_PER_S,
    };

    describe(source, peer.description);
    if (source->next_poll.ns > view->now.ns) {
        peer.next_s = (source->next_poll.ns - view->now.ns) / NS_PER_S;
    }
    return imsg_put_peer(&peer, bytes);
}

static size_t put_status(const struct ask_view *view, uint8_t bytes[static IMSG_STATUS_SIZE])
{
    const struct node_status *node = &view->record->node;
    struct imsg_status status = {
        .peers = (uint32_t)view->record->count,
        .synced = node->leap != NTP_LEAP_UNSYNC,
        .stratum = node->stratum,
        .slewing_ms = node->clock_error_s * MS_PER_S,
    };

    for (size_t i = 0; i < view->record->count; i++) {
        status.valid_peers += trust_of(&view->record->sources[i]) >= TRUST_VALID;
    }
    return imsg_put_status(&status, bytes);
}

size_t ask_ntpctl(const struct ask_view *view, enum imsg_type type, uint8_t *bytes, size_t size)
{
    bool all = type == IMSG_ALL;
    size_t at = 0;

    if (size < ask_ntpctl_size(view->record->count)) {
        return 0;
    }
    if (all || type == IMSG_STATUS) {
        at += put_status(view, bytes + at);
    }
    for (size_t i = 0; (all || type == IMSG_PEERS) && i < view->record->count; i++) {
        at += put_peer(view, i, bytes + at);
    }
    if (all || type == IMSG_PEERS) {
        at += imsg_put_end(IMSG_PEERS_END, (int32_t)view->record->count, bytes + at);
    }
    if (all || type == IMSG_SENSORS) {
        at += imsg_put_end(IMSG_SENSORS_END, 0, bytes + at); /* there are none */
    }
    if (all) {
        at += imsg_put_end(IMSG_ALL_END, 0, bytes + at);
    }
    return at;
}
