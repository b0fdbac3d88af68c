/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ke_access.h - who may exchange keys: whoever may ask for time, by the rules of `allow` and `deny`
 * and those made at runtime, which the time process shows in shared memory.
 *
 * Not for several threads at once.
 */
#ifndef HELPER_KE_ACCESS_H
#define HELPER_KE_ACCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "core/server/access.h"
#include "sys/page.h"

struct ke_access {
    struct page *page;   /* borrowed: struct access_rule, as many as it holds */
    uint64_t generation; /* of what was taken from it */
    bool known;          /* there were rules, perhaps none that allow anybody */
    struct access_node *nodes;
    struct access_tree tree;
};

/* Takes new rules, if there are some; false: none were ever shown, nobody can be judged yet. */
bool ke_access_refresh(struct ke_access *access);

/* May this address? */
bool ke_access_allows(const struct ke_access *access, const struct address *from);

void ke_access_close(struct ke_access *access);

#endif
