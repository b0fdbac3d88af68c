/* SPDX-License-Identifier: BSD-2-Clause */
/* ask_mode6_text.c - values as ntpd writes them. */
#include "base/text.h"
#include "core/server/ask_mode6.h"

enum { ITEM_SIZE = 400 };

static struct text begin(char *item, const char *name)
{
    struct text text = text_begin(item, ITEM_SIZE);

    text_add(&text, name);
    text_char(&text, '=');
    return text;
}

void ask_mode6_number(struct mode6_answer *answer, const char *name, enum mode6_kind kind,
                      double value)
{
    char item[ITEM_SIZE];
    struct text text = begin(item, name);

    if (kind == MODE6_HEX) {
        text_add(&text, "0x");
        text_hex(&text, (uint64_t)value, value > 255 ? 4 : 2);
    } else if (kind == MODE6_WHOLE) {
        text_i64(&text, (int64_t)value);
    } else {
        text_fixed(&text, value, kind == MODE6_FIXED3 ? 3 : 6);
    }
    mode6_item(answer, item);
}

void ask_mode6_time(struct mode6_answer *answer, const char *name, struct utc_time t)
{
    uint64_t raw = t.ns == 0 ? 0 : ntp_ts_from_utc(t).raw;
    char item[ITEM_SIZE];
    struct text text = begin(item, name);

    text_add(&text, "0x");
    text_hex(&text, raw >> 32, 8);
    text_char(&text, '.');
    text_hex(&text, raw & UINT32_MAX, 8);
    mode6_item(answer, item);
}

void ask_mode6_text(struct mode6_answer *answer, const char *name, const char *value)
{
    char item[ITEM_SIZE];
    struct text text = begin(item, name);

    text_add(&text, value);
    mode6_item(answer, item);
}

void ask_mode6_quoted(struct mode6_answer *answer, const char *name, const char *value)
{
    char item[ITEM_SIZE];
    struct text text = begin(item, name);

    text_char(&text, '"');
    for (; *value != '\0'; value++) {
        if (*value >= ' ' && *value < 0x7f && *value != '"' && *value != ',' && *value != '=') {
            text_char(&text, *value);
        }
    }
    text_char(&text, '"');
    mode6_item(answer, item);
}
