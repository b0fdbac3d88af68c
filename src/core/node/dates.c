/* SPDX-License-Identifier: BSD-2-Clause */
/* dates.c - asks HTTPS servers for the date, and holds sources against it (`constraint`). */
#include <math.h>
#include <string.h>

#include "core/node/state.h"

/* From now on sources are held against them. */
static void note_known(struct node *node, struct mono_time now, struct actions *out)
{
    struct constraints *constraints = &node->constraints;
    struct log_event *log;

    if (!constraints->told_known && constraints_known(constraints, now)) {
        constraints->told_known = true;
        node->judge_now = true;
        log = node_log(out, LOG_EVENT_CONSTRAINT_KNOWN, LOG_NO_SOURCE);
        log->value[0] = constraints->voting;
        log->value[1] = CONSTRAINT_MARGIN_S;
    }
}

void node_ask_dates(struct node *node, const struct clock_reading *now, struct actions *out)
{
    struct constraints *constraints = &node->constraints;
    size_t index;

    note_known(node, now->raw, out);

    while (node_room(node, out) &&
           (index = constraints_due(constraints, now->raw)) < constraints->count) {
        const struct constraint_options *options = &node->options->constraints[index];
        struct date_question *question = &actions_add(out, ACTION_GET_DATE)->date;
        unsigned failures = constraints->lines[index].failures;

        node->next_query += node->next_query == UINT32_MAX ? 2 : 1;
        *question = options->question;
        question->query = node->next_query;
        if (options->address_count > 0) {
            question->address = options->addresses[failures % options->address_count];
            question->address.port = question->port;
        }
        constraints_asked(constraints, index, question->query, now->raw);
    }
}

void node_take_date(struct node *node, const struct clock_reading *now,
                    const struct date_answer *answer, struct actions *out)
{
    struct constraints *constraints = &node->constraints;
    size_t index = constraints_take(constraints, answer, now->raw);
    struct log_event *log;

    if (index == constraints->count) {
        return;
    }
    node->judge_now = true;
    if (answer->result != DATE_OK) {
        log = node_log(out, LOG_EVENT_CONSTRAINT_FAILED, LOG_NO_SOURCE);
        log->value[0] = (double)index + 1;
        log->value[1] = answer->result;
        log->value[2] = fmax(0, mono_diff_s(constraints->lines[index].due, now->raw));
    }
    note_known(node, now->raw, out);
}

enum source_state node_constrain(struct node *node, struct slot *slot, struct mono_time now,
                                 enum source_state state)
{
    struct constraints *constraints = &node->constraints;
    struct utc_time says;

    if (constraints->count == 0 || node->entries[slot->entry].options.unconstrained ||
        !slot->has_estimate || (state != SOURCE_TRUECHIMER && state != SOURCE_JUMPED)) {
        return state;
    }
    if (!constraints_known(constraints, now)) {
        return SOURCE_NO_CONSTRAINT;
    }
    says.ns = node->base_ns + now.ns + duration_from_s(estimate_offset_at(&slot->estimate, now)).ns;
    slot->contradicts_s = constraints_distance_s(constraints, says, now);
    if (fabs(slot->contradicts_s) <= constraints_margin_s(constraints, now)) {
        return state;
    }
    return SOURCE_CONTRADICTS;
}

void node_report_constraints(const struct node *node, const struct clock_reading *now,
                             struct node_status *status)
{
    const struct constraints *constraints = &node->constraints;

    status->constraint_lines = (uint32_t)constraints->count;
    status->constraint_servers = constraints->voting;
    status->constraint_failures = constraints->failures;
    status->constraint_rejections = constraints->rejections;
    for (size_t i = 0; i < constraints->count; i++) {
        if (constraints->lines[i].result > DATE_OK) {
            status->constraint_result = constraints->lines[i].result;
        } else if (status->constraint_result == DATE_NONE) {
            status->constraint_result = constraints->lines[i].result;
        }
    }
    if (constraints->voting > 0) {
        status->constraint_time = node_utc_at(node, constraints->newest);
        status->constraint_offset_s =
            -constraints_distance_s(constraints, node_best_utc(node, now->raw), now->raw);
    }
}

static bool same_constraint(const struct constraint_options *a, const struct constraint_options *b)
{
    if (a->address_count != b->address_count || a->question.all != b->question.all ||
        a->question.port != b->question.port || strcmp(a->question.name, b->question.name) != 0 ||
        strcmp(a->question.path, b->question.path) != 0) {
        return false;
    }
    for (unsigned i = 0; i < a->address_count; i++) {
        if (!address_equal(&a->addresses[i], &b->addresses[i])) {
            return false;
        }
    }
    return true;
}

void node_renew_constraints(struct node *node, const struct node_options *options,
                            struct mono_time now)
{
    bool same = node->options->constraint_count == options->constraint_count;

    for (size_t i = 0; same && i < options->constraint_count; i++) {
        same = same_constraint(&node->options->constraints[i], &options->constraints[i]);
    }
    if (!same) {
        constraints_init(&node->constraints, options->constraint_count, now);
    }
}
