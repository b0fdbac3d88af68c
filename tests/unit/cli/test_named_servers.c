/* SPDX-License-Identifier: BSD-2-Clause */
/* What DHCP clients call their hooks with. */
#include "cli/named_servers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct variable {
    const char *name, *value;
};

static const char *lookup(void *context, const char *name)
{
    const struct variable *variable = context;

    while (variable->name != NULL && strcmp(variable->name, name) != 0) {
        variable++;
    }
    return variable->value;
}

static void each_client_has_names_of_its_own(void **state)
{
    static const struct {
        enum named_client client;
        bool six;
        struct variable variables[4];
        const char *first, *last;
        size_t count;
    } rows[] = {
        {NAMED_DHCLIENT,
         false,
         {{"new_ntp_servers", "192.0.2.1 192.0.2.2"}},
         "192.0.2.1",
         "192.0.2.2",
         2},
        {NAMED_DHCLIENT,
         true,
         {{"new_dhcp6_sntp_servers", "2001:db8::1"},
          {"new_dhcp6_unknown_56", "0:3:0:6:4:74:69:6d:65:0"},
          {"new_ntp_servers", "192.0.2.1"}},
         "2001:db8::1",
         "time",
         2},
        {NAMED_DHCLIENT,
         true,
         {{"new_dhcp6_sntp_servers", "2001:db8::1"},
          {"new_dhcp6_ntp_servers", "0:3:0:6:4:74:69:6d:65:0"}},
         "2001:db8::1",
         "time",
         2},
        {NAMED_DHCLIENT,
         true,
         {{"new_dhcp6_ntp_servers", "20:1:d:b8:0:0:0:1 time.example.org"}},
         "20:1:d:b8:0:0:0:1",
         "time.example.org",
         2},
        {NAMED_DHCPCD,
         true,
         {{"new_dhcp6_ntp_server_addr", "2001:db8::1"},
          {"new_dhcp6_ntp_server_fqdn", "time.example.org"},
          {"new_dhcp6_ntp_server_mcast_addr", "ff05::101"}},
         "2001:db8::1",
         "time.example.org",
         2},
        {NAMED_UDHCPC,
         false,
         {{"ntpsrv", "192.0.2.1"}, {"opt42", "c0000202"}},
         "192.0.2.1",
         "192.0.2.2",
         2},
        {NAMED_UDHCPC,
         true,
         {{"opt31", "20010db8000000000000000000000001"}},
         "2001:db8::1",
         "2001:db8::1",
         1},
        {NAMED_NETWORKMANAGER,
         false,
         {{"DHCP4_NTP_SERVERS", "192.0.2.1"}},
         "192.0.2.1",
         "192.0.2.1",
         1},
        {NAMED_NETWORKMANAGER,
         true,
         {{"DHCP6_DHCP6_NTP_SERVERS", "time.test 2001:db8::1 ff05::101"}},
         "time.test",
         "2001:db8::1",
         2},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct dhcp_servers servers = {.count = 0};
        struct variable variables[5] = {{NULL, NULL}};

        memcpy(variables, rows[i].variables, sizeof rows[i].variables);
        assert_int_equal(named_servers(rows[i].client, rows[i].six,
                                       &(struct named_values){lookup, variables}, &servers),
                         0);
        assert_int_equal(servers.count, rows[i].count);
        assert_string_equal(servers.at[0], rows[i].first);
        assert_string_equal(servers.at[servers.count - 1], rows[i].last);
    }
}

static void what_makes_no_sense_is_left_out_and_counted(void **state)
{
    struct variable odd[] = {{"ntpsrv", "192.0.2.1 $(reboot) 224.0.0.1 0.0.0.0 1.2.3 a;b -x"},
                             {"opt42", "c00002"},
                             {NULL, NULL}};
    struct dhcp_servers servers = {.count = 0};

    (void)state;
    assert_int_equal(
        named_servers(NAMED_UDHCPC, false, &(struct named_values){lookup, odd}, &servers), 7);
    assert_int_equal(servers.count, 1);
}

static void events_begin_and_end_a_lease(void **state)
{
    static const struct {
        enum named_client client;
        const char *event;
        enum named_event meaning;
        bool six;
    } rows[] = {
        {NAMED_DHCLIENT, "BOUND", NAMED_TOLD, false},
        {NAMED_DHCLIENT, "RELEASE", NAMED_GONE, false},
        {NAMED_DHCLIENT, "REBIND6", NAMED_TOLD, true},
        {NAMED_DHCLIENT, "EXPIRE6", NAMED_GONE, true},
        {NAMED_DHCLIENT, "PREINIT", NAMED_IGNORED, false},
        {NAMED_DHCPCD, "STOP", NAMED_GONE, false},
        {NAMED_UDHCPC, "renew", NAMED_TOLD, false},
        {NAMED_UDHCPC, "deconfig", NAMED_GONE, false},
        {NAMED_NETWORKMANAGER, "dhcp6-change", NAMED_TOLD, true},
        {NAMED_NETWORKMANAGER, "hostname", NAMED_IGNORED, false},
        {NAMED_UDHCPC, "", NAMED_IGNORED, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool six;

        assert_int_equal(named_event_of(rows[i].client, rows[i].event, &six), rows[i].meaning);
        assert_int_equal(six, rows[i].six);
    }
    assert_int_equal(named_client_find("dhcpcd"), NAMED_DHCPCD);
    assert_int_equal(named_client_find("pump"), NAMED_CLIENT_COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_client_has_names_of_its_own),
        cmocka_unit_test(what_makes_no_sense_is_left_out_and_counted),
        cmocka_unit_test(events_begin_and_end_a_lease),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
