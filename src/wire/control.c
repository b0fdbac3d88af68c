/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/control.h"

#include <string.h>

#include "base/bytes.h"
#include "base/must.h"

static const uint8_t magic[4] = {'N', 'O', 'O', 'N'};

enum { PROTOCOL_VERSION = 1 };

int control_request_decode(struct control_request *request, const uint8_t *bytes, size_t size)
{
    struct reader r = {.at = bytes + 4, .left = CONTROL_HEADER_SIZE - 4};
    uint64_t command;
    uint64_t version;
    size_t body;

    /* A stranger is told apart by his first octets, before anybody waits for more of him. */
    if (size > 0 && memcmp(bytes, magic, size < sizeof magic ? size : sizeof magic) != 0) {
        return -1;
    }
    if (size < CONTROL_HEADER_SIZE) {
        return 0;
    }
    version = reader_be(&r, 1);
    (void)reader_be(&r, 1);
    command = reader_be(&r, 2);
    body = (size_t)reader_be(&r, 4);
    if (body >= CONTROL_ARGUMENT_MAX) {
        return -1;
    }
    if (size - CONTROL_HEADER_SIZE < body) {
        return 0;
    }
    if (memchr(bytes + CONTROL_HEADER_SIZE, '\0', body) != NULL) {
        return -1;
    }
    request->command = version == PROTOCOL_VERSION && command < CONTROL_COMMAND_COUNT
                           ? (enum control_command)command
                           : CONTROL_COMMAND_COUNT;
    request->ticket = 0;
    memset(request->argument, 0, sizeof request->argument);
    memcpy(request->argument, bytes + CONTROL_HEADER_SIZE, body);
    return (int)(CONTROL_HEADER_SIZE + body);
}

static void put_header(struct writer *w, unsigned code, uint32_t body_size)
{
    writer_put(w, magic, sizeof magic);
    writer_be(w, 1, PROTOCOL_VERSION);
    writer_be(w, 1, 0);
    writer_be(w, 2, code);
    writer_be(w, 4, body_size);
    writer_be(w, 4, 0);
}

size_t control_request_encode(const struct control_request *request, uint8_t *bytes, size_t size)
{
    struct writer w = {.at = bytes, .left = size};
    const char *end = memchr(request->argument, '\0', sizeof request->argument);
    size_t body;

    must(end != NULL);
    body = (size_t)(end - request->argument);
    put_header(&w, (unsigned)request->command, (uint32_t)body);
    writer_put(&w, request->argument, body);
    return w.overrun ? 0 : size - w.left;
}

bool control_reply_decode(struct control_reply_header *header,
                          const uint8_t bytes[static CONTROL_HEADER_SIZE])
{
    struct reader r = {.at = bytes + 4, .left = CONTROL_HEADER_SIZE - 4};
    uint64_t version = reader_be(&r, 1);
    uint64_t result;
    uint64_t body;

    (void)reader_be(&r, 1);
    result = reader_be(&r, 2);
    body = reader_be(&r, 4);
    if (memcmp(bytes, magic, sizeof magic) != 0 || version != PROTOCOL_VERSION ||
        body > CONTROL_REPLY_MAX) {
        return false;
    }
    /* A newer daemon may know more ways to fail; they are failures all the same. */
    header->result = result <= CONTROL_BUSY ? (enum control_result)result : CONTROL_FAILED;
    header->body_size = (uint32_t)body;
    return true;
}

void control_reply_encode(const struct control_reply_header *header,
                          uint8_t bytes[static CONTROL_HEADER_SIZE])
{
    struct writer w = {.at = bytes, .left = CONTROL_HEADER_SIZE};

    must(header->body_size <= CONTROL_REPLY_MAX);
    put_header(&w, (unsigned)header->result, header->body_size);
}

const char *control_command_word(enum control_command command)
{
    static const char *const words[CONTROL_COMMAND_COUNT] = {
#define X(name, word, writes, help) word,
        CONTROL_COMMAND_LIST(X)
#undef X
    };

    return (unsigned)command < CONTROL_COMMAND_COUNT ? words[command] : "unknown";
}

bool control_command_writes(enum control_command command)
{
    static const bool writes_list[CONTROL_COMMAND_COUNT] = {
#define X(name, word, writes, help) writes,
        CONTROL_COMMAND_LIST(X)
#undef X
    };

    /* What is not known is treated as if it could do harm. */
    return (unsigned)command >= CONTROL_COMMAND_COUNT || writes_list[command];
}
