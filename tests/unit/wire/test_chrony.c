/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/chrony.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/bytes.h"
#include "support/near.h"
#include "unit/wire/chrony_captures.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

union any_body {
    struct chrony_n_sources n_sources;
    struct chrony_source_data source_data;
    struct chrony_tracking tracking;
    struct chrony_sourcestats sourcestats;
    struct chrony_activity activity;
    struct chrony_name name;
    struct chrony_select_data select_data;
    struct chrony_auth_data auth_data;
    struct chrony_ntp_data ntp_data;
    struct chrony_server_stats server_stats;
    struct chrony_clients clients;
    struct chrony_manual_list manual_list;
    struct chrony_timestamp timestamp;
};

static unsigned digit(char c)
{
    return (unsigned)(c >= 'a' ? c - 'a' + 10 : c - '0');
}

static size_t from_hex(const char *hex, uint8_t *bytes)
{
    size_t size = strlen(hex) / 2;

    for (size_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
    }
    return size;
}

/* A request's header and zeros behind it, `size` octets in all. */
static void make_request(uint8_t bytes[static CHRONY_REQUEST_MAX + 1], uint16_t command)
{
    struct writer w = {.at = bytes, .left = CHRONY_REQUEST_HEADER};

    memset(bytes, 0, CHRONY_REQUEST_MAX + 1);
    writer_be(&w, 4, 0x06010000);
    writer_be(&w, 2, command);
    writer_be(&w, 2, 3); /* a third attempt */
    writer_be(&w, 4, 0x11223344);
}

/* Decodes, and checks that encoding gives the very octets back. */
static uint16_t open_capture(const char *hex, union any_body *body)
{
    uint8_t bytes[CHRONY_REPLY_MAX], back[CHRONY_REPLY_MAX];
    size_t size = from_hex(hex, bytes);
    struct chrony_request request = {0};
    uint16_t code = chrony_reply_decode(bytes, size, body, sizeof *body);

    request.command = (uint16_t)(bytes[4] << 8 | bytes[5]);
    memcpy(request.sequence, bytes + 16, 4);
    assert_int_not_equal(code, 0);
    memset(back, 0xaa, sizeof back);
    assert_int_equal(chrony_reply_encode(&request, code, body, back), size);
    assert_memory_equal(back, bytes, size);
    assert_int_equal(chrony_reply_decode(bytes, size - 1, body, sizeof *body), 0);
    assert_int_equal(chrony_reply_decode(bytes, size, body, sizeof *body), code);
    return code;
}

static void every_reply_of_chronyd_comes_back_to_the_octet(void **state)
{
    static const struct {
        const char *hex;
        uint16_t code;
    } rows[] = {
        {captured_n_sources, CHRONY_REPLY_N_SOURCES},
        {captured_source_data, CHRONY_REPLY_SOURCE_DATA},
        {captured_tracking, CHRONY_REPLY_TRACKING},
        {captured_sourcestats, CHRONY_REPLY_SOURCESTATS},
        {captured_manual_list, CHRONY_REPLY_MANUAL_LIST},
        {captured_activity, CHRONY_REPLY_ACTIVITY},
        {captured_server_stats3, CHRONY_REPLY_SERVER_STATS3},
        {captured_server_stats4, CHRONY_REPLY_SERVER_STATS4},
        {captured_ntp_data, CHRONY_REPLY_NTP_DATA},
        {captured_ntp_data2, CHRONY_REPLY_NTP_DATA2},
        {captured_name, CHRONY_REPLY_NAME},
        {captured_auth_data, CHRONY_REPLY_AUTH_DATA},
        {captured_clients, CHRONY_REPLY_CLIENTS},
        {captured_select_data, CHRONY_REPLY_SELECT_DATA},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        union any_body body;

        assert_int_equal(open_capture(rows[i].hex, &body), rows[i].code);
    }
}

