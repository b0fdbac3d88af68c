/* SPDX-License-Identifier: BSD-2-Clause */
/* Any octets, as the head of an HTTP response, as a URL, and as messages about dates. */
#include <assert.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "wire/date.h"

static void check_messages(const uint8_t *data, size_t size)
{
    struct date_question question;
    struct date_answer answer;
    uint8_t bytes[DATE_ANSWER_SIZE];

    if (date_question_decode(&question, data, size)) {
        date_question_encode(&question, bytes);
        assert(size == DATE_QUESTION_SIZE && memcmp(bytes, data, size) == 0);
    }
    if (date_answer_decode(&answer, data, size)) {
        date_answer_encode(&answer, bytes);
        assert(size == sizeof bytes && memcmp(bytes, data, size) == 0);
    }
}

/* Whoever reads it in two pieces comes to the same end. */
static void check_response(const char *bytes, size_t size)
{
    struct utc_time date = {0}, again = {0};
    enum date_head head = date_response(bytes, size, &date);

    if (head == DATE_HEAD_OK) {
        assert(date.ns > 0 && date.ns % NS_PER_S == 0);
        assert(date_response(bytes, size, &again) == head && again.ns == date.ns);
    }
    if (size > 0 && head == DATE_HEAD_INCOMPLETE) {
        assert(date_response(bytes, size - 1, &again) == DATE_HEAD_INCOMPLETE);
    }
}

static void check_url(const char *bytes, size_t size)
{
    char url[512] = {0};
    char request[DATE_REQUEST_MAX];
    uint8_t message[DATE_QUESTION_SIZE];
    struct date_question question, back;

    memcpy(url, bytes, size < sizeof url ? size : sizeof url - 1);
    if (date_url_parse(&question, url)) {
        size_t length = date_request(&question, request);

        assert(length > 0 && memchr(request, '\0', length) == NULL);
        date_question_encode(&question, message);
        assert(date_question_decode(&back, message, sizeof message));
        assert(memcmp(&question, &back, sizeof back) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t grown[DATE_ANSWER_SIZE] = {0};

    check_response((const char *)data, size);
    check_url((const char *)data, size);
    check_messages(data, size);
    if (size <= sizeof grown) {
        memcpy(grown, data, size);
        check_messages(grown, DATE_ANSWER_SIZE);
        check_messages(grown, DATE_QUESTION_SIZE);
    }
    return 0;
}
