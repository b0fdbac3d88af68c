/* SPDX-License-Identifier: BSD-2-Clause */
/* sources.c - entries and the associations that are open for them. */
#include <string.h>

#include "base/must.h"
#include "core/node/state.h"

static const int64_t never_ns = INT64_MAX;

enum {
    SILENT_PATIENCE_S = 10, /* a new address that never answered */
    BAD_PATIENCE_S = 300,   /* one that answers, but badly */
    READY_SAMPLES = 4,      /* then a new address takes over from the old one */
    RETIRING_MOST_S = 600,
};

static bool same_place(const struct address *a, const struct address *b)
{
    return a->port == b->port && address_equal(a, b);
}

static bool address_in_use(const struct node *node, const struct address *address)
{
    for (size_t i = 0; i < node->used_end; i++) {
        if (node->slots[i].used && same_place(&node->slots[i].resolved, address)) {
            return true;
        }
    }
    return false;
}

unsigned node_count_slots(const struct node *node, uint16_t entry)
{
    return node->entries[entry].slots;
}

static void raise_used_end(struct node *node, size_t index)
{
    if (index >= node->used_end) {
        node->used_end = index + 1;
    }
}

/* What the server asked for in a former life of this program. */
static void restore_kod(const struct node *node, struct slot *slot, struct mono_time now)
{
    for (unsigned i = 0; i < node->setup.saved.kod_count; i++) {
        const struct node_kod *saved = &node->setup.saved.kod[i];
        struct association_kod kod = {.denials = saved->denials};
        struct duration left = {saved->until.ns - node_best_utc(node, now).ns};

        if (!address_equal(&saved->address, &slot->association.address)) {
            continue;
        }
        kod.rate_limited = saved->poll_floor > INT8_MIN;
        kod.poll_floor = saved->poll_floor;
        kod.silence.ns = left.ns > 0 ? left.ns : 0;
        association_restore_kod(&slot->association, &kod, now);
    }
}

void node_begin_estimate(const struct node *node, struct slot *slot)
{
    const struct source_options *options = &node->entries[slot->entry].options;
    struct estimator_options how = {
        .freq_s_per_s = node->setup.saved.freq_s_per_s,
        .freq_sd_s_per_s = node->setup.saved.freq_sd_s_per_s,
        .min_delay_s = options->min_delay_s,
        .asymmetry = options->asymmetry,
        .min_samples = options->min_samples,
        .max_samples = options->max_samples,
    };

    if (node->have_utc) {
        /* The oscillator is known from the other sources. */
        how.freq_s_per_s = node->combined.freq_s_per_s;
        how.freq_sd_s_per_s = node_freq_sd(node);
    } else if (!node->setup.saved.have_freq) {
        /* The rate that somebody gave to the kernel's clock is the best guess there is. */
        how.freq_s_per_s = node->setup.backend == BACKEND_KERNEL ? node->setup.rate.s_per_s : 0;
        how.freq_sd_s_per_s = 0;
    }
    estimator_init(&slot->estimator, &how);
    prefilter_init(&slot->prefilter, options->filter);
    slot->has_estimate = false;
}

const struct mac_key *node_key(const struct node *node, uint32_t id)
{
    return id == 0 ? NULL : mac_find(node->options->keys, node->options->key_count, id);
}

static bool open_slot(struct node *node, uint16_t entry, const struct address *address,
                      struct mono_time now)
{
    size_t index = 0;
    struct slot *slot;
    struct association_start start = {
        .options = &node->entries[entry].options,
        .key = node_key(node, node->entries[entry].options.key),
        .address = *address,
        .now = now,
        .phase_ns = node->phase_ns,
        .random = node_random(node),
    };

