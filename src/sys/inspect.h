/* SPDX-License-Identifier: BSD-2-Clause */
/* inspect.h - what a running process may do, as the kernel tells it in /proc. */
#ifndef SYS_INSPECT_H
#define SYS_INSPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Numbers of capabilities (CAP_* of the kernel). */
enum { INSPECT_IPC_LOCK = 14, INSPECT_SYS_NICE = 23, INSPECT_SYS_TIME = 25 };

enum { INSPECT_NAME_SIZE = 16, INSPECT_USER_SIZE = 64 };

struct inspected {
    int pid, parent;
    char name[INSPECT_NAME_SIZE]; /* as lists of processes show it */
    char user[INSPECT_USER_SIZE]; /* effective; the number where it has no name */
    uint32_t uid;
    uint64_t effective, permitted, bounding; /* capabilities, bit CAP_* */
    bool no_new_privileges;
    uint8_t seccomp; /* 0: none, 1: strict, 2: filter */
    unsigned threads;
    uint64_t resident_octets;
    bool descriptors_known; /* false: another user's, whose descriptors we may not see */
    unsigned descriptors, sockets;
};

/* ERR_NOT_FOUND: it has ended; ERR_DENIED: /proc does not show it; ERR_FORMAT. */
MUST_USE enum err inspect_process(int pid, struct inspected *process);

/* The children of a process, smallest number first; returns how many there are. */
size_t inspect_children(int parent, int *pids, size_t max);

/* The name of a capability by its number, "CAP_SYS_TIME"; NULL: not known here. */
const char *inspect_capability(unsigned number);

#endif
