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
#include "sys/interface.h"
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

/* The words of the line. */
static void plan_interfaces(struct xdp_plan *plan, const char *names)
{
    while (*names != '\0' && plan->interface_count < XDP_CARDS) {
        size_t length = strcspn(names, " ");
        char *name = plan->interfaces[plan->interface_count];

        if (length > 0 && length < XDP_INTERFACE_SIZE) {
            memcpy(name, names, length);
            name[length] = '\0';
            plan->interface_count++;
        }
        names += length + strspn(names + length, " ");
    }
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
    plan_interfaces(plan, daemon->xdp);
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

/* Which addresses are this machine's. */
static void look_at_addresses(struct xdp_service *service)
{
    static const uint32_t one = 1;
    struct address *addresses;
    struct xdp_own *own;
    size_t found, count = 0;

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

/* What is said of an interface, each only once in a row. */
static const char by_driver[] = "plain requests are answered by the network driver";
static const char by_kernel[] =
    "plain requests are answered by the kernel before its sockets (this "
    "driver knows no XDP: little is saved)";
static const char absent[] = "there is no such interface now: it is served by the driver when it "
                             "comes";
static const char no_ethernet[] = "it is no Ethernet interface: the sockets answer alone";
static const char another[] = "another program is attached to it already: the sockets answer alone";
static const char unable[] = "the program can't be attached to it: the sockets answer alone";
static const char released[] = "the sockets answer alone again";

static void say(const struct xdp_service *service, struct xdp_place *place, const char *text)
{
    if (place->said != text) {
        bool good = text == by_driver || text == by_kernel || text == released;

        place->said = text;
        log_format(service->log, good ? LOG_SEVERITY_INFO : LOG_SEVERITY_WARNING, "xdp %s: %s",
                   place->interface, text);
    }
}

static void detach(struct xdp_service *service, struct xdp_place *place)
{
    struct xdp_card *card = &service->settings->cards[place - service->places];

    __atomic_store_n(&card->index, 0, __ATOMIC_SEQ_CST);
    unix_close(&place->link);
    place->index = 0;
}

static void attach(struct xdp_service *service, struct xdp_place *place, unsigned index,
                   const uint8_t mac[static 6])
{
    struct xdp_card *card = &service->settings->cards[place - service->places];
    const int program = service->parts[XDP_PART_PROGRAM];
    enum err err = bpf_attach_xdp(program, index, false, &place->link);

    card->generic = err != ERR_NONE && err != ERR_IN_USE && err != ERR_DENIED;
    if (card->generic) {
        err = bpf_attach_xdp(program, index, true, &place->link);
    }
    if (err != ERR_NONE) {
        say(service, place, err == ERR_IN_USE ? another : unable);
        return;
    }
    place->index = index;
    memcpy(card->mac, mac, sizeof card->mac);
    __atomic_store_n(&card->index, index, __ATOMIC_SEQ_CST);
    say(service, place, card->generic ? by_kernel : by_driver);
}

/* It may have come, gone, be another one under the old name, or have another address. */
static void look_at_place(struct xdp_service *service, struct xdp_place *place)
{
    struct xdp_card *card = &service->settings->cards[place - service->places];
    uint8_t mac[6] = {0};
    bool ethernet = false;
    unsigned index = interface_look(place->interface, &ethernet, mac);

    if (place->index != 0 && (index != place->index || memcmp(card->mac, mac, sizeof mac) != 0)) {
        detach(service, place);
    }
    if (index == 0) {
        say(service, place, absent);
    } else if (!ethernet) {
        say(service, place, no_ethernet);
    } else if (place->index == 0) {
        attach(service, place, index, mac);
    }
}

static bool is_planned(const struct xdp_plan *plan, const char *interface)
{
    for (size_t i = 0; i < plan->interface_count; i++) {
        if (strcmp(plan->interfaces[i], interface) == 0) {
            return true;
        }
    }
    return false;
}

static struct xdp_place *find_place(struct xdp_service *service, const char *interface)
{
    for (size_t i = 0; i < XDP_CARDS; i++) {
        if (strcmp(service->places[i].interface, interface) == 0) {
            return &service->places[i];
        }
    }
    return NULL;
}

/* Leaves what is not wanted any more; takes what is. */
static void choose_places(struct xdp_service *service)
{
    const struct xdp_plan none = {.interface_count = 0};
    const struct xdp_plan *plan = service->plan.why_not != NULL ? &none : &service->plan;

    for (size_t i = 0; i < XDP_CARDS; i++) {
        struct xdp_place *place = &service->places[i];

        if (place->interface[0] != '\0' && !is_planned(plan, place->interface)) {
            if (place->index != 0) {
                detach(service, place);
                say(service, place, released);
            }
            *place = (struct xdp_place){.link = -1};
        }
    }
    for (size_t i = 0; i < plan->interface_count; i++) {
        if (find_place(service, plan->interfaces[i]) == NULL) {
            struct xdp_place *place = find_place(service, ""); /* as many as can be planned */

            memcpy(place->interface, plan->interfaces[i], sizeof place->interface);
        }
    }
}

void xdp_service_look(struct xdp_service *service)
{
    if (!service->on) {
        return;
    }
    for (size_t i = 0; i < XDP_CARDS; i++) {
        if (service->places[i].interface[0] != '\0') {
            look_at_place(service, &service->places[i]);
        }
    }
    look_at_addresses(service);
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

static void put_rules(struct xdp_service *service)
{
    struct xdp_settings *settings = service->settings;

    __atomic_store_n(&settings->hold, 1, __ATOMIC_SEQ_CST);
    bool good = put_access(service);
    put_limit(settings, &service->plan.limit);
    settings->remember = service->plan.clients > 0;
    settings->port = service->plan.port;
    choose_places(service);
    xdp_service_look(service);
    if (!good) {
        log_line(service->log, LOG_SEVERITY_WARNING,
                 "xdp: there are more rules than it has room for: the sockets answer alone until "
                 "noond is started again");
        return;
    }
    __atomic_store_n(&settings->hold, 0, __ATOMIC_SEQ_CST);
}

/* Why what came was no offer of that part. */
static void explain(struct xdp_offer *offer, enum err err, unsigned part)
{
    const char *text = err == ERR_NONE || err == ERR_FORMAT ? "noon-xdp is not of this noond"
                       : part > 0                           ? "noon-xdp ended too soon"
                                                            : "noon-xdp did not answer";

    offer->text[sizeof offer->text - 1] = '\0';
    if (err != ERR_NONE || offer->part != XDP_PARTS) {
        (void)snprintf(offer->text, sizeof offer->text, "%s", text);
    }
}

/* Takes what noon-xdp offers; false: it has refused, or said nothing. */
static bool take_offers(struct xdp_service *service, int channel, struct xdp_offer *offer)
{
    const int64_t until_ns = clock_steady().ns + LOAD_MS * INT64_C(1000000);

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
            explain(offer, err, part);
            return false;
        }
        service->parts[part++] = given;
    }
    return true;
}

static bool load(struct xdp_service *service, const char *program, struct xdp_offer *offer)
{
    char name[] = "noon-xdp", clients[16], prefixes[16];
    char *const arguments[] = {name, clients, prefixes, NULL};
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

static void say_why_not(const struct xdp_service *service)
{
    if (service->plan.interface_count > 0 && service->plan.why_not != NULL) {
        log_format(service->log, LOG_SEVERITY_WARNING, "xdp: %s: the sockets answer alone",
                   service->plan.why_not);
    }
}

void xdp_service_start(struct xdp_service *service, struct xdp_plan *plan, const char *program,
                       const struct log_sink *log)
{
    struct xdp_offer offer = {.part = 0};

    *service = (struct xdp_service){.plan = *plan, .log = log};
    plan->rules = NULL;
    for (unsigned i = 0; i < XDP_PARTS; i++) {
        service->parts[i] = -1;
    }
    for (unsigned i = 0; i < XDP_CARDS; i++) {
        service->places[i].link = -1;
    }
    if (service->plan.interface_count == 0) {
        return;
    }
    if (load(service, program, &offer)) {
        service->settings =
            bpf_memory(service->parts[XDP_PART_SETTINGS], sizeof *service->settings, true);
        (void)snprintf(offer.text, sizeof offer.text, "its memory can't be had");
    }
    service->on = service->settings != NULL;
    if (!service->on) {
        drop_parts(service);
        log_format(log, LOG_SEVERITY_WARNING, "xdp: %s: the sockets answer alone", offer.text);
        return;
    }
    say_why_not(service); /* another configuration may allow it */
    put_rules(service);
}

void xdp_service_apply(struct xdp_service *service, struct xdp_plan *plan,
                       const struct log_sink *log)
{
    bool fresh = service->plan.interface_count == 0 && plan->interface_count > 0;

    xdp_plan_free(&service->plan);
    service->plan = *plan;
    plan->rules = NULL;
    if (service->on) {
        say_why_not(service);
        put_rules(service);
    } else if (fresh) {
        log_line(
            log, LOG_SEVERITY_WARNING,
            "xdp: it is loaded at the start only: restart noond; until then the sockets answer "
            "alone");
    }
}
