/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * option.h - the one table of everything that a configuration can say.
 *
 * The parser, the printer, the difference of two configurations, the manual and docs/dialects are
 * all driven by it, so that none of them can know an option that the others don't.
 */
#ifndef CONFIG_OPTION_H
#define CONFIG_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum verdict {
    VERDICT_WORKS,
    VERDICT_NOTHING_HERE, /* has no meaning here: one warning, the daemon runs */
    VERDICT_NOT_YET,      /* not built yet: the same, and a check fails */
    VERDICT_REFUSED,      /* ignoring it would weaken what was asked: no start */
};

/* Where a word is looked up: directives, or the keywords and values that may follow one. */
enum option_scope {
    SCOPE_NONE,
    SCOPE_DIRECTIVE,
    SCOPE_SOURCE,
    SCOPE_LOCAL,
    SCOPE_DRIFTFILE,
    SCOPE_KEYFILE,
    SCOPE_LEAPSECLIST,
    SCOPE_LOG,
    SCOPE_ROLE,
    SCOPE_LEAPSECMODE,
    SCOPE_AUTHSELECTMODE,
    SCOPE_REFCLOCK,
    SCOPE_REFCLOCK_DRIVER,
    SCOPE_REFCLOCK_PARAMETER, /* behind the driver's parameter, after a colon */
    SCOPE_RATELIMIT,
    SCOPE_CMD_RATELIMIT,
    SCOPE_NTS_RATELIMIT, /* of ntsratelimit */
    SCOPE_HWTIMESTAMP,
    SCOPE_RXFILTER,
    SCOPE_SMOOTHTIME,
    SCOPE_OPENCOMMANDS,
    /* ntp.conf, and what may follow its directives. */
    SCOPE_NTP,
    SCOPE_NTP_SOURCE,
    SCOPE_NTP_RESTRICT,
    SCOPE_NTP_FUDGE,
    SCOPE_NTP_TINKER,
    SCOPE_NTP_TOS,
    SCOPE_NTP_ENABLE,
    SCOPE_NTP_DISABLE,
    SCOPE_NTP_MRU,
    SCOPE_NTP_RLIMIT,
    SCOPE_NTP_DISCARD,
    SCOPE_NTP_STATISTICS,
    SCOPE_NTP_LEAPFILE,
    SCOPE_NTP_NTS,
    SCOPE_NTP_AEAD,
    SCOPE_NTP_MINTLS,
    SCOPE_NTP_MAXTLS,
    /* OpenNTPD's ntpd.conf, likewise; and the keys of timesyncd.conf. */
    SCOPE_OPENNTPD,
    SCOPE_OPENNTPD_SERVER,
    SCOPE_OPENNTPD_LISTEN,
    SCOPE_OPENNTPD_SENSOR,
    SCOPE_TIMESYNCD,
    SCOPE_COUNT
};

/* The parts of the manual. */
enum option_section {
    SECTION_SOURCES,
    SECTION_SELECTION,
    SECTION_CLOCK,
    SECTION_SERVER,
    SECTION_CONTROL,
    SECTION_LOGGING,
    SECTION_FILES,
    SECTION_PROCESS,
    SECTION_RTC,
    SECTION_AUTHENTICATION,
    SECTION_COUNT
};

enum option_type {
    TYPE_NONE,
    TYPE_INT8,
    TYPE_UINT8,
    TYPE_UINT16,
    TYPE_UINT32,
    TYPE_INT,
    TYPE_HEX, /* a whole number in hexadecimal digits; stored nowhere */
    TYPE_DOUBLE,
    TYPE_STRING,
    TYPE_ENUM,    /* uint8_t: the `value` of an option of the argument's scope */
    TYPE_SET,     /* uint32_t: the `value`s of all words left, or-ed */
    TYPE_ADDRESS, /* struct address[2], the first IPv4, the second IPv6: each written once */
    TYPE_BINDING, /* struct config_binding: the same, or a path */
    TYPE_WORDS,   /* minimum to maximum words of any kind; stored nowhere */
};

/* `offset` of an argument that is understood but has no place to go: nothing to set lies there. */
enum { NO_FIELD = 0 };

struct option_argument {
    const char *name; /* in the manual */
    enum option_type type;
    size_t offset; /* of the field; of a directive in struct config, of a source option in
                      struct source_options */
    double minimum, maximum;
    enum option_scope scope; /* of TYPE_ENUM and TYPE_SET */
    bool ppm;                /* written in ppm, kept as a ratio */
    bool clamp;              /* beyond the limits: a warning, and the limit is used */
};

enum { OPTION_ARGUMENTS_MAX = 3 };

struct option {
    const char *name;
    enum option_section section;
    enum verdict verdict;
    bool restart;            /* a change of it is taken up at the next start only */
    bool repeats;            /* every line counts; without: the last one */
    bool native;             /* noon's own: not of chrony */
    uint32_t value;          /* of a word of TYPE_ENUM or TYPE_SET, or of `field` */
    size_t flag;             /* bool that its presence sets, or NO_FIELD */
    size_t field;            /* uint8_t that its presence sets to `value`, or NO_FIELD */
    enum option_scope scope; /* of the keywords that may follow the arguments */
    const char *standard;    /* the default, as written; NULL: none */
    const char *neutral;     /* with these arguments the line asks for nothing that is missing */
    const char *arguments;   /* as the manual shows them, when the list below can't; NULL: it can */
    const char *help;        /* what it does */
    const char *reason;      /* why the verdict is not WORKS, and what to write instead */
    struct option_argument argument[OPTION_ARGUMENTS_MAX];
};

/* An option of the scope by its place in the manual's order, from 0; NULL: behind the last. */
const struct option *option_at(enum option_scope scope, size_t index);

/* How many options the scope has. */
size_t option_count(enum option_scope scope);

/* The option of that name, whatever its case; NULL: there is none. */
const struct option *option_find(enum option_scope scope, const char *name);

/* The name of the scope most like `name`, when one is like it; NULL otherwise. */
const char *option_suggest(enum option_scope scope, const char *name);

/* How many arguments it must have. */
unsigned option_argument_count(const struct option *option);

/* The verdict as the documentation calls it. */
const char *verdict_name(enum verdict verdict);

#endif
