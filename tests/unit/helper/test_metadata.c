/* SPDX-License-Identifier: BSD-2-Clause */
/* OpenStack's metadata: texts, and a service on loopback that answers what a test wants. */
#include "helper/metadata.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "sys/clock.h"

#define OK "HTTP/1.0 200 OK\r\n\r\n"
#define NONE "HTTP/1.0 404 Not Found\r\n\r\nnone\n"
static const struct found by_openstack = {.how = FOUND_CLOUD, .by = FOUND_BY_OPENSTACK};

static void servers_are_read_from_every_documented_key(void **state)
{
    static const struct {
        const char *text;
        enum vendor_data result;
        const char *hosts; /* each followed by a blank */
    } rows[] = {
        {"{\"noon\": {\"servers\": [\"a.test\", \"192.0.2.1\"]}}", VENDOR_DATA_READ,
         "a.test 192.0.2.1 "},
        {"{\"ntp_servers\": [\"a.test\", \"a.test\"]}", VENDOR_DATA_READ, "a.test "},
        {"{\"ntp\": {\"servers\": [\"a.test\"], \"pools\": [\"p.test\"]}}", VENDOR_DATA_READ,
         "a.test p.test "},
        {"{\"ntp_servers\": [\"a\"], \"time\": {\"noon\": {\"servers\": [\"2001:db8::1\"]}}}",
         VENDOR_DATA_READ, "a 2001:db8::1 "},
        {"{\"time\": {\"ntp_servers\": [\"b\"]}, \"cloud-init\": \"#cloud-config\\n\"}",
         VENDOR_DATA_READ, "b "},
        {"{\"ntp_servers\": [1, null, {}, \"224.0.0.1\", \"-x\", \"a b\", \"good\"]}",
         VENDOR_DATA_READ, "good "},
        {"{\"ntp_servers\": \"a.test\", \"noon\": [\"b\"], \"ntp\": {\"servers\": {\"c\": 1}}}",
         VENDOR_DATA_READ, ""},
        {"{}", VENDOR_DATA_READ, ""},
        {"[\"a.test\"]", VENDOR_DATA_READ, ""},
        {"<html>{\"ntp_servers\": [\"a\"]}</html>", VENDOR_DATA_NOT_JSON, ""},
        {"{\"ntp_servers\": [\"a\"", VENDOR_DATA_NOT_JSON, ""},
        {"{\"ntp_servers\": [\"a\"]} more", VENDOR_DATA_NOT_JSON, ""},
        {"", VENDOR_DATA_NOT_JSON, ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct leads leads = {.count = 0};
        char hosts[256] = "";

        assert_int_equal(
            vendor_data_read(rows[i].text, strlen(rows[i].text), &by_openstack, &leads),
            rows[i].result);
        for (size_t j = 0; j < leads.count; j++) {
            (void)snprintf(hosts + strlen(hosts), sizeof hosts - strlen(hosts), "%s ",
                           leads.at[j].host);
            assert_int_equal(leads.at[j].found.by, FOUND_BY_OPENSTACK);
        }
        assert_string_equal(hosts, rows[i].hosts);
    }
}

struct service {
    int listener;
    struct address at;
    unsigned asked; /* requests */
    char requests[2][512];
    struct metadata metadata;
};

static int open_service(void **state)
{
    static struct service service;
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof name;

    memset(&service, 0, sizeof service);
    service.listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(service.listener, (struct sockaddr *)&name, size), 0);
    assert_int_equal(listen(service.listener, 4), 0);
    assert_int_equal(getsockname(service.listener, (struct sockaddr *)&name, &size), 0);
    assert_true(address_parse(&service.at, "127.0.0.1"));
    service.at.port = ntohs(name.sin_port);
    metadata_init(&service.metadata, &service.at, &by_openstack);
    *state = &service;
    return 0;
}

static int close_service(void **state)
{
    struct service *service = *state;

    metadata_close(&service->metadata);
    (void)close(service->listener);
    return 0;
}

