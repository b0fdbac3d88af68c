/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * load.c - open-loop load for one NTP server: so many requests a second from so many addresses,
 * whether they are answered or not, and a look at every answer.
 *
 * usage: load INTERFACE SERVER-IP SERVER-MAC FIRST-CLIENT-IP CLIENTS RATE SECONDS MIX
 *
 * MIX: plain; xleave (every client in interleaved mode); cmac:ID:HEXKEY (AES-128-CMAC); nts:FILE
 * (AES-SIV-CMAC-256, with the keys and the cookie that ke.c has printed); hostile (one request in
 * eight is good, the rest is what nobody should send); flood (one in 128 is of a client, the rest
 * comes from a million other addresses).  IPv4, by a packet socket, so that no address has to be
 * configured and this machine's own stack costs nothing.
 *
 * prints one line of words and numbers:
 *   sent N good N answered N bad N alarm N interleaved N negative N longer N p50_us X p90_us X
 *   p99_us X why WORD
 * `good`: requests that deserve an answer; `bad`: answers that are wrong in any respect, `why` the
 * first of them; `alarm`: answers that there is no time; latencies are between handing a batch over
 * and the kernel's receive stamp.
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <nettle/cmac.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "nts.h"

enum {
    BATCH = 32,
    HEADERS = 14 + 20 + 8,
    FRAME_MAX = 1500,
    NTP = 48,
    MAC = 20,
    CLIENT_PORT = 40000,
    NTP_PORT = 123,
    LATENCIES = 1 << 22,
    RING_FRAME = 512, /* what is longer is cut */
    RING_FRAMES = 1 << 16,
    RING_BLOCK = 1 << 16,
    SLACK_NS = 200000, /* a server's clock is read a moment before or after ours */
    LAST_WAIT_MS = 50,
    HOSTILE_SHARE = 8,
    FLOOD_SHARE = 128,
    FLOOD_AT = 1 << 20, /* its addresses lie so far behind those of the clients, and are as many */
};

enum mix { MIX_PLAIN, MIX_XLEAVE, MIX_CMAC, MIX_NTS, MIX_HOSTILE, MIX_FLOOD };

static const int64_t ntp_to_unix_s = 2208988800;

struct client {
    uint64_t transmit;              /* of the last request */
    uint64_t before, marked_before; /* of the one before it: transmit, receive */
    uint64_t marked;                /* receive, as the last request said */
    uint64_t receive;               /* ... in interleaved mode: when our answer before came */
    uint64_t origin;                /* ... the server's receive stamp of that answer; 0: none yet */
    int64_t sent_ns;                /* CLOCK_REALTIME; 0: answered */
    int64_t asked_ns;               /* when the request before was sent, or this one */
    uint16_t size;                  /* octets of NTP that were sent */
};

struct load {
    int fd;
    enum mix mix;
    uint8_t frame[HEADERS];
    struct client *clients;
    uint32_t first, count, next;
    uint8_t *ring;
    uint32_t slot; /* of the ring, the next to be looked at */
    uint64_t random;
    struct cmac_aes128_ctx key;
    uint32_t key_id;
    struct nts nts;
    uint64_t sent, good, answered, bad, alarm, interleaved, negative, longer, measured;
    const char *why;
    uint32_t *latency_ns;
};

static uint64_t draw(struct load *load)
{
    load->random ^= load->random << 13;
    load->random ^= load->random >> 7;
    load->random ^= load->random << 17;
    return load->random;
}

static int64_t now_ns(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static uint64_t ntp_of(int64_t unix_ns)
{
    uint64_t s = (uint64_t)(unix_ns / 1000000000 + ntp_to_unix_s);

    return s << 32 | ((uint64_t)(unix_ns % 1000000000) << 32) / 1000000000;
}

static int64_t unix_of(uint64_t ntp)
{
    return ((int64_t)(ntp >> 32) - ntp_to_unix_s) * 1000000000 +
           (int64_t)(((ntp & 0xffffffff) * 1000000000) >> 32);
}

static void put(uint8_t *at, uint64_t value, unsigned octets)
{
    for (unsigned i = 0; i < octets; i++) {
        at[i] = (uint8_t)(value >> 8 * (octets - 1 - i));
    }
}

static uint64_t get(const uint8_t *at, unsigned octets)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < octets; i++) {
        value = value << 8 | at[i];
    }
    return value;
}

