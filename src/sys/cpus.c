/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/cpus.h"

#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "sys/storage.h"

#define CGROUP_ROOT "/sys/fs/cgroup"

unsigned cpus_of_quota(const char *text)
{
    char *end = NULL;
    unsigned long long quota = strtoull(text, &end, 10);

    if (end == text || *end != ' ') {
        return 0;
    }
    unsigned long long period = strtoull(end, NULL, 10);
    if (quota == 0 || period == 0 || quota / period >= UINT_MAX) {
        return 0;
    }
    return (unsigned)(quota / period + (quota % period != 0));
}

/* A small file as text; false: there is none. */
static bool read_text(const char *path, char *text, size_t size)
{
    size_t got = 0;

    memset(text, 0, size);
    enum err err = storage_read(path, text, size - 1, &got);
    return err == ERR_NONE || err == ERR_RANGE; /* longer: its beginning will do */
}

/* The cgroup's own quota and those of the groups around it: the least counts. */
static unsigned least_quota(char *group)
{
    unsigned least = 0;

    for (;;) {
        char path[PATH_MAX], text[64] = "";
        unsigned quota = 0;

        if (snprintf(path, sizeof path, "%s%s/cpu.max", CGROUP_ROOT, group) < (int)sizeof path &&
            read_text(path, text, sizeof text)) {
            quota = cpus_of_quota(text);
        }
        if (quota > 0 && (least == 0 || quota < least)) {
            least = quota;
        }
        char *slash = strrchr(group, '/');
        if (slash == NULL) {
            return least;
        }
        *slash = '\0';
    }
}

/* 0: there is none.  Only the unified hierarchy (cgroup v2), which Debian has had since 2021. */
static unsigned cgroup_quota(void)
{
    char text[PATH_MAX] = "";

    if (!read_text("/proc/self/cgroup", text, sizeof text)) {
        return 0;
    }
    char *own = strstr(text, "0::/");
    if (own == NULL || (own != text && own[-1] != '\n')) {
        return 0;
    }
    own += strlen("0::");
    own[strcspn(own, "\n")] = '\0';
    if (strcmp(own, "/") == 0) {
        *own = '\0';
    }
    return least_quota(own);
}

unsigned cpus_usable(void)
{
    cpu_set_t set;
    unsigned cpus = 1, quota = cgroup_quota();

    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) {
        cpus = (unsigned)CPU_COUNT(&set);
    }
    return quota > 0 && quota < cpus ? quota : cpus;
}
