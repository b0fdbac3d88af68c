/* SPDX-License-Identifier: BSD-2-Clause */
#include "fixture.h"

#include <math.h>
#include <stdio.h>

#include "config/print.h"

static struct fixture fixture;

static void print_nothing(void *context, const char *line)
{
    (void)context;
    (void)line;
}

static void an_empty_configuration_is_all_defaults(void **state)
{
    static struct config untouched;
    static struct config_space space;

    (void)state;
    assert_true(parse_text(&fixture, ""));
    config_init(&untouched, &space);
    assert_int_equal(config_diff(&untouched, &fixture.config, print_nothing, NULL), 0);
    assert_int_equal(fixture.config.daemon.port, 123);
    assert_int_equal(fixture.config.daemon.command_port, 323);
    assert_int_equal(fixture.config.daemon.acquisition_port, -1);
    assert_null(fixture.config.daemon.drift_file);
    assert_string_equal(message_at(&fixture, 0),
                        "warning noon.conf: there is no source: the clock is not corrected; write "
                        "\"server NAME iburst\" to follow one");
}

static void defaults_are_those_that_people_rely_on(void **state)
{
    const struct node_options *node = &fixture.config.node;
    const struct source_options *source;

    (void)state;
    assert_true(parse_text(&fixture, "server ntp1.example\n"));
    source = source_at(&fixture, 0);
    assert_int_equal(source->minpoll, 6);
    assert_int_equal(source->maxpoll, 10);
    assert_int_equal(source->literal.port, 123);
    assert_int_equal(source->literal.family, ADDRESS_NONE);
    assert_int_equal(source->polltarget, 8);
    assert_int_equal(source->min_samples, 6);
    assert_int_equal(source->max_samples, 0);
    assert_true(source->max_delay_s == 3.0);
    assert_true(source->max_delay_dev_ratio == 10.0);
    assert_true(source->max_delay_ratio == 0);
    assert_true(isnan(source->asymmetry));
    assert_false(source->iburst);
    assert_true(node->max_distance_s == 3.0);
    assert_true(node->max_jitter_s == 1.0);
    assert_true(node->max_slew_s_per_s == 83333.333e-6);
    assert_true(node->max_clock_error_s_per_s == 1e-6);
    assert_true(node->max_update_skew_s_per_s == 1e-3);
    assert_true(node->max_drift_s_per_s == 0.5);
    assert_true(node->step.threshold_s == 0 && node->step.limit == 0);
    assert_int_equal(node->min_sources, 1);
    assert_int_equal(node->access_count, 0);
    assert_false(node->local.enabled);
    assert_false(node->rtcsync);
}

static void every_source_option_reaches_its_field(void **state)
{
    const struct source_options *source;

    (void)state;
    assert_true(parse_text(
        &fixture,
        "server 192.0.2.1 minpoll 4 maxpoll 5 iburst burst prefer noselect trust require offline "
        "xleave port 1123 version 3 minstratum 5 polltarget 30 maxdelay 0.3 maxdelayratio 2.5 "
        "maxdelaydevratio 4 mindelay 1e-4 asymmetry -0.25 offset -0.00005 minsamples 8 maxsamples "
        "16 filter 5 presend 9 ipv4\n"
        "pool 2.pool.example maxsources 7 ipv6\n"
        "server 2001:db8::7\n"));
    assert_int_equal(fixture.report.count, 0);
    source = source_at(&fixture, 0);
    assert_string_equal(source->name, "192.0.2.1");
    assert_int_equal(source->kind, SOURCE_SERVER);
    assert_int_equal(source->literal.family, ADDRESS_IPV4);
    assert_int_equal(source->literal.port, 1123);
    assert_int_equal(source->family, ADDRESS_IPV4);
    assert_int_equal(source->minpoll, 4);
    assert_int_equal(source->maxpoll, 5);
    assert_true(source->iburst && source->burst && source->prefer && source->noselect);
    assert_true(source->trust && source->require && source->offline && source->xleave);
    assert_int_equal(source->version, 3);
    assert_int_equal(source->min_stratum, 5);
    assert_int_equal(source->polltarget, 30);
    assert_true(source->max_delay_s == 0.3);
    assert_true(source->max_delay_ratio == 2.5);
    assert_true(source->max_delay_dev_ratio == 4);
    assert_true(source->min_delay_s == 1e-4);
    assert_true(source->asymmetry == -0.25);
    assert_true(source->offset_s == -0.00005);
    assert_int_equal(source->min_samples, 8);
    assert_int_equal(source->max_samples, 16);
    assert_int_equal(source->filter, 5);
    assert_int_equal(source->presend_minpoll, 9);
    source = source_at(&fixture, 1);
    assert_int_equal(source->kind, SOURCE_POOL);
    assert_int_equal(source->max_sources, 7);
    assert_int_equal(source->family, ADDRESS_IPV6);
    source = source_at(&fixture, 2);
    assert_int_equal(source->literal.family, ADDRESS_IPV6);
    assert_int_equal(source->literal.port, 123);
}

