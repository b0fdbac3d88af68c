/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sensors.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/number.h"
#include "sys/directory.h"
#include "sys/storage.h"

enum { NAMES_SIZE = 16384, CONTENT_SIZE = 64 };

static const char all_devices[] = "/sys/class/hwmon";

static bool is_temperature(const char *name)
{
    size_t length = strlen(name);

    return strncmp(name, "temp", 4) == 0 && length > 10 && strcmp(name + length - 6, "_input") == 0;
}

/* Names come in any order, and the number of a sensor must stay the same over a reload. */
static int compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* The temperatures of one hwmon device. */
static void add_device(struct sensors *sensors, const char *device, char *names)
{
    char directory[SENSOR_PATH_SIZE];
    size_t size = 0;

    snprintf(directory, sizeof directory, "%s/%s", all_devices, device);
    if (directory_list(directory, names, NAMES_SIZE, &size) != ERR_NONE) {
        return;
    }
    for (const char *name = names; name < names + size; name += strlen(name) + 1) {
        char *path = sensors->path[sensors->count];

        if (sensors->count < TEMPCOMP_SENSORS_MAX && is_temperature(name) &&
            snprintf(path, SENSOR_PATH_SIZE, "%s/%.64s", directory, name) < SENSOR_PATH_SIZE) {
            sensors->count++;
        }
        if (sensors->count == TEMPCOMP_SENSORS_MAX) {
            return;
        }
    }
}

static void find_all(struct sensors *sensors)
{
    char *names = calloc(2, NAMES_SIZE);
    size_t size = 0;

    if (names && directory_list(all_devices, names, NAMES_SIZE, &size) == ERR_NONE) {
        for (const char *name = names; name < names + size && sensors->count < TEMPCOMP_SENSORS_MAX;
             name += strlen(name) + 1) {
            add_device(sensors, name, names + NAMES_SIZE);
        }
    }
    free(names);
    qsort(sensors->path, sensors->count, sizeof sensors->path[0], compare);
}

void sensors_device_name(const char *path, char name[static LEARNT_NAME_SIZE])
{
    char directory[SENSOR_PATH_SIZE], file[SENSOR_PATH_SIZE + 8];
    char device[CONTENT_SIZE + 1];
    size_t size = 0;

    storage_directory_of(path, directory, sizeof directory);
    snprintf(file, sizeof file, "%s/name", directory);
    if (storage_read(file, device, CONTENT_SIZE, &size) != ERR_NONE) {
        return;
    }
    device[size] = '\0';
    device[strcspn(device, " \t\r\n")] = '\0';
    if (device[0] != '\0') {
        snprintf(name, LEARNT_NAME_SIZE, "%s%s", device, strrchr(path, '/'));
    }
}

/* Two of one name (two disks) can't be told apart after a restart: neither has one. */
static void name_all(struct sensors *sensors, bool by_device)
{
    struct learnt_names *names = &sensors->names;
    bool twice[TEMPCOMP_SENSORS_MAX] = {false};

    names->count = sensors->count;
    for (unsigned i = 0; i < sensors->count; i++) {
        if (by_device) {
            sensors_device_name(sensors->path[i], names->name[i]);
        } else if (strlen(sensors->path[i]) < LEARNT_NAME_SIZE && !strchr(sensors->path[i], ' ')) {
            snprintf(names->name[i], LEARNT_NAME_SIZE, "%.*s", LEARNT_NAME_SIZE - 1,
                     sensors->path[i]);
        }
        for (unsigned k = 0; k < i; k++) {
            if (strcmp(names->name[i], names->name[k]) == 0) {
                twice[i] = twice[k] = true;
            }
        }
    }
    for (unsigned i = 0; i < sensors->count; i++) {
        if (twice[i]) {
            names->name[i][0] = '\0';
        }
    }
}

void sensors_find(struct sensors *sensors, const struct config *config, const struct log_sink *log)
{
    const char *file = config->daemon.temperature_file;

    memset(sensors, 0, sizeof *sensors);
    if (config->node.tempcomp.kind == TEMPCOMP_OFF) {
        return;
    }
    if (!file) {
        find_all(sensors);
    } else if (strlen(file) < SENSOR_PATH_SIZE) {
        memcpy(sensors->path[sensors->count++], file, strlen(file) + 1);
    }
    name_all(sensors, file == NULL);
    if (sensors->count == 0) {
        log_format(log, LOG_SEVERITY_WARNING,
                   "tempcomp: no temperature sensor below %s: the frequency is not corrected by "
                   "temperature",
                   all_devices);
    }
}

const char *sensors_directory(const struct sensors *sensors, const struct config *config,
                              char directory[static SENSOR_PATH_SIZE])
{
    if (sensors->count == 0) {
        return NULL;
    }
    if (!config->daemon.temperature_file) {
        return "/sys/devices"; /* where the links of hwmon lead to */
    }
    storage_directory_of(sensors->path[0], directory, SENSOR_PATH_SIZE);
    return directory;
}

struct steady_time sensors_deadline(const struct sensors *sensors)
{
    return sensors->count > 0 ? sensors->next : (struct steady_time){INT64_MAX};
}

/* NaN: it can't be read, or shows no number. */
static double read_one(const char *path)
{
    char content[CONTENT_SIZE + 1];
    size_t size = 0;
    double value;

    if (storage_read(path, content, CONTENT_SIZE, &size) != ERR_NONE) {
        return (double)NAN;
    }
    content[size] = '\0';
    content[strcspn(content, " \t\r\n")] = '\0';
    return number_decimal(content, 0, &value) ? value : (double)NAN;
}

bool sensors_read(struct sensors *sensors, const struct config *config, struct steady_time now,
                  struct event_temperature *temperatures, const struct log_sink *log)
{
    bool some = false;

    if (sensors->count == 0 || now.ns < sensors->next.ns) {
        return false;
    }
    sensors->next.ns = now.ns + duration_from_s(config->node.tempcomp.interval_s).ns;
    temperatures->count = sensors->count;
    for (unsigned i = 0; i < sensors->count; i++) {
        temperatures->value[i] = read_one(sensors->path[i]);
        some |= !isnan(temperatures->value[i]);
    }
    if (!some && !sensors->failed) {
        log_format(log, LOG_SEVERITY_WARNING,
                   "%s shows no temperature: the last correction of the frequency stays. Is it the "
                   "sensor's file, and was it there when noond started?",
                   sensors->path[0]);
    }
    sensors->failed = !some;
    return true;
}
