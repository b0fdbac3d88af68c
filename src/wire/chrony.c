/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/chrony.h"

#include <string.h>

#include "base/bytes.h"
#include "base/must.h"

enum { PACKET_REQUEST = 1, PACKET_REPLY = 2, VERSION_ANSWERED = 5 };
enum { COEFFICIENT_BITS = 25, EXPONENT_MIN = -64, EXPONENT_MAX = 63 };

enum kind {
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    U64,
    LOW32,
    FLOAT,
    TIME,
    ADDRESS,
    NAME,
    CLIENT,
    ONES,
    ZEROS
};

/* One field on the wire; ONES and ZEROS have no member, and as many octets as `offset` says. */
struct field {
    uint8_t kind;
    size_t offset;
};

struct layout {
    uint16_t code;
    uint16_t fields;
    const struct field *at;
    size_t struct_size;
};

struct command {
    uint16_t number;
    uint32_t open; /* by these bits of enum chrony_open */
    uint16_t size;
    const char *arguments;
};

static const struct command commands[] = {
#define ROW(name, number, open, size, arguments) {number, open, size, arguments},
    CHRONY_COMMAND_LIST(ROW)
#undef ROW
};

#define COUNT(list) (sizeof(list) / sizeof *(list))
#define F(kind, owner, member)                                                                     \
    {                                                                                              \
        kind, offsetof(struct owner, member)                                                       \
    }

static const struct field add_fields[] = {
    F(U32, chrony_add, type),
    F(NAME, chrony_add, name),
    F(U32, chrony_add, port),
    F(I32, chrony_add, minpoll),
    F(I32, chrony_add, maxpoll),
    F(I32, chrony_add, presend_minpoll),
    F(U32, chrony_add, min_stratum),
    F(U32, chrony_add, poll_target),
    F(U32, chrony_add, version),
    F(U32, chrony_add, max_sources),
    F(I32, chrony_add, min_samples),
    F(I32, chrony_add, max_samples),
    F(U32, chrony_add, authkey),
    F(U32, chrony_add, nts_port),
    F(FLOAT, chrony_add, max_delay_s),
    F(FLOAT, chrony_add, max_delay_ratio),
    F(FLOAT, chrony_add, max_delay_dev_ratio),
    F(FLOAT, chrony_add, min_delay_s),
    F(FLOAT, chrony_add, asymmetry),
    F(FLOAT, chrony_add, offset_s),
    F(U32, chrony_add, flags),
    F(I32, chrony_add, filter_length),
    F(U32, chrony_add, cert_set),
    F(FLOAT, chrony_add, max_delay_quant),
    F(I32, chrony_add, max_unreach),
};

static const struct field n_sources_fields[] = {F(U32, chrony_n_sources, count)};

static const struct field source_data_fields[] = {
    F(ADDRESS, chrony_source_data, address),  F(I16, chrony_source_data, poll),
    F(U16, chrony_source_data, stratum),      F(U16, chrony_source_data, state),
    F(U16, chrony_source_data, mode),         F(U16, chrony_source_data, flags),
    F(U16, chrony_source_data, reachability), F(U32, chrony_source_data, since_sample_s),
    F(FLOAT, chrony_source_data, original_s), F(FLOAT, chrony_source_data, latest_s),
    F(FLOAT, chrony_source_data, error_s),
};

static const struct field tracking_fields[] = {
    F(U32, chrony_tracking, refid),
    F(ADDRESS, chrony_tracking, address),
    F(U16, chrony_tracking, stratum),
    F(U16, chrony_tracking, leap),
    F(TIME, chrony_tracking, reference),
    F(FLOAT, chrony_tracking, correction_s),
    F(FLOAT, chrony_tracking, last_offset_s),
    F(FLOAT, chrony_tracking, rms_offset_s),
    F(FLOAT, chrony_tracking, freq_ppm),
    F(FLOAT, chrony_tracking, resid_freq_ppm),
    F(FLOAT, chrony_tracking, skew_ppm),
    F(FLOAT, chrony_tracking, root_delay_s),
    F(FLOAT, chrony_tracking, root_dispersion_s),
    F(FLOAT, chrony_tracking, update_interval_s),
};

