/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/server/ask_mode6.h"

#include <string.h>

#include "base/text.h"
#include "wire/ntp_packet.h"

enum {
    NONCE_SIZE = 25, /* 24 hexadecimal digits */
    NONCE_VALID_S = 16,
    ENTRY_ROOM = 240, /* of one client in READ_MRU, at most */
    FRAME_ROOM = 220, /* of what stands around the clients */
    NTP_PORT = 123,   /* clients are known without their ports */
    ASSOCIATION_OCTETS = 4,
};

static const struct source_status *source_of(const struct ask_view *view, uint16_t association)
{
    for (size_t i = 0; i < view->record->count; i++) {
        if (ask_mode6_association(&view->record->sources[i]) == association) {
            return &view->record->sources[i];
        }
    }
    return NULL;
}

static void put_u16(struct mode6_answer *answer, uint16_t value)
{
    if (answer->size + 2 > sizeof answer->text) {
        answer->overrun = true;
        return;
    }
    answer->text[answer->size++] = (char)(value >> 8);
    answer->text[answer->size++] = (char)(value & 0xff);
}

static void list_associations(const struct ask_view *view, struct mode6_answer *answer)
{
    for (size_t i = 0; i < view->record->count; i++) {
        const struct source_status *source = &view->record->sources[i];
        uint16_t association = ask_mode6_association(source);

        if (association != 0 && answer->size + ASSOCIATION_OCTETS <= sizeof answer->text) {
            put_u16(answer, association);
            put_u16(answer, ask_mode6_peer_status(source));
        }
    }
}

static enum mode6_error variables(const struct ask_view *view, const struct mode6_request *request,
                                  const struct source_status *source, struct mode6_answer *answer)
{
    char name[MODE6_NAME_SIZE];
    size_t at = 0;
    bool named = false;

    while (mode6_next_name(request, &at, name)) {
        named = true;
        if (source != NULL ? !ask_mode6_peer(source, name, answer)
                           : !ask_mode6_system(view, name, answer)) {
            return MODE6_UNKNOWN_VARIABLE;
        }
    }
    if (!named && source != NULL) {
        ask_mode6_peer_all(source, answer);
    } else if (!named) {
        ask_mode6_system_all(view, answer);
    }
    mode6_end(answer);
    return MODE6_OK;
}

/* A time and what only we can make of it and of who asks. */
static void make_nonce(const struct ask_stranger *stranger, struct ntp_ts at,
                       char nonce[static NONCE_SIZE])
{
    uint8_t bytes[sizeof stranger->from.bytes + 2 + 8];
    struct text text = text_begin(nonce, NONCE_SIZE);

    memcpy(bytes, stranger->from.bytes, sizeof stranger->from.bytes);
    bytes[16] = (uint8_t)(stranger->from.port >> 8);
    bytes[17] = (uint8_t)stranger->from.port;
    for (unsigned i = 0; i < 8; i++) {
        bytes[18 + i] = (uint8_t)(at.raw >> 8 * i);
    }
    text_hex(&text, at.raw >> 32, 8);
    text_hex(&text, at.raw & UINT32_MAX, 8);
    text_hex(&text, siphash(stranger->key, bytes, sizeof bytes) & UINT32_MAX, 8);
}

static bool hex_value(const char *digits, uint64_t *value)
{
    *value = 0;
    for (unsigned i = 0; i < 16; i++) {
        char c = digits[i];
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
                                                : 16;

        if (digit == 16) {
            return false;
        }
        *value = *value << 4 | digit;
    }
    return true;
}

static bool nonce_is_good(const struct ask_view *view, const struct mode6_request *request,
                          const struct ask_stranger *stranger)
{
    char given[NONCE_SIZE], made[NONCE_SIZE];
    struct ntp_ts at;
    double age_s;

    if (!mode6_value(request, "nonce", given, sizeof given) || strlen(given) != NONCE_SIZE - 1 ||
        !hex_value(given, &at.raw)) {
        return false;
    }
    make_nonce(stranger, at, made);
    age_s = ntp_ts_diff_s(ntp_ts_from_utc(view->now), at);
    return strcmp(given, made) == 0 && age_s > -1 && age_s < NONCE_VALID_S;
}

static void put_nonce(const struct ask_view *view, const struct ask_stranger *stranger,
                      struct mode6_answer *answer)
{
    char nonce[NONCE_SIZE];

    make_nonce(stranger, ntp_ts_from_utc(view->now), nonce);
    ask_mode6_text(answer, "nonce", nonce);
}

static void name_of(char name[static MODE6_NAME_SIZE], const char *word, unsigned index)
{
    struct text text = text_begin(name, MODE6_NAME_SIZE);

    text_add(&text, word);
    text_char(&text, '.');
    text_u64(&text, index);
}

