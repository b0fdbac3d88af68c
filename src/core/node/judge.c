/* SPDX-License-Identifier: BSD-2-Clause */
/* judge.c - from the estimates of all sources to one estimate of UTC, a state and its reason. */
#include <math.h>
#include <string.h>

#include "base/fmath.h"
#include "core/node/state.h"
#include "wire/refid.h"

enum {
    USABLE_SAMPLES = 2,   /* an estimate needs that many */
    DOUBTED_SOURCES = 3,  /* fewer cannot outvote a liar anyway */
    PAUSE_SEEN_S = 2048,  /* after a pause every source has been asked within that */
    FIRST_PATIENCE_S = 4, /* so long the first correction waits for sources that are slower */
};

/* Before a frequency is known that well, its changes are no unrest of the oscillator's. */
static const double known_freq_sd = 1e-7;

/* Is there anything to hope for from a source that has not given two samples yet? */
static bool is_pending(const struct slot *slot, struct mono_time now)
{
    const struct association *association = &slot->association;

    return association->online && !association_denied(association) &&
           !(slot->has_estimate && slot->estimator.count >= USABLE_SAMPLES) &&
           association->last_reason != DROP_UNSYNCHRONISED &&
           mono_diff_s(now, slot->opened) < 2 * FIRST_PATIENCE_S && association->silent < 3;
}

/*
 * The first correction may be a step, so it waits until the sources that answer can outvote a
 * liar who happens to be the quickest.
 */
static bool first_must_wait(struct node *node, struct mono_time now)
{
    bool pending = false, usable = false;

    if (node->have_utc) {
        return false;
    }
    for (size_t i = 0; i < node->used_end; i++) {
        const struct slot *slot = &node->slots[i];
        const struct entry *entry = &node->entries[i];

        pending |= slot->used && is_pending(slot, now);
        usable |= slot->used && slot->has_estimate;
        pending |= entry->used && entry->query != 0 &&
                   mono_diff_s(now, entry->query_sent) < FIRST_PATIENCE_S;
    }
    if (usable && !node->saw_usable) {
        node->saw_usable = true;
        node->first_usable = now;
    }
    return pending && node->saw_usable && mono_diff_s(now, node->first_usable) < FIRST_PATIENCE_S;
}

/* What a source is before others are looked at; SOURCE_TRUECHIMER: nothing speaks against it. */
static enum source_state own_state(const struct node *node, const struct slot *slot)
{
    const struct association *association = &slot->association;

    if (!association->online) {
        return SOURCE_OFFLINE;
    }
    if (association_denied(association)) {
        return SOURCE_KOD;
    }
    if (association_lacks_key(association)) {
        return SOURCE_NO_KEY;
    }
    if (association->nts != NULL && !nts_ready(association->nts)) {
        return SOURCE_KEY_EXCHANGE;
    }
    if (association_doubted(association)) {
        return SOURCE_UNAUTHENTICATED;
    }
    if (association_unreachable(association)) {
        return SOURCE_UNREACHABLE;
    }
    if (slot_answered(slot) && association->last_reason == DROP_UNSYNCHRONISED) {
        return SOURCE_UNSYNCHRONISED;
    }
    if (slot_answered(slot) && association->reach == 0) {
        return SOURCE_BAD;
    }
    if (slot->estimator.jump.count > 0) {
        return SOURCE_JUMPED;
    }
    if (!slot->has_estimate || slot->estimator.count < USABLE_SAMPLES) {
        return SOURCE_MEASURING;
    }
    /* A kiss of death has none. */
    if (slot->association.last.stratum != 0 &&
        (slot->association.last.stratum < node->options->min_stratum ||
         slot->association.last.stratum > node->options->max_stratum)) {
        return SOURCE_STRATUM;
    }
    if (slot->half_width_s > node->options->max_distance_s ||
        slot->estimate.jitter_s > node->options->max_jitter_s) {
        return SOURCE_TOO_FAR;
    }
    return SOURCE_TRUECHIMER;
}

