/* SPDX-License-Identifier: BSD-2-Clause */
/* test_links.c - a link that is exchanged is noticed, what else happens in a directory is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "sys/links.h"

static char folder[64];

static const char *in_folder(const char *name)
{
    static char path[2][400];
    static int turn;

    turn = !turn;
    snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
    return path[turn];
}

static int make(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "%s", "/tmp/noon-links-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int clean(void **state)
{
    static const char *const names[] = {"..data", "..tmp", "file", "written", "noon.conf"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        unlink(in_folder(names[i]));
    }
    return rmdir(folder);
}

static void write_file(const char *name)
{
    FILE *file = fopen(in_folder(name), "w");

    assert_non_null(file);
    fputs("server a\n", file);
    fclose(file);
}

static void only_a_link_that_is_moved_into_place_is_noticed(void **state)
{
    struct links links;

    (void)state;
    links_open(&links);
    assert_true(links.fd >= 0);
    assert_true(links_watch(&links, folder));
    assert_true(links_watch(&links, folder));
    assert_int_equal(links.count, 1);
    assert_false(links_moved(&links));
    write_file("file");
    assert_false(links_moved(&links));
    assert_int_equal(rename(in_folder("file"), in_folder("written")), 0);
    assert_false(links_moved(&links));
    assert_int_equal(symlink("one", in_folder("..data")), 0);
    assert_int_equal(symlink("two", in_folder("..tmp")), 0);
    assert_false(links_moved(&links));
    assert_int_equal(rename(in_folder("..tmp"), in_folder("..data")), 0);
    assert_true(links_moved(&links));
    assert_false(links_moved(&links));
    links_close(&links);
    assert_int_equal(links.fd, -1);
}

static void more_than_can_be_kept_counts_as_moved(void **state)
{
    struct links links;

    (void)state;
    links_open(&links);
    assert_true(links_watch(&links, folder));
    write_file("file");
    for (int i = 0; i < 20000; i++) {
        /* Different names in turn: the kernel merges what is the same. */
        assert_int_equal(rename(in_folder("file"), in_folder("written")), 0);
        assert_int_equal(rename(in_folder("written"), in_folder("file")), 0);
    }
    bool moved = false;
    for (int i = 0; i < 100 && !moved; i++) {
        moved = links_moved(&links);
    }
    assert_true(moved);
    links_close(&links);
}

static void what_can_t_be_watched_is_said(void **state)
{
    char deep[LINKS_PATH_SIZE + 1];
    struct links links;

    (void)state;
    links_open(&links);
    assert_false(links_watch(&links, in_folder("missing")));
    write_file("file");
    assert_false(links_watch(&links, in_folder("file")));
    memset(deep, '/', sizeof deep - 1);
    deep[sizeof deep - 1] = '\0';
    assert_false(links_watch(&links, deep));
    links_close(&links);
    assert_false(links_watch(&links, folder));
    assert_false(links_moved(&links));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(only_a_link_that_is_moved_into_place_is_noticed, make,
                                        clean),
        cmocka_unit_test_setup_teardown(more_than_can_be_kept_counts_as_moved, make, clean),
        cmocka_unit_test_setup_teardown(what_can_t_be_watched_is_said, make, clean),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("links", tests, NULL, NULL);
}
