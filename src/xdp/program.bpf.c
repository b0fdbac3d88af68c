/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * program.bpf.c - answers plain NTP requests in the network driver, before the kernel makes a
 * packet of them.
 *
 * Plain is a request of 48 octets in mode 3, version 1 to 4, in an unfragmented UDP datagram
 * without options of IP, to an address of this machine, that does not ask for interleaved mode.
 * Everything else goes on to the sockets, and so does everything when noond has not renewed the
 * line for a moment: the answers are the same there (core/server/reply.c), they only cost more.
 */
#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <stdbool.h>

#include "base/address.h"
#include "wire/drop.h"
#include "wire/xdp.h"

enum {
    NTP_SIZE = 48,
    UDP_SIZE = 8 + NTP_SIZE,
    FRAME_IPV4 = 14 + 20 + UDP_SIZE,
    FRAME_IPV6 = 14 + 40 + UDP_SIZE,
    NTP_PORT = 123,
    MODE_CLIENT = 3,
    MODE_SERVER = 4,
    LEAP_UNSYNC = 3,
    HOPS = 64,
    DONT_FRAGMENT = 0x4000,
    FRAGMENT_BITS = 0xbfff, /* all but that one */
    NS_IN_S = 1000000000,
    KISS_INTERVAL_NS = 15625000, /* of one processor: 64 in a second */
    ALLOWED = 1,                 /* a bit of enum access_bit */
    FLAGGED = 4,                 /* from here on enum access_flag */
};

#define KISS_RATE 0x52415445U        /* "RATE" */
#define UNSYNCHRONISED (16ULL << 16) /* what is announced as dispersion without time */

/* The header of NTP, in the network's order. */
struct ntp {
    __u8 first, stratum, poll, precision;
    __be32 root_delay, root_dispersion, refid;
    __be32 reference[2], origin[2], receive[2], transmit[2];
};

struct xdp_lines lines SEC(".data.lines");
struct xdp_settings settings SEC(".data.settings");
struct xdp_counters counters[XDP_CPUS] SEC(".data.counters");

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 16384); /* or what the loader says */
    __type(key, struct xdp_client_name);
    __type(value, struct xdp_client);
} clients SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 4096);
    __type(key, struct xdp_own);
    __type(value, __u32);
} own SEC(".maps");

/* Both hold prefixes of addresses with their values of core/server/access. */
struct {
    __uint(type, BPF_MAP_TYPE_LPM_TRIE);
    __uint(max_entries, 262144);
    __uint(key_size, 4 + 4);
    __uint(value_size, 4);
    __uint(map_flags, BPF_F_NO_PREALLOC);
} access_ipv4 SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_LPM_TRIE);
    __uint(max_entries, 262144);
    __uint(key_size, sizeof(struct xdp_prefix));
    __uint(value_size, 4);
    __uint(map_flags, BPF_F_NO_PREALLOC);
} access_ipv6 SEC(".maps");

/* What one request is worked on with. */
struct work {
    struct ntp *ntp;
    const volatile struct xdp_line *line;
    struct xdp_counters *count;
    struct xdp_own from;
    struct xdp_client_name name;
    __s64 now_ns;
};

enum verdict { ANSWER, KISS, DROP };

static __always_inline bool is_own(const struct xdp_own *address)
{
    return bpf_map_lookup_elem(&own, address) != NULL;
}

/* Is it a plain request?  The order of the tests is theirs who send most of what is none. */
static __always_inline bool is_plain(const struct ntp *ntp)
{
    __u8 version = ntp->first >> 3 & 7;
    bool odd = (ntp->origin[1] & bpf_htonl(1)) != 0;
    bool differ = ntp->receive[0] != ntp->transmit[0] || ntp->receive[1] != ntp->transmit[1];

    return (ntp->first & 7) == MODE_CLIENT && version >= 1 && version <= 4 && !(odd && differ);
}

/* What core/server/access says of an address; 0: nothing. */
static __always_inline __u32 access_of(const struct xdp_own *from)
{
    struct xdp_prefix key = {.bits = from->family == ADDRESS_IPV4 ? 32 : 128};
    __u32 *value;

    __builtin_memcpy(key.bytes, from->bytes, sizeof key.bytes);
    value = from->family == ADDRESS_IPV4 ? bpf_map_lookup_elem(&access_ipv4, &key)
                                         : bpf_map_lookup_elem(&access_ipv6, &key);
    return value != NULL ? *value : 0;
}

