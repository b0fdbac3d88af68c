/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/lint.h"

#include <string.h>

#include "config/words.h"

/* A constant minpoll below this asks a public pool more often than its operators want. */
enum { POOL_MINPOLL = 6, MAJORITY = 3 };

/* Services that smear leap seconds, by the end of their names; and the two of them by address. */
static const char *const smeared[] = {
    "time.google.com",  "time1.google.com",  "time2.google.com",   "time3.google.com",
    "time4.google.com", "time.facebook.com", "time.amazonaws.com", "time.aws.com",
};
static const char *const smeared_addresses[] = {"169.254.169.123", "fd00:ec2::123"};

/* Pools of volunteers. */
static const char *const pools[] = {"pool.ntp.org"};

static const char *const words[LINT_COUNT] = {
#define X(name, word) word,
    LINT_LIST(X)
#undef X
};

const char *lint_word(enum lint_kind kind)
{
    return words[kind];
}

/* The name, or a name below it: "2.debian.pool.ntp.org" is of "pool.ntp.org". */
static bool is_below(const char *name, const char *domain)
{
    size_t length = strlen(name);
    size_t end = strlen(domain);

    return length >= end && word_equal(name + length - end, domain) &&
           (length == end || name[length - end - 1] == '.');
}

static bool is_of(const char *name, const char *const *domains, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (is_below(name, domains[i])) {
            return true;
        }
    }
    return false;
}

/* Is it one of the provider's servers, as written or as found? */
static bool is_offered(const struct source_options *source, const struct cloud_offer *cloud)
{
    struct address address;

    if (cloud == NULL || cloud->servers[0] == NULL) {
        return false;
    }
    for (size_t i = 0; i < CLOUD_SERVERS_MAX && cloud->servers[i] != NULL; i++) {
        if (address_parse(&address, cloud->servers[i]) &&
            address_equal(&address, &source->literal)) {
            return true;
        }
    }
    return source->method == RESOLVE_CLOUD || source->method == RESOLVE_AUTO;
}

static bool is_smeared(const struct source_options *source, const struct cloud_offer *cloud)
{
    struct address address;

    if (is_offered(source, cloud) && cloud->smears) {
        return true;
    }

    for (size_t i = 0; i < sizeof smeared_addresses / sizeof smeared_addresses[0]; i++) {
        if (address_parse(&address, smeared_addresses[i]) &&
            address_equal(&address, &source->literal)) {
            return true;
        }
    }
    return is_of(source->name, smeared, sizeof smeared / sizeof smeared[0]);
}

static bool is_public_pool(const struct source_options *source)
{
    return is_of(source->name, pools, sizeof pools / sizeof pools[0]);
}

/* Begins a finding at a source, or about the whole configuration (NULL). */
static struct text find(struct lint_report *report, enum lint_kind kind,
                        const struct config_origin *origin)
{
    struct lint_finding *finding = &report->at[report->count++];

    finding->kind = kind;
    finding->file = origin ? origin->file : NULL;
    finding->line = origin ? origin->line : 0;
    return text_begin(finding->text, sizeof finding->text);
}

static void say(struct lint_report *report, enum lint_kind kind, const struct config_origin *origin,
                const char *sentence)
{
    struct text text = find(report, kind, origin);

    text_add(&text, sentence);
}

/* How many servers can be compared: pools bring several, what is never followed none. */
static size_t comparable(const struct config *config)
{
    size_t count = 0;

    for (size_t i = 0; i < config->node.source_count; i++) {
        const struct source_options *source = &config->node.sources[i];

        if (!source->noselect) {
            /* The addresses of a provider are all of one clock. */
            bool one = source->kind == SOURCE_SERVER || source->method == RESOLVE_CLOUD;

            count += one ? 1 : source->max_sources;
        }
    }
    return count;
}

/* Nobody knows how many DHCP or DNS will name. */
static bool finds_many(const struct config *config)
{
    for (size_t i = 0; i < config->node.source_count; i++) {
        const struct source_options *source = &config->node.sources[i];

        if (source->kind == SOURCE_FOUND && source->method != RESOLVE_CLOUD && !source->noselect) {
            return true;
        }
    }
    return false;
}

static void lint_count(const struct config *config, struct lint_report *report)
{
    size_t count = comparable(config);

    if (config->daemon.source_dir_count > 0 || finds_many(config) || count >= MAJORITY ||
        count == 0) {
        return;
    }
    if (count == 1) {
        say(report, LINT_ONE_SOURCE, NULL,
            "one source: when it is wrong the clock is wrong, and nobody notices; write three or "
            "more, from different operators");
    } else {
        say(report, LINT_TWO_SOURCES, NULL,
            "two sources: when they disagree nobody knows which is right, and neither is "
            "followed; write three or more");
    }
}

