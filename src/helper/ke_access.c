/* SPDX-License-Identifier: BSD-2-Clause */
#include "helper/ke_access.h"

#include <stdlib.h>

/* False: no memory; the rules that were taken before go on. */
static bool take(struct ke_access *access, const struct access_rule *rules, size_t count)
{
    const size_t room = access_nodes(count);
    struct access_node *nodes = calloc(room, sizeof *nodes);
    size_t bad;

    if (nodes == NULL) {
        return false;
    }
    access_init(&access->tree, nodes, room);
    /* Rules that make no sense allow nobody, rather than everybody. */
    enum err ignored = access_build(&access->tree, rules, count, &bad);
    (void)ignored;
    free(access->nodes);
    access->nodes = nodes;
    access->known = true;
    return true;
}

bool ke_access_refresh(struct ke_access *access)
{
    const uint64_t generation = page_generation(access->page);
    size_t capacity = page_capacity(access->page), size = 0;

    if (generation == access->generation) {
        return access->known;
    }
    /* Most of it is never touched, and takes no memory. */
    struct access_rule *rules = malloc(capacity);
    if (rules != NULL && page_read(access->page, rules, capacity, &size) == ERR_NONE &&
        size % sizeof *rules == 0 && take(access, rules, size / sizeof *rules)) {
        access->generation = generation;
    }
    free(rules);
    return access->known;
}

bool ke_access_allows(const struct ke_access *access, const struct address *from)
{
    return access->known && access_allows(&access->tree, from, NULL);
}

void ke_access_close(struct ke_access *access)
{
    free(access->nodes);
    access->nodes = NULL;
    access->known = false;
    access->generation = 0;
}
