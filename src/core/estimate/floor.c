/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/estimate/floor.h"

#include <math.h>

static const double never_s = 1e9;
/*
 * A bucket is long in samples, so that a floor is well known, and in time, so that at fast polls
 * an hour of congestion is not taken for the path; at slow polls it ends after a week.
 */
static const unsigned bucket_samples = 2000;
static const double bucket_min_s = 4 * 3600.0;
static const double bucket_max_s = 7 * 86400.0;
/* A silence of this many polls makes the latest round trips history ... */
static const double gap_polls = 32;
/* ... but the change from a burst to ordinary polls is no silence. */
static const double gap_interval_min_s = 64;

void floor_init(struct floor_track *track, double known_s)
{
    *track = (struct floor_track){.known_s = known_s, .bucket_s = {never_s, never_s}};
}

void floor_clear_recent(struct floor_track *track)
{
    track->count = 0;
}

static void note_interval(struct floor_track *track, struct mono_time when)
{
    double elapsed = mono_diff_s(when, track->last);
    double usual = fmax(track->interval_s, gap_interval_min_s);

    if (elapsed > gap_polls * usual) {
        floor_clear_recent(track);
        return;
    }
    track->interval_s += (elapsed - track->interval_s) / 8;
}

static void close_bucket_if_full(struct floor_track *track, struct mono_time when)
{
    double age = mono_diff_s(when, track->bucket_opened);

    if ((track->in_bucket[1] >= bucket_samples && age >= bucket_min_s) || age >= bucket_max_s) {
        track->bucket_s[0] = track->bucket_s[1];
        track->in_bucket[0] = track->in_bucket[1];
        track->bucket_s[1] = never_s;
        track->in_bucket[1] = 0;
        track->bucket_opened = when;
    }
}

void floor_add(struct floor_track *track, struct mono_time when, double delay_s)
{
    if (!track->started) {
        track->started = true;
        track->bucket_opened = when;
        track->interval_s = 1;
    } else {
        note_interval(track, when);
        close_bucket_if_full(track, when);
    }
    track->last = when;
    track->bucket_s[1] = fmin(track->bucket_s[1], delay_s);
    track->in_bucket[1]++;
    track->history_s[track->count % FLOOR_HISTORY] = delay_s;
    track->count++;
}

static double mean_delay(const struct floor_track *track)
{
    unsigned kept = track->count < FLOOR_HISTORY ? track->count : FLOOR_HISTORY;
    double sum = 0;

    for (unsigned i = 0; i < kept; i++) {
        sum += track->history_s[i];
    }
    return kept > 0 ? sum / kept : 0;
}

static struct floor_view view(const struct floor_track *track, double floor_s, unsigned seen,
                              double precision_s)
{
    struct floor_view view = {.floor_s = floor_s};

    if (track->known_s > 0) {
        view.floor_s = fmin(floor_s, track->known_s);
    }
    view.jitter_s = fmax((mean_delay(track) - view.floor_s) / 2, precision_s);
    if (track->known_s <= 0) {
        /* The mean excess over the floor of the least of n sums of two exponential delays. */
        view.gap_s = 0.63 * view.jitter_s / sqrt((double)(seen > 0 ? seen : 1));
    }
    return view;
}

struct floor_view floor_long(const struct floor_track *track, double precision_s)
{
    return view(track, fmin(track->bucket_s[0], track->bucket_s[1]),
                track->in_bucket[0] + track->in_bucket[1], precision_s);
}

struct floor_view floor_short(const struct floor_track *track, double precision_s)
{
    unsigned kept = track->count < FLOOR_RECENT ? track->count : FLOOR_RECENT;
    double least = never_s;

    for (unsigned i = 0; i < kept; i++) {
        least = fmin(least, track->history_s[(track->count - 1 - i) % FLOOR_HISTORY]);
    }
    return view(track, least, kept, precision_s);
}
