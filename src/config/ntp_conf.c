/* SPDX-License-Identifier: BSD-2-Clause */
/* ntp_conf.c - ntp.conf of ntp.org and NTPsec: its lines, and what holds without them. */
#include "config/dialects.h"

#include <string.h>

#include "config/number.h"
#include "config/option_tables.h"
#include "config/value.h"

/* What ntpd does unless told otherwise. */
static const double step_s = 0.128;
static const double panic_s = 1000;
static const double max_distance_s = 1.5;
enum { OWN_CLOCK_STRATUM = 5, ORPHAN_WAIT_S = 300, STRATUM_MAX = 15 };

void ntp_begin(struct parser *parser)
{
    struct node_options *node = &parser->config->node;

    node->step = (struct step_options){.threshold_s = step_s, .limit = -1};
    node->change = (struct change_options){.offset_s = panic_s};
    node->max_distance_s = max_distance_s;
    parser->ntp = (struct ntp_notes){.stratum = OWN_CLOCK_STRATUM};
}

/* A word at parser->words_at that asks for one family is taken out of the way. */
static uint8_t take_family(struct parser *parser)
{
    const struct words *words = &parser->words;
    uint8_t family = ADDRESS_NONE;

    if (parser->words_at < words->count) {
        const char *word = words->at[parser->words_at];

        family = strcmp(word, "-4") == 0   ? ADDRESS_IPV4
                 : strcmp(word, "-6") == 0 ? ADDRESS_IPV6
                                           : ADDRESS_NONE;
    }
    parser->words_at += family != ADDRESS_NONE;
    return family;
}

/* 127.127.TYPE.UNIT; -1: it is not of that form. */
static int refclock_type(const char *word)
{
    struct address address;

    if (!address_parse(&address, word) || address.family != ADDRESS_IPV4 ||
        address.bytes[0] != 127 || address.bytes[1] != 127) {
        return -1;
    }
    return address.bytes[2];
}

static bool parse_refclock_address(struct parser *parser, int type)
{
    struct source_options unused;

    source_options_default(&unused);
    if (!parser_source_options(parser, &unused)) {
        return false;
    }
    if (type == 1) {
        parser->ntp.own_clock = true;
        return true;
    }
    parser_unread(parser);
    parser_warning(parser, unused.name,
                   " is a hardware clock, which is not read by this name; "
                   "write it as `refclock` in the native form (noon.conf(5))",
                   NULL);
    parser->report->not_yet++;
    return true;
}

/* ---- NTS --------------------------------------------------------------------------------------
 */

/* The place of an option in the line, behind the name; 0: it is not there. */
static unsigned option_place(const struct parser *parser, const char *name)
{
    const struct words *words = &parser->words;

    for (unsigned i = parser->words_at + 1; i < words->count; i++) {
        const struct option *option = option_find(SCOPE_NTP_SOURCE, words->at[i]);

        if (option && strcmp(option->name, name) == 0) {
            return i;
        }
        i += option ? option_argument_count(option) : 0;
    }
    return 0;
}

/*
 * NTPsec's NAME:PORT and [ADDRESS]:PORT, the port of key exchange: taken out of the name.  0: there
 * is none, or it is not good, which the name's check will say.
 */
static uint16_t take_port(struct parser *parser)
{
    char *name = parser->words.text + (parser->words.at[parser->words_at] - parser->words.text);
    char *colon = strrchr(name, ':');
    bool bracketed = name[0] == '[';
    int64_t port = 0;

    if (bracketed && name[strlen(name) - 1] == ']') {
        colon = name + strlen(name);
    } else if (!colon || (bracketed ? colon[-1] != ']' : strchr(name, ':') != colon) ||
               !number_whole(colon + 1, 10, &port) || port < 1 || port > UINT16_MAX) {
        return 0;
    }
    *colon = '\0';
    if (bracketed) {
        parser->words.at[parser->words_at] = name + 1;
        colon[-1] = '\0';
    }
    return (uint16_t)port;
}

/* The number of a set of certificates that has nothing but this file or directory; 0: no room. */
static uint32_t trusted_set(struct parser *parser, const char *path)
{
    struct daemon_options *daemon = &parser->config->daemon;
    char written[CONFIG_LINE_SIZE + 16];

    for (uint32_t number = 1; number <= CONFIG_TRUSTED_MAX; number++) {
        struct text text = text_begin(written, sizeof written);

        text_u64(&text, number);
        text_char(&text, ' ');
        text_add(&text, path);
        if (number <= daemon->trusted_cert_count) {
            if (strcmp(daemon->trusted_certs[number - 1], written) == 0) {
                return number;
            }
            continue;
        }
        daemon->trusted_certs[number - 1] = parser_keep(parser, written);
        daemon->trusted_cert_count += daemon->trusted_certs[number - 1] != NULL;
        return daemon->trusted_cert_count == number ? number : 0;
    }
    (void)parser_error(parser,
                       "too many different `ca`; expected at most 16, each may be a "
                       "directory",
                       NULL);
    return 0;
}

