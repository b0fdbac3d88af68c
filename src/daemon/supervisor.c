/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/supervisor.h"

#include <signal.h>
#include <string.h>

#include "daemon/supervisor_gear.h"
#include "sys/clock.h"
#include "sys/notify.h"
#include "sys/process.h"
#include "sys/signals.h"
#include "sys/storage.h"
#include "sys/unix_socket.h"

enum {
    LOOK_S = 20,        /* between looks, when the setup says nothing */
    LOOKS_MAX = 3,      /* without a sign of life */
    RESTART_MAX_S = 60, /* between two starts of a child that keeps ending */
    STEADY_S = 60,      /* a child that has run so long begins anew with short pauses */
    END_S = 5,          /* given to a child to end by itself */
};

struct child {
    bool wanted;
    bool told;                /* to end: that it does is no news */
    int pid;                  /* -1: does not run */
    unsigned failures;        /* ends in short succession */
    struct steady_time start; /* when it was started, or is to be */
};

struct supervisor {
    const struct supervisor_setup *setup;
    struct supervisor_plan plan;
    struct notify notify;
    struct child children[CHILD_COUNT];
    int channel; /* to the time process */
    struct gear gear;
    uint64_t awake_seen; /* the promise that was looked at */
    unsigned looks;
    struct duration look; /* between looks at a time process that is late */
    struct steady_time next_look, next_watchdog;
    bool end;
    int status;
};

static const char *const child_names[] = {"time process", "server process", "helper"};

static struct steady_time in_s(double s)
{
    return (struct steady_time){clock_steady().ns + duration_from_s(s).ns};
}

/* Children */

static void reply(struct supervisor *s, const struct message *message, int fd)
{
    /* A time process that does not listen will be asked nothing more; it is being watched. */
    enum err ignored = unix_send_fd(s->channel, message, sizeof *message, fd);
    (void)ignored;
}

/* What a start means to others: the time process gets a new channel, or the helper's socket. */
static void connect_child(struct supervisor *s, enum child_kind kind, int ours, enum err err)
{
    if (kind == CHILD_TIME) {
        unix_close(&s->channel);
        s->channel = ours;
        page_mark_set(&s->gear.life, PAGE_MARK_RATE_KNOWN, 0);
        page_mark_set(&s->gear.life, PAGE_MARK_AWAKE, (uint64_t)in_s(duration_to_s(s->look)).ns);
        s->looks = 0;
    } else if (kind == CHILD_HELPER) {
        const struct message message = {
            .kind = MESSAGE_HELPER, .argument = HELPER_RESOLVE, .value = err};

        reply(s, &message, err == ERR_NONE ? ours : -1);
        unix_close(&ours);
    }
}

/* Puts the next start off: at once the first time, then 1, 2, 4 ... s. */
static void put_off(struct child *child)
{
    unsigned pause_s = child->failures == 0 ? 0 : 1U << (child->failures - 1);

    child->failures += child->failures < 7;
    child->start = in_s(pause_s < RESTART_MAX_S ? pause_s : RESTART_MAX_S);
}

static void start_child(struct supervisor *s, enum child_kind kind)
{
    struct child *child = &s->children[kind];
    int pair[2] = {-1, -1};
    int fds[PROCESS_FDS_MAX];
    struct gear_arguments arguments;
    enum err err = kind == CHILD_SERVER ? ERR_NONE : unix_pair(pair);

    if (err == ERR_NONE) {
        size_t count = gear_fds(&s->gear, kind, pair[1], fds);

        gear_arguments(s->setup, &s->plan, kind, &arguments);
        err = process_start(&child->pid, kind == CHILD_HELPER ? s->setup->helper : "/proc/self/exe",
                            arguments.at, fds, count);
    }
    unix_close(&pair[1]);
    child->start = clock_steady();
    child->told = false;
    if (err != ERR_NONE) {
        log_format(s->setup->log, LOG_SEVERITY_ERROR, "the %s can't be started (%s)",
                   child_names[kind],
                   kind == CHILD_HELPER ? s->setup->helper : "out of processes or memory");
        put_off(child);
    }
    connect_child(s, kind, pair[0], err);
    /* The helper is asked for again when it is needed; the others are always. */
    child->wanted = kind != CHILD_HELPER;
}

