/* SPDX-License-Identifier: BSD-2-Clause */
#include "helper/finder.h"

#include <stdlib.h>
#include <string.h>

#include "base/must.h"
#include "helper/dns_reply.h"

enum {
    OF_A_LEAD = 4, /* addresses */
    SETTLE_MS = 200,
    SETTLE_MOST_MS = 16000,
};

enum job_state {
    JOB_FREE,
    JOB_NAME,    /* the question is dns.c's */
    JOB_SERVICE, /* so is its first part */
    JOB_LEADS,   /* names of servers are being looked up */
    JOB_DONE,
};

/* What became of a lead. */
struct outcome {
    bool asked, answered;
    uint8_t count;
    uint8_t flags;
    uint32_t ttl_s;
    enum resolve_result result;
    struct address addresses[OF_A_LEAD];
};

struct job {
    enum job_state state;
    struct resolve_question question;
    struct resolve_answer answer;
    struct leads leads;
    struct outcome outcomes[LEADS_MAX];
};

/* A method's last answer, as long as it may change by itself. */
struct followed {
    bool used, changed;
    uint32_t query;
    struct leads leads;
};

struct finder {
    struct dns *dns;
    struct finder_places places;
    struct job jobs[FINDER_QUESTIONS];
    struct followed followed[RESOLVE_METHOD_COUNT];
    struct steady_time look; /* when to look what has changed; 0: nothing has */
    struct steady_time looked;
    int64_t settle_ms;
    /* Of the last finder_poll(): how many descriptors are of DNS, and whether the next is of a
     * place that is asked; then comes the watch. */
    size_t of_dns;
    bool asking;
};

struct finder *finder_open(struct dns *dns, const struct finder_places *places)
{
    struct finder *finder = calloc(1, sizeof *finder);

    if (finder != NULL) {
        finder->dns = dns;
        finder->places = *places;
        finder->settle_ms = SETTLE_MS;
    }
    return finder;
}

void finder_close(struct finder *finder)
{
    free(finder);
}

/* A job that is free; FINDER_QUESTIONS: there is none. */
static size_t free_job(const struct finder *finder)
{
    size_t i = 0;

    while (i < FINDER_QUESTIONS && finder->jobs[i].state != JOB_FREE) {
        i++;
    }
    return i;
}

bool finder_has_room(const struct finder *finder)
{
    return free_job(finder) < FINDER_QUESTIONS && dns_has_room(finder->dns);
}

/* Questions of ours to dns.c: which job, and which of its leads. */
static uint32_t number_of(const struct finder *finder, const struct job *job, size_t lead)
{
    return (uint32_t)((size_t)(job - finder->jobs) * LEADS_MAX + lead);
}

static void ask_dns(struct finder *finder, struct job *job, size_t lead, struct steady_time now)
{
    struct resolve_question question = job->question;

    question.query = number_of(finder, job, lead);
    if (job->state == JOB_LEADS) {
        question.method = RESOLVE_ADDRESSES;
        memcpy(question.name, job->leads.at[lead].host, sizeof question.name);
    }
    dns_ask(finder->dns, &question, now);
}

static void take_literal(struct outcome *outcome, const struct address *address, uint8_t family)
{
    outcome->asked = outcome->answered = true;
    outcome->result = RESOLVE_NO_DATA;
    if (family == ADDRESS_NONE || family == address->family) {
        outcome->result = RESOLVE_OK;
        outcome->addresses[0] = *address;
        outcome->count = 1;
        outcome->ttl_s = LEADS_INTERVAL_S;
    }
}

/* Addresses at once; names as far as there is room. */
static void ask_leads(struct finder *finder, struct job *job, struct steady_time now)
{
    for (size_t i = 0; i < job->leads.count; i++) {
        struct outcome *outcome = &job->outcomes[i];
        struct address address;

        if (outcome->asked) {
            continue;
        }
        if (address_parse(&address, job->leads.at[i].host)) {
            take_literal(outcome, &address, job->question.family);
        } else if (dns_has_room(finder->dns)) {
            outcome->asked = true;
            ask_dns(finder, job, i, now);
        }
    }
}

static void add_outcome(struct job *job, size_t lead, uint8_t nth)
{
    const struct outcome *outcome = &job->outcomes[lead];
    struct resolve_answer *answer = &job->answer;
    struct address address;
    uint8_t before = answer->count;

    if (nth >= outcome->count) {
        return;
    }
    address = outcome->addresses[nth];
    dns_add_address(answer, &address, outcome->ttl_s);
    if (answer->count > before) {
        answer->found[before] = job->leads.at[lead].found;
        answer->found[before].spare = nth > 0;
        answer->addresses[before].port = job->leads.at[lead].port;
        answer->flags |= outcome->flags;
    }
}

