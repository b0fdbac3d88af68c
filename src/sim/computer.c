/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/computer.h"

#include <math.h>

#include "base/must.h"

#define TICK_UNIT_S_PER_S 1e-4 /* one us of a tick of 10 ms */
#define VIRTUAL_RATE_MAX_S_PER_S 0.1
#define READING_WINDOW_S 60e-9
#define SYSTEM_CALL_S 0.7e-6
#define SLEEP_MAX_S 86400.0 /* nobody sleeps longer in one go */
#define RTC_ERROR_S 1e-3    /* the persistent clock over a sleep, either way */

struct computer_options computer_options_default(void)
{
    return (struct computer_options){
        .backend = BACKEND_KERNEL,
        .oscillator = {.rate_s_per_s = 10e-6, .wander_s_per_s = 1e-9},
        .stamp_noise_s = 1e-6,
        .latency_s = 50e-6,
    };
}

static struct kernel_clock *disciplined(struct computer *computer)
{
    return computer->options.backend == BACKEND_VIRTUAL ? &computer->virtual : &computer->kernel;
}

void computer_init(struct computer *computer, const struct computer_options *options,
                   struct utc_time utc, uint64_t seed, unsigned index)
{
    struct utc_time shown = {utc.ns + duration_from_s(options->error_s).ns};

    *computer = (struct computer){
        .options = *options,
        .prng = prng_stream(seed, PRNG_COMPUTER, index),
    };
    oscillator_init(&computer->oscillator, &options->oscillator,
                    prng_stream(seed, PRNG_OSCILLATOR, index));
    struct mono_time raw = oscillator_read(&computer->oscillator, computer->now);
    kernel_clock_init(&computer->kernel, raw, shown);
    kernel_clock_init(&computer->virtual, raw, shown);
}

/* Bring every clock to computer->now. */
static struct mono_time run_clocks(struct computer *computer)
{
    struct mono_time raw = oscillator_read(&computer->oscillator, computer->now);

    kernel_clock_advance(&computer->kernel, raw);
    if (computer->options.backend == BACKEND_VIRTUAL) {
        kernel_clock_advance(&computer->virtual, raw);
    }
    return raw;
}

void computer_advance(struct computer *computer, struct true_time t)
{
    computer->now = true_time_max(computer->now, t);
    computer->now = true_time_max(computer->now, computer->frozen_until);
}

void computer_spend(struct computer *computer, double s)
{
    computer->now = true_time_after_s(computer->now, s);
}

/* As the program sees it. */
static struct mono_time compensated(const struct computer *computer, struct mono_time raw)
{
    return compensation_apply(&computer->compensation, raw);
}

struct clock_reading computer_reading(struct computer *computer)
{
    struct clock_reading reading = {.boot_known = !computer->options.boot_unknown};
    double window_s = READING_WINDOW_S * (0.5 + 0.5 * prng_exponential(&computer->prng));
    struct mono_time before = run_clocks(computer);

    computer_spend(computer, window_s * prng_between(&computer->prng, 0.2, 0.6));
    run_clocks(computer);
    reading.real = kernel_clock_real(disciplined(computer));
    computer_spend(computer, window_s * 0.2);
    run_clocks(computer);
    reading.mono = kernel_clock_mono(&computer->kernel);
    reading.boot = kernel_clock_boot(&computer->kernel);
    computer_spend(computer, window_s * 0.2);
    struct mono_time after = run_clocks(computer);
    reading.window = mono_sub(after, before);
    reading.raw = compensated(computer, mono_add(before, (struct duration){reading.window.ns / 2}));
    return reading;
}

struct stamp computer_stamp(struct computer *computer, bool outgoing)
{
    const struct computer_options *options = &computer->options;
    int64_t late_ns =
        duration_from_s(options->stamp_noise_s * prng_exponential(&computer->prng)).ns;
    struct mono_time raw = run_clocks(computer);
    /* The kernel stamps before it hands the datagram to the card, and after it got it from there.
     */
    int64_t moved_ns = outgoing ? -late_ns : late_ns;
    struct stamp stamp = {
        .stamp_class = options->user_stamps ? STAMP_USER : STAMP_KERNEL,
        .clock = STAMP_CLOCK_REAL,
    };

    if (options->backend == BACKEND_VIRTUAL) {
        /* The kernel stamps in its own CLOCK_REALTIME; the daemon moves that to raw at once. */
        stamp.clock = STAMP_CLOCK_RAW;
        stamp.ns = compensated(computer, raw).ns + moved_ns;
    } else {
        stamp.ns = kernel_clock_real(&computer->kernel).ns + moved_ns;
    }
    return stamp;
}

struct utc_time computer_real(struct computer *computer)
{
    run_clocks(computer);
    return kernel_clock_real(disciplined(computer));
}

struct steady_time computer_mono(struct computer *computer)
{
    run_clocks(computer);
    return kernel_clock_mono(&computer->kernel);
}

bool computer_may_adjust(const struct computer *computer)
{
    return computer->options.backend != BACKEND_NONE;
}

double computer_max_rate(const struct computer *computer)
{
    (void)computer; /* both backends have the range of timex.tick */
    return VIRTUAL_RATE_MAX_S_PER_S;
}

struct freq computer_steered(const struct computer *computer)
{
    return compensation_from_raw(&computer->compensation,
                                 kernel_clock_rate(computer->options.backend == BACKEND_VIRTUAL
                                                       ? &computer->virtual
                                                       : &computer->kernel));
}

static struct event_clock_adjusted adjust(struct computer *computer, enum adjust_kind kind,
                                          struct kernel_adjust *values)
{
    struct kernel_clock *clock = disciplined(computer);
    struct event_clock_adjusted adjusted = {.kind = kind, .error = ERR_DENIED};

