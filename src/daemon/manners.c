/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/manners.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PRIORITY_MAX = 99, FILES_MAX = 5, OPTION_ROLE = 256, OPTION_IGNORED };

/* What a letter does here. */
enum effect {
    DOES_NOTHING, /* is fulfilled by noond as it is */
    DOES_FILE,
    DOES_FOREGROUND,
    DOES_NO_FORK, /* stays, and logs as always */
    DOES_OBSERVE,
    DOES_SET_ONCE,
    DOES_PRINT_ONCE,
    DOES_CHECK,
    DOES_PRINT,
    DOES_USER,
    DOES_IPV4,
    DOES_IPV6,
    DOES_LEVEL,
    DOES_SECONDS,
    DOES_PID_FILE,
    DOES_DRIFT_FILE,
    DOES_LOG_DIR,
    DOES_LOG_FILE,
    DOES_KEY_FILE,
    DOES_LOCK,
    DOES_PRIORITY,
    DOES_FIRST_FREE,
    DOES_SLEW,
    DOES_STEP_ONCE,
    DOES_VERSION,
    DOES_HELP,
    DOES_REFUSE,
};

struct flag {
    char letter;
    enum effect effect;
    const char *why;  /* of DOES_REFUSE, and of DOES_NOTHING when it is worth saying */
    const char *text; /* of DOES_NOTHING, for the documentation; NULL: `why` says it */
};

struct manner {
    const char *letters; /* for getopt() */
    const char *files[FILES_MAX];
    const struct flag *flags; /* ended by letter 0 */
};

static const struct flag chrony_flags[] = {
    {'4', DOES_IPV4, NULL},
    {'6', DOES_IPV6, NULL},
    {'f', DOES_FILE, NULL},
    {'n', DOES_NO_FORK, NULL},
    {'d', DOES_FOREGROUND, NULL},
    {'L', DOES_LEVEL, NULL},
    {'p', DOES_PRINT, NULL},
    {'q', DOES_SET_ONCE, NULL},
    {'Q', DOES_PRINT_ONCE, NULL},
    {'t', DOES_SECONDS, NULL},
    {'u', DOES_USER, NULL},
    {'x', DOES_OBSERVE, NULL},
    {'v', DOES_VERSION, NULL},
    {'h', DOES_HELP, NULL},
    {'F', DOES_NOTHING, NULL, "Fulfilled at every level: noond always filters its system calls."},
    {'U', DOES_NOTHING, NULL, "Fulfilled: noond runs as any user, with what that one may do."},
    {'r', DOES_NOTHING, NULL, "Fulfilled: what is kept over a restart is always read."},
    {'R', DOES_NOTHING, "-R: makestep holds after a restart as it does at a start"},
    {'s', DOES_NOTHING,
     "-s: the system reads the real-time clock at boot; noond does not set the "
     "clock from it"},
    {'m', DOES_LOCK, NULL},
    {'P', DOES_PRIORITY, NULL},
    {'l', DOES_LOG_FILE, NULL},
    {0},
};

