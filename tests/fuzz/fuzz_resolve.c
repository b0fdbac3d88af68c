/* SPDX-License-Identifier: BSD-2-Clause */
/* Any octets: what is understood as a question or an answer is sound, and encodes to the same. */
#include <assert.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "wire/resolve.h"

static void check_question(const uint8_t *data, size_t size)
{
    struct resolve_question question;
    uint8_t bytes[RESOLVE_QUESTION_SIZE];

    if (resolve_question_decode(&question, data, size)) {
        assert(question.family <= ADDRESS_IPV6);
        assert(question.name[0] != '\0');
        assert(memchr(question.name, '\0', sizeof question.name) != NULL);
        resolve_question_encode(&question, bytes);
        assert(size == sizeof bytes && memcmp(bytes, data, size) == 0);
    }
}

static void check_answer(const uint8_t *data, size_t size)
{
    struct resolve_answer answer;
    uint8_t bytes[RESOLVE_ANSWER_SIZE];

    if (resolve_answer_decode(&answer, data, size)) {
        assert(answer.count <= RESOLVED_MAX);
        assert((answer.result == RESOLVE_OK) == (answer.count > 0));
        for (uint8_t i = 0; i < answer.count; i++) {
            assert(answer.addresses[i].family == ADDRESS_IPV4 ||
                   answer.addresses[i].family == ADDRESS_IPV6);
            assert(memchr(answer.found[i].interface, 0, FOUND_INTERFACE_SIZE) != NULL);
        }
        resolve_answer_encode(&answer, bytes);
        assert(size == sizeof bytes && memcmp(bytes, data, size) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t grown[RESOLVE_ANSWER_SIZE] = {0};

    check_question(data, size);
    check_answer(data, size);
    /* Short inputs, grown by zeros: so that the sizes need not be guessed. */
    if (size <= sizeof grown) {
        memcpy(grown, data, size);
        check_answer(grown, RESOLVE_ANSWER_SIZE);
        check_question(grown, RESOLVE_QUESTION_SIZE);
    }
    return 0;
}