/* Takes a connection, its request, and answers. */
static void serve(struct service *service, const char *response)
{
    int fd = accept(service->listener, NULL, NULL);
    char *request = service->requests[service->asked % 2];
    ssize_t got = 0, more;

    assert_true(fd >= 0);
    while (memmem(request, (size_t)got, "\r\n\r\n", 4) == NULL) {
        more = recv(fd, request + got, 511 - (size_t)got, 0);
        assert_true(more > 0);
        got += more;
        request[got] = '\0';
    }
    service->asked++;
    assert_int_equal(send(fd, response, strlen(response), MSG_NOSIGNAL), strlen(response));
    (void)close(fd);
}

/* Until it is over, with these responses to the files. */
static void run(struct service *service, const char *first, const char *second)
{
    const char *responses[] = {first, second};
    struct steady_time start = service->metadata.begun;
    bool over = false;

    service->asked = 0;
    while (!over) {
        struct pollfd fds[2] = {{.fd = service->listener, .events = POLLIN}};
        struct duration timeout = {-1};
        unsigned file = service->asked;

        assert_true(metadata_poll(&service->metadata, start, &fds[1], &timeout));
        assert_true(timeout.ns > 0 && timeout.ns <= METADATA_LIMIT_S * NS_PER_S);
        /* A connection counts as made before it is taken, so that its request comes first. */
        assert_true(poll(fds + (service->metadata.sent ? 0 : 1), service->metadata.sent ? 2 : 1,
                         20000) > 0);
        if (service->metadata.sent && (fds[0].revents & POLLIN) != 0) {
            assert_true(file < 2 && responses[file] != NULL);
            serve(service, responses[file]);
        }
        over = metadata_work(&service->metadata, start, fds[1].revents != 0);
    }
}

static void both_files_are_asked_for_and_not_again_before_their_time(void **state)
{
    struct service *service = *state;
    struct metadata *metadata = &service->metadata;
    struct steady_time now = clock_steady();
    struct duration timeout = {-1};
    struct pollfd fd;

    assert_false(metadata_poll(metadata, now, &fd, &timeout));
    metadata_ask(metadata, now);
    run(service, OK "{\"ntp_servers\": [\"a\"]}", OK "{\"x\": {\"ntp_servers\": [\"b\"]}}");
    assert_int_equal(service->asked, 2);
    assert_non_null(
        strstr(service->requests[0], "GET /openstack/latest/vendor_data.json HTTP/1.0\r\n"));
    assert_non_null(strstr(service->requests[1], "GET /openstack/latest/vendor_data2.json "));
    assert_non_null(strstr(service->requests[1], "\r\nHost: 169.254.169.254\r\n"));
    assert_string_equal(metadata->reason, "");
    assert_int_equal(metadata->leads.count, 2);
    metadata_ask(metadata, (struct steady_time){now.ns + (METADATA_AGAIN_S - 10) * NS_PER_S});
    assert_false(metadata_poll(metadata, now, &fd, &timeout));
    metadata_ask(metadata, (struct steady_time){now.ns + (METADATA_AGAIN_S + 10) * NS_PER_S});
    assert_true(metadata_poll(metadata, now, &fd, &timeout));
}