static void every_directive_that_works_reaches_its_field(void **state)
{
    const struct node_options *node = &fixture.config.node;
    const struct daemon_options *daemon = &fixture.config.daemon;

    (void)state;
    assert_true(parse_text(&fixture, "pool a.example\n"
                                     "makestep 0.1 3\n"
                                     "maxchange 1000 1 2\n"
                                     "local stratum 8 orphan distance 0.5 activate 0.25 "
                                     "waitsynced 7200 waitunsynced 60\n"
                                     "maxslewrate 500\n"
                                     "maxdistance 1.5\n"
                                     "maxdrift 100\n"
                                     "maxclockerror 0.5\n"
                                     "maxupdateskew 100.0\n"
                                     "logchange 0.25\n"
                                     "corrtimeratio 5\n"
                                     "reselectdist 1e-3\n"
                                     "combinelimit 0\n"
                                     "stratumweight 0\n"
                                     "accuracytarget 1e-6\n"
                                     "minsources 2\n"
                                     "leapsecmode slew\n"
                                     "rtcsync\n"
                                     "port 11123\n"
                                     "acquisitionport 1123\n"
                                     "bindaddress 192.0.2.9\n"
                                     "bindaddress ::1\n"
                                     "bindacqaddress 2001:db8::9\n"
                                     "binddevice eth0\n"
                                     "bindacqdevice eth1\n"
                                     "driftfile /var/lib/noon/drift interval 60\n"
                                     "logdir /var/log/noon\n"
                                     "log measurements\n"
                                     "log tracking statistics\n"
                                     "user ntp:ntp\n"
                                     "pidfile /\n"
                                     "sourcedir /run/dhcp /etc/noon/sources.d\n"));
    assert_int_equal(fixture.report.count, 0);
    assert_true(node->step.threshold_s == 0.1 && node->step.limit == 3);
    assert_true(node->change.offset_s == 1000 && node->change.start == 1);
    assert_int_equal(node->change.ignore, 2);
    assert_true(node->local.enabled && node->local.orphan && node->local.stratum == 8);
    assert_true(node->local.distance_s == 0.5 && node->local.activate_s == 0.25);
    assert_true(node->local.wait_synced_s == 7200 && node->local.wait_unsynced_s == 60);
    assert_true(node->max_slew_s_per_s == 500e-6);
    assert_true(node->max_distance_s == 1.5);
    assert_true(node->max_drift_s_per_s == 100e-6);
    assert_true(node->max_clock_error_s_per_s == 0.5e-6);
    assert_true(node->max_update_skew_s_per_s == 100e-6);
    assert_true(node->log_change_s == 0.25);
    assert_true(node->corr_time_ratio == 5);
    assert_true(node->reselect_dist_s == 1e-3);
    assert_true(node->combine_limit == 0);
    assert_true(node->stratum_weight_s == 0);
    assert_true(node->accuracy_target_s == 1e-6);
    assert_int_equal(node->min_sources, 2);
    assert_int_equal(node->leap_mode, LEAP_SLEW);
    assert_true(node->rtcsync);
    assert_int_equal(daemon->port, 11123);
    assert_int_equal(daemon->acquisition_port, 1123);
    assert_int_equal(daemon->bind[0].family, ADDRESS_IPV4);
    assert_int_equal(daemon->bind[1].family, ADDRESS_IPV6);
    assert_int_equal(daemon->bind_acquisition[0].family, ADDRESS_NONE);
    assert_int_equal(daemon->bind_acquisition[1].family, ADDRESS_IPV6);
    assert_string_equal(daemon->bind_device, "eth0");
    assert_string_equal(daemon->bind_acquisition_device, "eth1");
    assert_string_equal(daemon->drift_file, "/var/lib/noon/drift");
    assert_true(daemon->drift_interval_s == 60);
    assert_string_equal(daemon->log_dir, "/var/log/noon");
    assert_int_equal(daemon->log,
                     CONFIG_LOG_MEASUREMENTS | CONFIG_LOG_STATISTICS | CONFIG_LOG_TRACKING);
    assert_string_equal(daemon->user, "ntp:ntp");
    assert_string_equal(daemon->pid_file, "/");
    assert_int_equal(daemon->source_dir_count, 1);
    assert_string_equal(daemon->source_dirs[0], "/run/dhcp /etc/noon/sources.d");
}

