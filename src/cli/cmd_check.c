/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_check.c - `noon check FILE`: what each line of a configuration means here. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/check_files.h"
#include "cli/json.h"
#include "cli/out.h"
#include "config/check.h"
#include "config/config.h"
#include "config/lint.h"
#include "config/print.h"
#include "sys/directory.h"
#include "sys/dmi.h"
#include "sys/machine.h"
#include "sys/storage.h"

struct checked {
    struct config config;
    struct config_space space;
    struct config_report report;
    struct lint_report lint;
};

static enum err read_file(void *context, const char *path, char *buffer, size_t capacity,
                          size_t *size)
{
    (void)context;
    return storage_read(path, buffer, capacity, size);
}

static enum err list_dir(void *context, const char *path, char *buffer, size_t capacity,
                         size_t *size)
{
    (void)context;
    return directory_list(path, buffer, capacity, size);
}

static void explain(void *context, const struct config_explained *line)
{
    char buffer[4096];
    struct text text = text_begin(buffer, sizeof buffer);

    (void)context;
    config_explain_line(&text, line);
    fputs(buffer, stdout);
}

static void print_line(void *context, const char *line)
{
    (void)context;
    puts(line);
}

static json_t *json_of_message(const struct config_message *message)
{
    static const char *const levels[] = {"note", "warning", "error"};

    return json_pack("{s:s,s:s,s:i,s:s}", "level", levels[message->level], "file", message->file,
                     "line", (int)message->line, "text", message->text);
}

static json_t *json_of_lint(const struct lint_report *lint)
{
    json_t *array = json_array();

    for (size_t i = 0; i < lint->count; i++) {
        const struct lint_finding *finding = &lint->at[i];

        json_array_append_new(array, json_pack("{s:s,s:s?,s:i,s:s}", "kind",
                                               lint_word(finding->kind), "file", finding->file,
                                               "line", (int)finding->line, "text", finding->text));
    }
    return array;
}

static enum exit_code print_json(const struct checked *checked, const char *file, bool with_lint,
                                 enum exit_code code)
{
    const struct config_report *report = &checked->report;
    json_t *array = json_array();
    json_t *object;

    for (size_t i = 0; i < report->count; i++) {
        json_array_append_new(array, json_of_message(&report->messages[i]));
    }
    object =
        json_pack("{s:s,s:s,s:i,s:i,s:i,s:o}", "file", file, "dialect",
                  dialect_name(checked->config.dialect), "errors", (int)report->errors, "warnings",
                  (int)report->warnings, "not_yet", (int)report->not_yet, "messages", array);
    if (with_lint) {
        json_object_set_new(object, "lint", json_of_lint(&checked->lint));
    }
    return json_print(object, false, code);
}

static void print_lint(const struct lint_report *lint, const char *file)
{
    for (size_t i = 0; i < lint->count; i++) {
        const struct lint_finding *finding = &lint->at[i];

        printf("lint: %s:", finding->file ? finding->file : file);
        if (finding->line > 0) {
            printf("%u:", finding->line);
        }
        printf(" %s [%s]\n", finding->text, lint_word(finding->kind));
    }
}

/* noond itself, which may run with this very file, is nobody's rival here. */
/* What the provider of this virtual machine offers; NULL: none that is known. */
static const struct cloud_offer *provider(void)
{
    struct cloud_dmi dmi;

    dmi_read("sys_vendor", dmi.sys_vendor, sizeof dmi.sys_vendor);
    dmi_read("product_name", dmi.product_name, sizeof dmi.product_name);
    dmi_read("chassis_asset_tag", dmi.chassis_asset_tag, sizeof dmi.chassis_asset_tag);
    dmi_read("bios_version", dmi.bios_version, sizeof dmi.bios_version);
    return cloud_offer(cloud_recognise(&dmi));
}

static void run_lint(struct checked *checked)
{
    struct machine_rival rival;
    char name[64];
    struct lint_machine machine = {.public_address = machine_has_public_address(),
                                   .cloud = provider()};

    if (machine_find_rival("/proc", getpid(), &rival) && strncmp(rival.name, "noond", 5) != 0) {
        snprintf(name, sizeof name, "%s (process %d)", rival.name, rival.process);
        machine.rival = name;
    }
    lint_run(&checked->config, &machine, &checked->lint);
}

static void print_messages(const struct config_report *report, enum config_level least, FILE *to)
{
    static const char *const levels[] = {"note", "warning", "error"};

    for (size_t i = 0; i < report->count; i++) {
        char buffer[2048];
        struct text text = text_begin(buffer, sizeof buffer);

        if (report->messages[i].level >= least) {
            config_message_print(&text, &report->messages[i]);
            fprintf(to, "%s: %s\n", levels[report->messages[i].level], buffer);
        }
    }
    if (report->lost > 0) {
        fprintf(to, "and %zu more\n", report->lost);
    }
}

static void print_summary(const struct config_report *report, const char *file, bool passes,
                          enum config_dialect dialect)
{
    printf("%s (%s): %zu error%s, %zu warning%s, %zu not yet supported: %s\n", file,
           dialect_name(dialect), report->errors, report->errors == 1 ? "" : "s", report->warnings,
           report->warnings == 1 ? "" : "s", report->not_yet,
           report->errors > 0 ? "noond does not start with it"
           : passes           ? "holds as written"
                              : "noond starts, but not all of it holds");
}

enum exit_code command_check(const struct cli *cli)
{
    const char *file = cli->arguments[0];
    struct config_input input = {.file = file, .read_file = read_file, .list_dir = list_dir};
    struct checked *checked = calloc(1, sizeof *checked);
    enum exit_code code;
    bool understood;

    if (checked == NULL) {
        fprintf(stderr, "noon: no memory\n");
        return EXIT_CODE_NO;
    }
    if (cli->options.dialect) {
        input.dialect = dialect_named(cli->options.dialect);
    }
    config_init(&checked->config, &checked->space);
    config_report_init(&checked->report);
    if (!cli->options.json && !cli->options.print && !cli->options.lint) {
        checked->report.explain = explain;
    }
    understood = config_parse(&checked->config, &input, &checked->report);
    code = understood && config_check_passes(&checked->report) ? EXIT_CODE_OK : EXIT_CODE_NO;
    if (understood && !cli->options.print && check_files(&checked->config, &checked->report) > 0) {
        code = EXIT_CODE_NO;
    }
    if (cli->options.lint && understood) {
        run_lint(checked);
        code = checked->lint.count > 0 ? EXIT_CODE_NO : code;
    }
    if (cli->options.json) {
        code = print_json(checked, file, cli->options.lint, code);
    } else if (cli->options.print) {
        print_messages(&checked->report, CONFIG_WARNING, stderr);
        if (understood) {
            config_print(&checked->config, print_line, NULL);
        }
    } else {
        print_messages(&checked->report, CONFIG_NOTE, stdout);
        print_lint(&checked->lint, file);
        print_summary(&checked->report, file, code == EXIT_CODE_OK, checked->config.dialect);
    }
    free(checked);
    return code;
}
