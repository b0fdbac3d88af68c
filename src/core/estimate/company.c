/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/estimate/company.h"

#include <math.h>

#include "base/must.h"

/* A source's place follows it this slowly: no clock that is kept drifts by 0.26 ms a day for long,
 * but a path may become another one. */
static const double place_rate = 3e-9;
/* Better estimates, by this in variance, find the places anew while nothing has moved. */
static const double better = 2;
static const double found_sds = 2;
/* What the others would not see, by their noise and the source's own, is allowed for: the bound has
 * to hold from the first moment that somebody leaves. */
static const double unseen_sds = 3;
/* What noise cannot explain. */
static const double stray_sds = 5;
/* A stray that has not moved for so long takes part again, from where it is; what it moved stays in
 * its interval, and fades over days. */
static const double calm_needed_s = 6 * 3600.0;
static const double forget_s = 5 * 86400.0;

/* Who votes in this round, and what his phase since he joined is. */
struct party {
    uint16_t voter[SELECTION_SOURCES_MAX];
    size_t voters;
    double elapsed_s;
};

static double square(double x)
{
    return x * x;
}

static double phase(const struct candidate *c)
{
    return c->offset_s - c->company->place_s;
}

static double var_phase(const struct candidate *c)
{
    return square(c->sd_s) + c->company->var_place_s2;
}

static void find_party(struct party *party, struct candidate *candidates, size_t count)
{
    bool trust = false;

    party->voters = 0;
    for (size_t i = 0; i < count; i++) {
        struct candidate *c = &candidates[i];

        c->moved_s = c->moved_sd_s = c->widened_s = 0;
        c->strays = false;
        trust |= candidate_takes_part(c) && c->trust;
    }
    for (size_t i = 0; i < count; i++) {
        const struct candidate *c = &candidates[i];

        if (c->company && candidate_takes_part(c) && (c->trust || !trust)) {
            party->voter[party->voters++] = (uint16_t)i;
        }
    }
}

/* Let index[at] sink in a heap that has the largest phase on top. */
static void sink(const struct candidate *candidates, uint16_t *index, size_t at, size_t count)
{
    uint16_t moved = index[at];
    size_t child;

    while ((child = 2 * at + 1) < count) {
        child += child + 1 < count &&
                 phase(&candidates[index[child]]) < phase(&candidates[index[child + 1]]);
        if (phase(&candidates[moved]) >= phase(&candidates[index[child]])) {
            break;
        }
        index[at] = index[child];
        at = child;
    }
    index[at] = moved;
}

/* The phase that no minority can move, and its variance. */
struct middle {
    double phase_s;
    double var_s2;
};

/* Of those voters who have a history; false when there are none. */
static bool find_middle(const struct party *party, const struct candidate *candidates,
                        struct middle *middle)
{
    uint16_t index[SELECTION_SOURCES_MAX];
    size_t count = 0;

    for (size_t i = 0; i < party->voters; i++) {
        if (candidates[party->voter[i]].company->known) {
            index[count++] = party->voter[i];
        }
    }
    if (count == 0) {
        return false;
    }
    for (size_t i = count / 2; i-- > 0;) {
        sink(candidates, index, i, count);
    }
    for (size_t i = count; i-- > 1;) {
        uint16_t largest = index[0];

        index[0] = index[i];
        index[i] = largest;
        sink(candidates, index, 0, i);
    }
    const struct candidate *below = &candidates[index[(count - 1) / 2]];
    const struct candidate *above = &candidates[index[count / 2]];
    middle->phase_s = (phase(below) + phase(above)) / 2;
    middle->var_s2 = (var_phase(below) + var_phase(above)) / 2;
    return true;
}

static void join(struct candidate *c, const struct middle *middle)
{
    *c->company = (struct source_company){
        .known = true,
        .place_s = c->offset_s - middle->phase_s,
        .var_place_s2 = square(c->sd_s) + middle->var_s2,
        .floor_s = c->floor_s,
    };
}

static void welcome(const struct party *party, struct candidate *candidates)
{
    struct middle middle;

    if (party->voters == 0) {
        return;
    }
    if (!find_middle(party, candidates, &middle)) {
        middle = (struct middle){candidates[party->voter[0]].offset_s, 0};
    }
    for (size_t i = 0; i < party->voters; i++) {
        struct candidate *c = &candidates[party->voter[i]];

        if (!c->company->known) {
            join(c, &middle);
        }
    }
}

