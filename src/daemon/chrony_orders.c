/* SPDX-License-Identifier: BSD-2-Clause */
/* chrony_orders.c - what chronyc tells the daemon to do. */

#include <stdio.h>
#include <string.h>

#include "core/server/ask_chrony.h"
#include "daemon/config_load.h"
#include "daemon/time_process.h"

enum { NO_PRESEND = 100, NTS_PORT = 4460 };

/* What the node made of an event: the result in its ACTION_ANSWER. */
static enum control_result deliver(struct time_process *process, struct event *event)
{
    const struct actions *actions = &process->actions[process->depth];
    enum control_result result = CONTROL_FAILED;

    time_deliver(process, event);
    for (unsigned i = 0; i < actions->count; i++) {
        if (actions->at[i].kind == ACTION_ANSWER) {
            result = actions->at[i].answer.result;
        }
    }
    return result;
}

static enum chrony_status status_of(enum control_result result)
{
    return result == CONTROL_OK          ? CHRONY_SUCCESS
           : result == CONTROL_NO_SOURCE ? CHRONY_NO_SUCH_SOURCE
                                         : CHRONY_FAILED;
}

static enum chrony_status command(struct time_process *process, enum control_command command)
{
    struct event event = {.kind = EVENT_COMMAND};

    event.command.request.command = command;
    return status_of(deliver(process, &event));
}

static enum chrony_status order(struct time_process *process, const struct node_order *order)
{
    struct event event = {.kind = EVENT_ORDER, .order = *order};

    return status_of(deliver(process, &event));
}

/* An order for the one address of a request, or for all. */
static enum chrony_status order_for(struct time_process *process, enum order_kind kind,
                                    const struct chrony_request *request)
{
    const struct chrony_arguments *a = &request->arguments;
    const struct node_order one = {
        .kind = (uint8_t)kind,
        .address = chrony_address_to(&a->address[0]),
        .id = a->address[0].family == CHRONY_ID ? a->address[0].id : 0,
        .number = {a->number[0]},
        .value = a->value[0],
    };

    /* No address is a reference clock's, if anything; to the node neither of both means all. */
    if (one.address.family == ADDRESS_NONE && one.id == 0) {
        return CHRONY_NO_SUCH_SOURCE;
    }
    return order(process, &one);
}

/* For all sources under a mask. */
static enum chrony_status order_masked(struct time_process *process, enum order_kind kind,
                                       const struct chrony_arguments *a)
{
    const struct node_order masked = {
        .kind = (uint8_t)kind,
        .mask = chrony_address_to(&a->address[0]),
        .address = chrony_address_to(&a->address[1]),
        .number = {a->number[0], a->number[1]},
    };

    return order(process, &masked);
}

static enum chrony_status select_options(struct time_process *process,
                                         const struct chrony_request *request)
{
    const struct chrony_arguments *a = &request->arguments;
    const struct node_order one = {
        .kind = ORDER_SELECTOPTS,
        .address = chrony_address_to(&a->address[0]),
        .number = {a->number[1], a->number[2]},
    };

    return one.address.family == ADDRESS_NONE ? CHRONY_NO_SUCH_SOURCE : order(process, &one);
}

static void add_number(char *line, size_t size, const char *word, double value)
{
    size_t length = strlen(line);

    snprintf(line + length, size - length, " %s %.9g", word, value);
}

static void add_numbers(const struct chrony_add *add, char *line, size_t size)
{
    const struct {
        const char *word;
        double value, standard;
    } rows[] = {
        {"port", add->port, 123},
        {"minpoll", add->minpoll, 6},
        {"maxpoll", add->maxpoll, 10},
        {"presend", add->presend_minpoll, NO_PRESEND},
        {"minstratum", add->min_stratum, 0},
        {"polltarget", add->poll_target, 8},
        {"version", add->version, 0},
        {"minsamples", add->min_samples, -1},
        {"maxsamples", add->max_samples, -1},
        {"key", add->authkey, 0},
        {"ntsport", add->nts_port, NTS_PORT},
        {"maxdelay", add->max_delay_s, 3},
        {"maxdelayratio", add->max_delay_ratio, 0},
        {"maxdelaydevratio", add->max_delay_dev_ratio, 10},
        {"mindelay", add->min_delay_s, 0},
        {"asymmetry", add->asymmetry, 1},
        {"offset", add->offset_s, 0},
        {"filter", add->filter_length, 0},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        double difference = rows[i].value - rows[i].standard;

        if (difference > 1e-6 || difference < -1e-6) {
            add_number(line, size, rows[i].word, rows[i].value);
        }
    }
    if (add->type == CHRONY_ADD_POOL) {
        add_number(line, size, "maxsources", add->max_sources);
    }
}

