/* SPDX-License-Identifier: BSD-2-Clause */
#include "helper/role_nts_server.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "helper/ke_service.h"
#include "helper/ring_keeper.h"
#include "sys/clock.h"
#include "sys/privilege.h"
#include "sys/process.h"
#include "sys/sandbox.h"
#include "sys/signals.h"

enum {
    SESSIONS_LIMIT = 1000,
    SESSIONS_STANDARD = 100,
    THREADS_LIMIT = 64,
    STACK_SIZE = 256 << 10,
    LAST_S = 2, /* after SIGTERM */
    ROTATE_STANDARD_S = 604800,
    WHY_SIZE = 500,
    EXIT_RESTART = 70,
};

struct options {
    struct ke_pair pairs[KE_PAIRS_MAX];
    size_t certificates, keys;
    const char *user, *directory, *secret, *ntp_server, *suites;
    long ntp_port, rotate_s, sessions, threads;
    struct limit_options limit;
    uint16_t algorithms[KE_ALGORITHMS];
    size_t algorithm_count;
    bool try;
};

struct service {
    struct log_sink log;
    struct ring_keeper keeper;
    struct page ring_page, totals_page, access_page;
    struct ke_shared shared;
    struct ke_worker workers[THREADS_LIMIT]; /* the first one is the main thread's */
    pthread_t threads[THREADS_LIMIT];
    size_t count; /* of threads */
    int stop_fd;
};

/* "INTERVAL,BURST,LEAK", as noond writes it. */
static void take_limit(struct limit_options *limit, const char *value)
{
    char *end;

    limit->enabled = true;
    limit->interval_log2 = (int8_t)strtol(value, &end, 10);
    limit->burst = (uint8_t)strtol(*end == ',' ? end + 1 : end, &end, 10);
    limit->leak = (uint8_t)strtol(*end == ',' ? end + 1 : end, &end, 10);
}

static bool take_option(struct options *options, int option, const char *value)
{
    switch (option) {
    case 'r':
        return true;
    case 'u':
        options->user = value;
        return true;
    case 'c':
        if (options->certificates < KE_PAIRS_MAX) {
            options->pairs[options->certificates++].certificate = value;
        }
        return true;
    case 'k':
        if (options->keys < KE_PAIRS_MAX) {
            options->pairs[options->keys++].key = value;
        }
        return true;
    case 'd':
        options->directory = value;
        return true;
    case 's':
        options->secret = value;
        return true;
    case 'n':
        options->ntp_server = value;
        return true;
    case 'p':
        options->ntp_port = strtol(value, NULL, 10);
        return true;
    case 't':
        options->rotate_s = strtol(value, NULL, 10);
        return true;
    case 'm':
        options->sessions = strtol(value, NULL, 10);
        return true;
    case 'h':
        options->threads = strtol(value, NULL, 10);
        return true;
    case 'l':
        take_limit(&options->limit, value);
        return true;
    case 'e':
        options->suites = value;
        return true;
    case 'y':
        options->try = true;
        return true;
    case 'a':
        if (options->algorithm_count < KE_ALGORITHMS) {
            options->algorithms[options->algorithm_count++] = (uint16_t)strtol(value, NULL, 10);
        }
        return true;
    default:
        return false;
    }
}

static long within(long value, long most)
{
    return value < 1 ? 1 : value > most ? most : value;
}

static bool parse(struct options *options, int argc, char *const argv[])
{
    static const struct option known[] = {
        {"role", required_argument, NULL, 'r'},
        {"user", required_argument, NULL, 'u'},
        {"cert", required_argument, NULL, 'c'},
        {"key", required_argument, NULL, 'k'},
        {"dir", required_argument, NULL, 'd'},
        {"secret", required_argument, NULL, 's'},
        {"server", required_argument, NULL, 'n'},
        {"port", required_argument, NULL, 'p'},
        {"rotate", required_argument, NULL, 't'},
        {"sessions", required_argument, NULL, 'm'},
        {"algorithm", required_argument, NULL, 'a'},
        {"threads", required_argument, NULL, 'h'},
        {"limit", required_argument, NULL, 'l'},
        {"suites", required_argument, NULL, 'e'},
        {"try", no_argument, NULL, 'y'},
        {NULL, 0, NULL, 0},
    };
    int option;

    *options = (struct options){.rotate_s = ROTATE_STANDARD_S, .sessions = SESSIONS_STANDARD};
    while ((option = getopt_long(argc, argv, "u:", known, NULL)) != -1) {
        if (!take_option(options, option, optarg)) {
            return false;
        }
    }
    options->sessions = within(options->sessions, SESSIONS_LIMIT);
    options->threads = within(options->threads, THREADS_LIMIT);
    return optind == argc && options->certificates > 0 && options->certificates == options->keys &&
           options->rotate_s >= 0;
}

