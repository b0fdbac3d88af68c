/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * route53.h - records in Amazon's Route 53.  Those of this server carry a SetIdentifier of its own,
 * as multivalue answers or weighted, so that the others' at the same name stay as they are.
 */
#ifndef REGISTER_ROUTE53_H
#define REGISTER_ROUTE53_H

#include "register/place.h"

enum attempt_result route53_attempt(const struct access *access, struct attempt *attempt);

/* Prints the requests that would register and withdraw the records.  False: no memory. */
bool route53_show(const struct access *access, const struct records *records, unsigned ttl_s);

#endif