static void the_last_of_several_lines_holds(void **state)
{
    const struct node_options *node = &fixture.config.node;

    (void)state;
    assert_true(parse_text(&fixture, "server a.example\n"
                                     "makestep 1 3\n"
                                     "makestep 0.5 -1\n"
                                     "local stratum 5 orphan distance 3\n"
                                     "local stratum 7\n"
                                     "driftfile /a\n"
                                     "driftfile /b\n"));
    assert_true(node->step.threshold_s == 0.5 && node->step.limit == -1);
    assert_int_equal(node->local.stratum, 7);
    assert_false(node->local.orphan);
    assert_true(node->local.distance_s == 1.0);
    assert_string_equal(fixture.config.daemon.drift_file, "/b");
}

static void local_waits_only_with_orphan_unless_told_how_long(void **state)
{
    (void)state;
    assert_true(parse_text(&fixture, "local\n"));
    assert_int_equal(fixture.config.node.local.stratum, 10);
    assert_true(fixture.config.node.local.wait_unsynced_s == 0);
    assert_true(parse_text(&fixture, "local orphan\n"));
    assert_true(fixture.config.node.local.wait_unsynced_s == 300);
    assert_true(parse_text(&fixture, "local orphan waitunsynced 0\n"));
    assert_true(fixture.config.node.local.wait_unsynced_s == 0);
}

static void a_step_threshold_of_zero_means_every_step_and_a_limit_of_zero_none(void **state)
{
    const struct step_options *step = &fixture.config.node.step;

    (void)state;
    assert_true(parse_text(&fixture, "server a.example\nmakestep 0 -1\n"));
    assert_true(step->threshold_s > 0 && step->threshold_s <= 1e-9);
    assert_int_equal(step->limit, -1);
    assert_true(parse_text(&fixture, "server a.example\nmakestep 1 0\n"));
    assert_true(step->threshold_s == 0);
}

static void sample_directives_hold_for_sources_before_and_after_them(void **state)
{
    (void)state;
    assert_true(parse_text(&fixture, "server a.example\n"
                                     "minsamples 10\n"
                                     "maxsamples 20\n"
                                     "server b.example maxsamples 12\n"));
    assert_int_equal(source_at(&fixture, 0)->min_samples, 10);
    assert_int_equal(source_at(&fixture, 0)->max_samples, 20);
    assert_int_equal(source_at(&fixture, 1)->min_samples, 10);
    assert_int_equal(source_at(&fixture, 1)->max_samples, 12);
}

static void names_of_directives_and_options_have_no_case(void **state)
{
    (void)state;
    assert_true(parse_text(&fixture, "SERVER a.example IBURST MinPoll 5\nLeapSecMode STEP\n"));
    assert_true(source_at(&fixture, 0)->iburst);
    assert_int_equal(source_at(&fixture, 0)->minpoll, 5);
    assert_int_equal(fixture.config.node.leap_mode, LEAP_STEP);
}

static void limits_that_cross_are_settled_as_in_chrony(void **state)
{
    (void)state;
    assert_true(parse_text(&fixture, "server a.example maxpoll 4\nserver b.example minpoll 12\n"));
    assert_int_equal(source_at(&fixture, 0)->maxpoll, 6);
    assert_int_equal(source_at(&fixture, 1)->maxpoll, 12);
    assert_int_equal(fixture.report.warnings, 2);
}

static void numbers_that_chrony_clamps_are_clamped_with_a_warning(void **state)
{
    (void)state;
    assert_true(parse_text(&fixture, "pool a.example maxsources 100\nmaxslewrate 1e6\n"));
    assert_int_equal(source_at(&fixture, 0)->max_sources, 16);
    assert_true(fixture.config.node.max_slew_s_per_s == 0.1);
    assert_string_equal(message_at(&fixture, 0),
                        "warning noon.conf:1: maxsources 100 is beyond the limit; 16 is used");
    assert_string_equal(message_at(&fixture, 1),
                        "warning noon.conf:2: maxslewrate 1e6 is beyond the limit; 100000 is used");
}

