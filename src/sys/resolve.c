/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/resolve.h"

#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

#include "sys/udp_ancillary.h"

static bool known(const struct address *addresses, size_t count, const struct address *address)
{
    for (size_t i = 0; i < count; i++) {
        if (address_equal(&addresses[i], address)) {
            return true;
        }
    }
    return false;
}

static enum resolve_status status_of(int result)
{
    switch (result) {
    case 0:
        return RESOLVE_STATUS_FOUND;
    case EAI_NONAME:
        return RESOLVE_STATUS_NO_NAME;
    case EAI_NODATA:
    case EAI_ADDRFAMILY:
        return RESOLVE_STATUS_NO_DATA;
    default:
        return RESOLVE_STATUS_FAILED;
    }
}

enum resolve_status resolve_name(const char *name, enum address_family family,
                                 struct address *addresses, size_t capacity, size_t *count)
{
    struct addrinfo hints = {.ai_family = family == ADDRESS_IPV4   ? AF_INET
                                          : family == ADDRESS_IPV6 ? AF_INET6
                                                                   : AF_UNSPEC,
                             .ai_socktype = SOCK_DGRAM};
    struct addrinfo *list = NULL;
    struct address local[2];
    int result;

    *count = address_of_localhost(name, family, local);
    if (*count > 0) {
        *count = *count < capacity ? *count : capacity;
        memcpy(addresses, local, *count * sizeof local[0]);
        return *count > 0 ? RESOLVE_STATUS_FOUND : RESOLVE_STATUS_NO_DATA;
    }
    result = getaddrinfo(name, NULL, &hints, &list);
    if (result != 0) {
        return status_of(result);
    }
    for (const struct addrinfo *entry = list; entry != NULL && *count < capacity;
         entry = entry->ai_next) {
        struct sockaddr_storage raw = {0};

        memcpy(&raw, entry->ai_addr,
               entry->ai_addrlen < sizeof raw ? entry->ai_addrlen : sizeof raw);
        struct address address = udp_address(&raw);
        address.port = 0; /* some leave rubbish there */
        if (address.family != ADDRESS_NONE && !known(addresses, *count, &address)) {
            addresses[(*count)++] = address;
        }
    }
    freeaddrinfo(list);
    return *count > 0 ? RESOLVE_STATUS_FOUND : RESOLVE_STATUS_NO_DATA;
}
