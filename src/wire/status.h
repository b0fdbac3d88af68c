/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * status.h - everything that a node tells about itself: the one record behind `noon status`,
 * JSON, metrics and alerts.
 *
 * The structs are described once, in tables (status.c), which encode, decode, name and explain
 * every field; JSON keys and the documented schema are made from the same tables.
 */
#ifndef WIRE_STATUS_H
#define WIRE_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/units.h"
#include "wire/drop.h"
#include "wire/fields.h"
#include "wire/found.h"
#include "wire/ke_totals.h"

/* X(constant, word in JSON, sentence) */
#define NODE_STATE_LIST(X)                                                                         \
    X(STARTING, "starting", "measuring, not yet synchronised")                                     \
    X(SYNCHRONISED, "synchronised", "synchronised")                                                \
    X(HOLDOVER, "holdover", "coasting on what was learnt: no usable source now")                   \
    X(LOCAL, "local", "serving its own clock: no source")                                          \
    X(UNSYNCHRONISED, "unsynchronised", "not synchronised")

#define NODE_REASON_LIST(X)                                                                        \
    X(NONE, "none", "nothing is wrong")                                                            \
    X(NO_SOURCES, "no-sources", "no source is configured")                                         \
    X(UNRESOLVED, "unresolved", "no source's name could be resolved yet")                          \
    X(NO_REPLY, "no-reply", "no source answers")                                                   \
    X(MEASURING, "measuring", "too few answers so far")                                            \
    X(NONE_USABLE, "none-usable", "sources answer, but none of them can be used")                  \
    X(NO_MAJORITY, "no-majority", "the sources contradict each other and no majority agrees")      \
    X(TOO_FEW, "too-few", "fewer sources agree than minsources asks for")                          \
    X(REQUIRED_MISSING, "required-missing", "no source marked `require` can be used")              \
    X(CHANGE_REFUSED, "change-refused", "the correction needed is larger than maxchange allows")   \
    X(BOUND_TOO_LARGE, "bound-too-large", "the bound has grown beyond maxdistance")                \
    X(RIVAL, "rival", "another program keeps adjusting this clock")                                \
    X(CERT_TIME, "cert-time",                                                                      \
      "certificates can't be judged: this clock may be wrong, and too few servers vouch for a "    \
      "time")                                                                                      \
    X(KEY_EXCHANGE, "key-exchange", "no source has keys (NTS)")                                    \
    X(OFFLINE, "offline", "all sources were taken offline")                                        \
    X(NO_CONSTRAINT, "no-constraint",                                                              \
      "no HTTPS server (constraint) has told the time yet, against which sources are held")        \
    X(CONTRADICTED, "contradicted",                                                                \
      "what the sources say is not what the HTTPS servers (constraint) say")

/* What becomes of one source. */
#define SOURCE_STATE_LIST(X)                                                                       \
    X(SELECTED, "selected", "followed; names this node's reference")                               \
    X(COMBINED, "combined", "followed, together with the selected one")                            \
    X(TRUECHIMER, "truechimer", "agrees, but others are preferred")                                \
    X(FALSETICKER, "falseticker", "disagrees with the majority of the sources")                    \
    X(NO_MAJORITY, "no-majority", "answers, but no majority of the sources agrees")                \
    X(TOO_FAR, "too-far", "its root distance is beyond maxdistance")                               \
    X(NOSELECT, "noselect", "measured only, as configured")                                        \
    X(MEASURING, "measuring", "too few answers so far")                                            \
    X(JUMPED, "jumped", "its time jumped; being confirmed")                                        \
    X(UNSYNCHRONISED, "unsynchronised", "says that it has no time")                                \
    X(BAD, "bad", "its answers fail the tests")                                                    \
    X(UNREACHABLE, "unreachable", "does not answer")                                               \
    X(KOD, "kod", "asked not to be asked")                                                         \
    X(OFFLINE, "offline", "taken offline by the operator")                                         \
    X(UNRESOLVED, "unresolved", "its name has no address yet")                                     \
    X(UNTRUSTED, "untrusted", "agrees only outside what the trusted sources say")                  \
    X(NO_KEY, "no-key", "its key is missing here, so it is not asked")                             \
    X(UNAUTHENTICATED, "unauthenticated", "its answers are not authenticated as they must be")     \
    X(KEY_EXCHANGE, "key-exchange", "it is not asked before keys have been exchanged (NTS)")       \
    X(CERT_TIME, "cert-time", "its certificate is not known to be valid: what time is it?")        \
    X(NO_CONSTRAINT, "no-constraint", "no HTTPS server (constraint) has told the time yet")        \
    X(CONTRADICTS, "contradicts", "its time is not what the HTTPS servers (constraint) say")       \
    X(STRATUM, "stratum", "its stratum is below minstratum or above maxstratum")

