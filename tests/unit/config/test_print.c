/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/print.h"

#include "fixture.h"

#include "config/check.h"
#include "config/number.h"
#include "config/option.h"

static struct fixture first, second;

static void append_line(void *context, const char *line)
{
    struct text *text = context;

    text_add(text, line);
    text_char(text, '\n');
}

static char printed[256 << 10];

static const char *print(const struct fixture *fixture)
{
    struct text text = text_begin(printed, sizeof printed);

    config_print(&fixture->config, append_line, &text);
    assert_false(text.overrun);
    return printed;
}

static const char *difference(void)
{
    static char sentences[64 << 10];
    struct text text = text_begin(sentences, sizeof sentences);

    (void)config_diff(&first.config, &second.config, append_line, &text);
    return sentences;
}

static void a_configuration_comes_out_as_it_went_in(void **state)
{
    static const char *const rows[] = {
        "",
        "server a.example\n",
        "server 192.0.2.1 minpoll 4 maxpoll 5 iburst burst maxdelay 0.3 maxdelayratio 2.5 "
        "maxdelaydevratio 4 mindelay 0.0001 asymmetry -0.25 offset -0.00005 minsamples 8 "
        "maxsamples 16 filter 5 offline prefer noselect trust require xleave polltarget 30 port "
        "1123 presend 9 minstratum 5 version 3 ipv4\n",
        "pool 2.pool.example ipv6 maxsources 7\n",
        "sourcedir /run/dhcp /etc/x\nsourcedir /y\n",
        "acquisitionport 0\nbindacqaddress 2001:db8::9\nbindacqdevice eth0\n",
        "maxsamples 20\nminsamples 9\n",
        "maxclockerror 0.1\nmaxdrift 33.333\nmaxupdateskew 100\nmaxslewrate 500\n",
        "driftfile /var/lib/noon/drift interval 60\nleapsecmode step\nmakestep 1 3\n",
        "maxchange 1000 1 -1\n",
        "bindaddress 192.0.2.9\nbindaddress ::1\nlocal\n",
        "local orphan\n",
        "local orphan waitunsynced 0\n",
        "local stratum 8 distance 0.5 activate 0.25 waitsynced 7200 waitunsynced 60\n",
        "port 0\n",
        "cmdport 0\nbindcmdaddress 127.0.0.1\nbindcmdaddress /run/x.sock\nbindcmddevice eth1\n",
        "log measurements statistics tracking\nlogchange 0.1\nlogdir /var/log/noon\n",
        "pidfile /\nuser 123:456\nrtcsync\n",
        "allow 10.0.0.0/8\ndeny all\nallow all fd00::/8\nallow\ndeny host.example\n",
        "cmdallow 10.0.0.0/8\ncmddeny all 10.1.0.0/16\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_true(parse_text(&first, rows[i]));
        assert_string_equal(print(&first), rows[i]);
        assert_true(parse_text(&second, printed));
        assert_string_equal(difference(), "");
    }
}

/* ---- each option ----------------------------------------------------------------------------- */

enum { VARIANTS = 4 };

static void sample_number(struct text *text, const struct option_argument *argument,
                          unsigned variant)
{
    bool whole = argument->type != TYPE_DOUBLE;
    double middle = (argument->minimum + argument->maximum) / 2;
    double value = variant == 0   ? argument->minimum
                   : variant == 1 ? argument->maximum
                   : variant == 2 ? (whole ? (double)(int64_t)middle : middle)
                   : argument->minimum <= 3 && argument->maximum >= 3 ? (whole ? 3 : 0.8125)
                                                                      : argument->maximum;

    number_print(text, value >= argument->minimum ? value : argument->minimum, 0);
}