void node_fill_candidate(struct node *node, uint16_t index, struct mono_time now,
                         struct candidate *candidate)
{
    struct slot *slot = &node->slots[index];
    const struct source_options *options = &node->entries[slot->entry].options;
    const struct bound_growth growth = {node->options->max_clock_error_s_per_s,
                                        node->setup.precision_s};
    enum source_state state;

    *candidate = (struct candidate){
        .id = index,
        .stratum = slot->association.last.stratum,
        .leap = slot->association.last.leap,
        .prefer = options->prefer,
        .noselect = options->noselect,
        .trust = options->trust,
        .require = options->require,
        .bias = &slot->bias,
        .company = &slot->company,
    };
    if (slot->has_estimate) {
        slot->half_width_s = estimate_half_width(&slot->estimate, now, &growth);
        candidate_fill(candidate, &slot->estimate, now, &growth);
        candidate->dispersion_s = ntp_short_to_s(slot->association.last.root_dispersion);
    }
    state = node_constrain(node, slot, now, own_state(node, slot));
    if (state == SOURCE_TRUECHIMER && node_unproven(slot)) {
        state = SOURCE_CERT_TIME;
    }
    /* A jump is not yet believed, and what was known before it still holds. */
    candidate->usable = state == SOURCE_TRUECHIMER ||
                        (state == SOURCE_JUMPED && slot->estimator.count >= USABLE_SAMPLES);
    candidate->state = (uint8_t)state;
}

/* By which others would name this machine; UINT32_MAX: not known, so anybody goes first. */
static uint32_t own_refid(const struct node *node)
{
    uint32_t least = UINT32_MAX;

    for (unsigned i = 0; i < node->own_refid_count; i++) {
        least = node->own_refids[i] < least ? node->own_refids[i] : least;
    }
    return least;
}

/*
 * `local orphan`: servers without a reference follow the one among them that has the smallest
 * reference identifier, so that a fleet without upstream agrees on one clock.  They know each other
 * by their common stratum, and whoever has a real source comes first.
 */
static void weigh_orphans(struct node *node, size_t count)
{
    const struct local_options *local = &node->options->local;
    struct candidate *first = NULL;
    uint32_t least = own_refid(node);
    bool others = false;

    if (!local->enabled || !local->orphan) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct candidate *candidate = &node->candidates[i];
        uint32_t refid;

        if (!candidate->usable || candidate->stratum < local->stratum) {
            others |= candidate->usable;
            continue;
        }
        candidate->usable = false;
        candidate->state = SOURCE_UNSYNCHRONISED;
        refid = address_refid(&node->slots[node->candidate_slot[i]].association.address);
        if (refid < least) {
            least = refid;
            first = candidate;
        }
    }
    if (first && !others) {
        first->usable = true;
        first->state = SOURCE_TRUECHIMER;
    }
}

static bool is_authenticated(const struct source_options *options)
{
    return options->nts || options->key != 0;
}

static const struct source_options *options_of(const struct node *node, size_t candidate)
{
    uint16_t slot = node->candidate_slot[candidate];
    size_t entry =
        slot == NO_SLOT ? node->candidates[candidate].id - node->capacity : node->slots[slot].entry;

    return &node->entries[entry].options;
}

/* What authselectmode says about sources that are not authenticated, beside those that are. */
static void weigh_authentication(struct node *node, size_t count)
{
    bool usable = false, some = false, others = false;

    for (size_t i = 0; i < count; i++) {
        bool authenticated = is_authenticated(options_of(node, i));

        some |= authenticated && !node->candidates[i].noselect;
        others |= !authenticated && !node->candidates[i].noselect;
        usable |= authenticated && node->candidates[i].usable && !node->candidates[i].noselect;
    }
    for (size_t i = 0; i < count; i++) {
        struct candidate *candidate = &node->candidates[i];
        bool authenticated = is_authenticated(options_of(node, i));

        switch ((enum auth_select)node->options->auth_select) {
        case AUTH_SELECT_MIX:
            candidate->trust |= authenticated && some && others;
            candidate->require |= authenticated && some && others && !candidate->noselect;
            break;
        case AUTH_SELECT_REQUIRE:
            candidate->noselect |= !authenticated;
            break;
        case AUTH_SELECT_PREFER:
            candidate->noselect |= !authenticated && usable;
            break;
        case AUTH_SELECT_IGNORE:
            break;
        }
    }
}

