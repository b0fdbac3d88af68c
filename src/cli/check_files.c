/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/check_files.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/calendar.h"
#include "cli/check_certificates.h"
#include "config/keys.h"
#include "core/clock/leap_list.h"
#include "sys/clock.h"
#include "sys/storage.h"

#define ZONES_DIR "/usr/share/zoneinfo/"
#define STATE_DIR "/var/lib/noon" /* noond makes it */

enum {
    FILE_SIZE = 256 << 10,
    PATH_SIZE = 1100,
    DATE_SIZE = 40,
    SOON_DAYS = 14, /* before its end a certificate should have been renewed */
    EVERYBODY_READS = 0004,
    SECRET_LEAST = 16,
    SECRET_MOST = 256,
};

struct check {
    const struct config *config;
    struct config_report *report;
    struct utc_time now;
    size_t bad;
    char *bytes; /* FILE_SIZE */
};

/* A message about the line that names the file: "keyfile /etc/x: ". */
static void __attribute__((sentinel))
say(struct check *check, const struct config_use *use, enum config_level level, ...)
{
    const struct config_message head = {
        .level = level, .file = use->origin.file, .line = use->origin.line};
    struct text text = config_report_add(check->report, &head);
    const char *part;
    va_list parts;

    text_add(&text, use->directive);
    text_char(&text, ' ');
    text_add(&text, use->path);
    text_add(&text, ": ");
    va_start(parts, level);
    while ((part = va_arg(parts, const char *)) != NULL) {
        text_add(&text, part);
    }
    va_end(parts);
}

#define BAD(check, use, ...)                                                                       \
    do {                                                                                           \
        say(check, use, CONFIG_WARNING, __VA_ARGS__, (const char *)NULL);                          \
        (check)->bad++;                                                                            \
    } while (0)

/* It could not be read: says so.  `instead`: what to write or do when there is none. */
static void say_unread(struct check *check, const struct config_use *use, enum err err,
                       const char *instead)
{
    if (err == ERR_DENIED) {
        say(check, use, CONFIG_NOTE,
            "this user may not read it, so that it is not checked; run `noon check` as root", NULL);
    } else if (err == ERR_NOT_FOUND) {
        BAD(check, use, "there is no such file; ", instead);
    } else if (err == ERR_RANGE) {
        BAD(check, use, "it is larger than 256 kB; ", instead);
    } else {
        BAD(check, use, "it is no plain file; ", instead);
    }
}

static void date(struct utc_time utc, char text[static DATE_SIZE])
{
    struct civil civil = civil_from_utc(utc);
    struct text out = text_begin(text, DATE_SIZE);

    text_i64(&out, civil.year);
    text_add(&out, civil.month < 10 ? "-0" : "-");
    text_i64(&out, civil.month);
    text_add(&out, civil.day < 10 ? "-0" : "-");
    text_i64(&out, civil.day);
}

/* ---- symmetric keys ------------------------------------------------------------------------- */

static void check_source_keys(struct check *check, const struct config_use *use,
                              const struct mac_key *keys, size_t count)
{
    const struct node_options *node = &check->config->node;

    for (size_t i = 0; i < node->source_count; i++) {
        const struct source_options *source = &node->sources[i];
        bool found = source->key == 0;
        char number[16];
        struct text text = text_begin(number, sizeof number);

        for (size_t k = 0; k < count; k++) {
            found = found || keys[k].id == source->key;
        }
        if (!found) {
            struct config_use line = *use;

            text_u64(&text, source->key);
            line.origin = check->config->space->origins[i];
            line.directive = "server";
            line.path = source->name;
            BAD(check, &line, "key ", number, " is not in ", use->path,
                ", and the source will not be asked; add it there (`noon keygen ", number,
                " AES128` prints a line for both sides)");
        }
    }
}

static void check_keys(struct check *check, const struct config_use *use)
{
    struct storage_secret file = {
        .path = use->path, .fd = -1, .bytes = check->bytes, .capacity = FILE_SIZE};
    enum err err = storage_read_secret(&file);
    struct mac_key *keys;
    size_t before = check->report->warnings;

    if (err != ERR_NONE) {
        say_unread(check, use, err,
                   "write the path of a file of keys, which `noon keygen 1 AES128` begins");
        return;
    }
    if ((file.mode & EVERYBODY_READS) != 0) {
        say(check, use, CONFIG_WARNING,
            "it holds secrets, and everybody may read it; do chmod 0640", NULL);
        before++;
    }
    keys = calloc(KEYS_MAX, sizeof *keys);
    if (keys != NULL) {
        const struct keys_input input = {use->path, file.bytes, file.size,
                                         check->config->daemon.keys_of_ntp};
        size_t count = keys_parse(&input, keys, KEYS_MAX, check->report);

        check->bad += check->report->warnings - before;
        check_source_keys(check, use, keys, count);
        memset(keys, 0, KEYS_MAX * sizeof *keys);
    }
    free(keys);
}

