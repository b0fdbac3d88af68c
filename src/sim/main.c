/* SPDX-License-Identifier: BSD-2-Clause */
/* main.c - noon-sim: run named scenarios of the deterministic world. */
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/catalogue.h"
#include "sim/kit.h"
#include "sim/trial.h"

enum { EXIT_USAGE = 2 };

struct order {
    const char *scenario;
    uint64_t seed;
    unsigned seeds;
    bool trace, samples, json, twice, status;
};

static const char usage_text[] =
    "usage: noon-sim list\n"
    "       noon-sim SCENARIO|all SEED [--seeds N] [--trace] [--samples] [--twice]\n"
    "                [--status] [--json]\n"
    "\n"
    "Runs whole nodes in a simulated world and checks what they do against the truth.\n"
    "\n"
    "  list         name every scenario\n"
    "  --seeds N    run N worlds, from SEED on\n"
    "  --trace      print every action of every node\n"
    "  --samples    print the true errors at every look at the clocks: s, clock, published, bound\n"
    "  --twice      run each world twice: both runs must be the same to the bit\n"
    "  --status     print what each node says of itself at the end\n"
    "  --json       one JSON object a world\n"
    "\n"
    "Exit status: 0 all passed, 1 something did not, 2 wrong usage.\n";

static const char *action_word(enum action_kind kind)
{
    static const char *const words[] = {
        [ACTION_SEND] = "send",
        [ACTION_CLOSE] = "close",
        [ACTION_STEER] = "steer",
        [ACTION_STEP] = "step",
        [ACTION_COMPENSATE] = "compensate",
        [ACTION_SET_STATUS] = "status",
        [ACTION_RESOLVE] = "resolve",
        [ACTION_GET_KEYS] = "get keys",
        [ACTION_GET_DATE] = "get date",
        [ACTION_PUBLISH] = "publish",
        [ACTION_SAVE] = "save",
        [ACTION_LOG] = "log",
        [ACTION_MEASURED] = "measured",
        [ACTION_READY] = "ready",
        [ACTION_ANSWER] = "answer",
    };

    return words[kind];
}

static const char *log_word(enum log_event_id id)
{
    static const char *const words[LOG_EVENT_COUNT] = {
#define LOG_WORD(name, level, sentence) [LOG_EVENT_##name] = #name,
        LOG_EVENT_LIST(LOG_WORD)
#undef LOG_WORD
    };

    return words[id];
}

static void print_details(const struct action *action)
{
    char text[ADDRESS_TEXT_SIZE];

    switch (action->kind) {
    case ACTION_SEND:
        address_print(&action->send.to, text);
        printf(" #%u to %s", action->send.association, text);
        break;
    case ACTION_CLOSE:
        printf(" #%u", action->close);
        break;
    case ACTION_STEER:
        printf(" %+.6f ppm", action->steer.s_per_s * 1e6);
        break;
    case ACTION_STEP:
        printf(" %+.9f s", duration_to_s(action->step));
        break;
    case ACTION_COMPENSATE:
        printf(" %+.3f ppm", action->compensate.s_per_s * 1e6);
        break;
    case ACTION_SET_STATUS:
        printf(" leap %u, %s, maxerror %.9f s", action->status.leap,
               action->status.synchronised ? "synchronised" : "unsynchronised",
               action->status.maxerror_s);
        break;
    case ACTION_RESOLVE:
        printf(" %s", action->resolve.name);
        break;
    case ACTION_LOG:
        printf(" %s #%d %g %g %g %g", log_word(action->log.id),
               action->log.association == LOG_NO_SOURCE ? -1 : action->log.association,
               action->log.value[0], action->log.value[1], action->log.value[2],
               action->log.value[3]);
        break;
    case ACTION_ANSWER:
        printf(" result %d", (int)action->answer.result);
        break;
    case ACTION_MEASURED:
        printf(" #%u %s offset %+.9f delay %.9f error %+.9f", action->measured.association,
               drop_word(action->measured.reason), action->measured.sample.offset_s,
               action->measured.sample.delay_s, action->measured.error_s);
        break;
    case ACTION_GET_KEYS:
        printf(" #%u of %s", action->get_keys.association, action->get_keys.question.name);
        break;
    case ACTION_GET_DATE:
        printf(" of %s", action->date.name);
        break;
    case ACTION_PUBLISH:
    case ACTION_SAVE:
    case ACTION_READY:
        break;
    }
}

static void trace_action(void *context, const struct world *world, unsigned node,
                         const struct action *action)
{
    (void)context;
    printf("%14.6f node %u %s", true_time_to_s(world->now), node, action_word(action->kind));
    print_details(action);
    putchar('\n');
}

static void trace_sample(void *context, const struct world *world, unsigned index)
{
    const struct sim_node *node = &world->nodes[index];

    (void)context;
    printf("%14.3f node %u clock %+.9f published %+.9f bound %.9f freq %+.4f ppm\n",
           true_time_to_s(world->now), index, node->figures.clock_now_s, node->figures.line_now_s,
           node->figures.bound_now_s, node->line.rate * 1e6);
}