/* Fills node->candidates; returns how many. */
static size_t fill_candidates(struct node *node, struct mono_time now)
{
    size_t count = 0;

    for (size_t i = 0; i < node->used_end; i++) {
        const struct entry *entry = &node->entries[i];

        if (node->slots[i].used && count < SELECTION_SOURCES_MAX) {
            node->candidate_slot[count] = (uint16_t)i;
            node_fill_candidate(node, (uint16_t)i, now, &node->candidates[count++]);
        }
        if (entry->used && node_count_slots(node, (uint16_t)i) == 0 &&
            count < SELECTION_SOURCES_MAX) {
            /* A name without an address: selection must know of it, for `require`. */
            node->candidate_slot[count] = NO_SLOT;
            node->candidates[count++] = (struct candidate){
                .id = (uint16_t)(node->capacity + i),
                .require = entry->options.require,
                .noselect = entry->options.noselect,
                .state = SOURCE_UNRESOLVED,
                .bias = &node->no_bias,
            };
        }
    }
    return count;
}

static void log_state_change(uint16_t index, const struct slot *slot, uint8_t state,
                             const struct node *node, struct actions *out)
{
    struct log_event *log = NULL;

    if (state == SOURCE_FALSETICKER && slot->drifting) {
        log = node_log(out, LOG_EVENT_SOURCE_DRIFTING, index);
        log->value[0] = slot->moved_s;
        log->value[1] = slot->estimate.freq_s_per_s - node->combined.freq_s_per_s;
    } else if (state == SOURCE_FALSETICKER) {
        log = node_log(out, LOG_EVENT_SOURCE_FALSETICKER, index);
        log->value[0] =
            estimate_offset_at(&slot->estimate, node->combined.when) - node->combined.offset_s;
    } else if (state == SOURCE_UNSYNCHRONISED) {
        node_log(out, LOG_EVENT_SOURCE_UNSYNCHRONISED, index);
    } else if (state == SOURCE_UNREACHABLE) {
        log = node_log(out, LOG_EVENT_SOURCE_UNREACHABLE, index);
        log->value[0] = slot->association.silent;
    } else if (slot->state == SOURCE_UNREACHABLE) {
        node_log(out, LOG_EVENT_SOURCE_REACHABLE, index);
    } else if (slot->state == SOURCE_UNSYNCHRONISED) {
        node_log(out, LOG_EVENT_SOURCE_SYNCHRONISED, index);
    } else if (state == SOURCE_CONTRADICTS) {
        log = node_log(out, LOG_EVENT_SOURCE_CONTRADICTS, index);
        log->value[0] = slot->contradicts_s;
    } else if (slot->state == SOURCE_FALSETICKER &&
               (state == SOURCE_SELECTED || state == SOURCE_COMBINED ||
                state == SOURCE_TRUECHIMER)) {
        node_log(out, LOG_EVENT_SOURCE_TRUECHIMER, index);
    }
}

/* Writes the verdicts back to the slots. */
static void take_verdicts(struct node *node, size_t count, struct mono_time now,
                          struct actions *out)
{
    for (size_t i = 0; i < count; i++) {
        const struct candidate *candidate = &node->candidates[i];
        struct slot *slot;

        if (node->candidate_slot[i] == NO_SLOT) {
            continue;
        }
        slot = &node->slots[node->candidate_slot[i]];
        slot->weight = candidate->weight;
        slot->drifting = candidate->drifts;
        slot->moved_s = candidate->moved_s;
        slot->was_unreachable = association_unreachable(&slot->association);
        if (slot->state == candidate->state) {
            continue;
        }
        if (candidate->state == SOURCE_CONTRADICTS) {
            node->constraints.rejections++;
            constraints_doubt(&node->constraints, now);
        }
        if (node_room(node, out)) {
            log_state_change(node->candidate_slot[i], slot, candidate->state, node, out);
        }
        slot->state = candidate->state;
        slot->state_since = now;
    }
}

