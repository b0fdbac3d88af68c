/* SPDX-License-Identifier: BSD-2-Clause */
#include "register/route53_text.h"

#include <stdlib.h>
#include <string.h>

#include <expat.h>

static bool has_value(const struct route53_set *set, const char *value)
{
    for (size_t i = 0; i < set->count; i++) {
        if (strcmp(set->values[i], value) == 0) {
            return true;
        }
    }
    return false;
}

static bool same_key(const struct route53_set *a, const struct route53_set *b)
{
    return a->type == b->type && strcmp(a->name, b->name) == 0 && strcmp(a->id, b->id) == 0;
}

bool route53_set_equal(const struct route53_set *a, const struct route53_set *b)
{
    bool equal = same_key(a, b) && a->ttl_s == b->ttl_s && a->multivalue == b->multivalue &&
                 strcmp(a->weight, b->weight) == 0 && strcmp(a->health, b->health) == 0 &&
                 a->count == b->count;

    for (size_t i = 0; equal && i < a->count; i++) {
        equal = has_value(b, a->values[i]);
    }
    return equal;
}

/* ---- writing ---- */

static void escape(struct text *text, const char *value)
{
    for (; *value != '\0'; value++) {
        switch (*value) {
        case '<':
            text_add(text, "&lt;");
            break;
        case '>':
            text_add(text, "&gt;");
            break;
        case '&':
            text_add(text, "&amp;");
            break;
        default:
            text_char(text, *value);
        }
    }
}

static void element(struct text *text, const char *name, const char *value)
{
    text_char(text, '<');
    text_add(text, name);
    text_char(text, '>');
    escape(text, value);
    text_add(text, "</");
    text_add(text, name);
    text_char(text, '>');
}

void route53_begin(struct text *text)
{
    text_add(text, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                   "<ChangeResourceRecordSetsRequest "
                   "xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\">"
                   "<ChangeBatch><Changes>\n");
}

void route53_change(struct text *text, const char *action, const struct route53_set *set)
{
    char ttl[24];
    struct text number = text_begin(ttl, sizeof ttl);

    text_u64(&number, set->ttl_s);
    text_add(text, "<Change>");
    element(text, "Action", action);
    text_add(text, "<ResourceRecordSet>");
    element(text, "Name", set->name);
    element(text, "Type", record_type_word(set->type));
    element(text, "SetIdentifier", set->id);
    if (set->weight[0] != '\0') {
        element(text, "Weight", set->weight);
    }
    if (set->multivalue) {
        element(text, "MultiValueAnswer", "true");
    }
    element(text, "TTL", ttl);
    text_add(text, "<ResourceRecords>");
    for (size_t i = 0; i < set->count; i++) {
        text_add(text, "<ResourceRecord>");
        element(text, "Value", set->values[i]);
        text_add(text, "</ResourceRecord>");
    }
    text_add(text, "</ResourceRecords>");
    if (set->health[0] != '\0') {
        element(text, "HealthCheckId", set->health);
    }
    text_add(text, "</ResourceRecordSet></Change>\n");
}

void route53_end(struct text *text)
{
    text_add(text, "</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>\n");
}

/* ---- reading ---- */

struct reading {
    struct route53_answer *answer;
    const struct route53_set *wanted;
    struct route53_set set; /* the one that is being read */
    bool inside, too_many;
    char value[512]; /* text of the element that is being read */
    struct text text;
};

static void starts(void *data, const XML_Char *name, const XML_Char **attributes)
{
    struct reading *r = data;

    (void)attributes;
    r->text = text_begin(r->value, sizeof r->value);
    if (strcmp(name, "ResourceRecordSet") == 0) {
        r->set = (struct route53_set){.type = RECORD_TYPES};
        r->inside = true;
        r->too_many = false;
    }
}

static void goes_on(void *data, const XML_Char *bytes, int size)
{
    struct reading *r = data;

    text_add_n(&r->text, bytes, (size_t)size);
}

static enum record_type type_of(const char *word)
{
    enum record_type type = RECORD_A;

    while (type < RECORD_TYPES && strcmp(word, record_type_word(type)) != 0) {
        type++;
    }
    return type;
}

static void copy(char *out, size_t size, const char *value)
{
    struct text text = text_begin(out, size);

    text_add(&text, value);
}

static void take_value(struct reading *r)
{
    struct route53_set *set = &r->set;

    if (set->count == RECORD_ADDRESSES_MAX) {
        r->too_many = true;
        return;
    }
    copy(set->values[set->count], sizeof set->values[0], r->value);
    set->count++;
}

static void take_member(struct reading *r, const char *name)
{
    struct route53_set *set = &r->set;

    if (strcmp(name, "Name") == 0) {
        copy(set->name, sizeof set->name, r->value);
    } else if (strcmp(name, "Type") == 0) {
        set->type = type_of(r->value);
    } else if (strcmp(name, "SetIdentifier") == 0) {
        copy(set->id, sizeof set->id, r->value);
    } else if (strcmp(name, "Weight") == 0) {
        copy(set->weight, sizeof set->weight, r->value);
    } else if (strcmp(name, "MultiValueAnswer") == 0) {
        set->multivalue = strcmp(r->value, "true") == 0;
    } else if (strcmp(name, "TTL") == 0) {
        set->ttl_s = strtoul(r->value, NULL, 10);
    } else if (strcmp(name, "HealthCheckId") == 0) {
        copy(set->health, sizeof set->health, r->value);
    } else if (strcmp(name, "Value") == 0) {
        take_value(r);
    }
}

static void ends(void *data, const XML_Char *name)
{
    struct reading *r = data;
    struct route53_answer *answer = r->answer;

    if (strcmp(name, "ResourceRecordSet") == 0) {
        r->inside = false;
        if (r->wanted != NULL && same_key(&r->set, r->wanted) && !r->too_many) {
            answer->found = true;
            answer->set = r->set;
        }
    } else if (r->inside) {
        take_member(r, name);
    } else if (strcmp(name, "Code") == 0) {
        copy(answer->code, sizeof answer->code, r->value);
    } else if (strcmp(name, "Message") == 0 && answer->message[0] == '\0') {
        copy(answer->message, sizeof answer->message, r->value);
    } else if (strcmp(name, "InvalidChangeBatch") == 0) {
        copy(answer->code, sizeof answer->code, name);
    }
    r->text = text_begin(r->value, sizeof r->value);
}

bool route53_read(struct route53_answer *answer, const struct route53_set *wanted,
                  const char *bytes, size_t size)
{
    XML_Parser parser = XML_ParserCreate("UTF-8");
    struct reading *r = calloc(1, sizeof *r);
    bool good = parser != NULL && r != NULL;

    *answer = (struct route53_answer){.found = false};
    if (good) {
        r->answer = answer;
        r->wanted = wanted;
        r->text = text_begin(r->value, sizeof r->value);
        XML_SetUserData(parser, r);
        XML_SetElementHandler(parser, starts, ends);
        XML_SetCharacterDataHandler(parser, goes_on);
        good = XML_Parse(parser, bytes, (int)size, 1) == XML_STATUS_OK;
    }
    if (parser != NULL) {
        XML_ParserFree(parser);
    }
    free(r);
    return good;
}
