/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/life.h"

#include <stdio.h>
#include <string.h>

#include "daemon/descriptors.h"
#include "sys/clock.h"

void life_promise(struct page *page, struct steady_time until)
{
    page_mark_set(page, PAGE_MARK_AWAKE, (uint64_t)until.ns);
}

void life_rate(struct page *page, struct freq rate)
{
    uint64_t bits;

    memcpy(&bits, &rate.s_per_s, sizeof bits);
    page_mark_set(page, PAGE_MARK_RATE, bits);
    page_mark_set(page, PAGE_MARK_RATE_KNOWN, 1);
}

void life_tell(struct page *page, const char *text)
{
    char status[LIFE_TEXT_SIZE] = {0};

    (void)snprintf(status, sizeof status, "%s", text);
    page_write(page, status, sizeof status);
}

enum err life_create(struct page *page)
{
    return page_create(page, NULL, PAGE_LAYOUT_LIFE, LIFE_TEXT_SIZE);
}

void life_begin(struct page *page, struct steady_time until)
{
    page_mark_set(page, PAGE_MARK_RATE_KNOWN, 0);
    life_promise(page, until);
}

bool life_text(const struct page *page, char text[static LIFE_TEXT_SIZE])
{
    size_t size = 0;

    if (page_read(page, text, LIFE_TEXT_SIZE, &size) != ERR_NONE || size != LIFE_TEXT_SIZE) {
        return false;
    }
    text[LIFE_TEXT_SIZE - 1] = '\0';
    return true;
}

bool life_take_rate(struct page *page, struct freq *rate)
{
    uint64_t bits = page_mark(page, PAGE_MARK_RATE);
    bool known = page_mark(page, PAGE_MARK_RATE_KNOWN) == 1;

    page_mark_set(page, PAGE_MARK_RATE_KNOWN, 0);
    memcpy(&rate->s_per_s, &bits, sizeof bits);
    return known;
}

void life_settle_clock(struct page *page, const struct log_sink *log)
{
    struct freq rate;

    if (life_take_rate(page, &rate) && clock_kernel_set_rate(rate) != ERR_NONE) {
        log_line(log, LOG_SEVERITY_WARNING, "the clock keeps the rate it had");
    }
}

bool life_look(struct life_watch *watch, const struct page *page, struct steady_time now)
{
    const uint64_t promise = page_mark(page, PAGE_MARK_AWAKE);
    const int64_t look_ns = watch->look.ns > 0 ? watch->look.ns : LIFE_LOOK_S * NS_PER_S;
    /* A promise of more than an hour is none that could be watched; nor can it overflow. */
    const int64_t most_ns = now.ns + LIFE_PROMISE_MAX_S * NS_PER_S;

    if (promise != watch->seen) {
        int64_t from_ns = (int64_t)promise > now.ns ? (int64_t)promise : now.ns;

        watch->seen = promise;
        watch->looks = 0;
        watch->next.ns = (from_ns < most_ns ? from_ns : most_ns) + look_ns;
        return false;
    }
    if (now.ns < watch->next.ns) {
        return false;
    }
    watch->next.ns = now.ns + look_ns;
    if (++watch->looks < LIFE_LOOKS) {
        return false;
    }
    watch->looks = 0;
    return true;
}
