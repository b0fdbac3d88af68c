/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/worker.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "daemon/descriptors.h"
#include "daemon/server_totals.h"
#include "daemon/supervisor.h"
#include "daemon/worker_report.h"
#include "daemon/worker_thread.h"
#include "daemon/xdp_clients.h"
#include "sys/bpf.h"
#include "sys/clock.h"
#include "sys/entropy.h"
#include "sys/privilege.h"
#include "sys/process.h"
#include "sys/sandbox.h"
#include "sys/signals.h"
#include "sys/udp_group.h"
#include "sys/unix_socket.h"
#include "wire/ke_totals.h"

enum {
    STACK_SIZE = 256 << 10,
    REPORT_NS = 1000000000,
    FRESH_NS = 1000000000, /* the queues of what came before us are empty by then */
    LIST_SHARE = 500,      /* listing clients takes at most 1/500 of a processor */
    FIRST_LOOK_NS = 1000000,
    FIRST_LOOKS = 2000,
};

struct server {
    struct worker_shared shared;
    struct worker *workers;
    unsigned count;
    /* What the sockets had lost when this process took over: others have counted it. */
    uint32_t overflows[UDP_GROUP_MAX][WORKER_SOCKETS_MAX];
    uint64_t lost; /* since then, until another one took over */
    bool leaving;
    struct page report_page;
    struct worker_record *record;
    struct client_status *told;
    bool driven;                           /* there is a program in the network driver */
    struct xdp_clients *driver;            /* for clients of the program in the network driver */
    struct steady_time report_at, list_at; /* not before */
};

static bool make_shared(struct server *s, const struct config *config)
{
    size_t wanted = access_nodes(config->node.access_count);
    struct access_node *nodes = calloc(wanted, sizeof *nodes);
    size_t bad = 0;

    s->shared.config = config;
    s->shared.stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    s->shared.news_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    atomic_init(&s->shared.stop, false);
    atomic_init(&s->shared.quiet, true);
    s->record = worker_record_open();
    s->driven = bpf_is_map(SUPERVISOR_FD_XDP_CLIENTS);
    s->driver = s->driven ? xdp_clients_open() : NULL;
    s->told = calloc(WORKER_CLIENTS_TOLD, sizeof *s->told);
    if (nodes == NULL || s->record == NULL || s->told == NULL || (s->driven && s->driver == NULL) ||
        s->shared.stop_fd < 0 || s->shared.news_fd < 0) {
        return false; /* the process ends */
    }
    s->shared.secrets = (struct auth_secrets){config->node.keys, config->node.key_count};
    entropy_fill(&s->shared.key, sizeof s->shared.key);
    access_init(&s->shared.access, nodes, wanted);
    return access_build(&s->shared.access, config->node.access, config->node.access_count, &bad) ==
           ERR_NONE;
}

/* False: this process was not started by a supervisor. */
static bool take_pages(struct server *s)
{
    s->shared.nts = page_adopt(&s->shared.ring_page, SUPERVISOR_FD_COOKIES, COOKIE_RING_LAYOUT,
                               false) == ERR_NONE;
    return page_adopt(&s->shared.line_page, SUPERVISOR_FD_LINE, TIME_LINE_LAYOUT, false) ==
               ERR_NONE &&
           page_adopt(&s->shared.record_page, SUPERVISOR_FD_RECORD, PAGE_LAYOUT_RECORD, false) ==
               ERR_NONE &&
           page_adopt(&s->shared.rules_page, SUPERVISOR_FD_RULES, PAGE_LAYOUT_RULES, false) ==
               ERR_NONE &&
           page_capacity(&s->shared.rules_page) >= sizeof(struct runtime_rules) &&
           page_adopt(&s->report_page, SUPERVISOR_FD_COUNTERS, PAGE_LAYOUT_COUNTERS, true) ==
               ERR_NONE &&
           page_capacity(&s->report_page) >= worker_page_size();
}

static bool same_place(int fd, int other)
{
    const struct udp_socket a = {.fd = fd}, b = {.fd = other};
    struct address one = udp_local(&a), two = udp_local(&b);

    return address_equal(&one, &two) && one.port == two.port;
}

/* The sockets of one place lie next to each other: each goes to a worker of its own. */
static bool share_sockets(struct server *s, size_t given)
{
    const struct daemon_options *daemon = &s->shared.config->daemon;
    unsigned number = 0;
    bool some = false;

    for (size_t i = SUPERVISOR_FD_SERVER - PROCESS_FDS_FIRST; i < given; i++) {
        int fd = PROCESS_FDS_FIRST + (int)i;
        const struct udp_socket socket = {.fd = fd};
        uint16_t port = udp_local(&socket).port;
        bool chronyc = port == daemon->command_port && port != daemon->port;

        number = some && same_place(fd, fd - 1) ? number + 1 : 0;
        some = worker_add(&s->workers[number % s->count], fd,
                          chronyc ? ASK_PORT_CHRONYC : ASK_PORT_NTP) ||
               some;
    }
    return some;
}

