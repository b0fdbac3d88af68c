/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/interface.h"

#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* if_indextoname() opens a socket of another kind than sandboxes allow. */
bool interface_name(unsigned index, char name[static INTERFACE_NAME_SIZE])
{
    struct ifreq request = {.ifr_ifindex = (int)index};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool good = fd >= 0 && ioctl(fd, SIOCGIFNAME, &request) == 0;

    if (fd >= 0) {
        (void)close(fd);
    }
    if (good) {
        memset(name, 0, INTERFACE_NAME_SIZE);
        memcpy(name, request.ifr_name, strnlen(request.ifr_name, INTERFACE_NAME_SIZE - 1));
    }
    return good;
}

unsigned interface_look(const char *name, bool *ethernet, uint8_t mac[static 6])
{
    struct ifreq request;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    unsigned index = 0;

    memset(&request, 0, sizeof request);
    (void)snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    *ethernet = false;
    if (fd >= 0 && ioctl(fd, SIOCGIFINDEX, &request) == 0) {
        index = (unsigned)request.ifr_ifindex;
        *ethernet =
            ioctl(fd, SIOCGIFHWADDR, &request) == 0 && request.ifr_hwaddr.sa_family == ARPHRD_ETHER;
        memcpy(mac, request.ifr_hwaddr.sa_data, 6);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return index;
}
