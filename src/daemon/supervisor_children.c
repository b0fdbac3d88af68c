/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/supervisor_children.h"

#include <signal.h>

#include "sys/clock.h"
#include "sys/process.h"
#include "sys/signals.h"
#include "sys/unix_socket.h"

enum {
    RESTART_MAX_S = 60, /* between two starts of a child that keeps ending */
    STEADY_S = 60,      /* a child that has run so long begins anew with short pauses */
    END_S = 5,          /* given to a child to end by itself */
    LOOKS_MAX = 3,      /* without a sign of life */
};

static const char *const child_names[] = {"time process",        "server process",
                                          "old server process",  "helper",
                                          "key exchange helper", "NTS key exchange server"};

struct steady_time children_in_s(double s)
{
    return (struct steady_time){clock_steady().ns + duration_from_s(s).ns};
}

void children_init(struct supervisor *s)
{
    for (int kind = 0; kind < CHILD_COUNT; kind++) {
        s->children[kind] = (struct child){.pid = -1, .channel = -1};
    }
}

void children_tell_time(struct supervisor *s, const struct message *message, int fd)
{
    /* A time process that does not listen will be asked nothing more; it is being watched. */
    enum err ignored = unix_send_fd(s->children[CHILD_TIME].channel, message, sizeof *message, fd);
    (void)ignored;
}

void children_signal(struct supervisor *s, enum child_kind kind, int number)
{
    struct child *child = &s->children[kind];

    if (child->pid > 0 && (number == SIGTERM || number == SIGKILL) && !child->told) {
        child->told = true;
        child->kill = children_in_s(END_S);
    }
    process_signal(child->pid, number);
}

static bool is_helper(enum child_kind kind)
{
    return kind == CHILD_HELPER || kind == CHILD_KEYS;
}

/* Is it noon-helper that is executed? */
static bool is_program(enum child_kind kind)
{
    return is_helper(kind) || kind == CHILD_NTS;
}

/* What a start means to others. */
static void connect_child(struct supervisor *s, enum child_kind kind, int ours, enum err err)
{
    struct child *child = &s->children[kind];

    if (is_helper(kind)) {
        const struct message message = {.kind = MESSAGE_HELPER,
                                        .argument =
                                            kind == CHILD_KEYS ? HELPER_KEYS : HELPER_RESOLVE,
                                        .value = err};

        children_tell_time(s, &message, err == ERR_NONE ? ours : -1);
        unix_close(&ours);
        return;
    }
    unix_close(&child->channel);
    child->channel = ours;
    if (kind == CHILD_TIME) {
        page_mark_set(&s->gear.life, PAGE_MARK_RATE_KNOWN, 0);
        page_mark_set(&s->gear.life, PAGE_MARK_AWAKE,
                      (uint64_t)children_in_s(duration_to_s(s->look)).ns);
        s->looks = 0;
    } else if (kind == CHILD_SERVER && err == ERR_NONE) {
        const struct message message = {.kind = MESSAGE_SERVER};

        children_tell_time(s, &message, s->gear.counters_reader);
    }
}

/* Puts the next start off: at once the first time, then 1, 2, 4 ... s. */
static void put_off(struct child *child)
{
    unsigned pause_s = child->failures == 0 ? 0 : 1U << (child->failures - 1);

    child->failures += child->failures < 7;
    child->start = children_in_s(pause_s < RESTART_MAX_S ? pause_s : RESTART_MAX_S);
}

static void start_child(struct supervisor *s, enum child_kind kind)
{
    struct child *child = &s->children[kind];
    int pair[2] = {-1, -1};
    int fds[PROCESS_FDS_MAX];
    struct gear_arguments arguments;
    enum err err = unix_pair(pair);

    /* Each server process counts on a page of its own: the one before it may still be writing. */
    if (err == ERR_NONE && kind == CHILD_SERVER && !gear_renew_counters(&s->gear)) {
        err = ERR_FULL;
    }
    if (err == ERR_NONE) {
        size_t count = gear_fds(&s->gear, kind, pair[1], fds);

        gear_arguments(s->setup, &s->plan, kind, &arguments);
        err = process_start(&child->pid, is_program(kind) ? s->setup->helper : "/proc/self/exe",
                            arguments.at, fds, count);
    }
    unix_close(&pair[1]);
    child->start = clock_steady();
    child->told = child->ready = false;
    if (err != ERR_NONE) {
        log_format(s->setup->log, LOG_SEVERITY_ERROR, "the %s can't be started (%s)",
                   child_names[kind],
                   is_program(kind) ? s->setup->helper : "out of processes or memory");
        put_off(child);
    }
    connect_child(s, kind, pair[0], err);
    /* The helper is asked for again when it is needed; the others are always. */
    child->wanted = !is_helper(kind);
}