static void stop_child(struct supervisor *s, enum child_kind kind, int number)
{
    s->children[kind].told |= number == SIGTERM || number == SIGKILL;
    process_signal(s->children[kind].pid, number);
}

/* Messages of the time process */

static void rebind(struct supervisor *s)
{
    struct message message = {.kind = MESSAGE_REBOUND};
    struct supervisor_plan plan;

    if (!s->setup->plan(s->setup->context, &plan)) {
        message.value = ERR_FORMAT;
    } else if (plan.server_count != s->plan.server_count ||
               memcmp(plan.server, s->plan.server, sizeof plan.server) != 0) {
        memcpy(s->plan.server, plan.server, sizeof plan.server);
        s->plan.server_count = plan.server_count;
        message.value = gear_rebind(&s->gear, &s->plan, s->setup->log);
        s->children[CHILD_SERVER].wanted = s->gear.server_count > 0;
        stop_child(s, CHILD_SERVER, SIGTERM);
    }
    if (message.value == ERR_NONE) {
        memcpy(s->plan.acquisition, plan.acquisition, sizeof plan.acquisition);
        memcpy(s->plan.key_file, plan.key_file, sizeof plan.key_file);
    }
    message.argument = (uint32_t)s->gear.server_count;
    reply(s, &message, -1);
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
    reply(s, &message, fd);
    unix_close(&fd);
}

/* What is in it, the parent does not read. */
static void open_keys(struct supervisor *s)
{
    struct message message = {.kind = MESSAGE_KEYS, .value = ERR_NOT_FOUND};
    int fd = s->plan.key_file[0] != '\0' ? storage_open_secret(s->plan.key_file) : -1;

    message.value = fd >= 0 ? ERR_NONE : ERR_NOT_FOUND;
    reply(s, &message, fd);
    unix_close(&fd);
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
        stop_child(s, CHILD_HELPER, SIGKILL);
        s->children[CHILD_HELPER].wanted = true;
        break;
    case MESSAGE_RESTART_SERVER:
        stop_child(s, CHILD_SERVER, SIGTERM);
        s->children[CHILD_SERVER].failures = 0;
        break;
    case MESSAGE_REBIND:
        rebind(s);
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
        enum err err = unix_receive_fd(s->channel, &message, sizeof message, &fd);

        unix_close(&fd); /* nobody has to give us any */
        if (err == ERR_UNREACHABLE) {
            unix_close(&s->channel); /* it ends; SIGCHLD follows */
        }
        if (err != ERR_NONE && err != ERR_FORMAT) {
            return;
        }
        if (err == ERR_NONE) {
            take_message(s, &message);
        }
    }
}

/* The loop */

static void take_end(struct supervisor *s, enum child_kind kind, const struct process_end *end)
{
    struct child *child = &s->children[kind];
    bool deliberate = !end->killed && end->status < SUPERVISOR_EXIT_RESTART;

    child->pid = -1;
    if (child->told || clock_steady().ns - child->start.ns > STEADY_S * NS_PER_S) {
        child->failures = 0;
    }
    put_off(child);
    if (kind == CHILD_TIME) {
        take_messages(s); /* its last words */
        gear_settle_clock(&s->gear, s->setup->log);
        s->end = s->end || deliberate;
        s->status = deliberate ? end->status : s->status;
    }
    if (!s->end && !child->told && kind != CHILD_HELPER) {
        log_format(s->setup->log, LOG_SEVERITY_ERROR, "the %s ended (%s %d): started again",
                   child_names[kind], end->killed ? "signal" : "status",
                   end->killed ? end->status - 128 : end->status);
    }
}

static void reap(struct supervisor *s)
{
    struct process_end end;

    while (process_ended(&end)) {
        for (int kind = 0; kind < CHILD_COUNT; kind++) {
            if (s->children[kind].pid == end.pid) {
                take_end(s, (enum child_kind)kind, &end);
            }
        }
    }
}

