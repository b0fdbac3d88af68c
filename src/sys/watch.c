/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/watch.h"

#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

enum { PATH_SIZE = 256, READS_MAX = 64 };

int watch_open(void)
{
    return inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
}

void watch_directories(int fd, const char *const *paths, size_t count)
{
    /* dhclient appends to a file that it never closes. */
    const uint32_t whole = IN_MODIFY | IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE |
                           IN_CREATE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
    /* What lies above is only watched for the directory to come. */
    const uint32_t above = IN_CREATE | IN_MOVED_TO | IN_ONLYDIR | IN_MASK_ADD;

    for (size_t i = 0; i < count; i++) {
        char path[PATH_SIZE];
        char *slash;

        snprintf(path, sizeof path, "%s", paths[i]);
        if (inotify_add_watch(fd, path, whole | IN_MASK_ADD) >= 0) {
            continue;
        }
        while ((slash = strrchr(path, '/')) != NULL && slash != path) {
            *slash = '\0';
            if (inotify_add_watch(fd, path, above) >= 0) {
                break;
            }
        }
    }
}

void watch_take(int fd)
{
    char events[4096];

    for (int i = 0; i < READS_MAX && read(fd, events, sizeof events) > 0; i++) {
    }
}
