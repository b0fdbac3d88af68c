/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * state.h - what a node consists of, and which of its files does what.  Private to core/node.
 *
 *   node.c       the two entry points: takes the event, then does what is due
 *   stamps.c     stamps onto the free-running timescale; disturbances
 *   replies.c    datagrams and stamps -> samples -> estimates
 *   sources.c    entries and their associations: opening, replacing, giving up
 *   polls.c      requests and questions that are due
 *   keys.c       keys of NTS, and when certificates are believed
 *   dates.c      dates of HTTPS servers, and sources that contradict them
 *   judge.c      estimates -> selection, combination, state and reason
 *   steer.c      the combined estimate -> the clock; leap seconds; the kernel's status
 *   commands.c   what operators say
 *   orders.c     what their tools say about sources, by address
 *   clock_orders.c  ... and about the clock
 *   settings.c   new options
 *   temperature.c  temperatures -> how RAW is corrected
 *   report.c     line, status record, what to save
 */
#ifndef CORE_NODE_STATE_H
#define CORE_NODE_STATE_H

#include "core/client/association.h"
#include "core/client/budget.h"
#include "core/clock/bound.h"
#include "core/clock/discipline.h"
#include "core/clock/leap.h"
#include "core/clock/manual.h"
#include "core/clock/rival.h"
#include "core/clock/tempcomp.h"
#include "core/clock/timescale.h"
#include "core/clock/unrest.h"
#include "core/estimate/combine.h"
#include "core/estimate/company.h"
#include "core/estimate/estimator.h"
#include "core/estimate/prefilter.h"
#include "core/estimate/selection.h"
#include "core/estimate/wobble.h"
#include "core/node/constraint.h"
#include "core/node/entry.h"
#include "core/node/node.h"

enum {
    ACTIONS_RESERVED = 12, /* of the batch, for what must be said whatever else is due */
    OWN_REFIDS_MAX = 8,
    NO_SLOT = 0xffff,
};

/* One address in use: an association and what is known of its clock. */
struct slot {
    bool used;
    bool closing;  /* no longer used; the owner is still to be told */
    bool retiring; /* another address of the same name takes its place when it is ready */
    struct mono_time retiring_since;
    struct found found; /* why its address is a source */
    bool has_estimate;  /* `estimate` is valid */
    bool was_unreachable;
    uint16_t entry;
    uint8_t state; /* enum source_state */
    struct mono_time opened;
    struct mono_time state_since;
    struct mono_time bad_since; /* INT64_MAX: is not bad */
    struct address resolved; /* of the name; NTS may have led from there to association.address */
    struct association association;
    struct prefilter prefilter;
    struct wobble wobble;
    struct wobble_found wobbles; /* as last found; its sd_s is 0: it does not */
    bool wobble_against_others;  /* measured against UTC, which other sources tell as well */
    struct estimator estimator;
    struct estimate estimate;
    struct mono_time jumped; /* last confirmed jump of the source's, if there was one */
    struct source_bias bias;
    struct source_company company;
    bool drifting;  /* leaves the majority: by its frequency, or slowly */
    double moved_s; /* against the others, since it joined them */
    double half_width_s;
    double weight;
    double last_offset_s; /* last sample against our UTC */
    double last_delay_s;
    uint8_t last_stamp_class;
    bool interleaved;  /* the last sample */
    double measured_s; /* last sample against the disciplined clock as it was then */
    uint64_t sides;    /* of the last samples against the estimate: newest in bit 0 */
    uint32_t kernel_stamps;
    bool authenticated;   /* the last sample */
    double contradicts_s; /* its time against that of `constraint` */
};

struct node {
    struct node_setup setup;
    const struct node_options *options;
    size_t capacity;
    size_t used_end; /* no slot or entry from here on is in use */
    struct slot *slots;
    struct entry *entries;
    struct nts *nts; /* beside slots[]: only touched by those that use it */
    struct candidate *candidates;
    uint16_t *candidate_slot; /* which slot stands behind a candidate; NO_SLOT: an entry alone */

    struct timescale timescale;
    struct discipline discipline;
    struct unrest unrest;
    struct tempcomp tempcomp;
    double compensated_s_per_s; /* what the owner was last told */
    struct leap leap;
    struct rival rival;
    struct manual manual;
    struct constraints constraints;
    struct selection selection;
    struct company company;
    struct combiner combiner;
    struct source_bias no_bias; /* of names without an address: never followed, never learnt */
    struct budget budget;
    int64_t base_ns; /* frame: UTC = raw + base + offset */
    int64_t phase_ns;
    uint64_t prng; /* for what nobody needs to be unable to guess */
    uint32_t next_query;
    uint32_t names_version; /* counts changes of what node_saved_name() gives */
    uint32_t own_refids[OWN_REFIDS_MAX];
    unsigned own_refid_count;

