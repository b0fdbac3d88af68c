/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * leap_list.h - the leap seconds that a file of this machine knows: when they were, when the next
 * one is, and TAI - UTC.
 *
 * Two forms are read: leap-seconds.list, as IERS and NIST publish it, and a compiled time zone with
 * leap seconds (right/UTC of the tz database; RFC 8536).
 */
#ifndef CORE_CLOCK_LEAP_LIST_H
#define CORE_CLOCK_LEAP_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/units.h"

enum { LEAP_LIST_MAX = 64 };

/* From `midnight` on TAI - UTC is `tai_s`. */
struct leap_entry {
    struct utc_time midnight;
    int16_t tai_s;
};

/* Is the SHA-1 that the file tells of its lines theirs? */
enum leap_hash { LEAP_HASH_NONE, LEAP_HASH_GOOD, LEAP_HASH_BAD };

struct leap_list {
    struct leap_entry at[LEAP_LIST_MAX];
    size_t count; /* 0: nothing is known */
    bool expires; /* what is behind `expiry` is not known */
    struct utc_time expiry;
    uint8_t hash; /* enum leap_hash */
};

#define LEAP_LIST_RESULT_LIST(X)                                                                   \
    X(OK, "read")                                                                                  \
    X(NOT_TEXT, "it is no leap-seconds.list")                                                      \
    X(NOT_ZONE, "it is no compiled time zone")                                                     \
    X(NO_LEAPS, "it has no leap seconds")                                                          \
    X(ORDER, "its leap seconds are not in order")                                                  \
    X(TOO_MANY, "it has more than 64 leap seconds")

enum leap_list_result {
#define X(name, sentence) LEAP_LIST_##name,
    LEAP_LIST_RESULT_LIST(X)
#undef X
        LEAP_LIST_RESULT_COUNT
};

/* Any octets, of either form.  Unless LEAP_LIST_OK is returned the list is empty. */
enum leap_list_result leap_list_parse(struct leap_list *list, const uint8_t *bytes, size_t size);
/* The result as a clause for people; never NULL. */
const char *leap_list_sentence(enum leap_list_result result);

/* enum ntp_leap of the day of `utc`; UNSYNC: the list does not reach so far, or is empty. */
uint8_t leap_list_announced(const struct leap_list *list, struct utc_time utc);
/* TAI - UTC at `utc`; 0: not known. */
int leap_list_tai(const struct leap_list *list, struct utc_time utc);

#endif
