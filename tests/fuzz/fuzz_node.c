/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A whole node and whatever may happen to it: answers true, false and malformed, stamps early, late
 * and never, clocks that jump, pause, refuse and lie, names, commands, reloads.  Whatever comes,
 * the node ends no process, asks for nothing out of range, and publishes lines that make sense.
 */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "core/node/node.h"
#include "fuzz/fuzz.h"

enum { CAPACITY = 8, SOURCES = 3, DEPTH_MAX = 8, EVENTS_MAX = 60, IDLE_MAX = 300 };

struct box {
    struct node *node;
    struct node_options options;
    struct source_options sources[SOURCES];
    int64_t raw_ns, real_ns, mono_ns; /* of the machine; UTC is raw + utc_ns */
    int64_t utc_ns;
    double rate; /* of `real` against raw */
    bool refuses;
    struct action_send requests[CAPACITY]; /* the latest */
    bool asked[CAPACITY];
    uint32_t query;
    unsigned depth;
    uint64_t random;
};

static void deliver(struct box *box, struct event *event);

static struct clock_reading reading(const struct box *box)
{
    return (struct clock_reading){.raw = {box->raw_ns},
                                  .real = {box->real_ns},
                                  .mono = {box->mono_ns},
                                  .boot = {box->mono_ns},
                                  .window = {100},
                                  .boot_known = true};
}

static void pass_time(struct box *box, int64_t ns)
{
    box->raw_ns += ns;
    box->mono_ns += ns;
    box->real_ns += ns + (int64_t)((double)ns * box->rate);
}

static void adjust(struct box *box, const struct action *action)
{
    struct event event = {.kind = EVENT_CLOCK_ADJUSTED};
    struct event_clock_adjusted *adjusted = &event.adjusted;

    adjusted->kind = action->kind == ACTION_STEP ? ADJUST_STEP : ADJUST_RATE;
    adjusted->before.ns = box->raw_ns;
    pass_time(box, 1000);
    adjusted->after.ns = box->raw_ns;
    if (box->refuses) {
        adjusted->error = ERR_DENIED;
    } else if (action->kind == ACTION_STEP) {
        box->real_ns += action->step.ns;
        adjusted->step = action->step;
    } else {
        assert(fabs(action->steer.s_per_s) <= 0.1);
        box->rate = action->steer.s_per_s;
    }
    adjusted->rate.s_per_s = box->rate;
    if (box->depth < DEPTH_MAX) {
        deliver(box, &event);
    }
}

static void perform(struct box *box, const struct action *action)
{
    if (action->kind == ACTION_SEND) {
        assert(action->send.association < CAPACITY);
        assert(action->send.size >= NTP_HEADER_SIZE &&
               action->send.size <= sizeof action->send.bytes);
        box->requests[action->send.association] = action->send;
        box->asked[action->send.association] = true;
    } else if (action->kind == ACTION_STEER || action->kind == ACTION_STEP) {
        adjust(box, action);
    } else if (action->kind == ACTION_RESOLVE) {
        assert(memchr(action->resolve.name, 0, NAME_SIZE) != NULL);
        box->query = action->resolve.query;
    } else if (action->kind == ACTION_SET_STATUS) {
        assert(action->status.maxerror_s >= 0 && action->status.esterror_s >= 0);
    }
}

static void check_line(const struct box *box)
{
    struct clock_reading now = reading(box);
    struct time_line line;

    node_line(box->node, &now, &line);

    assert(isfinite(line.rate) && fabs(line.rate) < 0.2);
    assert(line.bound_s >= 0 && line.growth_s_per_s >= 0 && line.root_delay_s >= 0);
    if (line.synchronised) {
        assert(isfinite(line.bound_s) && isfinite(line.growth_s_per_s) && isfinite(line.sd_s));
        /* 16: behind a server at 15 our time is right, and answers say that we have none. */
        assert(line.leap != NTP_LEAP_UNSYNC && line.stratum >= 1 && line.stratum <= 16);
    }
}

static void deliver(struct box *box, struct event *event)
{
    struct actions *out = malloc(sizeof *out);
    struct clock_reading now = reading(box);

    assert(out != NULL);
    out->count = 0;
    for (unsigned i = 0; i < EVENT_RANDOM; i++) {
        box->random = box->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        event->random[i] = box->random ^ box->random >> 31;
    }
    box->depth++;
    node_step(box->node, &now, event, out);
    for (unsigned i = 0; i < out->count; i++) {
        perform(box, &out->at[i]);
    }
    box->depth--;
    free(out);
    check_line(box);
}

