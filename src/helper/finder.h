/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * finder.h - answers questions for sources of every method: finds the servers that DNS, DHCP or a
 * provider name, and looks their names up.
 *
 * What DHCP and the provider say is watched: when it changes, who asked is told so, once.
 */
#ifndef HELPER_FINDER_H
#define HELPER_FINDER_H

#include "helper/dns.h"
#include "helper/leads.h"

enum { FINDER_QUESTIONS = 16, FINDER_POLLFDS = DNS_POLLFDS + 2 };

/* Where servers are named, but for DNS; replaced in tests.  Appends to leads. */
struct finder_places {
    void (*dhcp)(void *context, struct leads *leads);
    /* `on_link`: only servers for which nothing leaves the link */
    void (*cloud)(void *context, bool on_link, struct leads *leads);
    void *context;
    int watch; /* a descriptor that is readable when any of it may have changed; -1: none */
    void (*watched)(void *context); /* reads all of it */
    /* Of a place that is asked over the network, NULL when there is none: what to wait for, and
     * shortens *timeout; false: nothing is under way. */
    bool (*poll)(void *context, struct steady_time now, struct pollfd *fd,
                 struct duration *timeout);
    /* After the wait; true: there is something new to look at. */
    bool (*work)(void *context, struct steady_time now, bool ready);
};

struct finder;

/* Borrows both; NULL: no memory. */
struct finder *finder_open(struct dns *dns, const struct finder_places *places);
void finder_close(struct finder *finder);

bool finder_has_room(const struct finder *finder);
/* Only when there is room. */
void finder_ask(struct finder *finder, const struct resolve_question *question,
                struct steady_time now);
/* As dns_poll() and dns_work(). */
size_t finder_poll(struct finder *finder, struct steady_time now,
                   struct pollfd fds[static FINDER_POLLFDS], struct duration *timeout);
void finder_work(struct finder *finder, struct steady_time now, const struct pollfd *fds,
                 size_t count);
/* Takes an answer, or a RESOLVE_CHANGED; false: none. */
bool finder_answer(struct finder *finder, struct resolve_answer *answer);

#endif
