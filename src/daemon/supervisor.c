/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/supervisor.h"

#include <fcntl.h>
#include <signal.h>

#include "daemon/endpoints.h"
#include "daemon/life.h"
#include "sys/child.h"
#include "sys/clock.h"
#include "sys/notify.h"
#include "sys/signals.h"
#include "sys/storage.h"
#include "sys/unix_socket.h"

/*
 * CHILD_LEAVING: a server process whose successor is about to serve, or does.
 * CHILD_TRIAL: a key exchange server that only looks whether it could serve with new files.
 */
enum { CHILD_LEAVING = CHILD_ROLES, CHILD_TRIAL, CHILD_COUNT, MESSAGES_AT_ONCE = 16 };

/* What children are given: a page is either for writing, or (READ) for reading only. */
enum { NO_MORE, NOTHING, STATUS, CONTROL, DRIVER, WRITE = DRIVER + XDP_PARTS };
#define XDP(part) (DRIVER + XDP_PART_##part)
#define WRITE(page) (WRITE + SHARED_##page)
#define READ(page) (WRITE + SHARED_PAGES + SHARED_##page)

/* The kinds of children; gifts are in the order of enum supervisor_fd, behind the channel. */
static const struct {
    const char *name;
    bool helper;  /* noon-helper is executed, not noond */
    bool ordered; /* by the time process; gone for good when it ends */
    uint8_t gifts[15];
} kinds[CHILD_COUNT] = {
    [CHILD_TIME] = {.name = "time process",
                    .gifts = {WRITE(LIFE), WRITE(LINE), WRITE(RECORD), READ(COUNTERS), STATUS,
                              CONTROL, NOTHING, READ(TOTALS), WRITE(RULES), XDP(LINES),
                              XDP(COUNTERS), XDP(SETTINGS), READ(CONFIG), WRITE(ACCESS)}},
    [CHILD_SERVER] = {.name = "server process",
                      .gifts = {NOTHING, READ(LINE), READ(RECORD), WRITE(COUNTERS), NOTHING,
                                NOTHING, READ(RING), NOTHING, READ(RULES), NOTHING, NOTHING,
                                XDP(CLIENTS), READ(CONFIG), NOTHING}},
    [CHILD_LEAVING] = {.name = "old server process"},
    [CHILD_RESOLVE] = {.name = "helper", .helper = true, .ordered = true},
    [CHILD_KEYS] = {.name = "key exchange helper", .helper = true, .ordered = true},
    [CHILD_NTS] = {.name = "NTS key exchange server",
                   .helper = true,
                   .gifts = {WRITE(RING), WRITE(TOTALS), READ(ACCESS)}},
    [CHILD_TRIAL] = {.name = "trial of new certificates", .helper = true, .ordered = true},
};

struct supervisor {
    const struct supervisor_setup *setup;
    struct supervisor_plan plan;
    struct notify notify;
    struct premises premises;
    struct socket_set sockets;
    struct shared_pages pages;
    struct xdp_service xdp;
    int nothing; /* /dev/null */
    struct child children[CHILD_COUNT];
    unsigned running;
    struct life_watch watch; /* over the time process */
    uint32_t trial;          /* the question that CHILD_TRIAL answers */
    bool ending;
    int status;
};

static int gear_fd(const struct supervisor *s, uint8_t gift)
{
    int fd = s->nothing;

    /* Without key exchange there are no cookies to be read. */
    if (gift == READ(RING) && socket_set_count(&s->sockets, true) == 0) {
        fd = s->nothing;
    } else if (gift >= WRITE + SHARED_PAGES) {
        fd = s->pages.readers[gift - WRITE - SHARED_PAGES];
    } else if (gift >= WRITE) {
        fd = s->pages.at[gift - WRITE].fd;
    } else if (gift >= DRIVER) {
        fd = s->xdp.parts[gift - DRIVER];
    } else if (gift != NOTHING) {
        fd = s->premises.listeners[gift - STATUS];
    }
    return fd < 0 ? s->nothing : fd;
}

/* What a child finds behind its channel; returns how many. */
static size_t gear_fds(const struct supervisor *s, int kind, int *fds)
{
    size_t count = 0;

    for (; kinds[kind].gifts[count] != NO_MORE; count++) {
        fds[count] = gear_fd(s, kinds[kind].gifts[count]);
    }
    if (kind == CHILD_SERVER || kind == CHILD_NTS) {
        count += socket_set_fds(&s->sockets, kind == CHILD_NTS, fds + count,
                                PROCESS_FDS_MAX - 1 - count);
    }
    return count;
}

