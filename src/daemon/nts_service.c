/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/nts_service.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sys/tcp_listen.h"
#include "wire/cookie.h"
#include "wire/ke_totals.h"

bool nts_service_open(struct nts_service *service)
{
    *service = (struct nts_service){.listeners = {-1, -1}, .ring_reader = -1, .totals_reader = -1};
    if (page_create(&service->ring, NULL, COOKIE_RING_LAYOUT, sizeof(struct cookie_ring)) !=
            ERR_NONE ||
        page_create(&service->totals, NULL, KE_TOTALS_LAYOUT, sizeof(struct ke_totals)) !=
            ERR_NONE) {
        return false;
    }
    service->ring_reader = page_reader_fd(&service->ring);
    service->totals_reader = page_reader_fd(&service->totals);
    return service->ring_reader >= 0 && service->totals_reader >= 0;
}

static bool same_places(const struct nts_plan *a, const struct nts_plan *b)
{
    if (a->local_count != b->local_count || (a->pairs == 0) != (b->pairs == 0)) {
        return false;
    }
    for (size_t i = 0; i < a->local_count; i++) {
        if (!address_equal(&a->local[i], &b->local[i]) || a->local[i].port != b->local[i].port) {
            return false;
        }
    }
    return true;
}

static void listen_anew(struct nts_service *service, const struct log_sink *log)
{
    const struct nts_plan *plan = &service->plan;

    for (size_t i = 0; i < service->listener_count; i++) {
        tcp_close(&service->listeners[i]);
    }
    service->listener_count = 0;
    for (size_t i = 0; plan->pairs > 0 && i < plan->local_count; i++) {
        enum err err = tcp_listen(&service->listeners[service->listener_count], &plan->local[i]);
        char text[ADDRESS_TEXT_SIZE];

        address_print_port(&plan->local[i], text);
        if (err == ERR_NONE) {
            service->listener_count++;
        } else if (err != ERR_UNSUPPORTED) {
            log_format(log, LOG_SEVERITY_ERROR, "%s (TCP) %s: NTS clients get no keys there", text,
                       err == ERR_IN_USE ? "is taken by another program" : "can't be opened");
        }
    }
}

void nts_service_apply(struct nts_service *service, const struct nts_plan *plan,
                       const struct log_sink *log)
{
    bool moved = !same_places(&service->plan, plan);

    service->plan = *plan;
    if (moved) {
        listen_anew(service, log);
    }
}

bool nts_service_wanted(const struct nts_service *service)
{
    return service->plan.pairs > 0 && service->listener_count > 0;
}

size_t nts_service_fds(const struct nts_service *service, int channel,
                       int fds[static PROCESS_FDS_MAX])
{
    size_t count = 0;

    fds[count++] = channel;
    fds[count++] = service->ring.fd;
    fds[count++] = service->totals.fd;
    for (size_t i = 0; i < service->listener_count; i++) {
        fds[count++] = service->listeners[i];
    }
    return count;
}

static void __attribute__((format(printf, 2, 3)))
add(struct nts_arguments *out, const char *format, ...)
{
    va_list values;

    if (out->count == NTS_ARGUMENTS_MAX) {
        return;
    }
    va_start(values, format);
    (void)vsnprintf(out->text[out->count], NTS_ARGUMENT_SIZE, format, values);
    va_end(values);
    out->at[out->count] = out->text[out->count];
    out->at[++out->count] = NULL;
}

void nts_service_arguments(const struct nts_plan *plan, const char *user, struct nts_arguments *out)
{
    out->count = 0;
    add(out, "noon-helper");
    add(out, "--role=nts-server");
    add(out, "--user=%s", user);
    for (size_t i = 0; i < plan->pairs; i++) {
        add(out, "--cert=%s", plan->certificates[i]);
        add(out, "--key=%s", plan->keys[i]);
    }
    if (plan->directory[0] != '\0') {
        add(out, "--dir=%s", plan->directory);
    }
    if (plan->secret[0] != '\0') {
        add(out, "--secret=%s", plan->secret);
    }
    if (plan->ntp_server[0] != '\0') {
        add(out, "--server=%s", plan->ntp_server);
    }
    if (plan->ntp_port != 0) {
        add(out, "--port=%u", plan->ntp_port);
    }
    add(out, "--rotate=%d", plan->rotate_s);
    add(out, "--sessions=%d", plan->connections);
}
