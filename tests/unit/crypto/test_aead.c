/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/aead.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/hex.h"

enum { SPACE = 128 };

struct row {
    enum aead_id id;
    const char *key, *nonce, *associated, *text, *sealed;
};

#define GCM_SIV(...)                                                                               \
    {                                                                                              \
        AEAD_AES_128_GCM_SIV, __VA_ARGS__                                                          \
    }
#define ONE_AND_THREE "01000000000000000000000000000000", "030000000000000000000000"
#define SIV_KEY "fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"
#define NONCE_16 "000102030405060708090a0b0c0d0e0f"
#define BLOCK(n) "0" n "000000000000000000000000000000"

static const struct row rows[] = {
    /* RFC 8452, appendix C.1 */
    GCM_SIV(ONE_AND_THREE, "", "", "dc20e2d83f25705bb49e439eca56de25"),
    GCM_SIV(ONE_AND_THREE, "", "0100000000000000",
            "b5d839330ac7b786578782fff6013b815b287c22493a364c"),
    GCM_SIV(ONE_AND_THREE, "", "010000000000000000000000",
            "7323ea61d05932260047d942a4978db357391a0bc4fdec8b0d106639"),
    GCM_SIV(ONE_AND_THREE, "", BLOCK("1"),
            "743f7c8077ab25f8624e2e948579cf77303aaf90f6fe21199c6068577437a0c4"),
    GCM_SIV(ONE_AND_THREE, "", BLOCK("1") BLOCK("2") BLOCK("3") BLOCK("4"),
            "2433668f1058190f6d43e360f4f35cd8e475127cfca7028ea8ab5c20f7ab2af0"
            "2516a2bdcbc08d521be37ff28c152bba36697f25b4cd169c6590d1dd39566d3f"
            "8a263dd317aa88d56bdf3936dba75bb8"),
    GCM_SIV(ONE_AND_THREE, "01", "0200000000000000",
            "1e6daba35669f4273b0a1a2560969cdf790d99759abd1508"),
    GCM_SIV(ONE_AND_THREE, "01", BLOCK("2") BLOCK("3") BLOCK("4") BLOCK("5"),
            "2f5c64059db55ee0fb847ed513003746aca4e61c711b5de2e7a77ffd02da42fe"
            "ec601910d3467bb8b36ebbaebce5fba30d36c95f48a3e7980f0e7ac299332a80"
            "cdc46ae475563de037001ef84ae21744"),
    GCM_SIV(ONE_AND_THREE, "010000000000000000000000", "02000000",
            "a8fe3e8707eb1f84fb28f8cb73de8e99e2f48a14"),
    GCM_SIV(ONE_AND_THREE, "010000000000000000000000000000000200",
            "0300000000000000000000000000000004000000",
            "6bb0fecf5ded9b77f902c7d5da236a4391dd029724afc9805e976f451e6d87f6fe106514"),
    GCM_SIV("e66021d5eb8e4f4066d4adb9c33560e4", "f46e44bb3da0015c94f70887", "", "",
            "a4194b79071b01a87d65f706e3949578"),
    GCM_SIV("36864200e0eaf5284d884a0e77d31646", "bae8e37fc83441b16034566b", "46bb91c3c5", "7a806c",
            "af60eb711bd85bc1e4d3e0a462e074eea428a8"),
    /* RFC 5297 has no vector of the AEAD interface with 256 bits; these are OpenSSL's AES-128-SIV
     * with the strings (associated data, nonce, text), which meets the RFC's appendix A.1. */
    {AEAD_AES_SIV_CMAC_256, SIV_KEY, NONCE_16, "01", "30313233343536373839616263646566",
     "5072c638cc3eb97c6581dadb2920565d0485ce2deb272c59839d53913a696f6f"},
    {AEAD_AES_SIV_CMAC_256, SIV_KEY, NONCE_16,
     NONCE_16 "101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f", "78",
     "10d4959b69d2f6917e921eddcdfdbcc29d"},
    {AEAD_AES_SIV_CMAC_256, SIV_KEY, NONCE_16,
     NONCE_16 "101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f",
     "6465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b",
     "03a3760da70891bfd2f1b8dd98a40c574e1a1fa78c511c0449da330bf79015f80ea77dd684b6f6f248123874efaf"
     "82056c2c48a7acf020bf"},
};

struct vector {
    struct aead_key key;
    uint8_t nonce[SPACE], associated[SPACE], text[SPACE], sealed[SPACE];
    struct aead_around around;
    size_t text_size, sealed_size;
};

