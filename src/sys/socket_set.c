/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/socket_set.h"

#include <string.h>

#include "base/must.h"
#include "sys/tcp_listen.h"
#include "sys/unix_socket.h"

void socket_set_init(struct socket_set *set)
{
    *set = (struct socket_set){.count = 0};
    set->kept_count = notify_kept(set->kept, sizeof set->kept / sizeof set->kept[0]);
}

static bool same_place(const struct endpoint *a, const struct endpoint *b)
{
    return a->stream == b->stream && address_equal(&a->options.local, &b->options.local) &&
           a->options.local.port == b->options.local.port &&
           a->options.share_port == b->options.share_port &&
           strcmp(a->options.device, b->options.device) == 0;
}

/* Closes what is not wanted any more.  Returns whether there was something. */
static bool close_others(struct socket_set *set, const struct endpoint *wanted, size_t count)
{
    const size_t before = set->count;

    set->count = 0;
    for (size_t i = 0; i < before; i++) {
        bool stays = false;

        for (size_t k = 0; k < count; k++) {
            stays = stays || same_place(&set->endpoints[i], &wanted[k]);
        }
        if (stays) {
            set->endpoints[set->count] = set->endpoints[i];
            set->groups[set->count++] = set->groups[i];
        } else {
            udp_group_close(&set->groups[i]);
            set->given_up = true;
        }
    }
    return set->count != before;
}

/* Where this endpoint is in the set; one that is new gets a place behind the others. */
static struct udp_group *find_group(struct socket_set *set, const struct endpoint *endpoint)
{
    for (size_t i = 0; i < set->count; i++) {
        if (same_place(&set->endpoints[i], endpoint)) {
            return &set->groups[i];
        }
    }
    must(set->count < SOCKET_SET_MAX);
    set->endpoints[set->count] = *endpoint;
    set->groups[set->count].count = 0;
    return &set->groups[set->count];
}

/* Adds what was kept of an earlier life. */
static void take_kept(struct socket_set *set, const struct endpoint *endpoint,
                      struct udp_group *group)
{
    size_t left = 0;

    for (size_t i = 0; i < set->kept_count; i++) {
        int fd = set->kept[i];

        if (endpoint->stream && group->count == 0 && tcp_listens_at(fd, &endpoint->options.local)) {
            group->fds[group->count++] = fd;
        } else if (endpoint->stream || !udp_group_take(group, &endpoint->options, fd)) {
            set->kept[left++] = fd;
        }
    }
    set->kept_count = left;
}

static enum err open_missing(struct udp_group *group, const struct endpoint *endpoint)
{
    if (!endpoint->stream) {
        unsigned wanted = endpoint->sockets > group->count ? endpoint->sockets : group->count;

        return udp_group_grow(group, &endpoint->options, wanted);
    }
    if (group->count > 0) {
        return ERR_NONE;
    }
    enum err err = tcp_listen(&group->fds[0], &endpoint->options.local);
    group->count = err == ERR_NONE;
    return err;
}

/*
 * What lies in the way may be our own: that of loopback, say, in the hands of a server process that
 * is about to leave, when all addresses are to be served.  Then both share the port until it does.
 */
static enum err open_beside(const struct socket_set *set, struct udp_group *group,
                            const struct endpoint *endpoint)
{
    struct endpoint sharing = *endpoint;
    enum err err = open_missing(group, endpoint);

    if (err != ERR_IN_USE || !set->given_up) {
        return err;
    }
    sharing.options.share_port = true;
    return open_missing(group, &sharing);
}

bool socket_set_apply(struct socket_set *set, const struct endpoint *wanted, size_t count,
                      enum err results[])
{
    must(count <= SOCKET_SET_MAX);
    bool changed = close_others(set, wanted, count);

    for (size_t i = 0; i < count; i++) {
        struct udp_group *group = find_group(set, &wanted[i]);
        const bool fresh = group == &set->groups[set->count];
        const unsigned before = group->count;

        if (fresh) {
            take_kept(set, &wanted[i], group);
        }
        results[i] = open_beside(set, group, &wanted[i]);
        if (group->count > 0) {
            results[i] = ERR_NONE;
            set->count += fresh;
        }
        changed = changed || group->count != before;
    }
    for (size_t i = 0; i < set->kept_count; i++) {
        unix_close(&set->kept[i]);
    }
    set->kept_count = 0;
    return changed;
}

enum err socket_set_try(const struct socket_set *set, const struct endpoint *wanted)
{
    struct endpoint one = *wanted;
    struct udp_group group = {.count = 0};

    for (size_t i = 0; i < set->count; i++) {
        const struct endpoint *ours = &set->endpoints[i];

        if (ours->stream == wanted->stream &&
            ours->options.local.family == wanted->options.local.family &&
            ours->options.local.port == wanted->options.local.port) {
            return ERR_NONE;
        }
    }
    one.sockets = 1;
    enum err err = open_missing(&group, &one);
    udp_group_close(&group);
    return err;
}

static size_t collect(const struct socket_set *set, bool all, bool stream, int *fds, size_t max)
{
    size_t count = 0;

    for (size_t i = 0; i < set->count; i++) {
        for (unsigned k = 0; k < set->groups[i].count && count < max; k++) {
            if (all || set->endpoints[i].stream == stream) {
                fds[count++] = set->groups[i].fds[k];
            }
        }
    }
    return count;
}

size_t socket_set_fds(const struct socket_set *set, bool stream, int *fds, size_t max)
{
    return collect(set, false, stream, fds, max);
}

size_t socket_set_count(const struct socket_set *set, bool stream)
{
    int fds[SOCKET_SET_FDS_MAX];

    return collect(set, false, stream, fds, SOCKET_SET_FDS_MAX);
}

void socket_set_store(const struct socket_set *set, const struct notify *notify)
{
    int fds[SOCKET_SET_FDS_MAX];
    size_t count = collect(set, true, false, fds, SOCKET_SET_FDS_MAX);

    notify_store(notify, fds, count);
}
