/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/estimate/selection.h"

#include <math.h>

#include "base/must.h"
#include "wire/ntp_packet.h"
#include "wire/status.h"

/* A nearer source becomes the reference after this many rounds in a row. */
static const unsigned challenge_rounds = 4;
/* Who is combined stays so until he is this much farther than who is not would be taken. */
static const double combined_stays = 1.25;
/* Standard deviations in a bound. */
static const double bound_sds = 5;

double estimate_half_width(const struct estimate *estimate, struct mono_time at,
                           const struct bound_growth *growth)
{
    double age = fabs(mono_diff_s(at, estimate->when));
    double var = estimate_variance_at(estimate, at) + estimate->bias_sd_s * estimate->bias_sd_s;

    return estimate->root_distance_s + estimate->floor_s / 2 + bound_sds * sqrt(fmax(var, 0)) +
           growth->rate_s_per_s * age + growth->precision_s;
}

void candidate_fill(struct candidate *candidate, const struct estimate *estimate,
                    struct mono_time at, const struct bound_growth *growth)
{
    double t = mono_diff_s(at, estimate->when);
    double w2 = estimate->wander * estimate->wander;

    candidate->offset_s = estimate_offset_at(estimate, at);
    candidate->freq_s_per_s = estimate->freq_s_per_s;
    candidate->sd_s = sqrt(fmax(estimate_variance_at(estimate, at), 0));
    candidate->cov_s2_per_s =
        estimate->cov_offset_freq + t * estimate->var_freq + w2 * t * fabs(t) / 2;
    candidate->var_freq = estimate->var_freq + w2 * fabs(t);
    candidate->wander = estimate->wander;
    candidate->half_width_s = estimate_half_width(estimate, at, growth);
    candidate->floor_s = estimate->floor_s;
    candidate->jitter_s = estimate->jitter_s;
    candidate->root_distance_s = estimate->root_distance_s;
}

void selection_init(struct selection *selection)
{
    *selection = (struct selection){SELECTION_NONE, SELECTION_NONE, 0};
}

/* Frequencies further apart than this, and than five standard deviations, are not of one clock: a
 * server whose clock is being steered may differ for a while by some tenths of a ppm. */
static const double drift_allowed_s_per_s = 2e-6;
static const double drift_sds = 5;

/* The candidates that vote, as indices, and the span that their majority allows. */
struct vote {
    uint16_t voter[SELECTION_SOURCES_MAX];
    size_t voters;
    size_t false_ones; /* the fewest that must be wrong */
    double lo_s, hi_s;
};

static double low(const struct candidate *c)
{
    return c->offset_s - c->half_width_s;
}

static double high(const struct candidate *c)
{
    return c->offset_s + c->half_width_s;
}

/* Where an interval begins or ends. */
struct edge {
    double at_s;
    bool opens;
};

/* Intervals are closed: where one ends and another begins, both hold the point. */
static bool edge_before(const struct edge *a, const struct edge *b)
{
    return a->at_s < b->at_s || (a->at_s == b->at_s && a->opens && !b->opens);
}

/* Let edges[at] sink to its place in a heap that has its last edge on top. */
static void sink(struct edge *edges, size_t at, size_t count)
{
    struct edge moved = edges[at];
    size_t child;

    while ((child = 2 * at + 1) < count) {
        child += child + 1 < count && edge_before(&edges[child], &edges[child + 1]);
        if (!edge_before(&moved, &edges[child])) {
            break;
        }
        edges[at] = edges[child];
        at = child;
    }
    edges[at] = moved;
}

/* Heapsort: a thousand sources are judged as fast whatever order they come in. */
static void sort_edges(struct edge *edges, size_t count)
{
    for (size_t i = count / 2; i-- > 0;) {
        sink(edges, i, count);
    }
    for (size_t i = count; i-- > 1;) {
        struct edge last = edges[i];

        edges[i] = edges[0];
        edges[0] = last;
        sink(edges, 0, i);
    }
}

