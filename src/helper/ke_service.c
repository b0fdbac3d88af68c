/* SPDX-License-Identifier: BSD-2-Clause */
#include "helper/ke_service.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/wipe.h"
#include "sys/entropy.h"
#include "sys/tcp_listen.h"

enum {
    PATIENCE_S = 5,          /* with a client, from its connection to its last octet */
    CROWD_PATIENCE_MS = 500, /* when others wait for its place */
    ASKERS_SIZE = 1 << 20,   /* 23,000 addresses */
    ASKERS_ALIGNMENT = 64,
    NTS_VERSION = 4,
};

bool ke_shared_open(struct ke_shared *shared, const struct limit_options *limit)
{
    struct siphash_key keys[2];
    size_t size = 0;

    (void)pthread_mutex_init(&shared->lock, NULL);
    if (page_read(shared->totals_page, &shared->totals, sizeof shared->totals, &size) != ERR_NONE ||
        size != sizeof shared->totals) {
        shared->totals = (struct ke_totals){.connections = 0};
    }
    limits_init(&shared->limits, limit, 1);
    entropy_fill(keys, sizeof keys);
    limit_state_init(&shared->limit_state, NULL, 0, &keys[1]);
    shared->memory = NULL;
    if (limit->enabled) {
        shared->memory = aligned_alloc(ASKERS_ALIGNMENT, ASKERS_SIZE);
        if (shared->memory == NULL) {
            return false;
        }
        memset(shared->memory, 0, ASKERS_SIZE);
        client_log_init(&shared->askers, shared->memory, ASKERS_SIZE, &keys[0]);
    }
    return true;
}

void ke_shared_close(struct ke_shared *shared)
{
    free(shared->memory);
    shared->memory = NULL;
    ke_access_close(&shared->access);
    (void)pthread_mutex_destroy(&shared->lock);
}

bool ke_worker_open(struct ke_worker *worker, struct ke_shared *shared)
{
    const size_t capacity = shared->capacity;

    *worker = (struct ke_worker){.shared = shared, .grant = shared->grant};
    worker->grant.cookies = &worker->keys;
    worker->slots = calloc(capacity, sizeof *worker->slots);
    worker->fds = calloc(capacity + KE_LISTENERS_MAX + 1, sizeof *worker->fds);
    worker->slot_of = calloc(capacity, sizeof *worker->slot_of);
    return worker->slots != NULL && worker->fds != NULL && worker->slot_of != NULL;
}

void ke_worker_close(struct ke_worker *worker)
{
    for (size_t i = 0; worker->slots != NULL && i < worker->shared->capacity; i++) {
        if (worker->slots[i].session != NULL) {
            ke_session_close(worker->slots[i].session);
        }
    }
    free(worker->slots);
    free(worker->fds);
    free(worker->slot_of);
    wipe(&worker->keys, sizeof worker->keys);
}

/* The keys of cookies, if they have changed. */
static void take_ring(struct ke_worker *worker)
{
    uint64_t generation = page_generation(worker->shared->ring_page);
    struct cookie_ring ring;
    size_t size = 0;

    if (generation == worker->generation ||
        page_read(worker->shared->ring_page, &ring, sizeof ring, &size) != ERR_NONE ||
        size != sizeof ring) {
        return;
    }
    cookie_keys_prepare(&worker->keys, &ring);
    worker->generation = generation;
    wipe(&ring, sizeof ring);
}

static void publish(struct ke_worker *worker)
{
    static const struct ke_totals none = {.connections = 0};
    struct ke_shared *shared = worker->shared;
    uint64_t fresh[sizeof(struct ke_totals) / sizeof(uint64_t)], sum[sizeof fresh / sizeof *fresh];

    if (memcmp(&worker->fresh, &none, sizeof none) == 0) {
        return;
    }
    memcpy(fresh, &worker->fresh, sizeof fresh);
    worker->fresh = none;
    (void)pthread_mutex_lock(&shared->lock);
    memcpy(sum, &shared->totals, sizeof sum);
    for (size_t i = 0; i < sizeof sum / sizeof *sum; i++) {
        sum[i] += fresh[i];
    }
    memcpy(&shared->totals, sum, sizeof sum);
    page_write(shared->totals_page, &shared->totals, sizeof shared->totals);
    (void)pthread_mutex_unlock(&shared->lock);
}

static void drop(struct ke_worker *worker, struct ke_slot *slot)
{
    ke_session_close(slot->session);
    slot->session = NULL;
    worker->used--;
}

static void count_failure(struct ke_totals *totals, enum ke_failure failure)
{
    switch (failure) {
    case KE_FAILED_HANDSHAKE:
        totals->handshakes_failed++;
        break;
    case KE_FAILED_REQUEST:
        totals->bad_requests++;
        break;
    case KE_FAILED_CIPHER:
        totals->no_cipher++;
        break;
    case KE_FAILED_INTERNAL:
        totals->internal_errors++;
        break;
    }
}

static void drive(struct ke_worker *worker, struct ke_slot *slot)
{
    slot->progress = ke_session_drive(slot->session);
    if (slot->progress == KE_DONE) {
        worker->fresh.exchanges++;
    } else if (slot->progress == KE_FAILED) {
        count_failure(&worker->fresh, ke_session_failure(slot->session));
    } else {
        return;
    }
    drop(worker, slot);
}

static struct ke_slot *find_oldest(const struct ke_worker *worker)
{
    struct ke_slot *oldest = worker->slots;

    for (size_t i = 1; i < worker->shared->capacity; i++) {
        if (worker->slots[i].since.ns < oldest->since.ns) {
            oldest = &worker->slots[i];
        }
    }
    return oldest;
}

