/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/named_servers.h"

#include <string.h>

#include "base/address.h"

enum { OCTETS_MAX = 1024, ADDRESS_GROUPS = 8 };

enum named_form {
    FORM_HOSTS, /* addresses and names, by spaces or commas */
    FORM_NTP4,  /* octets of option 42 */
    FORM_SNTP6, /* of option 31 */
    FORM_NTP6,  /* of option 56 */
    FORM_56,    /* the same, or what servers are called: whoever gave it a name has chosen */
    FORM_HEARD, /* multicast addresses: nobody can ask them */
};

struct named_variable {
    const char *name;
    enum named_form form;
    bool six;
};

enum { VARIABLES_MAX = 8 };

static const struct named_variable variables[NAMED_CLIENT_COUNT][VARIABLES_MAX] = {
    [NAMED_DHCLIENT] = {{"new_ntp_servers", FORM_HOSTS, false},
                        {"new_dhcp6_sntp_servers", FORM_HOSTS, true},
                        {"new_dhcp6_ntp_servers", FORM_56, true},
                        {"new_dhcp6_unknown_56", FORM_NTP6, true}},
    [NAMED_DHCPCD] = {{"new_ntp_servers", FORM_HOSTS, false},
                      {"new_dhcp6_sntp_servers", FORM_HOSTS, true},
                      {"new_dhcp6_ntp_server_addr", FORM_HOSTS, true},
                      {"new_dhcp6_ntp_server_fqdn", FORM_HOSTS, true},
                      {"new_dhcp6_ntp_server_mcast_addr", FORM_HEARD, true}},
    [NAMED_UDHCPC] = {{"ntpsrv", FORM_HOSTS, false},
                      {"opt42", FORM_NTP4, false},
                      {"opt31", FORM_SNTP6, true},
                      {"opt56", FORM_NTP6, true}},
    [NAMED_NETWORKMANAGER] = {{"DHCP4_NTP_SERVERS", FORM_HOSTS, false},
                              {"DHCP6_DHCP6_SNTP_SERVERS", FORM_HOSTS, true},
                              {"DHCP6_DHCP6_NTP_SERVERS", FORM_56, true}},
};

struct named_meaning {
    const char *event;
    enum named_event meaning;
    bool six;
};

static const struct named_meaning of_dhclient[] = {
    {"BOUND", NAMED_TOLD, false},  {"RENEW", NAMED_TOLD, false},   {"REBIND", NAMED_TOLD, false},
    {"REBOOT", NAMED_TOLD, false}, {"TIMEOUT", NAMED_TOLD, false}, {"INFORM", NAMED_TOLD, false},
    {"EXPIRE", NAMED_GONE, false}, {"FAIL", NAMED_GONE, false},    {"RELEASE", NAMED_GONE, false},
    {"STOP", NAMED_GONE, false},   {"BOUND6", NAMED_TOLD, true},   {"RENEW6", NAMED_TOLD, true},
    {"REBIND6", NAMED_TOLD, true}, {"INFORM6", NAMED_TOLD, true},  {"REBOOT6", NAMED_TOLD, true},
    {"EXPIRE6", NAMED_GONE, true}, {"RELEASE6", NAMED_GONE, true}, {"STOP6", NAMED_GONE, true},
    {"FAIL6", NAMED_GONE, true},   {NULL, NAMED_IGNORED, false},
};
static const struct named_meaning of_udhcpc[] = {
    {"bound", NAMED_TOLD, false},    {"renew", NAMED_TOLD, false},
    {"deconfig", NAMED_GONE, false}, {"leasefail", NAMED_GONE, false},
    {"nak", NAMED_GONE, false},      {"bound6", NAMED_TOLD, true},
    {"renew6", NAMED_TOLD, true},    {"deconfig6", NAMED_GONE, true},
    {NULL, NAMED_IGNORED, false},
};
static const struct named_meaning of_networkmanager[] = {
    {"up", NAMED_TOLD, false},          {"dhcp4-change", NAMED_TOLD, false},
    {"dhcp6-change", NAMED_TOLD, true}, {"down", NAMED_GONE, false},
    {NULL, NAMED_IGNORED, false},
};

