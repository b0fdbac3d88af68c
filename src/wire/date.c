/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/date.h"

#include <string.h>

#include "base/calendar.h"
#include "base/must.h"
#include "base/text.h"
#include "wire/endpoint.h"

enum { VERSION = 1, QUESTION_MAGIC = 0x4451, ANSWER_MAGIC = 0x4441, HTTPS_PORT = 443 };

const char *date_result_word(unsigned result)
{
    static const char *const words[DATE_RESULT_COUNT] = {
#define X(name, word, sentence) word,
        DATE_RESULT_LIST(X)
#undef X
    };

    return result < DATE_RESULT_COUNT ? words[result] : "unknown";
}

const char *date_result_sentence(unsigned result)
{
    static const char *const sentences[DATE_RESULT_COUNT] = {
#define X(name, word, sentence) sentence,
        DATE_RESULT_LIST(X)
#undef X
    };

    return result < DATE_RESULT_COUNT ? sentences[result] : "for a reason that is not known here";
}

static bool is_name_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == ':';
}

/* Printable, and nothing that would end a line or a word of the request. */
static bool is_path_character(char c)
{
    return c > ' ' && c < 0x7f;
}

static bool all_are(const char *text, bool (*is)(char))
{
    while (*text != '\0' && is(*text)) {
        text++;
    }
    return *text == '\0';
}

static bool is_sound(const struct date_question *question)
{
    return question->name[0] != '\0' && all_are(question->name, is_name_character) &&
           question->path[0] == '/' && all_are(question->path, is_path_character) &&
           question->port != 0 &&
           strlen(question->name) + strlen(question->path) + 2 <= DATE_TEXT_MAX;
}

void date_question_encode(const struct date_question *question,
                          uint8_t bytes[static DATE_QUESTION_SIZE])
{
    struct writer w = {bytes, DATE_QUESTION_SIZE, false};

    must(is_sound(question));
    memset(bytes, 0, DATE_QUESTION_SIZE);
    writer_be(&w, 2, QUESTION_MAGIC);
    writer_be(&w, 1, VERSION);
    writer_be(&w, 1, question->all);
    writer_be(&w, 4, question->query);
    writer_be(&w, 2, question->port);
    endpoint_write(&w, &question->address);
    writer_put(&w, question->name, strlen(question->name) + 1);
    writer_put(&w, question->path, strlen(question->path) + 1);
    must(!w.overrun);
}

/* A text with its end; false: it has none, or is too long. */
static bool take_text(struct reader *r, char *text, size_t size)
{
    const uint8_t *end = memchr(r->at, 0, r->left);
    size_t length = end == NULL ? size : (size_t)(end - r->at);

    if (length >= size) {
        return false;
    }
    memcpy(text, reader_take(r, length + 1), length + 1);
    return true;
}

bool date_question_decode(struct date_question *question, const uint8_t *bytes, size_t size)
{
    struct reader r = {bytes, size, false};
    bool known = size == DATE_QUESTION_SIZE && reader_be(&r, 2) == QUESTION_MAGIC &&
                 reader_be(&r, 1) == VERSION;
    uint8_t all = (uint8_t)reader_be(&r, 1);

    memset(question, 0, sizeof *question);
    question->all = all != 0;
    question->query = (uint32_t)reader_be(&r, 4);
    question->port = (uint16_t)reader_be(&r, 2);
    return known && all <= 1 && endpoint_read(&r, &question->address) &&
           take_text(&r, question->name, sizeof question->name) &&
           take_text(&r, question->path, sizeof question->path) && bytes_are_zero(r.at, r.left) &&
           is_sound(question);
}