/* The line that would have said the same in the configuration: its parser judges it. */
static void line_of(const struct chrony_add *add, char *line, size_t size)
{
    static const struct {
        uint32_t flag;
        const char *word;
    } rows[] = {
        {CHRONY_ADD_IBURST, "iburst"}, {CHRONY_ADD_BURST, "burst"},
        {CHRONY_ADD_PREFER, "prefer"}, {CHRONY_ADD_NOSELECT, "noselect"},
        {CHRONY_ADD_TRUST, "trust"},   {CHRONY_ADD_REQUIRE, "require"},
        {CHRONY_ADD_XLEAVE, "xleave"}, {CHRONY_ADD_NTS, "nts"},
        {CHRONY_ADD_COPY, "copy"},     {CHRONY_ADD_AUTO_OFFLINE, "auto_offline"},
        {CHRONY_ADD_IPV4, "ipv4"},     {CHRONY_ADD_IPV6, "ipv6"},
    };

    snprintf(line, size, "%s %s",
             add->type == CHRONY_ADD_POOL   ? "pool"
             : add->type == CHRONY_ADD_PEER ? "peer"
                                            : "server",
             add->name);
    add_numbers(add, line, size);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (add->flags & rows[i].flag) {
            size_t length = strlen(line);

            snprintf(line + length, size - length, " %s", rows[i].word);
        }
    }
    if (!(add->flags & CHRONY_ADD_ONLINE)) {
        size_t length = strlen(line);

        snprintf(line + length, size - length, " offline");
    }
}

static enum chrony_status add_source(struct time_process *process,
                                     const struct chrony_request *request)
{
    struct event event = {.kind = EVENT_COMMAND};
    struct chrony_add add;
    char line[CHRONY_NAME_SIZE + 512], why[CONFIG_TEXT_SIZE];
    enum chrony_status status = chrony_add_decode(&add, request);
    struct address address;

    if (status != CHRONY_SUCCESS) {
        return status;
    }
    line_of(&add, line, sizeof line);
    event.command.request.command = CONTROL_ADD;
    if (!config_load_source(process->config, line, &event.command.source, why)) {
        log_format(&process->setup.log, LOG_SEVERITY_WARNING, "chronyc: `%s` is not added: %s",
                   line, why);
        return CHRONY_FAILED;
    }
    for (size_t i = 0; address_parse(&address, add.name) && i < process->status.count; i++) {
        if (address_equal(&address, &process->status.sources[i].address)) {
            return CHRONY_SOURCE_ALREADY_KNOWN;
        }
    }
    if (process->status.count >= process->capacity) {
        return CHRONY_TOO_MANY_SOURCES;
    }
    status = status_of(deliver(process, &event));
    return status == CHRONY_FAILED ? CHRONY_SOURCE_ALREADY_KNOWN : status;
}

/* Sources to which there is a route are asked, the others are left alone for now. */
static enum chrony_status online_by_route(struct time_process *process)
{
    const struct udp_options options = {.local = {.family = ADDRESS_NONE}};

    publish_refresh(process);
    for (size_t i = 0; i < process->status.count; i++) {
        struct node_order one = {.address = process->status.sources[i].address};
        struct udp_socket probe;

        if (one.address.family == ADDRESS_NONE) {
            continue;
        }
        enum err error = udp_client_open(&probe, &one.address, &options);

        one.kind = error == ERR_NONE ? ORDER_ONLINE : ORDER_OFFLINE;
        if (error == ERR_NONE) {
            udp_close(&probe);
        }
        (void)order(process, &one);
    }
    return CHRONY_SUCCESS;
}

static enum chrony_status set_makestep(struct time_process *process,
                                       const struct chrony_arguments *a)
{
    struct step_options *step = &process->config->node.step;
    int64_t until = (int64_t)a->number[0] + process->status.node.updates;

    /* Here the limit counts updates from the start on, there from now on. */
    step->limit = a->number[0] < 0 ? -1 : until < INT32_MAX ? (int)until : INT32_MAX;
    step->threshold_s = a->value[0] > 0 ? a->value[0] : 0;
    return CHRONY_SUCCESS;
}

