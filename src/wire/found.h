/* SPDX-License-Identifier: BSD-2-Clause */
/* found.h - why an address is a source: who named it, and how it ranks among the others. */
#ifndef WIRE_FOUND_H
#define WIRE_FOUND_H

#include <stdint.h>

/* X(name, word): what named the address. */
#define FOUND_HOW_LIST(X)                                                                          \
    X(CONFIG, "config") /* written as an address, or added by command */                           \
    X(DNS, "dns")                                                                                  \
    X(SRV, "srv")                                                                                  \
    X(DHCP, "dhcp")                                                                                \
    X(CLOUD, "cloud")

/* X(name, word, people): the program, or the provider, that it was learnt from. */
#define FOUND_BY_LIST(X)                                                                           \
    X(NOBODY, "none", "")                                                                          \
    X(NETWORKD, "systemd-networkd", "systemd-networkd")                                            \
    X(NETWORKMANAGER, "networkmanager", "NetworkManager")                                          \
    X(DHCLIENT, "dhclient", "dhclient")                                                            \
    X(DHCPCD, "dhcpcd", "dhcpcd")                                                                  \
    X(UDHCPC, "udhcpc", "udhcpc")                                                                  \
    X(HOOK, "hook", "a hook script")                                                               \
    X(AWS, "aws", "Amazon EC2")                                                                    \
    X(GCP, "gcp", "Google Compute Engine")                                                         \
    X(AZURE, "azure", "Azure")                                                                     \
    X(ALIBABA, "alibaba", "Alibaba Cloud")                                                         \
    X(ORACLE, "oracle", "Oracle Cloud")                                                            \
    X(OPENSTACK, "openstack", "OpenStack")

enum found_how {
#define X(name, word) FOUND_##name,
    FOUND_HOW_LIST(X)
#undef X
        FOUND_HOW_COUNT
};
enum found_by {
#define X(name, word, people) FOUND_BY_##name,
    FOUND_BY_LIST(X)
#undef X
        FOUND_BY_COUNT
};

enum { FOUND_INTERFACE_SIZE = 16 };

struct found {
    uint8_t how;                          /* enum found_how */
    uint8_t by;                           /* enum found_by */
    uint8_t spare;                        /* 1: of a server whose better address is there too */
    uint16_t priority;                    /* only those of the least are used while they are good */
    uint16_t weight;                      /* of a SRV record */
    char interface[FOUND_INTERFACE_SIZE]; /* that the lease is of; "": none, or not known */
};

/* What is used first has the least. */
static inline uint32_t found_rank(const struct found *found)
{
    return found->priority * 2U + found->spare;
}

#endif
