/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/message.h"

void config_report_init(struct config_report *report)
{
    report->count = 0;
    report->lost = 0;
    report->errors = 0;
    report->warnings = 0;
    report->not_yet = 0;
    report->explain = NULL;
    report->context = NULL;
}

struct text config_report_add(struct config_report *report, const struct config_message *head)
{
    struct config_message *message;

    if (report->count < CONFIG_MESSAGES_MAX) {
        report->count++;
    } else {
        report->lost++;
    }
    message = &report->messages[report->count - 1];
    message->level = head->level;
    message->verdict = head->verdict;
    message->file = head->file;
    message->line = head->line;
    report->errors += head->level == CONFIG_ERROR;
    report->warnings += head->level == CONFIG_WARNING;
    report->not_yet += head->verdict == VERDICT_NOT_YET;
    return text_begin(message->text, sizeof message->text);
}

void config_message_print(struct text *text, const struct config_message *message)
{
    text_add(text, message->file ? message->file : "configuration");
    text_char(text, ':');
    if (message->line > 0) {
        text_u64(text, message->line);
        text_char(text, ':');
    }
    text_char(text, ' ');
    text_add(text, message->text);
}