/* Keys that sources ask for, and no file at all. */
static void check_no_keys(struct check *check)
{
    const struct config_use none = {.path = "", .directive = "keyfile"};
    const bool ntp = check->config->dialect == DIALECT_NTP;

    for (size_t i = 0; i < check->config->node.source_count; i++) {
        if (check->config->node.sources[i].key != 0) {
            struct config_use line = none;

            line.origin = check->config->space->origins[i];
            line.directive = "server";
            line.path = check->config->node.sources[i].name;
            BAD(check, &line,
                "no line names a file of keys, and the source will not be asked; "
                "write `",
                ntp ? "keys" : "keyfile", " FILE`");
            return;
        }
    }
}

static void check_secret(struct check *check, const struct config_use *use)
{
    struct storage_secret file = {
        .path = use->path, .fd = -1, .bytes = check->bytes, .capacity = FILE_SIZE};
    enum err err = storage_read_secret(&file);

    if (err != ERR_NONE) {
        say_unread(check, use, err, "make it with `head -c 32 /dev/urandom`, mode 0600");
    } else if (file.size < SECRET_LEAST || file.size > SECRET_MOST) {
        BAD(check, use, "a secret has 16 to 256 octets, and this file has ",
            file.size < SECRET_LEAST ? "fewer" : "more",
            "; make one with `head -c 32 /dev/urandom`");
    } else if ((file.mode & EVERYBODY_READS) != 0) {
        say(check, use, CONFIG_WARNING, "it is a secret, and everybody may read it; do chmod 0600",
            NULL);
    }
}

/* ---- leap seconds --------------------------------------------------------------------------- */

static void check_leaps(struct check *check, const struct config_use *use)
{
    static const char instead[] =
        "write that of the system's tzdata, /usr/share/zoneinfo/leap-seconds.list";
    struct leap_list list;
    char path[PATH_SIZE], until[DATE_SIZE];
    struct text text = text_begin(path, sizeof path);
    size_t size = 0;

    text_add(&text, use->kind == CONFIG_USE_ZONE ? ZONES_DIR : "");
    text_add(&text, use->path);
    enum err err = storage_read(path, check->bytes, FILE_SIZE, &size);
    if (err != ERR_NONE) {
        say_unread(check, use, err,
                   use->kind == CONFIG_USE_ZONE
                       ? "write `leapseclist /usr/share/zoneinfo/leap-seconds.list` instead"
                       : instead);
        return;
    }
    enum leap_list_result result = leap_list_parse(&list, (const uint8_t *)check->bytes, size);
    if (result != LEAP_LIST_OK) {
        BAD(check, use, leap_list_sentence(result), "; ", instead);
        return;
    }
    if (list.hash == LEAP_HASH_BAD) {
        BAD(check, use, "the hash in it is not that of its lines: it is damaged or was edited; ",
            instead);
    }
    if (list.expires) {
        date(list.expiry, until);
        if (list.expiry.ns < check->now.ns) {
            say(check, use, CONFIG_WARNING, "it has expired on ", until,
                " and says nothing any more; bring the system's tzdata up to date", NULL);
        } else {
            say(check, use, CONFIG_NOTE, "it is good until ", until, NULL);
        }
    }
}

/* ---- certificates --------------------------------------------------------------------------- */

static void check_dates(struct check *check, const struct config_use *use,
                        const struct certificate_look *look)
{
    char text[DATE_SIZE];

    if (look->until.ns < check->now.ns) {
        date(look->until, text);
        BAD(check, use, "it has expired on ", text, "; renew it");
    } else if (look->from.ns > check->now.ns) {
        date(look->from, text);
        BAD(check, use, "it is not valid before ", text, ", by this machine's clock");
    } else if (look->until.ns - check->now.ns < (int64_t)SOON_DAYS * 86400 * NS_PER_S) {
        date(look->until, text);
        say(check, use, CONFIG_WARNING, "it expires on ", text, "; renew it", NULL);
    } else {
        date(look->until, text);
        say(check, use, CONFIG_NOTE, "it is valid until ", text, NULL);
    }
}

