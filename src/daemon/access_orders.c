/* SPDX-License-Identifier: BSD-2-Clause */
/* access_orders.c - who may ask, by order of an operator: `noon allow`, chronyc's `allow` ... */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/config_load.h"
#include "daemon/time_process.h"

bool access_orders_serve(const struct time_process *process)
{
    for (uint32_t i = 0; i < process->rules.time.count; i++) {
        if (process->rules.time.at[i].allow) {
            return true;
        }
    }
    return false;
}

/* What the status says: the server process tells of the configuration's rules alone. */
static void see_who_is_served(struct time_process *process)
{
    const struct node_options *options = &process->config->node;
    struct access_node *nodes = calloc(rules_nodes(options->access_count), sizeof *nodes);
    struct access_tree tree;

    access_init(&tree, nodes, nodes ? rules_nodes(options->access_count) : 0);
    process->rules_serve = rules_build(&tree, options->access, options->access_count,
                                       &process->rules.time) == ERR_NONE &&
                           access_allows_somebody(&tree);
    free(nodes);
}

/* Who asks for time may exchange keys for it: the same rules, for the key exchange server of NTS.
 */
static void show_rules(struct time_process *process)
{
    const struct node_options *options = &process->config->node;
    const struct rules *more = &process->rules.time;
    size_t count = options->access_count + more->count;

    if (!process->setup.supervised || process->config->daemon.nts_cert_count == 0) {
        return;
    }
    struct access_rule *rules = calloc(count + 1, sizeof *rules);
    if (rules == NULL) {
        log_line(&process->setup.log, LOG_SEVERITY_WARNING,
                 "no memory for the rules of who may exchange keys: the old ones go on");
        return;
    }
    for (size_t i = 0; i < count; i++) {
        rules[i] =
            i < options->access_count ? options->access[i] : more->at[i - options->access_count];
    }
    page_write(&process->setup.supervised->access, rules, count * sizeof *rules);
    free(rules);
}

void access_orders_reloaded(struct time_process *process)
{
    show_rules(process);
    if (process->rules.time.count > 0) {
        see_who_is_served(process);
    }
}

/* The workers look at the page before each batch of requests. */
static void tell(struct time_process *process)
{
    if (process->setup.supervised) {
        page_write(&process->setup.supervised->rules, &process->rules, sizeof process->rules);
    } else {
        server_loop_options(process->server, &process->config->node, &process->rules.time);
    }
    show_rules(process);
    publish_to_driver(process);
    see_who_is_served(process);
}

void access_orders_open(struct time_process *process)
{
    struct runtime_rules rules;
    size_t size = 0;

    if (process->setup.supervised &&
        page_read(&process->setup.supervised->rules, &rules, sizeof rules, &size) == ERR_NONE &&
        size == sizeof rules) {
        process->rules = rules;
    }
    access_orders_reloaded(process);
}

void access_orders_forget(struct time_process *process)
{
    process->rules.forget++;
    tell(process);
}

/* As it would be written in the configuration. */
static void say(const struct time_process *process, const struct access_rule *rule, bool command)
{
    char text[ADDRESS_TEXT_SIZE + 8] = "everybody";

    if (rule->prefix.family != ADDRESS_NONE) {
        address_print(&rule->prefix, text);
        size_t length = strlen(text);
        snprintf(text + length, sizeof text - length, "/%u", rule->bits);
    }
    log_format(&process->setup.log, LOG_SEVERITY_INFO, "%s %s%s %s, by order, until noond ends",
               text, rule->allow ? "may" : "may not", rule->all ? " (and all within)" : "",
               command ? "ask about this daemon" : "ask for time");
}

enum err access_order(struct time_process *process, const struct access_rule *rule, bool command)
{
    bool served = access_orders_serve(process);
    enum err error = rules_add(command ? &process->rules.command : &process->rules.time, rule);

    if (error != ERR_NONE) {
        return error;
    }
    tell(process);
    say(process, rule, command);
    if (served != access_orders_serve(process)) {
        time_tell_moved(process); /* where time is not served, the port is open on loopback alone */
    }
    return ERR_NONE;
}

void access_orders_line(struct time_process *process, const struct control_request *request,
                        struct control_response *response)
{
    bool command = request->command == CONTROL_CMDALLOW || request->command == CONTROL_CMDDENY;
    char line[CONTROL_ARGUMENT_MAX + 16], why[CONFIG_TEXT_SIZE];
    struct access_rule rule;
    enum err error;

    snprintf(line, sizeof line, "%s %s", control_command_word(request->command), request->argument);
    response->result = CONTROL_BAD;
    if (!config_load_rule(line, &rule, why)) {
        control_response_text(response, why);
        return;
    }
    error = access_order(process, &rule, command);
    response->result = error == ERR_NONE ? CONTROL_OK : CONTROL_FAILED;
    if (error != ERR_NONE) {
        control_response_text(response, "there are 256 such rules already: write them into the "
                                        "configuration, or sum them up with `all`");
        return;
    }
    control_response_text(response, "holds until noond ends; for good it belongs into the "
                                    "configuration");
    if (!process->setup.supervised && !command && rule.allow && process->server == NULL) {
        control_response_text(response, " (alone, noond opens its port at the next start only)");
    }
}
