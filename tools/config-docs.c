/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * config-docs - documentation out of the option table, so that it can't differ from the program.
 *
 * usage: config-docs man TEMPLATE      the template, with the options in place of @OPTIONS@ (scdoc)
 *        config-docs dialect           docs/dialects/chrony.md
 *        config-docs compare FILE      is FILE what `dialect` prints?  (TAP)
 */
#define _POSIX_C_SOURCE 200809L /* fmemopen */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/option.h"

enum { LINE_SIZE = 4096, FILE_SIZE_MAX = 1 << 20 };

static const char *const section_titles[SECTION_COUNT] = {
    [SECTION_SOURCES] = "TIME SOURCES",
    [SECTION_SELECTION] = "SELECTION OF SOURCES",
    [SECTION_CLOCK] = "CLOCK",
    [SECTION_SERVER] = "SERVER",
    [SECTION_CONTROL] = "CHRONYC",
    [SECTION_LOGGING] = "LOGGING",
    [SECTION_FILES] = "FILES AND DIRECTORIES",
    [SECTION_PROCESS] = "PROCESS",
    [SECTION_RTC] = "REAL-TIME CLOCK",
    [SECTION_AUTHENTICATION] = "AUTHENTICATION",
};

/* What stands behind the name: as the table shows it, or one word an argument. */
static void print_arguments(FILE *out, const struct option *option)
{
    if (option->arguments) {
        fprintf(out, " %s", option->arguments);
        return;
    }
    for (unsigned i = 0; i < option_argument_count(option); i++) {
        fprintf(out, " %s", option->argument[i].name);
    }
}

/* ---- manual page -------------------------------------------------------------------------- */

/* `x` becomes bold; letters that scdoc would take for markup are escaped. */
static void man_text(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '`') {
            fputc('*', out);
        } else {
            fprintf(out, strchr("_*\\#", *text) ? "\\%c" : "%c", *text);
        }
    }
}

static void man_head(FILE *out, const struct option *option)
{
    fputc('*', out);
    man_text(out, option->name);
    fputc('*', out);
    if (option->arguments) {
        fputc(' ', out);
        man_text(out, option->arguments);
        return;
    }
    for (unsigned i = 0; i < option_argument_count(option); i++) {
        fprintf(out, " _%s_", option->argument[i].name);
    }
}

static void man_entry(FILE *out, const struct option *option, const char *indent)
{
    fprintf(out, "%s", indent);
    man_head(out, option);
    fprintf(out, "\n%s\t", indent);
    man_text(out, option->help);
    if (option->standard) {
        fprintf(out, " Default: ");
        man_text(out, option->standard);
        fputc('.', out);
    }
    if (option->restart) {
        fprintf(out, " A change takes effect at the next start.");
    }
    if (option->native) {
        fprintf(out, " (Not in chrony.)");
    }
    fprintf(out, "\n\n");
}

/* The keywords and values of a directive that work. */
static void man_keywords(FILE *out, enum option_scope scope)
{
    size_t count = option_count(scope);

    for (size_t i = 0; i < count; i++) {
        if (option_at(scope, i)->verdict == VERDICT_WORKS) {
            man_entry(out, option_at(scope, i), "\t");
        }
    }
}

static void man_section(FILE *out, enum option_section section)
{
    size_t count = option_count(SCOPE_DIRECTIVE);
    bool titled = false;

    for (size_t i = 0; i < count; i++) {
        const struct option *option = option_at(SCOPE_DIRECTIVE, i);

        if (option->section != section || option->verdict != VERDICT_WORKS) {
            continue;
        }
        if (!titled) {
            fprintf(out, "# %s\n\n", section_titles[section]);
            titled = true;
        }
        man_entry(out, option, "");
        /* The options of `server` are those of `pool`: once is enough. */
        if (option->scope == SCOPE_SOURCE && strcmp(option->name, "server") != 0) {
            fprintf(out, "\tThe options are those of *server*.\n\n");
        } else {
            man_keywords(out, option->scope);
        }
        man_keywords(out, option->argument[0].scope);
    }
}

static void man_verdict(FILE *out, enum option_scope scope, const char *of, enum verdict verdict)
{
    size_t count = option_count(scope);

    for (size_t i = 0; i < count; i++) {
        if (option_at(scope, i)->verdict != verdict) {
            continue;
        }
        fputc('*', out);
        man_text(out, option_at(scope, i)->name);
        fprintf(out, "*%s\n\t", of);
        man_text(out, option_at(scope, i)->reason);
        fprintf(out, ".\n\n");
    }
}

static void man_others(FILE *out)
{
    static const struct {
        enum verdict verdict;
        const char *title;
    } parts[] = {
        {VERDICT_NOTHING_HERE, "DIRECTIVES THAT MEAN NOTHING HERE"},
        {VERDICT_NOT_YET, "DIRECTIVES THAT DO NOT WORK YET"},
        {VERDICT_REFUSED, "DIRECTIVES THAT ARE REFUSED"},
    };

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        fprintf(out, "# %s\n\n", parts[i].title);
        man_verdict(out, SCOPE_DIRECTIVE, "", parts[i].verdict);
        man_verdict(out, SCOPE_SOURCE, " (of *server* and *pool*)", parts[i].verdict);
        man_verdict(out, SCOPE_LOG, " (of *log*)", parts[i].verdict);
        man_verdict(out, SCOPE_AUTHSELECTMODE, " (of *authselectmode*)", parts[i].verdict);
    }
}