static bool make_workers(struct server *s, size_t given)
{
    const struct node_options *options = &s->shared.config->node;
    size_t sockets = given - (SUPERVISOR_FD_SERVER - PROCESS_FDS_FIRST);
    unsigned threads = endpoints_threads(s->shared.config);

    s->count = threads < sockets ? threads : (unsigned)sockets;
    s->workers = calloc(s->count, sizeof *s->workers);
    limits_init(&s->shared.limits, &options->limit, s->count);
    if (s->workers == NULL) {
        return false;
    }
    s->shared.workers = s->workers;
    s->shared.worker_count = s->count;
    for (unsigned i = 0; i < s->count; i++) {
        if (!worker_open(&s->workers[i], &s->shared, server_memory(options) / s->count)) {
            return false;
        }
    }
    return true;
}

static void note_overflows(struct server *s)
{
    for (unsigned i = 0; i < s->count; i++) {
        for (size_t k = 0; k < s->workers[i].count; k++) {
            s->overflows[i][k] = udp_overflows(s->workers[i].sockets[k].socket.fd);
        }
    }
}

static void count_overflows(struct server *s)
{
    s->lost = 0;
    for (unsigned i = 0; i < s->count; i++) {
        for (size_t k = 0; k < s->workers[i].count; k++) {
            s->lost += udp_overflows(s->workers[i].sockets[k].socket.fd) - s->overflows[i][k];
        }
    }
}

static void sum_up(struct server *s, struct server_status *sum)
{
    *sum = (struct server_status){.serving = access_allows_somebody(&s->shared.access)};
    if (!s->leaving) {
        count_overflows(s);
    }
    for (unsigned i = 0; i < s->count; i++) {
        struct server_status one;
        size_t size = 0;

        if (page_read(&s->workers[i].counted, &one, sizeof one, &size) == ERR_NONE &&
            size == sizeof one) {
            server_status_add(sum, &one);
        }
    }
    sum->overflows = s->lost;
}

/*
 * Reads the tables while they are being written: of a client who asks just now a line may be made
 * of two requests.  Nothing is decided by it.
 */
static void list_clients(struct server *s, struct clients_record *clients)
{
    size_t told = 0;
    uint64_t known = 0;
    struct time_line line;
    size_t size = 0;

    memset(&line, 0, sizeof line);
    if (page_read(&s->shared.line_page, &line, sizeof line, &size) != ERR_NONE) {
        size = 0; /* no time was published yet: those of the clients are not known */
    }
    for (unsigned i = 0; i < s->count; i++) {
        struct clients_record part = {.clients = s->told + told,
                                      .count = WORKER_CLIENTS_TOLD - told};

        client_log_list(&s->workers[i].tables.clients, &line, &part);
        told += part.count;
        known += part.known;
    }
    *clients = (struct clients_record){.known = known, .count = told, .clients = s->told};
    if (s->driven) {
        xdp_clients_add(s->driver, SUPERVISOR_FD_XDP_CLIENTS, &line, clients, WORKER_CLIENTS_TOLD);
    }
}

static void report(struct server *s)
{
    struct steady_time now = clock_steady();
    struct server_status sum;
    struct clients_record clients;
    bool list = now.ns >= s->list_at.ns;

    /* What is counted from here on is news again. */
    atomic_store_explicit(&s->shared.quiet, true, memory_order_release);
    sum_up(s, &sum);
    if (list) {
        list_clients(s, &clients);
    }
    worker_report_write(&s->report_page, s->record, &sum, list ? &clients : NULL);
    struct steady_time end = clock_steady();
    s->report_at.ns = now.ns + REPORT_NS;
    if (list) {
        s->list_at.ns = end.ns + (end.ns - now.ns) * LIST_SHARE;
    }
}

/*
 * The sockets are bound before the time process has said its first word.  Who asks meanwhile waits
 * in the queue for some milliseconds instead of being dropped: OpenNTPD, for one, would ask again
 * after five minutes only.
 */
static bool await_first_line(const struct server *s)
{
    const struct duration look = {FIRST_LOOK_NS};
    bool stop = false;

    for (int i = 0; i < FIRST_LOOKS && !stop && page_generation(&s->shared.line_page) == 0; i++) {
        (void)signals_wait(NULL, 0, look);
        stop = signals_take().terminate;
    }
    return !stop;
}

