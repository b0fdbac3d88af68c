/* SPDX-License-Identifier: BSD-2-Clause */
#include "helper/dates.h"

#include <string.h>

#include "sys/clock.h"

void dates_init(struct dates *dates, const struct trust *trust, struct dns *dns)
{
    memset(dates, 0, sizeof *dates);
    dates->trust = trust;
    dates->dns = dns;
    for (unsigned i = 0; i < DATES_AT_ONCE; i++) {
        dates->work[i].fetch.fd = -1;
    }
}

static struct date_work *find_free(struct dates *dates)
{
    for (unsigned i = 0; i < DATES_AT_ONCE; i++) {
        if (!dates->work[i].used) {
            return &dates->work[i];
        }
    }
    return NULL;
}

bool dates_have_room(const struct dates *dates)
{
    for (unsigned i = 0; i < DATES_AT_ONCE; i++) {
        if (!dates->work[i].used) {
            return true;
        }
    }
    return false;
}

bool dates_idle(const struct dates *dates)
{
    for (unsigned i = 0; i < DATES_AT_ONCE; i++) {
        if (dates->work[i].used) {
            return false;
        }
    }
    return true;
}

/* Asks the next address. */
static void ask_next(struct dates *dates, struct date_work *work)
{
    struct date_question question = work->question;

    question.address = work->addresses[work->next++];
    fetch_begin(&work->fetch, &question, trust_context(dates->trust, 0), clock_steady());
}

/* There is no answer but that. */
static void end_early(struct date_work *work, enum date_result result)
{
    work->fetch.answer = (struct date_answer){.query = work->question.query, .result = result};
    work->fetch.phase = FETCH_OVER;
}

void dates_ask(struct dates *dates, const struct date_question *question)
{
    struct date_work *work = find_free(dates);
    struct resolve_question name = {.query = DATES_QUERY + (uint32_t)(work - dates->work)};

    *work = (struct date_work){.used = true, .question = *question, .fetch = {.fd = -1}};
    if (question->address.family != ADDRESS_NONE ||
        address_parse(&work->question.address, question->name)) {
        work->addresses[work->count++] = work->question.address;
        ask_next(dates, work);
    } else if (!dns_has_room(dates->dns)) {
        end_early(work, DATE_NAME);
    } else {
        memcpy(name.name, question->name, sizeof name.name);
        work->resolves = true;
        dns_ask(dates->dns, &name, clock_steady());
    }
}

/* An address each has its own place, as far as there is room; the others are left out. */
static void ask_all(struct dates *dates, const struct date_work *work)
{
    for (uint8_t i = 1; i < work->count && dates_have_room(dates); i++) {
        struct date_question question = work->question;

        question.address = work->addresses[i];
        dates_ask(dates, &question);
    }
}

void dates_resolved(struct dates *dates, const struct resolve_answer *resolved)
{
    uint32_t index = resolved->query - DATES_QUERY;
    struct date_work *work = &dates->work[index < DATES_AT_ONCE ? index : 0];

    if (index >= DATES_AT_ONCE || !work->resolves) {
        return;
    }
    work->resolves = false;
    if (resolved->result != RESOLVE_OK || resolved->count == 0) {
        end_early(work, DATE_NAME);
        return;
    }
    memcpy(work->addresses, resolved->addresses, sizeof work->addresses);
    work->count = resolved->count;
    ask_next(dates, work);
    if (work->question.all) {
        ask_all(dates, work);
        work->count = 1;
    }
}

size_t dates_poll(const struct dates *dates, struct pollfd fds[static DATES_AT_ONCE],
                  struct duration *timeout)
{
    size_t count = 0;

    for (unsigned i = 0; i < DATES_AT_ONCE; i++) {
        const struct date_work *work = &dates->work[i];

        if (work->used && fetch_poll(&work->fetch, &fds[count])) {
            struct duration wait = fetch_wait(&work->fetch, clock_steady());

            *timeout = wait.ns < timeout->ns ? wait : *timeout;
            count++;
        }
    }
    return count;
}

void dates_work(struct dates *dates, const struct pollfd *fds, size_t count)
{
    for (unsigned i = 0; i < DATES_AT_ONCE; i++) {
        struct fetch *fetch = &dates->work[i].fetch;

        for (size_t k = 0; k < count; k++) {
            if (fetch->fd >= 0 && fds[k].fd == fetch->fd) {
                fetch_work(fetch, clock_steady(), fds[k].revents != 0);
                break;
            }
        }
    }
}

bool dates_answer(struct dates *dates, struct date_answer *answer)
{
    for (unsigned i = 0; i < DATES_AT_ONCE; i++) {
        struct date_work *work = &dates->work[i];

        while (work->used && work->fetch.phase == FETCH_OVER) {
            *answer = work->fetch.answer;
            fetch_end(&work->fetch);
            if (answer->result == DATE_OK || work->next >= work->count) {
                work->used = false;
                return true;
            }
            ask_next(dates, work); /* another address of the name may be better */
        }
    }
    return false;
}

void dates_close(struct dates *dates)
{
    for (unsigned i = 0; i < DATES_AT_ONCE; i++) {
        fetch_end(&dates->work[i].fetch);
    }
}
