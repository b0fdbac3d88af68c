/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/environment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static const char blanks[] = " \t\r";

static bool begins_with(const char *entry, size_t length, const char *word)
{
    size_t size = strlen(word);

    return length > size && strncmp(entry, word, size) == 0 && strchr(blanks, entry[size]) != NULL;
}

static bool has_blank(const char *entry, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (strchr(blanks, entry[i])) {
            return true;
        }
    }
    return false;
}

static void add_server(struct text *lines, const char *entry, size_t length)
{
    bool whole = begins_with(entry, length, "server") || begins_with(entry, length, "pool");

    text_add(lines, whole ? "" : "server ");
    text_add_n(lines, entry, length);
    text_add(lines, whole || has_blank(entry, length) ? "\n" : " iburst\n");
}

static void add_network(struct text *lines, const char *entry, size_t length)
{
    text_add(lines, "allow ");
    text_add_n(lines, entry, length);
    text_char(lines, '\n');
}

/* A variable: its entries, what separates them, and what becomes of each. */
struct variable {
    const char *name, *separators, *example;
    void (*add)(struct text *lines, const char *entry, size_t length);
};

static bool read_entries(const struct variable *variable, const char *value, char *lines,
                         size_t size, char why[static ENVIRONMENT_WHY_SIZE])
{
    struct text text = text_begin(lines, size);
    size_t entries = 0;

    if (value[strspn(value, blanks)] == '\0') {
        return true;
    }
    while (*value) {
        size_t length = strcspn(value, variable->separators);
        const char *entry = value;

        value += length + (value[length] != '\0');
        while (length > 0 && strchr(blanks, entry[length - 1])) {
            length--;
        }
        while (length > 0 && strchr(blanks, *entry)) {
            entry++;
            length--;
        }
        if (length > 0) {
            variable->add(&text, entry, length);
            entries++;
        }
    }
    if (entries == 0) {
        snprintf(why, ENVIRONMENT_WHY_SIZE,
                 "%s has no entry; write for example %s=\"%s\", or unset it", variable->name,
                 variable->name, variable->example);
    } else if (text.overrun) {
        snprintf(why, ENVIRONMENT_WHY_SIZE,
                 "%s is too long; write the lines into a file and name it by NTP_CONF_FILE",
                 variable->name);
    }
    return entries > 0 && !text.overrun;
}

bool environment_servers(const char *value, char *lines, size_t size,
                         char why[static ENVIRONMENT_WHY_SIZE])
{
    static const struct variable servers = {"NOON_SERVERS", ",\n",
                                            "ntp1.example.net, ntp2.example.net nts", add_server};

    return read_entries(&servers, value, lines, size, why);
}

bool environment_allow(const char *value, char *lines, size_t size,
                       char why[static ENVIRONMENT_WHY_SIZE])
{
    static const struct variable allow = {"NOON_ALLOW", ", \t\r\n", "10.0.0.0/8, fd00::/8",
                                          add_network};

    return read_entries(&allow, value, lines, size, why);
}

bool environment_read(struct environment *environment, struct config_order *order,
                      char why[static ENVIRONMENT_WHY_SIZE])
{
    const char *servers = getenv("NOON_SERVERS"), *allow = getenv("NOON_ALLOW");

    environment->servers[0] = environment->allow[0] = '\0';
    if ((servers &&
         !environment_servers(servers, environment->servers, sizeof environment->servers, why)) ||
        (allow && !environment_allow(allow, environment->allow, sizeof environment->allow, why))) {
        return false;
    }
    order->servers = environment->servers[0] ? environment->servers : NULL;
    order->allow = environment->allow[0] ? environment->allow : NULL;
    return true;
}

const char *environment_file(void)
{
    const char *file = getenv("NTP_CONF_FILE");

    return file && *file ? file : NULL;
}
