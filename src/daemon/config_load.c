/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/config_load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/print.h"
#include "core/clock/leap_list.h"
#include "daemon/descriptors.h"
#include "daemon/keys.h"
#include "daemon/shared_pages.h"
#include "sys/clock.h"
#include "sys/directory.h"
#include "sys/resolve.h"
#include "sys/storage.h"
#include "wire/ntp_packet.h"

enum { PATH_TEXT_SIZE = 300, LEAP_FILE_MAX = 256 << 10, LEAP_PATH_SIZE = 1100 };

/* A configuration together with its memory. */
struct loaded {
    struct config config; /* first: a pointer to it is a pointer to the whole */
    struct config_space space;
    struct key_list keys;
    struct leap_list leaps;
};

static enum err read_file(void *context, const char *path, char *buffer, size_t capacity,
                          size_t *size)
{
    (void)context;
    return storage_read(path, buffer, capacity, size);
}

static enum err list_dir(void *context, const char *path, char *buffer, size_t capacity,
                         size_t *size)
{
    (void)context;
    return directory_list(path, buffer, capacity, size);
}

static size_t lookup(void *context, const char *name, struct address *addresses, size_t max)
{
    size_t count = 0;

    (void)context;
    if (resolve_name(name, ADDRESS_NONE, addresses, max, &count) != RESOLVE_STATUS_FOUND) {
        return 0;
    }
    return count;
}

/* Writes the messages from a level on to text[], one a line. */
static void collect(const struct config_report *report, enum config_level least, char *text,
                    size_t size)
{
    struct text out = text_begin(text, size);

    for (size_t i = 0; i < report->count; i++) {
        if (report->messages[i].level >= least) {
            if (out.length > 0) {
                text_add(&out, "\n");
            }
            config_message_print(&out, &report->messages[i]);
        }
    }
}

static void log_warnings(const struct config_report *report, const struct log_sink *log)
{
    for (size_t i = 0; log && i < report->count; i++) {
        char line[CONFIG_TEXT_SIZE + PATH_TEXT_SIZE];
        struct text out = text_begin(line, sizeof line);

        if (report->messages[i].level == CONFIG_WARNING) {
            config_message_print(&out, &report->messages[i]);
            log_line(log, LOG_SEVERITY_WARNING, line);
        }
    }
}

/* The lines of the command line as a text; the caller's.  NULL: no memory. */
static char *join_lines(const struct config_order *order)
{
    size_t size = 1;
    char *text;

    for (size_t i = 0; i < order->line_count; i++) {
        size += strlen(order->lines[i]) + 1;
    }
    text = calloc(1, size);
    for (size_t i = 0, at = 0; text && i < order->line_count; i++) {
        size_t length = strlen(order->lines[i]);

        memcpy(text + at, order->lines[i], length);
        text[at + length] = '\n';
        at += length + 1;
    }
    return text;
}

/* What flags ask for goes before what the file says. */
static void override(struct config *config, const struct config_order *order)
{
    static const double slew_s = 600; /* ntpd's threshold under -x */
    struct node_options *node = &config->node;
    struct daemon_options *daemon = &config->daemon;

    daemon->pid_file = order->pid_file    ? order->pid_file
                       : daemon->pid_file ? daemon->pid_file
                                          : order->pid_default;
    daemon->drift_file = order->drift_file ? order->drift_file : daemon->drift_file;
    if (order->key_file) {
        daemon->key_file = order->key_file;
        daemon->keys_of_ntp = true;
    }
    daemon->lock_memory = daemon->lock_memory || order->lock_memory;
    daemon->sched_priority = order->priority > 0 ? order->priority : daemon->sched_priority;
    daemon->log_dir = order->log_dir ? order->log_dir : daemon->log_dir;
    if (order->first_free && node->change.offset_s > 0 && node->change.start < 1) {
        node->change.start = 1;
    }
    if (order->slew) {
        node->step = (struct step_options){.threshold_s = slew_s, .limit = -1};
    }
    if (order->step_once) {
        node->step = (struct step_options){.threshold_s = 1e-9, .limit = 1};
    }
}

