/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/xdp_service.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmath.h"
#include "core/server/access.h"
#include "core/server/reply.h"
#include "sys/bpf.h"
#include "sys/clock.h"
#include "sys/machine.h"
#include "sys/process.h"
#include "sys/unix_socket.h"

enum {
    LOAD_MS = 5000,         /* given to noon-xdp */
    CLIENT_OCTETS = 64,     /* what `clientloglimit` counts for a client, as for the sockets */
    PREFIXES_SPARE = 65536, /* for rules that a reload adds */
    CLIENTS_MAX = 1 << 22,
};

struct xdp_service_prefix {
    struct xdp_prefix key;
    uint32_t family;
};

const char *xdp_why_not(const struct config *config)
{
    const struct daemon_options *daemon = &config->daemon;
    const struct limit_options *limit = &config->node.limit;

    if (daemon->bind_device != NULL && strcmp(daemon->bind_device, daemon->xdp) != 0) {
        return "`binddevice` names another interface";
    }
    if (limit->enabled && (limit->prefix_burst > 0 || limit->ceiling_per_s > 0)) {
        return "limits by prefix (`prefixburst`) and for all (`ceiling`) are kept by the sockets "
               "alone";
    }
    if (limit->enabled && config->node.no_client_log) {
        return "`ratelimit` and `noclientlog` contradict each other there";
    }
    return NULL;
}

void xdp_plan_make(struct xdp_plan *plan, const struct config *config,
                   const bool families[static 2])
{
    const struct node_options *node = &config->node;
    const struct daemon_options *daemon = &config->daemon;
    double clients = (double)server_memory(node) / CLIENT_OCTETS;

    *plan = (struct xdp_plan){.limit = node->limit, .port = daemon->port};
    if (daemon->xdp == NULL) {
        return;
    }
    (void)snprintf(plan->interface, sizeof plan->interface, "%s", daemon->xdp);
    plan->clients = clients < CLIENTS_MAX ? (uint32_t)clients : CLIENTS_MAX;
    memcpy(plan->bind, daemon->bind, sizeof plan->bind);
    memcpy(plan->families, families, sizeof plan->families);
    plan->why_not = xdp_why_not(config);
    plan->rules = calloc(node->access_count + 1, sizeof *plan->rules);
    if (plan->rules == NULL) {
        plan->why_not = "there is no memory for its rules";
    }
    if (plan->why_not != NULL) {
        plan->port = 0;
        return;
    }
    plan->rule_count = node->access_count;
    if (node->access_count > 0) {
        memcpy(plan->rules, node->access, node->access_count * sizeof *plan->rules);
    }
}

void xdp_plan_free(struct xdp_plan *plan)
{
    free(plan->rules);
    plan->rules = NULL;
    plan->rule_count = 0;
}

static struct xdp_own own_of(const struct address *address)
{
    struct xdp_own own = {.family = address->family};

    memcpy(own.bytes, address->bytes, sizeof own.bytes);
    return own;
}

static bool has_own(const struct xdp_own *list, size_t count, const struct xdp_own *own)
{
    for (size_t i = 0; i < count; i++) {
        if (memcmp(&list[i], own, sizeof *own) == 0) {
            return true;
        }
    }
    return false;
}

/* Is this address of ours one on which is served? */
static bool is_served(const struct xdp_plan *plan, const struct address *address)
{
    unsigned side = address->family == ADDRESS_IPV6;
    const struct address *bound = &plan->bind[side];

    return plan->families[side] && !address_is_loopback(address) &&
           (bound->family == ADDRESS_NONE ||
            memcmp(bound->bytes, address->bytes, sizeof address->bytes) == 0);
}

void xdp_service_look(struct xdp_service *service)
{
    static const uint32_t one = 1;
    struct address *addresses;
    struct xdp_own *own;
    size_t found, count = 0;

    if (!service->on) {
        return;
    }
    addresses = calloc(XDP_OWN_MAX, sizeof *addresses);
    own = calloc(XDP_OWN_MAX, sizeof *own);
    if (addresses == NULL || own == NULL) {
        free(addresses);
        free(own);
        return; /* as it was */
    }
    found = machine_addresses(addresses, XDP_OWN_MAX);
    for (size_t i = 0; i < found; i++) {
        if (is_served(&service->plan, &addresses[i])) {
            own[count] = own_of(&addresses[i]);
            count += bpf_set(service->parts[XDP_PART_OWN], &own[count], &one) == ERR_NONE;
        }
    }
    for (size_t i = 0; i < service->own_count; i++) {
        if (!has_own(own, count, &service->own[i])) {
            bpf_remove(service->parts[XDP_PART_OWN], &service->own[i]);
        }
    }
    free(addresses);
    free(service->own);
    service->own = own;
    service->own_count = count;
}

