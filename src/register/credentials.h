/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * credentials.h - who this server is to Amazon: a file, the environment, or the role of the machine
 * by the instance metadata service (IMDSv2).
 */
#ifndef REGISTER_CREDENTIALS_H
#define REGISTER_CREDENTIALS_H

#include <stdbool.h>

#include "base/text.h"

enum { CREDENTIALS_FILE_MAX = 16 << 10, CREDENTIALS_TOKEN_SIZE = 4096 };

struct credentials {
    char key_id[160], secret[160];
    char token[CREDENTIALS_TOKEN_SIZE]; /* of the session; "": none */
};

/*
 * From the file, as the AWS command line has it ([default]); where `file` is "", from
 * AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN; where there are none, from
 * http://169.254.169.254.  False: *why says what is missing.
 */
bool credentials_find(struct credentials *credentials, const char *file, struct text *why);

/* The `[default]` of such a file's text; false: it has no key, or one that is too long. */
bool credentials_of_file(struct credentials *credentials, const char *text);
/* What the metadata service says about a role. */
bool credentials_of_role(struct credentials *credentials, const char *json);

#endif
