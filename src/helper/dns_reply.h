/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns_reply.h - what a name server's reply says: its code, the addresses and the servers in it.
 *
 * Names and records are parsed by c-ares; only where it tells no TTL, the records' heads are walked
 * over here.
 */
#ifndef HELPER_DNS_REPLY_H
#define HELPER_DNS_REPLY_H

#include <stddef.h>
#include <stdint.h>

#include "helper/dns.h"

/* The result that the reply's code stands for; OK says nothing about what is in it. */
enum resolve_result dns_reply_result(const uint8_t *reply, size_t size);

/* The least TTL of the records that answer the question, in s; 0: there is none. */
uint32_t dns_reply_ttl_s(const uint8_t *reply, size_t size);

/* Appends the addresses of a reply to a question for A or AAAA records; notes the least TTL. */
void dns_reply_addresses(const uint8_t *reply, size_t size, struct resolve_answer *answer);

/*
 * Fills in the servers of a reply to a question for SRV records: ordered by priority, and within
 * one by chance according to the weights, as RFC 2782 says.  `random`: of good quality.
 */
void dns_reply_targets(const uint8_t *reply, size_t size, uint64_t random,
                       struct dns_targets *targets);

/* Adds an address once; notes the least TTL of all. */
void dns_add_address(struct resolve_answer *answer, const struct address *address, uint32_t ttl_s);

#endif