static int table_of(const struct xdp_service *service, uint32_t family)
{
    return service->parts[family == ADDRESS_IPV4 ? XDP_PART_ACCESS_IPV4 : XDP_PART_ACCESS_IPV6];
}

struct prefixes {
    struct xdp_service *service;
    struct xdp_service_prefix *at;
    size_t count, capacity;
    bool full;
};

static void add_prefix(void *context, const struct address *prefix, unsigned bits, uint16_t value)
{
    struct prefixes *prefixes = context;
    struct xdp_service_prefix one = {.key = {.bits = bits}, .family = prefix->family};
    const uint32_t said = value;

    memcpy(one.key.bytes, prefix->bytes, sizeof one.key.bytes);
    if (prefixes->count == prefixes->capacity ||
        bpf_set(table_of(prefixes->service, one.family), &one.key, &said) != ERR_NONE) {
        prefixes->full = true;
        return;
    }
    prefixes->at[prefixes->count++] = one;
}

/* The access list, anew.  False: there is no room for it; then nobody is answered by its rules. */
static bool put_access(struct xdp_service *service)
{
    const struct xdp_plan *plan = &service->plan;
    size_t nodes = access_nodes(plan->rule_count), bad;
    struct access_tree tree;
    struct access_node *memory = calloc(nodes, sizeof *memory);
    struct prefixes prefixes = {
        .service = service, .at = calloc(nodes, sizeof *prefixes.at), .capacity = nodes};
    const struct access_teller teller = {add_prefix, &prefixes};
    struct xdp_service_prefix *old = (struct xdp_service_prefix *)(void *)service->prefixes;

    for (size_t i = 0; i < service->prefix_count; i++) {
        bpf_remove(table_of(service, old[i].family), &old[i].key);
    }
    free(service->prefixes);
    service->prefixes = (uint8_t *)prefixes.at;
    service->prefix_count = 0;
    if (memory == NULL || prefixes.at == NULL) {
        free(memory);
        return false;
    }
    access_init(&tree, memory, nodes);
    bool good = access_build(&tree, plan->rules, plan->rule_count, &bad) == ERR_NONE;
    if (good) {
        access_each(&tree, &teller);
    }
    free(memory);
    service->prefix_count = prefixes.count;
    return good && !prefixes.full;
}

static void put_limit(struct xdp_settings *settings, const struct limit_options *limit)
{
    struct limits limits;

    limits_init(&limits, limit, 1);
    settings->interval_ns = limits.client.interval_ns;
    settings->allowance_ns = limits.client.allowance_ns;
    settings->interval_64_ns = duration_from_s(limits.interval_64_s).ns;
    settings->leak_mask = (1U << limits.leak) - 1;
    settings->kod_mask = limits.kod > 0 ? (1U << limits.kod) - 1 : 0;
    settings->interval_log2 = limits.interval_log2;
    settings->limited = limit->enabled && !limit->listed; /* who is listed goes to the sockets */
}

static void put_rules(struct xdp_service *service, const struct log_sink *log)
{
    struct xdp_settings *settings = service->settings;

    __atomic_store_n(&settings->hold, 1, __ATOMIC_SEQ_CST);
    bool good = put_access(service);
    put_limit(settings, &service->plan.limit);
    settings->remember = service->plan.clients > 0;
    settings->port = service->plan.port;
    xdp_service_look(service);
    if (!good) {
        log_line(log, LOG_SEVERITY_WARNING,
                 "xdp: there are more rules than it has room for: the sockets answer alone until "
                 "noond is started again");
        return;
    }
    __atomic_store_n(&settings->hold, 0, __ATOMIC_SEQ_CST);
}