/* A message to the time process; `fd` is copied, -1: none. */
static void tell_time(struct supervisor *s, struct message message, int fd)
{
    /* A time process that does not listen will be asked nothing more; it is being watched. */
    (void)!unix_send_fd(s->children[CHILD_TIME].channel, &message, sizeof message, fd);
}

static void start_child(struct supervisor *s, int kind)
{
    struct child *child = &s->children[kind];
    int fds[PROCESS_FDS_MAX];
    char *arguments[WORDS_MAX + 1];
    const char *path = kinds[kind].helper ? s->setup->helper : "/proc/self/exe";
    /* Each server process counts on a page of its own: the one before may still be writing. */
    bool good = kind != CHILD_SERVER || shared_pages_renew(&s->pages, SHARED_COUNTERS);
    const struct child_program program = {good ? path : NULL, arguments, fds,
                                          gear_fds(s, kind, fds)};

    words_list(&s->plan.arguments[kind], arguments);
    if (kind == CHILD_TIME) {
        life_begin(&s->pages.at[SHARED_LIFE],
                   clock_steady()); /* before it can say anything itself */
    }
    enum err err = child_start(child, &program, clock_steady());
    s->running += err == ERR_NONE;
    if (err != ERR_NONE) {
        log_format(s->setup->log, LOG_SEVERITY_ERROR, "the %s can't be started (%s)",
                   kinds[kind].name, kinds[kind].helper ? path : "out of processes or memory");
    }
    if (kinds[kind].ordered) {
        tell_time(s, (struct message){MESSAGE_HELPER, (uint32_t)kind, err}, child->channel);
        unix_close(&child->channel);
        child->wanted = false; /* asked for again when it is needed */
    } else if (kind == CHILD_SERVER && err == ERR_NONE) {
        tell_time(s, (struct message){.kind = MESSAGE_SERVER}, s->pages.readers[SHARED_COUNTERS]);
    }
}

/* There is to be a new server process, or none.  The old one serves until the new one does. */
static void replace_server(struct supervisor *s)
{
    struct child *server = &s->children[CHILD_SERVER], *leaving = &s->children[CHILD_LEAVING];
    const struct steady_time now = clock_steady();
    const bool wanted = socket_set_count(&s->sockets, false) > 0;

    if (!wanted) {
        child_end(leaving, now);
    } else if (leaving->pid < 0 && !server->ending) {
        *leaving = *server;
        leaving->wanted = false;
        child_init(server);
    }
    child_replace(server, wanted, now);
}

/* Everybody is to end; who does not is killed. */
static void begin_end(struct supervisor *s)
{
    s->ending = true;
    notify_stopping(&s->notify);
    for (int kind = 0; kind < CHILD_COUNT; kind++) {
        child_replace(&s->children[kind], false, clock_steady());
    }
}

/*
 * Whether the sockets of a plan could be opened, and its certificates be used; the latter is seen
 * by a child of its own, as keys are read by nobody else, and answered when it ends.
 */
static void try_plan(struct supervisor *s, struct supervisor_plan *plan, uint32_t question)
{
    struct child *child = &s->children[CHILD_TRIAL];
    struct words *words = &plan->arguments[CHILD_NTS];
    uint64_t result = endpoints_try(&s->sockets, plan->endpoints, plan->endpoint_count);
    char *arguments[WORDS_MAX + 1];
    bool keys = false;

    for (size_t i = 0; i < plan->endpoint_count; i++) {
        keys = keys || plan->endpoints[i].stream;
    }
    child_kill(child); /* of a question that nobody waits for any more */
    words_add(words, "--try");
    if (result == 0 && keys && child->pid < 0 && !words->full) {
        const struct child_program program = {s->setup->helper, arguments, NULL, 0};

        words_list(words, arguments);
        s->trial = question;
        if (child_start(child, &program, clock_steady()) == ERR_NONE) {
            s->running++;
            return;
        }
    }
    tell_time(s, (struct message){MESSAGE_TRIED, question, result}, -1);
}