static int print_man(const char *path)
{
    char line[LINE_SIZE];
    FILE *template = fopen(path, "r");

    if (!template) {
        perror(path);
        return 1;
    }
    while (fgets(line, sizeof line, template)) {
        if (strcmp(line, "@OPTIONS@\n") != 0) {
            fputs(line, stdout);
            continue;
        }
        for (unsigned section = 0; section < SECTION_COUNT; section++) {
            man_section(stdout, (enum option_section)section);
        }
        man_others(stdout);
    }
    fclose(template);
    return 0;
}

/* ---- table of the dialect ----------------------------------------------------------------- */

static void cell(FILE *out, const char *text)
{
    for (; *text; text++) {
        fprintf(out, *text == '|' ? "\\|" : "%c", *text);
    }
}

static void dialect_rows(FILE *out, enum option_scope scope)
{
    size_t count = option_count(scope);

    fprintf(out, "| line | verdict | here |\n|---|---|---|\n");
    for (size_t i = 0; i < count; i++) {
        const struct option *option = option_at(scope, i);

        if (option->native) {
            continue;
        }
        fprintf(out, "| `%s", option->name);
        if (option->arguments) {
            fputc(' ', out);
            cell(out, option->arguments);
        } else {
            print_arguments(out, option);
        }
        fprintf(out, "` | %s | ", verdict_name(option->verdict));
        cell(out, option->verdict == VERDICT_WORKS ? option->help : option->reason);
        if (option->neutral && option->verdict != VERDICT_WORKS) {
            fprintf(out, ". `%s %s` is fulfilled", option->name, option->neutral);
        }
        fprintf(out, " |\n");
    }
}

static void print_dialect(FILE *out)
{
    static const struct {
        enum option_scope scope;
        const char *title;
    } parts[] = {
        {SCOPE_DIRECTIVE, "Directives"},
        {SCOPE_SOURCE, "Options of `server` and `pool`"},
        {SCOPE_LOCAL, "Options of `local`"},
        {SCOPE_DRIFTFILE, "Options of `driftfile`"},
        {SCOPE_LOG, "Kinds of `log`"},
        {SCOPE_LEAPSECMODE, "Modes of `leapsecmode`"},
        {SCOPE_AUTHSELECTMODE, "Modes of `authselectmode`"},
        {SCOPE_REFCLOCK_DRIVER, "Drivers of `refclock`"},
        {SCOPE_REFCLOCK_PARAMETER, "Options behind the parameter of `refclock`"},
        {SCOPE_REFCLOCK, "Options of `refclock`"},
        {SCOPE_RATELIMIT, "Options of `ratelimit`, `cmdratelimit` and `ntsratelimit`"},
        {SCOPE_HWTIMESTAMP, "Options of `hwtimestamp`"},
        {SCOPE_RXFILTER, "Filters of `hwtimestamp`'s `rxfilter`"},
        {SCOPE_SMOOTHTIME, "Options of `smoothtime`"},
        {SCOPE_OPENCOMMANDS, "Commands of `opencommands`"},
    };

    fprintf(out,
            "# chrony.conf, line by line\n\n"
            "noon's own configuration is chrony's grammar. Every directive and every option of\n"
            "chrony 4.8 is listed here with one of four verdicts:\n\n"
            "- **works**: does what chrony's manual says, but nothing ends a running daemon;\n"
            "- **means nothing here**: one warning with file and line, the daemon runs;\n"
            "- **not yet**: the same, and `noon check` exits 1;\n"
            "- **refused**: ignoring it would weaken what was asked; the daemon does not start.\n\n"
            "`refclock` and `peer` lines are refused when they are the only sources.\n\n"
            "This file is written from the option table by `config-docs dialect`; a test compares "
            "them.\n");
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        fprintf(out, "\n## %s\n\n", parts[i].title);
        dialect_rows(out, parts[i].scope);
    }
}

static int compare_dialect(const char *path)
{
    static char expected[FILE_SIZE_MAX];
    static char found[FILE_SIZE_MAX];
    FILE *memory = fmemopen(expected, sizeof expected, "w");
    FILE *file = fopen(path, "r");

    if (!memory || !file) {
        perror(path);
        return 1;
    }
    print_dialect(memory);
    fclose(memory);
    found[fread(found, 1, sizeof found - 1, file)] = '\0';
    fclose(file);
    bool same = strcmp(expected, found) == 0;
    printf("1..1\n%s 1 - docs/dialects/chrony.md is what the option table says\n",
           same ? "ok" : "not ok");
    if (!same) {
        printf("# write it again: config-docs dialect > docs/dialects/chrony.md\n");
    }
    return same ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "man") == 0) {
        return print_man(argv[2]);
    }
    if (argc == 2 && strcmp(argv[1], "dialect") == 0) {
        print_dialect(stdout);
        return 0;
    }
    if (argc == 3 && strcmp(argv[1], "compare") == 0) {
        return compare_dialect(argv[2]);
    }
    fprintf(stderr, "usage: config-docs man TEMPLATE | dialect | compare FILE\n");
    return 2;
}
