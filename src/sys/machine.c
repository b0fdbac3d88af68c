/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/machine.h"

#include <dirent.h>
#include <ifaddrs.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/address.h"

enum { CAP_SYS_TIME_BIT = 25, PATH_SIZE = 300, LINE_SIZE = 256 };

struct known {
    const char *name; /* the kernel keeps 15 letters */
    const char *remedy;
    /* Its flags without an argument, of which -x means that it leaves the clock alone; NULL: it has
     * no such flag (ntpd's -x means something else). */
    const char *flags;
};

#define CHRONYD_FLAGS "46dmnqQPRrstx"
#define NOOND_FLAGS "46dnpqQvx"

static const struct known known[] = {
    {"chronyd", "systemctl disable --now chrony", CHRONYD_FLAGS},
    {"ntpd", "systemctl disable --now ntpsec (or openntpd, or ntp)", NULL},
    {"ntp-daemon", "systemctl disable --now ntpd-rs", NULL},
    {"systemd-timesyn", "timedatectl set-ntp false", NULL},
    {"ntimed-client", "systemctl disable --now ntimed", NULL},
    {"timemaster", "systemctl disable --now timemaster", NULL},
    {"phc2sys", "systemctl disable --now phc2sys", NULL},
    {"noond-time", "stop it, or start one of the two with -x", NOOND_FLAGS},
    {"noond", "stop it, or start one of the two with -x", NOOND_FLAGS},
};

/* A process number; 0: it is none. */
static int process_number(const char *text)
{
    char *end;
    long number = strtol(text, &end, 10);

    return end != text && number > 0 && number < INT_MAX ? (int)number : 0;
}

/* The line of /proc/PID/status that begins with `key`; false: there is none. */
static bool status_line(const char *proc, int process, const char *key, char line[static LINE_SIZE])
{
    char path[PATH_SIZE];
    FILE *file;
    bool found = false;

    (void)snprintf(path, sizeof path, "%s/%d/status", proc, process);
    file = fopen(path, "re");
    if (file == NULL) {
        return false;
    }
    while (!found && fgets(line, LINE_SIZE, file) != NULL) {
        found = strncmp(line, key, strlen(key)) == 0;
    }
    (void)fclose(file);
    line[strcspn(line, "\n")] = '\0';
    return found;
}

static bool may_set_clock(const char *proc, int process)
{
    char line[LINE_SIZE];

    return status_line(proc, process, "CapEff:", line) &&
           (strtoull(line + strlen("CapEff:"), NULL, 16) >> CAP_SYS_TIME_BIT & 1) != 0;
}

/* Words of a command line that say so as well. */
static bool is_observing_word(const char *word)
{
    static const char *const words[] = {"--virtual", "--reference", "--observe"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strncmp(word, words[i], strlen(words[i])) == 0) {
            return true;
        }
    }
    return false;
}

/* Was it told to leave the clock alone?  As root it has the right all the same. */
static bool observes(const char *proc, int process, const char *flags)
{
    char path[PATH_SIZE], line[4096];
    FILE *file;
    size_t size, at = 0;
    bool found = false;

    if (flags == NULL) {
        return false;
    }
    (void)snprintf(path, sizeof path, "%s/%d/cmdline", proc, process);
    file = fopen(path, "re");
    if (file == NULL) {
        return false;
    }
    size = fread(line, 1, sizeof line - 1, file);
    (void)fclose(file);
    line[size] = '\0';
    for (; at < size && !found; at += strlen(line + at) + 1) {
        const char *word = line + at;

        found = is_observing_word(word) || (word[0] == '-' && strchr(word, 'x') != NULL &&
                                            strspn(word + 1, flags) == strlen(word + 1));
    }
    return found;
}

static int parent_of(const char *proc, int process)
{
    char line[LINE_SIZE];

    return status_line(proc, process, "PPid:", line) ? process_number(line + strlen("PPid:")) : 0;
}

/* Are both of one noond: one process the other, its parent, or a child of the same parent? */
static bool is_family(const char *proc, int process, int self)
{
    int mine = parent_of(proc, self);
    int theirs = parent_of(proc, process);

    return process == self || theirs == self || process == mine || (mine > 1 && theirs == mine);
}

static const struct known *find_known(const char *name)
{
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(known[i].name, name) == 0) {
            return &known[i];
        }
    }
    return NULL;
}

static bool is_rival(const char *proc, int process, int self, struct machine_rival *rival)
{
    char line[LINE_SIZE];
    const struct known *program;
    const char *name;

    if (!status_line(proc, process, "Name:", line)) {
        return false;
    }
    name = line + strlen("Name:");
    name += strspn(name, " \t");
    program = find_known(name);
    if (program == NULL || is_family(proc, process, self) || !may_set_clock(proc, process) ||
        observes(proc, process, program->flags)) {
        return false;
    }
    rival->process = process;
    rival->remedy = program->remedy;
    (void)snprintf(rival->name, sizeof rival->name, "%s", name);
    return true;
}

bool machine_find_rival(const char *proc, int self, struct machine_rival *rival)
{
    DIR *directory = opendir(proc);
    struct dirent *entry;
    bool found = false;

    if (directory == NULL) {
        return false;
    }
    while (!found && (entry = readdir(directory)) != NULL) {
        int process = process_number(entry->d_name);

        found = process > 0 && is_rival(proc, process, self, rival);
    }
    (void)closedir(directory);
    return found;
}

/* False: of another family. */
static bool take_address(const struct sockaddr *socket_address, struct address *address)
{
    *address = (struct address){.family = ADDRESS_NONE};
    if (socket_address == NULL) {
        return false;
    }
    if (socket_address->sa_family == AF_INET) {
        struct sockaddr_in in;

        memcpy(&in, socket_address, sizeof in);
        address->family = ADDRESS_IPV4;
        memcpy(address->bytes, &in.sin_addr, 4);
    } else if (socket_address->sa_family == AF_INET6) {
        struct sockaddr_in6 in;

        memcpy(&in, socket_address, sizeof in);
        address->family = ADDRESS_IPV6;
        memcpy(address->bytes, &in.sin6_addr, 16);
    }
    return address->family != ADDRESS_NONE;
}

size_t machine_interface_addresses(const char *interface, struct address *addresses, size_t max)
{
    struct ifaddrs *all;
    size_t count = 0;

    if (getifaddrs(&all) != 0) {
        return 0;
    }
    for (const struct ifaddrs *at = all; at != NULL && count < max; at = at->ifa_next) {
        if (interface == NULL || strcmp(at->ifa_name, interface) == 0) {
            count += take_address(at->ifa_addr, &addresses[count]);
        }
    }
    freeifaddrs(all);
    return count;
}

size_t machine_addresses(struct address *addresses, size_t max)
{
    return machine_interface_addresses(NULL, addresses, max);
}

bool machine_has_public_address(void)
{
    struct ifaddrs *all;
    bool found = false;

    if (getifaddrs(&all) != 0) {
        return false;
    }
    for (const struct ifaddrs *at = all; at != NULL && !found; at = at->ifa_next) {
        struct address address;

        found = take_address(at->ifa_addr, &address) && !address_is_private(&address);
    }
    freeifaddrs(all);
    return found;
}
