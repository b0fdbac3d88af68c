/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * chrony.h - chrony's command protocol (cmdmon, version 6), as chronyc 3.5 to 4.8, collectd,
 * telegraf and the Prometheus exporters speak it: one datagram asks, one answers.
 *
 * A request is as long as the longest answer to it, so that nobody is flooded by answers; its
 * length also tells which of several layouts the client knows.  Everything is big-endian.  Bodies
 * are described by tables, which decode and encode.
 */
#ifndef WIRE_CHRONY_H
#define WIRE_CHRONY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/units.h"

enum {
    CHRONY_PORT = 323,
    CHRONY_VERSION = 6,
    CHRONY_REQUEST_HEADER = 20,
    CHRONY_REPLY_HEADER = 28,
    CHRONY_REQUEST_MAX = 860,
    CHRONY_REPLY_MAX = 520,
    CHRONY_NAME_SIZE = 256,
};

enum { CHRONY_TRUSTED = INT32_MAX };

/* What may be asked over UDP, in chronyc's words. */
enum chrony_open {
    CHRONY_OPEN_ACTIVITY = 1,
    CHRONY_OPEN_AUTHDATA = 2,
    CHRONY_OPEN_NTPDATA = 4,
    CHRONY_OPEN_RTCDATA = 8,
    CHRONY_OPEN_SELECTDATA = 16,
    CHRONY_OPEN_SERVERSTATS = 32,
    CHRONY_OPEN_SMOOTHING = 64,
    CHRONY_OPEN_SOURCENAME = 128,
    CHRONY_OPEN_SOURCES = 256,
    CHRONY_OPEN_SOURCESTATS = 512,
    CHRONY_OPEN_TRACKING = 1024,
    CHRONY_OPEN_ALWAYS = 2048,
    /* How many sources there are is told to whom they are. */
    CHRONY_OPEN_COUNT = CHRONY_OPEN_SOURCES | CHRONY_OPEN_SOURCESTATS | CHRONY_OPEN_SELECTDATA |
                        CHRONY_OPEN_AUTHDATA | CHRONY_OPEN_NTPDATA,
    CHRONY_OPEN_STANDARD = CHRONY_OPEN_ACTIVITY | CHRONY_OPEN_RTCDATA | CHRONY_OPEN_SERVERSTATS |
                           CHRONY_OPEN_SMOOTHING | CHRONY_OPEN_SOURCENAME | CHRONY_OPEN_SOURCES |
                           CHRONY_OPEN_SOURCESTATS | CHRONY_OPEN_TRACKING,
};

/*
 * X(name, number, what opens it over UDP, least length of the request, arguments)
 *
 * Arguments: a an address, i a number of 32 bits, f a floating-point number, t a time.
 */