static bool parse_nts_source(struct parser *parser, enum source_kind kind, uint8_t family)
{
    struct config *config = parser->config;
    unsigned ca = option_place(parser, "ca");
    uint16_t port = take_port(parser);
    size_t before = config->node.source_count;
    uint32_t set = 0;

    if (ca > 0 && ca + 1 < parser->words.count) {
        parser_use(parser, CONFIG_USE_TRUST, parser->words.at[ca + 1]);
        set = trusted_set(parser, parser->words.at[ca + 1]);
        if (set == 0) {
            return false;
        }
    }
    if (!parser_source(parser, kind, family)) {
        return false;
    }
    if (config->node.source_count > before) {
        struct source_options *source = &config->space->sources[before];

        source->nts_port = port > 0 ? port : source->nts_port;
        source->cert_set = set;
    }
    return true;
}

static bool parse_nts(struct parser *parser)
{
    if (parser->words.count < 2) {
        return parser_error(parser,
                            "nts lacks what it is about; expected for example \"nts enable\", "
                            "\"nts cert FILE\" or \"nts ca FILE\"",
                            NULL);
    }
    if (!parser_plain(parser, false)) {
        return false;
    }
    for (unsigned i = 1; i + 1 < parser->words.count; i++) {
        const struct option *option = option_find(SCOPE_NTP_NTS, parser->words.at[i]);
        bool takes = option && option_argument_count(option) > 0;

        if (takes && strcmp(option->name, "ca") == 0) {
            parser_use(parser, CONFIG_USE_TRUST, parser->words.at[i + 1]);
        }
        parser->ntp.cert_line =
            takes && strcmp(option->name, "cert") == 0 ? parser->line : parser->ntp.cert_line;
        parser->ntp.key_line =
            takes && strcmp(option->name, "key") == 0 ? parser->line : parser->ntp.key_line;
        i += takes;
    }
    return parser_suites(parser);
}

/* The files of the server, of which the last lines hold. */
static void use_pair(struct parser *parser)
{
    const struct daemon_options *daemon = &parser->config->daemon;

    parser->directive = option_find(SCOPE_NTP, "nts");
    parser->line = parser->ntp.cert_line;
    parser_use(parser, CONFIG_USE_CERTIFICATE, daemon->nts_certs[0]);
    parser->line = parser->ntp.key_line;
    parser_use(parser, CONFIG_USE_PRIVATE_KEY, daemon->nts_keys[0]);
    parser->directive = NULL;
    parser->line = 0;
}

static bool settle_nts(struct parser *parser)
{
    struct config *config = parser->config;
    struct daemon_options *daemon = &config->daemon;
    const struct config_ntp_nts *nts = &config->ntp_nts;

    if (nts->serves) {
        daemon->nts_certs[0] = nts->cert ? nts->cert : NTP_NTS_CERT;
        daemon->nts_keys[0] = nts->key ? nts->key : NTP_NTS_KEY;
        daemon->nts_cert_count = daemon->nts_key_count = 1;
        use_pair(parser);
    }
    if (nts->aead > 0) {
        config->node.nts_aeads[0] = nts->aead;
        config->node.nts_aead_count = 1;
    }
    if (nts->ca) {
        if (daemon->trusted_cert_count == CONFIG_TRUSTED_MAX) {
            return parser_error(parser, "too many different `ca`; expected at most 16", NULL);
        }
        daemon->trusted_certs[daemon->trusted_cert_count++] = nts->ca;
        daemon->no_system_certs = true;
    }
    return true;
}

static bool parse_source(struct parser *parser)
{
    bool pool = strcmp(parser->directive->name, "pool") == 0;
    uint8_t family = take_family(parser);
    int type = parser->words_at < parser->words.count
                   ? refclock_type(parser->words.at[parser->words_at])
                   : -1;

    if (type >= 0) {
        return parse_refclock_address(parser, type);
    }
    enum source_kind kind = pool ? SOURCE_POOL : SOURCE_SERVER;

    if (option_place(parser, "nts") > 0) {
        return parse_nts_source(parser, kind, family);
    }
    if (option_place(parser, "ca") > 0) {
        parser_warning(parser, "ca has an effect only with nts; write both", NULL);
    }
    return parser_source(parser, kind, family);
}

