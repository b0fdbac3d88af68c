/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/ke.h"

#include <string.h>

#include "base/must.h"
#include "crypto/aead.h"

enum { RECORD_HEADER = 4, CRITICAL = 0x8000 };

const char *ke_fault_sentence(enum ke_fault fault)
{
    static const char *const sentences[KE_FAULT_COUNT] = {
#define X(name, sentence) sentence,
        KE_FAULT_LIST(X)
#undef X
    };

    return (unsigned)fault < KE_FAULT_COUNT ? sentences[fault] : "for a reason not known here";
}

bool ke_record_next(struct reader *r, struct ke_record *record)
{
    struct reader ahead = *r;
    uint16_t type = (uint16_t)reader_be(&ahead, 2);

    record->size = (size_t)reader_be(&ahead, 2);
    record->critical = (type & CRITICAL) != 0;
    record->type = (uint16_t)(type & ~CRITICAL);
    record->body = reader_take(&ahead, record->size);
    if (ahead.overrun) {
        return false;
    }
    *r = ahead;
    return true;
}

void ke_record_put(struct writer *w, const struct ke_record *record)
{
    writer_be(w, 2, (uint64_t)(record->type | (record->critical ? CRITICAL : 0)));
    writer_be(w, 2, record->size);
    writer_put(w, record->body, record->size);
}

bool ke_message_ends(const uint8_t *bytes, size_t available, size_t *size)
{
    struct reader r = {bytes, available, false};
    struct ke_record record;

    while (ke_record_next(&r, &record)) {
        if (record.type == KE_END) {
            *size = available - r.left;
            return true;
        }
    }
    *size = available;
    return available >= KE_MESSAGE_MAX;
}

static void put_numbers(struct writer *w, uint16_t type, const uint16_t *numbers, size_t count)
{
    uint8_t body[2 * KE_ALGORITHMS];
    struct writer inner = {body, sizeof body, false};

    must(count <= KE_ALGORITHMS);
    for (size_t i = 0; i < count; i++) {
        writer_be(&inner, 2, numbers[i]);
    }
    ke_record_put(w, &(struct ke_record){true, type, body, 2 * count});
}

/* Records that both sides send about the server of NTP. */
static void put_server(struct writer *w, const char *server, uint16_t port, bool critical)
{
    const char *ending = memchr(server, '\0', KE_NAME_SIZE);
    size_t length = ending == NULL ? KE_NAME_SIZE - 1 : (size_t)(ending - server);
    uint8_t body[2] = {(uint8_t)(port >> 8), (uint8_t)port};

    if (length > 0) {
        ke_record_put(w, &(struct ke_record){critical, KE_SERVER, (const uint8_t *)server, length});
    }
    if (port != 0) {
        ke_record_put(w, &(struct ke_record){critical, KE_SERVER_PORT, body, sizeof body});
    }
}

static void put_end(struct writer *w)
{
    ke_record_put(w, &(struct ke_record){true, KE_END, (const uint8_t *)"", 0});
}

void ke_request_encode(struct writer *w, const struct ke_request *request)
{
    static const uint16_t protocol = KE_PROTOCOL_NTPV4;

    put_numbers(w, KE_NEXT_PROTOCOL, &protocol, 1);
    put_numbers(w, KE_ALGORITHM, request->algorithms, request->algorithm_count);
    if (request->compliant_gcm_siv) {
        ke_record_put(w, &(struct ke_record){false, KE_COMPLIANT_GCM_SIV, (const uint8_t *)"", 0});
    }
    put_server(w, request->server, request->port, false);
    put_end(w);
}

void ke_response_encode(struct writer *w, const struct ke_response *response)
{
    static const uint16_t protocol = KE_PROTOCOL_NTPV4;

    if (response->failed) {
        put_numbers(w, KE_ERROR, &response->error, 1);
        put_end(w);
        return;
    }
    put_numbers(w, KE_NEXT_PROTOCOL, &protocol, response->ntpv4 ? 1 : 0);
    if (response->ntpv4) {
        put_numbers(w, KE_ALGORITHM, &response->algorithm, response->algorithm != 0 ? 1 : 0);
    }
    if (response->compliant_gcm_siv) {
        ke_record_put(w, &(struct ke_record){false, KE_COMPLIANT_GCM_SIV, (const uint8_t *)"", 0});
    }
    put_server(w, response->server, response->port, true);
    for (uint8_t i = 0; i < response->cookie_count && i < NTS_COOKIES; i++) {
        const struct ke_cookie *cookie = &response->cookies[i];

        ke_record_put(w, &(struct ke_record){false, KE_COOKIE, cookie->bytes, cookie->size});
    }
    put_end(w);
}

