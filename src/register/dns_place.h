/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns_place.h - records at an authoritative DNS server, over TCP: it tells at once when nobody
 * listens, delivers an update once, and nobody off the path can answer for the server.
 */
#ifndef REGISTER_DNS_PLACE_H
#define REGISTER_DNS_PLACE_H

#include "register/place.h"

/* Reads the key's file; false: *why says what is wrong with it. */
bool dns_place_open(struct access *access, struct text *why);

/* Asks for what is wanted, adds what is missing, removes what is old. */
enum attempt_result dns_place_attempt(const struct access *access, struct attempt *attempt);

/* Prints the updates that would register and withdraw the records.  False: no memory. */
bool dns_place_show(const struct access *access, const struct records *records, unsigned ttl_s);

#endif
