/* SPDX-License-Identifier: BSD-2-Clause */
/* What may be registered, as it is kept over a crash. */
#include "register/held.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const struct records some = {.count = 3,
                                    .at = {{RECORD_A, "n.test.", "192.0.2.1"},
                                           {RECORD_AAAA, "n.test.", "2001:db8::1"},
                                           {RECORD_SRV, "_ntp._udp.n.test.", "10 60 123 a.test."}}};

static void what_is_written_is_read_again(void **state)
{
    char directory[] = "/tmp/noon-held-XXXXXX", path[64];
    struct records records = {.count = 0};

    (void)state;
    assert_non_null(mkdtemp(directory));
    assert_int_equal(held_read(directory, "n.test.", &records), ERR_NONE);
    assert_int_equal(records.count, 0); /* the first time there is none */
    assert_int_equal(held_write(directory, "n.test.", &some), ERR_NONE);
    assert_int_equal(held_read(directory, "n.test.", &records), ERR_NONE);
    assert_true(records_equal(&records, &some));
    (void)snprintf(path, sizeof path, "%s/n.test.records", directory);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(directory), 0);
    assert_int_not_equal(held_write(directory, "n.test.", &some), ERR_NONE);
}

static void lines_that_are_no_records_are_left_out(void **state)
{
    struct records records = {.count = 0};

    (void)state;
    held_parse(&records,
               "A n.test. 192.0.2.1\nA\nA n.test.\n\nTXT n.test. x\nA n.test. fd00::1\n"
               "AAAA n.test. 192.0.2.1\nA n..test 192.0.2.1\n"
               "SRV s.test. 1 2 123 $(x)\nSRV n.test. hello\nSRV n.test. 1 2 x a.test.\n"
               "SRV n.test. 1 2 70000 a.test.\nSRV n.test. 1 2 3 a.test. b\nA n.test. 192.0.2.2");
    assert_int_equal(records.count, 2);
    assert_string_equal(records.at[1].data, "192.0.2.2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_again),
        cmocka_unit_test(lines_that_are_no_records_are_left_out),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
