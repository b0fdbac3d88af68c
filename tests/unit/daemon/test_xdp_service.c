/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the parent makes of `xdp`, and of a noon-xdp that refuses, breaks off or talks nonsense:
 * this very program, which offers what the environment says.  With a real one:
 * tests/system/test_xdp.py.
 */
#include "daemon/xdp_service.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/unix_socket.h"

enum { CHANNEL = 3 };

static const char *program;
static char log_path[] = "/tmp/noon-test-xdp-XXXXXX";
static struct log_sink sink;

/* --- noon-xdp ---------------------------------------------------------------------------- */

static int offer(struct xdp_offer text, int fd)
{
    return unix_send_fd(CHANNEL, &text, sizeof text, fd) == ERR_NONE ? 0 : 1;
}

static int be_loader(const char *behaviour)
{
    struct xdp_offer refusal = {.part = XDP_PARTS, .text = "the moon is full"};
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    uint32_t parts = strcmp(behaviour, "all") == 0 ? XDP_PARTS : 3;

    if (strcmp(behaviour, "refuse") == 0) {
        return offer(refusal, -1);
    }
    if (strcmp(behaviour, "shout") == 0) {
        memset(refusal.text, 'A', sizeof refusal.text);
        return offer(refusal, -1);
    }
    if (strcmp(behaviour, "order") == 0) {
        return offer((struct xdp_offer){.part = XDP_PART_LINES}, nothing);
    }
    if (strcmp(behaviour, "empty") == 0) {
        return offer((struct xdp_offer){.part = XDP_PART_PROGRAM}, -1);
    }
    if (strcmp(behaviour, "size") == 0) {
        return unix_send_fd(CHANNEL, "x", 1, nothing) == ERR_NONE ? 0 : 1;
    }
    if (strcmp(behaviour, "mute") == 0) {
        return 1;
    }
    for (uint32_t part = 0; part < parts; part++) {
        (void)offer((struct xdp_offer){.part = part}, nothing);
    }
    return 0;
}

/* --- the tests --------------------------------------------------------------------------- */

static struct access_rule rules[2] = {
    {.prefix = {.family = ADDRESS_IPV4, .bytes = {10}}, .bits = 8, .allow = true},
    {.prefix = {.family = ADDRESS_IPV6, .bytes = {0xfd}}, .bits = 16, .allow = true}};

static struct config config_with(const char *interfaces)
{
    struct config config;

    memset(&config, 0, sizeof config);
    config.daemon.xdp = interfaces;
    config.daemon.port = 123;
    config.node.client_log_octets = 640000;
    config.node.access = rules;
    config.node.access_count = 2;
    return config;
}

static struct xdp_plan plan_of(const struct config *config)
{
    const bool families[2] = {true, false};
    struct xdp_plan plan;

    xdp_plan_make(&plan, config, families);
    return plan;
}

static void a_plan_has_the_interfaces_and_rules_of_the_configuration(void **state)
{
    struct config config = config_with("eth0 bond0.7");
    struct xdp_plan plan = plan_of(&config);

    (void)state;
    assert_int_equal(plan.interface_count, 2);
    assert_string_equal(plan.interfaces[0], "eth0");
    assert_string_equal(plan.interfaces[1], "bond0.7");
    assert_null(plan.why_not);
    assert_int_equal(plan.port, 123);
    assert_int_equal(plan.clients, 10000);
    assert_int_equal(plan.rule_count, 2);
    assert_memory_equal(plan.rules, rules, sizeof rules);
    assert_true(plan.rules != rules); /* its own */
    assert_true(plan.families[0] && !plan.families[1]);
    xdp_plan_free(&plan);
    config.node.no_client_log = true;
    plan = plan_of(&config);
    assert_int_equal(plan.clients, 0);
    xdp_plan_free(&plan);
    config = config_with(NULL);
    plan = plan_of(&config);
    assert_int_equal(plan.interface_count, 0);
    assert_null(plan.rules);
}

static void what_the_driver_can_not_keep_leaves_all_to_the_sockets(void **state)
{
    static const char *const words[] = {
        "`binddevice`", "`prefixburst`", "`ceiling`", "`noclientlog`", NULL, NULL};

    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        struct config config = config_with("eth0");

        config.daemon.bind_device = i == 0 ? "eth1" : i == 4 ? "eth0" : NULL;
        config.node.limit.enabled = i != 5;
        config.node.limit.prefix_burst = i == 1 || i == 5 ? 16 : 0;
        config.node.limit.ceiling_per_s = i == 2 || i == 5 ? 1000 : 0;
        config.node.no_client_log = i == 3;
        struct xdp_plan plan = plan_of(&config);
        if (words[i] != NULL) {
            assert_non_null(plan.why_not);
            assert_non_null(strstr(plan.why_not, words[i]));
            assert_int_equal(plan.port, 0); /* nobody is served there */
            assert_int_equal(plan.rule_count, 0);
        } else {
            assert_null(plan.why_not);
        }
        xdp_plan_free(&plan);
    }
}

