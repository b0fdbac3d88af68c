/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * privilege.h - who this process runs as, and what it may do.
 *
 * Uses raw capset() and prctl(): not for --single under a simulator.
 */
#ifndef SYS_PRIVILEGE_H
#define SYS_PRIVILEGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct user_ids {
    uint32_t uid, gid;
    char name[64]; /* as found, or the number */
};

/*
 * "noon", "noon:adm", "1000", "1000:1000": a number needs no entry in the user database.
 * ERR_NOT_FOUND: no such user or group; ERR_FORMAT: no user at all.
 */
MUST_USE enum err privilege_find_user(const char *text, struct user_ids *out);

/* The user that runs this process. */
struct user_ids privilege_self(void);

enum privilege_keep { PRIVILEGE_KEEP_NONE, PRIVILEGE_KEEP_TIME };

/*
 * Becomes that user for good: groups, gid, uid; capabilities none, or CAP_SYS_TIME alone where it
 * is permitted; nothing can be gained by exec any more (no_new_privs).  Being that user already is
 * fine: then only capabilities go.  ERR_DENIED: this process may not change user.
 */
MUST_USE enum err privilege_drop(const struct user_ids *user, enum privilege_keep keep);

/*
 * Raises CAP_SYS_TIME into the effective set if it is permitted: a file capability gives `p` only,
 * since with `e` the program could not even start where the capability is forbidden.
 */
void privilege_raise_time(void);

/* Takes everything from the bounding set that a supervisor of our processes never needs. */
void privilege_bound_supervisor(void);

/* Is the capability (CAP_* of linux/capability.h) in the effective set? */
bool privilege_has(int capability);

#endif
