/* SPDX-License-Identifier: BSD-2-Clause */
/* commands.c - answers what comes over the status and control sockets. */
#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "crypto/mac.h"
#include "daemon/config_load.h"
#include "daemon/endpoints.h"
#include "daemon/time_process.h"
#include "sys/unix_socket.h"

static void fail(struct control_response *response, enum control_result result, const char *why)
{
    if (response) {
        response->result = result;
        control_response_text(response, why);
    }
}

static void answer_record(struct control_response *response, const struct status_record *record)
{
    response->size = status_encode(record, response->body, response->capacity);
    response->result = response->size > 0 ? CONTROL_OK : CONTROL_FAILED;
}

/* One source by name or address: a record with the node and that source alone. */
static void answer_source(struct time_process *process, const char *wanted,
                          struct control_response *response)
{
    struct address address;
    bool literal = address_parse(&address, wanted);

    for (size_t i = 0; i < process->status.count; i++) {
        struct source_status *source = &process->status.sources[i];

        if (strcmp(source->name, wanted) == 0 ||
            (literal && address_equal(&address, &source->address))) {
            struct status_record one = {
                .node = process->status.node, .count = 1, .sources = source};

            one.node.selected = process->status.node.selected == (int32_t)i ? 0 : -1;
            answer_record(response, &one);
            return;
        }
    }
    fail(response, CONTROL_NO_SOURCE,
         "no source of that name or address; `noon sources` lists them");
}

static const char *why_not(enum control_command command)
{
    if (command == CONTROL_ADD) {
        return "there is such a source already, or no room for another";
    }
    if (command == CONTROL_STEP) {
        return "the clock can't be stepped: UTC is not known yet, or noond may not set the clock";
    }
    return "the node refused";
}

/* Hands the command to the node and finds its answer among what it wants done. */
static void ask_node(struct time_process *process, struct event *event,
                     struct control_response *response)
{
    const struct actions *actions = &process->actions[process->depth];

    time_deliver(process, event);
    response->result = CONTROL_FAILED;
    for (unsigned i = 0; i < actions->count; i++) {
        if (actions->at[i].kind == ACTION_ANSWER) {
            response->result = actions->at[i].answer.result;
        }
    }
    if (response->result == CONTROL_NO_SOURCE) {
        fail(response, CONTROL_NO_SOURCE, "no source of that name or address");
    } else if (response->result != CONTROL_OK) {
        fail(response, response->result, why_not(event->command.request.command));
    }
}

static void add_source(struct time_process *process, const struct control_request *request,
                       struct control_response *response)
{
    struct event event = {.kind = EVENT_COMMAND};
    char why[CONFIG_TEXT_SIZE];

    event.command.request = *request;
    if (!config_load_source(process->config, request->argument, &event.command.source, why)) {
        fail(response, CONTROL_BAD, why);
        return;
    }
    if (event.command.source.method > RESOLVE_SRV && !config_load_finds(process->config)) {
        /* The helper that runs was started without a right to the files that tell. */
        fail(response, CONTROL_BAD,
             "`source auto`, `dhcp` and `cloud` are for the configuration, then `noon reload`");
        return;
    }
    ask_node(process, &event, response);
}

static bool same_rule(const struct access_rule *one, const struct access_rule *other)
{
    return address_equal(&one->prefix, &other->prefix) && one->bits == other->bits &&
           one->allow == other->allow && one->all == other->all && one->flags == other->flags;
}

static bool same_access(const struct node_options *a, const struct node_options *b)
{
    if (a->access_count != b->access_count) {
        return false;
    }
    for (size_t i = 0; i < a->access_count; i++) {
        if (!same_rule(&a->access[i], &b->access[i])) {
            return false;
        }
    }
    return true;
}

/* Those with a name hold for nobody. */
static bool same_command_access(const struct config_space *a, const struct config_space *b)
{
    if (a->command_rule_count != b->command_rule_count) {
        return false;
    }
    for (size_t i = 0; i < a->command_rule_count; i++) {
        const struct config_rule *one = &a->command_rules[i], *other = &b->command_rules[i];

        if ((one->name == NULL) != (other->name == NULL) || !same_rule(&one->rule, &other->rule)) {
            return false;
        }
    }
    return true;
}

