/* SPDX-License-Identifier: BSD-2-Clause */
/* cloud.h - providers of virtual machines: how theirs are recognised, and what time they offer. */
#ifndef WIRE_CLOUD_H
#define WIRE_CLOUD_H

#include <stdbool.h>
#include <stddef.h>

#include "wire/found.h"

enum { CLOUD_DMI_SIZE = 64, CLOUD_SERVERS_MAX = 3 };

/* What the firmware says of the machine; "": nothing. */
struct cloud_dmi {
    char sys_vendor[CLOUD_DMI_SIZE];
    char product_name[CLOUD_DMI_SIZE];
    char chassis_asset_tag[CLOUD_DMI_SIZE];
    char bios_version[CLOUD_DMI_SIZE];
};

/* Whose machine it is; FOUND_BY_NOBODY: none of the known. */
enum found_by cloud_recognise(const struct cloud_dmi *dmi);

struct cloud_offer {
    enum found_by by;
    const char *servers[CLOUD_SERVERS_MAX]; /* ended by NULL */
    bool on_link;       /* they are link-local: nothing leaves the machine's host */
    bool smears;        /* leap seconds */
    const char *better; /* a sentence about a source that is better; NULL: none */
};

/* What the provider offers; NULL: it is not known. */
const struct cloud_offer *cloud_offer(enum found_by by);

#endif