static enum chrony_status set_local(struct time_process *process,
                                    const struct chrony_request *request)
{
    const struct chrony_arguments *a = &request->arguments;
    struct local_options *local = &process->config->node.local;

    local->enabled = a->number[0] != 0;
    if (local->enabled) {
        local->stratum = (uint8_t)(a->number[1] < 1 ? 1 : a->number[1] > 15 ? 15 : a->number[1]);
        local->distance_s = a->value[0];
        local->orphan = a->number[2] != 0;
    }
    if (local->enabled && request->command == CHRONY_LOCAL3) {
        local->activate_s = a->value[1];
        local->wait_synced_s = a->value[2];
        local->wait_unsynced_s = a->value[3];
    }
    return order(process, &(struct node_order){.kind = ORDER_RESELECT}); /* judged at once */
}

/* `allow`, `deny` and the like; `all`: also what is within. */
static enum chrony_status set_access(struct time_process *process,
                                     const struct chrony_request *request, bool allow, bool all)
{
    const struct chrony_arguments *a = &request->arguments;
    const struct access_rule rule = {
        .prefix = chrony_address_to(&a->address[0]),
        .bits = a->number[0] >= 0 && a->number[0] <= 128 ? (uint8_t)a->number[0] : 255,
        .allow = allow,
        .all = all,
    };
    bool command = request->command >= CHRONY_CMDALLOW;
    enum err error;

    if (a->address[0].family == CHRONY_ID) {
        return CHRONY_BAD_SUBNET;
    }
    error = access_order(process, &rule, command);
    return error == ERR_NONE    ? CHRONY_SUCCESS
           : error == ERR_RANGE ? CHRONY_BAD_SUBNET
                                : CHRONY_FAILED;
}

static enum chrony_status reload(struct time_process *process)
{
    uint32_t failures = process->reload_failures;

    commands_reload(process, NULL);
    return process->reload_failures == failures ? CHRONY_SUCCESS : CHRONY_FAILED;
}

static enum chrony_status clock_order(struct time_process *process, enum order_kind kind,
                                      double value)
{
    return order(process, &(struct node_order){.kind = (uint8_t)kind, .value = value});
}

static enum chrony_status set_manual(struct time_process *process, int32_t what)
{
    enum { OFF, ON, RESET };

    if (what == RESET) {
        return order(process, &(struct node_order){.kind = ORDER_MANUAL_RESET});
    }
    if (what != OFF && what != ON) {
        return CHRONY_INVALID;
    }
    process->config->node.manual = what == ON;
    return CHRONY_SUCCESS;
}

static enum chrony_status delete_manual(struct time_process *process, int32_t index)
{
    enum chrony_status status =
        order(process, &(struct node_order){.kind = ORDER_MANUAL_DELETE, .number = {index}});

    return status == CHRONY_NO_SUCH_SOURCE ? CHRONY_BAD_SAMPLE : status;
}

size_t chrony_orders_set_time(struct time_process *process, const struct chrony_request *request,
                              uint8_t reply[static CHRONY_REPLY_MAX])
{
    const struct node_order typed = {.kind = ORDER_SETTIME, .time = request->arguments.time};
    enum chrony_status status = CHRONY_NOT_ENABLED;
    struct chrony_timestamp timestamp;
    struct manual_report before, after;
    struct clock_reading now = time_reading(process);

    if (process->config->node.manual) {
        node_manual(process->node, &now, &before);
        status = order(process, &typed);
    }
    if (status != CHRONY_SUCCESS) {
        if (status == CHRONY_FAILED) {
            log_line(&process->setup.log, LOG_SEVERITY_WARNING,
                     "chronyc: the time that was typed in is not taken: servers say what time it "
                     "is, or noond may not set the clock");
        }
        return chrony_status_encode(request, status, reply);
    }
    now = time_reading(process);
    node_manual(process->node, &now, &after);
    timestamp = (struct chrony_timestamp){
        .offset_s = -after.at[after.count - 1].first_s,
        .dfreq_ppm = -(after.base_s_per_s - before.base_s_per_s) * 1e6,
        .afreq_ppm = -after.base_s_per_s * 1e6,
    };
    return chrony_reply_encode(request, CHRONY_REPLY_TIMESTAMP, &timestamp, reply);
}

