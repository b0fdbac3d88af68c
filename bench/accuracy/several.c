/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * several.c - selection and combination over several sources under one oscillator: error of the
 * combination, of its best source, whether the bound held, and how far time moved at once when
 * sources came and went.
 *
 * usage: several [SEEDS]
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/estimate/combine.h"
#include "core/estimate/estimator.h"
#include "core/estimate/selection.h"
#include "support/trace.h"
#include "wire/status.h"

enum { MOST = 8, WARM_S = 30000, RUN_S = 100000 };

struct situation {
    const char *name;
    double poll_s, wander, asymmetry; /* share of the floor, uniform within +- */
    size_t count;
    double floor_s[MOST], jitter_s[MOST], lie_s[MOST];
    int away; /* this source is lost for a while, every 20000 s; -1: none */
};

static const struct situation situations[] = {
    {"one lan server", 64, 1e-9, 0, 1, {50e-6}, {10e-6}, {0}, -1},
    {"four lan servers",
     64,
     1e-9,
     0,
     4,
     {50e-6, 50e-6, 50e-6, 50e-6},
     {10e-6, 10e-6, 10e-6, 10e-6},
     {0},
     -1},
    {"four wan servers and a liar of 50 ms, 256 s",
     256,
     1e-9,
     0,
     5,
     {5e-3, 10e-3, 15e-3, 20e-3, 10e-3},
     {1e-3, 1e-3, 1e-3, 1e-3, 1e-3},
     {0, 0, 0, 0, 50e-3},
     -1},
    {"the same, asymmetric within 10 %",
     256,
     1e-9,
     0.1,
     5,
     {5e-3, 10e-3, 15e-3, 20e-3, 10e-3},
     {1e-3, 1e-3, 1e-3, 1e-3, 1e-3},
     {0, 0, 0, 0, 50e-3},
     -1},
    {"two near, three far, asymmetric within 30 %",
     64,
     1e-9,
     0.3,
     5,
     {1e-4, 2e-4, 1e-2, 2e-2, 3e-2},
     {2e-5, 2e-5, 5e-4, 5e-4, 5e-4},
     {0},
     -1},
    {"near and noisy, far and quiet, within 10 %",
     64,
     1e-9,
     0.1,
     3,
     {1e-3, 1e-2, 2e-2},
     {2e-3, 5e-5, 5e-5},
     {0},
     -1},
    {"four equals within 30 %, one comes and goes",
     64,
     1e-9,
     0.3,
     4,
     {2e-3, 2e-3, 2e-3, 2e-3},
     {1e-4, 1e-4, 1e-4, 1e-4},
     {0},
     1},
};

struct totals {
    double square, best[MOST], bound, outside, moved, sd, points;
};

struct party {
    struct estimator estimator[MOST];
    struct trace trace[MOST];
    struct candidate candidate[MOST];
    struct source_bias bias[MOST];
    struct selection selection;
    struct combiner combiner;
};

static void begin(struct party *party, const struct situation *s, uint64_t seed)
{
    struct prng prng = {seed * 77};

    *party = (struct party){0};
    selection_init(&party->selection);
    combiner_init(&party->combiner);
    for (size_t i = 0; i < s->count; i++) {
        struct estimator_options options = {.asymmetry = (double)NAN};
        struct trace_setup setup = {.floor_s = s->floor_s[i],
                                    .jitter_s = s->jitter_s[i],
                                    .jitter_back_s = -1,
                                    .wander = s->wander,
                                    .freq_sd_s_per_s = 1e-5,
                                    .asymmetry_s =
                                        s->asymmetry * s->floor_s[i] * (2 * prng_unit(&prng) - 1),
                                    .path = i,
                                    .seed = seed};

        estimator_init(&party->estimator[i], &options);
        trace_init(&party->trace[i], &setup);
        party->candidate[i] =
            (struct candidate){.id = (uint16_t)i, .stratum = 1, .bias = &party->bias[i]};
    }
}

