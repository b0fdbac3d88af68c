/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/view.h"

#include <string.h>

#include "base/calendar.h"
#include "base/units.h"

enum { NTP_PORT = 123 };

void view_colored(struct text *text, const struct view *view, enum view_color color,
                  const char *word)
{
    static const char *const codes[] = {
        [VIEW_GOOD] = "\033[32m", [VIEW_WARN] = "\033[33m", [VIEW_BAD] = "\033[31m",
        [VIEW_DIM] = "\033[2m",   [VIEW_BOLD] = "\033[1m",
    };

    if (!view->color || color == VIEW_PLAIN) {
        text_add(text, word);
        return;
    }
    text_add(text, codes[color]);
    text_add(text, word);
    text_add(text, "\033[0m");
}

enum view_color view_source_color(uint8_t state)
{
    switch (state) {
    case SOURCE_SELECTED:
    case SOURCE_COMBINED:
        return VIEW_GOOD;
    case SOURCE_FALSETICKER:
    case SOURCE_BAD:
    case SOURCE_UNREACHABLE:
    case SOURCE_UNSYNCHRONISED:
    case SOURCE_KOD:
    case SOURCE_UNRESOLVED:
    case SOURCE_NO_MAJORITY:
    case SOURCE_NO_KEY:
    case SOURCE_UNAUTHENTICATED:
    case SOURCE_KEY_EXCHANGE:
    case SOURCE_CERT_TIME:
    case SOURCE_NO_CONSTRAINT:
    case SOURCE_CONTRADICTS:
        return VIEW_BAD;
    case SOURCE_TOO_FAR:
    case SOURCE_STRATUM:
    case SOURCE_JUMPED:
    case SOURCE_UNTRUSTED:
        return VIEW_WARN;
    case SOURCE_NOSELECT:
    case SOURCE_OFFLINE:
        return VIEW_DIM;
    default:
        return VIEW_PLAIN;
    }
}

enum view_color view_node_color(uint8_t state)
{
    switch (state) {
    case NODE_SYNCHRONISED:
        return VIEW_GOOD;
    case NODE_UNSYNCHRONISED:
        return VIEW_BAD;
    case NODE_HOLDOVER:
    case NODE_LOCAL:
        return VIEW_WARN;
    default:
        return VIEW_PLAIN;
    }
}

static struct utc_time local(const struct view *view, struct utc_time t)
{
    return (struct utc_time){t.ns + view->zone_s * NS_PER_S};
}

void view_when(struct text *text, const struct view *view, struct utc_time t)
{
    struct utc_time here = local(view, t);
    struct civil civil = civil_from_utc(here);

    if (t.ns == 0) {
        text_add(text, "never");
        return;
    }
    if (calendar_day_number(here) != calendar_day_number(local(view, view->now))) {
        text_padded(text, (uint64_t)civil.year, 4);
        text_char(text, '-');
        text_padded(text, (uint64_t)civil.month, 2);
        text_char(text, '-');
        text_padded(text, (uint64_t)civil.day, 2);
        text_char(text, ' ');
    }
    text_padded(text, (uint64_t)civil.hour, 2);
    text_char(text, ':');
    text_padded(text, (uint64_t)civil.minute, 2);
}

/* Whole seconds: fractions of an age mean nothing to anybody. */
void view_ago(struct text *text, const struct view *view, struct utc_time t)
{
    int64_t age_s = (view->now.ns - t.ns) / NS_PER_S;

    if (t.ns == 0) {
        text_add(text, "never");
    } else if (age_s < 10) {
        text_i64(text, age_s > 0 ? age_s : 0);
        text_add(text, " s");
    } else {
        text_duration(text, (double)age_s);
    }
}

void view_when_ago(struct text *text, const struct view *view, struct utc_time t)
{
    view_when(text, view, t);
    if (t.ns != 0) {
        text_add(text, " (");
        view_ago(text, view, t);
        text_add(text, " ago)");
    }
}

void view_address(struct text *text, const struct address *address)
{
    char buffer[ADDRESS_TEXT_SIZE];

    if (address->port == NTP_PORT || address->port == 0) {
        address_print(address, buffer);
    } else {
        address_print_port(address, buffer);
    }
    text_add(text, buffer);
}

void view_source(struct text *text, const struct source_status *source)
{
    struct address literal;

    if (address_parse(&literal, source->name) && source->address.family != ADDRESS_NONE) {
        view_address(text, &source->address);
        return;
    }
    text_add(text, source->name);
    if (source->address.family != ADDRESS_NONE) {
        text_add(text, " (");
        view_address(text, &source->address);
        text_char(text, ')');
    }
}

static void found_by_dhcp(struct text *text, const struct source_status *source)
{
    text_add(text, "named by ");
    text_add(text,
             source->found_by == FOUND_BY_NOBODY ? "DHCP" : found_by_people(source->found_by));
    if (source->found_interface[0] != '\0') {
        text_add(text, " for ");
        text_add(text, source->found_interface);
    }
    if (source->found_by != FOUND_BY_NOBODY) {
        text_add(text, " (DHCP)");
    }
}

bool view_was_found(const struct source_status *source)
{
    return source->address.family != ADDRESS_NONE &&
           (source->found_how > FOUND_DNS || source->saved_at.ns != 0 || source->unvalidated);
}

void view_found(struct text *text, const struct source_status *source)
{
    switch ((enum found_how)source->found_how) {
    case FOUND_DNS:
        text_add(text, "address record of its name");
        break;
    case FOUND_SRV:
        text_add(text, "SRV record, priority ");
        text_u64(text, source->srv_priority);
        text_add(text, ", weight ");
        text_u64(text, source->srv_weight);
        break;
    case FOUND_DHCP:
        found_by_dhcp(text, source);
        break;
    case FOUND_CLOUD:
        text_add(text, "offered by ");
        text_add(text, found_by_people(source->found_by));
        break;
    case FOUND_CONFIG:
    case FOUND_HOW_COUNT:
        text_add(text, "written in the configuration, or added by command");
        break;
    }
    if (source->saved_at.ns != 0) {
        text_add(text, ", as it was on ");
        text_time(text, source->saved_at, 0);
        text_add(text, ": it can't be looked up");
    }
    if (source->unvalidated) {
        text_add(text, ", not validated (DNSSEC)");
    }
}

unsigned view_reach_answered(const struct source_status *source)
{
    unsigned count = 0;

    for (unsigned bit = 0; bit < 16; bit++) {
        count += source->reach >> bit & 1U;
    }
    return count;
}

unsigned view_reach_asked(const struct source_status *source)
{
    return source->sent < 16 ? source->sent : 16;
}

void view_plural(struct text *text, uint64_t count, const char *noun)
{
    text_u64(text, count);
    text_char(text, ' ');
    text_add(text, noun);
    if (count != 1) {
        text_char(text, 's');
    }
}