static bool parse_unpeer(struct parser *parser)
{
    struct config *config = parser->config;
    size_t kept = 0;

    (void)take_family(parser);
    if (parser->words_at + 1 != parser->words.count) {
        return parser_error(parser, "unpeer takes one name; expected that of a source above", NULL);
    }
    for (size_t i = 0; i < config->node.source_count; i++) {
        struct source_options *source = &config->space->sources[i];

        if (strcmp(source->name, parser->words.at[parser->words_at]) != 0) {
            config->space->sources[kept] = *source;
            config->space->origins[kept++] = config->space->origins[i];
        }
    }
    if (kept == config->node.source_count) {
        parser_warning(parser, "unpeer: ", parser->words.at[parser->words_at],
                       " is no source that was written above", NULL);
    }
    config->node.source_count = kept;
    return true;
}

static bool parse_fudge(struct parser *parser)
{
    struct local_options *local = &parser->config->node.local;
    uint8_t kept = local->stratum;
    int type;

    if (parser->words.count < 2 || (type = refclock_type(parser->words.at[1])) < 0) {
        return parser_error(parser,
                            "fudge lacks the clock; expected for example \"fudge 127.127.1.0 "
                            "stratum 10\"",
                            NULL);
    }
    parser->words_at = 2;
    if (type != 1) {
        parser_warning(parser,
                       "fudge means nothing here: it is about a hardware clock; write that as "
                       "`refclock` in the native form (noon.conf(5))",
                       NULL);
        return true;
    }
    local->stratum = parser->ntp.stratum;
    bool good = value_keywords(parser, SCOPE_NTP_FUDGE, parser->config);
    parser->ntp.stratum = local->stratum;
    local->stratum = kept;
    return good;
}

static bool parse_tinker(struct parser *parser)
{
    struct step_options *step = &parser->config->node.step;

    if (!parser_plain(parser, false)) {
        return false;
    }
    step->limit = step->threshold_s > 0 ? -1 : 0;
    return true;
}

static bool parse_tos(struct parser *parser)
{
    struct config *config = parser->config;
    struct local_options *local = &config->node.local;

    for (unsigned i = 1; i < parser->words.count; i++) {
        parser->ntp.orphan = parser->ntp.orphan || word_equal(parser->words.at[i], "orphan");
        parser->ntp.wait = parser->ntp.wait || word_equal(parser->words.at[i], "orphanwait");
    }
    if (!parser_plain(parser, false)) {
        return false;
    }
    /* The first one that is too high, not the last one that is not. */
    for (unsigned i = 1; i < parser->words.count; i++) {
        if (word_equal(parser->words.at[i], "ceiling")) {
            config->node.max_stratum--;
            break;
        }
    }
    /* A stratum that no client follows is no orphan. */
    if (parser->ntp.orphan && local->stratum > STRATUM_MAX) {
        parser->ntp.orphan = false;
        local->stratum = parser->standard.node.local.stratum;
    }
    return true;
}

static bool parse_include(struct parser *parser)
{
    if (parser->words.count != 2) {
        return parser_error(parser, "includefile takes one file; expected its path", NULL);
    }
    return parser_include(parser, parser->words.at[1]);
}

/* ---- interfaces ----------------------------------------------------------------------------- */

static bool interface_unclear(struct parser *parser)
{
    return parser_error(parser,
                        "noon serves on one address of each family, on one interface, or on all; "
                        "write one `interface listen ADDRESS` a family, and `restrict` who may ask",
                        NULL);
}

static bool listen_address(struct parser *parser, const char *word)
{
    struct address *bind = parser->config->daemon.bind;
    struct address address;

    if (!address_parse(&address, word)) {
        const char *kept = parser_keep(parser, word);

        if (parser->config->daemon.bind_device &&
            strcmp(parser->config->daemon.bind_device, word) != 0) {
            return interface_unclear(parser);
        }
        parser->config->daemon.bind_device = kept;
        return kept;
    }
    struct address *bound = &bind[address.family == ADDRESS_IPV6];

    /* ntpd also listens on loopback, to be asked for its state: another address goes before it. */
    if (bound->family != ADDRESS_NONE && !address_is_loopback(bound)) {
        return address_is_loopback(&address) || interface_unclear(parser);
    }
    *bound = address;
    return true;
}

/*
 * What ntpd opens is a rule for each of its interfaces; the shapes that people write are: all but
 * the wildcard, one address or interface, no family but one.
 */
static bool parse_interface(struct parser *parser)
{
    const struct words *words = &parser->words;
    struct ntp_notes *notes = &parser->ntp;

    if (words->count != 3) {
        return parser_error(parser, parser->directive->name,
                            " takes what to do and where; expected for example \"interface listen "
                            "192.0.2.1\"",
                            NULL);
    }
    const char *what = words->at[1];
    const char *where = words->at[2];
    bool listens = word_equal(what, "listen");

    if (!listens && !word_equal(what, "ignore") && !word_equal(what, "drop")) {
        return parser_error(parser, parser->directive->name, " can't \"", what,
                            "\"; expected listen, ignore or drop", NULL);
    }
    if (word_equal(where, "all") || word_equal(where, "wildcard")) {
        notes->closed = word_equal(where, "all") ? !listens : notes->closed;
        return true;
    }
    if (word_equal(where, "ipv4") || word_equal(where, "ipv6")) {
        unsigned family = word_equal(where, "ipv6");

        notes->family_closed[family] = !listens;
        notes->family_open[family] = listens;
        return true;
    }
    if (listens) {
        notes->listens = true;
        return listen_address(parser, where);
    }
    return interface_unclear(parser);
}