static void errors_say_where_what_and_what_instead(void **state)
{
    static const struct {
        const char *text;
        const char *message;
    } rows[] = {
        {"\n\nservre a\n",
         "error noon.conf:3: unknown directive \"servre\"; write instead \"server\""},
        {"xyzzy\n",
         "error noon.conf:1: unknown directive \"xyzzy\"; expected one of those in noon.conf(5)"},
        {"server\n",
         "error noon.conf:1: server lacks a name; expected for example \"server 192.0.2.1 "
         "iburst\""},
        {"server a ibrust\n",
         "error noon.conf:1: \"ibrust\" is no option of server; write instead \"iburst\""},
        {"server a iburst # fast\n",
         "error noon.conf:1: \"#\" is no option of server; a comment stands on a line of its own"},
        {"server a minpoll\n",
         "error noon.conf:1: minpoll lacks its POLL; expected a whole number from -7 to 24"},
        {"server a minpoll x\n",
         "error noon.conf:1: minpoll can't be \"x\"; expected a whole number from -7 to 24"},
        {"server a port 65536\n",
         "error noon.conf:1: port can't be \"65536\"; expected a whole number from 1 to 65535"},
        {"server a asymmetry 0.6\n",
         "error noon.conf:1: asymmetry can't be \"0.6\"; expected a number from -0.5 to 0.5"},
        {"server 1.2.3\n",
         "error noon.conf:1: \"1.2.3\" is neither an address nor a name; expected an IPv4 address "
         "of four numbers"},
        {"server 192.0.2.1:1123\n",
         "error noon.conf:1: \"192.0.2.1:1123\" has a port, which is written as an option; write "
         "instead \"server 192.0.2.1 port 1123\""},
        {"server ntp/1\n",
         "error noon.conf:1: \"ntp/1\" is no name; expected letters, digits, dots and hyphens"},
        {"server 192.0.2.1 ipv6\n",
         "error noon.conf:1: the address 192.0.2.1 is not of the family that ipv6 asks for"},
        {"makestep 1\n",
         "error noon.conf:1: makestep lacks its LIMIT; expected a whole number from -2147483647 to "
         "2147483647"},
        {"rtcsync yes\n",
         "error noon.conf:1: \"yes\" is one word too many for rtcsync; expected the end of the "
         "line"},
        {"leapsecmode smear\n",
         "error noon.conf:1: leapsecmode can't be \"smear\"; expected system, step, slew or "
         "ignore"},
        {"log traking\n", "error noon.conf:1: log can't be \"traking\"; write instead "
                          "\"tracking\""},
        {"bindaddress eth0\n",
         "error noon.conf:1: bindaddress can't be \"eth0\"; expected an IPv4 or IPv6 address"},
        {"allow 10.0.0.0/33\n",
         "error noon.conf:1: \"10.0.0.0/33\" is no prefix; expected an address, a slash and the "
         "number of bits (IPv4: 0 to 32, IPv6: 0 to 128)"},
        {"allow 300.1.1.1\n",
         "error noon.conf:1: \"300.1.1.1\" is neither a prefix nor a name; expected for example "
         "10.0.0.0/8, fd00::/8 or a host's name"},
        {"local stratum 16\n",
         "error noon.conf:1: stratum can't be \"16\"; expected a whole number from 1 to 15"},
        {"include /nowhere\n", "error noon.conf:1: can't read /nowhere: there is no such file"},
        {"include /etc/*/a.conf\n",
         "error noon.conf:1: \"/etc/*/a.conf\" has a wildcard in a directory's name; expected one "
         "in the last part only"},
        {"refclock GPS 0\n",
         "error noon.conf:1: \"GPS\" is no reference clock driver; expected PPS, SOCK, SHM, PHC or "
         "RTC"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_false(parse_text(&fixture, rows[i].text));
        assert_string_equal(message_at(&fixture, 0), rows[i].message);
    }
}

static void one_error_does_not_hide_the_next(void **state)
{
    (void)state;
    assert_false(parse_text(&fixture, "foo\nserver a.example\nserver b.example key\nbar\n"));
    assert_int_equal(fixture.report.errors, 3);
    assert_int_equal(fixture.report.messages[1].line, 3);
    assert_int_equal(fixture.report.messages[2].line, 4);
    /* And no advice that comes from what the errors left out. */
    assert_false(parse_text(&fixture, "servre a.example\n"));
    assert_int_equal(fixture.report.count, 1);
}

static void ciphers_of_nts_are_taken_in_their_order(void **state)
{
    static const struct {
        const char *line;
        bool taken;
        size_t warnings;
        uint16_t first, second; /* 0: none */
    } rows[] = {
        {"ntsaeads 30 15\n", true, 0, 30, 15},    {"ntsaeads 15\n", true, 0, 15, 0},
        {"ntsaeads 15 30 15\n", true, 0, 15, 30}, {"ntsaeads 32 30\n", true, 1, 30, 0},
        {"ntsaeads 32\n", false, 0, 0, 0},        {"ntsaeads\n", false, 0, 0, 0},
        {"ntsaeads fifteen\n", false, 0, 0, 0},   {"ntsaeads 65551\n", false, 0, 0, 0},
        {"ntsaeads -1\n", false, 0, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct node_options *node = &fixture.config.node;
        char text[100];

        (void)snprintf(text, sizeof text, "server a.example\n%s", rows[i].line);
        assert_int_equal(parse_text(&fixture, text), rows[i].taken);
        if (rows[i].taken) {
            assert_int_equal(fixture.report.count, rows[i].warnings);
            assert_int_equal(node->nts_aead_count, 1 + (rows[i].second != 0));
            assert_int_equal(node->nts_aeads[0], rows[i].first);
            assert_true(rows[i].second == 0 || node->nts_aeads[1] == rows[i].second);
        }
    }
    assert_true(parse_text(&fixture, "server a.example\n"));
    assert_int_equal(fixture.config.node.nts_aead_count, 0);
}

static void the_limit_of_key_exchanges_is_read(void **state)
{
    const struct daemon_options *daemon = &fixture.config.daemon;

    (void)state;
    assert_true(parse_text(&fixture, "server a.example\n"));
    assert_false(daemon->nts_limit.enabled);
    assert_int_equal(daemon->nts_threads, 1);
    assert_true(parse_text(&fixture, "server a.example\nntsprocesses 4\nntsratelimit\n"));
    assert_true(daemon->nts_limit.enabled);
    assert_int_equal(daemon->nts_limit.interval_log2, 6);
    assert_int_equal(daemon->nts_limit.burst, 8);
    assert_int_equal(daemon->nts_limit.leak, 2);
    assert_int_equal(daemon->nts_threads, 4);
    assert_true(
        parse_text(&fixture, "server a.example\nntsratelimit interval 1 burst 16 leak 3\n"));
    assert_int_equal(daemon->nts_limit.interval_log2, 1);
    assert_int_equal(daemon->nts_limit.burst, 16);
    assert_int_equal(daemon->nts_limit.leak, 3);
}

static void interfaces_of_xdp_are_names_that_can_be(void **state)
{
    static const char *const bad[] = {"xdp\n", "xdp eth0 eth1 eth0\n", "xdp a_name_of_sixteen\n",
                                      "xdp a b c d e f g h i\n"};

    (void)state;
    assert_true(parse_text(&fixture, "server a.example\nxdp eth0 eth1\n"));
    assert_string_equal(fixture.config.daemon.xdp, "eth0 eth1");
    assert_true(parse_text(&fixture, "server a.example\nxdp eth0\nxdp a b c d e f g h\n"));
    assert_string_equal(fixture.config.daemon.xdp, "a b c d e f g h");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (parse_text(&fixture, bad[i])) {
            fail_msg("taken: %s", bad[i]);
        }
    }
}

static void what_would_be_weakened_is_refused(void **state)
{
    static const char *const rows[] = {
        "ntsservercert /c\nserver a.example\n", /* half a pair */
        "ntsserverkey /k\nserver a.example\n",
        "refclock SHM 0 refid GPS\n",
        "peer a.example\n",
        "server a.example\nrefclock SHM 0 refid GPS require\n",
        "refclock SHM 0\nlocal stratum 1\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (parse_text(&fixture, rows[i])) {
            fail_msg("taken: %s", rows[i]);
        }
        assert_int_equal(fixture.report.errors, 1);
    }
}

