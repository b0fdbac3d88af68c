/* SPDX-License-Identifier: BSD-2-Clause */
#include "fixture.h"

#include "config/number.h"
#include "config/value.h"

static struct fixture fixture;

/* Everything in the manual of chrony 4.8, and what its parser takes beyond it. */
static const char *const chrony_directives[] = {
    "acquisitionport",
    "allow",
    "authselectmode",
    "bindacqaddress",
    "bindacqdevice",
    "bindaddress",
    "bindcmdaddress",
    "bindcmddevice",
    "binddevice",
    "broadcast",
    "clientloglimit",
    "clockprecision",
    "cmdallow",
    "cmddeny",
    "cmdport",
    "cmdratelimit",
    "combinelimit",
    "confdir",
    "corrtimeratio",
    "deny",
    "driftfile",
    "dscp",
    "dumpdir",
    "dumponexit",
    "fallbackdrift",
    "hwclockfile",
    "hwtimestamp",
    "hwtstimeout",
    "include",
    "initstepslew",
    "keyfile",
    "leapseclist",
    "leapsecmode",
    "leapsectz",
    "local",
    "lock_all",
    "log",
    "logbanner",
    "logchange",
    "logdir",
    "mailonchange",
    "makestep",
    "manual",
    "maxchange",
    "maxclockerror",
    "maxdistance",
    "maxdrift",
    "maxjitter",
    "maxntsconnections",
    "maxsamples",
    "maxslewrate",
    "maxstratum",
    "maxupdateskew",
    "minsamples",
    "minsources",
    "minstratum",
    "nocerttimecheck",
    "noclientlog",
    "nosystemcert",
    "ntpsigndsocket",
    "ntsaeads",
    "ntscachedir",
    "ntsdumpdir",
    "ntsntpserver",
    "ntsport",
    "ntsprocesses",
    "ntsratelimit",
    "ntsrefresh",
    "ntsrotate",
    "ntsservercert",
    "ntsserverkey",
    "ntstrustedcerts",
    "opencommands",
    "peer",
    "pidfile",
    "pool",
    "port",
    "ptpdomain",
    "ptpport",
    "ratelimit",
    "refclock",
    "refresh",
    "reselectdist",
    "rtcautotrim",
    "rtcdevice",
    "rtcfile",
    "rtconutc",
    "rtcsync",
    "sched_priority",
    "server",
    "smoothtime",
    "sourcedir",
    "stratumweight",
    "tempcomp",
    "user",
};

static const char *const chrony_source_options[] = {
    "asymmetry",
    "auto_offline",
    "burst",
    "certset",
    "copy",
    "extfield",
    "filter",
    "iburst",
    "ipv4",
    "ipv6",
    "key",
    "maxdelay",
    "maxdelaydevratio",
    "maxdelayquant",
    "maxdelayratio",
    "maxpoll",
    "maxsamples",
    "maxsources",
    "maxunreach",
    "mindelay",
    "minpoll",
    "minsamples",
    "minstratum",
    "noselect",
    "nts",
    "ntsport",
    "offline",
    "offset",
    "polltarget",
    "port",
    "prefer",
    "presend",
    "require",
    "trust",
    "version",
    "xleave",
};

static const char *const chrony_refclock_options[] = {
    "delay",      "dpoll",      "filter",     "local",      "lock",     "maxdispersion",
    "maxlockage", "maxsamples", "maxunreach", "minsamples", "noselect", "offset",
    "poll",       "pps",        "precision",  "prefer",     "rate",     "refid",
    "require",    "stratum",    "tai",        "trust",      "width",
};

#define COUNT(array) (sizeof array / sizeof array[0])

