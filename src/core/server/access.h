/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * access.h - which addresses may ask this server for time.
 *
 * A path-compressed prefix tree for each family, in the caller's memory and without pointers, so
 * that it can be shared between processes.  The most specific prefix that holds an address decides;
 * of two rules for one prefix the later one; a rule with `all` also removes what was said before
 * about prefixes within its own.  Who is not mentioned is refused.
 */
#ifndef CORE_SERVER_ACCESS_H
#define CORE_SERVER_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/err.h"
#include "core/node/options.h"

struct access_node {
    uint32_t key[4]; /* the prefix, most significant word first; the bits behind it mean nothing */
    uint32_t child[2]; /* by the bit after the prefix; 0: none */
    uint8_t bits;
    uint8_t verdict; /* enum access_verdict */
};

enum access_verdict { ACCESS_UNSAID, ACCESS_ALLOW, ACCESS_DENY };

struct access_tree {
    struct access_node *nodes; /* nodes[0] is not used: 0 means none */
    uint32_t count, capacity;
    uint32_t root[2]; /* IPv4, IPv6 */
};

/* Nodes that access_build() needs at most for that many rules. */
size_t access_nodes(size_t rules);

/*
 * Keeps `nodes`.  Then access_build() puts the rules in, in their order; on an error (ERR_RANGE: a
 * prefix longer than its address; ERR_FULL) *bad is the index of the rule, and everybody is
 * refused.
 */
void access_init(struct access_tree *tree, struct access_node *nodes, size_t capacity);
enum err access_build(struct access_tree *tree, const struct access_rule *rules, size_t count,
                      size_t *bad) MUST_USE;

/* May this address ask?  *visits (unless NULL) counts the nodes looked at. */
bool access_allows(const struct access_tree *tree, const struct address *address, unsigned *visits);
/* May anybody at all? */
bool access_allows_somebody(const struct access_tree *tree);

#endif