/* Takes what noon-xdp offers; false: it has refused, or said nothing. */
static bool take_offers(struct xdp_service *service, int channel, struct xdp_offer *offer)
{
    const int64_t until_ns = clock_steady().ns + LOAD_MS * INT64_C(1000000);

    (void)snprintf(offer->text, sizeof offer->text, "noon-xdp did not answer");
    for (unsigned part = 0; part < XDP_PARTS;) {
        struct pollfd fd = {.fd = channel, .events = POLLIN};
        int given = -1;
        enum err err = unix_receive_fd(channel, offer, sizeof *offer, &given);

        if (err == ERR_AGAIN && clock_steady().ns < until_ns) {
            (void)poll(&fd, 1, 100);
            continue;
        }
        if (err != ERR_NONE || offer->part != part || given < 0) {
            unix_close(&given);
            offer->text[sizeof offer->text - 1] = '\0';
            return false;
        }
        service->parts[part++] = given;
    }
    return true;
}

static bool load(struct xdp_service *service, const char *program, struct xdp_offer *offer)
{
    char name[] = "noon-xdp", clients[16], prefixes[16];
    char *const arguments[] = {name, service->plan.interface, clients, prefixes, NULL};
    struct process_end end = {.pid = -1};
    int pair[2] = {-1, -1}, pid = -1;
    bool good = false;

    (void)snprintf(clients, sizeof clients, "%u",
                   service->plan.clients > 0 ? service->plan.clients : 1);
    (void)snprintf(prefixes, sizeof prefixes, "%zu",
                   access_nodes(service->plan.rule_count) + PREFIXES_SPARE);
    if (unix_pair(pair) == ERR_NONE) {
        enum err err = process_start(&pid, program, arguments, &pair[1], 1);

        (void)snprintf(offer->text, sizeof offer->text, "%s",
                       err == ERR_NOT_FOUND ? "this noond was built without it"
                                            : "noon-xdp can't be started");
        unix_close(&pair[1]);
        good = err == ERR_NONE && take_offers(service, pair[0], offer);
    }
    unix_close(&pair[0]);
    process_signal(pid, good ? 0 : SIGKILL);
    while (pid > 0 && end.pid != pid) {
        (void)(process_ended(&end) || poll(NULL, 0, 1));
    }
    return good;
}

static void drop_parts(struct xdp_service *service)
{
    for (unsigned i = 0; i < XDP_PARTS; i++) {
        unix_close(&service->parts[i]);
    }
}

void xdp_service_start(struct xdp_service *service, struct xdp_plan *plan, const char *program,
                       const struct log_sink *log)
{
    struct xdp_offer offer = {.part = 0};

    *service = (struct xdp_service){.plan = *plan};
    plan->rules = NULL;
    for (unsigned i = 0; i < XDP_PARTS; i++) {
        service->parts[i] = -1;
    }
    if (service->plan.interface[0] == '\0') {
        return;
    }
    if (service->plan.why_not != NULL) {
        log_format(log, LOG_SEVERITY_WARNING, "xdp %s: %s: the sockets answer alone",
                   service->plan.interface, service->plan.why_not);
        return;
    }
    memcpy(service->interface, service->plan.interface, sizeof service->interface);
    if (load(service, program, &offer)) {
        service->settings =
            bpf_memory(service->parts[XDP_PART_SETTINGS], sizeof *service->settings, true);
        (void)snprintf(offer.text, sizeof offer.text, "its memory can't be had");
    }
    service->on = service->settings != NULL;
    if (!service->on) {
        drop_parts(service);
        log_format(log, LOG_SEVERITY_WARNING, "xdp %s: %s: the sockets answer alone",
                   service->interface, offer.text);
        return;
    }
    put_rules(service, log);
    log_format(log, LOG_SEVERITY_INFO, "xdp %s: plain requests are answered by %s",
               service->interface,
               offer.generic ? "the kernel before its sockets (this driver knows no XDP: little is "
                               "saved)"
                             : "the network driver");
}

void xdp_service_apply(struct xdp_service *service, struct xdp_plan *plan,
                       const struct log_sink *log)
{
    if (!service->on) {
        xdp_plan_free(plan);
        return;
    }
    xdp_plan_free(&service->plan);
    service->plan = *plan;
    plan->rules = NULL;
    if (strcmp(plan->interface, service->interface) != 0) {
        log_format(log, LOG_SEVERITY_WARNING,
                   "xdp %s: another interface, or none, needs a restart: until then the sockets "
                   "answer alone",
                   service->interface);
        service->plan.port = 0; /* this one is not used */
    }
    if (service->plan.why_not != NULL) {
        log_format(log, LOG_SEVERITY_WARNING, "xdp %s: %s: the sockets answer alone",
                   service->interface, service->plan.why_not);
    }
    put_rules(service, log);
}