void children_replace_server(struct supervisor *s)
{
    struct child *server = &s->children[CHILD_SERVER], *leaving = &s->children[CHILD_LEAVING];

    server->wanted = server_sockets_count(&s->gear.server) > 0;
    if (!server->wanted) {
        children_signal(s, CHILD_SERVER, SIGTERM);
        children_signal(s, CHILD_LEAVING, SIGTERM);
        return;
    }
    server->failures = 0;
    if (server->pid <= 0) {
        server->start = clock_steady();
    } else if (leaving->pid > 0 || server->told) {
        /* It has not begun to serve yet, and is started again when it has ended. */
        children_signal(s, CHILD_SERVER, SIGTERM);
    } else {
        *leaving = *server;
        leaving->wanted = false;
        *server = (struct child){.wanted = true, .pid = -1, .channel = -1, .start = clock_steady()};
    }
}

void children_replace_nts(struct supervisor *s)
{
    struct child *child = &s->children[CHILD_NTS];

    child->wanted = nts_service_wanted(&s->gear.nts);
    child->failures = 0;
    if (child->pid > 0) {
        children_signal(s, CHILD_NTS, SIGTERM);
    } else {
        child->start = clock_steady();
    }
}

void children_server_ready(struct supervisor *s)
{
    s->children[CHILD_SERVER].ready = true;
    if (!s->children[CHILD_LEAVING].told) {
        children_signal(s, CHILD_LEAVING, SIGTERM);
    }
}

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
        gear_settle_clock(&s->gear, s->setup->log);
        s->end = s->end || deliberate;
        s->status = deliberate ? end->status : s->status;
    }
    if (kind != CHILD_TIME) {
        unix_close(&child->channel);
    }
    if (!s->end && !child->told && !is_helper(kind)) {
        log_format(s->setup->log, LOG_SEVERITY_ERROR, "the %s ended (%s %d)%s", child_names[kind],
                   end->killed ? "signal" : "status", end->killed ? end->status - 128 : end->status,
                   child->wanted ? ": started again" : "");
    }
}

void children_reap(struct supervisor *s, void (*hear)(struct supervisor *s))
{
    struct process_end end;

    while (process_ended(&end)) {
        for (int kind = 0; kind < CHILD_COUNT; kind++) {
            if (s->children[kind].pid == end.pid) {
                if (kind == CHILD_TIME) {
                    hear(s);
                }
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
        children_signal(s, CHILD_TIME, SIGKILL);
    }
}

/* A server process that is to end and does not would answer by rules that hold no more. */
static void look_after_leaving(struct supervisor *s, enum child_kind kind, struct steady_time now,
                               struct steady_time *next)
{
    const struct child *child = &s->children[kind];

    if (child->pid <= 0 || !child->told) {
        return;
    }
    if (child->kill.ns <= now.ns) {
        children_signal(s, kind, SIGKILL);
    } else if (child->kill.ns < next->ns) {
        *next = child->kill;
    }
}

struct steady_time children_do_what_is_due(struct supervisor *s, struct steady_time now)
{
    struct steady_time next;

    for (int kind = 0; kind < CHILD_COUNT; kind++) {
        struct child *child = &s->children[kind];

        if (child->wanted && child->pid < 0 && child->start.ns <= now.ns) {
            start_child(s, (enum child_kind)kind);
        }
    }
    look_after_time(s, now);
    next = s->next_look;
    for (int kind = 0; kind < CHILD_COUNT; kind++) {
        const struct child *child = &s->children[kind];

        if (child->wanted && child->pid < 0 && child->start.ns < next.ns) {
            next = child->start;
        }
    }
    look_after_leaving(s, CHILD_SERVER, now, &next);
    look_after_leaving(s, CHILD_LEAVING, now, &next);
    return next;
}

void children_end(struct supervisor *s, void (*hear)(struct supervisor *s))
{
    bool some = true;

    for (int kind = 0; kind < CHILD_COUNT; kind++) {
        children_signal(s, (enum child_kind)kind, SIGTERM);
    }
    for (struct steady_time until = children_in_s(END_S); some;) {
        bool late = clock_steady().ns >= until.ns;

        children_reap(s, hear);
        some = false;
        for (int kind = 0; kind < CHILD_COUNT; kind++) {
            some = some || s->children[kind].pid > 0;
            children_signal(s, (enum child_kind)kind, late ? SIGKILL : 0);
        }
        if (some) {
            (void)signals_wait(NULL, 0, (struct duration){late ? 10000000 : NS_PER_S / 10});
            (void)signals_take();
        }
    }
}
