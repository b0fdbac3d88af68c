/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/ke.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/hex.h"

enum { SPACE = 4096 };

static const struct ke_request asked = {
    .algorithms = {15, 30}, .algorithm_count = 2, .ntpv4 = true};

static void a_request_has_the_octets_of_the_rfc(void **state)
{
    uint8_t bytes[SPACE], expected[SPACE];
    struct writer w = {bytes, sizeof bytes, false};
    size_t size = from_hex("800100020000"
                           "80040004000f001e"
                           "80000000",
                           expected, SPACE),
           ends;

    (void)state;
    ke_request_encode(&w, &asked);
    assert_int_equal(SPACE - w.left, size);
    assert_memory_equal(bytes, expected, size);
    for (size_t part = 0; part < size; part++) {
        assert_false(ke_message_ends(bytes, part, &ends));
    }
    assert_true(ke_message_ends(bytes, SPACE, &ends));
    assert_int_equal(ends, size);
}

static void requests_are_understood_or_refused_for_a_reason(void **state)
{
    static const struct {
        const char *what, *bytes;
        enum ke_fault fault;
    } rows[] = {
        {"plain", "80010002000080040002000f80000000", KE_FAULT_NONE},
        {"two protocols", "800100040001000080040002000f80000000", KE_FAULT_NONE},
        {"another protocol", "80010002000180040002000f80000000", KE_FAULT_NO_PROTOCOL},
        {"no protocol record", "80040002000f80000000", KE_FAULT_MALFORMED},
        {"no algorithm record", "80010002000080000000", KE_FAULT_MALFORMED},
        {"unknown algorithms only", "800100020000800400040011000180000000", KE_FAULT_NO_ALGORITHM},
        {"odd algorithms",
         "8001000200008004000100"
         "80000000",
         KE_FAULT_MALFORMED},
        {"two algorithm records", "80010002000080040002000f80040002000f80000000",
         KE_FAULT_REPEATED},
        {"unknown record", "80010002000080040002000f4000000080000000", KE_FAULT_NONE},
        {"unknown critical record", "80010002000080040002000fc000000080000000", KE_FAULT_CRITICAL},
        {"a cookie",
         "80010002000080040002000f0005000100"
         "80000000",
         KE_FAULT_MALFORMED},
        {"no end", "80010002000080040002000f", KE_FAULT_UNFINISHED},
        {"cut record", "8001000200008004000200", KE_FAULT_UNFINISHED},
        {"end with a body", "80010002000080040002000f8000000100", KE_FAULT_MALFORMED},
        {"more behind the end", "80010002000080040002000f8000000080000000", KE_FAULT_MALFORMED},
        {"nothing", "", KE_FAULT_UNFINISHED},
        {"wished port", "80010002000080040002000f00070002007b80000000", KE_FAULT_NONE},
        {"port 0", "80010002000080040002000f00070002000080000000", KE_FAULT_MALFORMED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t bytes[SPACE];
        struct ke_request request;
        size_t size = from_hex(rows[i].bytes, bytes, SPACE);
        enum ke_fault fault = ke_request_decode(&request, bytes, size);

        if (fault != rows[i].fault) {
            fail_msg("%s: %s", rows[i].what, ke_fault_sentence(fault));
        }
        if (fault == KE_FAULT_NONE) {
            assert_int_equal(request.algorithm_count, 1);
            assert_int_equal(request.algorithms[0], 15);
        }
    }
}

static struct ke_response granted(void)
{
    struct ke_response response = {
        .algorithm = 15, .ntpv4 = true, .server = "ntp.example", .port = 1123, .cookie_count = 8};

    for (uint8_t i = 0; i < 8; i++) {
        response.cookies[i].size = 104;
        memset(response.cookies[i].bytes, i, 104);
    }
    return response;
}

static void a_response_comes_through(void **state)
{
    struct ke_response in = granted(), out;
    uint8_t bytes[SPACE];
    struct writer w = {bytes, sizeof bytes, false};

    (void)state;
    in.compliant_gcm_siv = true;
    ke_response_encode(&w, &in);
    assert_false(w.overrun);
    assert_int_equal(ke_response_decode(&out, &asked, bytes, SPACE - w.left), KE_FAULT_NONE);
    assert_int_equal(out.algorithm, 15);
    assert_true(out.compliant_gcm_siv);
    assert_string_equal(out.server, "ntp.example");
    assert_int_equal(out.port, 1123);
    assert_int_equal(out.cookie_count, 8);
    assert_int_equal(out.cookies[7].size, 104);
    assert_int_equal(out.cookies[7].bytes[103], 7);
    for (size_t size = 0; size < SPACE - w.left; size++) {
        assert_int_equal(ke_response_decode(&out, &asked, bytes, size), KE_FAULT_UNFINISHED);
    }
}

static void an_error_comes_through(void **state)
{
    struct ke_response in = {.failed = true, .error = KE_ERROR_BAD_REQUEST}, out;
    uint8_t bytes[SPACE];
    struct writer w = {bytes, sizeof bytes, false};

    (void)state;
    ke_response_encode(&w, &in);
    assert_int_equal(SPACE - w.left, 10);
    assert_int_equal(ke_response_decode(&out, &asked, bytes, SPACE - w.left), KE_FAULT_REFUSED);
    assert_int_equal(out.error, KE_ERROR_BAD_REQUEST);
}

#define AGREED                                                                                     \
    "8001000200008004"                                                                             \
    "0002000f"
#define COOKIE "0005000401020304"
#define END "80000000"

static void responses_are_understood_or_refused_for_a_reason(void **state)
{
    static const struct {
        const char *what, *bytes;
        enum ke_fault fault;
    } rows[] = {
        {"plain", AGREED COOKIE END, KE_FAULT_NONE},
        {"cookies first", COOKIE AGREED END, KE_FAULT_NONE},
        {"no protocol", "80010000" COOKIE END, KE_FAULT_NO_PROTOCOL},
        {"no algorithm agreed", "80010002000080040000" END, KE_FAULT_NO_ALGORITHM},
        {"an algorithm not offered",
         "80010002000080040002001"
         "1" COOKIE END,
         KE_FAULT_NO_ALGORITHM},
        {"two algorithms", "80010002000080040004000f001e" COOKIE END, KE_FAULT_MALFORMED},
        {"no cookie", AGREED END, KE_FAULT_NO_COOKIE},
        {"an empty cookie", AGREED "00050000" END, KE_FAULT_MALFORMED},
        {"an error", "800200020001" END, KE_FAULT_REFUSED},
        {"an error of no length", "80020000" END, KE_FAULT_MALFORMED},
        {"a warning", AGREED COOKIE "800300020001" END, KE_FAULT_WARNED},
        {"unknown record",
         AGREED COOKIE "700000"
                       "00" END,
         KE_FAULT_NONE},
        {"unknown critical record", AGREED COOKIE "f0000000" END, KE_FAULT_CRITICAL},
        {"an address for a server",
         AGREED COOKIE "80060009"
                       "3a3a666666663a3132" END,
         KE_FAULT_NONE},
        {"a server with a space", AGREED COOKIE "80060003612062" END, KE_FAULT_MALFORMED},
        {"a server with a zero", AGREED COOKIE "80060003610062" END, KE_FAULT_MALFORMED},
        {"a server without a name", AGREED COOKIE "80060000" END, KE_FAULT_MALFORMED},
        {"port 0", AGREED COOKIE "800700020000" END, KE_FAULT_MALFORMED},
        {"a port of one octet", AGREED COOKIE "8007000101" END, KE_FAULT_MALFORMED},
        {"two servers",
         AGREED COOKIE "8006000161"
                       "8006000162" END,
         KE_FAULT_REPEATED},
        {"no end", AGREED COOKIE, KE_FAULT_UNFINISHED},
        {"end with a body", AGREED COOKIE "8000000100", KE_FAULT_MALFORMED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t bytes[SPACE];
        struct ke_response response;
        size_t size = from_hex(rows[i].bytes, bytes, SPACE);
        enum ke_fault fault = ke_response_decode(&response, &asked, bytes, size);

        if (fault != rows[i].fault) {
            fail_msg("%s: %s", rows[i].what, ke_fault_sentence(fault));
        }
    }
}

static void too_long_cookies_and_too_many_are_told_or_left(void **state)
{
    uint8_t bytes[SPACE], body[NTS_COOKIE_SIZE + 1] = {1};
    struct ke_response response;

    (void)state;
    struct writer w = {bytes, sizeof bytes, false};
    writer_put(&w, "\x80\x01\0\x02\0\0\x80\x04\0\x02\0\x0f", 12);
    ke_record_put(&w, &(struct ke_record){false, KE_COOKIE, body, sizeof body});
    assert_int_equal(ke_response_decode(&response, &asked, bytes, SPACE - w.left),
                     KE_FAULT_COOKIE_SIZE);
    w = (struct writer){bytes + 12, sizeof bytes - 12, false};
    for (size_t i = 0; i < NTS_COOKIES + 4; i++) {
        ke_record_put(&w, &(struct ke_record){false, KE_COOKIE, body, NTS_COOKIE_SIZE});
    }
    writer_put(&w, "\x80\0\0\0", 4);
    assert_int_equal(ke_response_decode(&response, &asked, bytes, SPACE - w.left), KE_FAULT_NONE);
    assert_int_equal(response.cookie_count, NTS_COOKIES);
}

static void a_message_without_end_is_cut_at_its_limit(void **state)
{
    static uint8_t bytes[KE_MESSAGE_MAX + 100];
    struct ke_response response;
    size_t size;

    (void)state;
    memset(bytes, 0, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i += 4) {
        bytes[i] = 0x40; /* records that nobody knows, without a body */
    }
    assert_false(ke_message_ends(bytes, KE_MESSAGE_MAX - 1, &size));
    assert_true(ke_message_ends(bytes, KE_MESSAGE_MAX, &size));
    assert_int_equal(ke_response_decode(&response, &asked, bytes, KE_MESSAGE_MAX),
                     KE_FAULT_TOO_LONG);
}

static void the_exporter_has_a_context_for_each_direction(void **state)
{
    uint8_t context[KE_EXPORT_CONTEXT_SIZE];

    (void)state;
    ke_export_context(context, AEAD_AES_SIV_CMAC_256, false);
    assert_memory_equal(context, "\0\0\0\x0f\0", 5);
    ke_export_context(context, AEAD_AES_128_GCM_SIV, true);
    assert_memory_equal(context, "\0\0\0\x1e\x01", 5);
}

static void every_fault_has_a_sentence(void **state)
{
    (void)state;
    for (int i = 0; i < KE_FAULT_COUNT; i++) {
        assert_true(strlen(ke_fault_sentence((enum ke_fault)i)) > 4);
    }
    assert_non_null(ke_fault_sentence(KE_FAULT_COUNT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_has_the_octets_of_the_rfc),
        cmocka_unit_test(requests_are_understood_or_refused_for_a_reason),
        cmocka_unit_test(a_response_comes_through),
        cmocka_unit_test(an_error_comes_through),
        cmocka_unit_test(responses_are_understood_or_refused_for_a_reason),
        cmocka_unit_test(too_long_cookies_and_too_many_are_told_or_left),
        cmocka_unit_test(a_message_without_end_is_cut_at_its_limit),
        cmocka_unit_test(the_exporter_has_a_context_for_each_direction),
        cmocka_unit_test(every_fault_has_a_sentence),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
