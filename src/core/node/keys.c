/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * keys.c - keys of NTS: asking for them, and which certificates are believed.
 *
 * A certificate is valid for a time, and the time is what is not known yet.  So certificates are
 * judged here and not where they are received.  Once UTC is known it judges them.  Before that,
 * with three servers or more, the majority of them says what time it is, and a certificate has to
 * be valid then; if this machine's clock says otherwise, keys are exchanged once more, and the
 * certificates judged at that time, before anybody is followed.  With fewer servers this machine's
 * clock judges, or the operator, by nocerttimecheck.  What had expired before the last time that
 * this machine trusted, or before the program was built, is never believed.
 */
#include <string.h>

#include "core/node/state.h"
#include "crypto/mac.h"

enum {
    VOTERS_LEAST = 3,    /* fewer can't outvote a liar */
    VOTE_PATIENCE_S = 4, /* from the first usable server on: others are slower */
    VOTE_GIVE_UP_S = 64, /* most servers don't answer: this machine's clock has to judge */
};

bool node_unproven(const struct slot *slot)
{
    return slot->association.nts != NULL && !slot->association.nts->proven;
}

/* The time at which a certificate has to be valid; 0: not known. */
static struct utc_time time_of_proof(const struct node *node, struct mono_time raw)
{
    if (node->have_utc) {
        return node_utc_at(node, raw);
    }
    return (struct utc_time){node->vouched ? node->vouched_ns + raw.ns : 0};
}

void node_get_keys(struct node *node, const struct clock_reading *now, uint16_t index,
                   struct actions *out)
{
    static const uint16_t usual[] = {AEAD_AES_SIV_CMAC_256, AEAD_AES_128_GCM_SIV};
    const bool chosen = node->options->nts_aead_count > 0;
    struct slot *slot = &node->slots[index];
    const struct source_options *options = &node->entries[slot->entry].options;
    struct nts *nts = slot->association.nts;
    struct action_get_keys *get;

    if (nts == NULL || !slot->association.online) {
        return;
    }
    if (nts_time_out(nts, now->raw)) {
        node->judge_now = true;
    }
    if (!nts_due(nts, now->raw)) {
        return;
    }
    get = &actions_add(out, ACTION_GET_KEYS)->get_keys;
    memset(get, 0, sizeof *get);
    node->next_query += node->next_query == UINT32_MAX ? 2 : 1;
    get->association = index;
    get->kept_will_do = !nts->saved_tried;
    get->question.query = node->next_query;
    get->question.cert_set = options->cert_set;
    get->question.server = slot->resolved;
    get->question.server.port = options->nts_port;
    get->question.ntp_port = slot->resolved.port;
    get->question.at = time_of_proof(node, now->raw);
    memcpy(get->question.name, options->name, sizeof get->question.name);
    get->question.algorithm_count =
        chosen ? node->options->nts_aead_count : sizeof usual / sizeof *usual;
    memcpy(get->question.algorithms, chosen ? node->options->nts_aeads : usual, sizeof usual);
    nts->proof_asked = get->question.at.ns != 0 && !get->kept_will_do;
    nts_asked(nts, get->question.query, now->raw);
}

/* Of which association; NULL: of none that waits for it. */
static struct slot *find_query(struct node *node, uint32_t query)
{
    for (size_t i = 0; i < node->used_end; i++) {
        struct slot *slot = &node->slots[i];

        if (slot->used && slot->association.nts != NULL && query != 0 &&
            slot->association.nts->query == query) {
            return slot;
        }
    }
    return NULL;
}

static bool is_for(const struct node *node, const struct slot *slot,
                   const struct keys_answer *answer)
{
    const struct source_options *options = &node->entries[slot->entry].options;

    return strncmp(answer->name, options->name, sizeof answer->name) == 0 &&
           address_equal(&answer->asked, &slot->resolved) &&
           answer->asked.port == options->nts_port;
}

