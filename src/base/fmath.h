/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fmath.h - exp, log and erfc of our own, so that one seed gives the same bits with every
 * compiler and C library.  Relative error below 4e-16 (exp, log, log1p) and 3e-15 (erfc) wherever
 * the result is not subnormal.
 */
#ifndef BASE_FMATH_H
#define BASE_FMATH_H

/* e^x; 0 below -745, infinity above 709.8. */
double fmath_exp(double x);
/* Natural logarithm; -infinity at 0, NaN below. */
double fmath_log(double x);
/* log(1 + x), exact for small x. */
double fmath_log1p(double x);
/* Complementary error function, 0..2. */
double fmath_erfc(double x);
/* 2^n for a whole n. */
double fmath_exp2i(int n);

#endif
