/* SPDX-License-Identifier: BSD-2-Clause */
/* option_tables.h - the parts of the option table, by theme; only option_lookup.c asks for them. */
#ifndef CONFIG_OPTION_TABLES_H
#define CONFIG_OPTION_TABLES_H

#include <stddef.h>

#include "config/option.h"

struct option_table {
    const struct option *at;
    size_t count;
};

/* Directives. */
struct option_table option_sources(void);
struct option_table option_clock(void);
struct option_table option_server(void);
struct option_table option_system(void);
struct option_table option_authentication(void);

/* Of `server` and its like. */
struct option_table option_source_keywords(void);
/* Of `refclock` and `hwtimestamp`; empty for other scopes. */
struct option_table option_hardware_keywords(enum option_scope scope);
/* All other scopes; empty for those above. */
struct option_table option_keywords(enum option_scope scope);

/* ntp.conf: its directives, and what may follow them. */
struct option_table option_ntp(void);
struct option_table option_ntp_keywords(enum option_scope scope);
/* OpenNTPD's ntpd.conf and timesyncd.conf. */
struct option_table option_others(enum option_scope scope);

/* What the flags of `restrict` ask for. */
enum restrict_flag {
    RESTRICT_DENY = 1,
    RESTRICT_NO_QUERY = 2,
    RESTRICT_IGNORE = 4,
    RESTRICT_FLAGS = 8, /* from here on enum access_flag */
};

/* Of `enable` and `disable` in ntp.conf, those that make a difference. */
enum ntp_flag { NTP_MONITOR = 1, NTP_STATS = 2 };

/* Where Debian's NTPsec looks for the files of an NTS server. */
#define NTP_NTS_CERT "/etc/ntpsec/cert-chain.pem"
#define NTP_NTS_KEY "/etc/ntpsec/key.pem"

#endif