static const struct field sourcestats_fields[] = {
    F(U32, chrony_sourcestats, refid),
    F(ADDRESS, chrony_sourcestats, address),
    F(U32, chrony_sourcestats, samples),
    F(U32, chrony_sourcestats, runs),
    F(U32, chrony_sourcestats, span_s),
    F(FLOAT, chrony_sourcestats, sd_s),
    F(FLOAT, chrony_sourcestats, resid_freq_ppm),
    F(FLOAT, chrony_sourcestats, skew_ppm),
    F(FLOAT, chrony_sourcestats, offset_s),
    F(FLOAT, chrony_sourcestats, offset_error_s),
};

static const struct field activity_fields[] = {
    F(I32, chrony_activity, online),       F(I32, chrony_activity, offline),
    F(I32, chrony_activity, burst_online), F(I32, chrony_activity, burst_offline),
    F(I32, chrony_activity, unresolved),
};

static const struct field name_fields[] = {F(NAME, chrony_name, name)};

static const struct field select_data_fields[] = {
    F(U32, chrony_select_data, refid),
    F(ADDRESS, chrony_select_data, address),
    F(U8, chrony_select_data, state),
    F(U8, chrony_select_data, authentication),
    F(U8, chrony_select_data, leap),
    {ZEROS, 1},
    F(U16, chrony_select_data, configured),
    F(U16, chrony_select_data, effective),
    F(U32, chrony_select_data, last_sample_ago_s),
    F(FLOAT, chrony_select_data, score),
    F(FLOAT, chrony_select_data, low_s),
    F(FLOAT, chrony_select_data, high_s),
};

static const struct field auth_data_fields[] = {
    F(U16, chrony_auth_data, mode),        F(U16, chrony_auth_data, key_type),
    F(U32, chrony_auth_data, key_id),      F(U16, chrony_auth_data, key_bits),
    F(U16, chrony_auth_data, ke_attempts), F(U32, chrony_auth_data, last_ke_ago_s),
    F(U16, chrony_auth_data, cookies),     F(U16, chrony_auth_data, cookie_length),
    F(U16, chrony_auth_data, nak),         {ZEROS, 2},
};

#define NTP_DATA_COMMON                                                                            \
    F(ADDRESS, chrony_ntp_data, remote), F(ADDRESS, chrony_ntp_data, local),                       \
        F(U16, chrony_ntp_data, port), F(U8, chrony_ntp_data, leap),                               \
        F(U8, chrony_ntp_data, version), F(U8, chrony_ntp_data, mode),                             \
        F(U8, chrony_ntp_data, stratum), F(I8, chrony_ntp_data, poll),                             \
        F(I8, chrony_ntp_data, precision), F(FLOAT, chrony_ntp_data, root_delay_s),                \
        F(FLOAT, chrony_ntp_data, root_dispersion_s), F(U32, chrony_ntp_data, refid),              \
        F(TIME, chrony_ntp_data, reference), F(FLOAT, chrony_ntp_data, offset_s),                  \
        F(FLOAT, chrony_ntp_data, delay_s), F(FLOAT, chrony_ntp_data, dispersion_s),               \
        F(FLOAT, chrony_ntp_data, response_s), F(FLOAT, chrony_ntp_data, asymmetry),               \
        F(U16, chrony_ntp_data, flags), F(U8, chrony_ntp_data, tx_stamp),                          \
        F(U8, chrony_ntp_data, rx_stamp), F(U32, chrony_ntp_data, sent),                           \
        F(U32, chrony_ntp_data, received), F(U32, chrony_ntp_data, valid),                         \
        F(U32, chrony_ntp_data, good)

static const struct field ntp_data_fields[] = {NTP_DATA_COMMON, {ONES, 12}};
static const struct field ntp_data2_fields[] = {
    NTP_DATA_COMMON,
    F(U32, chrony_ntp_data, kernel_tx),
    F(U32, chrony_ntp_data, kernel_rx),
    F(U32, chrony_ntp_data, hardware_tx),
    F(U32, chrony_ntp_data, hardware_rx),
    {ONES, 16},
};

/* The older replies have the first of the counters, in 32 bits, which wrap. */
#define STATS(kind, member) F(kind, chrony_server_stats, member)
#define STATS_HEAD(kind)                                                                           \
    STATS(kind, ntp_hits), STATS(kind, nke_hits), STATS(kind, cmd_hits), STATS(kind, ntp_drops),   \
        STATS(kind, nke_drops), STATS(kind, cmd_drops), STATS(kind, log_drops),                    \
        STATS(kind, ntp_auth_hits)
