/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * estimator.c - how far the estimator alone is from true time, over made-up sources of many
 * characters; beside it a filter that is told everything: wander, floor, and that queueing is
 * exponential.
 *
 * usage: estimator [SEEDS [NAME]]    one line a condition, and one for each instant of a start
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/estimate/estimator.h"
#include "core/estimate/evidence.h"
#include "support/trace.h"

struct condition {
    const char *name;
    struct trace_setup trace;
};

#define BASE(poll, jitter, w)                                                                      \
    .poll_s = (poll), .jitter_s = (jitter), .jitter_back_s = -1, .wander = (w),                    \
    .floor_s = (jitter) > 5e-5 ? 2 * (jitter) : 1e-4

static const struct condition conditions[] = {
    {"lan, 16 s", {BASE(16, 1e-5, 1e-9)}},
    {"metro, 64 s", {BASE(64, 1e-4, 1e-9)}},
    {"metro, 64 s, w 1e-10", {BASE(64, 1e-4, 1e-10)}},
    {"metro, 16 s, w 1e-8", {BASE(16, 1e-4, 1e-8)}},
    {"wan, 64 s", {BASE(64, 1e-3, 1e-9)}},
    {"wan, 1024 s", {BASE(1024, 1e-3, 1e-9)}},
    {"lan, 1024 s, w 1e-8", {BASE(1024, 1e-5, 1e-8)}},
    {"heavy jitter, 16 s", {BASE(16, 1e-2, 1e-9)}},
    {"heavy jitter, 16 s, w 1e-10", {BASE(16, 1e-2, 1e-10)}},
    {"wan, 1 s", {BASE(1, 1e-3, 1e-9)}},
    {"heavy jitter, 1 s", {BASE(1, 1e-2, 1e-9)}},
    {"gamma 2 queueing, 64 s", {BASE(64, 1e-3, 1e-9), .law = TRACE_GAMMA_2}},
    {"lognormal queueing, 64 s", {BASE(64, 1e-3, 1e-9), .law = TRACE_LOGNORMAL}},
    {"half-normal queueing, 64 s", {BASE(64, 1e-3, 1e-9), .law = TRACE_HALF_NORMAL}},
    {"jitter 3:1, 64 s", {BASE(64, 1e-3, 1e-9), .jitter_back_s = 1e-3 / 3}},
    {"jitter 1:3, 64 s, w 1e-10", {BASE(64, 1e-3, 1e-10), .jitter_back_s = 3e-3}},
    {"jitter 100:1, 16 s", {BASE(16, 1e-3, 1e-9), .jitter_back_s = 1e-5}},
    {"jitter 100:1, 64 s, w 1e-10", {BASE(64, 1e-3, 1e-10), .jitter_back_s = 1e-5}},
    {"jitter 100:1, 64 s", {BASE(64, 1e-3, 1e-9), .jitter_back_s = 1e-5}},
    {"jitter 1:100, 256 s", {BASE(256, 1e-5, 1e-9), .jitter_back_s = 1e-3}},
    {"spikes of 50 ms, 10 %, 64 s", {BASE(64, 1e-3, 1e-9), .spike_share = 0.1, .spike_s = 0.05}},
    {"correlated queueing .7, 64 s", {BASE(64, 1e-3, 1e-9), .correlation = 0.7}},
    {"correlated queueing .95, 1 s", {BASE(1, 1e-4, 1e-9), .correlation = 0.95}},
    {"stamp noise 0.3 J, 64 s", {BASE(64, 1e-4, 1e-9), .stamp_noise_s = 3e-5}},
    {"stamp noise J, 16 s", {BASE(16, 1e-4, 1e-9), .stamp_noise_s = 1e-4}},
    {"server wobble 4 J, 64 s", {BASE(64, 2.5e-5, 1e-10), .wobble_s = 1e-4}},
    {"server wobble, no queueing, 16 s", {BASE(16, 1e-4, 1e-9), .law = TRACE_GAUSSIAN}},
    {"cards, 100 ns, server unit 119 ns, 16 s",
     {.poll_s = 16,
      .jitter_s = 1e-7,
      .jitter_back_s = -1,
      .wander = 1e-9,
      .floor_s = 5e-6,
      .server_unit_s = 1.19e-7}},
    {"cards, 100 ns, server unit 119 ns, 1 s",
     {.poll_s = 1,
      .jitter_s = 1e-7,
      .jitter_back_s = -1,
      .wander = 1e-9,
      .floor_s = 5e-6,
      .server_unit_s = 1.19e-7}},
    {"cards, 100 ns, 16 s",
     {.poll_s = 16, .jitter_s = 1e-7, .jitter_back_s = -1, .wander = 1e-9, .floor_s = 5e-6}},
    {"batched stamps 1 ms, 16 s", {BASE(16, 1e-4, 1e-9), .batch_s = 1e-3}},
    {"white frequency 1e-7, 64 s", {BASE(64, 1e-4, 1e-10), .white_freq = 1e-7}},
    {"flicker frequency 1e-8, 64 s", {BASE(64, 1e-4, 1e-11), .flicker = 1e-8}},
    {"daily cycle 2 ppm, 64 s",
     {BASE(64, 1e-4, 1e-9), .sine_s_per_s = 2e-6, .sine_period_s = 86400}},
    {"hourly cycle 0.1 ppm, 64 s",
     {BASE(64, 1e-4, 1e-9), .sine_s_per_s = 1e-7, .sine_period_s = 3600}},
    {"frequency ramp 1 ppm/h, 64 s", {BASE(64, 1e-4, 1e-9), .ramp_s_per_s2 = 2.8e-10}},
    {"frequency jump 1 ppm, 64 s",
     {BASE(64, 1e-4, 1e-10), .freq_jump = 1e-6, .freq_jump_s = 35000}},
};

