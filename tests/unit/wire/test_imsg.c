/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/imsg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static void only_the_four_requests_are_taken(void **state)
{
    /* type, length, flags: what ntpctl 6.2p3 sends, and what it does not. */
    static const struct {
        uint32_t type;
        uint16_t length, flags;
        size_t size;
        int result;
    } rows[] = {
        {10, 16, 0, 16, IMSG_STATUS}, {11, 16, 0, 16, IMSG_PEERS}, {13, 16, 0, 16, IMSG_SENSORS},
        {15, 16, 0, 16, IMSG_ALL},    {15, 16, 0, 15, -1},         {15, 16, 0, 0, -1},
        {12, 16, 0, 16, 0},           {16, 16, 0, 16, 0},          {0, 16, 0, 16, 0},
        {10, 17, 0, 16, 0},           {10, 0, 0, 16, 0},           {10, 16, 1, 16, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t bytes[IMSG_HEADER_SIZE] = {0};

        memcpy(bytes, &rows[i].type, 4);
        memcpy(bytes + 4, &rows[i].length, 2);
        memcpy(bytes + 6, &rows[i].flags, 2);
        assert_int_equal(imsg_request(bytes, rows[i].size), rows[i].result);
    }
}

static void a_status_has_the_places_of_6_2p3(void **state)
{
    const struct imsg_status status = {.peers = 3,
                                       .valid_peers = 2,
                                       .synced = true,
                                       .stratum = 4,
                                       .slewing_ms = 1.5,
                                       .constraint_last = 1422};
    uint8_t bytes[IMSG_STATUS_SIZE], expected[IMSG_STATUS_SIZE] = {10, 0, 0, 0, 72};
    const double slewing_ms = 1.5;

    (void)state;
    expected[16] = 3;
    expected[24] = 2;
    expected[32] = 1;
    expected[33] = 4;
    memcpy(expected + 40, &slewing_ms, 8);
    expected[56] = 1422 & 0xff;
    expected[57] = 1422 >> 8;
    memset(bytes, 0xaa, sizeof bytes);
    assert_int_equal(imsg_put_status(&status, bytes), 72);
    assert_memory_equal(bytes, expected, sizeof bytes);
}

static void a_peer_leaks_nothing_behind_its_name(void **state)
{
    struct imsg_peer peer = {.trust = 10, .stratum = 2, .next_s = 25, .poll_s = 34};
    uint8_t bytes[IMSG_PEER_SIZE], zeros[IMSG_TEXT_SIZE] = {0};
    int64_t next_s;

    (void)state;
    memset(peer.description, 'x', sizeof peer.description); /* not ended */
    assert_int_equal(imsg_put_peer(&peer, bytes), 144);
    assert_int_equal(bytes[16 + 79], 0);
    memset(peer.description, 0x55, sizeof peer.description);
    memcpy(peer.description, "192.0.2.1 ", 11);
    memset(bytes, 0xaa, sizeof bytes);
    (void)imsg_put_peer(&peer, bytes);
    assert_memory_equal(bytes + 16 + 10, zeros, 70);
    assert_int_equal(bytes[16 + 82], 10);
    assert_memory_equal(bytes + 16 + 84, zeros, 4);
    memcpy(&next_s, bytes + 16 + 88, 8);
    assert_int_equal(next_s, 25);
}

static void ends_carry_a_count_and_the_last_one_none(void **state)
{
    uint8_t bytes[IMSG_COUNT_SIZE];

    (void)state;
    assert_int_equal(imsg_put_end(IMSG_PEERS_END, 3, bytes), 20);
    assert_int_equal(bytes[0], 12);
    assert_int_equal(bytes[16], 3);
    assert_int_equal(imsg_put_end(IMSG_ALL_END, 3, bytes), 16);
    assert_int_equal(bytes[4], 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_four_requests_are_taken),
        cmocka_unit_test(a_status_has_the_places_of_6_2p3),
        cmocka_unit_test(a_peer_leaks_nothing_behind_its_name),
        cmocka_unit_test(ends_carry_a_count_and_the_last_one_none),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
