/* SPDX-License-Identifier: BSD-2-Clause */
/* test_dns.c - names appear, change, fail and vanish when they should. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/dns.h"

static struct address address_of(const char *text)
{
    struct address address;

    assert_true(address_parse(&address, text));
    return address;
}

static struct event_resolved resolve(struct dns *dns, const char *name, uint8_t family, double s)
{
    struct event_resolved resolved = {0};

    dns_resolve(dns, name, family, true_time_from_s(s), &resolved);
    return resolved;
}

static void answers_follow_the_records_in_time(void **state)
{
    (void)state;
    struct dns_name names[2];
    struct dns dns;
    struct dns_record *record;

    dns_init(&dns, names, 2, prng_stream(1, PRNG_DNS, 0));
    record = dns_add(&dns, "a.example", true_time_from_s(10));
    record->addresses[record->count++] = address_of("192.0.2.1");
    record->ttl_s = 60;
    dns_add(&dns, "a.example", true_time_from_s(20))->result = RESOLVE_FAILED;
    record = dns_add(&dns, "a.example", true_time_from_s(30));
    record->addresses[record->count++] = address_of("192.0.2.2");

    assert_int_equal(resolve(&dns, "a.example", ADDRESS_NONE, 9).result, RESOLVE_NO_NAME);
    struct event_resolved first = resolve(&dns, "a.example", ADDRESS_NONE, 10);
    assert_int_equal(first.result, RESOLVE_OK);
    assert_int_equal(first.ttl_s, 60);
    assert_int_equal(first.addresses[0].bytes[3], 1);
    assert_int_equal(resolve(&dns, "a.example", ADDRESS_NONE, 25).result, RESOLVE_FAILED);
    assert_int_equal(resolve(&dns, "a.example", ADDRESS_NONE, 40).addresses[0].bytes[3], 2);
    assert_int_equal(resolve(&dns, "b.example", ADDRESS_NONE, 40).result, RESOLVE_NO_NAME);
}

static void only_the_family_asked_for_is_given(void **state)
{
    (void)state;
    struct dns_name names[1];
    struct dns dns;

    dns_init(&dns, names, 1, prng_stream(1, PRNG_DNS, 0));
    struct dns_record *record = dns_add(&dns, "a.example", true_time_from_s(0));
    record->addresses[record->count++] = address_of("192.0.2.1");
    record->addresses[record->count++] = address_of("192.0.2.2");
    assert_int_equal(resolve(&dns, "a.example", ADDRESS_IPV4, 1).count, 2);
    assert_int_equal(resolve(&dns, "a.example", ADDRESS_IPV6, 1).result, RESOLVE_NO_DATA);
}

static void the_order_of_addresses_is_left_to_chance(void **state)
{
    (void)state;
    struct dns_name names[1];
    struct dns dns;
    unsigned first[4] = {0};

    dns_init(&dns, names, 1, prng_stream(1, PRNG_DNS, 0));
    struct dns_record *record = dns_add(&dns, "a.example", true_time_from_s(0));
    for (uint8_t i = 0; i < 4; i++) {
        record->addresses[i] = (struct address){.family = ADDRESS_IPV4, .bytes = {192, 0, 2, i}};
    }
    record->count = 4;
    for (int i = 0; i < 400; i++) {
        struct event_resolved resolved = resolve(&dns, "a.example", ADDRESS_NONE, 1);
        unsigned sum = 0;
        for (int k = 0; k < 4; k++) {
            sum += 1U << resolved.addresses[k].bytes[3];
        }
        assert_int_equal(sum, 15); /* each of them once */
        first[resolved.addresses[0].bytes[3]]++;
    }
    for (int i = 0; i < 4; i++) {
        assert_true(first[i] > 60);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_follow_the_records_in_time),
        cmocka_unit_test(only_the_family_asked_for_is_given),
        cmocka_unit_test(the_order_of_addresses_is_left_to_chance),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
