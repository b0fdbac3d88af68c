/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nts_service.h - what the parent holds for the key exchange server of NTS: its sockets, the page
 * by which the server process gets the cookies' keys, and how it is started.
 *
 * The TLS key is read by that process alone; the parent knows where it lies.
 */
#ifndef DAEMON_NTS_SERVICE_H
#define DAEMON_NTS_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "sys/log.h"
#include "sys/page.h"
#include "sys/process.h"

enum { NTS_PAIRS_MAX = 8, NTS_PATH_SIZE = 108, NTS_ARGUMENTS_MAX = 40, NTS_ARGUMENT_SIZE = 300 };

/* What the configuration asks for. */
struct nts_plan {
    char certificates[NTS_PAIRS_MAX][NTS_PATH_SIZE], keys[NTS_PAIRS_MAX][NTS_PATH_SIZE];
    size_t pairs;            /* 0: NTS is not served */
    struct address local[2]; /* where to listen */
    size_t local_count;
    char directory[NTS_PATH_SIZE]; /* for the cookies' keys; "": they are not kept */
    char secret[NTS_PATH_SIZE];    /* from which they are derived instead; "": none */
    char ntp_server[256];          /* that clients are sent to; "": the one that they have asked */
    uint16_t ntp_port;             /* 0: the usual one */
    int rotate_s, connections;
};

struct nts_service {
    struct nts_plan plan; /* in force */
    struct page ring, totals;
    int ring_reader, totals_reader; /* -1: no page */
    int listeners[2];
    size_t listener_count;
};

/* Makes the pages.  False: no memory. */
bool nts_service_open(struct nts_service *service);

/*
 * Opens what the plan asks for, and closes what it does not; what can't be opened is said.  Then
 * the process, if there is to be one, has to be started anew: its files may have changed.
 */
void nts_service_apply(struct nts_service *service, const struct nts_plan *plan,
                       const struct log_sink *log);

/* Is there to be a process? */
bool nts_service_wanted(const struct nts_service *service);

/* Its descriptors; returns how many. */
size_t nts_service_fds(const struct nts_service *service, int channel,
                       int fds[static PROCESS_FDS_MAX]);

/* Its arguments, ended by NULL; `user` as a number. */
struct nts_arguments {
    char text[NTS_ARGUMENTS_MAX][NTS_ARGUMENT_SIZE];
    char *at[NTS_ARGUMENTS_MAX + 1];
    size_t count;
};

void nts_service_arguments(const struct nts_plan *plan, const char *user,
                           struct nts_arguments *out);

#endif
