/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/rivals.h"

#include <unistd.h>

#include "sys/machine.h"

static const int64_t look_every_ns = 600 * NS_PER_S;

void rivals_look(struct rivals *rivals, struct steady_time now, bool now_please,
                 const struct log_sink *log)
{
    struct machine_rival rival = {0};

    if (!now_please && rivals->looked.ns != 0 && now.ns - rivals->looked.ns < look_every_ns) {
        return;
    }
    rivals->looked = now;
    if (machine_find_rival("/proc", getpid(), &rival)) {
        if (rival.process != rivals->process) {
            log_format(log, LOG_SEVERITY_WARNING,
                       "%s (process %d) disciplines this clock as well: two that correct each "
                       "other are worse than either. To end it: %s",
                       rival.name, rival.process, rival.remedy);
        }
    } else if (rivals->process != 0) {
        log_format(log, LOG_SEVERITY_INFO,
                   "the other program that disciplined this clock (process %d) is gone",
                   rivals->process);
    }
    rivals->process = rival.process;
}
