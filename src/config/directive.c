/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/parser.h"

#include <string.h>

#include "config/mistakes.h"
#include "config/number.h"
#include "config/value.h"
#include "wire/nts.h"

/* Fields that a line without the keyword sets back: of `local` and `driftfile`. */
static void reset_keywords(struct parser *parser, enum option_scope scope)
{
    size_t count = option_count(scope);

    for (size_t i = 0; i < count; i++) {
        value_copy(option_at(scope, i), parser->config, &parser->standard);
    }
}

bool parser_plain(struct parser *parser, bool reset)
{
    const struct option *option = parser->directive;
    unsigned from = parser->words_at;

    if (reset) {
        reset_keywords(parser, option->scope);
    }
    if (!value_parse(parser, option, parser->config)) {
        return false;
    }
    if (option->scope != SCOPE_NONE) {
        if (!value_keywords(parser, option->scope, parser->config)) {
            return false;
        }
    } else if (parser->words_at < parser->words.count) {
        return value_unknown(parser, SCOPE_NONE, parser->words.at[parser->words_at]);
    }
    return value_is_neutral(parser, option, from) || parser_verdict(parser, option);
}

static bool parse_server(struct parser *parser)
{
    return parser_source(parser, SOURCE_SERVER, ADDRESS_NONE);
}

static bool parse_pool(struct parser *parser)
{
    return parser_source(parser, SOURCE_POOL, ADDRESS_NONE);
}

static bool parse_source(struct parser *parser)
{
    if (parser->sourcedir) {
        return parser_error(parser,
                            "\"source\" can't stand in a file of sourcedir; expected server or "
                            "pool",
                            NULL);
    }
    return parser_source(parser, SOURCE_FOUND, ADDRESS_NONE);
}

void parser_unread(struct parser *parser)
{
    if (parser->unread_sources++ == 0) {
        parser->unread_file = parser->file;
        parser->unread_line = parser->line;
    }
}

static bool parse_peer(struct parser *parser)
{
    struct source_options source;

    parser_unread(parser);
    source_options_default(&source);
    return parser_source_options(parser, &source) && parser_verdict(parser, parser->directive);
}

/* The driver's parameter, with its own options behind colons. */
static bool parse_refclock_parameter(struct parser *parser, const char *parameter)
{
    const char *at = strchr(parameter, ':');

    while (at) {
        const char *end = strchr(at + 1, ':');
        size_t length = end ? (size_t)(end - at - 1) : strlen(at + 1);
        size_t name = strcspn(at + 1, ":=");
        char word[32];

        if (name >= sizeof word || name > length) {
            return parser_error(parser, "the option in \"", parameter, "\" is too long", NULL);
        }
        memcpy(word, at + 1, name);
        word[name] = '\0';
        const struct option *option = option_find(SCOPE_REFCLOCK_PARAMETER, word);
        if (!option) {
            return value_unknown(parser, SCOPE_REFCLOCK_PARAMETER, word);
        }
        if ((option_argument_count(option) > 0) != (at[1 + name] == '=')) {
            return parser_error(parser, "\"", word, "\" of \"", parameter,
                                option_argument_count(option) > 0 ? "\" lacks its value; expected "
                                                                    "an equals sign and a number"
                                                                  : "\" takes no value",
                                NULL);
        }
        at = end;
    }
    return true;
}

static bool parse_refclock(struct parser *parser)
{
    const struct words *words = &parser->words;

    if (words->count < 3) {
        return parser_error(parser,
                            "refclock lacks its driver or parameter; expected for example "
                            "\"refclock SOCK /run/gps.sock\"",
                            NULL);
    }
    if (!option_find(SCOPE_REFCLOCK_DRIVER, words->at[1])) {
        return parser_error(parser, "\"", words->at[1],
                            "\" is no reference clock driver; expected PPS, SOCK, SHM, PHC or RTC",
                            NULL);
    }
    parser_unread(parser);
    parser->words_at = 3;
    return parse_refclock_parameter(parser, words->at[2]) &&
           value_keywords(parser, SCOPE_REFCLOCK, parser->config) &&
           parser_verdict(parser, parser->directive);
}

static bool parse_rule(struct parser *parser)
{
    struct config_space *space = parser->config->space;
    const char *name = parser->directive->name;
    bool command = name[0] == 'c';
    bool allow = strcmp(name, "allow") == 0 || strcmp(name, "cmdallow") == 0;

    return parser_rule(parser, allow, command ? space->command_rules : space->rules,
                       command ? &space->command_rule_count : &space->rule_count) &&
           parser_verdict(parser, parser->directive);
}