static double root_mean(double square_sum, uint64_t count)
{
    return count > 0 ? sqrt(square_sum / (double)count) : 0;
}

static void print_node(const struct sim_node *node, unsigned index)
{
    const struct figures *f = &node->figures;
    double lock_s =
        f->locked.ns == INT64_MAX ? -1 : true_time_to_s(f->locked) - true_time_to_s(node->started);

    printf("  node %u: locked %.2f s, clock rms %.3g max %.3g, published rms %.3g max %.3g, "
           "bound mean %.3g (error/bound <= %.2f), synchronised %.2f %%, %" PRIu64 " requests, "
           "%" PRIu64 " steps, %" PRIu64 " wakes\n",
           index, lock_s, root_mean(f->clock_square_sum, f->judged), f->clock_max_s,
           root_mean(f->line_square_sum, f->synchronised), f->line_max_s,
           f->synchronised > 0 ? f->bound_sum_s / (double)f->synchronised : 0,
           node->check.worst_ratio,
           f->judged > 0 ? 100.0 * (double)f->synchronised / (double)f->judged : 0, f->sent,
           f->steps, f->wakes);
}

static void print_status(struct world *world, unsigned index)
{
    struct kit_status room;
    char text[ADDRESS_TEXT_SIZE];

    if (!world->nodes[index].program) {
        printf("  node %u: not running\n", index);
        return;
    }
    const struct kit_status *status = kit_status(world, index, &room);
    const struct node_status *node = &status->node;
    printf(
        "  node %u: %s (%s), bound %.3g s, freq %+.4f ppm +- %.4f, wander %.3g, to slew %.3g s\n",
        index, node_state_word(node->state), node_reason_word(node->reason), node->bound_s,
        node->freq_s_per_s * 1e6, node->freq_sd_s_per_s * 1e6, node->wander, node->clock_error_s);
    for (unsigned i = 0; i < status->count; i++) {
        const struct source_status *source = &status->sources[i];
        address_print(&source->address, text);
        printf("    %s %s (%s): offset %.3g +- %.3g s, distance %.3g s, poll %d, reach %04x, "
               "%u sent, %u accepted, last drop %s, jumps %u\n",
               source->name, text, source_state_word(source->state), source->offset_s, source->sd_s,
               source->distance_s, source->poll_log2, source->reach, source->sent, source->accepted,
               drop_word(source->last_drop), source->jumps);
    }
}

static void print_fault(const struct fault *fault)
{
    if (fault->kind == FAULT_JUDGE) {
        printf("  FAULT: expected: %s\n", fault->sentence);
        return;
    }
    if (fault->kind == FAULT_INVARIANT) {
        printf("  FAULT: node %u at %.6f s: %s: %.9g, limit %.9g\n", fault->node,
               true_time_to_s(fault->violation.when),
               invariant_sentence(fault->violation.invariant), fault->value, fault->limit);
        return;
    }
    printf("  FAULT: node %u: %s: %.6g, limit %.6g\n", fault->node, fault_sentence(fault->kind),
           fault->value, fault->limit);
}

static void print_json(const struct scenario *scenario, uint64_t seed, const struct world *world,
                       const struct verdict *verdict)
{
    printf("{\"scenario\":\"%s\",\"seed\":%" PRIu64 ",\"passed\":%s,\"digest\":\"%016" PRIx64
           "\",\"faults\":[",
           scenario->name, seed, verdict->fault_count == 0 ? "true" : "false", verdict->digest);
    for (unsigned i = 0; i < verdict->fault_count; i++) {
        const struct fault *fault = &verdict->faults[i];
        const char *sentence = fault->kind == FAULT_JUDGE ? fault->sentence
                               : fault->kind == FAULT_INVARIANT
                                   ? invariant_sentence(fault->violation.invariant)
                                   : fault_sentence(fault->kind);
        printf("%s{\"node\":%u,\"sentence\":\"%s\",\"value\":%.9g,\"limit\":%.9g}", i ? "," : "",
               fault->node, sentence, fault->value, fault->limit);
    }
    printf("],\"nodes\":[");
    for (unsigned i = 0; i < world->node_count; i++) {
        const struct sim_node *node = &world->nodes[i];
        const struct figures *f = &node->figures;
        bool locked = f->locked.ns != INT64_MAX;
        printf("%s{\"lock_s\":%.6f,\"clock_rms_s\":%.9g,\"clock_max_s\":%.9g,"
               "\"published_rms_s\":%.9g,\"published_max_s\":%.9g,\"bound_mean_s\":%.9g,"
               "\"worst_error_to_bound\":%.4f,\"synchronised\":%.6f,\"requests\":%" PRIu64
               ",\"steps\":%" PRIu64 ",\"wakes\":%" PRIu64 "}",
               i ? "," : "",
               locked ? true_time_to_s(f->locked) - true_time_to_s(node->started) : -1,
               root_mean(f->clock_square_sum, f->judged), f->clock_max_s,
               root_mean(f->line_square_sum, f->synchronised), f->line_max_s,
               f->synchronised > 0 ? f->bound_sum_s / (double)f->synchronised : 0,
               node->check.worst_ratio,
               f->judged > 0 ? (double)f->synchronised / (double)f->judged : 0, f->sent, f->steps,
               f->wakes);
    }
    printf("]}\n");
}

