/* SPDX-License-Identifier: BSD-2-Clause */
/* message.h - what the reader of a configuration has to tell about it. */
#ifndef CONFIG_MESSAGE_H
#define CONFIG_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "config/option.h"

enum config_level {
    CONFIG_NOTE,    /* worth knowing, for those who ask: `noon check` */
    CONFIG_WARNING, /* does not hold as written; the daemon runs */
    CONFIG_ERROR,   /* the configuration can't be used */
};

enum { CONFIG_TEXT_SIZE = 480, CONFIG_MESSAGES_MAX = 256 };

struct config_message {
    enum config_level level;
    enum verdict verdict;        /* of the option it is about; WORKS: about something else */
    uint32_t line;               /* from 1; 0: about the whole file */
    const char *file;            /* lies in the configuration's space, or is the input's */
    char text[CONFIG_TEXT_SIZE]; /* what is wrong; expected ...; write instead ... */
};

/* One line of a file after it was understood, for explanations. */
struct config_explained {
    const char *file;
    uint32_t line;
    const char *text;            /* the line, its white space made single */
    const struct option *option; /* its directive; NULL: unknown, or not a directive */
    enum verdict verdict;        /* the worst of the directive and its keywords */
    bool error;
};

/* About 130 kB; the caller's, who calls config_report_init() first. */
struct config_report {
    struct config_message messages[CONFIG_MESSAGES_MAX];
    size_t count; /* of messages[] */
    size_t lost;  /* messages for which there was no room; they are counted below all the same */
    size_t errors, warnings;
    size_t not_yet; /* options of that verdict */
    /* When set: called after each line that is neither empty nor a comment. */
    void (*explain)(void *context, const struct config_explained *line);
    void *context;
};

void config_report_init(struct config_report *report);

/*
 * One more message, whose text the caller writes into what is returned; `head` says the rest.  When
 * the report is full the last message is replaced.
 */
struct text config_report_add(struct config_report *report, const struct config_message *head);

/* "FILE:LINE: text" */
void config_message_print(struct text *text, const struct config_message *message);

#endif
