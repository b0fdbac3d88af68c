/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * access.h - which addresses may ask this server for time.
 *
 * A path-compressed prefix tree for each family, in the caller's memory.  The most specific prefix
 * that holds an address decides; of two rules for one prefix the later one; a rule with `all` also
 * removes what was said before about prefixes within its own.  Who is not mentioned is refused.
 *
 * A tree of more than a few rules is also written down as ranges of addresses (ranges.h), which
 * take a few steps to look up however many they are.
 *
 * What is said of a prefix is a set of bits: ACCESS_ALLOW or ACCESS_DENY, and from ACCESS_FLAGS on
 * the rule's flags (enum access_flag).
 */
#ifndef CORE_SERVER_ACCESS_H
#define CORE_SERVER_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/err.h"
#include "core/node/options.h"
#include "core/server/ranges.h"

struct access_node {
    uint32_t key[4]; /* the prefix, most significant word first; the bits behind it mean nothing */
    uint32_t child[2];  /* by the bit after the prefix; 0: none */
    uint16_t value;     /* 0: nothing is said of exactly this prefix */
    uint16_t inherited; /* what holds around it; once the ranges are made */
    uint8_t bits;
};

enum access_bit { ACCESS_UNSAID = 0, ACCESS_ALLOW = 1, ACCESS_DENY = 2, ACCESS_FLAGS = 2 };

/* The bits of a rule, and the flags among the bits of a value. */
static inline uint16_t access_of_rule(const struct access_rule *rule)
{
    return (uint16_t)((rule->allow ? ACCESS_ALLOW : ACCESS_DENY) | rule->flags << ACCESS_FLAGS);
}
static inline uint8_t access_flags(uint16_t value)
{
    return (uint8_t)(value >> ACCESS_FLAGS);
}

struct access_tree {
    struct access_node *nodes; /* nodes[0] is not used: 0 means none */
    uint32_t count, capacity;
    uint32_t root[2];        /* IPv4, IPv6 */
    struct ranges ranges[2]; /* of the first 64 bits; levels 0: not made, the tree is searched */
};

/* Nodes that access_build() needs at most for that many rules. */
size_t access_nodes(size_t rules);

/*
 * One prefix, its address in the first bits, of which `value` holds from now on; `all`: also
 * within.  ADDRESS_NONE: everybody.  ERR_RANGE, ERR_FULL.  After the last, access_finish().
 */
enum err access_add(struct access_tree *tree, const struct address *prefix, unsigned bits,
                    uint16_t value, bool all) MUST_USE;
/* Several, in their order; on an error *bad is the index of the rule. */
enum err access_add_rules(struct access_tree *tree, const struct access_rule *rules, size_t count,
                          size_t *bad) MUST_USE;
void access_finish(struct access_tree *tree);

/* What holds for this address; ACCESS_UNSAID: nobody mentioned it.  `visits`: as below. */
uint16_t access_value(const struct access_tree *tree, const struct address *address,
                      unsigned *visits);

/*
 * Keeps `nodes`.  Then access_build() puts the rules in, in their order; on an error (ERR_RANGE: a
 * prefix longer than its address; ERR_FULL) *bad is the index of the rule, and everybody is
 * refused.
 */
void access_init(struct access_tree *tree, struct access_node *nodes, size_t capacity);
enum err access_build(struct access_tree *tree, const struct access_rule *rules, size_t count,
                      size_t *bad) MUST_USE;

/* Tells each prefix of which something is said, with its value. */
struct access_teller {
    void (*say)(void *context, const struct address *prefix, unsigned bits, uint16_t value);
    void *context;
};
void access_each(const struct access_tree *tree, const struct access_teller *teller);

/* May this address ask?  *visits (unless NULL) counts the nodes or blocks looked at. */
bool access_allows(const struct access_tree *tree, const struct address *address, unsigned *visits);
/* May anybody at all? */
bool access_allows_somebody(const struct access_tree *tree);

#endif
