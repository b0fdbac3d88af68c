/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/inspect.h"

#include <dirent.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/storage.h"

enum { STATUS_SIZE = 8192, PATH_SIZE = 64 };

/* By number (linux/capability.h). */
static const char *const capabilities[] = {
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETPCAP",
    "CAP_LINUX_IMMUTABLE",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST",
    "CAP_NET_ADMIN",
    "CAP_NET_RAW",
    "CAP_IPC_LOCK",
    "CAP_IPC_OWNER",
    "CAP_SYS_MODULE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_CHROOT",
    "CAP_SYS_PTRACE",
    "CAP_SYS_PACCT",
    "CAP_SYS_ADMIN",
    "CAP_SYS_BOOT",
    "CAP_SYS_NICE",
    "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG",
    "CAP_MKNOD",
    "CAP_LEASE",
    "CAP_AUDIT_WRITE",
    "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP",
    "CAP_MAC_OVERRIDE",
    "CAP_MAC_ADMIN",
    "CAP_SYSLOG",
    "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND",
    "CAP_AUDIT_READ",
    "CAP_PERFMON",
    "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
};

const char *inspect_capability(unsigned number)
{
    return number < sizeof capabilities / sizeof *capabilities ? capabilities[number] : NULL;
}

/* What stands behind "KEY:" at the start of a line; NULL: there is no such line. */
static const char *value_of(const char *status, const char *key)
{
    size_t length = strlen(key);

    for (const char *line = status; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, key, length) == 0 && line[length] == ':') {
            line += length + 1;
            return line + strspn(line, " \t");
        }
    }
    return NULL;
}

static uint64_t number_of(const char *status, const char *key, int base)
{
    const char *value = value_of(status, key);

    return value != NULL ? strtoull(value, NULL, base) : 0;
}

/* Numbers under /proc/PID/fd, and how many of them are sockets. */
static void count_descriptors(struct inspected *process)
{
    char path[PATH_SIZE], target[32];
    struct dirent *entry;
    DIR *directory;

    snprintf(path, sizeof path, "/proc/%d/fd", process->pid);
    directory = opendir(path);
    if (directory == NULL) {
        return;
    }
    process->descriptors_known = true;
    while ((entry = readdir(directory)) != NULL) {
        char link[PATH_SIZE + sizeof entry->d_name];
        ssize_t length;

        if (entry->d_name[0] == '.') {
            continue;
        }
        snprintf(link, sizeof link, "%s/%s", path, entry->d_name);
        length = readlink(link, target, sizeof target - 1);
        target[length > 0 ? length : 0] = '\0';
        process->descriptors++;
        process->sockets += strncmp(target, "socket:", 7) == 0;
    }
    closedir(directory);
}

static void name_user(struct inspected *process)
{
    const struct passwd *entry = getpwuid(process->uid);

    if (entry != NULL) {
        snprintf(process->user, sizeof process->user, "%s", entry->pw_name);
    } else {
        snprintf(process->user, sizeof process->user, "%u", process->uid);
    }
}

enum err inspect_process(int pid, struct inspected *process)
{
    char path[PATH_SIZE], status[STATUS_SIZE];
    const char *value;
    size_t size = 0;

    snprintf(path, sizeof path, "/proc/%d/status", pid);
    enum err error = storage_read(path, status, sizeof status - 1, &size);
    if (error != ERR_NONE) {
        return error;
    }
    status[size] = '\0';
    *process = (struct inspected){
        .pid = pid,
        .parent = (int)number_of(status, "PPid", 10),
        .effective = number_of(status, "CapEff", 16),
        .permitted = number_of(status, "CapPrm", 16),
        .bounding = number_of(status, "CapBnd", 16),
        .no_new_privileges = number_of(status, "NoNewPrivs", 10) == 1,
        .seccomp = (uint8_t)number_of(status, "Seccomp", 10),
        .threads = (unsigned)number_of(status, "Threads", 10),
        .resident_octets = number_of(status, "VmRSS", 10) * 1024,
    };
    value = value_of(status, "Name");
    if (value == NULL || value_of(status, "CapEff") == NULL) {
        return ERR_FORMAT;
    }
    snprintf(process->name, sizeof process->name, "%.*s", (int)strcspn(value, "\n"), value);
    value = value_of(status, "Uid"); /* real, effective, saved, of the file system */
    value = value != NULL ? value + strcspn(value, " \t\n") : "";
    process->uid = (uint32_t)strtoul(value, NULL, 10);
    name_user(process);
    count_descriptors(process);
    return ERR_NONE;
}

static int by_number(const void *a, const void *b)
{
    const int *left = a;
    const int *right = b;

    return (*left > *right) - (*left < *right);
}

size_t inspect_children(int parent, int *pids, size_t max)
{
    DIR *directory = opendir("/proc");
    struct dirent *entry;
    size_t count = 0;

    while (directory != NULL && (entry = readdir(directory)) != NULL && count < max) {
        char path[PATH_SIZE], status[STATUS_SIZE];
        int pid = (int)strtol(entry->d_name, NULL, 10);
        size_t size = 0;

        snprintf(path, sizeof path, "/proc/%d/status", pid);
        if (pid <= 0 || storage_read(path, status, sizeof status - 1, &size) != ERR_NONE) {
            continue;
        }
        status[size] = '\0';
        if ((int)number_of(status, "PPid", 10) == parent) {
            pids[count++] = pid;
        }
    }
    if (directory != NULL) {
        closedir(directory);
    }
    qsort(pids, count, sizeof *pids, by_number);
    return count;
}
