/* SPDX-License-Identifier: BSD-2-Clause */
#include "support/fake_world.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* NTP_PHASE_LIMIT of Linux: there maxerror ends, and sets STA_UNSYNC. */
enum { MAXERROR_LIMIT_US = 16000000, MAXERROR_GROWTH_US = 500 };
enum { NOMINAL_TICK = 10000, TICK_RANGE = 1000, FREQ_MAX = 500 << 16, REQUEST_SIZE = 48 };

#define START_S INT64_C(1830000000) /* 2027: after any build, before 2036 */
#define NTP_TO_UNIX_S UINT64_C(2208988800)

static double setting(const char *name, double otherwise)
{
    const char *text = getenv(name);

    return text != NULL ? strtod(text, NULL) : otherwise;
}

void world_init(struct fake_world *w)
{
    const char *offsets = getenv("FAKECLOCK_SERVERS");
    char *rest = NULL;

    memset(w, 0, sizeof *w);
    w->start_ns = w->true_ns = (int64_t)setting("FAKECLOCK_START_S", START_S) * FAKE_NS_PER_S;
    w->silent_ns[0] = w->start_ns + (int64_t)(setting("FAKECLOCK_SPEAK_S", 0) * 1e9);
    w->silent_ns[1] = w->start_ns + (int64_t)(setting("FAKECLOCK_SILENT_S", 1e9) * 1e9);
    w->rival_s = (int64_t)setting("FAKECLOCK_RIVAL_S", 0);
    w->leap = (uint8_t)setting("FAKECLOCK_LEAP", 0);
    w->judge_ns = w->start_ns + (int64_t)(setting("FAKECLOCK_SETTLE_S", 0) * 1e9);
    w->random = (uint64_t)setting("FAKECLOCK_SEED", 1) * UINT64_C(0x9e3779b97f4a7c15) + 1;
    w->clock.skew = setting("FAKECLOCK_SKEW_PPM", 0) * 1e-6;
    w->clock.tick = NOMINAL_TICK;
    w->clock.since_ns = w->true_ns;
    w->clock.real_ns = w->true_ns + (int64_t)(setting("FAKECLOCK_ERROR_S", 0) * 1e9);
    w->clock.status = STA_UNSYNC;
    w->clock.maxerror_us = w->clock.esterror_us = MAXERROR_LIMIT_US;
    for (offsets = offsets != NULL ? offsets : "0"; w->server_count < FAKE_SERVERS_MAX;
         offsets = rest) {
        struct fake_server *server = &w->servers[w->server_count];

        server->offset_s = strtod(offsets, &rest);
        if (rest == offsets) {
            break;
        }
        server->delay_s = setting("FAKECLOCK_DELAY_S", 200e-6);
        server->jitter_s = setting("FAKECLOCK_JITTER_S", 20e-6);
        w->server_count++;
    }
}

uint64_t world_random(struct fake_world *w)
{
    w->random ^= w->random << 13;
    w->random ^= w->random >> 7;
    w->random ^= w->random << 17;
    return w->random * UINT64_C(0x2545f4914f6cdd1d);
}

/* ---- clocks ---------------------------------------------------------------------------------- */

/* Rate of CLOCK_REALTIME and CLOCK_MONOTONIC against the oscillator. */
static double kernel_rate(const struct fake_clock *c)
{
    return (double)c->tick / NOMINAL_TICK + (double)c->freq / 65536e6;
}

/* What a steered clock gained on true time since the last change, ns; small, so exact enough. */
static double gained(const struct fake_world *w)
{
    double elapsed = (double)(w->true_ns - w->clock.since_ns);

    return elapsed * ((1 + w->clock.skew) * kernel_rate(&w->clock) - 1);
}

static int64_t steered(const struct fake_world *w, int64_t base, double rest)
{
    return base + (w->true_ns - w->clock.since_ns) + (int64_t)floor(rest + gained(w));
}

int64_t world_real(const struct fake_world *w)
{
    return steered(w, w->clock.real_ns, w->clock.real_rest);
}

int64_t world_mono(const struct fake_world *w)
{
    return steered(w, w->clock.mono_ns, w->clock.mono_rest);
}

int64_t world_raw(const struct fake_world *w)
{
    int64_t elapsed = w->true_ns - w->start_ns;

    return elapsed + (int64_t)floor((double)elapsed * w->clock.skew);
}

int64_t world_after(const struct fake_world *w, int64_t ns)
{
    double rate = (1 + w->clock.skew) * kernel_rate(&w->clock);

    return w->true_ns + ns + (int64_t)ceil((double)ns * (1 / rate - 1));
}

double world_error_s(const struct fake_world *w)
{
    return (double)(world_real(w) - w->true_ns) / 1e9;
}

