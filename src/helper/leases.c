/* SPDX-License-Identifier: BSD-2-Clause */
#include "helper/leases.h"

#include <string.h>

#include "wire/dhcp.h"

enum { LINE_SIZE = 2048, WORDS_MAX = 40, OPTION_SIZE = 1024, LEASES_OF_FILE = 16 };
/* An IPv6 address in full has so many, and reads like octets; an option 56 has more. */
enum { ADDRESS_GROUPS = 8 };

/* Lines of a text, each as words. */
struct lines {
    const char *at;
    size_t left;
    char line[LINE_SIZE];
    char *words[WORDS_MAX];
    size_t count;
};

/* The next line that has a word, split at `between`; one that is too long is skipped.  False: no
 * more. */
static bool next_line(struct lines *lines, const char *between)
{
    while (lines->left > 0) {
        const char *end = memchr(lines->at, '\n', lines->left);
        size_t length = end != NULL ? (size_t)(end - lines->at) : lines->left;
        const char *start = lines->at;

        lines->at += length + (end != NULL);
        lines->left -= length + (end != NULL);
        lines->count = 0;
        if (length >= sizeof lines->line || memchr(start, '\0', length) != NULL) {
            continue;
        }
        memcpy(lines->line, start, length);
        lines->line[length] = '\0';
        for (char *rest = lines->line, *word;
             lines->count < WORDS_MAX && (word = strtok_r(rest, between, &rest)) != NULL;) {
            lines->words[lines->count++] = word;
        }
        if (lines->count > 0) {
            return true;
        }
    }
    return false;
}

void leases_networkd(const char *text, size_t size, const struct found *found, struct leads *leads)
{
    struct lines lines = {.at = text, .left = size};

    while (next_line(&lines, " \t\r")) {
        if (strncmp(lines.words[0], "NTP=", 4) != 0) {
            continue;
        }
        lines.words[0] += 4;
        for (size_t i = 0; i < lines.count; i++) {
            (void)leads_add(leads, lines.words[i], found);
        }
    }
}

void leases_hook(const char *text, size_t size, const struct found *found, struct leads *leads)
{
    struct lines lines = {.at = text, .left = size};

    while (next_line(&lines, " \t\r")) {
        if (lines.count >= 2 &&
            (strcmp(lines.words[0], "server") == 0 || strcmp(lines.words[0], "pool") == 0)) {
            (void)leads_add(leads, lines.words[1], found);
        }
    }
}

/* What a lease of dhclient names, while it is being read. */
struct lease {
    char interface[FOUND_INTERFACE_SIZE];
    struct dhcp_servers servers;
};

static void add_text(struct dhcp_servers *servers, const char *host)
{
    if (servers->count < DHCP_SERVERS_MAX && strlen(host) < DHCP_HOST_SIZE) {
        memcpy(servers->at[servers->count++], host, strlen(host) + 1);
    }
}

/*
 * `option ntp-servers A,B;`, `option dhcp6.sntp-servers A;`, `option dhcp6.unknown-56 0:1:...;`.
 * dhclient asks for option 56 only when its configuration gives that a name: `dhcp6.ntp-servers`,
 * as a string, is then octets here, too.
 */
static void take_option(struct lease *lease, const struct lines *lines)
{
    uint8_t octets[OPTION_SIZE];
    const char *name = lines->words[1];
    size_t size;

    bool option56 = strcmp(name, "dhcp6.ntp-servers") == 0;

    size = lines->count == 3 ? dhcp_octets(lines->words[2], octets, sizeof octets) : 0;
    if (strcmp(name, "dhcp6.unknown-56") == 0 || (option56 && size > ADDRESS_GROUPS)) {
        /* Odd octets name nobody. */
        (void)dhcp6_ntp_servers(&lease->servers, octets, size);
    } else if (strcmp(name, "ntp-servers") == 0 || strcmp(name, "dhcp6.sntp-servers") == 0 ||
               option56) {
        for (size_t i = 2; i < lines->count; i++) {
            add_text(&lease->servers, lines->words[i]);
        }
    }
}

static void take_interface(struct lease *lease, const char *word)
{
    size_t length = strlen(word);

    if (length > 2 && length - 2 < sizeof lease->interface && word[0] == '"' &&
        word[length - 1] == '"') {
        memset(lease->interface, 0, sizeof lease->interface);
        memcpy(lease->interface, word + 1, length - 2);
    }
}

/* The later lease of the same interface replaces the earlier one. */
static void keep_lease(struct lease kept[static LEASES_OF_FILE], size_t *count,
                       const struct lease *lease)
{
    for (size_t i = 0; i < *count; i++) {
        if (strcmp(kept[i].interface, lease->interface) == 0) {
            kept[i] = *lease;
            return;
        }
    }
    if (*count < LEASES_OF_FILE) {
        kept[(*count)++] = *lease;
    }
}

void leases_dhclient(const char *text, size_t size, const struct found *found, struct leads *leads)
{
    struct lines lines = {.at = text, .left = size};
    struct lease kept[LEASES_OF_FILE], lease;
    size_t count = 0;
    unsigned depth = 0; /* DHCPv6 has braces within a lease */

    memset(&lease, 0, sizeof lease);
    while (next_line(&lines, " \t\r;,")) {
        const char *last = lines.words[lines.count - 1];

        if (depth == 0 && strncmp(lines.words[0], "lease", 5) == 0) {
            memset(&lease, 0, sizeof lease);
        }
        if (strcmp(last, "{") == 0) {
            depth++;
        } else if (strcmp(lines.words[0], "}") == 0 && depth > 0) {
            depth--;
            if (depth == 0) {
                keep_lease(kept, &count, &lease);
            }
        } else if (strcmp(lines.words[0], "interface") == 0 && lines.count == 2) {
            take_interface(&lease, lines.words[1]);
        } else if (strcmp(lines.words[0], "option") == 0 && lines.count >= 3) {
            take_option(&lease, &lines);
        }
    }
    for (size_t i = 0; i < count; i++) {
        struct found of = *found;

        memcpy(of.interface, kept[i].interface, sizeof of.interface);
        for (size_t j = 0; j < kept[i].servers.count; j++) {
            (void)leads_add(leads, kept[i].servers.at[j], &of);
        }
    }
}