/* A round after a sample; false while there is no result. */
static bool round_up(struct party *party, const struct situation *s, struct mono_time now, int away)
{
    static const struct selection_options options = {
        .min_sources = 1, .combine_limit = 1e6, .reselect_dist_s = 1e-4, .stratum_weight_s = 1e-3};
    static const struct bound_growth growth = {1e-6, 1e-7};
    struct selection_result result;

    for (size_t i = 0; i < s->count; i++) {
        struct estimate e;
        struct candidate *c = &party->candidate[i];

        c->usable = (int)i != away && estimator_get(&party->estimator[i], &e);
        if (c->usable) {
            candidate_fill(c, &e, now, &growth);
        } else {
            c->state = SOURCE_UNREACHABLE;
        }
    }
    result = selection_run(&party->selection, &options, party->candidate, s->count);
    return combiner_run(&party->combiner, &result, now, party->candidate, s->count);
}

static void run(const struct situation *s, uint64_t seed, struct totals *t)
{
    static struct party party;
    double late[MOST] = {0};
    int away_before = -1;

    begin(&party, s, seed);
    for (int second = 0; second < RUN_S; second++) {
        struct mono_time now = {second * NS_PER_S};
        double truth = party.trace[0].offset_s;
        int away = s->away >= 0 && second % 20000 > 15000 ? s->away : -1;
        bool running = party.combiner.running;
        double before =
            party.combiner.result.offset_s +
            party.combiner.result.freq_s_per_s * mono_diff_s(now, party.combiner.result.when);

        for (size_t i = 0; i < s->count; i++) {
            if ((second + (int)i * 7) % (int)s->poll_s == 0 || (second < 16 && second % 4 == 0)) {
                struct sample sample = trace_measure(&party.trace[i]);

                sample.offset_s += s->lie_s[i];
                if ((int)i != away) {
                    estimator_add(&party.estimator[i], &sample);
                }
                round_up(&party, s, now, away);
            }
        }
        if (away != away_before && running && second > WARM_S) {
            round_up(&party, s, now, away);
            t->moved = fmax(t->moved, fabs(party.combiner.result.offset_s - before) /
                                          party.combiner.result.sd_s);
        }
        away_before = away;
        if (second >= WARM_S && second % 16 == 0 && party.combiner.running) {
            const struct combined *c = &party.combiner.result;
            double age = mono_diff_s(now, c->when);
            double error = c->offset_s + age * c->freq_s_per_s - truth;

            t->square += error * error;
            t->sd += c->sd_s;
            t->bound += c->bound_s;
            t->outside += fabs(error) > c->bound_s + 1e-6 * age;
            t->points++;
            for (size_t i = 0; i < s->count; i++) {
                late[i] =
                    party.candidate[i].offset_s + age * party.candidate[i].freq_s_per_s - truth;
                t->best[i] += late[i] * late[i];
            }
        }
        for (size_t i = 0; i < s->count; i++) {
            trace_tick(&party.trace[i]);
        }
    }
}

int main(int argc, char **argv)
{
    int seeds = argc > 1 ? atoi(argv[1]) : 10;

    printf(
        "| situation | rms error, us | best source alone, us | claimed sd, us | mean bound, us | "
        "outside, of samples | most moved at a change, sd |\n|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < sizeof situations / sizeof situations[0]; i++) {
        const struct situation *s = &situations[i];
        struct totals t = {0};
        double best = INFINITY;

        for (int seed = 1; seed <= seeds; seed++) {
            run(s, (uint64_t)seed, &t);
        }
        for (size_t k = 0; k < s->count; k++) {
            best = fmin(best, sqrt(t.best[k] / t.points));
        }
        printf("| %s | %.4g | %.4g | %.4g | %.4g | %.0f of %.0f | %.2f |\n", s->name,
               sqrt(t.square / t.points) * 1e6, best * 1e6, t.sd / t.points * 1e6,
               t.bound / t.points * 1e6, t.outside, t.points, t.moved);
        fflush(stdout);
    }
    return 0;
}
