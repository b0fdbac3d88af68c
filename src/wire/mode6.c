/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/mode6.h"

#include <string.h>

#include "base/bytes.h"

enum {
    MODE_CONTROL = 6,
    VERSION_MAX = 4,
    BIT_RESPONSE = 0x80,
    BIT_ERROR = 0x40,
    BIT_MORE = 0x20,
    OP_MASK = 0x1f,
    LINE_MAX = 72,
};

enum mode6_error mode6_request_decode(struct mode6_request *request, const uint8_t *bytes,
                                      size_t size)
{
    struct reader r = {.at = bytes, .left = size};
    uint64_t first = reader_be(&r, 1), second = reader_be(&r, 1);
    uint64_t offset, count;

    memset(request, 0, sizeof *request);
    request->version = first >> 3 & 7;
    request->op = second & OP_MASK;
    request->sequence = (uint16_t)reader_be(&r, 2);
    (void)reader_be(&r, 2); /* a status is not asked */
    request->association = (uint16_t)reader_be(&r, 2);
    offset = reader_be(&r, 2);
    count = reader_be(&r, 2);
    if (r.overrun || (first & 7) != MODE_CONTROL || request->version == 0 ||
        request->version > VERSION_MAX || (second & ~(uint64_t)OP_MASK) != 0 || offset != 0) {
        return MODE6_SILENCE;
    }
    if (size % 4 != 0 || count > r.left || count > MODE6_FRAGMENT_SIZE) {
        return MODE6_BAD_FORMAT;
    }
    request->text = (const char *)r.at;
    request->size = (size_t)count;
    return MODE6_OK;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ',' || c == '\0';
}

bool mode6_next_name(const struct mode6_request *request, size_t *at,
                     char name[static MODE6_NAME_SIZE])
{
    size_t from, length;

    while (*at < request->size && is_blank(request->text[*at])) {
        ++*at;
    }
    if (*at == request->size) {
        return false;
    }
    from = *at;
    while (*at < request->size && !is_blank(request->text[*at]) && request->text[*at] != '=') {
        ++*at;
    }
    length = *at - from;
    memset(name, 0, MODE6_NAME_SIZE);
    if (length < MODE6_NAME_SIZE) {
        memcpy(name, request->text + from, length);
    }
    while (*at < request->size && request->text[*at] != ',') {
        ++*at; /* a value, of which nothing is wanted */
    }
    return true;
}

bool mode6_value(const struct mode6_request *request, const char *name, char *value, size_t size)
{
    size_t length = strlen(name);

    for (size_t at = 0; at + length < request->size; at++) {
        size_t from = at + length + 1, to;

        if ((at > 0 && !is_blank(request->text[at - 1])) || request->text[at + length] != '=' ||
            memcmp(request->text + at, name, length) != 0) {
            continue;
        }
        for (to = from; to < request->size && !is_blank(request->text[to]); to++) {
        }
        if (to - from >= size) {
            return false;
        }
        memcpy(value, request->text + from, to - from);
        value[to - from] = '\0';
        return true;
    }
    return false;
}

static void append(struct mode6_answer *answer, const char *text, size_t length)
{
    if (answer->overrun || length > sizeof answer->text - answer->size) {
        answer->overrun = true;
        return;
    }
    memcpy(answer->text + answer->size, text, length);
    answer->size += length;
    answer->line += length;
}

void mode6_item(struct mode6_answer *answer, const char *item)
{
    size_t length = strlen(item);

    /* Room for the end of the text is kept. */
    if (answer->overrun || length + 5 > sizeof answer->text - answer->size) {
        answer->overrun = true;
        return;
    }
    if (answer->size > 0 && answer->line + 2 + length > LINE_MAX) {
        append(answer, ",\r\n", 3);
        answer->line = 0;
    } else if (answer->size > 0) {
        append(answer, ", ", 2);
    }
    append(answer, item, length);
}

void mode6_end(struct mode6_answer *answer)
{
    bool overrun = answer->overrun;

    answer->overrun = false;
    append(answer, "\r\n", 2);
    answer->overrun = overrun;
}

static void put_header(struct writer *w, const struct mode6_request *request, uint8_t leap,
                       uint8_t bits)
{
    writer_be(w, 1, (uint64_t)(leap << 6 | request->version << 3 | MODE_CONTROL));
    writer_be(w, 1, (uint64_t)(BIT_RESPONSE | bits | request->op));
    writer_be(w, 2, request->sequence);
}

size_t mode6_fragment(const struct mode6_request *request, const struct mode6_answer *answer,
                      unsigned index, uint8_t bytes[static MODE6_PACKET_MAX])
{
    struct writer w = {.at = bytes, .left = MODE6_PACKET_MAX};
    size_t offset = (size_t)index * MODE6_FRAGMENT_SIZE;
    size_t left = answer->size > offset ? answer->size - offset : 0;
    size_t count = left < MODE6_FRAGMENT_SIZE ? left : MODE6_FRAGMENT_SIZE;

    if (index > 0 && left == 0) {
        return 0;
    }
    put_header(&w, request, answer->leap, left > count ? BIT_MORE : 0);
    writer_be(&w, 2, answer->status);
    writer_be(&w, 2, request->association);
    writer_be(&w, 2, offset);
    writer_be(&w, 2, count);
    writer_put(&w, answer->text + offset, count);
    while ((MODE6_PACKET_MAX - w.left) % 4 != 0) {
        writer_be(&w, 1, 0); /* ntpq drops what is not padded */
    }
    return MODE6_PACKET_MAX - w.left;
}

size_t mode6_error_encode(const struct mode6_request *request, uint8_t leap, enum mode6_error error,
                          uint8_t bytes[static MODE6_PACKET_MAX])
{
    struct writer w = {.at = bytes, .left = MODE6_PACKET_MAX};

    put_header(&w, request, leap, BIT_ERROR);
    writer_be(&w, 2, (uint64_t)error << 8);
    writer_be(&w, 2, request->association);
    writer_be(&w, 4, 0);
    return MODE6_HEADER_SIZE;
}
