/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/value.h"

#include <math.h>
#include <string.h>

#include "config/mistakes.h"
#include "config/number.h"

enum { PPM_EXPONENT = -6, EXPECTED_SIZE = 240, STRING_MAX = 1000 };

static size_t field_size(enum option_type type)
{
    switch (type) {
    case TYPE_INT8:
    case TYPE_UINT8:
    case TYPE_ENUM:
        return 1;
    case TYPE_UINT16:
        return sizeof(uint16_t);
    case TYPE_INT:
        return sizeof(int);
    case TYPE_UINT32:
    case TYPE_SET:
        return sizeof(uint32_t);
    case TYPE_DOUBLE:
        return sizeof(double);
    case TYPE_STRING:
        return sizeof(const char *);
    case TYPE_ADDRESS:
        return sizeof(struct address[2]);
    case TYPE_BINDING:
        return sizeof(struct config_binding);
    case TYPE_NONE:
    case TYPE_HEX:
    case TYPE_WORDS:
        return 0;
    }
    return 0;
}

static void *field_at(void *base, size_t offset)
{
    return (char *)base + offset;
}

static const void *field_of(const void *base, size_t offset)
{
    return (const char *)base + offset;
}

static void print_names(struct text *text, enum option_scope scope)
{
    size_t count = option_count(scope);

    for (size_t i = 0; i < count; i++) {
        text_add(text, i == 0 ? "" : i + 1 == count ? " or " : ", ");
        text_add(text, option_at(scope, i)->name);
    }
}

void value_expected(struct text *text, const struct option_argument *argument)
{
    switch (argument->type) {
    case TYPE_INT8:
    case TYPE_UINT8:
    case TYPE_UINT16:
    case TYPE_UINT32:
    case TYPE_INT:
    case TYPE_DOUBLE:
        text_add(text, argument->type == TYPE_DOUBLE ? "a number from " : "a whole number from ");
        number_print(text, argument->minimum, 0);
        text_add(text, " to ");
        number_print(text, argument->maximum, 0);
        break;
    case TYPE_HEX:
        text_add(text, "up to four hexadecimal digits");
        break;
    case TYPE_ENUM:
    case TYPE_SET:
        print_names(text, argument->scope);
        break;
    case TYPE_ADDRESS:
        text_add(text, "an IPv4 or IPv6 address");
        break;
    case TYPE_BINDING:
        text_add(text, "an IPv4 or IPv6 address, or the path of a socket");
        break;
    case TYPE_NONE:
    case TYPE_STRING:
    case TYPE_WORDS:
        text_add(text, argument->name);
        break;
    }
}

static bool bad_argument(struct parser *parser, const struct option *option,
                         const struct option_argument *argument, const char *word)
{
    char expected[EXPECTED_SIZE];
    struct text text = text_begin(expected, sizeof expected);

    value_expected(&text, argument);
    if (!word) {
        return parser_error(parser, option->name, " lacks its ", argument->name, "; expected ",
                            expected, NULL);
    }
    return parser_error(parser, option->name, " can't be \"", word, "\"; expected ", expected,
                        NULL);
}

