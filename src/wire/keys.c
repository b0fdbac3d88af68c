/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/keys.h"

#include <string.h>

#include "base/must.h"
#include "wire/endpoint.h"

enum { VERSION = 1, QUESTION_MAGIC = 0x4b51, ANSWER_MAGIC = 0x4b41 };

const char *keys_result_word(unsigned result)
{
    static const char *const words[KEYS_RESULT_COUNT] = {
#define X(name, word, sentence) word,
        KEYS_RESULT_LIST(X)
#undef X
    };

    return result < KEYS_RESULT_COUNT ? words[result] : "unknown";
}

const char *keys_result_sentence(unsigned result)
{
    static const char *const sentences[KEYS_RESULT_COUNT] = {
#define X(name, word, sentence) sentence,
        KEYS_RESULT_LIST(X)
#undef X
    };

    return result < KEYS_RESULT_COUNT ? sentences[result] : "for a reason that is not known here";
}

/* What keys are asked of always has an address. */
static bool read_server(struct reader *r, struct address *address)
{
    return endpoint_read(r, address) && address->family != ADDRESS_NONE;
}

static void put_name(struct writer *w, const char name[static KE_NAME_SIZE])
{
    char clean[KE_NAME_SIZE] = {0};
    const char *ending = memchr(name, '\0', KE_NAME_SIZE);

    /* What lies behind the end is none of the other side's business. */
    memcpy(clean, name, ending == NULL ? sizeof clean - 1 : (size_t)(ending - name));
    writer_put(w, clean, sizeof clean);
}

/* Letters, digits and what names and addresses in use contain besides. */
static bool take_name(struct reader *r, char name[static KE_NAME_SIZE])
{
    const uint8_t *bytes = reader_take(r, KE_NAME_SIZE);
    size_t length = 0;

    if (bytes == NULL) {
        return false;
    }
    for (; length < KE_NAME_SIZE - 1 && bytes[length] != 0; length++) {
        uint8_t c = bytes[length];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '-' || c == '.' || c == '_' || c == ':' || c == '%')) {
            return false;
        }
    }
    for (size_t i = length; i < KE_NAME_SIZE; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    memcpy(name, bytes, KE_NAME_SIZE);
    return length > 0;
}

void keys_question_encode(const struct keys_question *question,
                          uint8_t bytes[static KEYS_QUESTION_SIZE])
{
    struct writer w = {bytes, KEYS_QUESTION_SIZE, false};

    writer_be(&w, 2, QUESTION_MAGIC);
    writer_be(&w, 1, VERSION);
    writer_be(&w, 1, 0);
    writer_be(&w, 4, question->query);
    writer_be(&w, 4, question->cert_set);
    endpoint_write(&w, &question->server);
    writer_be(&w, 2, question->ntp_port);
    writer_be(&w, 8, (uint64_t)question->at.ns);
    put_name(&w, question->name);
    writer_be(&w, 2, question->algorithm_count);
    for (size_t i = 0; i < KE_ALGORITHMS; i++) {
        writer_be(&w, 2, i < question->algorithm_count ? question->algorithms[i] : 0);
    }
    must(!w.overrun && w.left == 0);
}

bool keys_question_decode(struct keys_question *question, const uint8_t *bytes, size_t size)
{
    struct reader r = {bytes, size, false};
    bool known = reader_be(&r, 2) == QUESTION_MAGIC && reader_be(&r, 1) == VERSION &&
                 reader_be(&r, 1) == 0 && size == KEYS_QUESTION_SIZE;

    memset(question, 0, sizeof *question);
    question->query = (uint32_t)reader_be(&r, 4);
    question->cert_set = (uint32_t)reader_be(&r, 4);
    known = known && read_server(&r, &question->server);
    question->ntp_port = (uint16_t)reader_be(&r, 2);
    question->at.ns = (int64_t)reader_be(&r, 8);
    known = known && take_name(&r, question->name);
    uint16_t count = (uint16_t)reader_be(&r, 2);
    if (!known || count == 0 || count > KE_ALGORITHMS || question->ntp_port == 0) {
        return false;
    }
    question->algorithm_count = (uint8_t)count;
    for (size_t i = 0; i < KE_ALGORITHMS; i++) {
        question->algorithms[i] = (uint16_t)reader_be(&r, 2);
        if (i < count ? !aead_known(question->algorithms[i]) : question->algorithms[i] != 0) {
            return false;
        }
    }
    return !r.overrun;
}

