/* SPDX-License-Identifier: BSD-2-Clause */
#include "helper/dns.h"

#include <ares.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/must.h"

enum { TRY_MS = 2000, TRIES = 3, LOCALHOST_TTL_S = 86400 };

enum slot_state {
    SLOT_FREE,
    SLOT_ASKED,
    SLOT_DONE,     /* the answer is ready */
    SLOT_LATE,     /* the answer is ready, the library still works on it */
    SLOT_FORGOTTEN /* answered long ago, the library still works on it */
};

struct slot {
    struct dns *dns;
    enum slot_state state;
    struct steady_time until;
    struct resolve_answer answer;
};

/* What the resolver's configuration looked like when it was read. */
struct version {
    struct timespec changed;
    ino_t inode;
};

struct dns {
    ares_channel channel;
    bool open;
    const char *servers;
    struct version version;
    struct slot slots[DNS_QUESTIONS];
};

static struct version version_now(void)
{
    struct stat st;

    if (stat("/etc/resolv.conf", &st) != 0) {
        return (struct version){.inode = 0};
    }
    return (struct version){.changed = st.st_mtim, .inode = st.st_ino};
}

static bool open_channel(struct dns *dns)
{
    struct ares_options options = {.timeout = TRY_MS, .tries = TRIES};

    dns->version = version_now();
    if (ares_init_options(&dns->channel, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES) !=
        ARES_SUCCESS) {
        return false;
    }
    if (dns->servers != NULL &&
        ares_set_servers_ports_csv(dns->channel, dns->servers) != ARES_SUCCESS) {
        ares_destroy(dns->channel);
        return false;
    }
    dns->open = true;
    return true;
}

struct dns *dns_open(const char *servers)
{
    struct dns *dns = calloc(1, sizeof *dns);

    if (dns == NULL || ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS) {
        free(dns);
        return NULL;
    }
    dns->servers = servers;
    for (size_t i = 0; i < DNS_QUESTIONS; i++) {
        dns->slots[i].dns = dns;
    }
    if (!open_channel(dns)) {
        dns_close(dns);
        return NULL;
    }
    return dns;
}

void dns_close(struct dns *dns)
{
    if (dns->open) {
        ares_destroy(dns->channel); /* answers everything that is under way */
    }
    ares_library_cleanup();
    free(dns);
}

/* The network, and with it the name servers, may have changed: begin anew when nothing is under
 * way. */
static void follow_configuration(struct dns *dns)
{
    struct version now = version_now();

    if (now.inode == dns->version.inode && now.changed.tv_sec == dns->version.changed.tv_sec &&
        now.changed.tv_nsec == dns->version.changed.tv_nsec && dns->open) {
        return;
    }
    for (size_t i = 0; i < DNS_QUESTIONS; i++) {
        enum slot_state state = dns->slots[i].state;

        if (state == SLOT_ASKED || state == SLOT_LATE || state == SLOT_FORGOTTEN) {
            return;
        }
    }
    if (dns->open) {
        ares_destroy(dns->channel);
        dns->open = false;
    }
    (void)open_channel(dns);
}

static struct slot *free_slot(struct dns *dns)
{
    for (size_t i = 0; i < DNS_QUESTIONS; i++) {
        if (dns->slots[i].state == SLOT_FREE) {
            return &dns->slots[i];
        }
    }
    return NULL;
}

bool dns_has_room(const struct dns *dns)
{
    for (size_t i = 0; i < DNS_QUESTIONS; i++) {
        if (dns->slots[i].state == SLOT_FREE) {
            return true;
        }
    }
    return false;
}

static enum resolve_result result_of(int status)
{
    switch (status) {
    case ARES_SUCCESS:
        return RESOLVE_OK;
    case ARES_ENOTFOUND:
    case ARES_ENONAME:
    case ARES_EBADNAME:
        return RESOLVE_NO_NAME;
    case ARES_ENODATA:
        return RESOLVE_NO_DATA;
    default:
        return RESOLVE_FAILED;
    }
}

/* False: an address of a kind that is not known here. */
static bool take_address(const struct ares_addrinfo_node *node, struct address *out)
{
    *out = (struct address){.family = ADDRESS_NONE};
    if (node->ai_family == AF_INET && node->ai_addrlen >= sizeof(struct sockaddr_in)) {
        struct sockaddr_in in;

        memcpy(&in, node->ai_addr, sizeof in);
        out->family = ADDRESS_IPV4;
        memcpy(out->bytes, &in.sin_addr, 4);
    } else if (node->ai_family == AF_INET6 && node->ai_addrlen >= sizeof(struct sockaddr_in6)) {
        struct sockaddr_in6 in;

        memcpy(&in, node->ai_addr, sizeof in);
        out->family = ADDRESS_IPV6;
        memcpy(out->bytes, &in.sin6_addr, 16);
        out->scope = in.sin6_scope_id;
    }
    return out->family != ADDRESS_NONE;
}

static bool is_known(const struct resolve_answer *answer, const struct address *address)
{
    for (uint8_t i = 0; i < answer->count; i++) {
        if (address_equal(&answer->addresses[i], address)) {
            return true;
        }
    }
    return false;
}

