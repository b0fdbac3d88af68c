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
#include "daemon/manners.h"

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

struct dialect_part {
    enum option_scope scope; /* SCOPE_NONE: the end */
    const char *title;
};

struct dialect {
    const char *name;
    const char *head;
    const struct dialect_part *parts;
};

static const struct dialect_part chrony_parts[] = {
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
    {SCOPE_RATELIMIT, "Options of `ratelimit`"},
    {SCOPE_CMD_RATELIMIT, "Options of `cmdratelimit`"},
    {SCOPE_NTS_RATELIMIT, "Options of `ntsratelimit`"},
    {SCOPE_HWTIMESTAMP, "Options of `hwtimestamp`"},
    {SCOPE_RXFILTER, "Filters of `hwtimestamp`'s `rxfilter`"},
    {SCOPE_SMOOTHTIME, "Options of `smoothtime`"},
    {SCOPE_OPENCOMMANDS, "Commands of `opencommands`"},
    {SCOPE_NONE, NULL},
};

static const struct dialect_part ntp_parts[] = {
    {SCOPE_NTP, "Directives"},
    {SCOPE_NTP_SOURCE, "Options of `server`, `pool` and `peer`"},
    {SCOPE_NTP_RESTRICT, "Flags of `restrict`"},
    {SCOPE_NTP_FUDGE, "Options of `fudge`"},
    {SCOPE_NTP_TINKER, "Options of `tinker`"},
    {SCOPE_NTP_TOS, "Options of `tos`"},
    {SCOPE_NTP_ENABLE, "Flags of `enable`"},
    {SCOPE_NTP_DISABLE, "Flags of `disable`"},
    {SCOPE_NTP_MRU, "Options of `mru`"},
    {SCOPE_NTP_RLIMIT, "Options of `rlimit`"},
    {SCOPE_NTP_DISCARD, "Options of `discard`"},
    {SCOPE_NTP_STATISTICS, "Kinds of `statistics`"},
    {SCOPE_NTP_LEAPFILE, "Options of `leapfile`"},
    {SCOPE_NTP_NTS, "Options of `nts`"},
    {SCOPE_NTP_AEAD, "Ciphers of `aead`"},
    {SCOPE_NTP_MINTLS, "Versions of `mintls`"},
    {SCOPE_NTP_MAXTLS, "Versions of `maxtls`"},
    {SCOPE_NONE, NULL},
};

static const struct dialect_part openntpd_parts[] = {
    {SCOPE_OPENNTPD, "Directives"},
    {SCOPE_OPENNTPD_SERVER, "Options of `server` and `servers`"},
    {SCOPE_OPENNTPD_LISTEN, "Options of `listen on`"},
    {SCOPE_OPENNTPD_SENSOR, "Options of `sensor`"},
    {SCOPE_NONE, NULL},
};

static const struct dialect_part timesyncd_parts[] = {
    {SCOPE_TIMESYNCD, "Keys of `[Time]`"},
    {SCOPE_NONE, NULL},
};

static const struct dialect dialects[] = {
    {"chrony",
     "# chrony.conf, line by line\n\n"
     "noon's own configuration is chrony's grammar. Every directive and every option of\n"
     "chrony 4.8 is listed here with one of four verdicts:\n\n"
     "- **works**: does what chrony's manual says, but nothing ends a running daemon;\n"
     "- **means nothing here**: one warning with file and line, the daemon runs;\n"
     "- **not yet**: the same, and `noon check` exits 1;\n"
     "- **refused**: ignoring it would weaken what was asked; the daemon does not start.\n\n"
     "`refclock` and `peer` lines are refused when they are the only sources.\n\n",
     chrony_parts},
    {"ntp",
     "# ntp.conf, line by line\n\n"
     "What the lines of ntp.org's ntpd 4.2.8 and of NTPsec mean to noon, with the verdicts of\n"
     "[chrony.md](chrony.md). Without any line noon does here what ntpd does: it serves everybody\n"
     "whom no `restrict` keeps out, steps the clock by more than 0.128 s at any time, and refuses "
     "a\n"
     "correction of more than 1000 s (but for the first one, with `-g`), without ending. Only "
     "this\n"
     "machine may ask for the state with ntpq.\n\n",
     ntp_parts},
    {"openntpd",
     "# ntpd.conf of OpenNTPD, line by line\n\n"
     "What the lines mean to noon, with the verdicts of [chrony.md](chrony.md). Without `listen "
     "on`\n"
     "noon is no server. The clock is slewed; it is stepped at the start with `-s`.\n\n",
     openntpd_parts},
    {"timesyncd",
     "# timesyncd.conf, line by line\n\n"
     "What the keys of systemd-timesyncd mean to noon, with the verdicts of\n"
     "[chrony.md](chrony.md). Drop-ins are read: `*.conf` in the directory that is called as the\n"
     "file and `.d`; for /etc/systemd/timesyncd.conf also those of /run and /usr/lib. As with\n"
     "timesyncd noon is no server, and steps the clock by more than 0.4 s at any time.\n\n",
     timesyncd_parts},
};