#define CHRONY_COMMAND_LIST(X)                                                                     \
    X(NULL, 0, CHRONY_OPEN_ALWAYS, 28, "")                                                         \
    X(ONLINE, 1, 0, 60, "aa")                                                                      \
    X(OFFLINE, 2, 0, 60, "aa")                                                                     \
    X(BURST, 3, 0, 68, "aaii")                                                                     \
    X(MODIFY_MINPOLL, 4, 0, 44, "ai")                                                              \
    X(MODIFY_MAXPOLL, 5, 0, 44, "ai")                                                              \
    X(DUMP, 6, 0, 28, "")                                                                          \
    X(MODIFY_MAXDELAY, 7, 0, 44, "af")                                                             \
    X(MODIFY_MAXDELAYRATIO, 8, 0, 44, "af")                                                        \
    X(MODIFY_MAXUPDATESKEW, 9, 0, 28, "f")                                                         \
    X(LOGON, 10, CHRONY_OPEN_ALWAYS, 32, "")                                                       \
    X(SETTIME, 11, 0, 40, "t")                                                                     \
    X(MANUAL, 13, 0, 28, "i")                                                                      \
    X(N_SOURCES, 14, CHRONY_OPEN_COUNT, 32, "")                                                    \
    X(SOURCE_DATA, 15, CHRONY_OPEN_SOURCES, 76, "i")                                               \
    X(REKEY, 16, 0, 28, "")                                                                        \
    X(ALLOW, 17, 0, 44, "ai")                                                                      \
    X(ALLOWALL, 18, 0, 44, "ai")                                                                   \
    X(DENY, 19, 0, 44, "ai")                                                                       \
    X(DENYALL, 20, 0, 44, "ai")                                                                    \
    X(CMDALLOW, 21, 0, 44, "ai")                                                                   \
    X(CMDALLOWALL, 22, 0, 44, "ai")                                                                \
    X(CMDDENY, 23, 0, 44, "ai")                                                                    \
    X(CMDDENYALL, 24, 0, 44, "ai")                                                                 \
    X(ACCHECK, 25, 0, 40, "a")                                                                     \
    X(CMDACCHECK, 26, 0, 40, "a")                                                                  \
    X(DEL_SOURCE, 29, 0, 40, "a")                                                                  \
    X(WRITERTC, 30, 0, 28, "")                                                                     \
    X(DFREQ, 31, 0, 28, "f")                                                                       \
    X(TRACKING, 33, CHRONY_OPEN_TRACKING, 104, "")                                                 \
    X(SOURCESTATS, 34, CHRONY_OPEN_SOURCESTATS, 84, "i")                                           \
    X(RTCREPORT, 35, CHRONY_OPEN_RTCDATA, 56, "")                                                  \
    X(TRIMRTC, 36, 0, 28, "")                                                                      \
    X(CYCLELOGS, 37, 0, 28, "")                                                                    \
    X(MANUAL_LIST, 41, CHRONY_OPEN_ALWAYS, 416, "")                                                \
    X(MANUAL_DELETE, 42, 0, 28, "i")                                                               \
    X(MAKESTEP, 43, 0, 28, "")                                                                     \
    X(ACTIVITY, 44, CHRONY_OPEN_ACTIVITY, 48, "")                                                  \
    X(MODIFY_MINSTRATUM, 45, 0, 44, "ai")                                                          \
    X(MODIFY_POLLTARGET, 46, 0, 44, "ai")                                                          \
    X(MODIFY_MAXDELAYDEVRATIO, 47, 0, 44, "af")                                                    \
    X(RESELECT, 48, 0, 28, "")                                                                     \
    X(RESELECTDISTANCE, 49, 0, 28, "f")                                                            \
    X(MODIFY_MAKESTEP, 50, 0, 28, "if")                                                            \
    X(SMOOTHING, 51, CHRONY_OPEN_SMOOTHING, 52, "")                                                \
    X(SMOOTHTIME, 52, 0, 28, "i")                                                                  \
    X(REFRESH, 53, 0, 28, "")                                                                      \
    X(SERVER_STATS, 54, CHRONY_OPEN_SERVERSTATS, 48, "")                                           \
    X(LOCAL2, 56, 0, 36, "iifi")                                                                   \
    X(NTP_DATA, 57, CHRONY_OPEN_NTPDATA, 152, "a")                                                 \
    X(SHUTDOWN, 62, 0, 28, "")                                                                     \
    X(ONOFFLINE, 63, 0, 28, "")                                                                    \
    X(ADD_SOURCE, 64, 0, 372, "")                                                                  \
    X(NTP_SOURCE_NAME, 65, CHRONY_OPEN_SOURCENAME, 284, "a")                                       \
    X(RESET_SOURCES, 66, 0, 28, "")                                                                \
    X(AUTH_DATA, 67, CHRONY_OPEN_AUTHDATA, 52, "a")                                                \
    X(CLIENT_ACCESSES, 68, 0, 520, "iiii")                                                         \
    X(SELECT_DATA, 69, CHRONY_OPEN_SELECTDATA, 76, "i")                                            \
    X(RELOAD_SOURCES, 70, 0, 28, "")                                                               \
    X(DOFFSET, 71, 0, 28, "f")                                                                     \
    X(MODIFY_SELECTOPTS, 72, 0, 52, "aiii")                                                        \
    X(MODIFY_OFFSET, 73, 0, 48, "aif")                                                             \
    X(LOCAL3, 74, 0, 48, "iififff")

