/* SPDX-License-Identifier: BSD-2-Clause */
/* test_query.c - `noon query` against servers of several kinds on the loopback interface. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/must.h"
#include "sys/clock.h"
#include "wire/ntp_packet.h"

enum { OUTPUT_SIZE = 65536 };

static const char *program;

/* How the server answers. */
struct character {
    uint8_t leap, stratum;
    uint32_t refid;
    double ahead_s;
    bool silent, forged; /* forged: a wrong answer first, then the right one */
};

struct server {
    int process;
    uint16_t port;
};

static void answer(int fd, const struct character *character)
{
    uint8_t bytes[NTP_PACKET_MAX];
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    ssize_t got = recvfrom(fd, bytes, sizeof bytes, 0, (struct sockaddr *)&from, &size);
    struct utc_time now = {clock_system().ns + duration_from_s(character->ahead_s).ns};
    struct ntp_packet packet;
    struct ntp_ts asked;

    if (got < 0 || ntp_packet_decode(&packet, bytes, (size_t)got) != DROP_NONE ||
        packet.mode != NTP_MODE_CLIENT || packet.transmit.raw == 0 || character->silent) {
        return;
    }
    asked = packet.transmit;
    packet = (struct ntp_packet){
        .leap = character->leap,
        .version = packet.version,
        .mode = NTP_MODE_SERVER,
        .stratum = character->stratum,
        .precision_log2 = -20,
        .root_delay = ntp_short_from_s_up(0.001),
        .root_dispersion = ntp_short_from_s_up(0.002),
        .refid = character->refid,
        .origin = asked,
        .receive = ntp_ts_from_utc(now),
        .transmit = ntp_ts_from_utc(now),
    };
    if (character->forged) {
        packet.origin.raw ^= 1;
        packet.transmit.raw += UINT64_C(100) << 32;
        ntp_packet_encode(&packet, bytes);
        (void)sendto(fd, bytes, NTP_HEADER_SIZE, 0, (struct sockaddr *)&from, size);
        packet.origin = asked;
        packet.transmit = ntp_ts_from_utc(now);
    }
    ntp_packet_encode(&packet, bytes);
    (void)sendto(fd, bytes, NTP_HEADER_SIZE, 0, (struct sockaddr *)&from, size);
}

static struct server start(const struct character *character)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct server server;

    must(fd >= 0 && bind(fd, (struct sockaddr *)&address, size) == 0);
    must(getsockname(fd, (struct sockaddr *)&address, &size) == 0);
    server.port = ntohs(address.sin_port);
    server.process = (int)fork();
    must(server.process >= 0);
    if (server.process == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    }
    while (server.process == 0) {
        answer(fd, character);
    }
    close(fd);
    return server;
}