static void sample_choices(struct text *text, const struct option_argument *argument,
                           unsigned variant)
{
    size_t count = option_count(argument->scope);
    unsigned written = 0;

    for (size_t i = 0; i < count; i++) {
        const struct option *choice = option_at(argument->scope, (i + variant) % count);
        bool wanted =
            argument->type == TYPE_SET ? (i + variant) % 3 != 0 || written == 0 : written == 0;

        if (choice->verdict == VERDICT_WORKS && wanted) {
            text_add(text, written++ > 0 ? " " : "");
            text_add(text, choice->name);
        }
    }
}

/* The option's arguments, of which there are VARIANTS. */
static void sample_arguments(struct text *text, const struct option *option, unsigned variant)
{
    static const char *const addresses[VARIANTS] = {"192.0.2.1", "2001:db8::1", "127.0.0.1", "::"};
    static const char *const strings[VARIANTS] = {"/x", "/a/b-c.d", "/", "/var/lib/noon/x_y"};

    for (unsigned i = 0; i < option_argument_count(option); i++) {
        const struct option_argument *argument = &option->argument[i];

        text_char(text, ' ');
        switch (argument->type) {
        case TYPE_INT8:
        case TYPE_UINT8:
        case TYPE_UINT16:
        case TYPE_UINT32:
        case TYPE_INT:
        case TYPE_DOUBLE:
            sample_number(text, argument, variant);
            break;
        case TYPE_ENUM:
        case TYPE_SET:
            sample_choices(text, argument, variant);
            break;
        case TYPE_ADDRESS:
            text_add(text, addresses[variant]);
            break;
        case TYPE_BINDING:
            text_add(text, variant == 0 ? "/run/x.sock" : addresses[variant]);
            break;
        case TYPE_STRING:
            text_add(text, strings[variant]);
            break;
        case TYPE_HEX:
        case TYPE_WORDS:
        case TYPE_NONE:
            text_add(text, "1");
            break;
        }
    }
}

/* Lines that the table does not describe alone; VARIANTS of each. */
static const char *special_line(const char *name, unsigned variant)
{
    static const struct {
        const char *name;
        const char *lines[VARIANTS];
    } rows[] = {
        {"server", {"server a.example", "server c.example", "server d.e", "server b"}},
        {"pool", {"pool a.example", "pool b.example", "pool c", "pool d"}},
        {"source", {"source dns a.example", "source dns b", "source dns c", "source dns d"}},
        {"allow",
         {"allow", "allow 10.0.0.0/8 limited kod", "allow all fd00::/8", "allow a.example"}},
        {"deny", {"deny", "deny 10.0.0.0/8", "deny all ::/0", "deny 192.0.2.1/32"}},
        {"cmdallow", {"cmdallow", "cmdallow 10.0.0.0/8", "cmdallow ::/0", "cmdallow all ::1/128"}},
        {"cmddeny", {"cmddeny", "cmddeny 10.0.0.0/8", "cmddeny ::/0", "cmddeny all"}},
        {"include", {"include /none", "include /none", "include /none", "include /none"}},
        {"confdir", {"confdir /x", "confdir /x /y", "confdir /x", "confdir /x"}},
        {"sourcedir", {"sourcedir /x", "sourcedir /x /y", "sourcedir /", "sourcedir /z"}},
        {"tempcomp",
         {"tempcomp auto", "tempcomp /t 30 auto", "tempcomp /t 30 20 0.1 0.2 0.03",
          "tempcomp auto"}},
        {"xdp", {"xdp eth0", "xdp eth0 eth1", "xdp lo", "xdp enp1s0"}},
        {"ntsaeads", {"ntsaeads 15", "ntsaeads 30 15", "ntsaeads 15 30", "ntsaeads 30"}},
        {"ntsciphersuites",
         {"ntsciphersuites TLS_AES_128_GCM_SHA256",
          "ntsciphersuites TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256",
          "ntsciphersuites TLS_CHACHA20_POLY1305_SHA256",
          "ntsciphersuites TLS_AES_128_CCM_SHA256"}},
        {"ntstrustedcerts",
         {"ntstrustedcerts /a", "ntstrustedcerts 3 /b", "ntstrustedcerts 0 /c",
          "ntstrustedcerts /d"}},
        {"ntsservercert",
         {"ntsserverkey /k\nallow\nntsservercert /c", "ntsserverkey /k\nallow\nntsservercert /d",
          "ntsserverkey /l\nallow\nntsservercert /c", "ntsserverkey /k\nallow\nntsservercert /"}},
        {"ntsserverkey",
         {"ntsservercert /c\nallow\nntsserverkey /k", "ntsservercert /c\nallow\nntsserverkey /k",
          "ntsservercert /c\nallow\nntsserverkey /k", "ntsservercert /c\nallow\nntsserverkey /k"}},
        {"constraint",
         {"constraint https://a.example/", "constraint https://a.example/x 192.0.2.1",
          "constraint https://b/", "constraint https://a.example:4443/"}},
        {"constraints",
         {"constraints https://a.example/", "constraints https://a.example/x",
          "constraints https://b/", "constraints https://a.example:4443/"}},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return rows[i].lines[variant];
        }
    }
    return NULL;
}

