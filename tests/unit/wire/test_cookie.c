/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/cookie.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct cookie_ring ring_of(uint8_t seed)
{
    struct cookie_ring ring = {.changed_s = 0};
    uint8_t random[2 * COOKIE_SECRET];

    memset(random, seed, COOKIE_SECRET);
    memset(random + COOKIE_SECRET, seed + 1, COOKIE_SECRET);
    cookie_ring_turn(&ring, random, 1000);
    return ring;
}

static void turn(struct cookie_ring *ring, uint8_t seed)
{
    uint8_t random[2 * COOKIE_SECRET];

    memset(random, seed, sizeof random);
    cookie_ring_turn(ring, random, 2000);
}

static struct cookie cookie_of(uint16_t algorithm)
{
    struct cookie cookie = {.algorithm = algorithm};

    for (size_t i = 0; i < aead_key_size(algorithm); i++) {
        cookie.to_server[i] = (uint8_t)i;
        cookie.to_client[i] = (uint8_t)(0x80 + i);
    }
    return cookie;
}

static bool opens(const struct cookie_ring *ring, const uint8_t *bytes, size_t size)
{
    struct cookie_keys keys;
    struct cookie cookie;

    cookie_keys_prepare(&keys, ring);
    return cookie_open(&keys, bytes, size, &cookie);
}

static void seal(const struct cookie_ring *ring, uint8_t *bytes)
{
    const struct cookie cookie = cookie_of(AEAD_AES_SIV_CMAC_256);
    const uint8_t nonce[COOKIE_NONCE] = {5, 6};
    struct cookie_keys keys;

    cookie_keys_prepare(&keys, ring);
    cookie_seal(&keys, &cookie, nonce, bytes);
}

static void a_cookie_gives_back_what_was_sealed(void **state)
{
    static const uint16_t algorithms[] = {AEAD_AES_SIV_CMAC_256, AEAD_AES_128_GCM_SIV};
    const uint8_t nonce[COOKIE_NONCE] = {1, 2, 3};
    const struct cookie_ring ring = ring_of(7);
    struct cookie_keys keys;

    (void)state;
    cookie_keys_prepare(&keys, &ring);
    for (size_t i = 0; i < 2; i++) {
        const struct cookie cookie = cookie_of(algorithms[i]);
        uint8_t bytes[COOKIE_SIZE_MAX];
        size_t size = cookie_size(algorithms[i]);
        struct cookie back = {0};

        assert_int_equal(size % 4, 0);
        assert_true(size <= sizeof bytes);
        cookie_seal(&keys, &cookie, nonce, bytes);
        assert_true(cookie_open(&keys, bytes, size, &back));
        assert_memory_equal(&back, &cookie, sizeof back);
        for (size_t k = 0; k < size; k++) {
            bytes[k] ^= 0x40;
            assert_false(cookie_open(&keys, bytes, size, &back));
            bytes[k] ^= 0x40;
        }
        assert_false(cookie_open(&keys, bytes, size - 4, &back));
        assert_false(cookie_open(&keys, bytes, 0, &back));
    }
}

/* A file that was copied one change ago opens what is sealed now, and the other way round. */
static void cookies_outlive_two_changes_of_the_key(void **state)
{
    struct cookie_ring ring = ring_of(7), copied = ring;
    uint8_t bytes[COOKIE_SIZE_MAX];
    const size_t size = cookie_size(AEAD_AES_SIV_CMAC_256);

    (void)state;
    seal(&ring, bytes);
    turn(&ring, 20);
    assert_int_equal(ring.changed_s, 2000);
    assert_true(opens(&ring, bytes, size));
    uint8_t fresh[COOKIE_SIZE_MAX];
    seal(&ring, fresh);
    assert_true(memcmp(fresh, bytes, 4) != 0); /* another key sealed it */
    assert_true(opens(&copied, fresh, size));
    turn(&ring, 30);
    assert_true(opens(&ring, bytes, size));
    turn(&ring, 40);
    assert_false(opens(&ring, bytes, size));
    const struct cookie_ring other = ring_of(70);
    assert_false(opens(&other, bytes, size));
}

static void who_shares_a_secret_shares_the_keys_of_the_time(void **state)
{
    static const uint8_t secret[] = "a secret that both servers know";
    struct cookie_ring one, other;
    uint8_t bytes[COOKIE_SIZE_MAX];
    const size_t size = cookie_size(AEAD_AES_SIV_CMAC_256);

    (void)state;
    cookie_ring_derive(&one, secret, sizeof secret, 1000000, 1000);
    cookie_ring_derive(&other, secret, sizeof secret, 1000999, 1000);
    assert_memory_equal(&one, &other, sizeof one);
    seal(&one, bytes);
    cookie_ring_derive(&other, secret, sizeof secret, 1002999, 1000);
    assert_true(opens(&other, bytes, size));
    cookie_ring_derive(&other, secret, sizeof secret, 999999, 1000); /* a clock behind */
    assert_true(opens(&other, bytes, size));
    cookie_ring_derive(&other, secret, sizeof secret, 1003000, 1000);
    assert_false(opens(&other, bytes, size));
    cookie_ring_derive(&other, secret, sizeof secret - 2, 1000000, 1000);
    assert_false(opens(&other, bytes, size));
}

static void a_ring_survives_its_file(void **state)
{
    struct cookie_ring ring = ring_of(9), back;
    char text[COOKIE_RING_TEXT];
    size_t size;

    (void)state;
    turn(&ring, 50);
    turn(&ring, 60);
    size = cookie_ring_print(&ring, text);
    assert_true(size < sizeof text);
    assert_true(cookie_ring_parse(&back, text, size));
    assert_memory_equal(&back, &ring, sizeof ring);
    for (size_t cut = 0; cut < size; cut++) {
        assert_false(cookie_ring_parse(&back, text, cut));
    }
    text[0] ^= 1;
    assert_false(cookie_ring_parse(&back, text, size));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cookie_gives_back_what_was_sealed),
        cmocka_unit_test(cookies_outlive_two_changes_of_the_key),
        cmocka_unit_test(who_shares_a_secret_shares_the_keys_of_the_time),
        cmocka_unit_test(a_ring_survives_its_file),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
