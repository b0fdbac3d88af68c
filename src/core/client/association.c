/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/client/association.h"

#include "base/must.h"

enum {
    BURST_GOOD = 4, /* usable answers that end a commanded burst */
    BURST_REQUESTS = 8,
    RETURN_GOOD = 2, /* after an outage */
    RETURN_REQUESTS = 4,
    DENIALS_MAX = 6, /* doublings of the silence: 2 h to 5 days */
};

static const int64_t hour_ns = 3600 * NS_PER_S;
static const int64_t denial_ns = 2 * 3600 * NS_PER_S;

void association_init(struct association *association, const struct association_start *start)
{
    *association = (struct association){
        .options = start->options,
        .key = start->key,
        .nts = start->nts,
        .address = start->address,
        .online = !start->options->offline,
        .hour = start->now.ns / hour_ns,
    };
    exchange_init(&association->exchange);
    schedule_init(&association->schedule, &(struct schedule_start){
                                              .options = start->options,
                                              .now = start->now,
                                              .private_path = address_is_private(&start->address),
                                              .phase_ns = start->phase_ns,
                                              .random = start->random,
                                          });
}

void association_options(struct association *association, const struct source_options *options,
                         struct mono_time now)
{
    bool was_offline = association->options->offline;

    association->options = options;
    schedule_options(&association->schedule, options);
    /* A command may have said otherwise since: only a change of the line counts. */
    if (options->offline != was_offline) {
        association_set_online(association, !options->offline, now);
    }
}

bool association_lacks_key(const struct association *association)
{
    return association->options->key != 0 && association->key == NULL;
}

bool association_doubted(const struct association *association)
{
    return association->silent > 0 && association->doubted != 0 &&
           association->asked - association->doubted <= 1;
}

void association_set_key(struct association *association, const struct mac_key *key,
                         struct mono_time now)
{
    bool lacked = association_lacks_key(association);

    association->key = key;
    if (lacked && key != NULL && association->online) {
        schedule_soon(&association->schedule, now);
    }
}

/* Nothing can be asked: what would authenticate it is missing. */
static bool is_mute(const struct association *association)
{
    return association_lacks_key(association) ||
           (association->nts != NULL && !nts_ready(association->nts));
}

bool association_keyed(struct association *association, const struct address *address,
                       struct mono_time now)
{
    bool moved = address->port != association->address.port ||
                 !address_equal(address, &association->address);

    if (moved) {
        association->address = *address;
        association->moved = true;
        association->granted = false;
        exchange_init(&association->exchange);
    }
    if (association->online) {
        schedule_soon(&association->schedule, now);
    }
    return moved;
}

static struct mono_time poll_deadline(const struct association *association)
{
    struct mono_time poll = association->schedule.next;

    if (association->denied) {
        poll = association->denied_until;
    } else if (association->granted && poll.ns < association->grant.ns) {
        poll = association->grant;
    }
    return is_mute(association) ? (struct mono_time){INT64_MAX} : poll;
}

struct mono_time association_deadline(const struct association *association)
{
    struct mono_time deadline = exchange_deadline(&association->exchange);

    if (!association->online) {
        return deadline;
    }
    if (association->nts != NULL) {
        deadline = mono_min(deadline, nts_deadline(association->nts));
    }
    return mono_min(poll_deadline(association), deadline);
}

static struct source_hour *hour_at(struct association *association, struct mono_time now)
{
    int64_t hour = now.ns / hour_ns;

    if (hour - association->hour > HISTORY_HOURS) {
        association->hour = hour - HISTORY_HOURS;
    }
    while (association->hour < hour) {
        association->hour++;
        association->hours[association->hour % HISTORY_HOURS] = (struct source_hour){0};
    }
    return &association->hours[association->hour % HISTORY_HOURS];
}

void association_hours(const struct association *association, struct mono_time now,
                       struct source_hour hours[static HISTORY_HOURS])
{
    int64_t ahead = now.ns / hour_ns - association->hour;

    for (int64_t i = 0; i < HISTORY_HOURS; i++) {
        int64_t back = i - ahead;
        int64_t hour = association->hour - back;

        hours[i] = back >= 0 && hour >= 0 ? association->hours[hour % HISTORY_HOURS]
                                          : (struct source_hour){0};
    }
}

static void count_request(struct association *association, struct mono_time now)
{
    struct source_hour *hour = hour_at(association, now);

    if (hour->sent < UINT16_MAX) {
        hour->sent++;
    }
    if (association->awaiting) {
        association->silent++;
    }
    association->awaiting = true;
    association->asked++;
    association->reach = (uint16_t)(association->reach << 1);
}

