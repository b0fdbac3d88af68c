/* SPDX-License-Identifier: BSD-2-Clause */
/* Sources of every method, with a name server on loopback and places that a test fills. */
#include "helper/finder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "sys/clock.h"
#include "unit/helper/name_server.h"

struct setting {
    struct dns *dns;
    struct finder *finder;
    struct udp_socket server;
    char where[ADDRESS_TEXT_SIZE];
    int alarm[2];
    const char *dhcp[4]; /* who is named, ended by NULL */
    const char *cloud[4];
    unsigned looks;
    bool on_link;
};

static void name_all(struct leads *leads, const char *const *hosts, enum found_how how)
{
    for (; *hosts != NULL; hosts++) {
        const struct found found = {.how = (uint8_t)how, .by = FOUND_BY_HOOK, .interface = "eth0"};

        assert_true(leads_add(leads, *hosts, &found));
    }
}

static void find_dhcp(void *context, struct leads *leads)
{
    struct setting *setting = context;

    setting->looks++;
    name_all(leads, setting->dhcp, FOUND_DHCP);
}

static void find_cloud(void *context, bool on_link, struct leads *leads)
{
    struct setting *setting = context;

    setting->on_link = on_link;
    name_all(leads, setting->cloud, FOUND_CLOUD);
}

static void take_alarm(void *context)
{
    struct setting *setting = context;
    char octets[256];

    assert_true(read(setting->alarm[0], octets, sizeof octets) > 0);
}

static int open_setting(void **state)
{
    static struct setting setting;

    setting = (struct setting){.looks = 0};
    name_server_open(&setting.server, setting.where);
    setting.dns = dns_open(setting.where);
    assert_non_null(setting.dns);
    assert_int_equal(pipe(setting.alarm), 0);
    struct finder_places places = {find_dhcp, find_cloud, &setting, setting.alarm[0], take_alarm};
    setting.finder = finder_open(setting.dns, &places);
    assert_non_null(setting.finder);
    *state = &setting;
    return 0;
}

static int close_setting(void **state)
{
    struct setting *setting = *state;

    finder_close(setting->finder);
    dns_close(setting->dns);
    udp_close(&setting->server);
    (void)close(setting->alarm[0]);
    (void)close(setting->alarm[1]);
    return 0;
}

static void ask(struct setting *setting, uint32_t query, const char *name,
                enum resolve_method method)
{
    struct resolve_question question = {.query = query, .method = (uint8_t)method};

    (void)snprintf(question.name, sizeof question.name, "%s", name);
    assert_true(finder_has_room(setting->finder));
    finder_ask(setting->finder, &question, clock_steady());
}

static bool wait_answer(struct setting *setting, double limit_s, struct resolve_answer *answer)
{
    int64_t end_ns = clock_steady().ns + duration_from_s(limit_s).ns;

    for (bool first = true; first || clock_steady().ns < end_ns; first = false) {
        struct pollfd fds[FINDER_POLLFDS + 1];
        struct duration timeout = {20000000};
        size_t count = finder_poll(setting->finder, clock_steady(), fds, &timeout);

        fds[count] = (struct pollfd){.fd = setting->server.fd, .events = POLLIN};
        (void)poll(fds, (nfds_t)count + 1, (int)(timeout.ns / 1000000));
        if (fds[count].revents != 0) {
            name_server_work(&setting->server);
        }
        finder_work(setting->finder, clock_steady(), fds, count);
        if (finder_answer(setting->finder, answer)) {
            return true;
        }
    }
    return false;
}

static void a_name_has_its_addresses(void **state)
{
    struct resolve_answer answer;

    ask(*state, 77, "four.test", RESOLVE_ADDRESSES);
    assert_true(wait_answer(*state, 5, &answer));
    assert_int_equal(answer.query, 77);
    assert_int_equal(answer.result, RESOLVE_OK);
    assert_int_equal(answer.count, 2);
    assert_int_equal(answer.found[0].how, FOUND_DNS);
}