void date_answer_encode(const struct date_answer *answer, uint8_t bytes[static DATE_ANSWER_SIZE])
{
    struct writer w = {bytes, DATE_ANSWER_SIZE, false};

    memset(bytes, 0, DATE_ANSWER_SIZE);
    writer_be(&w, 2, ANSWER_MAGIC);
    writer_be(&w, 1, VERSION);
    writer_be(&w, 1, answer->result);
    writer_be(&w, 4, answer->query);
    writer_be(&w, 4, answer->took_us);
    endpoint_write(&w, &answer->server);
    writer_be(&w, 8, answer->result == DATE_OK ? (uint64_t)answer->date.ns : 0);
    must(!w.overrun);
}

bool date_answer_decode(struct date_answer *answer, const uint8_t *bytes, size_t size)
{
    struct reader r = {bytes, size, false};
    bool known =
        size == DATE_ANSWER_SIZE && reader_be(&r, 2) == ANSWER_MAGIC && reader_be(&r, 1) == VERSION;
    uint8_t result = (uint8_t)reader_be(&r, 1);

    memset(answer, 0, sizeof *answer);
    answer->result = result < DATE_RESULT_COUNT ? (enum date_result)result : DATE_NONE;
    answer->query = (uint32_t)reader_be(&r, 4);
    answer->took_us = (uint32_t)reader_be(&r, 4);
    if (!known || answer->result == DATE_NONE || !endpoint_read(&r, &answer->server)) {
        return false;
    }
    answer->date.ns = (int64_t)reader_be(&r, 8);
    return !r.overrun && bytes_are_zero(r.at, r.left) &&
           (answer->result == DATE_OK) == (answer->date.ns != 0);
}

/* ":PORT" or nothing. */
static bool take_port(const char **at, uint16_t *port)
{
    unsigned long value = 0;

    *port = HTTPS_PORT;
    if (**at != ':') {
        return true;
    }
    for ((*at)++; **at >= '0' && **at <= '9' && value <= UINT16_MAX; (*at)++) {
        value = value * 10 + (unsigned long)(**at - '0');
    }
    *port = (uint16_t)value;
    return value > 0 && value <= UINT16_MAX;
}

bool date_url_parse(struct date_question *question, const char *url)
{
    static const char scheme[] = "https://";
    const char *at = strncmp(url, scheme, sizeof scheme - 1) == 0 ? url + sizeof scheme - 1 : url;
    bool bracket = *at == '[';
    struct address literal;
    size_t length;

    memset(question, 0, sizeof *question);
    at += bracket;
    length = strcspn(at, bracket ? "]" : ":/");
    if (length == 0 || length >= sizeof question->name || (bracket && at[length] != ']')) {
        return false;
    }
    memcpy(question->name, at, length);
    at += length + bracket;
    if ((bracket && !(address_parse(&literal, question->name) && literal.family == ADDRESS_IPV6)) ||
        !take_port(&at, &question->port) || (*at != '\0' && *at != '/') ||
        strlen(at) >= sizeof question->path) {
        return false;
    }
    memcpy(question->path, *at == '\0' ? "/" : at, strlen(*at == '\0' ? "/" : at));
    return is_sound(question);
}

size_t date_request(const struct date_question *question, char text[static DATE_REQUEST_MAX])
{
    struct text out = text_begin(text, DATE_REQUEST_MAX);
    bool literal = strchr(question->name, ':') != NULL;

    text_add(&out, "HEAD ");
    text_add(&out, question->path);
    text_add(&out, literal ? " HTTP/1.1\r\nHost: [" : " HTTP/1.1\r\nHost: ");
    text_add(&out, question->name);
    text_add(&out, literal ? "]" : "");
    if (question->port != HTTPS_PORT) {
        text_char(&out, ':');
        text_u64(&out, question->port);
    }
    text_add(&out, "\r\nUser-Agent: noon\r\nConnection: close\r\n\r\n");
    must(!out.overrun);
    return out.length;
}

/* `count` digits; -1: something else. */
static int digits(const char *at, unsigned count)
{
    int value = 0;

    for (unsigned i = 0; i < count; i++) {
        if (at[i] < '0' || at[i] > '9') {
            return -1;
        }
        value = value * 10 + (at[i] - '0');
    }
    return value;
}

