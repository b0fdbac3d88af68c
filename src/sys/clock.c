/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/clock.h"

#include <math.h>
#include <time.h>
#include <unistd.h>

#include "sys/clock_backends.h"

enum { READ_TRIES = 3, READ_WINDOW_GOOD_NS = 150, PRECISION_READINGS = 64 };

/* False where the clock does not exist. */
static bool read_clock(clockid_t id, int64_t *ns)
{
    struct timespec t;

    if (clock_gettime(id, &t) != 0) {
        *ns = 0;
        return false;
    }
    *ns = (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
    return true;
}

struct mono_time clock_raw(void)
{
    struct mono_time t;

    (void)read_clock(CLOCK_MONOTONIC_RAW, &t.ns);
    return t;
}

struct steady_time clock_steady(void)
{
    struct steady_time t;

    (void)read_clock(CLOCK_MONOTONIC, &t.ns);
    return t;
}

struct utc_time clock_system(void)
{
    struct utc_time t;

    (void)read_clock(CLOCK_REALTIME, &t.ns);
    return t;
}

void clocks_read(struct clocks *out)
{
    for (int try = 0; try < READ_TRIES; try++) {
        struct clocks c;
        struct mono_time first = clock_raw();

        c.system = clock_system();
        c.mono = clock_steady();
        c.boot_known = read_clock(CLOCK_BOOTTIME, &c.boot.ns);
        c.window = mono_sub(clock_raw(), first);
        c.raw = mono_add(first, (struct duration){c.window.ns / 2});
        c.real = c.system;
        if (try == 0 || c.window.ns < out->window.ns) {
            *out = c;
        }
        if (out->window.ns < READ_WINDOW_GOOD_NS) {
            break;
        }
    }
}

double clock_precision_s(void)
{
    int64_t least_ns = 0;
    struct utc_time last = clock_system();

    for (int i = 0; i < PRECISION_READINGS; i++) {
        struct utc_time now = clock_system();
        int64_t step_ns = now.ns - last.ns;

        if (step_ns > 0 && (least_ns == 0 || step_ns < least_ns)) {
            least_ns = step_ns;
        }
        last = now;
    }
    /* Nothing moved: a simulator.  Its stamps are exact, 1 ns is what they can show. */
    return least_ns == 0 ? 1e-9 : (double)least_ns * 1e-9;
}

struct mono_time clocks_raw_of_system(const struct clocks *now, struct utc_time stamp)
{
    return (struct mono_time){now->raw.ns - (now->system.ns - stamp.ns)};
}

/* Settings */

static int64_t ticks_per_s(void)
{
    long hz = sysconf(_SC_CLK_TCK); /* USER_HZ: the unit of timex.tick, whatever HZ is */

    return hz > 0 ? hz : 100;
}

struct freq clock_rate_of(int64_t freq, int64_t tick_us)
{
    double tick = (double)(tick_us * ticks_per_s() - 1000000) * 1e-6;

    return (struct freq){tick + (double)freq * (1e-6 / 65536)};
}

bool clock_setting_of(struct freq rate, struct clock_setting *out)
{
    int64_t hz = ticks_per_s();
    double unit = (double)hz * 1e-6; /* of tick, s/s */

    if (!(fabs(rate.s_per_s) <= 0.1)) {
        return false;
    }
    int64_t ticks = (int64_t)floor(rate.s_per_s / unit + 0.5);
    double rest = rate.s_per_s - (double)ticks * unit;

    out->tick_us = 1000000 / hz + ticks;
    out->freq = (int64_t)floor(rest * (65536 * 1e6) + 0.5);
    return true;
}

enum err clock_limits_rate(const struct clock_limits *limits, struct freq rate)
{
    /* Negated so that NaN is refused. */
    return !(fabs(rate.s_per_s) <= limits->max_rate_s_per_s) ? ERR_RANGE : ERR_NONE;
}

enum err clock_limits_step(const struct clock_limits *limits, struct utc_time now,
                           struct duration by)
{
    int64_t then_ns;

    if (limits->max_step_s > 0 && fabs(duration_to_s(by)) > limits->max_step_s) {
        return ERR_RANGE;
    }
    if (__builtin_add_overflow(now.ns, by.ns, &then_ns) || then_ns < 0) {
        return ERR_RANGE;
    }
    /* A clock that is already outside may be moved towards the allowed dates. */
    if (limits->not_before.ns != 0 && then_ns < limits->not_before.ns && by.ns < 0) {
        return ERR_RANGE;
    }
    if (limits->not_after.ns != 0 && then_ns > limits->not_after.ns && by.ns > 0) {
        return ERR_RANGE;
    }
    return ERR_NONE;
}

/* One interface */

void clock_control_read(const struct clock_control *control, struct clocks *out)
{
    control->ops->read(control, out);
}

void clock_control_set_rate(struct clock_control *control, struct freq rate,
                            struct clock_change *out)
{
    control->ops->set_rate(control, rate, out);
}

void clock_control_step(struct clock_control *control, struct duration by, struct clock_change *out)
{
    control->ops->step(control, by, out);
}

enum err clock_control_set_status(struct clock_control *control, const struct clock_status *status)
{
    return control->ops->set_status(control, status);
}

enum err clock_control_state(const struct clock_control *control, struct clock_state *out)
{
    return control->ops->state(control, out);
}