/* Time passes, with a timer event at each deadline on the way. */
static void run(struct box *box, int64_t ns)
{
    int64_t end_ns = box->raw_ns + ns;

    for (unsigned i = 0; i < IDLE_MAX && node_deadline(box->node).ns <= end_ns; i++) {
        struct event timer = {.kind = EVENT_TIMER};
        int64_t due_ns = node_deadline(box->node).ns;

        pass_time(box, due_ns > box->raw_ns ? due_ns - box->raw_ns : 1000);
        deliver(box, &timer);
    }
    if (box->raw_ns < end_ns) {
        pass_time(box, end_ns - box->raw_ns);
    }
}

/* What an honest server would say to the latest request of this association, then bent. */
static size_t answer(const struct box *box, struct reader *in, uint16_t association,
                     uint8_t bytes[static NTP_PACKET_MAX])
{
    const struct action_send *request = &box->requests[association];
    uint8_t how = (uint8_t)reader_be(in, 1);
    int64_t lie_ns = (how & 1) != 0 ? ((int64_t)reader_be(in, 2) - 32768) * 1000000 : 0;
    struct ntp_ts there =
        ntp_ts_from_utc((struct utc_time){box->raw_ns + box->utc_ns - 100000 + lie_ns});
    struct ntp_packet packet = {0};

    (void)ntp_packet_decode(&packet, request->bytes, request->size);
    packet.leap = (how & 2) != 0 ? (uint8_t)(reader_be(in, 1) % 4) : 0;
    packet.mode = NTP_MODE_SERVER;
    packet.stratum = (how & 4) != 0 ? (uint8_t)reader_be(in, 1) : 1;
    packet.precision_log2 = -24;
    packet.origin = packet.transmit;
    packet.receive = packet.transmit = packet.reference = there;
    if ((how & 8) != 0) {
        packet.refid = (uint32_t)reader_be(in, 4);
        packet.root_delay.raw = (uint32_t)reader_be(in, 4);
        packet.root_dispersion.raw = (uint32_t)reader_be(in, 4);
    }
    ntp_packet_encode(&packet, bytes);
    for (unsigned i = 0; i < (how >> 4 & 3); i++) {
        bytes[reader_be(in, 1) % NTP_HEADER_SIZE] ^= (uint8_t)reader_be(in, 1);
    }
    return (how & 128) != 0 ? reader_be(in, 1) % NTP_PACKET_MAX : NTP_HEADER_SIZE;
}

static void datagram(struct box *box, struct reader *in, uint8_t how)
{
    uint8_t bytes[NTP_PACKET_MAX] = {0};
    struct event sent = {.kind = EVENT_TX_STAMP};
    struct event event = {.kind = EVENT_DATAGRAM};
    uint16_t association = how % CAPACITY;
    bool raw = (how & 8) != 0;

    if ((how & 16) != 0) {
        sent.tx_stamp = (struct event_tx_stamp){
            .association = association,
            .sequence = box->requests[association].sequence - (how >> 7),
            .sent = {raw ? box->raw_ns : box->real_ns, raw ? STAMP_CLOCK_RAW : STAMP_CLOCK_REAL,
                     STAMP_KERNEL}};
        deliver(box, &sent);
        pass_time(box, (how & 32) != 0 ? 200000 : (int64_t)reader_be(in, 2) * 1000);
    }
    event.datagram.size = (uint16_t)answer(box, in, association, bytes);
    event.datagram.association = association;
    event.datagram.bytes = bytes;
    event.datagram.received = (struct stamp){
        raw ? box->raw_ns : box->real_ns, raw ? STAMP_CLOCK_RAW : STAMP_CLOCK_REAL, STAMP_KERNEL};
    if ((how & 64) == 0) {
        deliver(box, &event);
    }
}

/* Some rounds with servers that tell the truth. */
static void honest_rounds(struct box *box, unsigned rounds)
{
    struct reader nothing = {.at = NULL, .left = 0};

    for (unsigned i = 0; i < rounds; i++) {
        int64_t due_ns = node_deadline(box->node).ns; /* may be never, or long ago */
        bool soon = due_ns > box->raw_ns && due_ns < box->raw_ns + 5000 * NS_PER_S;

        memset(box->asked, 0, sizeof box->asked);
        run(box, soon ? due_ns - box->raw_ns : 0);
        for (uint8_t association = 0; association < CAPACITY; association++) {
            if (box->asked[association]) {
                datagram(box, &nothing, association | 16 | 32);
            }
        }
    }
}

static void resolved(struct box *box, uint8_t how)
{
    struct event event = {.kind = EVENT_RESOLVED};

    event.resolved.query = box->query - (how >> 7);
    event.resolved.result = (enum resolve_result)(how % 4);
    event.resolved.ttl_s = (uint32_t)how * 10;
    event.resolved.count = event.resolved.result == RESOLVE_OK ? how >> 2 & 7 : 0;
    for (unsigned i = 0; i < event.resolved.count; i++) {
        event.resolved.addresses[i] =
            (struct address){.family = ADDRESS_IPV4, .bytes = {10, 0, 1, (uint8_t)(how + i)}};
    }
    deliver(box, &event);
}