static void load(struct vector *v, const struct row *row)
{
    uint8_t secret[SPACE];

    assert_int_equal(from_hex(row->key, secret, SPACE), aead_key_size(row->id));
    aead_key_init(&v->key, row->id, secret);
    v->around = (struct aead_around){.nonce = v->nonce, .associated = v->associated};
    v->around.nonce_size = from_hex(row->nonce, v->nonce, SPACE);
    v->around.associated_size = from_hex(row->associated, v->associated, SPACE);
    v->text_size = from_hex(row->text, v->text, SPACE);
    v->sealed_size = from_hex(row->sealed, v->sealed, SPACE);
    assert_int_equal(v->sealed_size, v->text_size + AEAD_TAG_SIZE);
}

static void the_published_vectors_are_met(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct vector v;
        uint8_t sealed[SPACE], text[SPACE];

        load(&v, &rows[i]);
        aead_seal(&v.key, &v.around, v.text, v.text_size, sealed);
        assert_memory_equal(sealed, v.sealed, v.sealed_size);
        assert_true(aead_open(&v.key, &v.around, v.sealed, v.sealed_size, text));
        assert_memory_equal(text, v.text, v.text_size);
    }
}

static void a_changed_bit_anywhere_is_noticed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct vector v;
        uint8_t text[SPACE];
        static const uint8_t zeros[SPACE];

        load(&v, &rows[i]);
        for (size_t bit = 0; bit < v.sealed_size * 8; bit++) {
            v.sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
            memset(text, 0xff, sizeof text);
            assert_false(aead_open(&v.key, &v.around, v.sealed, v.sealed_size, text));
            assert_memory_equal(text, zeros, v.text_size);
            v.sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        for (size_t bit = 0; bit < v.around.associated_size * 8; bit++) {
            v.associated[bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_false(aead_open(&v.key, &v.around, v.sealed, v.sealed_size, text));
            v.associated[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        v.nonce[0] ^= 1;
        assert_false(aead_open(&v.key, &v.around, v.sealed, v.sealed_size, text));
    }
}

static void every_length_comes_back(void **state)
{
    static const enum aead_id ids[] = {AEAD_AES_SIV_CMAC_256, AEAD_AES_128_GCM_SIV};
    uint8_t secret[AEAD_KEY_SIZE_MAX], nonce[AEAD_NONCE_SIZE_MAX] = {1}, text[600], back[600],
                                       sealed[616];
    struct aead_key key;

    (void)state;
    for (size_t i = 0; i < sizeof text; i++) {
        text[i] = (uint8_t)(i * 7);
    }
    memcpy(secret, text + 100, sizeof secret);
    for (size_t i = 0; i < 2; i++) {
        aead_key_init(&key, ids[i], secret);
        for (size_t size = 0; size <= sizeof text; size++) {
            struct aead_around around = {nonce, aead_nonce_size(ids[i]), text, 600 - size};

            aead_seal(&key, &around, text, size, sealed);
            assert_true(aead_open(&key, &around, sealed, size + AEAD_TAG_SIZE, back));
            assert_memory_equal(back, text, size);
        }
    }
}

static void what_cannot_be_sealed_text_is_refused(void **state)
{
    struct vector v;
    uint8_t text[SPACE];

    (void)state;
    load(&v, &rows[0]);
    for (size_t size = 0; size < AEAD_TAG_SIZE; size++) {
        assert_false(aead_open(&v.key, &v.around, v.sealed, size, text));
    }
    v.around.nonce_size = 16;
    assert_false(aead_open(&v.key, &v.around, v.sealed, v.sealed_size, text));
    assert_false(aead_nonce_fits(AEAD_AES_SIV_CMAC_256, 0));
    assert_false(aead_nonce_fits(17, 16));
}

static void algorithms_have_names_and_sizes(void **state)
{
    (void)state;
    assert_true(aead_known(15) && aead_known(30) && !aead_known(16) && !aead_known(0));
    assert_int_equal(aead_key_size(15), 32);
    assert_int_equal(aead_key_size(30), 16);
    assert_int_equal(aead_key_size(17), 0);
    assert_int_equal(aead_nonce_size(15), 16);
    assert_int_equal(aead_nonce_size(30), 12);
    assert_string_equal(aead_name(30), "AES-128-GCM-SIV");
    assert_string_equal(aead_name(1), "none");
}

static void a_done_key_holds_nothing(void **state)
{
    struct aead_key key;
    const uint8_t secret[32] = {1};
    static const struct aead_key zeros;

    (void)state;
    aead_key_init(&key, AEAD_AES_SIV_CMAC_256, secret);
    aead_key_done(&key);
    assert_memory_equal(&key, &zeros, sizeof key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_vectors_are_met),
        cmocka_unit_test(a_changed_bit_anywhere_is_noticed),
        cmocka_unit_test(every_length_comes_back),
        cmocka_unit_test(what_cannot_be_sealed_text_is_refused),
        cmocka_unit_test(algorithms_have_names_and_sizes),
        cmocka_unit_test(a_done_key_holds_nothing),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