/* A family that nobody is served on is refused by a rule: the socket is open, its clients not. */
static bool deny_family(struct parser *parser, unsigned family)
{
    struct config_rule rule = {.rule = {.all = true}};

    rule.rule.prefix.family = family ? ADDRESS_IPV6 : ADDRESS_IPV4;
    return parser_add_rule(parser, &rule);
}

static bool settle_interfaces(struct parser *parser)
{
    const struct ntp_notes *notes = &parser->ntp;
    struct daemon_options *daemon = &parser->config->daemon;
    struct address *bind = daemon->bind;
    bool closed = notes->closed || notes->listens;
    bool bound = bind[0].family != ADDRESS_NONE || bind[1].family != ADDRESS_NONE ||
                 daemon->bind_device || notes->family_open[0] || notes->family_open[1];

    /* Loopback is always open, and nothing else is left. */
    if (closed && !bound) {
        return address_parse(&bind[0], "127.0.0.1") && address_parse(&bind[1], "::1");
    }
    for (unsigned i = 0; i < 2; i++) {
        bool named = bind[i].family != ADDRESS_NONE || daemon->bind_device || notes->family_open[i];

        if ((notes->family_closed[i] || (closed && !named)) && !deny_family(parser, i)) {
            return false;
        }
    }
    return true;
}

/* ---- the end -------------------------------------------------------------------------------- */

static void settle_own_clock(struct parser *parser)
{
    struct local_options *local = &parser->config->node.local;

    if (parser->ntp.orphan) {
        local->enabled = true;
        local->orphan = true;
        local->wait_unsynced_s = parser->ntp.wait ? local->wait_unsynced_s : ORPHAN_WAIT_S;
    } else if (parser->ntp.own_clock) {
        local->enabled = true;
        local->stratum = (uint8_t)(parser->ntp.stratum + 1);
        local->wait_unsynced_s = 0;
    } else {
        *local = parser->standard.node.local;
    }
}

/* `tos maxclock` is about all sources together: the pools share it. */
static void settle_pools(struct config *config)
{
    struct source_options *sources = config->space->sources;
    size_t pools = 0;

    for (size_t i = 0; i < config->node.source_count; i++) {
        pools += sources[i].kind == SOURCE_POOL;
    }
    for (size_t i = 0; i < config->node.source_count && config->pool_sources > 0; i++) {
        if (sources[i].kind == SOURCE_POOL) {
            sources[i].max_sources = (uint8_t)((config->pool_sources + pools - 1) / pools);
        }
    }
    config->pool_sources = 0;
}

void ntp_finish(struct parser *parser)
{
    struct config *config = parser->config;

    settle_own_clock(parser);
    settle_pools(config);
    if (config->node.change.offset_s == 0) {
        config->node.change = (struct change_options){0};
    }
    /* As with ntpd: without a place nothing is written. */
    const uint32_t disabled = config->ntp_disabled & ~config->ntp_enabled;
    if (!config->daemon.log_dir || (disabled & NTP_STATS)) {
        config->daemon.log = 0;
    }
    config->daemon.keys_of_ntp = config->daemon.key_file != NULL;
    config->daemon.leap_check_hash = config->daemon.leap_list != NULL && !config->ntp_ignore_hash;
    parser->line = 0;
    if (settle_nts(parser) && ntp_restrict_finish(parser)) {
        (void)settle_interfaces(parser);
    }
    /* As with ntpd: who asks too often is known only when it is remembered who has asked. */
    config->node.no_client_log = (disabled & NTP_MONITOR) && !config->node.limit.enabled;
}

bool ntp_directive(struct parser *parser)
{
    static const struct special special[] = {
        {"server", parse_source},
        {"pool", parse_source},
        {"peer", parse_source},
        {"unpeer", parse_unpeer},
        {"fudge", parse_fudge},
        {"restrict", ntp_restrict},
        {"unrestrict", ntp_unrestrict},
        {"tinker", parse_tinker},
        {"tos", parse_tos},
        {"interface", parse_interface},
        {"nic", parse_interface},
        {"includefile", parse_include},
        {"nts", parse_nts},
    };

    return parser_special(parser, SCOPE_NTP, special, sizeof special / sizeof special[0]);
}