enum { WARM = 300, POLLS = 1000, GRID = 8 };

/* The filter that is told everything. */
struct oracle {
    struct line_state state;
    struct mono_time when;
    bool started;
};

static void oracle_add(struct oracle *oracle, const struct trace *trace, const struct sample *s)
{
    const struct trace_setup *setup = &trace->setup;
    double half = fmax((s->delay_s - 2 * setup->floor_s) / 2, 0) + 1e-12;
    double tilt = 1 / setup->jitter_back_s - 1 / setup->jitter_s;

    if (!oracle->started) {
        *oracle = (struct oracle){
            {s->offset_s, trace->freq_s_per_s, half * half, 0, 1e-16}, s->when, true};
        return;
    }
    struct line_state a =
        line_predict(&oracle->state, mono_diff_s(s->when, oracle->when), setup->wander);
    struct belief belief = {a.offset_s, a.var_offset_s2};
    double edge = setup->stamp_noise_s * setup->stamp_noise_s + setup->wobble_s * setup->wobble_s +
                  setup->server_unit_s * setup->server_unit_s / 6 +
                  (setup->law == TRACE_GAUSSIAN ? setup->jitter_s * setup->jitter_s : 1e-18);
    struct interval_likelihood l = {s->offset_s, half, edge, tilt};
    struct evidence e = evidence_interval(&belief, &l);
    double curve = fmin(0, fmax(e.curve_per_s2, -(1 - 1e-10) / a.var_offset_s2));

    oracle->state =
        (struct line_state){a.offset_s + a.var_offset_s2 * e.slope_per_s,
                            a.freq_s_per_s + a.cov_s2_per_s * e.slope_per_s,
                            fmax(a.var_offset_s2 * (1 + a.var_offset_s2 * curve), 1e-22),
                            a.cov_s2_per_s * (1 + a.var_offset_s2 * curve),
                            a.var_freq + a.cov_s2_per_s * a.cov_s2_per_s * curve};
    oracle->when = s->when;
}

struct sums {
    double square, scaled, oracle, most, cpu_s;
    long points, samples, withheld, jumps;
};

static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void look(const struct estimator *estimator, const struct oracle *oracle,
                 const struct trace *trace, struct sums *sums)
{
    struct mono_time now = {trace->second * NS_PER_S};
    struct estimate e;
    double error;
    double known;

    if (!estimator_get(estimator, &e)) {
        return;
    }
    error = estimate_offset_at(&e, now) - trace->offset_s;
    known =
        line_predict(&oracle->state, mono_diff_s(now, oracle->when), 0).offset_s - trace->offset_s;
    sums->square += error * error;
    sums->scaled += error * error / estimate_variance_at(&e, now);
    sums->oracle += known * known;
    sums->most = fmax(sums->most, fabs(error));
    sums->points++;
}

static void run(const struct trace_setup *setup, uint64_t seed, struct sums *sums)
{
    struct estimator_options options = {.freq_sd_s_per_s = 1e-7, .asymmetry = (double)NAN};
    struct trace_setup seeded = *setup;
    struct estimator estimator;
    struct trace trace;
    struct oracle oracle = {0};
    int grid = seeded.poll_s < GRID ? 1 : GRID;

    seeded.seed = seed;
    estimator_init(&estimator, &options);
    trace_init(&trace, &seeded);
    for (int i = 0; i < WARM + POLLS; i++) {
        struct sample sample = trace_measure(&trace);
        double before = seconds();
        enum estimator_verdict verdict = estimator_add(&estimator, &sample);

        sums->cpu_s += seconds() - before;
        sums->samples++;
        sums->withheld += verdict == ESTIMATOR_WITHHELD;
        sums->jumps += verdict == ESTIMATOR_JUMPED;
        oracle_add(&oracle, &trace, &sample);
        for (int g = 0; g < grid; g++) {
            if (i >= WARM) {
                look(&estimator, &oracle, &trace, sums);
            }
            for (int k = 0; k < (int)seeded.poll_s / grid; k++) {
                trace_tick(&trace);
            }
        }
    }
}