    while (index < node->capacity && (node->slots[index].used || node->slots[index].closing)) {
        index++;
    }
    if (index == node->capacity) {
        return false;
    }
    slot = &node->slots[index];
    memset(slot, 0, sizeof *slot);
    slot->resolved = *address;
    if (node->entries[entry].options.nts) {
        start.nts = &node->nts[index];
        nts_init(start.nts, now, node->options->nts_refresh_s);
    }
    slot->used = true;
    slot->entry = entry;
    slot->found = entry_found(&node->entries[entry], address);
    node->entries[entry].slots++;
    slot->opened = now;
    slot->state = SOURCE_MEASURING;
    slot->state_since = now;
    slot->bad_since.ns = never_ns;
    association_init(&slot->association, &start);
    restore_kod(node, slot, now);
    node_begin_estimate(node, slot);
    raise_used_end(node, index);
    return true;
}

void node_close_slot(struct node *node, uint16_t index)
{
    struct slot *slot = &node->slots[index];

    must(slot->used);
    node->entries[slot->entry].slots -= !slot->retiring;
    slot->used = false;
    slot->closing = true;
    if (slot->association.nts != NULL) {
        nts_done(slot->association.nts);
        slot->association.nts = NULL;
    }
    if (node->selected_slot == index) {
        node->selected_slot = NO_SLOT;
    }
    node->judge_now = true;
}

void node_reset_slot(struct node *node, uint16_t index, struct mono_time now)
{
    struct slot *slot = &node->slots[index];

    node_begin_estimate(node, slot);
    slot->sides = 0;
    association_restart(&slot->association, now, node_random(node));
}

void node_tell_closed(struct node *node, struct actions *out)
{
    for (size_t i = 0; i < node->used_end; i++) {
        if (!node->slots[i].closing) {
            continue;
        }
        if (!node_room(node, out)) {
            node->more = true;
            return;
        }
        node->slots[i].closing = false;
        actions_add(out, ACTION_CLOSE)->close = (uint16_t)i;
    }
}

struct entry *node_add_entry(struct node *node, const struct source_options *options, bool runtime,
                             struct mono_time now)
{
    size_t index = 0;

    while (index < node->capacity && node->entries[index].used) {
        index++;
    }
    if (index == node->capacity) {
        return NULL; /* the owner sizes the node, and refuses what does not fit */
    }
    entry_init(&node->entries[index], options, now, 0);
    node->entries[index].runtime = runtime;
    node->entries[index].id = ++node->next_entry_id;
    raise_used_end(node, index);
    node->entries[index].saved = names_find(node->setup.names, node->setup.name_count, options);
    if (node->entries[index].resolve == RESOLVE_STATE_LITERAL) {
        node_fill_entry(node, (uint16_t)index, now);
    }
    node->judge_now = true;
    return &node->entries[index];
}

void node_remove_entry(struct node *node, uint16_t entry)
{
    for (size_t i = 0; i < node->used_end; i++) {
        if (node->slots[i].used && node->slots[i].entry == entry) {
            node_close_slot(node, (uint16_t)i);
        }
    }
    node->entries[entry].used = false;
}

/*
 * The address of the entry that nobody uses and that ranks first; of those that rank alike, one of
 * another family than `avoid`, so that a family that leads nowhere costs one try.  NULL: none.
 */
static const struct address *unused_address(const struct node *node, struct entry *entry,
                                            uint8_t avoid)
{
    unsigned best = entry->address_count;

    for (unsigned i = 0; i < entry->address_count; i++) {
        unsigned at = (entry->next_address + i) % entry->address_count;
        bool first = best == entry->address_count;
        uint32_t rank = found_rank(&entry->found[at]);

        if (address_in_use(node, &entry->addresses[at])) {
            continue;
        }
        if (first || rank < found_rank(&entry->found[best]) ||
            (rank == found_rank(&entry->found[best]) && entry->addresses[best].family == avoid &&
             entry->addresses[at].family != avoid)) {
            best = at;
        }
    }
    if (best == entry->address_count) {
        return NULL;
    }
    entry->next_address = (uint8_t)((best + 1) % entry->address_count);
    return &entry->addresses[best];
}

