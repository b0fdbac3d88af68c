/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/clock/leap_list.h"

#include <string.h>

#include "base/bytes.h"
#include "base/calendar.h"
#include "crypto/mac.h"
#include "wire/ntp_packet.h"

/* 1970-01-01 in seconds since 1900, as leap-seconds.list counts. */
#define NTP_EPOCH_S INT64_C(2208988800)
/* 1972-01-01, when there was none yet. */
#define BEGINNING_S INT64_C(63072000)
/* TAI - UTC when leap seconds began, in 1972: a time zone counts from there. */
enum { HASHED_MAX = 1024, HASH_WORDS = 5 };
enum { TAI_1972_S = 10, ZONE_HEADER = 44, DAY_S = 86400 };
#define DAY_NS (DAY_S * NS_PER_S)
/* Dates that a nanosecond count can hold with room to spare: until 2200. */
#define LATEST_S INT64_C(7258118400)

static enum leap_list_result add(struct leap_list *list, int64_t midnight_s, int64_t tai_s)
{
    if (list->count == LEAP_LIST_MAX) {
        return LEAP_LIST_TOO_MANY;
    }
    if (midnight_s % DAY_S != 0 || midnight_s < 0 || midnight_s > LATEST_S || tai_s < 0 ||
        tai_s > 1000) {
        return LEAP_LIST_ORDER;
    }
    struct leap_entry entry = {{midnight_s * NS_PER_S}, (int16_t)tai_s};
    if (list->count > 0 && entry.midnight.ns <= list->at[list->count - 1].midnight.ns) {
        return LEAP_LIST_ORDER;
    }
    list->at[list->count++] = entry;
    return LEAP_LIST_OK;
}

/* ---- leap-seconds.list ---------------------------------------------------------------------- */

struct scan {
    const uint8_t *at, *end;
};

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* The next whole number of the line; false: there is none. */
static bool scan_number(struct scan *scan, int64_t *value)
{
    const uint8_t *start;

    while (scan->at < scan->end && is_blank(*scan->at)) {
        scan->at++;
    }
    *value = 0;
    start = scan->at;
    while (scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9' && scan->at - start < 12) {
        *value = *value * 10 + (*scan->at++ - '0');
    }
    return scan->at > start;
}

/* "#@ 3960057600": until when the list holds. */
static void read_expiry(struct leap_list *list, struct scan line)
{
    int64_t ntp_s;

    line.at += 2;
    if (scan_number(&line, &ntp_s) && ntp_s >= NTP_EPOCH_S && ntp_s - NTP_EPOCH_S < LATEST_S) {
        list->expires = true;
        list->expiry.ns = (ntp_s - NTP_EPOCH_S) * NS_PER_S;
    }
}

/* Of the octets of a text that its hash is made of: the digits of its numbers. */
struct hashed {
    uint8_t digits[HASHED_MAX];
    size_t count; /* above HASHED_MAX: too many */
    bool told;
    uint32_t words[HASH_WORDS];
};

static void hash_number(struct hashed *hashed, struct scan *line)
{
    while (line->at < line->end && is_blank(*line->at)) {
        line->at++;
    }
    for (; line->at < line->end && *line->at >= '0' && *line->at <= '9'; line->at++) {
        if (hashed->count < HASHED_MAX) {
            hashed->digits[hashed->count] = *line->at;
        }
        hashed->count++;
    }
}

/* "#h 62cf8c5d 8bbb6dcc c61e3b56 c308343 869bb80d": without leading zeros. */
static void read_hash(struct hashed *hashed, struct scan line)
{
    hashed->told = true;
    for (unsigned i = 0; i < HASH_WORDS; i++) {
        uint32_t word = 0;

        while (line.at < line.end && is_blank(*line.at)) {
            line.at++;
        }
        for (; line.at < line.end && !is_blank(*line.at); line.at++) {
            uint8_t c = *line.at;
            uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                             : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
                             : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10)
                                                    : 0;

            word = word << 4 | digit;
        }
        hashed->words[i] = word;
    }
}

