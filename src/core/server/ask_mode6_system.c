/* SPDX-License-Identifier: BSD-2-Clause */
/* ask_mode6_system.c - the system's variables, as ntpd names them. */
#include <string.h>

#include "core/server/ask_mode6.h"
#include "wire/ntp_packet.h"
#include "wire/nts.h"
#include "wire/refid.h"

enum { STRATUM_UNSYNCHRONISED = 16, SOURCE_NTP = 6, SOURCE_LOCAL = 5, MS_PER_S = 1000 };

static const uint32_t refid_local = 0x7f7f0101;

static bool synchronised(const struct node_status *node)
{
    return node->leap != NTP_LEAP_UNSYNC;
}

static const struct source_status *selected(const struct ask_view *view)
{
    int32_t index = view->record->node.selected;

    return index >= 0 && (size_t)index < view->record->count ? &view->record->sources[index] : NULL;
}

uint16_t ask_mode6_system_status(const struct node_status *node)
{
    enum { EVENT_CLOCK_SYNC = 5, EVENT_RESTART = 6, EVENT_NO_SYSTEM_PEER = 8 };
    unsigned source = !synchronised(node)          ? 0
                      : node->refid == refid_local ? SOURCE_LOCAL
                                                   : SOURCE_NTP;
    unsigned event = node->state == NODE_SYNCHRONISED ? EVENT_CLOCK_SYNC
                     : node->state == NODE_STARTING   ? EVENT_RESTART
                                                      : EVENT_NO_SYSTEM_PEER;

    return (uint16_t)((unsigned)node->leap << 14 | source << 8 | 1U << 4 | event);
}

/* Numbers of the node; NULL: of things that noon does not have, which are 0. */
typedef double getter(const struct ask_view *view);

#define GETTER(name, expression)                                                                   \
    static double get_##name(const struct ask_view *view)                                          \
    {                                                                                              \
        const struct node_status *node = &view->record->node;                                      \
                                                                                                   \
        (void)node;                                                                                \
        return (double)(expression);                                                               \
    }

GETTER(leap, node->leap)
GETTER(stratum, synchronised(node) && node->stratum > 0 ? node->stratum : STRATUM_UNSYNCHRONISED)
GETTER(precision, node->precision_log2)
GETTER(rootdelay, node->root_delay_s *MS_PER_S)
GETTER(rootdisp, node->root_dispersion_s *MS_PER_S)
GETTER(rootdist, (node->root_delay_s / 2 + node->root_dispersion_s) * MS_PER_S)
GETTER(tc, selected(view) ? selected(view)->poll_log2 : 0)
GETTER(mintc, selected(view) ? selected(view)->minpoll : 0)
GETTER(peer, selected(view) ? ask_mode6_association(selected(view)) : 0)
GETTER(peermode, selected(view) ? NTP_MODE_CLIENT : 0)
GETTER(offset, node->clock_error_s *MS_PER_S)
GETTER(frequency, node->freq_s_per_s * 1e6)
GETTER(sys_jitter, node->rms_correction_s *MS_PER_S)
GETTER(clk_jitter, node->sd_s *MS_PER_S)
GETTER(clk_wander, node->freq_sd_s_per_s * 1e6)
GETTER(uptime, view->now.ns > node->started.ns ? (view->now.ns - node->started.ns) / NS_PER_S : 0)
GETTER(received, node->server.requests)
GETTER(processed, node->server.answers)
GETTER(restricted, node->server.drops[DROP_ACCESS])
GETTER(limited, node->server.drops[DROP_RATE_LIMIT])
GETTER(badformat, node->server.drops[DROP_FORMAT] + node->server.drops[DROP_SHORT])
GETTER(oldver, node->server.drops[DROP_VERSION])
GETTER(declined, node->server.drops[DROP_NOT_SERVING] + node->server.drops[DROP_MODE])
GETTER(clients, view->clients ? view->clients->count : 0)
GETTER(monitors, view->clients ? 3 : 0)
GETTER(maxerror, (node->root_delay_s / 2 + node->root_dispersion_s) * MS_PER_S)
GETTER(esterror, node->sd_s *MS_PER_S)

/* Of the sources with NTS, as they are now. */
static double sum_nts(const struct ask_view *view, bool sent, bool good)
{
    double sum = 0;

    for (size_t i = 0; i < view->record->count; i++) {
        const struct source_status *source = &view->record->sources[i];

        if (source->auth == AUTH_MODE_NTS) {
            sum += sent   ? source->sent
                   : good ? source->accepted
                          : source->received - source->accepted;
        }
    }
    return sum;
}

