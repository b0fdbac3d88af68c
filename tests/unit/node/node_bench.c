/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit/node/node_bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ONE_WAY_NS = 100000 };

void bench_open(struct bench *bench, unsigned sources, double wrong_s)
{
    memset(bench, 0, sizeof *bench);
    bench->raw_ns = 1000 * NS_PER_S;
    bench->real_ns = INT64_C(1800000000) * NS_PER_S;
    bench->truth_ns = bench->real_ns + duration_from_s(wrong_s).ns;
    bench->random = 1;
    node_options_default(&bench->options);
    for (unsigned i = 0; i < sources; i++) {
        struct source_options *source = &bench->sources[i];

        source_options_default(source);
        snprintf(source->name, sizeof source->name, "10.0.0.%u", i + 1);
        address_parse(&source->literal, source->name);
        source->literal.port = 123;
        source->iburst = true;
    }
    bench->options.sources = bench->sources;
    bench->options.source_count = sources;
}

struct clock_reading bench_reading(const struct bench *bench)
{
    return (struct clock_reading){
        .raw = {bench->raw_ns},
        .real = {bench->raw_ns + bench->real_ns},
        .mono = {bench->raw_ns},
        .boot = {bench->raw_ns},
        .boot_known = true,
    };
}

void bench_start(struct bench *bench)
{
    struct node_setup setup = {
        .options = &bench->options,
        .now = bench_reading(bench),
        .backend = BACKEND_SIMULATED,
        .may_adjust = true,
        .max_rate_s_per_s = 0.1,
        .precision_s = 1e-7,
        .random = 42,
        .capacity = BENCH_CAPACITY,
        .names = bench->names,
        .name_count = bench->name_count,
    };

    bench->memory = calloc(1, node_size(BENCH_CAPACITY));
    bench->node = node_init(bench->memory, &setup);
}

void bench_close(struct bench *bench)
{
    free(bench->memory);
}

/* The server's answer, one way there and one way back later. */
static void answer(struct bench *bench, const struct action_send *send)
{
    struct ntp_packet packet;
    uint8_t bytes[NTP_HEADER_SIZE];
    struct event stamp = {.kind = EVENT_TX_STAMP};
    struct event reply = {.kind = EVENT_DATAGRAM};
    struct utc_time there = {bench->raw_ns + bench->truth_ns + ONE_WAY_NS};

    stamp.tx_stamp = (struct event_tx_stamp){
        .association = send->association,
        .sequence = send->sequence,
        .sent = {bench->raw_ns, STAMP_CLOCK_RAW, STAMP_KERNEL},
    };
    bench_deliver(bench, &stamp);
    if (bench->silent || (bench->deaf && bench->deaf(&send->to)) ||
        ntp_packet_decode(&packet, send->bytes, send->size) != DROP_NONE) {
        return;
    }
    packet.mode = NTP_MODE_SERVER;
    packet.stratum = 1;
    packet.origin = packet.transmit;
    packet.receive = packet.transmit = packet.reference = ntp_ts_from_utc(there);
    packet.precision_log2 = -24;
    if (bench->bend) {
        bench->bend(&packet, &send->to);
    }
    ntp_packet_encode(&packet, bytes);
    bench->raw_ns += 2 * ONE_WAY_NS;
    reply.datagram = (struct event_datagram){
        .association = send->association,
        .size = sizeof bytes,
        .bytes = bytes,
        .received = {bench->raw_ns, STAMP_CLOCK_RAW, STAMP_KERNEL},
    };
    bench_deliver(bench, &reply);
}

/* The bench's clock steps exactly, and refuses to be steered: its rate is right already. */
static void adjust(struct bench *bench, const struct action *action)
{
    struct event event = {.kind = EVENT_CLOCK_ADJUSTED};

    event.adjusted.before.ns = event.adjusted.after.ns = bench->raw_ns;
    if (action->kind == ACTION_STEP) {
        bench->steps++;
        bench->last_step_s = duration_to_s(action->step);
        bench->real_ns += action->step.ns;
        event.adjusted.kind = ADJUST_STEP;
        event.adjusted.step = action->step;
    } else {
        bench->steers++;
        event.adjusted.kind = ADJUST_RATE;
    }
    bench_deliver(bench, &event);
}

static void perform_one(struct bench *bench, const struct action *action)
{
    switch (action->kind) {
    case ACTION_SEND:
        bench->sends++;
        bench->last_send = action->send;
        answer(bench, &action->send);
        break;
    case ACTION_STEER:
    case ACTION_STEP:
        adjust(bench, action);
        break;
    case ACTION_CLOSE:
        bench->closes++;
        break;
    case ACTION_GET_KEYS: /* nobody answers */
        break;
    case ACTION_GET_DATE:
        bench->dates++;
        bench->last_date = action->date;
        break;
    case ACTION_RESOLVE:
        bench->resolves++;
        bench->last_resolve = action->resolve;
        break;
    case ACTION_ANSWER:
        bench->answers++;
        bench->last_answer = action->answer;
        break;
    case ACTION_READY:
        bench->ready++;
        break;
    case ACTION_LOG:
        bench->logs[action->log.id]++;
        break;
    case ACTION_COMPENSATE: /* this raw clock knows no temperature */
    case ACTION_SET_STATUS:
    case ACTION_PUBLISH:
    case ACTION_SAVE:
    case ACTION_MEASURED:
        break;
    }
}

void bench_deliver(struct bench *bench, struct event *event)
{
    struct clock_reading now = bench_reading(bench);
    struct actions *out = calloc(1, sizeof *out);

    for (unsigned i = 0; i < EVENT_RANDOM; i++) {
        bench->random = bench->random * UINT64_C(6364136223846793005) + 1442695040888963407u;
        event->random[i] = bench->random ^ bench->random >> 29;
    }
    node_step(bench->node, &now, event, out);
    bench->out.count = out->count;
    for (unsigned i = 0; i < out->count; i++) {
        perform_one(bench, &out->at[i]);
    }
    free(out);
}

void bench_run(struct bench *bench, double s)
{
    int64_t end_ns = bench->raw_ns + duration_from_s(s).ns;

    for (;;) {
        struct event timer = {.kind = EVENT_TIMER};
        int64_t due_ns = node_deadline(bench->node).ns;

        if (due_ns > end_ns) {
            break;
        }
        if (due_ns > bench->raw_ns) {
            bench->raw_ns = due_ns;
        } else {
            bench->raw_ns += 1000; /* time passes even for who is in a hurry */
        }
        bench_deliver(bench, &timer);
    }
    if (bench->raw_ns < end_ns) {
        bench->raw_ns = end_ns;
    }
}

void bench_command(struct bench *bench, enum control_command command, const char *argument)
{
    struct event event = {.kind = EVENT_COMMAND};

    event.command.request.command = command;
    event.command.request.ticket = 7;
    snprintf(event.command.request.argument, sizeof event.command.request.argument, "%s", argument);
    if (command == CONTROL_ADD) {
        source_options_default(&event.command.source);
        snprintf(event.command.source.name, sizeof event.command.source.name, "%s", argument);
        (void)address_parse(&event.command.source.literal, argument);
        event.command.source.literal.port = 123;
    }
    bench_deliver(bench, &event);
}

const struct status_record *bench_status(struct bench *bench)
{
    static struct source_status sources[2 * BENCH_CAPACITY];
    static struct status_record record;
    struct clock_reading now = bench_reading(bench);

    record.sources = sources;
    node_status(bench->node, &now, &record, 2 * BENCH_CAPACITY);
    return &record;
}
