/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/nts.h"

#include <string.h>

#include "base/must.h"

static void note(struct nts_fields *fields, const struct extension *field)
{
    switch (field->type) {
    case EXTENSION_UNIQUE_ID:
        if (fields->ids++ == 0) {
            fields->id = *field;
        }
        break;
    case EXTENSION_COOKIE:
        if (fields->cookies++ == 0) {
            fields->cookie = *field;
        }
        break;
    case EXTENSION_PLACEHOLDER:
        fields->placeholders++;
        break;
    default: /* section 5: unknown fields are skipped */
        break;
    }
}

bool nts_fields_find(struct nts_fields *fields, const uint8_t *datagram, size_t size)
{
    struct extension_cursor cursor = extension_behind_header(datagram, size);
    struct extension field;
    enum extension_found found;
    size_t least = SIZE_MAX, most = 0;

    memset(fields, 0, sizeof *fields);
    while ((found = extension_next(&cursor, &field)) == EXTENSION_FIELD) {
        if (field.type == EXTENSION_AUTHENTICATOR) {
            fields->authenticator = field;
            break;
        }
        if (field.type == EXTENSION_PLACEHOLDER) {
            least = field.body_size < least ? field.body_size : least;
            most = field.body_size > most ? field.body_size : most;
        }
        note(fields, &field);
    }
    fields->placeholders_fit = fields->placeholders == 0 || (least == fields->cookie.body_size &&
                                                             most == fields->cookie.body_size);
    return found != EXTENSION_BROKEN;
}

bool nts_fields_any(const struct nts_fields *fields)
{
    return fields->ids > 0 || fields->cookies > 0 || fields->placeholders > 0 ||
           fields->authenticator.body_size > 0;
}

static size_t padded(size_t size)
{
    return (size + 3) / 4 * 4;
}

bool nts_authenticator_decode(struct nts_authenticator *out, const struct extension *field)
{
    struct reader r = {field->body, field->body_size, false};

    out->nonce_size = (size_t)reader_be(&r, 2);
    out->sealed_size = (size_t)reader_be(&r, 2);
    out->nonce = reader_take(&r, padded(out->nonce_size));
    out->sealed = reader_take(&r, padded(out->sealed_size));
    return !r.overrun && out->nonce_size > 0 && out->nonce_size <= NTS_NONCE_SIZE_MAX &&
           out->sealed_size >= AEAD_TAG_SIZE;
}

size_t nts_authenticator_size(enum aead_id id, size_t text_size)
{
    return extension_size(4 + padded(aead_nonce_size(id)) + padded(text_size + AEAD_TAG_SIZE));
}

bool nts_datagram_put(struct nts_datagram *datagram, uint16_t type, const uint8_t *body,
                      size_t body_size)
{
    struct writer w = {datagram->bytes + datagram->size, datagram->space - datagram->size, false};

    extension_put(&w, type, body, body_size);
    if (w.overrun) {
        return false;
    }
    datagram->size += extension_size(body_size);
    return true;
}

bool nts_datagram_seal(struct nts_datagram *datagram, const struct nts_seal *seal)
{
    static const uint8_t zeros[4];
    size_t nonce_size = aead_nonce_size(seal->key->id);
    size_t sealed_size = seal->text_size + AEAD_TAG_SIZE;
    size_t size = nts_authenticator_size(seal->key->id, seal->text_size);
    struct writer w = {datagram->bytes + datagram->size, datagram->space - datagram->size, false};
    struct aead_around around = {seal->nonce, nonce_size, datagram->bytes, datagram->size};

    if (w.left < size || size > UINT16_MAX) {
        return false;
    }
    writer_be(&w, 2, EXTENSION_AUTHENTICATOR);
    writer_be(&w, 2, size);
    writer_be(&w, 2, nonce_size);
    writer_be(&w, 2, sealed_size);
    writer_put(&w, seal->nonce, nonce_size);
    writer_put(&w, zeros, padded(nonce_size) - nonce_size);
    aead_seal(seal->key, &around, seal->text, seal->text_size, w.at);
    memset(w.at + sealed_size, 0, padded(sealed_size) - sealed_size);
    datagram->size += size;
    return true;
}

bool nts_open(const uint8_t *datagram, const struct nts_fields *fields, const struct aead_key *key,
              uint8_t *text, size_t *text_size)
{
    struct nts_authenticator authenticator;
    struct aead_around around = {.associated = datagram,
                                 .associated_size = fields->authenticator.at};

    *text_size = 0;
    if (fields->authenticator.body_size == 0 ||
        !nts_authenticator_decode(&authenticator, &fields->authenticator)) {
        return false;
    }
    around.nonce = authenticator.nonce;
    around.nonce_size = authenticator.nonce_size;
    if (!aead_open(key, &around, authenticator.sealed, authenticator.sealed_size, text)) {
        return false;
    }
    *text_size = authenticator.sealed_size - AEAD_TAG_SIZE;
    return true;
}
