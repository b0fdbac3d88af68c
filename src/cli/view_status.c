/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/view_status.h"

#include <math.h>

#include "cli/view_sentence.h"
#include "wire/date.h"
#include "wire/ntp_packet.h"
#include "wire/refid.h"

enum { STRATUM_MAX = 15 };

enum { LABEL_WIDTH = 16 };

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

static void add_state(struct text *text, const struct view *view, const struct node_status *node)
{
    begin(text, "state");
    view_colored(text, view, view_node_color(node->state), node_state_sentence(node->state));
    text_add(text, ", since ");
    view_when_ago(text, view, node->state_since);
    end(text);
    if (node->reason != NODE_REASON_NONE) {
        begin(text, "because");
        text_add(text, node_reason_sentence(node->reason));
        end(text);
    }
}

static void add_precision(struct text *text, const struct view *view,
                          const struct status_record *record)
{
    const struct node_status *node = &record->node;

    begin(text, "bound");
    if (node->bound_s >= 0) {
        text_add(text, "right to within ");
        text_duration(text, node->bound_s);
        text_add(text, " (standard deviation ");
        text_duration(text, node->sd_s);
        text_char(text, ')');
    } else {
        text_add(text, "unknown");
    }
    end(text);
    begin(text, "follows");
    view_followed(text, record);
    end(text);
    begin(text, "sources");
    text_u64(text, node->source_count);
    text_add(text, " configured, ");
    text_u64(text, node->usable_count);
    text_add(text, " usable, ");
    text_u64(text, node->agreeing_count);
    text_add(text, " agree");
    end(text);
    begin(text, "last update");
    view_when_ago(text, view, node->reference_time);
    if (node->reference_time.ns != 0) {
        text_add(text, ", corrected by ");
        text_offset(text, node->last_correction_s);
    }
    end(text);
}

/* What is not yet known is left away, rather than shown as 0. */
static void add_clock_error(struct text *text, const struct node_status *node)
{
    if (!node_status_has_time(node)) {
        return;
    }
    text_add(text, node->clock_error_s < 0 ? ", fast by " : ", slow by ");
    text_duration(text, fabs(node->clock_error_s));
    if (node->slew_s_per_s != 0) {
        text_add(text, ", slewed at ");
        text_ppm(text, node->slew_s_per_s);
    }
}

static void add_clock(struct text *text, const struct node_status *node)
{
    begin(text, "clock");
    text_add(text, clock_backend_word(node->backend));
    if (node->backend == BACKEND_NONE) {
        text_add(text, ": the system clock is left alone");
    } else if (node->backend == BACKEND_KERNEL && !node->privileged) {
        text_add(text, ": may not be set (CAP_SYS_TIME is missing)");
    }
    add_clock_error(text, node);
    end(text);
    begin(text, "frequency");
    if (node->freq_s_per_s != 0 || node->freq_sd_s_per_s != 0) {
        text_ppm(text, fabs(node->freq_s_per_s));
        text_add(text, node->freq_s_per_s > 0 ? " slow, +- " : " fast, +- ");
        text_ppm(text, node->freq_sd_s_per_s);
    } else {
        text_add(text, "unknown");
    }
    end(text);
    if (node->tempcomp_s_per_s != 0) {
        begin(text, "temperature");
        text_fixed(text, node->temperature, 1);
        text_add(text, " by its sensor: corrected by ");
        text_ppm(text, node->tempcomp_s_per_s);
        end(text);
    }
}

/* What became of the connections to the key exchange server, where there were any. */
static void add_ke_server(struct text *text, const struct ke_totals *totals)
{
    const struct {
        uint64_t count;
        const char *what;
    } bad[] = {
        {totals->handshakes_failed, "without TLS"},
        {totals->bad_requests, "with a bad request"},
        {totals->no_cipher, "without a cipher in common"},
        {totals->slow, "too slow"},
        {totals->crowded_out, "crowded out"},
        {totals->limited, "too often"},
        {totals->refused, "not allowed"},
        {totals->internal_errors, "for lack of memory"},
    };

    if (totals->connections == 0) {
        return;
    }
    begin(text, "key exchange");
    text_u64(text, totals->connections);
    text_add(text, " NTS clients connected, ");
    text_u64(text, totals->exchanges);
    text_add(text, " got keys");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (bad[i].count > 0) {
            text_add(text, ", ");
            text_u64(text, bad[i].count);
            text_char(text, ' ');
            text_add(text, bad[i].what);
        }
    }
    end(text);
}

