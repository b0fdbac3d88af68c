/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/send_model.h"

enum {
    FIRST_GUESS_NS = 1000, /* early rather than late */
    CALL_MAX_NS = 1000000, /* beyond it a measurement tells of something else */
    MEAN_OF = 8,           /* the first measurements are averaged */
    APART = 4,             /* answers between two whose stamps tell how long one takes */
};

/* This share of answers leaves earlier than they say. */
static const double quantile = 0.05;
/* To be stamped delays a departure: the kernel copies the packet before it looks at the clock. */
static const double unstamped_share = 0.8;
static const double step_share = 0.02; /* of an estimate, at each measurement */
static const double much = 0.7;        /* below this share of the estimate it has become faster */
static const double falls = 0.25;      /* ... and this part of the difference is believed at once */

void send_model_init(struct send_model *model)
{
    *model = (struct send_model){
        .first = {{.ns = FIRST_GUESS_NS}, {.ns = FIRST_GUESS_NS}, {.ns = FIRST_GUESS_NS}}};
}

double send_model_ns(const struct send_model *model, enum send_model_pace pace, unsigned count,
                     unsigned k)
{
    return model->write[pace].ns * count + model->first[pace].ns + model->each.ns * k;
}

static double smaller(double a, double b)
{
    return a < b ? a : b;
}

static void learn(struct send_estimate *estimate, double seen_ns)
{
    double step_ns = (estimate->ns + 20) * step_share;

    if (estimate->seen < MEAN_OF) {
        estimate->seen++;
        /* One that is far off must not count for long. */
        estimate->ns +=
            (smaller(seen_ns, 4 * estimate->ns + FIRST_GUESS_NS) - estimate->ns) / estimate->seen;
    } else if (seen_ns < much * estimate->ns) {
        estimate->ns += (seen_ns - estimate->ns) * falls;
    } else if (seen_ns < estimate->ns) {
        estimate->ns -= smaller(step_ns * (1 - quantile), estimate->ns - seen_ns);
    } else {
        estimate->ns += smaller(step_ns * quantile, seen_ns - estimate->ns);
    }
}

void send_model_written(struct send_model *model, enum send_model_pace pace, unsigned count,
                        double took_ns)
{
    if (count > 0 && took_ns >= 0 && took_ns < CALL_MAX_NS) {
        learn(&model->write[pace], took_ns / count);
    }
}

void send_model_left(struct send_model *model, enum send_model_pace pace, unsigned k,
                     double after_ns)
{
    if (after_ns < 0 || after_ns > CALL_MAX_NS) {
        return;
    }
    model->stamped++;
    if (k == 0) {
        learn(&model->first[pace], after_ns * unstamped_share);
        return;
    }
    /* Before it two were stamped: the first one and itself. */
    double stamps_ns = 2 * model->first[pace].ns * (1 / unstamped_share - 1);
    double each_ns = (after_ns - stamps_ns - model->first[pace].ns) / k;
    if (each_ns > 0 && k >= APART) {
        learn(&model->each, each_ns);
    }
}

void send_model_call(struct send_model *model, enum send_model_pace pace, unsigned count,
                     double took_ns)
{
    if (model->stamped > 0 || count == 0 || took_ns < 0 || took_ns > CALL_MAX_NS) {
        return;
    }
    /* Each leaves about in the middle of its share of the call. */
    double share_ns = took_ns / count;
    learn(&model->first[pace], share_ns / 2);
    if (count > 1) {
        learn(&model->each, share_ns);
    }
}
