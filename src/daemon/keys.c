/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/keys.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "config/keys.h"
#include "sys/storage.h"

enum { LINE_SIZE = CONFIG_TEXT_SIZE + 300, EVERYBODY_READS = 0004 };

static void clear(void *memory, size_t size)
{
    volatile uint8_t *at = memory;

    while (size-- > 0) {
        *at++ = 0;
    }
}

static void say_unreadable(const char *path, enum err err, const struct log_sink *log)
{
    log_format(log, LOG_SEVERITY_ERROR, "%s, the file of symmetric keys, can't be used: %s", path,
               err == ERR_NOT_FOUND ? "there is none"
               : err == ERR_DENIED  ? "noond may not read it; give it to noond's group, mode 0640"
               : err == ERR_RANGE   ? "it is longer than 256 kB"
                                    : "it is no plain file");
}

static void say_lines(const struct config_report *report, const struct log_sink *log)
{
    for (size_t i = 0; i < report->count; i++) {
        char line[LINE_SIZE];
        struct text out = text_begin(line, sizeof line);

        config_message_print(&out, &report->messages[i]);
        log_line(log, LOG_SEVERITY_WARNING, line);
    }
}

static void parse(struct key_list *list, const struct keys_input *input, const struct log_sink *log)
{
    struct config_report *report = calloc(1, sizeof *report);
    struct mac_key *keys = calloc(KEYS_MAX, sizeof *keys);

    if (report != NULL && keys != NULL) {
        config_report_init(report);
        list->count = keys_parse(input, keys, KEYS_MAX, report);
        say_lines(report, log);
        /* Only as many as there are stay in memory. */
        list->keys = calloc(list->count > 0 ? list->count : 1, sizeof *keys);
        if (list->keys != NULL) {
            memcpy(list->keys, keys, list->count * sizeof *keys);
        }
    }
    if (list->keys == NULL) {
        list->count = 0;
        log_line(log, LOG_SEVERITY_ERROR, "no memory for the symmetric keys");
    }
    if (keys != NULL) {
        clear(keys, KEYS_MAX * sizeof *keys);
    }
    free(keys);
    free(report);
}

struct key_list keys_read(const struct keys_place *place, const struct log_sink *log)
{
    const char *path = place->path;
    struct key_list list = {NULL, 0};
    struct storage_secret file = {
        .path = path, .fd = place->fd, .bytes = malloc(KEYS_FILE_MAX), .capacity = KEYS_FILE_MAX};
    enum err err = file.bytes != NULL ? storage_read_secret(&file) : ERR_FULL;

    if (err != ERR_NONE) {
        say_unreadable(path, err, log);
    } else {
        if ((file.mode & EVERYBODY_READS) != 0) {
            log_format(log, LOG_SEVERITY_WARNING,
                       "%s holds secrets, and everybody may read it: chmod 0640 it", path);
        }
        parse(&list, &(struct keys_input){path, file.bytes, file.size, place->of_ntp}, log);
    }
    if (file.bytes != NULL) {
        clear(file.bytes, KEYS_FILE_MAX);
    }
    free(file.bytes);
    return list;
}

void keys_free(struct key_list *list)
{
    if (list->keys != NULL) {
        clear(list->keys, list->count * sizeof *list->keys);
    }
    free(list->keys);
    *list = (struct key_list){NULL, 0};
}
