/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit/cli/made.h"

#include <stdio.h>
#include <string.h>

#include "base/calendar.h"
#include "base/must.h"

struct utc_time made_time(int hour, int minute, int second)
{
    struct civil civil = {2026, 11, 22, hour, minute, second, 0};
    struct utc_time t;

    must(utc_from_civil(&t, &civil));
    return t;
}

void made_init(struct made *made)
{
    struct node_status *node = &made->record.node;

    memset(made, 0, sizeof *made);
    made->record.sources = made->sources;
    made->view.now = made_time(15, 7, 0);
    snprintf(node->version, sizeof node->version, "0.1.0");
    snprintf(node->config_file, sizeof node->config_file, "/etc/noon/noon.conf");
    node->pid = 4711;
    node->state = NODE_STARTING;
    node->reason = NODE_REASON_MEASURING;
    node->backend = BACKEND_KERNEL;
    node->privileged = true;
    node->now = made->view.now;
    node->started = made_time(14, 0, 0);
    node->state_since = made_time(15, 6, 0);
    node->bound_s = -1;
    node->leap = 3;
    node->stratum = 16;
    node->selected = -1;
}

struct source_status *made_silent(struct made *made, const char *name, enum source_state state)
{
    struct source_status *source = &made->sources[made->record.count++];

    must(made->record.count <= MADE_SOURCES);
    made->record.node.source_count++;
    snprintf(source->name, sizeof source->name, "%s", name);
    source->state = (uint8_t)state;
    source->state_since = made_time(14, 2, 0);
    source->resolve = RESOLVE_STATE_WAITING;
    source->poll_log2 = 6;
    source->version = 4;
    return source;
}

struct source_status *made_source(struct made *made, const char *name, uint8_t octet,
                                  enum source_state state)
{
    struct source_status *source = made_silent(made, name, state);
    struct address literal;

    source->resolve = address_parse(&literal, name) ? RESOLVE_STATE_LITERAL : RESOLVE_STATE_DONE;
    source->address =
        (struct address){.family = ADDRESS_IPV4, .bytes = {10, 0, 0, octet}, .port = 123};
    source->stratum = 2;
    source->refid = 0x0a000101;
    source->reach = 0xffff;
    source->sent = 70;
    source->received = 69;
    source->accepted = 68;
    source->samples = 24;
    source->stamp_class = 1;
    source->last_answer = source->last_sample = made_time(15, 6, 48);
    source->next_poll = made_time(15, 7, 52);
    source->offset_s = 12e-6;
    source->sd_s = 9e-6;
    source->last_offset_s = 31e-6;
    source->last_delay_s = 240e-6;
    source->floor_s = 200e-6;
    source->jitter_s = 15e-6;
    source->freq_s_per_s = -0.021e-6;
    source->root_delay_s = 0.5e-3;
    source->root_dispersion_s = 0.8e-3;
    source->distance_s = 1.15e-3;
    source->weight = 0.4;
    return source;
}

void made_synchronised(struct made *made)
{
    struct node_status *node = &made->record.node;
    struct source_status *liar;

    made_init(made);
    made_source(made, "10.0.0.4", 4, SOURCE_SELECTED);
    made_source(made, "10.0.0.5", 5, SOURCE_COMBINED)->offset_s = -31e-6;
    made_source(made, "10.0.0.6", 6, SOURCE_COMBINED)->address.port = 11123;
    liar = made_source(made, "ntp.example", 7, SOURCE_FALSETICKER);
    liar->offset_s = 0.2;
    liar->weight = 0;
    node->state = NODE_SYNCHRONISED;
    node->reason = NODE_REASON_NONE;
    node->state_since = made_time(14, 2, 0);
    node->reference_time = made_time(15, 6, 48);
    node->bound_s = 312e-6;
    node->sd_s = 8e-6;
    node->clock_error_s = -4e-6; /* it is fast */
    node->freq_s_per_s = 12.345e-6;
    node->freq_sd_s_per_s = 0.004e-6;
    node->root_delay_s = 0.74e-3;
    node->root_dispersion_s = 0.9e-3;
    node->last_correction_s = -3e-6;
    node->stratum = 3;
    node->leap = 0;
    node->refid = 0x0a000004;
    node->usable_count = 4;
    node->agreeing_count = 3;
    node->selected = 0;
}
