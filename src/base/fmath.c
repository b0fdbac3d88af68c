/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/fmath.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* log 2 in two parts; the first has 17 trailing zero bits, so that k times it is exact. */
#define LN2_HIGH 0x1.62e42fefap-1
#define LN2_LOW 0x1.cf79abc9e3b3ap-40
#define SQRT_HALF 0x1.6a09e667f3bcdp-1

static double from_bits(uint64_t bits)
{
    double result;

    memcpy(&result, &bits, sizeof result);
    return result;
}

static uint64_t to_bits(double x)
{
    uint64_t bits;

    memcpy(&bits, &x, sizeof bits);
    return bits;
}

double fmath_exp2i(int n)
{
    if (n < -1022) {
        return n < -1074 ? 0.0 : from_bits((uint64_t)(n + 60 + 1023) << 52) * 0x1p-60;
    }
    return from_bits(n > 1023 ? UINT64_C(0x7ff) << 52 : (uint64_t)(n + 1023) << 52);
}

/*
 * x = k log 2 + r with |r| <= log 2 / 2, where 13 terms of the power series leave 4e-18.  The two
 * largest terms are added last, so that the rounding errors of the others don't count.
 */
double fmath_exp(double x)
{
    static const double inverse_factorial[] = {
        1.0 / 2,       1.0 / 6,          1.0 / 24,          1.0 / 120,
        1.0 / 720,     1.0 / 5040,       1.0 / 40320,       1.0 / 362880,
        1.0 / 3628800, 1.0 / 39916800.0, 1.0 / 479001600.0, 1.0 / 6227020800.0,
    };
    double k;
    double r;
    double low;
    double square;
    double odd = 0;
    double tail = 0;
    int half;

    if (!(x <= 709.8)) {
        return x > 709.8 ? (double)INFINITY : x;
    }
    if (x < -745.2) {
        return 0;
    }
    k = floor(x * 0x1.71547652b82fep+0 + 0.5);
    low = k * LN2_LOW;
    r = (x - k * LN2_HIGH) - low;
    /* What the subtraction of `low` rounded away. */
    low = ((x - k * LN2_HIGH) - r) - low;
    /* Even and odd terms apart: two short chains of dependent operations for one long one. */
    square = r * r;
    for (int i = (int)(sizeof inverse_factorial / sizeof *inverse_factorial) - 1; i > 0; i -= 2) {
        odd = odd * square + inverse_factorial[i];
        tail = tail * square + inverse_factorial[i - 1];
    }
    tail += odd * r;
    /* Scaled in two steps: 2^k itself may be out of range where the result is not. */
    half = (int)k / 2;
    return (1 + (r + (tail * r * r + low))) * fmath_exp2i(half) * fmath_exp2i((int)k - half);
}

/*
 * log(1 + f) + k log 2 for sqrt(1/2) <= 1 + f < sqrt(2): with s = f / (2 + f) it is 2 atanh(s), and
 * 2 s = f - s f, so that f, exact, is the largest term and what is rounded is small beside it.
 */
static double log_core(double f, int k)
{
    double s = f / (2 + f);
    double square = s * s;
    double fourth = square * square;
    double odd = 0;
    double even = 0;
    double series;

    /* Two chains, as in fmath_exp(). */
    for (int i = 23; i >= 7; i -= 4) {
        odd = odd * fourth + 2.0 / i;
        even = even * fourth + 2.0 / (i - 2);
    }
    series = 2.0 / 3 + square * (even + square * odd);
    return k * LN2_HIGH + (f - (s * (f - series * square) - k * LN2_LOW));
}

double fmath_log(double x)
{
    uint64_t bits;
    double mantissa;
    int k = 0;

    if (!(x > 0)) {
        return x == 0 ? -(double)INFINITY : (double)NAN;
    }
    if (x > 0x1.fffffffffffffp+1023) {
        return x;
    }
    if (x < 0x1p-1022) {
        x *= 0x1p60;
        k = -60;
    }
    bits = to_bits(x);
    k += (int)(bits >> 52) - 1022;
    mantissa = from_bits((bits & UINT64_C(0xfffffffffffff)) | UINT64_C(1022) << 52);
    if (mantissa < SQRT_HALF) {
        mantissa *= 2;
        k--;
    }
    return log_core(mantissa - 1, k);
}

double fmath_log1p(double x)
{
    double sum = 1 + x;
    double lost;

    if (x > SQRT_HALF - 1 && x < 2 * SQRT_HALF - 1) {
        return log_core(x, 0);
    }
    if (!(x > -1) || sum > 0x1p60) {
        return fmath_log(sum);
    }
    lost = x < 1 ? x - (sum - 1) : 1 - (sum - x);
    return fmath_log(sum) + lost / sum;
}

/* erf(x) for 0 <= x < 1/2: the power series of exp(x^2) erf(x), in which nothing cancels. */
static double erf_small(double x)
{
    double term = x * 0x1.20dd750429b6dp+0; /* 2 / sqrt(pi) */
    double sum = term;

    for (int n = 1; n <= 16; n++) {
        term *= 2 * x * x / (2 * n + 1);
        sum += term;
    }
    return sum * fmath_exp(-x * x);
}

/*
 * exp(x^2) erfc(x) = 2 x / pi times the integral over t > 0 of exp(-t^2) / (t^2 + x^2), by the
 * trapezoidal rule with step 1/2, whose error is exp(-4 pi^2) = 7e-18 once the residue at the pole
 * t = ix is taken out (Chiarella and Reichel 1968).
 */
static double erfc_large(double x)
{
    static const double gauss[] = {
        /* exp(-n^2 / 4), n = 1..12 */
        0x1.8ebef9eac820bp-1,  0x1.78b56362cef38p-2,  0x1.afb718e8457f7p-4,  0x1.2c155b8213cf4p-6,
        0x1.fa0e9586aebc7p-10, 0x1.02cf22526545ap-13, 0x1.411fb0da07713p-18, 0x1.e355bbaee85cbp-24,
        0x1.b93de1e27ca3bp-30, 0x1.e8a37a45fc32ep-37, 0x1.4835bd010a41bp-44, 0x1.0b6c3afdde064p-52,
    };
    double sum = 0.5 / (x * x);
    /* x^2 exactly, in two parts: at 25 the rounding of x^2 alone would cost 6e-14. */
    double high = from_bits(to_bits(x) & ~UINT64_C(0x7ffffff));
    double bell = fmath_exp(-high * high) * fmath_exp(-(x - high) * (x + high));
    double result;

    for (int n = 1; n <= 12; n++) {
        sum += gauss[n - 1] / (0.25 * n * n + x * x);
    }
    /* The bell last: it may be so small that a product with less than 1 would lose digits twice. */
    result = bell * (sum * x * 0x1.45f306dc9c883p-2); /* 1 / pi */
    if (x < 6.25) {
        result -= 2 / (fmath_exp(x * 0x1.921fb54442d18p+3) - 1); /* 4 pi */
    }
    return result;
}

double fmath_erfc(double x)
{
    if (x != x) {
        return x;
    }
    if (x < 0) {
        return x < -6.5 ? 2 : 2 - fmath_erfc(-x);
    }
    if (x > 27.3) {
        return 0;
    }
    return x < 0.5 ? 1 - erf_small(x) : erfc_large(x);
}
