/* SPDX-License-Identifier: BSD-2-Clause */
/* keys.h - reads the file of symmetric keys, for the processes that need them. */
#ifndef DAEMON_KEYS_H
#define DAEMON_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "crypto/mac.h"
#include "sys/log.h"

struct key_list {
    struct mac_key *keys; /* in ascending order of their ids */
    size_t count;
};

struct keys_place {
    const char *path;
    int fd; /* opened by another, and stays open; -1: by the path */
    bool of_ntp;
};

/*
 * Reads the key file.
 * A file that can't be read, lines that can't be used, and a file that everybody may read are said
 * in the log.  The list is the caller's, for keys_free().
 */
struct key_list keys_read(const struct keys_place *place, const struct log_sink *log);
/* Wipes it. */
void keys_free(struct key_list *list);

#endif
