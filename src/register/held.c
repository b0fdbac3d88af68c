/* SPDX-License-Identifier: BSD-2-Clause */
#include "register/held.h"

#include <stdlib.h>
#include <string.h>

#include "sys/storage.h"

enum { PATH_SIZE = 600 };

void held_print(struct text *text, const struct records *records)
{
    for (size_t i = 0; i < records->count; i++) {
        text_add(text, record_type_word(records->at[i].type));
        text_char(text, ' ');
        text_add(text, records->at[i].name);
        text_char(text, ' ');
        text_add(text, records->at[i].data);
        text_char(text, '\n');
    }
}

/* Takes a word into out; false: there is none, or it is too long. */
static bool take_word(const char **at, const char *end, char *out, size_t size)
{
    const char *space = memchr(*at, ' ', (size_t)(end - *at));
    size_t length = (size_t)((space != NULL ? space : end) - *at);
    struct text text = text_begin(out, size);

    text_add_n(&text, *at, length);
    *at += length + (space != NULL);
    return length > 0 && !text.overrun;
}

/* "PRIORITY WEIGHT PORT NAME" */
static bool is_srv_data(const char *data)
{
    const char *end = data + strlen(data);
    char word[RECORD_NAME_SIZE], name[RECORD_NAME_SIZE];

    for (int i = 0; i < 3; i++) {
        if (!take_word(&data, end, word, 6) || word[strspn(word, "0123456789")] != '\0' ||
            strtoul(word, NULL, 10) > UINT16_MAX) {
            return false;
        }
    }
    return take_word(&data, end, word, sizeof word) && data == end && record_name(name, word);
}

static bool is_data(const struct record *record)
{
    struct address address;
    uint8_t family = record->type == RECORD_A ? ADDRESS_IPV4 : ADDRESS_IPV6;

    if (record->type == RECORD_SRV) {
        return is_srv_data(record->data);
    }
    return address_parse(&address, record->data) && address.family == family;
}

static bool parse_line(struct record *record, const char *line, const char *end)
{
    char type[8], name[RECORD_NAME_SIZE];
    struct text data = text_begin(record->data, sizeof record->data);

    if (!take_word(&line, end, type, sizeof type) || !take_word(&line, end, name, sizeof name) ||
        !record_name(record->name, name)) {
        return false;
    }
    text_add_n(&data, line, (size_t)(end - line));
    record->type = RECORD_A;
    while (record->type < RECORD_TYPES && strcmp(type, record_type_word(record->type)) != 0) {
        record->type++;
    }
    return record->type < RECORD_TYPES && !data.overrun && data.length > 0 && is_data(record);
}

void held_parse(struct records *records, const char *text)
{
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        struct record record;

        if (parse_line(&record, text, text + length)) {
            (void)records_add(records, &record);
        }
        text += length + (text[length] == '\n');
    }
}

static bool path_of(char path[static PATH_SIZE], const char *directory, const char *name)
{
    struct text text = text_begin(path, PATH_SIZE);

    text_add(&text, directory);
    text_char(&text, '/');
    text_add(&text, name);
    text_add(&text, "records");
    return !text.overrun;
}

enum err held_read(const char *directory, const char *name, struct records *records)
{
    char path[PATH_SIZE];
    char *text = malloc(HELD_TEXT_SIZE + 1);
    size_t size = 0;
    enum err err = text != NULL && path_of(path, directory, name)
                       ? storage_read(path, text, HELD_TEXT_SIZE, &size)
                       : ERR_RANGE;

    if (err == ERR_NONE) {
        text[size] = '\0';
        held_parse(records, text);
    }
    free(text);
    return err == ERR_NOT_FOUND ? ERR_NONE : err;
}

enum err held_write(const char *directory, const char *name, const struct records *records)
{
    char path[PATH_SIZE];
    char *buffer = malloc(HELD_TEXT_SIZE);
    enum err err = ERR_RANGE;

    if (buffer != NULL && path_of(path, directory, name)) {
        struct text text = text_begin(buffer, HELD_TEXT_SIZE);

        held_print(&text, records);
        err = storage_replace(path, buffer, text.length, 0640);
    }
    free(buffer);
    return err;
}
