/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/clock.h"
#include "sys/clock_backends.h"

static struct freq virtual_rate(const struct clock_control *control)
{
    return clock_rate_of(control->freq, control->tick_us);
}

static struct utc_time virtual_at(const struct clock_control *control, struct mono_time raw)
{
    int64_t elapsed_ns = raw.ns - control->from.ns;
    /* Integers for the whole, a double for the small part only: exact to 1 ns for 100 years. */
    double gained_ns = (double)elapsed_ns * virtual_rate(control).s_per_s;

    return (struct utc_time){control->base.ns + elapsed_ns + (int64_t)gained_ns};
}

/* From now on it runs on from what it reads at `raw`. */
static void rebase(struct clock_control *control, struct mono_time raw)
{
    control->base = virtual_at(control, raw);
    control->from = raw;
}

void clock_control_virtual(struct clock_control *control, const struct clock_limits *limits,
                           struct duration error, struct freq rate)
{
    struct clocks now;
    struct clock_setting setting;

    if (!clock_setting_of(rate, &setting)) {
        (void)clock_setting_of((struct freq){0}, &setting);
    }
    clocks_read(&now);
    *control = (struct clock_control){
        .ops = &clock_virtual_ops,
        .kind = CLOCK_CONTROL_VIRTUAL,
        .limits = *limits,
        .from = now.raw,
        .base = {now.system.ns + error.ns},
        .freq = setting.freq,
        .tick_us = setting.tick_us,
    };
}

static void virtual_read(const struct clock_control *control, struct clocks *out)
{
    clocks_read(out);
    out->real = virtual_at(control, out->raw);
}

static void virtual_set_rate(struct clock_control *control, struct freq rate,
                             struct clock_change *out)
{
    struct mono_time now = clock_raw();
    struct clock_setting setting;
    enum err err = clock_limits_rate(&control->limits, rate);

    if (err == ERR_NONE && !clock_setting_of(rate, &setting)) {
        err = ERR_RANGE;
    }
    if (err == ERR_NONE) {
        rebase(control, now);
        control->freq = setting.freq;
        control->tick_us = setting.tick_us;
    }
    *out = (struct clock_change){
        .error = err, .before = now, .after = now, .rate = virtual_rate(control)};
}

static void virtual_step(struct clock_control *control, struct duration by,
                         struct clock_change *out)
{
    struct mono_time now = clock_raw();
    enum err err = clock_limits_step(&control->limits, virtual_at(control, now), by);

    *out = (struct clock_change){
        .error = err, .before = now, .after = now, .rate = virtual_rate(control)};
    if (err == ERR_NONE) {
        rebase(control, now);
        control->base.ns += by.ns;
        out->step = by;
    }
}

/* Nobody but this process reads a virtual clock: there is nobody to tell. */
static enum err virtual_set_status(struct clock_control *control, const struct clock_status *status)
{
    (void)control;
    (void)status;
    return ERR_NONE;
}

static enum err virtual_state(const struct clock_control *control, struct clock_state *out)
{
    *out = (struct clock_state){
        .rate = virtual_rate(control), .freq = control->freq, .tick_us = control->tick_us};
    return ERR_NONE;
}

const struct clock_backend_ops clock_virtual_ops = {
    .read = virtual_read,
    .set_rate = virtual_set_rate,
    .step = virtual_step,
    .set_status = virtual_set_status,
    .state = virtual_state,
};
