/* SPDX-License-Identifier: BSD-2-Clause */
/* report.c - the published line, the status record, and what is worth keeping. */
#include <math.h>
#include <string.h>

#include "core/node/state.h"
#include "wire/refid.h"

/* PHI, the tolerance of a clock that nobody corrects (RFC 5905, section 7.2). */
static const double own_clock_error_s_per_s = 15e-6;
static const double own_clock_bound_max_s = 1.0;

bool node_source_name(const struct node *node, uint16_t association, char name[NAME_SIZE],
                      struct address *address)
{
    uint16_t entry;

    *address = (struct address){.family = ADDRESS_NONE};
    if (association >= node->capacity) {
        entry = (uint16_t)(association - node->capacity);
        if (association == LOG_NO_SOURCE || entry >= node->capacity) {
            return false;
        }
    } else {
        if (!node->slots[association].association.options) {
            return false;
        }
        entry = node->slots[association].entry;
        *address = node->slots[association].association.address;
    }
    memcpy(name, node->entries[entry].options.name, NAME_SIZE);
    return true;
}

static struct bound_estimate bound_estimate_of(const struct node *node)
{
    const struct combined *combined = &node->combined;
    const struct unrest_limits unrest = unrest_limits(&node->unrest);

    return (struct bound_estimate){
        .when = combined->when,
        .utc = node_utc_at(node, combined->when),
        .low_s = combined->lo_s - combined->offset_s,
        .high_s = combined->hi_s - combined->offset_s,
        .sd_s = combined->sd_s,
        .freq_s_per_s = combined->freq_s_per_s,
        .var_freq = combined->var_freq,
        .wander = combined->wander,
        .slope_s_per_s2 = unrest.slope_s_per_s2,
        .range_s_per_s = unrest.range_s_per_s,
    };
}

double node_bound_s(const struct node *node, const struct clock_reading *now)
{
    struct bound_estimate estimate;

    if (!node->have_utc) {
        return 1e9;
    }
    estimate = bound_estimate_of(node);
    return bound_at_s(&estimate, node->options->max_clock_error_s_per_s, now->raw);
}

static uint8_t stratum_of(const struct node *node)
{
    const struct slot *slot;

    if (node->selected_slot == NO_SLOT) {
        return node->last_stratum;
    }
    slot = &node->slots[node->selected_slot];
    return (uint8_t)(slot->association.last.stratum < 15 ? slot->association.last.stratum + 1 : 16);
}

static uint32_t refid_of(const struct node *node)
{
    if (node->state == NODE_LOCAL) {
        return 0x7f7f0101; /* 127.127.1.1: our own clock, as chrony and ntpd say it */
    }
    if (node->selected_slot == NO_SLOT) {
        return node->last_refid;
    }
    return address_refid(&node->slots[node->selected_slot].association.address);
}

void node_remember_reference(struct node *node)
{
    node->last_stratum = stratum_of(node);
    node->last_refid = refid_of(node);
    if (node->selected_slot != NO_SLOT) {
        const struct slot *slot = &node->slots[node->selected_slot];

        node->last_root_delay_s =
            ntp_short_to_s(slot->association.last.root_delay) + slot->estimate.floor_s;
    }
}

static bool may_serve(const struct node *node)
{
    return node->state == NODE_SYNCHRONISED || node->state == NODE_HOLDOVER ||
           node->state == NODE_LOCAL;
}

/*
 * What a clock that was never compared with anything may have drifted since noond began to answer
 * for it: RFC 5905's tolerance, unless the configuration has a greater one.  It stops growing below
 * the 1.5 s at which ntpd's clients give a server up: `local` says that this clock is what they are
 * to agree on, and no other one will come that could tell how wrong it is.
 */
static void bound_of_own_clock(const struct node *node, const struct clock_reading *now,
                               struct time_line *line)
{
    double age_s = fmax(mono_diff_s(now->raw, node->started), 0);