/* The span of the points that the largest number of voters allows; false without a majority. */
static bool vote_span(struct vote *vote, const struct candidate *candidates)
{
    struct edge edges[2 * SELECTION_SOURCES_MAX];
    size_t count = 0;
    size_t covering = 0;
    size_t best = 0;

    for (size_t i = 0; i < vote->voters; i++) {
        const struct candidate *c = &candidates[vote->voter[i]];

        edges[count++] = (struct edge){low(c), true};
        edges[count++] = (struct edge){high(c), false};
    }
    sort_edges(edges, count);
    vote->lo_s = (double)INFINITY;
    vote->hi_s = -(double)INFINITY;
    for (size_t i = 0; i < count; i++) {
        if (edges[i].opens && ++covering > best) {
            best = covering;
            vote->lo_s = edges[i].at_s;
        } else if (!edges[i].opens && covering-- == best) {
            vote->hi_s = edges[i].at_s;
        }
    }
    vote->false_ones = vote->voters - best;
    return 2 * best > vote->voters;
}

/*
 * All voters measure the same oscillator, so those who tell the truth find the same frequency.  One
 * who does not is drifting, or smearing a leap second, and is wrong long before his interval leaves
 * the others' - all the while he would pull the intersection along.  A minority only is dropped.
 */
static void drop_drifters(struct vote *vote, struct candidate *candidates)
{
    struct edge freqs[SELECTION_SOURCES_MAX];
    size_t drifters = 0;
    double median;

    if (vote->voters < 3) {
        return;
    }
    for (size_t i = 0; i < vote->voters; i++) {
        freqs[i] = (struct edge){candidates[vote->voter[i]].freq_s_per_s, false};
    }
    sort_edges(freqs, vote->voters);
    median = (freqs[(vote->voters - 1) / 2].at_s + freqs[vote->voters / 2].at_s) / 2;
    for (size_t i = 0; i < vote->voters; i++) {
        struct candidate *c = &candidates[vote->voter[i]];

        c->drifts = fabs(c->freq_s_per_s - median) >
                    drift_sds * sqrt(fmax(0, c->var_freq)) + drift_allowed_s_per_s;
        c->drifts |= c->strays;
        drifters += c->drifts;
    }
    if (2 * drifters >= vote->voters) {
        drifters = 0;
    }
    for (size_t i = 0, kept = 0, voters = vote->voters; i < voters; i++) {
        struct candidate *c = &candidates[vote->voter[i]];

        c->drifts = c->drifts && drifters > 0;
        if (!c->drifts) {
            vote->voter[kept++] = vote->voter[i];
        }
        vote->voters = kept;
    }
}

/* Fill in the voters; those marked `trust` vote alone when there are any. */
static unsigned find_voters(struct vote *vote, struct candidate *candidates, size_t count)
{
    bool trust = false;
    unsigned usable = 0;

    for (size_t i = 0; i < count; i++) {
        struct candidate *c = &candidates[i];

        c->weight = 0;
        c->drifts = false;
        if (c->usable && c->noselect) {
            c->state = SOURCE_NOSELECT;
        } else if (c->usable && !candidate_is_sound(c)) {
            c->state = SOURCE_BAD;
        } else if (c->usable) {
            usable++;
            trust = trust || c->trust;
        }
    }
    vote->voters = 0;
    for (size_t i = 0; i < count; i++) {
        const struct candidate *c = &candidates[i];

        if (candidate_takes_part(c) && (c->trust || !trust)) {
            vote->voter[vote->voters++] = (uint16_t)i;
        }
    }
    return usable;
}

static void mark_all(struct candidate *candidates, size_t count, enum source_state state)
{
    for (size_t i = 0; i < count; i++) {
        if (candidate_takes_part(&candidates[i])) {
            candidates[i].state = (uint8_t)state;
        }
    }
}

