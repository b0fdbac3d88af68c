/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A server with symmetric keys and NTS, asked with MACs and cookies that are right, cut, doubled or
 * bent in one place: no answer is longer than its request, whatever comes; there is none to mode 7,
 * and refusals of cookies come to an end.
 */
#include <string.h>

#include "base/must.h"
#include "core/server/reply.h"
#include "fuzz/fuzz.h"
#include "wire/ntp_mac.h"
#include "wire/nts.h"

enum { HEAD = 8, MEMORY = 4096, AGAIN = 120 };

/* What the first octets ask for. */
struct wish {
    uint8_t kind, placeholders, id, cookies, placeholder, bend_at, bend_by, version;
};

struct secrets {
    struct mac_key keys[3];
    struct cookie_keys cookies;
    struct cookie cookie;
};

static void make_secrets(struct secrets *s)
{
    static const enum mac_type types[] = {MAC_MD5, MAC_SHA512, MAC_AES256};
    static const uint8_t secret[2 * COOKIE_SECRET] = {3, 1, 4};
    struct cookie_ring ring = {.changed_s = 0};

    memset(s, 0, sizeof *s);
    for (unsigned i = 0; i < 3; i++) {
        s->keys[i].id = i + 1;
        must(mac_key_set(&s->keys[i], types[i], secret, 32));
    }
    cookie_ring_turn(&ring, secret, 0);
    cookie_keys_prepare(&s->cookies, &ring);
}

/* Fields of NTS behind the header, sealed as a client does. */
static size_t add_nts(struct secrets *s, const struct wish *wish, uint8_t *bytes)
{
    const uint8_t nonce[COOKIE_NONCE] = {wish->bend_at}, id[256] = {wish->id};
    struct nts_datagram datagram = {bytes, NTP_HEADER_SIZE, NTP_PACKET_MAX};
    uint8_t cookie[COOKIE_SIZE_MAX];
    struct aead_key key;

    s->cookie =
        (struct cookie){.algorithm = wish->kind & 4 ? AEAD_AES_128_GCM_SIV : AEAD_AES_SIV_CMAC_256,
                        .to_client = {1}};
    size_t size = cookie_size(s->cookie.algorithm);
    cookie_seal(&s->cookies, &s->cookie, nonce, cookie);
    (void)nts_datagram_put(&datagram, EXTENSION_UNIQUE_ID, id, wish->id);
    for (unsigned i = 0; i < (wish->cookies & 3U); i++) {
        (void)nts_datagram_put(&datagram, EXTENSION_COOKIE, cookie, size);
    }
    for (unsigned i = 0; i < (wish->placeholders & 15U); i++) {
        (void)nts_datagram_put(&datagram, EXTENSION_PLACEHOLDER, NULL,
                               wish->placeholder != 0 ? wish->placeholder : size);
    }
    aead_key_init(&key, (enum aead_id)s->cookie.algorithm, s->cookie.to_server);
    const struct nts_seal seal = {&key, nonce, NULL, 0};
    (void)nts_datagram_seal(&datagram, &seal);
    return datagram.size;
}

static size_t make_request(struct secrets *s, const struct wish *wish, const uint8_t *data,
                           size_t size, uint8_t bytes[static NTP_PACKET_MAX + NTP_MAC_MAX])
{
    uint8_t version = wish->version & 7;
    size_t made = NTP_HEADER_SIZE;

    memset(bytes, 0, NTP_PACKET_MAX + NTP_MAC_MAX);
    memcpy(bytes, data, size < NTP_HEADER_SIZE ? size : NTP_HEADER_SIZE);
    bytes[0] = wish->version & 0x3f;
    if (wish->kind & 1) {
        made = add_nts(s, wish, bytes);
    } else if (size > NTP_HEADER_SIZE) {
        made = size < NTP_PACKET_MAX ? size : NTP_PACKET_MAX;
        memcpy(bytes + NTP_HEADER_SIZE, data + NTP_HEADER_SIZE, made - NTP_HEADER_SIZE);
    }
    if (wish->kind & 2) {
        made = ntp_mac_put(&s->keys[wish->id % 3], version, bytes, made);
    }
    bytes[wish->bend_at * 4U % made] ^= wish->bend_by;
    return made;
}

static void check(const struct request *request, const struct reply *reply, enum drop_reason reason)
{
    must(reason < DROP_COUNT && reply->size <= request->size);
    must(reply->size == 0 || reason == DROP_NONE || reason == DROP_NTS_COOKIE);
    must(reason != DROP_NONE || reply->size >= NTP_HEADER_SIZE);
    if (reply->size > 0) {
        must((request->bytes[0] & 7) != NTP_MODE_PRIVATE &&
             (request->bytes[0] & 7) != NTP_MODE_CONTROL);
        must((reply->bytes[0] & 7) != NTP_MODE_PRIVATE);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct secrets secrets;
    _Alignas(64) uint8_t memory[MEMORY] = {0};
    uint8_t bytes[NTP_PACKET_MAX + NTP_MAC_MAX], answer[NTP_PACKET_MAX];
    struct access_node nodes[4];
    const struct access_rule rule = {.allow = true};
    struct access_tree access;
    static struct server_tables tables;
    struct wish wish;
    size_t bad;
    unsigned told = 0;

    if (size < HEAD) {
        return 0;
    }
    memcpy(&wish, data, sizeof wish);
    make_secrets(&secrets);
    access_init(&access, nodes, 4);
    must(access_build(&access, &rule, 1, &bad) == ERR_NONE);
    server_tables_init(&tables, memory, sizeof memory, &(struct siphash_key){{1, 2}});
    auth_tables_init(&tables.auth, (const uint64_t[]){1, 2, 3, 4});
    const struct time_line line = {.utc = {INT64_C(1795361029123456789)},
                                   .void_after = {INT64_C(60) * NS_PER_S},
                                   .stratum = 2,
                                   .precision_log2 = -20,
                                   .synchronised = true};
    const struct server_view view = {.line = &line,
                                     .access = &access,
                                     .secrets = {secrets.keys, 3, &secrets.cookies},
                                     .serving = true};
    const struct request request = {
        .bytes = bytes,
        .size = make_request(&secrets, &wish, data + HEAD, size - HEAD, bytes),
        .from = {.family = ADDRESS_IPV4, .bytes = {10, 0, 0, 1}, .port = 4000},
        .received = {NS_PER_S},
        .now = {NS_PER_S + 1000},
        .leaves = {NS_PER_S + 2000}};
    for (int i = 0; i < AGAIN; i++) {
        struct reply reply = {.bytes = answer};
        enum drop_reason reason = server_reply(&view, &tables, &request, &reply);

        check(&request, &reply, reason);
        told += reason == DROP_NTS_COOKIE && reply.size > 0;
        if (reason != DROP_NTS_COOKIE) {
            break;
        }
    }
    must(told <= AUTH_NAKS_PER_SECOND);
    return 0;
}