/* May a request leave now?  Asks the budget once; its answer stays valid for a moment. */
static bool budget_allows(struct association *association, struct budget *budget,
                          struct mono_time now)
{
    if (!association->granted || now.ns > association->grant.ns + BUDGET_GRACE_NS) {
        association->grant = budget_reserve(budget, &association->address, now);
        association->granted = true;
    }
    return now.ns >= association->grant.ns;
}

enum association_poll association_poll(struct association *association, struct budget *budget,
                                       struct mono_time now,
                                       const uint64_t random[static ASSOCIATION_RANDOM],
                                       struct association_send *send)
{
    const struct source_options *options = association->options;
    struct schedule *schedule = &association->schedule;

    if (!association->online || is_mute(association) ||
        (association->denied && now.ns < association->denied_until.ns)) {
        return ASSOCIATION_IDLE;
    }
    if (association->denied) {
        association->denied = false;
        schedule->next = mono_min(schedule->next, now);
    }
    if (now.ns < schedule->next.ns) {
        return ASSOCIATION_IDLE;
    }
    if (association->nts != NULL) {
        nts_prepare(association->nts);
        if (!nts_ready(association->nts)) {
            return ASSOCIATION_IDLE;
        }
    }
    if (!budget_allows(association, budget, now)) {
        return ASSOCIATION_WAITS;
    }
    association->granted = false;

    bool presend = schedule_presends(schedule);
    uint8_t version = options->version != 0 && association->nts == NULL ? options->version : 4;
    if (!presend) {
        count_request(association, now);
    }
    send->sequence = exchange_ask(&association->exchange,
                                  &(struct exchange_request){
                                      .version = version,
                                      .interleaved = options->xleave && !presend,
                                      .presend = presend,
                                      .random = {random[0], random[1]},
                                  },
                                  now, send->bytes);
    send->size = NTP_HEADER_SIZE;
    if (association->key != NULL) {
        send->size = (uint16_t)ntp_mac_put(association->key, version, send->bytes, send->size);
    } else if (association->nts != NULL) {
        send->size =
            (uint16_t)nts_protect(association->nts, send->sequence, random + 2, send->bytes);
    }
    association->asked_at[send->sequence % EXCHANGE_PENDING] = association->asked;
    association->sent++;
    send->fresh_socket = association->moved || (!presend && association->silent > 0 &&
                                                association->silent % ASSOCIATION_SILENT_MAX == 0);
    association->moved = false;
    schedule_sent(schedule, now, association->silent);
    return ASSOCIATION_SENDS;
}

void association_send_failed(struct association *association)
{
    association->send_errors++;
}

/* KoD packets are obeyed at once and remembered (RFC 5905, section 7.4). */
static void obey_kiss(struct association *association, const struct exchange_result *result,
                      struct mono_time now)
{
    if (result->reason != DROP_KOD_RATE && result->reason != DROP_KOD_DENY &&
        result->reason != DROP_KOD_OTHER) {
        return;
    }
    association->kod++;
    if (result->reason == DROP_KOD_DENY) {
        struct duration silence = {denial_ns << association->denials};

        if (association->denials < DENIALS_MAX) {
            association->denials++;
        }
        association->denied = true;
        association->denied_until = mono_add(now, silence);
    }
    /* Several requests may have been under way: they are one offence. */
    if (result->reason == DROP_KOD_RATE &&
        (!association->rate_limited || result->asked.ns > association->rate_raised.ns)) {
        association->rate_limited = true;
        association->rate_raised = now;
        schedule_rate_limited(&association->schedule, now);
    }
}

/* Something came from the server itself: it is there, whatever it says. */
static void count_answer(struct association *association, const struct exchange_result *result,
                         struct mono_time now)
{
    struct source_hour *hour = hour_at(association, now);

    association->last = result->packet;
    association->last_answer = now;
    association->last_reason = (uint8_t)result->reason;
    association->silent = 0;
    if (result->presend) {
        return;
    }
    if (hour->answered < hour->sent) {
        hour->answered++;
    }
    uint32_t behind =
        association->asked - association->asked_at[result->sequence % EXCHANGE_PENDING];
    if (behind == 0) {
        association->awaiting = false;
    }
    if (behind < 16 && result->outcome != EXCHANGE_DROPPED) {
        association->reach |= (uint16_t)(1U << behind);
    }
}

/* A server that can be used (again): learn its clock quickly. */
static void welcome(struct association *association, bool was_unreachable, struct mono_time now)
{
    association->denials = 0;
    if (!association->usable && association->asked > ASSOCIATION_SILENT_MAX) {
        schedule_restart(&association->schedule, now, 0);
    } else if (was_unreachable) {
        schedule_burst(&association->schedule, now, RETURN_GOOD, RETURN_REQUESTS);
    }
    association->usable = true;
}

