/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * options.h - everything an operator can tell the node, in its own units.
 *
 * `config` fills these structs from text; the node reads them and never changes them.
 * node_options_default() and source_options_default() say what holds when nothing was written.
 */
#ifndef CORE_NODE_OPTIONS_H
#define CORE_NODE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/units.h"
#include "wire/date.h"
#include "wire/resolve.h"

enum { NAME_SIZE = 256, SOURCES_MAX = 1024, POOL_SOURCES_MAX = 16 };

enum source_kind {
    SOURCE_SERVER,
    SOURCE_POOL,
    SOURCE_FOUND, /* `source`: several addresses, and exactly those that are found now */
};

/* One `server`, `pool` or `source` line. */
struct source_options {
    char name[NAME_SIZE];   /* as written: a name or a literal address */
    struct address literal; /* family ADDRESS_NONE: `name` must be resolved; port always set */
    uint8_t kind;           /* enum source_kind */
    uint8_t method;         /* enum resolve_method: how addresses are found */
    uint8_t family;         /* enum address_family; ADDRESS_NONE: both */
    uint8_t max_sources;    /* of a pool, and of `source`: how many of its addresses are used */
    uint8_t version;        /* NTP version of requests; 0: 4 */
    int8_t minpoll, maxpoll;
    int8_t presend_minpoll; /* from this poll on a first request opens the path; 127: never */
    uint8_t polltarget;     /* chrony's 8 is the default; more: slower growth of the interval */
    uint8_t filter;         /* samples reduced to one (their median) before use; 0, 1: none */
    int min_samples, max_samples; /* of the estimate's memory; 0: unlimited */
    uint8_t min_stratum;          /* the source counts as being at least at this stratum */
    double max_delay_s;           /* longer round trips are dropped */
    double max_delay_ratio;       /* dropped above this times the path's floor; 0: off */
    double max_delay_quantile;    /* dropped when longer than this share of others; 0: off */
    double max_delay_dev_ratio;   /* dropped above floor + this * sd of offsets; 0: off */
    double min_delay_s;           /* known floor of the path; 0: learnt */
    double asymmetry;             /* chrony's -0.5 .. 0.5 of the jitter; NaN: estimated */
    double offset_s;              /* added to every measured offset */
    uint32_t key;                 /* number of the symmetric key; 0: none */
    uint32_t cert_set;            /* which certificates are trusted for NTS */
    uint16_t nts_port;            /* of key exchange */
    bool iburst, burst, prefer, noselect, trust, require, offline, xleave, nts;
    bool auto_offline;  /* goes offline when a request can't be sent */
    bool unconstrained; /* believed whatever `constraint` says */
};

enum { CONSTRAINTS_MAX = 16, CONSTRAINT_ADDRESSES_MAX = 4 };

/* `constraint`: an HTTPS server whose Date bounds the time. */
struct constraint_options {
    struct date_question question; /* name, path, port, all */
    uint8_t address_count;         /* 0: the name is looked up */
    struct address addresses[CONSTRAINT_ADDRESSES_MAX];
};

/* What authenticated sources mean to the others (chrony's authselectmode). */
enum auth_select {
    AUTH_SELECT_MIX,     /* the others have to agree with them */
    AUTH_SELECT_REQUIRE, /* the others are not followed */
    AUTH_SELECT_PREFER,  /* the others are followed when none of them can be */
    AUTH_SELECT_IGNORE,
};

enum leap_mode { LEAP_SYSTEM, LEAP_STEP, LEAP_SLEW, LEAP_IGNORE };

struct step_options {
    double threshold_s; /* makestep: correct by a step what is larger; 0: never */
    int limit;          /* only in that many first updates; negative: always */
};

struct change_options {
    double offset_s; /* maxchange: a larger correction is refused; 0: no limit */
    int start;       /* after that many updates */
    int ignore;      /* this many times before the state says so; negative: always ignored */
};

struct local_options {
    bool enabled;
    bool orphan;
    uint8_t stratum;
    double distance_s;      /* local mode when the root distance reaches this */
    double activate_s;      /* only once the root distance was below this; 0: at once */
    double wait_synced_s;   /* this long after the last synchronisation */
    double wait_unsynced_s; /* this long after the start, never having been synchronised */
};

/* What else is said of those whom a rule is about: bits of access_rule.flags. */
enum access_flag {
    ACCESS_LIMITED = 1,       /* `ratelimit listed` is about them */
    ACCESS_KOD = 2,           /* and they are told */
    ACCESS_AUTHENTICATED = 4, /* no answer without a key or NTS */
    ACCESS_THIS_VERSION = 8,  /* no answer to requests of earlier versions than 4 */
};

