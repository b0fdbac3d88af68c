/* SPDX-License-Identifier: BSD-2-Clause */
/* cpus.h - how many processors this process may use, by its affinity and its cgroup's quota. */
#ifndef SYS_CPUS_H
#define SYS_CPUS_H

/* At least 1; a quota is rounded up. */
unsigned cpus_usable(void);

/*
 * The quota in a cgroup's `cpu.max`, "150000 100000" or "max 100000", in whole processors, rounded
 * up.  0: none, or not understood.
 */
unsigned cpus_of_quota(const char *text);

#endif
