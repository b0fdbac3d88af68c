/* SPDX-License-Identifier: BSD-2-Clause */
#include "timesync1/bus.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <systemd/sd-bus.h>

#include "sys/clock.h"
#include "timesync1/facts.h"
#include "timesync1/status_reader.h"

#define BUS_NAME "org.freedesktop.timesync1"
#define BUS_PATH "/org/freedesktop/timesync1"
#define BUS_INTERFACE "org.freedesktop.timesync1.Manager"

/* One question reads a dozen properties: they are of one record. */
static const int64_t fresh_ns = 200000000;
/* Who watches is told of news that often. */
static const uint64_t look_us = 2000000;

struct service {
    const char *run_directory;
    struct status_record record;
    struct facts facts;
    struct steady_time read;
    bool have;
    uint64_t told_us; /* T4 of the exchange that was signalled last */
};

/* What noond says now; nothing selected, nothing known when it does not answer. */
static const struct facts *facts_now(struct service *service)
{
    struct steady_time now = clock_steady();
    struct status_record fresh;

    if (service->have && now.ns - service->read.ns < fresh_ns) {
        return &service->facts;
    }
    if (!status_reader_ask(service->run_directory, &fresh)) {
        fresh = (struct status_record){.count = 0};
    }
    free(service->record.sources);
    service->record = fresh;
    facts_from_record(&service->facts, &service->record);
    service->read = now;
    service->have = true;
    return &service->facts;
}

/* The signature of all getters is sd-bus's. */
#define GETTER(name)                                                                               \
    static int name(sd_bus *bus, const char *path, const char *interface, const char *property,    \
                    sd_bus_message *reply, void *userdata, sd_bus_error *error)
#define UNUSED                                                                                     \
    (void)bus;                                                                                     \
    (void)path;                                                                                    \
    (void)interface;                                                                               \
    (void)property;                                                                                \
    (void)error

GETTER(get_system_servers)
{
    UNUSED;
    /* sd-bus only reads them */
    const struct facts *facts = facts_now(userdata);
    char *names[FACTS_SERVERS_MAX + 1];

    memcpy(names, facts->system_servers, sizeof names);
    return sd_bus_message_append_strv(reply, names);
}

GETTER(get_no_servers)
{
    UNUSED;
    (void)userdata;
    return sd_bus_message_append_strv(reply, NULL);
}

GETTER(get_server_name)
{
    UNUSED;
    return sd_bus_message_append(reply, "s", facts_now(userdata)->server_name);
}

GETTER(get_server_address)
{
    UNUSED;
    const struct facts *facts = facts_now(userdata);
    int result = sd_bus_message_open_container(reply, 'r', "iay");

    if (result >= 0) {
        result = sd_bus_message_append(reply, "i", facts->family);
    }
    if (result >= 0) {
        result = sd_bus_message_append_array(reply, 'y', facts->address, facts->address_size);
    }
    return result >= 0 ? sd_bus_message_close_container(reply) : result;
}

GETTER(get_length)
{
    UNUSED;
    const struct facts *facts = facts_now(userdata);
    uint64_t value_us = strcmp(property, "RootDistanceMaxUSec") == 0   ? facts->root_distance_max_us
                        : strcmp(property, "PollIntervalMinUSec") == 0 ? facts->poll_min_us
                        : strcmp(property, "PollIntervalMaxUSec") == 0 ? facts->poll_max_us
                                                                       : facts->poll_us;

    return sd_bus_message_append(reply, "t", value_us);
}

GETTER(get_message)
{
    UNUSED;
    const struct facts_message *m = &facts_now(userdata)->message;
    int result = sd_bus_message_open_container(reply, 'r', "uuuuittayttttbtt");

    if (result >= 0) {
        result = sd_bus_message_append(reply, "uuuuitt", m->leap, m->version, m->mode, m->stratum,
                                       m->precision_log2, m->root_delay_us, m->root_dispersion_us);
    }
    if (result >= 0) {
        result = sd_bus_message_append_array(reply, 'y', m->refid, sizeof m->refid);
    }
    if (result >= 0) {
        result =
            sd_bus_message_append(reply, "ttttbtt", m->origin_us, m->receive_us, m->transmit_us,
                                  m->destination_us, (int)m->ignored, m->count, m->jitter_us);
    }
    return result >= 0 ? sd_bus_message_close_container(reply) : result;
}

