/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/aead.h"

#include <nettle/siv-cmac.h>
#include <string.h>

#include "base/must.h"
#include "crypto/gcm_siv.h"
#include "crypto/wipe.h"

_Static_assert(sizeof(struct siv_cmac_aes128_ctx) <= AEAD_STATE_SIZE, "a key of nettle's fits");
_Static_assert(sizeof(struct gcm_siv_key) <= AEAD_STATE_SIZE, "ours, too");

bool aead_known(unsigned id)
{
    return id == AEAD_AES_SIV_CMAC_256 || id == AEAD_AES_128_GCM_SIV;
}

const char *aead_name(unsigned id)
{
    return id == AEAD_AES_SIV_CMAC_256  ? "AES-SIV-CMAC-256"
           : id == AEAD_AES_128_GCM_SIV ? "AES-128-GCM-SIV"
                                        : "none";
}

size_t aead_key_size(unsigned id)
{
    return id == AEAD_AES_SIV_CMAC_256  ? SIV_CMAC_AES128_KEY_SIZE
           : id == AEAD_AES_128_GCM_SIV ? GCM_SIV_KEY_SIZE
                                        : 0;
}

size_t aead_nonce_size(unsigned id)
{
    return id == AEAD_AES_SIV_CMAC_256  ? AEAD_NONCE_SIZE_MAX
           : id == AEAD_AES_128_GCM_SIV ? GCM_SIV_NONCE_SIZE
                                        : 0;
}

bool aead_nonce_fits(unsigned id, size_t nonce_size)
{
    return id == AEAD_AES_SIV_CMAC_256
               ? nonce_size >= SIV_MIN_NONCE_SIZE
               : id == AEAD_AES_128_GCM_SIV && nonce_size == GCM_SIV_NONCE_SIZE;
}

void aead_key_init(struct aead_key *key, enum aead_id id, const uint8_t *secret)
{
    must(aead_known(id));
    key->id = id;
    if (id == AEAD_AES_SIV_CMAC_256) {
        siv_cmac_aes128_set_key((struct siv_cmac_aes128_ctx *)(void *)key->state, secret);
    } else {
        gcm_siv_key_init((struct gcm_siv_key *)(void *)key->state, secret);
    }
}

void aead_key_done(struct aead_key *key)
{
    wipe(key, sizeof *key);
}

void aead_seal(const struct aead_key *key, const struct aead_around *around, const uint8_t *text,
               size_t size, uint8_t *sealed)
{
    must(aead_nonce_fits(key->id, around->nonce_size));
    if (key->id == AEAD_AES_SIV_CMAC_256) {
        siv_cmac_aes128_encrypt_message(
            (const struct siv_cmac_aes128_ctx *)(const void *)key->state, around->nonce_size,
            around->nonce, around->associated_size, around->associated, size + AEAD_TAG_SIZE,
            sealed, text);
    } else {
        gcm_siv_seal((const struct gcm_siv_key *)(const void *)key->state, around, text, size,
                     sealed);
    }
}

bool aead_open(const struct aead_key *key, const struct aead_around *around, const uint8_t *sealed,
               size_t size, uint8_t *text)
{
    bool opened = false;

    if (size < AEAD_TAG_SIZE || !aead_nonce_fits(key->id, around->nonce_size)) {
        return false;
    }
    size -= AEAD_TAG_SIZE;
    if (key->id == AEAD_AES_SIV_CMAC_256) {
        opened = siv_cmac_aes128_decrypt_message(
                     (const struct siv_cmac_aes128_ctx *)(const void *)key->state,
                     around->nonce_size, around->nonce, around->associated_size, around->associated,
                     size, text, sealed) == 1;
    } else {
        opened = gcm_siv_open((const struct gcm_siv_key *)(const void *)key->state, around, sealed,
                              size, text);
    }
    if (!opened) {
        wipe(text, size);
    }
    return opened;
}
