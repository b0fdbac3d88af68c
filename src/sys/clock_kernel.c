/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <time.h>

#include "sys/clock.h"
#include "sys/clock_backends.h"

enum {
    ERROR_UNKNOWN_US = 16000000, /* the kernel's NTP_PHASE_LIMIT: programs take it for "no time" */
    LEAP_MARGIN_S = 2,
    DAY_S = 86400,
};

static enum err adjust(struct timex *t, int *state)
{
    int result = clock_adjtime(CLOCK_REALTIME, t);

    if (result < 0) {
        return errno == EPERM || errno == EACCES ? ERR_DENIED
               : errno == EINVAL                 ? ERR_RANGE
               : errno == ENOSYS                 ? ERR_UNSUPPORTED
                                                 : ERR_OTHER;
    }
    if (state != NULL) {
        *state = result;
    }
    return ERR_NONE;
}

static struct freq rate_in_force(void)
{
    struct timex t = {0};

    return adjust(&t, NULL) == ERR_NONE ? clock_rate_of(t.freq, t.tick) : (struct freq){0};
}

enum err clock_kernel_ability(void)
{
    struct timex t = {0};
    enum err err = adjust(&t, NULL);

    if (err != ERR_NONE) {
        return err;
    }
    t.modes = ADJ_FREQUENCY;
    return adjust(&t, NULL);
}

/*
 * A PLL correction or an adjtime() of somebody goes on for hours, even with STA_PLL off, and would
 * bend a clock that is believed to run straight.
 */
static enum err end_remainders(void)
{
    struct timex t = {0};
    enum err err = adjust(&t, NULL);
    int keep = t.status & (STA_UNSYNC | STA_INS | STA_DEL);

    if (err == ERR_NONE) {
        t = (struct timex){.modes = ADJ_STATUS | ADJ_OFFSET, .status = keep | STA_PLL};
        err = adjust(&t, NULL);
    }
    if (err == ERR_NONE) {
        t = (struct timex){.modes = ADJ_STATUS, .status = keep};
        err = adjust(&t, NULL);
    }
    if (err == ERR_NONE) {
        t = (struct timex){.modes = ADJ_OFFSET_SINGLESHOT};
        err = adjust(&t, NULL);
    }
    return err;
}

/* Linux 4.19 was the first to apply a new frequency at once. */
static struct duration rate_lag(void)
{
    struct utsname name;
    unsigned long major, minor;
    char *end;

    if (uname(&name) != 0) {
        return (struct duration){0};
    }
    major = strtoul(name.release, &end, 10);
    if (end == name.release || *end != '.') {
        return (struct duration){0};
    }
    minor = strtoul(end + 1, NULL, 10);
    bool at_once = major > 4 || (major == 4 && minor >= 19);
    return (struct duration){at_once ? 0 : 10000000};
}

enum err clock_control_kernel(struct clock_control *control, const struct clock_limits *limits)
{
    enum err err = clock_kernel_ability();

    if (err == ERR_NONE) {
        err = end_remainders();
    }
    if (err != ERR_NONE) {
        clock_control_none(control);
        return err;
    }
    *control = (struct clock_control){
        .ops = &clock_kernel_ops,
        .kind = CLOCK_CONTROL_KERNEL,
        .limits = *limits,
        .told_maxerror_us = ERROR_UNKNOWN_US,
        .lag = rate_lag(),
    };
    return ERR_NONE;
}

static void kernel_read(const struct clock_control *control, struct clocks *out)
{
    (void)control;
    clocks_read(out);
}

/* The call between two readings of the raw clock. */
static void adjust_between(struct timex *t, struct clock_change *out)
{
    out->before = clock_raw();
    out->error = adjust(t, NULL);
    out->os_error = out->error == ERR_NONE ? 0 : errno;
    out->after = clock_raw();
    /* After a refusal *t holds what was asked for, not what is in force. */
    out->rate = out->error == ERR_NONE ? clock_rate_of(t->freq, t->tick) : rate_in_force();
}

static void refuse(struct clock_change *out, enum err err)
{
    *out = (struct clock_change){.error = err, .rate = rate_in_force()};
    out->before = out->after = clock_raw();
}

static void kernel_set_rate(struct clock_control *control, struct freq rate,
                            struct clock_change *out)
{
    struct clock_setting setting;
    enum err err = clock_limits_rate(&control->limits, rate);

    if (err != ERR_NONE || !clock_setting_of(rate, &setting)) {
        refuse(out, ERR_RANGE);
        return;
    }
    struct timex t = {
        .modes = ADJ_TICK | ADJ_FREQUENCY, .freq = setting.freq, .tick = setting.tick_us};
    *out = (struct clock_change){0};
    adjust_between(&t, out);
    out->after = mono_add(out->after, control->lag);
}

static void kernel_step(struct clock_control *control, struct duration by, struct clock_change *out)
{
    enum err err = clock_limits_step(&control->limits, clock_system(), by);

    if (err != ERR_NONE) {
        refuse(out, err);
        return;
    }
    struct timex t = {.modes = ADJ_SETOFFSET | ADJ_NANO};
    t.time.tv_sec = by.ns / NS_PER_S;
    t.time.tv_usec = by.ns % NS_PER_S; /* ns, because of ADJ_NANO */
    if (t.time.tv_usec < 0) {
        t.time.tv_usec += NS_PER_S;
        t.time.tv_sec--;
    }
    *out = (struct clock_change){0};
    adjust_between(&t, out);
    if (out->error == ERR_NONE) {
        out->step = by;
        control->rearm_leap = true;
    }
}

