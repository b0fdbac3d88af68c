/* SPDX-License-Identifier: BSD-2-Clause */
/* What of this machine's files is left open for reading. */
#include "helper/places.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "sys/directory.h"

static void a_directory_that_is_not_there_is_allowed_by_the_nearest_that_is(void **state)
{
    char top[] = "/tmp/noon-places-XXXXXX", middle[64], deep[80];

    (void)state;
    assert_non_null(mkdtemp(top));
    (void)snprintf(middle, sizeof middle, "%s/middle", top);
    (void)snprintf(deep, sizeof deep, "%s/deep", middle);
    const char *const candidates[3] = {deep, middle, top};
    assert_ptr_equal(places_nearest(candidates), top);
    assert_int_equal(mkdir(middle, 0755), 0);
    assert_ptr_equal(places_nearest(candidates), middle);
    assert_int_equal(mkdir(deep, 0755), 0);
    assert_ptr_equal(places_nearest(candidates), deep);
    assert_int_equal(rmdir(deep), 0);
    FILE *file = fopen(deep, "w");
    assert_non_null(file);
    (void)fclose(file);
    assert_ptr_equal(places_nearest(candidates), middle);
    assert_int_equal(unlink(deep) + rmdir(middle) + rmdir(top), 0);
    assert_ptr_equal(places_nearest(candidates), top);
}

static void all_of_run_is_open_only_while_a_directory_of_hooks_is_missing(void **state)
{
    bool there = directory_exists("/run/noon-dhcp") && directory_exists("/run/chrony-dhcp");
    struct sandbox_paths paths = {.read = {"/etc"}, .read_count = 1};
    bool open = false;

    (void)state;
    places_allow(&paths);
    assert_string_equal(paths.read[0], "/etc");
    for (size_t i = 0; i < paths.read_count; i++) {
        open = open || strcmp(paths.read[i], "/run") == 0;
    }
    assert_int_equal(open, !there);
    /* Room for what noon-helper itself adds: nine, and where resolv.conf leads to. */
    assert_in_range(paths.read_count - 1, 1, SANDBOX_PATHS_MAX - 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_directory_that_is_not_there_is_allowed_by_the_nearest_that_is),
        cmocka_unit_test(all_of_run_is_open_only_while_a_directory_of_hooks_is_missing),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
