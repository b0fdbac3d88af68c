/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/view_why.h"

#include <math.h>

#include "cli/view_auth.h"
#include "cli/view_sentence.h"
#include "wire/refid.h"
#include "wire/resolve.h"

enum { STRATUM_MAX = 15 };

const char *view_why_advice(const struct node_status *node)
{
    static const char *const advice[NODE_REASON_COUNT] = {
        [NODE_REASON_NONE] = "",
        [NODE_REASON_NO_SOURCES] =
            "Write `server` or `pool` lines into the configuration and `noon reload`, or try "
            "`noon add server NAME iburst`.",
        [NODE_REASON_UNRESOLVED] =
            "Check the resolver (/etc/resolv.conf) and the names' spelling; they are looked up "
            "again by themselves, and at once after `noon refresh`.",
        [NODE_REASON_NO_REPLY] =
            "Check that this machine has a network, and that UDP port 123 may leave it and come "
            "back; `noon query NAME` asks a server without noond.",
        [NODE_REASON_MEASURING] = "Wait for the next answers; `noon burst` asks for them now.",
        [NODE_REASON_NONE_USABLE] =
            "See below what is wrong with each of them, or give it other sources.",
        [NODE_REASON_NO_MAJORITY] =
            "Some of these sources are wrong. Compare them with `noon sources`, and add sources "
            "until the right ones are in the majority: four can outvote one that lies.",
        [NODE_REASON_TOO_FEW] = "Add sources, or lower `minsources`.",
        [NODE_REASON_REQUIRED_MISSING] =
            "See below what keeps the sources marked `require` from being used.",
        [NODE_REASON_CHANGE_REFUSED] =
            "If the sources are right, `noon step` makes the correction; else find out who is "
            "wrong. The limit is `maxchange`.",
        [NODE_REASON_BOUND_TOO_LARGE] =
            "The sources are too far from a reference clock, or were silent for too long; nearer "
            "ones help. The limit is `maxdistance`.",
        [NODE_REASON_CERT_TIME] =
            "Set the clock, or follow three servers with NTS: a majority of them vouches for the "
            "time. With fewer, `nocerttimecheck 1` believes certificates whatever their dates.",
        [NODE_REASON_KEY_EXCHANGE] =
            "See below why no keys could be exchanged; TCP to port 4460 must pass, not only UDP "
            "to port 123.",
        [NODE_REASON_OFFLINE] = "`noon online` has all of them asked again.",
        [NODE_REASON_NO_CONSTRAINT] =
            "TCP to port 443 of the HTTPS servers that `constraint` names must pass, and their "
            "certificates must be trusted here; the log says what is wrong.",
        [NODE_REASON_CONTRADICTED] =
            "Either somebody answers in the sources' place, or the HTTPS servers are wrong: name "
            "several of them, of which the median counts.",
        [NODE_REASON_RIVAL] =
            "Find the other program (chronyd, ntpd, systemd-timesyncd, a hypervisor's tools) and "
            "stop it; then `noon reload`.",
    };

    return node->reason < NODE_REASON_COUNT ? advice[node->reason]
                                            : "This noon is older than noond: update it.";
}

/* Ends a clause that may be a question. */
static void add_stop(struct text *text)
{
    if (text->length == 0 || text->start[text->length - 1] != '?') {
        text_char(text, '.');
    }
    text_char(text, '\n');
}

static void add_since(struct text *text, const struct view *view, const char *what,
                      struct utc_time since)
{
    text_add(text, what);
    text_add(text, " since ");
    view_when(text, view, since);
}

/* Nothing comes back: what else is known narrows down where it gets lost. */
static void add_silence(struct text *text, const struct view *view,
                        const struct source_status *source)
{
    if (source->last_answer.ns != 0) {
        add_since(text, view, "no reply", source->last_answer);
    } else {
        text_add(text, "it has never answered");
    }
    if (source->resolve == RESOLVE_STATE_DONE) {
        text_add(text, ", DNS answers");
    }
    if (source->send_errors > 0 && source->send_errors >= source->sent / 2) {
        text_add(text, ": no route to it, or nobody listens there (");
        view_plural(text, source->send_errors, "send error");
        text_char(text, ')');
    } else if (address_is_loopback(&source->address)) {
        text_add(text, ": does a server run there?");
    } else {
        text_add(text, ": firewall?");
    }
}

