/* SPDX-License-Identifier: BSD-2-Clause */
/* Sums over server processes that come and go. */
#include "daemon/server_totals.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/descriptors.h"
#include "daemon/worker_report.h"

/* A server process as seen from here: its page, and what it writes. */
struct process {
    struct page page;
    struct worker_record *record;
};

static int start(struct process *process)
{
    assert_int_equal(page_create(&process->page, NULL, PAGE_LAYOUT_COUNTERS, worker_page_size()),
                     ERR_NONE);
    process->record = worker_record_open();
    assert_non_null(process->record);
    return page_reader_fd(&process->page);
}

static void end(struct process *process)
{
    page_close(&process->page);
    free(process->record);
}

static void count(struct process *process, uint64_t requests, uint64_t stale)
{
    struct server_status status = {.serving = true, .requests = requests};

    status.drops[DROP_STALE] = stale;
    status.unsent_full = stale;
    worker_report_write(&process->page, process->record, &status, NULL);
}

static void expect(const struct server_totals *totals, uint64_t requests, uint64_t stale)
{
    struct server_status sum;

    server_totals_read(totals, &sum);
    assert_true(sum.requests == requests);
    assert_true(sum.drops[DROP_STALE] == stale && sum.unsent_full == stale);
}

static void what_was_counted_is_never_forgotten(void **state)
{
    struct server_totals totals;
    struct process processes[4];

    (void)state;
    assert_true(server_totals_open(&totals, start(&processes[0])));
    expect(&totals, 0, 0);
    count(&processes[0], 100, 1);
    expect(&totals, 100, 1);
    server_totals_next(&totals, start(&processes[1]));
    expect(&totals, 100, 1);
    count(&processes[1], 10, 0);
    count(&processes[0], 105, 2); /* the old one's last words */
    expect(&totals, 115, 2);
    server_totals_next(&totals, start(&processes[2]));
    server_totals_next(&totals, start(&processes[3]));
    count(&processes[3], 7, 0);
    expect(&totals, 122, 2);
    for (int i = 0; i < 4; i++) {
        end(&processes[i]);
    }
}

static void every_counter_is_added(void **state)
{
    struct server_status sum, other;

    (void)state;
    memset(&sum, 0, sizeof sum);
    memset(&other, 0, sizeof other);
    uint64_t *last = (uint64_t *)(void *)((uint8_t *)&other + sizeof other - sizeof(uint64_t));
    other.requests = 1;
    *last = 5;
    server_status_add(&sum, &other);
    server_status_add(&sum, &other);
    assert_true(sum.requests == 2);
    memcpy(last, (uint8_t *)&sum + sizeof sum - sizeof(uint64_t), sizeof *last);
    assert_true(*last == 10);
}

static void a_descriptor_that_is_no_page_changes_nothing(void **state)
{
    struct server_totals totals;
    struct process process;
    int pipes[2];

    (void)state;
    assert_true(server_totals_open(&totals, start(&process)));
    count(&process, 3, 0);
    assert_int_equal(pipe(pipes), 0);
    server_totals_next(&totals, pipes[0]);
    expect(&totals, 3, 0);
    assert_int_equal(close(pipes[1]), 0);
    end(&process);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_counted_is_never_forgotten),
        cmocka_unit_test(every_counter_is_added),
        cmocka_unit_test(a_descriptor_that_is_no_page_changes_nothing),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