static void what_asks_for_nothing_that_is_missing_is_silent(void **state)
{
    (void)state;
    assert_true(parse_text(&fixture, "server a.example maxunreach 100000 maxdelayquant 0\n"
                                     "cmdport 0\n"
                                     "bindcmdaddress /\n"
                                     "maxstratum 15\n"
                                     "minstratum 0\n"
                                     "maxjitter 1\n"
                                     "sched_priority 0\n"
                                     "ptpport 0\n"
                                     "dscp 0\n"
                                     "fallbackdrift 0 0\n"
                                     "authselectmode mix\n"));
    assert_int_equal(fixture.report.count, 0);
    assert_int_equal(fixture.config.daemon.command_port, 0);
    assert_string_equal(fixture.config.daemon.bind_command.path, "/");
}

/* The directives of Debian 12's file, in its order. */
static void a_debian_configuration_starts_unedited(void **state)
{
    static const struct memory_file files[] = {
        {"/etc/chrony/conf.d/README", "not read\n"},
        {"/run/chrony-dhcp/eth0.sources", "server 192.0.2.77 iburst\n"},
        {0},
    };

    (void)state;
    assert_true(parse_files(&fixture, files,
                            "confdir /etc/chrony/conf.d\n"
                            "pool 2.debian.pool.ntp.org iburst\n"
                            "sourcedir /run/chrony-dhcp\n"
                            "sourcedir /etc/chrony/sources.d\n"
                            "keyfile /etc/chrony/chrony.keys\n"
                            "driftfile /var/lib/chrony/chrony.drift\n"
                            "ntsdumpdir /var/lib/chrony\n"
                            "#log tracking measurements statistics\n"
                            "logdir /var/log/chrony\n"
                            "maxupdateskew 100.0\n"
                            "rtcsync\n"
                            "makestep 1 3\n"
                            "leapsectz right/UTC\n"));
    assert_int_equal(fixture.config.node.source_count, 2);
    assert_string_equal(source_at(&fixture, 1)->name, "192.0.2.77");
    assert_int_equal(fixture.report.errors, 0);
    assert_int_equal(fixture.report.not_yet, 0);
    assert_string_equal(fixture.config.daemon.leap_zone, "right/UTC");
    assert_string_equal(fixture.config.daemon.nts_dir, "/var/lib/chrony");
    assert_false(parse_text(&fixture, "leapsectz ../../etc/passwd\n"));
}