/* One `allow` or `deny` line, in order of writing; the most specific prefix wins. */
struct access_rule {
    struct address prefix; /* ADDRESS_NONE: every address of both families */
    uint8_t bits;
    bool allow;
    bool all;      /* `allow all`: also replaces more specific rules written before */
    uint8_t flags; /* enum access_flag */
};

enum tempcomp_kind { TEMPCOMP_OFF, TEMPCOMP_FORMULA, TEMPCOMP_POINTS, TEMPCOMP_AUTO };
enum { TEMPCOMP_POINTS_MAX = 32 };

struct tempcomp_point {
    double temperature, comp_s_per_s;
};

/* `tempcomp`: the frequency corrected by temperature, which is in the unit of the sensor's file. */
struct tempcomp_options {
    uint8_t kind;        /* enum tempcomp_kind */
    uint8_t point_count; /* at least 2, in ascending order of temperature */
    double interval_s;   /* between readings */
    double reference;    /* of the formula: k0 + k1 * t + k2 * t^2 with t from here */
    double k0, k1, k2;   /* in s/s */
    struct tempcomp_point points[TEMPCOMP_POINTS_MAX];
};

struct mac_key;
struct leap_list;

/* `ratelimit` and the like: how often one client is answered. */
struct limit_options {
    bool enabled;
    bool listed;                 /* only of clients whose rule says ACCESS_LIMITED */
    int8_t interval_log2;        /* once in 2^n seconds ... */
    uint8_t burst;               /* ... so many at a time */
    uint8_t leak;                /* beyond it one in 2^n nevertheless */
    uint8_t kod;                 /* and one in 2^n is told (KoD RATE); 0: none */
    int8_t prefix_interval_log2; /* the same for all unknown clients of a /24 or /48 together */
    uint16_t prefix_burst;       /* 0: no such limit */
    double ceiling_per_s;        /* answers to everybody together; 0: no limit */
};

enum { NODE_NTS_AEADS = 2 };

struct node_options {
    const struct source_options *sources; /* borrowed, as long as the options are in force */
    size_t source_count;
    const struct constraint_options *constraints; /* borrowed likewise */
    size_t constraint_count;
    const struct access_rule *access; /* borrowed likewise */
    size_t access_count;
    const struct mac_key *keys; /* borrowed likewise, in ascending order of their ids */
    size_t key_count;
    const struct leap_list *leaps; /* borrowed likewise; NULL: only the sources tell */
    struct step_options step;
    struct change_options change;
    struct local_options local;
    struct limit_options limit; /* ratelimit */
    struct tempcomp_options tempcomp;
    double client_log_octets;       /* clientloglimit, of all workers together */
    double max_slew_s_per_s;        /* maxslewrate */
    double max_distance_s;          /* maxdistance: farther sources are not selectable */
    double max_jitter_s;            /* maxjitter */
    double max_drift_s_per_s;       /* maxdrift: limit of the frequency that is believed */
    double max_clock_error_s_per_s; /* maxclockerror: how fast the bound grows at least */
    double max_update_skew_s_per_s; /* maxupdateskew: a frequency less sure is not used */
    double log_change_s;            /* logchange: a larger correction is logged */
    double corr_time_ratio;         /* corrtimeratio: slews take this times as long (3 = 1x here) */
    double reselect_dist_s;         /* reselectdist */
    double combine_limit;           /* combinelimit; 0: the best source alone */
    double stratum_weight_s;        /* stratumweight: distance added per stratum */
    double accuracy_target_s;       /* accuracytarget: poll no more than this needs; 0: none */
    uint8_t min_stratum, max_stratum;   /* of sources that may be followed */
    int min_sources;                    /* minsources */
    double nts_refresh_s;               /* ntsrefresh; 0: never */
    uint16_t nts_aeads[NODE_NTS_AEADS]; /* ntsaeads: numbers of ciphers, the best first */
    uint8_t nts_aead_count;             /* 0: the usual ones */
    int no_cert_time_check;             /* in that many first updates certificates have no dates */
    uint8_t auth_select;                /* enum auth_select */
    uint8_t leap_mode;                  /* enum leap_mode */
    bool no_client_log;                 /* noclientlog */
    bool rtcsync;                       /* the kernel may copy the time to the RTC */
    bool manual;
};

void node_options_default(struct node_options *options);
void source_options_default(struct source_options *options);

#endif