    adjusted.before = compensated(computer, run_clocks(computer));
    computer_spend(computer, SYSTEM_CALL_S * (0.5 + prng_exponential(&computer->prng)));
    run_clocks(computer);
    if (computer_may_adjust(computer)) {
        adjusted.error = kernel_clock_adjust(clock, values);
    }
    computer_spend(computer, SYSTEM_CALL_S * (0.5 + prng_exponential(&computer->prng)));
    adjusted.after = compensated(computer, run_clocks(computer));
    adjusted.rate = compensation_from_raw(&computer->compensation, kernel_clock_rate(clock));
    return adjusted;
}

struct event_clock_adjusted computer_steer(struct computer *computer, struct freq asked)
{
    struct freq rate = compensation_to_raw(&computer->compensation, asked);
    /* Ticks take the multiples of 100 ppm, so that timex.freq never meets its clamp at 500. */
    double units = floor(rate.s_per_s / TICK_UNIT_S_PER_S + 0.5);
    double rest_s_per_s = rate.s_per_s - units * TICK_UNIT_S_PER_S;
    struct kernel_adjust values = {.modes = KERNEL_TICK | KERNEL_FREQUENCY};

    if (!(fabs(units) <= KERNEL_TICK_NOMINAL_US)) {
        units = KERNEL_TICK_NOMINAL_US; /* refused by the kernel */
        rest_s_per_s = 0;
    }
    values.tick_us = KERNEL_TICK_NOMINAL_US + (int64_t)units;
    values.freq = (int64_t)floor(rest_s_per_s * 1e6 * 0x1p16 + 0.5);
    return adjust(computer, ADJUST_RATE, &values);
}

struct event_clock_adjusted computer_compensate(struct computer *computer, struct freq rate)
{
    struct freq steered = computer_steered(computer);

    compensation_set(&computer->compensation, run_clocks(computer), rate);
    return computer_steer(computer, steered);
}

void computer_forget(struct computer *computer)
{
    computer->compensation = (struct compensation){0};
}

struct event_temperature computer_temperatures(struct computer *computer)
{
    struct event_temperature temperatures = {.count = computer->options.thermometer ? 2 : 1};
    double air = 25 + 10 * oscillator_warmth(&computer->oscillator);

    /* Programs come and go; the sensor in the processor shows little else. */
    if (prng_chance(&computer->prng, 0.05)) {
        computer->load = prng_between(&computer->prng, 0, 30);
    }
    temperatures.value[0] = floor(air + 15 + computer->load);
    temperatures.value[1] = floor(2 * (air + 0.3 * prng_normal(&computer->prng))) / 2;
    return temperatures;
}

struct event_clock_adjusted computer_step(struct computer *computer, struct duration by)
{
    struct kernel_adjust values = {.modes = KERNEL_SETOFFSET, .step_ns = by.ns};
    struct event_clock_adjusted adjusted = adjust(computer, ADJUST_STEP, &values);

    if (adjusted.error == ERR_NONE) {
        adjusted.step = by;
    }
    return adjusted;
}

static int64_t to_us_up(double s)
{
    return s >= 16 ? KERNEL_PHASE_LIMIT_US : (int64_t)ceil(s * 1e6);
}

void computer_set_status(struct computer *computer, const struct action_status *status)
{
    struct kernel_adjust values = {
        .modes = KERNEL_STATUS | KERNEL_MAXERROR | KERNEL_ESTERROR,
        .maxerror_us = to_us_up(status->maxerror_s),
        .esterror_us = to_us_up(status->esterror_s),
        .status = status->synchronised ? 0 : KERNEL_STA_UNSYNC,
    };

    if (status->leap == NTP_LEAP_INSERT) {
        values.status |= KERNEL_STA_INS;
    } else if (status->leap == NTP_LEAP_DELETE) {
        values.status |= KERNEL_STA_DEL;
    }
    if (computer_may_adjust(computer)) {
        run_clocks(computer);
        must(kernel_clock_adjust(disciplined(computer), &values) == ERR_NONE);
    }
}

double computer_sleep_s(struct computer *computer, struct mono_time raw_now,
                        struct mono_time deadline)
{
    double mono_rate =
        oscillator_rate(&computer->oscillator) + kernel_clock_rate_now(&computer->kernel);
    double asked_s;

    if (deadline.ns <= raw_now.ns) { /* it may be as early as INT64_MIN */
        return 0;
    }
    asked_s = ceil(mono_diff_s(deadline, raw_now) * 1e3) * 1e-3;
    if (asked_s > SLEEP_MAX_S) {
        asked_s = SLEEP_MAX_S;
    }
    return asked_s / (1 + mono_rate) +
           computer->options.latency_s * prng_exponential(&computer->prng);
}

void computer_pause(struct computer *computer, double s)
{
    run_clocks(computer);
    computer->frozen_until = true_time_after_s(computer->now, s);
    oscillator_stop(&computer->oscillator, computer->now, computer->frozen_until);
    computer->now = computer->frozen_until;
}

void computer_suspend(struct computer *computer, double s)
{
    double measured_s = s + prng_between(&computer->prng, -RTC_ERROR_S, RTC_ERROR_S);

    computer_pause(computer, s);
    run_clocks(computer);
    kernel_clock_resume(&computer->kernel, duration_from_s(measured_s));
}

void computer_meddle(struct computer *computer, struct kernel_adjust *adjust)
{
    run_clocks(computer);
    must(kernel_clock_adjust(&computer->kernel, adjust) == ERR_NONE);
}

void computer_disturb(struct computer *computer, double step_s)
{
    struct kernel_adjust values = {
        .modes = KERNEL_SETOFFSET,
        .step_ns = duration_from_s(step_s).ns,
    };

    computer_meddle(computer, &values);
}