/* What the last look-up came to. */
static const char *unresolved_clause(const struct source_status *source)
{
    if (source->resolve_result == RESOLVE_NO_DATA) {
        switch ((enum resolve_method)source->method) {
        case RESOLVE_DHCP:
            return "no DHCP client of this machine was told a time server";
        case RESOLVE_CLOUD:
            return "this machine is of no provider that offers a time server, or its metadata "
                   "could not be read (see the log)";
        case RESOLVE_AUTO:
            return "neither DHCP nor a provider names a time server";
        case RESOLVE_SRV:
            return "its name has no SRV record of a time server that has an address";
        case RESOLVE_ADDRESSES:
        case RESOLVE_METHOD_COUNT:
            break;
        }
        return "its name exists, but has no address (NODATA)";
    }
    if (source->resolve_result == RESOLVE_SERVFAIL) {
        return "the resolver answers that it can't find out (SERVFAIL or REFUSED)";
    }
    return source->resolve == RESOLVE_STATE_NO_NAME ? "its name does not exist"
                                                    : "the resolver does not answer";
}

static void add_unresolved(struct text *text, const struct view *view,
                           const struct source_status *source)
{
    if (source->resolve == RESOLVE_STATE_WAITING) {
        text_add(text, source->method > RESOLVE_SRV ? "nobody has been found yet"
                                                    : "its name is being looked up");
        return;
    }
    add_since(text, view, unresolved_clause(source), source->state_since);
}

static void add_bad(struct text *text, const struct view *view, const struct source_status *source)
{
    add_since(text, view, "its answers are refused", source->state_since);
    if (source->last_drop != DROP_NONE) {
        text_add(text, ": ");
        text_add(text, drop_sentence((enum drop_reason)source->last_drop));
    }
}

static void add_measuring(struct text *text, const struct source_status *source)
{
    if (source->sent > 0 && source->received == 0) {
        text_add(text, "no answer yet to ");
        view_plural(text, source->sent, "request");
        if (source->send_errors > 0) {
            text_add(text, ", ");
            view_plural(text, source->send_errors, "send error");
        }
    } else {
        text_add(text, "too few answers so far: ");
        view_plural(text, source->samples, "measurement");
    }
}

/* By its frequency, or by a phase that leaves the others' more slowly. */
static void add_drifting(struct text *text, const struct source_status *source)
{
    text_add(text, "drifts away from the majority: ");
    if (fabs(source->moved_s) > 0) {
        text_duration(text, fabs(source->moved_s));
        text_add(text, " so far, ");
    }
    text_ppm(text, source->freq_s_per_s);
    text_add(text, " now");
}

/* States whose clause holds a number or a time of the source's own. */
static void add_with_values(struct text *text, const struct view *view,
                            const struct source_status *source)
{
    switch (source->state) {
    case SOURCE_FALSETICKER:
        if (source->drifting) {
            add_drifting(text, source);
            break;
        }
        text_add(text, "disagrees with the majority by ");
        text_duration(text, fabs(source->offset_s));
        text_add(text, ", although it may be wrong by ");
        text_duration(text, source->distance_s);
        text_add(text, " at most");
        break;
    case SOURCE_TOO_FAR:
        text_add(text, "its root distance of ");
        text_duration(text, source->distance_s);
        text_add(text, " is beyond maxdistance");
        break;
    case SOURCE_STRATUM:
        text_add(text, "it is at stratum ");
        text_u64(text, source->stratum);
        text_add(text, ", which minstratum or maxstratum (tos floor, ceiling) rules out");
        break;
    case SOURCE_MEASURING:
        add_measuring(text, source);
        break;
    case SOURCE_KOD:
        add_since(text, view, "it asked not to be asked", source->state_since);
        text_add(text, " (");
        text_add(text, drop_word((enum drop_reason)source->last_drop));
        text_char(text, ')');
        break;
    case SOURCE_JUMPED:
        add_since(text, view, "its time jumped", source->state_since);
        text_add(text, "; it is believed again once the next answers confirm it");
        break;
    default:
        text_add(text, source_state_sentence(source->state));
        break;
    }
}