static void command(struct box *box, uint8_t how)
{
    struct event event = {.kind = EVENT_COMMAND};

    event.command.request.command = (enum control_command)(how % CONTROL_COMMAND_COUNT);
    snprintf(event.command.request.argument, sizeof event.command.request.argument, "%s",
             box->sources[how % SOURCES].name);
    if (event.command.request.command == CONTROL_ADD) {
        event.command.source = box->sources[how % SOURCES];
        event.command.source.literal.bytes[3] ^= how & 8;
    }
    deliver(box, &event);
}

static void reconfigure(struct box *box, uint8_t how)
{
    struct event event = {.kind = EVENT_CONFIG, .config = &box->options};

    box->options.source_count = how % (SOURCES + 1);
    box->options.local.enabled = (how & 8) != 0;
    box->options.local.stratum = 10;
    box->options.min_sources = 1 + (how >> 4 & 3);
    box->sources[0].maxpoll = (int8_t)(6 + (how >> 6));
    deliver(box, &event);
}

static void happen(struct box *box, struct reader *in)
{
    static const int64_t waits_ns[] = {1000000, 100000000, NS_PER_S, 20 * NS_PER_S,
                                       1000 * NS_PER_S};
    uint8_t what = (uint8_t)reader_be(in, 1), how = (uint8_t)reader_be(in, 1);
    struct event event = {.kind = EVENT_NETWORK};

    switch (what % 14) {
    case 0:
    case 1:
        run(box, waits_ns[how % 5] * (1 + (how >> 4)));
        break;
    case 2: /* somebody else moves the clock */
        box->real_ns += ((int64_t)how - 128) * INT64_C(100000000);
        break;
    case 3: /* the machine stood still */
        box->utc_ns += (int64_t)how * NS_PER_S;
        break;
    case 4:
        box->refuses = (how & 1) != 0;
        break;
    case 5:
        resolved(box, how);
        break;
    case 6:
        command(box, how);
        break;
    case 7:
        reconfigure(box, how);
        break;
    case 8:
        deliver(box, &event);
        break;
    case 9:
        event.kind = EVENT_SEND_FAILED;
        event.send_failed = (struct event_send_failed){
            how % CAPACITY, (how & 8) != 0 ? box->requests[how % CAPACITY].sequence : 0,
            (how & 16) != 0 ? ERR_UNREACHABLE : ERR_DENIED};
        deliver(box, &event);
        break;
    case 10:
    case 11:
        honest_rounds(box, 1 + how % 16);
        break;
    default:
        datagram(box, in, how);
        break;
    }
}

static void open_box(struct box *box, void *memory, uint8_t bits)
{
    memset(box, 0, sizeof *box);
    box->raw_ns = 1000 * NS_PER_S;
    box->mono_ns = 900 * NS_PER_S;
    box->real_ns = INT64_C(1800000000) * NS_PER_S;
    box->utc_ns = box->real_ns - box->raw_ns + (bits & 15) * INT64_C(30000000);
    box->random = bits;
    node_options_default(&box->options);
    for (unsigned i = 0; i < SOURCES; i++) {
        struct source_options *source = &box->sources[i];

        source_options_default(source);
        source->iburst = (bits & 16) != 0;
        source->xleave = (bits & 32) != 0;
        if (i == 2) {
            source->kind = SOURCE_POOL;
            snprintf(source->name, sizeof source->name, "pool.example");
            source->literal.port = 123;
        } else {
            snprintf(source->name, sizeof source->name, "10.0.0.%u", i + 1);
            source->literal = (struct address){
                .family = ADDRESS_IPV4, .bytes = {10, 0, 0, (uint8_t)(i + 1)}, .port = 123};
        }
    }
    box->options.sources = box->sources;
    box->options.source_count = SOURCES;
    memset(memory, 0, node_size(CAPACITY));
    box->node = node_init(memory, &(struct node_setup){.options = &box->options,
                                                       .now = reading(box),
                                                       .backend = BACKEND_SIMULATED,
                                                       .may_adjust = (bits & 64) == 0,
                                                       .max_rate_s_per_s = 0.1,
                                                       .precision_s = 1e-7,
                                                       .random = 42,
                                                       .capacity = CAPACITY});
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader in = {.at = data, .left = size};
    uint8_t bits = (uint8_t)reader_be(&in, 1);
    void *memory = malloc(node_size(CAPACITY));
    struct box *box = malloc(sizeof *box);

    assert(memory != NULL && box != NULL);
    open_box(box, memory, bits);
    for (unsigned i = 0; i < EVENTS_MAX && in.left > 0; i++) {
        happen(box, &in);
    }
    free(box);
    free(memory);
    return 0;
}
