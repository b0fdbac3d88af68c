/* SPDX-License-Identifier: BSD-2-Clause */
/* main.c - noon-register: registers this server's address in DNS while noond's time is good. */
#include <getopt.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "register/dns_place.h"
#include "register/http.h"
#include "register/route53.h"
#include "register/worker.h"
#include "sys/signals.h"
#include "sys/storage.h"
#include "sys/unix_socket.h"

static const char usage[] =
    "usage: noon-register [-f FILE] [-r DIR] [-s DIR] [-n | -w]\n"
    "\n"
    "Registers this server's addresses in DNS, by updates (RFC 2136) or in Route 53, while "
    "noond's\n"
    "time is good, and withdraws them when it is not.\n"
    "\n"
    "  -f FILE     the configuration (/etc/noon/register.conf)\n"
    "  -r DIR      noond's runtime directory (/run/noon)\n"
    "  -s DIR      where it keeps what it has registered (/var/lib/noon-register)\n"
    "  -n          only says what would be sent\n"
    "  -w          withdraws what this server may have registered, and ends\n"
    "  -h          this text\n"
    "  -V          the version\n";

enum { GOOD = 0, FAILED = 1, MISUSED = 2 };

struct options {
    const char *file, *run_directory, *state_directory;
    bool shows, withdraws;
};

/* All that runs. */
struct program {
    struct options options;
    struct settings settings;
    struct log_sink log;
    struct worker workers[SETTINGS_PLACES_MAX];
    pthread_t threads[SETTINGS_PLACES_MAX];
    int stop[2]; /* closing the first is seen at the second by all workers */
};

static bool read_settings(struct program *program)
{
    const char *file = program->options.file;
    char *text = malloc(SETTINGS_FILE_MAX + 1);
    char problems[8192], host[256] = "";
    struct text told = text_begin(problems, sizeof problems);
    size_t size = 0;
    enum err err = text != NULL ? storage_read(file, text, SETTINGS_FILE_MAX, &size) : ERR_FULL;
    bool good = false;

    if (err != ERR_NONE) {
        fprintf(stderr, "noon-register: %s: %s\n", file,
                err == ERR_NOT_FOUND ? "there is no such file"
                : err == ERR_DENIED  ? "may not be read"
                                     : "can't be read as a file of at most 64 kB");
    } else {
        (void)gethostname(host, sizeof host - 1);
        text[size] = '\0';
        good = settings_read(&program->settings, file, text, host, &told);
        fputs(problems, stderr);
    }
    free(text);
    return good;
}

/* Every place gets its worker, and its secrets. */
static bool prepare(struct program *program)
{
    bool good = true;

    for (size_t i = 0; i < program->settings.place_count; i++) {
        struct worker *worker = &program->workers[i];
        char problem[WHY_SIZE] = "";
        struct text why = text_begin(problem, sizeof problem);

        *worker = (struct worker){.settings = &program->settings,
                                  .run_directory = program->options.run_directory,
                                  .state_directory = program->options.state_directory,
                                  .log = &program->log,
                                  .access = {.place = &program->settings.places[i]},
                                  .withdraws = program->options.withdraws,
                                  .stop = -1};
        if (worker->access.place->kind == PLACE_DNS && !dns_place_open(&worker->access, &why)) {
            fprintf(stderr, "%s:%u: %s\n", program->options.file, worker->access.place->line,
                    problem);
            good = false;
        }
    }
    return good;
}

static int show(const struct program *program)
{
    bool good = true;

    for (size_t i = 0; good && i < program->settings.place_count; i++) {
        const struct worker *worker = &program->workers[i];
        struct records records;

        worker_records(worker, &records);
        good = worker->access.place->kind == PLACE_DNS
                   ? dns_place_show(&worker->access, &records, program->settings.ttl_s)
                   : route53_show(&worker->access, &records, program->settings.ttl_s);
    }
    return good ? GOOD : FAILED;
}

static void *run_worker(void *data)
{
    worker_run(data);
    return NULL;
}

/* Starts the workers; returns how many. */
static size_t start(struct program *program)
{
    size_t count = 0;

    if (unix_pair(program->stop) != ERR_NONE) {
        return 0;
    }
    for (size_t i = 0; i < program->settings.place_count; i++) {
        program->workers[i].stop = program->stop[1];
    }
    while (count < program->settings.place_count &&
           pthread_create(&program->threads[count], NULL, run_worker, &program->workers[count]) ==
               0) {
        count++;
    }
    return count;
}

static int run(struct program *program)
{
    bool clean;
    size_t count;

    /* Before the threads: none of them is to be interrupted. */
    signals_open(SIGNALS_NORMAL);
    count = start(program);
    clean = count == program->settings.place_count;
    if (!clean) {
        log_line(&program->log, LOG_SEVERITY_ERROR, "there is no memory for all registrations");
    }
    while (clean && !program->options.withdraws && !signals_take().terminate) {
        (void)signals_wait(NULL, 0, (struct duration){-1});
    }
    unix_close(&program->stop[0]);
    for (size_t i = 0; i < count; i++) {
        (void)pthread_join(program->threads[i], NULL);
        clean = clean && program->workers[i].clean;
    }
    unix_close(&program->stop[1]);
    return clean ? GOOD : FAILED;
}

/* False: *code is the exit code. */
static bool read_options(struct options *options, int argc, char *argv[], int *code)
{
    int option;

    *options = (struct options){.file = "/etc/noon/register.conf",
                                .run_directory = "/run/noon",
                                .state_directory = "/var/lib/noon-register"};
    while ((option = getopt(argc, argv, "+f:r:s:nwhV")) != -1) {
        *code = GOOD;
        switch (option) {
        case 'f':
            options->file = optarg;
            break;
        case 'r':
            options->run_directory = optarg;
            break;
        case 's':
            options->state_directory = optarg;
            break;
        case 'n':
            options->shows = true;
            break;
        case 'w':
            options->withdraws = true;
            break;
        case 'h':
            fputs(usage, stdout);
            return false;
        case 'V':
            puts("noon-register " NOON_VERSION);
            return false;
        default:
            fputs(usage, stderr);
            *code = MISUSED;
            return false;
        }
    }
    *code = MISUSED;
    if (optind < argc) {
        fprintf(stderr, "noon-register: `%s` is not expected\n%s", argv[optind], usage);
    } else if (options->shows && options->withdraws) {
        fprintf(stderr, "noon-register: -n and -w exclude each other\n%s", usage);
    } else {
        return true;
    }
    return false;
}

int main(int argc, char *argv[])
{
    struct program *program = calloc(1, sizeof *program);
    int code = FAILED;

    if (program == NULL || !http_open()) {
        fputs("noon-register: there is no memory, or libcurl can't be used\n", stderr);
    } else if (read_options(&program->options, argc, argv, &code)) {
        log_open(&program->log, "noon-register", false, LOG_SEVERITY_INFO);
        code = !read_settings(program) || !prepare(program) ? MISUSED
               : program->options.shows                     ? show(program)
                                                            : run(program);
    }
    free(program);
    return code;
}