static const struct dialect *find_dialect(const char *name)
{
    for (size_t i = 0; i < sizeof dialects / sizeof dialects[0]; i++) {
        if (strcmp(dialects[i].name, name) == 0) {
            return &dialects[i];
        }
    }
    return NULL;
}

static void print_dialect(FILE *out, const struct dialect *dialect)
{
    fprintf(out,
            "%sThis file is written from the option table by `config-docs dialect %s`; a test "
            "compares them.\n",
            dialect->head, dialect->name);
    for (const struct dialect_part *part = dialect->parts; part->scope != SCOPE_NONE; part++) {
        fprintf(out, "\n## %s\n\n", part->title);
        dialect_rows(out, part->scope);
    }
}

static void print_flags(FILE *out)
{
    static const struct {
        enum args_manner manner;
        const char *title;
    } parts[] = {{MANNER_CHRONY, "chronyd"},
                 {MANNER_NTP, "ntpd of ntp.org and NTPsec"},
                 {MANNER_OPENNTPD, "ntpd of OpenNTPD"}};

    fprintf(out,
            "# Flags of other daemons\n\n"
            "Called as `chronyd`, `ntpd` or `openntpd` noond takes the flags of that daemon, with "
            "the\nverdicts of [chrony.md](chrony.md). Of the two that are called ntpd it is that "
            "whose flags\nthey are, see noond(8).\n\n"
            "This file is written from the tables of `daemon/manners.c` by `config-docs flags`; a "
            "test compares\nthem.\n");
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        struct manners_flag flag;

        fprintf(out, "\n## %s\n\n| flag | verdict | here |\n|---|---|---|\n", parts[i].title);
        for (size_t k = 0; manners_flag(parts[i].manner, k, &flag); k++) {
            fprintf(out, "| `-%c%s`%s%s%s | %s | %s |\n", flag.letter,
                    flag.takes_value ? " VALUE" : "", flag.name ? ", `--" : "",
                    flag.name ? flag.name : "", flag.name ? "`" : "",
                    flag.refused         ? "refused"
                    : flag.means_nothing ? "means nothing here"
                                         : "works",
                    flag.text);
        }
    }
}

/* As test `number`; false: the file differs.  `dialect`: NULL: the flags. */
static bool compare_dialect(const struct dialect *dialect, const char *directory, size_t number)
{
    static char expected[FILE_SIZE_MAX];
    static char found[FILE_SIZE_MAX];
    char path[LINE_SIZE];
    FILE *memory = fmemopen(expected, sizeof expected, "w");
    FILE *file;

    const char *name = dialect ? dialect->name : "flags";

    snprintf(path, sizeof path, "%s/%s.md", directory, name);
    file = fopen(path, "r");
    if (!memory || !file) {
        perror(path);
        return false;
    }
    if (dialect) {
        print_dialect(memory, dialect);
    } else {
        print_flags(memory);
    }
    fclose(memory);
    found[fread(found, 1, sizeof found - 1, file)] = '\0';
    fclose(file);
    bool same = strcmp(expected, found) == 0;
    printf("%s %zu - docs/dialects/%s.md is what the tables say\n", same ? "ok" : "not ok", number,
           name);
    if (!same) {
        printf("# write it again: config-docs %s%s > docs/dialects/%s.md\n",
               dialect ? "dialect " : "", name, name);
    }
    return same;
}

static int compare_all(const char *directory)
{
    bool good = true;

    printf("1..%zu\n", sizeof dialects / sizeof dialects[0] + 1);
    for (size_t i = 0; i < sizeof dialects / sizeof dialects[0]; i++) {
        good = compare_dialect(&dialects[i], directory, i + 1) && good;
    }
    good = compare_dialect(NULL, directory, sizeof dialects / sizeof dialects[0] + 1) && good;
    return good ? 0 : 1;
}

int main(int argc, char **argv)
{
    const struct dialect *dialect = find_dialect(argc == 3 ? argv[2] : "chrony");

    if (argc == 3 && strcmp(argv[1], "man") == 0) {
        return print_man(argv[2]);
    }
    if ((argc == 2 || argc == 3) && strcmp(argv[1], "dialect") == 0 && dialect) {
        print_dialect(stdout, dialect);
        return 0;
    }
    if (argc == 2 && strcmp(argv[1], "flags") == 0) {
        print_flags(stdout);
        return 0;
    }
    if (argc == 3 && strcmp(argv[1], "compare") == 0) {
        return compare_all(argv[2]);
    }
    fprintf(stderr,
            "usage: config-docs man TEMPLATE | dialect [NAME] | flags | compare DIRECTORY\n");
    return 2;
}
