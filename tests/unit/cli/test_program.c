/* SPDX-License-Identifier: BSD-2-Clause */
/* test_program.c - the program noon itself, against daemons that answer well, badly or not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <jansson.h>

#include "cli/options.h"
#include "sys/clock.h"
#include "sys/page.h"
#include "unit/cli/fake_daemon.h"
#include "unit/cli/made.h"
#include "wire/clients.h"
#include "wire/line.h"

enum { REPLY_SIZE = 65536 };

static const char *program;
static const char *json_document;
static const char *manual;

/* Runs `noon -r DIRECTORY LINE`; both outputs go to *output.  Returns the exit code. */
static int run(const char *directory, const char *line, char output[static REPLY_SIZE])
{
    char command[1024];
    size_t size;
    FILE *pipe;
    int status;

    snprintf(command, sizeof command, "TZ=UTC NO_COLOR= '%s' </dev/null 2>&1 -r '%s' %s", program,
             directory, line);
    pipe = popen(command, "r");
    assert_non_null(pipe);
    size = fread(output, 1, REPLY_SIZE - 1, pipe);
    output[size] = '\0';
    status = pclose(pipe);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* The same with a daemon that gives this answer to everything. */
static int run_with(enum control_result result, const void *body, size_t size, const char *line,
                    char output[static REPLY_SIZE])
{
    static uint8_t bytes[REPLY_SIZE];
    struct fake_reply reply = {.bytes = bytes};
    struct fake_daemon daemon;
    int code;

    reply.size = fake_answer(bytes, sizeof bytes, result, body, size);
    fake_daemon_start(&daemon, &reply, 0660);
    code = run(daemon.directory, line, output);
    fake_daemon_stop(&daemon);
    return code;
}

static int run_with_record(const struct made *made, const char *line,
                           char output[static REPLY_SIZE])
{
    uint8_t body[REPLY_SIZE];
    size_t size = status_encode(&made->record, body, sizeof body);

    assert_true(size > 0);
    return run_with(CONTROL_OK, body, size, line, output);
}

static void each_command_answers_for_a_synchronised_node(void **state)
{
    static const struct {
        const char *line;
        int code;
        const char *part;
    } rows[] = {
        {"", 0,
         "Right to within 312 us: follows 10.0.0.4 and 2 others of 4 sources, stratum 3, "
         "since 14:02.\n"},
        {"status", 0, "follows         10.0.0.4 and 2 others of 4 sources\n"},
        {"sources", 0, "x ntp.example (10.0.0.7)  2 "},
        {"source 10.0.0.5", 0, "source          10.0.0.5\n"},
        {"source ntp.example", 0, "against         10.0.0.4: +200 ms"},
        {"source nobody.example", 1, "noon: no source is called `nobody.example`"},
        {"why", 0, "disagrees with the majority by 200 ms"},
        {"why 10.0.0.7", 0, "Remedy: "},
        {"why 10.0.0.8", 1, "no source is called"},
        {"watch -n 1", 0, "* error of the clock   - bound\n"},
        {"watch -n 2 -i 0.05", 0, "every 50 ms"},
        {"ready", 0, "Ready: right to within 312 us, 3 sources agree.\n"},
        {"ready --bound 1us", 1, "Not ready: "},
        {"wait --bound 5ms --sources 2 --timeout 60", 0, "Ready: "},
        {"wait --bound 1us --timeout 0.2", 1, "Not ready: "},
        {"now", 0, "status      synchronised, right to within "},
        {"now --truth 0", 1, "OUTSIDE the bound"},
    };
    char output[REPLY_SIZE];
    struct made made;

    (void)state;
    made_synchronised(&made);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int code = run_with_record(&made, rows[i].line, output);

        if (code != rows[i].code || strstr(output, rows[i].part) == NULL) {
            fail_msg("noon %s: exit code %d, %s", rows[i].line, code, output);
        }
        assert_null(strchr(output, '\033'));
    }
}