static void hash_line(struct hashed *hashed, struct scan line)
{
    bool comment = line.end - line.at > 2 && line.at[0] == '#';
    uint8_t mark = comment ? line.at[1] : 0;

    line.at += comment ? 2 : 0;
    if (mark == 'h') {
        read_hash(hashed, line);
    } else if (mark == '$' || mark == '@') {
        hash_number(hashed, &line);
    } else if (!comment) {
        hash_number(hashed, &line);
        hash_number(hashed, &line);
    }
}

static enum leap_hash judge_hash(const struct hashed *hashed)
{
    struct mac_key key;
    uint8_t digest[MAC_DIGEST_MAX];

    if (!hashed->told) {
        return LEAP_HASH_NONE;
    }
    /* The digest of a key and a message is that of both, wherever they are cut. */
    if (hashed->count < 2 || hashed->count > HASHED_MAX ||
        !mac_key_set(&key, MAC_SHA1, hashed->digits, 1)) {
        return LEAP_HASH_BAD;
    }
    (void)mac_make(&key, hashed->digits + 1, hashed->count - 1, digest);
    for (unsigned i = 0; i < HASH_WORDS; i++) {
        struct reader reader = {.at = digest + 4 * (size_t)i, .left = 4};

        if (reader_be(&reader, 4) != hashed->words[i]) {
            return LEAP_HASH_BAD;
        }
    }
    return LEAP_HASH_GOOD;
}

static enum leap_list_result read_line(struct leap_list *list, struct scan line)
{
    int64_t ntp_s, tai_s;

    if (line.end - line.at > 2 && line.at[0] == '#' && line.at[1] == '@') {
        read_expiry(list, line);
        return LEAP_LIST_OK;
    }
    while (line.at < line.end && is_blank(*line.at)) {
        line.at++;
    }
    if (line.at == line.end || *line.at == '#') {
        return LEAP_LIST_OK;
    }
    if (!scan_number(&line, &ntp_s) || !scan_number(&line, &tai_s)) {
        return LEAP_LIST_NOT_TEXT;
    }
    return add(list, ntp_s - NTP_EPOCH_S, tai_s);
}

static enum leap_list_result parse_text(struct leap_list *list, const uint8_t *bytes, size_t size)
{
    enum leap_list_result result = LEAP_LIST_OK;
    struct hashed hashed = {.count = 0};

    while (size > 0 && result == LEAP_LIST_OK) {
        const uint8_t *newline = memchr(bytes, '\n', size);
        size_t length = newline ? (size_t)(newline - bytes) : size;

        result = read_line(list, (struct scan){bytes, bytes + length});
        hash_line(&hashed, (struct scan){bytes, bytes + length});
        length += newline != NULL;
        bytes += length;
        size -= length;
    }
    list->hash = (uint8_t)judge_hash(&hashed);
    return result;
}

/* ---- compiled time zone --------------------------------------------------------------------- */

static uint64_t be(const uint8_t *bytes, unsigned size)
{
    struct reader reader = {.at = bytes, .left = size};

    return reader_be(&reader, size);
}

/* The six counts of a header, in the order of RFC 8536, section 3.1. */
struct zone_counts {
    uint64_t isut, isstd, leap, time, type, chars;
};

static bool zone_header(const uint8_t *bytes, size_t size, struct zone_counts *counts)
{
    if (size < ZONE_HEADER || memcmp(bytes, "TZif", 4) != 0) {
        return false;
    }
    *counts = (struct zone_counts){be(bytes + 20, 4), be(bytes + 24, 4), be(bytes + 28, 4),
                                   be(bytes + 32, 4), be(bytes + 36, 4), be(bytes + 40, 4)};
    return true;
}

/* Octets in front of the leap seconds, behind the header, when a time has `width` octets. */
static uint64_t before_leaps(const struct zone_counts *counts, unsigned width)
{
    return counts->time * width + counts->time + counts->type * 6 + counts->chars;
}

static uint64_t block_size(const struct zone_counts *counts, unsigned width)
{
    return before_leaps(counts, width) + counts->leap * (width + 4) + counts->isstd + counts->isut;
}