/* States by the span; returns how many agree with it. */
static unsigned mark_chimers(struct candidate *candidates, size_t count, const struct vote *vote)
{
    unsigned agreeing = 0;
    bool trust = false;

    for (size_t i = 0; i < vote->voters; i++) {
        trust = trust || candidates[vote->voter[i]].trust;
    }
    for (size_t i = 0; i < count; i++) {
        struct candidate *c = &candidates[i];

        if (!candidate_takes_part(c)) {
            continue;
        }
        if (c->drifts || high(c) < vote->lo_s || low(c) > vote->hi_s) {
            c->state = SOURCE_FALSETICKER;
        } else if (trust && !c->trust && (c->offset_s < vote->lo_s || c->offset_s > vote->hi_s)) {
            c->state = SOURCE_UNTRUSTED;
        } else {
            c->state = SOURCE_TRUECHIMER;
            agreeing++;
        }
    }
    return agreeing;
}

/* The largest and the second largest of what was added. */
struct top {
    double first, second;
    size_t who; /* added the first */
};

static void top_add(struct top *top, double value, size_t who)
{
    if (value > top->first) {
        *top = (struct top){value, top->first, who};
    } else if (value > top->second) {
        top->second = value;
    }
}

/* Where UTC is by those voters who agree. */
static void find_interval(const struct vote *vote, const struct candidate *candidates,
                          struct selection_result *result)
{
    struct top lows = {-(double)INFINITY, -(double)INFINITY, 0};
    struct top minus_highs = lows;
    size_t agreeing = 0;

    for (size_t i = 0; i < vote->voters; i++) {
        const struct candidate *c = &candidates[vote->voter[i]];

        if (c->state == SOURCE_TRUECHIMER) {
            top_add(&lows, low(c) - c->widened_s, i);
            top_add(&minus_highs, -high(c) - c->widened_s, i);
            agreeing++;
        }
    }
    if (lows.who == minus_highs.who || agreeing < 3) {
        result->lo_s = lows.first;
        result->hi_s = -minus_highs.first;
    } else {
        result->lo_s = fmin(lows.second, vote->lo_s);
        result->hi_s = fmax(-minus_highs.second, vote->hi_s);
    }
}

static bool require_missing(const struct candidate *candidates, size_t count)
{
    bool required = false;

    for (size_t i = 0; i < count; i++) {
        if (candidates[i].require && candidate_takes_part(&candidates[i]) &&
            candidates[i].state == SOURCE_TRUECHIMER) {
            return false;
        }
        required = required || candidates[i].require;
    }
    return required;
}

static double distance(const struct candidate *c, const struct selection_options *options)
{
    return c->half_width_s + c->widened_s + options->stratum_weight_s * c->stratum;
}

static bool is_eligible(const struct candidate *c, bool prefer)
{
    return candidate_takes_part(c) && c->state == SOURCE_TRUECHIMER && (c->prefer || !prefer);
}

/*
 * The nearest eligible candidate; but the one selected before stays until another has been nearer
 * by the margin several times in a row, so that the reference does not flap.
 */
static int choose(struct selection *selection, const struct selection_options *options,
                  const struct candidate *candidates, size_t count, bool prefer)
{
    int best = SELECTION_NONE;
    int present = SELECTION_NONE;

    for (size_t i = 0; i < count; i++) {
        if (!is_eligible(&candidates[i], prefer)) {
            continue;
        }
        if (candidates[i].id == selection->selected_id) {
            present = (int)i;
        }
        if (best < 0 || distance(&candidates[i], options) < distance(&candidates[best], options)) {
            best = (int)i;
        }
    }
    if (best < 0 || present < 0 || best == present ||
        distance(&candidates[best], options) + options->reselect_dist_s >=
            distance(&candidates[present], options)) {
        selection->challenger_id = SELECTION_NONE;
        selection->challenger_rounds = 0;
        return present >= 0 ? present : best;
    }
    if (selection->challenger_id != candidates[best].id) {
        selection->challenger_id = candidates[best].id;
        selection->challenger_rounds = 0;
    }
    if (++selection->challenger_rounds < challenge_rounds) {
        return present;
    }
    selection->challenger_id = SELECTION_NONE;
    selection->challenger_rounds = 0;
    return best;
}

