/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ke_service.h - many key exchanges at a time: who is let in, who has to wait, who is too slow.
 *
 * A worker is one thread's: its sessions, and its copy of the keys that seal cookies.  All of them
 * wait at the same listening sockets, count together, and share the limit of each address and the
 * rules of who may ask.
 */
#ifndef HELPER_KE_SERVICE_H
#define HELPER_KE_SERVICE_H

#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/units.h"
#include "core/server/limit.h"
#include "helper/ke_access.h"
#include "helper/ke_server.h"
#include "sys/page.h"
#include "wire/ke_totals.h"

enum { KE_LISTENERS_MAX = 8 };

/* What all workers share; the members before `lock` are the owner's, and do not change. */
struct ke_shared {
    struct ke_server *server;
    struct ke_grant grant; /* without cookies: those are a worker's own */
    struct page *ring_page;
    struct page *totals_page;
    int listeners[KE_LISTENERS_MAX];
    size_t listener_count;
    size_t capacity; /* sessions of a worker */

    pthread_mutex_t lock;    /* of what follows */
    struct ke_totals totals; /* as they are in the page */
    struct ke_access access; /* its page is set before */
    struct limits limits;
    struct limit_state limit_state;
    struct client_log askers;
    void *memory; /* of `askers`; NULL: nobody is limited */
};

/* False: no memory.  What an earlier process has counted goes on. */
bool ke_shared_open(struct ke_shared *shared, const struct limit_options *limit);
void ke_shared_close(struct ke_shared *shared);

struct ke_slot {
    struct ke_session *session; /* NULL: free */
    struct steady_time since;
    enum ke_progress progress;
};

struct ke_worker {
    struct ke_shared *shared;
    struct ke_grant grant;
    struct cookie_keys keys;
    uint64_t generation; /* of the page that they are from */
    struct ke_slot *slots;
    size_t used;
    struct pollfd *fds;     /* one more than the sessions and listeners: for the owner */
    size_t *slot_of;        /* of the descriptors behind the listeners' */
    struct ke_totals fresh; /* not yet in the shared ones */
    bool closing;           /* nobody else is let in */
};

/* False: no memory. */
bool ke_worker_open(struct ke_worker *worker, struct ke_shared *shared);
void ke_worker_close(struct ke_worker *worker);

/*
 * What to wait for: returns how many descriptors of worker->fds, and lowers *timeout.  Ends those
 * who are late.
 */
size_t ke_worker_collect(struct ke_worker *worker, struct steady_time now,
                         struct duration *timeout);

/* After the wait for them: goes on with whom something has come from, and lets others in. */
void ke_worker_serve(struct ke_worker *worker, size_t count, struct steady_time now);

#endif