static bool parse_makestep(struct parser *parser)
{
    struct step_options *step = &parser->config->node.step;

    if (!parser_plain(parser, true)) {
        return false;
    }
    /* A threshold of 0 is "never" to the node, and "whatever it is" in the file. */
    if (step->limit == 0) {
        step->threshold_s = 0;
    } else if (step->threshold_s == 0) {
        step->threshold_s = 1e-9;
    }
    return true;
}

static bool parse_zone(struct parser *parser)
{
    const char *zone = parser->words.count > 1 ? parser->words.at[1] : "";

    if (strstr(zone, "..")) {
        return parser_error(parser, "\"", zone,
                            "\" is no time zone; expected one below /usr/share/zoneinfo, as "
                            "right/UTC",
                            NULL);
    }
    return parser_plain(parser, true);
}

static bool parse_local(struct parser *parser)
{
    struct local_options *local = &parser->config->node.local;

    parser->standard.node.local.wait_unsynced_s = -1; /* to see whether it was written */
    if (!parser_plain(parser, true)) {
        return false;
    }
    if (local->wait_unsynced_s < 0) {
        local->wait_unsynced_s = local->orphan ? 300 : 0;
    }
    return true;
}

static bool parse_include(struct parser *parser)
{
    if (parser->words.count != 2) {
        return parser_error(parser, "include takes one file; expected its path", NULL);
    }
    return parser_include(parser, parser->words.at[1]);
}

static void use_directories(struct parser *parser)
{
    for (unsigned i = 1; i < parser->words.count; i++) {
        parser_use(parser, CONFIG_USE_LISTED, parser->words.at[i]);
    }
}

static bool parse_confdir(struct parser *parser)
{
    /* The files' lines will overwrite parser->words. */
    struct words words = parser->words;

    use_directories(parser);
    for (unsigned i = 0; i < words.count; i++) {
        words.at[i] = words.text + (parser->words.at[i] - parser->words.text);
    }
    return parser_directories(parser, &words, ".conf");
}

static bool parse_sourcedir(struct parser *parser)
{
    struct daemon_options *daemon = &parser->config->daemon;
    char joined[CONFIG_LINE_SIZE];
    struct text text = text_begin(joined, sizeof joined);

    if (parser->words.count < 2) {
        return parser_error(parser, "sourcedir lacks its directory; expected a path", NULL);
    }
    if (daemon->source_dir_count == CONFIG_SOURCEDIRS_MAX) {
        return parser_error(parser,
                            "too many sourcedir lines; expected at most 16, each may name "
                            "several directories",
                            NULL);
    }
    use_directories(parser);
    words_join(&parser->words, 1, &text);
    daemon->source_dirs[daemon->source_dir_count] = parser_keep(parser, joined);
    return daemon->source_dirs[daemon->source_dir_count++];
}

static bool parse_open_commands(struct parser *parser)
{
    parser->config->daemon.open_commands = 0;
    return parser_plain(parser, true);
}

static bool parse_role(struct parser *parser)
{
    /*
     * Private networks only.  The limit lets a client start with a burst of requests; a network
     * behind one address keeps being served by the leak.  Its own clock is served five minutes
     * after the last source went away, of several such machines that of one; what it says of its
     * error then grows as the clock was seen to wander, not by a rule of thumb.
     */
    static const char boundary[] = "allow 10.0.0.0/8\n"
                                   "allow 172.16.0.0/12\n"
                                   "allow 192.168.0.0/16\n"
                                   "allow 100.64.0.0/10\n"
                                   "allow 169.254.0.0/16\n"
                                   "allow 127.0.0.0/8\n"
                                   "allow fc00::/7\n"
                                   "allow fe80::/10\n"
                                   "allow ::1\n"
                                   "ratelimit interval 1 burst 16\n"
                                   "clientloglimit 4194304\n"
                                   "local stratum 10 orphan waitsynced 300\n"
                                   "maxclockerror 0.1\n";

    return parser_plain(parser, true) && parser_preset(parser, "role boundary", boundary);
}

/* The set's number, when there are two words; kept as written. */
static bool parse_trusted(struct parser *parser)
{
    struct daemon_options *daemon = &parser->config->daemon;
    const struct words *words = &parser->words;
    char joined[CONFIG_LINE_SIZE];
    struct text text = text_begin(joined, sizeof joined);

    if (words->count < 2 || words->count > 3 ||
        (words->count == 3 && strspn(words->at[1], "0123456789") != strlen(words->at[1]))) {
        return parser_error(parser,
                            "ntstrustedcerts takes the path of a file or directory, and before it "
                            "the number of a set; expected for example \"ntstrustedcerts "
                            "/etc/ssl/ours.pem\" or \"ntstrustedcerts 1 /etc/ssl/ours.pem\"",
                            NULL);
    }
    if (daemon->trusted_cert_count == CONFIG_TRUSTED_MAX) {
        return parser_error(parser,
                            "too many ntstrustedcerts lines; expected at most 16, each may name a "
                            "directory",
                            NULL);
    }
    words_join(words, 1, &text);
    daemon->trusted_certs[daemon->trusted_cert_count] = parser_keep(parser, joined);
    return daemon->trusted_certs[daemon->trusted_cert_count++] != NULL;
}

