/* SPDX-License-Identifier: BSD-2-Clause */
/* Each test has a directory of its own, and a page as the server process sees it. */
#include "helper/ring_keeper.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/storage.h"
#include "wire/ke_totals.h"

enum { NOW_S = 1800000000, EVERY_S = 3600, DAY_S = 86400 };

static const struct log_sink quiet = {.least = LOG_SEVERITY_ERROR + 1, .name = "test"};

struct fixture {
    char directory[64];
    struct page page;
};

static int open_fixture(void **state)
{
    static struct fixture fixture;

    (void)snprintf(fixture.directory, sizeof fixture.directory, "/tmp/noon-test-ring-XXXXXX");
    assert_non_null(mkdtemp(fixture.directory));
    assert_int_equal(
        page_create(&fixture.page, NULL, COOKIE_RING_LAYOUT, sizeof(struct cookie_ring)), ERR_NONE);
    *state = &fixture;
    return 0;
}

static int close_fixture(void **state)
{
    struct fixture *fixture = *state;
    char command[100];

    page_close(&fixture->page);
    (void)snprintf(command, sizeof command, "rm -rf '%s'", fixture->directory);
    return system(command);
}

static struct utc_time at_s(int64_t s)
{
    return (struct utc_time){s * NS_PER_S};
}

static struct ring_keeper keeper_of(struct fixture *fixture, const char *name)
{
    struct ring_keeper keeper = {.log = &quiet, .page = &fixture->page, .every_s = EVERY_S};

    (void)snprintf(keeper.file, sizeof keeper.file, "%s/%s", fixture->directory, name);
    return keeper;
}

static void write_file(const char *path, const void *bytes, size_t size, unsigned mode)
{
    assert_int_equal(storage_replace(path, bytes, size, mode), ERR_NONE);
}

/* A cookie of one server, opened by the other. */
static bool opens(const struct cookie_ring *sealed_by, const struct cookie_ring *opened_by)
{
    static struct cookie_keys keys;
    const struct cookie cookie = {.algorithm = AEAD_AES_SIV_CMAC_256, .to_server = {1, 2, 3}};
    const uint8_t nonce[COOKIE_NONCE] = {7};
    uint8_t bytes[COOKIE_SIZE_MAX];
    struct cookie opened;

    cookie_keys_prepare(&keys, sealed_by);
    cookie_seal(&keys, &cookie, nonce, bytes);
    cookie_keys_prepare(&keys, opened_by);
    return cookie_open(&keys, bytes, cookie_size(cookie.algorithm), &opened) &&
           memcmp(opened.to_server, cookie.to_server, sizeof cookie.to_server) == 0;
}

