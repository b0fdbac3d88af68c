/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/exchanger.h"

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

#include "sys/unix_socket.h"

static const struct address server = {
    .family = ADDRESS_IPV4, .port = 4460, .bytes = {192, 0, 2, 1}};

static struct action_get_keys asked(uint32_t query, bool kept_will_do)
{
    return (struct action_get_keys){.kept_will_do = kept_will_do,
                                    .question = {.query = query,
                                                 .server = server,
                                                 .ntp_port = 123,
                                                 .name = "a.example",
                                                 .algorithm_count = 1,
                                                 .algorithms = {15}}};
}

static struct keys_answer exchanged(uint32_t query)
{
    struct keys_answer answer = {.query = query,
                                 .result = KEYS_OK,
                                 .name = "a.example",
                                 .asked = server,
                                 .made = {1795361029000000000},
                                 .server = server,
                                 .algorithm = 15,
                                 .to_server = {1},
                                 .to_client = {2},
                                 .cookie_count = 1,
                                 .cookies = {{.size = 100, .bytes = {7}}}};

    answer.server.port = 123;
    return answer;
}

static void alone_there_are_no_keys(void **state)
{
    struct exchanger exchanger;
    struct action_get_keys get = asked(5, false);
    struct keys_answer answer;

    (void)state;
    exchanger_init(&exchanger, true, "");
    assert_false(exchanger_answer(&exchanger, &answer));
    exchanger_ask(&exchanger, &get);
    assert_true(exchanger_busy(&exchanger));
    assert_false(exchanger_needs_helper(&exchanger));
    assert_true(exchanger_answer(&exchanger, &answer));
    assert_int_equal(answer.query, 5);
    assert_int_equal(answer.result, KEYS_NO_HELPER);
    assert_false(exchanger_busy(&exchanger));
}

static void keys_are_kept_for_the_same_line_only(void **state)
{
    char folder[] = "/tmp/noon-exchanger-XXXXXX", path[200];
    struct exchanger exchanger;
    struct action_get_keys get = asked(6, true);
    struct keys_answer answer = exchanged(1);
    struct stat st;

    (void)state;
    assert_non_null(mkdtemp(folder));
    exchanger_init(&exchanger, false, folder);
    exchanger_ask(&exchanger, &get);
    assert_true(exchanger_answer(&exchanger, &answer));
    assert_int_equal(answer.result, KEYS_NONE); /* nothing is there yet */
    answer = exchanged(1);
    assert_true(exchanger_keep(&exchanger, &answer));
    (void)snprintf(path, sizeof path, "%s/192.0.2.1_4460.nts", folder);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    exchanger_ask(&exchanger, &get);
    assert_true(exchanger_answer(&exchanger, &answer));
    assert_int_equal(answer.result, KEYS_OK);
    assert_int_equal(answer.query, 6);
    assert_int_equal(answer.cookies[0].bytes[0], 7);
    assert_int_equal(answer.made.ns, 1795361029000000000);
    memcpy(get.question.name, "b.example", 10);
    exchanger_ask(&exchanger, &get);
    assert_true(exchanger_answer(&exchanger, &answer));
    assert_int_equal(answer.result, KEYS_NONE);
    assert_int_equal(answer.cookie_count, 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void the_helper_is_asked_and_let_go_when_it_talks_nonsense(void **state)
{
    struct exchanger exchanger;
    struct action_get_keys get = asked(7, false);
    struct keys_answer answer = exchanged(7);
    struct keys_question question;
    uint8_t bytes[KEYS_ANSWER_SIZE];
    int pair[2], passed;

    (void)state;
    exchanger_init(&exchanger, false, "");
    exchanger_ask(&exchanger, &get);
    assert_true(exchanger_needs_helper(&exchanger));
    assert_int_equal(unix_pair(pair), ERR_NONE);
    exchanger_attach(&exchanger, pair[0]);
    assert_false(exchanger_needs_helper(&exchanger));
    exchanger_flush(&exchanger);
    assert_int_equal(unix_receive_fd(pair[1], bytes, KEYS_QUESTION_SIZE, &passed), ERR_NONE);
    assert_true(keys_question_decode(&question, bytes, KEYS_QUESTION_SIZE));
    assert_int_equal(question.query, 7);
    keys_answer_encode(&answer, bytes);
    assert_int_equal(unix_send_fd(pair[1], bytes, sizeof bytes, -1), ERR_NONE);
    assert_true(exchanger_answer(&exchanger, &answer));
    assert_int_equal(answer.result, KEYS_OK);
    assert_int_equal(answer.made.ns, 0); /* a helper can't say that they are old */
    bytes[0] ^= 1;
    assert_int_equal(unix_send_fd(pair[1], bytes, sizeof bytes, -1), ERR_NONE);
    assert_false(exchanger_answer(&exchanger, &answer));
    assert_int_equal(exchanger.fd, -1);
    unix_close(&pair[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alone_there_are_no_keys),
        cmocka_unit_test(keys_are_kept_for_the_same_line_only),
        cmocka_unit_test(the_helper_is_asked_and_let_go_when_it_talks_nonsense),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
