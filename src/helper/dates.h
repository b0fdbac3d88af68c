/* SPDX-License-Identifier: BSD-2-Clause */
/* dates.h - the questions for dates that the role `keys` works on, several at a time. */
#ifndef HELPER_DATES_H
#define HELPER_DATES_H

#include "helper/dns.h"
#include "helper/fetch.h"
#include "helper/trust.h"

/* Queries to dns from here on are of dates. */
enum { DATES_AT_ONCE = 16, DATES_QUERY = 1000 };

struct date_work {
    bool used;
    bool resolves;
    uint8_t next, count; /* addresses: which is asked next; of how many */
    struct address addresses[RESOLVED_MAX];
    struct fetch fetch; /* its question is kept when the fetch is free */
    struct date_question question;
};

struct dates {
    const struct trust *trust;
    struct dns *dns;
    struct date_work work[DATES_AT_ONCE];
};

void dates_init(struct dates *dates, const struct trust *trust, struct dns *dns);
bool dates_have_room(const struct dates *dates);
bool dates_idle(const struct dates *dates);
/* Begins; only when there is room. */
void dates_ask(struct dates *dates, const struct date_question *question);
/* An answer of dns to a query of ours. */
void dates_resolved(struct dates *dates, const struct resolve_answer *resolved);
/* What to wait for: returns how many, and shortens *timeout. */
size_t dates_poll(const struct dates *dates, struct pollfd fds[static DATES_AT_ONCE],
                  struct duration *timeout);
/* After the wait; the descriptors of dates_poll(). */
void dates_work(struct dates *dates, const struct pollfd *fds, size_t count);
/* Takes an answer that is ready. */
bool dates_answer(struct dates *dates, struct date_answer *answer);
void dates_close(struct dates *dates);

#endif
