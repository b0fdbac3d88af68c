/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/record_lines.h"

#include <math.h>
#include <stdio.h>

#include "base/calendar.h"
#include "wire/refid.h"

enum { DATE_SIZE = 40, MJD_1970 = 40587 };
#define DAY_NS (86400 * NS_PER_S)
/* 1970 in the seconds of NTP's first era. */
#define NTP_EPOCH_S INT64_C(2208988800)

static void print_date(struct utc_time t, char text[static DATE_SIZE])
{
    struct civil civil = civil_from_utc(t);

    snprintf(text, DATE_SIZE, "%04d-%02d-%02d %02d:%02d:%02d", civil.year, civil.month, civil.day,
             civil.hour, civil.minute, civil.second);
}

/* "57712 20450.123": the modified Julian day, and the seconds of it. */
static void print_day(struct utc_time t, char text[static DATE_SIZE])
{
    int64_t day = calendar_day_number(t);
    int64_t ms = (t.ns - day * DAY_NS) / 1000000;

    snprintf(text, DATE_SIZE, "%lld %lld.%03d", (long long)(day + MJD_1970), (long long)(ms / 1000),
             (int)(ms % 1000));
}

static char leap_letter(uint8_t leap)
{
    return "N+-?"[leap & 3];
}

static char stamp_letter(uint8_t stamp_class)
{
    return stamp_class == STAMP_HARDWARE ? 'H' : stamp_class == STAMP_KERNEL ? 'K' : 'D';
}

/* Which of the tests that chrony shows the answer has failed: a digit of "111 111 1111". */
static void print_tests(enum drop_reason reason, char text[static 16])
{
    static const struct {
        enum drop_reason reason;
        int at; /* in the text */
    } failed[] = {
        {DROP_ORIGIN, 1},         {DROP_SHORT, 2},
        {DROP_FORMAT, 2},         {DROP_VERSION, 2},
        {DROP_MODE, 2},           {DROP_SERVER_TIME, 2},
        {DROP_BAD_MAC, 4},        {DROP_UNAUTHENTICATED, 4},
        {DROP_CRYPTO_NAK, 4},     {DROP_NTS_ID, 4},
        {DROP_NTS_FORGED, 4},     {DROP_NTS_NAK, 4},
        {DROP_STRATUM, 5},        {DROP_UNSYNCHRONISED, 5},
        {DROP_REFERENCE_TIME, 5}, {DROP_KOD_RATE, 5},
        {DROP_KOD_DENY, 5},       {DROP_KOD_OTHER, 5},
        {DROP_ROOT_DISTANCE, 6},  {DROP_DELAY, 8},
        {DROP_NEGATIVE_DELAY, 8}, {DROP_AMBIGUOUS_STAMP, 8},
        {DROP_LEAP_WINDOW, 8},    {DROP_TEST_DEVIATION, 10},
        {DROP_LOOP, 11},
    };

    snprintf(text, 16, "111 111 1111");
    for (size_t i = 0; i < sizeof failed / sizeof failed[0]; i++) {
        if (failed[i].reason == reason) {
            text[failed[i].at] = '0';
        }
    }
}

int record_measurement(const struct record_answer *answer, char line[static RECORD_LINE_SIZE])
{
    const struct ntp_packet *packet = &answer->measured->packet;
    const struct sample *sample = &answer->measured->sample;
    char date[DATE_SIZE], address[ADDRESS_TEXT_SIZE], tests[16];
    char stamp = stamp_letter(sample->stamp_class);

    print_date(answer->now, date);
    address_print(&answer->source->address, address);
    print_tests(answer->measured->reason, tests);
    return snprintf(line, RECORD_LINE_SIZE,
                    "%s %-15s %c %2u %s  %2d %2d %4.2f %10.3e %10.3e %10.3e %10.3e %10.3e %08X "
                    "%u%c %c %c\n",
                    date, address, leap_letter(packet->leap), packet->stratum, tests,
                    answer->source->poll_log2, packet->poll_log2, 0.0, answer->measured->error_s,
                    sample->delay_s, sample->precision_s, ntp_short_to_s(packet->root_delay),
                    ntp_short_to_s(packet->root_dispersion), packet->refid, packet->mode,
                    answer->source->interleaved ? 'I' : 'B', stamp, stamp);
}

