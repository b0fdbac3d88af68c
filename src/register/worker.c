/* SPDX-License-Identifier: BSD-2-Clause */
#include "register/worker.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "register/dns_place.h"
#include "register/held.h"
#include "register/keeper.h"
#include "register/route53.h"
#include "register/standing.h"
#include "sys/clock.h"
#include "sys/entropy.h"
#include "sys/machine.h"
#include "timesync1/status_reader.h"

enum { LOOK_MS = 1000, SENTENCE_SIZE = 400 };

/* A restart of noond takes less, and its clients do not notice. */
static const int64_t silence_ns = 5 * NS_PER_S;
/* At the end, in all; the service manager waits longer. */
static const int64_t farewell_ns = 15 * NS_PER_S;

/* What a worker knows. */
struct state {
    struct keeper keeper;
    struct records now;  /* what this server has */
    struct records held; /* what attempts may have left at the place */
    bool forgetful;      /* it could not be written, which has been told */
    struct steady_time heard;
    bool heard_ever;
    char why[SENTENCE_SIZE]; /* how noond is */
    char trouble[WHY_SIZE];  /* of the last attempt; "": none */
};

static bool is_for_others(const struct address *address)
{
    const struct address link4 = {.family = ADDRESS_IPV4, .bytes = {169, 254}};
    const struct address link6 = {.family = ADDRESS_IPV6, .bytes = {0xfe, 0x80}};

    return address_is_host(address) && !address_is_loopback(address) &&
           !address_in_prefix(address, &link4, 16) && !address_in_prefix(address, &link6, 10);
}

void worker_records(const struct worker *worker, struct records *records)
{
    const struct settings *settings = worker->settings;
    const struct place *place = worker->access.place;
    const struct record_names names = {.name = place->name,
                                       .host = place->host,
                                       .srv = place->srv,
                                       .priority = place->priority,
                                       .weight = place->weight};
    struct address addresses[RECORD_ADDRESSES_MAX];
    size_t count = 0;

    for (size_t i = 0; i < settings->address_count && count < RECORD_ADDRESSES_MAX; i++) {
        const struct own_address *own = &settings->addresses[i];
        struct address found[RECORD_ADDRESSES_MAX];
        size_t more;

        if (own->address.family != ADDRESS_NONE) {
            addresses[count++] = own->address;
            continue;
        }
        more = machine_interface_addresses(own->interface, found, RECORD_ADDRESSES_MAX);
        for (size_t at = 0; at < more && count < RECORD_ADDRESSES_MAX; at++) {
            if (is_for_others(&found[at])) {
                addresses[count++] = found[at];
            }
        }
    }
    records_of(records, &names, addresses, count);
}

/* How noond is; what it said last holds for some seconds. */
static bool is_good(const struct worker *worker, struct state *state, struct steady_time now)
{
    const struct standing_limits limits = {.bound_s = worker->settings->bound_s,
                                           .sources = worker->settings->sources};
    struct status_record record;
    struct text why = text_begin(state->why, sizeof state->why);
    bool good;

    if (!status_reader_ask(worker->run_directory, &record)) {
        if (state->heard_ever && now.ns - state->heard.ns < silence_ns) {
            return state->keeper.good;
        }
        return standing_is_good(NULL, &limits, &why);
    }
    state->heard = now;
    state->heard_ever = true;
    good = standing_is_good(&record.node, &limits, &why);
    free(record.sources);
    return good;
}

static void say_wish(const struct worker *worker, const struct state *state)
{
    if (state->keeper.wish == KEEPER_WITHDRAWN) {
        log_format(worker->log, LOG_SEVERITY_WARNING, "%s: not to be registered: %s",
                   worker->access.place->name, state->why);
    }
}

static void look(const struct worker *worker, struct state *state)
{
    struct steady_time now = clock_steady();
    struct records *records = malloc(sizeof *records);

    if (keeper_look(&state->keeper, is_good(worker, state, now), now)) {
        say_wish(worker, state);
    }
    if (records == NULL) {
        return;
    }
    worker_records(worker, records);
    if (!records_equal(records, &state->now)) {
        state->now = *records;
        if (state->keeper.wish == KEEPER_REGISTERED) {
            keeper_hurry(&state->keeper, now);
        }
        if (records->count == 0) {
            log_format(worker->log, LOG_SEVERITY_WARNING, "%s: the interface has no address",
                       worker->access.place->name);
        }
    }
    free(records);
}

/* State changes are told, repetitions are not. */
static void say_attempt(const struct worker *worker, struct state *state,
                        enum attempt_result result, const struct attempt *attempt, const char *why)
{
    const char *name = worker->access.place->name;
    bool registers = state->keeper.wish == KEEPER_REGISTERED;