static void the_table_has_all_of_chrony(void **state)
{
    size_t native = 0;
    size_t count = option_count(SCOPE_DIRECTIVE);

    (void)state;
    for (size_t i = 0; i < COUNT(chrony_directives); i++) {
        if (!option_find(SCOPE_DIRECTIVE, chrony_directives[i])) {
            fail_msg("missing: %s", chrony_directives[i]);
        }
    }
    for (size_t i = 0; i < count; i++) {
        native += option_at(SCOPE_DIRECTIVE, i)->native;
    }
    assert_int_equal(count, COUNT(chrony_directives) + native);
    for (size_t i = 0; i < COUNT(chrony_source_options); i++) {
        assert_non_null(option_find(SCOPE_SOURCE, chrony_source_options[i]));
    }
    native = 0;
    for (size_t i = 0; i < option_count(SCOPE_SOURCE); i++) {
        native += option_at(SCOPE_SOURCE, i)->native;
    }
    assert_int_equal(option_count(SCOPE_SOURCE), COUNT(chrony_source_options) + native);
    for (size_t i = 0; i < COUNT(chrony_refclock_options); i++) {
        assert_non_null(option_find(SCOPE_REFCLOCK, chrony_refclock_options[i]));
    }
    assert_int_equal(option_count(SCOPE_REFCLOCK), COUNT(chrony_refclock_options));
}

static void every_row_is_complete(void **state)
{
    (void)state;
    for (unsigned scope = SCOPE_DIRECTIVE; scope < SCOPE_COUNT; scope++) {
        size_t words = option_count((enum option_scope)scope);

        assert_true(words > 0);
        for (size_t i = 0; i < words; i++) {
            const struct option *option = option_at((enum option_scope)scope, i);

            if (!option->help || (option->verdict != VERDICT_WORKS) != (option->reason != NULL)) {
                fail_msg("%s lacks its help or its reason", option->name);
            }
            /* A sentence has its full stop; a reason is the end of one. */
            assert_int_equal(option->help[strlen(option->help) - 1], '.');
            assert_true(!option->reason || option->reason[strlen(option->reason) - 1] != '.');
            assert_ptr_equal(option_find((enum option_scope)scope, option->name), option);
        }
    }
}

/* An argument that is valid and not neutral. */
static void sample(struct text *text, const struct option *option,
                   const struct option_argument *argument)
{
    char number[32];
    struct text written = text_begin(number, sizeof number);

    text_char(text, ' ');
    switch (argument->type) {
    case TYPE_INT8:
    case TYPE_UINT8:
    case TYPE_UINT16:
    case TYPE_UINT32:
    case TYPE_INT:
    case TYPE_DOUBLE:
        number_print(&written, argument->maximum, 0);
        if (option->neutral && strcmp(option->neutral, number) == 0) {
            written = text_begin(number, sizeof number);
            number_print(&written, argument->maximum - 1, 0);
        }
        text_add(text, number);
        break;
    case TYPE_ENUM:
    case TYPE_SET:
        text_add(text, option_at(argument->scope,
                                 argument->offset == NO_FIELD && option_count(argument->scope) > 1)
                           ->name);
        break;
    case TYPE_ADDRESS:
    case TYPE_BINDING:
        text_add(text, "192.0.2.1");
        break;
    case TYPE_HEX:
        text_add(text, "f323");
        break;
    case TYPE_STRING:
        text_add(text, "/x");
        break;
    case TYPE_WORDS:
    case TYPE_NONE:
        text_add(text, "1");
        break;
    }
}

static void sample_line(struct text *text, const struct option *option)
{
    static const struct {
        const char *name, *arguments;
        bool all; /* what the table lists need not follow */
    } special[] = {
        {"server", " a.example"},
        {"pool", " a.example"},
        {"peer", " a.example"},
        {"source", " dns a.example"},
        {"refclock", " SHM 0"},
        {"allow", " 10"},
        {"deny", " fd00::/8"},
        {"cmdallow", " 10.0.0.0/8"},
        {"cmddeny", ""},
        {"include", " /empty"},
        {"confdir", " /nowhere"},
        {"sourcedir", " /nowhere"},
        {"tempcomp", " auto", true},
        {"ntsaeads", " 30 15"},
        {"ntsciphersuites", " TLS_AES_128_GCM_SHA256", true},
        {"constraint", " a.example", true},
        {"constraints", " a.example", true},
        {"ntsservercert", " /c\nallow\nntsserverkey"},
        {"ntsserverkey", " /k\nallow\nntsservercert"},
    };

    text_add(text, option->name);
    for (size_t i = 0; i < COUNT(special); i++) {
        if (strcmp(special[i].name, option->name) == 0) {
            text_add(text, special[i].arguments);
            if (special[i].all) {
                return;
            }
        }
    }
    for (unsigned i = 0; i < option_argument_count(option); i++) {
        sample(text, option, &option->argument[i]);
    }
}