static void steady(int seeds, const char *only)
{
    printf("| condition | rms error, us | all known, us | ratio | most, us | error / sd | "
           "withheld | jumps | us a sample |\n|---|---|---|---|---|---|---|---|---|\n");
    for (size_t c = 0; c < sizeof conditions / sizeof conditions[0]; c++) {
        struct sums s = {0};

        if (only != NULL && strcmp(only, conditions[c].name) != 0) {
            continue;
        }
        for (int seed = 1; seed <= seeds; seed++) {
            run(&conditions[c].trace, (uint64_t)seed, &s);
        }
        double n = (double)s.points;

        printf("| %s | %.4g | %.4g | %.2f | %.4g | %.2f | %ld | %ld | %.1f |\n", conditions[c].name,
               sqrt(s.square / n) * 1e6, sqrt(s.oracle / n) * 1e6, sqrt(s.square / s.oracle),
               s.most * 1e6, sqrt(s.scaled / n), s.withheld, s.jumps,
               s.cpu_s / (double)s.samples * 1e6);
        fflush(stdout);
    }
}

/* A start: four samples 2 s apart, then a ramp, interval = age / 8 within 2..64 s. */
static void starts(int seeds, double jitter_s, double freq_sd, double known_sd)
{
    static const int instants[] = {2, 3, 4, 6, 8, 10, 15, 20, 30, 50, 100};
    enum { INSTANTS = sizeof instants / sizeof instants[0] };
    double square[INSTANTS] = {0}, scaled[INSTANTS] = {0}, freq[INSTANTS] = {0},
           age[INSTANTS] = {0};
    double worst[INSTANTS] = {0};

    for (int seed = 1; seed <= seeds; seed++) {
        struct estimator_options options = {.freq_sd_s_per_s = known_sd, .asymmetry = (double)NAN};
        struct trace_setup setup = {BASE(2, jitter_s, 1e-9), .freq_sd_s_per_s = freq_sd,
                                    .seed = (uint64_t)seed};
        struct estimator estimator;
        struct trace trace;
        int k = 0;

        estimator_init(&estimator, &options);
        trace_init(&trace, &setup);
        for (int n = 1; k < INSTANTS; n++) {
            struct sample sample = trace_measure(&trace);
            struct estimate e;

            estimator_add(&estimator, &sample);
            if (n == instants[k] && estimator_get(&estimator, &e)) {
                struct mono_time now = {trace.second * NS_PER_S};
                double error = estimate_offset_at(&e, now) - trace.offset_s;
                double ratio = error * error / estimate_variance_at(&e, now);

                square[k] += error * error / seeds;
                scaled[k] += ratio / seeds;
                worst[k] = fmax(worst[k], sqrt(ratio));
                freq[k] += (e.freq_s_per_s - trace.freq_s_per_s) *
                           (e.freq_s_per_s - trace.freq_s_per_s) / seeds;
                age[k] = (double)trace.second;
                k++;
            }
            for (int t = (int)fmax(2, fmin(64, (double)trace.second / 8)); t > 0; t--) {
                trace_tick(&trace);
            }
        }
    }
    printf(
        "\n| samples (jitter %g us, frequency off %g ppm, told %g ppm) | age, s | rms error, us | "
        "error / sd | worst | frequency error, ppm |\n|---|---|---|---|---|---|\n",
        jitter_s * 1e6, freq_sd * 1e6, known_sd * 1e6);
    for (int k = 0; k < INSTANTS; k++) {
        printf("| %d | %.0f | %.4g | %.2f | %.1f | %.3g |\n", instants[k], age[k],
               sqrt(square[k]) * 1e6, sqrt(scaled[k]), worst[k], sqrt(freq[k]) * 1e6);
    }
}

int main(int argc, char **argv)
{
    int seeds = argc > 1 ? atoi(argv[1]) : 20;
    const char *only = argc > 2 ? argv[2] : NULL;

    if (seeds < 1) {
        fprintf(stderr, "usage: estimator [SEEDS [NAME]]\n");
        return 2;
    }
    steady(seeds, only);
    if (only == NULL || strcmp(only, "start") == 0) {
        starts(seeds * 20, 1e-4, 3e-5, 1e-4);
        starts(seeds * 20, 1e-4, 1e-7, 1e-6);
        starts(seeds * 20, 1e-5, 3e-5, 1e-4);
        starts(seeds * 20, 1e-2, 3e-5, 1e-4);
    }
    return 0;
}
