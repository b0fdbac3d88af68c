/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cmd_sources_from.c - `noon sources-from`: called by the hook of a DHCP client, writes the time
 * servers that it was told to where noond finds them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/named_servers.h"
#include "sys/storage.h"

#define HOOK_DIRECTORY "/run/noon-dhcp"

enum { PATH_SIZE = 256, FILE_SIZE = DHCP_SERVERS_MAX * (DHCP_HOST_SIZE + 8), INTERFACE_MAX = 15 };

static const char *environment(void *context, const char *name)
{
    (void)context;
    return getenv(name);
}

/* A word of the command line, else a variable. */
static const char *word_or(const struct cli *cli, int at, const char *variable)
{
    const char *value = cli->argument_count > at ? cli->arguments[at] : getenv(variable);

    return value == NULL ? "" : value;
}

/* It becomes a part of a file's name. */
static bool is_interface(const char *name)
{
    size_t length = strlen(name);

    return length > 0 && length <= INTERFACE_MAX && name[0] != '.' &&
           strcspn(name, "/ \t\n") == length;
}

static const char *directory(void)
{
    const char *other = getenv("NOON_DHCP_DIR");

    return other != NULL && *other != '\0' ? other : HOOK_DIRECTORY;
}

static enum exit_code write_file(const char *path, const struct dhcp_servers *servers)
{
    char content[FILE_SIZE];
    struct text text = text_begin(content, sizeof content);

    for (size_t i = 0; i < servers->count; i++) {
        text_add(&text, "server ");
        text_add(&text, servers->at[i]);
        text_char(&text, '\n');
    }
    if (storage_make_directory(directory(), 0755, -1, -1) != ERR_NONE ||
        storage_replace(path, content, text.length, 0644) != ERR_NONE) {
        fprintf(stderr, "noon: %s can't be written\n", path);
        return EXIT_CODE_NO;
    }
    return EXIT_CODE_OK;
}

static void path_of(char path[static PATH_SIZE], const char *interface, const char *client,
                    bool six)
{
    snprintf(path, PATH_SIZE, "%s/%s.%s%s.sources", directory(), interface, client, six ? "6" : "");
}

/* A client that goes down does so for both of its protocols. */
static void remove_files(const char *interface, const char *client, bool six, bool both)
{
    char path[PATH_SIZE];

    path_of(path, interface, client, six);
    storage_remove(path);
    if (both) {
        path_of(path, interface, client, !six);
        storage_remove(path);
    }
}

enum exit_code command_sources_from(const struct cli *cli)
{
    const char *word = cli->arguments[0];
    enum named_client client = named_client_find(word);
    const char *interface = word_or(cli, 1, "interface"), *event = word_or(cli, 2, "reason");
    const struct named_values values = {.value = environment};
    struct dhcp_servers servers = {.count = 0};
    char path[PATH_SIZE];
    bool six = false;

    if (client == NAMED_CLIENT_COUNT || !is_interface(interface)) {
        fprintf(stderr, "noon: \"%s\" is no %s; see `noon help sources-from`\n",
                client == NAMED_CLIENT_COUNT ? word : interface,
                client == NAMED_CLIENT_COUNT ? "DHCP client" : "interface");
        return EXIT_CODE_USAGE;
    }
    enum named_event meaning = named_event_of(client, event, &six);
    if (meaning == NAMED_IGNORED) {
        return EXIT_CODE_OK;
    }
    unsigned strange = named_servers(client, six, &values, &servers);
    if (strange > 0) {
        fprintf(stderr, "noon: %u time servers of %s make no sense: left out\n", strange,
                interface);
    }
    if (meaning == NAMED_GONE || servers.count == 0) {
        remove_files(interface, word, six, client == NAMED_NETWORKMANAGER && meaning == NAMED_GONE);
        return EXIT_CODE_OK;
    }
    path_of(path, interface, word, six);
    return write_file(path, &servers);
}