/* A number of two octets at `index` in the record's body. */
static uint16_t number_at(const struct ke_record *record, size_t index)
{
    return (uint16_t)(record->body[2 * index] << 8 | record->body[2 * index + 1]);
}

/* A host's name or address in the body: what such texts are made of, and no more. */
static bool take_name(const struct ke_record *record, char name[static KE_NAME_SIZE])
{
    if (record->size == 0 || record->size >= KE_NAME_SIZE) {
        return false;
    }
    for (size_t i = 0; i < record->size; i++) {
        uint8_t c = record->body[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '-' || c == '.' || c == '_' || c == ':')) {
            return false;
        }
    }
    memcpy(name, record->body, record->size);
    name[record->size] = '\0';
    return true;
}

static bool take_port(const struct ke_record *record, uint16_t *port)
{
    if (record->size != 2) {
        return false;
    }
    *port = number_at(record, 0);
    return *port != 0;
}

static bool names_ntpv4(const struct ke_record *record)
{
    for (size_t i = 0; i < record->size / 2; i++) {
        if (number_at(record, i) == KE_PROTOCOL_NTPV4) {
            return true;
        }
    }
    return false;
}

/* Records of which a message may have one; the bit of each that was seen. */
static bool repeated(const struct ke_record *record, uint32_t *seen)
{
    uint32_t bit =
        record->type <= KE_SERVER_PORT && record->type != KE_COOKIE && record->type != KE_WARNING
            ? UINT32_C(1) << record->type
            : 0;
    bool again = (*seen & bit) != 0;

    *seen |= bit;
    return again;
}

static enum ke_fault take_request_record(struct ke_request *request, const struct ke_record *record)
{
    switch (record->type) {
    case KE_NEXT_PROTOCOL:
        request->ntpv4 = names_ntpv4(record);
        return record->size % 2 != 0 || record->size == 0 ? KE_FAULT_MALFORMED : KE_FAULT_NONE;
    case KE_ALGORITHM:
        for (size_t i = 0; i < record->size / 2; i++) {
            uint16_t number = number_at(record, i);

            if (aead_known(number) && request->algorithm_count < KE_ALGORITHMS) {
                request->algorithms[request->algorithm_count++] = number;
            }
        }
        return record->size % 2 != 0 ? KE_FAULT_MALFORMED : KE_FAULT_NONE;
    case KE_SERVER:
        return take_name(record, request->server) ? KE_FAULT_NONE : KE_FAULT_MALFORMED;
    case KE_SERVER_PORT:
        return take_port(record, &request->port) ? KE_FAULT_NONE : KE_FAULT_MALFORMED;
    case KE_COMPLIANT_GCM_SIV:
        request->compliant_gcm_siv = true;
        return KE_FAULT_NONE;
    case KE_ERROR:
    case KE_WARNING:
    case KE_COOKIE:
        return KE_FAULT_MALFORMED; /* a client does not send them */
    default:
        return record->critical ? KE_FAULT_CRITICAL : KE_FAULT_NONE;
    }
}

enum ke_fault ke_request_decode(struct ke_request *request, const uint8_t *bytes, size_t size)
{
    struct reader r = {bytes, size, false};
    struct ke_record record;
    uint32_t seen = 0;

    memset(request, 0, sizeof *request);
    while (ke_record_next(&r, &record)) {
        if (repeated(&record, &seen)) {
            return KE_FAULT_REPEATED;
        }
        if (record.type == KE_END) {
            return record.size != 0 || r.left != 0                 ? KE_FAULT_MALFORMED
                   : (seen & UINT32_C(1) << KE_NEXT_PROTOCOL) == 0 ? KE_FAULT_MALFORMED
                   : !request->ntpv4                               ? KE_FAULT_NO_PROTOCOL
                   : (seen & UINT32_C(1) << KE_ALGORITHM) == 0     ? KE_FAULT_MALFORMED
                   : request->algorithm_count == 0                 ? KE_FAULT_NO_ALGORITHM
                                                                   : KE_FAULT_NONE;
        }
        enum ke_fault fault = take_request_record(request, &record);
        if (fault != KE_FAULT_NONE) {
            return fault;
        }
    }
    return size >= KE_MESSAGE_MAX ? KE_FAULT_TOO_LONG : KE_FAULT_UNFINISHED;
}