/* The reply of tool-protocols' appendix, and what chronyc printed of it. */
static void tracking_means_what_chronyc_prints(void **state)
{
    static const char hex[] = "060200000021000500000000000000008"
                              "0e09e010000000000000000c0000202c00002020000000000000000000000000001"
                              "0000000400000000"
                              "00006b02ec2105a84addd8c1e8f0ce8aa20bd88a7b8becf748a3dad8cb48f48ea745"
                              "dcd74905ded312bd06805f41";
    union any_body body;
    const struct chrony_tracking *t = &body.tracking;

    (void)state;
    assert_int_equal(open_capture(hex, &body), CHRONY_REPLY_TRACKING);
    assert_int_equal(t->refid, 0xc0000202);
    assert_int_equal(t->address.family, CHRONY_IPV4);
    assert_memory_equal(t->address.bytes, "\xc0\0\2\2", 4);
    assert_int_equal(t->stratum, 4);
    assert_int_equal(t->leap, 0);
    assert_int_equal(t->reference.ns / NS_PER_S, 0x6b02ec21);
    assert_near(t->correction_s, 361e-9, 0.5e-9);
    assert_near(t->last_offset_s, 8e-9, 0.5e-9);
    assert_near(t->rms_offset_s, 258e-9, 0.5e-9);
    assert_near(t->skew_ppm, 0.004, 0.0005);
    assert_near(t->root_delay_s, 1604e-9, 0.5e-9);
    assert_near(t->root_dispersion_s, 3145e-9, 0.5e-9);
    assert_near(t->update_interval_s, 2.0, 0.02);
}

static void floats_keep_24_bits(void **state)
{
    static const double values[] = {1,       -1,   0.5,    123.456,      -3.69e-7,   1e-9,
                                    -2000.0, 1e18, -1e-12, 4294967295.0, 16777215.0, -16777216.0};

    (void)state;
    for (size_t i = 0; i < COUNT(values); i++) {
        double back = chrony_float_decode(chrony_float_encode(values[i]));

        assert_near(back, values[i], fabs(values[i]) * 0x1p-23);
    }
    assert_int_equal(chrony_float_encode(0), 0);
    assert_int_equal(chrony_float_encode((double)NAN), 0);
    assert_int_equal(chrony_float_encode(1e-101), 0);
    assert_int_equal(chrony_float_encode(1.0), 0x04800000);
    assert_near(chrony_float_decode(0xd939e507), -3.69e-7, 0.01e-7);
}

static void floats_beyond_the_format_are_the_largest_or_nothing(void **state)
{
    double largest = chrony_float_decode(chrony_float_encode(1e300));

    (void)state;
    assert_true(largest > 1e18);
    assert_near(chrony_float_decode(chrony_float_encode((double)INFINITY)), largest, 0);
    assert_true(chrony_float_decode(chrony_float_encode(-1e300)) <= -largest);
    assert_int_equal(chrony_float_encode(1e-60), 0);
    for (double value = 1e-30; value < 1e30; value *= 1.7) {
        uint32_t bits = chrony_float_encode(value);

        assert_int_equal(chrony_float_encode(chrony_float_decode(bits)), bits);
    }
}

static enum chrony_status status_of(uint8_t *bytes, size_t size, bool trusted)
{
    struct chrony_request request;

    return chrony_request_decode(&request, bytes, size,
                                 trusted ? CHRONY_TRUSTED : CHRONY_OPEN_STANDARD);
}

/* Each of chronyc's questions is open by its own word, and their number by any of them. */
static void what_is_open_over_udp_is_what_was_opened(void **state)
{
    static const struct {
        uint16_t command;
        uint32_t by;
    } rows[] = {
        {CHRONY_TRACKING, CHRONY_OPEN_TRACKING},
        {CHRONY_ACTIVITY, CHRONY_OPEN_ACTIVITY},
        {CHRONY_AUTH_DATA, CHRONY_OPEN_AUTHDATA},
        {CHRONY_SELECT_DATA, CHRONY_OPEN_SELECTDATA},
        {CHRONY_N_SOURCES, CHRONY_OPEN_SOURCES},
        {CHRONY_N_SOURCES, CHRONY_OPEN_AUTHDATA},
        {CHRONY_NTP_SOURCE_NAME, CHRONY_OPEN_SOURCENAME},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct chrony_request request;
        uint8_t bytes[400] = {
            6, 1, 0, 0, (uint8_t)(rows[i].command >> 8), (uint8_t)rows[i].command};

        assert_int_equal(chrony_request_decode(&request, bytes, sizeof bytes, rows[i].by),
                         CHRONY_SUCCESS);
        assert_int_equal(chrony_request_decode(&request, bytes, sizeof bytes, 0), CHRONY_UNAUTH);
        assert_int_equal(
            chrony_request_decode(&request, bytes, sizeof bytes, CHRONY_OPEN_SMOOTHING),
            CHRONY_UNAUTH);
        bytes[5] = CHRONY_MAKESTEP;
        assert_int_equal(chrony_request_decode(&request, bytes, sizeof bytes, ~UINT32_C(0) >> 2),
                         CHRONY_UNAUTH);
    }
}

