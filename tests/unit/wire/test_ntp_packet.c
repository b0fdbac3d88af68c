/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/ntp_packet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

/* A reply as another program sent it: leap 1, version 4, mode 4, stratum 2, poll 6, precision -24,
 * root delay 0.5 s, root dispersion 0.25 s, refid 10.0.0.4. */
static const uint8_t reply[NTP_HEADER_SIZE] = {
    0x64, 2,    6,    0xe8, 0,    0,    0x80, 0,    0,    0,    0x40, 0,    10,   0,    0,    4,
    0xee, 0x01, 0x02, 0x03, 0x80, 0,    0,    0,    0xee, 0x01, 0x02, 0x04, 0x12, 0x34, 0x56, 0x78,
    0xee, 0x01, 0x02, 0x05, 0x9a, 0xbc, 0xde, 0xf0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
};

static void a_header_is_decoded_field_by_field(void **state)
{
    struct ntp_packet packet;

    (void)state;
    assert_int_equal(ntp_packet_decode(&packet, reply, sizeof reply), DROP_NONE);
    assert_int_equal(packet.leap, NTP_LEAP_INSERT);
    assert_int_equal(packet.version, 4);
    assert_int_equal(packet.mode, NTP_MODE_SERVER);
    assert_int_equal(packet.stratum, 2);
    assert_int_equal(packet.poll_log2, 6);
    assert_int_equal(packet.precision_log2, -24);
    assert_true(ntp_short_to_s(packet.root_delay) == 0.5);
    assert_true(ntp_short_to_s(packet.root_dispersion) == 0.25);
    assert_int_equal(packet.refid, 0x0a000004);
    assert_int_equal(packet.reference.raw, UINT64_C(0xee01020380000000));
    assert_int_equal(packet.origin.raw, UINT64_C(0xee01020412345678));
    assert_int_equal(packet.receive.raw, UINT64_C(0xee0102059abcdef0));
    assert_int_equal(packet.transmit.raw, UINT64_MAX);
}

static void encoding_gives_the_octets_back(void **state)
{
    struct ntp_packet packet;
    uint8_t bytes[NTP_HEADER_SIZE];

    (void)state;
    assert_int_equal(ntp_packet_decode(&packet, reply, sizeof reply), DROP_NONE);
    ntp_packet_encode(&packet, bytes);
    assert_memory_equal(bytes, reply, sizeof bytes);
}

static void a_shorter_datagram_is_no_header(void **state)
{
    struct ntp_packet packet;

    (void)state;
    for (size_t size = 0; size < NTP_HEADER_SIZE; size++) {
        assert_int_equal(ntp_packet_decode(&packet, reply, size), DROP_SHORT);
    }
}

static void versions_one_to_four_are_spoken(void **state)
{
    uint8_t bytes[NTP_HEADER_SIZE];
    struct ntp_packet packet;

    (void)state;
    memcpy(bytes, reply, sizeof bytes);
    for (unsigned version = 0; version < 8; version++) {
        bytes[0] = (uint8_t)(version << 3 | NTP_MODE_SERVER);
        assert_int_equal(ntp_packet_decode(&packet, bytes, sizeof bytes),
                         version >= 1 && version <= 4 ? DROP_NONE : DROP_VERSION);
        assert_int_equal(packet.mode, NTP_MODE_SERVER);
    }
}

static void what_follows_the_header_is_left_to_others(void **state)
{
    uint8_t bytes[NTP_HEADER_SIZE + 20];
    struct ntp_packet packet;

    (void)state;
    memset(bytes, 0xff, sizeof bytes);
    memcpy(bytes, reply, sizeof reply);
    assert_int_equal(ntp_packet_decode(&packet, bytes, sizeof bytes), DROP_NONE);
    assert_int_equal(packet.transmit.raw, UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_header_is_decoded_field_by_field),
        cmocka_unit_test(encoding_gives_the_octets_back),
        cmocka_unit_test(a_shorter_datagram_is_no_header),
        cmocka_unit_test(versions_one_to_four_are_spoken),
        cmocka_unit_test(what_follows_the_header_is_left_to_others),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
