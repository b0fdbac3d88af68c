/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/keys.h"

#include <stdarg.h>
#include <string.h>

#include "config/words.h"

enum {
    HEX_OF_NTP = 20,     /* longer keys are hexadecimal in ntp's files */
    SAFE_SECRET = 10,    /* octets: 80 bits */
    ID_DIGITS_MAX = 10,  /* of 4294967295 */
    TYPE_SHOWN_MAX = 16, /* characters of a word that is repeated in a message */
    WORDS_OF_KEY = 3,
};

struct keys_reader {
    const struct keys_input *input;
    struct config_report *report;
    struct mac_key *keys;
    size_t count, max;
    uint32_t line;
    struct words words;
};

/* Strings up to NULL; no word of the line that may be a secret. */
static bool __attribute__((sentinel)) refuse(struct keys_reader *reader, ...)
{
    const struct config_message head = {
        .level = CONFIG_WARNING, .file = reader->input->file, .line = reader->line};
    struct text text = config_report_add(reader->report, &head);
    va_list strings;
    const char *string;

    va_start(strings, reader);
    while ((string = va_arg(strings, const char *)) != NULL) {
        text_add(&text, string);
    }
    va_end(strings);
    return false;
}

static bool read_id(struct keys_reader *reader, uint32_t *id)
{
    const char *word = reader->words.at[0];
    size_t digits = strspn(word, "0123456789");
    uint64_t value = 0;

    for (size_t i = 0; i < digits && i <= ID_DIGITS_MAX; i++) {
        value = value * 10 + (uint64_t)(word[i] - '0');
    }
    if (digits == 0 || word[digits] != '\0' || value == 0 || value > UINT32_MAX) {
        return refuse(reader,
                      "a key begins with its number, 1 to 4294967295; expected `ID TYPE KEY`: the "
                      "line is not used",
                      NULL);
    }
    *id = (uint32_t)value;
    return true;
}

