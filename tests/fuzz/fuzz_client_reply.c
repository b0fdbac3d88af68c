/* SPDX-License-Identifier: BSD-2-Clause */
/* Any sequence of requests, stamps, steps and datagrams: samples are sound, each request gives one
 * at most, and what is owed to a server (silence, spacing) is kept. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/bytes.h"
#include "core/client/association.h"
#include "fuzz/fuzz.h"

enum { SLOTS = 512, REMEMBERED = 8 };

struct world {
    struct source_options options;
    struct budget_slot slots[SLOTS];
    struct budget budget;
    struct association association;
    struct exchange_limits limits;
    struct mono_time now, last_sent;
    struct ntp_packet requests[REMEMBERED]; /* the latest, at sequence % REMEMBERED */
    uint64_t random;
    uint32_t sent, samples;
};

static void check_sample(struct world *world, const struct exchange_result *result)
{
    const struct sample *sample = &result->sample;

    if (result->outcome != EXCHANGE_SAMPLE) {
        assert((result->outcome == EXCHANGE_DROPPED) == (result->reason != DROP_NONE));
        return;
    }
    world->samples++;
    assert(isfinite(sample->offset_s));
    assert(sample->delay_s >= 0 && sample->delay_s <= world->options.max_delay_s);
    assert(sample->precision_s > 0 && sample->precision_s < 1);
    assert(sample->when.ns <= world->now.ns);
    assert(sample->stratum >= 1 && sample->stratum <= 15);
    assert(sample->leap != NTP_LEAP_UNSYNC);
    assert(sample->root_delay_s / 2 + sample->root_dispersion_s < 16);
}

static void release(struct world *world)
{
    struct exchange_result result;

    while (association_release(&world->association, &world->limits, world->now, &result)) {
        check_sample(world, &result);
    }
}

static void poll_now(struct world *world)
{
    struct association_send send;
    uint64_t random[ASSOCIATION_RANDOM] = {++world->random, ++world->random};

    if (association_poll(&world->association, &world->budget, world->now, random, &send) !=
        ASSOCIATION_SENDS) {
        return;
    }
    assert(world->sent == 0 || mono_sub(world->now, world->last_sent).ns >= 2 * NS_PER_S);
    assert(ntp_packet_decode(&world->requests[send.sequence % REMEMBERED], send.bytes,
                             sizeof send.bytes) == DROP_NONE);
    world->last_sent = world->now;
    world->sent++;
}

/* The next octets as a datagram; `which` request it pretends to answer, and how. */
static void deliver(struct world *world, struct reader *in, uint8_t which)
{
    uint8_t bytes[NTP_HEADER_SIZE + 4] = {0};
    size_t size = in->left < sizeof bytes ? in->left : sizeof bytes;
    const struct ntp_packet *request =
        &world->requests[(world->association.exchange.sequence - (which & 3)) % REMEMBERED];
    struct local_stamp received = {world->now, 1e-7, which >> 2 & 1, (which & 8) == 0};
    struct writer origin = {.at = bytes + 24, .left = 8};

    memcpy(bytes, in->at, size);
    (void)reader_take(in, size);
    if (which & 16) {
        writer_be(&origin, 8, which & 32 ? request->receive.raw : request->transmit.raw);
    }
    if (which & 64) {
        struct writer times = {.at = bytes + 32, .left = 16};
        struct ntp_ts utc =
            ntp_ts_from_utc((struct utc_time){world->limits.base_ns + world->now.ns});

        writer_be(&times, 8, utc.raw);
        writer_be(&times, 8, utc.raw);
    }
    struct exchange_result result =
        association_receive(&world->association, &world->limits, bytes,
                            which & 128 ? size : NTP_HEADER_SIZE, &received);
    check_sample(world, &result);
    assert(result.matched || result.outcome == EXCHANGE_DROPPED);
}

static void act(struct world *world, struct reader *in)
{
    uint8_t what = (uint8_t)reader_be(in, 1), how = (uint8_t)reader_be(in, 1);
    struct local_stamp sent = {world->now, 1e-7, how % 3, (how & 32) == 0};
    struct estimate estimate = {.samples = how, .wander = 1e-9, .var_offset_s2 = 1e-12};

    switch (what % 9) {
    case 0:
        world->now.ns += (int64_t)how * how * 10000000;
        break;
    case 1:
        world->now.ns = association_deadline(&world->association).ns < INT64_MAX / 2 &&
                                association_deadline(&world->association).ns > world->now.ns
                            ? association_deadline(&world->association).ns
                            : world->now.ns;
        break;
    case 2:
        deliver(world, in, how);
        break;
    case 3:
        association_sent(&world->association, world->association.exchange.sequence - (how >> 6),
                         &sent);
        break;
    case 4:
        exchange_spoil(&world->association.exchange);
        break;
    case 5:
        association_estimated(&world->association, world->now, &estimate, how & 1, 0);
        break;
    case 6:
        association_set_online(&world->association, how & 1, world->now);
        break;
    case 7:
        association_network(&world->association, world->now);
        break;
    default:
        (void)association_burst(&world->association, world->now);
        break;
    }
    release(world);
    poll_now(world);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct world world;
    struct reader in = {.at = data, .left = size};
    uint8_t bits = (uint8_t)reader_be(&in, 1);

    memset(&world, 0, sizeof world);
    world.options = (struct source_options){.minpoll = (int8_t)(bits % 7),
                                            .maxpoll = 10,
                                            .presend_minpoll = bits & 8 ? 6 : 127,
                                            .max_delay_s = 3,
                                            .iburst = (bits & 16) != 0,
                                            .burst = (bits & 32) != 0,
                                            .xleave = (bits & 64) != 0};
    world.limits = (struct exchange_limits){.utc = {INT64_C(1795361029) * NS_PER_S},
                                            .base_ns = INT64_C(1795361029) * NS_PER_S,
                                            .options = &world.options};
    assert(budget_slots(1) <= SLOTS);
    budget_init(&world.budget, world.slots, 1, 1, 1);
    association_init(&world.association,
                     &(struct association_start){
                         .options = &world.options,
                         .address = {.family = ADDRESS_IPV4, .bytes = {8, 8, 8, 8}, .port = 123}});
    while (in.left > 0) {
        act(&world, &in);
    }
    assert(world.samples <= world.sent);
    assert(world.samples == world.association.accepted);
    assert(world.sent == world.association.sent);
    return 0;
}
