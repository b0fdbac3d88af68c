/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * endpoints.h - on which addresses and ports noond answers, as the configuration wants it.
 *
 * The port of NTP is opened on all addresses (or `bindaddress`) when somebody is allowed to ask for
 * time.  Where it is not, it is opened on loopback, for the questions of ntpq; and so is the port
 * of chronyc (`cmdport`, `bindcmdaddress`).  Doing without one of these is no failure.  Where time
 * is served and there are certificates, keys of NTS are exchanged on `ntsport` of TCP.
 */
#ifndef DAEMON_ENDPOINTS_H
#define DAEMON_ENDPOINTS_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"
#include "daemon/args.h"
#include "sys/log.h"
#include "sys/socket_set.h"

/* IPv4 and IPv6 each: NTP, NTP on loopback, chronyc, key exchange of NTS. */
enum { ENDPOINTS_MAX = SOCKET_SET_MAX };

/* May anybody ask for time? */
bool endpoints_serve(const struct config *config);

/* Threads that answer: `serverthreads`, or as many as there are processors for us. */
unsigned endpoints_threads(const struct config *config);

/*
 * Returns how many.  Optional are those for questions about the daemon.  `serve`: also if the
 * configuration allows nobody to ask for time.
 */
size_t endpoints_plan(const struct args *args, const struct config *config, bool serve,
                      struct endpoint endpoints[static ENDPOINTS_MAX]);

/* Says why nothing is answered there; ERR_NONE: nothing. */
void endpoints_tell(const struct endpoint *endpoint, enum err err, const struct log_sink *log);

/* The same for all.  False: another time server runs. */
bool endpoints_tell_all(const struct endpoint *endpoints, const enum err results[], size_t count,
                        const struct log_sink *log);

/*
 * Whether all that can't be done without could be opened beside what is open, by its number among
 * the planned ones and enum err: 0: it could; else for endpoints_refused().
 */
uint64_t endpoints_try(const struct socket_set *open, const struct endpoint *endpoints,
                       size_t count);

/* The same of certificates and keys, by how their trial has exited (wire/ke_trial.h). */
uint64_t endpoints_trial(int status);

/* "192.0.2.1:123 is taken by another program"; `tried`: of endpoints_try(), not 0. */
void endpoints_refused(const struct endpoint *endpoints, size_t count, uint64_t tried,
                       struct text *text);

/* "/etc/noon/key.pem is no private key in PEM"; False: `tried` is not of endpoints_trial(). */
bool endpoints_files_refused(const struct config *config, uint64_t tried, struct text *text);

#endif