static void json_of_each_command_has_the_documented_keys(void **state)
{
    static const struct {
        const char *line, *keys[6];
    } rows[] = {
        {"--json", {"synchronised", "state", "reason", "bound_s", "sentence"}},
        {"status --json", {"node", "sources"}},
        {"sources --json", {"sources"}},
        {"source 10.0.0.5 --json", {"sources"}},
        {"why --json", {"state", "reason", "since", "sentence", "advice", "sources"}},
        {"why 10.0.0.7 --json", {"sources"}},
        {"watch -n 1 --json", {"node", "sources"}},
        {"ready --json", {"ready", "sentence", "bound_s", "sources"}},
        {"now --json --truth 0",
         {"synchronised", "earliest", "latest", "bound_s", "true_error_s", "inside"}},
        {"version --json", {"version"}},
    };
    char output[REPLY_SIZE];
    struct made made;

    (void)state;
    made_synchronised(&made);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        json_t *object;

        (void)run_with_record(&made, rows[i].line, output);
        object = json_loads(output, 0, NULL);
        if (object == NULL) {
            fail_msg("noon %s: no JSON: %s", rows[i].line, output);
        }
        assert_int_equal(json_integer_value(json_object_get(object, "schema")), 1);
        for (size_t k = 0; k < 6 && rows[i].keys[k] != NULL; k++) {
            if (json_object_get(object, rows[i].keys[k]) == NULL) {
                fail_msg("noon %s: no key %s", rows[i].line, rows[i].keys[k]);
            }
        }
        json_decref(object);
    }
}

/* The page of a node that is right to within 1 ms, where true time is raw + 1e9 s. */
static void write_page(const char *directory, struct duration error, bool synchronised)
{
    struct time_line line = {
        .bound_s = 1e-3, .growth_s_per_s = 1e-6, .synchronised = synchronised, .stratum = 3};
    struct clocks clocks;
    struct page page;
    char path[100];

    snprintf(path, sizeof path, "%s/time", directory);
    assert_int_equal(page_create(&page, path, TIME_LINE_LAYOUT, sizeof line), ERR_NONE);
    clocks_read(&clocks);
    line.from = clocks.mono;
    line.utc.ns = clocks.raw.ns + 1000000000 * NS_PER_S + error.ns;
    line.void_after.ns = clocks.mono.ns + 3600 * NS_PER_S;
    page_write(&page, &line, sizeof line);
    page_close(&page);
}

static void the_time_is_read_from_the_page_without_asking_anybody(void **state)
{
    static const struct {
        int64_t error_ns;
        bool synchronised;
        int code;
        const char *part;
    } rows[] = {
        {500000, true, 0, "true error  +500 us, inside the bound\n"},
        {-500000, true, 0, "true error  -500 us, inside the bound\n"},
        {2000000, true, 1, "true error  +2.0 ms, OUTSIDE the bound\n"},
        {0, false, 1, "not synchronised: nothing is promised\n"},
    };
    char directory[] = "/tmp/noon-test-XXXXXX";
    char output[REPLY_SIZE];
    char path[100];

    (void)state;
    assert_non_null(mkdtemp(directory));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        write_page(directory, (struct duration){rows[i].error_ns}, rows[i].synchronised);
        assert_int_equal(run(directory, "now --truth 1000000000", output), rows[i].code);
        if (strstr(output, rows[i].part) == NULL) {
            fail_msg("%s", output);
        }
        assert_int_equal(run(directory, "now --json", output), rows[i].synchronised ? 0 : 1);
        assert_non_null(strstr(output, "\"from\": \"page\""));
    }
    snprintf(path, sizeof path, "%s/time", directory);
    unlink(path);
    assert_int_equal(run(directory, "now", output), 3); /* neither page nor socket */
    rmdir(directory);
}