/* Starts a new segment at the present instant, so that rate or phase may change. */
static void new_segment(struct fake_world *w)
{
    struct fake_clock *c = &w->clock;
    double gain = gained(w);
    int64_t real = world_real(w), mono = world_mono(w);

    c->real_rest = c->real_rest + gain - floor(c->real_rest + gain);
    c->mono_rest = c->mono_rest + gain - floor(c->mono_rest + gain);
    c->real_ns = real;
    c->mono_ns = mono;
    c->since_ns = w->true_ns;
}

static void judge(struct fake_world *w)
{
    double error = fabs(world_error_s(w));

    if (w->true_ns >= w->judge_ns) {
        w->report.seconds++;
        w->report.squares += error * error;
        w->report.worst_s = error > w->report.worst_s ? error : w->report.worst_s;
    }
}

/* As two daemons do that each find the other's frequency wrong. */
static void let_rival(struct fake_world *w)
{
    int64_t second = (w->true_ns - w->start_ns) / FAKE_NS_PER_S;

    if (w->rival_s > 0 && second % w->rival_s == 0) {
        new_segment(w);
        w->clock.freq = (second / w->rival_s % 2 ? 10 : -10) * 65536;
    }
}

void world_advance(struct fake_world *w, int64_t to_ns)
{
    while (w->true_ns < to_ns) {
        int64_t second = w->true_ns - w->true_ns % FAKE_NS_PER_S + FAKE_NS_PER_S;

        w->true_ns = second < to_ns ? second : to_ns;
        if (w->true_ns == second) {
            judge(w);
            let_rival(w);
            world_second(w);
        }
    }
}

void world_set(struct fake_world *w, int64_t real_ns)
{
    new_segment(w);
    w->clock.real_ns = real_ns;
    w->clock.real_rest = 0;
    w->report.steps++;
}

/* Refuses what Linux refuses, and what this world does not model. */
static int adjust_check(const struct timex *tx)
{
    unsigned known = ADJ_FREQUENCY | ADJ_TICK | ADJ_STATUS | ADJ_MAXERROR | ADJ_ESTERROR |
                     ADJ_SETOFFSET | ADJ_NANO | ADJ_MICRO | ADJ_TAI | ADJ_TIMECONST | ADJ_OFFSET;

    if (tx->modes == ADJ_OFFSET_SINGLESHOT || tx->modes == ADJ_OFFSET_SS_READ) {
        return tx->offset == 0 ? 0 : EINVAL;
    }
    if ((tx->modes & ~known) != 0 || ((tx->modes & ADJ_OFFSET) != 0 && tx->offset != 0)) {
        return EINVAL;
    }
    if ((tx->modes & ADJ_TICK) != 0 &&
        (tx->tick < NOMINAL_TICK - TICK_RANGE || tx->tick > NOMINAL_TICK + TICK_RANGE)) {
        return EINVAL;
    }
    if ((tx->modes & ADJ_SETOFFSET) != 0 &&
        (tx->time.tv_usec < 0 ||
         tx->time.tv_usec >= ((tx->modes & ADJ_NANO) != 0 ? FAKE_NS_PER_S : 1000000))) {
        return EINVAL;
    }
    return 0;
}

int64_t world_maxerror_us(const struct fake_world *w)
{
    int64_t grown = w->clock.maxerror_us +
                    (w->true_ns - w->clock.maxerror_ns) / FAKE_NS_PER_S * MAXERROR_GROWTH_US;

    return grown < MAXERROR_LIMIT_US ? grown : MAXERROR_LIMIT_US;
}

int world_status(const struct fake_world *w)
{
    return w->clock.status | (world_maxerror_us(w) >= MAXERROR_LIMIT_US ? STA_UNSYNC : 0);
}

static void adjust_step(struct fake_world *w, const struct timex *tx)
{
    int64_t fraction = (tx->modes & ADJ_NANO) != 0 ? tx->time.tv_usec : tx->time.tv_usec * 1000;

    world_set(w, world_real(w) + tx->time.tv_sec * FAKE_NS_PER_S + fraction);
}

static void adjust_settings(struct fake_clock *c, const struct timex *tx, int64_t now_ns)
{
    if ((tx->modes & ADJ_FREQUENCY) != 0) {
        c->freq = tx->freq > FREQ_MAX ? FREQ_MAX : tx->freq < -FREQ_MAX ? -FREQ_MAX : tx->freq;
    }
    if ((tx->modes & ADJ_TICK) != 0) {
        c->tick = tx->tick;
    }
    if ((tx->modes & ADJ_STATUS) != 0) {
        c->status = tx->status & ~STA_RONLY;
    }
    if ((tx->modes & ADJ_NANO) != 0) {
        c->status |= STA_NANO;
    }
    if ((tx->modes & ADJ_MICRO) != 0) {
        c->status &= ~STA_NANO;
    }
    if ((tx->modes & ADJ_MAXERROR) != 0) {
        c->maxerror_us = tx->maxerror;
        c->maxerror_ns = now_ns;
    }
    if ((tx->modes & ADJ_ESTERROR) != 0) {
        c->esterror_us = tx->esterror;
    }
    if ((tx->modes & ADJ_TAI) != 0) {
        c->tai = (int)tx->constant;
    } else if ((tx->modes & ADJ_TIMECONST) != 0) {
        c->constant = tx->constant;
    }
}

