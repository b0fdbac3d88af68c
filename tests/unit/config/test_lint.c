/* SPDX-License-Identifier: BSD-2-Clause */
/* test_lint.c - what is warned of, and what is not. */
#include "fixture.h"

#include "config/lint.h"

static struct fixture fixture;

#define THREE "server a.example\nserver b.example\nserver c.example\n"

static void each_kind_is_found_and_nothing_else(void **state)
{
    static const struct cloud_offer smearing = {
        .servers = {"169.254.169.254"}, .on_link = true, .smears = true};
    static const struct cloud_offer device = {.better = "there is a device; use it"};
    static const struct {
        const char *sentence, *text;
        const char *kinds; /* by spaces */
        struct lint_machine machine;
    } rows[] = {
        {"three sources and no more", THREE "makestep 1 3\n", "", {0}},
        {"one source", "server a.example\n", "one-source", {0}},
        {"one that is not followed counts for nothing",
         "server a.example\nserver b.example noselect\n",
         "one-source",
         {0}},
        {"two sources", "server a.example\nserver b.example\n", "two-sources", {0}},
        {"a pool is several", "pool a.example\n", "", {0}},
        {"files may bring more sources", "server a.example\nsourcedir /x\n", "", {0}},
        {"a server on its own has none", "local stratum 8\nallow 10.0.0.0/8\n", "", {0}},
        {"stepped at any time", THREE "makestep 1 -1\n", "panic-0", {0}},
        {"and with a limit", THREE "makestep 1 -1\nmaxchange 1000 1 0\n", "", {0}},
        {"ntpd's panic", THREE "tinker panic 0\nrestrict default ignore\n", "panic-0", {0}},
        {"ntpd without", THREE "restrict default ignore\n", "", {0}},
        {"smeared beside others", THREE "server time1.google.com\n", "mixed-smear", {0}},
        {"by address", THREE "server 169.254.169.123\n", "mixed-smear", {0}},
        {"smeared alone",
         "server time1.google.com\nserver time2.google.com\nserver time3.google.com\n",
         "",
         {0}},
        {"another that is called alike", THREE "server faketime.google.com.example\n", "", {0}},
        {"a public pool asked often",
         "pool 2.debian.pool.ntp.org minpoll 4 maxpoll 4\n",
         "fast-pool",
         {0}},
        {"at first only", "pool pool.ntp.org minpoll 4\n", "", {0}},
        {"everybody, on a public address",
         THREE "allow\n",
         "open-server",
         {.public_address = true}},
        {"everybody, inside", THREE "allow all\n", "", {0}},
        {"a network, on a public address",
         THREE "allow 10.0.0.0/8\n",
         "",
         {.public_address = true}},
        {"bound inside",
         THREE "allow\nbindaddress 10.0.0.1\nbindaddress fd00::1\n",
         "",
         {.public_address = true}},
        {"bound outside",
         THREE "allow\nbindaddress 8.8.8.8\nbindaddress fd00::1\n",
         "open-server",
         {0}},
        {"its own clock", THREE "local stratum 8\n", "local-without-orphan", {0}},
        {"as an orphan", THREE "local stratum 8 orphan\n", "", {0}},
        {"a rival", THREE, "rival", {.rival = "chronyd (process 7)"}},
        {"a key here and none there",
         THREE "server d.example key 3\nkeyfile /k\n",
         "mixed-authentication",
         {0}},
        {"NTS here and none there", THREE "server d.example nts\n", "mixed-authentication", {0}},
        {"NTS everywhere",
         "server a.example nts\nserver b.example nts\nserver c.example nts\n",
         "",
         {0}},
        {"NTS here and a key there",
         "server a.example nts\nserver b.example nts\nserver c.example key 3\nkeyfile /k\n",
         "",
         {0}},
        {"what a provider offers smears, found ...",
         THREE "source cloud\n",
         "mixed-smear",
         {.cloud = &smearing}},
        {"... or written", THREE "server 169.254.169.254\n", "mixed-smear", {.cloud = &smearing}},
        {"somewhere else the address means nothing", THREE "server 169.254.169.254\n", "", {0}},
        {"all that it offers is one clock", "source cloud\n", "one-source", {.cloud = &smearing}},
        {"nobody knows how many DHCP names", "source auto\n", "", {0}},
        {"a clock that is better", THREE, "cloud-clock", {.cloud = &device}},
        {"several at once",
         "server 169.254.169.123 key 1\nserver b.example\nlocal\nkeyfile /k\n",
         "two-sources mixed-smear local-without-orphan mixed-authentication",
         {0}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct lint_report report;
        char kinds[256];
        struct text text = text_begin(kinds, sizeof kinds);

        if (!parse_text(&fixture, rows[i].text)) {
            fail_msg("%s: %s", rows[i].sentence, message_at(&fixture, 0));
        }
        lint_run(&fixture.config, &rows[i].machine, &report);
        for (size_t j = 0; j < report.count; j++) {
            text_add(&text, j > 0 ? " " : "");
            text_add(&text, lint_word(report.at[j].kind));
            assert_non_null(strstr(report.at[j].text, "; "));
        }
        if (strcmp(kinds, rows[i].kinds) != 0) {
            fail_msg("%s: %s", rows[i].sentence, kinds);
        }
    }
}

static void a_finding_names_its_line(void **state)
{
    struct lint_report report;
    struct lint_machine machine = {0};

    (void)state;
    assert_true(parse_text(&fixture, "# pools\n" THREE "pool pool.ntp.org maxpoll 4 minpoll 4\n"));
    lint_run(&fixture.config, &machine, &report);
    assert_int_equal(report.count, 1);
    assert_int_equal(report.at[0].line, 5);
    assert_string_equal(report.at[0].file, "noon.conf");
    assert_non_null(strstr(report.at[0].text, "pool.ntp.org is asked at least every 16 s"));
}

/* What people read; each kind once. */
static void each_warning_says_what_hurts_and_what_to_write(void **state)
{
    static const struct cloud_offer device = {.better = "there is a device; use it"};
    static const struct {
        enum lint_kind kind;
        const char *text, *said;
        struct lint_machine machine;
    } rows[LINT_COUNT] = {
        {LINT_ONE_SOURCE,
         "server a.example\n",
         "one source: when it is wrong the clock is wrong, and nobody notices; write three or "
         "more, from different operators",
         {0}},
        {LINT_TWO_SOURCES,
         "server a.example\nserver b.example\n",
         "two sources: when they disagree nobody knows which is right, and neither is followed; "
         "write three or more",
         {0}},
        {LINT_NO_LIMIT,
         THREE "makestep 1 -1\n",
         "the clock is stepped at any time, however far (`tinker panic 0`, or `makestep` with a "
         "negative limit and without `maxchange`): a majority of false servers can move it "
         "anywhere; write `makestep 1 3`, or `maxchange 1000 1 0`",
         {0}},
        {LINT_MIXED_SMEAR,
         THREE "server time1.google.com\n",
         "time1.google.com smears leap seconds and other sources do not: around a leap second they "
         "differ by up to a second; use sources of one kind only",
         {0}},
        {LINT_FAST_POOL,
         "pool 2.debian.pool.ntp.org minpoll 4 maxpoll 4\n",
         "2.debian.pool.ntp.org is asked at least every 16 s: its servers are volunteers', who may "
         "refuse to answer; leave minpoll and maxpoll out",
         {0}},
        {LINT_OPEN_SERVER,
         THREE "allow\n",
         "everybody on the internet is answered: floods of requests will come; write `allow "
         "PREFIX` (ntp.conf: `restrict default ignore` and a line for each network), or "
         "`bindaddress` with an inner address",
         {.public_address = true}},
        {LINT_LOCAL_WITHOUT_ORPHAN,
         THREE "local stratum 8\n",
         "when the sources are gone it serves its own clock as if it were right; of several such "
         "servers each serves another time; write `local orphan` on each, and each as `server` of "
         "the others",
         {0}},
        {LINT_RIVAL,
         THREE,
         "chronyd (process 7) disciplines the clock already: two that correct each other are worse "
         "than either; stop and disable it first",
         {.rival = "chronyd (process 7)"}},
        {LINT_MIXED_AUTHENTICATION,
         THREE "server d.example nts\n",
         "a.example is not authenticated and other sources are: who sits on its path can send "
         "false time in its name; authenticate all sources, or write `noselect` on those that "
         "can't be",
         {0}},
        {LINT_CLOUD_CLOCK, THREE, "there is a device; use it", {.cloud = &device}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct lint_report report;
        bool found = false;

        assert_int_equal(rows[i].kind, i);
        assert_true(parse_text(&fixture, rows[i].text));
        lint_run(&fixture.config, &rows[i].machine, &report);
        for (size_t j = 0; j < report.count; j++) {
            if (report.at[j].kind == rows[i].kind) {
                found = true;
                assert_string_equal(report.at[j].text, rows[i].said);
            }
        }
        assert_true(found);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_is_found_and_nothing_else),
        cmocka_unit_test(a_finding_names_its_line),
        cmocka_unit_test(each_warning_says_what_hurts_and_what_to_write),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