static void a_service_has_its_servers_by_priority_with_their_ports(void **state)
{
    struct resolve_answer answer;

    ask(*state, 78, "srv.test", RESOLVE_SRV);
    assert_true(wait_answer(*state, 5, &answer));
    assert_int_equal(answer.query, 78);
    assert_int_equal(answer.result, RESOLVE_OK);
    assert_int_equal(answer.ttl_s, 60); /* the addresses' is the least */
    /* four.test has one address more, two.test has the same two, which are there already. */
    assert_int_equal(answer.count, 3);
    assert_int_equal(answer.addresses[0].port, 1123);
    assert_int_equal(answer.found[0].how, FOUND_SRV);
    assert_int_equal(answer.found[0].priority, 10);
    assert_int_equal(answer.found[0].spare, 0);
    assert_int_equal(answer.addresses[1].port, 1123);
    assert_int_equal(answer.found[1].spare, 1);
    assert_int_equal(answer.addresses[2].family, ADDRESS_IPV6);
    assert_int_equal(answer.addresses[2].port, 123);
    assert_int_equal(answer.found[2].priority, 20);
    assert_int_equal(answer.found[2].weight, 1);
}

static void services_that_are_not_there_are_told_apart(void **state)
{
    static const struct {
        const char *name;
        enum resolve_result result;
    } rows[] = {
        {"none.test", RESOLVE_NO_NAME},
        {"nowhere.test", RESOLVE_NO_DATA},
        {"_ntp._udp.srv.test", RESOLVE_OK}, /* as it is */
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct resolve_answer answer;

        ask(*state, 1, rows[i].name, RESOLVE_SRV);
        assert_true(wait_answer(*state, 5, &answer));
        assert_int_equal(answer.result, rows[i].result);
        assert_int_equal(answer.count > 0, rows[i].result == RESOLVE_OK);
    }
}

static void who_dhcp_names_is_looked_up_and_says_why(void **state)
{
    struct setting *setting = *state;
    struct resolve_answer answer;

    setting->dhcp[0] = "192.0.2.77";
    setting->dhcp[1] = "two.test";
    setting->dhcp[2] = "none.test";
    ask(setting, 5, "dhcp", RESOLVE_DHCP);
    assert_true(wait_answer(setting, 5, &answer));
    assert_int_equal(answer.result, RESOLVE_OK);
    assert_int_equal(answer.addresses[0].bytes[3], 77);
    assert_int_equal(answer.found[0].how, FOUND_DHCP);
    assert_string_equal(answer.found[0].interface, "eth0");
    assert_int_equal(answer.count, 4);
    assert_int_equal(answer.found[1].spare, 0);
    assert_int_equal(answer.found[2].spare, 1); /* another address of the same server */
}

static void nobody_is_no_answer_and_names_that_fail_are_said_to(void **state)
{
    struct setting *setting = *state;
    struct resolve_answer answer;

    ask(setting, 5, "dhcp", RESOLVE_DHCP);
    assert_true(wait_answer(setting, 0, &answer));
    assert_int_equal(answer.result, RESOLVE_NO_DATA);
    setting->dhcp[0] = "broken.test";
    ask(setting, 6, "dhcp", RESOLVE_DHCP);
    assert_true(wait_answer(setting, 5, &answer));
    assert_int_equal(answer.result, RESOLVE_SERVFAIL);
}

static void auto_is_dhcp_and_else_the_provider_on_the_link(void **state)
{
    struct setting *setting = *state;
    struct resolve_answer answer;

    setting->dhcp[0] = "192.0.2.77";
    setting->cloud[0] = "169.254.169.123";
    ask(setting, 5, "auto", RESOLVE_AUTO);
    assert_true(wait_answer(setting, 0, &answer));
    assert_int_equal(answer.count, 1);
    assert_int_equal(answer.found[0].how, FOUND_DHCP);
    setting->dhcp[0] = NULL;
    ask(setting, 6, "auto", RESOLVE_AUTO);
    assert_true(wait_answer(setting, 0, &answer));
    assert_int_equal(answer.count, 1);
    assert_int_equal(answer.found[0].how, FOUND_CLOUD);
    assert_true(setting->on_link);
    ask(setting, 7, "cloud", RESOLVE_CLOUD);
    assert_true(wait_answer(setting, 0, &answer));
    assert_int_equal(answer.count, 1);
    assert_false(setting->on_link);
}

