/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/view_query.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

static const struct query_request request = {
    .nonce = {UINT64_C(0x0123456789abcdef)},
    .sent = {INT64_C(1795361029000000000)},
};

/* The reply of a server that is 0.25 s ahead, with a round trip of 3 ms and 1 ms of its own. */
static struct ntp_packet honest_reply(void)
{
    return (struct ntp_packet){
        .version = 4,
        .mode = NTP_MODE_SERVER,
        .stratum = 2,
        .precision_log2 = -24,
        .root_delay = ntp_short_from_s_up(0.5),
        .root_dispersion = ntp_short_from_s_up(0.25),
        .refid = 0x0a000004,
        .origin = request.nonce,
        .receive = ntp_ts_from_utc((struct utc_time){request.sent.ns + 251500000}),
        .transmit = ntp_ts_from_utc((struct utc_time){request.sent.ns + 252500000}),
    };
}

static bool take(struct query_answer *answer, const struct ntp_packet *packet)
{
    uint8_t bytes[NTP_HEADER_SIZE];

    ntp_packet_encode(packet, bytes);
    memset(answer, 0, sizeof *answer);
    return query_take(answer, &request, bytes, sizeof bytes,
                      (struct utc_time){request.sent.ns + 4000000});
}

static void offset_and_delay_are_those_of_the_rfc(void **state)
{
    struct ntp_packet packet = honest_reply();
    struct query_answer answer;

    (void)state;
    assert_true(take(&answer, &packet));
    assert_int_equal(answer.refusal, DROP_NONE);
    assert_true(fabs(answer.offset_s - 0.25) < 1e-9);
    assert_true(fabs(answer.delay_s - 0.003) < 1e-9);
    assert_true(fabs(answer.root_distance_s - 0.5015) < 1e-9);
}

static void what_was_not_asked_for_is_ignored(void **state)
{
    struct ntp_packet packet = honest_reply();
    struct query_answer answer;
    uint8_t bytes[NTP_HEADER_SIZE];

    (void)state;
    packet.origin.raw ^= 1;
    assert_false(take(&answer, &packet));
    packet = honest_reply();
    packet.mode = NTP_MODE_CLIENT;
    assert_false(take(&answer, &packet));
    packet = honest_reply();
    packet.version = 7;
    assert_false(take(&answer, &packet));
    packet = honest_reply();
    ntp_packet_encode(&packet, bytes);
    assert_false(query_take(&answer, &request, bytes, sizeof bytes - 1, request.sent));
}

static void answers_without_time_are_told_apart(void **state)
{
    static const struct {
        uint8_t leap, stratum;
        uint32_t refid;
        enum drop_reason refusal;
    } rows[] = {
        {3, 2, 0, DROP_UNSYNCHRONISED},
        {0, 16, 0, DROP_STRATUM},
        {0, 15, 0, DROP_NONE},
        {1, 1, 0, DROP_NONE},
        {3, 0, 0x52415445, DROP_KOD_RATE},
        {3, 0, 0x44454e59, DROP_KOD_DENY},
        {3, 0, 0x52535452, DROP_KOD_DENY},
        {0, 0, 0x494e4954, DROP_KOD_OTHER},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct ntp_packet packet = honest_reply();
        struct query_answer answer;

        packet.leap = rows[i].leap;
        packet.stratum = rows[i].stratum;
        packet.refid = rows[i].refid;
        assert_true(take(&answer, &packet));
        assert_int_equal(answer.refusal, rows[i].refusal);
    }
}

static void an_answer_is_one_line(void **state)
{
    struct ntp_packet packet = honest_reply();
    struct query_answer answer;
    char buffer[400];
    struct text text = text_begin(buffer, sizeof buffer);

    (void)state;
    assert_true(take(&answer, &packet));
    view_query(&text, "10.0.0.9:123", &answer);
    assert_string_equal(buffer,
                        "10.0.0.9:123: offset +250 ms +- 502 ms, delay 3.0 ms, stratum 2, refid "
                        "10.0.0.4, root delay 500 ms, root dispersion 250 ms, leap none, user "
                        "stamps\n");
    text = text_begin(buffer, sizeof buffer);
    answer.packet.leap = 3;
    answer.refusal = DROP_UNSYNCHRONISED;
    answer.kernel_stamps = true;
    view_query(&text, "x", &answer);
    assert_string_equal(buffer,
                        "x: the server says that it has no time (leap 3); offset +250 ms +- 502 "
                        "ms, delay 3.0 ms, stratum 2, refid 10.0.0.4, root delay 500 ms, root "
                        "dispersion 250 ms, leap unsynchronised, kernel stamps\n");
    packet.stratum = 0;
    packet.refid = 0x52415445;
    assert_true(take(&answer, &packet));
    text = text_begin(buffer, sizeof buffer);
    view_query(&text, "x", &answer);
    assert_string_equal(buffer, "x: the server asks for fewer requests (RATE), kiss code RATE\n");
    packet.refid = 0; /* no code: it has not found its time */
    packet.leap = 3;
    assert_true(take(&answer, &packet));
    assert_int_equal(answer.refusal, DROP_UNSYNCHRONISED);
    text = text_begin(buffer, sizeof buffer);
    view_query(&text, "x", &answer);
    assert_string_equal(buffer, "x: the server says that it has no time (leap 3)\n");
    packet.leap = 0;
    assert_true(take(&answer, &packet));
    assert_int_equal(answer.refusal, DROP_STRATUM);
}

static void the_best_answer_is_the_fastest_with_a_time(void **state)
{
    struct query_answer answers[3] = {
        {.delay_s = 0.003, .offset_s = 0.1, .refusal = DROP_NONE},
        {.delay_s = 0.001, .offset_s = 9, .refusal = DROP_KOD_RATE},
        {.delay_s = 0.002, .offset_s = 0.2, .refusal = DROP_NONE},
    };
    char buffer[400];
    struct text text = text_begin(buffer, sizeof buffer);

    (void)state;
    assert_ptr_equal(query_best(answers, 3), &answers[2]);
    assert_null(query_best(&answers[1], 1));
    assert_null(query_best(answers, 0));
    view_query_summary(&text, "x", answers, 3, 1);
    assert_string_equal(buffer,
                        "x: best offset +200 ms +- 0 ns, delay 2.0 ms; 3 answers, 1 lost\n");
    text = text_begin(buffer, sizeof buffer);
    view_query_summary(&text, "x", &answers[1], 1, 0);
    assert_string_equal(buffer, "x: 1 answer, 0 lost\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offset_and_delay_are_those_of_the_rfc),
        cmocka_unit_test(what_was_not_asked_for_is_ignored),
        cmocka_unit_test(answers_without_time_are_told_apart),
        cmocka_unit_test(an_answer_is_one_line),
        cmocka_unit_test(the_best_answer_is_the_fastest_with_a_time),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
