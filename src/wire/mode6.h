/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mode6.h - NTP's control messages (RFC 9327), as ntpq, check_ntp_peer and ntpcheck send them.
 *
 * A request is a header and text; an answer is text, or pairs of numbers, cut into fragments of
 * 468 octets.  Only what reads is spoken here.
 */
#ifndef WIRE_MODE6_H
#define WIRE_MODE6_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MODE6_HEADER_SIZE = 12,
    MODE6_FRAGMENT_SIZE = 468,
    MODE6_PACKET_MAX = MODE6_HEADER_SIZE + MODE6_FRAGMENT_SIZE,
    MODE6_FRAGMENTS_MAX = 30, /* NTPsec's ntpq takes 32 */
    MODE6_ANSWER_MAX = MODE6_FRAGMENTS_MAX * MODE6_FRAGMENT_SIZE,
    MODE6_NAME_SIZE = 40,
};

enum mode6_op {
    MODE6_UNSPECIFIED = 0,
    MODE6_READ_STATUS = 1,
    MODE6_READ_VARIABLES = 2,
    MODE6_WRITE_VARIABLES = 3,
    MODE6_READ_CLOCK = 4,
    MODE6_WRITE_CLOCK = 5,
    MODE6_CONFIGURE = 8,
    MODE6_READ_MRU = 10,
    MODE6_READ_ORDERED = 11,
    MODE6_REQUEST_NONCE = 12,
};

enum mode6_error {
    MODE6_OK = 0,
    MODE6_NO_PERMISSION = 1,
    MODE6_BAD_FORMAT = 2,
    MODE6_BAD_OP = 3,
    MODE6_BAD_ASSOCIATION = 4,
    MODE6_UNKNOWN_VARIABLE = 5,
    MODE6_BAD_VALUE = 6,
    MODE6_SILENCE = 0xff, /* not on the wire: such a datagram is not answered */
};

struct mode6_request {
    uint8_t version;
    uint8_t op; /* enum mode6_op, or anything up to 31 */
    uint16_t sequence;
    uint16_t association; /* 0: the system */
    const char *text;     /* borrowed, not ended by a zero */
    size_t size;          /* of it */
};

/* MODE6_SILENCE: nothing is filled; MODE6_BAD_FORMAT: enough for mode6_error_encode(). */
enum mode6_error mode6_request_decode(struct mode6_request *request, const uint8_t *bytes,
                                      size_t size);

/*
 * The next name of a request's list "a, b=1": blanks are skipped, values ignored.  *at counts the
 * octets taken.  False at the end.  A name that is too long comes out as "".
 */
bool mode6_next_name(const struct mode6_request *request, size_t *at,
                     char name[static MODE6_NAME_SIZE]);
/* The value of `name=` in the request's text; false: it is not there, or too long. */
bool mode6_value(const struct mode6_request *request, const char *name, char *value, size_t size);

/* An answer that is being put together. */
struct mode6_answer {
    uint8_t leap; /* our own leap indicator */
    uint16_t status;
    bool overrun; /* something had no room any more */
    size_t size;
    size_t line; /* octets since the last line break */
    char text[MODE6_ANSWER_MAX];
};

/* Appends an item "name=value" with what joins it to the last one. */
void mode6_item(struct mode6_answer *answer, const char *item);
/* Ends a text answer. */
void mode6_end(struct mode6_answer *answer);

/*
 * Fragment `index` of the answer; returns its octets, 0: there is none.  An empty answer has one
 * fragment.
 */
size_t mode6_fragment(const struct mode6_request *request, const struct mode6_answer *answer,
                      unsigned index, uint8_t bytes[static MODE6_PACKET_MAX]);
size_t mode6_error_encode(const struct mode6_request *request, uint8_t leap, enum mode6_error error,
                          uint8_t bytes[static MODE6_PACKET_MAX]);

#endif