enum node_state {
#define X(name, word, sentence) NODE_##name,
    NODE_STATE_LIST(X)
#undef X
        NODE_STATE_COUNT
};
enum node_reason {
#define X(name, word, sentence) NODE_REASON_##name,
    NODE_REASON_LIST(X)
#undef X
        NODE_REASON_COUNT
};
enum source_state {
#define X(name, word, sentence) SOURCE_##name,
    SOURCE_STATE_LIST(X)
#undef X
        SOURCE_STATE_COUNT
};

enum clock_backend { BACKEND_KERNEL, BACKEND_VIRTUAL, BACKEND_NONE, BACKEND_SIMULATED };
enum resolve_state {
    RESOLVE_STATE_LITERAL,
    RESOLVE_STATE_WAITING,
    RESOLVE_STATE_DONE,
    RESOLVE_STATE_NO_NAME,
    RESOLVE_STATE_FAILED
};

enum auth_mode { AUTH_MODE_NONE, AUTH_MODE_KEY, AUTH_MODE_NTS };

enum { STATUS_NAME_SIZE = 256, HISTORY_HOURS = 72 };

/* Reach over days: requests and answers of one hour. */
struct source_hour {
    uint16_t sent, answered;
};

struct source_status {
    char name[STATUS_NAME_SIZE]; /* as configured */
    struct address address;      /* with port; NONE: not resolved */
    uint8_t state;               /* enum source_state */
    uint8_t resolve;             /* enum resolve_state */
    bool pool, prefer, noselect, trust, require, offline, xleave;
    bool drifting; /* leaves the majority slowly, or by its frequency */
    uint8_t stratum, leap;
    uint32_t refid;
    uint16_t reach; /* last 16 requests, newest in bit 0 */
    int8_t poll_log2;
    uint8_t version;
    uint8_t stamp_class; /* enum stamp_class of the last sample */
    uint8_t last_drop;   /* enum drop_reason of the last refused answer */
    struct utc_time state_since;
    struct utc_time last_answer; /* 0: never */
    struct utc_time last_sample; /* 0: never */
    struct utc_time next_poll;
    struct utc_time resolved_at; /* 0: never */
    double offset_s;             /* the source's UTC - ours, now */
    double sd_s;                 /* of offset_s */
    double last_offset_s;        /* last sample against our UTC when it was taken */
    double last_delay_s;
    double floor_s; /* round trip floor of the path */
    double jitter_s;
    double freq_s_per_s; /* of the source against our UTC */
    double root_delay_s, root_dispersion_s;
    double distance_s;    /* half-width within which this source places UTC */
    double weight;        /* share in the combination, 0..1 */
    double moved_s;       /* against the others, since it joined them */
    double wobble_s;      /* by which its clock is seen to swing, one deviation; 0: it does not */
    double wobble_span_s; /* and within about so long */
    uint32_t samples;     /* in the estimate's memory */
    uint32_t sent, received, accepted;
    uint32_t kod;   /* KoD packets */
    uint32_t jumps; /* confirmed steps of its time */
    uint32_t address_changes;
    uint32_t send_errors;
    uint32_t drops[DROP_COUNT];
    uint32_t key;                          /* number of its symmetric key; 0: none */
    uint32_t ke_attempts, naks;            /* key exchanges; cookies that could not be read */
    struct utc_time last_ke;               /* 0: never */
    struct utc_time cert_from, cert_until; /* of the last certificate; 0: none seen */
    double ke_took_s;                      /* the last one */
    uint16_t key_type; /* NTS: number of the AEAD; else chrony's number of the key's type */
    uint16_t key_bits, cookie_size, ke_detail;
    uint8_t auth;      /* enum auth_mode */
    uint8_t ke_result; /* enum keys_result of the last key exchange */
    uint8_t cookies;
    struct source_hour hours[HISTORY_HOURS]; /* hours[0] is the present one */
    uint32_t id;          /* of its line; not given to another one while the daemon runs */
    uint16_t association; /* of the node */
    struct address local; /* our address towards it; NONE: not known */
    bool burst;           /* asked in quick succession, now */
    int8_t minpoll, maxpoll;
    uint8_t last_result;          /* enum drop_reason of the last answer; NONE: it was good */
    int8_t packet_poll;           /* this and the following: as in the last answer */
    int8_t packet_precision_log2; /* 0 before the first */
    uint8_t packet_mode;
    struct utc_time packet_reference, packet_receive, packet_transmit;
    bool interleaved;         /* the last sample was measured so */
    double measured_s;        /* the last sample against the clock as it was then */
    double span_s;            /* over which the estimate's memory reaches */
    uint32_t runs;            /* of samples in a row on one side of what was expected */
    double freq_sd_s_per_s;   /* of freq_s_per_s */
    double asymmetry;         /* of the path's jitter, -0.5 .. 0.5 */
    bool authenticated;       /* the last sample */
    uint32_t kernel_stamps;   /* samples with stamps of the kernel at our end */
    uint8_t method;           /* enum resolve_method: how its line finds addresses */
    uint8_t resolve_result;   /* enum resolve_result of the last look-up */
    bool unvalidated;         /* its address, by a resolver that could not validate it (DNSSEC) */
    struct utc_time saved_at; /* its address is one of an earlier run, found then; 0: it is new */
    uint8_t found_how, found_by; /* enum found_how, enum found_by: who named the address */
    uint16_t srv_priority, srv_weight;
    char found_interface[FOUND_INTERFACE_SIZE];
};

