/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/siphash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The published vectors: key 00 01 .. 0f, the octets 00 01 02 .. of each length. */
static void the_published_vectors_are_met(void **state)
{
    static const struct {
        size_t size;
        uint64_t sum;
    } rows[] = {
        {0, UINT64_C(0x726fdb47dd0e0e31)}, {1, UINT64_C(0x74f839c593dc67fd)},
        {2, UINT64_C(0x0d6c8009d9a94f5a)}, {3, UINT64_C(0x85676696d7fb7e2d)},
        {8, UINT64_C(0x93f5f5799a932462)}, {15, UINT64_C(0xa129ca6149be45e5)},
    };
    const struct siphash_key key = {{UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)}};
    uint8_t bytes[16];

    (void)state;
    for (uint8_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = i;
    }
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_true(siphash(&key, bytes, rows[i].size) == rows[i].sum);
    }
}

static void another_key_gives_another_sum(void **state)
{
    const struct siphash_key a = {{1, 2}}, b = {{1, 3}}, c = {{2, 2}};
    const uint8_t bytes[] = "client";

    (void)state;
    assert_true(siphash(&a, bytes, 6) != siphash(&b, bytes, 6));
    assert_true(siphash(&a, bytes, 6) != siphash(&c, bytes, 6));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_vectors_are_met),
        cmocka_unit_test(another_key_gives_another_sum),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
