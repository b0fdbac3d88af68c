/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/resolve.h"

#include <string.h>

#include "base/bytes.h"

enum { VERSION = 1, QUESTION_MAGIC = 0x4e51, ANSWER_MAGIC = 0x4e41 };

/* Letters, digits and what host names in use contain; never a space, a slash or a control. */
static bool is_name_octet(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
}

void resolve_question_encode(const struct resolve_question *question,
                             uint8_t bytes[static RESOLVE_QUESTION_SIZE])
{
    struct writer w = {bytes, RESOLVE_QUESTION_SIZE, false};
    char name[RESOLVE_NAME_SIZE] = {0};
    const char *end = memchr(question->name, '\0', sizeof question->name);

    /* What lies behind the end is none of the other side's business. */
    memcpy(name, question->name, end == NULL ? sizeof name - 1 : (size_t)(end - question->name));
    writer_be(&w, 2, QUESTION_MAGIC);
    writer_be(&w, 1, VERSION);
    writer_be(&w, 1, question->family);
    writer_be(&w, 4, question->query);
    writer_put(&w, name, sizeof name);
}

bool resolve_question_decode(struct resolve_question *question, const uint8_t *bytes, size_t size)
{
    struct reader r = {bytes, size, false};
    bool known = reader_be(&r, 2) == QUESTION_MAGIC && reader_be(&r, 1) == VERSION;
    size_t length = 0;

    question->family = (uint8_t)reader_be(&r, 1);
    question->query = (uint32_t)reader_be(&r, 4);
    const uint8_t *name = reader_take(&r, RESOLVE_NAME_SIZE);
    if (!known || size != RESOLVE_QUESTION_SIZE || question->family > ADDRESS_IPV6 ||
        name == NULL) {
        return false;
    }
    while (length < RESOLVE_NAME_SIZE - 1 && is_name_octet(name[length])) {
        length++;
    }
    if (length == 0) {
        return false;
    }
    /* Nothing but zeros to the end: what was no name's octet is caught here. */
    for (size_t i = length; i < RESOLVE_NAME_SIZE; i++) {
        if (name[i] != 0) {
            return false;
        }
    }
    memcpy(question->name, name, RESOLVE_NAME_SIZE);
    return true;
}

void resolve_answer_encode(const struct resolve_answer *answer,
                           uint8_t bytes[static RESOLVE_ANSWER_SIZE])
{
    struct writer w = {bytes, RESOLVE_ANSWER_SIZE, false};
    uint8_t count = answer->count < RESOLVED_MAX ? answer->count : RESOLVED_MAX;

    memset(bytes, 0, RESOLVE_ANSWER_SIZE);
    writer_be(&w, 2, ANSWER_MAGIC);
    writer_be(&w, 1, VERSION);
    writer_be(&w, 1, answer->result);
    writer_be(&w, 4, answer->query);
    writer_be(&w, 4, answer->ttl_s);
    writer_be(&w, 4, (uint32_t)count << 24);
    for (uint8_t i = 0; i < count; i++) {
        const struct address *address = &answer->addresses[i];

        writer_be(&w, 4, (uint32_t)address->family << 24);
        writer_be(&w, 4, address->scope);
        writer_put(&w, address->bytes, sizeof address->bytes);
    }
}

/* False: of no family, or with octets where none can be. */
static bool read_address(struct reader *r, struct address *address)
{
    uint32_t family = (uint32_t)reader_be(r, 4);
    uint32_t scope = (uint32_t)reader_be(r, 4);
    const uint8_t *bytes = reader_take(r, sizeof address->bytes);
    uint8_t rest = 0;

    if (bytes == NULL ||
        (family != (uint32_t)ADDRESS_IPV4 << 24 && family != (uint32_t)ADDRESS_IPV6 << 24)) {
        return false;
    }
    *address = (struct address){.family = (uint8_t)(family >> 24), .scope = scope};
    memcpy(address->bytes, bytes, sizeof address->bytes);
    for (size_t i = 4; i < sizeof address->bytes; i++) {
        rest |= bytes[i];
    }
    return address->family == ADDRESS_IPV6 || (rest == 0 && scope == 0);
}

bool resolve_answer_decode(struct resolve_answer *answer, const uint8_t *bytes, size_t size)
{
    struct reader r = {bytes, size, false};
    bool known = reader_be(&r, 2) == ANSWER_MAGIC && reader_be(&r, 1) == VERSION;
    uint8_t result = (uint8_t)reader_be(&r, 1);

    memset(answer, 0, sizeof *answer);
    answer->query = (uint32_t)reader_be(&r, 4);
    answer->ttl_s = (uint32_t)reader_be(&r, 4);
    uint32_t count = (uint32_t)reader_be(&r, 4);
    if (!known || size != RESOLVE_ANSWER_SIZE || result > RESOLVE_FAILED ||
        (count & 0xffffff) != 0 || count >> 24 > RESOLVED_MAX ||
        (result == RESOLVE_OK) != (count != 0)) {
        return false;
    }
    answer->result = (enum resolve_result)result;
    answer->count = (uint8_t)(count >> 24);
    for (uint8_t i = 0; i < answer->count; i++) {
        if (!read_address(&r, &answer->addresses[i])) {
            return false;
        }
    }
    while (r.left > 0) {
        if (reader_be(&r, 1) != 0) {
            return false;
        }
    }
    return true;
}
