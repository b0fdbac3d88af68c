/* SPDX-License-Identifier: BSD-2-Clause */
/* ask_mode6_peer.c - the variables of one source, as ntpd names them. */
#include <math.h>
#include <string.h>

#include "core/server/ask_mode6.h"
#include "wire/ntp_packet.h"
#include "wire/refid.h"

enum { STRATUM_UNREACHABLE = 16, MS_PER_S = 1000 };

/* What ntpd says of a source that never answered. */
static const double no_dispersion_s = 16;

uint16_t ask_mode6_association(const struct source_status *source)
{
    return source->address.family != ADDRESS_NONE && source->association < UINT16_MAX
               ? (uint16_t)(source->association + 1)
               : 0;
}

static bool answered(const struct source_status *source)
{
    return source->packet_mode != 0;
}

static unsigned selection_of(const struct source_status *source)
{
    enum { REJECT, FALSETICKER, EXCESS, OUTLIER, CANDIDATE, BACKUP, SYSTEM_PEER };

    switch (source->state) {
    case SOURCE_SELECTED:
        return SYSTEM_PEER;
    case SOURCE_COMBINED:
        return CANDIDATE;
    case SOURCE_TRUECHIMER:
        return OUTLIER;
    case SOURCE_FALSETICKER:
    case SOURCE_NO_MAJORITY:
    case SOURCE_UNTRUSTED:
        return FALSETICKER;
    default:
        return REJECT;
    }
}

uint16_t ask_mode6_peer_status(const struct source_status *source)
{
    enum { CONFIGURED = 0x8000, AUTHENTIC = 0x6000, REACHABLE = 0x1000 };
    enum { EVENT_MOBILIZE = 1, EVENT_UNREACHABLE = 3, EVENT_REACHABLE = 4, EVENT_SYSTEM_PEER = 10 };
    bool reachable = (source->reach & 0xff) != 0;
    unsigned event = source->state == SOURCE_SELECTED ? EVENT_SYSTEM_PEER
                     : reachable                      ? EVENT_REACHABLE
                     : answered(source)               ? EVENT_UNREACHABLE
                                                      : EVENT_MOBILIZE;

    return (uint16_t)(CONFIGURED | (source->authenticated ? AUTHENTIC : 0) |
                      (reachable ? REACHABLE : 0) | selection_of(source) << 8 | 1U << 4 | event);
}

/* Tests that the last answer failed (flash bits), and whether there are answers at all. */
static unsigned flash_of(const struct source_status *source)
{
    enum { BOGUS = 2, UNSYNCHRONISED = 0x20, HEADER = 0x40, DISTANCE = 0x400, LOOP = 0x800 };
    enum { UNREACHABLE = 0x1000 };
    unsigned flash = (source->reach & 0xff) == 0 ? UNREACHABLE : 0;

    switch (source->last_result) {
    case DROP_NONE:
        return flash;
    case DROP_ORIGIN:
        return flash | BOGUS;
    case DROP_UNSYNCHRONISED:
    case DROP_STRATUM:
        return flash | UNSYNCHRONISED;
    case DROP_ROOT_DISTANCE:
    case DROP_DELAY:
        return flash | DISTANCE;
    case DROP_LOOP:
        return flash | LOOP;
    default:
        return flash | HEADER;
    }
}

typedef double getter(const struct source_status *source);

#define GETTER(name, expression)                                                                   \
    static double get_##name(const struct source_status *source)                                   \
    {                                                                                              \
        (void)source;                                                                              \
        return (double)(expression);                                                               \
    }

GETTER(port, source->address.port)
GETTER(local_port, source->local.port)
GETTER(leap, answered(source) ? source->leap : NTP_LEAP_UNSYNC)
GETTER(mode_ours, NTP_MODE_CLIENT)
GETTER(mode_theirs, source->packet_mode)
GETTER(stratum, answered(source) && source->stratum > 0 ? source->stratum : STRATUM_UNREACHABLE)
GETTER(poll, source->poll_log2)
GETTER(peer_poll, source->packet_poll > source->poll_log2 ? source->packet_poll : source->poll_log2)
GETTER(precision, source->packet_precision_log2)
GETTER(rootdelay, source->root_delay_s *MS_PER_S)
GETTER(rootdisp, source->root_dispersion_s *MS_PER_S)
GETTER(reach, source->reach & 0xff)
GETTER(delay, source->last_delay_s *MS_PER_S)
GETTER(offset, source->offset_s *MS_PER_S)
GETTER(jitter, sqrt(source->sd_s * source->sd_s + source->jitter_s * source->jitter_s) * MS_PER_S)
GETTER(dispersion, (source->samples > 0 ? source->distance_s : no_dispersion_s) * MS_PER_S)
GETTER(flash, flash_of(source))
GETTER(cookies, -1)
GETTER(sent, source->sent)
GETTER(received, source->received)
GETTER(bogus, source->drops[DROP_ORIGIN])
GETTER(authentic, source->authenticated)
GETTER(bias, 0)
GETTER(candidate, selection_of(source) >= 4)
GETTER(configured, 1)

