/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * settings.h - register.conf(5): which names this server is registered under, where, and when.
 *
 * A line is a word and what follows it; `dns` and `route53` lines go on with pairs of a word and
 * its value.  `#` begins a comment.
 */
#ifndef REGISTER_SETTINGS_H
#define REGISTER_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/text.h"
#include "register/record.h"

enum {
    SETTINGS_FILE_MAX = 64 << 10,
    SETTINGS_PLACES_MAX = 8,
    SETTINGS_WORD_SIZE = 256,
    SETTINGS_INTERFACE_SIZE = 16,
    SETTINGS_TTL_MAX_S = 60, /* the dead can't withdraw: they must be forgotten */
};

enum place_kind { PLACE_DNS, PLACE_ROUTE53 };

/* One registration: a `dns` or a `route53` line. */
struct place {
    enum place_kind kind;
    unsigned line;
    unsigned check_s; /* between two looks whether the records are still there */
    char name[RECORD_NAME_SIZE], host[RECORD_NAME_SIZE]; /* absolute; host "": none */
    bool srv;
    unsigned priority, weight; /* of the SRV record */
    /* dns */
    char server[SETTINGS_WORD_SIZE]; /* an address or a name */
    unsigned port;
    char zone[RECORD_NAME_SIZE]; /* absolute */
    char key[SETTINGS_WORD_SIZE];
    /* route53 */
    char zone_id[SETTINGS_WORD_SIZE];
    char id[SETTINGS_WORD_SIZE];     /* tells this server's records from the others' */
    bool weighted;                   /* else its records are multivalue answers */
    unsigned share;                  /* weighted: how much */
    char health[SETTINGS_WORD_SIZE]; /* "": no health check */
    char region[SETTINGS_WORD_SIZE];
    char endpoint[SETTINGS_WORD_SIZE];    /* without a slash at the end */
    char authorities[SETTINGS_WORD_SIZE]; /* certificates to trust; "": the system's */
    char credentials[SETTINGS_WORD_SIZE]; /* a file; "": environment, then the machine's role */
};

/* An `address` line. */
struct own_address {
    struct address address;                  /* NONE: those of an interface */
    char interface[SETTINGS_INTERFACE_SIZE]; /* "": a literal address */
};

struct settings {
    struct own_address addresses[RECORD_ADDRESSES_MAX];
    size_t address_count;
    unsigned ttl_s, settle_s;
    unsigned sources; /* that must agree; 0: holdover is good enough, too */
    double bound_s;
    struct place places[SETTINGS_PLACES_MAX];
    size_t place_count;
};

/*
 * Reads the text of `file` (a name, for messages).  `identity` is what a route53 line without `id`
 * has: this machine's name.  False: *problems says a line for each thing that is wrong.
 */
bool settings_read(struct settings *settings, const char *file, const char *text,
                   const char *identity, struct text *problems);

#endif
