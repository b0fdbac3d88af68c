/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ke_trial.h - how a key exchange server that only tries its files (noon-helper --role=nts-server
 * --try) says by its exit status which of them is no good.
 */
#ifndef WIRE_KE_TRIAL_H
#define WIRE_KE_TRIAL_H

#include <stddef.h>

enum ke_trial_fault {
    KE_TRIAL_GOOD,
    KE_TRIAL_CERTIFICATE_UNREADABLE,
    KE_TRIAL_CERTIFICATE_FORMAT,
    KE_TRIAL_KEY_UNREADABLE,
    KE_TRIAL_KEY_FORMAT,
    KE_TRIAL_KEY_OTHER, /* of another certificate */
    KE_TRIAL_SECRET,    /* the file of ntssharedsecret */
};

enum { KE_TRIAL_PAIRS_MAX = 8 };

struct ke_trial {
    enum ke_trial_fault fault;
    size_t pair; /* which certificate and key, from 0 */
};

/* 0 if all are good, else 128 and more, where no other failure ends. */
int ke_trial_status(struct ke_trial trial);

/* KE_TRIAL_GOOD from any status that does not name a file: who could not try has not refused. */
struct ke_trial ke_trial_read(int status);

/* What is wrong, to be put behind the file's name: " is no certificate in PEM".  "" if good. */
const char *ke_trial_words(enum ke_trial_fault fault);

#endif