/* Does one of the entry's addresses rank before this one, and is it free to be tried? */
static bool has_better(const struct node *node, const struct entry *entry,
                       const struct address *address)
{
    struct found found = entry_found(entry, address);

    for (unsigned i = 0; i < entry->address_count; i++) {
        if (found_rank(&entry->found[i]) < found_rank(&found) &&
            !address_in_use(node, &entry->addresses[i])) {
            return true;
        }
    }
    return false;
}

/*
 * Associations whose address is no longer the name's, or is one of those for when the better ones
 * fail: they stay until another one is ready.
 */
static void retire_strangers(struct node *node, uint16_t index, struct mono_time now)
{
    struct entry *entry = &node->entries[index];

    for (size_t i = 0; i < node->used_end; i++) {
        struct slot *slot = &node->slots[i];

        if (slot->used && slot->entry == index && !slot->retiring &&
            (!entry_has(entry, &slot->resolved) || has_better(node, entry, &slot->resolved))) {
            slot->retiring = true;
            slot->retiring_since = now;
            entry->slots--;
        }
    }
}

/* Associations that were to go, and whose addresses are the name's (again). */
static bool revive(struct node *node, uint16_t index)
{
    struct entry *entry = &node->entries[index];

    for (size_t i = 0; i < node->used_end; i++) {
        struct slot *slot = &node->slots[i];

        if (slot->used && slot->entry == index && slot->retiring &&
            entry_has(entry, &slot->resolved)) {
            slot->retiring = false;
            entry->slots++;
            slot->found = entry_found(entry, &slot->resolved);
            return true;
        }
    }
    return false;
}

void node_fill_entry(struct node *node, uint16_t index, struct mono_time now)
{
    struct entry *entry = &node->entries[index];
    unsigned wanted = entry_wanted(entry);
    const struct address *address;

    if (entry->address_count == 0) {
        return;
    }
    if (entry->options.kind != SOURCE_POOL && entry->resolve != RESOLVE_STATE_LITERAL) {
        retire_strangers(node, index, now);
    }
    while (node_count_slots(node, index) < wanted) {
        address = unused_address(node, entry, ADDRESS_NONE);
        if (address == NULL ? !revive(node, index) : !open_slot(node, index, address, now)) {
            break;
        }
    }
}

void node_use_saved(struct node *node, uint16_t index, struct mono_time now, struct actions *out)
{
    struct entry *entry = &node->entries[index];
    double age_s;

    entry_use_saved(entry);
    node_fill_entry(node, index, now);
    age_s = utc_diff_s(node_best_utc(node, now), entry->saved_at);
    if (node_room(node, out)) {
        node_log(out, age_s > 0 ? LOG_EVENT_NAME_SAVED : LOG_EVENT_NAME_SAVED_UNDATED,
                 (uint16_t)(node->capacity + index))
            ->value[0] = age_s;
    }
    node->judge_now = true;
}

size_t node_saved_name(const struct node *node, size_t from, struct saved_name *name)
{
    for (size_t i = from; i < node->used_end; i++) {
        const struct entry *entry = &node->entries[i];
        bool kept = entry->used && entry->options.method <= RESOLVE_SRV &&
                    entry->resolve != RESOLVE_STATE_LITERAL && entry->address_count > 0;

        if (!kept || (!entry->ever_resolved && entry->saved_at.ns == 0)) {
            continue;
        }
        memset(name, 0, sizeof *name);
        memcpy(name->name, entry->options.name, sizeof name->name);
        name->method = entry->options.method;
        name->family = entry->options.family;
        name->count = entry->address_count;
        name->when =
            entry->ever_resolved ? node_best_utc(node, entry->resolved_at) : entry->saved_at;
        memcpy(name->addresses, entry->addresses, sizeof name->addresses);
        memcpy(name->found, entry->found, sizeof name->found);
        return i;
    }
    return node->capacity;
}

uint32_t node_names_version(const struct node *node)
{
    return node->names_version;
}

