/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/world.h"

#include <math.h>
#include <string.h>

#include "base/must.h"
#include "sim/pass.h"
#include "sim/traffic.h"

#define STEPS_AFTER_DISTURBANCE_S 3600.0

enum { ALIGNMENT = 64, EVENTS_BASE = 256, EVENTS_PER_SOURCE = 6 };

/* Cuts the caller's memory; with at == NULL it only measures. */
struct cutter {
    uint8_t *at;
    size_t used;
};

static void *cut(struct cutter *cutter, size_t count, size_t size)
{
    size_t begin = cutter->used;

    cutter->used += (count * size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return cutter->at ? cutter->at + begin : NULL;
}

static unsigned events_of(const struct world_limits *limits)
{
    if (limits->events > 0) {
        return limits->events;
    }
    return EVENTS_BASE + EVENTS_PER_SOURCE * limits->nodes * (limits->sources + 4);
}

static void cut_nodes(struct cutter *cutter, struct world *world, const struct world_setup *setup)
{
    const struct world_limits *limits = &setup->limits;
    size_t memory_size = setup->machine->size(limits->sources);
    struct sim_node *nodes = cut(cutter, limits->nodes, sizeof *nodes);

    for (unsigned i = 0; i < limits->nodes; i++) {
        void *memory = cut(cutter, 1, memory_size);
        struct source_options *sources = cut(cutter, limits->sources, sizeof *sources);
        struct source_options *first = cut(cutter, limits->sources, sizeof *first);
        struct source_options *second = cut(cutter, limits->sources, sizeof *second);
        struct sim_socket *sockets = cut(cutter, limits->sources, sizeof *sockets);
        if (nodes) {
            nodes[i].memory = memory;
            nodes[i].memory_size = memory_size;
            nodes[i].machine = setup->machine;
            nodes[i].sources = sources;
            nodes[i].lines[0] = first;
            nodes[i].lines[1] = second;
            nodes[i].sockets = sockets;
        }
    }
    if (world) {
        world->nodes = nodes;
    }
}

/* Lay out the memory: the world itself comes first. */
static size_t lay_out(struct cutter *cutter, const struct world_setup *setup)
{
    const struct world_limits *limits = &setup->limits;
    unsigned events = events_of(limits);
    struct world *world = cut(cutter, 1, sizeof *world);
    struct queue_entry *entries = cut(cutter, events, sizeof *entries);
    struct happening *happenings = cut(cutter, events, sizeof *happenings);
    struct host *hosts = cut(cutter, limits->hosts, sizeof *hosts);
    size_t link_count = (size_t)limits->nodes * limits->hosts;
    struct link *links = cut(cutter, link_count, sizeof *links);
    struct dns_name *names = cut(cutter, limits->names, sizeof *names);
    void *note = cut(cutter, 1, setup->note_size);

    cut_nodes(cutter, world, setup);
    if (world) {
        world->limits = *limits;
        world->limits.events = events;
        world->hosts = hosts;
        world->links = links;
        world->happenings = happenings;
        world->note = note;
        queue_init(&world->queue, entries, events);
        dns_init(&world->dns, names, limits->names, prng_stream(setup->seed, PRNG_DNS, 0));
    }
    return cutter->used;
}

size_t world_size(const struct world_setup *setup)
{
    struct cutter cutter = {0};

    return lay_out(&cutter, setup);
}

struct world *world_init(void *memory, const struct world_setup *setup)
{
    struct cutter cutter = {.at = memory};
    struct world *world = memory;

    memset(memory, 0, world_size(setup));
    lay_out(&cutter, setup);
    world->seed = setup->seed;
    world->utc = setup->utc;
    world->end = true_time_from_s(setup->duration_s);
    world->judged_from = true_time_from_s(setup->judged_from_s);
    world->sample_s = setup->sample_s > 0 ? setup->sample_s : 1;
    world->prng = prng_stream(setup->seed, PRNG_SCENARIO, 0);
    for (unsigned i = 0; i < world->limits.events; i++) {
        world->happenings[i].next_free = i + 1 < world->limits.events ? i + 1 : UINT32_MAX;
    }
    return world;
}

static void post_simple(struct world *world, unsigned node, struct true_time when,
                        enum happening_kind kind)
{
    struct happening *happening = world_post(world, node, when);

    if (happening) {
        happening->kind = kind;
    }
}

unsigned world_add_node(struct world *world, const struct node_plan *plan)
{
    must(world->node_count < world->limits.nodes);
    unsigned index = world->node_count++;
    struct sim_node *node = &world->nodes[index];

    node->options = plan->options;
    node->options.sources = node->sources;
    node->options.source_count = 0;
    node->address = plan->address;
    if (plan->address.family == ADDRESS_NONE) { /* it does not serve, but asks from somewhere */
        node->address = (struct address){.family = ADDRESS_IPV4,
                                         .bytes = {10, 9, (uint8_t)(index >> 8), (uint8_t)index}};
    }
    node->saved = plan->saved;
    node->host = -1;
    node->wake_at = TRUE_TIME_NEVER;
    node->prng = prng_stream(world->seed, PRNG_NODE, index);
    node->figures.locked = node->figures.ready = TRUE_TIME_NEVER;
    node->figures.first_sent = TRUE_TIME_NEVER;
    computer_init(&node->computer, &plan->computer, world->utc.epoch, world->seed, index);
    if (plan->address.family != ADDRESS_NONE) {
        must(world->host_count < world->limits.hosts);
        node->host = (int)world->host_count;
        world->hosts[world->host_count++] = (struct host){
            .address = plan->address,
            .node = (int)index,
            .path = {.base_s = 100e-6, .jitter_s = 20e-6},
        };
        service_init(&node->service, &node->options);
        node->access = (struct access_rule){.allow = true};
        node->options.access = &node->access;
        node->options.access_count = 1;
    }
    post_simple(world, index, true_time_from_s(plan->start_s), HAPPEN_START);
    if (index == 0) {
        post_simple(world, 0, true_time_from_s(world->sample_s), HAPPEN_SAMPLE);
    }
    return index;
}

struct source_options *world_add_source(struct world *world, unsigned index)
{
    struct sim_node *node = &world->nodes[index];

    must(node->options.source_count < world->limits.sources);
    return &node->sources[node->options.source_count++];
}

unsigned world_add_server(struct world *world, const struct address *address,
                          const struct server_options *options, const struct route_options *path)
{
    must(world->host_count < world->limits.hosts);
    unsigned index = world->host_count++;
    struct host *host = &world->hosts[index];

    *host = (struct host){.address = *address, .node = -1, .path = *path};
    server_init(&host->server, options, prng_stream(world->seed, PRNG_SERVER, index));
    return index;
}

void world_at(struct world *world, double s, world_script *script, int argument)
{
    struct happening *happening = world_post(world, 0, true_time_from_s(s));

    must(happening);
    happening->kind = HAPPEN_SCRIPT;
    happening->script = script;
    happening->argument = argument;
}

static double clock_error(struct world *world, struct sim_node *node)
{
    struct check_instant at = world_instant(world, node);

    return check_error_s(&at, computer_real(&node->computer));
}

double world_clock_error_s(struct world *world, unsigned index)
{
    computer_advance(&world->nodes[index].computer, world->now);
    return clock_error(world, &world->nodes[index]);
}

double world_line_error_s(struct world *world, unsigned index)
{
    struct sim_node *node = &world->nodes[index];

    computer_advance(&node->computer, world->now);
    struct check_instant at = world_instant(world, node);
    return check_error_s(&at, line_utc(&node->line, at.mono));
}

static double larger(double a, double b)
{
    return a > b ? a : b;
}

static void judge_sample(struct sim_node *node)
{
    struct figures *figures = &node->figures;
    double clock_s = fabs(figures->clock_now_s), line_s = fabs(figures->line_now_s);

    figures->judged++;
    figures->clock_square_sum += clock_s * clock_s;
    figures->clock_max_s = larger(figures->clock_max_s, clock_s);
    if (!node->published || !node->line.synchronised || figures->bound_now_s >= 1e9) {
        return;
    }
    figures->synchronised++;
    figures->line_square_sum += line_s * line_s;
    figures->line_max_s = larger(figures->line_max_s, line_s);
    figures->bound_sum_s += figures->bound_now_s;
    figures->bound_max_s = larger(figures->bound_max_s, figures->bound_now_s);
}

static void sample_node(struct world *world, unsigned index)
{
    struct sim_node *node = &world->nodes[index];
    struct figures *figures = &node->figures;

    if (!node->program || node->computer.frozen_until.ns > world->now.ns) {
        return;
    }
    computer_advance(&node->computer, world->now);
    figures->samples++;
    figures->clock_now_s = clock_error(world, node);
    figures->bound_now_s = 1e9;
    if (node->published) {
        struct check_instant at = world_instant(world, node);
        figures->line_now_s = check_line(&node->check, &at, &node->line);
        figures->bound_now_s = line_bound_s(&node->line, at.mono);
    }
    if (world->now.ns >= world->judged_from.ns && !period_has(&node->check.excused, world->now)) {
        judge_sample(node);
    }
    if (world->observer && world->observer->sample) {
        world->observer->sample(world->observer->context, world, index);
    }
}

static void sample(struct world *world)
{
    for (unsigned i = 0; i < world->node_count; i++) {
        sample_node(world, i);
    }
    post_simple(world, 0, true_time_after_s(world->now, world->sample_s), HAPPEN_SAMPLE);
}

static void give_answer(struct world *world, const struct happening *happening)
{
    struct event event = {.kind = EVENT_RESOLVED};

    event.resolved.query = happening->sequence;
    dns_resolve(&world->dns, happening->name, happening->family, world->now, &event.resolved);
    pass_event(world, happening->node, &event);
}

static void give_keys(struct world *world, const struct happening *happening)
{
    unsigned host = world_find_host(world, &happening->question.server);
    struct keys_answer answer = {.query = happening->question.query, .result = KEYS_UNREACHABLE};
    struct event event = {.kind = EVENT_KEYS, .keys = &answer};

    if (host != HOST_NONE) {
        (void)sim_exchange_keys(&world->hosts[host].certificate, host, world->now,
                                &happening->question, &answer);
    }
    pass_event(world, happening->node, &event);
}

static void give_stamp(struct world *world, const struct happening *happening)
{
    const struct sim_socket *socket =
        &world->nodes[happening->node].sockets[happening->association];
    struct event event = {
        .kind = EVENT_TX_STAMP,
        .tx_stamp = {.association = happening->association,
                     .sequence = happening->sequence,
                     .sent = happening->stamp},
    };

    if (socket->open && socket->number == happening->socket) {
        pass_event(world, happening->node, &event);
    }
}

static void let_happen(struct world *world, const struct happening *happening)
{
    struct event event = {.kind = EVENT_TIMER};

    switch (happening->kind) {
    case HAPPEN_START:
        pass_start(world, happening->node);
        break;
    case HAPPEN_WAKE:
        pass_wake(world, happening->node);
        break;
    case HAPPEN_NUDGE:
        pass_event(world, happening->node, &event);
        break;
    case HAPPEN_REQUEST:
        traffic_request(world, happening);
        break;
    case HAPPEN_REPLY:
        if (traffic_reply(world, happening, &event)) {
            pass_event(world, happening->node, &event);
        }
        break;
    case HAPPEN_TX_STAMP:
        give_stamp(world, happening);
        break;
    case HAPPEN_RESOLVED:
        give_answer(world, happening);
        break;
    case HAPPEN_KEYS:
        give_keys(world, happening);
        break;
    case HAPPEN_SCRIPT:
        happening->script(world, happening->argument);
        break;
    case HAPPEN_SAMPLE:
        sample(world);
        break;
    }
}

/* Does it happen inside a machine that stands still now? */
static bool waits_for_machine(const struct world *world, const struct happening *happening)
{
    return world->nodes[happening->node].computer.frozen_until.ns > world->now.ns &&
           happening->kind != HAPPEN_SCRIPT && happening->kind != HAPPEN_SAMPLE &&
           happening->kind != HAPPEN_REQUEST;
}

bool world_step(struct world *world)
{
    struct queue_entry entry;

    if (queue_next(&world->queue).ns > world->end.ns || !queue_take(&world->queue, &entry)) {
        return false;
    }
    must(entry.when.ns >= world->now.ns);
    world->now = entry.when;
    struct happening *happening = world_happening(world, entry.what);
    struct sim_node *node = &world->nodes[happening->node];
    if (waits_for_machine(world, happening)) {
        if (happening->kind == HAPPEN_WAKE && node->wake_at.ns == entry.when.ns) {
            node->wake_at = node->computer.frozen_until;
        }
        must(queue_put(&world->queue, node->computer.frozen_until, entry.what));
        return true;
    }
    /* Given back first, so that what it leads to never lacks its space. */
    struct happening copy = *happening;
    world_forget(world, entry.what);
    let_happen(world, &copy);
    return true;
}

void world_run(struct world *world)
{
    while (world_step(world)) {
    }
}

/* Steps are in order for a while, and a program that watches its clock is woken. */
static void disturbed(struct world *world, struct sim_node *node)
{
    struct true_time now = node->computer.now;

    node->figures.disturbed_steps++;
    node->check.steps_until =
        true_time_max(node->check.steps_until, true_time_after_s(now, STEPS_AFTER_DISTURBANCE_S));
    post_simple(world, (unsigned)(node - world->nodes), now, HAPPEN_NUDGE);
}

static void excuse(struct world *world, struct sim_node *node, double s)
{
    node->check.excused.from = world->now;
    node->check.excused.until = true_time_after_s(node->computer.now, s);
}

void world_pause(struct world *world, unsigned index, double s, double excused_s)
{
    struct sim_node *node = &world->nodes[index];

    computer_advance(&node->computer, world->now);
    computer_pause(&node->computer, s);
    excuse(world, node, excused_s);
    node->check.steps_until = true_time_max(
        node->check.steps_until, true_time_after_s(node->computer.now, STEPS_AFTER_DISTURBANCE_S));
}

void world_suspend(struct world *world, unsigned index, double s, double excused_s)
{
    struct sim_node *node = &world->nodes[index];

    computer_advance(&node->computer, world->now);
    computer_suspend(&node->computer, s);
    excuse(world, node, excused_s);
    disturbed(world, node);
}

void world_disturb(struct world *world, unsigned index, double step_s)
{
    struct sim_node *node = &world->nodes[index];

    computer_advance(&node->computer, world->now);
    computer_disturb(&node->computer, step_s);
    disturbed(world, node);
}

void world_meddle(struct world *world, unsigned index, struct kernel_adjust adjust)
{
    struct sim_node *node = &world->nodes[index];

    computer_advance(&node->computer, world->now);
    computer_meddle(&node->computer, &adjust);
    node->check.steps_until = true_time_after_s(node->computer.now, STEPS_AFTER_DISTURBANCE_S);
}

void world_restart(struct world *world, unsigned index, double s)
{
    pass_stop(world, index);
    post_simple(world, index, true_time_after_s(world->now, s), HAPPEN_START);
}

void world_command(struct world *world, unsigned index, enum control_command command,
                   const char *argument)
{
    struct event event = {.kind = EVENT_COMMAND};
    size_t length = strlen(argument);

    must(length < sizeof event.command.request.argument);
    if (command == CONTROL_STEP) {
        struct check *check = &world->nodes[index].check;
        check->steps_until = true_time_max(check->steps_until, true_time_after_s(world->now, 1));
    }
    event.command.request.command = command;
    event.command.request.ticket = (uint64_t)world->now.ns;
    memcpy(event.command.request.argument, argument, length + 1);
    pass_event(world, index, &event);
}

void world_reconfigure(struct world *world, unsigned index)
{
    struct event event = {.kind = EVENT_CONFIG, .config = pass_parse(world, index)};

    pass_event(world, index, &event);
}

void world_network_changed(struct world *world, unsigned index)
{
    struct event event = {.kind = EVENT_NETWORK};

    pass_event(world, index, &event);
}

void world_set_down(struct world *world, unsigned node, unsigned host, bool down)
{
    struct link *link = world_link(world, node, host);

    link->there.options.down = down;
    link->back.options.down = down;
}