GETTER(get_frequency)
{
    UNUSED;
    return sd_bus_message_append(reply, "x", facts_now(userdata)->frequency);
}

static int refuse_servers(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
    (void)call;
    (void)userdata;
    return sd_bus_error_set(error, SD_BUS_ERROR_NOT_SUPPORTED,
                            "noond's servers are set in its configuration, or by `noon add`");
}

static const sd_bus_vtable table[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_PROPERTY("LinkNTPServers", "as", get_no_servers, 0, 0),
    SD_BUS_PROPERTY("SystemNTPServers", "as", get_system_servers, 0, 0),
    SD_BUS_PROPERTY("RuntimeNTPServers", "as", get_no_servers, 0, 0),
    SD_BUS_PROPERTY("FallbackNTPServers", "as", get_no_servers, 0, 0),
    SD_BUS_PROPERTY("ServerName", "s", get_server_name, 0, 0),
    SD_BUS_PROPERTY("ServerAddress", "(iay)", get_server_address, 0, 0),
    SD_BUS_PROPERTY("RootDistanceMaxUSec", "t", get_length, 0, 0),
    SD_BUS_PROPERTY("PollIntervalMinUSec", "t", get_length, 0, 0),
    SD_BUS_PROPERTY("PollIntervalMaxUSec", "t", get_length, 0, 0),
    SD_BUS_PROPERTY("PollIntervalUSec", "t", get_length, 0, 0),
    SD_BUS_PROPERTY("NTPMessage", "(uuuuittayttttbtt)", get_message, 0,
                    SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("Frequency", "x", get_frequency, 0, 0),
    SD_BUS_METHOD("SetRuntimeNTPServers", "as", "", refuse_servers, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_VTABLE_END,
};

/* A newer exchange is told to who watches. */
static int tell_news(sd_bus *bus, struct service *service)
{
    uint64_t last_us = facts_now(service)->message.destination_us;

    if (last_us == service->told_us) {
        return 0;
    }
    service->told_us = last_us;
    return sd_bus_emit_properties_changed(bus, BUS_PATH, BUS_INTERFACE, "NTPMessage", NULL);
}

static int serve(sd_bus *bus, struct service *service)
{
    int result = sd_bus_add_object_vtable(bus, NULL, BUS_PATH, BUS_INTERFACE, table, service);

    if (result >= 0) {
        result = sd_bus_request_name(bus, BUS_NAME, 0);
    }
    if (result == -EEXIST) {
        fprintf(stderr, "noon-timesync1: " BUS_NAME " has an owner: systemd-timesyncd runs; "
                        "`systemctl disable --now systemd-timesyncd` ends it\n");
        return result;
    }
    while (result >= 0) {
        result = sd_bus_process(bus, NULL);
        if (result == 0) {
            result = sd_bus_wait(bus, look_us);
            result = result == -EINTR ? 0 : result;
        }
        if (result == 0) {
            result = tell_news(bus, service);
        }
    }
    return result;
}

int bus_serve(const char *run_directory)
{
    struct service service = {.run_directory = run_directory};
    sd_bus *bus = NULL;
    int result = sd_bus_open_system(&bus);

    if (result < 0) {
        fprintf(stderr, "noon-timesync1: there is no system bus: %s\n", strerror(-result));
        return 1;
    }
    result = serve(bus, &service);
    if (result < 0 && result != -EEXIST) {
        fprintf(stderr, "noon-timesync1: the bus does not serve us: %s%s\n", strerror(-result),
                result == -EACCES || result == -EPERM
                    ? "; its policy must let this user own " BUS_NAME
                    : "");
    }
    free(service.record.sources);
    sd_bus_unref(bus);
    return 1;
}