static void take_addresses(const struct ares_addrinfo *found, struct resolve_answer *answer)
{
    bool first = true;

    for (const struct ares_addrinfo_node *node = found->nodes;
         node != NULL && answer->count < RESOLVED_MAX; node = node->ai_next) {
        struct address address;
        uint32_t ttl_s = node->ai_ttl > 0 ? (uint32_t)node->ai_ttl : 0;

        if (take_address(node, &address) && !is_known(answer, &address)) {
            answer->addresses[answer->count++] = address;
            answer->ttl_s = first || ttl_s < answer->ttl_s ? ttl_s : answer->ttl_s;
            first = false;
        }
    }
}

static void on_answer(void *context, int status, int timeouts, struct ares_addrinfo *found)
{
    struct slot *slot = context;

    (void)timeouts;
    if (slot->state == SLOT_ASKED) {
        slot->state = SLOT_DONE;
        slot->answer.result = result_of(status);
        if (status == ARES_SUCCESS && found != NULL) {
            take_addresses(found, &slot->answer);
        }
        if (slot->answer.result == RESOLVE_OK && slot->answer.count == 0) {
            slot->answer.result = RESOLVE_NO_DATA;
        }
    } else {
        slot->state = slot->state == SLOT_LATE ? SLOT_DONE : SLOT_FREE;
    }
    if (found != NULL) {
        ares_freeaddrinfo(found);
    }
}

void dns_ask(struct dns *dns, const struct resolve_question *question, struct steady_time now)
{
    const struct ares_addrinfo_hints hints = {
        .ai_family = question->family == ADDRESS_IPV4   ? AF_INET
                     : question->family == ADDRESS_IPV6 ? AF_INET6
                                                        : AF_UNSPEC,
        .ai_socktype = SOCK_DGRAM,
    };
    struct slot *slot;

    follow_configuration(dns);
    slot = free_slot(dns);
    must(slot != NULL);
    slot->answer = (struct resolve_answer){.query = question->query, .result = RESOLVE_FAILED};
    slot->until.ns = now.ns + DNS_LIMIT_S * NS_PER_S;
    slot->state = dns->open ? SLOT_ASKED : SLOT_DONE;
    slot->answer.count = (uint8_t)address_of_localhost(
        question->name, (enum address_family)question->family, slot->answer.addresses);
    if (slot->answer.count > 0) {
        slot->answer.result = RESOLVE_OK;
        slot->answer.ttl_s = LOCALHOST_TTL_S;
        slot->state = SLOT_DONE;
    } else if (dns->open) {
        ares_getaddrinfo(dns->channel, question->name, NULL, &hints, on_answer, slot);
    }
}

size_t dns_poll(struct dns *dns, struct steady_time now, struct pollfd fds[static DNS_POLLFDS],
                struct duration *timeout)
{
    ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
    struct timeval limit;
    size_t count = 0;
    unsigned wanted =
        dns->open ? (unsigned)ares_getsock(dns->channel, sockets, ARES_GETSOCK_MAXNUM) : 0;

    for (int i = 0; i < ARES_GETSOCK_MAXNUM && count < DNS_POLLFDS; i++) {
        /* ARES_GETSOCK_WRITABLE() shifts into the sign bit. */
        short events = (short)((wanted >> i & 1 ? POLLIN : 0) |
                               (wanted >> (i + ARES_GETSOCK_MAXNUM) & 1 ? POLLOUT : 0));

        if (events != 0) {
            fds[count++] = (struct pollfd){.fd = sockets[i], .events = events};
        }
    }
    if (dns->open && ares_timeout(dns->channel, NULL, &limit) != NULL) {
        int64_t ns = (int64_t)limit.tv_sec * NS_PER_S + (int64_t)limit.tv_usec * 1000;

        timeout->ns = timeout->ns < 0 || ns < timeout->ns ? ns : timeout->ns;
    }
    for (size_t i = 0; i < DNS_QUESTIONS; i++) {
        int64_t left_ns = dns->slots[i].until.ns - now.ns;

        if (dns->slots[i].state == SLOT_ASKED && (timeout->ns < 0 || left_ns < timeout->ns)) {
            timeout->ns = left_ns > 0 ? left_ns : 0;
        }
    }
    return count;
}

void dns_work(struct dns *dns, struct steady_time now, const struct pollfd *fds, size_t count)
{
    for (size_t i = 0; dns->open && i < count; i++) {
        bool read = (fds[i].revents & (POLLIN | POLLERR | POLLHUP)) != 0;
        bool write = (fds[i].revents & POLLOUT) != 0;

        if (read || write) {
            ares_process_fd(dns->channel, read ? fds[i].fd : ARES_SOCKET_BAD,
                            write ? fds[i].fd : ARES_SOCKET_BAD);
        }
    }
    if (dns->open) {
        ares_process_fd(dns->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD); /* what is late */
    }
    for (size_t i = 0; i < DNS_QUESTIONS; i++) {
        if (dns->slots[i].state == SLOT_ASKED && dns->slots[i].until.ns <= now.ns) {
            dns->slots[i].state = SLOT_LATE;
        }
    }
}

bool dns_answer(struct dns *dns, struct resolve_answer *answer)
{
    for (size_t i = 0; i < DNS_QUESTIONS; i++) {
        struct slot *slot = &dns->slots[i];

        if (slot->state == SLOT_DONE || slot->state == SLOT_LATE) {
            *answer = slot->answer;
            slot->state = slot->state == SLOT_DONE ? SLOT_FREE : SLOT_FORGOTTEN;
            return true;
        }
    }
    return false;
}
