/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * order.h - what an operator's tool orders about sources, by address, and about the clock.
 *
 * Changes of a source's options hold until the next reload; those of one address of a pool hold for
 * its line.
 */
#ifndef CORE_NODE_ORDER_H
#define CORE_NODE_ORDER_H

#include <stdint.h>

#include "base/address.h"
#include "base/units.h"

enum order_kind {
    ORDER_ONLINE,
    ORDER_OFFLINE,
    ORDER_BURST, /* number[0] good answers of number[1] requests */
    ORDER_DELETE,
    ORDER_RESET,      /* forget all samples */
    ORDER_RESELECT,   /* choose the best source anew */
    ORDER_MINPOLL,    /* number[0], log2 s */
    ORDER_MAXPOLL,    /* the same */
    ORDER_MINSTRATUM, /* number[0] */
    ORDER_POLLTARGET, /* number[0] */
    ORDER_MAXDELAY,   /* value, s */
    ORDER_MAXDELAYRATIO,
    ORDER_MAXDELAYDEVRATIO,
    ORDER_OFFSET,     /* value, s: added to every measured offset */
    ORDER_SELECTOPTS, /* number[0] which, number[1] set: bits of enum order_select */
    /* About the clock, not about sources: */
    ORDER_SETTIME,       /* time: what a watch shows; CONTROL_FAILED while UTC is known better */
    ORDER_MANUAL_RESET,  /* forget the times that were typed */
    ORDER_MANUAL_DELETE, /* ... number[0] of them; CONTROL_NO_SOURCE: there is none */
    ORDER_MOVE_CLOCK,    /* value, s: forward */
    ORDER_PACE_CLOCK,    /* value, s/s: faster */
};

enum order_select {
    ORDER_SELECT_NOSELECT = 1,
    ORDER_SELECT_PREFER = 2,
    ORDER_SELECT_TRUST = 4,
    ORDER_SELECT_REQUIRE = 8,
};

/* Which sources: all that are resolved, those of an address, or one line without address. */
struct node_order {
    uint8_t kind;           /* enum order_kind */
    struct address address; /* NONE: all */
    struct address mask;    /* NONE: all bits count */
    uint32_t id;            /* of a line (source_status.id); 0: not by it */
    int32_t number[2];
    double value;
    struct utc_time time;
};

#endif
