/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/date.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

#define GOOD "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"

static void responses_give_their_date_or_the_reason_why_not(void **state)
{
    static const struct {
        const char *sentence, *bytes;
        enum date_head head;
    } cases[] = {
        {"a usual answer", "HTTP/1.1 200 OK\r\nServer: x\r\n" GOOD "Vary: a\r\n\r\n", DATE_HEAD_OK},
        {"HTTP/1.0, ends of lines without CR",
         "HTTP/1.0 200 OK\nDate:Sun, 06 Nov 1994 08:49:37 GMT\n\n", DATE_HEAD_OK},
        {"the name in capitals", "HTTP/1.1 200\r\nDATE: \tSun, 06 Nov 1994 08:49:37 GMT \r\n\r\n",
         DATE_HEAD_OK},
        {"a redirection has its server's time", "HTTP/1.1 301 x\r\nLocation: /\r\n" GOOD "\r\n",
         DATE_HEAD_OK},
        {"a refusal has it too", "HTTP/1.1 503 x\r\n" GOOD "\r\n", DATE_HEAD_OK},
        {"what follows the head is not looked at", "HTTP/1.1 200 OK\r\n" GOOD "\r\n" GOOD,
         DATE_HEAD_OK},
        {"the head is not complete", "HTTP/1.1 200 OK\r\n" GOOD, DATE_HEAD_INCOMPLETE},
        {"nothing yet", "", DATE_HEAD_INCOMPLETE},
        {"an intermediate answer is none", "HTTP/1.1 100 Continue\r\n" GOOD "\r\n", DATE_HEAD_BAD},
        {"a status without a number", "HTTP/1.1 OK\r\n" GOOD "\r\n", DATE_HEAD_BAD},
        {"another version", "HTTP/2.0 200 OK\r\n" GOOD "\r\n", DATE_HEAD_BAD},
        {"another protocol", "SSH-2.0-OpenSSH_9.2\r\n", DATE_HEAD_BAD},
        {"another protocol, before the end of its line", "\x16\x03\x01\x02", DATE_HEAD_INCOMPLETE},
        {"no date", "HTTP/1.1 200 OK\r\nX-Date: 1\r\n\r\n", DATE_HEAD_NO_DATE},
        {"two dates", "HTTP/1.1 200 OK\r\n" GOOD GOOD "\r\n", DATE_HEAD_NO_DATE},
        {"a day that it was not", "HTTP/1.1 200 OK\r\nDate: Mon, 06 Nov 1994 08:49:37 GMT\r\n\r\n",
         DATE_HEAD_NO_DATE},
        {"a day that is none", "HTTP/1.1 200 OK\r\nDate: Sun, 31 Nov 1994 08:49:37 GMT\r\n\r\n",
         DATE_HEAD_NO_DATE},
        {"an hour that is none", "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 24:49:37 GMT\r\n\r\n",
         DATE_HEAD_NO_DATE},
        {"another zone", "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 CET\r\n\r\n",
         DATE_HEAD_NO_DATE},
        {"an obsolete form", "HTTP/1.1 200 OK\r\nDate: Sunday, 06-Nov-94 08:49:37 GMT\r\n\r\n",
         DATE_HEAD_NO_DATE},
        {"a date cut short", "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov\r\n\r\n", DATE_HEAD_NO_DATE},
        {"an empty date", "HTTP/1.1 200 OK\r\nDate:\r\n\r\n", DATE_HEAD_NO_DATE},
        {"before 1970", "HTTP/1.1 200 OK\r\nDate: Wed, 31 Dec 1969 08:49:37 GMT\r\n\r\n",
         DATE_HEAD_NO_DATE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct utc_time date = {0};
        enum date_head head = date_response(cases[i].bytes, strlen(cases[i].bytes), &date);

        if (head != cases[i].head) {
            print_message("%s: %d\n", cases[i].sentence, head);
        }
        assert_int_equal(head, cases[i].head);
        if (head == DATE_HEAD_OK) {
            assert_int_equal(date.ns / NS_PER_S, 784111777); /* RFC 9110's example */
        }
    }
}

static void a_head_without_end_is_bad(void **state)
{
    static char bytes[DATE_RESPONSE_MAX];
    struct utc_time date;

    (void)state;
    memset(bytes, 'a', sizeof bytes);
    memcpy(bytes, "HTTP/1.1 200 OK\r\n", 17);
    assert_int_equal(date_response(bytes, sizeof bytes - 1, &date), DATE_HEAD_INCOMPLETE);
    assert_int_equal(date_response(bytes, sizeof bytes, &date), DATE_HEAD_BAD);
}

static void urls_are_a_host_a_port_and_a_path(void **state)
{
    static const struct {
        const char *url, *name, *path;
        unsigned port; /* 0: refused */
    } cases[] = {
        {"https://www.example.com", "www.example.com", "/", 443},
        {"https://www.example.com/a/b?c=d", "www.example.com", "/a/b?c=d", 443},
        {"www.example.com", "www.example.com", "/", 443},
        {"www.example.com/x", "www.example.com", "/x", 443},
        {"https://9.9.9.9", "9.9.9.9", "/", 443},
        {"https://127.0.0.1:8443/", "127.0.0.1", "/", 8443},
        {"https://[2001:db8::1]:8443", "2001:db8::1", "/", 8443},
        {"https://[2001:db8::1]", "2001:db8::1", "/", 443},
        {"http://www.example.com", "", "", 0},
        {"https://", "", "", 0},
        {"https:///x", "", "", 0},
        {"https://user@host/", "", "", 0},
        {"https://a.example:0/", "", "", 0},
        {"https://a.example:65536/", "", "", 0},
        {"https://a.example:/", "", "", 0},
        {"https://a.example:99999999999999999999/", "", "", 0},
        {"https://[2001:db8::1", "", "", 0},
        {"https://[www.example.com]/", "", "", 0},
        {"https://a.example/\r\nX: y", "", "", 0},
        {"https://a.example?x", "", "", 0},
        {"", "", "", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct date_question question;
        bool good = date_url_parse(&question, cases[i].url);

        if (good != (cases[i].port != 0)) {
            print_message("%s\n", cases[i].url);
        }
        assert_int_equal(good, cases[i].port != 0);
        if (good) {
            assert_string_equal(question.name, cases[i].name);
            assert_string_equal(question.path, cases[i].path);
            assert_int_equal(question.port, cases[i].port);
        }
    }
}

static void requests_name_the_host_as_rfc_9110_wants_it(void **state)
{
    struct date_question question;
    char text[DATE_REQUEST_MAX];

    (void)state;
    assert_true(date_url_parse(&question, "https://[2001:db8::1]:8443/x"));
    text[date_request(&question, text)] = '\0';
    assert_string_equal(text, "HEAD /x HTTP/1.1\r\nHost: [2001:db8::1]:8443\r\n"
                              "User-Agent: noon\r\nConnection: close\r\n\r\n");
    assert_true(date_url_parse(&question, "a.example"));
    text[date_request(&question, text)] = '\0';
    assert_non_null(strstr(text, "HEAD / HTTP/1.1\r\nHost: a.example\r\n"));
}

static void the_longest_url_has_room_and_a_longer_one_is_refused(void **state)
{
    char url[DATE_TEXT_MAX + 32];
    struct date_question question;
    uint8_t bytes[DATE_QUESTION_SIZE];

    (void)state;
    memset(url, 'a', sizeof url);
    url[255] = '/';
    url[DATE_TEXT_MAX - 2] = '\0';
    assert_true(date_url_parse(&question, url));
    date_question_encode(&question, bytes);
    assert_true(date_question_decode(&question, bytes, sizeof bytes));
    url[DATE_TEXT_MAX - 2] = 'a';
    url[DATE_TEXT_MAX - 1] = '\0';
    assert_false(date_url_parse(&question, url));
}

static void messages_come_back_and_damaged_ones_do_not(void **state)
{
    struct date_question question, asked;
    struct date_answer answer = {.query = 7, .result = DATE_OK, .took_us = 9, .date = {5}}, said;
    uint8_t bytes[DATE_ANSWER_SIZE];

    (void)state;
    assert_true(date_url_parse(&question, "a.example/x"));
    question.query = 77;
    question.all = true;
    assert_true(address_parse(&question.address, "2001:db8::7"));
    question.address.port = 443;
    date_question_encode(&question, bytes);
    assert_true(date_question_decode(&asked, bytes, DATE_QUESTION_SIZE));
    assert_memory_equal(&asked, &question, sizeof asked);
    assert_false(date_question_decode(&asked, bytes, DATE_QUESTION_SIZE - 1));
    bytes[DATE_QUESTION_SIZE - 1] = 1;
    assert_false(date_question_decode(&asked, bytes, DATE_QUESTION_SIZE));

    assert_true(address_parse(&answer.server, "192.0.2.1"));
    answer.server.port = 443;
    date_answer_encode(&answer, bytes);
    assert_true(date_answer_decode(&said, bytes, sizeof bytes));
    assert_memory_equal(&said, &answer, sizeof said);
    bytes[3] = DATE_RESULT_COUNT;
    assert_false(date_answer_decode(&said, bytes, sizeof bytes));
    bytes[3] = DATE_SLOW; /* and yet a date */
    assert_false(date_answer_decode(&said, bytes, sizeof bytes));
}

static void every_result_has_words(void **state)
{
    (void)state;
    for (unsigned i = 0; i < DATE_RESULT_COUNT; i++) {
        assert_true(strlen(date_result_word(i)) > 1 && strlen(date_result_sentence(i)) > 10);
    }
    assert_string_equal(date_result_word(99), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(responses_give_their_date_or_the_reason_why_not),
        cmocka_unit_test(a_head_without_end_is_bad),
        cmocka_unit_test(urls_are_a_host_a_port_and_a_path),
        cmocka_unit_test(requests_name_the_host_as_rfc_9110_wants_it),
        cmocka_unit_test(the_longest_url_has_room_and_a_longer_one_is_refused),
        cmocka_unit_test(messages_come_back_and_damaged_ones_do_not),
        cmocka_unit_test(every_result_has_words),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