/* Says which addresses a name has got that was known before. */
static void log_new_addresses(const struct node *node, uint16_t entry, struct mono_time now,
                              struct actions *out)
{
    for (size_t i = 0; i < node->used_end; i++) {
        const struct slot *slot = &node->slots[i];

        if (slot->used && slot->entry == entry && slot->opened.ns == now.ns &&
            slot->association.sent == 0 && node_room(node, out)) {
            node_log(out, LOG_EVENT_SOURCE_RESOLVED, (uint16_t)i);
        }
    }
}

/* Once, until it has other addresses. */
static void log_private(struct node *node, uint16_t index, struct actions *out)
{
    struct entry *entry = &node->entries[index];
    bool odd = false;

    for (unsigned i = 0; i < entry->address_count; i++) {
        odd = odd || (entry->found[i].how <= FOUND_SRV &&
                      names_odd_address(entry->options.name, &entry->addresses[i]));
    }
    if (odd && !entry->told_private && node_room(node, out)) {
        node_log(out, LOG_EVENT_NAME_PRIVATE, (uint16_t)(node->capacity + index));
    }
    entry->told_private = odd;
}

/* An address may be named by somebody else now. */
static void renew_found(struct node *node, uint16_t index)
{
    for (size_t i = 0; i < node->used_end; i++) {
        struct slot *slot = &node->slots[i];

        if (slot->used && slot->entry == index &&
            entry_has(&node->entries[index], &slot->resolved)) {
            slot->found = entry_found(&node->entries[index], &slot->resolved);
        }
    }
}

static void take_answer(struct node *node, uint16_t index, const struct event_resolved *answer,
                        struct mono_time now, struct actions *out)
{
    struct entry *entry = &node->entries[index];
    bool known = entry->ever_resolved;
    bool changed = entry_resolved(entry, answer, now);

    if (entry->resolve == RESOLVE_STATE_DONE) {
        node->names_version += changed || !known;
        renew_found(node, index);
        node_fill_entry(node, index, now);
        log_private(node, index, out);
        if (known) {
            log_new_addresses(node, index, now, out);
        }
    } else {
        if (node_room(node, out)) {
            node_log(out,
                     entry->options.method > RESOLVE_SRV ? LOG_EVENT_NOBODY_FOUND
                                                         : LOG_EVENT_NAME_FAILED,
                     (uint16_t)(node->capacity + index))
                ->value[0] = mono_diff_s(entry->resolve_at, now);
        }
        if (entry_wants_saved(entry, now)) {
            node_use_saved(node, index, now, out);
        }
    }
    node->judge_now = true;
}

void node_take_resolved(struct node *node, const struct event_resolved *answer,
                        struct mono_time now, struct actions *out)
{
    for (size_t i = 0; i < node->used_end && answer->query != 0; i++) {
        struct entry *entry = &node->entries[i];

        if (entry->used && answer->result == RESOLVE_CHANGED) {
            if (entry->query == 0 && entry->answered == answer->query) {
                entry_changed(entry, now);
            }
        } else if (entry->used && entry->query == answer->query) {
            take_answer(node, (uint16_t)i, answer, now, out);
            return;
        }
    }
}

/* For how long an address may be bad before another one is tried; never: it is not bad. */
static int64_t patience_s(const struct node *node, const struct slot *slot)
{
    unsigned doublings = node->entries[slot->entry].replacements;
    int64_t patience = BAD_PATIENCE_S;

    if (association_denied(&slot->association)) {
        patience = 0;
    } else if (slot->state == SOURCE_UNREACHABLE) {
        patience = slot_answered(slot) ? 0 : SILENT_PATIENCE_S;
    }
    if (patience == 0) {
        patience = 1;
    }
    return patience << (doublings < 6 ? doublings : 6);
}

