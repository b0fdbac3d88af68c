/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/resolve.h"

#include <string.h>

#include "base/bytes.h"

enum { VERSION = 2, QUESTION_MAGIC = 0x4e51, ANSWER_MAGIC = 0x4e41 };

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
    writer_be(&w, 1, question->method);
    writer_be(&w, 1, question->flags);
    writer_be(&w, 2, 0);
    writer_put(&w, name, sizeof name);
}

bool resolve_question_decode(struct resolve_question *question, const uint8_t *bytes, size_t size)
{
    struct reader r = {bytes, size, false};
    bool known = reader_be(&r, 2) == QUESTION_MAGIC && reader_be(&r, 1) == VERSION;
    size_t length = 0;

    question->family = (uint8_t)reader_be(&r, 1);
    question->query = (uint32_t)reader_be(&r, 4);
    question->method = (uint8_t)reader_be(&r, 1);
    question->flags = (uint8_t)reader_be(&r, 1);
    bool zeros = reader_be(&r, 2) == 0;
    const uint8_t *name = reader_take(&r, RESOLVE_NAME_SIZE);
    if (!known || !zeros || size != RESOLVE_QUESTION_SIZE || question->family > ADDRESS_IPV6 ||
        question->method >= RESOLVE_METHOD_COUNT || question->flags > RESOLVE_UNVALIDATED ||
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

static void write_record(struct writer *w, const struct address *address, const struct found *found)
{
    char interface[FOUND_INTERFACE_SIZE] = {0};
    const char *end = memchr(found->interface, '\0', sizeof found->interface);

    memcpy(interface, found->interface,
           end == NULL ? sizeof interface - 1 : (size_t)(end - found->interface));
    writer_be(w, 1, address->family);
    writer_be(w, 1, found->how);
    writer_be(w, 1, found->by);
    writer_be(w, 1, found->spare);
    writer_be(w, 4, address->scope);
    writer_put(w, address->bytes, sizeof address->bytes);
    writer_be(w, 2, address->port);
    writer_be(w, 2, found->priority);
    writer_be(w, 2, found->weight);
    writer_be(w, 2, 0);
    writer_put(w, interface, sizeof interface);
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
    writer_be(&w, 1, count);
    writer_be(&w, 1, answer->flags);
    writer_be(&w, 2, 0);
    for (uint8_t i = 0; i < count; i++) {
        write_record(&w, &answer->addresses[i], &answer->found[i]);
    }
}

/* False: of no family, or with octets where none can be. */
static bool read_address(struct address *address, uint8_t family, uint32_t scope,
                         const uint8_t *bytes)
{
    uint8_t rest = 0;

    if (bytes == NULL || (family != ADDRESS_IPV4 && family != ADDRESS_IPV6)) {
        return false;
    }
    *address = (struct address){.family = family, .scope = scope};
    memcpy(address->bytes, bytes, sizeof address->bytes);
    for (size_t i = 4; i < sizeof address->bytes; i++) {
        rest |= bytes[i];
    }
    return family == ADDRESS_IPV6 || (rest == 0 && scope == 0);
}

/* The letters of interfaces' names, to the first zero, and then nothing but zeros. */
static bool read_interface(char interface[static FOUND_INTERFACE_SIZE], const uint8_t *bytes)
{
    size_t length = 0;

    if (bytes == NULL) {
        return false;
    }
    while (length < FOUND_INTERFACE_SIZE - 1 && bytes[length] > ' ' && bytes[length] < 127) {
        length++;
    }
    for (size_t i = length; i < FOUND_INTERFACE_SIZE; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    memcpy(interface, bytes, FOUND_INTERFACE_SIZE);
    return true;
}

static bool read_record(struct reader *r, struct address *address, struct found *found)
{
    uint8_t family = (uint8_t)reader_be(r, 1);

    found->how = (uint8_t)reader_be(r, 1);
    found->by = (uint8_t)reader_be(r, 1);
    found->spare = (uint8_t)reader_be(r, 1);
    uint32_t scope = (uint32_t)reader_be(r, 4);
    bool good = read_address(address, family, scope, reader_take(r, sizeof address->bytes));

    address->port = (uint16_t)reader_be(r, 2);
    found->priority = (uint16_t)reader_be(r, 2);
    found->weight = (uint16_t)reader_be(r, 2);
    bool zeros = reader_be(r, 2) == 0;
    return read_interface(found->interface, reader_take(r, FOUND_INTERFACE_SIZE)) && good &&
           zeros && found->how < FOUND_HOW_COUNT && found->by < FOUND_BY_COUNT && found->spare <= 1;
}

bool resolve_answer_decode(struct resolve_answer *answer, const uint8_t *bytes, size_t size)
{
    struct reader r = {bytes, size, false};
    bool known = reader_be(&r, 2) == ANSWER_MAGIC && reader_be(&r, 1) == VERSION;
    uint8_t result = (uint8_t)reader_be(&r, 1);

    memset(answer, 0, sizeof *answer);
    answer->query = (uint32_t)reader_be(&r, 4);
    answer->ttl_s = (uint32_t)reader_be(&r, 4);
    answer->count = (uint8_t)reader_be(&r, 1);
    answer->flags = (uint8_t)reader_be(&r, 1);
    if (reader_be(&r, 2) != 0 || !known || size != RESOLVE_ANSWER_SIZE ||
        result >= RESOLVE_RESULT_COUNT || answer->count > RESOLVED_MAX ||
        answer->flags > RESOLVE_UNVALIDATED || (result == RESOLVE_OK) != (answer->count != 0)) {
        return false;
    }
    answer->result = (enum resolve_result)result;
    for (uint8_t i = 0; i < answer->count; i++) {
        if (!read_record(&r, &answer->addresses[i], &answer->found[i])) {
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
