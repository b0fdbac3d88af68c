/* SPDX-License-Identifier: BSD-2-Clause */
#include "helper/places.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/must.h"
#include "helper/leases.h"
#include "helper/metadata.h"
#include "sys/clock.h"
#include "sys/directory.h"
#include "sys/dmi.h"
#include "sys/interface.h"
#include "sys/storage.h"
#include "sys/unix_socket.h"
#include "sys/watch.h"
#include "wire/cloud.h"

enum { FILE_MAX = 256 << 10, NAMES_MAX = 64 << 10, FILES_MAX = 4096, PATH_SIZE = 512 };

#define NETWORKD "/run/systemd/netif/links"
static const char *const hooks[] = {"/run/noon-dhcp", "/run/chrony-dhcp"};
static const char *const leases[] = {"/var/lib/dhcp", "/var/lib/dhclient",
                                     "/var/lib/NetworkManager"};
static const char *const watched[] = {
    NETWORKD,        "/run/noon-dhcp",    "/run/chrony-dhcp",
    "/var/lib/dhcp", "/var/lib/dhclient", "/var/lib/NetworkManager"};

/* Directories under /run, which may be made after the start, and what they are made in. */
static const char *const in_run[][3] = {{NETWORKD, "/run/systemd/netif", "/run/systemd"},
                                        {"/run/noon-dhcp", "/run", "/run"},
                                        {"/run/chrony-dhcp", "/run", "/run"}};
static const char *const elsewhere[] = {"/var/lib/dhcp",
                                        "/var/lib/dhclient",
                                        "/var/lib/NetworkManager",
                                        "/sys/class/dmi",
                                        "/sys/devices/virtual/dmi",
                                        "/mnt/config/openstack",
                                        "/media/configdrive/openstack"};

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

/* OpenStack: where its config drive is mounted, by habit, and its metadata service. */
static const char *const config_drives[] = {"/mnt/config", "/media/configdrive"};
#define METADATA_SERVER "169.254.169.254"

struct places {
    int watch;
    const struct log_sink *log; /* NULL: nobody is told */
    struct metadata metadata;
    char told[METADATA_REASON_SIZE]; /* the last reason that was logged */
    char names[NAMES_MAX];
    const char *sorted[FILES_MAX];
    char text[FILE_MAX];
};

const char *places_nearest(const char *const candidates[static 3])
{
    size_t i = 0;

    while (i < 2 && !directory_exists(candidates[i])) {
        i++;
    }
    return candidates[i];
}

void places_allow(struct sandbox_paths *paths)
{
    for (size_t i = 0; i < COUNT(in_run); i++) {
        must(paths->read_count < SANDBOX_PATHS_MAX);
        paths->read[paths->read_count++] = places_nearest(in_run[i]);
    }
    for (size_t i = 0; i < COUNT(elsewhere); i++) {
        must(paths->read_count < SANDBOX_PATHS_MAX);
        paths->read[paths->read_count++] = elsewhere[i];
    }
}

struct places *places_open(bool follow, const struct log_sink *log)
{
    static const struct found found = {.how = FOUND_CLOUD, .by = FOUND_BY_OPENSTACK};
    struct places *places = calloc(1, sizeof *places);
    struct address server;

    if (places != NULL) {
        must(address_parse(&server, METADATA_SERVER));
        server.port = 80;
        metadata_init(&places->metadata, &server, &found);
        places->log = log;
        places->watch = follow ? watch_open() : -1;
        if (places->watch >= 0) {
            watch_directories(places->watch, watched, COUNT(watched));
        }
    }
    return places;
}