/* Runs `noon query OPTIONS 127.0.0.1` against such a server; returns the exit code. */
static int query(const struct character *character, const char *options,
                 char output[static OUTPUT_SIZE])
{
    struct server server = start(character);
    char command[512];
    FILE *pipe;
    size_t size;
    int status;

    snprintf(command, sizeof command, "'%s' query -p %u %s 127.0.0.1 2>&1 </dev/null", program,
             server.port, options);
    pipe = popen(command, "r");
    assert_non_null(pipe);
    size = fread(output, 1, OUTPUT_SIZE - 1, pipe);
    output[size] = '\0';
    status = pclose(pipe);
    kill((pid_t)server.process, SIGKILL);
    waitpid((pid_t)server.process, NULL, 0);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void the_offset_of_a_server_is_measured(void **state)
{
    const struct character ahead = {.stratum = 2, .refid = 0x0a000004, .ahead_s = 2};
    char output[OUTPUT_SIZE];
    double offset_s;
    json_t *object;
    const json_t *first;

    (void)state;
    assert_int_equal(query(&ahead, "--json -n 3", output), 0);
    object = json_loads(output, 0, NULL);
    assert_non_null(object);
    offset_s = json_real_value(json_object_get(object, "offset_s"));
    assert_true(offset_s > 1.95 && offset_s < 2.05);
    assert_true(json_real_value(json_object_get(object, "delay_s")) >= 0);
    assert_int_equal(json_integer_value(json_object_get(object, "lost")), 0);
    assert_int_equal(json_array_size(json_object_get(object, "answers")), 3);
    first = json_array_get(json_object_get(object, "answers"), 0);
    assert_int_equal(json_integer_value(json_object_get(first, "stratum")), 2);
    assert_string_equal(json_string_value(json_object_get(first, "refid")), "10.0.0.4");
    assert_string_equal(json_string_value(json_object_get(first, "leap")), "none");
    assert_true(json_real_value(json_object_get(first, "root_distance_s")) >= 0.0025);
    json_decref(object);
}

static void the_text_says_the_same(void **state)
{
    const struct character behind = {.stratum = 1, .refid = 0x47505300, .ahead_s = -0.5};
    char output[OUTPUT_SIZE];

    (void)state;
    assert_int_equal(query(&behind, "", output), 0);
    assert_non_null(strstr(output, ": offset -"));
    assert_non_null(strstr(output, " ms, delay "));
    assert_non_null(strstr(output, ", stratum 1, refid GPS, root delay 1.0 ms, root dispersion 2.0 "
                                   "ms, leap none, "));
    assert_int_equal(query(&behind, "-n 2", output), 0);
    assert_non_null(strstr(output, ": best offset -"));
    assert_non_null(strstr(output, "; 2 answers, 0 lost\n"));
}

static void a_server_without_time_is_no_success(void **state)
{
    const struct character lost = {.leap = 3, .stratum = 16};
    const struct character tired = {.leap = 3, .stratum = 0, .refid = 0x52415445};
    char output[OUTPUT_SIZE];

    (void)state;
    assert_int_equal(query(&lost, "", output), 1);
    assert_non_null(strstr(output, "the server says that it has no time (leap 3)"));
    assert_int_equal(query(&tired, "", output), 1);
    assert_non_null(strstr(output, "kiss code RATE"));
}

static void silence_ends_after_the_timeout(void **state)
{
    const struct character silent = {.silent = true};
    char output[OUTPUT_SIZE];

    (void)state;
    assert_int_equal(query(&silent, "-t 100ms", output), 3);
    assert_non_null(strstr(output, " does not answer\n"));
    assert_int_equal(query(&silent, "-t 50ms -n 2 --json", output), 3);
    assert_non_null(strstr(output, "\"lost\": 2"));
}

static void a_forged_answer_does_not_count(void **state)
{
    const struct character forged = {.stratum = 2, .forged = true};
    char output[OUTPUT_SIZE];
    json_t *object;
    double offset_s;

    (void)state;
    assert_int_equal(query(&forged, "--json", output), 0);
    object = json_loads(output, 0, NULL);
    assert_non_null(object);
    offset_s = json_real_value(json_object_get(object, "offset_s"));
    assert_true(offset_s > -1 && offset_s < 1); /* the forged one would give 50 s */
    json_decref(object);
}

static void families_and_unknown_hosts_are_checked_first(void **state)
{
    const struct character any = {.stratum = 2};
    char output[OUTPUT_SIZE];

    (void)state;
    assert_int_equal(query(&any, "-6", output), 3);
    assert_non_null(strstr(output, "127.0.0.1 is an address of the other family"));
    assert_int_equal(query(&any, "-4", output), 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_offset_of_a_server_is_measured),
        cmocka_unit_test(the_text_says_the_same),
        cmocka_unit_test(a_server_without_time_is_no_success),
        cmocka_unit_test(silence_ends_after_the_timeout),
        cmocka_unit_test(a_forged_answer_does_not_count),
        cmocka_unit_test(families_and_unknown_hosts_are_checked_first),
    };

    program = argc > 1 ? argv[1] : "noon";
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
