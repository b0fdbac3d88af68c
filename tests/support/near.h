/* SPDX-License-Identifier: BSD-2-Clause */
/* near.h - comparison of doubles for tests; include after cmocka.h. */
#ifndef SUPPORT_NEAR_H
#define SUPPORT_NEAR_H

#include <math.h>

/* |a - b| <= tolerance; shows the values when not. */
#define assert_near(a, b, tolerance)                                                               \
    do {                                                                                           \
        double near_a = (a);                                                                       \
        double near_b = (b);                                                                       \
                                                                                                   \
        if (!(fabs(near_a - near_b) <= (tolerance))) {                                             \
            print_error("%s = %.17g, expected %.17g +- %g\n", #a, near_a, near_b,                  \
                        (double)(tolerance));                                                      \
            fail();                                                                                \
        }                                                                                          \
    } while (0)

#endif
