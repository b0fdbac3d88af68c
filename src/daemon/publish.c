/* SPDX-License-Identifier: BSD-2-Clause */
/* publish.c - the node's time and state for everybody else. */
#include <stdio.h>
#include <string.h>

#include "daemon/life.h"
#include "daemon/time_process.h"
#include "sys/process.h"

/* Zeros as long as there was no key exchange server. */
static void fill_ke_server(const struct page *page, struct ke_totals *totals)
{
    struct ke_totals read;
    size_t size = 0;

    if (page_read(page, &read, sizeof read, &size) == ERR_NONE && size == sizeof read) {
        *totals = read;
    }
}

static void fill_daemon_part(struct time_process *process, struct node_status *node)
{
    snprintf(node->version, sizeof node->version, "%s", NOON_VERSION);
    snprintf(node->config_file, sizeof node->config_file, "%s", process->setup.config_file);
    node->pid = (uint32_t)process_id();
    node->started = process->started;
    node->privileged = process->privileged;
    node->log_repeats = process->log_repeats;
    node->reloads = process->reloads;
    node->reload_failures = process->reload_failures;
    snprintf(node->reload_error, sizeof node->reload_error, "%s", process->reload_error);
    server_status_read(process->server,
                       process->setup.supervised ? &process->setup.supervised->server : NULL,
                       &node->server);
    if (process->setup.supervised) {
        xdp_feed_count(&process->setup.supervised->xdp, &node->server);
        fill_ke_server(&process->setup.supervised->ke_totals, &node->ke_server);
    }
    if (process->rules.time.count > 0) {
        node->server.serving = process->rules_serve;
    }
    node->server.command_requests += process->command_requests;
    node->server.command_drops += process->command_drops;
    node->server.draining = process->draining;
}

/* Our side of the paths, which the node does not know. */
static void fill_locals(struct time_process *process)
{
    for (size_t i = 0; i < process->status.count; i++) {
        struct source_status *source = &process->status.sources[i];

        if (source->association < process->capacity &&
            process->socket_users[source->association] != 0) {
            source->local = process->locals[source->association];
        }
    }
}

void publish_refresh(struct time_process *process)
{
    struct clock_reading now = time_reading(process);

    node_status(process->node, &now, &process->status, process->capacity);
    fill_locals(process);
    fill_daemon_part(process, &process->status.node);
}

/*
 * The bound as it is told to people who are not asking: 1, 2 or 5 of a decade, and the same as
 * long as it is true and not four times too large.  A line a second would crowd out what matters.
 */
static double bound_to_tell_s(double told_s, double bound_s)
{
    static const double steps[] = {1, 2, 5};

    if (bound_s <= told_s && bound_s > told_s / 4) {
        return told_s;
    }
    for (double decade_s = 1e-9; decade_s < 1e9; decade_s *= 10) {
        for (unsigned i = 0; i < 3; i++) {
            if (bound_s <= decade_s * steps[i]) {
                return decade_s * steps[i];
            }
        }
    }
    return bound_s;
}

/* The line that `systemctl status` shows. */
static void tell_service_manager(struct time_process *process)
{
    const struct node_status *node = &process->status.node;
    char text[sizeof process->notified];

    if (node->state == NODE_SYNCHRONISED) {
        process->notified_bound_s = bound_to_tell_s(process->notified_bound_s, node->bound_s);
        snprintf(text, sizeof text, "synchronised, right to within %.3g ms, stratum %u",
                 process->notified_bound_s * 1e3, node->stratum);
    } else {
        snprintf(text, sizeof text, "%s: %s", node_state_sentence(node->state),
                 node_reason_sentence(node->reason));
    }
    if (strcmp(text, process->notified) != 0) {
        memcpy(process->notified, text, sizeof text);
        time_tell_status(process, text);
    }
}

/* For the server process, which answers questions about the daemon from it. */
static void publish_record(struct time_process *process)
{
    struct supervised *supervised = process->setup.supervised;

    if (supervised) {
        size_t size = status_encode(&process->status, process->record, process->record_capacity);

        if (size > 0 && size <= page_capacity(&supervised->record)) {
            page_write(&supervised->record, process->record, size);
        }
    }
}

void publish_to_driver(struct time_process *process)
{
    struct supervised *supervised = process->setup.supervised;
    /* Of rules that were made at runtime it does not know. */
    bool elsewhere = process->draining || process->rules.time.count > 0;

    if (supervised) {
        xdp_feed_give(&supervised->xdp, &process->line, elsewhere, clock_steady());
    }
}

void publish(struct time_process *process)
{
    struct clock_reading now = time_reading(process);
    struct page *page = process->setup.time_page;
    struct clocks clocks;

    node_line(process->node, &now, &process->line);
    if (process->clock.kind == CLOCK_CONTROL_VIRTUAL) {
        /* Who moves stamps by the line has the kernel's stamps, not ours. */
        clock_control_read(&process->clock, &clocks);
        process->line.real_minus_mono_ns = clocks.system.ns - clocks.mono.ns;
    }
    if (page) {
        page_write(page, &process->line, sizeof process->line);
    }
    if (process->setup.supervised && process->privileged) {
        life_rate(&process->setup.supervised->life,
                  (struct freq){node_saved(process->node).freq_s_per_s});
    }
    publish_to_driver(process);
    server_loop_publish(process->server, &process->line);
    publish_refresh(process);
    publish_record(process);
    records_published(process);
    tell_service_manager(process);
}