/* Of leads that rank alike, the first address of each, then the others. */
static void merge(struct job *job)
{
    for (size_t from = 0, to; from < job->leads.count; from = to) {
        uint16_t priority = job->leads.at[from].found.priority;

        for (to = from; to < job->leads.count && job->leads.at[to].found.priority == priority;) {
            to++;
        }
        for (uint8_t nth = 0; nth < OF_A_LEAD; nth++) {
            for (size_t i = from; i < to; i++) {
                add_outcome(job, i, nth);
            }
        }
    }
}

/* When all is answered: what they say together. */
static void finish(struct job *job)
{
    enum resolve_result worst = RESOLVE_NO_DATA;
    uint32_t limit_s = job->answer.ttl_s;

    for (size_t i = 0; i < job->leads.count; i++) {
        if (!job->outcomes[i].answered) {
            return;
        }
        if (job->outcomes[i].result >= RESOLVE_FAILED) {
            worst = job->outcomes[i].result;
        }
    }
    merge(job);
    job->answer.result = job->answer.count > 0 ? RESOLVE_OK : worst;
    if (job->answer.count > 0 && limit_s < job->answer.ttl_s) {
        job->answer.ttl_s = limit_s;
    }
    if (job->answer.count == 0) {
        job->answer.ttl_s = 0;
        job->answer.flags = 0;
    }
    job->state = JOB_DONE;
}

static void look_around(const struct finder *finder, uint8_t method, struct leads *leads)
{
    const struct finder_places *places = &finder->places;

    leads->count = 0;
    if (method == RESOLVE_DHCP || method == RESOLVE_AUTO) {
        places->dhcp(places->context, leads);
    }
    if (method == RESOLVE_CLOUD || (method == RESOLVE_AUTO && leads->count == 0)) {
        places->cloud(places->context, method == RESOLVE_AUTO, leads);
    }
}

void finder_ask(struct finder *finder, const struct resolve_question *question,
                struct steady_time now)
{
    must(finder_has_room(finder));
    struct job *job = &finder->jobs[free_job(finder)];

    memset(job, 0, sizeof *job);
    job->question = *question;
    job->answer.query = question->query;
    if (question->method == RESOLVE_ADDRESSES || question->method == RESOLVE_SRV) {
        job->state = question->method == RESOLVE_SRV ? JOB_SERVICE : JOB_NAME;
        ask_dns(finder, job, 0, now);
        return;
    }
    struct followed *followed = &finder->followed[question->method];
    look_around(finder, question->method, &job->leads);
    followed->used = true;
    followed->changed = false;
    followed->query = question->query;
    followed->leads = job->leads;
    job->state = JOB_LEADS;
    job->answer.ttl_s = LEADS_INTERVAL_S;
    ask_leads(finder, job, now);
    finish(job);
}

/* --- what DNS says ------------------------------------------------------------------------- */

static void take_service(struct finder *finder, const struct dns_targets *targets,
                         struct steady_time now)
{
    struct job *job = &finder->jobs[targets->query / LEADS_MAX % FINDER_QUESTIONS];

    if (job->state != JOB_SERVICE) {
        return;
    }
    if (targets->result != RESOLVE_OK) {
        job->answer.result = targets->result;
        job->state = JOB_DONE;
        return;
    }
    for (uint8_t i = 0; i < targets->count; i++) {
        const struct dns_target *target = &targets->at[i];
        const struct found found = {
            .how = FOUND_SRV, .priority = target->priority, .weight = target->weight};

        if (leads_add(&job->leads, target->host, &found)) {
            job->leads.at[job->leads.count - 1].port = target->port;
        }
    }
    job->state = JOB_LEADS;
    job->answer.ttl_s = targets->ttl_s;
    job->answer.flags = targets->flags;
    ask_leads(finder, job, now);
    finish(job);
}

static void take_lead(struct job *job, size_t lead, const struct resolve_answer *answer)
{
    struct outcome *outcome = &job->outcomes[lead];

    outcome->answered = true;
    outcome->result = answer->result;
    outcome->ttl_s = answer->ttl_s;
    outcome->flags = answer->flags;
    for (uint8_t i = 0; i < answer->count && i < OF_A_LEAD; i++) {
        outcome->addresses[outcome->count++] = answer->addresses[i];
    }
}