    line->growth_s_per_s = fmax(own_clock_error_s_per_s, line->growth_s_per_s);
    line->bound_s = fmin(line->growth_s_per_s * age_s, own_clock_bound_max_s);
}

/* Until something is known the line is the clock itself. */
static void line_of_clock(const struct node *node, const struct clock_reading *now,
                          struct time_line *line)
{
    struct freq mono;
    double ignored;

    mono = timescale_mono_rate(&node->timescale, &ignored);
    line->from = now->mono;
    line->utc = now->real;
    line->rate = (node->rate.s_per_s - mono.s_per_s) / (1 + mono.s_per_s);
    line->real_minus_mono_ns = now->real.ns - now->mono.ns;
    line->tolerance_ns = NS_PER_S;
    line->growth_s_per_s = node->options->max_clock_error_s_per_s;
    line->void_after.ns = now->mono.ns + 64 * NS_PER_S;
    bound_of_own_clock(node, now, line);
}

static void line_of_estimate(const struct node *node, const struct clock_reading *now,
                             struct time_line *line)
{
    struct bound_estimate estimate = bound_estimate_of(node);
    double mono_error;
    struct bound_conditions conditions = {
        .poll_s = node->poll_s,
        .max_distance_s = node->options->max_distance_s,
        .max_clock_error_s_per_s = node->options->max_clock_error_s_per_s,
        .root_delay_s = node->last_root_delay_s,
        .mono_rate_s_per_s = timescale_mono_rate(&node->timescale, &mono_error).s_per_s,
        .real_rate_s_per_s = node->rate.s_per_s,
        .steered = node->setup.may_adjust && !node->backed_off,
        .clock_error_s = node_clock_error_s(node, now),
        .void_at = {INT64_MAX},
    };

    conditions.mono_rate_error_s_per_s = mono_error;
    if (node->leap.phase == LEAP_ARMED) {
        conditions.void_at = node->leap.at;
    }
    line->synchronised = bound_line(&estimate, &conditions, now, line) && may_serve(node);
}

void node_line(const struct node *node, const struct clock_reading *now, struct time_line *line)
{
    bool local = node->state == NODE_LOCAL;

    memset(line, 0, sizeof *line);
    if (node->have_utc) {
        line_of_estimate(node, now, line);
    } else {
        line_of_clock(node, now, line);
    }
    line->local = local;
    line->synchronised |= local;
    line->stratum = local ? node->options->local.stratum : node->last_stratum;
    line->refid = local ? refid_of(node) : node->last_refid;
    line->leap = line->synchronised ? leap_served(&node->leap) : NTP_LEAP_UNSYNC;
    line->reference = node_best_utc(node, node->have_utc ? node->last_update : now->raw);
    line->precision_log2 = node->precision_log2;
    line->generation = node->generation;
}

static struct utc_time utc_or_never(const struct node *node, struct mono_time raw, bool ever)
{
    return ever ? node_best_utc(node, raw) : (struct utc_time){0};
}

/* chrony's numbers of key types. */
static uint16_t type_of_key(const struct mac_key *key)
{
    static const uint16_t numbers[MAC_TYPE_COUNT] = {
        [MAC_MD5] = 1,    [MAC_SHA1] = 2,    [MAC_SHA256] = 3, [MAC_SHA384] = 4,
        [MAC_SHA512] = 5, [MAC_AES128] = 13, [MAC_AES256] = 14};

    return key != NULL ? numbers[key->type] : 0;
}

static void report_authentication(const struct association *association,
                                  struct source_status *status)
{
    const struct nts *nts = association->nts;