#define STATS_MIDDLE(kind)                                                                         \
    STATS(kind, ntp_interleaved_hits), STATS(kind, timestamps), STATS(kind, timestamp_span_s)

static const struct field server_stats_fields[] = {
    STATS(LOW32, ntp_hits),  STATS(LOW32, cmd_hits),  STATS(LOW32, ntp_drops),
    STATS(LOW32, cmd_drops), STATS(LOW32, log_drops),
};
static const struct field server_stats2_fields[] = {STATS_HEAD(LOW32)};
static const struct field server_stats3_fields[] = {STATS_HEAD(LOW32), STATS_MIDDLE(LOW32)};
static const struct field server_stats4_fields[] = {
    STATS_HEAD(U64),         STATS_MIDDLE(U64),       STATS(U64, daemon_rx),
    STATS(U64, daemon_tx),   STATS(U64, kernel_rx),   STATS(U64, kernel_tx),
    STATS(U64, hardware_rx), STATS(U64, hardware_tx), {ONES, 8 * CHRONY_SERVER_RESERVED},
};

static const struct field client_fields[] = {
    F(ADDRESS, chrony_client, address),
    F(U32, chrony_client, ntp_hits),
    F(U32, chrony_client, nke_hits),
    F(U32, chrony_client, cmd_hits),
    F(U32, chrony_client, ntp_drops),
    F(U32, chrony_client, nke_drops),
    F(U32, chrony_client, cmd_drops),
    F(I8, chrony_client, ntp_interval),
    F(I8, chrony_client, nke_interval),
    F(I8, chrony_client, cmd_interval),
    F(I8, chrony_client, ntp_timeout_interval),
    F(U32, chrony_client, last_ntp_ago_s),
    F(U32, chrony_client, last_nke_ago_s),
    F(U32, chrony_client, last_cmd_ago_s),
};

static const struct field clients_fields[] = {
    F(U32, chrony_clients, indices),       F(U32, chrony_clients, next),
    F(U32, chrony_clients, count),         F(CLIENT, chrony_clients, clients[0]),
    F(CLIENT, chrony_clients, clients[1]), F(CLIENT, chrony_clients, clients[2]),
    F(CLIENT, chrony_clients, clients[3]), F(CLIENT, chrony_clients, clients[4]),
    F(CLIENT, chrony_clients, clients[5]), F(CLIENT, chrony_clients, clients[6]),
    F(CLIENT, chrony_clients, clients[7]),
};

#define M(kind, i, member) F(kind, chrony_manual_list, samples[i].member)
#define MANUAL(i)                                                                                  \
    M(TIME, i, when), M(FLOAT, i, slewed_s), M(FLOAT, i, original_s), M(FLOAT, i, residual_s)
#define MANUAL4(i) MANUAL(i), MANUAL((i) + 1), MANUAL((i) + 2), MANUAL((i) + 3)
static const struct field manual_list_fields[] = {F(U32, chrony_manual_list, count), MANUAL4(0),
                                                  MANUAL4(4), MANUAL4(8), MANUAL4(12)};

static const struct field timestamp_fields[] = {
    F(FLOAT, chrony_timestamp, offset_s),
    F(FLOAT, chrony_timestamp, dfreq_ppm),
    F(FLOAT, chrony_timestamp, afreq_ppm),
};

#define L(code, fields, owner)                                                                     \
    {                                                                                              \
        CHRONY_REPLY_##code, COUNT(fields), fields, sizeof(struct owner)                           \
    }
static const struct layout layouts[] = {
    L(N_SOURCES, n_sources_fields, chrony_n_sources),
    L(SOURCE_DATA, source_data_fields, chrony_source_data),
    L(TRACKING, tracking_fields, chrony_tracking),
    L(SOURCESTATS, sourcestats_fields, chrony_sourcestats),
    L(ACTIVITY, activity_fields, chrony_activity),
    L(SERVER_STATS, server_stats_fields, chrony_server_stats),
    L(NTP_DATA, ntp_data_fields, chrony_ntp_data),
    L(TIMESTAMP, timestamp_fields, chrony_timestamp),
    L(MANUAL_LIST, manual_list_fields, chrony_manual_list),
    L(NAME, name_fields, chrony_name),
    L(AUTH_DATA, auth_data_fields, chrony_auth_data),
    L(CLIENTS, clients_fields, chrony_clients),
    L(SERVER_STATS2, server_stats2_fields, chrony_server_stats),
    L(SELECT_DATA, select_data_fields, chrony_select_data),
    L(SERVER_STATS3, server_stats3_fields, chrony_server_stats),
    L(SERVER_STATS4, server_stats4_fields, chrony_server_stats),
    L(NTP_DATA2, ntp_data2_fields, chrony_ntp_data),
};

