/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns.h - names to addresses, and services to their servers, by c-ares: several at a time, with
 * time-outs and TTLs.
 *
 * /etc/hosts, /etc/resolv.conf and /etc/nsswitch.conf count as for every program; when the
 * resolver's configuration changes it is read again.
 */
#ifndef HELPER_DNS_H
#define HELPER_DNS_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/units.h"
#include "wire/resolve.h"

enum {
    DNS_QUESTIONS = 32, /* at a time */
    DNS_POLLFDS = 32,
    DNS_LIMIT_S = 20, /* until a question is answered with RESOLVE_FAILED at the latest */
    DNS_TARGETS_MAX = 16,
};

struct dns;

/* A server of a service, as its SRV record says (RFC 2782). */
struct dns_target {
    char host[RESOLVE_NAME_SIZE];
    uint16_t port, priority, weight;
};

/* The answer to a question for a service: result, ttl_s and flags as of struct resolve_answer. */
struct dns_targets {
    uint32_t query;
    enum resolve_result result;
    uint32_t ttl_s;
    uint8_t flags;
    uint8_t count;
    struct dns_target at[DNS_TARGETS_MAX]; /* those of the least priority first */
};

/*
 * `servers`: "ADDRESS:PORT,..." to ask instead of the system's; NULL: the system's.  NULL is
 * returned when the library can't start.
 */
struct dns *dns_open(const char *servers);
void dns_close(struct dns *dns);

/* Is there room for another question? */
bool dns_has_room(const struct dns *dns);

/*
 * Begins to look up the addresses of a name, or, of RESOLVE_SRV, the servers of a service; only
 * when there is room.  The answer may be there at once.
 */
void dns_ask(struct dns *dns, const struct resolve_question *question, struct steady_time now);

/* What to wait for: fills fds, returns how many, and shortens *timeout (negative: for ever). */
size_t dns_poll(struct dns *dns, struct steady_time now, struct pollfd fds[static DNS_POLLFDS],
                struct duration *timeout);

/* After the wait: works on what is ready, and on what is late. */
void dns_work(struct dns *dns, struct steady_time now, const struct pollfd *fds, size_t count);

/*
 * Takes an answer with addresses that is ready; false: none.  Of both families, an address of each
 * in turn, unless one of them can't be reached from here: what is cut off a long answer then is
 * never all of a family.
 */
bool dns_answer(struct dns *dns, struct resolve_answer *answer);
/* The same of services. */
bool dns_take_targets(struct dns *dns, struct dns_targets *targets);

#endif
