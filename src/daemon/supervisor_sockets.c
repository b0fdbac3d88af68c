/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/supervisor_sockets.h"

#include <string.h>

#include "sys/unix_socket.h"

void server_sockets_init(struct server_sockets *sockets)
{
    *sockets = (struct server_sockets){.count = 0};
    sockets->kept_count =
        notify_kept(sockets->kept, sizeof sockets->kept / sizeof sockets->kept[0]);
}

static bool same_endpoint(const struct endpoint *a, const struct endpoint *b)
{
    return address_equal(&a->options.local, &b->options.local) &&
           a->options.local.port == b->options.local.port &&
           a->options.share_port == b->options.share_port &&
           strcmp(a->options.device, b->options.device) == 0;
}

static const struct endpoint *find(const struct server_plan *plan, const struct endpoint *wanted)
{
    for (size_t i = 0; i < plan->count; i++) {
        if (same_endpoint(&plan->endpoints[i], wanted)) {
            return &plan->endpoints[i];
        }
    }
    return NULL;
}

/* Closes what is not planned any more. */
static void close_others(struct server_sockets *sockets, const struct server_plan *plan,
                         bool *changed)
{
    size_t left = 0;

    for (size_t i = 0; i < sockets->count; i++) {
        if (find(plan, &sockets->endpoints[i]) == NULL) {
            udp_group_close(&sockets->groups[i]);
            *changed = true;
            continue;
        }
        sockets->endpoints[left] = sockets->endpoints[i];
        sockets->groups[left++] = sockets->groups[i];
    }
    sockets->count = left;
}

static void take_kept(struct server_sockets *sockets, const struct endpoint *endpoint,
                      struct udp_group *group)
{
    size_t left = 0;

    for (size_t i = 0; i < sockets->kept_count; i++) {
        if (!udp_group_take(group, &endpoint->options, sockets->kept[i])) {
            sockets->kept[left++] = sockets->kept[i];
        }
    }
    sockets->kept_count = left;
}

static void tell_failure(const struct endpoint *endpoint, enum err err, const struct log_sink *log)
{
    char text[ADDRESS_TEXT_SIZE];

    address_print_port(&endpoint->options.local, text);
    if (endpoint->optional) {
        log_format(log, LOG_SEVERITY_INFO, "%s can't be had: no questions are answered there",
                   text);
    } else if (err == ERR_IN_USE) {
        log_format(log, LOG_SEVERITY_ERROR, "%s is taken: another time server runs", text);
    } else {
        log_format(log, LOG_SEVERITY_WARNING, "%s can't be bound%s: no service there", text,
                   err == ERR_DENIED ? " (CAP_NET_BIND_SERVICE)" : "");
    }
}

/* Opens what is missing of one endpoint. */
static enum err open_one(struct server_sockets *sockets, const struct endpoint *endpoint,
                         unsigned wanted, const struct log_sink *log, bool *changed)
{
    struct udp_group *group = NULL;

    for (size_t i = 0; i < sockets->count; i++) {
        if (same_endpoint(&sockets->endpoints[i], endpoint)) {
            group = &sockets->groups[i];
        }
    }
    if (group == NULL) {
        group = &sockets->groups[sockets->count];
        *group = (struct udp_group){.count = 0};
        take_kept(sockets, endpoint, group);
    }
    unsigned before = group->count;
    enum err err = udp_group_grow(group, &endpoint->options, wanted > before ? wanted : before);
    if (group->count == 0) {
        if (err != ERR_UNSUPPORTED) { /* a family that this machine lacks is no failure */
            tell_failure(endpoint, err, log);
        }
        return endpoint->optional ? ERR_NONE : err;
    }
    *changed = *changed || group->count != before || group == &sockets->groups[sockets->count];
    if (group == &sockets->groups[sockets->count]) {
        sockets->endpoints[sockets->count++] = *endpoint;
    }
    return ERR_NONE;
}

enum err server_sockets_apply(struct server_sockets *sockets, const struct server_plan *plan,
                              const struct log_sink *log, bool *changed)
{
    enum err worst = ERR_NONE;

    *changed = false;
    close_others(sockets, plan, changed);
    for (size_t i = 0; i < plan->count; i++) {
        unsigned wanted = plan->endpoints[i].optional ? 1 : plan->threads;
        enum err err = open_one(sockets, &plan->endpoints[i], wanted, log, changed);

        worst = err == ERR_IN_USE ? err : worst;
    }
    for (size_t i = 0; i < sockets->kept_count; i++) {
        unix_close(&sockets->kept[i]);
    }
    sockets->kept_count = 0;
    return worst;
}

size_t server_sockets_count(const struct server_sockets *sockets)
{
    size_t count = 0;

    for (size_t i = 0; i < sockets->count; i++) {
        count += sockets->groups[i].count;
    }
    return count;
}

size_t server_sockets_fds(const struct server_sockets *sockets, int *fds, size_t max)
{
    size_t count = 0;

    for (size_t i = 0; i < sockets->count; i++) {
        for (unsigned k = 0; k < sockets->groups[i].count && count < max; k++) {
            fds[count++] = sockets->groups[i].fds[k];
        }
    }
    return count;
}

void server_sockets_store(const struct server_sockets *sockets, const struct notify *notify)
{
    int fds[ENDPOINTS_MAX * UDP_GROUP_MAX];
    size_t count = server_sockets_fds(sockets, fds, sizeof fds / sizeof fds[0]);

    notify_store(notify, fds, count);
}
