/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * config.h - a whole configuration as values: what the node is told, and what the daemon is told.
 *
 * config_parse() fills it from text.  Nothing here reads files: texts come through the caller's
 * functions, so that a test, a simulation and the daemon parse alike.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/err.h"
#include "config/dialect.h"
#include "config/message.h"
#include "core/node/options.h"

enum {
    CONFIG_ACCESS_MAX = 131072,
    CONFIG_SOURCEDIRS_MAX = 16,
    CONFIG_NTS_PAIRS_MAX = 8,
    CONFIG_XDP_MAX = 8,             /* interfaces of `xdp` */
    CONFIG_INTERFACE_NAME_MAX = 15, /* octets, as the kernel has it */
    CONFIG_TRUSTED_MAX = 16,        /* ntstrustedcerts lines */
    CONFIG_STRINGS_SIZE = 256 << 10,
    CONFIG_FILES_SIZE = 8 << 20, /* of all files open at once: a file and those that include it */
    CONFIG_NAME_ADDRESSES_MAX = 16,
    CONFIG_DIRECTORIES_MAX = 32,
    CONFIG_USES_MAX = 64,
    /* Rules with all names resolved: with this many, rules[] always fit beside 64 long names. */
    CONFIG_RESOLVED_MAX = CONFIG_ACCESS_MAX + 64 * CONFIG_NAME_ADDRESSES_MAX,
};

/* What is written to files in `logdir`: bits of daemon_options.log. */
enum config_log {
    CONFIG_LOG_MEASUREMENTS = 1,
    CONFIG_LOG_RAW_MEASUREMENTS = 2, /* refused replies too; implies MEASUREMENTS */
    CONFIG_LOG_STATISTICS = 4,
    CONFIG_LOG_TRACKING = 8,
    CONFIG_LOG_SELECTION = 16,
    CONFIG_LOG_LOOPSTATS = 32, /* from here on ntpd's */
    CONFIG_LOG_PEERSTATS = 64,
    CONFIG_LOG_RAWSTATS = 128,
    CONFIG_LOG_SYSSTATS = 256,
    CONFIG_LOG_TEMPCOMP = 512, /* chrony's */
};

/* Addresses of each family, ADDRESS_NONE: not set; and chrony's Unix socket, "/": none. */
struct config_binding {
    struct address address[2]; /* IPv4, IPv6 */
    const char *path;
};

/*
 * What the daemon itself is told.  Strings are borrowed from the config_space; NULL: not set, the
 * daemon's own default.
 */
