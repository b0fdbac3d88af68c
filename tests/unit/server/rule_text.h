/* SPDX-License-Identifier: BSD-2-Clause */
/* rule_text.h - access rules of tests as short texts; include after cmocka.h. */
#ifndef UNIT_SERVER_RULE_TEXT_H
#define UNIT_SERVER_RULE_TEXT_H

#include <stdlib.h>
#include <string.h>

#include "core/node/options.h"

/* "+10.0.0.0/8" allows, "-10.0.0.0/8" denies; "!" before the sign: `all`; no address: everybody. */
static inline struct access_rule rule_of(const char *text)
{
    struct access_rule rule = {0};
    char address[ADDRESS_TEXT_SIZE] = {0};

    rule.all = *text == '!';
    text += rule.all;
    rule.allow = *text++ == '+';
    if (*text != 0) {
        const char *slash = strchr(text, '/');

        assert_non_null(slash);
        memcpy(address, text, (size_t)(slash - text));
        assert_true(address_parse(&rule.prefix, address));
        rule.bits = (uint8_t)strtol(slash + 1, NULL, 10);
    }
    return rule;
}

#endif
