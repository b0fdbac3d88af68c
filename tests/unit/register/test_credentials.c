/* SPDX-License-Identifier: BSD-2-Clause */
/* Credentials for Amazon, from a file and of a role. */
#include "register/credentials.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct credentials found;

static void of_a_file_the_default_counts(void **state)
{
    (void)state;
    assert_true(credentials_of_file(&found, "[a]\naws_access_key_id=no\n# c\n[default]\n"
                                            "aws_access_key_id = AKID\r\nregion = x\n"
                                            "aws_secret_access_key\t=\tse/cr+et=\n[z]\n"
                                            "aws_secret_access_key=no\n"));
    assert_string_equal(found.key_id, "AKID");
    assert_string_equal(found.secret, "se/cr+et=");
    assert_string_equal(found.token, "");
    assert_true(credentials_of_file(&found, "[default]\naws_access_key_id=A\n"
                                            "aws_secret_access_key=B\naws_session_token=C"));
    assert_string_equal(found.token, "C");
}

static void a_file_without_both_is_none(void **state)
{
    char text[400] = "[default]\naws_secret_access_key=b\naws_access_key_id=";

    (void)state;
    assert_false(credentials_of_file(&found, ""));
    assert_false(credentials_of_file(&found, "aws_access_key_id=A\naws_secret_access_key=B\n"));
    assert_false(credentials_of_file(&found, "[default]\naws_access_key_id=A\n"));
    assert_false(credentials_of_file(&found, "[default]\naws_access_key_id=\n"
                                             "aws_secret_access_key=B\n"));
    memset(text + strlen(text), 'a', 200);
    assert_false(credentials_of_file(&found, text));
}

static void a_role_has_a_token(void **state)
{
    (void)state;
    assert_true(credentials_of_role(&found, "{\"Code\":\"Success\",\"AccessKeyId\":\"A\","
                                            "\"SecretAccessKey\":\"B\",\"Token\":\"C\"}"));
    assert_string_equal(found.key_id, "A");
    assert_string_equal(found.secret, "B");
    assert_string_equal(found.token, "C");
    assert_false(credentials_of_role(&found, "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"B\"}"));
    assert_false(credentials_of_role(
        &found, "{\"AccessKeyId\":1,\"SecretAccessKey\":\"B\",\"Token\":\"C\"}"));
    assert_false(credentials_of_role(&found, "<html>Log in</html>"));
    assert_false(credentials_of_role(&found, "[]"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_a_file_the_default_counts),
        cmocka_unit_test(a_file_without_both_is_none),
        cmocka_unit_test(a_role_has_a_token),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
