/* SPDX-License-Identifier: BSD-2-Clause */
/* The resolver against a name server on loopback. */
#include "helper/dns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sys/clock.h"
#include "unit/helper/name_server.h"

struct setting {
    struct dns *dns;
    struct udp_socket server;
    char where[ADDRESS_TEXT_SIZE];
};

static int open_setting(void **state)
{
    static struct setting setting;

    name_server_open(&setting.server, setting.where);
    setting.dns = dns_open(setting.where);
    assert_non_null(setting.dns);
    *state = &setting;
    return 0;
}

static int close_setting(void **state)
{
    struct setting *setting = *state;

    dns_close(setting->dns);
    udp_close(&setting->server);
    return 0;
}

static void ask(struct setting *setting, uint32_t query, const char *name, uint8_t family)
{
    struct resolve_question question = {.query = query, .family = family};

    (void)snprintf(question.name, sizeof question.name, "%s", name);
    assert_true(dns_has_room(setting->dns));
    dns_ask(setting->dns, &question, clock_steady());
}

/* Lets both work until there is an answer, at most so long; false: none came. */
static bool wait_answer(struct setting *setting, double limit_s, struct resolve_answer *answer)
{
    int64_t end_ns = clock_steady().ns + duration_from_s(limit_s).ns;

    while (clock_steady().ns < end_ns) {
        struct pollfd fds[DNS_POLLFDS + 1];
        struct duration timeout = {20000000};
        size_t count = dns_poll(setting->dns, clock_steady(), fds, &timeout);

        fds[count] = (struct pollfd){.fd = setting->server.fd, .events = POLLIN};
        (void)poll(fds, (nfds_t)count + 1, (int)(timeout.ns / 1000000));
        if (fds[count].revents != 0) {
            name_server_work(&setting->server);
        }
        dns_work(setting->dns, clock_steady(), fds, count);
        if (dns_answer(setting->dns, answer)) {
            return true;
        }
    }
    return false;
}

static void names_have_addresses_and_the_least_ttl(void **state)
{
    static const struct {
        const char *name;
        uint8_t family;
        enum resolve_result result;
        uint8_t count;
        uint32_t ttl_s;
    } rows[] = {
        {"two.test", ADDRESS_IPV4, RESOLVE_OK, 2, 60},
        {"two.test", ADDRESS_IPV6, RESOLVE_OK, 1, 600},
        {"two.test", ADDRESS_NONE, RESOLVE_OK, 3, 60},
        {"four.test", ADDRESS_NONE, RESOLVE_OK, 2, 60},
        {"four.test", ADDRESS_IPV6, RESOLVE_NO_DATA, 0, 0},
        {"none.test", ADDRESS_NONE, RESOLVE_NO_NAME, 0, 0},
        {"none.test", ADDRESS_IPV4, RESOLVE_NO_NAME, 0, 0},
        {"broken.test", ADDRESS_IPV4, RESOLVE_SERVFAIL, 0, 0},
        {"dnssec.test", ADDRESS_NONE, RESOLVE_SERVFAIL, 0, 0},
        {"loop.test", ADDRESS_IPV4, RESOLVE_NO_DATA, 0, 0},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct resolve_answer answer;

        ask(*state, (uint32_t)i, rows[i].name, rows[i].family);
        assert_true(wait_answer(*state, 5, &answer));
        assert_int_equal(answer.query, i);
        assert_int_equal(answer.result, rows[i].result);
        assert_int_equal(answer.count, rows[i].count);
        assert_int_equal(answer.ttl_s, rows[i].ttl_s);
    }
}

static void what_can_not_be_validated_is_told_only_to_who_wants_it(void **state)
{
    struct setting *setting = *state;
    struct resolve_question question = {.flags = RESOLVE_UNVALIDATED};
    struct resolve_answer answer;

    (void)snprintf(question.name, sizeof question.name, "dnssec.test");
    dns_ask(setting->dns, &question, clock_steady());
    assert_true(wait_answer(setting, 5, &answer));
    assert_int_equal(answer.result, RESOLVE_OK);
    assert_int_equal(answer.flags, RESOLVE_UNVALIDATED);
    assert_int_equal(answer.count, 1);
    assert_int_equal(answer.addresses[0].bytes[3], 9);
    /* What is good is not marked. */
    (void)snprintf(question.name, sizeof question.name, "four.test");
    dns_ask(setting->dns, &question, clock_steady());
    assert_true(wait_answer(setting, 5, &answer));
    assert_int_equal(answer.flags, 0);
}

static void localhost_needs_no_name_server(void **state)
{
    struct setting *setting = *state;
    struct resolve_answer answer;

    udp_close(&setting->server);
    ask(setting, 1, "localhost", ADDRESS_IPV4);
    assert_true(wait_answer(setting, 2, &answer));
    assert_int_equal(answer.result, RESOLVE_OK);
    assert_true(address_is_loopback(&answer.addresses[0]));
}

static void a_closed_port_fails_soon(void **state)
{
    struct setting *setting = *state;
    struct resolve_answer answer;

    udp_close(&setting->server);
    ask(setting, 1, "two.test", ADDRESS_IPV4);
    assert_true(wait_answer(setting, 5, &answer));
    assert_int_equal(answer.result, RESOLVE_FAILED);
}

static void many_are_asked_at_a_time_and_the_silent_delay_nobody(void **state)
{
    struct setting *setting = *state;
    struct resolve_answer answer;
    bool seen[DNS_QUESTIONS] = {false};

    for (uint32_t i = 0; i < DNS_QUESTIONS; i++) {
        ask(setting, i, i % 4 == 0 ? "silent.test" : "two.test", ADDRESS_IPV4);
    }
    assert_false(dns_has_room(setting->dns));
    for (int i = 0; i < DNS_QUESTIONS * 3 / 4; i++) {
        assert_true(wait_answer(setting, 3, &answer));
        assert_true(answer.query < DNS_QUESTIONS && answer.query % 4 != 0);
        assert_false(seen[answer.query]);
        seen[answer.query] = true;
        assert_int_equal(answer.result, RESOLVE_OK);
    }
    assert_true(dns_has_room(setting->dns));
    /* The rest is told to have failed when its time is over, and only once. */
    struct steady_time late = {clock_steady().ns + DNS_LIMIT_S * NS_PER_S};
    dns_work(setting->dns, late, NULL, 0);
    for (int i = 0; i < DNS_QUESTIONS / 4; i++) {
        assert_true(dns_answer(setting->dns, &answer));
        assert_int_equal(answer.result, RESOLVE_FAILED);
        assert_int_equal(answer.query % 4, 0);
    }
    assert_false(dns_answer(setting->dns, &answer));
}

static void rubbish_is_no_answer(void **state)
{
    struct resolve_answer answer;

    ask(*state, 1, "garbage.test", ADDRESS_IPV4);
    assert_false(wait_answer(*state, 0.5, &answer));
    ask(*state, 2, "two.test", ADDRESS_IPV4);
    assert_true(wait_answer(*state, 5, &answer));
    assert_int_equal(answer.query, 2);
}

#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, open_setting, close_setting)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVER(names_have_addresses_and_the_least_ttl),
        WITH_SERVER(what_can_not_be_validated_is_told_only_to_who_wants_it),
        WITH_SERVER(localhost_needs_no_name_server),
        WITH_SERVER(a_closed_port_fails_soon),
        WITH_SERVER(many_are_asked_at_a_time_and_the_silent_delay_nobody),
        WITH_SERVER(rubbish_is_no_answer),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
