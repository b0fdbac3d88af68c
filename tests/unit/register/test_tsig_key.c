/* SPDX-License-Identifier: BSD-2-Clause */
/* Key files of BIND. */
#include "register/tsig_key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SECRET "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="

static struct tsig_key key;
static char problem[400];

static bool takes(const char *text)
{
    struct text told = text_begin(problem, sizeof problem);

    return tsig_key_read(&key, "file", text, &told);
}

static void what_tsig_keygen_writes_is_read(void **state)
{
    (void)state;
    assert_true(
        takes("key \"Server-1\" {\n\talgorithm hmac-sha256;\n\tsecret \"" SECRET "\";\n};\n"));
    assert_string_equal(key.name, "server-1.");
    assert_string_equal(key.algorithm, "hmac-sha256.");
    assert_string_equal(key.secret, SECRET);
    assert_true(takes("# one\n// two\n/* three\n */ key k.example. { secret " SECRET
                      "; algorithm \"hmac-sha512\"; };"));
    assert_string_equal(key.name, "k.example.");
    assert_string_equal(key.algorithm, "hmac-sha512.");
}

static void what_is_wrong_is_told_with_its_line_and_without_the_secret(void **state)
{
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"", "file:1: expected `key"},
        {"key", "the name of the key"},
        {"key \"a b\" {", "the name of the key"},
        {"key k algorithm", "expected `{`"},
        {"key k {\nalgorithm hmac-md5;", "file:2: expected `algorithm` hmac-sha256"},
        {"key k {\n\nsecret \"short\";", "file:3: expected `secret`"},
        {"key k { secret \"" SECRET "x\"; };", "expected `secret`"},
        {"key k { secret \"" SECRET "\"; };", "no `algorithm`"},
        {"key k { algorithm hmac-sha256; };", "no `secret`"},
        {"key k { algorithm hmac-sha256 }", "expected `;`"},
        {"key k { color blue; };", "expected `algorithm` or `secret`"},
        {"key k { ", "expected `algorithm` or `secret`"},
        {"/* never ended", "expected `key"},
        {"key \"never ended\nkey", "the name of the key"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_false(takes(cases[i].text));
        assert_non_null(strstr(problem, cases[i].expected));
        assert_null(strstr(problem, "MDEy"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_tsig_keygen_writes_is_read),
        cmocka_unit_test(what_is_wrong_is_told_with_its_line_and_without_the_secret),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