/* What was read, printed and read again is the same, and printed again too. */
static void assert_survives(const char *text)
{
    static const struct memory_file files[] = {{"/none", ""}, {0}};
    static char once[sizeof printed];

    if (!parse_files(&first, files, text)) {
        fail_msg("%s: %s", text, message_at(&first, 0));
    }
    (void)print(&first);
    memcpy(once, printed, sizeof once);
    if (!parse_files(&second, files, once) || strcmp(difference(), "") != 0) {
        fail_msg("%s\nis printed as\n%s\nwhich differs: %s%s", text, once, difference(),
                 message_at(&second, 0));
    }
    assert_string_equal(print(&second), once);
}

static void add_directive(struct text *text, const struct option *option, unsigned variant)
{
    const char *special = special_line(option->name, variant);

    text_add(text, special ? special : option->name);
    if (!special) {
        sample_arguments(text, option, variant);
    }
}

static void each_option_survives_printing(void **state)
{
    size_t count = option_count(SCOPE_DIRECTIVE);
    unsigned tried = 0;

    (void)state;
    for (size_t i = 0; i < count * VARIANTS; i++) {
        const struct option *option = option_at(SCOPE_DIRECTIVE, i / VARIANTS);
        size_t keywords = option_count(option->scope);
        char line[2048];

        if (option->verdict != VERDICT_WORKS) {
            continue;
        }
        for (size_t k = 0; k <= keywords; k++) {
            struct text text = text_begin(line, sizeof line);

            add_directive(&text, option, i % VARIANTS);
            if (k < keywords) {
                const struct option *keyword = option_at(option->scope, k);

                if (keyword->verdict != VERDICT_WORKS) {
                    continue;
                }
                text_char(&text, ' ');
                text_add(&text, keyword->name);
                sample_arguments(&text, keyword, i % VARIANTS);
            }
            text_char(&text, '\n');
            assert_survives(line);
            tried++;
        }
    }
    assert_true(tried > 700);
}

/* Any of them together, as drawn by a generator that begins with the number of the file. */
static void files_of_many_options_survive_printing(void **state)
{
    size_t count = option_count(SCOPE_DIRECTIVE);

    (void)state;
    for (uint32_t file = 0; file < 300; file++) {
        char lines[32 << 10];
        struct text text = text_begin(lines, sizeof lines);
        uint32_t draw = file * 2654435761U + 1;
        bool pair = false;

        for (unsigned i = 0; i < 25; i++) {
            draw = draw * 1664525U + 1013904223U;
            const struct option *option = option_at(SCOPE_DIRECTIVE, (draw >> 8) % count);
            bool of_pair = strncmp(option->name, "ntsserver", 9) == 0;

            /* Pairs of files add up. */
            if (option->verdict == VERDICT_WORKS && !(of_pair && pair)) {
                pair = pair || of_pair;
                add_directive(&text, option, (draw >> 28) % VARIANTS);
                text_char(&text, '\n');
            }
        }
        assert_false(text.overrun);
        assert_survives(lines);
    }
}