/* The line behaves as its row promises. */
static void assert_verdict(const struct option *option, const char *line, const char *text)
{
    static const struct memory_file files[] = {{"/empty", ""}, {0}};
    bool works = option->verdict == VERDICT_WORKS;
    bool refused = option->verdict == VERDICT_REFUSED;
    bool parsed = parse_files(&fixture, files, text);

    if (parsed == refused || fixture.report.count != !works ||
        fixture.report.not_yet != (option->verdict == VERDICT_NOT_YET)) {
        fail_msg("%s (%s): %s", line, verdict_name(option->verdict), message_at(&fixture, 0));
    }
    if (!works) {
        assert_int_equal(fixture.report.messages[0].verdict, option->verdict);
        assert_non_null(strstr(message_at(&fixture, 0), option->reason));
        assert_int_equal(fixture.report.messages[0].line, 2);
    }
}

static void every_directive_behaves_as_its_verdict_says(void **state)
{
    size_t count = option_count(SCOPE_DIRECTIVE);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        char line[512];
        char text[1024];
        struct text written = text_begin(line, sizeof line);
        struct text file = text_begin(text, sizeof text);

        sample_line(&written, option_at(SCOPE_DIRECTIVE, i));
        /* More sources than any sample of minsources asks for. */
        text_add(&file, "sourcedir /many\n");
        text_add(&file, line);
        assert_verdict(option_at(SCOPE_DIRECTIVE, i), line, text);
    }
}