static struct world *run(const struct scenario *scenario, uint64_t seed, void *memory,
                         const struct observer *observer)
{
    struct world *world = trial_build(scenario, &machine_node, seed, memory);

    world->observer = observer;
    world_run(world);
    return world;
}

/* True when the world passed. */
static bool try_seed(const struct order *order, const struct scenario *scenario, uint64_t seed,
                     void *memory)
{
    const struct observer observer = {
        .action = order->trace ? trace_action : NULL,
        .sample = order->samples ? trace_sample : NULL,
    };
    struct verdict verdict;
    uint64_t first_digest = 0;

    if (order->twice) {
        first_digest = run(scenario, seed, memory, NULL)->digest;
    }
    struct world *world = run(scenario, seed, memory, &observer);
    trial_judge(scenario, world, &verdict);
    bool replayed = !order->twice || first_digest == world->digest;
    bool passed = verdict.fault_count == 0 && replayed;
    if (order->json) {
        print_json(scenario, seed, world, &verdict);
        return passed;
    }
    printf("%s %s, seed %" PRIu64 ", digest %016" PRIx64 "\n", passed ? "pass" : "FAIL",
           scenario->name, seed, verdict.digest);
    for (unsigned i = 0; i < world->node_count && (i < 8 || !passed); i++) {
        print_node(&world->nodes[i], i);
        if (order->status) {
            print_status(world, i);
        }
    }
    for (unsigned i = 0; i < verdict.fault_count; i++) {
        print_fault(&verdict.faults[i]);
    }
    if (!replayed) {
        printf("  FAULT: a second run of the same seed differs\n");
    }
    if (!passed) {
        printf("  again: ./dev sim %s %" PRIu64 "\n", scenario->name, seed);
    }
    return passed;
}

/* How many of the order's seeds failed. */
static unsigned try_scenario(const struct order *order, const struct scenario *scenario)
{
    void *memory = aligned_alloc(64, (trial_size(scenario, &machine_node) + 63) / 64 * 64);
    unsigned failed = 0;

    if (!memory) {
        fprintf(stderr, "noon-sim: not enough memory\n");
        exit(EXIT_FAILURE);
    }
    for (unsigned i = 0; i < order->seeds; i++) {
        failed += !try_seed(order, scenario, order->seed + i, memory);
        fflush(stdout);
    }
    free(memory);
    return failed;
}

static void list(void)
{
    for (size_t i = 0; i < catalogue_count(); i++) {
        printf("%-20s %s\n", catalogue_at(i)->name, catalogue_at(i)->sentence);
    }
}

static bool parse_number(const char *text, uint64_t *number)
{
    char *end;

    if (*text < '0' || *text > '9') {
        return false;
    }
    *number = strtoull(text, &end, 10);
    return *end == '\0';
}

/* False when the command line cannot be understood. */
static bool parse(struct order *order, int argc, char **argv)
{
    static const struct option options[] = {
        {"seeds", required_argument, NULL, 's'},
        {"trace", no_argument, NULL, 't'},
        {"samples", no_argument, NULL, 'p'},
        {"twice", no_argument, NULL, '2'},
        {"json", no_argument, NULL, 'j'},
        {"status", no_argument, NULL, 'u'},
        {NULL, 0, NULL, 0},
    };
    uint64_t number;
    int c;

    *order = (struct order){.seeds = 1};
    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (c == 's' && parse_number(optarg, &number) && number > 0 && number <= 1000000) {
            order->seeds = (unsigned)number;
        } else if (c == 't') {
            order->trace = true;
        } else if (c == 'p') {
            order->samples = true;
        } else if (c == '2') {
            order->twice = true;
        } else if (c == 'j') {
            order->json = true;
        } else if (c == 'u') {
            order->status = true;
        } else {
            return false;
        }
    }
    if (argc - optind != 2 || !parse_number(argv[optind + 1], &order->seed)) {
        return false;
    }
    order->scenario = argv[optind];
    return true;
}

int main(int argc, char **argv)
{
    struct order order;
    unsigned failed = 0;

    if (argc == 2 && strcmp(argv[1], "list") == 0) {
        list();
        return EXIT_SUCCESS;
    }
    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        fputs(usage_text, stdout);
        return EXIT_SUCCESS;
    }
    if (!parse(&order, argc, argv)) {
        fputs(usage_text, stderr);
        return EXIT_USAGE;
    }
    bool all = strcmp(order.scenario, "all") == 0;
    const struct scenario *one = catalogue_find(order.scenario);
    if (!all && !one) {
        fprintf(stderr, "noon-sim: no scenario '%s'; `noon-sim list` names them all\n",
                order.scenario);
        return EXIT_USAGE;
    }
    for (size_t i = 0; i < (all ? catalogue_count() : 1); i++) {
        failed += try_scenario(&order, all ? catalogue_at(i) : one);
    }
    if (failed > 0 && !order.json) {
        printf("%u failed\n", failed);
    }
    return failed > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
