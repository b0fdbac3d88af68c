/* SPDX-License-Identifier: BSD-2-Clause */
#include "helper/leads.h"

#include <string.h>
#include <strings.h>

static bool is_name(const char *host, size_t length)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "-_.";

    return strspn(host, letters) == length && host[0] != '-' && host[0] != '.' &&
           strspn(host, "0123456789.") < length && strstr(host, "..") == NULL;
}

bool leads_add(struct leads *leads, const char *host, const struct found *found)
{
    struct address address;
    size_t length = strlen(host);
    bool good = length > 0 && length < RESOLVE_NAME_SIZE &&
                (address_parse(&address, host) ? address_is_host(&address) : is_name(host, length));

    if (!good) {
        return false;
    }
    for (size_t i = 0; i < leads->count; i++) {
        if (strcasecmp(leads->at[i].host, host) == 0) {
            return true;
        }
    }
    if (leads->count == LEADS_MAX) {
        return false;
    }
    struct lead *lead = &leads->at[leads->count++];
    *lead = (struct lead){.found = *found};
    memcpy(lead->host, host, length);
    return true;
}

bool leads_equal(const struct leads *a, const struct leads *b)
{
    for (size_t i = 0; i < a->count && i < b->count; i++) {
        const struct lead *one = &a->at[i], *other = &b->at[i];

        if (strcmp(one->host, other->host) != 0 || one->port != other->port ||
            one->found.how != other->found.how || one->found.by != other->found.by ||
            strcmp(one->found.interface, other->found.interface) != 0) {
            return false;
        }
    }
    return a->count == b->count;
}