enum chrony_command {
#define CHRONY_ENUM(name, number, open, size, arguments) CHRONY_##name = (number),
    CHRONY_COMMAND_LIST(CHRONY_ENUM)
#undef CHRONY_ENUM
};

/* Bodies of replies, by the code in the header. */
enum chrony_reply_code {
    CHRONY_REPLY_NONE = 1,
    CHRONY_REPLY_N_SOURCES = 2,
    CHRONY_REPLY_SOURCE_DATA = 3,
    CHRONY_REPLY_TRACKING = 5,
    CHRONY_REPLY_SOURCESTATS = 6,
    CHRONY_REPLY_ACTIVITY = 12,
    CHRONY_REPLY_SERVER_STATS = 14,
    CHRONY_REPLY_NTP_DATA = 16,
    CHRONY_REPLY_TIMESTAMP = 17, /* answers SETTIME */
    CHRONY_REPLY_MANUAL_LIST = 18,
    CHRONY_REPLY_NAME = 19,
    CHRONY_REPLY_AUTH_DATA = 20,
    CHRONY_REPLY_CLIENTS = 21,
    CHRONY_REPLY_SERVER_STATS2 = 22,
    CHRONY_REPLY_SELECT_DATA = 23,
    CHRONY_REPLY_SERVER_STATS3 = 24,
    CHRONY_REPLY_SERVER_STATS4 = 25,
    CHRONY_REPLY_NTP_DATA2 = 26,
};

enum chrony_status {
    CHRONY_SUCCESS = 0,
    CHRONY_FAILED = 1,
    CHRONY_UNAUTH = 2,
    CHRONY_INVALID = 3,
    CHRONY_NO_SUCH_SOURCE = 4,
    CHRONY_NOT_ENABLED = 6,
    CHRONY_BAD_SUBNET = 7,
    CHRONY_ACCESS_ALLOWED = 8,
    CHRONY_ACCESS_DENIED = 9,
    CHRONY_SOURCE_ALREADY_KNOWN = 11,
    CHRONY_TOO_MANY_SOURCES = 12,
    CHRONY_NO_RTC = 13,
    CHRONY_INACTIVE = 15,
    CHRONY_BAD_SAMPLE = 16,
    CHRONY_INVALID_AF = 17,
    CHRONY_BAD_VERSION = 18,
    CHRONY_BAD_LENGTH = 19,
    CHRONY_INVALID_NAME = 21,
    CHRONY_SILENCE = 0xffff, /* not on the wire: such a datagram is not answered */
};

/* An address, nothing at all, or the number of a source whose name has no address yet. */
enum chrony_family { CHRONY_ANY, CHRONY_IPV4, CHRONY_IPV6, CHRONY_ID };
struct chrony_address {
    uint8_t family; /* enum chrony_family */
    uint8_t bytes[16];
    uint32_t id;
};

struct chrony_address chrony_address_from(const struct address *address);
struct chrony_address chrony_address_id(uint32_t id);
/* Without port and scope; NONE for what is no address. */
struct address chrony_address_to(const struct chrony_address *address);

/* Arguments in the order in which they come, each kind counted by itself. */
struct chrony_arguments {
    struct chrony_address address[2];
    int32_t number[4];
    double value[4];
    struct utc_time time;
};

struct chrony_request {
    uint16_t command; /* enum chrony_command */
    uint8_t sequence[4];
    size_t size; /* of the datagram */
    struct chrony_arguments arguments;
    const uint8_t *bytes; /* the datagram, borrowed */
};

/*
 * A datagram to a request, in the order of chronyd's own tests.  `open`: bits of enum chrony_open;
 * CHRONY_TRUSTED: it came over the Unix socket.  CHRONY_SUCCESS: *request is filled;
 * CHRONY_SILENCE: nothing is to be answered; else the status to answer (the request's command,
 * sequence and size are filled for that).
 */