int record_statistics(const struct source_status *source, struct utc_time now,
                      char line[static RECORD_LINE_SIZE])
{
    char date[DATE_SIZE], address[ADDRESS_TEXT_SIZE];

    print_date(now, date);
    address_print(&source->address, address);
    /* Positive in these columns: the local clock is fast, or gains. */
    return snprintf(line, RECORD_LINE_SIZE,
                    "%s %-15s %10.3e %10.3e %10.3e %10.3e %10.3e %7.1e %3u %3u %3u %5.2f\n", date,
                    address, source->jitter_s, -source->offset_s, source->sd_s,
                    -source->freq_s_per_s, source->freq_sd_s_per_s, 0.0, source->samples, 0U,
                    source->runs, source->asymmetry);
}

static const struct source_status *selected(const struct status_record *status)
{
    int32_t index = status->node.selected;

    return index >= 0 && (size_t)index < status->count ? &status->sources[index] : NULL;
}

int record_tracking(const struct status_record *status, char line[static RECORD_LINE_SIZE])
{
    const struct node_status *node = &status->node;
    const struct source_status *source = selected(status);
    char date[DATE_SIZE], address[ADDRESS_TEXT_SIZE] = "0.0.0.0";

    print_date(node->now, date);
    if (source) {
        address_print(&source->address, address);
    }
    return snprintf(line, RECORD_LINE_SIZE,
                    "%s %-15s %2u %10.3f %10.3f %10.3e %c %2u %10.3e %10.3e %10.3e %10.3e %10.3e\n",
                    date, address, node->stratum, -node->freq_s_per_s * 1e6,
                    node->freq_sd_s_per_s * 1e6, -node->last_correction_s, leap_letter(node->leap),
                    node->agreeing_count, node->sd_s, node->clock_error_s, node->root_delay_s,
                    node->root_dispersion_s, node->bound_s);
}

/* chrony's letters of a source's state. */
static char state_letter(const struct source_status *source)
{
    switch ((enum source_state)source->state) {
    case SOURCE_SELECTED:
        return '*';
    case SOURCE_COMBINED:
        return '+';
    case SOURCE_TRUECHIMER:
        return '-';
    case SOURCE_FALSETICKER:
    case SOURCE_NO_MAJORITY:
        return 'x';
    case SOURCE_TOO_FAR:
        return 'd';
    case SOURCE_NOSELECT:
        return 'N';
    case SOURCE_JUMPED:
        return '~';
    case SOURCE_UNTRUSTED:
        return 'T';
    case SOURCE_MEASURING:
    case SOURCE_UNREACHABLE:
        return source->samples > 0 ? 'S' : 'M';
    case SOURCE_UNSYNCHRONISED:
    case SOURCE_BAD:
    case SOURCE_KOD:
    case SOURCE_OFFLINE:
    case SOURCE_UNRESOLVED:
    case SOURCE_NO_KEY:
    case SOURCE_UNAUTHENTICATED:
    case SOURCE_KEY_EXCHANGE:
    case SOURCE_CERT_TIME:
    case SOURCE_NO_CONSTRAINT:
    case SOURCE_CONTRADICTS:
    case SOURCE_STRATUM:
    case SOURCE_STATE_COUNT:
        break;
    }
    return 's';
}

int record_tempcomp(const struct node_status *node, char line[static RECORD_LINE_SIZE])
{
    char date[DATE_SIZE];

    print_date(node->now, date);
    return snprintf(line, RECORD_LINE_SIZE, "%s %11.4e %11.4e\n", date, node->temperature,
                    node->tempcomp_s_per_s * 1e6);
}

int record_selection(const struct source_status *source, struct utc_time now,
                     char line[static RECORD_LINE_SIZE])
{
    char date[DATE_SIZE], address[ADDRESS_TEXT_SIZE];
    double age_s = source->last_sample.ns == 0
                       ? 0
                       : (double)(now.ns - source->last_sample.ns) / (double)NS_PER_S;

    print_date(now, date);
    address_print(&source->address, address);
    return snprintf(line, RECORD_LINE_SIZE,
                    "%s %-15s %c %c%c%c%c- %4o %5.2f %10.3e %10.3e %10.3e\n", date, address,
                    state_letter(source), source->noselect ? 'N' : '-', source->prefer ? 'P' : '-',
                    source->trust ? 'T' : '-', source->require ? 'R' : '-', source->reach & 0xffU,
                    source->weight, age_s, source->offset_s - source->distance_s,
                    source->offset_s + source->distance_s);
}

int record_loop(const struct status_record *status, char line[static RECORD_LINE_SIZE])
{
    const struct node_status *node = &status->node;
    const struct source_status *source = selected(status);
    char day[DATE_SIZE];

    print_day(node->now, day);
    return snprintf(line, RECORD_LINE_SIZE, "%s %.9f %.3f %.9f %.6f %d\n", day,
                    node->last_correction_s, node->freq_s_per_s * 1e6, node->rms_correction_s,
                    node->freq_sd_s_per_s * 1e6, source ? source->poll_log2 : 0);
}

