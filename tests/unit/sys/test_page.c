/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/page.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LAYOUT = 77, CAPACITY = 1000 };

static char path[64];

static int make_path(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof path, "/tmp/noon-test-page.%d", (int)getpid());
    return 0;
}

static int remove_path(void **state)
{
    (void)state;
    (void)unlink(path);
    return 0;
}

static void what_was_written_is_read(void **state)
{
    struct page writer;
    struct page reader;
    char text[CAPACITY];
    size_t size = 0;

    (void)state;
    assert_int_equal(page_create(&writer, path, LAYOUT, CAPACITY), ERR_NONE);
    assert_int_equal(page_open(&reader, path, LAYOUT), ERR_NONE);
    assert_int_equal(page_read(&reader, text, sizeof text, &size), ERR_NOT_FOUND);
    assert_int_equal(page_generation(&reader), 0);
    page_write(&writer, "first", 6);
    assert_int_equal(page_read(&reader, text, sizeof text, &size), ERR_NONE);
    assert_int_equal(size, 6);
    assert_string_equal(text, "first");
    page_write(&writer, "the second", 11);
    assert_int_equal(page_read(&reader, text, sizeof text, &size), ERR_NONE);
    assert_int_equal(size, 11);
    assert_string_equal(text, "the second");
    assert_int_equal(page_generation(&reader), 2);
    assert_int_equal(page_read(&reader, text, 10, &size), ERR_RANGE);
    assert_int_equal(page_read_start(&reader, text, 5, &size), ERR_NONE);
    assert_int_equal(size, 5);
    assert_memory_equal(text, "the s", 5);
    assert_int_equal(page_read_start(&reader, text, sizeof text, &size), ERR_NONE);
    assert_int_equal(size, 11);
    assert_int_equal(page_capacity(&reader), CAPACITY);
    page_close(&reader);
    page_close(&writer);
}

static void a_reader_descriptor_can_not_write(void **state)
{
    struct page writer;
    struct page reader;

    (void)state;
    assert_int_equal(page_create(&writer, NULL, LAYOUT, CAPACITY), ERR_NONE);
    int fd = page_reader_fd(&writer);
    assert_true(fd >= 0);
    assert_ptr_equal(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
    assert_int_equal(write(fd, "x", 1), -1);
    assert_int_equal(ftruncate(writer.fd, 0), -1); /* sealed: nobody can pull it from a reader */
    assert_int_equal(page_adopt(&reader, fd, LAYOUT, false), ERR_NONE);
    page_write(&writer, "x", 1);
    page_mark_set(&writer, PAGE_MARK_AWAKE, UINT64_MAX);
    assert_int_equal(page_generation(&reader), 1);
    assert_true(page_mark(&reader, PAGE_MARK_AWAKE) == UINT64_MAX);
    assert_true(page_mark(&reader, PAGE_MARK_RATE) == 0);
    page_close(&reader);
    page_close(&writer);
}

static void another_layout_or_a_strange_file_is_refused(void **state)
{
    struct page writer;
    struct page reader;

    (void)state;
    assert_int_equal(page_open(&reader, path, LAYOUT), ERR_NOT_FOUND);
    assert_int_equal(page_create(&writer, path, LAYOUT, CAPACITY), ERR_NONE);
    assert_int_equal(page_open(&reader, path, LAYOUT + 1), ERR_FORMAT);
    assert_int_equal(truncate(path, 64), 0);
    assert_int_equal(page_open(&reader, path, LAYOUT), ERR_FORMAT);
    assert_int_equal(truncate(path, 0), 0);
    assert_int_equal(page_open(&reader, path, LAYOUT), ERR_FORMAT);
}

static void a_restarted_writer_takes_the_file_over_in_place(void **state)
{
    struct page first;
    struct page second;
    struct page reader;
    char text[16];
    size_t size = 0;

    (void)state;
    assert_int_equal(page_create(&first, path, LAYOUT, CAPACITY), ERR_NONE);
    assert_int_equal(page_open(&reader, path, LAYOUT), ERR_NONE);
    page_write(&first, "old", 4);
    page_close(&first);
    assert_int_equal(page_create(&second, path, LAYOUT, CAPACITY), ERR_NONE);
    assert_int_equal(page_read(&reader, text, sizeof text, &size), ERR_NONE);
    assert_string_equal(text, "old"); /* holds on while the new one starts */
    page_write(&second, "new", 4);
    assert_int_equal(page_read(&reader, text, sizeof text, &size), ERR_NONE);
    assert_string_equal(text, "new");
    page_close(&second);
    /* Another size: a new file, and the old reader keeps what it has. */
    assert_int_equal(page_create(&second, path, LAYOUT, CAPACITY * 2), ERR_NONE);
    page_write(&second, "big", 4);
    assert_int_equal(page_read(&reader, text, sizeof text, &size), ERR_NONE);
    assert_string_equal(text, "new");
    page_close(&second);
    page_close(&reader);
}

/* The boot id lies 16 octets into the file. */
static void a_page_of_an_earlier_boot_is_void(void **state)
{
    struct page page;
    struct page reader;
    char text[16];
    size_t size = 0;

    (void)state;
    assert_int_equal(page_create(&page, path, LAYOUT, CAPACITY), ERR_NONE);
    page_write(&page, "old", 4);
    page_close(&page);
    int fd = open(path, O_WRONLY);
    assert_int_equal(pwrite(fd, "00000000", 8, 16), 8);
    (void)close(fd);
    assert_int_equal(page_open(&reader, path, LAYOUT), ERR_NOT_FOUND);
    assert_int_equal(page_create(&page, path, LAYOUT, CAPACITY), ERR_NONE);
    assert_int_equal(page_read(&page, text, sizeof text, &size), ERR_NOT_FOUND);
    assert_int_equal(page_open(&reader, path, LAYOUT), ERR_NONE);
    page_close(&reader);
    page_close(&page);
}

static void the_file_can_be_read_by_everybody(void **state)
{
    struct page page;
    struct stat st;
    mode_t old = umask(077);

    (void)state;
    assert_int_equal(page_create(&page, path, LAYOUT, CAPACITY), ERR_NONE);
    (void)umask(old);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0644);
    page_close(&page);
}

