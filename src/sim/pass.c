/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/pass.h"

#include <math.h>
#include <string.h>

#include "base/must.h"
#include "sim/traffic.h"
#include "wire/refid.h"

#define STEP_COST_S 4e-6 /* of one node_step() */
#define RATE_LIMIT_ROOM_S_PER_S 1e-6
#define PLAUSIBLE_DRIFT_S_PER_S 600e-6 /* of any crystal in these worlds, however measured */
#define START_S 300.0                  /* in which the clock may be stepped */

enum { DEPTH_MAX = 6 };

static void deliver(struct world *world, struct sim_node *node, const struct clock_reading *now,
                    struct event *event);

static uint64_t bits_of(double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static unsigned index_of(const struct world *world, const struct sim_node *node)
{
    return (unsigned)(node - world->nodes);
}

/* What a STEER or STEP did goes back to the program before anything else. */
static void report_adjusted(struct world *world, struct sim_node *node,
                            const struct event_clock_adjusted *adjusted)
{
    struct event event = {.kind = EVENT_CLOCK_ADJUSTED, .adjusted = *adjusted};
    struct clock_reading now = computer_reading(&node->computer);

    if (adjusted->error == ERR_NONE && !computer_may_adjust(&node->computer)) {
        check_report(&node->check, &(struct violation){INVARIANT_PRIVILEGE, world->now, 0, 0});
    }
    deliver(world, node, &now, &event);
}

static void steer(struct world *world, struct sim_node *node, struct freq rate)
{
    const struct node_options *options = &node->options;
    double drift_s_per_s = options->max_drift_s_per_s < PLAUSIBLE_DRIFT_S_PER_S
                               ? options->max_drift_s_per_s
                               : PLAUSIBLE_DRIFT_S_PER_S;
    double limit_s_per_s = options->max_slew_s_per_s + drift_s_per_s + RATE_LIMIT_ROOM_S_PER_S;
    struct event_clock_adjusted adjusted = computer_steer(&node->computer, rate);

    node->figures.steers_judged += world->now.ns >= world->judged_from.ns;
    world_digest(world, bits_of(adjusted.rate.s_per_s));
    check_rate(&node->check, world->now, rate.s_per_s, limit_s_per_s);
    report_adjusted(world, node, &adjusted);
}

static void compensate(struct world *world, struct sim_node *node, struct freq rate)
{
    struct event_clock_adjusted adjusted = computer_compensate(&node->computer, rate);

    world_digest(world, bits_of(rate.s_per_s));
    if (computer_may_adjust(&node->computer)) {
        report_adjusted(world, node, &adjusted);
    }
}

static void step(struct world *world, struct sim_node *node, struct duration by)
{
    struct event_clock_adjusted adjusted = computer_step(&node->computer, by);

    world_digest(world, (uint64_t)by.ns);
    if (adjusted.error == ERR_NONE) {
        node->figures.steps++;
        check_step(&node->check, world->now, duration_to_s(by));
    }
    report_adjusted(world, node, &adjusted);
}

static void count_sent(struct figures *figures, struct true_time now)
{
    int64_t second = now.ns / NS_PER_S;

    figures->sent++;
    if (figures->first_sent.ns == INT64_MAX) {
        figures->first_sent = now;
    }
    figures->sent_in_second = second == figures->send_second ? figures->sent_in_second + 1 : 1;
    figures->send_second = second;
    if (figures->sent_in_second > figures->peak_per_s) {
        figures->peak_per_s = figures->sent_in_second;
    }
}

static void send_request(struct world *world, struct sim_node *node, const struct action_send *send)
{
    struct sent_report report = {.association = send->association, .sequence = send->sequence};

    count_sent(&node->figures, node->computer.now);
    report.error = traffic_send(world, index_of(world, node), send, &report.sent);
    if (node->report_count == SENT_REPORTS_MAX) {
        check_report(&node->check, &(struct violation){INVARIANT_OVERFLOW, world->now,
                                                       SENT_REPORTS_MAX, SENT_REPORTS_MAX});
        return;
    }
    unsigned place = (node->report_first + node->report_count++) % SENT_REPORTS_MAX;
    node->reports[place] = report;
}

/* After the batch: when each of its requests left, or that it did not. */
static void deliver_reports(struct world *world, struct sim_node *node)
{
    while (node->report_count > 0 && node->program) {
        const struct sent_report report = node->reports[node->report_first];
        struct event event = {.kind = EVENT_TX_STAMP};

        node->report_first = (node->report_first + 1) % SENT_REPORTS_MAX;
        node->report_count--;
        if (report.error != ERR_NONE) {
            event.kind = EVENT_SEND_FAILED;
            event.send_failed = (struct event_send_failed){
                .association = report.association,
                .sequence = report.sequence,
                .error = report.error,
            };
        } else {
            event.tx_stamp = (struct event_tx_stamp){
                .association = report.association,
                .sequence = report.sequence,
                .sent = report.sent,
                .own_refid = address_refid(&node->address),
            };
        }
        struct clock_reading now = computer_reading(&node->computer);
        deliver(world, node, &now, &event);
    }
}

static void publish(struct world *world, struct sim_node *node)
{
    struct clock_reading now = computer_reading(&node->computer);
    struct time_line line;

    node->machine->line(node->program, &now, &line);
    world_digest(world, (uint64_t)line.utc.ns);
    world_digest(world, bits_of(line.rate));
    world_digest(world, bits_of(line.bound_s));
    struct check_instant at = world_instant(world, node);
    check_publish(&node->check, &at, &line);
    node->line = line;
    node->published = true;
    node->figures.publishes++;
    if (line.synchronised && node->figures.locked.ns == INT64_MAX) {
        node->figures.locked = node->computer.now;
    }
}

static void resolve(struct world *world, struct sim_node *node,
                    const struct action_resolve *resolve)
{
    struct true_time when = true_time_after_s(node->computer.now, dns_latency_s(&world->dns));
    struct happening *happening = world_post(world, index_of(world, node), when);

    node->figures.resolves++;
    if (happening) {
        happening->kind = HAPPEN_RESOLVED;
        happening->sequence = resolve->query;
        happening->family = resolve->family;
        memcpy(happening->name, resolve->name, NAME_SIZE);
    }
}

static void get_keys(struct world *world, struct sim_node *node, const struct action_get_keys *get)
{
    struct true_time when = true_time_after_s(node->computer.now, 0.05);
    struct happening *happening = world_post(world, index_of(world, node), when);

    if (happening) {
        happening->kind = HAPPEN_KEYS;
        happening->question = get->question;
        /* Nothing is kept over a restart here: an exchange is as quick. */
    }
}

static void carry_out(struct world *world, struct sim_node *node, const struct action *action)
{
    switch (action->kind) {
    case ACTION_SEND:
        send_request(world, node, &action->send);
        break;
    case ACTION_CLOSE:
        traffic_close(world, index_of(world, node), action->close);
        break;
    case ACTION_STEER:
        steer(world, node, action->steer);
        break;
    case ACTION_STEP:
        step(world, node, action->step);
        break;
    case ACTION_COMPENSATE:
        compensate(world, node, action->compensate);
        break;
    case ACTION_SET_STATUS:
        node->status = action->status;
        computer_set_status(&node->computer, &action->status);
        break;
    case ACTION_RESOLVE:
        resolve(world, node, &action->resolve);
        break;
    case ACTION_GET_KEYS:
        get_keys(world, node, &action->get_keys);
        break;
    case ACTION_GET_DATE: /* no world has HTTPS servers */
        break;
    case ACTION_PUBLISH:
        publish(world, node);
        break;
    case ACTION_SAVE:
        node->saved = node->machine->saved(node->program);
        node->figures.saves++;
        break;
    case ACTION_LOG:
        must(action->log.id < LOG_EVENT_COUNT);
        node->logs[action->log.id]++;
        break;
    case ACTION_MEASURED:
        node->figures.measured[action->measured.reason]++;
        break;
    case ACTION_READY:
        if (node->figures.ready.ns == INT64_MAX) {
            node->figures.ready = node->computer.now;
        }
        break;
    case ACTION_ANSWER:
        node->answer = action->answer;
        node->answers++;
        break;
    }
}

/* One node_step() and its actions. */
static void deliver(struct world *world, struct sim_node *node, const struct clock_reading *now,
                    struct event *event)
{
    struct actions actions;

    if (node->depth >= DEPTH_MAX) {
        check_report(&node->check,
                     &(struct violation){INVARIANT_RECURSION, world->now, DEPTH_MAX, DEPTH_MAX});
        return;
    }
    for (unsigned i = 0; i < EVENT_RANDOM; i++) {
        event->random[i] = prng_next(&node->prng);
    }
    actions.count = 0;
    node->figures.events++;
    node->machine->step(node->program, now, event, &actions);
    computer_spend(&node->computer, STEP_COST_S);
    must(actions.count <= ACTIONS_MAX);
    node->depth++;
    for (unsigned i = 0; i < actions.count && node->program; i++) {
        world_digest(world, (uint64_t)actions.at[i].kind << 32 ^ (uint64_t)world->now.ns);
        if (world->observer && world->observer->action) {
            world->observer->action(world->observer->context, world, index_of(world, node),
                                    &actions.at[i]);
        }
        carry_out(world, node, &actions.at[i]);
    }
    node->depth--;
}

/* Put a wake-up into the queue, unless an earlier one is there already. */
static void sleep_until_deadline(struct world *world, struct sim_node *node)
{
    struct clock_reading now = computer_reading(&node->computer);
    struct mono_time deadline = node->machine->deadline(node->program);
    double sleep_s = computer_sleep_s(&node->computer, now.raw, deadline);
    struct true_time when = true_time_after_s(node->computer.now, sleep_s);

    when = true_time_min(when, node->temperature_at);
    node->overdue = deadline.ns <= now.raw.ns;
    if (when.ns < node->wake_at.ns) {
        struct happening *happening = world_post(world, index_of(world, node), when);
        if (happening) {
            happening->kind = HAPPEN_WAKE;
            node->wake_at = when;
        }
    }
}

static void read_sensors(struct world *world, struct sim_node *node)
{
    struct event event = {.kind = EVENT_TEMPERATURE};
    double interval_s = node->options.tempcomp.interval_s;

    if (node->computer.now.ns < node->temperature_at.ns) {
        return;
    }
    node->temperature_at = true_time_after_s(node->computer.now, interval_s);
    event.temperature = computer_temperatures(&node->computer);
    struct clock_reading now = computer_reading(&node->computer);
    deliver(world, node, &now, &event);
    deliver_reports(world, node);
}

void pass_event(struct world *world, unsigned index, struct event *event)
{
    struct sim_node *node = &world->nodes[index];

    computer_advance(&node->computer, world->now);
    if (!node->program) {
        return;
    }
    struct clock_reading now = computer_reading(&node->computer);
    deliver(world, node, &now, event);
    deliver_reports(world, node);
    if (node->program) {
        sleep_until_deadline(world, node);
    }
}

void pass_wake(struct world *world, unsigned index)
{
    struct sim_node *node = &world->nodes[index];

    if (world->now.ns == node->wake_at.ns) {
        node->wake_at = TRUE_TIME_NEVER;
    }
    if (!node->program) {
        return;
    }
    computer_advance(&node->computer, world->now);
    struct clock_reading now = computer_reading(&node->computer);
    bool due = node->machine->deadline(node->program).ns <= now.raw.ns;
    check_wake(&node->check, world->now, !(due && node->overdue));
    if (node->check.counts[INVARIANT_LIVELOCK] > 0) {
        pass_stop(world, index); /* else the world would never come to its end */
        return;
    }
    if (due) {
        struct event event = {.kind = EVENT_TIMER};
        node->figures.wakes++;
        deliver(world, node, &now, &event);
        deliver_reports(world, node);
    }
    if (node->program) {
        read_sensors(world, node);
        sleep_until_deadline(world, node);
    }
}

const struct node_options *pass_parse(struct world *world, unsigned index)
{
    struct sim_node *node = &world->nodes[index];
    unsigned next = 1 - node->parsed_now;
    struct node_options *parsed = &node->parsed[next];

    *parsed = node->options;
    memcpy(node->lines[next], node->sources, parsed->source_count * sizeof *node->sources);
    parsed->sources = node->lines[next];
    parsed->access = parsed->access_count > 0 ? &node->access : NULL;
    node->parsed_now = next;
    return parsed;
}

void pass_start(struct world *world, unsigned index)
{
    struct sim_node *node = &world->nodes[index];
    struct computer *computer = &node->computer;

    computer_advance(computer, world->now);
    computer_forget(computer);
    node->temperature_at = node->options.tempcomp.kind != TEMPCOMP_OFF
                               ? true_time_after_s(computer->now, 1)
                               : TRUE_TIME_NEVER;
    memset(node->memory, 0, node->memory_size);
    struct node_setup setup = {
        .options = pass_parse(world, index),
        .saved = node->saved,
        .not_before = node->not_before,
        .now = computer_reading(computer),
        .backend = computer->options.backend,
        .may_adjust = computer_may_adjust(computer),
        .max_rate_s_per_s = computer_max_rate(computer),
        .rate = computer_steered(computer),
        .precision_s = 60e-9,
        .random = prng_next(&node->prng),
        .capacity = world->limits.sources,
    };
    node->program = node->machine->init(node->memory, &setup);
    node->started = computer->now;
    node->figures.locked = node->figures.ready = TRUE_TIME_NEVER;
    node->check.steps_until = true_time_after_s(computer->now, START_S);
    node->check.have_line = false;
    node->published = false;
    node->wake_at = TRUE_TIME_NEVER;
    sleep_until_deadline(world, node);
}

void pass_stop(struct world *world, unsigned index)
{
    struct sim_node *node = &world->nodes[index];

    node->program = NULL;
    node->published = false;
    node->report_count = 0;
    for (unsigned i = 0; i < world->limits.sources; i++) {
        node->sockets[i].open = false;
    }
}
