/* SPDX-License-Identifier: BSD-2-Clause */
#include "helper/role_nts_server.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "helper/ke_server.h"
#include "helper/ring_keeper.h"
#include "sys/clock.h"
#include "sys/privilege.h"
#include "sys/process.h"
#include "sys/sandbox.h"
#include "sys/signals.h"
#include "sys/tcp_listen.h"
#include "wire/ke_totals.h"

enum {
    LISTENERS_MAX = 8,
    SESSIONS_LIMIT = 1000,
    SESSIONS_STANDARD = 100,
    PATIENCE_S = 5,          /* with a client, from its connection to its last octet */
    LAST_S = 2,              /* after SIGTERM */
    CROWD_PATIENCE_MS = 500, /* when others wait for its place */
    ROTATE_STANDARD_S = 604800,
    WHY_SIZE = 500,
    EXIT_RESTART = 70,
};

struct options {
    struct ke_pair pairs[KE_PAIRS_MAX];
    size_t certificates, keys;
    const char *user, *directory, *secret, *ntp_server;
    long ntp_port, rotate_s, sessions;
    uint16_t algorithms[KE_ALGORITHMS];
    size_t algorithm_count;
};

struct slot {
    struct ke_session *session; /* NULL: free */
    struct steady_time since;
    enum ke_progress progress;
};

struct service {
    struct log_sink log;
    struct ke_grant grant;
    struct ke_server *server;
    struct ring_keeper keeper;
    struct page ring_page, totals_page;
    struct ke_totals totals;
    int listeners[LISTENERS_MAX];
    size_t listener_count;
    struct slot *slots;
    size_t capacity, used;
    struct pollfd *fds;
    size_t *slot_of; /* of fds[listener_count + i] */
};

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
    case 'a':
        if (options->algorithm_count < KE_ALGORITHMS) {
            options->algorithms[options->algorithm_count++] = (uint16_t)strtol(value, NULL, 10);
        }
        return true;
    default:
        return false;
    }
}

static bool parse(struct options *options, int argc, char *const argv[])
{
    static const struct option known[] = {
        {"role", required_argument, NULL, 'r'},      {"user", required_argument, NULL, 'u'},
        {"cert", required_argument, NULL, 'c'},      {"key", required_argument, NULL, 'k'},
        {"dir", required_argument, NULL, 'd'},       {"secret", required_argument, NULL, 's'},
        {"server", required_argument, NULL, 'n'},    {"port", required_argument, NULL, 'p'},
        {"rotate", required_argument, NULL, 't'},    {"sessions", required_argument, NULL, 'm'},
        {"algorithm", required_argument, NULL, 'a'}, {NULL, 0, NULL, 0},
    };
    int option;

    *options = (struct options){.rotate_s = ROTATE_STANDARD_S, .sessions = SESSIONS_STANDARD};
    while ((option = getopt_long(argc, argv, "u:", known, NULL)) != -1) {
        if (!take_option(options, option, optarg)) {
            return false;
        }
    }
    if (options->sessions < 1 || options->sessions > SESSIONS_LIMIT) {
        options->sessions = options->sessions < 1 ? 1 : SESSIONS_LIMIT;
    }
    return optind == argc && options->certificates > 0 && options->certificates == options->keys &&
           options->rotate_s >= 0;
}

