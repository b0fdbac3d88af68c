/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/view_auth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "unit/cli/made.h"
#include "wire/keys.h"

static struct source_status *nts_source(struct made *made)
{
    struct source_status *source;

    made_init(made);
    source = made_source(made, "ntp.example", 9, SOURCE_KEY_EXCHANGE);
    source->auth = AUTH_MODE_NTS;
    source->ke_attempts = 3;
    return source;
}

static const char *written(void (*view)(struct text *, const struct view *,
                                        const struct source_status *),
                           const struct made *made, const struct source_status *source)
{
    static char buffer[1000];
    struct text text = text_begin(buffer, sizeof buffer);

    view(&text, &made->view, source);
    assert_false(text.overrun);
    return buffer;
}

static void each_failure_is_told_with_its_detail(void **state)
{
    static const struct {
        enum keys_result result;
        uint16_t detail;
        const char *clause;
    } rows[] = {
        {KEYS_TIMEOUT, 0,
         "no keys (NTS): no connection to its key exchange: a firewall may let NTP (UDP) pass, but "
         "not the TCP port of NTS-KE; 3 attempts"},
        {KEYS_MESSAGE, KE_FAULT_NO_COOKIE,
         "no keys (NTS): its key exchange message is no good: it brings no cookie; 3 attempts"},
        {KEYS_ERROR, KE_ERROR_BAD_REQUEST,
         "no keys (NTS): the server refused the key exchange: it takes the request for a bad one; "
         "3 attempts"},
        {KEYS_TLS, 70,
         "no keys (NTS): no TLS 1.3 connection could be made (OpenSSL's error 70); 3 attempts"},
        {KEYS_NAME, 62, "no keys (NTS): its certificate is for another name; 3 attempts"},
        {KEYS_EXPIRED, 10,
         "no keys (NTS): its certificate has expired, valid from 13:00 until 14:00; 3 attempts"},
        {KEYS_NONE, 0, "its keys are being exchanged (NTS)"},
        {KEYS_OK, 0, "the cookies are used up: new keys are being exchanged"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct made made;
        struct source_status *source = nts_source(&made);

        source->ke_result = (uint8_t)rows[i].result;
        source->ke_detail = rows[i].detail;
        source->cert_from = made_time(13, 0, 0);
        source->cert_until = made_time(14, 0, 0);
        assert_string_equal(written(view_auth_no_keys, &made, source), rows[i].clause);
        assert_true(strlen(view_auth_advice(source)) > 20);
    }
}

static void a_doubted_certificate_is_told_with_its_dates(void **state)
{
    struct made made;
    struct source_status *source = nts_source(&made);

    (void)state;
    source->cert_from = made_time(13, 0, 0);
    source->cert_until = made_time(14, 0, 0);
    assert_string_equal(written(view_auth_doubt, &made, source),
                        "its certificate is valid from 13:00 until 14:00, which is over by this "
                        "clock");
    source->cert_from = made_time(22, 0, 0);
    source->cert_until = made_time(23, 0, 0);
    assert_non_null(strstr(written(view_auth_doubt, &made, source), "still to come"));
    source->cert_from = made_time(13, 0, 0);
    assert_non_null(strstr(written(view_auth_doubt, &made, source), "not known to be right"));
}

static void authentication_is_a_line_of_the_source(void **state)
{
    struct made made;
    struct source_status *source = nts_source(&made);

    (void)state;
    assert_string_equal(view_auth_mark(source), " nts");
    assert_string_equal(written(view_auth, &made, source), "NTS, without keys; 3 exchanges tried");
    source->last_ke = made_time(15, 6, 0);
    source->key_type = AEAD_AES_SIV_CMAC_256;
    source->cookies = 8;
    source->cookie_size = 100;
    source->ke_attempts = 1;
    source->ke_result = KEYS_OK;
    source->ke_took_s = 0.002;
    assert_non_null(strstr(written(view_auth, &made, source),
                           "NTS with AES-SIV-CMAC-256, 8 cookies of 100 octets; keys exchanged "));
    assert_non_null(
        strstr(written(view_auth, &made, source), "; 1 exchange tried, the last took "));
    source->auth = AUTH_MODE_KEY;
    source->key = 7;
    source->key_bits = 256;
    assert_string_equal(written(view_auth, &made, source), "symmetric key 7 of 256 bits");
    source->auth = AUTH_MODE_NONE;
    assert_string_equal(view_auth_mark(source), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_failure_is_told_with_its_detail),
        cmocka_unit_test(a_doubted_certificate_is_told_with_its_dates),
        cmocka_unit_test(authentication_is_a_line_of_the_source),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