static void requests_are_judged_in_chronyds_order(void **state)
{
    static const struct {
        size_t size;
        uint16_t command;
        uint8_t octet, value; /* changed before decoding; octet 0 and value 6: nothing */
        bool trusted;
        enum chrony_status status;
    } rows[] = {
        {104, CHRONY_TRACKING, 0, 6, false, CHRONY_SUCCESS},
        {416, CHRONY_TRACKING, 0, 6, false, CHRONY_SUCCESS},
        {860, CHRONY_TRACKING, 0, 6, false, CHRONY_SUCCESS},
        {861, CHRONY_TRACKING, 0, 6, false, CHRONY_SILENCE},
        {103, CHRONY_TRACKING, 0, 6, false, CHRONY_BAD_LENGTH},
        {28, CHRONY_TRACKING, 0, 6, false, CHRONY_BAD_LENGTH},
        {27, CHRONY_TRACKING, 0, 6, false, CHRONY_SILENCE},
        {0, CHRONY_TRACKING, 0, 6, false, CHRONY_SILENCE},
        {104, CHRONY_TRACKING, 0, 5, false, CHRONY_BAD_VERSION},
        {104, CHRONY_TRACKING, 0, 7, false, CHRONY_BAD_VERSION},
        {104, CHRONY_TRACKING, 0, 4, false, CHRONY_SILENCE},
        {104, CHRONY_TRACKING, 1, 2, false, CHRONY_SILENCE},
        {104, CHRONY_TRACKING, 2, 1, false, CHRONY_SILENCE},
        {104, CHRONY_TRACKING, 3, 1, false, CHRONY_SILENCE},
        {104, 200, 0, 6, false, CHRONY_INVALID},
        {104, 12, 0, 6, true, CHRONY_INVALID},
        {28, 0, 0, 6, false, CHRONY_SUCCESS},
        {32, CHRONY_LOGON, 0, 6, false, CHRONY_SUCCESS},
        {31, CHRONY_LOGON, 0, 6, false, CHRONY_BAD_LENGTH},
        {152, CHRONY_NTP_DATA, 0, 6, false, CHRONY_UNAUTH},
        {151, CHRONY_NTP_DATA, 0, 6, false, CHRONY_BAD_LENGTH},
        {152, CHRONY_NTP_DATA, 0, 6, true, CHRONY_SUCCESS},
        {28, CHRONY_MAKESTEP, 0, 6, false, CHRONY_UNAUTH},
        {28, CHRONY_MAKESTEP, 0, 6, true, CHRONY_SUCCESS},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t bytes[CHRONY_REQUEST_MAX + 1];

        make_request(bytes, rows[i].command);
        bytes[rows[i].octet] = rows[i].value;
        assert_int_equal(status_of(bytes, rows[i].size, rows[i].trusted), rows[i].status);
    }
}