/* Why nothing is selected, when it is for want of sources rather than of agreement. */
static enum node_reason absence(const struct node *node)
{
    unsigned entries = 0, slots = 0, answering = 0, measuring = 0, unproven = 0, keyless = 0,
             offline = 0, unbounded = 0, contradicting = 0;

    for (size_t i = 0; i < node->used_end; i++) {
        const struct slot *slot = &node->slots[i];

        entries += node->entries[i].used;
        if (!slot->used) {
            continue;
        }
        slots++;
        answering += slot_answered(slot) && slot->association.silent < 8;
        unproven += slot->state == SOURCE_CERT_TIME;
        offline += slot->state == SOURCE_OFFLINE;
        unbounded += slot->state == SOURCE_NO_CONSTRAINT;
        contradicting += slot->state == SOURCE_CONTRADICTS;
        keyless += slot->state == SOURCE_KEY_EXCHANGE;
        measuring += slot->state == SOURCE_MEASURING && slot->association.silent < 3;
    }
    if (entries == 0) {
        return NODE_REASON_NO_SOURCES;
    }
    if (slots == 0) {
        return NODE_REASON_UNRESOLVED;
    }
    if (measuring > 0) {
        return NODE_REASON_MEASURING;
    }
    if (unbounded > 0 || contradicting > 0) {
        return unbounded > 0 ? NODE_REASON_NO_CONSTRAINT : NODE_REASON_CONTRADICTED;
    }
    if (unproven > 0) {
        return NODE_REASON_CERT_TIME;
    }
    if (offline == slots) {
        return NODE_REASON_OFFLINE;
    }
    if (keyless == slots) {
        return NODE_REASON_KEY_EXCHANGE;
    }
    return answering > 0 ? NODE_REASON_NONE_USABLE : NODE_REASON_NO_REPLY;
}

static void set_state(struct node *node, enum node_state state, enum node_reason reason,
                      struct mono_time now)
{
    node->reason = (uint8_t)reason;
    if (node->state != state) {
        node->state = (uint8_t)state;
        node->state_since = now;
    }
}

/* Local mode: nobody can be followed, and the operator wants time to be served all the same. */
static bool wants_local(const struct node *node, const struct clock_reading *now)
{
    const struct local_options *local = &node->options->local;

    if (!local->enabled) {
        return false;
    }
    if (!node->have_utc) {
        return local->activate_s <= 0 &&
               mono_diff_s(now->raw, node->started) >= local->wait_unsynced_s;
    }
    return mono_diff_s(now->raw, node->last_sync) >= local->wait_synced_s &&
           node_bound_s(node, now) >= local->distance_s;
}

static void enter_unselected(struct node *node, const struct clock_reading *now,
                             enum node_reason reason, struct actions *out)
{
    if (reason == NODE_REASON_NO_MAJORITY && !node->told_no_majority) {
        struct log_event *log = node_log(out, LOG_EVENT_NO_MAJORITY, LOG_NO_SOURCE);
        log->value[0] = node->selected.most;
        log->value[1] = node->selected.usable;
        node->told_no_majority = true;
    }
    bool coasts = node->have_utc && !node->change_refused &&
                  node_bound_s(node, now) < node->options->max_distance_s;

