/* SPDX-License-Identifier: BSD-2-Clause */
#include "register/route53.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "register/credentials.h"
#include "register/http.h"
#include "register/route53_text.h"

enum { TIMEOUT_MS = 8000, URL_SIZE = 2048, BATCH_SIZE = 32 << 10, SETS_MAX = 5 };

/* One set for each name and type that this server may have. */
struct sets {
    struct route53_set at[SETS_MAX];
    size_t count;
};

static void copy(char *out, size_t size, const char *value)
{
    struct text text = text_begin(out, size);

    text_add(&text, value);
}

static void add_set(struct sets *sets, const struct place *place, const char *prefix,
                    const char *name, enum record_type type)
{
    struct route53_set *set = &sets->at[sets->count++];
    struct text text = text_begin(set->name, sizeof set->name);

    text_add(&text, prefix);
    text_add(&text, name);
    set->type = type;
    set->multivalue = !place->weighted;
    copy(set->id, sizeof set->id, place->id);
    copy(set->health, sizeof set->health, place->health);
    if (place->weighted) {
        struct text weight = text_begin(set->weight, sizeof set->weight);

        text_u64(&weight, place->share);
    }
}

/* What is wanted; a set without a value is to be gone, whatever is in it. */
static void make_sets(struct sets *sets, const struct place *place, const struct records *records,
                      unsigned ttl_s)
{
    *sets = (struct sets){.count = 0};
    add_set(sets, place, "", place->name, RECORD_A);
    add_set(sets, place, "", place->name, RECORD_AAAA);
    if (place->host[0] != '\0') {
        add_set(sets, place, "", place->host, RECORD_A);
        add_set(sets, place, "", place->host, RECORD_AAAA);
        add_set(sets, place, "_ntp._udp.", place->name, RECORD_SRV);
    }
    for (size_t i = 0; i < sets->count; i++) {
        struct route53_set *set = &sets->at[i];

        set->ttl_s = ttl_s;
        for (size_t at = 0; at < records->count; at++) {
            const struct record *record = &records->at[at];

            if (record->type == set->type && strcmp(record->name, set->name) == 0 &&
                set->count < RECORD_ADDRESSES_MAX) {
                copy(set->values[set->count++], sizeof set->values[0], record->data);
            }
        }
    }
}

/* A value in a query: all but unreserved characters in hexadecimal, as the signature wants it. */
static void add_quoted(struct text *url, const char *value)
{
    static const char hex[] = "0123456789ABCDEF";

    for (; *value != '\0'; value++) {
        unsigned char c = (unsigned char)*value;

        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            strchr("-_.~", c) != NULL) {
            text_char(url, *value);
        } else {
            text_char(url, '%');
            text_char(url, hex[c >> 4]);
            text_char(url, hex[c & 15]);
        }
    }
}

static void begin_url(struct text *url, const struct place *place)
{
    text_add(url, place->endpoint);
    text_add(url, "/2013-04-01/hostedzone/");
    text_add(url, place->zone_id);
    text_add(url, "/rrset");
}

/* In the order of the alphabet, as the signature wants it. */
static void look_url(struct text *url, const struct place *place, const struct route53_set *set)
{
    begin_url(url, place);
    text_add(url, "?identifier=");
    add_quoted(url, set->id);
    text_add(url, "&maxitems=1&name=");
    add_quoted(url, set->name);
    text_add(url, "&type=");
    text_add(url, record_type_word(set->type));
}

/* What a status other than 200 means; the API's own words go with it. */
static enum attempt_result refusal(long status, const struct route53_answer *answer,
                                   struct text *why)
{
    bool passes = status >= 500 || status == 429 || strcmp(answer->code, "Throttling") == 0 ||
                  strcmp(answer->code, "PriorRequestNotComplete") == 0;

    text_add(why, status == 403   ? "it does not let these credentials do that: "
                  : status == 404 ? "it does not know that zone: "
                  : passes        ? "it is busy: "
                                  : "it refuses: ");
    text_u64(why, (uint64_t)status);
    text_char(why, ' ');
    text_add(why, answer->code);
    text_add(why, answer->message[0] != '\0' ? ", " : "");
    text_add(why, answer->message);
    return passes ? ATTEMPT_LATER : ATTEMPT_REFUSED;
}