static void a_thousand_sources_are_shown_whole(void **state)
{
    static struct source_status sources[1000];
    static uint8_t body[1 << 20];
    static uint8_t bytes[sizeof body + CONTROL_HEADER_SIZE];
    static const char *const lines[] = {"sources | tail -1", "why | tail -1",
                                        "source pool.example | tail -1"};
    static const char *const ends[] = {" too-far\n", "maxdistance.\n", " of 0 answered\n"};
    struct status_record record = {.count = 1000, .sources = sources};
    struct fake_reply reply = {.bytes = bytes};
    struct fake_daemon daemon;
    char output[REPLY_SIZE];
    struct made made;

    (void)state;
    made_init(&made);
    record.node = made.record.node;
    (void)made_source(&made, "pool.example", 1, SOURCE_TOO_FAR);
    for (size_t i = 0; i < record.count; i++) {
        sources[i] = made.sources[0];
        sources[i].address.bytes[2] = (uint8_t)(i / 256);
        sources[i].address.bytes[3] = (uint8_t)i;
    }
    reply.size = fake_answer(bytes, sizeof bytes, CONTROL_OK, body,
                             status_encode(&record, body, sizeof body));
    fake_daemon_start(&daemon, &reply, 0660);
    for (size_t i = 0; i < 3; i++) {
        (void)run(daemon.directory, lines[i], output);
        if (strstr(output, ends[i]) == NULL) {
            fail_msg("noon %s: %s", lines[i], output);
        }
    }
    fake_daemon_stop(&daemon);
}

static void the_exit_code_says_that_there_is_no_time(void **state)
{
    char output[REPLY_SIZE];
    struct made made;

    (void)state;
    made_init(&made);
    assert_int_equal(run_with_record(&made, "", output), 1);
    assert_int_equal(run_with_record(&made, "status", output), 1);
    assert_int_equal(run_with_record(&made, "now", output), 1);
    assert_non_null(strstr(output, "not synchronised: nothing is promised"));
    assert_int_equal(run_with_record(&made, "ready", output), 1);
    assert_int_equal(run_with_record(&made, "sources", output), 0);
}

static void commands_pass_on_what_the_daemon_says(void **state)
{
    static const char difference[] = "added: server 192.0.2.1";
    static const char mistake[] = "expected a name or an address after `server`";
    char output[REPLY_SIZE];

    (void)state;
    assert_int_equal(run_with(CONTROL_OK, difference, sizeof difference - 1, "reload", output), 0);
    assert_string_equal(output, "added: server 192.0.2.1\n");
    assert_int_equal(run_with(CONTROL_OK, "", 0, "burst 10.0.0.4", output), 0);
    assert_string_equal(output, "");
    assert_int_equal(run_with(CONTROL_BAD, mistake, sizeof mistake - 1, "add server", output), 2);
    assert_string_equal(output, "noon: expected a name or an address after `server`\n");
    assert_int_equal(run_with(CONTROL_NO_SOURCE, "", 0, "delete x", output), 1);
    assert_int_equal(run_with(CONTROL_UNKNOWN, "", 0, "step", output), 4);
    assert_int_equal(run_with(CONTROL_FAILED, "", 0, "shutdown", output), 1);
    assert_int_equal(run_with(CONTROL_OK, "gone", 4, "delete --json x", output), 0);
    assert_non_null(strstr(output, "\"message\": \"gone\""));
}

static void a_refused_command_names_the_group(void **state)
{
    char output[REPLY_SIZE];

    (void)state;
    assert_int_equal(run_with(CONTROL_DENIED, "", 0, "step", output), 4);
    assert_non_null(strstr(output, "not allowed: `step` is for root and members of the group `"));
}

static void clients_are_listed_busiest_first(void **state)
{
    struct client_status clients[2] = {
        {.address = {.family = ADDRESS_IPV4, .bytes = {192, 0, 2, 7}}, .requests = 5},
        {.address = {.family = ADDRESS_IPV4, .bytes = {192, 0, 2, 8}}, .requests = 50},
    };
    struct clients_record record = {.known = 2, .count = 2, .clients = clients};
    char output[REPLY_SIZE];
    uint8_t body[1000];
    size_t size = clients_encode(&record, body, sizeof body);

    (void)state;
    assert_int_equal(run_with(CONTROL_OK, body, size, "clients", output), 0);
    assert_true(strstr(output, "192.0.2.8") < strstr(output, "192.0.2.7"));
    assert_int_equal(run_with(CONTROL_OK, body, size, "clients --sort address", output), 0);
    assert_true(strstr(output, "192.0.2.7") < strstr(output, "192.0.2.8"));
    assert_int_equal(run_with(CONTROL_OK, body, size, "clients --sort refused --count 1", output),
                     0);
    assert_non_null(strstr(output, "192.0.2.7"));
    assert_non_null(strstr(output, "and 1 more"));
    assert_int_equal(run_with(CONTROL_OK, body, size, "clients --sort last", output), 0);
    assert_int_equal(run_with(CONTROL_OK, body, size, "clients --sort interval", output), 0);
    assert_int_equal(run_with(CONTROL_OK, body, size, "clients --sort size", output), 2);
    assert_non_null(strstr(output, "expected requests, refused, last, interval or address"));
    assert_int_equal(run_with(CONTROL_OK, "", 0, "clients", output), 0);
    assert_string_equal(output, "nobody has asked this server for time\n");
    assert_int_equal(run_with(CONTROL_OK, "rubbish", 7, "clients", output), 3);
    assert_int_equal(run_with(CONTROL_OK, body, size, "clients --json", output), 0);
    assert_non_null(strstr(output, "\"known\": 2"));
}

