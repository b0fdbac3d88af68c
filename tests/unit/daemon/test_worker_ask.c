/* SPDX-License-Identifier: BSD-2-Clause */
/* Who may ask about the daemon by UDP, and how often. */
#include "daemon/worker_ask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "wire/chrony.h"

enum { BURST = 5, MANY = 400 };

static struct config_space space;
static struct worker_ask asks[8], *ask = asks; /* its memory is kept to the end */

/* 192.0.2.0/24 and this machine may ask, so often. */
static void open_ask(const struct limit_options *limit)
{
    static struct config config;

    config_init(&config, &space);
    space.command_rules[0] = (struct config_rule){
        .rule = {
            .prefix = {.family = ADDRESS_IPV4, .bytes = {192, 0, 2}}, .bits = 24, .allow = true}};
    space.command_rule_count = 1;
    if (limit != NULL) {
        config.daemon.command_limit = *limit;
    }
    assert_true(worker_ask_open(++ask, &config, NULL));
}

static struct address from_text(const char *text)
{
    struct address address = {.family = ADDRESS_NONE};

    assert_true(address_parse(&address, text));
    address.port = 4000;
    return address;
}

static enum drop_reason question(const char *from, uint8_t port)
{
    static uint8_t answer[CHRONY_REPLY_MAX + MODE6_PACKET_MAX];
    uint8_t bytes[CHRONY_REQUEST_MAX] = {0};
    struct question question = {
        .bytes = bytes, .size = sizeof bytes, .from = from_text(from), .port = port};
    size_t size = 0;

    if (port == ASK_PORT_NTP) {
        bytes[0] = 0x16; /* version 2, mode 6 */
        bytes[1] = 1;    /* read status */
        question.size = 12;
    } else {
        bytes[0] = 6; /* protocol 6, a request for the activity */
        bytes[1] = 1;
        bytes[5] = 44;
    }
    return worker_ask_answer(ask, &question, answer, sizeof answer, &size);
}

/* Of so many, one after another, those that the limit lets pass. */
static unsigned passed(const char *from, uint8_t port, unsigned count)
{
    unsigned passes = 0;

    for (unsigned i = 0; i < count; i++) {
        passes += question(from, port) != DROP_RATE_LIMIT;
    }
    return passes;
}

/* An hour between two: what passes beyond the burst is chance, one in 16. */
static const struct limit_options strict = {
    .enabled = true, .interval_log2 = 12, .burst = BURST, .leak = 4};

static void without_a_limit_all_are_answered(void **state)
{
    (void)state;
    open_ask(NULL);
    assert_int_equal(passed("192.0.2.1", ASK_PORT_CHRONYC, MANY), MANY);
    assert_int_equal(passed("192.0.2.1", ASK_PORT_NTP, MANY), MANY);
}

static void beyond_the_burst_few_are_answered(void **state)
{
    static const uint8_t ports[] = {ASK_PORT_CHRONYC, ASK_PORT_NTP};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        open_ask(&strict);
        assert_int_equal(passed("192.0.2.1", ports[i], BURST), BURST);
        unsigned more = passed("192.0.2.1", ports[i], MANY);
        assert_in_range(more, 1, MANY / 4);                            /* 25 are expected */
        assert_int_equal(passed("192.0.2.2", ports[i], BURST), BURST); /* each has its own */
    }
}

static void chronyc_and_ntpq_share_one_limit(void **state)
{
    (void)state;
    open_ask(&strict);
    assert_int_equal(passed("192.0.2.1", ASK_PORT_CHRONYC, BURST), BURST);
    assert_in_range(passed("192.0.2.1", ASK_PORT_NTP, MANY), 1, MANY / 4);
}

static void this_machine_is_never_kept_waiting(void **state)
{
    (void)state;
    open_ask(&strict);
    assert_int_equal(passed("127.0.0.1", ASK_PORT_CHRONYC, MANY), MANY);
    assert_int_equal(passed("::1", ASK_PORT_NTP, MANY), MANY);
}

static void who_may_not_ask_takes_nothing_from_anybody(void **state)
{
    (void)state;
    open_ask(&strict);
    for (unsigned i = 0; i < MANY; i++) {
        assert_int_equal(question("198.51.100.1", ASK_PORT_CHRONYC), DROP_ACCESS);
        assert_int_equal(question("198.51.100.1", ASK_PORT_NTP), DROP_ACCESS);
    }
    assert_true(ask->askers.head->known == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_limit_all_are_answered),
        cmocka_unit_test(beyond_the_burst_few_are_answered),
        cmocka_unit_test(chronyc_and_ntpq_share_one_limit),
        cmocka_unit_test(this_machine_is_never_kept_waiting),
        cmocka_unit_test(who_may_not_ask_takes_nothing_from_anybody),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