static bool parse(struct config *config, const struct config_order *order,
                  struct config_report *report)
{
    struct config_input input = {.file = order->file,
                                 .dialect = order->dialect,
                                 .likely = order->likely,
                                 .servers = order->servers,
                                 .allow = order->allow,
                                 .read_file = read_file,
                                 .list_dir = list_dir,
                                 .lookup = lookup};
    char *lines = NULL;
    bool good;

    if (order->line_count > 0) {
        lines = join_lines(order);
        if (!lines) {
            return false;
        }
        input.file = "command line";
        input.dialect = DIALECT_CHRONY;
        input.text = lines;
        input.size = strlen(lines);
    } else if (order->servers && strcmp(order->file, CONFIG_DEFAULT_FILE) == 0 &&
               !storage_is_file(order->file)) {
        input.dialect = DIALECT_CHRONY;
        input.text = ""; /* the environment alone is a configuration */
    }
    good = config_parse(config, &input, report);
    free(lines);
    if (good) {
        override(config, order);
    }
    return good;
}

struct config *config_load(const struct config_order *order, const struct log_sink *log, char *text,
                           size_t size)
{
    struct loaded *loaded = calloc(1, sizeof *loaded);
    struct config_report *report = calloc(1, sizeof *report);
    bool good = false;

    snprintf(text, size, "too little memory to read the configuration");
    if (loaded && report) {
        config_report_init(report);
        config_init(&loaded->config, &loaded->space);
        good = parse(&loaded->config, order, report);
        collect(report, CONFIG_ERROR, text, size);
        log_warnings(report, log);
    }
    free(report);
    if (!good) {
        free(loaded);
        return NULL;
    }
    return &loaded->config;
}

struct config *config_load_kept(const struct config_order *order)
{
    struct config_order kept = *order;
    struct config *config = NULL;
    char *text = calloc(2, SHARED_CONFIG_SIZE);
    struct page page;
    size_t size = 0;

    if (text && page_adopt(&page, SUPERVISOR_FD_CONFIG, PAGE_LAYOUT_CONFIG, false) == ERR_NONE) {
        if (page_read(&page, text, SHARED_CONFIG_SIZE - 1, &size) == ERR_NONE && text[0] != '\0') {
            kept.lines = &text; /* as they may be given on a command line */
            kept.line_count = 1;
            config = config_load(&kept, NULL, text + SHARED_CONFIG_SIZE, SHARED_CONFIG_SIZE);
        }
    }
    free(text);
    return config;
}

const char *config_load_log_dir(const struct config *config)
{
    return config->daemon.log_dir ? config->daemon.log_dir : "/var/log/noon";
}

void config_load_keys(struct config *config, int fd, const struct log_sink *log)
{
    struct loaded *loaded = (struct loaded *)config;
    const struct node_options *node = &config->node;

    keys_free(&loaded->keys);
    if (config->daemon.key_file != NULL) {
        loaded->keys = keys_read(
            &(struct keys_place){config->daemon.key_file, fd, config->daemon.keys_of_ntp}, log);
    }
    config->node.keys = loaded->keys.keys;
    config->node.key_count = loaded->keys.count;
    for (size_t i = 0; i < node->source_count; i++) {
        const struct source_options *source = &node->sources[i];

        if (source->key != 0 && mac_find(node->keys, node->key_count, source->key) == NULL) {
            log_format(log, LOG_SEVERITY_WARNING, "%s is not asked: key %u is not in %s",
                       source->name, source->key,
                       config->daemon.key_file ? config->daemon.key_file
                                               : "a file, since no `keyfile` names one");
        }
    }
}