static void take_end(struct supervisor *s, int kind, const struct process_end *end)
{
    struct child *child = &s->children[kind];

    s->running--;
    child_ended(child, clock_steady());
    unix_close(&child->channel);
    if (kind == CHILD_TRIAL) {
        uint64_t result = end->killed ? 0 : endpoints_trial(end->status);

        tell_time(s, (struct message){MESSAGE_TRIED, s->trial, result}, -1);
    }
    if (kind == CHILD_TIME) {
        life_settle_clock(&s->pages.at[SHARED_LIFE], s->setup->log);
    }
    if (kind == CHILD_TIME && !end->killed && end->status < SUPERVISOR_EXIT_RESTART) {
        s->status = end->status;
        begin_end(s);
    }
    if (!s->ending && !child->ending && !kinds[kind].ordered) {
        log_format(s->setup->log, LOG_SEVERITY_ERROR, "the %s ended (%s %d)%s", kinds[kind].name,
                   end->killed ? "signal" : "status", end->killed ? end->status - 128 : end->status,
                   child->wanted ? ": started again" : "");
    }
}

/*
 * Opens and closes sockets as planned, and replaces those who have others now.  False: another time
 * server runs, which was said.
 */
static bool bind_sockets(struct supervisor *s)
{
    const struct supervisor_plan *plan = &s->plan;
    enum err results[SOCKET_SET_MAX];

    if (socket_set_apply(&s->sockets, plan->endpoints, plan->endpoint_count, results)) {
        socket_set_store(&s->sockets, &s->notify);
        replace_server(s);
    }
    /* Its certificates may be others even in the old places. */
    child_replace(&s->children[CHILD_NTS], socket_set_count(&s->sockets, true) > 0, clock_steady());
    return endpoints_tell_all(plan->endpoints, results, plan->endpoint_count, s->setup->log);
}

/* A new configuration: the time process has judged it, shown it, and asks for our part. */
static void rebind(struct supervisor *s, const struct message *message)
{
    const bool trial = message->kind == MESSAGE_TRY;
    struct supervisor_plan plan;

    if (!s->setup->plan(s->setup->context, !trial && message->argument != 0, &plan)) {
        return;
    }
    if (trial) {
        try_plan(s, &plan, message->argument);
        return;
    }
    s->plan = plan;
    xdp_service_apply(&s->xdp, &s->plan.xdp, s->setup->log);
    shared_pages_tell(&s->pages, SHARED_CONFIG, s->plan.configuration);
    (void)bind_sockets(s); /* what can't be had was named; the rest serves */
}

static void give_client_socket(struct supervisor *s, uint32_t family)
{
    struct udp_options options = s->plan.acquisition[family == ADDRESS_IPV6];
    int fd = -1;

    options.local.family = (uint8_t)family;
    enum err err = udp_bound_open(&fd, &options);
    tell_time(s, (struct message){MESSAGE_CLIENT, family, err}, fd);
    unix_close(&fd);
}

/* What is in the file, the parent does not read. */
static void give_keys(struct supervisor *s)
{
    int fd = s->plan.key_file[0] != '\0' ? storage_open_secret(s->plan.key_file) : -1;

    tell_time(s, (struct message){MESSAGE_KEYS, 0, fd >= 0 ? ERR_NONE : ERR_NOT_FOUND}, fd);
    unix_close(&fd);
}

static void take_message(struct supervisor *s, const struct message *message)
{
    char text[LIFE_TEXT_SIZE];

    switch (message->kind) {
    case MESSAGE_READY:
        notify_ready(&s->notify);
        process_started(s->setup->log->starter); /* who started us in the background may go */
        break;
    case MESSAGE_RELOADING:
        notify_reloading(&s->notify, clock_steady());
        break;
    case MESSAGE_STATUS:
        if (life_text(&s->pages.at[SHARED_LIFE], text)) {
            notify_status(&s->notify, text);
        }
        break;
    case MESSAGE_START_HELPER:
        if (message->argument < CHILD_ROLES && kinds[message->argument].ordered) {
            child_kill(&s->children[message->argument]); /* taken for dead */
            child_want(&s->children[message->argument], clock_steady());
        }
        break;
    case MESSAGE_RESTART_SERVER:
        replace_server(s);
        break;
    case MESSAGE_REBIND:
    case MESSAGE_TRY:
        rebind(s, message);
        break;
    case MESSAGE_OPEN_CLIENT:
        give_client_socket(s, message->argument);
        break;
    case MESSAGE_NETWORK:
        xdp_service_look(&s->xdp);
        break;
    case MESSAGE_OPEN_KEYS:
        give_keys(s);
        break;
    default: /* nonsense of a process that may have been taken over */
        break;
    }
}

