/* SPDX-License-Identifier: BSD-2-Clause */
/* Where noond answers, by its configuration. */
#include "daemon/endpoints.h"
#include "wire/ke_trial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct row {
    const char *name;
    const char *text;
    struct args args;
    const char *expected; /* ADDRESS:PORT[?], one after another; `?`: optional */
    bool serve;
};

static const struct row rows[] = {
    {"nobody allowed: loopback for questions", "", .args = {0},
     "127.0.0.1:123? 127.0.0.1:323? [::1]:123? [::1]:323? "},
    {"somebody allowed by order: everywhere", "", .args = {.ipv4_only = true},
     "0.0.0.0:123 127.0.0.1:323? ", true},
    {"... but no NTP stays none", "port 0\n", .args = {.ipv4_only = true}, "127.0.0.1:323? ", true},
    {"somebody allowed: everywhere", "allow 10.0.0.0/8\n", .args = {0},
     "0.0.0.0:123 127.0.0.1:323? [::]:123 [::1]:323? "},
    {"a rule that only denies allows nobody", "deny 10.0.0.0/8\n", .args = {.ipv4_only = true},
     "127.0.0.1:123? 127.0.0.1:323? "},
    {"on one address, and on loopback", "allow\nbindaddress 192.0.2.1\n",
     .args = {.ipv4_only = true}, "192.0.2.1:123 127.0.0.1:123? 127.0.0.1:323? "},
    {"on one interface, and on loopback", "allow\nbinddevice lan0\n", .args = {.ipv4_only = true},
     "0.0.0.0:123%lan0 127.0.0.1:123? 127.0.0.1:323? "},
    {"bound to loopback: once", "allow\nbindaddress 127.0.0.1\n", .args = {.ipv4_only = true},
     "127.0.0.1:123 127.0.0.1:323? "},
    {"port 0: no NTP at all", "allow\nport 0\n", .args = {.ipv6_only = true}, "[::1]:323? "},
    {"cmdport 0: no chronyc", "cmdport 0\n", .args = {.ipv6_only = true}, "[::1]:123? "},
    {"everything closed", "port 0\ncmdport 0\n", .args = {0}, ""},
    {"another port and address for chronyc", "cmdport 1323\nbindcmdaddress 192.0.2.7\n",
     .args = {.ipv4_only = true}, "127.0.0.1:123? 192.0.2.7:1323? "},
    {"the port of requests is shared", "allow\nacquisitionport 123\n", .args = {.ipv4_only = true},
     "0.0.0.0:123+ 127.0.0.1:323? "},
    {"certificates: keys of NTS", "allow\nntsservercert /c\nntsserverkey /k\n", .args = {0},
     "0.0.0.0:123 127.0.0.1:323? 0.0.0.0:4460/tcp [::]:123 [::1]:323? [::]:4460/tcp "},
    {"on their own port and address",
     "allow\nbindaddress 192.0.2.1\nntsport 14460\nntsservercert /c\nntsserverkey /k\n",
     .args = {.ipv4_only = true},
     "192.0.2.1:123 127.0.0.1:123? 127.0.0.1:323? 192.0.2.1:14460/tcp "},
    {"no keys where nobody is served", "ntsservercert /c\nntsserverkey /k\n",
     .args = {.ipv4_only = true}, "127.0.0.1:123? 127.0.0.1:323? "},
};

static void parse(struct config *config, struct config_space *space, const char *text)
{
    struct config_input input = {.file = "test.conf", .text = text, .size = strlen(text)};
    static struct config_report report;

    report = (struct config_report){.count = 0};
    config_init(config, space);
    assert_true(config_parse(config, &input, &report));
}

static void print(const struct endpoint *endpoint, char *out, size_t size)
{
    char address[ADDRESS_TEXT_SIZE];

    address_print_port(&endpoint->options.local, address);
    (void)snprintf(out, size, "%s%s%s%s%s%s ", address, endpoint->options.device[0] ? "%" : "",
                   endpoint->options.device, endpoint->options.share_port ? "+" : "",
                   endpoint->optional ? "?" : "", endpoint->stream ? "/tcp" : "");
}

static void each_configuration_has_its_endpoints(void **state)
{
    struct config_space *space = calloc(1, sizeof *space);

    (void)state;
    assert_non_null(space);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct endpoint endpoints[ENDPOINTS_MAX];
        struct config config;
        char text[512] = "";

        parse(&config, space, rows[i].text);
        size_t count = endpoints_plan(&rows[i].args, &config, rows[i].serve, endpoints);
        for (size_t k = 0; k < count; k++) {
            print(&endpoints[k], text + strlen(text), sizeof text - strlen(text));
        }
        if (strcmp(text, rows[i].expected) != 0) {
            fail_msg("%s: %s", rows[i].name, text);
        }
    }
    free(space);
}

