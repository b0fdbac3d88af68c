/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/dhcp.h"

#include <string.h>

#include "base/address.h"
#include "base/bytes.h"

enum suboption { SUBOPTION_ADDRESS = 1, SUBOPTION_MULTICAST = 2, SUBOPTION_NAME = 3 };

enum { LABEL_MOST = 63, NAME_MOST = 253 };

/* Room for another server; NULL: there is none. */
static char *next(struct dhcp_servers *servers)
{
    return servers->count < DHCP_SERVERS_MAX ? servers->at[servers->count++] : NULL;
}

static void add_address(struct dhcp_servers *servers, uint8_t family, const uint8_t *bytes)
{
    struct address address = {.family = family};
    char *at = next(servers);

    memcpy(address.bytes, bytes, family == ADDRESS_IPV6 ? 16 : 4);
    if (at != NULL) {
        address_print(&address, at);
    }
}

static bool add_list(struct dhcp_servers *servers, uint8_t family, const uint8_t *option,
                     size_t size)
{
    const size_t each = family == ADDRESS_IPV6 ? 16 : 4;
    struct address address = {.family = family};

    if (size == 0 || size % each != 0) {
        return false;
    }
    for (size_t i = 0; i < size; i += each) {
        memcpy(address.bytes, option + i, each);
        if (!address_is_host(&address)) {
            return false;
        }
    }
    for (size_t i = 0; i < size; i += each) {
        add_address(servers, family, option + i);
    }
    return true;
}

bool dhcp_ntp_servers(struct dhcp_servers *servers, const uint8_t *option, size_t size)
{
    return add_list(servers, ADDRESS_IPV4, option, size);
}

bool dhcp6_sntp_servers(struct dhcp_servers *servers, const uint8_t *option, size_t size)
{
    return add_list(servers, ADDRESS_IPV6, option, size);
}

static bool is_label_octet(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

/* One name, with its end and nothing behind it (RFC 1035, section 3.1; no compression). */
static bool read_name(const uint8_t *bytes, size_t size, char name[static DHCP_HOST_SIZE])
{
    size_t at = 0, length = 0;

    while (at < size && bytes[at] != 0) {
        size_t label = bytes[at++];

        if (label > LABEL_MOST || at + label >= size || length + label + 1 > NAME_MOST) {
            return false;
        }
        if (length > 0) {
            name[length++] = '.';
        }
        for (size_t i = 0; i < label; i++) {
            if (!is_label_octet(bytes[at])) {
                return false;
            }
            name[length++] = (char)bytes[at++];
        }
    }
    name[length] = '\0';
    return length > 0 && at + 1 == size;
}

static bool take_suboption(struct dhcp_servers *servers, uint64_t code, const uint8_t *bytes,
                           size_t size)
{
    struct address address = {.family = ADDRESS_IPV6};
    char name[DHCP_HOST_SIZE];

    switch (code) {
    case SUBOPTION_ADDRESS:
        return add_list(servers, ADDRESS_IPV6, bytes, size == 16 ? size : 0);
    case SUBOPTION_MULTICAST:
        if (size != 16) {
            return false;
        }
        memcpy(address.bytes, bytes, 16);
        servers->multicast += address.bytes[0] == 0xff;
        return address.bytes[0] == 0xff;
    case SUBOPTION_NAME:
        if (!read_name(bytes, size, name)) {
            return false;
        }
        char *at = next(servers);
        if (at != NULL) {
            memcpy(at, name, sizeof name);
        }
        return true;
    default:
        return true; /* of a later RFC: its length is known */
    }
}

bool dhcp6_ntp_servers(struct dhcp_servers *servers, const uint8_t *option, size_t size)
{
    struct reader r = {option, size, false};
    size_t count = servers->count, multicast = servers->multicast;
    bool good = size > 0;

    while (good && r.left > 0) {
        uint64_t code = reader_be(&r, 2);
        size_t length = (size_t)reader_be(&r, 2);
        const uint8_t *bytes = reader_take(&r, length);

        good = !r.overrun && take_suboption(servers, code, bytes, length);
    }
    if (!good) {
        servers->count = count;
        servers->multicast = multicast;
    }
    return good;
}

static int digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

size_t dhcp_octets(const char *text, uint8_t *bytes, size_t capacity)
{
    bool colons = strchr(text, ':') != NULL;
    size_t count = 0;

    while (*text != '\0') {
        int high = digit(text[0]);
        int low = high < 0 ? -1 : digit(text[1]);

        if (high < 0 || count == capacity || (!colons && low < 0)) {
            return 0;
        }
        /* dhclient leaves leading zeros away. */
        bytes[count++] = (uint8_t)(low < 0 ? high : high * 16 + low);
        text += low < 0 ? 1 : 2;
        if (colons && *text == ':' && text[1] != '\0') {
            text++;
        } else if (colons && *text != '\0') {
            return 0;
        }
    }
    return count;
}
