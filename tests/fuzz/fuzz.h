/* SPDX-License-Identifier: BSD-2-Clause */
/* fuzz.h - what every fuzz target defines: takes any bytes, returns 0, crashes on a bug. */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
