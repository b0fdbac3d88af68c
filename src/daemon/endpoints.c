/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/endpoints.h"

#include <stdio.h>
#include <string.h>

#include "sys/cpus.h"
#include "sys/udp_group.h"
#include "wire/ke_trial.h"

enum { TRIED_BITS = 8 };

/* It was not about a socket: the rest is an exit status of ke_trial.h. */
#define TRIED_FILES (UINT64_C(1) << 63)

static const struct address loopbacks[2] = {
    {.family = ADDRESS_IPV4, .bytes = {127, 0, 0, 1}},
    {.family = ADDRESS_IPV6, .bytes = {[15] = 1}},
};

bool endpoints_serve(const struct config *config)
{
    for (size_t i = 0; i < config->node.access_count; i++) {
        if (config->node.access[i].allow) {
            return config->daemon.port != 0;
        }
    }
    return false;
}

unsigned endpoints_threads(const struct config *config)
{
    unsigned wanted = (unsigned)config->daemon.server_threads;

    if (wanted == 0) {
        wanted = cpus_usable();
    }
    return wanted < UDP_GROUP_MAX ? wanted : UDP_GROUP_MAX;
}

static struct endpoint *append(struct endpoint *endpoints, size_t *count,
                               const struct address *local, uint16_t port)
{
    struct endpoint *endpoint = &endpoints[(*count)++];

    memset(endpoint, 0, sizeof *endpoint);
    endpoint->options.local = *local;
    endpoint->options.local.port = port;
    endpoint->options.stamps = true;
    return endpoint;
}

static void set_device(struct endpoint *endpoint, const char *device)
{
    if (device) {
        snprintf(endpoint->options.device, sizeof endpoint->options.device, "%s", device);
    }
}

/* Where time is served, and where it is not, loopback. */
static void plan_time(const struct config *config, bool serves, unsigned family,
                      struct endpoint *endpoints, size_t *count)
{
    const struct daemon_options *daemon = &config->daemon;
    struct address local = daemon->bind[family];
    bool everywhere = local.family == ADDRESS_NONE && daemon->bind_device == NULL;
    struct endpoint *endpoint;

    if (serves) {
        local.family = loopbacks[family].family;
        endpoint = append(endpoints, count, &local, daemon->port);
        endpoint->options.share_port = daemon->acquisition_port == daemon->port;
        endpoint->options.priority = daemon->dscp;
        set_device(endpoint, daemon->bind_device);
    }
    if (daemon->port != 0 && !(serves && everywhere) &&
        !address_equal(&local, &loopbacks[family])) {
        endpoint = append(endpoints, count, &loopbacks[family], daemon->port);
        endpoint->options.share_port = daemon->acquisition_port == daemon->port;
        endpoint->optional = true;
    }
}

static void plan_chronyc(const struct daemon_options *daemon, unsigned family,
                         struct endpoint *endpoints, size_t *count)
{
    const struct address *local = &daemon->bind_command.address[family];
    /* A `bindcmdaddress` of one family does not close the other's loopback, as with chronyd. */
    bool asked = local->family != ADDRESS_NONE;
    struct endpoint *endpoint;

    if (daemon->command_port == 0) {
        return;
    }
    endpoint = append(endpoints, count, asked ? local : &loopbacks[family], daemon->command_port);
    endpoint->optional = true;
    set_device(endpoint, daemon->bind_command_device);
}

/* The key exchange of NTS: only where somebody is served. */
static void plan_nts(const struct config *config, bool serves, unsigned family,
                     struct endpoint *endpoints, size_t *count)
{
    const struct daemon_options *daemon = &config->daemon;
    struct address local = daemon->bind[family];

    if (serves && daemon->nts_port != 0 && daemon->nts_cert_count > 0 &&
        daemon->nts_key_count > 0) {
        local.family = loopbacks[family].family;
        append(endpoints, count, &local, daemon->nts_port)->stream = true;
    }
}

size_t endpoints_plan(const struct args *args, const struct config *config, bool serve,
                      struct endpoint endpoints[static ENDPOINTS_MAX])
{
    bool serves = endpoints_serve(config) || (serve && config->daemon.port != 0);
    size_t count = 0;

    for (unsigned family = 0; family < 2; family++) {
        if ((family == 0 && args->ipv6_only) || (family == 1 && args->ipv4_only)) {
            continue;
        }
        plan_time(config, serves, family, endpoints, &count);
        plan_chronyc(&config->daemon, family, endpoints, &count);
        plan_nts(config, serves, family, endpoints, &count);
    }
    for (size_t i = 0; i < count; i++) {
        endpoints[i].sockets = endpoints[i].optional ? 1 : endpoints_threads(config);
    }
    return count;
}

