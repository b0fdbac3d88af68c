/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/node/names.h"

#include <string.h>

#include "base/text.h"

/* The year 2200: what says more is nonsense. */
static const uint64_t latest_s = UINT64_C(7258118400);

struct rest {
    const char *at;
    size_t left;
};

/* Takes a word, and the space behind it, off the front; false: none, or too long. */
static bool take_word(struct rest *rest, char *word, size_t size)
{
    size_t length = 0;

    while (length < rest->left && rest->at[length] != ' ') {
        length++;
    }
    if (length == 0 || length >= size || memchr(rest->at, '\0', length) != NULL) {
        return false;
    }
    memcpy(word, rest->at, length);
    word[length] = '\0';
    length += length < rest->left;
    rest->at += length;
    rest->left -= length;
    return true;
}

static bool read_number(const char *word, uint64_t most, uint64_t *value)
{
    *value = 0;
    for (size_t i = 0; word[i] != '\0'; i++) {
        if (word[i] < '0' || word[i] > '9' || i == 12) {
            return false;
        }
        *value = *value * 10 + (uint64_t)(word[i] - '0');
    }
    return word[0] != '\0' && *value <= most;
}

static bool take_number(struct rest *rest, uint64_t most, uint64_t *value)
{
    char word[16];

    return take_word(rest, word, sizeof word) && read_number(word, most, value);
}

/* "192.0.2.1:123" or "[2001:db8::1]:123". */
static bool take_address(struct rest *rest, struct address *address)
{
    char word[ADDRESS_TEXT_SIZE];
    uint64_t port;

    if (!take_word(rest, word, sizeof word)) {
        return false;
    }
    char *colon = strrchr(word, ':');
    if (colon == NULL || !read_number(colon + 1, UINT16_MAX, &port) || port == 0) {
        return false;
    }
    *colon = '\0';
    if (!address_parse(address, word) || !address_is_host(address)) {
        return false;
    }
    address->port = (uint16_t)port;
    return true;
}

static bool read_line(struct saved_name *name, const char *line, size_t length)
{
    struct rest rest = {line, length};
    uint64_t method, family, when_s, rank;

    memset(name, 0, sizeof *name);
    if (!take_word(&rest, name->name, sizeof name->name) ||
        !take_number(&rest, RESOLVE_SRV, &method) || !take_number(&rest, ADDRESS_IPV6, &family) ||
        !take_number(&rest, latest_s, &when_s)) {
        return false;
    }
    name->method = (uint8_t)method;
    name->family = (uint8_t)family;
    name->when.ns = (int64_t)when_s * NS_PER_S;
    while (rest.left > 0 && name->count < RESOLVED_MAX) {
        if (!take_address(&rest, &name->addresses[name->count]) ||
            !take_number(&rest, 2 * UINT16_MAX + 1, &rank)) {
            return false;
        }
        name->found[name->count++] =
            (struct found){.how = name->method == RESOLVE_SRV ? FOUND_SRV : FOUND_DNS,
                           .priority = (uint16_t)(rank / 2),
                           .spare = rank % 2};
    }
    return rest.left == 0 && name->count > 0 && when_s > 0;
}

size_t names_parse(struct saved_name *names, size_t capacity, const char *bytes, size_t size,
                   unsigned *skipped)
{
    size_t count = 0;

    *skipped = 0;
    for (size_t from = 0; from < size && count < capacity;) {
        const char *end = memchr(bytes + from, '\n', size - from);
        size_t length = end ? (size_t)(end - bytes) - from : size - from;

        if (length > 0 && read_line(&names[count], bytes + from, length)) {
            count++;
        } else if (length > 0) {
            ++*skipped;
        }
        from += length + 1;
    }
    return count;
}

size_t names_format(const struct saved_name *name, char text[static SAVED_NAME_LINE_SIZE])
{
    struct text out = text_begin(text, SAVED_NAME_LINE_SIZE);

    text_add(&out, name->name);
    text_char(&out, ' ');
    text_u64(&out, name->method);
    text_char(&out, ' ');
    text_u64(&out, name->family);
    text_char(&out, ' ');
    text_i64(&out, name->when.ns / NS_PER_S);
    for (unsigned i = 0; i < name->count; i++) {
        char address[ADDRESS_TEXT_SIZE];

        address_print_port(&name->addresses[i], address);
        text_char(&out, ' ');
        text_add(&out, address);
        text_char(&out, ' ');
        text_u64(&out, found_rank(&name->found[i]));
    }
    text_char(&out, '\n');
    return out.length;
}

const struct saved_name *names_find(const struct saved_name *names, size_t count,
                                    const struct source_options *options)
{
    for (size_t i = 0; i < count; i++) {
        if (names[i].method == options->method && names[i].family == options->family &&
            strncmp(names[i].name, options->name, NAME_SIZE) == 0) {
            return &names[i];
        }
    }
    return NULL;
}

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static bool ends_with(const char *name, size_t length, const char *end)
{
    size_t end_length = strlen(end);

    for (size_t i = 0; i < end_length; i++) {
        if (length < end_length || lower(name[length - end_length + i]) != end[i]) {
            return false;
        }
    }
    return length == end_length || name[length - end_length - 1] == '.';
}

bool names_odd_address(const char *name, const struct address *address)
{
    /* What people call networks of their own; and the metadata servers' names. */
    static const char *const own[] = {
        "local",    "localdomain", "localhost", "lan",  "home",    "corp",         "home.arpa",
        "internal", "intranet",    "private",   "test", "example", "aliyuncs.com",
    };
    size_t length = strlen(name);

    if (!address_is_private(address) || strchr(name, '.') == NULL) {
        return false;
    }
    length -= name[length - 1] == '.';
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        if (ends_with(name, length, own[i])) {
            return false;
        }
    }
    return true;
}