/* Orders about the daemon and the clock.  CHRONY_SILENCE: it is none of these. */
static enum chrony_status about_daemon(struct time_process *process,
                                       const struct chrony_request *request)
{
    struct node_options *options = &process->config->node;
    double value = request->arguments.value[0];

    switch (request->command) {
    case CHRONY_MAKESTEP:
        return command(process, CONTROL_STEP);
    case CHRONY_MODIFY_MAKESTEP:
        return set_makestep(process, &request->arguments);
    case CHRONY_MODIFY_MAXUPDATESKEW:
        options->max_update_skew_s_per_s = value * 1e-6;
        return CHRONY_SUCCESS;
    case CHRONY_RESELECTDISTANCE:
        options->reselect_dist_s = value;
        return CHRONY_SUCCESS;
    case CHRONY_LOCAL2:
    case CHRONY_LOCAL3:
        return set_local(process, request);
    case CHRONY_REFRESH:
        (void)command(process, CONTROL_REFRESH);
        return CHRONY_SUCCESS;
    case CHRONY_RELOAD_SOURCES:
    case CHRONY_REKEY:
        return reload(process);
    case CHRONY_DUMP:
        keep_save(process);
        return CHRONY_SUCCESS;
    case CHRONY_CYCLELOGS:
        records_close(process);
        records_open(process);
        return CHRONY_SUCCESS;
    case CHRONY_SHUTDOWN:
        process->stop = true;
        return CHRONY_SUCCESS;
    case CHRONY_WRITERTC:
    case CHRONY_TRIMRTC:
        return CHRONY_NO_RTC;
    case CHRONY_SMOOTHTIME: /* as with chronyd without `smoothtime` */
        return CHRONY_NOT_ENABLED;
    case CHRONY_MANUAL:
        return set_manual(process, request->arguments.number[0]);
    case CHRONY_MANUAL_DELETE:
        return delete_manual(process, request->arguments.number[0]);
    case CHRONY_DOFFSET: /* positive: the clock is fast, and so is the frequency */
        return clock_order(process, ORDER_MOVE_CLOCK, -value);
    case CHRONY_DFREQ:
        return clock_order(process, ORDER_PACE_CLOCK, -value * 1e-6);
    default:
        return CHRONY_SILENCE;
    }
}

enum chrony_status chrony_orders_carry_out(struct time_process *process,
                                           const struct chrony_request *request)
{
    const struct chrony_arguments *a = &request->arguments;
    enum chrony_status status = about_daemon(process, request);

    if (status != CHRONY_SILENCE) {
        return status;
    }
    switch (request->command) {
    case CHRONY_ALLOW:
    case CHRONY_CMDALLOW:
        return set_access(process, request, true, false);
    case CHRONY_ALLOWALL:
    case CHRONY_CMDALLOWALL:
        return set_access(process, request, true, true);
    case CHRONY_DENY:
    case CHRONY_CMDDENY:
        return set_access(process, request, false, false);
    case CHRONY_DENYALL:
    case CHRONY_CMDDENYALL:
        return set_access(process, request, false, true);
    case CHRONY_ONLINE:
        return order_masked(process, ORDER_ONLINE, a);
    case CHRONY_OFFLINE:
        return order_masked(process, ORDER_OFFLINE, a);
    case CHRONY_BURST:
        return order_masked(process, ORDER_BURST, a);
    case CHRONY_ONOFFLINE:
        return online_by_route(process);
    case CHRONY_ADD_SOURCE:
        return add_source(process, request);
    case CHRONY_DEL_SOURCE:
        return order_for(process, ORDER_DELETE, request);
    case CHRONY_RESET_SOURCES:
        return order(process, &(struct node_order){.kind = ORDER_RESET});
    case CHRONY_RESELECT:
        return order(process, &(struct node_order){.kind = ORDER_RESELECT});
    case CHRONY_MODIFY_MINPOLL:
        return order_for(process, ORDER_MINPOLL, request);
    case CHRONY_MODIFY_MAXPOLL:
        return order_for(process, ORDER_MAXPOLL, request);
    case CHRONY_MODIFY_MINSTRATUM:
        return order_for(process, ORDER_MINSTRATUM, request);
    case CHRONY_MODIFY_POLLTARGET:
        return order_for(process, ORDER_POLLTARGET, request);
    case CHRONY_MODIFY_MAXDELAY:
        return order_for(process, ORDER_MAXDELAY, request);
    case CHRONY_MODIFY_MAXDELAYRATIO:
        return order_for(process, ORDER_MAXDELAYRATIO, request);
    case CHRONY_MODIFY_MAXDELAYDEVRATIO:
        return order_for(process, ORDER_MAXDELAYDEVRATIO, request);
    case CHRONY_MODIFY_OFFSET:
        return order_for(process, ORDER_OFFSET, request);
    case CHRONY_MODIFY_SELECTOPTS:
        return select_options(process, request);
    default:
        /* Known, but not done here: at once, since silence would cost chronyc seven seconds. */
        return CHRONY_FAILED;
    }
}
