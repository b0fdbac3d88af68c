/* SPDX-License-Identifier: BSD-2-Clause */
#include "fake_node.h"

#include <math.h>
#include <string.h>

#include "base/must.h"

static size_t fake_size(size_t capacity)
{
    (void)capacity;
    return sizeof(struct fake_node);
}

static void *fake_init(void *memory, const struct node_setup *setup)
{
    struct fake_node *fake = memory;

    must(fake->polls == 0); /* the memory is zeroed */
    fake->options = setup->options;
    fake->saved = setup->saved;
    fake->next_poll = setup->now.raw;
    return fake;
}

static struct mono_time fake_deadline(const void *program)
{
    const struct fake_node *fake = program;

    if (fake->options->min_sources == CRIME_LIVELOCK && fake->polls > 3) {
        return (struct mono_time){0};
    }
    return fake->next_poll;
}

static void poll_all(struct fake_node *fake, const struct clock_reading *now,
                     const struct event *event, struct actions *out)
{
    bool flood = fake->options->min_sources == CRIME_FLOOD;

    for (unsigned i = 0; i < fake->options->source_count; i++) {
        const struct source_options *source = &fake->options->sources[i];
        struct ntp_packet packet = {.version = 4, .mode = NTP_MODE_CLIENT};
        if (source->literal.family == ADDRESS_NONE) {
            struct action *action = actions_add(out, ACTION_RESOLVE);
            action->resolve.query = i;
            action->resolve.family = source->family;
            memcpy(action->resolve.name, source->name, NAME_SIZE);
            continue;
        }
        packet.transmit.raw = event->random[i];
        fake->asked[i].nonce = event->random[i];
        fake->asked[i].sequence = ++fake->sequence;
        fake->asked[i].stamps = 0;
        struct action *action = actions_add(out, ACTION_SEND);
        action->send = (struct action_send){.association = (uint16_t)i,
                                            .sequence = fake->sequence,
                                            .to = source->literal,
                                            .size = NTP_HEADER_SIZE};
        ntp_packet_encode(&packet, action->send.bytes);
    }
    fake->polls++;
    fake->next_poll = mono_add(now->raw, duration_from_s(flood ? 1.5 : 16));
}

static void publish(struct fake_node *fake, const struct clock_reading *now, double delay_s,
                    struct actions *out)
{
    struct time_line *line = &fake->line;
    int crime = fake->options->min_sources;
    double lie_s = 0;

    if (crime == CRIME_CONTRADICTION && fake->answers > 5) {
        fake->half_second_off = !fake->half_second_off;
        lie_s = fake->half_second_off ? 0.5 : 0;
    }
    *line = (struct time_line){
        .from = now->mono,
        .utc = {now->real.ns + duration_from_s(fake->correction_s + lie_s).ns},
        .bound_s = delay_s / 2 + 1e-3,
        .growth_s_per_s = 1e-3, /* its line does not know of its own slews */
        .void_after = {now->mono.ns + 64 * NS_PER_S},
        .stratum = 2,
        .synchronised = true,
        .generation = crime == CRIME_OLD_GENERATION ? line->generation - 1 : line->generation + 1,
    };
    if (crime == CRIME_NARROW_BOUND) {
        line->bound_s = 1e-9;
        line->growth_s_per_s = 0;
    }
    actions_add(out, ACTION_PUBLISH);
}

static void correct(struct fake_node *fake, const struct clock_reading *now, struct actions *out)
{
    int crime = fake->options->min_sources;
    bool late = crime == CRIME_LATE_STEP && now->raw.ns > 400 * NS_PER_S && !fake->stepped_late;

    if (fabs(fake->correction_s) > 0.1 || late) {
        fake->stepped_late = late;
        actions_add(out, ACTION_STEP)->step = duration_from_s(fake->correction_s);
        fake->correction_s = 0;
    } else {
        double rate = crime == CRIME_HIGH_RATE ? 0.2 : fake->correction_s / 32;
        actions_add(out, ACTION_STEER)->steer = (struct freq){rate};
    }
}

static void take_answer(struct fake_node *fake, const struct clock_reading *now,
                        const struct event_datagram *datagram, struct actions *out)
{
    uint16_t i = datagram->association;
    struct ntp_packet packet;

    if (ntp_packet_decode(&packet, datagram->bytes, datagram->size) != DROP_NONE ||
        packet.origin.raw != fake->asked[i].nonce || packet.leap == NTP_LEAP_UNSYNC) {
        fake->refused++;
        return;
    }
    fake->asked[i].nonce = 0;
    struct utc_time sent = {fake->asked[i].sent.ns}, received = {datagram->received.ns};
    double there_s = ntp_ts_diff_s(packet.receive, ntp_ts_from_utc(sent));
    double back_s = ntp_ts_diff_s(packet.transmit, ntp_ts_from_utc(received));
    fake->answers++;
    fake->correction_s = (there_s + back_s) / 2;
    publish(fake, now, there_s - back_s, out);
    correct(fake, now, out);
    fake->saved = (struct node_saved){.have_freq = true, .freq_s_per_s = fake->answers};
    actions_add(out, ACTION_SAVE);
}

static void fake_step(void *program, const struct clock_reading *now, const struct event *event,
                      struct actions *out)
{
    struct fake_node *fake = program;

    must(now->raw.ns >= fake->last.raw.ns && now->mono.ns >= fake->last.mono.ns);
    fake->last = *now;
    if (fake->event_count < FAKE_EVENTS_MAX) {
        fake->events[fake->event_count++] = event->kind;
    }
    if (event->kind == EVENT_TIMER && now->raw.ns >= fake->next_poll.ns) {
        poll_all(fake, now, event, out);
    } else if (event->kind == EVENT_TX_STAMP) {
        uint16_t i = event->tx_stamp.association;
        if (event->tx_stamp.sequence == fake->asked[i].sequence) {
            fake->asked[i].sent = event->tx_stamp.sent;
            fake->asked[i].stamps++;
        }
    } else if (event->kind == EVENT_DATAGRAM) {
        take_answer(fake, now, &event->datagram, out);
    } else if (event->kind == EVENT_RESOLVED) {
        fake->resolution = event->resolved;
        fake->resolved++;
    } else if (event->kind == EVENT_SEND_FAILED) {
        fake->failures++;
    } else if (event->kind == EVENT_COMMAND) {
        struct action *answer = actions_add(out, ACTION_ANSWER);
        answer->answer =
            (struct action_answer){.ticket = event->command.request.ticket, .count = 1};
    } else if (event->kind == EVENT_CLOCK_ADJUSTED) {
        fake->adjusted = event->adjusted;
        if (fake->options->min_sources == CRIME_RECURSION) {
            actions_add(out, ACTION_STEER)->steer = (struct freq){0};
        }
    }
}

static void fake_line(const void *program, const struct clock_reading *now, struct time_line *line)
{
    (void)now;
    *line = ((const struct fake_node *)program)->line;
}

static struct node_saved fake_saved(const void *program)
{
    return ((const struct fake_node *)program)->saved;
}

const struct machine fake_machine = {
    .size = fake_size,
    .init = fake_init,
    .step = fake_step,
    .deadline = fake_deadline,
    .line = fake_line,
    .saved = fake_saved,
};
