/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/view_clients.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/cli/made.h"
#include "wire/drop.h"

static void clients_are_a_table(void **state)
{
    struct client_status clients[2] = {
        {.address = {.family = ADDRESS_IPV4, .bytes = {192, 0, 2, 7}},
         .requests = 1000,
         .answers = 988,
         .dropped = 12,
         .last_drop = DROP_RATE_LIMIT,
         .version = 4,
         .interval_s = 63.7,
         .last = made_time(15, 6, 55)},
        {.address = {.family = ADDRESS_IPV6, .bytes = {0xfd, [15] = 1}},
         .requests = 1,
         .answers = 1,
         .version = 3,
         .last = made_time(14, 0, 0)},
    };
    struct clients_record record = {.known = 5, .count = 2, .clients = clients};
    struct view view = {.now = made_time(15, 7, 0)};
    char buffer[2000];
    struct text text = text_begin(buffer, sizeof buffer);

    (void)state;
    view_clients(&text, &view, &record);
    assert_string_equal(
        buffer,
        "CLIENT                                    REQUESTS    REFUSED VER    INTERVAL        "
        "LAST\n"
        "192.0.2.7                                     1000         12   4   1 min 4 s         5 s "
        "last refusal: rate-limit\n"
        "fd00::1                                          1          0   3           -   1 h 7 "
        "min\n"
        "and 3 more\n");
}

static void an_empty_table_says_so(void **state)
{
    struct clients_record record = {.count = 0};
    struct view view = {.now = made_time(15, 7, 0)};
    char buffer[200];
    struct text text = text_begin(buffer, sizeof buffer);

    (void)state;
    view_clients(&text, &view, &record);
    assert_string_equal(buffer, "nobody has asked this server for time\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clients_are_a_table),
        cmocka_unit_test(an_empty_table_says_so),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