static bool parse_number(struct parser *parser, const struct option *option,
                         const struct option_argument *argument, void *base)
{
    const char *word = parser->words.at[parser->words_at];
    double value = 0;
    int64_t whole = 0;
    double field = 0;
    bool is_double = argument->type == TYPE_DOUBLE;

    if (is_double ? !number_decimal(word, 0, &value)
                  : !number_whole(word, argument->type == TYPE_HEX ? 16 : 10, &whole)) {
        return bad_argument(parser, option, argument, word);
    }
    value = is_double ? value : (double)whole;
    field = value;
    if (value < argument->minimum || value > argument->maximum) {
        char limit[EXPECTED_SIZE];
        struct text text = text_begin(limit, sizeof limit);

        if (!argument->clamp) {
            return bad_argument(parser, option, argument, word);
        }
        value = value < argument->minimum ? argument->minimum : argument->maximum;
        number_print(&text, value, 0);
        parser_warning(parser, option->name, " ", word, " is beyond the limit; ", limit, " is used",
                       NULL);
        (void)number_decimal(limit, argument->ppm ? PPM_EXPONENT : 0, &field);
    } else if (argument->ppm) {
        (void)number_decimal(word, PPM_EXPONENT, &field);
    }
    if (argument->offset == NO_FIELD) {
        return true;
    }
    void *at = field_at(base, argument->offset);
    if (is_double) {
        *(double *)at = field;
    } else if (argument->type == TYPE_INT8) {
        *(int8_t *)at = (int8_t)value;
    } else if (argument->type == TYPE_UINT8) {
        *(uint8_t *)at = (uint8_t)value;
    } else if (argument->type == TYPE_UINT16) {
        *(uint16_t *)at = (uint16_t)value;
    } else if (argument->type == TYPE_UINT32) {
        *(uint32_t *)at = (uint32_t)value;
    } else if (argument->type == TYPE_INT) {
        *(int *)at = (int)value;
    }
    return true;
}

/* A word of a closed list, for TYPE_ENUM and TYPE_SET. */
static bool parse_choice(struct parser *parser, const struct option *option,
                         const struct option_argument *argument, void *base)
{
    const char *word = parser->words.at[parser->words_at];
    const struct option *choice = option_find(argument->scope, word);

    if (!choice) {
        const char *like = parser_suggest(parser, argument->scope, word);

        if (like) {
            return parser_error(parser, option->name, " can't be \"", word, "\"; write instead \"",
                                like, "\"", NULL);
        }
        return bad_argument(parser, option, argument, word);
    }
    if (!parser_verdict(parser, choice)) {
        return false;
    }
    if (argument->offset != NO_FIELD && argument->type == TYPE_ENUM) {
        *(uint8_t *)field_at(base, argument->offset) = (uint8_t)choice->value;
    } else if (argument->offset != NO_FIELD) {
        *(uint32_t *)field_at(base, argument->offset) |= choice->value;
    }
    return true;
}

static bool parse_address(struct parser *parser, const struct option *option,
                          const struct option_argument *argument, void *base)
{
    const char *word = parser->words.at[parser->words_at];
    struct address address;

    if (argument->type == TYPE_BINDING && word[0] == '/') {
        struct config_binding *binding = field_at(base, argument->offset);

        binding->path = parser_keep(parser, word);
        return binding->path;
    }
    if (!address_parse(&address, word)) {
        return bad_argument(parser, option, argument, word);
    }
    if (argument->offset != NO_FIELD) {
        /* A binding begins with its addresses. */
        struct address *both = field_at(base, argument->offset);

        both[address.family == ADDRESS_IPV6] = address;
    }
    return true;
}

static bool parse_string(struct parser *parser, const struct option_argument *argument, void *base)
{
    const char *kept;

    if (strlen(parser->words.at[parser->words_at]) > STRING_MAX) {
        return parser_error(parser, argument->name,
                            " is too long; expected at most 1000 characters", NULL);
    }
    if (argument->offset == NO_FIELD) {
        return true;
    }
    kept = parser_keep(parser, parser->words.at[parser->words_at]);
    *(const char **)field_at(base, argument->offset) = kept;
    return kept;
}

/* The argument at parser->words_at, which exists. */
static bool parse_argument(struct parser *parser, const struct option *option,
                           const struct option_argument *argument, void *base)
{
    switch (argument->type) {
    case TYPE_INT8:
    case TYPE_UINT8:
    case TYPE_UINT16:
    case TYPE_UINT32:
    case TYPE_INT:
    case TYPE_HEX:
    case TYPE_DOUBLE:
        return parse_number(parser, option, argument, base);
    case TYPE_ENUM:
    case TYPE_SET:
        return parse_choice(parser, option, argument, base);
    case TYPE_ADDRESS:
    case TYPE_BINDING:
        return parse_address(parser, option, argument, base);
    case TYPE_STRING:
        return parse_string(parser, argument, base);
    case TYPE_NONE:
    case TYPE_WORDS:
        return true;
    }
    return true;
}