static bool parse_nts_file(struct parser *parser, const char **files, size_t *count)
{
    const char *name = parser->directive->name;

    if (parser->words.count != 2) {
        return parser_error(parser, name, " takes the path of one file; expected for example \"",
                            name, " /etc/noon/nts.pem\"", NULL);
    }
    if (*count == CONFIG_NTS_PAIRS_MAX) {
        return parser_error(parser, "too many ", name, " lines; expected at most 8", NULL);
    }
    files[*count] = parser_keep(parser, parser->words.at[1]);
    return files[(*count)++] != NULL;
}

static bool parse_nts_cert(struct parser *parser)
{
    struct daemon_options *daemon = &parser->config->daemon;

    return parse_nts_file(parser, daemon->nts_certs, &daemon->nts_cert_count);
}

static bool parse_nts_key(struct parser *parser)
{
    struct daemon_options *daemon = &parser->config->daemon;

    return parse_nts_file(parser, daemon->nts_keys, &daemon->nts_key_count);
}

/* Kept as one text, by spaces. */
static bool parse_xdp(struct parser *parser)
{
    const struct words *words = &parser->words;
    char joined[CONFIG_LINE_SIZE];
    struct text text = text_begin(joined, sizeof joined);

    if (words->count < 2 || words->count > 1 + CONFIG_XDP_MAX) {
        return parser_error(parser,
                            "xdp takes the names of 1 to 8 interfaces; expected for example \"xdp "
                            "eth0\" or \"xdp eth0 eth1\"",
                            NULL);
    }
    for (size_t i = 1; i < words->count; i++) {
        if (strlen(words->at[i]) > CONFIG_INTERFACE_NAME_MAX) {
            return parser_error(parser, "\"", words->at[i],
                                "\" is longer than an interface's name can be; expected at most 15 "
                                "characters, as `ip link` shows them",
                                NULL);
        }
        for (size_t k = 1; k < i; k++) {
            if (strcmp(words->at[i], words->at[k]) == 0) {
                return parser_error(parser, "\"", words->at[i],
                                    "\" stands in this line twice; write it once", NULL);
            }
        }
    }
    words_join(words, 1, &text);
    parser->config->daemon.xdp = parser_keep(parser, joined);
    return parser->config->daemon.xdp != NULL;
}

/* Numbers of IANA's registry.  One that is not spoken here is passed over, as chronyd does. */
static bool parse_aeads(struct parser *parser)
{
    struct node_options *node = &parser->config->node;
    const struct words *words = &parser->words;
    bool good = words->count > 1;

    node->nts_aead_count = 0;
    for (unsigned i = 1; good && i < words->count; i++) {
        int64_t number = 0;
        bool twice = false;

        good = number_whole(words->at[i], 10, &number) && number >= 0 && number <= UINT16_MAX;
        for (unsigned k = 0; k < node->nts_aead_count; k++) {
            twice = twice || node->nts_aeads[k] == number;
        }
        if (good && number != AEAD_AES_SIV_CMAC_256 && number != AEAD_AES_128_GCM_SIV) {
            parser_warning(parser, "the cipher ", words->at[i],
                           " is not spoken here and passed over; 15 (AES-SIV-CMAC-256) and 30 "
                           "(AES-128-GCM-SIV) are",
                           NULL);
        } else if (good && !twice) {
            node->nts_aeads[node->nts_aead_count++] = (uint16_t)number;
        }
    }
    if (!good || node->nts_aead_count == 0) {
        return parser_error(parser,
                            "ntsaeads takes numbers of ciphers, the best first, and at least one "
                            "that is spoken here; expected for example \"ntsaeads 30 15\"",
                            NULL);
    }
    return true;
}