GETTER(nts_client_send, sum_nts(view, true, false))
GETTER(nts_client_good, sum_nts(view, false, true))
GETTER(nts_client_bad, sum_nts(view, false, false))
GETTER(nts_server_send, node->server.nts_answers + node->server.nts_naks)
GETTER(nts_server_good, node->server.nts_answers)
GETTER(nts_server_bad, node->server.drops[DROP_NTS_COOKIE])
GETTER(nts_cookie_make, node->server.nts_cookies + node->ke_server.exchanges * NTS_COOKIES)
GETTER(ke_probes_good, node->keys_exchanged)
GETTER(ke_probes_bad, node->keys_failed)
GETTER(ke_serves_good, node->ke_server.exchanges)
GETTER(ke_serves_bad, node->ke_server.handshakes_failed + node->ke_server.bad_requests +
                          node->ke_server.no_cipher + node->ke_server.slow +
                          node->ke_server.crowded_out + node->ke_server.limited +
                          node->ke_server.refused + node->ke_server.internal_errors)
GETTER(badauth, node->server.drops[DROP_BAD_MAC] + node->server.drops[DROP_NTS_COOKIE])
GETTER(kisses, node->server.kisses + node->server.nts_naks)

struct variable {
    const char *name;
    enum mode6_kind kind;
    getter *get; /* NULL: 0 */
};

#define BOTH(name, get)                                                                            \
    {name, MODE6_WHOLE, get},                                                                      \
    {                                                                                              \
        name "_r", MODE6_WHOLE, get                                                                \
    }
#define NONE(name)                                                                                 \
    {                                                                                              \
        name, MODE6_WHOLE, NULL                                                                    \
    }
#define NONE3(name)                                                                                \
    {                                                                                              \
        name, MODE6_FIXED3, NULL                                                                   \
    }

static const struct variable variables[] = {
    {"leap", MODE6_WHOLE, get_leap},
    {"stratum", MODE6_WHOLE, get_stratum},
    {"precision", MODE6_WHOLE, get_precision},
    {"rootdelay", MODE6_FIXED3, get_rootdelay},
    {"rootdisp", MODE6_FIXED3, get_rootdisp},
    {"rootdist", MODE6_FIXED3, get_rootdist},
    {"tc", MODE6_WHOLE, get_tc},
    {"peer", MODE6_WHOLE, get_peer},
    {"offset", MODE6_FIXED6, get_offset},
    {"frequency", MODE6_FIXED6, get_frequency},
    {"sys_jitter", MODE6_FIXED6, get_sys_jitter},
    {"clk_jitter", MODE6_FIXED6, get_clk_jitter},
    {"clk_wander", MODE6_FIXED6, get_clk_wander},
    {"mintc", MODE6_WHOLE, get_mintc},
    {"peermode", MODE6_WHOLE, get_peermode},
    NONE3("authdelay"),
    {"ss_uptime", MODE6_WHOLE, get_uptime},
    {"ss_reset", MODE6_WHOLE, get_uptime},
    NONE("ss_numctlreq"),
    BOTH("ss_received", get_received),
    BOTH("ss_thisver", get_processed),
    BOTH("ss_oldver", get_oldver),
    BOTH("ss_ver1", NULL),
    BOTH("ss_ver1client", NULL),
    BOTH("ss_ver1zero", NULL),
    BOTH("ss_ver1symm", NULL),
    BOTH("ss_badformat", get_badformat),
    BOTH("ss_badauth", get_badauth),
    BOTH("ss_declined", get_declined),
    BOTH("ss_restricted", get_restricted),
    BOTH("ss_limited", get_limited),
    BOTH("ss_kodsent", get_kisses),
    BOTH("ss_processed", get_processed),
    {"koffset", MODE6_FIXED6, NULL},
    {"kfreq", MODE6_FIXED6, get_frequency},
    {"kmaxerr", MODE6_FIXED3, get_maxerror},
    {"kesterr", MODE6_FIXED3, get_esterror},
    NONE("ktimeconst"),
    NONE3("kprecis"),
    NONE3("kfreqtol"),
    NONE3("kppsfreq"),
    NONE3("kppsstab"),
    NONE3("kppsjitter"),
    NONE("kppscalibdur"),
    NONE("kppscalibs"),
    NONE("kppsjitexc"),
    NONE("kppsstbexc"),
    NONE("kppscaliberrs"),
    {"mru_enabled", MODE6_HEX, get_monitors},
    {"mru_depth", MODE6_WHOLE, get_clients},
    {"mru_deepest", MODE6_WHOLE, get_clients},
    {"mru_exists", MODE6_WHOLE, get_received},
    NONE("mru_hashslots"),
    NONE("mru_maxdepth"),
    NONE("mru_mindepth"),
    NONE("mru_maxage"),
    NONE("mru_minage"),
    NONE("mru_mem"),
    NONE("mru_maxmem"),
    NONE("mru_new"),
    NONE("mru_recycleold"),
    NONE("mru_recyclefull"),
    NONE("mru_none"),
    NONE("mru_oldest_age"),
    {"iostats_reset", MODE6_WHOLE, get_uptime},
    {"io_received", MODE6_WHOLE, get_received},
    {"io_sent", MODE6_WHOLE, get_processed},
    NONE("total_rbuf"),
    NONE("free_rbuf"),
    NONE("used_rbuf"),
    NONE("rbuf_lowater"),
    NONE("io_dropped"),
    NONE("io_ignored"),
    NONE("io_sendfailed"),
    NONE("io_wakeups"),
    NONE("io_goodwakeups"),
    {"timerstats_reset", MODE6_WHOLE, get_uptime},
    NONE("timer_overruns"),
    NONE("timer_xmts"),
    {"nts_client_send", MODE6_WHOLE, get_nts_client_send},
    {"nts_client_recv_good", MODE6_WHOLE, get_nts_client_good},
    {"nts_client_recv_bad", MODE6_WHOLE, get_nts_client_bad},
    {"nts_server_send", MODE6_WHOLE, get_nts_server_send},
    {"nts_server_recv_good", MODE6_WHOLE, get_nts_server_good},
    {"nts_server_recv_bad", MODE6_WHOLE, get_nts_server_bad},
    {"nts_cookie_make", MODE6_WHOLE, get_nts_cookie_make},
    {"nts_cookie_decode", MODE6_WHOLE, get_nts_server_good},
    NONE("nts_cookie_decode_old"),
    NONE("nts_cookie_decode_old2"),
    NONE("nts_cookie_decode_older"),
    NONE("nts_cookie_decode_too_old"),
    {"nts_cookie_decode_error", MODE6_WHOLE, get_nts_server_bad},
    {"nts_ke_probes_good", MODE6_WHOLE, get_ke_probes_good},
    {"nts_ke_probes_bad", MODE6_WHOLE, get_ke_probes_bad},
    {"nts_ke_serves_good", MODE6_WHOLE, get_ke_serves_good},
    {"nts_ke_serves_bad", MODE6_WHOLE, get_ke_serves_bad},
};