/* How far it may have moved and still be honest: across its own error, and with its path. */
static double allowance(const struct candidate *c)
{
    return stray_sds * c->moved_sd_s + 2 * c->root_distance_s + c->jitter_s +
           fabs(c->floor_s - c->company->floor_s) / 2;
}

/* Where it is found to be is its place: nothing has moved, or that is long ago. */
static void settle(struct candidate *c, double by_s, double var_s2)
{
    c->company->place_s += by_s;
    c->company->var_place_s2 = var_s2;
    c->company->floor_s = c->floor_s;
}

static void follow_stray(struct candidate *c, double elapsed_s)
{
    struct source_company *own = c->company;

    own->calm_s += elapsed_s;
    if (fabs(c->moved_s - own->level_s) > found_sds * c->moved_sd_s + c->root_distance_s) {
        own->level_s = c->moved_s;
        own->calm_s = 0;
    }
    if (own->calm_s >= calm_needed_s) {
        own->forgiven_s += fabs(c->moved_s);
        own->calm_s = 0;
        settle(c, c->moved_s, square(c->moved_sd_s));
    }
}

static void follow(struct candidate *c, double elapsed_s)
{
    struct source_company *own = c->company;
    double room_s = place_rate * elapsed_s;

    own->forgiven_s *= forget_s / (forget_s + elapsed_s);
    if (c->strays) {
        follow_stray(c, elapsed_s);
        return;
    }
    own->calm_s = 0;
    own->level_s = c->moved_s;
    own->place_s += fmax(-room_s, fmin(room_s, c->moved_s));
}

/*
 * All places at once, so that what nobody knows of the middle is the same in each of them and
 * falls out: in the first minutes estimates get better by the hundredfold.
 */
static void settle_together(const struct party *party, struct candidate *candidates,
                            const struct middle *middle)
{
    double present = 0, kept = 0;

    for (size_t i = 0; i < party->voters; i++) {
        const struct candidate *c = &candidates[party->voter[i]];

        present += square(c->sd_s);
        kept += c->company->var_place_s2;
        if (!c->strays && fabs(c->moved_s) > found_sds * c->moved_sd_s) {
            return;
        }
    }
    if (better * present > kept) {
        return;
    }
    for (size_t i = 0; i < party->voters; i++) {
        struct candidate *c = &candidates[party->voter[i]];

        if (!c->strays) {
            settle(c, phase(c) - middle->phase_s, square(c->sd_s));
        }
    }
}

/* Of two nobody can say who moved: each is measured against the other. */
static struct middle middle_for(const struct party *party, const struct candidate *candidates,
                                size_t voter, const struct middle *all)
{
    if (party->voters != 2) {
        return *all;
    }
    const struct candidate *other = &candidates[party->voter[1 - voter]];
    return (struct middle){phase(other), var_phase(other)};
}

void company_run(struct company *company, struct mono_time now, struct candidate *candidates,
                 size_t count)
{
    struct party party;
    struct middle all;

    must(count <= SELECTION_SOURCES_MAX);
    party.elapsed_s = company->running ? fmax(0, mono_diff_s(now, company->last)) : 0;
    company->running = true;
    company->last = now;
    find_party(&party, candidates, count);
    welcome(&party, candidates);
    if (party.voters < 2) {
        return;
    }
    find_middle(&party, candidates, &all);
    for (size_t i = 0; i < party.voters; i++) {
        struct candidate *c = &candidates[party.voter[i]];
        struct middle middle = middle_for(&party, candidates, i, &all);

        c->moved_s = phase(c) - middle.phase_s;
        c->moved_sd_s = sqrt(var_phase(c) + middle.var_s2);
        c->widened_s = fabs(c->moved_s) + unseen_sds * c->moved_sd_s + c->company->forgiven_s;
        c->strays = party.voters > 2 && fabs(c->moved_s) > allowance(c);
    }
    /* Places change only when everybody has been measured. */
    for (size_t i = 0; i < party.voters; i++) {
        follow(&candidates[party.voter[i]], party.elapsed_s);
    }
    settle_together(&party, candidates, &all);
}
