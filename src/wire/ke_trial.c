/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/ke_trial.h"

#include "base/must.h"

enum { NAMES_A_FILE = 128, PAIR_SHIFT = 3, FAULT_MASK = 7, STATUS_MAX = 255 };

int ke_trial_status(struct ke_trial trial)
{
    must(trial.pair < KE_TRIAL_PAIRS_MAX);
    return trial.fault == KE_TRIAL_GOOD
               ? 0
               : NAMES_A_FILE | (int)trial.pair << PAIR_SHIFT | (int)trial.fault;
}

struct ke_trial ke_trial_read(int status)
{
    struct ke_trial trial = {.fault = KE_TRIAL_GOOD};

    if (status >= NAMES_A_FILE && status <= STATUS_MAX &&
        (status & FAULT_MASK) <= KE_TRIAL_SECRET) {
        trial.fault = (enum ke_trial_fault)(status & FAULT_MASK);
        trial.pair = (size_t)(status >> PAIR_SHIFT) % KE_TRIAL_PAIRS_MAX;
    }
    return trial;
}

const char *ke_trial_words(enum ke_trial_fault fault)
{
    switch (fault) {
    case KE_TRIAL_GOOD:
        break;
    case KE_TRIAL_CERTIFICATE_UNREADABLE:
    case KE_TRIAL_KEY_UNREADABLE:
        return " can't be read: is it there, and may noond read it?";
    case KE_TRIAL_CERTIFICATE_FORMAT:
        return " is no certificate in PEM";
    case KE_TRIAL_KEY_FORMAT:
        return " is no private key in PEM without a passphrase";
    case KE_TRIAL_KEY_OTHER:
        return " is not the private key of this certificate";
    case KE_TRIAL_SECRET:
        return " can't be used as the secret of cookies; the log says why";
    }
    return "";
}