    struct combined combined; /* the estimate of UTC */
    bool vouched;             /* a majority of servers with NTS says what time it is ... */
    bool voting;              /* some of them has something to say, since: */
    struct mono_time voting_since;
    int64_t vouched_ns; /* ... UTC - raw, before any of their certificates is believed */
    bool have_utc;      /* `combined` is valid: some majority was believed, once */
    struct selection_result selected;
    uint16_t selected_slot; /* NO_SLOT: none */
    uint8_t state;          /* enum node_state */
    uint8_t reason;         /* enum node_reason */
    bool saw_usable;
    bool told_no_majority; /* since a source was followed */
    struct mono_time first_usable;
    struct mono_time started, state_since, last_update, last_sync;
    struct freq rate; /* of the disciplined clock, in force */
    bool backed_off;  /* a rival adjusts: we only watch */
    bool adjust_failed;
    bool publish_now, steer_now;
    bool samples_came; /* since the last judgement */
    bool judge_now;    /* something else than a sample asks for a judgement */
    bool change_refused;
    bool step_requested; /* `noon step` */
    bool more;           /* the batch was full: call again at once */
    bool ready_told;
    struct mono_time judge_at, publish_at, save_at, status_at;
    double last_correction_s, last_step_s;
    double mean_square_correction; /* s^2 */
    double update_interval_s;
    struct mono_time updated; /* the last update of the clock */
    uint32_t next_entry_id;
    struct mono_time last_step_at;
    struct mono_time pause_told; /* the machine was said to have stood still */
    uint32_t steps, disturbances, suspends, pauses, rivals, updates, leap_armed;
    uint32_t keys_exchanged, keys_failed;
    uint32_t generation; /* counts publications */
    int8_t precision_log2;
    uint8_t last_stratum; /* of ours, while a source was selected */
    uint32_t last_refid;
    double last_root_delay_s;
    double poll_s; /* shortest interval of the sources in use */
};

/* Has the server ever answered? */
static inline bool slot_answered(const struct slot *slot)
{
    return slot->association.last.version != 0;
}

/* Time and conversions (stamps.c). */
double node_offset_at(const struct node *node, struct mono_time raw); /* of UTC, in the frame */
struct utc_time node_utc_at(const struct node *node, struct mono_time raw);
/* What UTC is, or the disciplined clock while nothing better is known. */
struct utc_time node_best_utc(const struct node *node, struct mono_time raw);
bool node_stamp(struct node *node, const struct clock_reading *now, const struct stamp *stamp,
                struct local_stamp *local);
void node_check_clock(struct node *node, const struct clock_reading *now, struct actions *out);
/* The operator has dealt with it: steer again. */
void node_forgive_rival(struct node *node, const struct clock_reading *now);
/* Moves the frame's base so that offsets stay small. */
void node_rebase(struct node *node);
/* Adds to every offset that is kept in the frame. */
void node_shift(struct node *node, double by_s);
double node_freq_sd(const struct node *node);
/* One sigma of node_offset_at(). */
double node_sd_s(const struct node *node, struct mono_time raw);
/* Bound on |node_utc_at - UTC| now, s; 1e9 when nothing is known. */
double node_bound_s(const struct node *node, const struct clock_reading *now);

/* Log (node.c).  Forgotten when the batch is full: state and counters still tell. */
struct log_event *node_log(struct actions *out, enum log_event_id id, uint16_t association);
bool node_room(const struct node *node, const struct actions *out);
uint64_t node_random(struct node *node);
/* Requests per second that the sources ask for when all is settled. */
double node_steady_polls(const struct node_options *options);

/* replies.c */
void node_take_datagram(struct node *node, const struct clock_reading *now,
                        const struct event_datagram *datagram, struct actions *out);
void node_take_stamp(struct node *node, const struct clock_reading *now,
                     const struct event_tx_stamp *stamp, struct actions *out);
void node_take_failure(struct node *node, const struct event_send_failed *failed);
void node_release_held(struct node *node, const struct clock_reading *now, struct actions *out);

/* dates.c */
void node_ask_dates(struct node *node, const struct clock_reading *now, struct actions *out);
void node_take_date(struct node *node, const struct clock_reading *now,
                    const struct date_answer *answer, struct actions *out);