/* --- sending -------------------------------------------------------------------------------- */

/* What nobody should send; the size of it. */
static unsigned make_hostile(struct load *load, uint8_t *ntp)
{
    uint64_t dice = draw(load);
    unsigned size = NTP;

    for (unsigned i = 0; i < 200; i += 8) {
        put(ntp + i, draw(load), 8);
    }
    switch (dice % 7) {
    case 0: /* any first octet */
        break;
    case 1: /* too short */
        return (unsigned)(dice >> 8) % NTP;
    case 2: /* nonsense where extension fields are */
        ntp[0] = 0x23;
        size = NTP + 4 + (unsigned)(dice >> 8) % 150 / 4 * 4;
        break;
    case 3: /* long */
        memset(ntp, 0, 1400);
        ntp[0] = 0x23;
        return 1400;
    case 4: /* a question to be amplified */
        ntp[0] = 0x16;
        ntp[1] = (uint8_t)((dice >> 8) % 32);
        return 12;
    case 5: /* an answer, a broadcast, private mode */
        ntp[0] = (uint8_t)(0x20 | (4 + (dice >> 8) % 4));
        break;
    default: /* an unknown key */
        ntp[0] = 0x23;
        size = NTP + MAC;
        break;
    }
    return size;
}

static unsigned make_ntp(struct load *load, struct client *client, uint8_t *ntp)
{
    memset(ntp, 0, NTP);
    ntp[0] = 0x23;
    ntp[2] = 6;
    client->before = client->transmit;
    client->marked_before = client->marked;
    client->transmit = draw(load) | 1;
    client->marked = client->receive;
    if (load->mix == MIX_XLEAVE && client->origin != 0) {
        put(ntp + 24, client->origin, 8);
        put(ntp + 32, client->marked, 8);
    }
    put(ntp + 40, client->transmit, 8);
    if (load->mix == MIX_NTS) {
        return nts_seal(&load->nts, ntp, client->transmit);
    }
    if (load->mix != MIX_CMAC) {
        return NTP;
    }
    put(ntp + NTP, load->key_id, 4);
    cmac_aes128_update(&load->key, NTP, ntp);
    cmac_aes128_digest(&load->key, 16, ntp + NTP + 4);
    return NTP + MAC;
}

static size_t make_frame(struct load *load, uint8_t *frame, int64_t at_ns)
{
    uint32_t turn = load->next++, number = turn % load->count;
    struct client stranger = {.sent_ns = 0}, *client = &load->clients[number];
    bool good = load->mix != MIX_HOSTILE || number % HOSTILE_SHARE == 0;
    uint32_t sum = 0, address = load->first + number;

    memcpy(frame, load->frame, HEADERS);
    if (load->mix == MIX_FLOOD) {
        good = turn % FLOOD_SHARE == 0;
        number = turn / FLOOD_SHARE % load->count;
        client = good ? &load->clients[number] : &stranger;
        address = load->first + (good ? number : FLOOD_AT + (uint32_t)draw(load) % FLOOD_AT);
    }
    unsigned size = good || load->mix == MIX_FLOOD ? make_ntp(load, client, frame + HEADERS)
                                                   : make_hostile(load, frame + HEADERS);
    load->good += good;
    client->asked_ns = client->sent_ns != 0 ? client->sent_ns : at_ns;
    client->sent_ns = good ? at_ns : 0;
    client->size = (uint16_t)size;
    put(frame + 16, 20 + 8 + size, 2);
    put(frame + 26, address, 4);
    for (unsigned i = 14; i < 34; i += 2) {
        sum += (uint32_t)get(frame + i, 2);
    }
    sum = (sum & 0xffff) + (sum >> 16);
    put(frame + 24, ~(sum + (sum >> 16)), 2);
    put(frame + 38, 8 + size, 2);
    return HEADERS + size;
}

