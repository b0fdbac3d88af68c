/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What one reply costs in server_reply() alone, without the kernel: ns, in each situation.
 * Instructions: valgrind --tool=callgrind --toggle-collect=server_reply bench/reply CASE COUNT.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/server/reply.h"

enum { RULES_MANY = 100000, CLIENTS_MANY = 1000000, ROUNDS = 7 };

struct bench {
    struct time_line line;
    struct access_tree access;
    struct limits limits;
    struct server_view view;
    struct server_tables tables;
    struct ntp_packet packet;
    uint8_t bytes[NTP_PACKET_MAX], answer[NTP_PACKET_MAX];
    uint32_t clients;
    uint64_t asked, answered;
};

struct situation {
    const char *name;
    uint32_t clients, rules;
    size_t memory;
    bool limited, interleaved, denied, noise;
};

static const struct situation situations[] = {
    {.name = "plain", .clients = 1000, .rules = 10, .memory = 524288},
    {.name = "plain, nothing remembered", .clients = 1000, .rules = 10},
    {.name = "plain, 1,000,000 clients", .clients = CLIENTS_MANY, .rules = 10, .memory = 64000000},
    {.name = "plain, 100,000 rules", .clients = 1000, .rules = RULES_MANY, .memory = 524288},
    {.name = "plain, 100,000 rules, 1,000,000 clients",
     .clients = CLIENTS_MANY,
     .rules = RULES_MANY,
     .memory = 64000000},
    {.name = "interleaved", .clients = 1000, .rules = 10, .memory = 524288, .interleaved = true},
    {.name = "beyond the rate limit",
     .clients = 200,
     .rules = 10,
     .memory = 524288,
     .limited = true},
    {.name = "not allowed", .clients = 1000, .rules = 10, .memory = 524288, .denied = true},
    {.name = "mode 7", .clients = 1000, .rules = 10, .memory = 524288, .noise = true},
};

static uint32_t mixed(uint32_t i)
{
    return i * 2654435761U;
}

/* Of /24 and /16, in 10.0.0.0/8 and beside it; all of 10.0.0.0/8 may ask. */
static void make_rules(struct bench *bench, uint32_t count, bool denied)
{
    struct access_rule *rules = calloc(count, sizeof *rules);
    size_t nodes = access_nodes(count), bad;

    if (rules == NULL) {
        exit(1);
    }
    for (uint32_t i = 1; i < count; i++) {
        uint32_t where = mixed(i);

        rules[i] = (struct access_rule){
            .prefix = {.family = ADDRESS_IPV4,
                       .bytes = {i % 2 ? 10 : (uint8_t)(where >> 24), (uint8_t)(where >> 16),
                                 (uint8_t)(where >> 8)}},
            .bits = count > 100 ? 24 : 16,
            .allow = true,
        };
    }
    rules[0] = (struct access_rule){
        .prefix = {.family = ADDRESS_IPV4, .bytes = {10}}, .bits = 8, .allow = !denied};
    access_init(&bench->access, calloc(nodes, sizeof(struct access_node)), nodes);
    if (access_build(&bench->access, rules, denied ? 1 : count, &bad) != ERR_NONE) {
        exit(1);
    }
    free(rules);
}

static struct bench *prepare(const struct situation *s)
{
    static const struct limit_options limit = {
        .enabled = true, .interval_log2 = 3, .burst = 8, .leak = 4};
    struct bench *bench = calloc(1, sizeof *bench);
    uint8_t *memory = calloc(1, s->memory + 64);