    status->key = association->options->key;
    status->auth = nts != NULL ? AUTH_MODE_NTS : status->key != 0 ? AUTH_MODE_KEY : AUTH_MODE_NONE;
    if (status->auth == AUTH_MODE_KEY) {
        status->key_type = type_of_key(association->key);
        status->key_bits = (uint16_t)(association->key != NULL ? association->key->size * 8 : 0);
    }
    if (nts == NULL) {
        return;
    }
    status->ke_result = (uint8_t)nts->result;
    status->ke_detail = nts->detail;
    status->ke_attempts = nts->attempts;
    status->naks = nts->naks;
    status->ke_took_s = (double)nts->took_us * 1e-6;
    status->cert_from = nts->valid_from;
    status->cert_until = nts->valid_until;
    if (nts->have_keys) {
        status->last_ke = nts->keys.made;
        status->key_type = nts->keys.algorithm;
        status->key_bits = (uint16_t)(aead_key_size(nts->keys.algorithm) * 8);
        status->cookies = nts->keys.cookie_count;
        status->cookie_size = nts->keys.cookies[0].size;
    }
}

static void report_association(const struct node *node, const struct slot *slot,
                               struct mono_time now, struct source_status *status)
{
    const struct association *association = &slot->association;

    status->address = association->address;
    status->offline = !association->online;
    status->stratum = association->last.stratum;
    status->leap = association->last.leap;
    status->refid = association->last.refid;
    status->reach = association->reach;
    status->poll_log2 = association->schedule.poll;
    status->version = association->last.version;
    status->last_drop = association->last_drop;
    status->last_answer = utc_or_never(node, association->last_answer, slot_answered(slot));
    status->last_sample = utc_or_never(node, association->last_sample, association->sampled);
    status->next_poll = node_best_utc(node, association->schedule.next);
    status->root_delay_s = ntp_short_to_s(association->last.root_delay);
    status->root_dispersion_s = ntp_short_to_s(association->last.root_dispersion);
    status->sent = association->sent;
    status->received = association->received;
    status->accepted = association->accepted;
    status->kod = association->kod;
    report_authentication(association, status);
    status->send_errors = association->send_errors;
    memcpy(status->drops, association->drops, sizeof status->drops);
    association_hours(association, now, status->hours);
}

/* A time of a packet; 0 stays 0. */
static struct utc_time packet_time(const struct node *node, struct ntp_ts t, struct mono_time now)
{
    return t.raw == 0 ? (struct utc_time){0} : utc_from_ntp_ts(t, node_best_utc(node, now));
}

static void report_packet(const struct node *node, const struct association *association,
                          struct mono_time now, struct source_status *status)
{
    const struct ntp_packet *packet = &association->last;

    status->last_result = association->last_reason;
    status->packet_poll = packet->poll_log2;
    status->packet_precision_log2 = packet->precision_log2;
    status->packet_mode = packet->mode;
    status->packet_reference = packet_time(node, packet->reference, now);
    status->packet_receive = packet_time(node, packet->receive, now);
    status->packet_transmit = packet_time(node, packet->transmit, now);
}

/* Runs of equal sides among the newest `samples`. */
static uint32_t count_runs(uint64_t sides, unsigned samples)
{
    unsigned known = samples < 64 ? samples : 64;
    uint32_t runs = known > 0;

    for (unsigned i = 1; i < known; i++) {
        runs += (sides >> i & 1) != (sides >> (i - 1) & 1);
    }
    return runs;
}