/* The limit of ntp.conf was taken away; chrony's dialects have none unless it is written. */
static void lint_limit(const struct config *config, struct lint_report *report)
{
    const struct step_options *step = &config->node.step;

    if (config->node.change.offset_s == 0 && step->threshold_s > 0 && step->limit < 0 &&
        config->dialect != DIALECT_TIMESYNCD) {
        say(report, LINT_NO_LIMIT, NULL,
            "the clock is stepped at any time, however far (`tinker panic 0`, or `makestep` with "
            "a negative limit and without `maxchange`): a majority of false servers can move it "
            "anywhere; write `makestep 1 3`, or `maxchange 1000 1 0`");
    }
}

static void lint_smear(const struct config *config, const struct lint_machine *machine,
                       struct lint_report *report)
{
    size_t with = 0, without = 0, first = 0;

    for (size_t i = 0; i < config->node.source_count; i++) {
        const struct source_options *source = &config->node.sources[i];
        bool smears = is_smeared(source, machine->cloud);

        first = smears && with == 0 ? i : first;
        with += smears && !source->noselect;
        without += !smears && !source->noselect;
    }
    if (with > 0 && without > 0) {
        struct text text = find(report, LINT_MIXED_SMEAR, &config->space->origins[first]);

        text_add(&text, config->node.sources[first].name);
        text_add(&text, " smears leap seconds and other sources do not: around a leap second they "
                        "differ by up to a second; use sources of one kind only");
    }
}

static void lint_pools(const struct config *config, struct lint_report *report)
{
    for (size_t i = 0; i < config->node.source_count; i++) {
        const struct source_options *source = &config->node.sources[i];

        if (is_public_pool(source) && source->maxpoll < POOL_MINPOLL) {
            struct text text = find(report, LINT_FAST_POOL, &config->space->origins[i]);

            text_add(&text, source->name);
            text_add(&text, " is asked at least every ");
            text_duration(&text, (double)(1 << (source->maxpoll > 0 ? source->maxpoll : 0)));
            text_add(&text, ": its servers are volunteers', who may refuse to answer; leave "
                            "minpoll and maxpoll out");
            return;
        }
    }
}

static bool everybody_may_ask(const struct config *config)
{
    const struct config_space *space = config->space;

    for (size_t i = 0; i < space->rule_count; i++) {
        const struct config_rule *rule = &space->rules[i];

        if (rule->rule.allow && !rule->name && rule->rule.bits == 0) {
            return config->daemon.port != 0;
        }
    }
    return false;
}

/* Bound to nothing, or to an address that anybody can reach. */
static bool serves_the_world(const struct config *config, const struct lint_machine *machine)
{
    const struct address *bind = config->daemon.bind;

    if (bind[0].family == ADDRESS_NONE || bind[1].family == ADDRESS_NONE) {
        return machine->public_address;
    }
    return !address_is_private(&bind[0]) || !address_is_private(&bind[1]);
}

static void lint_server(const struct config *config, const struct lint_machine *machine,
                        struct lint_report *report)
{
    const struct local_options *local = &config->node.local;

    if (everybody_may_ask(config) && serves_the_world(config, machine)) {
        say(report, LINT_OPEN_SERVER, NULL,
            "everybody on the internet is answered: floods of requests will come; write `allow "
            "PREFIX` (ntp.conf: `restrict default ignore` and a line for each network), or "
            "`bindaddress` with an inner address");
    }
    if (local->enabled && !local->orphan && comparable(config) > 0) {
        say(report, LINT_LOCAL_WITHOUT_ORPHAN, NULL,
            "when the sources are gone it serves its own clock as if it were right; of several "
            "such servers each serves another time; write `local orphan` on each, and each as "
            "`server` of the others");
    }
}

static void lint_authentication(const struct config *config, struct lint_report *report)
{
    size_t with = 0, without = 0, first = 0;

    for (size_t i = 0; i < config->node.source_count; i++) {
        const struct source_options *source = &config->node.sources[i];
        bool authenticated = source->key != 0 || source->nts;

        first = !authenticated && !source->noselect && without == 0 ? i : first;
        with += authenticated && !source->noselect;
        without += !authenticated && !source->noselect;
    }
    if (with > 0 && without > 0) {
        struct text text = find(report, LINT_MIXED_AUTHENTICATION, &config->space->origins[first]);

        text_add(&text, config->node.sources[first].name);
        text_add(&text, " is not authenticated and other sources are: who sits on its path can "
                        "send false time in its name; authenticate all sources, or write "
                        "`noselect` on those that can't be");
    }
}

static void lint_cloud(const struct lint_machine *machine, struct lint_report *report)
{
    if (machine->cloud != NULL && machine->cloud->better != NULL) {
        say(report, LINT_CLOUD_CLOCK, NULL, machine->cloud->better);
    }
}

void lint_run(const struct config *config, const struct lint_machine *machine,
              struct lint_report *report)
{
    report->count = 0;
    lint_count(config, report);
    lint_limit(config, report);
    lint_smear(config, machine, report);
    lint_pools(config, report);
    lint_server(config, machine, report);
    lint_authentication(config, report);
    lint_cloud(machine, report);
    if (machine->rival) {
        struct text text = find(report, LINT_RIVAL, NULL);

        text_add(&text, machine->rival);
        text_add(&text, " disciplines the clock already: two that correct each other are worse "
                        "than either; stop and disable it first");
    }
}