/* Which of the words of three letters; -1: none. */
static int word_of(const char *words, const char *at)
{
    for (int i = 0; words[3 * i] != '\0'; i++) {
        if (memcmp(words + 3 * i, at, 3) == 0) {
            return i;
        }
    }
    return -1;
}

static bool read_date(const char *at, size_t length, struct utc_time *date)
{
    enum { LENGTH = 29, FIRST_WEEKDAY = 3, DAYS = 7 }; /* 1970 began on a Thursday */
    static const char weekdays[] = "MonTueWedThuFriSatSun";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct civil civil;

    if (length != LENGTH || memcmp(at + 3, ", ", 2) != 0 || at[7] != ' ' || at[11] != ' ' ||
        at[16] != ' ' || at[19] != ':' || at[22] != ':' || memcmp(at + 25, " GMT", 4) != 0) {
        return false;
    }
    civil = (struct civil){.year = digits(at + 12, 4),
                           .month = word_of(months, at + 8) + 1,
                           .day = digits(at + 5, 2),
                           .hour = digits(at + 17, 2),
                           .minute = digits(at + 20, 2),
                           .second = digits(at + 23, 2)};
    return civil.year >= 1970 && civil.hour >= 0 && civil.minute >= 0 && civil.second >= 0 &&
           civil.second < 60 && utc_from_civil(date, &civil) && date->ns > 0 &&
           (calendar_day_number(*date) + FIRST_WEEKDAY) % DAYS == word_of(weekdays, at);
}

static bool is_date(const char *line, size_t length)
{
    static const char name[] = "date:";

    for (size_t i = 0; i < sizeof name - 1; i++) {
        char c = i < length ? line[i] : '\0';

        if ((c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c) != name[i]) {
            return false;
        }
    }
    return true;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

/* The value of a line "Date: value". */
static bool take_date(const char *line, size_t length, struct utc_time *date)
{
    const char *at = line + 5, *end = line + length;

    while (at < end && is_space(*at)) {
        at++;
    }
    while (end > at && is_space(end[-1])) {
        end--;
    }
    return read_date(at, (size_t)(end - at), date);
}

/* "HTTP/1.1 200 OK": any final answer has the server's time, a refusal too. */
static bool good_status(const char *line, size_t length)
{
    int status = length >= 12 ? digits(line + 9, 3) : -1;

    return length >= 12 && memcmp(line, "HTTP/1.", 7) == 0 && (line[7] == '0' || line[7] == '1') &&
           line[8] == ' ' && status >= 200 && status < 600 && (length == 12 || line[12] == ' ');
}

enum date_head date_response(const char *bytes, size_t size, struct utc_time *date)
{
    size_t at = 0;
    unsigned dates = 0;
    bool readable = true;

    for (unsigned lines = 0;; lines++) {
        const char *line = bytes + at;
        const char *end = at < size ? memchr(line, '\n', size - at) : NULL;
        size_t length;

        if (end == NULL) {
            return size >= DATE_RESPONSE_MAX ||
                           (lines == 0 && size >= 5 && memcmp(bytes, "HTTP/", 5) != 0)
                       ? DATE_HEAD_BAD
                       : DATE_HEAD_INCOMPLETE;
        }
        length = (size_t)(end - line);
        at += length + 1;
        length -= length > 0 && line[length - 1] == '\r';
        if (lines == 0 && !good_status(line, length)) {
            return DATE_HEAD_BAD;
        }
        if (lines > 0 && length == 0) {
            return dates == 1 && readable ? DATE_HEAD_OK : DATE_HEAD_NO_DATE;
        }
        if (lines > 0 && is_date(line, length)) {
            dates++;
            readable = readable && take_date(line, length, date);
        }
    }
}