struct daemon_options {
    uint16_t port;          /* of the server; 0: never opened.  Opened when `access` allows any */
    int acquisition_port;   /* of requests; -1: a random one each, 0: a random one for all */
    int server_threads;     /* 0: as many as there are processors */
    uint16_t command_port;  /* chrony's monitoring protocol; 0: never opened */
    uint32_t open_commands; /* opencommands: bits of enum chrony_open */
    struct limit_options command_limit; /* cmdratelimit: chronyc and mode 6, from elsewhere */
    struct address bind[2]; /* server: [0] IPv4, [1] IPv6; ADDRESS_NONE: all addresses */
    struct address bind_acquisition[2]; /* client, likewise */
    struct config_binding bind_command; /* monitoring; no address: loopback */
    const char *xdp;         /* plain requests by these, by spaces, are answered by their drivers */
    const char *bind_device; /* server sockets receive on this interface only */
    const char *bind_acquisition_device;
    const char *bind_command_device;
    const char *drift_file;
    double drift_interval_s; /* the drift file is written no more often */
    const char *log_file;    /* NULL: the system log */
    const char *log_dir;
    int log_banner;               /* a heading before each so many entries; 0: none */
    int log_size;                 /* octets of one such file; 0: no limit */
    int log_keep;                 /* older files of each kind that are kept */
    uint32_t log;                 /* enum config_log */
    const char *user;             /* name, UID or UID:GID */
    int dscp;                     /* marks packets of NTP; 0: not */
    int sched_priority;           /* of the time process, under SCHED_FIFO; 0: an ordinary one */
    bool lock_memory;             /* lock_all */
    const char *leap_list;        /* a file with the leap seconds */
    bool leap_check_hash;         /* which is not used when its hash is wrong */
    const char *tempcomp;         /* the line, without its first word; NULL: none */
    const char *temperature_file; /* of its sensor; NULL: all that are found */
    const char *leap_zone;        /* a time zone that knows them, "right/UTC" */
    const char *key_file;         /* symmetric keys */
    bool keys_of_ntp;             /* which are written as ntp does */
    const char *nts_dir; /* where keys and cookies of NTS are kept; NULL: the state directory */
    const char *trusted_certs[CONFIG_TRUSTED_MAX]; /* "SET PATH" or "PATH", as written */
    size_t trusted_cert_count;
    bool no_system_certs;
    const char *ntpctl_socket; /* OpenNTPD's ntpctl is answered there */
    const char *nts_certs[CONFIG_NTS_PAIRS_MAX], *nts_keys[CONFIG_NTS_PAIRS_MAX]; /* servers */
    size_t nts_cert_count, nts_key_count;
    const char *nts_secret;     /* from which the keys of cookies are derived */
    const char *nts_ntp_server; /* that NTS clients are sent to */
    const char *nts_suites;     /* of TLS, by colons; NULL: the usual ones */
    uint16_t nts_port;
    int nts_rotate_s, nts_connections, nts_threads; /* nts_threads: ntsprocesses */
    struct limit_options nts_limit;                 /* ntsratelimit */
    const char *pid_file;                           /* "/": none */
    const char *source_dirs[CONFIG_SOURCEDIRS_MAX]; /* each as written: directories, by spaces */
    size_t source_dir_count;
};

/* The lines `nts` of ntp.conf while it is read; strings as in daemon_options. */
struct config_ntp_nts {
    const char *cert, *key, *ca;
    uint8_t serves; /* `enable` is the last word on it */
    uint8_t aead;   /* its number; 0: not said */
};

/* Where a source was written. */
struct config_origin {
    const char *file;
    uint32_t line;
    bool sourcedir; /* in a file of a `sourcedir`: `reload` of sources alone replaces it */
};

enum config_use_kind {
    CONFIG_USE_KEYS,        /* symmetric keys */
    CONFIG_USE_CERTIFICATE, /* of an NTS server, in the order of the lines; so are its keys */
    CONFIG_USE_PRIVATE_KEY,
    CONFIG_USE_TRUST, /* certificates, or a directory of them */
    CONFIG_USE_SECRET,
    CONFIG_USE_LEAPS,
    CONFIG_USE_ZONE, /* below /usr/share/zoneinfo */
    CONFIG_USE_DRIFT,
    CONFIG_USE_DIRECTORY, /* in which something is written */
    CONFIG_USE_SENSOR,
    CONFIG_USE_LISTED, /* a directory whose files are read, and that may be missing */
};

/* A file, or directory, that the daemon will open, and the line that names it. */
struct config_use {
    uint8_t kind; /* enum config_use_kind */
    const char *directive;
    const char *path;
    struct config_origin origin;
};

/* An access rule as written: a name instead of a prefix has to be resolved before it holds. */
struct config_rule {
    struct access_rule rule;
    const char *name; /* NULL: rule.prefix says all */
};

/*
 * The memory of one configuration, the caller's: about 25 MB, of which a usual configuration
 * touches less than 1 MB if it is not cleared before.  Only config_*() looks inside.
 */