static void a_change_is_told_once_and_only_when_it_means_something(void **state)
{
    struct setting *setting = *state;
    struct resolve_answer answer;

    setting->dhcp[0] = "192.0.2.77";
    ask(setting, 5, "dhcp", RESOLVE_DHCP);
    assert_true(wait_answer(setting, 0, &answer));
    unsigned looks = setting->looks;
    assert_int_equal(write(setting->alarm[1], "x", 1), 1);
    assert_false(wait_answer(setting, 0.5, &answer));
    assert_int_equal(setting->looks, looks + 1);
    setting->dhcp[0] = "192.0.2.78";
    assert_int_equal(write(setting->alarm[1], "x", 1), 1);
    assert_true(wait_answer(setting, 3, &answer));
    assert_int_equal(answer.result, RESOLVE_CHANGED);
    assert_int_equal(answer.query, 5);
    assert_false(wait_answer(setting, 0.1, &answer));
}

static void alarms_that_mean_nothing_are_looked_at_ever_more_seldom(void **state)
{
    struct setting *setting = *state;
    struct resolve_answer answer;

    setting->dhcp[0] = "192.0.2.77";
    ask(setting, 5, "dhcp", RESOLVE_DHCP);
    assert_true(wait_answer(setting, 0, &answer));
    unsigned looks = setting->looks;
    for (int i = 0; i < 100; i++) {
        assert_int_equal(write(setting->alarm[1], "x", 1), 1);
        assert_false(wait_answer(setting, 0.02, &answer));
    }
    /* 0.2 s, 0.4 s, 0.8 s ... */
    assert_in_range(setting->looks - looks, 1, 4);
}

static void leads_are_names_or_addresses_each_once(void **state)
{
    static const char *const bad[] = {"",     "-x",        ".x",        "a b",   "a/b",
                                      "a..b", "224.0.0.1", "0.0.0.0",   "1.2.3", "a;b",
                                      "::",   "ff02::1",   "1.2.3.4.5", "x\ny"};
    const struct found found = {.how = FOUND_DHCP};
    struct leads leads = {.count = 0};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (leads_add(&leads, bad[i], &found)) {
            fail_msg("taken: %s", bad[i]);
        }
    }
    assert_true(leads_add(&leads, "192.0.2.1", &found));
    assert_true(leads_add(&leads, "a.b", &found));
    assert_true(leads_add(&leads, "A.B", &found));
    assert_int_equal(leads.count, 2);
    for (int i = 0; i < LEADS_MAX; i++) {
        char host[32];

        (void)snprintf(host, sizeof host, "host%d", i);
        (void)leads_add(&leads, host, &found);
    }
    assert_int_equal(leads.count, LEADS_MAX);
    struct leads other = leads;
    assert_true(leads_equal(&leads, &other));
    other.at[3].found.by = FOUND_BY_DHCPCD;
    assert_false(leads_equal(&leads, &other));
    other.count--;
    assert_false(leads_equal(&leads, &other));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_setting, close_setting)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_name_has_its_addresses),
        TEST(a_service_has_its_servers_by_priority_with_their_ports),
        TEST(services_that_are_not_there_are_told_apart),
        TEST(who_dhcp_names_is_looked_up_and_says_why),
        TEST(nobody_is_no_answer_and_names_that_fail_are_said_to),
        TEST(auto_is_dhcp_and_else_the_provider_on_the_link),
        TEST(a_change_is_told_once_and_only_when_it_means_something),
        TEST(alarms_that_mean_nothing_are_looked_at_ever_more_seldom),
        cmocka_unit_test(leads_are_names_or_addresses_each_once),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