static const struct named_meaning *const meanings[NAMED_CLIENT_COUNT] = {
    [NAMED_DHCLIENT] = of_dhclient,
    [NAMED_DHCPCD] = of_dhclient, /* it took over the words */
    [NAMED_UDHCPC] = of_udhcpc,
    [NAMED_NETWORKMANAGER] = of_networkmanager,
};

enum named_client named_client_find(const char *word)
{
    static const char *const names[] = {
#define X(name, word) word,
        NAMED_CLIENT_LIST(X)
#undef X
    };
    int client = 0;

    while (client < NAMED_CLIENT_COUNT && strcmp(names[client], word) != 0) {
        client++;
    }
    return (enum named_client)client;
}

enum named_event named_event_of(enum named_client client, const char *event, bool *six)
{
    const struct named_meaning *meaning = meanings[client];

    while (meaning->event != NULL && strcmp(meaning->event, event) != 0) {
        meaning++;
    }
    *six = meaning->six;
    return meaning->meaning;
}

static bool is_host(const char *word, size_t length)
{
    char host[DHCP_HOST_SIZE];
    struct address address;
    bool name = true;

    if (length == 0 || length >= sizeof host) {
        return false;
    }
    memcpy(host, word, length);
    host[length] = '\0';
    if (address_parse(&address, host)) {
        return address_is_host(&address);
    }
    for (size_t i = 0; i < length; i++) {
        char c = host[i];

        name = name && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                        (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.');
    }
    return name && host[0] != '-' && host[0] != '.' && strspn(host, "0123456789.") < length;
}

/* Option 56 may say where a server is heard (RFC 5908, section 4.2), which is no mistake. */
static bool is_heard(const char *word, size_t length)
{
    char host[DHCP_HOST_SIZE];
    struct address address;

    if (length == 0 || length >= sizeof host) {
        return false;
    }
    memcpy(host, word, length);
    host[length] = '\0';
    return address_parse(&address, host) && address.family == ADDRESS_IPV6 &&
           address.bytes[0] == 0xff;
}

/* Words, each once. */
static unsigned take_hosts(const char *value, struct dhcp_servers *servers)
{
    unsigned strange = 0;

    while (*value != '\0') {
        size_t length = strcspn(value, " ,\t\n");

        if (is_heard(value, length)) {
            servers->multicast++;
        } else if (length > 0 && !is_host(value, length)) {
            strange++;
        } else if (length > 0 && servers->count < DHCP_SERVERS_MAX) {
            memcpy(servers->at[servers->count], value, length);
            servers->at[servers->count++][length] = '\0';
        }
        value += length;
        value += strspn(value, " ,\t\n");
    }
    return strange;
}

static unsigned take_octets(enum named_form form, const char *value, struct dhcp_servers *servers)
{
    uint8_t octets[OCTETS_MAX];
    size_t size = dhcp_octets(value, octets, sizeof octets);

    /* An address in full has 8 groups, and reads like octets. */
    if (form == FORM_56 && size <= ADDRESS_GROUPS) {
        return take_hosts(value, servers);
    }
    switch (form) {
    case FORM_NTP4:
        return !dhcp_ntp_servers(servers, octets, size);
    case FORM_SNTP6:
        return !dhcp6_sntp_servers(servers, octets, size);
    case FORM_NTP6:
    case FORM_56:
        return !dhcp6_ntp_servers(servers, octets, size);
    case FORM_HEARD:
        servers->multicast++;
        break;
    case FORM_HOSTS:
        break;
    }
    return 0;
}

unsigned named_servers(enum named_client client, bool six, const struct named_values *values,
                       struct dhcp_servers *servers)
{
    unsigned strange = 0;

    for (int i = 0; i < VARIABLES_MAX && variables[client][i].name != NULL; i++) {
        const struct named_variable *variable = &variables[client][i];
        const char *text =
            variable->six == six ? values->value(values->context, variable->name) : NULL;

        if (text == NULL || *text == '\0') {
            continue;
        }
        strange += variable->form == FORM_HOSTS ? take_hosts(text, servers)
                                                : take_octets(variable->form, text, servers);
    }
    return strange;
}
