/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/dhcp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct dhcp_servers servers;

enum kind { NTP4, SNTP6, NTP6 };

static bool take(enum kind kind, const char *octets)
{
    uint8_t bytes[512];
    size_t size = *octets != '\0' ? dhcp_octets(octets, bytes, sizeof bytes) : 0;

    assert_true(size > 0 || *octets == '\0');
    memset(&servers, 0, sizeof servers);
    return kind == NTP4    ? dhcp_ntp_servers(&servers, bytes, size)
           : kind == SNTP6 ? dhcp6_sntp_servers(&servers, bytes, size)
                           : dhcp6_ntp_servers(&servers, bytes, size);
}

static void lists_of_addresses_are_read(void **state)
{
    (void)state;
    assert_true(take(NTP4, "c0000201c0000202"));
    assert_int_equal(servers.count, 2);
    assert_string_equal(servers.at[1], "192.0.2.2");
    assert_true(take(SNTP6, "20010db800000000000000000000000120010db8000000000000000000000002"));
    assert_int_equal(servers.count, 2);
    assert_string_equal(servers.at[0], "2001:db8::1");
}

static void all_suboptions_of_56_are_read(void **state)
{
    (void)state;
    assert_true(take(NTP6, "0001001020010db8000000000000000000000001"
                           "00020010ff050000000000000000000000000101"
                           "000300120474696d65076578616d706c65036f726700"
                           "000900021234"));
    assert_int_equal(servers.count, 2);
    assert_int_equal(servers.multicast, 1);
    assert_string_equal(servers.at[0], "2001:db8::1");
    assert_string_equal(servers.at[1], "time.example.org");
}

static void odd_octets_are_refused_as_a_whole(void **state)
{
    static const struct {
        const char *what;
        enum kind kind;
        const char *octets;
    } rows[] = {
        {"nothing", NTP4, ""},
        {"a part of an address", NTP4, "c0000201c00002"},
        {"no host", NTP4, "c000020100000000"},
        {"multicast", NTP4, "e0000101"},
        {"nothing", SNTP6, ""},
        {"a part of an address", SNTP6, "20010db8"},
        {"no host", SNTP6, "00000000000000000000000000000000"},
        {"nothing", NTP6, ""},
        {"half a head", NTP6, "000100"},
        {"less than it says", NTP6, "0001001020010db8"},
        {"a short address", NTP6, "0001000420010db8"},
        {"two addresses", NTP6,
         "0001002020010db800000000000000000000000120010db8000000000000000000000002"},
        {"multicast that is none", NTP6, "0002001020010db8000000000000000000000001"},
        {"a short multicast address", NTP6, "00020004ff050000"},
        {"an empty name", NTP6, "0003000100"},
        {"a name without an end", NTP6, "000300050474696d65"},
        {"something behind a name", NTP6, "000300070474696d650000"},
        {"a label beyond the end", NTP6, "000300063f74696d6500"},
        {"a compressed name", NTP6, "00030002c00c"},
        {"a space in a name", NTP6, "000300060474206d6500"},
        {"good ones before a bad one", NTP6,
         "0001001020010db80000000000000000000000010001000400000000"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (take(rows[i].kind, rows[i].octets) || servers.count != 0) {
            fail_msg("taken: %s (%s)", rows[i].what, rows[i].octets);
        }
    }
}

static void more_servers_than_there_is_room_for_are_left_out(void **state)
{
    uint8_t many[4 * (DHCP_SERVERS_MAX + 5)];

    (void)state;
    memset(many, 10, sizeof many);
    memset(&servers, 0, sizeof servers);
    assert_true(dhcp_ntp_servers(&servers, many, sizeof many));
    assert_int_equal(servers.count, DHCP_SERVERS_MAX);
}

static void octets_are_written_in_two_ways(void **state)
{
    uint8_t bytes[4];

    (void)state;
    assert_int_equal(dhcp_octets("0:1:fF:a", bytes, 4), 4);
    assert_memory_equal(bytes, "\0\1\xff\x0a", 4);
    assert_int_equal(dhcp_octets("0001ff0A", bytes, 4), 4);
    assert_memory_equal(bytes, "\0\1\xff\x0a", 4);
    static const char *const bad[] = {"",     "x",     "1",          "001",       "00:1:", ":1",
                                      "1::2", "123:4", "0001ff0a00", "0:1:2:3:4", "00 01"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (dhcp_octets(bad[i], bytes, 4) != 0) {
            fail_msg("taken: %s", bad[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_of_addresses_are_read),
        cmocka_unit_test(all_suboptions_of_56_are_read),
        cmocka_unit_test(odd_octets_are_refused_as_a_whole),
        cmocka_unit_test(more_servers_than_there_is_room_for_are_left_out),
        cmocka_unit_test(octets_are_written_in_two_ways),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