static const struct layout client_layout = {0, COUNT(client_fields), client_fields,
                                            sizeof(struct chrony_client)};
static const struct layout add_layout = {0, COUNT(add_fields), add_fields,
                                         sizeof(struct chrony_add)};

/* 2^n, for |n| < 1000. */
static double power_of_2(int n)
{
    double power = 1, factor = n < 0 ? 0.5 : 2;

    for (int left = n < 0 ? -n : n; left > 0; left--) {
        power *= factor;
    }
    return power;
}

static uint32_t float_pack(int exponent, int32_t coefficient)
{
    return (uint32_t)exponent << COEFFICIENT_BITS |
           ((uint32_t)coefficient & ((UINT32_C(1) << COEFFICIENT_BITS) - 1));
}

uint32_t chrony_float_encode(double value)
{
    const int32_t limit = (INT32_C(1) << 24) - 1 + (value < 0);
    double left = value < 0 ? -value : value;
    int exponent = 0;
    int32_t coefficient;

    if (!(left >= 1e-100)) { /* also NaN */
        return 0;
    }
    if (left > 1e100) {
        return float_pack(EXPONENT_MAX, value < 0 ? -limit : limit);
    }
    /* left in [0.5, 1): then the coefficient, left * 2^24, has as many bits as there can be. */
    for (; left >= 1; left /= 2) {
        exponent++;
    }
    for (; left < 0.5; left *= 2) {
        exponent--;
    }
    if (exponent + 1 < EXPONENT_MIN) {
        left *= power_of_2(exponent + 1 - EXPONENT_MIN); /* loses bits, at last all of them */
        exponent = EXPONENT_MIN - 1;
    }
    coefficient = (int32_t)(left * 0x1p24 + 0.5);
    if (coefficient > limit) {
        coefficient = (coefficient + 1) / 2;
        exponent++;
    }
    /* value = coefficient * 2^(e - 25), and the coefficient is left * 2^24. */
    exponent++;
    if (coefficient == 0) {
        return 0;
    }
    if (exponent > EXPONENT_MAX) {
        return float_pack(EXPONENT_MAX, value < 0 ? -limit : limit);
    }
    return float_pack(exponent, value < 0 ? -coefficient : coefficient);
}

double chrony_float_decode(uint32_t bits)
{
    int exponent = (int)(bits >> COEFFICIENT_BITS);
    int32_t coefficient = (int32_t)(bits & ((UINT32_C(1) << COEFFICIENT_BITS) - 1));

    if (exponent > EXPONENT_MAX) {
        exponent -= 128;
    }
    if (coefficient >= INT32_C(1) << 24) {
        coefficient -= INT32_C(1) << COEFFICIENT_BITS;
    }
    return coefficient * power_of_2(exponent - COEFFICIENT_BITS);
}

struct chrony_address chrony_address_from(const struct address *address)
{
    struct chrony_address out = {.family = address->family};

    memcpy(out.bytes, address->bytes, sizeof out.bytes);
    return out;
}

struct chrony_address chrony_address_id(uint32_t id)
{
    return (struct chrony_address){.family = CHRONY_ID, .id = id};
}

struct address chrony_address_to(const struct chrony_address *address)
{
    struct address out = {.family = ADDRESS_NONE};

    if (address->family == CHRONY_IPV4 || address->family == CHRONY_IPV6) {
        out.family = address->family;
        memcpy(out.bytes, address->bytes, address->family == CHRONY_IPV4 ? 4 : 16);
    }
    return out;
}

static void put_fields(struct writer *w, const struct layout *layout, const void *object);
static void take_fields(struct reader *r, const struct layout *layout, void *object);

static void put_address(struct writer *w, const struct chrony_address *address)
{
    uint8_t bytes[16] = {0};

    if (address->family == CHRONY_ID) {
        for (unsigned i = 0; i < 4; i++) {
            bytes[i] = (uint8_t)(address->id >> 8 * (3 - i));
        }
    } else if (address->family != CHRONY_ANY) {
        memcpy(bytes, address->bytes, address->family == CHRONY_IPV4 ? 4 : 16);
    }
    writer_put(w, bytes, sizeof bytes);
    writer_be(w, 2, address->family);
    writer_be(w, 2, 0);
}

