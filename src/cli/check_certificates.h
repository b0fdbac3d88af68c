/* SPDX-License-Identifier: BSD-2-Clause */
/* check_certificates.h - what noon-helper, which alone knows OpenSSL, says about certificates. */
#ifndef CLI_CHECK_CERTIFICATES_H
#define CLI_CHECK_CERTIFICATES_H

#include <stdbool.h>

#include "config/config.h"

enum certificate_verdict {
    CERTIFICATE_OK,
    CERTIFICATE_MISSING,
    CERTIFICATE_DENIED,
    CERTIFICATE_FORMAT,
    CERTIFICATE_MISMATCH, /* a key that is not of the certificate before it */
};

struct certificate_look {
    enum certificate_verdict verdict;
    struct utc_time from, until; /* of a certificate */
};

/*
 * Looks at those of uses[count] that are certificates or keys of them: looks[] has a place for
 * each.  A key belongs to the certificate of the same number.  False: noon-helper can't be asked.
 */
bool check_certificates(const struct config_use *uses, size_t count,
                        struct certificate_look *looks);

#endif
