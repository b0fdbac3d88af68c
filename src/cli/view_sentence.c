/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/view_sentence.h"

#include <math.h>

#include "cli/record.h"

void view_followed(struct text *text, const struct status_record *record)
{
    const struct source_status *selected = record_selected(record);
    size_t others = record_count_state(record, SOURCE_COMBINED);

    if (selected != NULL) {
        view_source(text, selected);
    }
    if (others > 0) {
        text_add(text, selected != NULL ? " and " : "");
        text_u64(text, others);
        text_add(text, others == 1 ? " other" : " others");
    }
    if (selected == NULL && others == 0) {
        text_add(text, "none");
    }
    if (record->node.source_count > 1) {
        text_add(text, " of ");
        view_plural(text, record->node.source_count, "source");
    }
}

static void add_bound(struct text *text, const struct node_status *node)
{
    if (node->bound_s >= 0) {
        text_add(text, "ight to within ");
        text_duration(text, node->bound_s);
    } else {
        text_add(text, "ight, but nobody can say to within what");
    }
}

/* The clock that programs read may still be on its way to what the node knows. */
static void add_correction(struct text *text, const struct node_status *node)
{
    if (node->backend == BACKEND_NONE) {
        text_add(text, ". The system clock is left alone; it is ");
        text_duration(text, fabs(node->clock_error_s));
        text_add(text, node->clock_error_s < 0 ? " fast" : " slow");
    } else if (node->bound_s >= 0 && fabs(node->clock_error_s) > node->bound_s) {
        text_add(text, ". The clock is still ");
        text_duration(text, fabs(node->clock_error_s));
        text_add(text, node->clock_error_s < 0 ? " fast" : " slow");
        text_add(text, " and being corrected");
    }
}

static void add_synchronised(struct text *text, const struct view *view,
                             const struct status_record *record)
{
    text_char(text, 'R');
    add_bound(text, &record->node);
    text_add(text, ": follows ");
    view_followed(text, record);
    text_add(text, ", stratum ");
    text_u64(text, record->node.stratum);
    text_add(text, ", since ");
    view_when(text, view, record->node.state_since);
    add_correction(text, &record->node);
}

static void add_holdover(struct text *text, const struct view *view, const struct node_status *node)
{
    text_add(text, "Coasting since ");
    view_when(text, view, node->state_since);
    text_add(text, ", no usable source: r");
    add_bound(text, node);
    text_add(text, ", and growing. Try `noon why`");
}

static void add_unsynchronised(struct text *text, const struct view *view,
                               const struct node_status *node)
{
    text_add(text, node->state == NODE_STARTING ? "Starting: " : "Not synchronised: ");
    text_add(text,
             node->reason != NODE_REASON_NONE ? node_reason_sentence(node->reason) : "measuring");
    text_add(text, " (since ");
    view_when(text, view, node->state_since);
    if (node->reason != NODE_REASON_NO_SOURCES) {
        text_add(text, ", ");
        view_plural(text, node->source_count, "source");
        text_add(text, " configured");
    }
    text_add(text, "). Try `noon why`");
}

void view_sentence(struct text *text, const struct view *view, const struct status_record *record)
{
    const struct node_status *node = &record->node;

    if (node->state == NODE_SYNCHRONISED) {
        add_synchronised(text, view, record);
    } else if (node->state == NODE_HOLDOVER) {
        add_holdover(text, view, node);
    } else if (node->state == NODE_LOCAL) {
        text_add(text, "Serves its own clock as stratum ");
        text_u64(text, node->stratum);
        text_add(text, " since ");
        view_when(text, view, node->state_since);
        text_add(text, ": no source can be followed");
    } else {
        add_unsynchronised(text, view, node);
    }
    text_char(text, '.');
}
