/* SPDX-License-Identifier: BSD-2-Clause */
#include "register/settings.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_OF_LINE_MAX = 40, LINE_MAX_OCTETS = 2048 };

struct reading {
    struct settings *settings;
    const char *file, *identity;
    struct text *problems;
    unsigned line;
    bool good;
    char copy[LINE_MAX_OCTETS]; /* the line, cut into words */
    const char *words[WORDS_OF_LINE_MAX];
    size_t count;
};

/* file:line: parts... */
static void complain(struct reading *r, const char *const *parts)
{
    text_add(r->problems, r->file);
    text_char(r->problems, ':');
    text_u64(r->problems, r->line);
    text_add(r->problems, ": ");
    for (; *parts != NULL; parts++) {
        text_add(r->problems, *parts);
    }
    text_char(r->problems, '\n');
    r->good = false;
}
#define COMPLAIN(r, ...) complain(r, (const char *const[]){__VA_ARGS__, NULL})

static bool whole_number(const char *text, unsigned least, unsigned most, unsigned *value)
{
    char *end;
    unsigned long number = strtoul(text, &end, 10);

    if (text[0] < '0' || text[0] > '9' || *end != '\0' || number < least || number > most) {
        return false;
    }
    *value = (unsigned)number;
    return true;
}

static void take_number(struct reading *r, const char *word, const char *value,
                        const unsigned limits[2], unsigned *out)
{
    char range[64];
    struct text text = text_begin(range, sizeof range);

    text_u64(&text, limits[0]);
    text_add(&text, " to ");
    text_u64(&text, limits[1]);
    if (!whole_number(value, limits[0], limits[1], out)) {
        COMPLAIN(r, "`", word, " ", value, "`: expected a whole number from ", range);
    }
}

enum value_kind { VALUE_NAME, VALUE_TEXT, VALUE_NUMBER, VALUE_SRV };
enum { FOR_DNS = 1, FOR_ROUTE53 = 2 };

/* What may follow on a line of a place. */
struct place_word {
    const char *word;
    unsigned places; /* FOR_* */
    enum value_kind kind;
    size_t offset; /* in struct place */
    unsigned limits[2];
};

#define AT(member) offsetof(struct place, member)
static const struct place_word place_words[] = {
    {"server", FOR_DNS, VALUE_TEXT, AT(server), {0, 0}},
    {"port", FOR_DNS, VALUE_NUMBER, AT(port), {1, 65535}},
    {"zone", FOR_DNS, VALUE_NAME, AT(zone), {0, 0}},
    {"key", FOR_DNS, VALUE_TEXT, AT(key), {0, 0}},
    {"zone", FOR_ROUTE53, VALUE_TEXT, AT(zone_id), {0, 0}},
    {"id", FOR_ROUTE53, VALUE_TEXT, AT(id), {0, 0}},
    {"weight", FOR_ROUTE53, VALUE_NUMBER, AT(share), {0, 255}},
    {"healthcheck", FOR_ROUTE53, VALUE_TEXT, AT(health), {0, 0}},
    {"region", FOR_ROUTE53, VALUE_TEXT, AT(region), {0, 0}},
    {"endpoint", FOR_ROUTE53, VALUE_TEXT, AT(endpoint), {0, 0}},
    {"authorities", FOR_ROUTE53, VALUE_TEXT, AT(authorities), {0, 0}},
    {"credentials", FOR_ROUTE53, VALUE_TEXT, AT(credentials), {0, 0}},
    {"check", FOR_DNS | FOR_ROUTE53, VALUE_NUMBER, AT(check_s), {5, 86400}},
    {"host", FOR_DNS | FOR_ROUTE53, VALUE_NAME, AT(host), {0, 0}},
    {"srv", FOR_DNS | FOR_ROUTE53, VALUE_SRV, 0, {0, 0}},
};
#undef AT

static const struct place_word *find_word(const char *word, enum place_kind kind)
{
    unsigned wanted = kind == PLACE_DNS ? FOR_DNS : FOR_ROUTE53;

    for (size_t i = 0; i < sizeof place_words / sizeof place_words[0]; i++) {
        if ((place_words[i].places & wanted) != 0 && strcmp(place_words[i].word, word) == 0) {
            return &place_words[i];
        }
    }
    return NULL;
}

static void copy_word(struct reading *r, const char *word, const char *value, char *out)
{
    struct text text = text_begin(out, SETTINGS_WORD_SIZE);

    text_add(&text, value);
    if (text.overrun) {
        COMPLAIN(r, "what follows `", word, "` is longer than 255 octets");
    }
}