int world_adjust(struct fake_world *w, struct timex *tx)
{
    struct fake_clock *c = &w->clock;
    bool single = tx->modes == ADJ_OFFSET_SINGLESHOT || tx->modes == ADJ_OFFSET_SS_READ;
    int64_t now;
    int error = adjust_check(tx);

    if (error != 0) {
        errno = error;
        return -1;
    }
    if (!single && tx->modes != 0) {
        new_segment(w);
        w->report.adjustments++;
        if ((tx->modes & ADJ_SETOFFSET) != 0) {
            adjust_step(w, tx);
        }
        adjust_settings(c, tx, w->true_ns);
    }
    now = world_real(w);
    tx->offset = 0;
    tx->freq = (long)c->freq;
    tx->maxerror = (long)world_maxerror_us(w);
    tx->esterror = (long)c->esterror_us;
    tx->status = world_status(w);
    tx->constant = (long)c->constant;
    tx->precision = 1;
    tx->tolerance = FREQ_MAX;
    tx->tick = (long)c->tick;
    tx->tai = c->tai;
    tx->time.tv_sec = now / FAKE_NS_PER_S;
    tx->time.tv_usec = now % FAKE_NS_PER_S / ((c->status & STA_NANO) != 0 ? 1 : 1000);
    return (tx->status & STA_UNSYNC) != 0 ? TIME_ERROR : TIME_OK;
}

/* ---- servers --------------------------------------------------------------------------------- */

static void put_u32(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 24);
    at[1] = (uint8_t)(value >> 16);
    at[2] = (uint8_t)(value >> 8);
    at[3] = (uint8_t)value;
}

/* An NTP timestamp (RFC 5905, section 6). */
static void put_time(uint8_t *at, int64_t ns)
{
    uint64_t seconds = (uint64_t)(ns / FAKE_NS_PER_S) + NTP_TO_UNIX_S;
    uint64_t fraction = ((uint64_t)(ns % FAKE_NS_PER_S) << 32) / (uint64_t)FAKE_NS_PER_S;

    put_u32(at, (uint32_t)seconds);
    put_u32(at + 4, (uint32_t)fraction);
}

static int64_t path_delay(struct fake_world *w, const struct fake_server *server)
{
    double uniform = ((double)(world_random(w) >> 11) + 1) / 9007199254740993.0;

    return (int64_t)((server->delay_s - server->jitter_s * log(uniform)) * 1e9);
}

void world_request(struct fake_world *w, int socket, unsigned server, const uint8_t *bytes,
                   size_t size)
{
    struct fake_server *s = &w->servers[server];
    struct fake_datagram *d = NULL;
    int64_t arrived, told;
    unsigned i;

    w->report.requests++;
    for (i = 0; i < FAKE_FLYING_MAX && d == NULL; i++) {
        d = w->flying[i].used ? NULL : &w->flying[i];
    }
    if (w->true_ns < w->silent_ns[0] || w->true_ns > w->silent_ns[1]) {
        return;
    }
    if (d == NULL || size < REQUEST_SIZE || (bytes[0] & 7) != 3) {
        return; /* the path is full, or this is no request: lost */
    }
    memset(d, 0, sizeof *d);
    arrived = w->true_ns + path_delay(w, s);
    told = arrived + (int64_t)(s->offset_s * 1e9);
    d->used = true;
    d->socket = socket;
    d->server = server;
    d->size = REQUEST_SIZE;
    d->bytes[0] = (uint8_t)(w->leap << 6 | (bytes[0] & 0x38) | 4);
    d->bytes[1] = 1;
    d->bytes[2] = bytes[2];
    d->bytes[3] = (uint8_t)-25;
    put_u32(d->bytes + 8, 1); /* root dispersion: 15 us */
    memcpy(d->bytes + 12, "FAKE", 4);
    put_time(d->bytes + 16, told - told % (16 * FAKE_NS_PER_S));
    memcpy(d->bytes + 24, bytes + 40, 8);
    put_time(d->bytes + 32, told);
    put_time(d->bytes + 40, told + 10000);
    d->arrival_ns = arrived + 10000 + path_delay(w, s);
    s->answers++;
}

struct fake_datagram *world_datagram(struct fake_world *w, int socket, bool flying)
{
    struct fake_datagram *first = NULL;
    unsigned i;

    for (i = 0; i < FAKE_FLYING_MAX; i++) {
        struct fake_datagram *d = &w->flying[i];

        if (d->used && d->socket == socket && (flying || d->arrival_ns <= w->true_ns) &&
            (first == NULL || d->arrival_ns < first->arrival_ns)) {
            first = d;
        }
    }
    return first;
}