static void put_refid(const struct ask_view *view, struct mode6_answer *answer)
{
    const struct node_status *node = &view->record->node;
    char text[REFID_TEXT_SIZE];

    if (synchronised(node)) {
        refid_print(node->refid, node->stratum > 1 ? 2 : 1, text);
    } else {
        memcpy(text, "INIT", 5);
    }
    ask_mode6_text(answer, "refid", text);
}

static void put_peeradr(const struct ask_view *view, struct mode6_answer *answer)
{
    char text[ADDRESS_TEXT_SIZE] = "0.0.0.0:0";

    if (selected(view) != NULL) {
        address_print_port(&selected(view)->address, text);
    }
    ask_mode6_text(answer, "peeradr", text);
}

/* What is not a number. */
static bool put_other(const struct ask_view *view, const char *name, struct mode6_answer *answer)
{
    const struct node_status *node = &view->record->node;
    char version[64] = "ntpd noon-";

    if (strcmp(name, "refid") == 0) {
        put_refid(view, answer);
    } else if (strcmp(name, "reftime") == 0) {
        ask_mode6_time(answer, name, node->reference_time);
    } else if (strcmp(name, "clock") == 0) {
        ask_mode6_time(answer, name, view->now);
    } else if (strcmp(name, "peeradr") == 0) {
        put_peeradr(view, answer);
    } else if (strcmp(name, "version") == 0) {
        memcpy(version + strlen(version), node->version, sizeof node->version);
        ask_mode6_quoted(answer, name, version);
    } else if (strcmp(name, "system") == 0) {
        ask_mode6_quoted(answer, name, "Linux");
    } else if (strcmp(name, "processor") == 0) {
        ask_mode6_quoted(answer, name, sizeof(void *) == 8 ? "64 bit" : "32 bit");
    } else if (strcmp(name, "kstflags") == 0) {
        ask_mode6_quoted(answer, name, synchronised(node) ? "nano" : "unsync nano");
    } else {
        return false;
    }
    return true;
}

bool ask_mode6_system(const struct ask_view *view, const char *name, struct mode6_answer *answer)
{
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        if (strcmp(variables[i].name, name) == 0) {
            ask_mode6_number(answer, name, variables[i].kind,
                             variables[i].get ? variables[i].get(view) : 0);
            return true;
        }
    }
    return put_other(view, name, answer);
}

void ask_mode6_system_all(const struct ask_view *view, struct mode6_answer *answer)
{
    static const char *const names[] = {
        "leap",      "stratum", "precision", "rootdelay",  "rootdisp",   "refid",      "reftime",
        "tc",        "peer",    "offset",    "frequency",  "sys_jitter", "clk_jitter", "clock",
        "processor", "system",  "version",   "clk_wander", "mintc",
    };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        (void)ask_mode6_system(view, names[i], answer);
    }
}
