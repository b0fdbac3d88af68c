/* SPDX-License-Identifier: BSD-2-Clause */
/* order.h - what the command line asks for. */
#ifndef DAEMON_ORDER_H
#define DAEMON_ORDER_H

#include <stdbool.h>
#include <stddef.h>

#include "config/dialect.h"

#define CONFIG_DEFAULT_FILE "/etc/noon/noon.conf"

/* Which configuration, and what flags say that goes before it. */
struct config_order {
    const char *file;
    char *const *lines;          /* the configuration itself, instead of the file */
    size_t line_count;           /* 0: the file */
    enum config_dialect dialect; /* UNKNOWN: recognised */
    enum config_dialect likely;  /* when it could be several; UNKNOWN: by its name */
    const char *servers, *allow; /* of the environment, see environment.h; NULL: not said there */
    const char *pid_file, *drift_file, *log_dir; /* NULL: as configured */
    const char *pid_default; /* where the pid file lies when nobody says; NULL: noond's own place */
    const char *key_file;    /* NULL: as configured */
    bool lock_memory;        /* lock_all */
    int priority;            /* sched_priority; 0: as configured */
    bool first_free;         /* the first correction may be of any size */
    bool slew;               /* up to 600 s without a step */
    bool step_once;          /* the first correction is a step */
};

enum args_once { ONCE_NO, ONCE_SET, ONCE_PRINT };
enum args_role { ROLE_PARENT, ROLE_TIME, ROLE_SERVER };

/* Whose flags they are. */
enum args_manner { MANNER_NOON, MANNER_CHRONY, MANNER_NTP, MANNER_OPENNTPD };

struct args {
    enum args_manner manner;
    struct config_order order; /* but for its file */
    bool no_fork;              /* stays, without logging to stderr for it */
    const char *remark;        /* what a flag of another daemon does not do here; NULL: none */
    const char *config_file;   /* NULL: the default */
    const char *user;          /* NULL: as configured */
    const char *state_dir;     /* NULL: the default */
    const char *run_dir;       /* NULL: the default */
    bool foreground;           /* -d: log to stderr */
    bool observe;              /* -x */
    bool check;                /* -n */
    bool print;                /* -p */
    bool single;
    bool ipv4_only, ipv6_only;
    enum args_once once;
    enum args_role role;
    double seconds;       /* -t; 0: no limit */
    const char *log_file; /* -l; NULL: as configured */
    int log_level;        /* -L: enum log_level; -1: as configured */
    bool reference;       /* --reference */
    double reference_noise_s;
    long long reference_offset_ns;
    bool virtual_clock; /* --virtual: discipline a clock of our own, starting so wrong */
    double virtual_offset_s;
    double virtual_freq_s_per_s;
    char words[1024]; /* of NOOND_FLAGS: options point into them */
};

enum args_result { ARGS_RUN, ARGS_EXIT, ARGS_BAD };

#endif