bool parser_suites(struct parser *parser)
{
    static const char *const known[] = {"TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256",
                                        "TLS_AES_128_GCM_SHA256", "TLS_AES_128_CCM_SHA256",
                                        "TLS_AES_128_CCM_8_SHA256"};
    const char *at = parser->config->daemon.nts_suites;
    bool good = true;

    for (size_t length; good && at; at += length, at = *at == ':' ? at + 1 : NULL) {
        length = strcspn(at, ":");
        good = false;
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
            good = good || (strlen(known[i]) == length && memcmp(known[i], at, length) == 0);
        }
    }
    return good ||
           parser_error(parser, "\"", parser->config->daemon.nts_suites,
                        "\" names a cipher suite that TLS 1.3 does not have; expected for example "
                        "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256",
                        NULL);
}

static bool parse_suites(struct parser *parser)
{
    return parser_plain(parser, true) && parser_suites(parser);
}

static bool parse_constraint(struct parser *parser)
{
    return parser_constraint(parser, false);
}

static bool parse_constraints(struct parser *parser)
{
    return parser_constraint(parser, true);
}

/* What dialect has the word that this one lacks; DIALECT_UNKNOWN: none. */
static enum config_dialect dialect_of(const char *word)
{
    static const enum option_scope scopes[DIALECT_COUNT] = {[DIALECT_CHRONY] = SCOPE_DIRECTIVE,
                                                            [DIALECT_NTP] = SCOPE_NTP,
                                                            [DIALECT_OPENNTPD] = SCOPE_OPENNTPD};

    for (unsigned i = DIALECT_CHRONY; i < DIALECT_COUNT; i++) {
        if (scopes[i] != SCOPE_NONE && option_find(scopes[i], word)) {
            return (enum config_dialect)i;
        }
    }
    return DIALECT_UNKNOWN;
}

static bool unknown_directive(struct parser *parser, enum option_scope scope, const char *word)
{
    const char *like = parser_suggest(parser, scope, word);
    enum config_dialect other = dialect_of(word);

    if (mistake_obsolete(parser, scope, word)) {
        return true;
    }
    if (other != DIALECT_UNKNOWN) {
        return parser_error(parser, "\"", word, "\" is a directive of the dialect ",
                            dialect_name(other), ", and this file is read as ",
                            dialect_name(parser->dialect),
                            "; keep to one of them, or name it with --dialect", NULL);
    }
    if (like) {
        return parser_error(parser, "unknown directive \"", word, "\"; write instead \"", like,
                            "\"", NULL);
    }
    return parser_error(parser, "unknown directive \"", word,
                        scope == SCOPE_DIRECTIVE ? "\"; expected one of those in noon.conf(5)"
                                                 : "\"; expected one of those in docs/dialects",
                        NULL);
}

bool parser_special(struct parser *parser, enum option_scope scope, const struct special *special,
                    size_t count)
{
    const char *word = parser->words.at[0];

    parser->words_at = 1;
    parser->directive = option_find(scope, word);
    if (!parser->directive) {
        return unknown_directive(parser, scope, word);
    }
    if (parser->sourcedir && parser->directive->scope != SCOPE_SOURCE) {
        return parser_error(parser, "\"", word,
                            "\" can't stand in a file of sourcedir; expected "
                            "server or pool",
                            NULL);
    }
    bool (*parse)(struct parser *) = NULL;
    const struct option *directive = parser->directive;

    for (size_t i = 0; i < count; i++) {
        if (strcmp(directive->name, special[i].name) == 0) {
            parse = special[i].parse;
        }
    }
    if (!(parse ? parse(parser) : parser_plain(parser, scope == SCOPE_DIRECTIVE))) {
        return false;
    }
    if (parser->directive == directive) {
        parser_note_use(parser);
    }
    return true;
}

bool parser_directive(struct parser *parser)
{
    static const struct special special[] = {
        {"server", parse_server},
        {"pool", parse_pool},
        {"source", parse_source},
        {"peer", parse_peer},
        {"refclock", parse_refclock},
        {"allow", parse_rule},
        {"deny", parse_rule},
        {"cmdallow", parse_rule},
        {"cmddeny", parse_rule},
        {"makestep", parse_makestep},
        {"local", parse_local},
        {"include", parse_include},
        {"confdir", parse_confdir},
        {"sourcedir", parse_sourcedir},
        {"role", parse_role},
        {"leapsectz", parse_zone},
        {"tempcomp", parser_tempcomp},
        {"constraint", parse_constraint},
        {"constraints", parse_constraints},
        {"ntstrustedcerts", parse_trusted},
        {"opencommands", parse_open_commands},
        {"ntsaeads", parse_aeads},
        {"ntsciphersuites", parse_suites},
        {"ntsservercert", parse_nts_cert},
        {"ntsserverkey", parse_nts_key},
        {"xdp", parse_xdp},
    };

    return parser_special(parser, SCOPE_DIRECTIVE, special, sizeof special / sizeof special[0]);
}