static bool of_authentication(enum drop_reason reason)
{
    return reason == DROP_UNAUTHENTICATED || reason == DROP_BAD_MAC || reason == DROP_CRYPTO_NAK ||
           reason == DROP_NTS_FORGED;
}

static void count_sample(struct association *association, const struct exchange_result *result,
                         struct mono_time now)
{
    if (result->outcome == EXCHANGE_DROPPED) {
        if (of_authentication(result->reason)) {
            association->doubted = association->asked;
        }
        association->drops[result->reason]++;
        association->last_drop = (uint8_t)result->reason;
    } else if (result->outcome == EXCHANGE_SAMPLE) {
        association->accepted++;
        association->last_sample = now;
        association->sampled = true;
    }
}

struct exchange_result association_receive(struct association *association,
                                           const struct exchange_limits *limits,
                                           const uint8_t *bytes, size_t size,
                                           const struct local_stamp *received)
{
    bool was_unreachable = association_unreachable(association);
    struct mono_time now = received->at;
    struct exchange_result result;

    must(limits->options == association->options);
    association->received++;
    if (association->nts != NULL) {
        /* First: whatever is not authentic must not be taken for the answer to a request. */
        result = (struct exchange_result){.outcome = EXCHANGE_DROPPED,
                                          .reason = nts_check(association->nts, bytes, size)};
        if (result.reason != DROP_NONE) {
            count_sample(association, &result, now);
            return result;
        }
    }
    result = exchange_receive(&association->exchange, limits, bytes, size, received);
    count_sample(association, &result, now);
    if (result.matched) {
        count_answer(association, &result, now);
        obey_kiss(association, &result, now);
    }
    if (result.outcome != EXCHANGE_DROPPED) {
        welcome(association, was_unreachable, now);
    }
    return result;
}

void association_sent(struct association *association, uint32_t sequence,
                      const struct local_stamp *sent)
{
    exchange_sent(&association->exchange, sequence, sent);
}

bool association_release(struct association *association, const struct exchange_limits *limits,
                         struct mono_time now, struct exchange_result *result)
{
    must(limits->options == association->options);
    if (!exchange_release(&association->exchange, limits, now, result)) {
        return false;
    }
    count_sample(association, result, now);
    return true;
}

void association_estimated(struct association *association, struct mono_time now,
                           const struct estimate *estimate, bool suspect, double accuracy_target_s)
{
    if (suspect) {
        schedule_suspect(&association->schedule, now);
        return;
    }
    schedule_good(&association->schedule);
    schedule_adapt(&association->schedule, estimate, accuracy_target_s);
}

void association_set_online(struct association *association, bool online, struct mono_time now)
{
    if (online && !association->online) {
        schedule_soon(&association->schedule, now);
        association->silent = 0;
        association->awaiting = false;
    }
    association->online = online;
}

bool association_burst_of(struct association *association, uint8_t good, uint8_t requests,
                          struct mono_time now)
{
    if (!association->online || association->denied || association->rate_limited) {
        return false;
    }
    schedule_burst(&association->schedule, now, good, requests);
    return true;
}

bool association_burst(struct association *association, struct mono_time now)
{
    return association_burst_of(association, BURST_GOOD, BURST_REQUESTS, now);
}

void association_network(struct association *association, struct mono_time now)
{
    if (association->nts != NULL) {
        nts_soon(association->nts, now);
    }
    /* Who answers needs nothing: a thousand interfaces may come and go. */
    if (association->silent > 0 || !association->usable) {
        schedule_soon(&association->schedule, now);
    }
}

void association_restart(struct association *association, struct mono_time now, uint64_t random)
{
    schedule_restart(&association->schedule, now, random);
}

bool association_unreachable(const struct association *association)
{
    return association->silent >= ASSOCIATION_SILENT_MAX;
}

bool association_denied(const struct association *association)
{
    return association->denied;
}

struct association_kod association_kod(const struct association *association, struct mono_time now)
{
    struct association_kod kod = {
        .rate_limited = association->rate_limited,
        .poll_floor = association->schedule.rate_floor,
        .denials = association->denials,
    };

    if (association->denied && association->denied_until.ns > now.ns) {
        kod.silence = mono_sub(association->denied_until, now);
    }
    return kod;
}

void association_restore_kod(struct association *association, const struct association_kod *kod,
                             struct mono_time now)
{
    if (kod->rate_limited) {
        association->rate_limited = true;
        association->rate_raised = now;
        schedule_restore_floor(&association->schedule, kod->poll_floor);
    }
    association->denials = kod->denials < DENIALS_MAX ? kod->denials : DENIALS_MAX;
    if (kod->silence.ns > 0) {
        association->denied = true;
        association->denied_until = mono_add(now, kod->silence);
    }
}
