/* SPDX-License-Identifier: BSD-2-Clause */
#include "helper/ring_keeper.h"

#include <string.h>

#include "crypto/wipe.h"
#include "sys/entropy.h"
#include "sys/storage.h"

enum { LOOK_S = 3600, COPY_LOOK_S = 5, FILE_MODE = 0600, EVERYBODY_READS = 0004 };

bool ring_keeper_secret(struct ring_keeper *keeper, const char *path)
{
    struct storage_secret file = {
        .path = path, .fd = -1, .bytes = keeper->secret, .capacity = RING_SECRET_MAX};
    enum err err = storage_read_secret(&file);

    if (err != ERR_NONE || file.size < COOKIE_SHARED_MIN) {
        log_format(keeper->log, LOG_SEVERITY_ERROR,
                   "%s can't be used as a shared secret of NTS servers: %s", path,
                   err == ERR_NONE    ? "it needs 16 octets or more"
                   : err == ERR_RANGE ? "it is longer than 256 octets"
                                      : "it can't be read");
        return false;
    }
    if ((file.mode & EVERYBODY_READS) != 0) {
        log_format(keeper->log, LOG_SEVERITY_WARNING,
                   "%s is a secret, and everybody may read it: chmod 0600 it", path);
    }
    keeper->secret_size = file.size;
    return true;
}

/* ERR_NOT_FOUND; ERR_FORMAT, or another: it holds no keys. */
static enum err read_file(const struct ring_keeper *keeper, struct cookie_ring *ring)
{
    char text[COOKIE_RING_TEXT];
    struct storage_secret file = {
        .path = keeper->file, .fd = -1, .bytes = text, .capacity = sizeof text};
    enum err err = keeper->file[0] != '\0' ? storage_read_secret(&file) : ERR_NOT_FOUND;

    if (err == ERR_NONE && !cookie_ring_parse(ring, text, file.size)) {
        err = ERR_FORMAT;
    }
    wipe(text, sizeof text);
    return err;
}

static bool load(struct ring_keeper *keeper)
{
    enum err err = read_file(keeper, &keeper->ring);

    if (err == ERR_NOT_FOUND) {
        return false;
    }
    if (err != ERR_NONE) {
        log_format(keeper->log, LOG_SEVERITY_WARNING,
                   "%s holds no keys of cookies: new ones are made, and NTS clients come for new "
                   "cookies",
                   keeper->file);
        memset(&keeper->ring, 0, sizeof keeper->ring);
        return false;
    }
    return true;
}

static void save(const struct ring_keeper *keeper)
{
    char text[COOKIE_RING_TEXT];
    size_t size = cookie_ring_print(&keeper->ring, text);

    if (keeper->file[0] != '\0' && keeper->secret_size == 0 &&
        storage_replace(keeper->file, text, size, FILE_MODE) != ERR_NONE) {
        log_format(keeper->log, LOG_SEVERITY_WARNING,
                   "%s can't be written: after a restart NTS clients come for new cookies",
                   keeper->file);
    }
}

static void show(struct ring_keeper *keeper)
{
    page_write(keeper->page, &keeper->ring, sizeof keeper->ring);
}

static void change(struct ring_keeper *keeper, int64_t now_s)
{
    uint8_t random[2 * COOKIE_SECRET];

    if (keeper->secret_size > 0) {
        cookie_ring_derive(&keeper->ring, keeper->secret, keeper->secret_size, now_s,
                           keeper->every_s > 0 ? keeper->every_s : INT64_MAX);
        return;
    }
    entropy_fill(random, sizeof random);
    cookie_ring_turn(&keeper->ring, random, now_s);
    wipe(random, sizeof random);
    save(keeper);
}

/* Who never makes keys may be given those of another server: a file that is whole is taken. */
static void look_for_copy(struct ring_keeper *keeper)
{
    struct cookie_ring ring;

    if (read_file(keeper, &ring) == ERR_NONE && memcmp(&ring, &keeper->ring, sizeof ring) != 0) {
        keeper->ring = ring;
        show(keeper);
        log_format(keeper->log, LOG_SEVERITY_INFO, "other keys of cookies were found in %s",
                   keeper->file);
    }
    wipe(&ring, sizeof ring);
}

static int64_t seconds(struct utc_time t)
{
    return t.ns / NS_PER_S;
}

void ring_keeper_begin(struct ring_keeper *keeper, struct utc_time now)
{
    if (keeper->secret_size > 0 || !load(keeper)) {
        change(keeper, seconds(now));
    }
    show(keeper);
}

struct utc_time ring_keeper_turn(struct ring_keeper *keeper, struct utc_time now)
{
    int64_t now_s = seconds(now), changed_s = keeper->ring.changed_s;
    struct utc_time look = {now.ns + LOOK_S * NS_PER_S};

    if (keeper->every_s == 0 && keeper->secret_size == 0 && keeper->file[0] != '\0') {
        look_for_copy(keeper);
        look.ns = now.ns + COPY_LOOK_S * NS_PER_S;
    }
    if (keeper->every_s == 0) {
        return look;
    }
    /* The clock may have been set: a change in the future is none to wait for. */
    if (now_s >= changed_s + keeper->every_s || now_s + keeper->every_s < changed_s) {
        change(keeper, now_s);
        show(keeper);
        changed_s = keeper->ring.changed_s;
    }
    int64_t left_s = changed_s + keeper->every_s - now_s;
    if (left_s < LOOK_S) {
        look.ns = now.ns + (left_s > 1 ? left_s : 1) * NS_PER_S;
    }
    return look;
}