static void chronyc_lines_are_understood_and_kept(void **state)
{
    const struct daemon_options *daemon = &fixture.config.daemon;

    (void)state;
    assert_true(parse_text(&fixture, "server a.example\n"
                                     "cmdport 1323\n"
                                     "bindcmdaddress 0.0.0.0\n"
                                     "bindcmdaddress /run/chronyd.sock\n"
                                     "cmdallow 10.0.0.0/8\n"
                                     "cmddeny 10.1\n"));
    assert_int_equal(daemon->command_port, 1323);
    assert_int_equal(daemon->bind_command.address[0].family, ADDRESS_IPV4);
    assert_string_equal(daemon->bind_command.path, "/run/chronyd.sock");
    assert_int_equal(fixture.space.command_rule_count, 2);
    assert_int_equal(fixture.space.command_rules[1].rule.bits, 16);
    assert_int_equal(fixture.config.node.access_count, 0);
    assert_int_equal(fixture.report.count, 0);
}

static void a_line_whose_directive_does_nothing_gets_one_warning(void **state)
{
    (void)state;
    assert_true(parse_text(&fixture, "server a.example\n"
                                     "refclock PHC /dev/ptp0:nocrossts:pin=1 poll 2 refid PTP0\n"
                                     "hwtimestamp eth0 minpoll -2 rxfilter ntp\n"));
    assert_int_equal(fixture.report.count, 2);
    assert_int_equal(fixture.report.not_yet, 2);
}

static void limits_of_clients_are_read_and_kept_in_their_range(void **state)
{
    const struct limit_options *limit = &fixture.config.node.limit;

    (void)state;
    assert_true(parse_text(&fixture, "server a.example\n"));
    assert_false(limit->enabled);
    assert_true(fixture.config.node.client_log_octets == 524288);
    assert_true(parse_text(&fixture, "server a.example\nratelimit\nclientloglimit 1e6\n"));
    assert_true(limit->enabled);
    assert_int_equal(limit->interval_log2, 3);
    assert_int_equal(limit->burst, 8);
    assert_int_equal(limit->leak, 2);
    assert_int_equal(limit->kod, 0);
    assert_true(fixture.config.node.client_log_octets == 1e6);
    assert_true(parse_text(&fixture, "server a.example\nnoclientlog\n"
                                     "ratelimit interval -4 burst 32 leak 3 kod 4 ceiling 5000 "
                                     "prefixburst 100 prefixinterval -2\n"));
    assert_true(fixture.config.node.no_client_log);
    assert_int_equal(limit->interval_log2, -4);
    assert_int_equal(limit->burst, 32);
    assert_int_equal(limit->leak, 3);
    assert_int_equal(limit->kod, 4);
    assert_int_equal(limit->prefix_burst, 100);
    assert_int_equal(limit->prefix_interval_log2, -2);
    assert_true(limit->ceiling_per_s == 5000);
    assert_true(parse_text(&fixture, "server a.example\nratelimit interval -30 leak 0\n"));
    assert_int_equal(limit->interval_log2, -19);
    assert_int_equal(limit->leak, 1);
    assert_int_equal(fixture.report.warnings, 2);
    assert_false(parse_text(&fixture, "server a.example\nratelimit interval often\n"));
}