static void no_reply_is_longer_than_the_shortest_request_for_it(void **state)
{
    static const struct {
        uint16_t command, size, code;
    } rows[] = {
#define ROW(name, number, open, size, arguments) {number, size, 0},
        CHRONY_COMMAND_LIST(ROW)
#undef ROW
    };
    static const struct {
        uint16_t command, code;
    } replies[] = {
        {CHRONY_N_SOURCES, CHRONY_REPLY_N_SOURCES},
        {CHRONY_SOURCE_DATA, CHRONY_REPLY_SOURCE_DATA},
        {CHRONY_TRACKING, CHRONY_REPLY_TRACKING},
        {CHRONY_SOURCESTATS, CHRONY_REPLY_SOURCESTATS},
        {CHRONY_ACTIVITY, CHRONY_REPLY_ACTIVITY},
        {CHRONY_NTP_SOURCE_NAME, CHRONY_REPLY_NAME},
        {CHRONY_AUTH_DATA, CHRONY_REPLY_AUTH_DATA},
        {CHRONY_SELECT_DATA, CHRONY_REPLY_SELECT_DATA},
        {CHRONY_CLIENT_ACCESSES, CHRONY_REPLY_CLIENTS},
        {CHRONY_SETTIME, CHRONY_REPLY_TIMESTAMP},
        {CHRONY_MANUAL_LIST, CHRONY_REPLY_MANUAL_LIST},
    };
    union any_body body;
    uint8_t reply[CHRONY_REPLY_MAX];

    (void)state;
    memset(&body, 0, sizeof body);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct chrony_request request = {.command = rows[i].command, .size = rows[i].size};
        uint16_t code = chrony_reply_for(&request);

        for (size_t k = 0; k < COUNT(replies); k++) {
            code = replies[k].command == rows[i].command ? replies[k].code : code;
        }
        assert_true(chrony_reply_encode(&request, code, &body, reply) <= rows[i].size);
        assert_int_equal(chrony_status_encode(&request, CHRONY_FAILED, reply), 28);
    }
}

static void the_length_of_a_request_chooses_the_layout(void **state)
{
    static const struct {
        uint16_t command, size, code;
    } rows[] = {
        {CHRONY_SERVER_STATS, 416, CHRONY_REPLY_SERVER_STATS4},
        {CHRONY_SERVER_STATS, 196, CHRONY_REPLY_SERVER_STATS4},
        {CHRONY_SERVER_STATS, 195, CHRONY_REPLY_SERVER_STATS3},
        {CHRONY_SERVER_STATS, 72, CHRONY_REPLY_SERVER_STATS3},
        {CHRONY_SERVER_STATS, 71, CHRONY_REPLY_SERVER_STATS2},
        {CHRONY_SERVER_STATS, 60, CHRONY_REPLY_SERVER_STATS2},
        {CHRONY_SERVER_STATS, 59, CHRONY_REPLY_SERVER_STATS},
        {CHRONY_SERVER_STATS, 48, CHRONY_REPLY_SERVER_STATS},
        {CHRONY_NTP_DATA, 424, CHRONY_REPLY_NTP_DATA2},
        {CHRONY_NTP_DATA, 172, CHRONY_REPLY_NTP_DATA2},
        {CHRONY_NTP_DATA, 171, CHRONY_REPLY_NTP_DATA},
        {CHRONY_TRACKING, 104, CHRONY_REPLY_NONE},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct chrony_request request = {.command = rows[i].command, .size = rows[i].size};

        assert_int_equal(chrony_reply_for(&request), rows[i].code);
    }
}

static void arguments_come_in_their_order(void **state)
{
    uint8_t bytes[CHRONY_REQUEST_MAX + 1];
    struct chrony_request request;
    struct writer w = {.at = bytes + CHRONY_REQUEST_HEADER, .left = 60};

    (void)state;
    make_request(bytes, CHRONY_BURST);
    writer_put(&w, "\xff\xff\xff\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0", 20);
    writer_put(&w, "\xc0\0\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0", 20);
    writer_be(&w, 4, 4);
    writer_be(&w, 4, (uint32_t)-8);
    assert_int_equal(chrony_request_decode(&request, bytes, 68, CHRONY_TRUSTED), CHRONY_SUCCESS);
    assert_int_equal(request.arguments.address[0].bytes[2], 0xff);
    assert_int_equal(chrony_address_to(&request.arguments.address[1]).bytes[2], 2);
    assert_int_equal(request.arguments.number[0], 4);
    assert_int_equal(request.arguments.number[1], -8);
    assert_memory_equal(request.sequence, "\x11\x22\x33\x44", 4);
}

