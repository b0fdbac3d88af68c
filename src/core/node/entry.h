/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * entry.h - one `server` or `pool` line at run time: its name, the addresses that it has now, and
 * when to ask for them again.
 *
 * An entry outlives its associations: a name that does not exist yet, or no longer, is kept and
 * asked for again, and an address that went bad is replaced from it.
 */
#ifndef CORE_NODE_ENTRY_H
#define CORE_NODE_ENTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/units.h"
#include "core/node/event.h"
#include "core/node/names.h"
#include "core/node/options.h"
#include "wire/status.h"

struct entry {
    bool used;
    bool runtime; /* added by command: a reload leaves it alone */
    bool keep;    /* scratch of a reload */
    uint32_t id;  /* no other line has had it */
    struct source_options options;
    enum resolve_state resolve;
    uint8_t last_result; /* enum resolve_result; of the last answer */
    bool unvalidated;    /* the addresses, by DNSSEC */
    bool told_private;   /* that the addresses are private ones */
    uint32_t query;      /* in flight; 0: none */
    uint32_t answered;   /* the last one that was answered */
    struct mono_time query_sent;
    struct mono_time resolve_at; /* when to ask (again); INT64_MAX: never */
    struct mono_time resolved_at;
    const struct saved_name *saved; /* of an earlier run; NULL: none, or no longer needed */
    struct utc_time saved_at;       /* the addresses are those of then; 0: they are new */
    bool ever_resolved;
    unsigned failures;
    uint32_t address_changes;
    uint8_t
        replacements; /* addresses given up since one was good: makes the next one wait longer */
    uint16_t slots;   /* of the node, in use for this entry; those that retire are not counted */
    uint8_t address_count;
    uint8_t next_address; /* where the search for an unused one starts */
    struct address addresses[RESOLVED_MAX];
    struct found found[RESOLVED_MAX];
};

/* Start an entry; `spread_s` delays the first question (a fleet that starts at once). */
void entry_init(struct entry *entry, const struct source_options *options, struct mono_time now,
                double spread_s);

/* Is a question due?  Then the caller sends it and calls entry_asked(). */
bool entry_due(const struct entry *entry, struct mono_time now);
void entry_asked(struct entry *entry, uint32_t query, struct mono_time now);
/* The instant at which entry_due() or a time-out comes. */
struct mono_time entry_deadline(const struct entry *entry);
/* An answer that never came counts as a failure; true when that has just happened. */
bool entry_time_out(struct entry *entry, struct mono_time now);

/*
 * Take an answer.  Returns true when the set of addresses changed.  A failure keeps the addresses
 * that are known; the next question follows soon (2 s, doubling to 64 s; 30 s for a name that does
 * not exist yet), after a success by TTL, within 1 minute and 1 day.
 */
bool entry_resolved(struct entry *entry, const struct event_resolved *answer, struct mono_time now);

/*
 * Has the first question been without an answer for long, or failed, and are there addresses of an
 * earlier run?  Then entry_use_saved() takes them, until there is an answer.
 */
bool entry_wants_saved(const struct entry *entry, struct mono_time now);
void entry_use_saved(struct entry *entry);

/* What was found for the query has changed: ask again, but not all the time. */
void entry_changed(struct entry *entry, struct mono_time now);

/* How many of the addresses are to be used at a time, of those that rank first. */
unsigned entry_wanted(const struct entry *entry);
/* Why the address is a source; one that is not among them ranks last. */
struct found entry_found(const struct entry *entry, const struct address *address);

/* Ask again soon because an address went bad; at most once a minute. */
void entry_refresh(struct entry *entry, struct mono_time now);
/* Ask now, whatever happened before. */
void entry_refresh_now(struct entry *entry, struct mono_time now);

/* Is `address` among those of the name? */
bool entry_has(const struct entry *entry, const struct address *address);

/* Same line as `options`: same kind, name, port, family and NTS. */
bool entry_same_line(const struct entry *entry, const struct source_options *options);

#endif
