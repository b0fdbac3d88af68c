/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/server/rules.h"

static unsigned most_bits(const struct address *prefix)
{
    return prefix->family == ADDRESS_NONE ? 0 : prefix->family == ADDRESS_IPV4 ? 32 : 128;
}

/* Is nothing left of `old` once `rule` has been said? */
static bool is_void(const struct access_rule *old, const struct access_rule *rule)
{
    if (rule->all) {
        return rule->prefix.family == ADDRESS_NONE ||
               (old->bits >= rule->bits &&
                address_in_prefix(&old->prefix, &rule->prefix, rule->bits));
    }
    /* One with `all` has also swept away what was configured within. */
    return !old->all && old->bits == rule->bits && address_equal(&old->prefix, &rule->prefix);
}

enum err rules_add(struct rules *rules, const struct access_rule *rule)
{
    struct access_rule fresh = *rule;
    uint32_t kept = 0;

    if (rule->bits > most_bits(&rule->prefix)) {
        return ERR_RANGE;
    }
    (void)address_clear_host_bits(&fresh.prefix, fresh.bits);
    fresh.prefix.port = 0;
    fresh.prefix.scope = 0;
    for (uint32_t i = 0; i < rules->count; i++) {
        if (!is_void(&rules->at[i], &fresh)) {
            rules->at[kept++] = rules->at[i];
        }
    }
    rules->count = kept;
    if (rules->count == RULES_MAX) {
        return ERR_FULL;
    }
    rules->at[rules->count++] = fresh;
    return ERR_NONE;
}

size_t rules_nodes(size_t configured)
{
    return access_nodes(configured + RULES_MAX);
}

enum err rules_build(struct access_tree *tree, const struct access_rule *configured, size_t count,
                     const struct rules *rules)
{
    size_t bad;
    enum err error;

    access_init(tree, tree->nodes, tree->capacity);
    error = access_add_rules(tree, configured, count, &bad);
    if (error == ERR_NONE) {
        /* Who has written the list may be another process. */
        error = rules->count <= RULES_MAX ? access_add_rules(tree, rules->at, rules->count, &bad)
                                          : ERR_RANGE;
    }
    if (error != ERR_NONE) {
        access_init(tree, tree->nodes, tree->capacity); /* nobody, rather than everybody */
        return error;
    }
    access_finish(tree);
    return ERR_NONE;
}