static void report_slot(const struct node *node, const struct slot *slot, struct mono_time now,
                        struct source_status *status)
{
    report_association(node, slot, now, status);
    report_packet(node, &slot->association, now, status);
    status->association = (uint16_t)(slot - node->slots);
    status->burst = slot->association.schedule.quick_left > 0;
    status->interleaved = slot->interleaved;
    status->measured_s = slot->measured_s;
    status->kernel_stamps = slot->kernel_stamps;
    status->authenticated = slot->authenticated;
    status->state = slot->state;
    status->stamp_class = slot->last_stamp_class;
    status->state_since = node_best_utc(node, slot->state_since);
    status->last_offset_s = slot->last_offset_s;
    status->last_delay_s = slot->last_delay_s;
    status->weight = slot->weight;
    status->drifting = slot->drifting;
    status->moved_s = slot->moved_s;
    status->wobble_s = slot->wobbles.sd_s;
    status->wobble_span_s = slot->wobbles.span_s;
    status->jumps = slot->estimator.jumps;
    if (slot->has_estimate) {
        double reference_s = node->have_utc ? node_offset_at(node, now) : 0;

        status->offset_s = estimate_offset_at(&slot->estimate, now) - reference_s;
        status->sd_s = sqrt(fmax(0, estimate_variance_at(&slot->estimate, now)));
        status->floor_s = slot->estimate.floor_s;
        status->jitter_s = slot->estimate.jitter_s;
        status->freq_s_per_s = slot->estimate.freq_s_per_s - node->combined.freq_s_per_s;
        status->distance_s = slot->half_width_s;
        status->samples = slot->estimate.samples;
        status->freq_sd_s_per_s = sqrt(fmax(0, slot->estimate.var_freq));
        if (slot->estimator.mean_excess_s > 0) {
            status->asymmetry = -slot->estimator.mean_lean_s / (2 * slot->estimator.mean_excess_s);
        }
        status->runs = count_runs(slot->sides, slot->estimate.samples);
        /* The mean interval grows after the start: then the product is too large. */
        status->span_s = fmin(slot->estimator.interval_s * (slot->estimate.samples - 1.0),
                              mono_diff_s(slot->estimate.when, slot->opened));
    }
}

static void report_entry(const struct node *node, const struct entry *entry,
                         struct source_status *status)
{
    const struct source_options *options = &entry->options;

    memset(status, 0, sizeof *status);
    memcpy(status->name, options->name, sizeof status->name);
    status->state = SOURCE_UNRESOLVED;
    status->resolve = (uint8_t)entry->resolve;
    status->pool = options->kind != SOURCE_SERVER;
    status->prefer = options->prefer;
    status->noselect = options->noselect;
    status->trust = options->trust;
    status->require = options->require;
    status->xleave = options->xleave;
    status->poll_log2 = options->minpoll;
    status->minpoll = options->minpoll;
    status->maxpoll = options->maxpoll;
    status->id = entry->id;
    status->association = UINT16_MAX;
    status->address_changes = entry->address_changes;
    status->resolved_at = utc_or_never(node, entry->resolved_at, entry->ever_resolved);
    status->state_since = utc_or_never(node, node->started, true);
    status->method = options->method;
    status->resolve_result = entry->last_result;
    status->saved_at = entry->saved_at;
    status->unvalidated = entry->unvalidated;
}

static void report_found(const struct found *found, struct source_status *status)
{
    status->found_how = found->how;
    status->found_by = found->by;
    status->srv_priority = found->how == FOUND_SRV ? found->priority : 0;
    status->srv_weight = found->weight;
    memcpy(status->found_interface, found->interface, sizeof status->found_interface);
}

static void report_sources(const struct node *node, const struct clock_reading *now,
                           struct status_record *record, size_t capacity)
{
    record->count = 0;
    record->node.selected = -1;
    for (size_t i = 0; i < node->used_end && record->count < capacity; i++) {
        const struct slot *slot = &node->slots[i];
        const struct entry *entry = &node->entries[i];

        if (slot->used) {
            struct source_status *status = &record->sources[record->count];

            report_entry(node, &node->entries[slot->entry], status);
            report_slot(node, slot, now->raw, status);
            report_found(&slot->found, status);
            if (node->selected_slot == i) {
                record->node.selected = (int32_t)record->count;
            }
            record->count++;
        }
        if (entry->used && node_count_slots(node, (uint16_t)i) == 0 && record->count < capacity) {
            report_entry(node, entry, &record->sources[record->count++]);
        }
    }
}

static void report_time(const struct node *node, const struct clock_reading *now,
                        struct node_status *status)
{
    struct time_line line;