static void send_some(struct load *load, unsigned wanted)
{
    static uint8_t frames[BATCH][FRAME_MAX];
    struct mmsghdr messages[BATCH];
    struct iovec parts[BATCH];
    int64_t at_ns = now_ns(CLOCK_REALTIME);

    memset(messages, 0, sizeof messages);
    for (unsigned i = 0; i < wanted; i++) {
        parts[i] = (struct iovec){frames[i], make_frame(load, frames[i], at_ns)};
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    for (unsigned done = 0; done < wanted;) {
        int sent = sendmmsg(load->fd, messages + done, wanted - done, 0);

        done += sent > 0 ? (unsigned)sent : 1;
        load->sent += sent > 0 ? (unsigned)sent : 0;
    }
}

/* --- looking at answers --------------------------------------------------------------------- */

static const char *look_at_times(struct load *load, const struct client *client, const uint8_t *ntp,
                                 int64_t came_ns)
{
    int64_t receive_ns = unix_of(get(ntp + 32, 8)), transmit_ns = unix_of(get(ntp + 40, 8));
    uint64_t origin = get(ntp + 24, 8);
    bool interleaved = load->mix == MIX_XLEAVE && origin == client->marked;

    if (origin != 0 && (origin == client->before || origin == client->marked_before)) {
        return NULL; /* in time, but we have asked again meanwhile: its times are not looked at */
    }
    if (origin != client->transmit && !interleaved) {
        return "origin";
    }
    load->interleaved += interleaved;
    /* Two requests may have named the same stamp, when the first one's answer was late. */
    int64_t since_ns = interleaved ? client->asked_ns : client->sent_ns;
    if (receive_ns < since_ns - SLACK_NS || receive_ns > came_ns + SLACK_NS) {
        return "receive-time";
    }
    if (interleaved) {
        return transmit_ns > client->sent_ns + SLACK_NS ? "transmit-time" : NULL;
    }
    if (transmit_ns < receive_ns || transmit_ns > came_ns + SLACK_NS) {
        return "transmit-time";
    }
    /* T4 - T1 < T3 - T2: the server claims to have kept it longer than the whole took. */
    load->negative += came_ns - client->sent_ns < transmit_ns - receive_ns;
    return NULL;
}

static const char *look_at(struct load *load, const struct client *client, const uint8_t *ntp,
                           size_t size)
{
    uint8_t mac[16];

    if (size != client->size) {
        return "size";
    }
    load->alarm += ntp[0] >> 6 == 3;
    if ((ntp[0] & 0x3f) != 0x24 || (ntp[0] >> 6 != 3 && (ntp[1] == 0 || ntp[1] > 15))) {
        return "header";
    }
    if (load->mix == MIX_NTS && !nts_open(&load->nts, ntp, size, client->transmit)) {
        return "nts";
    }
    if (load->mix == MIX_CMAC) {
        cmac_aes128_update(&load->key, NTP, ntp);
        cmac_aes128_digest(&load->key, 16, mac);
        if (get(ntp + NTP, 4) != load->key_id || memcmp(mac, ntp + NTP + 4, 16) != 0) {
            return "mac";
        }
    }
    return NULL;
}

static void take_answer(struct load *load, const uint8_t *frame, size_t size, int64_t came_ns)
{
    const uint8_t *ntp = frame + HEADERS;
    const char *why;

    if (size < HEADERS || frame[12] != 8 || frame[13] != 0 || frame[23] != 17 ||
        get(frame + 34, 2) != NTP_PORT) {
        return; /* ARP and the like */
    }
    uint32_t number = (uint32_t)get(frame + 30, 4) - load->first;
    size = (size_t)get(frame + 38, 2) - 8;
    if (number >= load->count) {
        return;
    }
    struct client *client = &load->clients[number];
    load->longer += size > client->size;
    if (client->sent_ns == 0) {
        return; /* to something hostile, or twice */
    }
    why = look_at(load, client, ntp, size);
    if (why == NULL) {
        why = look_at_times(load, client, ntp, came_ns);
    }
    load->answered++;
    load->bad += why != NULL;
    load->why = load->why == NULL ? why : load->why;
    if (load->measured < LATENCIES) {
        int64_t latency_ns = came_ns - client->sent_ns;
        load->latency_ns[load->measured++] = latency_ns < 0            ? 0
                                             : latency_ns > UINT32_MAX ? UINT32_MAX
                                                                       : (uint32_t)latency_ns;
    }
    client->origin = get(ntp + 32, 8);
    client->receive = ntp_of(came_ns) ^ 0x5555;
    client->sent_ns = 0;
}

/*
 * Returns how many frames came.  By a ring in shared memory, into which the kernel copies frames at
 * once: the server's processor has them behind it then, as with a real network card.
 */
static int receive_some(struct load *load)
{
    int count = 0;

    for (; count < BATCH; count++) {
        uint8_t *slot = load->ring + (size_t)load->slot * RING_FRAME;
        struct tpacket2_hdr head;

        if ((__atomic_load_n((uint32_t *)(void *)slot, __ATOMIC_ACQUIRE) & TP_STATUS_USER) == 0) {
            break;
        }
        memcpy(&head, slot, sizeof head);
        take_answer(load, slot + head.tp_mac, head.tp_snaplen,
                    head.tp_sec * INT64_C(1000000000) + head.tp_nsec);
        __atomic_store_n((uint32_t *)(void *)slot, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
        load->slot = (load->slot + 1) % RING_FRAMES;
    }
    return count;
}

/* --- the run -------------------------------------------------------------------------------- */

static bool open_socket(struct load *load, const char *interface, const char *mac)
{
    struct sockaddr_ll name = {.sll_family = AF_PACKET,
                               .sll_protocol = htons(ETH_P_IP),
                               .sll_ifindex = (int)if_nametoindex(interface)};
    unsigned octets[6];
    const struct tpacket_req ring = {.tp_block_size = RING_BLOCK,
                                     .tp_block_nr = RING_FRAMES / (RING_BLOCK / RING_FRAME),
                                     .tp_frame_size = RING_FRAME,
                                     .tp_frame_nr = RING_FRAMES};
    int on = 1, version = TPACKET_V2;

    load->fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_IP));
    if (load->fd < 0 || bind(load->fd, (struct sockaddr *)&name, sizeof name) != 0 ||
        sscanf(mac, "%x:%x:%x:%x:%x:%x", &octets[0], &octets[1], &octets[2], &octets[3], &octets[4],
               &octets[5]) != 6) {
        return false;
    }
    for (int i = 0; i < 6; i++) {
        load->frame[i] = (uint8_t)octets[i];
    }
    (void)setsockopt(load->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on);
    (void)setsockopt(load->fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof on);
    if (setsockopt(load->fd, SOL_PACKET, PACKET_VERSION, &version, sizeof version) != 0 ||
        setsockopt(load->fd, SOL_PACKET, PACKET_RX_RING, &ring, sizeof ring) != 0) {
        return false;
    }
    load->ring = mmap(NULL, (size_t)RING_FRAMES * RING_FRAME, PROT_READ | PROT_WRITE, MAP_SHARED,
                      load->fd, 0);
    return load->ring != MAP_FAILED;
}

