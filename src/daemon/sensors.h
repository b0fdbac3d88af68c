/* SPDX-License-Identifier: BSD-2-Clause */
/* sensors.h - the temperatures of this machine, from the files that the kernel shows them in. */
#ifndef DAEMON_SENSORS_H
#define DAEMON_SENSORS_H

#include <stdbool.h>

#include "config/config.h"
#include "core/clock/learnt.h"
#include "core/node/event.h"
#include "sys/log.h"

enum { SENSOR_PATH_SIZE = 256 };

struct sensors {
    unsigned count;
    char path[TEMPCOMP_SENSORS_MAX][SENSOR_PATH_SIZE];
    struct learnt_names names; /* by which they are known after a restart */
    bool failed;               /* the last reading gave nothing: has been said */
    struct steady_time next;
};

/*
 * The sensors that `tempcomp` wants: its file, or all that hwmon knows.  Call before the sandbox
 * closes: afterwards only directories that were open to it can be looked through.
 */
void sensors_find(struct sensors *sensors, const struct config *config, const struct log_sink *log);
/* The directory to leave open for them; NULL: none. */
const char *sensors_directory(const struct sensors *sensors, const struct config *config,
                              char directory[static SENSOR_PATH_SIZE]);

/* A sensor below hwmon by its device's name and its own: "coretemp/temp1_input"; else unchanged. */
void sensors_device_name(const char *path, char name[static LEARNT_NAME_SIZE]);

/* When they are to be read next; INT64_MAX: never. */
struct steady_time sensors_deadline(const struct sensors *sensors);
/* Reads them if it is time; false: it is not. */
bool sensors_read(struct sensors *sensors, const struct config *config, struct steady_time now,
                  struct event_temperature *temperatures, const struct log_sink *log);

#endif