enum chrony_status chrony_request_decode(struct chrony_request *request, const uint8_t *bytes,
                                         size_t size, uint32_t open);

enum chrony_add_flag {
    CHRONY_ADD_ONLINE = 1,
    CHRONY_ADD_AUTO_OFFLINE = 2,
    CHRONY_ADD_IBURST = 4,
    CHRONY_ADD_PREFER = 8,
    CHRONY_ADD_NOSELECT = 0x10,
    CHRONY_ADD_TRUST = 0x20,
    CHRONY_ADD_REQUIRE = 0x40,
    CHRONY_ADD_XLEAVE = 0x80,
    CHRONY_ADD_BURST = 0x100,
    CHRONY_ADD_NTS = 0x200,
    CHRONY_ADD_COPY = 0x400,
    CHRONY_ADD_EXT_FIELD1 = 0x800,
    CHRONY_ADD_EXT_FIELD2 = 0x1000,
    CHRONY_ADD_IPV4 = 0x2000,
    CHRONY_ADD_IPV6 = 0x4000,
};

enum chrony_add_type { CHRONY_ADD_SERVER = 1, CHRONY_ADD_PEER, CHRONY_ADD_POOL };

/* Body of ADD_SOURCE. */
struct chrony_add {
    uint32_t type; /* enum chrony_add_type */
    char name[CHRONY_NAME_SIZE];
    uint32_t port;
    int32_t minpoll, maxpoll, presend_minpoll;
    uint32_t min_stratum, poll_target, version, max_sources;
    int32_t min_samples, max_samples;
    uint32_t authkey, nts_port;
    double max_delay_s, max_delay_ratio, max_delay_dev_ratio, min_delay_s, asymmetry, offset_s;
    uint32_t flags;
    int32_t filter_length;
    uint32_t cert_set;
    double max_delay_quant;
    int32_t max_unreach;
};
/* CHRONY_INVALID_NAME: the name is not ended, or not a word. */
enum chrony_status chrony_add_decode(struct chrony_add *add, const struct chrony_request *request);

struct chrony_n_sources {
    uint32_t count;
};

struct chrony_source_data {
    struct chrony_address address; /* of a reference clock: its refid, as IPv4 */
    int16_t poll;
    uint16_t stratum;
    uint16_t state; /* 0 * 1 ? 2 x 3 ~ 4 + 5 - */
    uint16_t mode;  /* 0 client, 1 peer, 2 reference clock */
    uint16_t flags;
    uint16_t reachability;
    uint32_t since_sample_s; /* UINT32_MAX: never */
    double original_s;       /* local - reference, as measured */
    double latest_s;         /* the same after the corrections since */
    double error_s;
};

struct chrony_tracking {
    uint32_t refid;
    struct chrony_address address;
    uint16_t stratum;
    uint16_t leap;
    struct utc_time reference;
    double correction_s;  /* reference - local: what is still to be slewed */
    double last_offset_s; /* local - reference */
    double rms_offset_s;
    double freq_ppm; /* positive: the oscillator is fast */
    double resid_freq_ppm;
    double skew_ppm;
    double root_delay_s;
    double root_dispersion_s;
    double update_interval_s;
};

struct chrony_sourcestats {
    uint32_t refid;
    struct chrony_address address;
    uint32_t samples, runs, span_s;
    double sd_s, resid_freq_ppm, skew_ppm;
    double offset_s; /* local - reference */
    double offset_error_s;
};

struct chrony_activity {
    int32_t online, offline, burst_online, burst_offline, unresolved;
};

struct chrony_name {
    char name[CHRONY_NAME_SIZE];
};

struct chrony_select_data {
    uint32_t refid;
    struct chrony_address address;
    uint8_t state; /* a letter */
    uint8_t authentication;
    uint8_t leap;
    uint16_t configured, effective; /* 1 noselect, 2 prefer, 4 trust, 8 require */
    uint32_t last_sample_ago_s;
    double score, low_s, high_s;
};