static void who_else_serves_is_told_from_what_can_be_done_without(void **state)
{
    const struct endpoint endpoints[] = {{.optional = false}, {.optional = true}, {.stream = true}};
    static const struct {
        enum err results[3];
        bool good;
    } cases[] = {
        {{ERR_NONE, ERR_NONE, ERR_NONE}, true},       {{ERR_NONE, ERR_IN_USE, ERR_NONE}, true},
        {{ERR_NONE, ERR_NONE, ERR_IN_USE}, true},     {{ERR_IN_USE, ERR_NONE, ERR_NONE}, false},
        {{ERR_DENIED, ERR_DENIED, ERR_DENIED}, true}, {{ERR_UNSUPPORTED, ERR_NONE, ERR_NONE}, true},
    };
    struct log_sink log;

    (void)state;
    log_open(&log, "test", false, (enum log_severity)(LOG_SEVERITY_ERROR + 1));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(endpoints_tell_all(endpoints, cases[i].results, 3, &log), cases[i].good);
    }
}

static void what_could_not_be_had_is_told_in_words(void **state)
{
    static const struct {
        uint64_t tried;
        const char *words;
    } told[] = {
        {1 << 8 | ERR_IN_USE, "192.0.2.1:123 is taken by another program"},
        {2 << 8 | ERR_DENIED,
         "[2001:db8::1]:4460 (TCP, for NTS) may not be bound by noond (CAP_NET_BIND_SERVICE)"},
        {1 << 8 | ERR_OTHER,
         "192.0.2.1:123 can't be bound: has an interface of this machine that address?"},
        {9 << 8 | ERR_IN_USE, "a port is taken by another program"},
    };
    struct endpoint endpoints[2] = {{.sockets = 1}, {.sockets = 1, .stream = true}};

    (void)state;
    assert_true(address_parse(&endpoints[0].options.local, "192.0.2.1"));
    assert_true(address_parse(&endpoints[1].options.local, "2001:db8::1"));
    endpoints[0].options.local.port = 123;
    endpoints[1].options.local.port = 4460;
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++) {
        char words[200];
        struct text text = text_begin(words, sizeof words);

        endpoints_refused(endpoints, 2, told[i].tried, &text);
        assert_string_equal(words, told[i].words);
    }
}

static void files_that_can_not_be_used_are_told_in_words(void **state)
{
    static const struct {
        struct ke_trial trial;
        const char *words;
    } told[] = {
        {{KE_TRIAL_CERTIFICATE_FORMAT, 0}, "one.crt is no certificate in PEM"},
        {{KE_TRIAL_KEY_UNREADABLE, 1},
         "two.key can't be read: is it there, and may noond read it?"},
        {{KE_TRIAL_KEY_OTHER, 1}, "two.key is not the private key of this certificate, two.crt"},
        {{KE_TRIAL_SECRET, 0}, "secret can't be used as the secret of cookies; the log says why"},
        {{KE_TRIAL_KEY_FORMAT, 7}, "a file of NTS is no private key in PEM without a passphrase"},
    };
    static const struct config config = {.daemon = {.nts_certs = {"one.crt", "two.crt"},
                                                    .nts_keys = {"one.key", "two.key"},
                                                    .nts_cert_count = 2,
                                                    .nts_key_count = 2,
                                                    .nts_secret = "secret"}};
    char words[200];

    (void)state;
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++) {
        uint64_t tried = endpoints_trial(ke_trial_status(told[i].trial));
        struct text text = text_begin(words, sizeof words);

        assert_true(endpoints_files_refused(&config, tried, &text));
        assert_string_equal(words, told[i].words);
    }
    struct text text = text_begin(words, sizeof words);
    assert_int_equal(endpoints_trial(0), 0);
    assert_int_equal(endpoints_trial(70), 0);
    assert_false(endpoints_files_refused(&config, 1 << 8 | ERR_IN_USE, &text));
}

/* Somebody else has the second place, and what may be missing is not asked for. */
static void the_first_place_that_can_not_be_had_is_told(void **state)
{
    struct endpoint endpoints[3] = {
        {.sockets = 1, .optional = true}, {.sockets = 1}, {.sockets = 1}};
    struct socket_set none = {.count = 0};
    struct udp_options options = {.local = {.family = ADDRESS_IPV4, .bytes = {127, 0, 0, 1}}};
    int fd = -1;

    (void)state;
    assert_int_equal(udp_bound_open(&fd, &options), ERR_NONE);
    const struct udp_socket taken = {.fd = fd};
    for (int i = 0; i < 3; i++) {
        endpoints[i].options.local = udp_local(&taken);
    }
    endpoints[1].options.local.bytes[3] = 2;
    assert_int_equal(endpoints_try(&none, endpoints, 3), 3 << 8 | ERR_IN_USE);
    assert_int_equal(endpoints_try(&none, endpoints, 2), 0);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_could_not_be_had_is_told_in_words),
        cmocka_unit_test(files_that_can_not_be_used_are_told_in_words),
        cmocka_unit_test(the_first_place_that_can_not_be_had_is_told),
        cmocka_unit_test(each_configuration_has_its_endpoints),
        cmocka_unit_test(who_else_serves_is_told_from_what_can_be_done_without),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