static __always_inline void name_client(struct work *work)
{
    const struct xdp_own *from = &work->from;

    work->name.family = (__u8)from->family;
    if (from->family == ADDRESS_IPV4) {
        __builtin_memcpy(work->name.bytes, from->bytes, 4);
    } else if (from->bytes[0] == 0xfe && (from->bytes[1] & 0xc0) == 0x80) {
        work->name.link_local = 1;
        __builtin_memcpy(work->name.bytes, from->bytes + 8, 8);
    } else {
        __builtin_memcpy(work->name.bytes, from->bytes, 8);
    }
}

/* Takes a request from what the client may ask; false: it is over its limit. */
static __always_inline bool take(const struct work *work, struct xdp_client *client)
{
    __s64 due_ns = client->due_ns < work->now_ns ? work->now_ns : client->due_ns;
    bool is_64 = work->name.family == ADDRESS_IPV6 && work->name.link_local == 0;

    if (due_ns - work->now_ns > settings.allowance_ns) {
        return false;
    }
    client->due_ns = due_ns + (is_64 ? settings.interval_64_ns : settings.interval_ns);
    return true;
}

static __always_inline enum verdict judge_rate(const struct work *work, struct xdp_client *client)
{
    if (settings.limited == 0 || take(work, client) ||
        (bpf_get_prandom_u32() & settings.leak_mask) == 0) {
        return ANSWER;
    }
    if (settings.kod_mask != 0 && (bpf_get_prandom_u32() & settings.kod_mask) == 0 &&
        work->now_ns >= work->count->kiss_due_ns) {
        work->count->kiss_due_ns = work->now_ns + KISS_INTERVAL_NS;
        return KISS;
    }
    return DROP;
}

static __always_inline void meet_again(struct xdp_client *client, __s64 now_ns)
{
    __s64 elapsed_ns = now_ns > client->last_ns ? now_ns - client->last_ns : 0;

    client->interval_ns = client->interval_ns > 0
                              ? client->interval_ns - (client->interval_ns >> 3) + (elapsed_ns >> 3)
                              : elapsed_ns;
    client->last_ns = now_ns;
}

/* What becomes of the request, as the client's entry is to say. */
static __always_inline enum verdict judge(struct work *work, bool allowed)
{
    struct xdp_client fresh = {.first_ns = work->now_ns, .last_ns = work->now_ns};
    struct xdp_client *client = NULL;
    enum verdict verdict = allowed ? ANSWER : DROP;

    if (settings.remember != 0) {
        name_client(work);
        client = bpf_map_lookup_elem(&clients, &work->name);
        if (client != NULL) {
            meet_again(client, work->now_ns);
        } else {
            (void)bpf_map_update_elem(&clients, &work->name, &fresh, BPF_NOEXIST);
            client = bpf_map_lookup_elem(&clients, &work->name);
        }
    }
    if (client != NULL) {
        verdict = allowed ? judge_rate(work, client) : DROP;
        client->version = work->ntp->first >> 3 & 7;
        client->requests += client->requests != 0xffffffff;
        client->answers += verdict == ANSWER && client->answers != 0xffffffff;
        if (verdict != ANSWER) {
            client->last_drop = allowed ? DROP_RATE_LIMIT : DROP_ACCESS;
        }
    }
    work->count->requests++;
    work->count->answers += verdict == ANSWER;
    work->count->refused += !allowed;
    work->count->limited += allowed && verdict != ANSWER;
    work->count->kisses += verdict == KISS;
    return verdict;
}

/* As core/server/reply.c writes it.  Arrival and departure are within a tenth of a microsecond. */
static __always_inline void write_answer(const struct work *work, bool kiss)
{
    const volatile struct xdp_line *line = work->line;
    struct ntp *ntp = work->ntp;
    __s64 elapsed_ns = work->now_ns - line->from_ns;
    __u64 utc_ns = (__u64)(line->utc_ns + elapsed_ns + (elapsed_ns * line->rate >> 32));
    __u32 s = (__u32)(utc_ns / NS_IN_S);
    __u32 fraction = (__u32)(((utc_ns % NS_IN_S) << 32) / NS_IN_S);
    __u64 dispersion = line->dispersion + ((__u64)elapsed_ns * line->growth >> XDP_GROWTH_SHIFT);
    /* The kind of answer that the server's own clock is behind; it is never rounded down. */
    __u32 announced = (__u32)((dispersion + 0xffffffffULL) >> 32);
    __s8 poll = (__s8)ntp->poll;
    __u32 reference[2] = {(__u32)(line->reference >> 32), (__u32)line->reference};

    if (kiss ? poll < settings.interval_log2
             : settings.interval_ns > 0 && poll >= 0 && poll < settings.interval_log2) {
        poll = (__s8)settings.interval_log2;
    }
    ntp->first = (__u8)((kiss ? LEAP_UNSYNC : line->leap) << 6 | (ntp->first & 0x38) | MODE_SERVER);
    ntp->stratum = kiss ? 0 : line->stratum;
    ntp->poll = (__u8)poll;
    ntp->precision = line->precision;
    ntp->root_delay = kiss ? 0 : bpf_htonl(line->root_delay);
    ntp->root_dispersion = bpf_htonl(kiss ? (__u32)UNSYNCHRONISED : announced);
    ntp->refid = bpf_htonl(kiss ? KISS_RATE : line->refid);
    ntp->reference[0] = kiss ? 0 : bpf_htonl(reference[0]);
    ntp->reference[1] = kiss ? 0 : bpf_htonl(reference[1]);
    ntp->origin[0] = ntp->transmit[0];
    ntp->origin[1] = ntp->transmit[1];
    /* By the last bit the two are told apart, as from the sockets. */
    ntp->receive[0] = bpf_htonl(s);
    ntp->receive[1] = bpf_htonl(fraction | 1);
    if ((fraction | 1) == 0xffffffff) {
        s++;
    }
    ntp->transmit[0] = bpf_htonl(s);
    ntp->transmit[1] = bpf_htonl((fraction | 1) + 1);
}