static bool is_bad(const struct slot *slot)
{
    switch ((enum source_state)slot->state) {
    case SOURCE_UNREACHABLE:
    case SOURCE_KOD:
    case SOURCE_UNSYNCHRONISED:
    case SOURCE_BAD:
    case SOURCE_FALSETICKER:
    case SOURCE_CONTRADICTS:
    case SOURCE_UNAUTHENTICATED:
        return true;
    case SOURCE_KEY_EXCHANGE:
        return slot->association.nts->futile >= 2;
    case SOURCE_MEASURING:
        /* Nothing came back so far: after a few requests that is as bad as silence. */
        return !slot_answered(slot) && slot->association.silent >= 3;
    case SOURCE_SELECTED:
    case SOURCE_COMBINED:
    case SOURCE_TRUECHIMER:
    case SOURCE_NO_MAJORITY:
    case SOURCE_TOO_FAR:
    case SOURCE_NOSELECT:
    case SOURCE_JUMPED:
    case SOURCE_OFFLINE:
    case SOURCE_UNRESOLVED:
    case SOURCE_UNTRUSTED:
    case SOURCE_NO_KEY:
    case SOURCE_CERT_TIME:
    case SOURCE_NO_CONSTRAINT:
    case SOURCE_STRATUM:
    case SOURCE_STATE_COUNT:
        break;
    }
    return false;
}

static void replace(struct node *node, uint16_t index, struct mono_time now, struct actions *out)
{
    struct slot *slot = &node->slots[index];
    struct entry *entry = &node->entries[slot->entry];
    uint16_t entry_index = slot->entry;

    if (slot->retiring) {
        node_close_slot(node, index);
        return;
    }
    const struct address *address = unused_address(node, entry, slot->resolved.family);
    if (!address) {
        entry_refresh(entry, now);
        /* One that was to go is better than none. */
        if (revive(node, entry_index)) {
            node_close_slot(node, index);
        }
        return;
    }
    node_log(out, LOG_EVENT_SOURCE_REPLACED, index)->value[0] = slot->association.last_drop;
    node_close_slot(node, index);
    if (entry->replacements < UINT8_MAX) {
        entry->replacements++;
    }
    open_slot(node, entry_index, address, now);
}

/* All that are to stay have measured enough. */
static bool successors_ready(const struct node *node, uint16_t entry)
{
    bool some = false;

    for (size_t i = 0; i < node->used_end; i++) {
        const struct slot *slot = &node->slots[i];

        if (!slot->used || slot->entry != entry || slot->retiring) {
            continue;
        }
        if (!slot->has_estimate || slot->estimator.count < READY_SAMPLES) {
            return false;
        }
        some = true;
    }
    return some;
}

void node_replace_bad(struct node *node, struct mono_time now, struct actions *out)
{
    for (size_t i = 0; i < node->used_end && node_room(node, out); i++) {
        struct slot *slot = &node->slots[i];
        struct entry *entry = &node->entries[slot->entry];

        if (!slot->used || entry->resolve == RESOLVE_STATE_LITERAL) {
            continue;
        }
        if (slot->retiring && (successors_ready(node, slot->entry) ||
                               mono_diff_s(now, slot->retiring_since) > RETIRING_MOST_S)) {
            node_close_slot(node, (uint16_t)i);
            continue;
        }
        if (!is_bad(slot)) {
            slot->bad_since.ns = never_ns;
            if (slot->has_estimate && slot->estimator.count >= READY_SAMPLES) {
                entry->replacements = 0;
            }
        } else if (slot->bad_since.ns == never_ns) {
            slot->bad_since = now;
        } else if (now.ns - slot->bad_since.ns >= patience_s(node, slot) * NS_PER_S) {
            replace(node, (uint16_t)i, now, out);
        }
    }
}

void node_network_changed(struct node *node, struct mono_time now)
{
    for (size_t i = 0; i < node->used_end; i++) {
        if (node->slots[i].used) {
            association_network(&node->slots[i].association, now);
        }
        if (node->entries[i].used && node->entries[i].resolve != RESOLVE_STATE_DONE) {
            entry_refresh_now(&node->entries[i], now);
        }
    }
}
