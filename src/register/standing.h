/* SPDX-License-Identifier: BSD-2-Clause */
/* standing.h - is noond's time good enough to lead clients here?  Pure. */
#ifndef REGISTER_STANDING_H
#define REGISTER_STANDING_H

#include <stdbool.h>

#include "base/text.h"
#include "wire/status.h"

struct standing_limits {
    double bound_s;
    unsigned sources; /* that agree, at least */
};

/*
 * The rule of `noon ready`, and besides: it serves, and is not being drained.  Appends to *why
 * what is missing, or how good it is.  `node` NULL: noond does not answer.
 */
bool standing_is_good(const struct node_status *node, const struct standing_limits *limits,
                      struct text *why);

#endif