static void what_is_no_metadata_is_refused_for_its_reason(void **state)
{
    static const struct {
        const char *first, *second;
        const char *reason; /* begins so; "": none */
        size_t count;
    } rows[] = {
        {OK "{\"ntp_servers\": [\"a\"]}", NONE, "", 1},
        {NONE, OK "{\"ntp_servers\": [\"a\"]}", "", 1},
        {NONE, NONE, "", 0},
        {"HTTP/1.1 200 OK\r\ncontent-length: 22\r\n\r\n{\"ntp_servers\": [\"a\"]}", NONE, "", 1},
        {"HTTP/1.1 200 OK\r\ncontent-length: 23\r\n\r\n{\"ntp_servers\": [\"a\"]}", NULL,
         "/openstack/latest/vendor_data.json is cut short", 0},
        {"HTTP/1.1 302 Found\r\nLocation: http://portal.test/\r\n\r\n", NULL,
         "/openstack/latest/vendor_data.json is redirected elsewhere, as by a captive portal", 0},
        {OK "<html><title>Welcome</title></html>", NULL,
         "/openstack/latest/vendor_data.json is not JSON", 0},
        {OK "{\"ntp_servers\": [\"a\"]}", "HTTP/1.0 500 Oops\r\n\r\n{}",
         "/openstack/latest/vendor_data2.json has the status 500", 0},
        {"SSH-2.0-OpenSSH_9.2 and more words\r\n\r\n", NULL, "what it answers is not HTTP", 0},
        {"HTTP/1.0 200 OK\r\n", NULL, "what it answers is not HTTP", 0},
        {"", NULL, "what it answers is not HTTP", 0},
    };
    struct service *service = *state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        metadata_init(&service->metadata, &service->at, &by_openstack);
        metadata_ask(&service->metadata, clock_steady());
        run(service, rows[i].first, rows[i].second);
        assert_string_equal(service->metadata.reason, rows[i].reason);
        assert_int_equal(service->metadata.leads.count, rows[i].count);
    }
}

static void a_huge_answer_is_refused_and_what_was_known_stays(void **state)
{
    struct service *service = *state;
    struct metadata *metadata = &service->metadata;
    struct steady_time now = clock_steady();
    char *huge = malloc(METADATA_MAX + 1);

    assert_non_null(huge);
    metadata_ask(metadata, now);
    run(service, OK "{\"ntp_servers\": [\"a\"]}", NONE);
    memset(huge, ' ', METADATA_MAX);
    memcpy(huge, OK, strlen(OK));
    huge[METADATA_MAX] = '\0';
    metadata_ask(metadata, (struct steady_time){now.ns + 1000 * NS_PER_S});
    run(service, huge, NULL);
    free(huge);
    assert_string_equal(metadata->reason,
                        "/openstack/latest/vendor_data.json has more than 65535 octets");
    assert_int_equal(metadata->leads.count, 1);
}

static void who_is_silent_is_left_and_asked_ever_more_seldom(void **state)
{
    struct service *service = *state;
    struct metadata *metadata = &service->metadata;
    struct steady_time now = clock_steady();
    struct duration timeout = {-1};
    struct pollfd fd;
    int64_t pause_s = METADATA_FAILED_S;

    for (int i = 0; i < 3; i++) {
        metadata_ask(metadata, now);
        now.ns += (METADATA_LIMIT_S - 1) * NS_PER_S;
        assert_false(metadata_work(metadata, now, false));
        now.ns += NS_PER_S;
        assert_true(metadata_work(metadata, now, false));
        assert_string_equal(metadata->reason, "it has not answered within 5 s");
        assert_false(metadata_poll(metadata, now, &fd, &timeout));
        now.ns += (pause_s - 1) * NS_PER_S;
        metadata_ask(metadata, now);
        assert_false(metadata_poll(metadata, now, &fd, &timeout));
        now.ns += NS_PER_S;
        pause_s *= 2;
    }
}

static void where_nobody_listens_it_says_so(void **state)
{
    struct service *service = *state;
    struct metadata *metadata = &service->metadata;
    struct duration timeout = {-1};
    struct pollfd fd;

    (void)close(service->listener);
    service->listener = -1;
    metadata_ask(metadata, clock_steady());
    assert_true(metadata_poll(metadata, clock_steady(), &fd, &timeout));
    assert_int_equal(poll(&fd, 1, 20000), 1);
    assert_true(metadata_work(metadata, clock_steady(), true));
    assert_string_equal(metadata->reason, "nobody takes connections there");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_service, close_service)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(servers_are_read_from_every_documented_key),
        TEST(both_files_are_asked_for_and_not_again_before_their_time),
        TEST(what_is_no_metadata_is_refused_for_its_reason),
        TEST(a_huge_answer_is_refused_and_what_was_known_stays),
        TEST(who_is_silent_is_left_and_asked_ever_more_seldom),
        TEST(where_nobody_listens_it_says_so),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
