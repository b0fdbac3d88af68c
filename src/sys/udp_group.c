/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/udp_group.h"

#include <linux/filter.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/must.h"

enum {
    SOURCE_IPV4 = 12, /* offsets of the sender's address in the headers of IP */
    SOURCE_IPV6 = 8,
};

/* Odd, with bits all over: what follows from a change of one bit of the address is not foreseen. */
static const uint32_t spread = 0x9e3779b1;

/* The negative offsets by which classic BPF means the network header. */
static uint32_t header_at(int offset)
{
    return (uint32_t)(SKF_NET_OFF + offset);
}

/* Chooses the socket by the sender's address: classic BPF, which needs no privilege. */
static void attach_choice(const struct udp_group *group, uint8_t family)
{
    struct sock_filter ipv4[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, header_at(SOURCE_IPV4)),
        BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, spread),
        BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 16),
        BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, group->count),
        BPF_STMT(BPF_RET | BPF_A, 0),
    };
    struct sock_filter ipv6[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, header_at(SOURCE_IPV6)),
        BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, spread),
        BPF_STMT(BPF_MISC | BPF_TAX, 0),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, header_at(SOURCE_IPV6 + 4)),
        BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0),
        BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, spread),
        BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 16),
        BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, group->count),
        BPF_STMT(BPF_RET | BPF_A, 0),
    };
    bool is_ipv4 = family == ADDRESS_IPV4;
    struct sock_fprog program = {
        .len =
            (unsigned short)(is_ipv4 ? sizeof ipv4 / sizeof ipv4[0] : sizeof ipv6 / sizeof ipv6[0]),
        .filter = is_ipv4 ? ipv4 : ipv6,
    };

    /* Without it the kernel spreads by address and port: a client is known to several threads. */
    (void)setsockopt(group->fds[0], SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof program);
}

/* From now on others of the same user may bind there too. */
static bool share(int fd)
{
    const int on = 1;

    return setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == 0;
}

enum err udp_group_grow(struct udp_group *group, const struct udp_options *options, unsigned count)
{
    must(count > 0 && count <= UDP_GROUP_MAX);
    while (group->count < count) {
        struct udp_options one = *options;
        struct udp_socket s;

        /* The first asks for the port alone, and so finds out who else is there. */
        one.share_port = options->share_port || group->count > 0;
        if (group->count > 0 && !share(group->fds[0])) {
            break;
        }
        enum err err = udp_server_open(&s, &one);
        if (err != ERR_NONE && group->count == 0) {
            return err;
        }
        if (err != ERR_NONE) {
            break;
        }
        group->fds[group->count++] = s.fd;
    }
    if (group->count > 1) {
        attach_choice(group, options->local.family);
    }
    return ERR_NONE;
}

static bool same_device(int fd, const char *device)
{
    char name[UDP_DEVICE_SIZE] = "";
    socklen_t size = sizeof name - 1;

    return getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, &size) == 0 &&
           strcmp(name, device) == 0;
}

static bool is_udp(int fd)
{
    int type = 0;
    socklen_t size = sizeof type;

    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_DGRAM;
}

bool udp_group_take(struct udp_group *group, const struct udp_options *options, int fd)
{
    const struct udp_socket s = {.fd = fd};
    struct address local = udp_local(&s);

    if (group->count == UDP_GROUP_MAX || !is_udp(fd) || !address_equal(&local, &options->local) ||
        local.port != options->local.port || !same_device(fd, options->device)) {
        return false;
    }
    group->fds[group->count++] = fd;
    return true;
}

void udp_group_close(struct udp_group *group)
{
    for (unsigned i = 0; i < group->count; i++) {
        (void)share(group->fds[i]);
        (void)close(group->fds[i]);
    }
    group->count = 0;
}

unsigned udp_overflows(int fd)
{
    uint32_t values[SK_MEMINFO_VARS] = {0};
    socklen_t size = sizeof values;

    return getsockopt(fd, SOL_SOCKET, SO_MEMINFO, values, &size) == 0 &&
                   size > SK_MEMINFO_DROPS * sizeof values[0]
               ? values[SK_MEMINFO_DROPS]
               : 0;
}
