/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/dmi.h"

#include <stdio.h>
#include <string.h>

#include "sys/storage.h"

void dmi_read(const char *item, char *text, size_t size)
{
    char path[128], bytes[256];
    size_t length = 0;

    snprintf(path, sizeof path, "/sys/class/dmi/id/%s", item);
    text[0] = '\0';
    if (storage_read(path, bytes, sizeof bytes - 1, &length) != ERR_NONE) {
        return;
    }
    bytes[length] = '\0';
    length = strlen(bytes);
    while (length > 0 && (unsigned char)bytes[length - 1] <= ' ') {
        bytes[--length] = '\0';
    }
    snprintf(text, size, "%s", bytes + strspn(bytes, " \t"));
}
