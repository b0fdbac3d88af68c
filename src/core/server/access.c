/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/server/access.h"

/* A prefix, or an address (all bits). */
struct prefix {
    uint32_t key[4];
    unsigned bits;
};

static unsigned address_bits(uint8_t family)
{
    return family == ADDRESS_IPV4 ? 32 : 128;
}

static unsigned root_of(uint8_t family)
{
    return family == ADDRESS_IPV4 ? 0 : 1;
}

/* The bits behind the prefix may be set ("10.1.2.3/8"): nothing looks at them. */
static struct prefix prefix_of(const struct address *address, unsigned bits)
{
    struct prefix prefix = {.bits = bits};

    for (unsigned word = 0; word < 4; word++) {
        const uint8_t *at = address->bytes + 4 * word;

        prefix.key[word] =
            (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
    }
    return prefix;
}

static unsigned bit_at(const uint32_t key[4], unsigned bit)
{
    return key[bit / 32] >> (31 - bit % 32) & 1;
}

/* How many leading bits are the same, at most `limit`. */
static unsigned common_bits(const uint32_t a[4], const uint32_t b[4], unsigned limit)
{
    for (unsigned word = 0; word * 32 < limit; word++) {
        uint32_t differs = a[word] ^ b[word];

        if (differs != 0) {
            unsigned same = word * 32 + (unsigned)__builtin_clz(differs);

            return same < limit ? same : limit;
        }
    }
    return limit;
}

size_t access_nodes(size_t rules)
{
    /* A rule adds a node and perhaps a branch; one for every address does so in both trees. */
    return 1 + 4 * rules;
}

void access_init(struct access_tree *tree, struct access_node *nodes, size_t capacity)
{
    *tree = (struct access_tree){
        .nodes = nodes,
        .count = 1,
        .capacity = capacity < UINT32_MAX ? (uint32_t)capacity : UINT32_MAX,
    };
}

/* 0 when the memory is used up. */
static uint32_t new_node(struct access_tree *tree, const struct prefix *prefix)
{
    if (tree->count >= tree->capacity) {
        return 0;
    }
    struct access_node *node = &tree->nodes[tree->count];
    *node = (struct access_node){.bits = (uint8_t)prefix->bits};
    for (unsigned word = 0; word < 4; word++) {
        node->key[word] = prefix->key[word];
    }
    return tree->count++;
}

/* Put a branch of `common` bits above the node at *link, which differs from the prefix there. */
static uint32_t split(struct access_tree *tree, uint32_t *link, const struct prefix *prefix,
                      unsigned common)
{
    struct prefix upper = *prefix;

    upper.bits = common;
    uint32_t branch = new_node(tree, &upper);
    if (branch != 0) {
        uint32_t below = *link;

        tree->nodes[branch].child[bit_at(tree->nodes[below].key, common)] = below;
        *link = branch;
    }
    return branch;
}

/* The node for exactly this prefix, made if it is not there; 0 when the memory is used up. */
static uint32_t node_for(struct access_tree *tree, unsigned root, const struct prefix *prefix)
{
    uint32_t *link = &tree->root[root];

    while (*link != 0) {
        struct access_node *node = &tree->nodes[*link];
        unsigned shorter = node->bits < prefix->bits ? node->bits : prefix->bits;
        unsigned common = common_bits(node->key, prefix->key, shorter);

        if (common < node->bits) {
            uint32_t branch = split(tree, link, prefix, common);

            if (branch == 0 || common == prefix->bits) {
                return branch;
            }
            node = &tree->nodes[branch];
        } else if (node->bits == prefix->bits) {
            return *link;
        }
        link = &node->child[bit_at(prefix->key, node->bits)];
    }
    *link = new_node(tree, prefix);
    return *link;
}

static enum err add(struct access_tree *tree, unsigned root, const struct prefix *prefix,
                    const struct access_rule *rule)
{
    uint32_t index = node_for(tree, root, prefix);

    if (index == 0) {
        return ERR_FULL;
    }
    tree->nodes[index].verdict = rule->allow ? ACCESS_ALLOW : ACCESS_DENY;
    if (rule->all) {
        /* What lay below stays in the memory, unreachable: room was counted for every rule. */
        tree->nodes[index].child[0] = 0;
        tree->nodes[index].child[1] = 0;
    }
    return ERR_NONE;
}

static enum err add_rule(struct access_tree *tree, const struct access_rule *rule)
{
    const struct prefix everybody = {.bits = 0};
    enum err error;

    if (rule->prefix.family == ADDRESS_NONE) {
        error = add(tree, 0, &everybody, rule);
        return error != ERR_NONE ? error : add(tree, 1, &everybody, rule);
    }
    if (rule->bits > address_bits(rule->prefix.family)) {
        return ERR_RANGE;
    }
    struct prefix prefix = prefix_of(&rule->prefix, rule->bits);
    return add(tree, root_of(rule->prefix.family), &prefix, rule);
}

enum err access_build(struct access_tree *tree, const struct access_rule *rules, size_t count,
                      size_t *bad)
{
    access_init(tree, tree->nodes, tree->capacity);
    for (size_t i = 0; i < count; i++) {
        enum err error = add_rule(tree, &rules[i]);

        if (error != ERR_NONE) {
            *bad = i;
            access_init(tree, tree->nodes, tree->capacity);
            return error;
        }
    }
    return ERR_NONE;
}

bool access_allows(const struct access_tree *tree, const struct address *address, unsigned *visits)
{
    uint8_t verdict = ACCESS_UNSAID;
    unsigned visited = 0;

    if (address->family != ADDRESS_NONE) {
        struct prefix whole = prefix_of(address, address_bits(address->family));
        uint32_t index = tree->root[root_of(address->family)];

        while (index != 0) {
            const struct access_node *node = &tree->nodes[index];

            visited++;
            if (common_bits(node->key, whole.key, node->bits) < node->bits) {
                break;
            }
            if (node->verdict != ACCESS_UNSAID) {
                verdict = node->verdict;
            }
            index = node->bits < whole.bits ? node->child[bit_at(whole.key, node->bits)] : 0;
        }
    }
    if (visits != NULL) {
        *visits = visited;
    }
    return verdict == ACCESS_ALLOW;
}

bool access_allows_somebody(const struct access_tree *tree)
{
    uint32_t stack[2 * 129]; /* two trees, each at most 129 nodes deep */
    unsigned depth = 0;

    for (unsigned i = 0; i < 2; i++) {
        if (tree->root[i] != 0) {
            stack[depth++] = tree->root[i];
        }
    }
    while (depth > 0) {
        const struct access_node *node = &tree->nodes[stack[--depth]];

        if (node->verdict == ACCESS_ALLOW) {
            return true;
        }
        for (unsigned i = 0; i < 2; i++) {
            if (node->child[i] != 0) {
                stack[depth++] = node->child[i];
            }
        }
    }
    return false;
}
