/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/node/options.h"

#include <math.h>

enum { NTP_PORT = 123, NTS_KE_PORT = 4460 };

void node_options_default(struct node_options *options)
{
    *options = (struct node_options){
        .local = {.stratum = 10, .distance_s = 1.0},
        .limit = {.interval_log2 = 3, .burst = 8, .leak = 2},
        .client_log_octets = 524288,
        .max_slew_s_per_s = 83333.333e-6, /* one twelfth: a second takes twelve */
        .max_distance_s = 3.0,
        .max_jitter_s = 1.0,
        .max_drift_s_per_s = 500000e-6,
        .max_clock_error_s_per_s = 1e-6,
        .max_update_skew_s_per_s = 1000e-6,
        .log_change_s = 1.0,
        .corr_time_ratio = 3.0,
        .reselect_dist_s = 1e-4,
        .combine_limit = 3.0,
        .stratum_weight_s = 1e-3,
        .max_stratum = 15,
        .min_sources = 1,
        .nts_refresh_s = 2419200,
        .leap_mode = LEAP_SYSTEM,
    };
}

void source_options_default(struct source_options *options)
{
    *options = (struct source_options){
        .literal = {.port = NTP_PORT},
        .nts_port = NTS_KE_PORT,
        .kind = SOURCE_SERVER,
        .max_sources = 4,
        .minpoll = 6,
        .maxpoll = 10,
        .presend_minpoll = 127,
        .polltarget = 8,
        .min_samples = 6,
        .max_delay_s = 3.0,
        .max_delay_dev_ratio = 10.0,
        .asymmetry = (double)NAN,
    };
}
