/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/shared_pages.h"

#include <string.h>

#include "config/config.h"
#include "core/server/rules.h"
#include "daemon/descriptors.h"
#include "daemon/life.h"
#include "daemon/worker_report.h"
#include "sys/unix_socket.h"
#include "wire/cookie.h"
#include "wire/ke_totals.h"
#include "wire/line.h"
#include "wire/status.h"

enum { RECORD_SOURCES = 1024 };

struct shape {
    uint32_t layout;
    size_t size;
};

static struct shape shape_of(enum shared_page which)
{
    const struct shape shapes[SHARED_PAGES] = {
        [SHARED_LIFE] = {PAGE_LAYOUT_LIFE, LIFE_TEXT_SIZE},
        [SHARED_LINE] = {TIME_LINE_LAYOUT, sizeof(struct time_line)},
        [SHARED_RECORD] = {PAGE_LAYOUT_RECORD, status_size_max(RECORD_SOURCES)},
        [SHARED_COUNTERS] = {PAGE_LAYOUT_COUNTERS, worker_page_size()},
        [SHARED_RULES] = {PAGE_LAYOUT_RULES, sizeof(struct runtime_rules)},
        [SHARED_CONFIG] = {PAGE_LAYOUT_CONFIG, SHARED_CONFIG_SIZE},
        [SHARED_RING] = {COOKIE_RING_LAYOUT, sizeof(struct cookie_ring)},
        [SHARED_TOTALS] = {KE_TOTALS_LAYOUT, sizeof(struct ke_totals)},
        /* Megabytes at most; what is not written takes no memory. */
        [SHARED_ACCESS] = {KE_ACCESS_LAYOUT,
                           (CONFIG_RESOLVED_MAX + RULES_MAX) * sizeof(struct access_rule)},
    };

    return shapes[which];
}

bool shared_pages_renew(struct shared_pages *pages, enum shared_page which)
{
    const struct shape shape = shape_of(which);
    struct page fresh;

    if (page_create(&fresh, NULL, shape.layout, shape.size) != ERR_NONE) {
        return false;
    }
    int reader = page_reader_fd(&fresh);
    if (reader < 0) {
        page_close(&fresh);
        return false;
    }
    page_close(&pages->at[which]);
    unix_close(&pages->readers[which]);
    pages->at[which] = fresh;
    pages->readers[which] = reader;
    return true;
}

bool shared_pages_open(struct shared_pages *pages, const struct page *line)
{
    bool good = true;

    for (int i = 0; i < SHARED_PAGES; i++) {
        pages->at[i] = (struct page){.fd = -1};
        pages->readers[i] = -1;
    }
    for (int i = 0; i < SHARED_PAGES; i++) {
        if (i == SHARED_LINE && line->map != NULL) {
            pages->at[i] = *line;
            pages->readers[i] = page_reader_fd(line);
            good = good && pages->readers[i] >= 0;
        } else {
            good = shared_pages_renew(pages, (enum shared_page)i) && good;
        }
    }
    return good;
}

void shared_pages_tell(struct shared_pages *pages, enum shared_page which, const char *text)
{
    page_write(&pages->at[which], text, strlen(text) + 1);
}