static const struct flag ntp_flags[] = {
    {'4', DOES_IPV4, NULL},
    {'6', DOES_IPV6, NULL},
    {'c', DOES_FILE, NULL},
    {'d', DOES_FOREGROUND, NULL},
    {'D', DOES_FOREGROUND, NULL},
    {'n', DOES_NO_FORK, NULL},
    {'f', DOES_DRIFT_FILE, NULL},
    {'g', DOES_FIRST_FREE, NULL},
    {'G', DOES_FIRST_FREE, NULL},
    {'x', DOES_SLEW, NULL},
    {'q', DOES_SET_ONCE, NULL},
    {'p', DOES_PID_FILE, NULL},
    {'s', DOES_LOG_DIR, NULL},
    {'u', DOES_USER, NULL},
    {'N', DOES_NOTHING, "-N: write `sched_priority` into the configuration to run before others"},
    {'a', DOES_NOTHING, NULL, "Fulfilled: nobody is followed who is not written as a source."},
    {'A', DOES_NOTHING, NULL, "Fulfilled: nobody is followed who is not written as a source."},
    {'m', DOES_NOTHING, NULL, "noond is not announced by mDNS."},
    {'M', DOES_NOTHING, NULL, "Has an effect on another system only."},
    {'z', DOES_NOTHING, NULL, "noond needs no such limit of memory."},
    {'b', DOES_NOTHING, "-b: broadcasts are not followed"},
    {'r', DOES_NOTHING, "-r: broadcasts are not followed"},
    {'L', DOES_NOTHING, NULL, "An address of an interface's alias is one like the others."},
    {'U', DOES_NOTHING, NULL, "Changes of interfaces are noticed at once."},
    {'R', DOES_NOTHING, NULL, "NTPsec takes it and documents nothing."},
    {'Z', DOES_NOTHING, NULL, "NTPsec takes it and documents nothing."},
    {'w', DOES_NOTHING,
     "-w: noond is ready when its sockets are open; `noon wait` waits for the "
     "time"},
    {'P', DOES_PRIORITY, NULL},
    {'v', DOES_NOTHING, "-v: ntpq is shown noon's own state only"},
    {'V', DOES_VERSION, NULL},
    {'h', DOES_HELP, NULL},
    {'?', DOES_HELP, NULL},
    {'i', DOES_REFUSE,
     "-i: noond shuts itself in by Landlock, without a directory of its own; "
     "leave the flag out"},
    {'I', DOES_REFUSE, "-I: write `interface listen ADDRESS` into the configuration"},
    {'k', DOES_KEY_FILE, NULL},
    {'t', DOES_REFUSE, "-t: leave the flag out: no key is trusted that is not in `keys`"},
    {'l', DOES_LOG_FILE, NULL},
    {0},
};

static const struct flag openntpd_flags[] = {
    {'d', DOES_FOREGROUND, NULL},
    {'f', DOES_FILE, NULL},
    {'n', DOES_CHECK, NULL},
    {'p', DOES_PID_FILE, NULL},
    {'s', DOES_STEP_ONCE, NULL},
    {'S', DOES_NOTHING, NULL, "Fulfilled: without `-s` the clock is not stepped at the start."},
    {'v', DOES_NOTHING, NULL, "Every change of state is logged with its reason, as it is."},
    {'u', DOES_USER, NULL},
    {0},
};

static const struct manner manners[] = {
    [MANNER_NOON] = {"", {CONFIG_DEFAULT_FILE, NULL}, NULL},
    [MANNER_CHRONY] = {"46f:ndl:L:pqQrRst:u:UF:P:mxvh",
                       {"/etc/chrony/chrony.conf", "/etc/chrony.conf", NULL},
                       chrony_flags},
    [MANNER_NTP] = {"46aAbc:dD:f:gGhi:I:k:l:LmMnNp:P:qr:Rs:t:u:U:v:Vw:xzZ",
                    {"/etc/ntp.conf", "/etc/ntpsec/ntp.conf", "/etc/openntpd/ntpd.conf",
                     "/etc/ntpd.conf", NULL},
                    ntp_flags},
    [MANNER_OPENNTPD] = {"df:np:sSu:v",
                         {"/etc/openntpd/ntpd.conf", "/etc/ntpd.conf", NULL},
                         openntpd_flags},
};

/* ntp.org's long names of the same letters. */
static const struct option ntp_long[] = {
    {"ipv4", no_argument, NULL, '4'},
    {"ipv6", no_argument, NULL, '6'},
    {"configfile", required_argument, NULL, 'c'},
    {"driftfile", required_argument, NULL, 'f'},
    {"authreq", no_argument, NULL, 'a'},
    {"authnoreq", no_argument, NULL, 'A'},
    {"bcastsync", no_argument, NULL, 'b'},
    {"debug", no_argument, NULL, 'd'},
    {"set-debug-level", required_argument, NULL, 'D'},
    {"propagationdelay", required_argument, NULL, 'r'},
    {"trustedkey", required_argument, NULL, 't'},
    {"updateinterval", required_argument, NULL, 'U'},
    {"var", required_argument, NULL, 'v'},
    {"panicgate", no_argument, NULL, 'g'},
    {"force_step_once", no_argument, NULL, 'G'},
    {"nofork", no_argument, NULL, 'n'},
    {"pidfile", required_argument, NULL, 'p'},
    {"quit", no_argument, NULL, 'q'},
    {"slew", no_argument, NULL, 'x'},
    {"statsdir", required_argument, NULL, 's'},
    {"user", required_argument, NULL, 'u'},
    {"interface", required_argument, NULL, 'I'},
    {"keyfile", required_argument, NULL, 'k'},
    {"logfile", required_argument, NULL, 'l'},
    {"nice", no_argument, NULL, 'N'},
    {"priority", required_argument, NULL, 'P'},
    {"wait-sync", required_argument, NULL, 'w'},
    {"novirtualips", no_argument, NULL, 'L'},
    {"mdns", no_argument, NULL, 'm'},
    {"jaildir", required_argument, NULL, 'i'},
    {"version", no_argument, NULL, 'V'},
    {"help", no_argument, NULL, 'h'},
    {"role", required_argument, NULL, OPTION_ROLE},
    {NULL, 0, NULL, 0},
};