static struct chrony_address take_address(struct reader *r)
{
    struct chrony_address address = {0};
    const uint8_t *bytes = reader_take(r, sizeof address.bytes);
    uint64_t family = reader_be(r, 2);

    (void)reader_be(r, 2);
    if (bytes == NULL || r->overrun) {
        return address;
    }
    address.family = family <= CHRONY_ID ? (uint8_t)family : CHRONY_ANY;
    if (address.family == CHRONY_ID) {
        address.id = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
                     bytes[3];
    } else if (address.family != CHRONY_ANY) {
        memcpy(address.bytes, bytes, address.family == CHRONY_IPV4 ? 4 : 16);
    }
    return address;
}

static void put_time(struct writer *w, struct utc_time t)
{
    int64_t s = t.ns / NS_PER_S, ns = t.ns % NS_PER_S;

    if (ns < 0) {
        ns += NS_PER_S;
        s--;
    }
    writer_be(w, 8, (uint64_t)s);
    writer_be(w, 4, (uint64_t)ns);
}

/* A client whose seconds have 32 bits marks the upper half. */
static struct utc_time take_time(struct reader *r)
{
    uint32_t high = (uint32_t)reader_be(r, 4);
    int64_t s = (int64_t)reader_be(r, 4);
    int64_t ns = (int64_t)reader_be(r, 4);

    if (high != 0x7fffffff) {
        s |= (int64_t)((uint64_t)high << 32);
    }
    if (s > INT64_MAX / NS_PER_S - 1 || s < INT64_MIN / NS_PER_S + 1 || ns >= NS_PER_S) {
        return (struct utc_time){0};
    }
    return (struct utc_time){s * NS_PER_S + ns};
}

static void put_filler(struct writer *w, uint8_t octet, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        writer_be(w, 1, octet);
    }
}

/* Only characters that chronyc prints; the last octet stays zero. */
static void put_name(struct writer *w, const char *name)
{
    char padded[CHRONY_NAME_SIZE] = {0};

    for (size_t i = 0; i + 1 < sizeof padded && name[i] != '\0'; i++) {
        padded[i] = name[i] > ' ' && name[i] < 0x7f ? name[i] : '?';
    }
    writer_put(w, padded, sizeof padded);
}

static unsigned number_size(unsigned kind)
{
    switch (kind) {
    case U8:
    case I8:
        return 1;
    case U16:
    case I16:
        return 2;
    case U32:
    case I32:
    case LOW32:
        return 4;
    case U64:
        return 8;
    default:
        return 0;
    }
}

static uint64_t load(const uint8_t *at, unsigned kind)
{
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;

    switch (kind) {
    case U8:
    case I8:
        return *at;
    case U16:
    case I16:
        memcpy(&u16, at, sizeof u16);
        return u16;
    case U32:
    case I32:
        memcpy(&u32, at, sizeof u32);
        return u32;
    default:
        memcpy(&u64, at, sizeof u64);
        return u64;
    }
}

static void store(uint8_t *at, unsigned kind, uint64_t value)
{
    uint8_t u8 = (uint8_t)value;
    uint16_t u16 = (uint16_t)value;
    uint32_t u32 = (uint32_t)value;

    switch (kind) {
    case U8:
    case I8:
        memcpy(at, &u8, sizeof u8);
        break;
    case U16:
    case I16:
        memcpy(at, &u16, sizeof u16);
        break;
    case U32:
    case I32:
        memcpy(at, &u32, sizeof u32);
        break;
    default:
        memcpy(at, &value, sizeof value);
        break;
    }
}

static void put_field(struct writer *w, const struct field *field, const uint8_t *at)
{
    struct utc_time t;
    double value;

    switch (field->kind) {
    case FLOAT:
        memcpy(&value, at, sizeof value);
        writer_be(w, 4, chrony_float_encode(value));
        break;
    case TIME:
        memcpy(&t, at, sizeof t);
        put_time(w, t);
        break;
    case ADDRESS:
        put_address(w, (const struct chrony_address *)(const void *)at);
        break;
    case NAME:
        put_name(w, (const char *)at);
        break;
    case CLIENT:
        put_fields(w, &client_layout, at);
        break;
    default:
        writer_be(w, number_size(field->kind), load(at, field->kind));
        break;
    }
}