static void a_daemon_that_talks_nonsense_is_not_believed(void **state)
{
    char output[REPLY_SIZE];

    (void)state;
    assert_int_equal(run_with(CONTROL_OK, "rubbish", 7, "status", output), 3);
    assert_non_null(strstr(output, "not understood"));
    assert_int_equal(run_with(CONTROL_OK, "", 0, "watch", output), 3);
    assert_int_equal(run("/tmp/noon-test-nothing-here", "status", output), 3);
    assert_non_null(strstr(output, "noond is not running"));
    assert_int_equal(run("/tmp/noon-test-nothing-here", "wait -t 0.1", output), 3);
}

static void a_hanging_daemon_costs_five_seconds(void **state)
{
    struct fake_reply reply = {.bytes = NULL, .size = 0, .silent_s = 20};
    struct fake_daemon daemon;
    char output[REPLY_SIZE];

    (void)state;
    fake_daemon_start(&daemon, &reply, 0660);
    assert_int_equal(run(daemon.directory, "status", output), 3);
    fake_daemon_stop(&daemon);
    assert_non_null(strstr(output, "no reply in time"));
}

static void configurations_are_checked_without_a_daemon(void **state)
{
    char path[] = "/tmp/noon-test-conf-XXXXXX";
    char line[100];
    char output[REPLY_SIZE];
    int fd = mkstemp(path);
    static const char text[] = "server 192.0.2.1 iburst\nmakestep 1 3\n";

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, sizeof text - 1), sizeof text - 1);
    snprintf(line, sizeof line, "check %s", path);
    assert_int_equal(run("/nowhere", line, output), 0);
    assert_non_null(strstr(output, "0 errors, 0 warnings"));
    snprintf(line, sizeof line, "check --print %s", path);
    assert_int_equal(run("/nowhere", line, output), 0);
    assert_non_null(strstr(output, "server 192.0.2.1 iburst\n"));
    assert_int_equal(write(fd, "bogus 1\n", 8), 8);
    snprintf(line, sizeof line, "check %s", path);
    assert_int_equal(run("/nowhere", line, output), 1);
    assert_non_null(strstr(output, ":3: "));
    assert_non_null(strstr(output, "1 error, "));
    snprintf(line, sizeof line, "check --json %s", path);
    assert_int_equal(run("/nowhere", line, output), 1);
    assert_non_null(strstr(output, "\"errors\": 1"));
    close(fd);
    unlink(path);
    assert_int_equal(run("/nowhere", line, output), 1);
}

/* Writes a file below *folder and returns its path, until the next call. */
static const char *write_file(const char *folder, const char *name, const char *text, unsigned mode)
{
    static char path[200];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fchmod(fileno(file), mode), 0);
    fclose(file);
    return path;
}

/* D stands for the folder of the files, in lines and in what is said. */
static const char *in_folder(const char *folder, const char *text, char *out, size_t size)
{
    size_t at = 0;

    for (; *text && at + strlen(folder) + 1 < size; text++) {
        if (*text == 'D') {
            memcpy(out + at, folder, strlen(folder));
            at += strlen(folder);
        } else {
            out[at++] = *text;
        }
    }
    out[at] = '\0';
    return out;
}

