/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/view_source.h"

#include <math.h>

#include "base/fmath.h"
#include "cli/view_auth.h"
#include "wire/ntp_packet.h"
#include "wire/refid.h"
#include "wire/resolve.h"

enum { LABEL_WIDTH = 16, HOURS_A_DAY = 24, OTHERS_MAX = 32 };

static void begin(struct text *text, const char *label)
{
    size_t from = text->length;

    text_add(text, label);
    text_to_column(text, from, LABEL_WIDTH);
}

static void end(struct text *text)
{
    text_char(text, '\n');
}

static char hour_mark(const struct source_hour *hour)
{
    if (hour->sent == 0) {
        return hour->answered > 0 ? '#' : ' ';
    }
    if (hour->answered == 0) {
        return '.';
    }
    if (hour->answered >= hour->sent) {
        return '#';
    }
    return 2 * hour->answered >= hour->sent ? '+' : '-';
}

void view_source_reach_chart(struct text *text, const struct source_status *source)
{
    for (int day = HISTORY_HOURS / HOURS_A_DAY - 1; day >= 0; day--) {
        unsigned sent = 0;
        unsigned answered = 0;

        begin(text, day == 0 ? "last 24 hours" : day == 1 ? "the day before" : "two days before");
        text_char(text, '|');
        for (int hour = HOURS_A_DAY - 1; hour >= 0; hour--) {
            const struct source_hour *at = &source->hours[day * HOURS_A_DAY + hour];

            text_char(text, hour_mark(at));
            sent += at->sent;
            answered += at->answered;
        }
        text_add(text, "| ");
        text_u64(text, answered);
        text_add(text, " of ");
        text_u64(text, sent);
        text_add(text, " answered\n");
    }
}

static void add_name(struct text *text, const struct view *view, const struct source_status *source)
{
    static const char *const resolved[] = {
        [RESOLVE_STATE_LITERAL] = "a literal address",
        [RESOLVE_STATE_WAITING] = "being looked up for the first time",
        [RESOLVE_STATE_DONE] = "has an address",
        [RESOLVE_STATE_NO_NAME] = "the name does not exist (yet)",
        [RESOLVE_STATE_FAILED] = "the resolver does not answer",
    };

    begin(text, "source");
    view_source(text, source);
    text_add(text, source->pool ? ", of a pool" : "");
    text_add(text, source->prefer ? ", prefer" : "");
    text_add(text, source->trust ? ", trust" : "");
    text_add(text, source->require ? ", require" : "");
    text_add(text, source->noselect ? ", noselect" : "");
    text_add(text, source->xleave ? ", xleave" : "");
    end(text);
    begin(text, "state");
    view_colored(text, view, view_source_color(source->state), source_state_word(source->state));
    text_add(text, ": ");
    text_add(text, source_state_sentence(source->state));
    text_add(text, ", since ");
    view_when_ago(text, view, source->state_since);
    end(text);
    begin(text, "name");
    if (source->resolve_result == RESOLVE_NO_DATA || source->resolve_result == RESOLVE_SERVFAIL) {
        text_add(text, source->resolve_result == RESOLVE_NO_DATA
                           ? "names nobody (yet)"
                           : "the resolver can't find out (SERVFAIL or REFUSED)");
    } else {
        text_add(text, source->resolve < sizeof resolved / sizeof *resolved
                           ? resolved[source->resolve]
                           : "in a state that this noon does not know");
    }
    if (source->resolved_at.ns != 0) {
        text_add(text, ", looked up ");
        view_when(text, view, source->resolved_at);
    }
    if (source->address_changes > 0) {
        text_add(text, "; ");
        view_plural(text, source->address_changes, "change");
        text_add(text, " of address");
    }
    end(text);
    if (source->address.family != ADDRESS_NONE) {
        begin(text, "used because");
        view_found(text, source);
        end(text);
    }
}

static void add_authentication(struct text *text, const struct view *view,
                               const struct source_status *source)
{
    if (source->auth != AUTH_MODE_NONE) {
        begin(text, "authentication");
        view_auth(text, view, source);
        end(text);
    }
}

static void add_announced(struct text *text, const struct source_status *source)
{
    static const char *const leaps[] = {"none", "insert", "delete", "unsynchronised"};
    char refid[REFID_TEXT_SIZE];

    if (source->received == 0) {
        return;
    }
    refid_print(source->refid, source->stratum, refid);
    begin(text, "it says");
    text_add(text, "stratum ");
    text_u64(text, source->stratum);
    text_add(text, ", follows ");
    text_add(text, refid);
    text_add(text, ", leap ");
    text_add(text, source->leap < 4 ? leaps[source->leap] : "unknown");
    text_add(text, ", root delay ");
    text_duration(text, source->root_delay_s);
    text_add(text, ", root dispersion ");
    text_duration(text, source->root_dispersion_s);
    end(text);
}

