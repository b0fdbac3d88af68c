/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/send_model.h"

enum {
    FIRST_GUESS_NS = 1000, /* early rather than late */
    CALL_MAX_NS = 1000000, /* beyond it a measurement tells of something else */
    MEMORY = 512,          /* measurements */
    APART = 4,             /* answers between two whose stamps tell how long one takes */
};

/* To be stamped delays a departure: the kernel copies the packet before it looks at the clock. */
static const double unstamped_share = 0.8;
/* What is said is less than the least that was met lately: after a pause, whose length is any, more
 * so. */
static const double early_share[SEND_PACES] = {
    [SEND_COLD] = 0.75, [SEND_RESTED] = 0.85, [SEND_HOT] = 0.93};

void send_model_init(struct send_model *model)
{
    *model = (struct send_model){
        .first = {{.ns = FIRST_GUESS_NS}, {.ns = FIRST_GUESS_NS}, {.ns = FIRST_GUESS_NS}}};
}

double send_model_ns(const struct send_model *model, enum send_model_pace pace, unsigned count,
                     unsigned k)
{
    return early_share[pace] * (model->write[pace].ns * count + model->first[pace].ns) +
           model->each.ns * k;
}

static double smaller(double a, double b)
{
    return a < b ? a : b;
}

/* The least lately: at once when it is less, slowly when it is more, and never by much. */
static void learn(struct send_estimate *estimate, double seen_ns)
{
    if (!estimate->known || seen_ns < estimate->ns) {
        estimate->ns = seen_ns;
    } else {
        estimate->ns += smaller(seen_ns - estimate->ns, estimate->ns) / MEMORY;
    }
    estimate->known = true;
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
