/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/args.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/manners.h"

enum {
    OPTION_SINGLE = 256,
    OPTION_REFERENCE,
    OPTION_VIRTUAL,
    OPTION_ROLE,
    OPTION_DIALECT,
    WORDS_MAX = 64,
    RUN_DIR_MAX = 90, /* a socket's path has 108 */
};

static const struct option long_options[] = {
    {"single", no_argument, NULL, OPTION_SINGLE},
    {"reference", required_argument, NULL, OPTION_REFERENCE},
    {"virtual", required_argument, NULL, OPTION_VIRTUAL},
    {"dialect", required_argument, NULL, OPTION_DIALECT},
    {"role", required_argument, NULL, OPTION_ROLE},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'v'},
    {NULL, 0, NULL, 0},
};

static const char help[] =
    "noond " NOON_VERSION " - keeps this machine's clock right and serves time to others\n"
    "\n"
    "usage: noond [options]\n"
    "  -f FILE      configuration (default /etc/noon/noon.conf)\n"
    "  -d           stay in the foreground, log to stderr\n"
    "  -x           never touch the clock: measure, serve and publish only\n"
    "  -q           set the clock once and exit\n"
    "  -Q           print by how much the clock is wrong and exit\n"
    "  -t SECONDS   exit after that time\n"
    "  -n           check the configuration and exit\n"
    "  -p           print the configuration as understood and exit\n"
    "  -u USER      run as this user: a name, or UID:GID in numbers\n"
    "  -4, -6       use only IPv4, only IPv6\n"
    "  -L LEVEL     log debug, info, warning or error (0 to 3) and what is worse\n"
    "  -l FILE      append the log to this file\n"
    "  -s DIR       state directory (default /var/lib/noon)\n"
    "  -r DIR       runtime directory: sockets, pid file, time page (default /run/noon)\n"
    "  --single     one process, one thread, poll() only\n"
    "  --virtual OFFSET,PPM    discipline a clock of its own that starts so many seconds and\n"
    "               parts per million wrong; the system clock is left alone\n"
    "  --reference OFFSET,NOISE    be a test reference on loopback: serve CLOCK_MONOTONIC_RAW\n"
    "               plus OFFSET seconds with NOISE seconds of jitter, nothing else\n"
    "  --dialect NAME    the configuration is chrony, ntp, openntpd or timesyncd; without it the\n"
    "               dialect is recognised\n"
    "  -h, -v       this text; the version\n"
    "\n"
    "NOOND_FLAGS in the environment holds more options, as words separated by spaces.\n"
    "Called as chronyd or ntpd noond takes the flags of these.\n"
    "See noond(8), noon.conf(5), noon(1).\n";

/* The whole of `text` as a finite number. */
static bool number(const char *text, double *value)
{
    char *end;

    *value = strtod(text, &end);
    return end != text && *end == '\0' && isfinite(*value);
}

/* "A,B", both finite; the first exactly in ns (a double can't hold a date to the ns). */
static bool pair(const char *text, long long *first_ns, double *first, double *second)
{
    char copy[128];
    char *comma, *point, *end;
    long long seconds, ns = 0;

    if (strlen(text) >= sizeof copy) {
        return false;
    }
    memcpy(copy, text, strlen(text) + 1);
    comma = strchr(copy, ',');
    if (!comma) {
        return false;
    }
    *comma = '\0';
    if (!number(copy, first) || fabs(*first) > 9e9 || !number(comma + 1, second)) {
        return false;
    }
    errno = 0;
    seconds = strtoll(copy, &point, 10);
    if (*point == '.') {
        long long unit = 100000000;

        for (end = point + 1; *end >= '0' && *end <= '9' && unit > 0; end++, unit /= 10) {
            ns += (*end - '0') * unit;
        }
    } else if (*point != '\0') {
        *first_ns = llround(*first * 1e9);
        return true;
    }
    *first_ns = seconds * 1000000000LL + (copy[0] == '-' ? -ns : ns);
    return true;
}

static bool set_level(struct args *args, const char *text)
{
    static const char *const words[] = {"debug", "info", "warning", "error"};

    for (int i = 0; i < 4; i++) {
        if (strcmp(text, words[i]) == 0 || (text[0] == '0' + i && text[1] == '\0')) {
            args->log_level = i;
            return true;
        }
    }
    /* chronyd's levels go from -1 to 3; below ours means everything. */
    if (strcmp(text, "-1") == 0) {
        args->log_level = 0;
        return true;
    }
    return false;
}