static void take_answer(struct finder *finder, const struct resolve_answer *answer)
{
    struct job *job = &finder->jobs[answer->query / LEADS_MAX % FINDER_QUESTIONS];
    size_t lead = answer->query % LEADS_MAX;

    if (job->state == JOB_NAME) {
        uint32_t query = job->question.query;

        job->answer = *answer;
        job->answer.query = query;
        job->state = JOB_DONE;
    } else if (job->state == JOB_LEADS && lead < job->leads.count) {
        take_lead(job, lead, answer);
        finish(job);
    }
}

/* --- waiting ------------------------------------------------------------------------------- */

size_t finder_poll(struct finder *finder, struct steady_time now,
                   struct pollfd fds[static FINDER_POLLFDS], struct duration *timeout)
{
    const struct finder_places *places = &finder->places;
    size_t count = dns_poll(finder->dns, now, fds, timeout);

    finder->of_dns = count;
    finder->asking =
        places->poll != NULL && places->poll(places->context, now, fds + count, timeout);
    count += finder->asking;
    if (finder->look.ns != 0) {
        int64_t left_ns = finder->look.ns - now.ns;

        left_ns = left_ns > 0 ? left_ns : 0;
        timeout->ns = timeout->ns < 0 || left_ns < timeout->ns ? left_ns : timeout->ns;
    } else if (finder->places.watch >= 0) {
        fds[count++] = (struct pollfd){.fd = finder->places.watch, .events = POLLIN};
    }
    return count;
}

/*
 * A change comes as many events: they are looked at together, and while they go on without meaning
 * anything (interfaces of containers), ever more seldom.
 */
static void look_what_changed(struct finder *finder, struct steady_time now)
{
    bool some = false;

    finder->look.ns = 0;
    finder->looked = now;
    finder->places.watched(finder->places.context);
    for (uint8_t method = RESOLVE_DHCP; method < RESOLVE_METHOD_COUNT; method++) {
        struct followed *followed = &finder->followed[method];
        struct leads leads;

        if (!followed->used) {
            continue;
        }
        look_around(finder, method, &leads);
        if (!leads_equal(&leads, &followed->leads)) {
            followed->leads = leads;
            followed->changed = true;
            some = true;
        }
    }
    finder->settle_ms = some                                      ? SETTLE_MS
                        : finder->settle_ms * 2 <= SETTLE_MOST_MS ? finder->settle_ms * 2
                                                                  : SETTLE_MOST_MS;
}

static void see_watch(struct finder *finder, struct steady_time now)
{
    /* After a time of quiet the first change is soon looked at again. */
    if (now.ns - finder->looked.ns > 4 * finder->settle_ms * 1000000) {
        finder->settle_ms = SETTLE_MS;
    }
    finder->look.ns = now.ns + finder->settle_ms * 1000000;
}

void finder_work(struct finder *finder, struct steady_time now, const struct pollfd *fds,
                 size_t count)
{
    struct resolve_answer answer;
    struct dns_targets targets;
    size_t watch = finder->of_dns + finder->asking;

    must(finder->of_dns <= count);
    if (watch < count && fds[watch].revents != 0) {
        see_watch(finder, now);
    }
    if (finder->asking &&
        finder->places.work(finder->places.context, now, fds[finder->of_dns].revents != 0)) {
        finder->look = now;
    }
    if (finder->look.ns != 0 && now.ns >= finder->look.ns) {
        look_what_changed(finder, now);
    }
    dns_work(finder->dns, now, fds, finder->of_dns);
    while (dns_take_targets(finder->dns, &targets)) {
        take_service(finder, &targets, now);
    }
    while (dns_answer(finder->dns, &answer)) {
        take_answer(finder, &answer);
    }
    for (size_t i = 0; i < FINDER_QUESTIONS; i++) {
        if (finder->jobs[i].state == JOB_LEADS) {
            ask_leads(finder, &finder->jobs[i], now);
            finish(&finder->jobs[i]);
        }
    }
}

bool finder_answer(struct finder *finder, struct resolve_answer *answer)
{
    for (size_t i = 0; i < FINDER_QUESTIONS; i++) {
        struct job *job = &finder->jobs[i];

        if (job->state == JOB_DONE) {
            *answer = job->answer;
            job->state = JOB_FREE;
            return true;
        }
    }
    for (size_t i = 0; i < RESOLVE_METHOD_COUNT; i++) {
        struct followed *followed = &finder->followed[i];

        if (followed->used && followed->changed) {
            followed->changed = false;
            *answer = (struct resolve_answer){.query = followed->query, .result = RESOLVE_CHANGED};
            return true;
        }
    }
    return false;
}