struct server_status {
    bool serving;  /* a socket is open and somebody is allowed */
    bool draining; /* clients are told that there is no time here, by order */
    /* All that follows are counters of 64 bits. */
    uint64_t requests; /* datagrams on the server's sockets */
    uint64_t answers;
    uint64_t drops[DROP_COUNT];
    uint64_t interleaved;      /* answers in interleaved mode */
    uint64_t command_requests; /* of chrony's command protocol, those that were answered too */
    uint64_t command_drops;
    uint64_t kisses;          /* refusals that were told (KoD RATE) */
    uint64_t newcomers;       /* clients entered into the table */
    uint64_t forgotten;       /* of those, pushed out by others */
    uint64_t untracked;       /* requests of clients for which it had no room */
    uint64_t authenticated;   /* answers by a symmetric key or NTS */
    uint64_t overflows;       /* datagrams for which there was no room in a socket's queue */
    uint64_t unsent_full;     /* answers that did not leave: no room in the queue */
    uint64_t unsent_no_route; /* ... no route, or no interface any more */
    uint64_t unsent_refused;  /* ... a firewall, or another reason */
    uint64_t receive_errors;  /* of the sockets */
    uint64_t driver_answers;  /* of the answers, those of the program in the network driver */
    uint64_t nts_answers;     /* of `authenticated`, those by NTS */
    uint64_t nts_naks;        /* clients told that their cookie can't be opened */
    uint64_t nts_cookies;     /* given with answers */
    uint64_t driver_native;   /* interfaces at which the driver answers now */
    uint64_t driver_generic;  /* ... at which the kernel does in its stead */
};

