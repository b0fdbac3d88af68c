/* SPDX-License-Identifier: BSD-2-Clause */
#include "helper/dns.h"

#include <ares.h>
#include <arpa/nameser.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/must.h"
#include "helper/dns_reply.h"
#include "sys/entropy.h"
#include "sys/udp.h"

enum {
    TRY_MS = 2000,
    TRIES = 3,
    SECOND_TRY_MS = 1500,
    SECOND_TRIES = 2,
    LOCALHOST_TTL_S = 86400,
    CHECKING_DISABLED = 0x10, /* of the header's fourth octet: RFC 4035, section 3.2.2 */
};

/*
 * The second channel hands over whatever a server answers.  The first one takes a refusal for
 * silence, and says in the end no more than that nobody helped: what is refused is asked once more.
 */
enum channel { CHANNEL_FIRST, CHANNEL_SECOND, CHANNEL_COUNT };

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
    unsigned pending; /* calls back that are still to come */
    bool second;      /* they are of the second channel */
    struct steady_time until;
    struct resolve_question question;
    struct resolve_answer answer;
    struct dns_targets targets;
};

/* What the resolver's configuration looked like when it was read. */
struct version {
    struct timespec changed;
    ino_t inode;
};

struct dns {
    ares_channel channels[CHANNEL_COUNT];
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

static bool open_channel(struct dns *dns, enum channel which)
{
    struct ares_options options = {
        .flags = which == CHANNEL_SECOND ? ARES_FLAG_NOCHECKRESP : 0,
        .timeout = which == CHANNEL_SECOND ? SECOND_TRY_MS : TRY_MS,
        .tries = which == CHANNEL_SECOND ? SECOND_TRIES : TRIES,
    };
    ares_channel *channel = &dns->channels[which];

    if (ares_init_options(channel, &options,
                          ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
                              (which == CHANNEL_SECOND ? ARES_OPT_FLAGS : 0)) != ARES_SUCCESS) {
        return false;
    }
    if (dns->servers != NULL &&
        ares_set_servers_ports_csv(*channel, dns->servers) != ARES_SUCCESS) {
        ares_destroy(*channel);
        return false;
    }
    return true;
}

static bool open_channels(struct dns *dns)
{
    dns->version = version_now();
    if (!open_channel(dns, CHANNEL_FIRST)) {
        return false;
    }
    if (!open_channel(dns, CHANNEL_SECOND)) {
        ares_destroy(dns->channels[CHANNEL_FIRST]);
        return false;
    }
    dns->open = true;
    return true;
}

static void close_channels(struct dns *dns)
{
    if (dns->open) {
        /* Answers everything that is under way; nothing new may begin then. */
        dns->open = false;
        ares_destroy(dns->channels[CHANNEL_FIRST]);
        ares_destroy(dns->channels[CHANNEL_SECOND]);
    }
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
    if (!open_channels(dns)) {
        dns_close(dns);
        return NULL;
    }
    return dns;
}

void dns_close(struct dns *dns)
{
    close_channels(dns);
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
        if (dns->slots[i].pending > 0) {
            return;
        }
    }
    close_channels(dns);
    (void)open_channels(dns);
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
    case ARES_ESERVFAIL:
    case ARES_EREFUSED:
    case ARES_ENOTIMP:
        return RESOLVE_SERVFAIL;
    default:
        return RESOLVE_FAILED;
    }
}

/* Would another question tell more?  Servers that refuse look to the library as if they were
 * closed. */