static void a_role_stands_for_directives_that_later_ones_change(void **state)
{
    const struct node_options *node = &fixture.config.node;

    (void)state;
    assert_true(parse_text(&fixture, "server a.example\nrole boundary\n"));
    assert_int_equal(fixture.report.count, 0);
    assert_int_equal(node->access_count, 9);
    for (size_t i = 0; i < node->access_count; i++) {
        assert_true(node->access[i].allow && address_is_private(&node->access[i].prefix));
    }
    assert_true(node->limit.enabled);
    assert_int_equal(node->limit.interval_log2, 1);
    assert_int_equal(node->limit.burst, 16);
    assert_true(node->local.enabled && node->local.orphan);
    assert_int_equal(node->local.stratum, 10);
    assert_true(node->local.wait_synced_s == 300);
    assert_true(fabs(node->max_clock_error_s_per_s - 1e-7) < 1e-12);
    assert_true(parse_text(&fixture, "server a.example\nrole boundary\nratelimit burst 4\n"
                                     "allow 192.0.2.0/24\nmaxclockerror 1\n"));
    assert_int_equal(node->access_count, 10);
    assert_int_equal(node->limit.interval_log2, 3);
    assert_int_equal(node->limit.burst, 4);
    assert_true(fabs(node->max_clock_error_s_per_s - 1e-6) < 1e-12);
    assert_false(parse_text(&fixture, "server a.example\nrole emperor\n"));
    assert_string_equal(message_at(&fixture, 0),
                        "error noon.conf:2: role can't be \"emperor\"; expected boundary");
}

static void the_same_address_is_one_source(void **state)
{
    (void)state;
    assert_true(parse_text(&fixture, "server 127.0.0.1 port 11123\n"
                                     "server 127.0.0.1 port 11124\n"
                                     "server 127.0.0.1 port 11123 iburst\n"
                                     "server a.example\n"
                                     "server a.example\n"));
    assert_int_equal(fixture.config.node.source_count, 4);
    assert_string_equal(message_at(&fixture, 0),
                        "warning noon.conf:3: 127.0.0.1 is a source already, by line 1: this line "
                        "is left out");
}

