/* SPDX-License-Identifier: BSD-2-Clause */
/* perform.c - carries out what the node asks for; the only place that does. */
#include <stdio.h>
#include <string.h>

#include "daemon/logtext.h"
#include "daemon/time_process.h"
#include "wire/refid.h"

static const int64_t repeat_ns = 600 * NS_PER_S;

/* Options of an association's socket; false when the family is not wanted (-4, -6). */
static bool socket_options(const struct time_process *process, const struct address *to,
                           struct udp_options *options)
{
    const struct daemon_options *daemon = &process->config->daemon;
    const struct args *args = process->setup.args;
    bool six = to->family == ADDRESS_IPV6;
    const char *device = daemon->bind_acquisition_device;

    memset(options, 0, sizeof *options);
    if ((six && args->ipv4_only) || (!six && args->ipv6_only)) {
        return false;
    }
    options->stamps = true;
    options->priority = daemon->dscp;
    options->local = daemon->bind_acquisition[six];
    if (daemon->acquisition_port > 0) {
        options->local.family = to->family;
        options->local.port = (uint16_t)daemon->acquisition_port;
        options->share_port = true;
    }
    if (device) {
        snprintf(options->device, sizeof options->device, "%s", device);
    }
    return true;
}

static void close_socket(struct time_process *process, uint16_t association)
{
    if (process->socket_users[association]) {
        udp_close(&process->sockets[association]);
        process->socket_users[association] = 0;
    }
}

void perform_close_sockets(struct time_process *process)
{
    for (size_t i = 0; i < process->capacity; i++) {
        close_socket(process, (uint16_t)i);
    }
}

/* The port is one that only the parent may bind, or the one that the server uses. */
static enum err open_by_parent(struct time_process *process, const struct action_send *send,
                               const struct udp_options *options)
{
    int fd = time_ask_socket(process, send->to.family);

    return fd < 0 ? ERR_DENIED
                  : udp_client_adopt(&process->sockets[send->association], fd, &send->to, options);
}

static enum err open_socket(struct time_process *process, const struct action_send *send)
{
    struct udp_options options;
    enum err error;

    if (!socket_options(process, &send->to, &options)) {
        return ERR_UNSUPPORTED;
    }
    error = udp_client_open(&process->sockets[send->association], &send->to, &options);
    if ((error == ERR_DENIED || error == ERR_IN_USE) && options.local.port != 0 &&
        process->setup.supervised) {
        error = open_by_parent(process, send, &options);
    }
    process->socket_users[send->association] = error == ERR_NONE;
    if (error == ERR_NONE) {
        process->locals[send->association] = udp_local(&process->sockets[send->association]);
    }
    return error;
}

/* Loopback names nobody: on one machine several servers share it. */
static uint32_t own_refid(const struct address *local)
{
    return local->family == ADDRESS_NONE || address_is_loopback(local) ? 0 : address_refid(local);
}

static void perform_send(struct time_process *process, const struct action_send *send)
{
    struct udp_message message = {
        .bytes = send->bytes, .size = send->size, .sequence = send->sequence};
    struct post post = {.association = send->association, .sequence = send->sequence};
    struct utc_time left;
    enum err error = ERR_NONE;

    if (send->fresh_socket) {
        close_socket(process, send->association);
    }
    if (process->socket_users[send->association]) {
        error = udp_send(&process->sockets[send->association], &message, &left);
        if (error != ERR_NONE) {
            /* It may be bound to an address, or a route, that is gone. */
            close_socket(process, send->association);
        }
    }
    if (!process->socket_users[send->association]) {
        error = open_socket(process, send);
        if (error == ERR_NONE) {
            error = udp_send(&process->sockets[send->association], &message, &left);
        }
    }
    if (error == ERR_NONE) {
        post.kind = EVENT_TX_STAMP;
        post.stamp = time_stamp(process, left, UDP_STAMP_USER);
        post.own_refid = own_refid(&process->locals[send->association]);
    } else {
        post.kind = EVENT_SEND_FAILED;
        post.error = error;
    }
    time_post(process, &post);
}

