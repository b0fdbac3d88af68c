/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/logtext.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "wire/date.h"
#include "wire/drop.h"
#include "wire/keys.h"

struct wording {
    const char *name;
    const char *sentence;
    enum log_level level;
};

static const struct wording wordings[LOG_EVENT_COUNT] = {
#define WORDING(name, level, sentence) {#name, sentence, LOG_LEVEL_##level},
    LOG_EVENT_LIST(WORDING)
#undef WORDING
};

enum log_level logtext_level(enum log_event_id id)
{
    return wordings[id].level;
}

const char *logtext_name(enum log_event_id id)
{
    return wordings[id].name;
}

static void print_value(double value, const char *unit, char *text, size_t size)
{
    struct text printed = text_begin(text, size);

    if (strcmp(unit, "time") == 0) {
        text_duration(&printed, value);
    } else if (strcmp(unit, "seconds") == 0) {
        text_fixed(&printed, value, 9);
    } else if (strcmp(unit, "ppm") == 0) {
        text_ppm(&printed, value);
    } else if (strcmp(unit, "percent") == 0) {
        snprintf(text, size, "%.1f %%", value * 100);
    } else if (strcmp(unit, "keys") == 0) {
        snprintf(text, size, "%s", keys_result_sentence((unsigned)value));
    } else if (strcmp(unit, "date") == 0) {
        snprintf(text, size, "%s", date_result_sentence((unsigned)value));
    } else if (strcmp(unit, "drop") == 0) {
        bool known = value >= 0 && value < DROP_COUNT;
        snprintf(text, size, "%s", drop_sentence(known ? (enum drop_reason)value : DROP_NONE));
    } else {
        snprintf(text, size, "%.0f", value);
    }
}

/* Replaces one "{...}" whose inside is `field`. */
static void print_field(const struct log_event *event, const char *source, const char *field,
                        char *text, size_t size)
{
    if (strcmp(field, "source") == 0) {
        snprintf(text, size, "%s", source);
    } else if (field[0] >= 'a' && field[0] <= 'd' && field[1] == ':') {
        print_value(event->value[field[0] - 'a'], field + 2, text, size);
    } else {
        snprintf(text, size, "{%s}", field);
    }
}

void logtext_render(const struct log_event *event, const char *source,
                    char text[static LOGTEXT_SIZE])
{
    const char *at = wordings[event->id].sentence;
    size_t used = 0;

    while (*at && used < LOGTEXT_SIZE - 1) {
        const char *end = *at == '{' ? strchr(at, '}') : NULL;
        char field[32];

        if (!end || (size_t)(end - at) > sizeof field) {
            text[used++] = *at++;
            continue;
        }
        memcpy(field, at + 1, (size_t)(end - at - 1));
        field[end - at - 1] = '\0';
        print_field(event, source, field, text + used, LOGTEXT_SIZE - used);
        used += strlen(text + used);
        at = end + 1;
    }
    text[used] = '\0';
}
