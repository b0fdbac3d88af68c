/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * role_look.h - certificates and keys are looked at, for `noon check`: can noond use them, and
 * until when?  Runs as whoever asks, opens no connection.
 */
#ifndef HELPER_ROLE_LOOK_H
#define HELPER_ROLE_LOOK_H

/*
 * Arguments behind `--role=look`: `cert=PATH`, `key=PATH` (of the `cert` before it) and
 * `trust=PATH`.  For each one a line on `fd`: "WORD FROM UNTIL", with the dates of
 * certificates in seconds since 1970, else 0; WORD is ok, missing, denied, format, or for a key
 * mismatch.  Returns an exit status.
 */
int role_look(int argc, char *const argv[], int fd);

#endif