static const struct option other_long[] = {
    {"version", no_argument, NULL, 'v'},
    {"help", no_argument, NULL, 'h'},
    {"role", required_argument, NULL, OPTION_ROLE},
    {NULL, 0, NULL, 0},
};

static bool is_conf(const char *file)
{
    size_t length = strlen(file);

    return length > 5 && strcmp(file + length - 5, ".conf") == 0;
}

static bool ends_line(const char *word)
{
    return !word || word[0] == '-';
}

/* The letters of one word as OpenNTPD's; false: one of them is ntp.org's, or is used its way. */
static bool is_openntpd_word(const char *word, const char *next, bool *sure)
{
    if (word[1] == '-') {
        return false;
    }
    for (const char *at = word + 1; *at; at++) {
        const char *value = at[1] ? at + 1 : next;

        switch (*at) {
        case 'f':
            *sure = *sure || (value && is_conf(value));
            return value && is_conf(value);
        case 'p':
            return true;
        case 's':
            if (at[1] == '\0' && !ends_line(next)) {
                return false; /* ntp.org's directory of statistics */
            }
            *sure = true;
            break;
        case 'v':
            if (at[1] == '\0' && !ends_line(next)) {
                return false; /* ntp.org's variable */
            }
            *sure = true;
            break;
        case 'd':
        case 'n':
        case 'S':
            break;
        default:
            return false;
        }
    }
    return true;
}

static enum args_manner manner_of_ntpd(int argc, char *const argv[])
{
    bool sure = false;

    /* Behind --role the words are noond's own to its processes. */
    for (int i = 1; i < argc && strncmp(argv[i], "--role", 6) != 0; i++) {
        const char *next = i + 1 < argc ? argv[i + 1] : NULL;

        if (argv[i][0] == '-' && argv[i][1] && !is_openntpd_word(argv[i], next, &sure)) {
            return MANNER_NTP;
        }
    }
    return sure ? MANNER_OPENNTPD : MANNER_NTP;
}

enum args_manner manners_of(int argc, char *const argv[])
{
    const char *slash = strrchr(argv[0], '/');
    const char *name = slash ? slash + 1 : argv[0];

    if (strcmp(name, "chronyd") == 0) {
        return MANNER_CHRONY;
    }
    if (strcmp(name, "openntpd") == 0) {
        return MANNER_OPENNTPD;
    }
    return strcmp(name, "ntpd") == 0 ? manner_of_ntpd(argc, argv) : MANNER_NOON;
}

static const struct flag *find_flag(enum args_manner manner, int letter)
{
    for (const struct flag *flag = manners[manner].flags; flag->letter; flag++) {
        if (flag->letter == letter) {
            return flag;
        }
    }
    return NULL;
}

static bool set_number(double *value, const char *text)
{
    char *end;

    *value = strtod(text, &end);
    return end != text && *end == '\0' && *value > 0 && *value < 1e9;
}

static bool set_priority(struct args *args, const char *text)
{
    char *end;
    long value = strtol(text, &end, 10);

    args->order.priority = value >= 0 && value <= PRIORITY_MAX ? (int)value : 0;
    return end != text && *end == '\0' && value >= 0 && value <= PRIORITY_MAX;
}

/* chronyd's levels go from -1 (everything) to 3. */
static bool set_level(struct args *args, const char *text)
{
    bool digit = text[0] >= '0' && text[0] <= '3' && text[1] == '\0';

    args->log_level = digit ? text[0] - '0' : 0;
    return digit || strcmp(text, "-1") == 0;
}

