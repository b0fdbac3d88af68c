/* SPDX-License-Identifier: BSD-2-Clause */
/* storage.h - small files that are whole or absent, and directories to keep them in. */
#ifndef SYS_STORAGE_H
#define SYS_STORAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * Reads a whole file of at most `capacity` octets.  ERR_NOT_FOUND, ERR_DENIED; ERR_RANGE: longer;
 * ERR_FORMAT: a directory or device, but for /dev/null, which is empty.
 */
MUST_USE enum err storage_read(const char *path, void *bytes, size_t capacity, size_t *size);

/* A file of secrets: how to get at it, and what it holds. */
struct storage_secret {
    const char *path;
    int fd;      /* opened by somebody with more rights, and his to close; -1: open `path` */
    void *bytes; /* the caller's, `capacity` octets */
    size_t capacity;
    size_t size;   /* read */
    unsigned mode; /* its permissions */
};

/* Opens a file for reading, to be passed on to another process; -1: it can't be. */
int storage_open_secret(const char *path);
/* Reads it from the start; errors as storage_read(). */
MUST_USE enum err storage_read_secret(struct storage_secret *secret);

/*
 * Replaces a file so that after a crash it holds the old or the new content: temporary file in the
 * same directory, fsync, rename, fsync of the directory.  ERR_FULL: disk or quota full; ERR_DENIED:
 * also when the file system is read-only.  The old content stays on error.
 */
MUST_USE enum err storage_replace(const char *path, const void *bytes, size_t size, unsigned mode);

/* The directory part of a path, "." when there is none. */
void storage_directory_of(const char *path, char *out, size_t size);

bool storage_is_directory(const char *path);
bool storage_is_file(const char *path);

/* Makes a directory and those above it; gives the last to that owner (uid -1: leave). */
MUST_USE enum err storage_make_directory(const char *path, unsigned mode, int64_t uid, int64_t gid);

/* Opens for appending, making it: for logs.  -1: failed, errno says why. */
int storage_append_open(const char *path, unsigned mode);
uint64_t storage_append_size(int fd);
/*
 * Makes room for a new file: FILE becomes FILE.1, that FILE.2 and so on; of those `keep` stay, and
 * with 0 the file is removed.
 */
void storage_shift(const char *path, unsigned keep);
/* Appends one whole line or block. */
MUST_USE enum err storage_append(int fd, const void *bytes, size_t size);

void storage_remove(const char *path);

/*
 * Writes our process id.  ERR_IN_USE: it names a living process of this program (its id in
 * *other); a stale one is replaced.
 */
MUST_USE enum err storage_pidfile(const char *path, int *other);

/* The kind of refusal behind an errno, for all of sys and its callers. */
enum err storage_err(int os_error);

#endif
