/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xdp_service.h - what the parent holds for the program in the network driver (`xdp INTERFACE...`):
 * the program itself, by noon-xdp, where it is attached, and its rules.
 *
 * It is loaded at the start only, while the parent may; to attach it to an interface, or to another
 * one, takes no privilege, so that interfaces may come, go and change their names at any time.  As
 * soon as the parent ends, the program is gone.
 */
#ifndef DAEMON_XDP_SERVICE_H
#define DAEMON_XDP_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "config/config.h"
#include "core/node/options.h"
#include "sys/log.h"
#include "wire/xdp.h"

enum { XDP_INTERFACE_SIZE = 16, XDP_OWN_MAX = 1024 };

typedef char xdp_interface[XDP_INTERFACE_SIZE];

/* What the configuration asks for. */
struct xdp_plan {
    xdp_interface interfaces[XDP_CARDS];
    size_t interface_count; /* 0: nothing */
    struct limit_options limit;
    uint32_t clients;          /* that are remembered; 0: none */
    uint16_t port;             /* 0: nobody is served */
    const char *why_not;       /* a clause for people; NULL: it can be done */
    struct address bind[2];    /* as `bindaddress`: NONE: all addresses of that family */
    bool families[2];          /* IPv4 and IPv6 are served */
    struct access_rule *rules; /* on the heap: whoever has the plan frees them */
    size_t rule_count;
};

/* NULL: the configuration can be followed; else why not, in a clause for people. */
const char *xdp_why_not(const struct config *config);

/* Makes the plan of a configuration, with rules of its own. */
void xdp_plan_make(struct xdp_plan *plan, const struct config *config,
                   const bool families[static 2]);
void xdp_plan_free(struct xdp_plan *plan);

/* The program at one interface. */
struct xdp_place {
    xdp_interface interface; /* "": free */
    unsigned index;          /* as the kernel numbers it; 0: it is not there, or not of use */
    int link;                /* -1: not attached */
    const char *said;        /* of it, last */
};

struct xdp_service {
    bool on;
    int parts[XDP_PARTS]; /* -1: none */
    struct xdp_place places[XDP_CARDS];
    const struct log_sink *log;
    struct xdp_settings *settings;
    struct xdp_plan plan; /* in force */
    struct xdp_own *own;  /* addresses that are in the table */
    size_t own_count;
    uint8_t *prefixes; /* struct xdp_service_prefix: those in the tables */
    size_t prefix_count;
};

/*
 * Has noon-xdp at `program` load it as the plan asks; whether, or why not, is said.  Takes the
 * plan's rules.  To be called while this process has all its rights and no children.
 */
void xdp_service_start(struct xdp_service *service, struct xdp_plan *plan, const char *program,
                       const struct log_sink *log);

/* Other rules, perhaps other interfaces.  Takes the plan's rules. */
void xdp_service_apply(struct xdp_service *service, struct xdp_plan *plan,
                       const struct log_sink *log);

/* Interfaces or addresses of this machine may have changed: attaches to those that are wanted. */
void xdp_service_look(struct xdp_service *service);

#endif