    node_line(node, now, &line);
    status->now = line_utc(&line, now->mono);
    status->bound_s = line.synchronised && !line.local ? line_bound_s(&line, now->mono) : -1;
    status->sd_s = node->have_utc ? node_sd_s(node, now->raw) : 0;
    status->clock_error_s = node->have_utc ? node_clock_error_s(node, now) : 0;
    status->freq_s_per_s = node_saved(node).freq_s_per_s;
    status->freq_sd_s_per_s = node_freq_sd(node);
    status->wander = node->combined.wander;
    status->temperature = isnan(node->tempcomp.temperature) ? 0 : node->tempcomp.temperature;
    status->tempcomp_s_per_s = node->compensated_s_per_s;
    status->tempcomp_explained = node->tempcomp.explained;
    node_report_constraints(node, now, status);
    status->slew_s_per_s = discipline_slew_rate(&node->discipline);
    status->root_delay_s = line.root_delay_s;
    status->precision_log2 = line.precision_log2;
    /* 16 s is the largest distance that RFC 5905 knows. */
    status->root_dispersion_s = fmin(16, line_root_dispersion_s(&line, now->mono));
    status->stratum = line.stratum;
    status->leap = line.leap;
    status->refid = line.refid;
    status->reference_time = utc_or_never(node, node->last_update, node->have_utc);
}

void node_status(const struct node *node, const struct clock_reading *now,
                 struct status_record *record, size_t capacity)
{
    struct node_status *status = &record->node;

    memset(status, 0, sizeof *status);
    status->state = node->state;
    status->reason = node->reason;
    status->backend = (uint8_t)node->setup.backend;
    status->started = node_best_utc(node, node->started);
    status->state_since = node_best_utc(node, node->state_since);
    status->last_correction_s = node->last_correction_s;
    status->usable_count = node->selected.usable;
    status->agreeing_count = node->selected.agreeing;
    status->steps = node->steps;
    status->last_step_s = node->last_step_s;
    status->last_step_time = utc_or_never(node, node->last_step_at, node->steps > 0);
    status->disturbances = node->disturbances;
    status->suspends = node->suspends;
    status->pauses = node->pauses;
    status->rivals = node->rivals;
    status->keys_exchanged = node->keys_exchanged;
    status->keys_failed = node->keys_failed;
    status->updates = node->updates;
    status->rms_correction_s = sqrt(node->mean_square_correction);
    status->update_interval_s = node->update_interval_s;
    status->leap_armed = node->leap_armed;
    report_time(node, now, status);
    report_sources(node, now, record, capacity);
    status->source_count = (uint32_t)record->count;
}

static void save_kod(const struct node *node, struct node_saved *saved)
{
    for (size_t i = 0; i < node->used_end && saved->kod_count < NODE_KOD_MAX; i++) {
        const struct slot *slot = &node->slots[i];
        struct association_kod kod;

        if (!slot->used) {
            continue;
        }
        kod = association_kod(&slot->association, node->last_update);
        if (!kod.rate_limited && kod.denials == 0) {
            continue;
        }
        saved->kod[saved->kod_count++] = (struct node_kod){
            .address = slot->association.address,
            .until = {node_best_utc(node, node->last_update).ns + kod.silence.ns},
            .poll_floor = kod.rate_limited ? kod.poll_floor : INT8_MIN,
            .denials = kod.denials,
        };
    }
}

struct node_saved node_saved(const struct node *node)
{
    struct node_saved saved = node->setup.saved;

    saved.kod_count = 0;
    if (node->have_utc) {
        saved.have_freq = true;
        saved.freq_s_per_s = node_uncompensated_freq(node, node->combined.freq_s_per_s);
        saved.freq_sd_s_per_s = node_freq_sd(node);
    }
    if (!tempcomp_keep(&node->tempcomp, &saved.tempcomp)) {
        saved.tempcomp.weight = 0;
    }
    save_kod(node, &saved);
    return saved;
}