static void report_change(struct time_process *process, enum adjust_kind kind,
                          const struct clock_change *change)
{
    struct event event = {.kind = EVENT_CLOCK_ADJUSTED};

    event.adjusted = (struct event_clock_adjusted){
        .kind = kind,
        .error = change->error,
        .before = compensation_apply(&process->compensation, change->before),
        .after = compensation_apply(&process->compensation, change->after),
        .rate = compensation_from_raw(&process->compensation, change->rate),
        .step = change->step,
    };
    time_deliver(process, &event);
}

/* The clock goes on as before against RAW as the node knows it: the kernel's rate has to change. */
static void perform_compensate(struct time_process *process, struct freq rate)
{
    struct clock_change change;
    struct clock_state state;
    struct freq steered;

    if (process->clock.kind == CLOCK_CONTROL_NONE ||
        clock_control_state(&process->clock, &state) != ERR_NONE) {
        compensation_set(&process->compensation, clock_raw(), rate);
        return;
    }
    steered = compensation_from_raw(&process->compensation, state.rate);
    compensation_set(&process->compensation, clock_raw(), rate);
    clock_control_set_rate(&process->clock, compensation_to_raw(&process->compensation, steered),
                           &change);
    report_change(process, ADJUST_RATE, &change);
}

struct freq perform_best_rate(const struct time_process *process)
{
    struct freq best = {node_saved(process->node).freq_s_per_s};

    /* With `auto` what is reported, and saved, holds without the correction. */
    return process->config->node.tempcomp.kind == TEMPCOMP_AUTO
               ? best
               : compensation_to_raw(&process->compensation, best);
}

static void perform_status(struct time_process *process, const struct action_status *status)
{
    struct clock_status told = {
        .synchronised = status->synchronised,
        .rtc_copy = process->config->node.rtcsync,
        .leap = status->leap == NTP_LEAP_INSERT   ? CLOCK_LEAP_INSERT
                : status->leap == NTP_LEAP_DELETE ? CLOCK_LEAP_DELETE
                                                  : CLOCK_LEAP_NONE,
        .tai_s = status->tai_s,
        .maxerror_s = status->maxerror_s,
        .esterror_s = status->esterror_s,
    };

    if (clock_control_set_status(&process->clock, &told) != ERR_NONE && process->privileged) {
        log_line(&process->setup.log, LOG_SEVERITY_DEBUG, "the kernel refused the clock's status");
    }
}

/* Whoever repeats himself within ten minutes is only counted. */
static bool is_repeat(struct time_process *process, const struct log_event *event)
{
    struct steady_time now = clock_steady();
    struct repeat *oldest = &process->repeats[0];

    for (unsigned i = 0; i < REPEATS_MAX; i++) {
        struct repeat *repeat = &process->repeats[i];

        if (repeat->used && repeat->id == event->id && repeat->association == event->association) {
            if (now.ns - repeat->at.ns < repeat_ns) {
                process->log_repeats++;
                return true;
            }
            oldest = repeat;
            break;
        }
        if (!repeat->used || (oldest->used && repeat->at.ns < oldest->at.ns)) {
            oldest = repeat;
        }
    }
    *oldest = (struct repeat){
        .at = now, .association = event->association, .id = (uint8_t)event->id, .used = true};
    return false;
}

enum { SOURCE_TEXT_SIZE = NAME_SIZE + DATE_PATH_SIZE + ADDRESS_TEXT_SIZE + 20, HTTPS_PORT = 443 };

/* The URL of the constraint that `event` tells of, which counts them from 1. */
static void name_constraint(const struct node_options *options, const struct log_event *event,
                            char text[static SOURCE_TEXT_SIZE])
{
    size_t number = (size_t)event->value[0];

    if (number >= 1 && number <= options->constraint_count) {
        const struct date_question *question = &options->constraints[number - 1].question;

        char port[8] = "";

        if (question->port != HTTPS_PORT) {
            snprintf(port, sizeof port, ":%u", question->port);
        }
        snprintf(text, SOURCE_TEXT_SIZE, "https://%s%s%s", question->name, port, question->path);
    }
}