static bool may_be_refusal(int status)
{
    return status == ARES_ECONNREFUSED || result_of(status) == RESOLVE_SERVFAIL;
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

/* Is there a way to it?  Nothing is sent. */
static bool has_route(const struct address *address)
{
    const struct udp_options options = {.priority = 0};
    struct address server = *address;
    struct udp_socket s;

    server.port = 123;
    if (udp_client_open(&s, &server, &options) != ERR_NONE) {
        return false;
    }
    udp_close(&s);
    return true;
}

/* One of each family in turn, beginning with the first's; one family after the other when only one
 * of them leads anywhere. */
static void merge_families(const struct resolve_answer of[static 2], uint8_t first,
                           struct resolve_answer *answer)
{
    const struct resolve_answer *one = &of[first], *other = &of[!first];
    bool in_turn = one->count > 0 && other->count > 0 && has_route(&other->addresses[0]);

    for (uint8_t i = 0; i < one->count; i++) {
        dns_add_address(answer, &one->addresses[i], one->ttl_s);
        if (in_turn && i < other->count) {
            dns_add_address(answer, &other->addresses[i], other->ttl_s);
        }
    }
    for (uint8_t i = 0; i < other->count; i++) {
        dns_add_address(answer, &other->addresses[i], other->ttl_s);
    }
}

static void take_addresses(const struct ares_addrinfo *found, struct resolve_answer *answer)
{
    struct resolve_answer of[2] = {{.count = 0}, {.count = 0}};
    uint8_t first = 2;

    for (const struct ares_addrinfo_node *node = found->nodes; node != NULL; node = node->ai_next) {
        struct address address;

        if (take_address(node, &address)) {
            uint8_t which = address.family == ADDRESS_IPV6;

            dns_add_address(&of[which], &address, node->ai_ttl > 0 ? (uint32_t)node->ai_ttl : 0);
            first = first == 2 ? which : first;
        }
    }
    if (first < 2) {
        merge_families(of, first, answer);
    }
}

static void ask_second(struct slot *slot);

/* A call back more has come; when it was the last one the slot has its answer. */
static void arrived(struct slot *slot, bool once_more)
{
    struct resolve_answer *answer = &slot->answer;
    bool is_service = slot->question.method == RESOLVE_SRV;

    must(slot->pending > 0);
    slot->pending--;
    if (slot->pending > 0) {
        return;
    }
    if (slot->state != SLOT_ASKED) {
        slot->state = slot->state == SLOT_LATE ? SLOT_DONE : SLOT_FREE;
        return;
    }
    if (once_more && !slot->second && slot->dns->open) {
        ask_second(slot);
        return;
    }
    uint8_t count = is_service ? slot->targets.count : answer->count;
    if (answer->result == RESOLVE_OK && count == 0) {
        answer->result = RESOLVE_NO_DATA;
    } else if (count > 0) {
        answer->result = RESOLVE_OK;
    }
    slot->state = SLOT_DONE;
}

static void on_addresses(void *context, int status, int timeouts, struct ares_addrinfo *found)
{
    struct slot *slot = context;

    (void)timeouts;
    if (slot->state == SLOT_ASKED) {
        slot->answer.result = result_of(status);
        if (status == ARES_SUCCESS && found != NULL) {
            take_addresses(found, &slot->answer);
        }
    }
    if (found != NULL) {
        ares_freeaddrinfo(found);
    }
    arrived(slot, may_be_refusal(status));
}

/* The worst that one of several questions met says most about the name. */
static void take_result(struct slot *slot, enum resolve_result result)
{
    if (slot->answer.result == RESOLVE_FAILED || result == RESOLVE_SERVFAIL) {
        slot->answer.result = result;
    }
}

static void take_reply(struct slot *slot, const uint8_t *reply, size_t size)
{
    struct resolve_answer *answer = &slot->answer;

    if (slot->question.method == RESOLVE_SRV) {
        dns_reply_targets(reply, size, entropy_u64(), &slot->targets);
        answer->ttl_s = slot->targets.ttl_s;
    } else {
        dns_reply_addresses(reply, size, answer);
    }
    if (slot->second && (slot->question.flags & RESOLVE_UNVALIDATED) != 0) {
        answer->flags = RESOLVE_UNVALIDATED;
    }
}

static void on_reply(void *context, int status, int timeouts, unsigned char *reply, int size)
{
    struct slot *slot = context;

    (void)timeouts;
    if (slot->state == SLOT_ASKED) {
        enum resolve_result result = result_of(status);

        if (reply != NULL && size > 0 && (status == ARES_SUCCESS || slot->second)) {
            result = dns_reply_result(reply, (size_t)size);
        }
        take_result(slot, result);
        if (result == RESOLVE_OK) {
            take_reply(slot, reply, (size_t)size);
        }
    }
    arrived(slot, may_be_refusal(status));
}

/* One question of the second channel. */
static void send_second(struct slot *slot, int type)
{
    unsigned char *question = NULL;
    int size = 0;

    if (ares_create_query(slot->question.name, ns_c_in, type, (unsigned short)entropy_u64(), 1,
                          &question, &size, 0) != ARES_SUCCESS) {
        return;
    }
    if ((slot->question.flags & RESOLVE_UNVALIDATED) != 0) {
        question[3] |= CHECKING_DISABLED;
    }
    slot->pending++;
    ares_send(slot->dns->channels[CHANNEL_SECOND], question, size, on_reply, slot);
    ares_free_string(question);
}

static void ask_second(struct slot *slot)
{
    slot->second = true;
    slot->pending++; /* held until all questions are on their way: answers may come at once */
    slot->answer.result = RESOLVE_FAILED;
    if (slot->question.method == RESOLVE_SRV) {
        send_second(slot, ns_t_srv);
    } else {
        if (slot->question.family != ADDRESS_IPV6) {
            send_second(slot, ns_t_a);
        }
        if (slot->question.family != ADDRESS_IPV4) {
            send_second(slot, ns_t_aaaa);
        }
    }
    arrived(slot, false);
}

static void ask_first(struct slot *slot)
{
    const struct resolve_question *question = &slot->question;
    const struct ares_addrinfo_hints hints = {
        .ai_family = question->family == ADDRESS_IPV4   ? AF_INET
                     : question->family == ADDRESS_IPV6 ? AF_INET6
                                                        : AF_UNSPEC,
        .ai_socktype = SOCK_DGRAM,
    };
    ares_channel channel = slot->dns->channels[CHANNEL_FIRST];

    slot->pending++;
    if (question->method == RESOLVE_SRV) {
        ares_query(channel, question->name, ns_c_in, ns_t_srv, on_reply, slot);
    } else {
        ares_getaddrinfo(channel, question->name, NULL, &hints, on_addresses, slot);
    }
}

/* "example.org" has its NTP servers at "_ntp._udp.example.org"; a service is taken as it is. */
static void name_service(struct resolve_question *question)
{
    char name[RESOLVE_NAME_SIZE] = "";

    if (question->method == RESOLVE_SRV && question->name[0] != '_') {
        (void)snprintf(name, sizeof name, "_ntp._udp.%.*s", RESOLVE_NAME_SIZE - 12, question->name);
        memcpy(question->name, name, sizeof name);
    }
}

void dns_ask(struct dns *dns, const struct resolve_question *question, struct steady_time now)
{
    struct slot *slot;

    follow_configuration(dns);
    slot = free_slot(dns);
    must(slot != NULL && slot->pending == 0);
    *slot = (struct slot){
        .dns = dns,
        .state = dns->open ? SLOT_ASKED : SLOT_DONE,
        .until = {now.ns + DNS_LIMIT_S * NS_PER_S},
        .question = *question,
        .answer = {.query = question->query, .result = RESOLVE_FAILED},
    };
    name_service(&slot->question);
    struct address localhost[2];
    size_t count = question->method == RESOLVE_SRV
                       ? 0
                       : address_of_localhost(question->name, (enum address_family)question->family,
                                              localhost);
    for (size_t i = 0; i < count; i++) {
        dns_add_address(&slot->answer, &localhost[i], LOCALHOST_TTL_S);
        slot->answer.result = RESOLVE_OK;
        slot->state = SLOT_DONE;
    }
    if (slot->state == SLOT_ASKED) {
        ask_first(slot);
    }
}

static size_t poll_channel(ares_channel channel, struct pollfd *fds, size_t room,
                           struct duration *timeout)
{
    ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
    struct timeval limit;
    size_t count = 0;
    unsigned wanted = (unsigned)ares_getsock(channel, sockets, ARES_GETSOCK_MAXNUM);

    for (int i = 0; i < ARES_GETSOCK_MAXNUM && count < room; i++) {
        /* ARES_GETSOCK_WRITABLE() shifts into the sign bit. */
        short events = (short)((wanted >> i & 1 ? POLLIN : 0) |
                               (wanted >> (i + ARES_GETSOCK_MAXNUM) & 1 ? POLLOUT : 0));

        if (events != 0) {
            fds[count++] = (struct pollfd){.fd = sockets[i], .events = events};
        }
    }
    if (ares_timeout(channel, NULL, &limit) != NULL) {
        int64_t ns = (int64_t)limit.tv_sec * NS_PER_S + (int64_t)limit.tv_usec * 1000;

        timeout->ns = timeout->ns < 0 || ns < timeout->ns ? ns : timeout->ns;
    }
    return count;
}

size_t dns_poll(struct dns *dns, struct steady_time now, struct pollfd fds[static DNS_POLLFDS],
                struct duration *timeout)
{
    size_t count = 0;

    for (int i = 0; dns->open && i < CHANNEL_COUNT; i++) {
        count += poll_channel(dns->channels[i], fds + count, DNS_POLLFDS - count, timeout);
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

        /* A channel looks for the socket among its own. */
        for (int j = 0; (read || write) && j < CHANNEL_COUNT; j++) {
            ares_process_fd(dns->channels[j], read ? fds[i].fd : ARES_SOCKET_BAD,
                            write ? fds[i].fd : ARES_SOCKET_BAD);
        }
    }
    for (int j = 0; dns->open && j < CHANNEL_COUNT; j++) {
        ares_process_fd(dns->channels[j], ARES_SOCKET_BAD, ARES_SOCKET_BAD); /* what is late */
    }
    for (size_t i = 0; i < DNS_QUESTIONS; i++) {
        struct slot *slot = &dns->slots[i];

        if (slot->state == SLOT_ASKED && slot->until.ns <= now.ns) {
            slot->answer.result = slot->answer.count > 0 ? RESOLVE_OK : RESOLVE_FAILED;
            slot->targets.count = 0;
            slot->state = SLOT_LATE;
        }
    }
}

static struct slot *ready_slot(struct dns *dns, bool service)
{
    for (size_t i = 0; i < DNS_QUESTIONS; i++) {
        struct slot *slot = &dns->slots[i];

        if ((slot->state == SLOT_DONE || slot->state == SLOT_LATE) &&
            (slot->question.method == RESOLVE_SRV) == service) {
            return slot;
        }
    }
    return NULL;
}

static void release(struct slot *slot)
{
    slot->state = slot->state == SLOT_DONE ? SLOT_FREE : SLOT_FORGOTTEN;
}

bool dns_answer(struct dns *dns, struct resolve_answer *answer)
{
    struct slot *slot = ready_slot(dns, false);

    if (slot == NULL) {
        return false;
    }
    *answer = slot->answer;
    release(slot);
    return true;
}

bool dns_take_targets(struct dns *dns, struct dns_targets *targets)
{
    struct slot *slot = ready_slot(dns, true);

    if (slot == NULL) {
        return false;
    }
    *targets = slot->targets;
    targets->query = slot->answer.query;
    targets->result = slot->answer.result;
    targets->flags = slot->answer.flags;
    release(slot);
    return true;
}
