/* SPDX-License-Identifier: BSD-2-Clause */
#include "helper/dns_reply.h"

#include <ares.h>
#include <arpa/nameser.h>
#include <netinet/in.h>
#include <string.h>

#include "base/bytes.h"

enum { HEADER_SIZE = 12, CODE_MASK = 15, ADDRESSES_MAX = 64, TTL_MOST_S = 0x7fffffff };

enum resolve_result dns_reply_result(const uint8_t *reply, size_t size)
{
    if (size < HEADER_SIZE) {
        return RESOLVE_FAILED;
    }
    switch (reply[3] & CODE_MASK) {
    case ns_r_noerror:
        return RESOLVE_OK;
    case ns_r_nxdomain:
        return RESOLVE_NO_NAME;
    default:
        return RESOLVE_SERVFAIL;
    }
}

/* Steps over a name; false: it does not end. */
static bool skip_name(struct reader *r)
{
    for (;;) {
        uint8_t length = (uint8_t)reader_be(r, 1);

        if (r->overrun) {
            return false;
        }
        if (length >= 0xc0) {
            (void)reader_be(r, 1); /* the rest of it is elsewhere */
            return !r->overrun;
        }
        if (length == 0) {
            return true;
        }
        (void)reader_take(r, length);
    }
}

uint32_t dns_reply_ttl_s(const uint8_t *reply, size_t size)
{
    struct reader r = {reply, size, false};
    uint32_t least_s = 0;

    (void)reader_take(&r, 4);
    uint64_t questions = reader_be(&r, 2), answers = reader_be(&r, 2);
    (void)reader_take(&r, 4);
    for (uint64_t i = 0; i < questions && skip_name(&r); i++) {
        (void)reader_take(&r, 4);
    }
    for (uint64_t i = 0; i < answers && !r.overrun && skip_name(&r); i++) {
        (void)reader_take(&r, 4);
        uint32_t ttl_s = (uint32_t)reader_be(&r, 4);
        (void)reader_take(&r, (size_t)reader_be(&r, 2));
        if (!r.overrun) {
            ttl_s = ttl_s > TTL_MOST_S ? 0 : ttl_s; /* RFC 2181, section 8 */
            least_s = i == 0 || ttl_s < least_s ? ttl_s : least_s;
        }
    }
    return least_s;
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

void dns_add_address(struct resolve_answer *answer, const struct address *address, uint32_t ttl_s)
{
    if (answer->count == RESOLVED_MAX || is_known(answer, address)) {
        return;
    }
    answer->ttl_s = answer->count == 0 || ttl_s < answer->ttl_s ? ttl_s : answer->ttl_s;
    answer->found[answer->count] = (struct found){.how = FOUND_DNS};
    answer->addresses[answer->count++] = *address;
}

void dns_reply_addresses(const uint8_t *reply, size_t size, struct resolve_answer *answer)
{
    struct ares_addrttl v4[ADDRESSES_MAX];
    struct ares_addr6ttl v6[ADDRESSES_MAX];
    int count = ADDRESSES_MAX;

    if (ares_parse_a_reply(reply, (int)size, NULL, v4, &count) == ARES_SUCCESS) {
        for (int i = 0; i < count; i++) {
            struct address address = {.family = ADDRESS_IPV4};

            memcpy(address.bytes, &v4[i].ipaddr, 4);
            dns_add_address(answer, &address, v4[i].ttl > 0 ? (uint32_t)v4[i].ttl : 0);
        }
    }
    count = ADDRESSES_MAX;
    if (ares_parse_aaaa_reply(reply, (int)size, NULL, v6, &count) == ARES_SUCCESS) {
        for (int i = 0; i < count; i++) {
            struct address address = {.family = ADDRESS_IPV6};

            memcpy(address.bytes, &v6[i].ip6addr, 16);
            dns_add_address(answer, &address, v6[i].ttl > 0 ? (uint32_t)v6[i].ttl : 0);
        }
    }
}

/* The next number of a series that `random` begins (splitmix64's). */
static uint64_t draw(uint64_t *random)
{
    uint64_t z = *random += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    return z ^ z >> 31;
}

/* Which of targets from `from` on comes next: one of the least priority, by weight. */
static uint8_t next_target(const struct dns_targets *targets, uint8_t from, uint64_t *random)
{
    uint16_t least = UINT16_MAX;
    uint64_t sum = 0;

    for (uint8_t i = from; i < targets->count; i++) {
        least = targets->at[i].priority < least ? targets->at[i].priority : least;
    }
    for (uint8_t i = from; i < targets->count; i++) {
        /* A weight of 0 leaves a small chance. */
        sum += targets->at[i].priority == least ? targets->at[i].weight * 16U + 1U : 0;
    }
    uint64_t at = draw(random) % sum;
    for (uint8_t i = from; i < targets->count; i++) {
        uint64_t share = targets->at[i].priority == least ? targets->at[i].weight * 16U + 1U : 0;

        if (at < share) {
            return i;
        }
        at -= share;
    }
    return from;
}

void dns_reply_targets(const uint8_t *reply, size_t size, uint64_t random,
                       struct dns_targets *targets)
{
    struct ares_srv_reply *list = NULL;

    targets->count = 0;
    targets->ttl_s = dns_reply_ttl_s(reply, size);
    if (ares_parse_srv_reply(reply, (int)size, &list) != ARES_SUCCESS) {
        return;
    }
    for (const struct ares_srv_reply *at = list; at != NULL && targets->count < DNS_TARGETS_MAX;
         at = at->next) {
        struct dns_target *target = &targets->at[targets->count];
        size_t length = strlen(at->host);

        /* A target of "." says that the service is not offered here. */
        if (length == 0 || strcmp(at->host, ".") == 0 || length >= sizeof target->host ||
            at->port == 0) {
            continue;
        }
        memcpy(target->host, at->host, length + 1);
        target->port = at->port;
        target->priority = at->priority;
        target->weight = at->weight;
        targets->count++;
    }
    ares_free_data(list);
    for (uint8_t i = 0; i < targets->count; i++) {
        uint8_t next = next_target(targets, i, &random);
        struct dns_target swapped = targets->at[i];

        targets->at[i] = targets->at[next];
        targets->at[next] = swapped;
    }
}