/* A few at a time: a process gone wild can't keep us from our own work. */
static void take_messages(struct supervisor *s, int kind)
{
    struct child *child = &s->children[kind];
    struct message message;
    enum err err = ERR_NONE;
    int fd = -1;

    for (int i = 0; i < MESSAGES_AT_ONCE && (err == ERR_NONE || err == ERR_FORMAT); i++) {
        err = unix_receive_fd(child->channel, &message, sizeof message, &fd);
        unix_close(&fd); /* nobody has to give us any */
        if (err == ERR_UNREACHABLE) {
            unix_close(&child->channel); /* it ends; SIGCHLD follows */
        } else if (err == ERR_NONE && kind == CHILD_TIME && !s->ending) {
            take_message(s, &message);
        } else if (err == ERR_NONE && kind == CHILD_SERVER && message.kind == MESSAGE_READY) {
            child_end(&s->children[CHILD_LEAVING], clock_steady()); /* its successor serves */
        }
    }
}

static void reap(struct supervisor *s)
{
    struct process_end end;

    while (process_ended(&end)) {
        for (int kind = 0; kind < CHILD_COUNT; kind++) {
            if (s->children[kind].pid == end.pid) {
                take_messages(s, kind); /* its last words */
                take_end(s, kind, &end);
            }
        }
    }
}

/* Starts what is due, kills what hangs; returns when there will be something to do. */
static struct steady_time do_what_is_due(struct supervisor *s, struct steady_time now)
{
    if (life_look(&s->watch, &s->pages.at[SHARED_LIFE], now) && s->children[CHILD_TIME].pid > 0) {
        log_line(s->setup->log, LOG_SEVERITY_ERROR, "the time process hangs: killed");
        child_kill(&s->children[CHILD_TIME]);
    }
    struct steady_time next = notify_keep_alive(&s->notify, now, s->watch.looks == 0);
    next = s->watch.next.ns < next.ns ? s->watch.next : next;
    for (int kind = 0; kind < CHILD_COUNT; kind++) {
        if (child_is_due(&s->children[kind], now)) {
            start_child(s, kind);
        }
        struct steady_time due = child_look(&s->children[kind], now);
        next = due.ns < next.ns ? due : next;
    }
    return next;
}

static void pass(struct supervisor *s)
{
    int64_t left_ns = do_what_is_due(s, clock_steady()).ns - clock_steady().ns;
    struct pollfd channels[] = {{.fd = s->children[CHILD_TIME].channel, .events = POLLIN},
                                {.fd = s->children[CHILD_SERVER].channel, .events = POLLIN}};

    (void)signals_wait(channels, 2, (struct duration){left_ns > 0 ? left_ns : 0});
    take_messages(s, CHILD_TIME);
    take_messages(s, CHILD_SERVER);
    struct signal_flags flags = signals_take(); /* a reload is judged by the time process */
    process_signal(flags.reload ? s->children[CHILD_TIME].pid : -1, SIGHUP);
    if (flags.terminate && !s->ending) {
        begin_end(s);
    }
    reap(s);
}

static bool open_gear(struct supervisor *s)
{
    socket_set_init(&s->sockets);
    if (!premises_open(&s->premises, &s->plan.premises, s->setup->log) || !bind_sockets(s)) {
        return false;
    }
    s->nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (s->nothing < 0 || !shared_pages_open(&s->pages, &s->premises.line)) {
        log_line(s->setup->log, LOG_SEVERITY_ERROR, "shared memory can't be had: not started");
        return false;
    }
    shared_pages_tell(&s->pages, SHARED_CONFIG, s->plan.configuration);
    return true;
}

int supervisor_run(const struct supervisor_setup *setup)
{
    struct supervisor s = {.setup = setup, .watch = {.look = setup->look}};

    for (int kind = 0; kind < CHILD_COUNT; kind++) {
        child_init(&s.children[kind]);
    }
    if (!setup->plan(setup->context, false, &s.plan)) {
        return 1;
    }
    notify_open(&s.notify);
    signals_open(SIGNALS_NORMAL);
    if (!open_gear(&s)) {
        premises_close(&s.premises);
        return 1;
    }
    xdp_service_start(&s.xdp, &s.plan.xdp, setup->xdp, setup->log);
    privilege_bound_supervisor();
    child_want(&s.children[CHILD_TIME], clock_steady());
    while (!s.ending || s.running > 0) {
        pass(&s);
    }
    premises_close(&s.premises);
    notify_close(&s.notify);
    return s.status;
}