static void the_first_keys_are_made_shown_and_kept_from_others(void **state)
{
    struct fixture *fixture = *state;
    struct ring_keeper keeper = keeper_of(fixture, "keys");
    struct cookie_ring shown;
    struct stat st;
    size_t size = 0;

    ring_keeper_begin(&keeper, at_s(NOW_S));
    assert_int_equal(page_read(&fixture->page, &shown, sizeof shown, &size), ERR_NONE);
    assert_int_equal(size, sizeof shown);
    assert_memory_equal(&shown, &keeper.ring, sizeof shown);
    assert_int_not_equal(shown.keys[0].id, 0);
    assert_int_not_equal(shown.keys[1].id, 0);
    assert_int_equal(stat(keeper.file, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void a_restart_finds_them_again(void **state)
{
    struct ring_keeper before = keeper_of(*state, "keys"), after = keeper_of(*state, "keys");

    ring_keeper_begin(&before, at_s(NOW_S));
    ring_keeper_begin(&after, at_s(NOW_S + 60));
    assert_memory_equal(&before.ring, &after.ring, sizeof before.ring);
    (void)ring_keeper_turn(&after, at_s(NOW_S + 60));
    assert_memory_equal(&before.ring, &after.ring, sizeof before.ring);
}

static void without_a_file_keys_are_not_kept(void **state)
{
    struct ring_keeper before = keeper_of(*state, ""), after = keeper_of(*state, "");

    before.file[0] = after.file[0] = '\0';
    ring_keeper_begin(&before, at_s(NOW_S));
    ring_keeper_begin(&after, at_s(NOW_S));
    assert_false(opens(&before.ring, &after.ring));
}

static void a_file_that_holds_no_keys_is_replaced(void **state)
{
    static const char *const texts[] = {"", "noon cookie keys 1\n", "garbage",
                                        "noon cookie keys 1\n1800000000\n00000001 00\n"};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct ring_keeper keeper = keeper_of(*state, "keys"), again = keeper_of(*state, "keys");

        write_file(keeper.file, texts[i], strlen(texts[i]), 0600);
        ring_keeper_begin(&keeper, at_s(NOW_S));
        ring_keeper_begin(&again, at_s(NOW_S));
        assert_memory_equal(&keeper.ring, &again.ring, sizeof keeper.ring);
        assert_true(keeper.ring.keys[1].id != 0);
    }
}

static void a_directory_that_is_missing_costs_nothing_but_the_memory(void **state)
{
    struct ring_keeper keeper = keeper_of(*state, "no/such/keys");

    ring_keeper_begin(&keeper, at_s(NOW_S));
    assert_true(opens(&keeper.ring, &keeper.ring));
    (void)ring_keeper_turn(&keeper, at_s(NOW_S + EVERY_S));
    assert_int_equal(keeper.ring.changed_s, NOW_S + EVERY_S);
}

static void keys_change_when_it_is_time_and_old_cookies_open_for_two_changes(void **state)
{
    struct ring_keeper keeper = keeper_of(*state, "keys");
    struct cookie_ring first;

    ring_keeper_begin(&keeper, at_s(NOW_S));
    first = keeper.ring;
    struct utc_time next = ring_keeper_turn(&keeper, at_s(NOW_S + EVERY_S - 10));
    assert_int_equal(next.ns, (int64_t)(NOW_S + EVERY_S) * NS_PER_S);
    assert_memory_equal(&first, &keeper.ring, sizeof first);
    for (int change = 1; change <= 3; change++) {
        (void)ring_keeper_turn(&keeper, at_s(NOW_S + change * EVERY_S));
        assert_int_equal(keeper.ring.changed_s, NOW_S + change * EVERY_S);
        assert_int_equal(opens(&first, &keeper.ring), change <= 2);
    }
}

static void ntsrotate_0_changes_nothing_by_itself(void **state)
{
    struct ring_keeper keeper = keeper_of(*state, "keys");

    keeper.every_s = 0;
    ring_keeper_begin(&keeper, at_s(NOW_S));
    struct utc_time next = ring_keeper_turn(&keeper, at_s(NOW_S + 1000 * (int64_t)DAY_S));
    assert_int_equal(keeper.ring.changed_s, NOW_S);
    assert_true(next.ns > (NOW_S + 1000 * (int64_t)DAY_S) * NS_PER_S);
}

static void a_clock_that_is_set_back_does_not_keep_the_keys_for_years(void **state)
{
    struct ring_keeper keeper = keeper_of(*state, "keys");

    ring_keeper_begin(&keeper, at_s(NOW_S));
    (void)ring_keeper_turn(&keeper, at_s(NOW_S - 10));
    assert_int_equal(keeper.ring.changed_s, NOW_S);
    (void)ring_keeper_turn(&keeper, at_s(NOW_S - 2 * EVERY_S));
    assert_int_equal(keeper.ring.changed_s, NOW_S - 2 * EVERY_S);
}

static void a_copied_file_opens_the_cookies_of_the_other_server_also_a_change_late(void **state)
{
    struct fixture *fixture = *state;
    struct ring_keeper here = keeper_of(fixture, "keys"), there = keeper_of(fixture, "copy");
    char text[COOKIE_RING_TEXT];
    size_t size = 0;

    there.every_s = 0;
    ring_keeper_begin(&here, at_s(NOW_S));
    assert_int_equal(storage_read(here.file, text, sizeof text, &size), ERR_NONE);
    write_file(there.file, text, size, 0600);
    ring_keeper_begin(&there, at_s(NOW_S + 5));
    assert_true(opens(&here.ring, &there.ring) && opens(&there.ring, &here.ring));
    (void)ring_keeper_turn(&here, at_s(NOW_S + EVERY_S));
    assert_true(opens(&here.ring, &there.ring) && opens(&there.ring, &here.ring));
    (void)ring_keeper_turn(&here, at_s(NOW_S + 2 * EVERY_S));
    assert_false(opens(&here.ring, &there.ring));
}

static void who_never_changes_keys_takes_a_copy_that_is_whole_and_nothing_else(void **state)
{
    struct fixture *fixture = *state;
    struct ring_keeper here = keeper_of(fixture, "keys"), there = keeper_of(fixture, "copy");
    char text[COOKIE_RING_TEXT];
    struct cookie_ring shown;
    size_t size = 0;

    there.every_s = 0;
    ring_keeper_begin(&there, at_s(NOW_S));
    ring_keeper_begin(&here, at_s(NOW_S));
    const struct cookie_ring own = there.ring;
    assert_int_equal(storage_read(here.file, text, sizeof text, &size), ERR_NONE);
    /* Half of it, as while it is being copied; then all. */
    for (size_t part = size / 2; part <= size; part += size - size / 2) {
        write_file(there.file, text, part, 0600);
        struct utc_time next = ring_keeper_turn(&there, at_s(NOW_S + 10));
        assert_true(next.ns <= at_s(NOW_S + 15).ns);
        assert_memory_equal(&there.ring, part == size ? &here.ring : &own, sizeof own);
    }
    assert_int_equal(page_read(&fixture->page, &shown, sizeof shown, &size), ERR_NONE);
    assert_memory_equal(&shown, &here.ring, sizeof shown);
    /* It goes away: what was taken goes on. */
    assert_int_equal(unlink(there.file), 0);
    (void)ring_keeper_turn(&there, at_s(NOW_S + 20));
    assert_memory_equal(&there.ring, &here.ring, sizeof own);
    /* Who makes keys for himself takes nobody else's. */
    write_file(here.file, "garbage", 7, 0600);
    const struct cookie_ring before = here.ring;
    (void)ring_keeper_turn(&here, at_s(NOW_S + 10));
    assert_memory_equal(&here.ring, &before, sizeof before);
}

static void a_shared_secret_makes_the_same_keys_on_all_servers(void **state)
{
    static const char secret[] = "sixteen octets at least, the same";
    struct fixture *fixture = *state;
    char path[100];

    (void)snprintf(path, sizeof path, "%s/secret", fixture->directory);
    write_file(path, secret, sizeof secret - 1, 0600);
    struct ring_keeper here = keeper_of(fixture, "a"), there = keeper_of(fixture, "b");
    assert_true(ring_keeper_secret(&here, path) && ring_keeper_secret(&there, path));
    ring_keeper_begin(&here, at_s(NOW_S));
    ring_keeper_begin(&there, at_s(NOW_S + 1));
    assert_memory_equal(&here.ring, &there.ring, sizeof here.ring);
    assert_int_not_equal(access(here.file, F_OK), 0);
    /* Clocks that are apart, up to the neighbouring span. */
    (void)ring_keeper_turn(&there, at_s(NOW_S + EVERY_S));
    assert_true(opens(&here.ring, &there.ring) && opens(&there.ring, &here.ring));
    /* And another secret is another world. */
    write_file(path, "another secret of many octets", 29, 0600);
    struct ring_keeper other = keeper_of(fixture, "c");
    assert_true(ring_keeper_secret(&other, path));
    ring_keeper_begin(&other, at_s(NOW_S));
    assert_false(opens(&here.ring, &other.ring));
}

static void a_secret_that_is_no_good_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct ring_keeper keeper = keeper_of(fixture, "keys");
    uint8_t bytes[RING_SECRET_MAX + 1] = {1};
    static const struct {
        size_t size;
        bool good;
    } rows[] = {{0, false},
                {COOKIE_SHARED_MIN - 1, false},
                {COOKIE_SHARED_MIN, true},
                {RING_SECRET_MAX, true},
                {RING_SECRET_MAX + 1, false}};
    char path[100];

    (void)snprintf(path, sizeof path, "%s/secret", fixture->directory);
    assert_false(ring_keeper_secret(&keeper, path));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        write_file(path, bytes, rows[i].size, 0600);
        assert_int_equal(ring_keeper_secret(&keeper, path), rows[i].good);
    }
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_first_keys_are_made_shown_and_kept_from_others),
        TEST(a_restart_finds_them_again),
        TEST(without_a_file_keys_are_not_kept),
        TEST(a_file_that_holds_no_keys_is_replaced),
        TEST(a_directory_that_is_missing_costs_nothing_but_the_memory),
        TEST(keys_change_when_it_is_time_and_old_cookies_open_for_two_changes),
        TEST(ntsrotate_0_changes_nothing_by_itself),
        TEST(a_clock_that_is_set_back_does_not_keep_the_keys_for_years),
        TEST(a_copied_file_opens_the_cookies_of_the_other_server_also_a_change_late),
        TEST(who_never_changes_keys_takes_a_copy_that_is_whole_and_nothing_else),
        TEST(a_shared_secret_makes_the_same_keys_on_all_servers),
        TEST(a_secret_that_is_no_good_is_refused),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("helper/ring_keeper", tests, NULL, NULL);
}
