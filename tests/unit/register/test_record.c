/* SPDX-License-Identifier: BSD-2-Clause */
/* Records of a server, and names. */
#include "register/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct address addresses[] = {
    {.family = ADDRESS_IPV4, .bytes = {192, 0, 2, 1}},
    {.family = ADDRESS_IPV6, .bytes = {0x20, 0x01, 0x0d, 0xb8, [15] = 1}},
};

static void a_server_has_its_addresses_at_the_shared_name(void **state)
{
    const struct record_names names = {.name = "ntp.example.", .host = ""};
    struct records records;

    (void)state;
    records_of(&records, &names, addresses, 2);
    assert_int_equal(records.count, 2);
    assert_string_equal(records.at[0].name, "ntp.example.");
    assert_string_equal(records.at[0].data, "192.0.2.1");
    assert_int_equal(records.at[1].type, RECORD_AAAA);
    assert_string_equal(records.at[1].data, "2001:db8::1");
    records_of(&records, &names, addresses, 0);
    assert_int_equal(records.count, 0);
}

static void an_srv_record_leads_to_its_own_name(void **state)
{
    struct record_names names = {
        .name = "ntp.example.", .host = "a.example.", .srv = true, .priority = 10, .weight = 60};
    struct records records;

    (void)state;
    records_of(&records, &names, addresses, 2);
    assert_int_equal(records.count, 5);
    assert_string_equal(records.at[4].name, "_ntp._udp.ntp.example.");
    assert_string_equal(records.at[4].data, "10 60 123 a.example.");
    records_of(&records, &names, addresses, 0);
    assert_int_equal(records.count, 0); /* it would lead to a name without an address */
    names.srv = false;
    records_of(&records, &names, addresses, 1);
    assert_int_equal(records.count, 2);
}

static void no_record_is_there_twice_and_none_beyond_the_room(void **state)
{
    struct record record = {.type = RECORD_A, .name = "a."};
    struct records records = {.count = 0}, other;

    (void)state;
    for (size_t i = 0; i < RECORDS_MAX; i++) {
        record.data[0] = (char)('A' + i);
        assert_true(records_add(&records, &record));
        assert_true(records_add(&records, &record));
        assert_int_equal(records.count, i + 1);
    }
    other = records;
    other.at[0] = records.at[1];
    other.at[1] = records.at[0];
    assert_true(records_equal(&records, &other));
    record.data[0] = 'z';
    assert_false(records_add(&records, &record));
    other.at[0] = record;
    assert_false(records_equal(&records, &other));
}

static void names_are_made_absolute_or_refused(void **state)
{
    static const struct {
        const char *text, *name; /* NULL: refused */
    } cases[] = {{"NTP.Example.net", "ntp.example.net."},
                 {"a_b-c.d.", "a_b-c.d."},
                 {"", NULL},
                 {".", NULL},
                 {"a..b", NULL},
                 {".a", NULL},
                 {"a b", NULL},
                 {"a\"", NULL},
                 {"*.a", NULL}};
    char name[RECORD_NAME_SIZE], longest[300] = "";

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(record_name(name, cases[i].text), cases[i].name != NULL);
        if (cases[i].name != NULL) {
            assert_string_equal(name, cases[i].name);
        }
    }
    memset(longest, 'a', 63);
    assert_true(record_name(name, longest));
    longest[63] = 'a';
    assert_false(record_name(name, longest));
    for (size_t i = 0; i < 253; i++) {
        longest[i] = i % 2 == 0 ? 'a' : '.';
    }
    assert_true(record_name(name, longest));
    longest[253] = '.';
    longest[254] = 'a';
    assert_false(record_name(name, longest));
}

static void a_zone_has_what_ends_with_its_labels(void **state)
{
    (void)state;
    assert_true(record_name_in_zone("ntp.example.net.", "example.net."));
    assert_true(record_name_in_zone("example.net.", "example.net."));
    assert_false(record_name_in_zone("badexample.net.", "example.net."));
    assert_false(record_name_in_zone("net.", "example.net."));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_has_its_addresses_at_the_shared_name),
        cmocka_unit_test(an_srv_record_leads_to_its_own_name),
        cmocka_unit_test(no_record_is_there_twice_and_none_beyond_the_room),
        cmocka_unit_test(names_are_made_absolute_or_refused),
        cmocka_unit_test(a_zone_has_what_ends_with_its_labels),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