void node_take_keys(struct node *node, const struct clock_reading *now,
                    const struct keys_answer *answer, struct actions *out)
{
    struct slot *slot = find_query(node, answer->query);
    struct nts *nts;
    struct log_event *log;
    uint16_t index;

    if (slot == NULL) {
        return;
    }
    index = (uint16_t)(slot - node->slots);
    nts = slot->association.nts;
    node->judge_now = true;
    if (answer->result == KEYS_OK && !is_for(node, slot, answer)) {
        /* Keys that were kept for another line. */
        const struct keys_answer none = {.query = answer->query, .result = KEYS_NONE};

        nts_take(nts, &none, now->raw, node_best_utc(node, now->raw), 0);
        return;
    }
    if (nts_take(nts, answer, now->raw, node_best_utc(node, now->raw), node_random(node))) {
        nts->proven = nts->proof_asked;
        if (association_keyed(&slot->association, &answer->server, now->raw)) {
            node_begin_estimate(node, slot);
        }
        node->keys_exchanged += answer->made.ns == 0; /* not those kept over a restart */
        log = node_log(out, LOG_EVENT_KEYS_EXCHANGED, index);
        log->value[0] = (double)answer->took_us * 1e-6;
        log->value[1] = answer->cookie_count;
    } else if (answer->result != KEYS_NONE) {
        node->keys_failed++;
        log = node_log(out, LOG_EVENT_KEYS_FAILED, index);
        log->value[0] = answer->result;
        log->value[1] = mono_diff_s(nts_deadline(nts), now->raw);
    }
}

static void believe(struct node *node, struct slot *slot)
{
    slot->association.nts->proven = true;
    node->judge_now = true;
}

/* By a clock: UTC if it is known, else this machine's. */
static void prove_by_clock(struct node *node, const struct clock_reading *now, bool any_time,
                           struct actions *out)
{
    struct utc_time clock = node_best_utc(node, now->raw);
    struct utc_time floor = node->setup.not_before;
    struct log_event *log;

    for (size_t i = 0; i < node->used_end; i++) {
        struct slot *slot = &node->slots[i];
        struct nts *nts = slot->association.nts;

        if (!slot->used || !node_unproven(slot) || !nts->have_keys) {
            continue;
        }
        if ((any_time && nts->valid_until.ns >= floor.ns) ||
            (clock.ns >= floor.ns && nts_valid_at(nts, clock))) {
            believe(node, slot);
        } else if (node->have_utc) {
            nts_reject(nts, clock);
            log = node_log(out, LOG_EVENT_KEYS_FAILED, (uint16_t)i);
            log->value[0] = nts->result;
            log->value[1] = mono_diff_s(nts_deadline(nts), now->raw);
        } else if (!nts->doubt_told) {
            nts->doubt_told = true;
            node_log(out, LOG_EVENT_CERTIFICATE_TIME, (uint16_t)i);
        }
    }
}

/* What a vote is held among. */
struct vote {
    size_t count;     /* candidates, in node->candidates */
    unsigned usable;  /* of them, with something to say */
    unsigned sources; /* with NTS, whether they answer or not */
};

/* Those that only their unproven certificates keep from being followed may vote. */
static struct vote gather(struct node *node, const struct clock_reading *now)
{
    struct vote vote = {0};

    for (size_t i = 0; i < node->used_end && vote.count < SELECTION_SOURCES_MAX; i++) {
        const struct slot *slot = &node->slots[i];
        struct candidate *candidate = &node->candidates[vote.count];

        if (!slot->used || slot->association.nts == NULL || slot->retiring ||
            !slot->association.online) {
            continue;
        }
        vote.sources++;
        node_fill_candidate(node, (uint16_t)i, now->raw, candidate);
        candidate->noselect = candidate->require = candidate->trust = false;
        if (candidate->state == SOURCE_CERT_TIME &&
            slot->association.nts->valid_until.ns >= node->setup.not_before.ns) {
            candidate->state = SOURCE_TRUECHIMER;
            candidate->usable = true;
        }
        vote.usable += candidate->usable;
        node->candidate_slot[vote.count++] = (uint16_t)i;
    }
    return vote;
}

static bool agrees(const struct candidate *candidate)
{
    return candidate->usable &&
           (candidate->state == SOURCE_SELECTED || candidate->state == SOURCE_COMBINED ||
            candidate->state == SOURCE_TRUECHIMER);
}

