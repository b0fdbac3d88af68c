/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/supervisor.h"

#include <signal.h>
#include <string.h>

#include "daemon/supervisor_children.h"
#include "sys/clock.h"
#include "sys/notify.h"
#include "sys/process.h"
#include "sys/signals.h"
#include "sys/storage.h"
#include "sys/unix_socket.h"

enum { LOOK_S = 20 }; /* between looks, when the setup says nothing */

/* Messages of the time process */

static void rebind(struct supervisor *s, bool serve)
{
    struct message message = {.kind = MESSAGE_REBOUND};
    struct supervisor_plan plan;
    bool changed = false;

    if (!s->setup->plan(s->setup->context, serve, &plan)) {
        message.value = ERR_FORMAT;
    } else {
        changed = plan.server.threads != s->plan.server.threads;
        s->plan.server = plan.server;
        memcpy(s->plan.acquisition, plan.acquisition, sizeof plan.acquisition);
        memcpy(s->plan.trusted, plan.trusted, sizeof plan.trusted);
        s->plan.trusted_count = plan.trusted_count;
        s->plan.no_system_certs = plan.no_system_certs;
        memcpy(s->plan.key_file, plan.key_file, sizeof plan.key_file);
        bool nts = s->plan.nts.pairs > 0;
        s->plan.nts = plan.nts;
        nts_service_apply(&s->gear.nts, &s->plan.nts, s->setup->log);
        children_replace_nts(s);
        changed = changed || nts != (plan.nts.pairs > 0);
        bool others = false;
        message.value =
            server_sockets_apply(&s->gear.server, &s->plan.server, s->setup->log, &others);
        changed = changed || others;
        if (others) {
            server_sockets_store(&s->gear.server, &s->notify);
        }
    }
    if (changed) {
        children_replace_server(s);
    }
    message.argument = (uint32_t)server_sockets_count(&s->gear.server);
    children_tell_time(s, &message, -1);
}

static void open_client(struct supervisor *s, uint32_t family)
{
    struct message message = {.kind = MESSAGE_CLIENT, .argument = family};
    int fd = -1;

    message.value = ERR_UNSUPPORTED;
    if (family == ADDRESS_IPV4 || family == ADDRESS_IPV6) {
        struct udp_options options = s->plan.acquisition[family == ADDRESS_IPV6];

        options.local.family = (uint8_t)family;
        message.value = udp_bound_open(&fd, &options);
    }
    children_tell_time(s, &message, fd);
    unix_close(&fd);
}

/* What is in it, the parent does not read. */
static void open_keys(struct supervisor *s)
{
    struct message message = {.kind = MESSAGE_KEYS, .value = ERR_NOT_FOUND};
    int fd = s->plan.key_file[0] != '\0' ? storage_open_secret(s->plan.key_file) : -1;

    message.value = fd >= 0 ? ERR_NONE : ERR_NOT_FOUND;
    children_tell_time(s, &message, fd);
    unix_close(&fd);
}

static void start_helper(struct supervisor *s, enum child_kind kind)
{
    children_signal(s, kind, SIGKILL);
    s->children[kind].wanted = true;
}

static void tell_status(struct supervisor *s)
{
    char text[SUPERVISED_STATUS_SIZE];
    size_t size = 0;

    if (page_read(&s->gear.life, text, sizeof text, &size) == ERR_NONE && size == sizeof text) {
        text[sizeof text - 1] = '\0';
        notify_status(&s->notify, text);
    }
}

static void take_message(struct supervisor *s, const struct message *message)
{
    switch (message->kind) {
    case MESSAGE_READY:
        notify_ready(&s->notify);
        process_started(s->setup->log->starter); /* who started us in the background may go */
        break;
    case MESSAGE_RELOADING:
        notify_reloading(&s->notify, clock_steady());
        break;
    case MESSAGE_STOPPING:
        notify_stopping(&s->notify);
        break;
    case MESSAGE_STATUS:
        tell_status(s);
        break;
    case MESSAGE_START_HELPER:
        start_helper(s, message->argument == HELPER_KEYS ? CHILD_KEYS : CHILD_HELPER);
        break;
    case MESSAGE_RESTART_SERVER:
        children_replace_server(s);
        break;
    case MESSAGE_REBIND:
        rebind(s, message->argument != 0);
        break;
    case MESSAGE_OPEN_CLIENT:
        open_client(s, message->argument);
        break;
    case MESSAGE_OPEN_KEYS:
        open_keys(s);
        break;
    default: /* nonsense of a process that may have been taken over */
        break;
    }
}