static void sources_that_are_found_are_read_and_printed(void **state)
{
    static const struct {
        const char *line, *message;
    } bad[] = {
        {"source",
         "source lacks how it is found; expected auto, dhcp, cloud, dns NAME or srv NAME"},
        {"source ntp", "\"ntp\" is no way to find sources; expected auto, dhcp, cloud, dns NAME or "
                       "srv NAME"},
        {"source dns 192.0.2.1", "\"192.0.2.1\" is an address, of which nothing is to be found; "
                                 "write instead \"server 192.0.2.1\""},
        {"source srv", "source lacks a name; expected for example \"server 192.0.2.1 iburst\""},
        {"source srv a.example port 11", "port is what the SRV records say; leave it out"},
        {"source dhcp nts", "nts needs a name that its certificate is for, and here only addresses "
                            "are found; write instead \"server NAME nts\""},
    };

    (void)state;
    assert_true(parse_text(&fixture, "source auto iburst\nsource dhcp\nsource cloud maxsources 2\n"
                                     "source dns a.example nts\nsource SRV b.example\n"
                                     "source srv _ntp._tcp.c.example ipv6\nsource dhcp\n"));
    assert_int_equal(fixture.config.node.source_count, 6);
    assert_int_equal(fixture.report.warnings, 1); /* dhcp a second time */
    static const uint8_t methods[] = {RESOLVE_AUTO,      RESOLVE_DHCP, RESOLVE_CLOUD,
                                      RESOLVE_ADDRESSES, RESOLVE_SRV,  RESOLVE_SRV};
    static const char *const printed[] = {
        "source auto iburst",       "source dhcp",          "source cloud maxsources 2",
        "source dns a.example nts", "source srv b.example", "source srv _ntp._tcp.c.example ipv6"};
    for (size_t i = 0; i < 6; i++) {
        char line[256];
        struct text text = text_begin(line, sizeof line);

        assert_int_equal(source_at(&fixture, i)->kind, SOURCE_FOUND);
        assert_int_equal(source_at(&fixture, i)->method, methods[i]);
        config_print_source(&text, &fixture.config, source_at(&fixture, i));
        assert_string_equal(line, printed[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char expected[256];
        struct text text = text_begin(expected, sizeof expected);

        text_add(&text, "error noon.conf:1: ");
        text_add(&text, bad[i].message);
        assert_false(parse_text(&fixture, bad[i].line));
        assert_string_equal(message_at(&fixture, 0), expected);
    }
}

static void contradictions_are_pointed_out(void **state)
{
    (void)state;
    assert_true(parse_text(&fixture, "server a.example\nminsources 2\nport 0\nallow\n"));
    assert_int_equal(fixture.report.warnings, 2);
    assert_true(parse_text(&fixture, "pool a.example\nminsources 2\nport 0\ndeny\n"));
    assert_int_equal(fixture.report.warnings, 0);
}

static void a_source_line_of_a_command_is_parsed_like_one_of_a_file(void **state)
{
    static const struct {
        const char *line;
        bool ok;
    } rows[] = {
        {"server 192.0.2.1 iburst", true},
        {"192.0.2.1 iburst", true},
        {"pool a.example maxsources 3 iburst", true},
        {"source srv a.example iburst", true},
        {"source auto iburst", true},
        {"source nowhere", false},
        {"server a.example nts iburst", true},
        {"server a.example nts ntsport 0", false},
        {"server a.example iburst key 4294967295", true},
        {"server a.example key 0", false},
        {"server", false},
        {"", false},
        {"allow all", false},
    };
    struct source_options source;

    (void)state;
    assert_true(parse_text(&fixture, "server b.example\nminsamples 9\n"));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        config_report_init(&fixture.report);
        assert_int_equal(
            config_source_line(&fixture.config, rows[i].line, &source, &fixture.report),
            rows[i].ok);
        if (rows[i].ok) {
            assert_true(source.iburst);
            assert_int_equal(source.min_samples, 9);
            assert_int_equal(fixture.report.count, 0);
        } else {
            assert_int_equal(fixture.report.errors, 1);
        }
    }
    assert_int_equal(fixture.config.node.source_count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_configuration_is_all_defaults),
        cmocka_unit_test(defaults_are_those_that_people_rely_on),
        cmocka_unit_test(every_source_option_reaches_its_field),
        cmocka_unit_test(every_directive_that_works_reaches_its_field),
        cmocka_unit_test(the_last_of_several_lines_holds),
        cmocka_unit_test(local_waits_only_with_orphan_unless_told_how_long),
        cmocka_unit_test(a_step_threshold_of_zero_means_every_step_and_a_limit_of_zero_none),
        cmocka_unit_test(sample_directives_hold_for_sources_before_and_after_them),
        cmocka_unit_test(names_of_directives_and_options_have_no_case),
        cmocka_unit_test(limits_that_cross_are_settled_as_in_chrony),
        cmocka_unit_test(numbers_that_chrony_clamps_are_clamped_with_a_warning),
        cmocka_unit_test(errors_say_where_what_and_what_instead),
        cmocka_unit_test(one_error_does_not_hide_the_next),
        cmocka_unit_test(ciphers_of_nts_are_taken_in_their_order),
        cmocka_unit_test(the_limit_of_key_exchanges_is_read),
        cmocka_unit_test(interfaces_of_xdp_are_names_that_can_be),
        cmocka_unit_test(what_would_be_weakened_is_refused),
        cmocka_unit_test(what_asks_for_nothing_that_is_missing_is_silent),
        cmocka_unit_test(a_debian_configuration_starts_unedited),
        cmocka_unit_test(chronyc_lines_are_understood_and_kept),
        cmocka_unit_test(a_line_whose_directive_does_nothing_gets_one_warning),
        cmocka_unit_test(limits_of_clients_are_read_and_kept_in_their_range),
        cmocka_unit_test(a_role_stands_for_directives_that_later_ones_change),
        cmocka_unit_test(the_same_address_is_one_source),
        cmocka_unit_test(sources_that_are_found_are_read_and_printed),
        cmocka_unit_test(contradictions_are_pointed_out),
        cmocka_unit_test(a_source_line_of_a_command_is_parsed_like_one_of_a_file),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("config/parse", tests, NULL, NULL);
}
