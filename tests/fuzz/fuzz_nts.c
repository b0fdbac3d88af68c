/* SPDX-License-Identifier: BSD-2-Clause */
/* Any datagram: its fields lie within it, an authenticator that opens was made with the key, and
 * what is sealed over any fields opens again. */
#include <assert.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "wire/ntp_packet.h"
#include "wire/nts.h"

enum { SPACE = 4096 };

static void check_within(const uint8_t *data, size_t size, const struct extension *field)
{
    assert(field->body_size == 0 || (field->at + EXTENSION_HEADER_SIZE + field->body_size <= size &&
                                     field->body == data + field->at + EXTENSION_HEADER_SIZE));
}

static void walk(const uint8_t *data, size_t size)
{
    struct extension_cursor cursor = extension_within(data, size);
    struct extension field;
    size_t before = 0;

    while (extension_next(&cursor, &field) == EXTENSION_FIELD) {
        assert(cursor.at >= before + EXTENSION_SIZE_MIN && cursor.at <= size);
        check_within(data, size, &field);
        before = cursor.at;
    }
}

/* The datagram's fields with an authenticator of ours behind them. */
static void seal_and_open(const uint8_t *data, size_t size, const struct aead_key *key)
{
    static uint8_t bytes[SPACE + 256], text[SPACE + 256];
    struct nts_datagram datagram = {bytes, size, sizeof bytes};
    const uint8_t nonce[AEAD_NONCE_SIZE_MAX] = {1};
    struct nts_seal seal = {key, nonce, data, size < 64 ? size : 64};
    struct nts_fields fields;
    size_t text_size;

    memcpy(bytes, data, size);
    assert(nts_datagram_seal(&datagram, &seal));
    if (nts_fields_find(&fields, bytes, datagram.size) && fields.authenticator.at == size) {
        assert(nts_open(bytes, &fields, key, text, &text_size));
        assert(text_size == seal.text_size && memcmp(text, data, text_size) == 0);
        bytes[size - 1] ^= 1;
        assert(!nts_open(bytes, &fields, key, text, &text_size) && text_size == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t secret[AEAD_KEY_SIZE_MAX] = {7};
    static uint8_t text[SPACE];
    struct nts_fields fields;
    struct aead_key key;
    size_t text_size;

    walk(data, size);
    if (size < NTP_HEADER_SIZE || size > SPACE) {
        return 0;
    }
    aead_key_init(&key, data[0] & 1 ? AEAD_AES_SIV_CMAC_256 : AEAD_AES_128_GCM_SIV, secret);
    if (nts_fields_find(&fields, data, size)) {
        check_within(data, size, &fields.id);
        check_within(data, size, &fields.cookie);
        check_within(data, size, &fields.authenticator);
        assert(fields.ids == 0 || nts_fields_any(&fields));
        if (nts_open(data, &fields, &key, text, &text_size)) {
            walk(text, text_size);
        }
        seal_and_open(data, size, &key);
    }
    return 0;
}