void view_why_source_short(struct text *text, const struct view *view,
                           const struct source_status *source)
{
    switch (source->state) {
    case SOURCE_UNREACHABLE:
        add_silence(text, view, source);
        break;
    case SOURCE_UNRESOLVED:
        add_unresolved(text, view, source);
        break;
    case SOURCE_BAD:
        add_bad(text, view, source);
        break;
    case SOURCE_NO_KEY:
        text_add(text, "key ");
        text_u64(text, source->key);
        text_add(text, " is missing here, so it is not asked");
        break;
    case SOURCE_UNAUTHENTICATED:
        add_since(text, view, "its answers are not believed", source->state_since);
        text_add(text, ": ");
        text_add(text, drop_sentence((enum drop_reason)source->last_drop));
        break;
    case SOURCE_KEY_EXCHANGE:
        view_auth_no_keys(text, view, source);
        break;
    case SOURCE_CERT_TIME:
        view_auth_doubt(text, view, source);
        break;
    case SOURCE_UNSYNCHRONISED:
        add_since(text, view, "it says that it has no time (leap 3, or stratum 16)",
                  source->state_since);
        break;
    default:
        add_with_values(text, view, source);
        break;
    }
}

/* What would make the source be followed, or what to do about it. */
static const char *source_advice(const struct source_status *source)
{
    switch (source->state) {
    case SOURCE_SELECTED:
    case SOURCE_COMBINED:
        return "Nothing is wrong with it.";
    case SOURCE_TRUECHIMER:
        return "Nothing is wrong with it: others are marked `prefer`, or are much nearer.";
    case SOURCE_FALSETICKER:
        if (source->drifting) {
            return "Its clock is badly kept, or smears a leap second; or the majority does. It is "
                   "believed again when it has kept its distance to the others for hours.";
        }
        return "Either it is wrong, or the path to it is asymmetric, or the majority is wrong: "
               "`noon source NAME` compares it with each of the others.";
    case SOURCE_NO_MAJORITY:
        return "More sources are needed for a majority.";
    case SOURCE_TOO_FAR:
        return "A source nearer to a reference clock is needed, or a larger `maxdistance`.";
    case SOURCE_STRATUM:
        return "Change these lines to follow it.";
    case SOURCE_NOSELECT:
        return "Take `noselect` off its line to use it.";
    case SOURCE_MEASURING:
        return "Wait for the next answers, or `noon burst NAME`.";
    case SOURCE_JUMPED:
        return "Wait; if it keeps jumping, do without it.";
    case SOURCE_UNSYNCHRONISED:
        return "It has to find its own time first; it is used the moment it has.";
    case SOURCE_BAD:
        return "`noon source NAME` counts what was refused, and why.";
    case SOURCE_UNREACHABLE:
        return "`noon query NAME` asks it without noond; if that is silent too, look for a "
               "firewall on the way (UDP port 123, both directions).";
    case SOURCE_KOD:
        return "Its operator does not want this client, or not so often: choose another source, "
               "or a larger `minpoll`.";
    case SOURCE_OFFLINE:
        return "`noon online NAME` asks it again.";
    case SOURCE_UNRESOLVED:
        return "It is looked up again by itself, and at once after `noon refresh`.";
    case SOURCE_UNTRUSTED:
        return "The sources marked `trust` say otherwise: one of them, or this one, is wrong.";
    case SOURCE_NO_KEY:
        return "Put the key into the file that `keyfile` names, then reload noond: its log names "
               "lines that it can't use.";
    case SOURCE_KEY_EXCHANGE:
        return view_auth_advice(source);
    case SOURCE_CERT_TIME:
        return "Set the clock, or follow three servers with NTS, which vouch for the time; "
               "`nocerttimecheck 1` believes certificates whatever their dates.";
    case SOURCE_NO_CONSTRAINT:
        return "It is followed once an HTTPS server of `constraint` answers: TCP to port 443 must "
               "pass. `trusted` (`unconstrained` in noon's language) follows it without.";
    case SOURCE_CONTRADICTS:
        return "It lies, somebody on the way answers in its place, or the HTTPS servers of "
               "`constraint` are wrong: more of them tell which.";
    case SOURCE_UNAUTHENTICATED:
        return source->auth == AUTH_MODE_NTS
                   ? "Somebody on the way answers in the server's place, or changes what it says."
                   : "Both ends need the same key under the same number and with the same type; "
                     "otherwise somebody on the way answers in the server's place.";
    default:
        return "This noon is older than noond: update it.";
    }
}

