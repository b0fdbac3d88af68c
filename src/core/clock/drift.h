/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * drift.h - the text of a drift file: the frequency that survives a restart.
 *
 * Three daemons' files are read, each with its own sign:
 *   two numbers, chrony:           ppm, positive when the clock is fast; and the error bound of it
 *   one number, ntpd and OpenNTPD: ppm, positive when the clock is slow
 * chrony's form is written, so that one can switch back.
 */
#ifndef CORE_CLOCK_DRIFT_H
#define CORE_CLOCK_DRIFT_H

#include <stddef.h>
#include <stdint.h>

#include "core/clock/saved.h"

#define DRIFT_RESULT_LIST(X)                                                                       \
    X(OK, "read")                                                                                  \
    X(EMPTY, "the file is empty")                                                                  \
    X(NO_NUMBER, "something in the file is not a number")                                          \
    X(TOO_MANY, "the file has more than two numbers")                                              \
    X(FREQ_RANGE, "the frequency is beyond 100000 ppm")                                            \
    X(SKEW_RANGE, "the error bound is negative")                                                   \
    X(UNSURE, "the frequency was not known when the file was written")

enum drift_result {
#define X(name, sentence) DRIFT_##name,
    DRIFT_RESULT_LIST(X)
#undef X
        DRIFT_RESULT_COUNT
};

enum { DRIFT_TEXT_SIZE = 64 };

/*
 * Any octets.  On DRIFT_OK *saved holds the frequency in our sign (positive when the clock is slow)
 * and, from chrony's form, half of the error bound as its standard deviation.  Else
 * saved->have_freq is false.  Whatever else *saved holds is left alone.
 */
enum drift_result drift_parse(struct node_saved *saved, const uint8_t *bytes, size_t size);
/* The result as a clause for people; never NULL. */
const char *drift_sentence(enum drift_result result);

/* One line of chrony's form, ended by a line feed and a zero; returns the length without the zero.
 * Only what was saved with have_freq can be written. */
size_t drift_format(const struct node_saved *saved, char text[static DRIFT_TEXT_SIZE]);

#endif