/* Two numbers: priority and weight.  Returns how many words were taken. */
static size_t take_srv(struct reading *r, size_t at, struct place *place)
{
    static const unsigned limits[2] = {0, 65535};

    if (r->count - at < 3) {
        COMPLAIN(r, "`srv` needs a priority and a weight: srv 10 60");
        return r->count - at;
    }
    place->srv = true;
    take_number(r, "srv", r->words[at + 1], limits, &place->priority);
    take_number(r, "srv", r->words[at + 2], limits, &place->weight);
    return 3;
}

/* Takes one word and its value, if it has one; returns how many words that were. */
static size_t take_pair(struct reading *r, size_t at, struct place *place)
{
    const char *word = r->words[at];
    const struct place_word *known = find_word(word, place->kind);

    if (known == NULL) {
        COMPLAIN(r, "`", word, "` is not known on a line of `", r->words[0], "`");
        return r->count - at;
    }
    if (known->kind == VALUE_SRV) {
        return take_srv(r, at, place);
    }
    if (r->count - at < 2) {
        COMPLAIN(r, "`", word, "` needs a value");
        return 1;
    }
    const char *value = r->words[at + 1];
    char *member = (char *)place + known->offset;
    if (known->kind == VALUE_NUMBER) {
        place->weighted = place->weighted || member == (char *)&place->share;
        take_number(r, word, value, known->limits, (unsigned *)(void *)member);
    } else if (known->kind == VALUE_TEXT) {
        copy_word(r, word, value, member);
    } else if (!record_name(member, value)) {
        COMPLAIN(r, "`", word, " ", value, "`: expected a name such as ntp.example.net");
    }
    return 2;
}

static void check_dns(struct reading *r, const struct place *place)
{
    if (place->server[0] == '\0') {
        COMPLAIN(r, "`server` is missing: the DNS server that takes updates of the zone");
    }
    if (place->key[0] == '\0') {
        COMPLAIN(r, "`key` is missing: the file of the TSIG key, as tsig-keygen writes it");
    }
    if (place->zone[0] == '\0') {
        COMPLAIN(r, "`zone` is missing: the zone that has the name");
    } else if (!record_name_in_zone(place->name, place->zone) ||
               (place->host[0] != '\0' && !record_name_in_zone(place->host, place->zone))) {
        COMPLAIN(r, "a name that is not in the zone ", place->zone);
    }
}