struct chrony_auth_data {
    uint16_t mode; /* 0 none, 1 symmetric key, 2 NTS */
    uint16_t key_type;
    uint32_t key_id;
    uint16_t key_bits;
    uint16_t ke_attempts;
    uint32_t last_ke_ago_s; /* UINT32_MAX: never */
    uint16_t cookies, cookie_length, nak;
};

struct chrony_ntp_data {
    struct chrony_address remote, local;
    uint16_t port;
    uint8_t leap, version, mode, stratum;
    int8_t poll, precision;
    double root_delay_s, root_dispersion_s;
    uint32_t refid;
    struct utc_time reference;
    double offset_s; /* reference - local: not as in the other replies */
    double delay_s, dispersion_s, response_s, asymmetry;
    uint16_t flags; /* tests 1 2 3 5 6 7 A B C D from bit 9 on; 0x4000 interleaved, 0x8000 auth. */
    uint8_t tx_stamp, rx_stamp; /* D daemon, K kernel, H hardware */
    uint32_t sent, received, valid, good;
    uint32_t kernel_tx, kernel_rx, hardware_tx, hardware_rx;
};

enum { CHRONY_SERVER_COUNTERS = 17, CHRONY_SERVER_RESERVED = 4 };
/* In the protocol's order: ntp_hits, nke_hits, cmd_hits, ntp_drops, nke_drops, cmd_drops, ... */
struct chrony_server_stats {
    uint64_t ntp_hits, nke_hits, cmd_hits, ntp_drops, nke_drops, cmd_drops, log_drops;
    uint64_t ntp_auth_hits, ntp_interleaved_hits, timestamps, timestamp_span_s;
    uint64_t daemon_rx, daemon_tx, kernel_rx, kernel_tx, hardware_rx, hardware_tx;
};

struct chrony_client {
    struct chrony_address address; /* ANY: none */
    uint32_t ntp_hits, nke_hits, cmd_hits, ntp_drops, nke_drops, cmd_drops;
    int8_t ntp_interval, nke_interval, cmd_interval, ntp_timeout_interval; /* 127: unknown */
    uint32_t last_ntp_ago_s, last_nke_ago_s, last_cmd_ago_s;               /* UINT32_MAX: never */
};

enum { CHRONY_CLIENTS_PAGE = 8 };
struct chrony_clients {
    uint32_t indices; /* size of the table */
    uint32_t next;
    uint32_t count;
    struct chrony_client clients[CHRONY_CLIENTS_PAGE];
};

struct chrony_manual_sample {
    struct utc_time when;
    double slewed_s, original_s, residual_s; /* local - typed */
};

enum { CHRONY_MANUAL_SAMPLES = 16 };
struct chrony_manual_list {
    uint32_t count;
    struct chrony_manual_sample samples[CHRONY_MANUAL_SAMPLES];
};

struct chrony_timestamp {
    double offset_s, dfreq_ppm, afreq_ppm;
};

/*
 * Which reply a client of that request's length understands, for the commands with several
 * (SERVER_STATS, NTP_DATA); CHRONY_REPLY_NONE when there is none.
 */
uint16_t chrony_reply_for(const struct chrony_request *request);

/*
 * Write a reply whose body is the struct that belongs to `code`; NULL for CHRONY_REPLY_NONE.
 * Returns the octets.
 */
size_t chrony_reply_encode(const struct chrony_request *request, uint16_t code, const void *body,
                           uint8_t bytes[static CHRONY_REPLY_MAX]);
/* A reply without a body. */
size_t chrony_status_encode(const struct chrony_request *request, enum chrony_status status,
                            uint8_t bytes[static CHRONY_REPLY_MAX]);

/* The code of a reply and its body into *body (what chrony_reply_encode() takes); 0: it is none. */
uint16_t chrony_reply_decode(const uint8_t *bytes, size_t size, void *body, size_t body_size);

/* The 32 bits of a Float, and what they mean. */
uint32_t chrony_float_encode(double value);
double chrony_float_decode(uint32_t bits);

#endif
