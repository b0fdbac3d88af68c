/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/links.h"

#include <stdalign.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    EVENTS_SIZE = 4096,
    READS_MAX = 64, /* in a row: a directory gone wild must not keep us from the time */
    NAME_SIZE = 256,
};

void links_open(struct links *links)
{
    links->count = 0;
    links->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
}

void links_close(struct links *links)
{
    if (links->fd >= 0) {
        (void)close(links->fd);
    }
    links->fd = -1;
}

bool links_watch(struct links *links, const char *directory)
{
    unsigned at = 0;

    if (links->fd < 0 || strlen(directory) >= LINKS_PATH_SIZE) {
        return false;
    }
    int watch = inotify_add_watch(links->fd, directory, IN_MOVED_TO | IN_ONLYDIR);
    if (watch < 0) {
        return false;
    }
    while (at < links->count && links->watch[at] != watch) {
        at++;
    }
    if (at == LINKS_DIRECTORIES_MAX) {
        (void)inotify_rm_watch(links->fd, watch);
        return false;
    }
    links->watch[at] = watch;
    memcpy(links->path[at], directory, strlen(directory) + 1);
    links->count += at == links->count;
    return true;
}

static bool is_link(const struct links *links, const struct inotify_event *event)
{
    char path[LINKS_PATH_SIZE + NAME_SIZE];
    struct stat st;

    for (unsigned i = 0; i < links->count; i++) {
        if (links->watch[i] == event->wd && event->len > 0) {
            (void)snprintf(path, sizeof path, "%s/%s", links->path[i], event->name);
            return lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
        }
    }
    /* More has happened than could be kept: rather once too often. */
    return (event->mask & IN_Q_OVERFLOW) != 0;
}

bool links_moved(const struct links *links)
{
    alignas(struct inotify_event) char events[EVENTS_SIZE];
    bool moved = false;

    for (int i = 0; links->fd >= 0 && i < READS_MAX; i++) {
        ssize_t got = read(links->fd, events, sizeof events);

        if (got <= 0) {
            break;
        }
        for (ssize_t at = 0; at < got;) {
            const struct inotify_event *event = (const void *)(events + at);

            moved = is_link(links, event) || moved;
            at += (ssize_t)(sizeof *event + event->len);
        }
    }
    return moved;
}
