/* SPDX-License-Identifier: BSD-2-Clause */
#include "register/standing.h"

bool standing_is_good(const struct node_status *node, const struct standing_limits *limits,
                      struct text *why)
{
    if (node == NULL) {
        text_add(why, "noond does not answer");
        return false;
    }
    if (!node_status_has_time(node)) {
        text_add(why, node->reason != NODE_REASON_NONE ? node_reason_sentence(node->reason)
                                                       : node_state_sentence(node->state));
        return false;
    }
    if (!(node->bound_s <= limits->bound_s)) {
        text_add(why, "right only to within ");
        text_duration(why, node->bound_s);
        text_add(why, ", and maxbound is ");
        text_duration(why, limits->bound_s);
        return false;
    }
    if (node->agreeing_count < limits->sources) {
        text_u64(why, node->agreeing_count);
        text_add(why, " sources agree, and minsources is ");
        text_u64(why, limits->sources);
        return false;
    }
    if (!node->server.serving) {
        text_add(why, "noond serves nobody: its configuration has no `allow`, or no port is open");
        return false;
    }
    if (node->server.draining) {
        text_add(why, "noond is being drained");
        return false;
    }
    text_add(why, "right to within ");
    text_duration(why, node->bound_s);
    return true;
}
