/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/network.h"

#include "sys/netlink.h"
#include "sys/unix_socket.h"

/* So many changes in a row are one network coming up: link, address, route, and again for IPv6. */
enum { EXPECTED = 4 };

static const int64_t pause_least_ns = 2 * NS_PER_S, pause_most_ns = 64 * NS_PER_S;

void network_open(struct network *network, int fd)
{
    *network = (struct network){.fd = fd, .pause = {pause_least_ns}};
}

void network_close(struct network *network)
{
    unix_close(&network->fd);
}

int network_fd(const struct network *network, struct steady_time now)
{
    return now.ns >= network->look.ns ? network->fd : -1;
}

struct duration network_wait(const struct network *network, struct steady_time now)
{
    return (struct duration){
        network->fd < 0 || now.ns >= network->look.ns ? -1 : network->look.ns - now.ns};
}

bool network_take(struct network *network, struct steady_time now)
{
    if (!netlink_changed(network->fd)) {
        return false;
    }
    if (now.ns - network->taken.ns > 4 * network->pause.ns) {
        network->pause.ns = pause_least_ns;
        network->in_a_row = 0;
    } else if (network->in_a_row >= EXPECTED && network->pause.ns < pause_most_ns) {
        network->pause.ns *= 2;
    }
    network->in_a_row++;
    network->taken = now;
    network->look.ns = now.ns + network->pause.ns;
    return true;
}
