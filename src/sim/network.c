/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/network.h"

#include <math.h>

#include "base/must.h"

void route_init(struct route *path, const struct route_options *options, struct prng prng)
{
    *path = (struct route){.options = *options, .prng = prng};
}

static double draw_wait(struct route *path)
{
    const struct route_options *options = &path->options;

    switch (options->kind) {
    case JITTER_EXPONENTIAL:
        return prng_exponential(&path->prng);
    case JITTER_GAMMA:
        return prng_gamma(&path->prng, options->shape) / options->shape;
    case JITTER_NORMAL:
        return fabs(prng_normal(&path->prng)) * 1.2533141373155003; /* sqrt(pi / 2) */
    case JITTER_PARETO:
        return prng_pareto(&path->prng, options->shape);
    case JITTER_UNIFORM:
        return 2 * prng_unit(&path->prng);
    }
    must(false);
    return 0;
}

static void toggle_congestion(struct route *path, struct true_time now)
{
    const struct congestion *congestion = &path->options.congestion;

    if (congestion->share <= 0) {
        path->congested = false;
        return;
    }
    double quiet_s = congestion->mean_s * (1 - congestion->share) / congestion->share;
    if (path->toggle_at.ns == 0) {
        path->toggle_at = true_time_after_s(now, quiet_s * prng_exponential(&path->prng));
    }
    while (path->toggle_at.ns <= now.ns) {
        path->congested = !path->congested;
        double mean_s = path->congested ? congestion->mean_s : quiet_s;
        path->toggle_at =
            true_time_after_s(path->toggle_at, 1e-3 + mean_s * prng_exponential(&path->prng));
    }
}

static struct true_time draw_arrival(struct route *path, struct true_time now)
{
    const struct route_options *options = &path->options;
    double jitter_s = options->jitter_s;

    if (path->congested) {
        jitter_s *= options->congestion.factor;
    }
    double delay_s = options->base_s + jitter_s * draw_wait(path);
    if (prng_chance(&path->prng, options->reorder)) {
        delay_s += options->reorder_s;
    }
    struct true_time arrival = true_time_after_s(now, delay_s);
    if (options->fifo) {
        arrival = true_time_max(arrival, path->last_arrival);
        path->last_arrival = arrival;
    }
    return arrival;
}

struct passage route_carry(struct route *path, struct true_time now)
{
    struct passage passage = {0};

    toggle_congestion(path, now);
    if (path->options.down || prng_chance(&path->prng, path->options.loss)) {
        path->lost++;
        return passage;
    }
    path->carried++;
    passage.arrival[passage.copies++] = draw_arrival(path, now);
    if (prng_chance(&path->prng, path->options.duplicate)) {
        passage.arrival[passage.copies++] = draw_arrival(path, now);
    }
    return passage;
}
