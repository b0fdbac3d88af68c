/* SPDX-License-Identifier: BSD-2-Clause */
/* Any octets: what is understood as a question or an answer about keys encodes to the same. */
#include <assert.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "wire/keys.h"

static void check(const uint8_t *data, size_t size)
{
    struct keys_question question;
    struct keys_answer answer;
    uint8_t bytes[KEYS_ANSWER_SIZE];

    if (keys_question_decode(&question, data, size)) {
        assert(question.algorithm_count > 0 && question.algorithm_count <= KE_ALGORITHMS);
        keys_question_encode(&question, bytes);
        assert(size == KEYS_QUESTION_SIZE && memcmp(bytes, data, size) == 0);
    }
    if (keys_answer_decode(&answer, data, size)) {
        assert(answer.cookie_count <= NTS_COOKIES);
        assert((answer.result == KEYS_OK) == (answer.cookie_count > 0));
        keys_answer_encode(&answer, bytes);
        assert(size == sizeof bytes && memcmp(bytes, data, size) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t grown[KEYS_ANSWER_SIZE] = {0};

    check(data, size);
    /* Short inputs, grown by zeros: so that the sizes need not be guessed. */
    if (size <= sizeof grown) {
        memcpy(grown, data, size);
        check(grown, KEYS_ANSWER_SIZE);
        check(grown, KEYS_QUESTION_SIZE);
    }
    return 0;
}