/* What is the same in all requests. */
static bool prepare(struct load *load, const char *server)
{
    static const uint8_t ip[] = {0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, 17};

    load->frame[6] = 2; /* a sender that nobody answers by ARP */
    put(load->frame + 12, ETH_P_IP, 2);
    memcpy(load->frame + 14, ip, sizeof ip);
    put(load->frame + 34, CLIENT_PORT, 2);
    put(load->frame + 36, NTP_PORT, 2);
    return inet_pton(AF_INET, server, load->frame + 30) == 1;
}

static bool choose_mix(struct load *load, const char *text)
{
    uint8_t key[16];
    int at = 0;

    if (sscanf(text, "cmac:%u:%n", &load->key_id, &at) == 1 && at > 0) {
        for (int i = 0; i < 16; i++) {
            unsigned octet;

            if (sscanf(text + at + 2 * i, "%2x", &octet) != 1) {
                return false;
            }
            key[i] = (uint8_t)octet;
        }
        cmac_aes128_set_key(&load->key, key);
        load->mix = MIX_CMAC;
        return true;
    }
    if (strncmp(text, "nts:", 4) == 0) {
        load->mix = MIX_NTS;
        return nts_read(&load->nts, text + 4);
    }
    load->mix = strcmp(text, "xleave") == 0    ? MIX_XLEAVE
                : strcmp(text, "hostile") == 0 ? MIX_HOSTILE
                : strcmp(text, "flood") == 0   ? MIX_FLOOD
                                               : MIX_PLAIN;
    return load->mix != MIX_PLAIN || strcmp(text, "plain") == 0;
}