static bool same_limit(const struct limit_options *one, const struct limit_options *other)
{
    return one->enabled == other->enabled && one->interval_log2 == other->interval_log2 &&
           one->burst == other->burst && one->leak == other->leak && one->kod == other->kod &&
           one->prefix_burst == other->prefix_burst &&
           one->prefix_interval_log2 == other->prefix_interval_log2 &&
           one->ceiling_per_s == other->ceiling_per_s;
}

static bool same_limits(const struct config *one, const struct config *other)
{
    const struct node_options *a = &one->node, *b = &other->node;

    return same_limit(&a->limit, &b->limit) &&
           same_limit(&one->daemon.command_limit, &other->daemon.command_limit) &&
           a->client_log_octets == b->client_log_octets && a->no_client_log == b->no_client_log &&
           one->daemon.server_threads == other->daemon.server_threads &&
           one->daemon.open_commands == other->daemon.open_commands;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_sockets(const struct daemon_options *a, const struct daemon_options *b)
{
    return a->port == b->port && address_equal(&a->bind[0], &b->bind[0]) &&
           address_equal(&a->bind[1], &b->bind[1]) && same_text(a->bind_device, b->bind_device);
}

static bool same_acquisition(const struct daemon_options *a, const struct daemon_options *b)
{
    return a->acquisition_port == b->acquisition_port &&
           address_equal(&a->bind_acquisition[0], &b->bind_acquisition[0]) &&
           address_equal(&a->bind_acquisition[1], &b->bind_acquisition[1]) &&
           same_text(a->bind_acquisition_device, b->bind_acquisition_device);
}

static bool same_keys(const struct node_options *a, const struct node_options *b)
{
    return a->key_count == b->key_count &&
           (a->key_count == 0 || memcmp(a->keys, b->keys, a->key_count * sizeof *a->keys) == 0);
}

static void load_keys(struct time_process *process, struct config *fresh)
{
    int fd = fresh->daemon.key_file != NULL ? time_ask_keys(process) : -1;

    config_load_keys(fresh, fd, &process->setup.log);
    config_load_leaps(fresh, &process->setup.log);
    sensors_find(&process->sensors, fresh, &process->setup.log);
    unix_close(&fd);
}

/* Validated options take the place of the old ones. */
static void apply(struct time_process *process, struct config *fresh)
{
    struct event event = {.kind = EVENT_CONFIG};
    struct config *old = process->config;

    event.config = &fresh->node;
    process->config = fresh;
    access_orders_reloaded(process);
    /* First, so that the parent knows what is to be opened from now on. */
    time_tell_moved(process);
    if (config_load_finds(old) != config_load_finds(fresh)) {
        unix_close(&process->resolver.fd); /* the next helper may read other files */
    }
    load_keys(process, fresh);
    /* Alone, the server reads the very options that end here. */
    if (!process->setup.supervised || !same_access(&old->node, &fresh->node) ||
        !same_command_access(old->space, fresh->space) || !same_limits(old, fresh) ||
        !same_keys(&old->node, &fresh->node)) {
        time_tell_rules(process);
    }
    if (!same_acquisition(&old->daemon, &fresh->daemon)) {
        perform_close_sockets(process);
    }
    time_deliver(process, &event);
    /* Opened anew also when nothing has changed: somebody may have rotated them. */
    records_close(process);
    records_open(process);
    config_free(old);
}

/* Why a configuration that is good by itself can't replace the one in force; NULL: it can. */
static const char *why_refused(const struct time_process *process, const struct config *fresh)
{
    if (fresh->node.source_count > process->capacity / 2) {
        return "too many sources for the running daemon; restart it";
    }
    if (fresh->node.source_count == 0 && process->config->node.source_count > 0 &&
        !fresh->node.local.enabled) {
        /* More likely a file that is just being written than a wish. */
        return "it has no source any more; restart noond if that is meant";
    }
    return NULL;
}

/* As far as the parent can tell before anything is changed; NULL: all of it would be served. */
static const char *why_not_served(struct time_process *process, const struct config *fresh,
                                  char *text, size_t size)
{
    struct endpoint endpoints[ENDPOINTS_MAX];
    struct text out = text_begin(text, size);
    uint64_t tried = time_ask_sockets(process);

    if (tried == 0) {
        return NULL;
    }
    if (endpoints_files_refused(fresh, tried, &out)) {
        text_add(&out, ": keys of NTS are exchanged with the files of before");
        return text;
    }
    size_t count = endpoints_plan(process->setup.args, fresh, false, endpoints);
    endpoints_refused(endpoints, count, tried, &out);
    text_add(&out, ": clients are served where they were");
    return text;
}

void commands_reload(struct time_process *process, struct control_response *response)
{
    struct config *fresh;
    const char *why;
    char text[4096];

    time_tell_reloading(process);
    fresh = config_load(&process->setup.args->order, &process->setup.log, text, sizeof text);
    why = fresh ? why_refused(process, fresh) : text;
    if (!why) {
        why = why_not_served(process, fresh, text, sizeof text);
    }
    if (why) {
        process->reload_failures++;
        snprintf(process->reload_error, sizeof process->reload_error, "%s", why);
        log_format(&process->setup.log, LOG_SEVERITY_ERROR,
                   "reload refused, the old configuration stays: %s", why);
        fail(response, CONTROL_FAILED, why);
        config_free(fresh);
    } else {
        config_load_difference(process->config, fresh, text, sizeof text);
        if (!process->setup.supervised && !same_sockets(&process->config->daemon, &fresh->daemon)) {
            size_t length = strlen(text);

            snprintf(text + length, sizeof text - length, "%s",
                     " (alone, noond serves elsewhere at the next start only)");
        }
        apply(process, fresh);
        time_watch_files(process);
        process->reloads++;
        process->reload_error[0] = '\0';
        log_format(&process->setup.log, LOG_SEVERITY_INFO, "reloaded %s: %s",
                   process->setup.config_file, text);
        if (response) {
            response->result = CONTROL_OK;
            control_response_text(response, text);
        }
    }
    time_tell_ready(process);
}

static void drain(struct time_process *process, const char *argument,
                  struct control_response *response)
{
    bool off = strcmp(argument, "off") == 0;

    if (*argument != '\0' && !off) {
        fail(response, CONTROL_BAD, "expected `drain` or `drain off`");
        return;
    }
    process->draining = !off;
    if (process->setup.time_page) {
        page_mark_set(process->setup.time_page, PAGE_MARK_DRAINING, !off);
    }
    publish_to_driver(process);
    server_loop_drain(process->server, !off);
    log_line(&process->setup.log, LOG_SEVERITY_INFO,
             off ? "serves time again" : "sends clients elsewhere, by order");
    response->result = CONTROL_OK;
    control_response_text(response, off ? "serves time again"
                                        : "clients are told that there is no time here");
}

void commands_handle(void *context, const struct control_request *request, bool may_write,
                     struct control_response *response)
{
    struct time_process *process = context;
    struct event event = {.kind = EVENT_COMMAND};

    (void)may_write; /* control.c has refused what needed it */
    switch (request->command) {
    case CONTROL_STATUS:
        publish_refresh(process);
        answer_record(response, &process->status);
        break;
    case CONTROL_SOURCE:
        publish_refresh(process);
        answer_source(process, request->argument, response);
        break;
    case CONTROL_CLIENTS:
        response->size = time_clients(process, response->body, response->capacity);
        response->result = CONTROL_OK;
        break;
    case CONTROL_ADD:
        add_source(process, request, response);
        break;
    case CONTROL_DELETE:
    case CONTROL_ONLINE:
    case CONTROL_OFFLINE:
    case CONTROL_BURST:
    case CONTROL_STEP:
    case CONTROL_REFRESH:
        event.command.request = *request;
        ask_node(process, &event, response);
        break;
    case CONTROL_RELOAD:
        commands_reload(process, response);
        break;
    case CONTROL_DRAIN:
        drain(process, request->argument, response);
        break;
    case CONTROL_SHUTDOWN:
        process->stop = true;
        response->result = CONTROL_OK;
        break;
    case CONTROL_ALLOW:
    case CONTROL_DENY:
    case CONTROL_CMDALLOW:
    case CONTROL_CMDDENY:
        access_orders_line(process, request, response);
        break;
    case CONTROL_RULES:
        access_list(process, response);
        break;
    case CONTROL_COMMAND_COUNT:
        response->result = CONTROL_UNKNOWN;
        break;
    }
}