static void a_name_without_an_address_is_a_number(void **state)
{
    uint8_t bytes[CHRONY_REQUEST_MAX + 1];
    struct chrony_request request;
    struct chrony_source_data data = {.address = chrony_address_id(7)}, back;
    uint8_t reply[CHRONY_REPLY_MAX];
    size_t size;

    (void)state;
    make_request(bytes, CHRONY_DEL_SOURCE);
    memcpy(bytes + CHRONY_REQUEST_HEADER, "\0\0\0\7\0\0\0\0\0\0\0\0\0\0\0\0\0\3\0\0", 20);
    assert_int_equal(chrony_request_decode(&request, bytes, 40, CHRONY_TRUSTED), CHRONY_SUCCESS);
    assert_int_equal(request.arguments.address[0].family, CHRONY_ID);
    assert_int_equal(request.arguments.address[0].id, 7);
    assert_int_equal(chrony_address_to(&request.arguments.address[0]).family, ADDRESS_NONE);
    size = chrony_reply_encode(&request, CHRONY_REPLY_SOURCE_DATA, &data, reply);
    assert_int_equal(chrony_reply_decode(reply, size, &back, sizeof back),
                     CHRONY_REPLY_SOURCE_DATA);
    assert_int_equal(back.address.id, 7);
}

static void a_source_to_add_needs_a_name_that_is_a_word(void **state)
{
    static const struct {
        const char *name;
        enum chrony_status status;
    } rows[] = {
        {"192.0.2.1", CHRONY_SUCCESS},       {"ntp.example", CHRONY_SUCCESS},
        {"", CHRONY_INVALID_NAME},           {"two words", CHRONY_INVALID_NAME},
        {"line\nfeed", CHRONY_INVALID_NAME}, {"\xc3\xa4", CHRONY_INVALID_NAME},
    };
    uint8_t bytes[CHRONY_REQUEST_MAX + 1];
    struct chrony_request request;
    struct chrony_add add;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        make_request(bytes, CHRONY_ADD_SOURCE);
        memcpy(bytes + 24, rows[i].name, strlen(rows[i].name));
        bytes[23] = 1;
        bytes[283] = 123;
        bytes[287] = 6;
        bytes[355] = CHRONY_ADD_ONLINE | CHRONY_ADD_IBURST;
        assert_int_equal(chrony_request_decode(&request, bytes, 372, CHRONY_TRUSTED),
                         CHRONY_SUCCESS);
        assert_int_equal(chrony_add_decode(&add, &request), rows[i].status);
        assert_int_equal(add.port, 123);
        assert_int_equal(add.minpoll, 6);
        assert_int_equal(add.flags, CHRONY_ADD_ONLINE | CHRONY_ADD_IBURST);
    }
    memset(bytes + 24, 'x', CHRONY_NAME_SIZE);
    assert_int_equal(chrony_add_decode(&add, &request), CHRONY_INVALID_NAME);
    for (int type = 0; type < 256; type += type == 4 ? 251 : 1) {
        bytes[23] = (uint8_t)type; /* what is to be added comes before its name */
        assert_int_equal(chrony_add_decode(&add, &request),
                         type >= 1 && type <= 3 ? CHRONY_INVALID_NAME : CHRONY_INVALID);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_reply_of_chronyd_comes_back_to_the_octet),
        cmocka_unit_test(tracking_means_what_chronyc_prints),
        cmocka_unit_test(floats_keep_24_bits),
        cmocka_unit_test(floats_beyond_the_format_are_the_largest_or_nothing),
        cmocka_unit_test(what_is_open_over_udp_is_what_was_opened),
        cmocka_unit_test(requests_are_judged_in_chronyds_order),
        cmocka_unit_test(no_reply_is_longer_than_the_shortest_request_for_it),
        cmocka_unit_test(the_length_of_a_request_chooses_the_layout),
        cmocka_unit_test(arguments_come_in_their_order),
        cmocka_unit_test(a_name_without_an_address_is_a_number),
        cmocka_unit_test(a_source_to_add_needs_a_name_that_is_a_word),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
