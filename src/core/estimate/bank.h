/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bank.h - a bank of small filters that disagree about what cannot be known in advance: how much
 * the oscillator wanders, how soft the edges of the intervals are, and whether the path's floor is
 * that of the last hours or of the last exchanges.
 *
 * Each model carries offset and frequency with their covariance; their predictions decide how much
 * each of them counts.  Nothing is left to be tuned.
 */
#ifndef CORE_ESTIMATE_BANK_H
#define CORE_ESTIMATE_BANK_H

enum { BANK_WANDERS = 9, BANK_KINDS = 6, BANK_FLOORS = 3, BANK_MODELS = BANK_WANDERS * BANK_KINDS };

enum bank_floor { BANK_FLOOR_LONG, BANK_FLOOR_SHORT, BANK_FLOOR_FITTED };

/* Offset and frequency, with their covariance. */
struct line_state {
    double offset_s;
    double freq_s_per_s;
    double var_offset_s2;
    double cov_s2_per_s;
    double var_freq; /* (s/s)^2 */
};

struct bank_model {
    struct line_state state;
    double log_weight; /* 0 for the best one */
};

struct bank {
    struct bank_model model[BANK_MODELS];
    struct line_state mean; /* of all models, with the covariance of the mixture */
    double wander;          /* of the model that predicts best, s/s per sqrt(s) */
    double outlier_share;   /* probability that the last sample was an outlier */
    double max_memory;      /* samples; older ones fade; 0: no limit */
};

/* One measurement as the models of one floor see it. */
struct bank_interval {
    double half_width_s; /* of the interval, the unseen part of the floor included */
    double doubt_s;      /* of the half-width */
    double scale_s;      /* of the noise that softens the edges: jitter, or more */
};

struct bank_sample {
    double elapsed_s; /* since the last sample, >= 0 */
    double offset_s;
    double precision_s;
    double memory;       /* samples that the present estimate is made of */
    double min_memory_s; /* models that remember less do not count; 0: all do */
    double tilt_per_s;   /* of the hard-edged models over the long floor */
    struct bank_interval interval[BANK_FLOORS];
};

/* Frequency prior; the offset is unknown until bank_anchor(). */
void bank_init(struct bank *bank, double freq_s_per_s, double freq_sd_s_per_s);
/*
 * Put every model's offset to this value and variance; frequencies stay, and none is surer
 * afterwards than var_freq_min.
 */
void bank_anchor(struct bank *bank, double offset_s, double var_s2, double var_freq_min);
/* Take a measurement. */
void bank_update(struct bank *bank, const struct bank_sample *sample);
/* Add to every offset; var_s2 is what is not known about the amount. */
void bank_shift(struct bank *bank, double offset_s, double var_s2);
/* The frequency may have changed: none is surer than this variance. */
void bank_doubt_freq(struct bank *bank, double var_freq_min);

/* A line carried on in time, under a frequency that wanders. */
struct line_state line_predict(const struct line_state *state, double elapsed_s, double wander);

#endif