static void add_constraint(struct text *text, const struct view *view,
                           const struct node_status *node)
{
    if (node->constraint_lines == 0) {
        return;
    }
    begin(text, "constraint");
    if (node->constraint_servers > 0) {
        view_plural(text, node->constraint_servers, "HTTPS server");
        text_add(text, ", off by ");
        text_offset(text, node->constraint_offset_s);
        text_add(text, ", last asked ");
        view_when_ago(text, view, node->constraint_time);
    }
    if (node->constraint_result > DATE_OK) {
        text_add(text,
                 node->constraint_servers > 0 ? "; one failed: " : "none has told the time: ");
        text_add(text, date_result_sentence(node->constraint_result));
    } else if (node->constraint_servers == 0) {
        text_add(text, "none has answered yet");
    }
    end(text);
}

/* `xdp`: what the network drivers have answered, and where the program is. */
static void add_driver(struct text *text, const struct server_status *server)
{
    if (server->driver_answers == 0 && server->driver_native == 0 && server->driver_generic == 0) {
        return;
    }
    text_add(text, ", ");
    text_u64(text, server->driver_answers);
    text_add(text, " of them by xdp (");
    if (server->driver_native > 0) {
        text_add(text, "in the driver of ");
        view_plural(text, server->driver_native, "interface");
    }
    if (server->driver_generic > 0) {
        text_add(text, server->driver_native > 0 ? ", " : "");
        text_add(text, "in the kernel behind the driver of ");
        view_plural(text, server->driver_generic, "interface");
        text_add(text, ", which saves little");
    }
    if (server->driver_native + server->driver_generic == 0) {
        text_add(text, "at no interface now");
    }
    text_add(text, ")");
}

static void add_announced(struct text *text, const struct node_status *node)
{
    char refid[REFID_TEXT_SIZE];

    refid_print(node->refid, node->stratum, refid);
    begin(text, "announces");
    if (node->stratum > STRATUM_MAX && node->state == NODE_SYNCHRONISED) {
        text_add(text,
                 "no time, since what it follows is of stratum 15: clients are told leap 3; ");
    }
    text_add(text, "stratum ");
    text_u64(text, node->stratum);
    text_add(text, ", refid ");
    text_add(text, refid);
    text_add(text, ", root delay ");
    text_duration(text, node->root_delay_s);
    text_add(text, ", root dispersion ");
    text_duration(text, node->root_dispersion_s);
    if (node->leap == NTP_LEAP_INSERT) {
        text_add(text, ", leap second at the end of the month");
    } else if (node->leap == NTP_LEAP_DELETE) {
        text_add(text, ", the month ends a second early");
    } else if (node->leap == NTP_LEAP_UNSYNC) {
        text_add(text, ", unsynchronised (leap 3)");
    }
    end(text);
    begin(text, "server");
    if (node->server.serving || node->server.requests > 0) {
        text_u64(text, node->server.requests);
        text_add(text, " requests, ");
        text_u64(text, node->server.answers);
        text_add(text, " answered");
        add_driver(text, &node->server);
    }
    if (!node->server.serving) {
        text_add(text, node->server.requests > 0 ? ", no longer serving" : "serves nobody");
    }
    end(text);
    add_ke_server(text, &node->ke_server);
}

static void add_count(struct text *text, bool *any, uint64_t count, const char *noun)
{
    if (count > 0) {
        text_add(text, *any ? ", " : "");
        view_plural(text, count, noun);
        *any = true;
    }
}

static void add_events(struct text *text, const struct view *view, const struct node_status *node)
{
    bool any = false;

    begin(text, "events");
    add_count(text, &any, node->steps, "step");
    if (node->steps > 0) {
        text_add(text, " (last by ");
        text_offset(text, node->last_step_s);
        text_add(text, ", ");
        view_when(text, view, node->last_step_time);
        text_char(text, ')');
    }
    add_count(text, &any, node->disturbances, "disturbance");
    add_count(text, &any, node->rivals, "rival adjustment");
    add_count(text, &any, node->suspends, "sleep");
    add_count(text, &any, node->pauses, "pause");
    add_count(text, &any, node->leap_armed, "leap second");
    add_count(text, &any, node->reloads, "reload");
    add_count(text, &any, node->reload_failures, "refused reload");
    text_add(text, any ? "" : "none");
    end(text);
    if (node->reload_error[0] != '\0') {
        begin(text, "refused");
        text_add(text, node->reload_error);
        end(text);
    }
}

void view_status(struct text *text, const struct view *view, const struct status_record *record)
{
    const struct node_status *node = &record->node;

    add_state(text, view, node);
    add_precision(text, view, record);
    add_clock(text, node);
    add_constraint(text, view, node);
    add_announced(text, node);
    add_events(text, view, node);
    begin(text, "daemon");
    text_add(text, "noond ");
    text_add(text, node->version);
    text_add(text, ", process ");
    text_u64(text, node->pid);
    text_add(text, ", since ");
    view_when_ago(text, view, node->started);
    end(text);
    begin(text, "configuration");
    text_add(text, node->config_file[0] != '\0' ? node->config_file : "none");
    end(text);
}