static void files_that_a_configuration_names_are_looked_at(void **state)
{
    static const struct {
        const char *line, *said;
        int code;
    } rows[] = {
        {"keyfile D/keys\nserver 192.0.2.2 key 7", "0 errors, 0 warnings", 0},
        {"keyfile D/keys\nserver 192.0.2.2 key 8",
         ":3: server 192.0.2.2: key 8 is not in D/keys, and the source will not be asked; add it",
         1},
        {"server 192.0.2.2 key 8", ":2: server 192.0.2.2: no line names a file of keys", 1},
        {"keyfile D/open", ":2: keyfile D/open: it holds secrets, and everybody may read it", 0},
        {"keyfile D/none", ":2: keyfile D/none: there is no such file; write the path of a file",
         1},
        {"keyfile D", ":2: keyfile D: it is no plain file", 1},
        {"keyfile D/wrong", "wrong:1: ", 1},
        {"leapseclist D/leaps", "2022-02-22 and says nothing any more", 0},
        {"leapseclist D/edited", ":2: leapseclist D/edited: the hash in it is not that of its", 1},
        {"leapseclist D/keys", ":2: leapseclist D/keys: it is no leap-seconds.list; write that", 1},
        {"leapsectz nowhere/UTC", ":2: leapsectz nowhere/UTC: there is no such file", 1},
        {"driftfile D/none/drift", ":2: driftfile D/none/drift: there is no directory D/none", 1},
        {"driftfile D/drift", "0 errors, 0 warnings", 0},
        {"driftfile D", ":2: driftfile D: it is no drift file", 1},
        {"ntsdumpdir D/none", ":2: ntsdumpdir D/none: there is no such directory; make it", 1},
        {"logdir D/none", ":2: logdir D/none: there is no such directory: noond makes it", 0},
        {"confdir D/none", ":2: confdir D/none: there is no such directory: nothing is read", 0},
        {"ntssharedsecret D/open", ":2: ntssharedsecret D/open: it is a secret, and everybody", 0},
        {"ntssharedsecret D/short", ":2: ntssharedsecret D/short: a secret has 16 to 256", 1},
        {"tempcomp D/none 30 auto", ":2: tempcomp D/none: there is no such file; write the", 1},
        {"keyfile D/none\nkeyfile D/keys", "0 errors, 0 warnings", 0},
        {"ntstrustedcerts D/keys", ":2: ntstrustedcerts D/keys: it is not checked: noon-helper", 0},
    };
    char folder[] = "/tmp/noon-test-files-XXXXXX";
    char text[1000], said[400], output[REPLY_SIZE];

    (void)state;
    assert_non_null(mkdtemp(folder));
    write_file(folder, "keys", "7 SHA1 HEX:0123456789abcdef0123456789abcdef\n", 0640);
    write_file(folder, "open", "7 SHA1 HEX:0123456789abcdef0123456789abcdef\n", 0644);
    write_file(folder, "wrong", "seven SHA1 HEX:01\n", 0640);
    write_file(folder, "short", "secret", 0600);
    write_file(folder, "leaps", "#@ 3854476800\n2272060800 10\n", 0644);
    write_file(folder, "edited", "#@ 7854476800\n2272060800 10\n#h 1 2 3 4 5\n", 0644);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        snprintf(text, sizeof text, "server 192.0.2.1\n%s\n", rows[i].line);
        char lines[1200], line[300];
        in_folder(folder, text, lines, sizeof lines);
        snprintf(line, sizeof line, "check %s", write_file(folder, "noon.conf", lines, 0644));
        int code = run("/nowhere", line, output);
        in_folder(folder, rows[i].said, said, sizeof said);
        if (code != rows[i].code || strstr(output, said) == NULL) {
            fail_msg("%s: exit %d: %s", rows[i].line, code, output);
        }
    }
    snprintf(text, sizeof text, "rm -r '%s'", folder);
    assert_int_equal(system(text), 0);
}

static void usage_mistakes_end_with_two(void **state)
{
    char output[REPLY_SIZE];

    (void)state;
    assert_int_equal(run("/nowhere", "statsu", output), 2);
    assert_int_equal(run("/nowhere", "status -n 3", output), 2);
    assert_int_equal(run("/nowhere", "help statsu", output), 2);
    assert_int_equal(run("/nowhere", "help", output), 0);
    assert_int_equal(run("/nowhere", "help sources", output), 0);
    assert_non_null(strstr(output, "REACH    how many of the last 16 requests were answered"));
    assert_int_equal(run("/nowhere", "version", output), 0);
    assert_string_equal(output, "noon " NOON_VERSION "\n");
}

