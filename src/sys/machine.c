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

enum { CAP_SYS_TIME_BIT = 25, PATH_SIZE = 300, LINE_SIZE = 256, UNIT_SIZE = 64 };

/* A process's command line: words that end with a NUL each. */
struct words {
    char text[4096];
    size_t size;
};

struct known {
    const char *name; /* the kernel keeps 15 letters */
    const char *remedy;
    /* Its flags without an argument, of which -x means that it leaves the clock alone; NULL: it has
     * no such flag (ntpd's -x means something else). */
    const char *flags;
    /* Of a program that disciplines other clocks too: does its command line mean this one? */
    bool (*means_this_clock)(const struct words *words);
};

static const char *next_word(const struct words *words, const char *word)
{
    const char *next = word == NULL ? words->text : word + strlen(word) + 1;

    return next < words->text + words->size ? next : NULL;
}

/* The argument of `-letter`, as one word or the next; "" for none, NULL: there is no such flag. */
static const char *flag_argument(const struct words *words, char letter)
{
    const char *found = NULL;

    for (const char *word = next_word(words, NULL); word != NULL; word = next_word(words, word)) {
        if (word[0] == '-' && word[1] == letter) {
            const char *next = next_word(words, word);

            found = word[2] != '\0' ? word + 2 : next != NULL ? next : "";
        }
    }
    return found;
}

static bool has_letter(const struct words *words, char letter)
{
    for (const char *word = next_word(words, NULL); word != NULL; word = next_word(words, word)) {
        if (word[0] == '-' && word[1] != '-' && strchr(word, letter) != NULL) {
            return true;
        }
    }
    return false;
}

static bool has_word(const struct words *words, const char *wanted)
{
    for (const char *word = next_word(words, NULL); word != NULL; word = next_word(words, word)) {
        if (strcmp(word, wanted) == 0) {
            return true;
        }
    }
    return false;
}

/* phc2sys(8): to the system's clock, unless -c names another; with -a only when -r is given too. */
static bool phc2sys_means_this_clock(const struct words *words)
{
    const char *clock = flag_argument(words, 'c');

    if (has_word(words, "-a") || has_word(words, "-ar") || has_word(words, "-arr")) {
        return has_letter(words, 'r');
    }
    return clock == NULL || clock[0] == '\0' || strcmp(clock, "CLOCK_REALTIME") == 0;
}

/* ptp4l(8): a network card's clock, and only with software time stamps the system's. */
static bool ptp4l_means_this_clock(const struct words *words)
{
    return has_word(words, "-S") || has_word(words, "--time_stamping=software");
}

static const char chronyd_flags[] = "46dmnqQPRrstx";
static const char noond_flags[] = "46dnpqQvx";

static const struct known known[] = {
    {"chronyd", "systemctl disable --now chrony", chronyd_flags, NULL},
    {"ntpd", "systemctl disable --now ntpsec (or openntpd, or ntp)", NULL, NULL},
    {"ntp-daemon", "systemctl disable --now ntpd-rs", NULL, NULL},
    {"systemd-timesyn", "timedatectl set-ntp false", NULL, NULL},
    {"ntimed-client", "systemctl disable --now ntimed", NULL, NULL},
    {"timemaster", "systemctl disable --now timemaster", NULL, NULL},
    {"phc2sys", "systemctl disable --now phc2sys", NULL, phc2sys_means_this_clock},
    {"ptp4l", "systemctl disable --now ptp4l", NULL, ptp4l_means_this_clock},
    {"noond-time", "stop it, or start one of the two with -x", noond_flags, NULL},
    {"noond", "stop it, or start one of the two with -x", noond_flags, NULL},
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

static bool read_file(const char *proc, int process, const char *name, struct words *words)
{
    char path[PATH_SIZE];
    FILE *file;

    words->size = 0;
    (void)snprintf(path, sizeof path, "%s/%d/%s", proc, process, name);
    file = fopen(path, "re");
    if (file != NULL) {
        words->size = fread(words->text, 1, sizeof words->text - 1, file);
        (void)fclose(file);
    }
    words->text[words->size] = '\0';
    return words->size > 0;
}

/* Was it told to leave the clock alone?  As root it has the right all the same. */
static bool observes(const char *proc, int process, const struct known *program)
{
    struct words words;
    const char *flags = program->flags;

    if (!read_file(proc, process, "cmdline", &words)) {
        return false;
    }
    if (program->means_this_clock != NULL) {
        return !program->means_this_clock(&words);
    }
    for (const char *word = next_word(&words, NULL); flags != NULL && word != NULL;
         word = next_word(&words, word)) {
        if (is_observing_word(word) || (word[0] == '-' && strchr(word, 'x') != NULL &&
                                        strspn(word + 1, flags) == strlen(word + 1))) {
            return true;
        }
    }
    return false;
}

/* A unit that is a time daemon's by its name: one of a session or a container is not to be ended.
 */
static bool is_time_unit(const char *unit)
{
    static const char *const begins[] = {"chrony", "ntp",   "openntpd", "systemd-timesyncd",
                                         "ntimed", "ptp4l", "phc2sys",  "timemaster"};
    size_t length = strlen(unit), end = strlen(".service");

    if (length <= end || strcmp(unit + length - end, ".service") != 0) {
        return false;
    }
    for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++) {
        if (strncmp(unit, begins[i], strlen(begins[i])) == 0) {
            return strspn(unit, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "-_.@:") == length;
        }
    }
    return false;
}

/* What ends it: its own unit, which the manager has named its control group after, if it can be
 * told; else what is usual. */
static void say_remedy(const char *proc, const struct known *program, struct machine_rival *rival)
{
    struct words group;
    const char *unit;

    (void)snprintf(rival->remedy, sizeof rival->remedy, "%s", program->remedy);
    if (program->flags == noond_flags || !read_file(proc, rival->process, "cgroup", &group)) {
        return;
    }
    group.text[strcspn(group.text, "\n")] = '\0';
    unit = strrchr(group.text, '/');
    if (unit != NULL && is_time_unit(unit + 1) && strlen(unit + 1) < UNIT_SIZE) {
        (void)snprintf(rival->remedy, sizeof rival->remedy, "systemctl disable --now %.*s",
                       (int)UNIT_SIZE, unit + 1);
    }
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
        observes(proc, process, program)) {
        return false;
    }
    rival->process = process;
    (void)snprintf(rival->name, sizeof rival->name, "%s", name);
    say_remedy(proc, program, rival);
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