/* An argument of several words: all that are left, within the table's limits. */
static bool parse_rest(struct parser *parser, const struct option *option,
                       const struct option_argument *argument, void *base)
{
    unsigned left = parser->words.count - parser->words_at;

    if (argument->type == TYPE_WORDS) {
        if (left < argument->minimum) {
            return bad_argument(parser, option, argument, NULL);
        }
        parser->words_at += left > argument->maximum ? (unsigned)argument->maximum : left;
        return true;
    }
    for (; parser->words_at < parser->words.count; parser->words_at++) {
        if (!parse_argument(parser, option, argument, base)) {
            return false;
        }
    }
    return true;
}

bool value_parse(struct parser *parser, const struct option *option, void *base)
{
    if (option->flag != NO_FIELD) {
        *(bool *)field_at(base, option->flag) = true;
    }
    if (option->field != NO_FIELD) {
        *(uint8_t *)field_at(base, option->field) = (uint8_t)option->value;
    }
    for (unsigned i = 0; i < option_argument_count(option); i++) {
        const struct option_argument *argument = &option->argument[i];

        if (argument->type == TYPE_WORDS || argument->type == TYPE_SET) {
            return parse_rest(parser, option, argument, base);
        }
        if (parser->words_at >= parser->words.count) {
            return bad_argument(parser, option, argument, NULL);
        }
        if (!parse_argument(parser, option, argument, base)) {
            return false;
        }
        parser->words_at++;
    }
    return true;
}

bool value_unknown(struct parser *parser, enum option_scope scope, const char *word)
{
    const char *like = scope == SCOPE_NONE ? NULL : parser_suggest(parser, scope, word);

    if (word[0] == '#' || word[0] == '!' || word[0] == ';' || word[0] == '%') {
        return parser_error(parser, "\"", word, "\" is no option of ", parser->directive->name,
                            "; a comment stands on a line of its own", NULL);
    }
    if (mistake_in_source(parser, scope, word) || mistake_in_rule(parser, word)) {
        return false;
    }
    if (like) {
        return parser_error(parser, "\"", word, "\" is no option of ", parser->directive->name,
                            "; write instead \"", like, "\"", NULL);
    }
    if (scope == SCOPE_NONE) {
        return parser_error(parser, "\"", word, "\" is one word too many for ",
                            parser->directive->name, "; expected the end of the line", NULL);
    }
    return parser_error(parser, "\"", word, "\" is no option of ", parser->directive->name,
                        parser->dialect == DIALECT_CHRONY || parser->dialect == DIALECT_UNKNOWN
                            ? "; noon.conf(5) lists them"
                            : "; docs/dialects lists them",
                        NULL);
}

bool value_keywords(struct parser *parser, enum option_scope scope, void *base)
{
    while (parser->words_at < parser->words.count) {
        const char *word = parser->words.at[parser->words_at++];
        const struct option *option = option_find(scope, word);
        unsigned from = parser->words_at;

        if (!option) {
            return value_unknown(parser, scope, word);
        }
        if (!value_parse(parser, option, base)) {
            return false;
        }
        if (!value_is_neutral(parser, option, from) && !parser_verdict(parser, option)) {
            return false;
        }
    }
    return true;
}

bool value_is_neutral(const struct parser *parser, const struct option *option, unsigned from)
{
    char written[EXPECTED_SIZE];
    struct text text = text_begin(written, sizeof written);

    if (!option->neutral) {
        return false;
    }
    for (unsigned i = from; i < parser->words_at; i++) {
        text_add(&text, i > from ? " " : "");
        text_add(&text, parser->words.at[i]);
    }
    return !text.overrun && strcmp(written, option->neutral) == 0;
}