    if (wants_local(node, now)) {
        if (node->state != NODE_LOCAL) {
            node_log(out, LOG_EVENT_LOCAL_MODE, LOG_NO_SOURCE)->value[0] =
                node->options->local.stratum;
        }
        set_state(node, NODE_LOCAL, reason, now->raw);
    } else if (coasts) {
        if (node->state == NODE_SYNCHRONISED) {
            node_log(out, LOG_EVENT_HOLDOVER, LOG_NO_SOURCE)->value[0] = node_bound_s(node, now);
        }
        set_state(node, NODE_HOLDOVER, reason, now->raw);
    } else if (node->have_utc || node->state != NODE_STARTING ||
               mono_diff_s(now->raw, node->started) > 64) {
        if (node->state == NODE_SYNCHRONISED || node->state == NODE_HOLDOVER) {
            node_log(out, LOG_EVENT_UNSYNCHRONISED, LOG_NO_SOURCE);
        }
        set_state(node, NODE_UNSYNCHRONISED,
                  node->change_refused ? NODE_REASON_CHANGE_REFUSED
                  : node->have_utc     ? NODE_REASON_BOUND_TOO_LARGE
                                       : reason,
                  now->raw);
    } else {
        set_state(node, NODE_STARTING, reason, now->raw);
    }
}

static void enter_selected(struct node *node, const struct clock_reading *now, uint16_t slot,
                           struct actions *out)
{
    struct log_event *log;

    node->told_no_majority = false;
    if (node->selected_slot != slot) {
        log = node_log(out, LOG_EVENT_SOURCE_SELECTED, slot);
        log->value[0] = node->slots[slot].association.last.stratum;
        log->value[1] = node->slots[slot].estimate.floor_s;
        node->selected_slot = slot;
    }
    if (node->state == NODE_LOCAL) {
        node_log(out, LOG_EVENT_LOCAL_MODE_END, LOG_NO_SOURCE);
    }
    if (node->change_refused) {
        set_state(node, NODE_UNSYNCHRONISED, NODE_REASON_CHANGE_REFUSED, now->raw);
        return;
    }
    if (node->state != NODE_SYNCHRONISED) {
        log = node_log(out, LOG_EVENT_SYNCHRONISED, LOG_NO_SOURCE);
        log->value[0] = node->combined.bound_s;
        log->value[1] = node->selected.agreeing;
        log->value[2] = node->selected.usable;
    }
    node->last_sync = now->raw;
    node_remember_reference(node);
    set_state(node, NODE_SYNCHRONISED, node->backed_off ? NODE_REASON_RIVAL : NODE_REASON_NONE,
              now->raw);
}

static double shortest_interval_s(const struct node *node)
{
    double shortest_s = fmath_exp2i(SCHEDULE_POLL_MAX);

    for (size_t i = 0; i < node->used_end; i++) {
        const struct slot *slot = &node->slots[i];

        if (slot->used && (slot->state == SOURCE_SELECTED || slot->state == SOURCE_COMBINED)) {
            shortest_s = fmin(shortest_s, schedule_interval_s(&slot->association.schedule));
        }
    }
    return shortest_s;
}

/* May it tell whether the machine stood still? */
static bool is_witness(const struct slot *slot)
{
    return slot->used && slot->has_estimate && slot->association.online &&
           !association_unreachable(&slot->association);
}

/* Left its interval lately, and nothing has been said about that yet. */
static bool jumped_since(const struct node *node, const struct slot *slot, struct mono_time now)
{
    return slot->estimator.jumps > 0 && slot->jumped.ns > node->pause_told.ns &&
           mono_diff_s(now, slot->jumped) < PAUSE_SEEN_S;
}

/*
 * Most sources left their intervals to the same side, within one poll of each: the machine stood
 * still.  As long as one that was not asked since may contradict, nothing is said.
 */
static bool most_jumped(const struct node *node, struct mono_time now)
{
    struct mono_time first = {INT64_MAX};
    int side = 0, jumped = 0, stayed = 0;

    for (size_t i = 0; i < node->used_end; i++) {
        const struct slot *slot = &node->slots[i];

        if (is_witness(slot) && jumped_since(node, slot, now)) {
            first = mono_min(first, slot->jumped);
            jumped++;
            side += slot->estimator.jump_s > 0 ? 1 : -1;
        }
    }
    for (size_t i = 0; i < node->used_end && jumped > 0; i++) {
        const struct slot *slot = &node->slots[i];

        if (is_witness(slot) && !jumped_since(node, slot, now)) {
            if (slot->estimate.when.ns < first.ns) {
                return false;
            }
            stayed++;
        }
    }
    return jumped > stayed && (side == jumped || side == -jumped);
}