static void a_directory_that_is_missing_is_an_error(void **state)
{
    struct page page;

    (void)state;
    assert_int_equal(page_create(&page, "/nonexistent/noon/time", LAYOUT, CAPACITY), ERR_NOT_FOUND);
    assert_int_equal(page.fd, -1);
}

/* Every payload is one octet repeated, with a length that belongs to it. */
static void write_for_ever(struct page *page)
{
    uint8_t payload[CAPACITY];

    for (unsigned i = 0;; i++) {
        memset(payload, (int)(i & 0xff), sizeof payload);
        page_write(page, payload, CAPACITY - (i & 0xff));
    }
}

static void check_whole(const struct page *reader, unsigned *good)
{
    uint8_t payload[CAPACITY];
    size_t size = 0;

    if (page_read(reader, payload, sizeof payload, &size) != ERR_NONE) {
        return;
    }
    assert_int_equal(size, CAPACITY - payload[0]);
    for (size_t i = 1; i < size; i++) {
        assert_int_equal(payload[i], payload[0]);
    }
    ++*good;
}

static void no_read_is_torn_even_when_the_writer_is_killed_in_the_middle(void **state)
{
    struct page page;
    unsigned good = 0;

    (void)state;
    assert_int_equal(page_create(&page, NULL, LAYOUT, CAPACITY), ERR_NONE);
    for (int round = 0; round < 20; round++) {
        uint64_t generation = page_generation(&page);
        unsigned before;
        pid_t child = fork();

        if (child == 0) {
            (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
            write_for_ever(&page);
        }
        /* On a busy machine the child may not have run yet. */
        for (int i = 0; i < 10000 && page_generation(&page) < generation + 100; i++) {
            (void)usleep(1000);
        }
        assert_true(page_generation(&page) >= generation + 100);
        for (int i = 0; i < 2000; i++) {
            check_whole(&page, &good);
        }
        assert_int_equal(kill(child, round % 2 ? SIGKILL : SIGSTOP), 0);
        assert_int_equal(waitpid(child, NULL, WUNTRACED), child);
        /* Stopped or dead: nobody waits for it. */
        before = good;
        check_whole(&page, &good);
        assert_int_equal(good, before + 1);
        if (round % 2 == 0) {
            assert_int_equal(kill(child, SIGKILL), 0);
            assert_int_equal(waitpid(child, NULL, 0), child);
        }
        /* And a new writer goes on where the old one died. */
        uint8_t mine[CAPACITY];
        memset(mine, round, sizeof mine);
        page_write(&page, mine, (size_t)(CAPACITY - round));
        check_whole(&page, &good);
        assert_int_equal(good, before + 2);
    }
    page_close(&page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_written_is_read, make_path, remove_path),
        cmocka_unit_test(a_reader_descriptor_can_not_write),
        cmocka_unit_test_setup_teardown(another_layout_or_a_strange_file_is_refused, make_path,
                                        remove_path),
        cmocka_unit_test_setup_teardown(a_restarted_writer_takes_the_file_over_in_place, make_path,
                                        remove_path),
        cmocka_unit_test_setup_teardown(a_page_of_an_earlier_boot_is_void, make_path, remove_path),
        cmocka_unit_test_setup_teardown(the_file_can_be_read_by_everybody, make_path, remove_path),
        cmocka_unit_test(a_directory_that_is_missing_is_an_error),
        cmocka_unit_test(no_read_is_torn_even_when_the_writer_is_killed_in_the_middle),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
