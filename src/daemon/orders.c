/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/orders.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/server/ask_chrony.h"
#include "daemon/time_process.h"
#include "daemon/worker_report.h"
#include "sys/clock.h"
#include "sys/storage.h"
#include "sys/unix_datagram.h"

#define CHRONY_SOCKET "/run/chrony/chronyd.sock"

/* For so long chronyc, which asks for 8 clients at a time, is shown the same table. */
static const int64_t snapshot_ns = 10 * NS_PER_S;

const char *orders_path(const struct args *args, const struct config *config, char *buffer,
                        size_t size)
{
    const char *path = config->daemon.bind_command.path;

    if (path != NULL) {
        return strcmp(path, "/") == 0 ? NULL : path;
    }
    if (args->run_dir == NULL) {
        return CHRONY_SOCKET;
    }
    snprintf(buffer, size, "%s/chronyd.sock", args->run_dir);
    return buffer;
}

/* The directory of a path; false: it has none. */
static bool directory_of(const char *path, char *directory, size_t size)
{
    const char *slash = strrchr(path, '/');

    if (slash == NULL || slash == path || (size_t)(slash - path) >= size) {
        return false;
    }
    memcpy(directory, path, (size_t)(slash - path));
    directory[slash - path] = '\0';
    return true;
}

int orders_open(const struct args *args, const struct config *config, const struct user_ids *user,
                const struct log_sink *log)
{
    const struct unix_owner owner = {
        .mode = 0660, .uid = user ? (int64_t)user->uid : -1, .gid = user ? (int64_t)user->gid : -1};
    char buffer[PATH_SIZE], directory[PATH_SIZE];
    const char *path = orders_path(args, config, buffer, sizeof buffer);
    enum err error;
    int fd = -1;

    if (path == NULL) {
        return -1;
    }
    if (directory_of(path, directory, sizeof directory) && !storage_is_directory(directory)) {
        (void)!storage_make_directory(directory, 0770, owner.uid, owner.gid);
    }
    error = unix_datagram_open(&fd, path, &owner);
    if (error == ERR_IN_USE) {
        log_format(log, LOG_SEVERITY_INFO,
                   "%s belongs to another daemon: chronyc is answered there", path);
    } else if (error != ERR_NONE && config->daemon.bind_command.path != NULL) {
        log_format(log, LOG_SEVERITY_WARNING, "%s can't be opened: chronyc can't give orders",
                   path);
    }
    return error == ERR_NONE ? fd : -1;
}

void orders_close(struct time_process *process)
{
    char buffer[PATH_SIZE];
    const char *path = orders_path(process->setup.args, process->config, buffer, sizeof buffer);

    if (process->setup.order_socket >= 0 && path != NULL) {
        storage_remove(path);
    }
    unix_close(&process->setup.order_socket);
}

/*
 * Clients put their sockets beside ours, or in a directory there; an answer goes nowhere else.
 * /var/run is a link to /run, and some write it so.
 */
static bool may_answer(const struct time_process *process, const char *from)
{
    char buffer[PATH_SIZE], directory[PATH_SIZE];
    const char *path = orders_path(process->setup.args, process->config, buffer, sizeof buffer);
    size_t length;

    if (path == NULL || !directory_of(path, directory, sizeof directory) ||
        strstr(from, "/../") != NULL || strcmp(from, path) == 0) {
        return false;
    }
    length = strlen(directory);
    if (strncmp(from, "/var", 4) == 0 && strncmp(directory, "/var", 4) != 0) {
        from += 4;
    }
    return strncmp(from, directory, length) == 0 && from[length] == '/';
}

/* The trees that `accheck` and `cmdaccheck` look into, made for one question. */
static struct access_node *make_tree(struct access_tree *tree, const struct access_rule *rules,
                                     size_t count, const struct rules *more)
{
    struct access_node *nodes = calloc(rules_nodes(count), sizeof *nodes);

    if (nodes != NULL) {
        access_init(tree, nodes, rules_nodes(count));
        enum err ignored = rules_build(tree, rules, count, more); /* failed: nobody may */
        (void)ignored;
    }
    return nodes;
}

static size_t command_rules(const struct config *config, struct access_rule *rules)
{
    size_t count = 0;

    for (size_t i = 0; i < config->space->command_rule_count; i++) {
        if (config->space->command_rules[i].name == NULL) {
            rules[count++] = config->space->command_rules[i].rule;
        }
    }
    return count;
}

/* Reads the client table of the process that serves. */
static bool read_clients(const struct time_process *process, struct clients_record *clients)
{
    size_t capacity = clients_size_max(WORKER_CLIENTS_TOLD), size;
    uint8_t *bytes = malloc(capacity);
    bool good = false;

    size = bytes != NULL ? time_clients(process, bytes, capacity) : 0;
    if (size == 0 && process->config->node.client_log_octets > 0) {
        /* Whoever serves has only just begun, and has written none down yet. */
        clients->clients = calloc(1, sizeof *clients->clients);
        good = clients->clients != NULL;
    } else if (size > 0) {
        size_t most = size / CLIENT_OCTETS_MIN + 1;

        clients->clients = calloc(most, sizeof *clients->clients);
        good = clients->clients != NULL && clients_decode(clients, most, bytes, size);
    }
    free(bytes);
    return good;
}

