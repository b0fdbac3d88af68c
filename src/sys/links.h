/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * links.h - hears when a symbolic link in a directory is replaced at once by another: how a mounted
 * ConfigMap, and careful scripts, exchange what they configure.  Files that are written in place
 * are none of its business: nobody knows when they are complete.
 */
#ifndef SYS_LINKS_H
#define SYS_LINKS_H

#include <stdbool.h>

enum { LINKS_DIRECTORIES_MAX = 32, LINKS_PATH_SIZE = 256 };

struct links {
    int fd; /* readable when something has happened; -1: there is no such facility here */
    unsigned count;
    int watch[LINKS_DIRECTORIES_MAX];
    char path[LINKS_DIRECTORIES_MAX][LINKS_PATH_SIZE];
};

void links_open(struct links *links);
void links_close(struct links *links);

/*
 * Watches a directory as well.  One that is watched already changes nothing; false: it is not
 * watched, since it is not there, or there are too many.
 */
bool links_watch(struct links *links, const char *directory);

/* Reads what has happened; true when a symbolic link was moved into its place.  Bounded. */
bool links_moved(const struct links *links);

#endif