/* A few at a time: a time process gone wild can't keep us from our own work. */
static void take_messages(struct supervisor *s)
{
    struct message message;
    int fd = -1;

    for (int i = 0; i < 16; i++) {
        enum err err =
            unix_receive_fd(s->children[CHILD_TIME].channel, &message, sizeof message, &fd);

        unix_close(&fd); /* nobody has to give us any */
        if (err == ERR_UNREACHABLE) {
            unix_close(&s->children[CHILD_TIME].channel); /* it ends; SIGCHLD follows */
        }
        if (err != ERR_NONE && err != ERR_FORMAT) {
            return;
        }
        if (err == ERR_NONE) {
            take_message(s, &message);
        }
    }
}

/* All that a server process has to say is that it serves. */
static void hear_server(struct supervisor *s)
{
    struct child *child = &s->children[CHILD_SERVER];
    struct message message;
    int fd = -1;
    enum err err = unix_receive_fd(child->channel, &message, sizeof message, &fd);

    unix_close(&fd);
    if (err == ERR_UNREACHABLE) {
        unix_close(&child->channel);
    } else if (err == ERR_NONE && message.kind == MESSAGE_READY) {
        children_server_ready(s);
    }
}

/* The loop */

static void take_signals(struct supervisor *s)
{
    struct signal_flags flags = signals_take();

    if (flags.reload) {
        children_signal(s, CHILD_TIME, SIGHUP); /* it reads, judges and asks for the rest */
    }
    children_reap(s, take_messages);
    s->end = s->end || flags.terminate;
}

/* Starts what is due and returns when something will be. */
static struct steady_time do_what_is_due(struct supervisor *s)
{
    struct steady_time now = clock_steady();
    struct steady_time next = children_do_what_is_due(s, now);

    if (s->notify.watchdog.ns == 0) {
        return next;
    }
    if (now.ns >= s->next_watchdog.ns) {
        s->next_watchdog.ns = now.ns + s->notify.watchdog.ns / 2;
        if (s->looks == 0) {
            notify_watchdog(&s->notify);
        }
    }
    return s->next_watchdog.ns < next.ns ? s->next_watchdog : next;
}

static void pass(struct supervisor *s)
{
    struct duration timeout = {do_what_is_due(s).ns - clock_steady().ns};
    struct pollfd channels[] = {{.fd = s->children[CHILD_TIME].channel, .events = POLLIN},
                                {.fd = s->children[CHILD_SERVER].channel, .events = POLLIN}};

    timeout.ns = timeout.ns < 0 ? 0 : timeout.ns;
    if (signals_wait(channels, 2, timeout) > 0) {
        if (channels[0].revents != 0) {
            take_messages(s);
        }
        if (channels[1].revents != 0) {
            hear_server(s);
        }
    }
    take_signals(s);
}

int supervisor_run(const struct supervisor_setup *setup)
{
    struct supervisor s = {.setup = setup, .look = setup->look};

    if (s.look.ns <= 0) {
        s.look.ns = LOOK_S * NS_PER_S;
    }
    children_init(&s);
    if (!setup->plan(setup->context, false, &s.plan)) {
        return 1;
    }
    notify_open(&s.notify);
    signals_open(SIGNALS_NORMAL);
    if (!gear_open(&s.gear, &s.plan, setup->log)) {
        gear_remove(&s.gear, &s.plan);
        return 1;
    }
    server_sockets_store(&s.gear.server, &s.notify);
    privilege_bound_supervisor();
    s.children[CHILD_SERVER].wanted = server_sockets_count(&s.gear.server) > 0;
    s.children[CHILD_NTS].wanted = nts_service_wanted(&s.gear.nts);
    s.children[CHILD_TIME].wanted = true;
    while (!s.end) {
        pass(&s);
    }
    notify_stopping(&s.notify);
    children_end(&s, take_messages);
    gear_remove(&s.gear, &s.plan);
    notify_close(&s.notify);
    return s.status;
}
