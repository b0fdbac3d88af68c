/* SPDX-License-Identifier: BSD-2-Clause */
/* test_leap_list.c - lists of leap seconds, as text and as compiled time zones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/clock/leap_list.h"
#include "wire/ntp_packet.h"

#define AT(seconds) ((struct utc_time){(seconds)*NS_PER_S})

static struct leap_list list;

static enum leap_list_result parse(const char *text)
{
    return leap_list_parse(&list, (const uint8_t *)text, strlen(text));
}

/* 1972-01-01, 2016-12-31 and a deleted second at the end of 2029, which is imagined. */
static const char three[] = "# a comment\n"
                            "#$\t3929093563\n"
                            "#@\t4102444800\n"
                            "2272060800\t10\t# 1 Jan 1972\n"
                            "3692217600  37 # 1 Jan 2017\r\n"
                            "4102444800  36\n"
                            "#h 1 2 3 4 5\n";

static void a_text_is_read(void **state)
{
    (void)state;
    assert_int_equal(parse(three), LEAP_LIST_OK);
    assert_int_equal(list.count, 3);
    assert_true(list.expires);
    assert_true(list.expiry.ns == INT64_C(1893456000) * NS_PER_S);
    assert_true(list.at[1].midnight.ns == INT64_C(1483228800) * NS_PER_S);
}

static void the_day_of_a_leap_second_announces_it(void **state)
{
    static const struct {
        const char *sentence;
        int64_t utc_s;
        int announced, tai;
    } rows[] = {
        {"before the list", 1000000, NTP_LEAP_NONE, 0},
        {"the day before the day", 1483142399, NTP_LEAP_NONE, 10},
        {"its first second", 1483142400, NTP_LEAP_INSERT, 10},
        {"its last second", 1483228799, NTP_LEAP_INSERT, 10},
        {"the day after", 1483228800, NTP_LEAP_NONE, 37},
        {"a second is deleted", 1893455999, NTP_LEAP_DELETE, 37},
        {"when the list ends", 1893456000, NTP_LEAP_NONE, 36},
        {"behind the end of the list", 1893456001, NTP_LEAP_UNSYNC, 0},
    };

    (void)state;
    assert_int_equal(parse(three), LEAP_LIST_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (leap_list_announced(&list, AT(rows[i].utc_s)) != rows[i].announced ||
            leap_list_tai(&list, AT(rows[i].utc_s)) != rows[i].tai) {
            fail_msg("%s", rows[i].sentence);
        }
    }
    memset(&list, 0, sizeof list);
    assert_int_equal(leap_list_announced(&list, AT(1483142400)), NTP_LEAP_UNSYNC);
}

/* A time zone of version 2 with two leap seconds: an empty block of version 1, then the real one.
 */
static size_t zone(uint8_t bytes[static 200], char version)
{
    static const uint8_t records[] = {
        0, 0, 0, 0, 0x04, 0xb2, 0x58, 0x00, 0, 0, 0, 1, /* 78796800: 1972-06-30 23:59:60 */
        0, 0, 0, 0, 0x05, 0xa4, 0xec, 0x01, 0, 0, 0, 2, /* 94694401: 1972-12-31 23:59:60 */
    };
    size_t at = 0;

    memset(bytes, 0, 200);
    for (unsigned block = 0; block < 2; block++) {
        memcpy(bytes + at, "TZif", 4);
        bytes[at + 4] = (uint8_t)version;
        bytes[at + 31] = block ? 2 : 0; /* leap seconds */
        bytes[at + 39] = 1;             /* types */
        bytes[at + 43] = 4;             /* characters */
        at += 44 + 6 + 4;
    }
    memcpy(bytes + at, records, sizeof records);
    return at + sizeof records;
}

static void a_compiled_zone_is_read(void **state)
{
    uint8_t bytes[200];
    size_t size = zone(bytes, '2');

    (void)state;
    assert_int_equal(leap_list_parse(&list, bytes, size), LEAP_LIST_OK);
    assert_int_equal(list.count, 3);
    assert_false(list.expires);
    assert_true(list.at[1].midnight.ns == INT64_C(78796800) * NS_PER_S);
    assert_true(list.at[2].midnight.ns == INT64_C(94694400) * NS_PER_S);
    assert_int_equal(leap_list_tai(&list, AT(94694400)), 12);
    assert_int_equal(leap_list_announced(&list, AT(94694399)), NTP_LEAP_INSERT);
    assert_int_equal(leap_list_announced(&list, AT(94694401)), NTP_LEAP_NONE);
}

/* As its publishers reckon it: of the digits of the two dates and of all entries. */
static void the_hash_tells_whether_a_list_is_whole(void **state)
{
    char text[sizeof three + 80];
    char *hash;

    (void)state;
    assert_int_equal(parse(three), LEAP_LIST_OK);
    assert_int_equal(list.hash, LEAP_HASH_BAD);
    memcpy(text, three, sizeof three);
    hash = strstr(text, "#h");
    *hash = '\0';
    assert_int_equal(parse(text), LEAP_LIST_OK);
    assert_int_equal(list.hash, LEAP_HASH_NONE);
    memcpy(hash, "#h\t10de024a 2d61cf64 b938c2b 19beeb1c 4e2cc0e5\n",
           sizeof "#h\t10de024a 2d61cf64 b938c2b 19beeb1c 4e2cc0e5\n");
    assert_int_equal(parse(text), LEAP_LIST_OK);
    assert_int_equal(list.hash, LEAP_HASH_GOOD);
    strstr(text, "37 #")[1] = '6';
    assert_int_equal(parse(text), LEAP_LIST_OK);
    assert_int_equal(list.hash, LEAP_HASH_BAD);
}

static void what_is_neither_is_refused(void **state)
{
    uint8_t bytes[200];
    size_t size = zone(bytes, '2');

    (void)state;
    assert_int_equal(parse(""), LEAP_LIST_NO_LEAPS);
    assert_int_equal(parse("# nothing\n"), LEAP_LIST_NO_LEAPS);
    assert_int_equal(parse("<html>\n"), LEAP_LIST_NOT_TEXT);
    assert_int_equal(parse("2272060800\n"), LEAP_LIST_NOT_TEXT);
    assert_int_equal(parse("3692217600 37\n2272060800 10\n"), LEAP_LIST_ORDER);
    assert_int_equal(parse("2272060801 10\n"), LEAP_LIST_ORDER);
    assert_int_equal(parse("99999999999 10\n"), LEAP_LIST_ORDER);
    assert_int_equal(list.count, 0);
    for (size_t cut = 4; cut < size; cut++) {
        assert_int_equal(leap_list_parse(&list, bytes, cut), LEAP_LIST_NOT_ZONE);
    }
    bytes[54 + 28] = 0xff; /* more leap seconds than there are octets */
    assert_int_equal(leap_list_parse(&list, bytes, size), LEAP_LIST_NOT_ZONE);
    for (unsigned i = 0; i < LEAP_LIST_RESULT_COUNT; i++) {
        assert_true(strlen(leap_list_sentence((enum leap_list_result)i)) > 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_is_read),
        cmocka_unit_test(the_day_of_a_leap_second_announces_it),
        cmocka_unit_test(a_compiled_zone_is_read),
        cmocka_unit_test(the_hash_tells_whether_a_list_is_whole),
        cmocka_unit_test(what_is_neither_is_refused),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