/*
 * Is what they agree on much narrower than any of them alone?  Independent paths seldom do that; a
 * liar whose interval, wide as all are at first, still touches those of the others does.
 */
static bool first_is_doubtful(const struct node *node, const struct selection_options *options,
                              size_t count, struct mono_time now)
{
    struct selection trial;
    struct selection_result result;
    double narrowest_s = (double)INFINITY;

    if (node->have_utc || mono_diff_s(now, node->first_usable) >= FIRST_PATIENCE_S) {
        return false;
    }
    selection_init(&trial);
    result = selection_run(&trial, options, node->candidates, count);
    for (size_t i = 0; i < count; i++) {
        if (node->candidates[i].usable) {
            narrowest_s = fmin(narrowest_s, node->candidates[i].half_width_s);
        }
    }
    return result.selected >= 0 && result.agreeing >= DOUBTED_SOURCES &&
           result.hi_s - result.lo_s < narrowest_s / 2;
}

/* Nobody is followed yet. */
static void hold(struct node *node, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        node->candidates[i].usable = false;
        if (node->candidates[i].state == SOURCE_TRUECHIMER) {
            node->candidates[i].state = SOURCE_MEASURING;
        }
    }
}

struct selection_options node_selection_options(const struct node *node)
{
    return (struct selection_options){
        .min_sources = node->options->min_sources,
        .combine_limit = node->options->combine_limit,
        .reselect_dist_s = node->options->reselect_dist_s,
        .stratum_weight_s = node->options->stratum_weight_s,
    };
}

void node_judge(struct node *node, const struct clock_reading *now, struct actions *out)
{
    const struct selection_options options = node_selection_options(node);
    size_t count;
    bool wait = first_must_wait(node, now->raw);
    bool selected = false;

    if (node->samples_came && node->have_utc && most_jumped(node, now->raw)) {
        node->pauses++;
        node->pause_told = now->raw;
        node_log(out, LOG_EVENT_PAUSED, LOG_NO_SOURCE)->value[0] =
            node->selected_slot == NO_SLOT ? 0 : node->slots[node->selected_slot].estimator.jump_s;
    }
    node_prove(node, now, out);
    count = fill_candidates(node, now->raw);
    weigh_authentication(node, count);
    weigh_orphans(node, count);
    if (!wait && first_is_doubtful(node, &options, count, now->raw)) {
        wait = true;
        count = fill_candidates(node, now->raw);
        weigh_authentication(node, count);
    }
    if (wait) {
        node->judge_at = mono_add(now->raw, (struct duration){NS_PER_S / 4});
        hold(node, count);
    }
    company_run(&node->company, now->raw, node->candidates, count);
    node->selected = selection_run(&node->selection, &options, node->candidates, count);
    if (node->selected.selected >= 0) {
        selected =
            combiner_run(&node->combiner, &node->selected, now->raw, node->candidates, count);
        node->combined = node->combiner.result;
    }
    take_verdicts(node, count, now->raw, out);
    if (selected) {
        uint16_t slot = node->candidate_slot[node->selected.selected];

        node->have_utc = true;
        node->last_update = now->raw;
        if (node->combined.var_freq < known_freq_sd * known_freq_sd) {
            unrest_note(&node->unrest, now->raw, node->combined.freq_s_per_s, node_freq_sd(node));
        }
        node->poll_s = shortest_interval_s(node);
        enter_selected(node, now, slot, out);
    } else {
        node->selected_slot = NO_SLOT;
        enter_unselected(node, now,
                         wait || node->selected.usable == 0
                             ? absence(node)
                             : (enum node_reason)node->selected.reason,
                         out);
    }
    node_replace_bad(node, now->raw, out);
    if (selected && node->samples_came) {
        node_steer(node, now, out);
    }
    node->samples_came = false;
}
