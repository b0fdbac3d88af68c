/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bpf.h - a program in the kernel and its maps, by descriptors that somebody else has opened.
 *
 * No privilege is needed (Linux 5.19 and later): only making maps and programs takes one.
 */
#ifndef SYS_BPF_H
#define SYS_BPF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Is the descriptor a map? */
bool bpf_is_map(int fd);

/* Keys and values of the map's own sizes. */
MUST_USE enum err bpf_set(int map, const void *key, const void *value);
void bpf_remove(int map, const void *key);

/*
 * Copies the first `count` entries, in no order, into keys[] and values[]; returns how many there
 * were.  The map's entries must be of these sizes.
 */
size_t bpf_entries(int map, void *keys, void *values, size_t count);

/*
 * Has the program run on what comes by the interface, until the descriptor *link is closed or the
 * interface is gone.  `generic`: by the kernel, where its driver can't.  ERR_IN_USE: there is
 * another program; ERR_UNSUPPORTED: not in this way.
 */
MUST_USE enum err bpf_attach_xdp(int program, unsigned interface, bool generic, int *link);

/* The memory of a map that can be mapped; NULL: it can't. */
void *bpf_memory(int map, size_t size, bool writable);
void bpf_release(void *memory, size_t size);

#endif