struct node_status {
    char version[32];
    char config_file[STATUS_NAME_SIZE];
    uint32_t pid;
    uint8_t state;       /* enum node_state */
    uint8_t reason;      /* enum node_reason */
    uint8_t backend;     /* enum clock_backend */
    bool privileged;     /* may set the clock (kernel backend) */
    struct utc_time now; /* our UTC at the time of writing */
    struct utc_time started;
    struct utc_time state_since;
    struct utc_time reference_time; /* last update of the estimate */
    double bound_s;                 /* |our UTC - UTC| is at most this; < 0: unknown */
    double sd_s;                    /* precision of our UTC (one sigma), no promise */
    double clock_error_s; /* our UTC - the disciplined clock: what is still to be slewed */
    double freq_s_per_s;  /* of the free-running clock: positive when it is slow */
    double freq_sd_s_per_s;
    double wander;       /* s/s per sqrt(s) */
    double slew_s_per_s; /* of the slew in progress */
    double root_delay_s, root_dispersion_s;
    double last_correction_s; /* of the last update */
    uint8_t stratum, leap;
    uint32_t refid;
    uint32_t source_count, usable_count, agreeing_count;
    int32_t selected; /* index of the selected source, -1: none */
    uint32_t steps;   /* made by us */
    double last_step_s;
    struct utc_time last_step_time;
    uint32_t disturbances; /* made by others */
    uint32_t suspends;
    uint32_t pauses;
    uint32_t rivals; /* adjustments by others that were found */
    uint32_t updates;
    uint32_t reloads, reload_failures;
    uint32_t leap_armed;
    uint64_t log_repeats;      /* log lines that were only counted */
    double rms_correction_s;   /* of the updates lately */
    double update_interval_s;  /* between the last two updates */
    int8_t precision_log2;     /* of reading the clock */
    double temperature;        /* that the frequency is corrected by, unit of the sensor's file */
    double tempcomp_s_per_s;   /* the correction in force: the clock is so much slower by itself */
    double tempcomp_explained; /* part of the frequency's changes that the best sensor explains */
    char reload_error[STATUS_NAME_SIZE]; /* why the last reload was refused; "": it was not */
    uint32_t keys_exchanged;             /* NTS, as a client: exchanges that brought keys */
    uint32_t keys_failed;                /* ... and that did not */
    uint32_t constraint_lines;           /* configured */
    uint32_t constraint_servers;         /* that told the time */
    uint8_t constraint_result;           /* enum date_result: of one that failed lately, or OK */
    struct utc_time constraint_time;     /* of the newest answer; 0: none */
    double constraint_offset_s;          /* median of what they say - our UTC */
    uint32_t constraint_failures;        /* of questions */
    uint32_t constraint_rejections;      /* times that a source was found to contradict them */
    struct server_status server;
    struct ke_totals ke_server; /* NTS, as a server */
};

/* Borrowed record: node and `count` sources. */
struct status_record {
    struct node_status node;
    size_t count;
    struct source_status *sources; /* decode: the caller's array */
};

/*
 * Encode node and sources; returns the octets used, 0 when `size` is too small.  Decode fills at
 * most `capacity` sources and sets count to how many were filled; false when the octets are no
 * record.  A newer record with more fields is read as far as it is known; fields that an older one
 * lacks are 0.
 */
size_t status_encode(const struct status_record *record, uint8_t *bytes, size_t size);
bool status_decode(struct status_record *record, size_t capacity, const uint8_t *bytes,
                   size_t size);
/* Upper limit of status_encode() for that many sources. */
size_t status_size_max(size_t sources);

/* Tables of the fields, and how many. */
const struct status_field *status_node_fields(size_t *count);
const struct status_field *status_source_fields(size_t *count);

/* Words and sentences of the lists above; "unknown" beyond them, never NULL. */
const char *node_state_word(uint8_t state);
const char *node_state_sentence(uint8_t state);
const char *node_reason_word(uint8_t reason);
const char *node_reason_sentence(uint8_t reason);
const char *source_state_word(uint8_t state);
const char *source_state_sentence(uint8_t state);
const char *clock_backend_word(uint8_t backend);
const char *resolve_state_word(uint8_t state);
/* Is UTC known now: synchronised, or coasting within a bound? */
bool node_status_has_time(const struct node_status *node);
/* The program or provider as people call it; "": nobody. */
const char *found_by_people(uint8_t by);

#endif