/* All signals but those that tell of an error of our own are the main thread's. */
static unsigned start_threads(struct server *s)
{
    pthread_attr_t attributes;
    sigset_t all, before;
    unsigned started = 0;

    (void)pthread_attr_init(&attributes);
    (void)pthread_attr_setstacksize(&attributes, STACK_SIZE);
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    while (started < s->count && pthread_create(&s->workers[started].thread, &attributes,
                                                worker_serve, &s->workers[started]) == 0) {
        started++;
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)pthread_attr_destroy(&attributes);
    return started;
}

static void stop_threads(struct server *s, unsigned started)
{
    const uint64_t one = 1;

    atomic_store_explicit(&s->shared.stop, true, memory_order_release);
    ssize_t written = write(s->shared.stop_fd, &one, sizeof one);
    (void)written;
    for (unsigned i = 0; i < started; i++) {
        (void)pthread_join(s->workers[i].thread, NULL);
    }
}

/* The main thread: sums up once a second while there is something to sum up. */
static void watch(struct server *s)
{
    bool stop = false;
    bool news = s->driven;

    while (!stop) {
        struct pollfd fd = {.fd = s->shared.news_fd, .events = POLLIN};
        int64_t left_ns = s->report_at.ns - clock_steady().ns;
        uint64_t count;

        if (news && left_ns <= 0) {
            report(s);
            news = s->driven; /* of what goes on there nobody else tells */
            left_ns = REPORT_NS;
        }
        struct duration timeout = {news ? left_ns : -1};
        if (signals_wait(&fd, news ? 0 : 1, timeout) > 0 &&
            read(s->shared.news_fd, &count, sizeof count) == sizeof count) {
            news = true;
        }
        stop = signals_take().terminate;
    }
}

static void tell_parent(void)
{
    const struct message ready = {.kind = MESSAGE_READY};
    enum err ignored = unix_send_fd(SUPERVISOR_FD_CHANNEL, &ready, sizeof ready, -1);

    (void)ignored; /* its end is ours: the kernel sees to that */
}

static bool confine(const struct args *args, const struct config *config,
                    const struct log_sink *log)
{
    struct user_ids user = privilege_self();
    struct sandbox_report report;

    /* That it can't be is said by the time process. */
    (void)(config->daemon.lock_memory && process_lock_memory());
    /* The parent has put the number there: no user database is needed. */
    if ((args->user != NULL && privilege_find_user(args->user, &user) != ERR_NONE) ||
        privilege_drop(&user, PRIVILEGE_KEEP_NONE) != ERR_NONE) {
        log_line(log, LOG_SEVERITY_ERROR,
                 "the server process can't give up its rights: not "
                 "started");
        return false;
    }
    if (sandbox_enter(SANDBOX_SERVER, NULL, &report) != ERR_NONE) {
        log_format(log, LOG_SEVERITY_INFO,
                   "the server process runs with an incomplete sandbox: "
                   "system calls %s, files %s",
                   report.syscalls ? "closed" : "open", report.files ? "closed" : "open");
    }
    return true;
}

static int serve(struct server *s, const struct log_sink *log)
{
    const bool first = page_generation(&s->shared.line_page) == 0;
    unsigned started = 0;

    s->shared.fresh_until.ns = clock_steady().ns + FRESH_NS;
    report(s);
    if (await_first_line(s)) {
        started = start_threads(s);
        if (started < s->count) {
            stop_threads(s, started);
            log_line(log, LOG_SEVERITY_ERROR, "the server process can't start its threads");
            return SUPERVISOR_EXIT_RESTART;
        }
        if (!first) {
            /* Its predecessor, which is told to end by what follows, has counted them until now. */
            note_overflows(s);
        }
        tell_parent();
        watch(s);
        count_overflows(s);
        s->leaving = true;
    }
    stop_threads(s, started);
    s->list_at.ns = 0;
    report(s);
    return 0;
}

int worker_run(const struct args *args, const struct config *config, const struct log_sink *log)
{
    struct server *s = calloc(1, sizeof *s);
    size_t given = process_given_fds();

    if (s == NULL || given <= SUPERVISOR_FD_SERVER - PROCESS_FDS_FIRST || !take_pages(s)) {
        log_line(log, LOG_SEVERITY_ERROR, "--role is for noond itself");
        return 2;
    }
    if (!make_shared(s, config) || !make_workers(s, given)) {
        log_line(log, LOG_SEVERITY_ERROR, "the server process has too little memory");
        return SUPERVISOR_EXIT_RESTART;
    }
    if (!share_sockets(s, given)) {
        log_line(log, LOG_SEVERITY_ERROR, "--role is for noond itself");
        return 2;
    }
    note_overflows(s);
    process_exact_timers();
    signals_open(SIGNALS_NORMAL);
    if (!confine(args, config, log)) {
        return SUPERVISOR_EXIT_RESTART;
    }
    return serve(s, log);
}
