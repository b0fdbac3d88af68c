/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/server/access.h"

enum { RANGES_NODES_MIN = 8, ALIGNMENT = 64 };

/* In a range's value: not what holds, but the node from where the tree says so. */
#define RANGE_GOES_ON UINT32_C(0x80000000)

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
    size_t nodes = 1 + 4 * rules;

    /* A node begins and ends a range: no more octets than its own. */
    return nodes + (nodes > RANGES_NODES_MIN ? 2 + 2 * (ranges_size(2 * nodes + 2) + ALIGNMENT) /
                                                       sizeof(struct access_node)
                                             : 0);
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
                    uint16_t value, bool all)
{
    uint32_t index = node_for(tree, root, prefix);

    if (index == 0) {
        return ERR_FULL;
    }
    tree->nodes[index].value = value;
    if (all) {
        /* What lay below stays in the memory, unreachable: room was counted for every rule. */
        tree->nodes[index].child[0] = 0;
        tree->nodes[index].child[1] = 0;
    }
    return ERR_NONE;
}

enum err access_add(struct access_tree *tree, const struct address *prefix, unsigned bits,
                    uint16_t value, bool all)
{
    const struct prefix everybody = {.bits = 0};
    enum err error;

    if (prefix->family == ADDRESS_NONE) {
        error = add(tree, 0, &everybody, value, all);
        return error != ERR_NONE ? error : add(tree, 1, &everybody, value, all);
    }
    if (bits > address_bits(prefix->family)) {
        return ERR_RANGE;
    }
    struct prefix wanted = prefix_of(prefix, bits);
    return add(tree, root_of(prefix->family), &wanted, value, all);
}

/* The first 64 bits of the prefix, the others of them zero. */
static uint64_t start_of(const struct access_node *node)
{
    uint64_t first = (uint64_t)node->key[0] << 32 | node->key[1];

    return node->bits == 0    ? 0
           : node->bits >= 64 ? first
                              : first >> (64 - node->bits) << (64 - node->bits);
}

/*
 * Writes a node and what is below it into the ranges; the prefixes that begin behind the 64th bit
 * are left in the tree, and the range says where.  Recursion ends at a prefix of 64 bits.
 */
static void cover(struct access_tree *tree, struct ranges *ranges, uint32_t index,
                  uint16_t inherited)
{
    struct access_node *node = &tree->nodes[index];
    uint16_t value = node->value != ACCESS_UNSAID ? node->value : inherited;
    uint64_t start = start_of(node);
    uint64_t end =
        node->bits == 0 ? 0 : start + (node->bits >= 64 ? 1 : UINT64_C(1) << (64 - node->bits));

    node->inherited = inherited;
    if (node->bits > 64 || (node->bits == 64 && (node->child[0] | node->child[1]) != 0)) {
        ranges_append(ranges, start, RANGE_GOES_ON | index);
    } else {
        ranges_append(ranges, start, value);
        for (unsigned i = 0; i < 2; i++) {
            if (node->child[i] != 0) {
                cover(tree, ranges, node->child[i], value);
            }
        }
    }
    if (end != 0) {
        ranges_append(ranges, end, inherited);
    }
}