/*
 * A record holds the time of a leap second, counted with the leap seconds before it, and their
 * number with it.
 */
static enum leap_list_result read_records(struct leap_list *list, const uint8_t *bytes,
                                          uint64_t count, unsigned width)
{
    enum leap_list_result result = add(list, BEGINNING_S, TAI_1972_S);
    int32_t before = 0;

    for (uint64_t i = 0; i < count && result == LEAP_LIST_OK; i++, bytes += width + 4) {
        int64_t time_s = width == 8 ? (int64_t)be(bytes, 8) : (int32_t)be(bytes, 4);
        int32_t correction = (int32_t)be(bytes + width, 4);

        if (time_s < 0 || time_s > LATEST_S || correction < -100 || correction > 100) {
            return LEAP_LIST_ORDER;
        }
        /* Version 4 says by a repeated correction when the file expires. */
        if (correction == before) {
            list->expires = true;
            list->expiry.ns = (time_s - before) * NS_PER_S;
        } else {
            /* A deleted second is told by the last one of its day. */
            result = add(list, time_s - before + (correction < before), TAI_1972_S + correction);
        }
        before = correction;
    }
    return result;
}

static enum leap_list_result parse_zone(struct leap_list *list, const uint8_t *bytes, size_t size)
{
    struct zone_counts counts;
    unsigned width = 4;

    if (!zone_header(bytes, size, &counts)) {
        return LEAP_LIST_NOT_ZONE;
    }
    if (bytes[4] >= '2') {
        uint64_t first = ZONE_HEADER + block_size(&counts, width);

        if (first > size || !zone_header(bytes + first, size - first, &counts)) {
            return LEAP_LIST_NOT_ZONE;
        }
        bytes += first;
        size -= first;
        width = 8;
    }
    if (ZONE_HEADER + block_size(&counts, width) > size) {
        return LEAP_LIST_NOT_ZONE;
    }
    if (counts.leap > LEAP_LIST_MAX) {
        return LEAP_LIST_TOO_MANY;
    }
    return read_records(list, bytes + ZONE_HEADER + before_leaps(&counts, width), counts.leap,
                        width);
}

enum leap_list_result leap_list_parse(struct leap_list *list, const uint8_t *bytes, size_t size)
{
    bool zone = size >= 4 && memcmp(bytes, "TZif", 4) == 0;
    enum leap_list_result result;

    memset(list, 0, sizeof *list);
    result = zone ? parse_zone(list, bytes, size) : parse_text(list, bytes, size);
    if (result == LEAP_LIST_OK && list->count == 0) {
        result = LEAP_LIST_NO_LEAPS;
    }
    if (result != LEAP_LIST_OK) {
        memset(list, 0, sizeof *list);
    }
    return result;
}

const char *leap_list_sentence(enum leap_list_result result)
{
    static const char *const sentences[LEAP_LIST_RESULT_COUNT] = {
#define X(name, sentence) sentence,
        LEAP_LIST_RESULT_LIST(X)
#undef X
    };

    return sentences[result];
}

uint8_t leap_list_announced(const struct leap_list *list, struct utc_time utc)
{
    int64_t midnight_ns = (calendar_day_number(utc) + 1) * DAY_NS;

    /* The first entry is where counting begins: a leap second needs one before it. */
    for (size_t i = 1; i < list->count; i++) {
        if (list->at[i].midnight.ns == midnight_ns) {
            return list->at[i].tai_s > list->at[i - 1].tai_s ? NTP_LEAP_INSERT : NTP_LEAP_DELETE;
        }
    }
    return list->count == 0 || (list->expires && utc.ns > list->expiry.ns) ? NTP_LEAP_UNSYNC
                                                                           : NTP_LEAP_NONE;
}

int leap_list_tai(const struct leap_list *list, struct utc_time utc)
{
    int tai_s = 0;

    for (size_t i = 0; i < list->count && list->at[i].midnight.ns <= utc.ns; i++) {
        tai_s = list->at[i].tai_s;
    }
    return list->expires && utc.ns > list->expiry.ns ? 0 : tai_s;
}
