/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/interface.h"

#include <net/if.h>
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
