/* SPDX-License-Identifier: BSD-2-Clause */
#include "timesync1/facts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

/* A node that follows the second of its three sources. */
static void make_record(struct status_record *record, struct source_status sources[static 3])
{
    memset(sources, 0, 3 * sizeof *sources);
    *record = (struct status_record){.count = 3, .sources = sources};
    record->node.freq_s_per_s = 12.5e-6;
    memcpy(sources[0].name, "pool.example", 13);
    memcpy(sources[1].name, "ntp.example", 12);
    memcpy(sources[2].name, "pool.example", 13);
    sources[0].state = SOURCE_COMBINED;
    sources[2].state = SOURCE_COMBINED;
    sources[1].state = SOURCE_SELECTED;
    sources[1].address =
        (struct address){.family = ADDRESS_IPV4, .bytes = {192, 0, 2, 7}, .port = 123};
    sources[1].stratum = 2;
    sources[1].version = 4;
    sources[1].packet_mode = 4;
    sources[1].packet_precision_log2 = -23;
    sources[1].refid = 0x7f7f0101;
    sources[1].poll_log2 = 5;
    sources[1].minpoll = 4;
    sources[1].maxpoll = 10;
    sources[1].last_sample.ns = INT64_C(1800000000000000000);
    sources[1].last_offset_s = -1.25e-3;
    sources[1].last_delay_s = 8e-3;
    sources[1].root_delay_s = 1e-3;
    sources[1].root_dispersion_s = 2e-3;
    sources[1].jitter_s = 40e-6;
    sources[1].accepted = 17;
}

static void the_stamps_give_back_offset_and_delay(void **state)
{
    struct source_status sources[3];
    struct status_record record;
    struct facts facts;
    const struct facts_message *m = &facts.message;

    (void)state;
    for (int sign = -1; sign <= 1; sign += 2) {
        make_record(&record, sources);
        sources[1].last_offset_s = sign * 1.25e-3;
        facts_from_record(&facts, &record);
        /* As timedatectl does it. */
        int64_t offset_us = ((int64_t)(m->receive_us - m->origin_us) +
                             (int64_t)(m->transmit_us - m->destination_us)) /
                            2;
        assert_int_equal(offset_us, sign * 1250);
        assert_int_equal((m->destination_us - m->origin_us) - (m->transmit_us - m->receive_us),
                         8000);
        assert_int_equal(m->destination_us, UINT64_C(1800000000000000));
    }
}

static void the_selected_source_is_the_server(void **state)
{
    static const uint8_t address[] = {192, 0, 2, 7}, refid[] = {0x7f, 0x7f, 1, 1};
    struct source_status sources[3];
    struct status_record record;
    struct facts facts;

    (void)state;
    make_record(&record, sources);
    facts_from_record(&facts, &record);
    assert_string_equal(facts.server_name, "ntp.example");
    assert_int_equal(facts.family, 2);
    assert_int_equal(facts.address_size, 4);
    assert_memory_equal(facts.address, address, 4);
    assert_int_equal(facts.poll_us, 32000000);
    assert_int_equal(facts.poll_min_us, 16000000);
    assert_int_equal(facts.poll_max_us, 1024000000);
    assert_int_equal(facts.message.precision_log2, -23);
    assert_int_equal(facts.message.root_delay_us, 1000);
    assert_int_equal(facts.message.root_dispersion_us, 2000);
    assert_memory_equal(facts.message.refid, refid, 4);
    assert_int_equal(facts.message.count, 17);
    assert_int_equal(facts.message.jitter_us, 40);
    assert_false(facts.message.ignored);
    assert_int_equal(facts.frequency, 819200); /* 12.5 ppm */
}

static void names_are_listed_once(void **state)
{
    struct source_status sources[3];
    struct status_record record;
    struct facts facts;

    (void)state;
    make_record(&record, sources);
    facts_from_record(&facts, &record);
    assert_string_equal(facts.system_servers[0], "pool.example");
    assert_string_equal(facts.system_servers[1], "ntp.example");
    assert_null(facts.system_servers[2]);
}

static void without_a_source_there_is_no_exchange(void **state)
{
    struct status_record record = {.count = 0};
    struct facts facts;

    (void)state;
    facts_from_record(&facts, &record);
    assert_string_equal(facts.server_name, "");
    assert_int_equal(facts.family, 0);
    assert_int_equal(facts.message.count, 0);
    assert_null(facts.system_servers[0]);
}

static void fast_polls_are_parts_of_a_second(void **state)
{
    struct source_status sources[3];
    struct status_record record;
    struct facts facts;

    (void)state;
    make_record(&record, sources);
    sources[1].minpoll = -2;
    sources[1].last_result = DROP_ORIGIN;
    facts_from_record(&facts, &record);
    assert_int_equal(facts.poll_min_us, 250000);
    assert_true(facts.message.ignored);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_stamps_give_back_offset_and_delay),
        cmocka_unit_test(the_selected_source_is_the_server),
        cmocka_unit_test(names_are_listed_once),
        cmocka_unit_test(without_a_source_there_is_no_exchange),
        cmocka_unit_test(fast_polls_are_parts_of_a_second),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