/* Files with secrets, while this process may still read them. */
static bool load(struct service *s, const struct options *options)
{
    char why[WHY_SIZE];
    struct ke_grant *grant = &s->shared.grant;

    *grant = (struct ke_grant){
        .ntp_server = options->ntp_server,
        .ntp_port = (uint16_t)options->ntp_port,
        .algorithm_count = options->algorithm_count,
    };
    memcpy(grant->algorithms, options->algorithms, sizeof grant->algorithms);
    if (grant->algorithm_count == 0) {
        grant->algorithms[0] = AEAD_AES_128_GCM_SIV;
        grant->algorithms[1] = AEAD_AES_SIV_CMAC_256;
        grant->algorithm_count = 2;
    }
    s->keeper.log = &s->log;
    s->keeper.page = &s->ring_page;
    s->keeper.every_s = options->rotate_s;
    if (options->directory != NULL) {
        (void)snprintf(s->keeper.file, sizeof s->keeper.file, "%s/nts-cookie-keys",
                       options->directory);
    }
    if (options->secret != NULL && !ring_keeper_secret(&s->keeper, options->secret)) {
        return false;
    }
    s->shared.server =
        ke_server_open(&(struct ke_files){options->pairs, options->certificates, options->suites},
                       why, sizeof why);
    if (s->shared.server == NULL) {
        log_format(&s->log, LOG_SEVERITY_ERROR, "no NTS service: %s", why);
    }
    return s->shared.server != NULL;
}

/* Could these files be served with?  Nothing else is done; the exit status. */
static int try_files(struct service *s, const struct options *options)
{
    const struct ke_files files = {options->pairs, options->certificates, options->suites};
    struct ke_trial trial = ke_server_try(&files);

    s->keeper.log = &s->log;
    if (trial.fault == KE_TRIAL_GOOD && options->secret != NULL &&
        !ring_keeper_secret(&s->keeper, options->secret)) {
        trial.fault = KE_TRIAL_SECRET;
    }
    return ke_trial_status(trial);
}

static bool take_descriptors(struct service *s, const struct options *options)
{
    size_t given = process_given_fds();

    s->shared.capacity = (size_t)options->sessions;
    s->shared.ring_page = &s->ring_page;
    s->shared.totals_page = &s->totals_page;
    s->shared.access.page = &s->access_page;
    for (size_t i = NTS_SERVER_FD_LISTEN - PROCESS_FDS_FIRST;
         i < given && s->shared.listener_count < KE_LISTENERS_MAX; i++) {
        s->shared.listeners[s->shared.listener_count++] = PROCESS_FDS_FIRST + (int)i;
    }
    return s->shared.listener_count > 0 &&
           page_adopt(&s->ring_page, NTS_SERVER_FD_RING, COOKIE_RING_LAYOUT, true) == ERR_NONE &&
           page_adopt(&s->totals_page, NTS_SERVER_FD_TOTALS, KE_TOTALS_LAYOUT, true) == ERR_NONE &&
           page_adopt(&s->access_page, NTS_SERVER_FD_ACCESS, KE_ACCESS_LAYOUT, false) == ERR_NONE;
}

static bool open_workers(struct service *s, const struct options *options)
{
    bool good = ke_shared_open(&s->shared, &options->limit);

    s->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    for (s->count = 0; good && s->count < (size_t)options->threads; s->count++) {
        good = ke_worker_open(&s->workers[s->count], &s->shared);
    }
    if (!good || s->stop_fd < 0) {
        log_line(&s->log, LOG_SEVERITY_ERROR, "the key exchange server has too little memory");
    }
    return good && s->stop_fd >= 0;
}

static bool confine(const struct service *s, const struct options *options)
{
    struct user_ids user = privilege_self();
    struct sandbox_paths paths = {.read_count = 0};
    struct sandbox_report report;

    if ((options->user != NULL && privilege_find_user(options->user, &user) != ERR_NONE) ||
        privilege_drop(&user, PRIVILEGE_KEEP_NONE) != ERR_NONE) {
        log_line(&s->log, LOG_SEVERITY_ERROR,
                 "the key exchange server can't give up its rights: not started");
        return false;
    }
    if (options->directory != NULL) {
        paths.write[paths.write_count++] = options->directory;
    }
    if (sandbox_enter(SANDBOX_NTS_SERVER, &paths, &report) != ERR_NONE) {
        log_format(&s->log, LOG_SEVERITY_INFO,
                   "the key exchange server runs with an incomplete sandbox: system calls %s, "
                   "files %s",
                   report.syscalls ? "closed" : "open", report.files ? "closed" : "open");
    }
    return true;
}