/* Takes the line that holds; false: none may be served now. */
static __always_inline bool begin(struct work *work, __u64 *index)
{
    *index = *(volatile __u64 *)&lines.index;
    work->line = &lines.line[*index & 1];
    work->now_ns = (__s64)bpf_ktime_get_ns();
    work->count = &counters[bpf_get_smp_processor_id() & (XDP_CPUS - 1)];
    return settings.hold == 0 && work->now_ns < work->line->until_ns &&
           work->now_ns >= work->line->from_ns;
}

static __always_inline __u16 fold(__u64 sum)
{
    for (int i = 0; i < 4; i++) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (__u16)~sum;
}

/* The checksum of UDP: `sum` is the part of the addresses. */
static __always_inline void finish_udp(struct udphdr *udp, __u64 sum)
{
    __be16 port = udp->source;

    udp->source = udp->dest;
    udp->dest = port;
    udp->check = 0;
    sum += bpf_htons(UDP_SIZE) + bpf_htons(IPPROTO_UDP);
    sum += (__u32)bpf_csum_diff(NULL, 0, (__be32 *)udp, UDP_SIZE, 0);
    udp->check = fold(sum);
    if (udp->check == 0) {
        udp->check = 0xffff; /* none would be 0 */
    }
}

/* Did it come by one of the interfaces, to that one's own address? */
static __always_inline bool is_for(const struct ethhdr *eth, __u32 interface)
{
    for (int k = 0; k < XDP_CARDS; k++) {
        const volatile struct xdp_card *card = &settings.cards[k];

        if (card->index == interface) {
            __u8 different = 0;

            for (int i = 0; i < ETH_ALEN; i++) {
                different |= eth->h_dest[i] ^ card->mac[i];
            }
            return different == 0;
        }
    }
    return false;
}

static __always_inline void turn_frame(struct ethhdr *eth)
{
    __u8 mac[ETH_ALEN];

    __builtin_memcpy(mac, eth->h_source, ETH_ALEN);
    __builtin_memcpy(eth->h_source, eth->h_dest, ETH_ALEN);
    __builtin_memcpy(eth->h_dest, mac, ETH_ALEN);
}

/* Is it a request that may be dealt with here?  `from` and `to` are filled in. */
static __always_inline bool is_ours(struct work *work, const struct udphdr *udp,
                                    const struct xdp_own *to)
{
    return udp->len == bpf_htons(UDP_SIZE) && udp->source != 0 && is_plain(work->ntp) &&
           is_own(to) && !(udp->source == bpf_htons(NTP_PORT) && is_own(&work->from));
}

/* From the verdict to the answer; the frame's own part is the caller's. */
static __always_inline int deal(struct work *work, __u64 index)
{
    __u32 access = access_of(&work->from);

    if (access >= FLAGGED) {
        return XDP_PASS; /* more is said of it than whether it may ask */
    }
    enum verdict verdict = judge(work, (access & ALLOWED) != 0);
    if (verdict == DROP) {
        return XDP_DROP;
    }
    write_answer(work, verdict == KISS);
    /* Overtaken by two renewals at once: what was read may be of both.  Its client asks again. */
    return *(volatile __u64 *)&lines.index - index <= 1 ? XDP_TX : XDP_DROP;
}

