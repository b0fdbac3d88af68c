/* SPDX-License-Identifier: BSD-2-Clause */
/* traffic.h - datagrams on their way: from a node to a host, and back. */
#ifndef SIM_TRAFFIC_H
#define SIM_TRAFFIC_H

#include "base/err.h"
#include "sim/world_state.h"

/*
 * A node's program calls send().  *sent is the stamp it takes itself; the kernel's follows as
 * HAPPEN_TX_STAMP.  ERR_UNREACHABLE: the socket has no route (an address nobody could have).
 */
enum err traffic_send(struct world *world, unsigned node, const struct action_send *send,
                      struct stamp *sent) MUST_USE;
void traffic_close(struct world *world, unsigned node, unsigned association);
/* A request has arrived at its host: answer it. */
void traffic_request(struct world *world, const struct happening *happening);
/*
 * A datagram reaches the socket of a node; true, and the event is filled, when the socket is still
 * the one it was sent to.
 */
bool traffic_reply(struct world *world, const struct happening *happening, struct event *event);
/* Somebody sends up to DATAGRAM_MAX octets to a node's socket in the host's name. */
struct forgery {
    unsigned node, association, host;
    const uint8_t *bytes;
    size_t size;
};
void traffic_forge(struct world *world, const struct forgery *forgery);

#endif
