/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/udp_ancillary.h"

#include <linux/errqueue.h>
#include <netinet/in.h>
#include <string.h>
#include <time.h>

socklen_t udp_sockaddr(const struct address *address, struct sockaddr_storage *out)
{
    memset(out, 0, sizeof *out);
    if (address->family == ADDRESS_IPV4) {
        struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(address->port)};

        memcpy(&in.sin_addr, address->bytes, 4);
        memcpy(out, &in, sizeof in);
        return sizeof in;
    }
    if (address->family == ADDRESS_IPV6) {
        struct sockaddr_in6 in = {.sin6_family = AF_INET6,
                                  .sin6_port = htons(address->port),
                                  .sin6_scope_id = address->scope};

        memcpy(&in.sin6_addr, address->bytes, 16);
        memcpy(out, &in, sizeof in);
        return sizeof in;
    }
    return 0;
}

struct address udp_address(const struct sockaddr_storage *from)
{
    struct address address = {.family = ADDRESS_NONE};

    if (from->ss_family == AF_INET) {
        struct sockaddr_in in;

        memcpy(&in, from, sizeof in);
        address.family = ADDRESS_IPV4;
        memcpy(address.bytes, &in.sin_addr, 4);
        address.port = ntohs(in.sin_port);
    } else if (from->ss_family == AF_INET6) {
        struct sockaddr_in6 in;

        memcpy(&in, from, sizeof in);
        address.family = ADDRESS_IPV6;
        memcpy(address.bytes, &in.sin6_addr, 16);
        address.port = ntohs(in.sin6_port);
        address.scope = in.sin6_scope_id;
    }
    return address;
}

static struct utc_time utc_of(const struct timespec *t)
{
    return (struct utc_time){(int64_t)t->tv_sec * NS_PER_S + t->tv_nsec};
}

struct utc_time udp_now(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return utc_of(&now);
}

/* Only the kernel's software stamp: the card's is in the time of a clock of its own. */
static void read_stamp(const struct cmsghdr *header, struct udp_ancillary *out)
{
    struct timespec stamps[3] = {{0, 0}};
    size_t size = header->cmsg_len - CMSG_LEN(0);

    memcpy(stamps, CMSG_DATA(header), size < sizeof stamps ? size : sizeof stamps);
    if (stamps[0].tv_sec != 0 || stamps[0].tv_nsec != 0) {
        out->stamped = true;
        out->stamp = utc_of(&stamps[0]);
    }
}

static void read_error(const struct cmsghdr *header, struct udp_ancillary *out)
{
    struct sock_extended_err error;

    if (header->cmsg_len < CMSG_LEN(sizeof error)) {
        return;
    }
    memcpy(&error, CMSG_DATA(header), sizeof error);
    out->is_error = true;
    out->is_icmp = error.ee_origin != SO_EE_ORIGIN_TIMESTAMPING;
    out->os_error = (int)error.ee_errno;
    out->id = error.ee_data;
}

static bool is_link_local(const struct in6_addr *address)
{
    return address->s6_addr[0] == 0xfe && (address->s6_addr[1] & 0xc0) == 0x80;
}

static void read_packet_info(const struct cmsghdr *header, struct udp_ancillary *out)
{
    if (header->cmsg_level == IPPROTO_IP &&
        header->cmsg_len >= CMSG_LEN(sizeof(struct in_pktinfo))) {
        struct in_pktinfo info;

        memcpy(&info, CMSG_DATA(header), sizeof info);
        /* The address to answer from; it differs from the one asked for broadcasts. */
        if (info.ipi_spec_dst.s_addr == 0) {
            info.ipi_spec_dst = info.ipi_addr;
        }
        out->to.family = ADDRESS_IPV4;
        memcpy(out->to.bytes, &info.ipi_spec_dst, 4);
    } else if (header->cmsg_level == IPPROTO_IPV6 &&
               header->cmsg_len >= CMSG_LEN(sizeof(struct in6_pktinfo))) {
        struct in6_pktinfo info;

        memcpy(&info, CMSG_DATA(header), sizeof info);
        if (info.ipi6_addr.s6_addr[0] == 0xff) {
            return; /* multicast: no address to answer from, the kernel chooses */
        }
        out->to.family = ADDRESS_IPV6;
        memcpy(out->to.bytes, &info.ipi6_addr, 16);
        out->to.scope = is_link_local(&info.ipi6_addr) ? info.ipi6_ifindex : 0;
    }
}

void udp_ancillary_read(struct msghdr *message, struct udp_ancillary *out)
{
    *out = (struct udp_ancillary){0};
    for (struct cmsghdr *h = CMSG_FIRSTHDR(message); h != NULL; h = CMSG_NXTHDR(message, h)) {
        if (h->cmsg_level == SOL_SOCKET &&
            (h->cmsg_type == SCM_TIMESTAMPING || h->cmsg_type == SCM_TIMESTAMPNS)) {
            read_stamp(h, out);
        } else if ((h->cmsg_level == IPPROTO_IP && h->cmsg_type == IP_RECVERR) ||
                   (h->cmsg_level == IPPROTO_IPV6 && h->cmsg_type == IPV6_RECVERR)) {
            read_error(h, out);
        } else if ((h->cmsg_level == IPPROTO_IP && h->cmsg_type == IP_PKTINFO) ||
                   (h->cmsg_level == IPPROTO_IPV6 && h->cmsg_type == IPV6_PKTINFO)) {
            read_packet_info(h, out);
        }
    }
}

void udp_datagram_fill(struct udp_datagram *datagram, struct msghdr *message, size_t size)
{
    struct udp_ancillary with;
    struct sockaddr_storage from = {0};

    udp_ancillary_read(message, &with);
    memcpy(&from, message->msg_name,
           message->msg_namelen < sizeof from ? message->msg_namelen : sizeof from);
    datagram->size = size;
    datagram->truncated = (message->msg_flags & MSG_TRUNC) != 0;
    datagram->from = udp_address(&from);
    datagram->to = with.to;
    datagram->stamp_kind = with.stamped ? UDP_STAMP_KERNEL : UDP_STAMP_USER;
    datagram->stamp = with.stamped ? with.stamp : udp_now();
}

void udp_ancillary_from(struct msghdr *message, void *control, const struct address *from)
{
    message->msg_control = NULL;
    message->msg_controllen = 0;
    if (from->family == ADDRESS_NONE) {
        return;
    }
    memset(control, 0, UDP_CONTROL_SEND_SIZE);
    message->msg_control = control;
    message->msg_controllen = UDP_CONTROL_SEND_SIZE;
    struct cmsghdr *header = CMSG_FIRSTHDR(message);
    if (from->family == ADDRESS_IPV4) {
        struct in_pktinfo info = {0};

        memcpy(&info.ipi_spec_dst, from->bytes, 4);
        header->cmsg_level = IPPROTO_IP;
        header->cmsg_type = IP_PKTINFO;
        header->cmsg_len = CMSG_LEN(sizeof info);
        memcpy(CMSG_DATA(header), &info, sizeof info);
        message->msg_controllen = CMSG_SPACE(sizeof info);
    } else {
        struct in6_pktinfo info = {.ipi6_ifindex = from->scope};

        memcpy(&info.ipi6_addr, from->bytes, 16);
        header->cmsg_level = IPPROTO_IPV6;
        header->cmsg_type = IPV6_PKTINFO;
        header->cmsg_len = CMSG_LEN(sizeof info);
        memcpy(CMSG_DATA(header), &info, sizeof info);
        message->msg_controllen = CMSG_SPACE(sizeof info);
    }
}
