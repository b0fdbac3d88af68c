/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/machine.h"

static void *init(void *memory, const struct node_setup *setup)
{
    return node_init(memory, setup);
}

static void step(void *program, const struct clock_reading *now, const struct event *event,
                 struct actions *out)
{
    node_step(program, now, event, out);
}

static struct mono_time deadline(const void *program)
{
    return node_deadline(program);
}

static void line(const void *program, const struct clock_reading *now, struct time_line *line)
{
    node_line(program, now, line);
}

static void status(const void *program, const struct clock_reading *now,
                   struct status_record *record, size_t capacity)
{
    node_status(program, now, record, capacity);
}

static struct node_saved saved(const void *program)
{
    return node_saved(program);
}

const struct machine machine_node = {
    .size = node_size,
    .init = init,
    .step = step,
    .deadline = deadline,
    .line = line,
    .status = status,
    .saved = saved,
};
