/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * named_servers.h - what a DHCP client told its hook script: time servers and whether they hold.
 *
 * Clients call a script with an event and with variables, under names of their own each.
 */
#ifndef CLI_NAMED_SERVERS_H
#define CLI_NAMED_SERVERS_H

#include <stdbool.h>

#include "wire/dhcp.h"

/* X(name, word): `noon sources-from WORD`. */
#define NAMED_CLIENT_LIST(X)                                                                       \
    X(DHCLIENT, "dhclient")                                                                        \
    X(DHCPCD, "dhcpcd")                                                                            \
    X(UDHCPC, "udhcpc")                                                                            \
    X(NETWORKMANAGER, "networkmanager")

enum named_client {
#define X(name, word) NAMED_##name,
    NAMED_CLIENT_LIST(X)
#undef X
        NAMED_CLIENT_COUNT
};

/* NAMED_CLIENT_COUNT: none has that name. */
enum named_client named_client_find(const char *word);

enum named_event {
    NAMED_IGNORED, /* says nothing of servers */
    NAMED_TOLD,    /* there is a lease: the servers are those of its variables */
    NAMED_GONE,    /* there is none any more */
};

/* What the event, as the client calls it, means; *six: it is about DHCPv6. */
enum named_event named_event_of(enum named_client client, const char *event, bool *six);

/* The client's variables. */
struct named_values {
    const char *(*value)(void *context, const char *name); /* NULL: not set */
    void *context;
};

/*
 * Servers out of the client's variables.  Strange ones are left out;
 * returns how many were.
 */
unsigned named_servers(enum named_client client, bool six, const struct named_values *values,
                       struct dhcp_servers *servers);

#endif