static bool any_preferred(const struct candidate *candidates, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (is_eligible(&candidates[i], true)) {
            return true;
        }
    }
    return false;
}

static void mark_combined(struct candidate *candidates, size_t count, int selected, bool prefer,
                          const struct selection_options *options)
{
    double limit = options->combine_limit *
                   (distance(&candidates[selected], options) + options->reselect_dist_s);

    for (size_t i = 0; i < count; i++) {
        struct candidate *c = &candidates[i];

        double stays = c->bias && c->bias->member ? combined_stays : 1;

        if ((int)i == selected) {
            c->state = SOURCE_SELECTED;
        } else if (is_eligible(c, prefer) && distance(c, options) <= stays * limit) {
            c->state = SOURCE_COMBINED;
        }
    }
}

/* A leap second is believed when more than half of those who are followed announce it. */
static uint8_t vote_leap(const struct candidate *candidates, size_t count)
{
    unsigned votes[NTP_LEAP_UNSYNC + 1] = {0};
    unsigned voters = 0;

    for (size_t i = 0; i < count; i++) {
        const struct candidate *c = &candidates[i];

        if (candidate_takes_part(c) &&
            (c->state == SOURCE_SELECTED || c->state == SOURCE_COMBINED)) {
            votes[c->leap & 3]++;
            voters++;
        }
    }
    if (2 * votes[NTP_LEAP_INSERT] > voters) {
        return NTP_LEAP_INSERT;
    }
    return 2 * votes[NTP_LEAP_DELETE] > voters ? NTP_LEAP_DELETE : NTP_LEAP_NONE;
}

static struct selection_result refuse(struct selection *selection, struct selection_result result,
                                      enum node_reason reason)
{
    selection_init(selection);
    result.reason = (uint8_t)reason;
    return result;
}

struct selection_result selection_run(struct selection *selection,
                                      const struct selection_options *options,
                                      struct candidate *candidates, size_t count)
{
    struct vote vote;
    struct selection_result result = {.selected = SELECTION_NONE,
                                      .lo_s = -(double)INFINITY,
                                      .hi_s = (double)INFINITY,
                                      .leap = NTP_LEAP_UNSYNC};
    bool prefer;

    must(count <= SELECTION_SOURCES_MAX);
    result.usable = find_voters(&vote, candidates, count);
    if (vote.voters == 0) {
        return refuse(selection, result, NODE_REASON_NONE_USABLE);
    }
    drop_drifters(&vote, candidates);
    bool majority = vote_span(&vote, candidates);

    result.most = (unsigned)(vote.voters - vote.false_ones);
    if (!majority) {
        mark_all(candidates, count, SOURCE_NO_MAJORITY);
        return refuse(selection, result, NODE_REASON_NO_MAJORITY);
    }
    result.agreeing = mark_chimers(candidates, count, &vote);
    find_interval(&vote, candidates, &result);
    if (require_missing(candidates, count)) {
        return refuse(selection, result, NODE_REASON_REQUIRED_MISSING);
    }
    if ((int)result.agreeing < options->min_sources) {
        return refuse(selection, result, NODE_REASON_TOO_FEW);
    }
    prefer = any_preferred(candidates, count);
    result.selected = choose(selection, options, candidates, count, prefer);
    selection->selected_id = candidates[result.selected].id;
    mark_combined(candidates, count, result.selected, prefer, options);
    result.leap = vote_leap(candidates, count);
    result.reason = NODE_REASON_NONE;
    return result;
}
