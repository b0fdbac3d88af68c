/* SPDX-License-Identifier: BSD-2-Clause */
/* err.h - what the environment can refuse; returned, and looked at by every caller. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

enum err {
    ERR_NONE,
    ERR_DENIED,      /* a privilege is missing (EPERM, EACCES) */
    ERR_UNSUPPORTED, /* this kernel, or this simulator, does not have it */
    ERR_IN_USE,      /* somebody else has the address, the lock, the file */
    ERR_NOT_FOUND,
    ERR_FULL,   /* disk, table, quota */
    ERR_AGAIN,  /* nothing there now */
    ERR_FORMAT, /* what was read is not what it should be */
    ERR_UNREACHABLE,
    ERR_RANGE,
    ERR_OTHER,
};

#define MUST_USE __attribute__((warn_unused_result))

#endif
