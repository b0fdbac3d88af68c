/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vendor_data.h - time servers in what OpenStack hands to a machine: a text of JSON in, leads out.
 *
 * Read are, of the whole and of each object directly in it (dynamic vendor data has an object for
 * each of its services):
 *   "ntp_servers": ["NAME", ...]
 *   "noon": {"servers": ["NAME", ...], "pools": ["NAME", ...]}
 *   "ntp": {"servers": [...], "pools": [...]}    as of cloud-init's module of that name
 */
#ifndef HELPER_VENDOR_DATA_H
#define HELPER_VENDOR_DATA_H

#include <stddef.h>

#include "helper/leads.h"

enum { VENDOR_DATA_MAX = 64 << 10 };

enum vendor_data {
    VENDOR_DATA_READ,     /* whether it names somebody or not */
    VENDOR_DATA_NOT_JSON, /* a page for people, as of a captive portal, or broken */
};

/* Appends the servers; those that are neither names nor addresses are skipped. */
enum vendor_data vendor_data_read(const char *text, size_t size, const struct found *found,
                                  struct leads *leads);

#endif