static void add_measured(struct text *text, const struct source_status *source)
{
    static const char *const stamps[] = {"this program", "the kernel", "the network card"};

    if (source->last_sample.ns == 0) {
        return;
    }
    begin(text, "offset");
    text_offset(text, source->offset_s);
    text_add(text, " +- ");
    text_duration(text, source->sd_s);
    text_add(text, " now; last measured ");
    text_offset(text, source->last_offset_s);
    end(text);
    begin(text, "error");
    text_add(text, "at most ");
    text_duration(text, source->distance_s);
    text_add(text, " (root distance)");
    end(text);
    begin(text, "path");
    text_add(text, "round trip ");
    text_duration(text, source->last_delay_s);
    text_add(text, ", at best ");
    text_duration(text, source->floor_s);
    text_add(text, ", queueing ");
    text_duration(text, source->jitter_s);
    end(text);
    begin(text, "frequency");
    text_ppm(text, fabs(source->freq_s_per_s));
    text_add(text, source->freq_s_per_s < 0 ? " slower than ours" : " faster than ours");
    end(text);
    begin(text, "measurements");
    text_u64(text, source->samples);
    text_add(text, " in memory, weight ");
    text_fixed(text, source->weight * 100, 0);
    text_add(text, " %, stamped by ");
    text_add(text, source->stamp_class < 3 ? stamps[source->stamp_class] : "something unknown");
    end(text);
}

static void add_steered(struct text *text, const struct source_status *source)
{
    if (source->wobble_s > 0) {
        begin(text, "steered");
        text_add(text, "its clock swings by ");
        text_duration(text, source->wobble_s);
        text_add(text, " within ");
        text_duration(text, source->wobble_span_s);
        text_add(text, ": averaged over");
        end(text);
    }
    if (source->drifting) {
        begin(text, "drifting");
        text_duration(text, fabs(source->moved_s));
        text_add(text, " away from the majority so far");
        end(text);
    }
}

/* Against the others: who is right is a matter of the majority. */
static void add_others(struct text *text, const struct status_record *record,
                       const struct source_status *source)
{
    size_t shown = 0;
    size_t left = 0;

    if (source->last_sample.ns == 0) {
        return;
    }
    for (size_t i = 0; i < record->count; i++) {
        const struct source_status *other = &record->sources[i];

        if (other == source || other->last_sample.ns == 0) {
            continue;
        }
        if (shown == OTHERS_MAX) {
            left++;
            continue;
        }
        begin(text, shown++ == 0 ? "against" : "");
        view_source(text, other);
        text_add(text, ": ");
        text_offset(text, source->offset_s - other->offset_s);
        text_add(text, " +- ");
        text_duration(text, sqrt(source->sd_s * source->sd_s + other->sd_s * other->sd_s));
        end(text);
    }
    if (left > 0) {
        begin(text, "");
        text_add(text, "and ");
        text_u64(text, left);
        text_add(text, " more");
        end(text);
    }
}

static void add_drops(struct text *text, const struct source_status *source)
{
    for (int i = DROP_NONE + 1; i < DROP_COUNT; i++) {
        if (source->drops[i] > 0) {
            begin(text, i == source->last_drop ? "refused (last)" : "refused");
            text_u64(text, source->drops[i]);
            text_add(text, ": ");
            text_add(text, drop_sentence((enum drop_reason)i));
            end(text);
        }
    }
}

static void add_traffic(struct text *text, const struct view *view,
                        const struct source_status *source)
{
    begin(text, "asked");
    text_add(text, "every ");
    if (source->poll_log2 >= 0) {
        text_u64(text, UINT64_C(1) << (source->poll_log2 & 31)); /* powers of two are known */
        text_add(text, " s");
    } else {
        text_duration(text, fmath_exp2i(source->poll_log2));
    }
    text_add(text, ", NTP version ");
    text_u64(text, source->version);
    if (source->offline) {
        text_add(text, "; offline: not asked now");
    } else if (source->next_poll.ns > view->now.ns) {
        text_add(text, "; next in ");
        text_duration(text, floor(utc_diff_s(source->next_poll, view->now) + 0.5));
    }
    end(text);
    begin(text, "answers");
    text_u64(text, view_reach_answered(source));
    text_add(text, " of the last ");
    text_u64(text, view_reach_asked(source));
    text_add(text, "; in all ");
    view_plural(text, source->sent, "request");
    text_add(text, ", ");
    view_plural(text, source->received, "answer");
    text_add(text, ", ");
    text_u64(text, source->accepted);
    text_add(text, " used; last ");
    view_when_ago(text, view, source->last_answer);
    end(text);
    if (source->send_errors + source->kod + source->jumps > 0) {
        begin(text, "trouble");
        view_plural(text, source->send_errors, "send error");
        text_add(text, ", ");
        view_plural(text, source->kod, "kiss-o'-death packet");
        text_add(text, ", ");
        view_plural(text, source->jumps, "jump");
        text_add(text, " of its time");
        end(text);
    }
    add_drops(text, source);
}

void view_source_page(struct text *text, const struct view *view,
                      const struct status_record *others, const struct source_status *source)
{
    add_name(text, view, source);
    add_authentication(text, view, source);
    add_announced(text, source);
    add_measured(text, source);
    add_steered(text, source);
    add_others(text, others, source);
    add_traffic(text, view, source);
    text_add(text,
             "history         a character an hour: # all answered, + most, - fewer, . none\n");
    view_source_reach_chart(text, source);
}
