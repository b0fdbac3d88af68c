/* SPDX-License-Identifier: BSD-2-Clause */
/* The configuration of noon-register, good and bad. */
#include "register/settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct settings settings;
static char problems[4096];

static bool takes(const char *text)
{
    struct text told = text_begin(problems, sizeof problems);

    return settings_read(&settings, "r.conf", text, "machine-1", &told);
}

static void a_dns_line_has_all_that_was_written(void **state)
{
    const struct place *place = &settings.places[0];

    (void)state;
    assert_true(takes("# a comment\naddress 192.0.2.1 # ours\r\n\n"
                      "address interface eth0\nttl 20\nsettle 5\nmaxbound 0.01\nminsources 3\n"
                      "dns NTP.example.net server 10.0.0.53 port 5353 zone example.net key /k "
                      "host a.example.net srv 10 60 check 15"));
    assert_string_equal(problems, "");
    assert_int_equal(settings.address_count, 2);
    assert_int_equal(settings.addresses[0].address.family, ADDRESS_IPV4);
    assert_string_equal(settings.addresses[1].interface, "eth0");
    assert_int_equal(settings.ttl_s, 20);
    assert_int_equal(settings.settle_s, 5);
    assert_int_equal(settings.sources, 3);
    assert_true(settings.bound_s > 0.0099 && settings.bound_s < 0.0101);
    assert_int_equal(settings.place_count, 1);
    assert_int_equal(place->kind, PLACE_DNS);
    assert_string_equal(place->name, "ntp.example.net.");
    assert_string_equal(place->server, "10.0.0.53");
    assert_int_equal(place->port, 5353);
    assert_string_equal(place->zone, "example.net.");
    assert_string_equal(place->key, "/k");
    assert_string_equal(place->host, "a.example.net.");
    assert_true(place->srv);
    assert_int_equal(place->priority, 10);
    assert_int_equal(place->weight, 60);
    assert_int_equal(place->check_s, 15);
}

static void what_is_not_written_has_a_default(void **state)
{
    const struct place *place = &settings.places[0];

    (void)state;
    assert_true(takes("address 2001:db8::1\nroute53 n.example.net zone Z1\n"));
    assert_int_equal(settings.ttl_s, 30);
    assert_int_equal(settings.settle_s, 10);
    assert_int_equal(settings.sources, 0);
    assert_string_equal(place->id, "machine-1");
    assert_string_equal(place->region, "us-east-1");
    assert_string_equal(place->endpoint, "https://route53.amazonaws.com");
    assert_false(place->weighted);
    assert_int_equal(place->check_s, 300);
    assert_true(takes("address 2001:db8::1\nroute53 n.example.net zone Z1 weight 0 id b "
                      "endpoint https://a.example/ healthcheck h credentials /c\n"));
    assert_true(place->weighted);
    assert_int_equal(place->share, 0);
    assert_string_equal(place->id, "b");
    assert_string_equal(place->endpoint, "https://a.example");
    assert_string_equal(place->health, "h");
    assert_string_equal(place->credentials, "/c");
}

#define DNS "dns n.test server s zone test key k"

static void what_is_wrong_is_told_with_its_line(void **state)
{
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"address 192.0.2.1\n", "nothing to register"},
        {DNS "\n", "no `address`"},
        {"address\n" DNS "\n", "r.conf:1: expected `address 192.0.2.1`"},
        {"address 127.0.0.300\n" DNS "\n", "r.conf:1: expected `address 192.0.2.1`"},
        {"address interface waytoolongforanif\n" DNS "\n", "r.conf:1: expected"},
        {"ttl 0\n", "r.conf:1: `ttl 0`: expected a whole number from 1 to 60"},
        {"ttl 61\n", "r.conf:1: `ttl 61`: expected a whole number from 1 to 60"},
        {"ttl -1\n", "r.conf:1: `ttl -1`"},
        {"ttl 5s\n", "r.conf:1: `ttl 5s`"},
        {"ttl\n", "r.conf:1: `ttl `"},
        {"\n\nmaxbound nan\n", "r.conf:3: expected `maxbound`"},
        {"maxbound 11\n", "r.conf:1: expected `maxbound`"},
        {"maxbound 0.1 s\n", "r.conf:1: expected `maxbound`"},
        {"nonsense 1\n", "r.conf:1: `nonsense` is not known"},
        {"dns\n", "r.conf:1: `dns` needs the name"},
        {"dns n.test zone test key k\n", "`server` is missing"},
        {"dns n.test server s key k\n", "`zone` is missing"},
        {"dns n.test server s zone test\n", "`key` is missing"},
        {"dns n.test server\n", "`server` needs a value"},
        {DNS " weight 3\n", "`weight` is not known on a line of `dns`"},
        {DNS " srv 1\n", "`srv` needs a priority and a weight"},
        {DNS " srv 1 2\n", "`srv` needs `host`"},
        {DNS " host h.example\n", "not in the zone test."},
        {DNS " port 0\n", "1 to 65535"},
        {DNS " check 1\n", "5 to 86400"},
        {"route53 n.test zone z1\n", "`zone z1`: expected capitals and digits"},
        {"route53 n.test zone Z1 endpoint http://a\n", "https://"},
        {"route53 n.test zone Z1 key k\n", "`key` is not known on a line of `route53`"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_false(takes(cases[i].text));
        assert_non_null(strstr(problems, cases[i].expected));
    }
}

static void what_is_too_much_is_refused(void **state)
{
    char text[8192] = "", address[8192] = "";

    (void)state;
    for (size_t i = 0; i < SETTINGS_PLACES_MAX + 1; i++) {
        memcpy(text + strlen(text), DNS "\n", sizeof DNS "\n");
    }
    assert_false(takes(text));
    assert_non_null(strstr(problems, "r.conf:9: more than 8 lines"));
    for (size_t i = 0; i < RECORD_ADDRESSES_MAX + 1; i++) {
        memcpy(address + strlen(address), "address 10.0.0.1\n", sizeof "address 10.0.0.1\n");
    }
    assert_false(takes(address));
    assert_non_null(strstr(problems, "r.conf:17: more than 16 addresses"));
    memset(text, 'a', 4000);
    text[4000] = '\0';
    assert_false(takes(text));
    assert_non_null(strstr(problems, "r.conf:1: the line is too long"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dns_line_has_all_that_was_written),
        cmocka_unit_test(what_is_not_written_has_a_default),
        cmocka_unit_test(what_is_wrong_is_told_with_its_line),
        cmocka_unit_test(what_is_too_much_is_refused),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
