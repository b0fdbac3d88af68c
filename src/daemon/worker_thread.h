/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * worker_thread.h - one thread of the server process: its sockets, its clients, its answers.
 *
 * On its way from a request to the answer it makes no system call but to receive, to send and to
 * wait, allocates nothing and waits for nobody: what it reads is a snapshot (pages), what it writes
 * is its own.  What it has counted the main thread finds in `counted`.
 */
#ifndef DAEMON_WORKER_THREAD_H
#define DAEMON_WORKER_THREAD_H

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "core/server/reply.h"
#include "daemon/endpoints.h"
#include "daemon/send_model.h"
#include "daemon/worker_ask.h"
#include "sys/page.h"
#include "sys/udp.h"

/* Of a worker: one socket of each endpoint, or two where there were more threads before. */
enum { WORKER_SOCKETS_MAX = 2 * ENDPOINTS_MAX };

/* What all workers of a process share. */
struct worker_shared {
    const struct config *config;
    struct page line_page, record_page; /* of the time process */
    struct page ring_page;              /* of the key exchange server */
    bool nts;                           /* there is a ring_page */
    struct page rules_page;             /* made at runtime, of the time process */
    struct access_tree access;
    struct limits limits;
    struct auth_secrets secrets;
    struct siphash_key key;
    int stop_fd;                    /* readable: end */
    int news_fd;                    /* written to when `quiet` ends */
    atomic_bool stop;               /* the same as stop_fd */
    atomic_bool quiet;              /* nothing was counted since the last report */
    struct steady_time fresh_until; /* who has waited for this process is answered */
    struct worker *workers;         /* all of them */
    unsigned worker_count;
};

struct worker_socket {
    struct udp_socket socket;
    struct udp_batch *batch;
    uint8_t port; /* ASK_PORT_* */
};

struct worker {
    pthread_t thread;
    struct worker_shared *shared;
    struct worker_socket sockets[WORKER_SOCKETS_MAX];
    struct pollfd fds[WORKER_SOCKETS_MAX + 1]; /* the last one is stop_fd */
    size_t count;
    struct time_line line;
    uint64_t generation; /* of the line; 0: none was read yet */
    bool synchronised;   /* by the line as it was published */
    struct server_tables tables;
    const struct access_tree *access; /* the shared one, until rules are made at runtime */
    struct access_tree own_access;
    uint64_t rules_generation; /* 0: none were made */
    uint64_t forgotten;        /* how often counters of clients were set back */
    struct auth_secrets secrets;
    struct cookie_keys cookies;
    uint64_t ring_generation; /* of the cookies' keys */
    struct worker_ask ask;
    struct send_model model;
    struct steady_time busy_until; /* when the last call ended */
    unsigned batches;              /* until the next whose departures are stamped */
    struct page counted;           /* struct server_status: written by the thread */
};

/* Takes its memory; `clients_size` octets are for what is remembered of clients. */
bool worker_open(struct worker *w, struct worker_shared *shared, size_t clients_size);

/* Gives it a bound socket.  False: it can't be used, or no room. */
bool worker_add(struct worker *w, int fd, uint8_t port);

/* Serves until shared->stop, then answers what waits.  Of pthread_create(). */
void *worker_serve(void *worker);

/* Takes over rules that were made at runtime, if there are new ones. */
void worker_read_rules(struct worker *w);

/* Answers what has come to one of its sockets; returns how many datagrams that were. */
unsigned worker_serve_socket(struct worker *w, struct worker_socket *socket);

#endif