void view_why_source(struct text *text, const struct view *view, const struct status_record *record,
                     const struct source_status *source)
{
    view_source(text, source);
    text_add(text, ": ");
    view_colored(text, view, view_source_color(source->state), source_state_word(source->state));
    text_add(text, " since ");
    view_when_ago(text, view, source->state_since);
    text_add(text, ".\nReason: ");
    view_why_source_short(text, view, source);
    add_stop(text);
    text_add(text, "Remedy: ");
    text_add(text, source_advice(source));
    text_char(text, '\n');
    if (view_was_found(source)) {
        text_add(text, "Used because: ");
        view_found(text, source);
        text_add(text, ".\n");
    }
    if (source->wobble_s > 0) {
        text_add(text, "Its server's clock is itself being steered: it swings by ");
        text_duration(text, source->wobble_s);
        text_add(text, " within ");
        text_duration(text, source->wobble_span_s);
        text_add(text, ", which is averaged over.\n");
    }
    if (source->state == SOURCE_FALSETICKER || source->state == SOURCE_NO_MAJORITY) {
        text_add(text, "The majority: ");
        text_u64(text, record->node.agreeing_count);
        text_add(text, " of ");
        view_plural(text, record->node.usable_count, "usable source");
        text_add(text, record->node.agreeing_count == 1 ? " agrees.\n" : " agree.\n");
    }
}

static bool is_fine(const struct source_status *source)
{
    return source->state == SOURCE_SELECTED || source->state == SOURCE_COMBINED ||
           source->state == SOURCE_TRUECHIMER;
}

void view_why(struct text *text, const struct view *view, const struct status_record *record)
{
    const struct node_status *node = &record->node;

    view_sentence(text, view, record);
    text_char(text, '\n');
    if (node->reason != NODE_REASON_NONE) {
        text_add(text, "Reason: ");
        text_add(text, node_reason_sentence(node->reason));
        add_since(text, view, ",", node->state_since);
        text_add(text, ".\nRemedy: ");
        text_add(text, view_why_advice(node));
        text_char(text, '\n');
    }
    if (node->reload_error[0] != '\0') {
        text_add(text, "The configuration on disk was refused, the one before it is in force: ");
        text_add(text, node->reload_error);
        text_add(text, "\n");
    }
    if (node->backend == BACKEND_KERNEL && !node->privileged) {
        text_add(text, "noond may not set the clock (CAP_SYS_TIME is missing): it only watches.\n");
    }
    if (node->state == NODE_SYNCHRONISED && node->stratum > STRATUM_MAX) {
        text_add(text, "It serves no time: what it follows is of stratum 15, and nobody may follow "
                       "the next one (RFC 5905); clients are told leap 3.\n");
    }
    for (size_t i = 0; i < record->count; i++) {
        const struct source_status *source = &record->sources[i];

        if (is_fine(source) && node->state == NODE_SYNCHRONISED) {
            continue;
        }
        view_source(text, source);
        text_add(text, ": ");
        if (is_fine(source)) {
            text_add(text, "nothing is wrong with it by itself");
        } else {
            view_why_source_short(text, view, source);
        }
        add_stop(text);
    }
}