void places_close(struct places *places)
{
    if (places != NULL) {
        metadata_close(&places->metadata);
        unix_close(&places->watch);
    }
    free(places);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names of a directory's files, in the order of the alphabet; returns how many. */
static size_t list(struct places *places, const char *directory)
{
    size_t size = 0, count = 0;

    if (directory_list(directory, places->names, sizeof places->names, &size) != ERR_NONE) {
        return 0;
    }
    for (const char *at = places->names; at < places->names + size && count < FILES_MAX;
         at += strlen(at) + 1) {
        places->sorted[count++] = at;
    }
    qsort(places->sorted, count, sizeof places->sorted[0], by_name);
    return count;
}

/* The content of a file of the directory; 0: nothing. */
static size_t fetch(struct places *places, const char *directory, const char *name)
{
    char path[PATH_SIZE];
    size_t size = 0;

    if (snprintf(path, sizeof path, "%s/%s", directory, name) >= (int)sizeof path ||
        storage_read(path, places->text, sizeof places->text, &size) != ERR_NONE) {
        return 0;
    }
    return size;
}

static void from_networkd(struct places *places, struct leads *leads)
{
    size_t count = list(places, NETWORKD);

    for (size_t i = 0; i < count; i++) {
        struct found found = {.how = FOUND_DHCP, .by = FOUND_BY_NETWORKD};
        size_t before = leads->count;
        unsigned long index = strtoul(places->sorted[i], NULL, 10);
        char name[INTERFACE_NAME_SIZE];

        leases_networkd(places->text, fetch(places, NETWORKD, places->sorted[i]), &found, leads);
        if (leads->count == before || !interface_name((unsigned)index, name)) {
            continue; /* most interfaces name nobody */
        }
        for (size_t j = before; j < leads->count; j++) {
            memcpy(leads->at[j].found.interface, name, sizeof name);
        }
    }
}

static bool has_end(const char *name, const char *end)
{
    size_t length = strlen(name), end_length = strlen(end);

    return length > end_length && strcmp(name + length - end_length, end) == 0;
}

static void from_leases(struct places *places, const char *directory, struct leads *leads)
{
    size_t count = list(places, directory);

    for (size_t i = 0; i < count; i++) {
        const struct found found = {.how = FOUND_DHCP, .by = FOUND_BY_DHCLIENT};
        const char *name = places->sorted[i];

        if (strncmp(name, "dhclient", 8) == 0 &&
            (has_end(name, ".leases") || has_end(name, ".lease"))) {
            leases_dhclient(places->text, fetch(places, directory, name), &found, leads);
        }
    }
}

/* Whose files end so. */
struct agent {
    const char *end;
    enum found_by by;
};

/* "eth0.dhclient.sources" is dhclient's word on eth0; what does not end so is some hook's. */
static struct found found_of_hook(const char *name)
{
    /* What came by DHCPv6 has a file of its own. */
    static const struct agent agents[] = {
        {".networkmanager", FOUND_BY_NETWORKMANAGER},
        {".networkmanager6", FOUND_BY_NETWORKMANAGER},
        {".dhclient", FOUND_BY_DHCLIENT},
        {".dhclient6", FOUND_BY_DHCLIENT},
        {".dhcpcd", FOUND_BY_DHCPCD},
        {".dhcpcd6", FOUND_BY_DHCPCD},
        {".udhcpc", FOUND_BY_UDHCPC},
        {".udhcpc6", FOUND_BY_UDHCPC},
    };
    struct found found = {.how = FOUND_DHCP, .by = FOUND_BY_HOOK};
    char stem[256];

    (void)snprintf(stem, sizeof stem, "%.*s", (int)(strlen(name) - strlen(".sources")), name);
    for (size_t i = 0; i < COUNT(agents); i++) {
        if (has_end(stem, agents[i].end)) {
            stem[strlen(stem) - strlen(agents[i].end)] = '\0';
            found.by = (uint8_t)agents[i].by;
        }
    }
    if (strlen(stem) < sizeof found.interface && strspn(stem, " \t") == 0) {
        memcpy(found.interface, stem, strlen(stem));
    }
    return found;
}

static void from_hooks(struct places *places, const char *directory, struct leads *leads)
{
    size_t count = list(places, directory);

    for (size_t i = 0; i < count; i++) {
        const char *name = places->sorted[i];

        if (has_end(name, ".sources") && name[0] != '.') {
            const struct found found = found_of_hook(name);

            leases_hook(places->text, fetch(places, directory, name), &found, leads);
        }
    }
}

static void find_dhcp(void *context, struct leads *leads)
{
    struct places *places = context;

    from_networkd(places, leads);
    for (size_t i = 0; i < COUNT(hooks); i++) {
        from_hooks(places, hooks[i], leads);
    }
    for (size_t i = 0; i < COUNT(leases); i++) {
        from_leases(places, leases[i], leads);
    }
}

/* The config drive, when somebody has mounted it; else the metadata service, in a while. */
static void from_openstack(struct places *places, struct leads *leads)
{
    static const char *const files[] = {"vendor_data.json", "vendor_data2.json"};
    const struct found found = {.how = FOUND_CLOUD, .by = FOUND_BY_OPENSTACK};

    for (size_t i = 0; i < COUNT(config_drives) * COUNT(files); i++) {
        char directory[PATH_SIZE];
        size_t size;

        (void)snprintf(directory, sizeof directory, "%s/openstack/latest",
                       config_drives[i / COUNT(files)]);
        size = fetch(places, directory, files[i % COUNT(files)]);
        if (size > 0) {
            (void)vendor_data_read(places->text, size, &found, leads);
        }
    }
    if (leads->count == 0) {
        metadata_ask(&places->metadata, clock_steady());
        *leads = places->metadata.leads;
    }
}

/* A failure is said once, until it is another. */
static bool work_metadata(void *context, struct steady_time now, bool ready)
{
    struct places *places = context;
    const struct metadata *metadata = &places->metadata;

    if (!metadata_work(&places->metadata, now, ready)) {
        return false;
    }
    if (metadata->reason[0] != '\0' && strcmp(metadata->reason, places->told) != 0 &&
        places->log != NULL) {
        log_format(places->log, LOG_SEVERITY_WARNING,
                   "OpenStack's metadata service at " METADATA_SERVER " names no time server: %s",
                   metadata->reason);
    }
    memcpy(places->told, metadata->reason, sizeof places->told);
    return true;
}

static bool poll_metadata(void *context, struct steady_time now, struct pollfd *fd,
                          struct duration *timeout)
{
    const struct places *places = context;

    return metadata_poll(&places->metadata, now, fd, timeout);
}

static void find_cloud(void *context, bool on_link, struct leads *leads)
{
    struct found found = {.how = FOUND_CLOUD};
    const struct cloud_offer *offer;
    struct cloud_dmi dmi;

    dmi_read("sys_vendor", dmi.sys_vendor, sizeof dmi.sys_vendor);
    dmi_read("product_name", dmi.product_name, sizeof dmi.product_name);
    dmi_read("chassis_asset_tag", dmi.chassis_asset_tag, sizeof dmi.chassis_asset_tag);
    dmi_read("bios_version", dmi.bios_version, sizeof dmi.bios_version);
    offer = cloud_offer(cloud_recognise(&dmi));
    if (offer == NULL || (on_link && !offer->on_link)) {
        return;
    }
    if (offer->by == FOUND_BY_OPENSTACK) {
        from_openstack(context, leads);
        return;
    }
    found.by = (uint8_t)offer->by;
    for (size_t i = 0; i < CLOUD_SERVERS_MAX && offer->servers[i] != NULL; i++) {
        (void)leads_add(leads, offer->servers[i], &found);
    }
}

static void look_again(void *context)
{
    struct places *places = context;

    watch_take(places->watch);
    watch_directories(places->watch, watched, COUNT(watched));
}

struct finder_places places_of(struct places *places)
{
    return (struct finder_places){
        .dhcp = find_dhcp,
        .cloud = find_cloud,
        .context = places,
        .watch = places->watch,
        .watched = look_again,
        .poll = poll_metadata,
        .work = work_metadata,
    };
}