/* Of those that agree, how many have certificates that are valid at the time they agree on. */
static unsigned count_valid(const struct node *node, const struct vote *vote, struct utc_time time)
{
    unsigned valid = 0;

    for (size_t i = 0; i < vote->count; i++) {
        const struct slot *slot = &node->slots[node->candidate_slot[i]];

        valid += agrees(&node->candidates[i]) && nts_valid_at(slot->association.nts, time);
    }
    return valid;
}

/* The majority has agreed: who would be believed by this clock, too, is; others show again. */
static void take_vote(struct node *node, const struct clock_reading *now, const struct vote *vote,
                      struct utc_time time, struct actions *out)
{
    struct utc_time clock = node_best_utc(node, now->raw);
    bool was_vouched = node->vouched, again = false;
    struct log_event *log;

    node->vouched = true;
    node->vouched_ns = time.ns - now->raw.ns;
    for (size_t i = 0; i < vote->count; i++) {
        struct slot *slot = &node->slots[node->candidate_slot[i]];
        struct nts *nts = slot->association.nts;

        if (!node_unproven(slot) || !agrees(&node->candidates[i]) || !nts_valid_at(nts, time)) {
            continue;
        }
        if (clock.ns >= node->setup.not_before.ns && nts_valid_at(nts, clock)) {
            believe(node, slot);
        } else {
            nts_prove(nts, now->raw);
            node->more = again = true;
        }
    }
    if (again && !was_vouched) {
        log = node_log(out, LOG_EVENT_TIME_VOUCHED, LOG_NO_SOURCE);
        log->value[0] = node->selected.agreeing;
        log->value[1] = vote->sources;
        log->value[2] = utc_diff_s(time, clock);
    }
}

/* Returns false when there are too few to ask. */
static bool prove_by_vote(struct node *node, const struct clock_reading *now, struct actions *out)
{
    struct selection_options options = node_selection_options(node);
    struct vote vote = gather(node, now);
    struct selection trial;
    struct selection_result result;

    if (vote.sources < VOTERS_LEAST) {
        return false;
    }
    if (vote.usable > 0 && !node->voting) {
        node->voting = true;
        node->voting_since = now->raw;
    }
    if (2 * vote.usable <= vote.sources) {
        return node->voting || mono_diff_s(now->raw, node->started) < VOTE_GIVE_UP_S
                   ? !node->voting || mono_diff_s(now->raw, node->voting_since) < VOTE_GIVE_UP_S
                   : false;
    }
    if (vote.usable < vote.sources && mono_diff_s(now->raw, node->voting_since) < VOTE_PATIENCE_S) {
        return true;
    }
    options.min_sources = 1;
    selection_init(&trial);
    result = selection_run(&trial, &options, node->candidates, vote.count);
    if (result.selected < 0 || 2 * result.agreeing <= vote.sources) {
        return true;
    }
    struct utc_time time = {node->base_ns + now->raw.ns +
                            duration_from_s((result.lo_s + result.hi_s) / 2).ns};
    node->selected.agreeing = result.agreeing;
    if (time.ns >= node->setup.not_before.ns && 2 * count_valid(node, &vote, time) > vote.sources) {
        take_vote(node, now, &vote, time, out);
    }
    return true;
}

void node_prove(struct node *node, const struct clock_reading *now, struct actions *out)
{
    bool any_time = !node->have_utc && node->options->no_cert_time_check > 0 &&
                    node->updates < (unsigned)node->options->no_cert_time_check;
    bool wanted = false;

    for (size_t i = 0; i < node->used_end; i++) {
        const struct slot *slot = &node->slots[i];

        wanted |= slot->used && node_unproven(slot) && slot->association.nts->have_keys;
    }
    if (!wanted) {
        return;
    }
    if (node->have_utc || any_time || !prove_by_vote(node, now, out)) {
        prove_by_clock(node, now, any_time, out);
    }
}

size_t node_saved_keys(const struct node *node, size_t from, const struct keys_answer **keys)
{
    for (size_t i = from; i < node->used_end; i++) {
        const struct slot *slot = &node->slots[i];

        if (slot->used && slot->association.nts != NULL && nts_ready(slot->association.nts)) {
            *keys = &slot->association.nts->keys;
            return i;
        }
    }
    return node->capacity;
}