/* Requests in a row, the newest, without an answer. */
static double get_unreach(const struct source_status *source)
{
    unsigned silent = 0;

    while (silent < 16 && silent < source->sent && (source->reach >> silent & 1) == 0) {
        silent++;
    }
    return silent;
}

static const struct {
    const char *name;
    enum mode6_kind kind;
    getter *get;
} variables[] = {
    {"srcport", MODE6_WHOLE, get_port},
    {"dstport", MODE6_WHOLE, get_local_port},
    {"leap", MODE6_WHOLE, get_leap},
    {"hmode", MODE6_WHOLE, get_mode_ours},
    {"stratum", MODE6_WHOLE, get_stratum},
    {"ppoll", MODE6_WHOLE, get_peer_poll},
    {"hpoll", MODE6_WHOLE, get_poll},
    {"precision", MODE6_WHOLE, get_precision},
    {"rootdelay", MODE6_FIXED3, get_rootdelay},
    {"rootdisp", MODE6_FIXED3, get_rootdisp},
    {"reach", MODE6_HEX, get_reach},
    {"unreach", MODE6_WHOLE, get_unreach},
    {"delay", MODE6_FIXED6, get_delay},
    {"offset", MODE6_FIXED6, get_offset},
    {"jitter", MODE6_FIXED6, get_jitter},
    {"dispersion", MODE6_FIXED6, get_dispersion},
    {"pmode", MODE6_WHOLE, get_mode_theirs},
    {"flash", MODE6_HEX, get_flash},
    {"ntscookies", MODE6_WHOLE, get_cookies},
    {"sent", MODE6_WHOLE, get_sent},
    {"received", MODE6_WHOLE, get_received},
    {"bogusorg", MODE6_WHOLE, get_bogus},
    {"authentic", MODE6_WHOLE, get_authentic},
    {"authenable", MODE6_WHOLE, get_authentic},
    {"bias", MODE6_FIXED6, get_bias},
    {"candidate", MODE6_WHOLE, get_candidate},
    {"config", MODE6_WHOLE, get_configured},
    {"mode", MODE6_WHOLE, get_mode_ours},
};

static void put_address(struct mode6_answer *answer, const char *name,
                        const struct address *address)
{
    char text[ADDRESS_TEXT_SIZE];

    if (address->family == ADDRESS_NONE) {
        memcpy(text, "0.0.0.0", 8);
    } else {
        address_print(address, text);
    }
    ask_mode6_text(answer, name, text);
}

static void put_refid(const struct source_status *source, struct mode6_answer *answer)
{
    char text[REFID_TEXT_SIZE];

    if (!answered(source)) {
        memcpy(text, "INIT", 5); /* true until the first answer */
    } else {
        refid_print(source->refid, source->stratum, text);
    }
    ask_mode6_text(answer, "refid", text);
}

/* What is not a number. */
static bool put_other(const struct source_status *source, const char *name,
                      struct mode6_answer *answer)
{
    if (strcmp(name, "srcadr") == 0) {
        put_address(answer, name, &source->address);
    } else if (strcmp(name, "dstadr") == 0) {
        put_address(answer, name, &source->local);
    } else if (strcmp(name, "refid") == 0) {
        put_refid(source, answer);
    } else if (strcmp(name, "reftime") == 0) {
        ask_mode6_time(answer, name, source->packet_reference);
    } else if (strcmp(name, "rec") == 0) {
        ask_mode6_time(answer, name, source->last_answer);
    } else if (strcmp(name, "xmt") == 0) {
        ask_mode6_time(answer, name, source->packet_transmit);
    } else if (strcmp(name, "srchost") == 0) {
        ask_mode6_quoted(answer, name, source->name);
    } else {
        return false;
    }
    return true;
}

bool ask_mode6_peer(const struct source_status *source, const char *name,
                    struct mode6_answer *answer)
{
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        if (strcmp(variables[i].name, name) == 0) {
            ask_mode6_number(answer, name, variables[i].kind, variables[i].get(source));
            return true;
        }
    }
    return put_other(source, name, answer);
}

/* `rec` comes after `reftime`: the later one is what ntpq reckons `when` from. */
void ask_mode6_peer_all(const struct source_status *source, struct mode6_answer *answer)
{
    static const char *const names[] = {
        "srcadr",     "srcport", "dstadr",    "dstport",    "leap",     "hmode",  "stratum",
        "ppoll",      "hpoll",   "precision", "rootdelay",  "rootdisp", "refid",  "reftime",
        "rec",        "xmt",     "reach",     "unreach",    "delay",    "offset", "jitter",
        "dispersion", "pmode",   "flash",     "ntscookies",
    };
    struct address literal;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        (void)ask_mode6_peer(source, names[i], answer);
    }
    if (!address_parse(&literal, source->name)) {
        (void)ask_mode6_peer(source, "srchost", answer);
    }
}