struct config_space {
    struct source_options sources[SOURCES_MAX];
    struct config_origin origins[SOURCES_MAX];           /* of sources[], one to one */
    struct config_rule rules[CONFIG_ACCESS_MAX];         /* allow, deny */
    struct config_rule command_rules[CONFIG_ACCESS_MAX]; /* cmdallow, cmddeny */
    struct access_rule access[CONFIG_RESOLVED_MAX];      /* of rules[], names resolved */
    size_t rule_count, command_rule_count;
    struct constraint_options constraints[CONSTRAINTS_MAX];
    const char *constraint_lines[CONSTRAINTS_MAX];   /* of constraints[]: as noon writes them */
    const char *directories[CONFIG_DIRECTORIES_MAX]; /* in which files were looked for */
    size_t directory_count;
    struct config_use uses[CONFIG_USES_MAX]; /* more are not remembered */
    size_t use_count;
    char strings[CONFIG_STRINGS_SIZE];
    size_t strings_used;
    char files[CONFIG_FILES_SIZE];
    size_t files_used;
};

struct config {
    struct node_options node; /* its arrays lie in *space */
    struct daemon_options daemon;
    int min_samples, max_samples; /* directives: of sources that don't say otherwise */
    enum config_dialect dialect;  /* of the file that was read */
    uint8_t pool_sources;         /* `tos maxclock` while ntp.conf is read; 0: not said */
    struct config_ntp_nts ntp_nts;
    uint32_t ntp_enabled, ntp_disabled; /* flags of `enable`, `disable`, likewise */
    uint8_t ntp_ignore_hash;            /* `leapfile FILE ignorehash`, likewise */
    struct config_space *space;         /* borrowed */
};

/* Defaults only, no sources.  Borrows `space` for as long as the configuration is used. */
void config_init(struct config *config, struct config_space *space);

struct config_input {
    const char *file; /* the main file's name: of messages, and read when `text` is NULL */
    const char *text; /* its content, `size` octets; NULL: read it */
    size_t size;
    enum config_dialect dialect; /* of the main file and of what it includes; UNKNOWN: recognised */
    enum config_dialect likely;  /* of a text that could be several; UNKNOWN: by the file's name */
    /* Lines of the native dialect from the environment, NULL: none: sources that take the place of
     * all that were written, and access rules that are added. */
    const char *servers, *allow;
    void *context; /* of the functions below; each may be NULL */
    /* The file's content into buffer[capacity]; ERR_RANGE when it is larger. */
    enum err (*read_file)(void *context, const char *path, char *buffer, size_t capacity,
                          size_t *size);
    /* Names in a directory, each ended by a zero, one after another; in any order. */
    enum err (*list_dir)(void *context, const char *path, char *buffer, size_t capacity,
                         size_t *size);
    /* Addresses of a name in `allow` or `deny`, at most `max`; NULL: such rules hold later, by
     * config_resolve_access(). */
    size_t (*lookup)(void *context, const char *name, struct address *addresses, size_t max);
};

/*
 * Read a configuration into *config, which config_init() has prepared.  Every error and warning
 * goes to *report; false when there was an error: then *config must not be used.
 */
bool config_parse(struct config *config, const struct config_input *input,
                  struct config_report *report);

/*
 * Read the files of `sourcedir` again: sources that came from there are replaced, all others stay.
 * Needs the input of config_parse().  Errors in these files are warnings.
 */
void config_reload_sources(struct config *config, const struct config_input *input,
                           struct config_report *report);

/*
 * One `allow`, `deny`, `cmdallow` or `cmddeny` line with a prefix, not a name.  False, with one
 * message in *report, when it is none.
 */
bool config_access_line(const char *line, struct access_rule *rule, struct config_report *report);

/*
 * One `server`, `pool` or `source` line (the word `server` may be left out), as of `noon add`.
 * Defaults are `config`'s.  False, with one message in *report, when it is none.
 */
bool config_source_line(const struct config *config, const char *line,
                        struct source_options *source, struct config_report *report);

/*
 * The directories whose files were read, or looked for: a sandbox has to leave them open for a
 * reload.  Borrowed from the configuration's space.
 */
const char *const *config_directories(const struct config *config, size_t *count);

/* How many `allow` and `deny` rules are written with a name. */
size_t config_access_names(const struct config *config);

/*
 * Look up the names in `allow` and `deny` (again) and rebuild config->node.access.  Returns how
 * many names have no address: their rules are left out.
 */
size_t config_resolve_access(struct config *config, const struct config_input *input);

#endif