    if (result != ATTEMPT_DONE) {
        if (strcmp(why, state->trouble) != 0) {
            log_format(worker->log, LOG_SEVERITY_WARNING, "%s: can't be %s: %s; it is tried again",
                       name, registers ? "registered" : "withdrawn", why);
            memcpy(state->trouble, why, sizeof state->trouble);
        }
        return;
    }
    if (!registers) {
        log_format(worker->log, LOG_SEVERITY_INFO, "%s: withdrawn", name);
    } else if (!state->keeper.fulfilled) {
        log_format(worker->log, LOG_SEVERITY_INFO, "%s: registered, %s (%u records added)", name,
                   state->why, attempt->added);
    } else if (attempt->added > 0) {
        log_format(worker->log, LOG_SEVERITY_WARNING,
                   "%s: %u records were missing there, and have been put back", name,
                   attempt->added);
    } else if (state->trouble[0] != '\0') {
        log_format(worker->log, LOG_SEVERITY_INFO, "%s: can be reached again", name);
    }
    state->trouble[0] = '\0';
}

static void hold_too(struct records *held, const struct records *more)
{
    for (size_t i = 0; i < more->count; i++) {
        (void)records_add(held, &more->at[i]);
    }
}

/* In Route 53 the identifier says which records are ours. */
static void remember(const struct worker *worker, struct state *state, const struct records *before)
{
    const struct place *place = worker->access.place;

    if (place->kind != PLACE_DNS || records_equal(before, &state->held)) {
        return;
    }
    bool bad = held_write(worker->state_directory, place->name, &state->held) != ERR_NONE;
    if (bad && !state->forgetful) {
        log_format(
            worker->log, LOG_SEVERITY_WARNING,
            "%s: what is registered can't be written to %s: after a crash an address that has "
            "changed meanwhile stays in DNS",
            place->name, worker->state_directory);
    }
    state->forgetful = bad;
}

static void recall(const struct worker *worker, struct state *state)
{
    const struct place *place = worker->access.place;

    if (place->kind == PLACE_DNS &&
        held_read(worker->state_directory, place->name, &state->held) != ERR_NONE) {
        log_format(worker->log, LOG_SEVERITY_WARNING,
                   "%s: what an earlier run has registered can't "
                   "be read from %s",
                   place->name, worker->state_directory);
    }
}

static void try_it(const struct worker *worker, struct state *state)
{
    static const struct records none = {.count = 0};
    bool registers = state->keeper.wish == KEEPER_REGISTERED;
    char why[WHY_SIZE] = "";
    struct text text = text_begin(why, sizeof why);
    struct attempt attempt = {.wanted = registers ? &state->now : &none,
                              .old = &state->held,
                              .ttl_s = worker->settings->ttl_s,
                              .why = &text};
    struct records before = state->held;
    enum attempt_result result;

    /* An update whose answer is lost may have been done. Those of a run that ended badly, too. */
    hold_too(&state->held, &state->now);
    remember(worker, state, &before);
    result = worker->access.place->kind == PLACE_DNS ? dns_place_attempt(&worker->access, &attempt)
                                                     : route53_attempt(&worker->access, &attempt);
    if (result == ATTEMPT_DONE) {
        before = state->held;
        state->held = *attempt.wanted;
        remember(worker, state, &before);
    }
    say_attempt(worker, state, result, &attempt, why);
    keeper_attempted(&state->keeper, result, (uint32_t)entropy_u64(), clock_steady());
}

/* Waits; true: the program is to end. */
static bool told_to_stop(const struct worker *worker, int ms)
{
    struct pollfd stop = {.fd = worker->stop, .events = POLLIN};

    return poll(&stop, 1, ms) == 1;
}

/* Who can't be asked leaves the record to its TTL at resolvers, but at the server it stays. */
static void take_leave(struct worker *worker, struct state *state)
{
    struct steady_time end = {clock_steady().ns + farewell_ns};
    struct keeper *keeper = &state->keeper;

    if (!worker->withdraws && keeper->wish == KEEPER_UNDECIDED) {
        worker->clean = true;
        return;
    }
    keeper_end(keeper, clock_steady());
    while (!keeper->fulfilled && clock_steady().ns < end.ns) {
        if (keeper_is_due(keeper, clock_steady())) {
            try_it(worker, state);
        } else {
            (void)poll(NULL, 0, 100);
        }
    }
    worker->clean = keeper->fulfilled;
    if (!keeper->fulfilled) {
        log_format(worker->log, LOG_SEVERITY_ERROR,
                   "%s: could not be withdrawn: clients are led here until somebody does "
                   "(noon-register -w)",
                   worker->access.place->name);
    }
}

void worker_run(struct worker *worker)
{
    const struct place *place = worker->access.place;
    struct state *state = calloc(1, sizeof *state);

    if (state == NULL) {
        log_line(worker->log, LOG_SEVERITY_ERROR, "there is no memory");
        return;
    }
    keeper_init(&state->keeper, (struct duration){worker->settings->settle_s * NS_PER_S},
                (struct duration){place->check_s * NS_PER_S});
    worker_records(worker, &state->now);
    recall(worker, state);
    while (!worker->withdraws) {
        look(worker, state);
        if (keeper_is_due(&state->keeper, clock_steady())) {
            try_it(worker, state);
        }
        if (told_to_stop(worker, LOOK_MS)) {
            break;
        }
    }
    take_leave(worker, state);
    free(state);
}
