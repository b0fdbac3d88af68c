/* SPDX-License-Identifier: BSD-2-Clause */
/* Files of DHCP clients. */
#include "helper/leases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

typedef void reading(const char *text, size_t size, const struct found *found, struct leads *leads);

static struct leads leads;

static void take(reading *read, const char *text)
{
    const struct found found = {.how = FOUND_DHCP, .by = FOUND_BY_DHCLIENT};

    leads.count = 0;
    read(text, strlen(text), &found, &leads);
}

static void networkd_tells_servers_in_one_line(void **state)
{
    (void)state;
    take(leases_networkd, "# This is private data. Do not parse.\nADMIN_STATE=configured\n"
                          "DNS=192.0.2.53\nNTP=192.0.2.1 2001:db8::1 time.example.org\n"
                          "DOMAINS=example.org\n");
    assert_int_equal(leads.count, 3);
    assert_string_equal(leads.at[0].host, "192.0.2.1");
    assert_string_equal(leads.at[2].host, "time.example.org");
    take(leases_networkd, "NTP=\nDNS=192.0.2.53\n");
    assert_int_equal(leads.count, 0);
    take(leases_networkd, "NTP=192.0.2.1 ../etc 224.0.1.1 ; 0.0.0.0");
    assert_int_equal(leads.count, 1);
}

static void of_dhclients_leases_the_last_of_each_interface_counts(void **state)
{
    (void)state;
    take(leases_dhclient, "lease {\n  interface \"eth0\";\n  fixed-address 192.0.2.10;\n"
                          "  option ntp-servers 192.0.2.1;\n  expire 4 2026/11/22 10:00:00;\n}\n"
                          "lease {\n  interface \"wlan0\";\n  option ntp-servers 198.51.100.1;\n}\n"
                          "lease {\n  interface \"eth0\";\n"
                          "  option ntp-servers 192.0.2.2,192.0.2.3;\n}\n"
                          "lease {\n  interface \"eth0\";\n  option ntp-servers 9.9.9.9;\n");
    assert_int_equal(leads.count, 3); /* the last one is still being written */
    assert_string_equal(leads.at[0].host, "192.0.2.2");
    assert_string_equal(leads.at[0].found.interface, "eth0");
    assert_string_equal(leads.at[1].host, "192.0.2.3");
    assert_string_equal(leads.at[2].host, "198.51.100.1");
    assert_string_equal(leads.at[2].found.interface, "wlan0");
}

static void a_lease_of_dhcpv6_names_addresses_and_names(void **state)
{
    (void)state;
    take(leases_dhclient,
         "default-duid \"\\000\\001\";\nlease6 {\n  interface \"eth0\";\n  ia-na 1:2:3:4 {\n"
         "    starts 1700000000;\n    iaaddr 2001:db8::10 {\n      preferred-life 100;\n    }\n"
         "  }\n  option dhcp6.sntp-servers 2001:db8::1,2001:db8::2;\n"
         "  option dhcp6.unknown-56 0:3:0:6:4:74:69:6d:65:0;\n}\n");
    assert_int_equal(leads.count, 3);
    assert_string_equal(leads.at[0].host, "2001:db8::1");
    assert_string_equal(leads.at[2].host, "time");
    /* Of a name of its own, an address in full is no octets. */
    take(leases_dhclient, "lease6 {\n  interface \"eth0\";\n"
                          "  option dhcp6.ntp-servers 0:3:0:6:4:74:69:6d:65:0;\n}\n");
    assert_int_equal(leads.count, 1);
    assert_string_equal(leads.at[0].host, "time");
    take(leases_dhclient, "lease6 {\n  interface \"eth0\";\n"
                          "  option dhcp6.ntp-servers 20:1:d:b8:0:0:0:1;\n}\n");
    assert_int_equal(leads.count, 1);
    assert_string_equal(leads.at[0].host, "20:1:d:b8:0:0:0:1");
    /* Odd octets name nobody, and the rest counts. */
    take(leases_dhclient, "lease6 {\n  interface \"eth0\";\n  option dhcp6.sntp-servers "
                          "2001:db8::1;\n  option dhcp6.unknown-56 0:1:0:10:20:1;\n}\n");
    assert_int_equal(leads.count, 1);
}

static void hooks_write_server_lines(void **state)
{
    (void)state;
    take(leases_hook, "# comment\nserver 192.0.2.1 iburst\nserver time.example.org\n"
                      "pool pool.example.org iburst\nserver\nallow 10/8\nserver $(reboot)\n");
    assert_int_equal(leads.count, 3);
    assert_string_equal(leads.at[1].host, "time.example.org");
}

static void long_and_strange_lines_are_skipped(void **state)
{
    static char text[70000];

    (void)state;
    memset(text, 'x', sizeof text);
    memcpy(text + sizeof text - 26, "\nNTP=192.0.2.1\nserver a.b\n", 26);
    text[100] = '\0';
    const struct found found = {.how = FOUND_DHCP};
    leads.count = 0;
    leases_networkd(text, sizeof text, &found, &leads);
    leases_hook(text, sizeof text, &found, &leads);
    assert_int_equal(leads.count, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(networkd_tells_servers_in_one_line),
        cmocka_unit_test(of_dhclients_leases_the_last_of_each_interface_counts),
        cmocka_unit_test(a_lease_of_dhcpv6_names_addresses_and_names),
        cmocka_unit_test(hooks_write_server_lines),
        cmocka_unit_test(long_and_strange_lines_are_skipped),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