static void put_fields(struct writer *w, const struct layout *layout, const void *object)
{
    for (size_t i = 0; i < layout->fields; i++) {
        const struct field *field = &layout->at[i];

        if (field->kind == ONES || field->kind == ZEROS) {
            put_filler(w, field->kind == ONES ? UINT8_MAX : 0, field->offset);
        } else {
            put_field(w, field, (const uint8_t *)object + field->offset);
        }
    }
}

static void take_field(struct reader *r, const struct field *field, uint8_t *at)
{
    struct chrony_address address;
    struct utc_time t;
    double value;
    const uint8_t *name;

    switch (field->kind) {
    case FLOAT:
        value = chrony_float_decode((uint32_t)reader_be(r, 4));
        memcpy(at, &value, sizeof value);
        break;
    case TIME:
        t = take_time(r);
        memcpy(at, &t, sizeof t);
        break;
    case ADDRESS:
        address = take_address(r);
        memcpy(at, &address, sizeof address);
        break;
    case NAME:
        name = reader_take(r, CHRONY_NAME_SIZE);
        if (name != NULL) {
            memcpy(at, name, CHRONY_NAME_SIZE);
        }
        break;
    case CLIENT:
        take_fields(r, &client_layout, at);
        break;
    default:
        store(at, field->kind, reader_be(r, number_size(field->kind)));
        break;
    }
}

static void take_fields(struct reader *r, const struct layout *layout, void *object)
{
    for (size_t i = 0; i < layout->fields; i++) {
        const struct field *field = &layout->at[i];

        if (field->kind == ONES || field->kind == ZEROS) {
            (void)reader_take(r, field->offset);
        } else {
            take_field(r, field, (uint8_t *)object + field->offset);
        }
    }
}

static const struct layout *layout_of(uint16_t code)
{
    for (size_t i = 0; i < COUNT(layouts); i++) {
        if (layouts[i].code == code) {
            return &layouts[i];
        }
    }
    return NULL;
}

static const struct command *command_of(uint16_t number)
{
    for (size_t i = 0; i < COUNT(commands); i++) {
        if (commands[i].number == number) {
            return &commands[i];
        }
    }
    return NULL;
}

static void take_arguments(struct reader *r, const char *kinds, struct chrony_arguments *out)
{
    unsigned addresses = 0, numbers = 0, values = 0;

    for (; *kinds != '\0'; kinds++) {
        if (*kinds == 'a') {
            out->address[addresses++] = take_address(r);
        } else if (*kinds == 'i') {
            out->number[numbers++] = (int32_t)(uint32_t)reader_be(r, 4);
        } else if (*kinds == 'f') {
            out->value[values++] = chrony_float_decode((uint32_t)reader_be(r, 4));
        } else {
            out->time = take_time(r);
        }
    }
}

enum chrony_status chrony_request_decode(struct chrony_request *request, const uint8_t *bytes,
                                         size_t size, uint32_t open)
{
    struct reader r = {.at = bytes, .left = size};
    const struct command *command;
    uint64_t version, type, reserved;

    memset(request, 0, sizeof *request);
    if (size < CHRONY_REPLY_HEADER || size > CHRONY_REQUEST_MAX) {
        return CHRONY_SILENCE;
    }
    version = reader_be(&r, 1);
    type = reader_be(&r, 1);
    reserved = reader_be(&r, 2);
    request->command = (uint16_t)reader_be(&r, 2);
    (void)reader_be(&r, 2); /* how often it was sent */
    memcpy(request->sequence, reader_take(&r, 4), 4);
    (void)reader_be(&r, 8);
    request->size = size;
    request->bytes = bytes;
    if (type != PACKET_REQUEST || reserved != 0) {
        return CHRONY_SILENCE;
    }
    if (version != CHRONY_VERSION) {
        return version >= VERSION_ANSWERED ? CHRONY_BAD_VERSION : CHRONY_SILENCE;
    }
    command = command_of(request->command);
    if (command == NULL) {
        return CHRONY_INVALID;
    }
    if (size < command->size) {
        return CHRONY_BAD_LENGTH;
    }
    if (open != CHRONY_TRUSTED && ((open | CHRONY_OPEN_ALWAYS) & command->open) == 0) {
        return CHRONY_UNAUTH;
    }
    take_arguments(&r, command->arguments, &request->arguments);
    return r.overrun ? CHRONY_BAD_LENGTH : CHRONY_SUCCESS;
}

