/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns.h - names to addresses by c-ares: several at a time, with time-outs and TTLs.
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
    DNS_POLLFDS = 16,
    DNS_LIMIT_S = 20, /* until a question is answered with RESOLVE_FAILED at the latest */
};

struct dns;

/*
 * `servers`: "ADDRESS:PORT,..." to ask instead of the system's; NULL: the system's.  NULL is
 * returned when the library can't start.
 */
struct dns *dns_open(const char *servers);
void dns_close(struct dns *dns);

/* Is there room for another question? */
bool dns_has_room(const struct dns *dns);

/* Begins to look a name up; only when there is room.  The answer may be there at once. */
void dns_ask(struct dns *dns, const struct resolve_question *question, struct steady_time now);

/* What to wait for: fills fds, returns how many, and shortens *timeout (negative: for ever). */
size_t dns_poll(struct dns *dns, struct steady_time now, struct pollfd fds[static DNS_POLLFDS],
                struct duration *timeout);

/* After the wait: works on what is ready, and on what is late. */
void dns_work(struct dns *dns, struct steady_time now, const struct pollfd *fds, size_t count);

/* Takes an answer that is ready; false: none. */
bool dns_answer(struct dns *dns, struct resolve_answer *answer);

#endif