static void put_keys(struct writer *w, const struct keys_answer *answer)
{
    static const uint8_t zeros[NTS_COOKIE_SIZE];
    uint8_t count = answer->cookie_count < NTS_COOKIES ? answer->cookie_count : NTS_COOKIES;

    writer_be(w, 8, (uint64_t)answer->made.ns);
    endpoint_write(w, &answer->server);
    writer_be(w, 2, answer->algorithm);
    writer_put(w, answer->to_server, KEYS_SECRET_SIZE);
    writer_put(w, answer->to_client, KEYS_SECRET_SIZE);
    writer_be(w, 2, count);
    for (uint8_t i = 0; i < NTS_COOKIES; i++) {
        const struct ke_cookie *cookie = &answer->cookies[i];
        uint16_t used = i < count ? cookie->size : 0;

        writer_be(w, 2, used);
        writer_put(w, cookie->bytes, used);
        writer_put(w, zeros, (size_t)NTS_COOKIE_SIZE - used);
    }
}

void keys_answer_encode(const struct keys_answer *answer, uint8_t bytes[static KEYS_ANSWER_SIZE])
{
    struct writer w = {bytes, KEYS_ANSWER_SIZE, false};

    memset(bytes, 0, KEYS_ANSWER_SIZE);
    writer_be(&w, 2, ANSWER_MAGIC);
    writer_be(&w, 1, VERSION);
    writer_be(&w, 1, answer->result);
    writer_be(&w, 4, answer->query);
    writer_be(&w, 2, answer->detail);
    writer_be(&w, 4, answer->took_us);
    put_name(&w, answer->name);
    endpoint_write(&w, &answer->asked);
    writer_be(&w, 8, (uint64_t)answer->valid_from.ns);
    writer_be(&w, 8, (uint64_t)answer->valid_until.ns);
    if (answer->result == KEYS_OK) {
        put_keys(&w, answer);
        must(w.left == 0);
    }
    must(!w.overrun);
}

static bool take_cookie(struct reader *r, struct ke_cookie *cookie, bool used)
{
    uint16_t size = (uint16_t)reader_be(r, 2);
    const uint8_t *bytes = reader_take(r, NTS_COOKIE_SIZE);

    if (bytes == NULL || size > NTS_COOKIE_SIZE || used != (size > 0) ||
        !bytes_are_zero(bytes + size, (size_t)NTS_COOKIE_SIZE - size)) {
        return false;
    }
    cookie->size = size;
    memcpy(cookie->bytes, bytes, NTS_COOKIE_SIZE);
    return true;
}

static bool take_secret(struct reader *r, uint16_t algorithm,
                        uint8_t secret[static KEYS_SECRET_SIZE])
{
    const uint8_t *bytes = reader_take(r, KEYS_SECRET_SIZE);
    size_t size = aead_key_size(algorithm);

    if (bytes == NULL || !bytes_are_zero(bytes + size, KEYS_SECRET_SIZE - size)) {
        return false;
    }
    memcpy(secret, bytes, KEYS_SECRET_SIZE);
    return true;
}

static bool take_keys(struct reader *r, struct keys_answer *answer)
{
    answer->made.ns = (int64_t)reader_be(r, 8);
    if (!read_server(r, &answer->server)) {
        return false;
    }
    answer->algorithm = (uint16_t)reader_be(r, 2);
    if (!aead_known(answer->algorithm) || !take_secret(r, answer->algorithm, answer->to_server) ||
        !take_secret(r, answer->algorithm, answer->to_client)) {
        return false;
    }
    uint16_t count = (uint16_t)reader_be(r, 2);
    if (count == 0 || count > NTS_COOKIES) {
        return false;
    }
    answer->cookie_count = (uint8_t)count;
    for (uint8_t i = 0; i < NTS_COOKIES; i++) {
        if (!take_cookie(r, &answer->cookies[i], i < count)) {
            return false;
        }
    }
    return !r->overrun;
}

bool keys_answer_decode(struct keys_answer *answer, const uint8_t *bytes, size_t size)
{
    struct reader r = {bytes, size, false};
    bool known = reader_be(&r, 2) == ANSWER_MAGIC && reader_be(&r, 1) == VERSION;
    uint8_t result = (uint8_t)reader_be(&r, 1);

    memset(answer, 0, sizeof *answer);
    answer->query = (uint32_t)reader_be(&r, 4);
    answer->detail = (uint16_t)reader_be(&r, 2);
    answer->took_us = (uint32_t)reader_be(&r, 4);
    if (!known || size != KEYS_ANSWER_SIZE || result == KEYS_NONE || result >= KEYS_RESULT_COUNT ||
        !take_name(&r, answer->name) || !read_server(&r, &answer->asked)) {
        return false;
    }
    answer->result = (enum keys_result)result;
    answer->valid_from.ns = (int64_t)reader_be(&r, 8);
    answer->valid_until.ns = (int64_t)reader_be(&r, 8);
    return answer->result == KEYS_OK ? take_keys(&r, answer) : bytes_are_zero(r.at, r.left);
}