/* When all places are taken, who has been here longest has to have had a while. */
static bool has_room(const struct ke_worker *worker, struct steady_time now)
{
    return worker->used < worker->shared->capacity ||
           now.ns - find_oldest(worker)->since.ns >= CROWD_PATIENCE_MS * (NS_PER_S / 1000);
}

/* ntsratelimit. */
static bool too_often(struct ke_shared *shared, const struct address *from, struct steady_time now)
{
    enum limit_verdict verdict;

    if (shared->limits.client.interval_ns == 0) {
        return false;
    }
    struct client_visit visit = client_log_visit(&shared->askers, from, now);
    verdict = limits_judge(&shared->limits, &shared->limit_state, from, &visit, now);
    client_log_count(&shared->askers, &visit, NTS_VERSION,
                     verdict == LIMIT_PASS ? DROP_NONE : DROP_RATE_LIMIT);
    return verdict != LIMIT_PASS;
}

/* Whose connection is closed at once, before it costs anything; counted. */
static bool is_turned_away(struct ke_worker *worker, const struct address *from,
                           struct steady_time now)
{
    struct ke_shared *shared = worker->shared;

    (void)pthread_mutex_lock(&shared->lock);
    bool refused = !ke_access_allows(&shared->access, from);
    bool limited = !refused && too_often(shared, from, now);
    (void)pthread_mutex_unlock(&shared->lock);
    worker->fresh.refused += refused;
    worker->fresh.limited += limited;
    return refused || limited;
}

/* The rules of who may ask, if they have changed.  False: none are known yet. */
static bool take_rules(struct ke_shared *shared)
{
    (void)pthread_mutex_lock(&shared->lock);
    bool known = ke_access_refresh(&shared->access);
    (void)pthread_mutex_unlock(&shared->lock);
    return known;
}

static void let_in(struct ke_worker *worker, int fd, struct steady_time now)
{
    struct ke_slot *slot = worker->slots;

    if (worker->used == worker->shared->capacity) {
        worker->fresh.crowded_out++;
        drop(worker, find_oldest(worker));
    }
    while (slot->session != NULL) {
        slot++;
    }
    slot->session = ke_session_open(worker->shared->server, &worker->grant, fd);
    slot->since = now;
    if (slot->session == NULL) {
        worker->fresh.internal_errors++;
        return;
    }
    worker->used++;
    drive(worker, slot);
}

static void accept_some(struct ke_worker *worker, int listener, struct steady_time now)
{
    struct address from;
    int fd;

    while (has_room(worker, now) && tcp_accept(listener, &fd, &from) == ERR_NONE) {
        worker->fresh.connections++;
        if (is_turned_away(worker, &from, now)) {
            tcp_close(&fd);
        } else {
            let_in(worker, fd, now);
        }
    }
}

static void collect_sessions(struct ke_worker *worker, struct steady_time now, size_t *count,
                             struct duration *timeout)
{
    const size_t first = *count;

    for (size_t i = 0; i < worker->shared->capacity && *count - first < worker->used; i++) {
        struct ke_slot *slot = &worker->slots[i];
        int64_t left_ns = slot->since.ns + PATIENCE_S * NS_PER_S - now.ns;

        if (slot->session == NULL) {
            continue;
        }
        if (left_ns <= 0) {
            worker->fresh.slow++;
            drop(worker, slot);
            continue;
        }
        timeout->ns = left_ns < timeout->ns ? left_ns : timeout->ns;
        worker->slot_of[*count - first] = i;
        worker->fds[(*count)++] = (struct pollfd){
            .fd = ke_session_fd(slot->session),
            .events = slot->progress == KE_WANTS_WRITE ? POLLOUT : POLLIN,
        };
    }
}

size_t ke_worker_collect(struct ke_worker *worker, struct steady_time now, struct duration *timeout)
{
    struct ke_shared *shared = worker->shared;
    size_t count = shared->listener_count;

    for (size_t i = 0; i < shared->listener_count; i++) {
        /* Who is passed over by poll() has no descriptor. */
        worker->fds[i] =
            (struct pollfd){.fd = worker->closing ? -1 : shared->listeners[i], .events = POLLIN};
    }
    collect_sessions(worker, now, &count, timeout);
    /* Full: who waits is looked at again when the oldest may be asked to leave.  So it is as long
     * as nobody has said who may ask. */
    if (worker->used == shared->capacity || !take_rules(worker->shared)) {
        int64_t soon_ns = CROWD_PATIENCE_MS * (NS_PER_S / 1000) / 4;

        timeout->ns = timeout->ns < soon_ns ? timeout->ns : soon_ns;
        for (size_t i = 0; i < shared->listener_count; i++) {
            worker->fds[i].events = 0;
        }
    }
    publish(worker);
    return count;
}

void ke_worker_serve(struct ke_worker *worker, size_t count, struct steady_time now)
{
    const struct ke_shared *shared = worker->shared;
    const size_t first = shared->listener_count;

    take_ring(worker);
    for (size_t i = first; i < count; i++) {
        struct ke_slot *slot = &worker->slots[worker->slot_of[i - first]];

        if (worker->fds[i].revents != 0) {
            drive(worker, slot);
        }
    }
    for (size_t i = 0; !worker->closing && i < first && take_rules(worker->shared); i++) {
        /* Not waited for: there was no room. */
        if (worker->fds[i].events == 0 || worker->fds[i].revents != 0) {
            accept_some(worker, shared->listeners[i], now);
        }
    }
    publish(worker);
}
