/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * noise.h - robust scale of what a source's measurements miss that their round trips do not show:
 * the server's own wobble, timestamps taken late on a loaded host.
 *
 * It is 0 as long as most measurements allow the predicted offset.
 */
#ifndef CORE_ESTIMATE_NOISE_H
#define CORE_ESTIMATE_NOISE_H

enum { NOISE_KEPT = 32 };

struct noise {
    float excess_s[NOISE_KEPT]; /* ring of the latest */
    unsigned count;             /* ever */
    double scale_s;             /* 1.48 times the median; a Gaussian's standard deviation */
};

void noise_init(struct noise *noise);
/* How far, >= 0, a measurement missed beyond what its interval allows. */
void noise_add(struct noise *noise, double excess_s);

#endif