static void forget_snapshot(struct time_process *process)
{
    free(process->snapshot.clients);
    process->snapshot = (struct clients_record){.clients = NULL};
}

/* The table as it was when its first page was asked for; NULL: nobody keeps one. */
static const struct clients_record *snapshot(struct time_process *process, bool first)
{
    int64_t now_ns = clock_steady().ns;

    if (first || process->snapshot.clients == NULL ||
        now_ns - process->snapshot_at.ns > snapshot_ns) {
        forget_snapshot(process);
        process->snapshot_at.ns = now_ns;
        if (!read_clients(process, &process->snapshot)) {
            forget_snapshot(process);
            return NULL;
        }
    }
    return &process->snapshot;
}

static void list_manual(const struct time_process *process, struct chrony_manual_list *list)
{
    const struct clock_reading now = time_reading(process);
    struct manual_report report;

    node_manual(process->node, &now, &report);
    *list = (struct chrony_manual_list){.count = report.count};
    for (unsigned i = 0; i < report.count; i++) {
        list->samples[i] = (struct chrony_manual_sample){
            .when = report.at[i].when,
            .slewed_s = -report.at[i].left_s,
            .original_s = -report.at[i].first_s,
            .residual_s = -report.at[i].residual_s,
        };
    }
}

/* Will chronyc not ask for another page of clients? */
static bool last_page(const uint8_t *reply, size_t size)
{
    struct chrony_clients page;

    return chrony_reply_decode(reply, size, &page, sizeof page) == CHRONY_REPLY_CLIENTS &&
           (page.next >= page.indices || page.count < CHRONY_CLIENTS_PAGE);
}

/* A question; 0: it is an order. */
static size_t answer(struct time_process *process, const struct chrony_request *request,
                     uint8_t reply[static CHRONY_REPLY_MAX])
{
    struct access_rule *rules = NULL;
    struct access_node *nodes = NULL, *command_nodes = NULL;
    struct access_tree access, command_access;
    struct chrony_manual_list manual;
    struct ask_view view = {.record = &process->status};
    size_t size;

    publish_refresh(process);
    view.now = process->status.node.now;
    if (request->command == CHRONY_CLIENT_ACCESSES) {
        view.clients = snapshot(process, request->arguments.number[0] == 0);
    }
    if (request->command == CHRONY_MANUAL_LIST) {
        list_manual(process, &manual);
        view.manual = &manual;
    }
    if (request->command == CHRONY_ACCHECK || request->command == CHRONY_CMDACCHECK) {
        rules = calloc(CONFIG_ACCESS_MAX, sizeof *rules);
        nodes = make_tree(&access, process->config->node.access, process->config->node.access_count,
                          &process->rules.time);
        command_nodes =
            rules ? make_tree(&command_access, rules, command_rules(process->config, rules),
                              &process->rules.command)
                  : NULL;
        view.access = nodes ? &access : NULL;
        view.command_access = command_nodes ? &command_access : NULL;
    }
    size = ask_chrony(&view, request, reply);
    if (view.clients != NULL && last_page(reply, size)) {
        if (request->arguments.number[3] != 0) {
            access_orders_forget(process); /* `clients -r`: only now has chronyc seen all of them */
        }
        forget_snapshot(process);
    }
    free(rules);
    free(nodes);
    free(command_nodes);
    return size;
}

void orders_serve(struct time_process *process)
{
    uint8_t bytes[CHRONY_REQUEST_MAX + 1], reply[CHRONY_REPLY_MAX];
    char from[UNIX_DATAGRAM_PATH_SIZE];
    struct chrony_request request;
    enum chrony_status status;
    size_t size;

    if (unix_datagram_receive(process->setup.order_socket, bytes, sizeof bytes, &size, from) !=
        ERR_NONE) {
        return;
    }
    process->command_requests++;
    status = chrony_request_decode(&request, bytes, size, CHRONY_TRUSTED);
    if (status == CHRONY_SILENCE || !may_answer(process, from)) {
        process->command_drops++;
        return;
    }
    size = 0;
    if (status == CHRONY_SUCCESS) {
        size = answer(process, &request, reply);
        if (size == 0 && request.command == CHRONY_SETTIME) {
            size = chrony_orders_set_time(process, &request, reply);
        }
        status = size > 0 ? status : chrony_orders_carry_out(process, &request);
    }
    if (size == 0) {
        size = chrony_status_encode(&request, status, reply);
    }
    if (size > request.size ||
        unix_datagram_send(process->setup.order_socket, from, reply, size) != ERR_NONE) {
        process->command_drops++;
    }
}