enum chrony_status chrony_add_decode(struct chrony_add *add, const struct chrony_request *request)
{
    struct reader r = {.at = request->bytes + CHRONY_REQUEST_HEADER,
                       .left = request->size - CHRONY_REQUEST_HEADER};

    memset(add, 0, sizeof *add);
    take_fields(&r, &add_layout, add);
    if (r.overrun) {
        return CHRONY_BAD_LENGTH;
    }
    if (add->type < CHRONY_ADD_SERVER || add->type > CHRONY_ADD_POOL) {
        return CHRONY_INVALID;
    }
    if (add->name[CHRONY_NAME_SIZE - 1] != '\0' || add->name[0] == '\0') {
        return CHRONY_INVALID_NAME;
    }
    for (const char *c = add->name; *c != '\0'; c++) {
        if (*c <= ' ' || *c >= 0x7f) {
            return CHRONY_INVALID_NAME;
        }
    }
    return CHRONY_SUCCESS;
}

uint16_t chrony_reply_for(const struct chrony_request *request)
{
    static const struct {
        uint16_t command, size, code;
    } rows[] = {
        {CHRONY_SERVER_STATS, 196, CHRONY_REPLY_SERVER_STATS4}, /* chronyc 4.4, Go */
        {CHRONY_SERVER_STATS, 72, CHRONY_REPLY_SERVER_STATS3},  /* 4.2 */
        {CHRONY_SERVER_STATS, 60, CHRONY_REPLY_SERVER_STATS2},  /* 4.0 */
        {CHRONY_SERVER_STATS, 48, CHRONY_REPLY_SERVER_STATS},   /* 3.x */
        {CHRONY_NTP_DATA, 172, CHRONY_REPLY_NTP_DATA2},         /* 4.6, Go */
        {CHRONY_NTP_DATA, 152, CHRONY_REPLY_NTP_DATA},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        if (rows[i].command == request->command && request->size >= rows[i].size) {
            return rows[i].code;
        }
    }
    return CHRONY_REPLY_NONE;
}

static void put_header(struct writer *w, const struct chrony_request *request, uint16_t code,
                       enum chrony_status status)
{
    writer_be(w, 1, CHRONY_VERSION);
    writer_be(w, 1, PACKET_REPLY);
    writer_be(w, 2, 0);
    writer_be(w, 2, request->command);
    writer_be(w, 2, code);
    writer_be(w, 2, status);
    put_filler(w, 0, 6);
    writer_put(w, request->sequence, sizeof request->sequence);
    put_filler(w, 0, 8);
}

size_t chrony_reply_encode(const struct chrony_request *request, uint16_t code, const void *body,
                           uint8_t bytes[static CHRONY_REPLY_MAX])
{
    const struct layout *layout = layout_of(code);
    struct writer w = {.at = bytes, .left = CHRONY_REPLY_MAX};

    put_header(&w, request, code, CHRONY_SUCCESS);
    if (layout != NULL) {
        put_fields(&w, layout, body);
    }
    must(!w.overrun);
    return CHRONY_REPLY_MAX - w.left;
}

size_t chrony_status_encode(const struct chrony_request *request, enum chrony_status status,
                            uint8_t bytes[static CHRONY_REPLY_MAX])
{
    struct writer w = {.at = bytes, .left = CHRONY_REPLY_MAX};

    put_header(&w, request, CHRONY_REPLY_NONE, status);
    return CHRONY_REPLY_MAX - w.left;
}

uint16_t chrony_reply_decode(const uint8_t *bytes, size_t size, void *body, size_t body_size)
{
    struct reader r = {.at = bytes, .left = size};
    const struct layout *layout;
    uint64_t version = reader_be(&r, 1);
    uint64_t type = reader_be(&r, 1);
    uint16_t code;

    (void)reader_take(&r, 4);
    code = (uint16_t)reader_be(&r, 2);
    (void)reader_take(&r, CHRONY_REPLY_HEADER - 8);
    if (r.overrun || version != CHRONY_VERSION || type != PACKET_REPLY) {
        return 0;
    }
    layout = layout_of(code);
    if (layout == NULL) {
        return code == CHRONY_REPLY_NONE ? code : 0;
    }
    if (layout->struct_size > body_size) {
        return 0;
    }
    memset(body, 0, layout->struct_size);
    take_fields(&r, layout, body);
    return r.overrun ? 0 : code;
}