static void check_route53(struct reading *r, struct place *place)
{
    size_t length = strlen(place->endpoint);

    if (place->zone_id[0] == '\0') {
        COMPLAIN(r, "`zone` is missing: the number of the hosted zone, Z0123456789");
    }
    if (place->zone_id[strspn(place->zone_id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")] != '\0') {
        COMPLAIN(r, "`zone ", place->zone_id, "`: expected capitals and digits, Z0123456789");
    }
    if (strncmp(place->endpoint, "https://", 8) != 0) {
        COMPLAIN(r, "`endpoint ", place->endpoint, "`: expected an address that begins with ",
                 "https://");
    }
    if (length > 0 && place->endpoint[length - 1] == '/') {
        place->endpoint[length - 1] = '\0';
    }
    if (strlen(place->id) > 128 || place->id[0] == '\0') {
        COMPLAIN(r, "`id`: expected 1 to 128 octets");
    }
}

static void take_place(struct reading *r, enum place_kind kind)
{
    struct settings *settings = r->settings;

    if (settings->place_count == SETTINGS_PLACES_MAX) {
        COMPLAIN(r, "more than 8 lines of `dns` and `route53`");
        return;
    }
    struct place *place = &settings->places[settings->place_count++];
    *place = (struct place){.kind = kind, .line = r->line, .port = 53};
    place->check_s = kind == PLACE_DNS ? 60 : 300;
    copy_word(r, "region", "us-east-1", place->region);
    copy_word(r, "endpoint", "https://route53.amazonaws.com", place->endpoint);
    copy_word(r, "id", r->identity, place->id);
    if (r->count < 2 || !record_name(place->name, r->words[1])) {
        COMPLAIN(r, "`", r->words[0], "` needs the name to register under: ntp.example.net");
        return;
    }
    for (size_t at = 2; at < r->count;) {
        at += take_pair(r, at, place);
    }
    if (place->srv && place->host[0] == '\0') {
        COMPLAIN(r, "`srv` needs `host`, a name of this server alone that it can lead to");
    }
    if (kind == PLACE_DNS) {
        check_dns(r, place);
    } else {
        check_route53(r, place);
    }
}

static void take_address(struct reading *r)
{
    struct settings *settings = r->settings;
    struct own_address *own = &settings->addresses[settings->address_count];

    if (settings->address_count == RECORD_ADDRESSES_MAX) {
        COMPLAIN(r, "more than 16 addresses");
        return;
    }
    *own = (struct own_address){.interface = ""};
    if (r->count == 3 && strcmp(r->words[1], "interface") == 0 &&
        strlen(r->words[2]) < sizeof own->interface) {
        struct text text = text_begin(own->interface, sizeof own->interface);

        text_add(&text, r->words[2]);
    } else if (r->count != 2 || !address_parse(&own->address, r->words[1]) ||
               !address_is_host(&own->address) || own->address.scope != 0) {
        COMPLAIN(r, "expected `address 192.0.2.1` or `address interface eth0`");
        return;
    }
    settings->address_count++;
}

static void take_bound(struct reading *r)
{
    char *end = NULL;
    double bound_s = r->count == 2 ? strtod(r->words[1], &end) : 0;

    if (end == NULL || *end != '\0' || !isfinite(bound_s) || bound_s <= 0 || bound_s > 10) {
        COMPLAIN(r, "expected `maxbound` and seconds up to 10: maxbound 0.1");
        return;
    }
    r->settings->bound_s = bound_s;
}

/* A statement that is a number. */
struct number_row {
    const char *word;
    size_t offset; /* in struct settings */
    unsigned limits[2];
};
static const struct number_row numbers[] = {
    {"ttl", offsetof(struct settings, ttl_s), {1, SETTINGS_TTL_MAX_S}},
    {"settle", offsetof(struct settings, settle_s), {1, 300}},
    {"minsources", offsetof(struct settings, sources), {0, 64}}};

static void take_line(struct reading *r)
{
    const char *word = r->words[0];

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (strcmp(word, numbers[i].word) == 0) {
            char *member = (char *)r->settings + numbers[i].offset;

            take_number(r, word, r->count == 2 ? r->words[1] : "", numbers[i].limits,
                        (unsigned *)(void *)member);
            return;
        }
    }
    if (strcmp(word, "address") == 0) {
        take_address(r);
    } else if (strcmp(word, "maxbound") == 0) {
        take_bound(r);
    } else if (strcmp(word, "dns") == 0) {
        take_place(r, PLACE_DNS);
    } else if (strcmp(word, "route53") == 0) {
        take_place(r, PLACE_ROUTE53);
    } else {
        COMPLAIN(r, "`", word, "` is not known: expected address, ttl, settle, maxbound, ",
                 "minsources, dns or route53");
    }
}

/* Cuts the line into words; false: it is too long. */
static bool cut(struct reading *r, const char *line, size_t length)
{
    static const char blank[] = " \t\r";
    char *at = r->copy;

    r->count = 0;
    if (length >= sizeof r->copy || memchr(line, '\0', length) != NULL) {
        return false;
    }
    memcpy(r->copy, line, length);
    r->copy[length] = '\0';
    at[strcspn(at, "#")] = '\0';
    while (*(at += strspn(at, blank)) != '\0') {
        size_t word = strcspn(at, blank);

        if (r->count == WORDS_OF_LINE_MAX) {
            return false;
        }
        r->words[r->count++] = at;
        if (at[word] == '\0') {
            break;
        }
        at[word] = '\0';
        at += word + 1;
    }
    return true;
}

static void check_whole(struct reading *r)
{
    if (r->settings->place_count == 0) {
        COMPLAIN(r, "no line of `dns` or `route53`: there is nothing to register");
    }
    if (r->settings->address_count == 0) {
        COMPLAIN(r, "no `address`: expected `address 192.0.2.1` or `address interface eth0`");
    }
}

bool settings_read(struct settings *settings, const char *file, const char *text,
                   const char *identity, struct text *problems)
{
    struct reading r = {.settings = settings,
                        .file = file,
                        .identity = identity,
                        .problems = problems,
                        .good = true};

    *settings = (struct settings){.ttl_s = 30, .settle_s = 10, .bound_s = 0.1};
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");

        r.line++;
        if (!cut(&r, text, length)) {
            COMPLAIN(&r, "the line is too long");
        } else if (r.count > 0) {
            take_line(&r);
        }
        text += length + (text[length] == '\n');
    }
    check_whole(&r);
    return r.good;
}
