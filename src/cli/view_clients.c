/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/view_clients.h"

#include "wire/drop.h"

enum { ADDRESS_WIDTH = 40 };

static void cell(struct text *text, size_t from, size_t width)
{
    text_align_right(text, from, width);
    text_char(text, ' ');
}

static void number_cell(struct text *text, uint64_t value, size_t width)
{
    size_t from = text->length;

    text_u64(text, value);
    cell(text, from, width);
}

static void add_client(struct text *text, const struct view *view,
                       const struct client_status *client)
{
    size_t from = text->length;

    view_address(text, &client->address);
    text_to_column(text, from, ADDRESS_WIDTH);
    number_cell(text, client->requests, 10);
    number_cell(text, client->dropped, 10);
    number_cell(text, client->version, 3);
    from = text->length;
    if (client->interval_s > 0) {
        text_duration(text, client->interval_s);
    } else {
        text_char(text, '-');
    }
    cell(text, from, 11);
    from = text->length;
    view_ago(text, view, client->last);
    cell(text, from, 11);
    if (client->dropped > 0) {
        text_add(text, "last refusal: ");
        text_add(text, drop_word((enum drop_reason)client->last_drop));
    }
    while (text->length > 0 && text->start[text->length - 1] == ' ') {
        text->start[--text->length] = '\0';
    }
    text_char(text, '\n');
}

void view_clients(struct text *text, const struct view *view, const struct clients_record *record)
{
    size_t from = text->length;

    if (record->count == 0) {
        text_add(text, "nobody has asked this server for time\n");
        return;
    }
    text_add(text, "CLIENT");
    text_to_column(text, from, ADDRESS_WIDTH);
    text_add(text, "  REQUESTS    REFUSED VER    INTERVAL        LAST\n");
    for (size_t i = 0; i < record->count; i++) {
        add_client(text, view, &record->clients[i]);
    }
    if (record->known > record->count) {
        text_add(text, "and ");
        text_u64(text, record->known - record->count);
        text_add(text, " more\n");
    }
}