    if (bench == NULL || memory == NULL) {
        exit(1);
    }
    bench->line = (struct time_line){.utc = {INT64_C(1795361029123456789)},
                                     .rate = 20e-6,
                                     .bound_s = 300e-6,
                                     .growth_s_per_s = 1e-6,
                                     .void_after = {INT64_MAX},
                                     .root_delay_s = 200e-6,
                                     .stratum = 3,
                                     .precision_log2 = -25,
                                     .synchronised = true};
    make_rules(bench, s->rules, s->denied);
    limits_init(&bench->limits, &limit, 1);
    server_tables_init(&bench->tables, memory + 64 - (uintptr_t)memory % 64, s->memory,
                       &(struct siphash_key){{3, 4}});
    bench->view = (struct server_view){.line = &bench->line,
                                       .access = &bench->access,
                                       .limits = s->limited ? &bench->limits : NULL,
                                       .serving = true};
    bench->packet = (struct ntp_packet){
        .version = 4, .mode = s->noise ? NTP_MODE_PRIVATE : NTP_MODE_CLIENT, .poll_log2 = 6};
    bench->packet.transmit.raw = UINT64_C(0x0123456789abcdef);
    ntp_packet_encode(&bench->packet, bench->bytes);
    bench->clients = s->clients;
    return bench;
}

static void ask(struct bench *bench, const struct situation *s, uint64_t *origins)
{
    uint32_t client = mixed((uint32_t)(bench->asked % bench->clients));
    int64_t now = NS_PER_S + (int64_t)bench->asked * 1000;
    struct request request = {
        .bytes = bench->bytes,
        .size = NTP_HEADER_SIZE,
        .from = {.family = ADDRESS_IPV4,
                 .bytes = {10, (uint8_t)(client >> 24), (uint8_t)(client >> 16),
                           (uint8_t)(client >> 8)},
                 .port = 40000},
        .to = {.family = ADDRESS_IPV4, .bytes = {10, 0, 0, 1}},
        .received = {now},
        .now = {now + 5000},
        .leaves = {now + 20000},
        .flags = REQUEST_TELLABLE,
    };
    struct reply reply = {.bytes = bench->answer};

    if (s->interleaved) {
        memcpy(bench->bytes + 24, &origins[bench->asked % bench->clients], 8);
    }
    (void)server_reply(&bench->view, &bench->tables, &request, &reply);
    if (s->interleaved && reply.size > 0) {
        memcpy(&origins[bench->asked % bench->clients], bench->answer + 32, 8);
        server_sent(&bench->view, &bench->tables, reply.handle, (struct steady_time){now + 21000});
    }
    bench->answered += reply.size > 0;
    bench->asked++;
}

static int64_t now_ns(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* The best of some rounds: what the machine does beside only adds. */
static void measure(const struct situation *s, uint64_t count)
{
    struct bench *bench = prepare(s);
    uint64_t *origins = calloc(s->clients, sizeof *origins);
    double best = 1e9;

    if (origins == NULL) {
        exit(1);
    }
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint64_t asked = count > s->clients ? count : s->clients;
        int64_t start = now_ns();

        for (uint64_t i = 0; i < asked; i++) {
            ask(bench, s, origins);
        }
        double each = (double)(now_ns() - start) / (double)asked;
        best = each < best ? each : best;
    }
    printf("%-42s %7.1f ns  %5.1f %% answered  %llu asked\n", s->name, best,
           100.0 * (double)bench->answered / (double)bench->asked,
           (unsigned long long)bench->asked);
    free(origins);
}

static void measure_access(uint32_t rules)
{
    struct bench bench = {.asked = 0};
    unsigned allowed = 0;
    double best = 1e9;

    make_rules(&bench, rules, false);
    for (unsigned round = 0; round < ROUNDS; round++) {
        int64_t start = now_ns();

        for (uint32_t i = 0; i < 1000000; i++) {
            uint32_t client = mixed(i);
            struct address from = {.family = ADDRESS_IPV4};

            memcpy(from.bytes, &client, sizeof client);
            allowed += access_allows(&bench.access, &from, NULL);
        }
        double each = (double)(now_ns() - start) / 1e6;
        best = each < best ? each : best;
    }
    printf("one look-up of a random address, %6u rules %5.1f ns  (%u allowed)\n", rules, best,
           allowed);
}

int main(int argc, char **argv)
{
    uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 10) : 1000000;

    for (size_t i = 0; i < sizeof situations / sizeof *situations; i++) {
        if (argc < 2 || strcmp(argv[1], situations[i].name) == 0) {
            measure(&situations[i], count);
        }
    }
    if (argc < 2) {
        measure_access(10);
        measure_access(RULES_MANY);
    }
    return 0;
}