static void check_certificate(struct check *check, const struct config_use *use,
                              const struct certificate_look *look)
{
    const bool key = use->kind == CONFIG_USE_PRIVATE_KEY;

    switch (look->verdict) {
    case CERTIFICATE_MISSING:
        say_unread(check, use, ERR_NOT_FOUND,
                   key ? "write the path of the certificate's private key, in PEM"
                       : "write the path of certificates in PEM");
        break;
    case CERTIFICATE_DENIED:
        say_unread(check, use, ERR_DENIED, "");
        break;
    case CERTIFICATE_FORMAT:
        BAD(check, use,
            key ? "it holds no private key in PEM without a passphrase; "
                  "write the path of one"
                : "it holds no certificate in PEM; write the path of one");
        break;
    case CERTIFICATE_MISMATCH:
        BAD(check, use,
            "it is not the key of the certificate on the line of the same number; "
            "write the certificate and its own key");
        break;
    case CERTIFICATE_OK:
        if (!key) {
            check_dates(check, use, look);
        }
        break;
    }
}

static void check_all_certificates(struct check *check)
{
    const struct config_space *space = check->config->space;
    struct certificate_look *looks = calloc(CONFIG_USES_MAX, sizeof *looks);
    bool asked = looks != NULL && check_certificates(space->uses, space->use_count, looks);

    for (size_t i = 0; i < space->use_count; i++) {
        const struct config_use *use = &space->uses[i];

        if (use->kind != CONFIG_USE_CERTIFICATE && use->kind != CONFIG_USE_PRIVATE_KEY &&
            use->kind != CONFIG_USE_TRUST) {
            continue;
        }
        if (asked) {
            check_certificate(check, use, &looks[i]);
        } else {
            say(check, use, CONFIG_NOTE,
                "it is not checked: noon-helper is not installed beside noon", NULL);
        }
    }
    free(looks);
}

/* ---- the others ----------------------------------------------------------------------------- */

static void check_drift(struct check *check, const struct config_use *use)
{
    char directory[PATH_SIZE];
    size_t size = 0;
    enum err err = storage_read(use->path, check->bytes, FILE_SIZE, &size);

    storage_directory_of(use->path, directory, sizeof directory);
    if (err == ERR_NOT_FOUND && !storage_is_directory(directory) &&
        strcmp(directory, STATE_DIR) != 0) {
        BAD(check, use, "there is no directory ", directory,
            ", and the frequency can't be kept over a restart; make it, and give it to noond's "
            "user");
    } else if (err == ERR_FORMAT || err == ERR_RANGE) {
        BAD(check, use, "it is no drift file; write the path of a file");
    }
}

static void check_directory(struct check *check, const struct config_use *use)
{
    const char *log_dir = check->config->daemon.log_dir;

    if (storage_is_directory(use->path)) {
        return;
    }
    if (log_dir != NULL && strcmp(log_dir, use->path) == 0) {
        say(check, use, CONFIG_NOTE, "there is no such directory: noond makes it at its start",
            NULL);
    } else {
        BAD(check, use, "there is no such directory; make it, and give it to noond's user");
    }
}

static void check_sensor(struct check *check, const struct config_use *use)
{
    size_t size = 0;
    enum err err = storage_read(use->path, check->bytes, FILE_SIZE, &size);

    if (err != ERR_NONE) {
        say_unread(check, use, err, "write the path of a sensor, or `tempcomp auto`");
    }
}

static void check_use(struct check *check, const struct config_use *use)
{
    switch ((enum config_use_kind)use->kind) {
    case CONFIG_USE_KEYS:
        check_keys(check, use);
        break;
    case CONFIG_USE_SECRET:
        check_secret(check, use);
        break;
    case CONFIG_USE_LEAPS:
    case CONFIG_USE_ZONE:
        check_leaps(check, use);
        break;
    case CONFIG_USE_DRIFT:
        check_drift(check, use);
        break;
    case CONFIG_USE_DIRECTORY:
        check_directory(check, use);
        break;
    case CONFIG_USE_SENSOR:
        check_sensor(check, use);
        break;
    case CONFIG_USE_LISTED:
        if (!storage_is_directory(use->path)) {
            say(check, use, CONFIG_NOTE, "there is no such directory: nothing is read from it",
                NULL);
        }
        break;
    case CONFIG_USE_CERTIFICATE:
    case CONFIG_USE_PRIVATE_KEY:
    case CONFIG_USE_TRUST:
        break; /* together, with the keys beside their certificates */
    }
}

size_t check_files(const struct config *config, struct config_report *report)
{
    struct check check = {
        .config = config, .report = report, .now = clock_system(), .bytes = calloc(1, FILE_SIZE)};

    if (check.bytes == NULL) {
        return 0;
    }
    for (size_t i = 0; i < config->space->use_count; i++) {
        check_use(&check, &config->space->uses[i]);
    }
    if (config->daemon.key_file == NULL) {
        check_no_keys(&check);
    }
    check_all_certificates(&check);
    memset(check.bytes, 0, FILE_SIZE);
    free(check.bytes);
    return check.bad;
}