void access_finish(struct access_tree *tree)
{
    size_t ranges = 2 * (size_t)tree->count + 2;
    size_t octets = ranges_size(ranges);
    uintptr_t from = (uintptr_t)&tree->nodes[tree->count];
    uintptr_t limit = (uintptr_t)(tree->nodes + tree->capacity);

    from = (from + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (tree->count <= RANGES_NODES_MIN || limit < from || limit - from < 2 * octets) {
        return;
    }
    for (unsigned i = 0; i < 2; i++) {
        ranges_init(&tree->ranges[i], (void *)(from + i * octets), ranges, ACCESS_UNSAID);
        if (tree->root[i] != 0) {
            cover(tree, &tree->ranges[i], tree->root[i], ACCESS_UNSAID);
        }
        ranges_finish(&tree->ranges[i]);
    }
}

enum err access_add_rules(struct access_tree *tree, const struct access_rule *rules, size_t count,
                          size_t *bad)
{
    for (size_t i = 0; i < count; i++) {
        enum err error = access_add(tree, &rules[i].prefix, rules[i].bits,
                                    access_of_rule(&rules[i]), rules[i].all);

        if (error != ERR_NONE) {
            *bad = i;
            return error;
        }
    }
    return ERR_NONE;
}

enum err access_build(struct access_tree *tree, const struct access_rule *rules, size_t count,
                      size_t *bad)
{
    enum err error;

    access_init(tree, tree->nodes, tree->capacity);
    error = access_add_rules(tree, rules, count, bad);
    if (error != ERR_NONE) {
        access_init(tree, tree->nodes, tree->capacity);
        return error;
    }
    access_finish(tree);
    return ERR_NONE;
}

/* What the tree from this node on says of the address; `value` holds around it. */
static uint16_t descend(const struct access_tree *tree, uint32_t index, const struct prefix *whole,
                        uint16_t value, unsigned *visits)
{
    while (index != 0) {
        const struct access_node *node = &tree->nodes[index];

        ++*visits;
        if (common_bits(node->key, whole->key, node->bits) < node->bits) {
            break;
        }
        if (node->value != ACCESS_UNSAID) {
            value = node->value;
        }
        index = node->bits < whole->bits ? node->child[bit_at(whole->key, node->bits)] : 0;
    }
    return value;
}

uint16_t access_value(const struct access_tree *tree, const struct address *address,
                      unsigned *visits)
{
    unsigned visited = 0;
    uint16_t value = ACCESS_UNSAID;

    if (address->family != ADDRESS_NONE) {
        unsigned root = root_of(address->family);
        const struct ranges *ranges = &tree->ranges[root];
        struct prefix whole = prefix_of(address, address_bits(address->family));
        uint32_t index = tree->root[root];

        if (ranges->levels > 0) {
            uint32_t found = ranges_find(ranges, (uint64_t)whole.key[0] << 32 | whole.key[1]);

            visited = ranges->levels;
            index = (found & RANGE_GOES_ON) != 0 ? found & ~RANGE_GOES_ON : 0;
            value = index != 0 ? tree->nodes[index].inherited : (uint16_t)found;
        }
        value = descend(tree, index, &whole, value, &visited);
    }
    if (visits != NULL) {
        *visits = visited;
    }
    return value;
}

bool access_allows(const struct access_tree *tree, const struct address *address, unsigned *visits)
{
    return (access_value(tree, address, visits) & ACCESS_ALLOW) != 0;
}

/* A node's prefix as an address; bits behind it are zero. */
static struct address address_of(const struct access_node *node, unsigned root)
{
    struct address address = {.family = root == 0 ? ADDRESS_IPV4 : ADDRESS_IPV6};

    for (unsigned i = 0; i < node->bits; i++) {
        uint32_t set = node->key[i / 32] >> (31 - i % 32) & 1;

        address.bytes[i / 8] |= (uint8_t)(set << (7 - i % 8));
    }
    return address;
}

static void tell_below(const struct access_tree *tree, unsigned root,
                       const struct access_teller *teller)
{
    uint32_t stack[129]; /* a path has that many nodes at most */
    unsigned depth = 0;

    if (tree->root[root] != 0) {
        stack[depth++] = tree->root[root];
    }
    while (depth > 0) {
        const struct access_node *node = &tree->nodes[stack[--depth]];

        if (node->value != ACCESS_UNSAID) {
            struct address prefix = address_of(node, root);

            teller->say(teller->context, &prefix, node->bits, node->value);
        }
        for (unsigned i = 0; i < 2; i++) {
            if (node->child[i] != 0) {
                stack[depth++] = node->child[i];
            }
        }
    }
}

void access_each(const struct access_tree *tree, const struct access_teller *teller)
{
    tell_below(tree, 0, teller);
    tell_below(tree, 1, teller);
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

        if ((node->value & ACCESS_ALLOW) != 0) {
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