static void write_event(struct time_process *process, const struct log_event *event)
{
    char text[LOGTEXT_SIZE], name[NAME_SIZE] = "a source", source[SOURCE_TEXT_SIZE];
    char address_text[ADDRESS_TEXT_SIZE];
    struct address address;

    if (event->association != LOG_NO_SOURCE &&
        node_source_name(process->node, event->association, name, &address)) {
        address_print(&address, address_text);
        if (strcmp(name, address_text) == 0 || address.family == ADDRESS_NONE) {
            snprintf(source, sizeof source, "%s", name);
        } else {
            snprintf(source, sizeof source, "%s (%s)", name, address_text);
        }
    } else {
        snprintf(source, sizeof source, "%s", name);
    }
    if (event->id == LOG_EVENT_CONSTRAINT_FAILED) {
        name_constraint(&process->config->node, event, source);
    }
    logtext_render(event, source, text);
    log_line(&process->setup.log, (enum log_severity)logtext_level(event->id), text);
}

/* Each reply, for who debugs: never left out as a repetition. */
static void log_reply(struct time_process *process, const struct action_measured *measured)
{
    bool good = measured->reason == DROP_NONE;
    const struct log_event event = {
        .id = good ? LOG_EVENT_SOURCE_REPLY : LOG_EVENT_SOURCE_REPLY_REFUSED,
        .association = measured->association,
        .value = {good ? measured->error_s : (double)measured->reason, measured->sample.delay_s},
    };

    if (process->setup.log.least <= LOG_SEVERITY_DEBUG) {
        write_event(process, &event);
    }
}

void perform_log(struct time_process *process, const struct log_event *event)
{
    if (is_repeat(process, event)) {
        return;
    }
    write_event(process, event);
    if (event->id == LOG_EVENT_RIVAL) {
        rivals_look(&process->rivals, clock_steady(), true, &process->setup.log);
    }
}

static void perform_one(struct time_process *process, const struct action *action)
{
    struct clock_change change;

    switch (action->kind) {
    case ACTION_SEND:
        perform_send(process, &action->send);
        break;
    case ACTION_CLOSE:
        close_socket(process, action->close);
        break;
    case ACTION_STEER:
        clock_control_set_rate(&process->clock,
                               compensation_to_raw(&process->compensation, action->steer), &change);
        report_change(process, ADJUST_RATE, &change);
        break;
    case ACTION_STEP:
        clock_control_step(&process->clock, action->step, &change);
        report_change(process, ADJUST_STEP, &change);
        break;
    case ACTION_COMPENSATE:
        perform_compensate(process, action->compensate);
        break;
    case ACTION_SET_STATUS:
        perform_status(process, &action->status);
        break;
    case ACTION_RESOLVE:
        resolver_ask(&process->resolver, &action->resolve);
        break;
    case ACTION_GET_KEYS:
        exchanger_ask(&process->exchanger, &action->get_keys);
        break;
    case ACTION_GET_DATE:
        exchanger_ask_date(&process->exchanger, &action->date);
        break;
    case ACTION_PUBLISH:
        publish(process);
        break;
    case ACTION_SAVE:
        keep_save(process);
        break;
    case ACTION_LOG:
        perform_log(process, &action->log);
        break;
    case ACTION_MEASURED:
        log_reply(process, &action->measured);
        records_measured(process, &action->measured);
        break;
    case ACTION_READY: /* the service manager was told when the first event was done */
        break;
    case ACTION_ANSWER:
        /* Commands are delivered by commands.c, which reads the answer out of the batch. */
        break;
    }
}

void perform(struct time_process *process, const struct actions *actions)
{
    for (unsigned i = 0; i < actions->count; i++) {
        perform_one(process, &actions->at[i]);
    }
}