static void sources_of_a_sourcedir_are_not_printed(void **state)
{
    static const struct memory_file files[] = {{"/s/a.sources", "server a.example\n"}, {0}};

    (void)state;
    assert_true(parse_files(&first, files, "server b.example\nsourcedir /s\n"));
    assert_int_equal(first.config.node.source_count, 2);
    assert_string_equal(print(&first), "server b.example\nsourcedir /s\n");
}

static void a_difference_is_told_in_sentences(void **state)
{
    static const struct {
        const char *before, *after, *sentences;
    } rows[] = {
        {"server a.example\n", "# same\nSERVER  a.example minpoll 6\n", ""},
        {"server a.example\n", "server a.example\nserver b.example iburst\n",
         "added: server b.example iburst\n"},
        {"server a.example\nserver b.example\n", "server b.example\n",
         "removed: server a.example\n"},
        {"server a.example\n", "server a.example iburst\n",
         "changed: server a.example, now server a.example iburst\n"},
        {"server a.example\nserver a.example iburst\n", "server a.example\n",
         "removed: server a.example iburst\n"},
        {"server 127.0.0.1 port 1\n", "server 127.0.0.1 port 2\n",
         "removed: server 127.0.0.1 port 1\nadded: server 127.0.0.1 port 2\n"},
        {"local\n", "local\nmakestep 1 3\n", "added: makestep 1 3\n"},
        {"local\nmakestep 1 3\n", "local\nmakestep 0.1 3\n",
         "changed: makestep 1 3, now makestep 0.1 3\n"},
        {"local\nmakestep 1 3\n", "local\n", "removed: makestep 1 3\n"},
        {"local\nport 123\n", "local\nport 124\n", "added: port 124\n"},
        {"local stratum 5\n", "local stratum 6\n",
         "changed: local stratum 5, now local stratum "
         "6\n"},
        {"local\n", "local\nrtcsync\n", "added: rtcsync\n"},
        {"local\nntsaeads 30 15\n", "local\nntsaeads 15\n",
         "removed: ntsaeads 30 15\nadded: ntsaeads 15\n"},
        {"local\nntsservercert /a\nntsserverkey /k\n", "local\nntsservercert /b\nntsserverkey /k\n",
         "removed: ntsservercert /a\nadded: ntsservercert /b\n"},
        {"local\n", "local\nntsratelimit burst 4\n", "added: ntsratelimit burst 4\n"},
        {"local\nbindaddress 192.0.2.1\n", "local\nbindaddress 192.0.2.1\nbindaddress ::1\n",
         "changed: bindaddress 192.0.2.1, now bindaddress 192.0.2.1 ::1\n"},
        {"local\nallow 10\n", "local\nallow 10.0.0.0/8\n", ""},
        {"local\nallow 10\n", "local\nallow 10\ndeny 10.1\n", "added: deny 10.1.0.0/16\n"},
        {"local\nallow 10\nallow 11\n", "local\nallow 11\nallow 10\n",
         "changed: the order of allow and deny\n"},
        {"local\nsourcedir /a\n", "local\nsourcedir /b\n",
         "removed: sourcedir /a\nadded: sourcedir /b\n"},
        {"local\nxdp eth0\n", "local\nxdp eth0 eth1\n", "changed: xdp eth0, now xdp eth0 eth1\n"},
        {"local\nlog tracking\n", "local\nlog tracking statistics\n",
         "changed: log tracking, now log statistics tracking\n"},
        {"local\ndriftfile /a\n", "local\ndriftfile /a interval 5\n",
         "changed: driftfile /a, now driftfile /a interval 5 (at the next start)\n"},
        {"local\nbindcmdaddress /a\n", "local\nbindcmdaddress /\n",
         "changed: bindcmdaddress /a, now bindcmdaddress / (at the next start)\n"},
        {"local\nmaxsamples 3\nserver a.example\n", "local\nmaxsamples 4\nserver a.example\n",
         "changed: maxsamples 3, now maxsamples "
         "4\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_true(parse_text(&first, rows[i].before));
        assert_true(parse_text(&second, rows[i].after));
        assert_string_equal(difference(), rows[i].sentences);
    }
}

static void append_explained(void *context, const struct config_explained *line)
{
    config_explain_line(context, line);
}

static void each_line_is_explained_with_its_verdict(void **state)
{
    static char explained[64 << 10];
    static const struct memory_file files[] = {{"/c/a.conf", "rtcsync\n"}, {0}};
    struct text text = text_begin(explained, sizeof explained);
    struct memory memory = {.files = files};
    struct config_input input = memory_input(&memory, "# comment\n"
                                                      "server  a.example\tiburst nts minpoll x4\n"
                                                      "confdir /c\n"
                                                      "ntpsigndsocket /x\n"
                                                      "sevrer b\n"
                                                      "leapsecmode slew\n");

    (void)state;
    config_report_init(&first.report);
    first.report.explain = append_explained;
    first.report.context = &text;
    config_init(&first.config, &first.space);
    assert_false(config_parse(&first.config, &input, &first.report));
    assert_false(config_check_passes(&first.report));
    assert_non_null(strstr(explained, "noon.conf:2: server a.example iburst nts minpoll x4\n"
                                      "    server (works): A server"));
    assert_non_null(strstr(explained, "\n      iburst (works): "));
    assert_non_null(strstr(explained, "\n      nts (works): "));
    assert_non_null(strstr(explained, "\n      minpoll (works): "));
    assert_non_null(strstr(explained, "    wrong: see the error below\nnoon.conf:3: confdir /c\n"));
    assert_non_null(strstr(explained, "\n/c/a.conf:1: rtcsync\n    rtcsync (works): "));
    assert_non_null(strstr(explained, "ntpsigndsocket (not yet): "));
    assert_non_null(strstr(explained, "noon.conf:5: sevrer b\n    unknown\n"));
    assert_non_null(strstr(explained, "\n      slew (works): "));
    assert_null(strstr(explained, "comment"));
}

static void a_check_passes_only_what_holds_as_written(void **state)
{
    static const struct {
        const char *text;
        bool passes;
    } rows[] = {
        {"server a.example\n", true},
        {"server a.example key 1\nkeyfile /k\n", true},
        {"server a.example\nntpsigndsocket /x\n", false},
        {"server a.example nts\n", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        (void)parse_text(&first, rows[i].text);
        assert_int_equal(config_check_passes(&first.report), rows[i].passes);
    }
}

static void a_thousand_messages_do_no_harm(void **state)
{
    static char text[64 << 10];
    struct text lines = text_begin(text, sizeof text);

    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        text_add(&lines, "nonsense\n");
    }
    text_add(&lines, "last\n");
    assert_false(parse_text(&first, text));
    assert_int_equal(first.report.count, CONFIG_MESSAGES_MAX);
    assert_true(first.report.lost > 0);
    assert_int_equal(first.report.errors, 1001);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_configuration_comes_out_as_it_went_in),
        cmocka_unit_test(each_option_survives_printing),
        cmocka_unit_test(files_of_many_options_survive_printing),
        cmocka_unit_test(sources_of_a_sourcedir_are_not_printed),
        cmocka_unit_test(a_difference_is_told_in_sentences),
        cmocka_unit_test(each_line_is_explained_with_its_verdict),
        cmocka_unit_test(a_check_passes_only_what_holds_as_written),
        cmocka_unit_test(a_thousand_messages_do_no_harm),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("config/print", tests, NULL, NULL);
}