/* What was logged since; the file is emptied. */
static const char *logged(void)
{
    static char text[4096];
    FILE *file = fopen(log_path, "r");

    assert_non_null(file);
    size_t size = fread(text, 1, sizeof text - 1, file);
    text[size] = '\0';
    (void)fclose(file);
    assert_int_equal(truncate(log_path, 0), 0);
    return text;
}

static unsigned lines_of(const char *text)
{
    unsigned lines = 0;

    for (; *text != '\0'; text++) {
        lines += *text == '\n';
    }
    return lines;
}

/* Starts with such a loader; there must be one line, with these words, and nothing held. */
static void refused(const char *path, const char *behaviour, const char *words)
{
    struct config config = config_with("nosuch0");
    struct xdp_plan plan = plan_of(&config);
    struct xdp_service service;

    assert_int_equal(setenv("OFFER", behaviour, 1), 0);
    xdp_service_start(&service, &plan, path, &sink);
    const char *text = logged();
    assert_false(service.on);
    assert_null(plan.rules); /* taken */
    for (unsigned i = 0; i < XDP_PARTS; i++) {
        assert_int_equal(service.parts[i], -1);
    }
    if (lines_of(text) != 1 || strstr(text, words) == NULL ||
        strstr(text, "the sockets answer alone") == NULL) {
        fail_msg("%s: expected one line with \"%s\": %s", behaviour, words, text);
    }
    /* Neither news of the network nor other rules bring it to life, and nothing more is said. */
    xdp_service_look(&service);
    plan = plan_of(&config);
    xdp_service_apply(&service, &plan, &sink);
    assert_string_equal(logged(), "");
    xdp_plan_free(&service.plan);
}

static void a_loader_that_refuses_or_fails_is_one_line_in_the_log(void **state)
{
    (void)state;
    refused(program, "refuse", "the moon is full");
    refused(program, "shout", "AAAA");
    refused(program, "order", "xdp: noon-xdp is not of this noond");
    refused(program, "empty", "xdp: noon-xdp is not of this noond");
    refused(program, "size", "xdp: noon-xdp is not of this noond");
    refused(program, "mute", "noon-xdp did not answer");
    refused(program, "some", "noon-xdp ended too soon");
    refused(program, "all", "its memory can't be had"); /* /dev/null is no map */
    refused("/nonexistent/noon-xdp", "", "this noond was built without it");
}

static void descriptors_of_a_loader_that_broke_off_are_closed(void **state)
{
    int before = dup(0), after;

    (void)state;
    refused(program, "some", "xdp: ");
    refused(program, "all", "xdp: ");
    after = dup(0);
    assert_int_equal(after, before + 1);
    (void)close(before);
    (void)close(after);
}

static void a_first_interface_by_a_reload_is_said_to_need_a_restart(void **state)
{
    struct config config = config_with(NULL);
    struct xdp_plan plan = plan_of(&config);
    struct xdp_service service;

    (void)state;
    xdp_service_start(&service, &plan, program, &sink);
    assert_string_equal(logged(), "");
    for (unsigned i = 0; i < 2; i++) {
        config = config_with("eth0");
        plan = plan_of(&config);
        xdp_service_apply(&service, &plan, &sink);
        const char *text = logged();
        assert_true(i == 0 ? strstr(text, "at the start only: restart noond") != NULL
                           : text[0] == '\0'); /* once */
    }
    config = config_with(NULL);
    plan = plan_of(&config);
    xdp_service_apply(&service, &plan, &sink);
    assert_string_equal(logged(), "");
    xdp_plan_free(&service.plan);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_has_the_interfaces_and_rules_of_the_configuration),
        cmocka_unit_test(what_the_driver_can_not_keep_leaves_all_to_the_sockets),
        cmocka_unit_test(a_loader_that_refuses_or_fails_is_one_line_in_the_log),
        cmocka_unit_test(descriptors_of_a_loader_that_broke_off_are_closed),
        cmocka_unit_test(a_first_interface_by_a_reload_is_said_to_need_a_restart),
    };

    if (argc > 1) {
        return be_loader(getenv("OFFER"));
    }
    program = argv[0];
    cmocka_set_message_output(CM_OUTPUT_TAP);
    int fd = mkstemp(log_path);
    log_open(&sink, "test", false, LOG_SEVERITY_DEBUG);
    if (fd < 0 || !log_to_file(&sink, log_path)) {
        return 1;
    }
    (void)close(fd);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    (void)unlink(log_path);
    return failed;
}