static bool string_equal(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool field_equal(const struct option_argument *argument, const void *a, const void *b)
{
    if (argument->type == TYPE_DOUBLE) {
        double x = *(const double *)a;
        double y = *(const double *)b;

        return x == y || (isnan(x) && isnan(y));
    }
    if (argument->type == TYPE_STRING) {
        return string_equal(*(const char *const *)a, *(const char *const *)b);
    }
    if (argument->type == TYPE_BINDING) {
        const struct config_binding *x = a;
        const struct config_binding *y = b;

        return address_equal(&x->address[0], &y->address[0]) &&
               address_equal(&x->address[1], &y->address[1]) && string_equal(x->path, y->path);
    }
    if (argument->type == TYPE_ADDRESS) {
        const struct address *x = a;
        const struct address *y = b;

        return address_equal(&x[0], &y[0]) && address_equal(&x[1], &y[1]);
    }
    return memcmp(a, b, field_size(argument->type)) == 0;
}

bool value_equal(const struct option *option, const void *a, const void *b)
{
    if (option->flag != NO_FIELD &&
        *(const bool *)field_of(a, option->flag) != *(const bool *)field_of(b, option->flag)) {
        return false;
    }
    if (option->field != NO_FIELD && *(const uint8_t *)field_of(a, option->field) !=
                                         *(const uint8_t *)field_of(b, option->field)) {
        return false;
    }
    for (unsigned i = 0; i < option_argument_count(option); i++) {
        const struct option_argument *argument = &option->argument[i];

        if (argument->offset != NO_FIELD &&
            !field_equal(argument, field_of(a, argument->offset), field_of(b, argument->offset))) {
            return false;
        }
    }
    return true;
}

void value_copy(const struct option *option, void *to, const void *from)
{
    if (option->flag != NO_FIELD) {
        *(bool *)field_at(to, option->flag) = *(const bool *)field_of(from, option->flag);
    }
    for (unsigned i = 0; i < option_argument_count(option); i++) {
        const struct option_argument *argument = &option->argument[i];

        if (argument->offset != NO_FIELD) {
            memcpy(field_at(to, argument->offset), field_of(from, argument->offset),
                   field_size(argument->type));
        }
    }
}

static int64_t whole_field(enum option_type type, const void *field)
{
    if (type == TYPE_INT8) {
        return *(const int8_t *)field;
    }
    if (type == TYPE_UINT8) {
        return *(const uint8_t *)field;
    }
    if (type == TYPE_UINT32) {
        return *(const uint32_t *)field;
    }
    return type == TYPE_UINT16 ? *(const uint16_t *)field : *(const int *)field;
}

static void print_choices(struct text *text, const struct option_argument *argument,
                          const void *field)
{
    size_t count = option_count(argument->scope);
    bool set = argument->type == TYPE_SET;
    uint32_t value = set ? *(const uint32_t *)field : *(const uint8_t *)field;

    for (size_t i = 0; i < count; i++) {
        const struct option *choice = option_at(argument->scope, i);

        if (choice->verdict == VERDICT_WORKS &&
            (set ? (value & choice->value) != 0 : value == choice->value)) {
            text_char(text, ' ');
            text_add(text, choice->name);
        }
    }
}

static void print_argument(struct text *text, const struct option_argument *argument,
                           const void *field)
{
    if (argument->type == TYPE_SET || argument->type == TYPE_ENUM) {
        print_choices(text, argument, field);
        return;
    }
    text_char(text, ' ');
    if (argument->type == TYPE_STRING) {
        const char *string = *(const char *const *)field;

        text_add(text, string ? string : "");
    } else if (argument->type == TYPE_DOUBLE) {
        number_print(text, *(const double *)field, argument->ppm ? PPM_EXPONENT : 0);
    } else {
        text_i64(text, whole_field(argument->type, field));
    }
}

void value_print(struct text *text, const struct option *option, const void *base)
{
    for (unsigned i = 0; i < option_argument_count(option); i++) {
        const struct option_argument *argument = &option->argument[i];

        if (argument->offset != NO_FIELD && argument->type != TYPE_ADDRESS &&
            argument->type != TYPE_BINDING) {
            print_argument(text, argument, field_of(base, argument->offset));
        }
    }
}