static void every_keyword_behaves_as_its_verdict_says(void **state)
{
    static const struct {
        enum option_scope scope;
        const char *line;
    } lines[] = {
        {SCOPE_SOURCE, "pool a.example"},
        {SCOPE_LOCAL, "local"},
        {SCOPE_OPENCOMMANDS, "opencommands"},
        {SCOPE_KEYFILE, "keyfile /x"},
        {SCOPE_LEAPSECLIST, "leapseclist /x"},
        {SCOPE_DRIFTFILE, "driftfile /x"},
        {SCOPE_LOG, "log"},
        {SCOPE_LEAPSECMODE, "leapsecmode"},
        {SCOPE_AUTHSELECTMODE, "authselectmode"},
        {SCOPE_RATELIMIT, "ratelimit"},
        {SCOPE_ROLE, "role"},
        {SCOPE_CMD_RATELIMIT, "cmdratelimit"},
        {SCOPE_NTS_RATELIMIT, "ntsratelimit"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(lines); i++) {
        size_t count = option_count(lines[i].scope);

        for (size_t j = 0; j < count; j++) {
            char line[512];
            char text[1024];
            struct text written = text_begin(line, sizeof line);
            struct text file = text_begin(text, sizeof text);

            text_add(&written, lines[i].line);
            text_char(&written, ' ');
            text_add(&written, option_at(lines[i].scope, j)->name);
            for (unsigned k = 0; k < option_argument_count(option_at(lines[i].scope, j)); k++) {
                sample(&written, option_at(lines[i].scope, j),
                       &option_at(lines[i].scope, j)->argument[k]);
            }
            /* A lower maxpoll than minpoll has a warning of its own. */
            text_add(&written, strcmp(option_at(lines[i].scope, j)->name, "minpoll") == 0
                                   ? " maxpoll 24"
                                   : "");
            text_add(&file, "sourcedir /many\n");
            text_add(&file, line);
            assert_verdict(option_at(lines[i].scope, j), line, text);
        }
    }
}

static void keywords_of_lines_that_do_nothing_are_understood(void **state)
{
    static const struct {
        enum option_scope scope;
        const char *line;
        bool only; /* the keyword is the whole rest */
    } lines[] = {
        {SCOPE_REFCLOCK, "refclock SHM 0", false},
        {SCOPE_REFCLOCK_DRIVER, "refclock", true},
        {SCOPE_REFCLOCK_PARAMETER, "refclock PPS /dev/pps0:", false},
        {SCOPE_HWTIMESTAMP, "hwtimestamp *", false},
        {SCOPE_RXFILTER, "hwtimestamp * rxfilter", false},
        {SCOPE_SMOOTHTIME, "smoothtime 400 0.001", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(lines); i++) {
        size_t count = option_count(lines[i].scope);

        for (size_t j = 0; j < count; j++) {
            char text[1024];
            struct text file = text_begin(text, sizeof text);
            bool refused = option_at(lines[i].scope, j)->verdict == VERDICT_REFUSED;
            bool colon = lines[i].scope == SCOPE_REFCLOCK_PARAMETER;

            text_add(&file, "server a.example\n");
            text_add(&file, lines[i].line);
            text_add(&file, colon ? "" : " ");
            text_add(&file, option_at(lines[i].scope, j)->name);
            text_add(&file,
                     colon && option_argument_count(option_at(lines[i].scope, j)) > 0 ? "=1" : "");
            text_add(&file, lines[i].only ? " /x" : "");
            for (unsigned k = 0; !colon && k < option_argument_count(option_at(lines[i].scope, j));
                 k++) {
                sample(&file, option_at(lines[i].scope, j),
                       &option_at(lines[i].scope, j)->argument[k]);
            }
            if (parse_text(&fixture, text) == refused || fixture.report.count != 1) {
                fail_msg("%s: %s", text, message_at(&fixture, 0));
            }
        }
    }
}

static void written_defaults_change_nothing(void **state)
{
    size_t count = option_count(SCOPE_DIRECTIVE);
    struct config standard;

    (void)state;
    config_init(&standard, NULL);
    for (size_t i = 0; i < count; i++) {
        const struct option *option = option_at(SCOPE_DIRECTIVE, i);
        char text[256];
        struct text file = text_begin(text, sizeof text);

        if (option->standard) {
            text_add(&file, option->name);
            text_char(&file, ' ');
            text_add(&file, option->standard);
            (void)parse_text(&fixture, text);
            assert_int_equal(fixture.report.errors, 0);
            if (!value_equal(option, &fixture.config, &standard)) {
                fail_msg("the default of %s is not %s", option->name, option->standard);
            }
        }
    }
    for (unsigned scope = SCOPE_SOURCE; scope <= SCOPE_DRIFTFILE; scope++) {
        size_t words = option_count((enum option_scope)scope);

        for (size_t i = 0; i < words; i++) {
            const struct option *option = option_at((enum option_scope)scope, i);
            char text[256];
            struct text file = text_begin(text, sizeof text);
            struct source_options source;

            source_options_default(&source);
            source.version = 4; /* what 0 stands for */
            text_add(&file, scope == SCOPE_SOURCE  ? "server a.example "
                            : scope == SCOPE_LOCAL ? "local "
                                                   : "driftfile /x ");
            text_add(&file, option->name);
            text_char(&file, ' ');
            if (!option->standard) {
                continue;
            }
            text_add(&file, option->standard);
            assert_true(parse_text(&fixture, text));
            assert_true(scope == SCOPE_SOURCE ? value_equal(option, source_at(&fixture, 0), &source)
                                              : value_equal(option, &fixture.config, &standard));
        }
    }
}

static void near_misses_are_recognised(void **state)
{
    static const struct {
        const char *word, *meant;
    } rows[] = {
        {"sever", "server"},
        {"serevr", "server"},
        {"SERVRE", "server"},
        {"drift-file", "driftfile"},
        {"makestp", "makestep"},
        {"max_distance", "maxdistance"},
        {"alow", "allow"},
        {"logs", "log"},
        {"restrict", NULL},
        {"x", NULL},
        {"", NULL},
        {"statsdir", NULL},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *meant = option_suggest(SCOPE_DIRECTIVE, rows[i].word);

        if (rows[i].meant) {
            assert_non_null(meant);
            assert_string_equal(meant, rows[i].meant);
        } else if (meant) {
            fail_msg("%s is taken for %s", rows[i].word, meant);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_has_all_of_chrony),
        cmocka_unit_test(every_row_is_complete),
        cmocka_unit_test(every_directive_behaves_as_its_verdict_says),
        cmocka_unit_test(every_keyword_behaves_as_its_verdict_says),
        cmocka_unit_test(keywords_of_lines_that_do_nothing_are_understood),
        cmocka_unit_test(written_defaults_change_nothing),
        cmocka_unit_test(near_misses_are_recognised),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("config/option", tests, NULL, NULL);
}