/* The state of a source that would be `state`, held against what HTTPS servers say. */
enum source_state node_constrain(struct node *node, struct slot *slot, struct mono_time now,
                                 enum source_state state);
void node_report_constraints(const struct node *node, const struct clock_reading *now,
                             struct node_status *status);
/* Before new options are taken. */
void node_renew_constraints(struct node *node, const struct node_options *options,
                            struct mono_time now);

/* temperature.c */
void node_take_temperature(struct node *node, const struct clock_reading *now,
                           const struct event_temperature *event, struct actions *out);
/* Before new options are taken: what was learnt, or computed, in another way is over. */
void node_renew_tempcomp(struct node *node, const struct node_options *options,
                         struct actions *out);
/* A frequency as it is to be kept over a restart, at which nothing has been learnt. */
double node_uncompensated_freq(const struct node *node, double freq_s_per_s);

/* sources.c */
/* NULL: no place. */
struct entry *node_add_entry(struct node *node, const struct source_options *options, bool runtime,
                             struct mono_time now);
void node_remove_entry(struct node *node, uint16_t entry);
/* Forgets what is known of its clock. */
void node_begin_estimate(const struct node *node, struct slot *slot);
void node_close_slot(struct node *node, uint16_t slot);
/* Forgets what was measured of a source, and measures it as after the start. */
void node_reset_slot(struct node *node, uint16_t slot, struct mono_time now);
/* Tells the owner which sockets are no longer needed; those slots are free from then on. */
void node_tell_closed(struct node *node, struct actions *out);
/* Brings the associations of an entry in line with its addresses. */
void node_fill_entry(struct node *node, uint16_t entry, struct mono_time now);
/* Tries the addresses that the name had in an earlier run. */
void node_use_saved(struct node *node, uint16_t entry, struct mono_time now, struct actions *out);
void node_take_resolved(struct node *node, const struct event_resolved *answer,
                        struct mono_time now, struct actions *out);
/* Replaces what has been bad for long; looks at everything, cheap enough for each judgement. */
void node_replace_bad(struct node *node, struct mono_time now, struct actions *out);
void node_network_changed(struct node *node, struct mono_time now);
/* NULL: there is no such key, or id is 0. */
const struct mac_key *node_key(const struct node *node, uint32_t id);
unsigned node_count_slots(const struct node *node, uint16_t entry);

/* polls.c */
void node_poll(struct node *node, const struct clock_reading *now,
               const uint64_t random[static EVENT_RANDOM], struct actions *out);

/* keys.c */
void node_get_keys(struct node *node, const struct clock_reading *now, uint16_t slot,
                   struct actions *out);
void node_take_keys(struct node *node, const struct clock_reading *now,
                    const struct keys_answer *answer, struct actions *out);
/* Believes the certificates that can be believed now. */
void node_prove(struct node *node, const struct clock_reading *now, struct actions *out);
/* Its keys are there, but its certificate is not believed. */
bool node_unproven(const struct slot *slot);

/* judge.c */
/* What selection is to know of a source. */
void node_fill_candidate(struct node *node, uint16_t index, struct mono_time now,
                         struct candidate *candidate);
struct selection_options node_selection_options(const struct node *node);
void node_judge(struct node *node, const struct clock_reading *now, struct actions *out);

/* steer.c */
void node_steer(struct node *node, const struct clock_reading *now, struct actions *out);
void node_slew_end(struct node *node, const struct clock_reading *now, struct actions *out);
struct mono_time node_slew_deadline(const struct node *node);
void node_take_adjusted(struct node *node, const struct clock_reading *now,
                        const struct event_clock_adjusted *adjusted, struct actions *out);
void node_tell_kernel(struct node *node, const struct clock_reading *now, struct actions *out);
void node_watch_leap(struct node *node, const struct clock_reading *now, struct actions *out);
/* UTC - the disciplined clock, now: what remains to be corrected, s. */
double node_clock_error_s(const struct node *node, const struct clock_reading *now);

/* report.c: what is announced about the reference, kept for holdover. */
void node_remember_reference(struct node *node);

/* commands.c, orders.c, settings.c */
void node_take_command(struct node *node, const struct clock_reading *now,
                       const struct event_command *command, struct actions *out);
void node_take_order(struct node *node, const struct clock_reading *now,
                     const struct node_order *order, struct actions *out);
/* clock_orders.c: one about the clock. */
enum control_result node_take_clock_order(struct node *node, const struct clock_reading *now,
                                          const struct node_order *order, struct actions *out);
void node_take_options(struct node *node, const struct clock_reading *now,
                       const struct node_options *options, struct actions *out);

#endif