/* Reads and parses; says what is wrong.  `bytes` is room for LEAP_FILE_MAX of them. */
static bool read_leaps(struct loaded *loaded, const char *path, uint8_t *bytes,
                       const struct log_sink *log)
{
    static const char instead[] = "leap seconds are known from the sources only";
    struct leap_list *list = &loaded->leaps;
    bool check_hash = loaded->config.daemon.leap_check_hash;
    size_t size = 0;
    enum leap_list_result result;

    if (storage_read(path, bytes, LEAP_FILE_MAX, &size) != ERR_NONE) {
        log_format(log, LOG_SEVERITY_WARNING, "%s can't be read: %s", path, instead);
        return false;
    }
    result = leap_list_parse(list, bytes, size);
    if (result != LEAP_LIST_OK) {
        log_format(log, LOG_SEVERITY_WARNING, "%s: %s: %s", path, leap_list_sentence(result),
                   instead);
        return false;
    }
    if (list->hash == LEAP_HASH_BAD && check_hash) {
        log_format(log, LOG_SEVERITY_WARNING, "%s: its hash is not that of its lines: %s", path,
                   instead);
        return false;
    }
    if (leap_list_announced(list, clock_system()) == NTP_LEAP_UNSYNC) {
        log_format(log, LOG_SEVERITY_WARNING,
                   "%s has expired: a new one comes with the system's tzdata", path);
    }
    return true;
}

static void load_leaps(struct loaded *loaded, const char *path, const struct log_sink *log)
{
    uint8_t *bytes = calloc(1, LEAP_FILE_MAX);

    if (bytes && read_leaps(loaded, path, bytes, log)) {
        loaded->config.node.leaps = &loaded->leaps;
    }
    free(bytes);
}

void config_load_leaps(struct config *config, const struct log_sink *log)
{
    struct loaded *loaded = (struct loaded *)config;
    char path[LEAP_PATH_SIZE];

    config->node.leaps = NULL;
    if (config->daemon.leap_list) {
        load_leaps(loaded, config->daemon.leap_list, log);
    } else if (config->daemon.leap_zone) {
        snprintf(path, sizeof path, ZONES_DIR "/%s", config->daemon.leap_zone);
        load_leaps(loaded, path, log);
    }
}

bool config_load_finds(const struct config *config)
{
    for (size_t i = 0; i < config->node.source_count; i++) {
        if (config->node.sources[i].method > RESOLVE_SRV) {
            return true;
        }
    }
    return false;
}

void config_free(struct config *config)
{
    if (config != NULL) {
        keys_free(&((struct loaded *)config)->keys);
    }
    free(config);
}

bool config_load_source(const struct config *config, const char *line,
                        struct source_options *source, char why[static CONFIG_TEXT_SIZE])
{
    struct config_report *report = calloc(1, sizeof *report);
    bool good = false;

    why[0] = '\0';
    if (report) {
        config_report_init(report);
        good = config_source_line(config, line, source, report);
        if (!good && report->count > 0) {
            memcpy(why, report->messages[0].text, CONFIG_TEXT_SIZE);
        }
    }
    free(report);
    return good;
}

bool config_load_rule(const char *line, struct access_rule *rule, char why[static CONFIG_TEXT_SIZE])
{
    struct config_report *report = calloc(1, sizeof *report);
    bool good = false;

    why[0] = '\0';
    if (report) {
        config_report_init(report);
        good = config_access_line(line, rule, report);
        if (!good && report->count > 0) {
            memcpy(why, report->messages[0].text, CONFIG_TEXT_SIZE);
        }
    }
    free(report);
    return good;
}

struct config *config_load_empty(void)
{
    struct loaded *loaded = calloc(1, sizeof *loaded);

    if (!loaded) {
        return NULL;
    }
    config_init(&loaded->config, &loaded->space);
    return &loaded->config;
}

/* Where lines are put together, and what goes between them. */
struct lines {
    struct text text;
    const char *between;
};

static void add_line(void *context, const char *line)
{
    struct lines *lines = context;

    if (lines->text.length > 0) {
        text_add(&lines->text, lines->between);
    }
    text_add(&lines->text, line);
}

void config_load_difference(const struct config *before, const struct config *after, char *text,
                            size_t size)
{
    struct lines lines = {text_begin(text, size), "; "};

    if (config_diff(before, after, add_line, &lines) == 0) {
        text_add(&lines.text, "nothing has changed");
    }
}

void config_load_print(const struct config *config, char *text, size_t size)
{
    struct lines lines = {text_begin(text, size), "\n"};

    config_print(config, add_line, &lines);
    text_char(&lines.text, '\n');
}