void endpoints_tell(const struct endpoint *endpoint, enum err err, const struct log_sink *log)
{
    char text[ADDRESS_TEXT_SIZE];

    address_print_port(&endpoint->options.local, text);
    if (err == ERR_NONE || err == ERR_UNSUPPORTED) {
        return; /* a family that this machine lacks is no failure */
    }
    if (endpoint->stream) {
        log_format(log, LOG_SEVERITY_ERROR, "%s (TCP) %s: NTS clients get no keys there", text,
                   err == ERR_IN_USE ? "is taken by another program" : "can't be opened");
    } else if (endpoint->optional) {
        log_format(log, LOG_SEVERITY_INFO, "%s can't be had: no questions are answered there",
                   text);
    } else if (err == ERR_IN_USE) {
        log_format(log, LOG_SEVERITY_ERROR, "%s is taken: another time server runs", text);
    } else {
        log_format(log, LOG_SEVERITY_WARNING, "%s can't be bound%s: no service there", text,
                   err == ERR_DENIED ? " (CAP_NET_BIND_SERVICE)" : "");
    }
}

bool endpoints_tell_all(const struct endpoint *endpoints, const enum err results[], size_t count,
                        const struct log_sink *log)
{
    bool ours = true;

    for (size_t i = 0; i < count; i++) {
        endpoints_tell(&endpoints[i], results[i], log);
        ours = ours && (results[i] != ERR_IN_USE || endpoints[i].optional || endpoints[i].stream);
    }
    return ours;
}

uint64_t endpoints_try(const struct socket_set *open, const struct endpoint *endpoints,
                       size_t count)
{
    for (size_t i = 0; i < count; i++) {
        enum err err = endpoints[i].optional ? ERR_NONE : socket_set_try(open, &endpoints[i]);

        /* A family that this machine lacks is no failure. */
        if (err != ERR_NONE && err != ERR_UNSUPPORTED) {
            return (uint64_t)(i + 1) << TRIED_BITS | (uint64_t)err;
        }
    }
    return 0;
}

uint64_t endpoints_trial(int status)
{
    struct ke_trial trial = ke_trial_read(status);

    return trial.fault == KE_TRIAL_GOOD ? 0 : TRIED_FILES | (uint64_t)ke_trial_status(trial);
}

bool endpoints_files_refused(const struct config *config, uint64_t tried, struct text *text)
{
    const struct daemon_options *daemon = &config->daemon;
    const struct ke_trial trial = ke_trial_read((int)(tried & ~TRIED_FILES));
    const char *certificate =
        trial.pair < daemon->nts_cert_count ? daemon->nts_certs[trial.pair] : NULL;
    const char *key = trial.pair < daemon->nts_key_count ? daemon->nts_keys[trial.pair] : NULL;

    if ((tried & TRIED_FILES) == 0) {
        return false;
    }
    const bool about_key = trial.fault == KE_TRIAL_KEY_UNREADABLE ||
                           trial.fault == KE_TRIAL_KEY_FORMAT || trial.fault == KE_TRIAL_KEY_OTHER;
    const char *file = trial.fault == KE_TRIAL_SECRET ? daemon->nts_secret
                       : about_key                    ? key
                                                      : certificate;

    text_add(text, file != NULL ? file : "a file of NTS");
    text_add(text, ke_trial_words(trial.fault));
    if (trial.fault == KE_TRIAL_KEY_OTHER && certificate != NULL) {
        text_add(text, ", ");
        text_add(text, certificate);
    }
    return true;
}

void endpoints_refused(const struct endpoint *endpoints, size_t count, uint64_t tried,
                       struct text *text)
{
    const uint64_t number = tried >> TRIED_BITS;
    const enum err err = (enum err)(tried & ((1U << TRIED_BITS) - 1));
    char place[ADDRESS_TEXT_SIZE] = "a port";

    if (number >= 1 && number <= count) {
        address_print_port(&endpoints[number - 1].options.local, place);
    }
    text_add(text, place);
    text_add(text, number >= 1 && number <= count && endpoints[number - 1].stream
                       ? " (TCP, for NTS)"
                       : "");
    text_add(text, err == ERR_IN_USE   ? " is taken by another program"
                   : err == ERR_DENIED ? " may not be bound by noond (CAP_NET_BIND_SERVICE)"
                                       : " can't be bound: has an interface of this machine that "
                                         "address?");
}
