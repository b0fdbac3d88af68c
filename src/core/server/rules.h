/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rules.h - access rules that an operator makes while the daemon runs (`noon allow`, chronyc's
 * `allow`, `deny`, `cmdallow` ...).
 *
 * They count as if they were written behind those of the configuration, and are kept so that
 * nothing is in the list which a later rule has made void: it can't grow beyond the prefixes that
 * differ.
 */
#ifndef CORE_SERVER_RULES_H
#define CORE_SERVER_RULES_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "core/node/options.h"
#include "core/server/access.h"

enum { RULES_MAX = 256 };

struct rules {
    uint32_t count;
    struct access_rule at[RULES_MAX];
};

/* Both kinds, as the processes of one daemon hand them to each other. */
struct runtime_rules {
    struct rules time;    /* who may ask for time */
    struct rules command; /* who may ask about the daemon from elsewhere */
    uint64_t forget;      /* how often the counters of clients were set back (`clients -r`) */
};

/*
 * Takes a rule in; bits behind the prefix are cleared.  ERR_RANGE: a prefix longer than its
 * address, or one of everybody that is not 0 bits long; ERR_FULL: there are 256 others.
 */
enum err rules_add(struct rules *rules, const struct access_rule *rule) MUST_USE;

/* The rules of the configuration, then these.  Else as access_build(); `tree` has its nodes. */
enum err rules_build(struct access_tree *tree, const struct access_rule *configured, size_t count,
                     const struct rules *rules) MUST_USE;
/* Nodes that rules_build() needs at most. */
size_t rules_nodes(size_t configured);

#endif