/*
 * RFC 9327: in the first octet configured, to be authenticated, authenticated, reachable, and how
 * it was selected; in the second one event, that it became reachable or unreachable.
 */
static unsigned peer_status(const struct source_status *source)
{
    unsigned select = 0;

    switch (source->state) {
    case SOURCE_SELECTED:
        select = 6;
        break;
    case SOURCE_COMBINED:
        select = 4;
        break;
    case SOURCE_TRUECHIMER:
        select = 3;
        break;
    case SOURCE_FALSETICKER:
        select = 1;
        break;
    default:
        break;
    }
    return (0x80U | (source->key != 0 ? 0x40U : 0) | (source->authenticated ? 0x20U : 0) |
            (source->reach != 0 ? 0x10U : 0) | select)
               << 8 |
           (source->reach != 0 ? 0x14U : 0x13U);
}

int record_peer(const struct source_status *source, struct utc_time now,
                char line[static RECORD_LINE_SIZE])
{
    char day[DATE_SIZE], address[ADDRESS_TEXT_SIZE];

    print_day(now, day);
    address_print(&source->address, address);
    return snprintf(line, RECORD_LINE_SIZE, "%s %s %x %.9f %.9f %.9f %.9f\n", day, address,
                    peer_status(source), source->last_offset_s, source->last_delay_s,
                    source->root_dispersion_s, source->jitter_s);
}

/* Seconds since 1900 with their fraction, moved by `by_s`. */
static void print_ntp(struct utc_time t, double by_s, char text[static DATE_SIZE])
{
    int64_t ns = t.ns + duration_from_s(by_s).ns + NTP_EPOCH_S * NS_PER_S;

    snprintf(text, DATE_SIZE, "%lld.%09lld", (long long)(ns / NS_PER_S),
             (long long)(ns % NS_PER_S));
}

int record_raw(const struct record_answer *answer, char line[static RECORD_LINE_SIZE])
{
    const struct ntp_packet *packet = &answer->measured->packet;
    const struct source_status *source = answer->source;
    double half_s = answer->measured->sample.delay_s / 2;
    double offset_s = answer->measured->error_s;
    char day[DATE_SIZE], from[ADDRESS_TEXT_SIZE], to[ADDRESS_TEXT_SIZE], t[4][DATE_SIZE];
    char refid[REFID_TEXT_SIZE];

    print_day(answer->now, day);
    address_print(&source->address, from);
    address_print(&source->local, to);
    print_ntp(source->packet_receive, -offset_s - half_s, t[0]);
    print_ntp(source->packet_receive, 0, t[1]);
    print_ntp(source->packet_transmit, 0, t[2]);
    print_ntp(source->packet_transmit, -offset_s + half_s, t[3]);
    refid_print(packet->refid, packet->stratum, refid);
    return snprintf(
        line, RECORD_LINE_SIZE, "%s %s %s %s %s %s %s %u %u %u %u %d %d %.6f %.6f %s 0 0 0\n", day,
        from, to, t[0], t[1], t[2], t[3], packet->leap, packet->version, packet->mode,
        packet->stratum, packet->poll_log2, packet->precision_log2,
        ntp_short_to_s(packet->root_delay), ntp_short_to_s(packet->root_dispersion), refid);
}

/* Since the start: received, for this host, current version (not told apart), older, denied, bad
 * format, bad authentication, declined, rate exceeded, kisses. */
int record_system(const struct node_status *node, char line[static RECORD_LINE_SIZE])
{
    const struct server_status *server = &node->server;
    const uint64_t *drops = server->drops;
    char day[DATE_SIZE];

    print_day(node->now, day);
    return snprintf(
        line, RECORD_LINE_SIZE, "%s %lld %llu %llu %llu %llu %llu %llu %llu %llu %llu %llu\n", day,
        (long long)((node->now.ns - node->started.ns) / NS_PER_S),
        (unsigned long long)server->requests, (unsigned long long)server->requests,
        (unsigned long long)server->answers, 0ULL, (unsigned long long)drops[DROP_ACCESS],
        (unsigned long long)(drops[DROP_SHORT] + drops[DROP_FORMAT] + drops[DROP_VERSION] +
                             drops[DROP_MODE]),
        (unsigned long long)(drops[DROP_BAD_MAC] + drops[DROP_UNAUTHENTICATED]),
        (unsigned long long)(drops[DROP_NOT_SERVING] + drops[DROP_STALE]),
        (unsigned long long)drops[DROP_RATE_LIMIT], (unsigned long long)server->kisses);
}