/* Flags without a value; false: it has one. */
static bool switch_on(struct args *args, const struct flag *flag)
{
    const struct {
        enum effect effect;
        bool *field;
    } switches[] = {
        {DOES_FOREGROUND, &args->foreground},
        {DOES_NO_FORK, &args->no_fork},
        {DOES_OBSERVE, &args->observe},
        {DOES_CHECK, &args->check},
        {DOES_PRINT, &args->print},
        {DOES_IPV4, &args->ipv4_only},
        {DOES_IPV6, &args->ipv6_only},
        {DOES_FIRST_FREE, &args->order.first_free},
        {DOES_SLEW, &args->order.slew},
        {DOES_STEP_ONCE, &args->order.step_once},
        {DOES_LOCK, &args->order.lock_memory},
    };

    for (size_t i = 0; i < sizeof switches / sizeof switches[0]; i++) {
        if (switches[i].effect == flag->effect) {
            *switches[i].field = true;
            return true;
        }
    }
    if (flag->effect == DOES_NOTHING) {
        args->remark = flag->why ? flag->why : args->remark;
        return true;
    }
    if (flag->effect != DOES_SET_ONCE && flag->effect != DOES_PRINT_ONCE) {
        return false;
    }
    args->once = flag->effect == DOES_SET_ONCE ? ONCE_SET : ONCE_PRINT;
    args->observe = args->observe || args->once == ONCE_PRINT;
    return true;
}

/* Flags with one; false: it makes no sense. */
static bool take_value(struct args *args, const struct flag *flag, const char *value)
{
    const struct {
        enum effect effect;
        const char **field;
    } texts[] = {
        {DOES_FILE, &args->config_file},        {DOES_USER, &args->user},
        {DOES_PID_FILE, &args->order.pid_file}, {DOES_DRIFT_FILE, &args->order.drift_file},
        {DOES_LOG_DIR, &args->order.log_dir},   {DOES_LOG_FILE, &args->log_file},
        {DOES_KEY_FILE, &args->order.key_file},
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (texts[i].effect == flag->effect) {
            *texts[i].field = value;
            return true;
        }
    }
    return flag->effect == DOES_LEVEL      ? set_level(args, value)
           : flag->effect == DOES_SECONDS  ? set_number(&args->seconds, value)
           : flag->effect == DOES_PRIORITY ? set_priority(args, value)
                                           : false;
}

static enum args_result bad(const char *name, const char *what, const char *why)
{
    fprintf(stderr, "noond, called as %s: %s%s\n", name, what, why);
    return ARGS_BAD;
}

static bool set_role(struct args *args, const char *role)
{
    args->role = strcmp(role, "time") == 0 ? ROLE_TIME : ROLE_SERVER;
    return strcmp(role, "time") == 0 || strcmp(role, "server") == 0;
}

static enum args_result one_flag(struct args *args, const char *name, int letter, const char *value)
{
    const struct flag *flag = find_flag(args->manner, letter);

    if (letter == OPTION_ROLE) {
        return set_role(args, value) ? ARGS_RUN : bad(name, "--role is noond's own", "");
    }
    if (!flag) {
        return bad(name, "it has no such flag; ", "call it as noond for its own flags");
    }
    if (flag->effect == DOES_VERSION || flag->effect == DOES_HELP) {
        printf("noond %s, called as %s: takes its flags and its configuration; see noond(8)\n",
               NOON_VERSION, name);
        return ARGS_EXIT;
    }
    if (flag->effect == DOES_REFUSE) {
        return bad(name, "", flag->why);
    }
    return switch_on(args, flag) || take_value(args, flag, value)
               ? ARGS_RUN
               : bad(name, "this is no value for a flag: ", value);
}

/* chronyd takes lines of its configuration behind the flags, instead of the file. */
static enum args_result take_rest(struct args *args, const char *name, int argc, char *const argv[])
{
    if (optind < argc && args->manner != MANNER_CHRONY) {
        return bad(name, "this is no flag: ", argv[optind]);
    }
    args->order.lines = &argv[optind];
    args->order.line_count = optind < argc ? (size_t)(argc - optind) : 0;
    return ARGS_RUN;
}

enum args_result manners_parse(struct args *args, int argc, char *const argv[])
{
    const struct manner *manner = &manners[args->manner];
    const struct option *longs = args->manner == MANNER_NTP ? ntp_long : other_long;
    enum args_result result = ARGS_RUN;
    int letter;

