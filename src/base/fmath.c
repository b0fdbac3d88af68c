/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/fmath.h"

#include <stdint.h>
#include <string.h>

double fmath_exp2i(int n)
{
    double result;
    uint64_t bits;

    if (n < -1022) {
        return n < -1074 ? 0.0 : fmath_exp2i(n + 60) * 0x1p-60;
    }
    bits = n > 1023 ? UINT64_C(0x7ff) << 52 : (uint64_t)(n + 1023) << 52;
    memcpy(&result, &bits, sizeof result);
    return result;
}
