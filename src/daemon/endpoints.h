/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * endpoints.h - on which addresses and ports noond answers, as the configuration wants it.
 *
 * The port of NTP is opened on all addresses (or `bindaddress`) when somebody is allowed to ask for
 * time.  Where it is not, it is opened on loopback, for the questions of ntpq; and so is the port
 * of chronyc (`cmdport`, `bindcmdaddress`).  Doing without one of these is no failure.
 */
#ifndef DAEMON_ENDPOINTS_H
#define DAEMON_ENDPOINTS_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"
#include "daemon/args.h"
#include "sys/udp.h"

/* IPv4 and IPv6 each: NTP, NTP on loopback, chronyc. */
enum { ENDPOINTS_MAX = 6 };

struct endpoint {
    struct udp_options options;
    bool optional; /* questions about the daemon: others may be there first */
};

/* May anybody ask for time? */
bool endpoints_serve(const struct config *config);

/* Threads that answer: `serverthreads`, or as many as there are processors for us. */
unsigned endpoints_threads(const struct config *config);

/* Returns how many.  `serve`: also if the configuration allows nobody to ask for time. */
size_t endpoints_plan(const struct args *args, const struct config *config, bool serve,
                      struct endpoint endpoints[static ENDPOINTS_MAX]);

#endif