/* One request; `body` NULL: a look. */
static enum attempt_result ask(const struct place *place, const struct credentials *credentials,
                               const char *url, const char *body, struct route53_answer *answer)
{
    const struct http_signature signature = {.region = place->region,
                                             .service = "route53",
                                             .key_id = credentials->key_id,
                                             .secret = credentials->secret};
    char token[CREDENTIALS_TOKEN_SIZE + 32];
    struct text header = text_begin(token, sizeof token);
    struct http_request request = {
        .method = body == NULL ? "GET" : "POST",
        .url = url,
        .body = body,
        .headers = {"Content-Type: text/xml", credentials->token[0] != '\0' ? token : NULL},
        .signature = &signature,
        .authorities = place->authorities[0] != '\0' ? place->authorities : NULL,
        .timeout_ms = TIMEOUT_MS};
    struct http_answer said;
    struct route53_set wanted = answer->set;
    struct text why = text_begin(answer->message, sizeof answer->message);

    text_add(&header, "X-Amz-Security-Token: ");
    text_add(&header, credentials->token);
    if (!http_ask(&request, &said, &why)) {
        return ATTEMPT_LATER;
    }
    bool read = route53_read(answer, &wanted, said.body, said.size);
    long status = said.status;
    http_done(&said);
    if (read && status == 200) {
        return ATTEMPT_DONE;
    }
    if (!read && status == 200) {
        copy(answer->message, sizeof answer->message, "what answers is not Route 53");
        return ATTEMPT_LATER;
    }
    char sentence[300];
    struct text told = text_begin(sentence, sizeof sentence);
    enum attempt_result result = refusal(status, answer, &told);
    copy(answer->message, sizeof answer->message, sentence);
    return result;
}

/* Compares what is there with what is wanted, and writes the changes; counts them. */
static enum attempt_result compare(const struct access *access, const struct sets *sets,
                                   const struct credentials *credentials, struct text *batch,
                                   struct attempt *attempt)
{
    for (size_t i = 0; i < sets->count; i++) {
        const struct route53_set *set = &sets->at[i];
        struct route53_answer answer = {.set = *set};
        char url[URL_SIZE];
        struct text at = text_begin(url, sizeof url);

        look_url(&at, access->place, set);
        enum attempt_result result = ask(access->place, credentials, url, NULL, &answer);
        if (result != ATTEMPT_DONE) {
            text_add(attempt->why, answer.message);
            return result;
        }
        if (set->count > 0 && !(answer.found && route53_set_equal(&answer.set, set))) {
            route53_change(batch, "UPSERT", set);
            attempt->added += (unsigned)set->count;
        } else if (set->count == 0 && answer.found) {
            route53_change(batch, "DELETE", &answer.set);
            attempt->removed += (unsigned)answer.set.count;
        }
    }
    return ATTEMPT_DONE;
}

static enum attempt_result change(const struct access *access, const struct sets *sets,
                                  const struct credentials *credentials, char *buffer,
                                  struct attempt *attempt)
{
    struct text batch = text_begin(buffer, BATCH_SIZE);
    struct route53_answer answer = {.found = false};
    char url[URL_SIZE];
    struct text at = text_begin(url, sizeof url);

    route53_begin(&batch);
    enum attempt_result result = compare(access, sets, credentials, &batch, attempt);
    route53_end(&batch);
    if (result != ATTEMPT_DONE || attempt->added + attempt->removed == 0) {
        return result;
    }
    begin_url(&at, access->place);
    result = ask(access->place, credentials, url, buffer, &answer);
    if (result != ATTEMPT_DONE) {
        text_add(attempt->why, answer.message);
    }
    return result;
}

enum attempt_result route53_attempt(const struct access *access, struct attempt *attempt)
{
    struct credentials credentials;
    struct sets *sets = malloc(sizeof *sets);
    char *buffer = malloc(BATCH_SIZE);
    enum attempt_result result = ATTEMPT_LATER;

    attempt->added = attempt->removed = 0;
    if (sets == NULL || buffer == NULL) {
        text_add(attempt->why, "there is no memory");
    } else if (!credentials_find(&credentials, access->place->credentials, attempt->why)) {
        result = ATTEMPT_REFUSED;
    } else {
        make_sets(sets, access->place, attempt->wanted, attempt->ttl_s);
        result = change(access, sets, &credentials, buffer, attempt);
    }
    explicit_bzero(&credentials, sizeof credentials);
    free(sets);
    free(buffer);
    return result;
}

bool route53_show(const struct access *access, const struct records *records, unsigned ttl_s)
{
    struct sets *sets = malloc(sizeof *sets);
    char *buffer = malloc(BATCH_SIZE);
    char url[URL_SIZE];
    struct text at = text_begin(url, sizeof url);
    static const char *const actions[] = {"UPSERT", "DELETE"};
    bool good = sets != NULL && buffer != NULL;

    begin_url(&at, access->place);
    for (size_t turn = 0; good && turn < 2; turn++) {
        struct text batch = text_begin(buffer, BATCH_SIZE);

        make_sets(sets, access->place, records, ttl_s);
        route53_begin(&batch);
        for (size_t i = 0; i < sets->count; i++) {
            if (sets->at[i].count > 0) {
                route53_change(&batch, actions[turn], &sets->at[i]);
            }
        }
        route53_end(&batch);
        printf("# to %s %s\nPOST %s\n%s\n", turn == 0 ? "register" : "withdraw",
               access->place->name, url, buffer);
    }
    free(sets);
    free(buffer);
    return good;
}