/* Files with secrets, while this process may still read them. */
static bool load(struct service *s, const struct options *options)
{
    char why[WHY_SIZE];

    s->grant = (struct ke_grant){
        .cookies = &s->keeper.keys,
        .ntp_server = options->ntp_server,
        .ntp_port = (uint16_t)options->ntp_port,
        .algorithm_count = options->algorithm_count,
    };
    memcpy(s->grant.algorithms, options->algorithms, sizeof s->grant.algorithms);
    if (s->grant.algorithm_count == 0) {
        s->grant.algorithms[0] = AEAD_AES_128_GCM_SIV;
        s->grant.algorithms[1] = AEAD_AES_SIV_CMAC_256;
        s->grant.algorithm_count = 2;
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
    s->server = ke_server_open(options->pairs, options->certificates, &s->grant, why, sizeof why);
    if (s->server == NULL) {
        log_format(&s->log, LOG_SEVERITY_ERROR, "no NTS service: %s", why);
    }
    return s->server != NULL;
}

static bool take_descriptors(struct service *s, const struct options *options)
{
    size_t given = process_given_fds();

    s->capacity = (size_t)options->sessions;
    s->slots = calloc(s->capacity, sizeof *s->slots);
    s->fds = calloc(s->capacity + LISTENERS_MAX, sizeof *s->fds);
    s->slot_of = calloc(s->capacity, sizeof *s->slot_of);
    for (size_t i = NTS_SERVER_FD_LISTEN - PROCESS_FDS_FIRST;
         i < given && s->listener_count < LISTENERS_MAX; i++) {
        s->listeners[s->listener_count++] = PROCESS_FDS_FIRST + (int)i;
    }
    return s->slots != NULL && s->fds != NULL && s->slot_of != NULL && s->listener_count > 0 &&
           page_adopt(&s->ring_page, NTS_SERVER_FD_RING, COOKIE_RING_LAYOUT, true) == ERR_NONE &&
           page_adopt(&s->totals_page, NTS_SERVER_FD_TOTALS, KE_TOTALS_LAYOUT, true) == ERR_NONE;
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

static void drop_session(struct service *s, struct slot *slot)
{
    ke_session_close(slot->session);
    slot->session = NULL;
    s->used--;
}

static void drive(struct service *s, struct slot *slot)
{
    slot->progress = ke_session_drive(slot->session);
    if (slot->progress == KE_DONE || slot->progress == KE_FAILED) {
        s->totals.exchanges += slot->progress == KE_DONE;
        s->totals.failures += slot->progress == KE_FAILED;
        drop_session(s, slot);
    }
}

/* Who has been here longest makes room, if he has had a while. */
static bool make_room(struct service *s, struct steady_time now)
{
    struct slot *oldest = NULL;

    if (s->used < s->capacity) {
        return true;
    }
    for (size_t i = 0; i < s->capacity; i++) {
        if (oldest == NULL || s->slots[i].since.ns < oldest->since.ns) {
            oldest = &s->slots[i];
        }
    }
    if (now.ns - oldest->since.ns < CROWD_PATIENCE_MS * (NS_PER_S / 1000)) {
        return false;
    }
    s->totals.crowded_out++;
    drop_session(s, oldest);
    return true;
}

static void accept_some(struct service *s, int listener, struct steady_time now)
{
    int fd;

    while (make_room(s, now) && tcp_accept(listener, &fd) == ERR_NONE) {
        struct slot *slot = s->slots;

        while (slot->session != NULL) {
            slot++;
        }
        s->totals.connections++;
        slot->session = ke_session_open(s->server, fd);
        slot->since = now;
        if (slot->session == NULL) {
            s->totals.failures++;
            continue;
        }
        s->used++;
        drive(s, slot);
    }
}

/* Ends what is late; fills in what to wait for, and returns how many descriptors that are. */
static size_t collect(struct service *s, struct steady_time now, struct duration *timeout)
{
    size_t count = s->listener_count, seen = 0;

    for (size_t i = 0; i < s->listener_count; i++) {
        s->fds[i] = (struct pollfd){.fd = s->listeners[i], .events = POLLIN};
    }
    for (size_t i = 0; i < s->capacity && s->used > 0 && seen < s->capacity; i++) {
        struct slot *slot = &s->slots[i];
        int64_t left_ns = slot->since.ns + PATIENCE_S * NS_PER_S - now.ns;

        if (slot->session == NULL) {
            continue;
        }
        if (left_ns <= 0) {
            s->totals.failures++;
            drop_session(s, slot);
            continue;
        }
        timeout->ns = left_ns < timeout->ns ? left_ns : timeout->ns;
        s->slot_of[count - s->listener_count] = i;
        s->fds[count++] = (struct pollfd){
            .fd = ke_session_fd(slot->session),
            .events = slot->progress == KE_WANTS_WRITE ? POLLOUT : POLLIN,
        };
        seen++;
    }
    /* Full: who waits is looked at again when the oldest may be asked to leave. */
    if (s->used == s->capacity) {
        int64_t soon_ns = CROWD_PATIENCE_MS * (NS_PER_S / 1000) / 4;

        timeout->ns = timeout->ns < soon_ns ? timeout->ns : soon_ns;
        for (size_t i = 0; i < s->listener_count; i++) {
            s->fds[i].events = 0;
        }
    }
    return count;
}

static void serve(struct service *s)
{
    struct steady_time end = {INT64_MAX};

    ring_keeper_begin(&s->keeper, clock_system());
    /* Who is being served when the end is asked for is served to the end; nobody else begins. */
    while (end.ns == INT64_MAX || (s->used > 0 && clock_steady().ns < end.ns)) {
        struct steady_time now = clock_steady();
        struct utc_time real = clock_system();
        struct duration timeout = {ring_keeper_turn(&s->keeper, real).ns - real.ns};
        bool full = s->used == s->capacity;
        size_t count = collect(s, now, &timeout);
        int ready = signals_wait(s->fds, count, timeout);

        now = clock_steady();
        for (size_t i = s->listener_count; ready > 0 && i < count; i++) {
            struct slot *slot = &s->slots[s->slot_of[i - s->listener_count]];

            if (s->fds[i].revents != 0 && slot->session != NULL) {
                drive(s, slot);
            }
        }
        for (size_t i = 0; end.ns == INT64_MAX && i < s->listener_count; i++) {
            if (full || s->fds[i].revents != 0) {
                accept_some(s, s->listeners[i], now);
            }
        }
        if (ready > 0) {
            page_write(&s->totals_page, &s->totals, sizeof s->totals);
        }
        if (signals_take().terminate) {
            end.ns = clock_steady().ns + LAST_S * NS_PER_S;
            s->listener_count = 0;
        }
    }
}

int role_nts_server(int argc, char *const argv[])
{
    struct service *s = calloc(1, sizeof *s);
    struct options options;
    size_t size = 0;

    if (s == NULL || !parse(&options, argc, argv)) {
        (void)fputs("noon-helper: --role=nts-server is started by noond\n", stderr);
        return 2;
    }
    log_open(&s->log, "noon-helper", false, LOG_SEVERITY_INFO);
    if (!take_descriptors(s, &options)) {
        (void)fputs("noon-helper: --role=nts-server is started by noond\n", stderr);
        return 2;
    }
    signals_open(SIGNALS_NORMAL);
    if (!load(s, &options) || !confine(s, &options)) {
        return EXIT_RESTART;
    }
    /* What an earlier process has counted goes on. */
    if (page_read(&s->totals_page, &s->totals, sizeof s->totals, &size) != ERR_NONE ||
        size != sizeof s->totals) {
        s->totals = (struct ke_totals){.connections = 0};
    }
    serve(s);
    ke_server_close(s->server);
    return 0;
}