/* Who is being served when the end is asked for is served to the end; nobody else begins. */
static bool goes_on(const struct ke_worker *worker, struct steady_time end)
{
    return !worker->closing || (worker->used > 0 && clock_steady().ns < end.ns);
}

static void begin_end(struct ke_worker *worker, struct steady_time *end)
{
    worker->closing = true;
    end->ns = clock_steady().ns + LAST_S * NS_PER_S;
}

struct thread {
    struct ke_worker *worker;
    int stop_fd;
};

/* Every thread but the first. */
static void *serve_beside(void *context)
{
    struct thread thread = *(struct thread *)context;
    struct ke_worker *worker = thread.worker;
    struct steady_time end = {INT64_MAX};

    free(context);
    while (goes_on(worker, end)) {
        struct duration timeout = {3600 * NS_PER_S};
        size_t count = ke_worker_collect(worker, clock_steady(), &timeout);
        struct pollfd *stop = &worker->fds[count];

        *stop = (struct pollfd){.fd = worker->closing ? -1 : thread.stop_fd, .events = POLLIN};
        (void)poll(worker->fds, (nfds_t)count + 1, (int)(timeout.ns / 1000000) + 1);
        if (stop->revents != 0) {
            begin_end(worker, &end);
        }
        ke_worker_serve(worker, count, clock_steady());
    }
    return NULL;
}

/* Signals are the main thread's.  Fewer threads than wanted do the work of all. */
static void start_threads(struct service *s)
{
    pthread_attr_t attributes;
    sigset_t all, before;
    size_t started = 1;

    (void)pthread_attr_init(&attributes);
    (void)pthread_attr_setstacksize(&attributes, STACK_SIZE);
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    for (; started < s->count; started++) {
        struct thread *thread = malloc(sizeof *thread);

        if (thread == NULL) {
            break;
        }
        *thread = (struct thread){&s->workers[started], s->stop_fd};
        if (pthread_create(&s->threads[started], &attributes, serve_beside, thread) != 0) {
            free(thread);
            break;
        }
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)pthread_attr_destroy(&attributes);
    if (started < s->count) {
        log_format(&s->log, LOG_SEVERITY_WARNING,
                   "%zu of %zu threads exchange keys: the others can't be started", started,
                   s->count);
    }
    s->count = started;
}

static void stop_threads(struct service *s)
{
    const uint64_t one = 1;

    if (write(s->stop_fd, &one, sizeof one) != sizeof one) {
        return; /* it can't be */
    }
    for (size_t i = 1; i < s->count; i++) {
        (void)pthread_join(s->threads[i], NULL);
    }
}

static void serve(struct service *s)
{
    struct ke_worker *worker = &s->workers[0];
    struct steady_time end = {INT64_MAX};

    ring_keeper_begin(&s->keeper, clock_system());
    start_threads(s);
    while (goes_on(worker, end)) {
        struct utc_time real = clock_system();
        struct duration timeout = {ring_keeper_turn(&s->keeper, real).ns - real.ns};
        size_t count = ke_worker_collect(worker, clock_steady(), &timeout);

        (void)signals_wait(worker->fds, count, timeout);
        if (signals_take().terminate) {
            begin_end(worker, &end);
        }
        ke_worker_serve(worker, count, clock_steady());
    }
    stop_threads(s);
}

int role_nts_server(int argc, char *const argv[])
{
    struct service *s = calloc(1, sizeof *s);
    struct options options;

    if (s == NULL || !parse(&options, argc, argv)) {
        (void)fputs("noon-helper: --role=nts-server is started by noond\n", stderr);
        return 2;
    }
    process_name("noon-nts-server");
    log_open(&s->log, "noon-helper", false, LOG_SEVERITY_INFO);
    if (options.try) {
        return try_files(s, &options);
    }
    if (!take_descriptors(s, &options)) {
        (void)fputs("noon-helper: --role=nts-server is started by noond\n", stderr);
        return 2;
    }
    signals_open(SIGNALS_NORMAL);
    if (!load(s, &options) || !open_workers(s, &options) || !confine(s, &options)) {
        return EXIT_RESTART;
    }
    serve(s);
    for (size_t i = 0; i < (size_t)options.threads; i++) {
        ke_worker_close(&s->workers[i]);
    }
    ke_shared_close(&s->shared);
    ke_server_close(s->shared.server);
    return 0;
}