    static const enum config_dialect likely[] = {
        [MANNER_NOON] = DIALECT_UNKNOWN,
        [MANNER_CHRONY] = DIALECT_CHRONY,
        [MANNER_NTP] = DIALECT_NTP,
        [MANNER_OPENNTPD] = DIALECT_OPENNTPD,
    };

    args->order.likely = likely[args->manner];
    /* Units wait for it there. */
    args->order.pid_default =
        args->manner == MANNER_CHRONY ? "/run/chrony/chronyd.pid" : args->order.pid_default;
    optind = 0; /* GNU: forget everything about the words before */
    while (result == ARGS_RUN &&
           (letter = getopt_long(argc, argv, manner->letters, longs, NULL)) != -1) {
        result = one_flag(args, argv[0], letter, optarg);
    }
    return result == ARGS_RUN ? take_rest(args, argv[0], argc, argv) : result;
}

const char *manners_file(enum args_manner manner, bool (*exists)(const char *path))
{
    const char *const *files = manners[manner].files;

    for (unsigned i = 0; files[i]; i++) {
        if (exists(files[i])) {
            return files[i];
        }
    }
    return files[0];
}

static const char *effect_text(enum effect effect)
{
    static const char *const texts[] = {
        [DOES_FILE] = "Reads this configuration.",
        [DOES_FOREGROUND] = "Stays in the foreground and logs to standard error.",
        [DOES_NO_FORK] = "Stays in the foreground, and logs as always.",
        [DOES_OBSERVE] = "Does not touch the clock.",
        [DOES_SET_ONCE] = "Sets the clock once and exits.",
        [DOES_PRINT_ONCE] = "Prints by how much the clock is wrong and exits.",
        [DOES_CHECK] = "Checks the configuration and exits.",
        [DOES_PRINT] = "Prints the configuration as it is understood, in noon's words, and exits.",
        [DOES_USER] = "Runs as this user.",
        [DOES_IPV4] = "Uses IPv4 only.",
        [DOES_IPV6] = "Uses IPv6 only.",
        [DOES_LEVEL] = "Logs this level and what is worse.",
        [DOES_SECONDS] = "Exits after so many seconds.",
        [DOES_PID_FILE] = "Writes the process number there.",
        [DOES_DRIFT_FILE] = "Keeps the frequency of the clock there.",
        [DOES_LOG_DIR] = "Writes the files of `statistics` there.",
        [DOES_LOG_FILE] = "Appends the log to this file.",
        [DOES_KEY_FILE] = "Reads the symmetric keys from this file.",
        [DOES_LOCK] = "Keeps noond in memory: `lock_all`.",
        [DOES_PRIORITY] = "Runs the time process under SCHED_FIFO: `sched_priority`.",
        [DOES_FIRST_FREE] = "The first correction may be of any size.",
        [DOES_SLEW] = "Corrects up to 600 s without a step.",
        [DOES_STEP_ONCE] = "Corrects the clock by a step at the start.",
        [DOES_VERSION] = "Prints the version.",
        [DOES_HELP] = "Prints what noond is.",
        [DOES_REFUSE] = "",
    };

    return texts[effect];
}

bool manners_flag(enum args_manner manner, size_t index, struct manners_flag *out)
{
    const struct flag *flag = manners[manner].flags;
    const char *letter;

    for (size_t i = 0; i < index && flag->letter; i++) {
        flag++;
    }
    if (!flag->letter) {
        return false;
    }
    letter = strchr(manners[manner].letters, flag->letter);
    *out = (struct manners_flag){
        .letter = flag->letter,
        .takes_value = letter && letter[1] == ':',
        .refused = flag->effect == DOES_REFUSE,
        .means_nothing = flag->effect == DOES_NOTHING && flag->why != NULL,
        .text = flag->effect == DOES_NOTHING || flag->effect == DOES_REFUSE
                    ? flag->text ? flag->text : flag->why
                    : effect_text(flag->effect),
    };
    for (const struct option *row = manner == MANNER_NTP ? ntp_long : other_long; row->name;
         row++) {
        out->name = row->val == flag->letter && !out->name ? row->name : out->name;
    }
    /* A reason begins with the flag, which stands in front of it here. */
    if (out->text[0] == '-' && out->text[1] == flag->letter && out->text[2] == ':') {
        out->text += 4;
    }
    return true;
}

const char *manners_letters(enum args_manner manner)
{
    return manners[manner].letters;
}
