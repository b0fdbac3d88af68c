/* SPDX-License-Identifier: BSD-2-Clause */
/* XML of Route 53, to and fro. */
#include "register/route53_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct route53_set wanted = {.type = RECORD_A,
                                          .name = "n.test.",
                                          .id = "a<b>&c",
                                          .ttl_s = 30,
                                          .multivalue = true,
                                          .values = {"192.0.2.1", "192.0.2.2"},
                                          .count = 2};
static struct route53_answer answer;

static bool reads(const char *text)
{
    return route53_read(&answer, &wanted, text, strlen(text));
}

static void what_is_written_is_read_again(void **state)
{
    struct route53_set weighted = wanted;
    char buffer[4096];
    struct text text = text_begin(buffer, sizeof buffer);

    (void)state;
    memcpy(weighted.weight, "10", 3);
    memcpy(weighted.health, "h-1", 4);
    weighted.multivalue = false;
    route53_begin(&text);
    route53_change(&text, "UPSERT", &weighted);
    route53_end(&text);
    assert_non_null(strstr(buffer, "<SetIdentifier>a&lt;b&gt;&amp;c</SetIdentifier>"));
    assert_true(reads(buffer));
    assert_true(answer.found);
    assert_true(route53_set_equal(&answer.set, &weighted));
    assert_false(route53_set_equal(&answer.set, &wanted));
}

#define SET(name, type, id)                                                                        \
    "<ResourceRecordSet><Name>" name "</Name><Type>" type "</Type><SetIdentifier>" id              \
    "</SetIdentifier><TTL>30</TTL><ResourceRecords><ResourceRecord><Value>192.0.2.2</Value>"       \
    "</ResourceRecord><ResourceRecord><Value>192.0.2.1</Value></ResourceRecord></ResourceRecords>" \
    "<MultiValueAnswer>true</MultiValueAnswer></ResourceRecordSet>"
#define ID "a&lt;b&gt;&amp;c"

static void of_many_sets_ours_is_found(void **state)
{
    (void)state;
    assert_true(reads("<R><S>" SET("m.test.", "A", ID) SET("n.test.", "AAAA", ID) SET(
        "n.test.", "A", "other") SET("n.test.", "A", ID) SET("n.test.", "TXT", ID) "</S></R>"));
    assert_true(answer.found);
    assert_true(route53_set_equal(&answer.set, &wanted)); /* the values in another order */
    assert_true(reads("<R>" SET("n.test.", "A", "other") "</R>"));
    assert_false(answer.found);
}

static void a_refusal_has_its_code_and_message(void **state)
{
    (void)state;
    assert_true(reads("<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code>"
                      "<Message>Rate exceeded</Message></Error></ErrorResponse>"));
    assert_string_equal(answer.code, "Throttling");
    assert_string_equal(answer.message, "Rate exceeded");
    assert_true(reads("<InvalidChangeBatch><Messages><Message>no such set</Message></Messages>"
                      "</InvalidChangeBatch>"));
    assert_string_equal(answer.code, "InvalidChangeBatch");
    assert_string_equal(answer.message, "no such set");
}

static void what_is_no_xml_or_too_much_is_no_answer(void **state)
{
    char text[8192] = "<R><ResourceRecordSet><Name>n.test.</Name><Type>A</Type><SetIdentifier>" ID
                      "</SetIdentifier><ResourceRecords>";

    (void)state;
    assert_false(reads(""));
    assert_false(reads("<html><p>Log in<br></html>"));
    assert_false(reads("<R><ResourceRecordSet>"));
    assert_false(reads("not found"));
    for (unsigned i = 0; i < RECORD_ADDRESSES_MAX + 1; i++) {
        memcpy(text + strlen(text), "<Value>1</Value>", sizeof "<Value>1</Value>");
    }
    memcpy(text + strlen(text), "</ResourceRecords></ResourceRecordSet></R>",
           sizeof "</ResourceRecords></ResourceRecordSet></R>");
    assert_true(reads(text));
    assert_false(answer.found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_again),
        cmocka_unit_test(of_many_sets_ours_is_found),
        cmocka_unit_test(a_refusal_has_its_code_and_message),
        cmocka_unit_test(what_is_no_xml_or_too_much_is_no_answer),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