static void put_client(const struct client_status *client, unsigned index,
                       struct mode6_answer *answer)
{
    enum { MODE_CLIENT = 3 };
    const struct {
        const char *word;
        double value;
    } numbers[] = {
        {"ct", (double)client->requests},
        {"mv", client->version << 3 | MODE_CLIENT},
        {"dr", (double)client->dropped},
    };
    char name[MODE6_NAME_SIZE], text[ADDRESS_TEXT_SIZE];
    struct address address = client->address;

    address.port = NTP_PORT;
    name_of(name, "addr", index);
    address_print_port(&address, text);
    ask_mode6_text(answer, name, text);
    name_of(name, "last", index);
    ask_mode6_time(answer, name, client->last);
    name_of(name, "first", index);
    ask_mode6_time(answer, name, client->first);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        name_of(name, numbers[i].word, index);
        ask_mode6_number(answer, name, MODE6_WHOLE, numbers[i].value);
    }
    name_of(name, "rs", index);
    ask_mode6_number(answer, name, MODE6_HEX, client_restraint(client));
    name_of(name, "sc", index);
    ask_mode6_number(answer, name, MODE6_FIXED3,
                     client->interval_s > 0 ? 1 / client->interval_s : 0);
}

static void put_page(const struct ask_view *view, const struct mru_page *page,
                     struct mode6_answer *answer)
{
    char text[ADDRESS_TEXT_SIZE];

    if (page->resumed) {
        struct address older = page->older.address;

        older.port = NTP_PORT;
        address_print_port(&older, text);
        ask_mode6_time(answer, "last.older", page->older.last);
        ask_mode6_text(answer, "addr.older", text);
    }
    for (size_t i = 0; i < page->count; i++) {
        put_client(&page->clients[i], (unsigned)i, answer);
    }
    if (page->complete) {
        ask_mode6_time(answer, "now", view->now);
    }
    if (page->complete && page->count > 0) {
        ask_mode6_time(answer, "last.newest", page->clients[page->count - 1].last);
    }
}

static enum mode6_error read_mru(const struct ask_view *view, const struct mode6_request *request,
                                 const struct ask_stranger *stranger, struct mode6_answer *answer)
{
    struct mru_query query;
    struct mru_page page = {.complete = true};
    enum mode6_error error;
    unsigned fragments;

    if (!nonce_is_good(view, request, stranger)) {
        return MODE6_SILENCE;
    }
    error = mru_parse(request, view->now, &query);
    if (error != MODE6_OK) {
        return error;
    }
    fragments = query.fragments > 0 && query.fragments < MODE6_FRAGMENTS_MAX ? query.fragments
                                                                             : MODE6_FRAGMENTS_MAX;
    if (view->tables != NULL) {
        error =
            mru_collect(&query, view->tables,
                        ((size_t)fragments * MODE6_FRAGMENT_SIZE - FRAME_ROOM) / ENTRY_ROOM, &page);
    }
    if (error == MODE6_OK) {
        put_nonce(view, stranger, answer);
        put_page(view, &page, answer);
        mode6_end(answer);
    }
    return error;
}

enum mode6_error ask_mode6(const struct ask_view *view, const struct mode6_request *request,
                           const struct ask_stranger *stranger, struct mode6_answer *answer)
{
    const struct source_status *source = NULL;

    answer->size = answer->line = 0;
    answer->overrun = false;
    answer->leap = view->record->node.leap;
    answer->status = ask_mode6_system_status(&view->record->node);
    if (request->association != 0) {
        source = source_of(view, request->association);
        if (source == NULL) {
            return MODE6_BAD_ASSOCIATION;
        }
        answer->status = ask_mode6_peer_status(source);
    }
    switch (request->op) {
    case MODE6_UNSPECIFIED:
        return MODE6_OK;
    case MODE6_READ_STATUS:
        if (source != NULL) {
            return variables(view, request, source, answer);
        }
        list_associations(view, answer);
        return MODE6_OK;
    case MODE6_READ_VARIABLES:
        return variables(view, request, source, answer);
    case MODE6_READ_CLOCK: /* of reference clocks only */
        return MODE6_BAD_ASSOCIATION;
    case MODE6_REQUEST_NONCE:
        put_nonce(view, stranger, answer);
        mode6_end(answer);
        return MODE6_OK;
    case MODE6_READ_MRU:
        return read_mru(view, request, stranger, answer);
    case MODE6_WRITE_VARIABLES:
    case MODE6_WRITE_CLOCK:
    case MODE6_CONFIGURE:
    case MODE6_READ_ORDERED:
        return MODE6_NO_PERMISSION;
    default:
        return MODE6_BAD_OP;
    }
}
