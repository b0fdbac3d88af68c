/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * learnt.h - the text in which that survives a restart which `tempcomp auto` has learnt.
 *
 *   changes WEIGHT YY        how many changes it was learnt from, and their squares
 *   SENSOR SPEED XX XY       a line for each way of smoothing each sensor
 *
 * All whole numbers: WEIGHT in thousandths, YY in (1e-12)^2, XX in thousandths of the sensor's unit
 * squared, XY in 1e-12 of its unit.  Sensors have names, since their order changes with the kernel.
 */
#ifndef CORE_CLOCK_LEARNT_H
#define CORE_CLOCK_LEARNT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/clock/saved.h"

enum { LEARNT_TEXT_SIZE = 4096, LEARNT_NAME_SIZE = 96 };

/* What the sensors are called: a word each, "" for one that can't be told from others. */
struct learnt_names {
    unsigned count;
    char name[TEMPCOMP_SENSORS_MAX][LEARNT_NAME_SIZE];
};

/*
 * Reads any octets.  False when there is nothing that could be true: another first line, numbers
 * that no measurement gives.  Lines about sensors that are not there are skipped.
 */
bool learnt_parse(struct tempcomp_learnt *learnt, const struct learnt_names *names,
                  const char *bytes, size_t size);

/* Writes the lines, ended by a zero; returns the length without it. */
size_t learnt_format(const struct tempcomp_learnt *learnt, const struct learnt_names *names,
                     char text[static LEARNT_TEXT_SIZE]);

#endif