/* Kills a time process that has not kept its promise to wake. */
static void look_after_time(struct supervisor *s, struct steady_time now)
{
    uint64_t awake = page_mark(&s->gear.life, PAGE_MARK_AWAKE);

    if (awake != s->awake_seen) {
        s->awake_seen = awake;
        s->looks = 0;
        int64_t from_ns = (int64_t)awake > now.ns ? (int64_t)awake : now.ns;
        /* A promise of more than an hour is none that we could watch. */
        int64_t most_ns = now.ns + 3600 * NS_PER_S;
        s->next_look.ns = (from_ns < most_ns ? from_ns : most_ns) + s->look.ns;
        return;
    }
    if (now.ns < s->next_look.ns) {
        return;
    }
    s->next_look.ns = now.ns + s->look.ns;
    if (s->children[CHILD_TIME].pid > 0 && ++s->looks >= LOOKS_MAX) {
        s->looks = 0;
        log_line(s->setup->log, LOG_SEVERITY_ERROR, "the time process hangs: killed");
        stop_child(s, CHILD_TIME, SIGKILL);
    }
}

/* Starts what is due and returns when something will be. */
static struct steady_time do_what_is_due(struct supervisor *s)
{
    struct steady_time now = clock_steady();

    for (int kind = 0; kind < CHILD_COUNT; kind++) {
        struct child *child = &s->children[kind];

        if (child->wanted && child->pid < 0 && child->start.ns <= now.ns) {
            start_child(s, (enum child_kind)kind);
        }
    }
    look_after_time(s, now);
    if (s->notify.watchdog.ns > 0 && now.ns >= s->next_watchdog.ns) {
        s->next_watchdog.ns = now.ns + s->notify.watchdog.ns / 2;
        if (s->looks == 0) {
            notify_watchdog(&s->notify);
        }
    }
    struct steady_time next = s->next_look;
    for (int kind = 0; kind < CHILD_COUNT; kind++) {
        const struct child *child = &s->children[kind];

        if (child->wanted && child->pid < 0 && child->start.ns < next.ns) {
            next = child->start;
        }
    }
    if (s->notify.watchdog.ns > 0 && s->next_watchdog.ns < next.ns) {
        next = s->next_watchdog;
    }
    return next;
}

static void take_signals(struct supervisor *s)
{
    struct signal_flags flags = signals_take();

    if (flags.reload) {
        stop_child(s, CHILD_TIME, SIGHUP); /* it reads, judges and asks for the rest */
    }
    reap(s);
    s->end = s->end || flags.terminate;
}

static void pass(struct supervisor *s)
{
    struct duration timeout = {do_what_is_due(s).ns - clock_steady().ns};
    struct pollfd channel = {.fd = s->channel, .events = POLLIN}; /* new, when just started */

    timeout.ns = timeout.ns < 0 ? 0 : timeout.ns;
    if (signals_wait(&channel, 1, timeout) > 0) {
        take_messages(s);
    }
    take_signals(s);
}

/* Everybody may end by himself; who does not within 5 s is killed. */
static void end_children(struct supervisor *s)
{
    struct steady_time until = in_s(END_S);
    bool some = true;

    notify_stopping(&s->notify);
    for (int kind = 0; kind < CHILD_COUNT; kind++) {
        stop_child(s, (enum child_kind)kind, SIGTERM);
    }
    while (some) {
        bool late = clock_steady().ns >= until.ns;

        reap(s);
        some = false;
        for (int kind = 0; kind < CHILD_COUNT; kind++) {
            some = some || s->children[kind].pid > 0;
            stop_child(s, (enum child_kind)kind, late ? SIGKILL : 0);
        }
        if (some) {
            (void)signals_wait(NULL, 0, (struct duration){late ? 10000000 : NS_PER_S / 10});
            (void)signals_take();
        }
    }
}

int supervisor_run(const struct supervisor_setup *setup)
{
    struct supervisor s = {.setup = setup, .channel = -1, .look = setup->look};

    if (s.look.ns <= 0) {
        s.look.ns = LOOK_S * NS_PER_S;
    }

    for (int kind = 0; kind < CHILD_COUNT; kind++) {
        s.children[kind].pid = -1;
    }
    if (!setup->plan(setup->context, &s.plan)) {
        return 1;
    }
    notify_open(&s.notify);
    signals_open(SIGNALS_NORMAL);
    if (!gear_open(&s.gear, &s.plan, setup->log)) {
        gear_remove(&s.gear, &s.plan);
        return 1;
    }
    privilege_bound_supervisor();
    s.children[CHILD_SERVER].wanted = s.gear.server_count > 0;
    s.children[CHILD_TIME].wanted = true;
    while (!s.end) {
        pass(&s);
    }
    end_children(&s);
    gear_remove(&s.gear, &s.plan);
    notify_close(&s.notify);
    return s.status;
}
