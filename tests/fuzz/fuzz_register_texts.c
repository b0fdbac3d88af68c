/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "base/must.h"
#include "fuzz/fuzz.h"
#include "register/credentials.h"
#include "register/held.h"
#include "register/route53_text.h"
#include "register/settings.h"
#include "register/tsig_key.h"

/* What is kept in a file comes back as it was written. */
static void try_held(const char *text)
{
    static char printed[RECORDS_MAX * (sizeof(struct record) + 16)];
    struct records held = {.count = 0}, again = {.count = 0};
    struct text out = text_begin(printed, sizeof printed);

    held_parse(&held, text);
    held_print(&out, &held);
    must(!out.overrun);
    held_parse(&again, printed);
    must(records_equal(&held, &again));
}

static void try_route53(const char *text, size_t size)
{
    static const struct route53_set wanted = {.name = "ntp.example.", .type = RECORD_A, .id = "a"};
    static struct route53_answer answer;

    (void)route53_read(&answer, &wanted, text, size);
    must(memchr(answer.code, '\0', sizeof answer.code) != NULL);
    must(memchr(answer.message, '\0', sizeof answer.message) != NULL);
}

/* All that noon-register reads but DNS; the first octet says which. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static struct settings settings;
    struct credentials credentials;
    struct tsig_key key;
    char problem[4000];
    struct text problems = text_begin(problem, sizeof problem);

    if (size == 0) {
        return 0;
    }
    char *text = malloc(size);
    must(text != NULL);
    memcpy(text, bytes + 1, size - 1);
    text[size - 1] = '\0';
    switch (bytes[0] % 6) {
    case 0:
        must(settings_read(&settings, "register.conf", text, "host", &problems) ||
             problem[0] != '\0');
        break;
    case 1:
        must(tsig_key_read(&key, "key", text, &problems) || problem[0] != '\0');
        break;
    case 2:
        (void)credentials_of_file(&credentials, text);
        break;
    case 3:
        (void)credentials_of_role(&credentials, text);
        break;
    case 4:
        try_held(text);
        break;
    default:
        try_route53(text, strlen(text));
        break;
    }
    free(text);
    return 0;
}
