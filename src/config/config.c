/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/config.h"

#include "wire/chrony.h"

enum { NTP_PORT = 123, CHRONYC_PORT = 323, NTS_PORT = 4460 };

void config_init(struct config *config, struct config_space *space)
{
    *config = (struct config){
        .daemon = {.port = NTP_PORT,
                   .acquisition_port = -1,
                   .command_port = CHRONYC_PORT,
                   .open_commands = CHRONY_OPEN_STANDARD,
                   .log_banner = 32,
                   .command_limit = {.interval_log2 = -4, .burst = 8, .leak = 2},
                   .drift_interval_s = 3600,
                   .nts_port = NTS_PORT,
                   .nts_rotate_s = 604800,
                   .nts_connections = 100,
                   .nts_threads = 1,
                   .nts_limit = {.interval_log2 = 6, .burst = 8, .leak = 2}},
        .min_samples = 6,
        .space = space,
    };
    node_options_default(&config->node);
    if (space) {
        config->node.sources = space->sources;
        config->node.constraints = space->constraints;
        config->node.access = space->access;
        space->rule_count = 0;
        space->command_rule_count = 0;
        space->strings_used = 0;
        space->files_used = 0;
        space->directory_count = 0;
        space->use_count = 0;
    }
}

const char *const *config_directories(const struct config *config, size_t *count)
{
    *count = config->space->directory_count;
    return config->space->directories;
}