static void run(struct load *load, double rate, double seconds)
{
    int64_t start_ns = now_ns(CLOCK_MONOTONIC);
    int64_t end_ns = start_ns + (int64_t)(seconds * 1e9);

    for (int64_t at_ns = start_ns; at_ns < end_ns; at_ns = now_ns(CLOCK_MONOTONIC)) {
        uint64_t due = (uint64_t)((double)(at_ns - start_ns) * 1e-9 * rate);

        if (due > load->next) {
            send_some(load, due - load->next < BATCH ? (unsigned)(due - load->next) : BATCH);
        }
        /* Reading must not keep us from sending in time, nor the other way round. */
        (void)receive_some(load);
    }
    struct pollfd wait = {.fd = load->fd, .events = POLLIN};
    while (poll(&wait, 1, LAST_WAIT_MS) == 1 && receive_some(load) > 0) {
    }
}

static int by_size(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

static double part_us(const struct load *load, double part)
{
    return load->measured == 0
               ? 0
               : load->latency_ns[(uint64_t)((double)(load->measured - 1) * part)] / 1e3;
}

int main(int argc, char **argv)
{
    struct load load = {.random = 0x9e3779b97f4a7c15};
    struct in_addr first;

    if (argc != 9 || !open_socket(&load, argv[1], argv[3]) || !prepare(&load, argv[2]) ||
        inet_pton(AF_INET, argv[4], &first) != 1 || !choose_mix(&load, argv[8])) {
        fprintf(stderr, "usage: load INTERFACE SERVER-IP SERVER-MAC FIRST-CLIENT-IP CLIENTS RATE "
                        "SECONDS plain|xleave|cmac:ID:HEXKEY|nts:FILE|hostile|flood\n");
        return 2;
    }
    load.random += (uint64_t)now_ns(CLOCK_MONOTONIC);
    load.first = ntohl(first.s_addr);
    load.count = (uint32_t)strtoul(argv[5], NULL, 10);
    load.clients = calloc(load.count > 0 ? load.count : 1, sizeof *load.clients);
    load.latency_ns = malloc(LATENCIES * sizeof *load.latency_ns);
    if (load.count == 0 || load.clients == NULL || load.latency_ns == NULL) {
        return 2;
    }
    run(&load, strtod(argv[6], NULL), strtod(argv[7], NULL));
    qsort(load.latency_ns, load.measured, sizeof *load.latency_ns, by_size);
    printf("sent %llu good %llu answered %llu bad %llu alarm %llu interleaved %llu negative %llu "
           "longer %llu p50_us %.1f p90_us %.1f p99_us %.1f why %s\n",
           (unsigned long long)load.sent, (unsigned long long)load.good,
           (unsigned long long)load.answered, (unsigned long long)load.bad,
           (unsigned long long)load.alarm, (unsigned long long)load.interleaved,
           (unsigned long long)load.negative, (unsigned long long)load.longer, part_us(&load, 0.5),
           part_us(&load, 0.9), part_us(&load, 0.99), load.why == NULL ? "none" : load.why);
    return 0;
}