static bool read_type(struct keys_reader *reader, const char *word, enum mac_type *type,
                      bool *of_ntp)
{
    char shown[TYPE_SHOWN_MAX + 1] = "";
    struct text text = text_begin(shown, sizeof shown);

    if (mac_type_find(word, type, of_ntp)) {
        return true;
    }
    text_add_n(&text, word, TYPE_SHOWN_MAX);
    return refuse(reader, "`", shown,
                  "` is no type of key here; expected MD5, SHA1, SHA256, SHA384, SHA512, AES128 or "
                  "AES256: the key is not used",
                  NULL);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool all_hex(const char *word)
{
    while (hex_digit(*word) >= 0) {
        word++;
    }
    return *word == '\0';
}

/* The secret that a word means; its size, 0: the word is none, and that has been said. */
static size_t read_secret(struct keys_reader *reader, const char *word, bool of_ntp,
                          uint8_t secret[static MAC_SECRET_MAX])
{
    bool ascii = strncmp(word, "ASCII:", 6) == 0;
    bool hex = strncmp(word, "HEX:", 4) == 0;

    if (!ascii && !hex && strlen(word) > HEX_OF_NTP) {
        if (of_ntp) {
            hex = true;
        } else if (all_hex(word)) {
            (void)refuse(reader,
                         "the key is taken as text, as chrony takes it; ntp takes a long key for "
                         "hexadecimal digits: write HEX: or ASCII: in front of it",
                         NULL);
        }
    }
    word += strncmp(word, "HEX:", 4) == 0 ? 4 : ascii ? 6 : 0;
    size_t length = strlen(word);
    size_t size = hex ? length / 2 : length;
    if (size == 0 || size > MAC_SECRET_MAX) {
        (void)refuse(reader, "the key is empty, or longer than 512 octets: it is not used", NULL);
        return 0;
    }
    if (hex && (length % 2 != 0 || !all_hex(word))) {
        (void)refuse(reader, "the key is not an even number of hexadecimal digits: it is not used",
                     NULL);
        return 0;
    }
    for (size_t i = 0; i < size; i++) {
        secret[i] = hex ? (uint8_t)(hex_digit(word[2 * i]) << 4 | hex_digit(word[2 * i + 1]))
                        : (uint8_t)word[i];
    }
    return size;
}

static bool refuse_size(struct keys_reader *reader, enum mac_type type, const char *word)
{
    char number[24];
    struct text text = text_begin(number, sizeof number);
    size_t wanted = mac_secret_size(type);
    bool digits = strlen(word) == 2 * wanted && all_hex(word);

    text_u64(&text, wanted);
    return refuse(reader, mac_type_name(type), " needs a key of ", number, " octets",
                  digits ? "; write HEX: in front of these digits: the key is not used"
                         : "; `noon keygen` makes one: the key is not used",
                  NULL);
}

/* A key more, in its place; of two with one number the first counts. */
static bool insert(struct keys_reader *reader, const struct mac_key *key)
{
    size_t at = reader->count;

    while (at > 0 && reader->keys[at - 1].id > key->id) {
        at--;
    }
    if (at > 0 && reader->keys[at - 1].id == key->id) {
        return refuse(reader, "there is a key of this number already: this one is not used", NULL);
    }
    if (reader->count == reader->max) {
        return refuse(reader, "more keys than there is room for: this one is not used", NULL);
    }
    memmove(&reader->keys[at + 1], &reader->keys[at], (reader->count - at) * sizeof *key);
    reader->keys[at] = *key;
    reader->count++;
    return true;
}

static bool read_key(struct keys_reader *reader)
{
    const struct words *words = &reader->words;
    uint8_t secret[MAC_SECRET_MAX];
    enum mac_type type = MAC_MD5;
    bool type_of_ntp = false;
    struct mac_key key = {0};
    unsigned count = 1;

    /* ntp-keygen(8) ends its lines with a comment. */
    while (count < words->count && words->at[count][0] != '#') {
        count++;
    }
    if (!read_id(reader, &key.id)) {
        return false;
    }
    if (count < 2) {
        return refuse(reader, "there is no key behind its number; expected `ID TYPE KEY`", NULL);
    }
    if (count > WORDS_OF_KEY) {
        return refuse(reader,
                      "something follows the key; keys can't be restricted to addresses here: the "
                      "key is not used",
                      NULL);
    }
    if (count == WORDS_OF_KEY && !read_type(reader, words->at[1], &type, &type_of_ntp)) {
        return false;
    }
    size_t size =
        read_secret(reader, words->at[count - 1], type_of_ntp || reader->input->of_ntp, secret);
    if (size == 0) {
        return false;
    }
    if (!mac_key_set(&key, type, secret, size)) {
        return refuse_size(reader, type, words->at[count - 1]);
    }
    if (size < SAFE_SECRET) {
        (void)refuse(reader,
                     "the key is shorter than 80 bits and may be guessed; `noon keygen` "
                     "makes a better one",
                     NULL);
    }
    return insert(reader, &key);
}

size_t keys_parse(const struct keys_input *input, struct mac_key *keys, size_t max,
                  struct config_report *report)
{
    struct keys_reader reader = {.input = input, .report = report, .keys = keys, .max = max};
    size_t at = 0;

    while (at < input->size) {
        const char *line = input->text + at;
        const char *end = memchr(line, '\n', input->size - at);
        size_t length = end == NULL ? input->size - at : (size_t)(end - line);

        reader.line++;
        at += length + 1;
        length -= length > 0 && line[length - 1] == '\r';
        switch (words_split(&reader.words, line, length)) {
        case WORDS_OK:
            (void)read_key(&reader);
            break;
        case WORDS_NONE:
            break;
        case WORDS_TOO_LONG:
        case WORDS_TOO_MANY:
            (void)refuse(&reader, "the line is too long: it is not used", NULL);
            break;
        case WORDS_BAD_CHARACTER:
            (void)refuse(&reader, "the line holds a control character: it is not used", NULL);
            break;
        }
    }
    return reader.count;
}
