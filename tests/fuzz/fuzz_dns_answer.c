/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "base/must.h"
#include "fuzz/fuzz.h"
#include "register/dns_message.h"

/*
 * ldns 1.8.3 loses a signature's record where it gives a message up, which only it can know; what
 * leaks here of our own is found by the unit test.
 */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libldns.so\n";
}

/* Whoever does not know the key can't say that a record is there, or that an update was made. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const struct tsig_key key = {"k.", "hmac-sha256.", "c2VjcmV0c2VjcmV0c2VjcmV0"};
    static const struct record record = {RECORD_A, "n.test.", "192.0.2.1"};
    static struct dns_message question;
    uint8_t *answer = malloc(size + 1); /* of its own size: what reads behind it is seen */
    char why[400];
    struct text text = text_begin(why, sizeof why);

    if (question.wire == NULL) {
        must(dns_message_question(&question, &record) && dns_message_sign(&question, &key));
    }
    must(answer != NULL);
    if (size > 0) {
        memcpy(answer, bytes, size);
    }
    /* The number of the question is drawn anew by each process: else all would end at it. */
    memcpy(answer, question.wire, size < 2 ? size : 2);
    const struct dns_octets octets = {answer, size};
    struct dns_answer told = dns_message_answer(&question, &key, &record, &octets, &text);
    must(told.result != ATTEMPT_DONE && !told.found && why[0] != '\0');
    free(answer);
    return 0;
}