static bool set_long(struct args *args, int option, const char *text)
{
    double offset_s, ppm;

    switch (option) {
    case OPTION_DIALECT:
        args->order.dialect = dialect_named(text);
        return args->order.dialect != DIALECT_UNKNOWN;
    case OPTION_SINGLE:
        args->single = true;
        return true;
    case OPTION_REFERENCE:
        args->reference = true;
        return pair(text, &args->reference_offset_ns, &offset_s, &args->reference_noise_s) &&
               args->reference_noise_s >= 0 && args->reference_noise_s <= 1;
    case OPTION_VIRTUAL: {
        long long ns;

        args->virtual_clock = true;
        if (!pair(text, &ns, &args->virtual_offset_s, &ppm) || fabs(ppm) > 10000) {
            return false;
        }
        args->virtual_freq_s_per_s = ppm * 1e-6;
        return true;
    }
    default:
        args->role = strcmp(text, "time") == 0 ? ROLE_TIME : ROLE_SERVER;
        return strcmp(text, "time") == 0 || strcmp(text, "server") == 0;
    }
}

static bool set_option(struct args *args, int option, const char *text)
{
    switch (option) {
    case 'f':
        args->config_file = text;
        return true;
    case 'd':
        args->foreground = true;
        return true;
    case 'x':
        args->observe = true;
        return true;
    case 'q':
        args->once = ONCE_SET;
        return true;
    case 'Q':
        args->once = ONCE_PRINT;
        args->observe = true;
        return true;
    case 't':
        return number(text, &args->seconds) && args->seconds > 0;
    case 'n':
        args->check = true;
        return true;
    case 'p':
        args->print = true;
        return true;
    case 'u':
        args->user = text;
        return true;
    case '4':
        args->ipv4_only = true;
        return true;
    case '6':
        args->ipv6_only = true;
        return true;
    case 'L':
        return set_level(args, text);
    case 'l':
        args->log_file = text;
        return true;
    case 's':
        args->state_dir = text;
        return true;
    case 'r':
        args->run_dir = text;
        return strlen(text) > 0 && strlen(text) <= RUN_DIR_MAX;
    default:
        return set_long(args, option, text);
    }
}

/* Of the options that take not every text; behind "can't be the value of". */
static const char *what_is_expected(int option)
{
    switch (option) {
    case 't':
        return "-t; expected seconds above 0, such as 30";
    case 'L':
        return "-L; expected debug, info, warning or error, or 0 to 3";
    case 'r':
        return "-r; expected a directory with a name of at most 90 characters: sockets allow no "
               "more";
    case OPTION_DIALECT:
        return "--dialect; expected chrony, ntp, openntpd or timesyncd";
    case OPTION_REFERENCE:
        return "--reference; expected OFFSET,NOISE in seconds, such as 0.2,0.00001";
    case OPTION_VIRTUAL:
        return "--virtual; expected OFFSET,PPM, such as 0.3,50, and at most 10000 ppm";
    default:
        return "--role, which is for noond's own processes";
    }
}

static enum args_result parse_words(struct args *args, int argc, char *const argv[])
{
    int option;

    optind = 0; /* GNU: forget everything about the words before */
    while ((option = getopt_long(argc, argv, "f:dxqQt:npu:46L:l:s:r:hv", long_options, NULL)) !=
           -1) {
        if (option == 'h') {
            fputs(help, stdout);
            return ARGS_EXIT;
        }
        if (option == 'v') {
            puts("noond " NOON_VERSION);
            return ARGS_EXIT;
        }
        if (option == '?') {
            fputs("noond: `noond -h` lists the options\n", stderr);
            return ARGS_BAD;
        }
        if (!set_option(args, option, optarg)) {
            fprintf(stderr, "noond: `%s` can't be the value of ", optarg);
            fprintf(stderr, "%s\n", what_is_expected(option));
            return ARGS_BAD;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "noond: `%s` is not an option; `noond -h` lists them\n", argv[optind]);
        return ARGS_BAD;
    }
    return ARGS_RUN;
}

enum args_result args_parse(struct args *args, int argc, char *const argv[], const char *flags)
{
    char *words[WORDS_MAX] = {argv[0]};
    int count = 1;
    enum args_result result;

    memset(args, 0, sizeof *args);
    args->log_level = -1;
    if (flags && strlen(flags) < sizeof args->words) {
        char *rest = args->words, *word;

        memcpy(args->words, flags, strlen(flags) + 1);
        while ((word = strsep(&rest, " ")) && count < WORDS_MAX - 1) {
            if (*word) {
                words[count++] = word;
            }
        }
    }
    words[count] = NULL;
    result = parse_words(args, count, words);
    if (result == ARGS_RUN) {
        args->manner = manners_of(argc, argv);
        result = args->manner == MANNER_NOON ? parse_words(args, argc, argv)
                                             : manners_parse(args, argc, argv);
    }
    if (result == ARGS_RUN && args->ipv4_only && args->ipv6_only) {
        fputs("noond: -4 and -6 exclude each other\n", stderr);
        result = ARGS_BAD;
    }
    return result;
}