static int64_t error_us(double error_s)
{
    double us = ceil(error_s * 1e6);

    if (!(us < ERROR_UNKNOWN_US)) {
        return ERROR_UNKNOWN_US;
    }
    return us < 0 ? 0 : (int64_t)us;
}

/*
 * After a step, ours or anybody's, the kernel keeps the state TIME_INS but forgets the second at
 * which to insert.  Only a change from TIME_OK makes it compute that again, and turning STA_PLL
 * off sets TIME_OK at once.  Not around midnight: the second would be put off by a day.
 */
static enum err rearm(struct clock_control *control, int flags)
{
    int64_t in_day_s = clock_system().ns / NS_PER_S % DAY_S;
    struct timex t = {.modes = ADJ_STATUS, .status = flags | STA_PLL};

    if (in_day_s < LEAP_MARGIN_S || in_day_s >= DAY_S - LEAP_MARGIN_S) {
        return ERR_NONE;
    }
    enum err err = adjust(&t, NULL);
    if (err == ERR_NONE) {
        t = (struct timex){.modes = ADJ_STATUS, .status = flags};
        err = adjust(&t, NULL);
    }
    if (err == ERR_NONE) {
        control->rearm_leap = false;
    }
    return err;
}

static enum err kernel_set_status(struct clock_control *control, const struct clock_status *status)
{
    struct timex t = {0};
    int flags = status->synchronised && status->rtc_copy ? 0 : STA_UNSYNC;
    enum err err = adjust(&t, NULL);
    int tai_s = t.tai;

    if (err != ERR_NONE) {
        return err;
    }
    /* A step by somebody else shows as a maxerror that we have not written. */
    if (t.maxerror >= ERROR_UNKNOWN_US && control->told_maxerror_us < ERROR_UNKNOWN_US / 2) {
        control->rearm_leap = true;
    }
    if (status->synchronised && status->leap != CLOCK_LEAP_NONE) {
        flags |= status->leap == CLOCK_LEAP_INSERT ? STA_INS : STA_DEL;
        if (control->rearm_leap) {
            err = rearm(control, flags);
        }
    } else {
        control->rearm_leap = false; /* TIME_INS ends by itself when its flag is gone */
    }
    if (err != ERR_NONE) {
        return err;
    }
    t = (struct timex){.modes = ADJ_STATUS | ADJ_MAXERROR | ADJ_ESTERROR, .status = flags};
    t.maxerror = status->synchronised ? error_us(status->maxerror_s) : ERROR_UNKNOWN_US;
    t.esterror = status->synchronised ? error_us(status->esterror_s) : ERROR_UNKNOWN_US;
    control->told_maxerror_us = t.maxerror;
    err = adjust(&t, NULL);
    if (err == ERR_NONE && status->tai_s != 0 && status->tai_s != tai_s) {
        t = (struct timex){.modes = ADJ_TAI, .constant = status->tai_s};
        err = adjust(&t, NULL);
    }
    return err;
}

static enum err kernel_state(const struct clock_control *control, struct clock_state *out)
{
    struct timex t = {0};
    int state = 0;
    enum err err = adjust(&t, &state);

    (void)control;
    *out = (struct clock_state){
        .rate = clock_rate_of(t.freq, t.tick),
        .freq = t.freq,
        .tick_us = t.tick,
        .status = t.status,
        .state = state,
        .offset = t.offset,
        .maxerror_us = t.maxerror,
        .esterror_us = t.esterror,
        .tai_s = t.tai,
    };
    return err;
}

enum err clock_kernel_set_rate(struct freq rate)
{
    struct clock_setting setting;

    if (!clock_setting_of(rate, &setting)) {
        return ERR_RANGE;
    }
    struct timex t = {
        .modes = ADJ_TICK | ADJ_FREQUENCY, .freq = setting.freq, .tick = setting.tick_us};
    return adjust(&t, NULL);
}

const struct clock_backend_ops clock_kernel_ops = {
    .read = kernel_read,
    .set_rate = kernel_set_rate,
    .step = kernel_step,
    .set_status = kernel_set_status,
    .state = kernel_state,
};

/* The kernel's clock for those who only look. */

static void none_refuse(struct clock_change *out)
{
    refuse(out, ERR_DENIED);
}

static void none_set_rate(struct clock_control *control, struct freq rate, struct clock_change *out)
{
    (void)control;
    (void)rate;
    none_refuse(out);
}

static void none_step(struct clock_control *control, struct duration by, struct clock_change *out)
{
    (void)control;
    (void)by;
    none_refuse(out);
}

static enum err none_set_status(struct clock_control *control, const struct clock_status *status)
{
    (void)control;
    (void)status;
    return ERR_DENIED;
}

void clock_control_none(struct clock_control *control)
{
    static const struct clock_backend_ops ops = {
        .read = kernel_read,
        .set_rate = none_set_rate,
        .step = none_step,
        .set_status = none_set_status,
        .state = kernel_state,
    };

    *control = (struct clock_control){.ops = &ops, .kind = CLOCK_CONTROL_NONE};
}
