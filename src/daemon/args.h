/* SPDX-License-Identifier: BSD-2-Clause */
/* args.h - noond's command line. */
#ifndef DAEMON_ARGS_H
#define DAEMON_ARGS_H

#include <stdbool.h>

enum args_once { ONCE_NO, ONCE_SET, ONCE_PRINT };
enum args_role { ROLE_PARENT, ROLE_TIME, ROLE_SERVER };

struct args {
    const char *config_file; /* NULL: the default */
    const char *user;        /* NULL: as configured */
    const char *state_dir;   /* NULL: the default */
    const char *run_dir;     /* NULL: the default */
    bool foreground;         /* -d: log to stderr */
    bool observe;            /* -x */
    bool check;              /* -n */
    bool print;              /* -p */
    bool single;
    bool ipv4_only, ipv6_only;
    enum args_once once;
    enum args_role role;
    double seconds; /* -t; 0: no limit */
    int log_level;  /* -L: enum log_level; -1: as configured */
    bool reference; /* --reference */
    double reference_noise_s;
    long long reference_offset_ns;
    bool virtual_clock; /* --virtual: discipline a clock of our own, starting so wrong */
    double virtual_offset_s;
    double virtual_freq_s_per_s;
    char words[1024]; /* of NOOND_FLAGS: options point into them */
};

enum args_result { ARGS_RUN, ARGS_EXIT, ARGS_BAD };

/*
 * Reads argv and the words of NOOND_FLAGS.  ARGS_EXIT: help or version was printed; ARGS_BAD: a
 * message went to stderr.
 */
enum args_result args_parse(struct args *args, int argc, char *const argv[], const char *flags);

#endif