/* Text of a file; from malloc. */
static char *content(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = calloc(1, REPLY_SIZE);

    assert_non_null(file);
    assert_non_null(text);
    assert_true(fread(text, 1, REPLY_SIZE - 1, file) > 0);
    fclose(file);
    return text;
}

static void keygen_prints_lines_of_a_key_file_and_never_the_same(void **state)
{
    static const struct {
        const char *line, *head;
        size_t size; /* of the line */
        int code;
    } rows[] = {
        {"keygen", "1 SHA1 HEX:", 11 + 40 + 1, 0},
        {"keygen 7 aes128 64", "7 AES128 HEX:", 13 + 32 + 1, 0},
        {"keygen 4294967295 MD5 84", "4294967295 MD5 HEX:", 19 + 22 + 1, 0},
        {"keygen 0", "noon: \"0\" can't be that; expected the key's number", 0, 2},
        {"keygen 1 DES", "noon: \"DES\" can't be that; expected MD5", 0, 2},
        {"keygen 1 SHA1 79", "noon: \"79\" can't be that; expected 80 to 4096", 0, 2},
    };
    static char output[REPLY_SIZE], again[REPLY_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(run("/nowhere", rows[i].line, output), rows[i].code);
        assert_memory_equal(output, rows[i].head, strlen(rows[i].head));
        if (rows[i].code == 0) {
            assert_int_equal(strlen(output), rows[i].size);
            assert_int_equal(run("/nowhere", rows[i].line, again), 0);
            assert_string_not_equal(output, again);
        }
    }
}

static void the_manual_has_every_command_and_option(void **state)
{
    char *text = content(manual);

    (void)state;
    for (const struct command *c = commands; c->name != NULL; c++) {
        char heading[60];

        snprintf(heading, sizeof heading, *c->name != '\0' ? "\n*noon %s*" : "\n*noon*%s\n",
                 c->name);
        if (strstr(text, heading) == NULL) {
            fail_msg("the manual has no paragraph on \"%s\"", c->name);
        }
    }
    for (const struct option_row *row = option_rows; row->letter != 0; row++) {
        char name[60];

        snprintf(name, sizeof name, "*--%s*", row->name);
        if (strstr(text, name) == NULL) {
            fail_msg("the manual says nothing of --%s", row->name);
        }
    }
    free(text);
}

static void the_json_document_is_what_the_program_prints(void **state)
{
    char output[REPLY_SIZE];
    char *written = content(json_document);

    (void)state;
    assert_int_equal(run("/nowhere", "help json", output), 0);
    assert_string_equal(output, written);
    free(written);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_command_answers_for_a_synchronised_node),
        cmocka_unit_test(json_of_each_command_has_the_documented_keys),
        cmocka_unit_test(the_time_is_read_from_the_page_without_asking_anybody),
        cmocka_unit_test(a_thousand_sources_are_shown_whole),
        cmocka_unit_test(the_exit_code_says_that_there_is_no_time),
        cmocka_unit_test(commands_pass_on_what_the_daemon_says),
        cmocka_unit_test(a_refused_command_names_the_group),
        cmocka_unit_test(clients_are_listed_busiest_first),
        cmocka_unit_test(a_daemon_that_talks_nonsense_is_not_believed),
        cmocka_unit_test(a_hanging_daemon_costs_five_seconds),
        cmocka_unit_test(configurations_are_checked_without_a_daemon),
        cmocka_unit_test(files_that_a_configuration_names_are_looked_at),
        cmocka_unit_test(usage_mistakes_end_with_two),
        cmocka_unit_test(keygen_prints_lines_of_a_key_file_and_never_the_same),
        cmocka_unit_test(the_manual_has_every_command_and_option),
        cmocka_unit_test(the_json_document_is_what_the_program_prints),
    };

    program = argc > 1 ? argv[1] : "noon";
    json_document = argc > 2 ? argv[2] : "docs/json.md";
    manual = argc > 3 ? argv[3] : "man/noon.1.scd";
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