static __always_inline bool sound_ipv4(const struct iphdr *ip)
{
    __u32 from = bpf_ntohl(ip->saddr);

    return ip->version == 4 && ip->ihl == 5 && ip->protocol == IPPROTO_UDP &&
           ip->tot_len == bpf_htons(20 + UDP_SIZE) &&
           (ip->frag_off & bpf_htons(FRAGMENT_BITS)) == 0 && from >> 24 != 0 && from >> 24 != 127 &&
           from < 0xe0000000;
}

static __always_inline int answer_ipv4(struct ethhdr *eth, struct work *work)
{
    struct iphdr *ip = (struct iphdr *)(eth + 1);
    struct udphdr *udp = (struct udphdr *)(ip + 1);
    struct xdp_own to = {.family = ADDRESS_IPV4};
    __u64 index, sum;

    work->ntp = (struct ntp *)(udp + 1);
    work->from.family = ADDRESS_IPV4;
    __builtin_memcpy(to.bytes, &ip->daddr, 4);
    __builtin_memcpy(work->from.bytes, &ip->saddr, 4);
    sum = (__u32)bpf_csum_diff(NULL, 0, (__be32 *)ip, sizeof *ip, 0);
    if (!sound_ipv4(ip) || udp->dest != bpf_htons(settings.port) || fold(sum) != 0 ||
        !begin(work, &index) || !is_ours(work, udp, &to)) {
        return XDP_PASS;
    }
    int action = deal(work, index);
    if (action == XDP_TX) {
        __be32 address = ip->saddr;

        turn_frame(eth);
        ip->saddr = ip->daddr;
        ip->daddr = address;
        ip->tos = 0;
        ip->id = 0;
        ip->frag_off = bpf_htons(DONT_FRAGMENT);
        ip->ttl = HOPS;
        ip->check = 0;
        ip->check = fold((__u32)bpf_csum_diff(NULL, 0, (__be32 *)ip, sizeof *ip, 0));
        finish_udp(udp, (__u64)ip->saddr + ip->daddr);
    }
    return action;
}

/* Not a group's, not this machine's, none that means an address of IPv4. */
static __always_inline bool sound_ipv6(const struct ipv6hdr *ip)
{
    const __be32 *from = ip->saddr.in6_u.u6_addr32;

    return ip->version == 6 && ip->nexthdr == IPPROTO_UDP &&
           ip->payload_len == bpf_htons(UDP_SIZE) && ip->saddr.in6_u.u6_addr8[0] != 0xff &&
           (from[0] | from[1]) != 0;
}

static __always_inline int answer_ipv6(struct ethhdr *eth, struct work *work)
{
    struct ipv6hdr *ip = (struct ipv6hdr *)(eth + 1);
    struct udphdr *udp = (struct udphdr *)(ip + 1);
    struct xdp_own to = {.family = ADDRESS_IPV6};
    __u64 index;

    work->ntp = (struct ntp *)(udp + 1);
    work->from.family = ADDRESS_IPV6;
    __builtin_memcpy(to.bytes, &ip->daddr, 16);
    __builtin_memcpy(work->from.bytes, &ip->saddr, 16);
    if (!sound_ipv6(ip) || udp->dest != bpf_htons(settings.port) || udp->check == 0 ||
        !begin(work, &index) || !is_ours(work, udp, &to)) {
        return XDP_PASS;
    }
    int action = deal(work, index);
    if (action == XDP_TX) {
        turn_frame(eth);
        ip->saddr = ip->daddr;
        __builtin_memcpy(&ip->daddr, work->from.bytes, 16);
        ip->priority = 0;
        __builtin_memset(ip->flow_lbl, 0, sizeof ip->flow_lbl);
        ip->hop_limit = HOPS;
        finish_udp(udp, (__u32)bpf_csum_diff(NULL, 0, (__be32 *)&ip->saddr, 32, 0));
    }
    return action;
}

SEC("xdp")
int noon_answer(struct xdp_md *ctx)
{
    struct ethhdr *eth = (struct ethhdr *)(long)ctx->data;
    void *end = (void *)(long)ctx->data_end;
    long size = end - (void *)eth;
    struct work work = {.ntp = NULL};

    if ((void *)(eth + 1) > end || !is_for(eth, ctx->ingress_ifindex)) {
        return XDP_PASS;
    }
    /* Exactly: what carries more is no plain request. */
    if (eth->h_proto == bpf_htons(ETH_P_IP) && size == FRAME_IPV4 &&
        (void *)eth + FRAME_IPV4 <= end) {
        return answer_ipv4(eth, &work);
    }
    if (eth->h_proto == bpf_htons(ETH_P_IPV6) && size == FRAME_IPV6 &&
        (void *)eth + FRAME_IPV6 <= end) {
        return answer_ipv6(eth, &work);
    }
    return XDP_PASS;
}

char terms[] SEC("license") = "Dual BSD/GPL";