static enum ke_fault take_cookie(struct ke_response *response, const struct ke_record *record)
{
    struct ke_cookie *cookie = &response->cookies[response->cookie_count];

    if (record->size == 0) {
        return KE_FAULT_MALFORMED;
    }
    if (record->size > NTS_COOKIE_SIZE) {
        return KE_FAULT_COOKIE_SIZE;
    }
    if (response->cookie_count < NTS_COOKIES) {
        cookie->size = (uint16_t)record->size;
        memcpy(cookie->bytes, record->body, record->size);
        response->cookie_count++;
    }
    return KE_FAULT_NONE;
}

static enum ke_fault take_response_record(struct ke_response *response,
                                          const struct ke_record *record)
{
    bool number = record->size == 2;

    switch (record->type) {
    case KE_NEXT_PROTOCOL:
        response->ntpv4 = names_ntpv4(record);
        return record->size % 2 != 0 ? KE_FAULT_MALFORMED : KE_FAULT_NONE;
    case KE_ALGORITHM:
        response->algorithm = number ? number_at(record, 0) : 0;
        return number || record->size == 0 ? KE_FAULT_NONE : KE_FAULT_MALFORMED;
    case KE_ERROR:
    case KE_WARNING:
        response->failed = number;
        response->error = number ? number_at(record, 0) : 0;
        return !number                    ? KE_FAULT_MALFORMED
               : record->type == KE_ERROR ? KE_FAULT_REFUSED
                                          : KE_FAULT_WARNED;
    case KE_COOKIE:
        return take_cookie(response, record);
    case KE_SERVER:
        return take_name(record, response->server) ? KE_FAULT_NONE : KE_FAULT_MALFORMED;
    case KE_SERVER_PORT:
        return take_port(record, &response->port) ? KE_FAULT_NONE : KE_FAULT_MALFORMED;
    case KE_COMPLIANT_GCM_SIV:
        response->compliant_gcm_siv = true;
        return KE_FAULT_NONE;
    default:
        return record->critical ? KE_FAULT_CRITICAL : KE_FAULT_NONE;
    }
}

static bool was_offered(const struct ke_request *request, uint16_t algorithm)
{
    for (size_t i = 0; i < request->algorithm_count; i++) {
        if (request->algorithms[i] == algorithm) {
            return true;
        }
    }
    return false;
}

enum ke_fault ke_response_decode(struct ke_response *response, const struct ke_request *request,
                                 const uint8_t *bytes, size_t size)
{
    struct reader r = {bytes, size, false};
    struct ke_record record;
    uint32_t seen = 0;

    memset(response, 0, sizeof *response);
    while (ke_record_next(&r, &record)) {
        if (repeated(&record, &seen)) {
            return KE_FAULT_REPEATED;
        }
        if (record.type == KE_END) {
            return record.size != 0                             ? KE_FAULT_MALFORMED
                   : !response->ntpv4                           ? KE_FAULT_NO_PROTOCOL
                   : !was_offered(request, response->algorithm) ? KE_FAULT_NO_ALGORITHM
                   : response->cookie_count == 0                ? KE_FAULT_NO_COOKIE
                                                                : KE_FAULT_NONE;
        }
        enum ke_fault fault = take_response_record(response, &record);
        if (fault != KE_FAULT_NONE) {
            return fault;
        }
    }
    return size >= KE_MESSAGE_MAX ? KE_FAULT_TOO_LONG : KE_FAULT_UNFINISHED;
}

void ke_export_context(uint8_t context[static KE_EXPORT_CONTEXT_SIZE], uint16_t algorithm,
                       bool to_client)
{
    struct writer w = {context, KE_EXPORT_CONTEXT_SIZE, false};

    writer_be(&w, 2, KE_PROTOCOL_NTPV4);
    writer_be(&w, 2, algorithm);
    writer_be(&w, 1, to_client ? 1 : 0);
}
