/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/storage.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum err storage_err(int os_error)
{
    switch (os_error) {
    case 0:
        return ERR_NONE;
    case EPERM:
    case EACCES:
    case EROFS:
        return ERR_DENIED;
    case ENOSYS:
    case EOPNOTSUPP:
    case EAFNOSUPPORT:
    case EPROTONOSUPPORT:
    case EPROTOTYPE:
    case EINVAL:
        return ERR_UNSUPPORTED;
    case EADDRINUSE:
    case EBUSY:
    case EEXIST:
        return ERR_IN_USE;
    case ENOENT:
    case ENOTDIR:
    case ENODEV:
    case EADDRNOTAVAIL:
        return ERR_NOT_FOUND;
    case ENOSPC:
    case EDQUOT:
    case ENOMEM:
    case ENOBUFS:
    case EMFILE:
    case ENFILE:
    case EFBIG:
        return ERR_FULL;
    case EAGAIN:
    case EINTR:
        return ERR_AGAIN;
    case ECONNREFUSED:
    case EHOSTUNREACH:
    case EHOSTDOWN:
    case ENETUNREACH:
    case ENETDOWN:
    case ENONET:
    case EPIPE:
    case ECONNRESET:
    case ENOTCONN:
        return ERR_UNREACHABLE;
    default:
        return ERR_OTHER;
    }
}

/* Reads until `capacity` or the end of the file. */
static enum err read_all(int fd, uint8_t *bytes, size_t capacity, size_t *size)
{
    *size = 0;
    while (*size < capacity) {
        ssize_t got = read(fd, bytes + *size, capacity - *size);

        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return errno == EISDIR ? ERR_FORMAT : storage_err(errno);
        }
        if (got == 0) {
            return ERR_NONE;
        }
        *size += (size_t)got;
    }
    char more;
    return read(fd, &more, 1) == 1 ? ERR_RANGE : ERR_NONE;
}

/* /dev/null, the empty file of people who want none. */
static bool is_null(const struct stat *st)
{
    return S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3);
}

enum err storage_read(const char *path, void *bytes, size_t capacity, size_t *size)
{
    struct stat st;
    enum err err;

    *size = 0;
    /* O_NONBLOCK: a FIFO in the file's place must not stop a daemon. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        return storage_err(errno);
    }
    if (fstat(fd, &st) != 0) {
        err = storage_err(errno);
    } else if (!S_ISREG(st.st_mode) && !is_null(&st)) {
        err = ERR_FORMAT;
    } else {
        err = read_all(fd, bytes, capacity, size);
    }
    (void)close(fd);
    return err;
}

int storage_open_secret(const char *path)
{
    return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

enum err storage_read_secret(struct storage_secret *secret)
{
    int fd = secret->fd >= 0 ? secret->fd : storage_open_secret(secret->path);
    struct stat st;
    enum err err;

    secret->size = 0;
    if (fd < 0) {
        return storage_err(errno);
    }
    if (fstat(fd, &st) != 0) {
        err = storage_err(errno);
    } else if (!S_ISREG(st.st_mode) || lseek(fd, 0, SEEK_SET) != 0) {
        err = ERR_FORMAT;
    } else {
        secret->mode = st.st_mode & 07777U;
        err = read_all(fd, secret->bytes, secret->capacity, &secret->size);
    }
    if (fd != secret->fd) {
        (void)close(fd);
    }
    return err;
}

enum err storage_append(int fd, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;

    while (size > 0) {
        ssize_t done = write(fd, at, size);

        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done < 0) {
            return storage_err(errno);
        }
        at += done;
        size -= (size_t)done;
    }
    return ERR_NONE;
}

void storage_directory_of(const char *path, char *out, size_t size)
{
    const char *slash = strrchr(path, '/');

    if (slash == NULL) {
        (void)snprintf(out, size, ".");
    } else if (slash == path) {
        (void)snprintf(out, size, "/");
    } else {
        (void)snprintf(out, size, "%.*s", (int)(slash - path), path);
    }
}

/* A rename is on the disk only when its directory is. */
static void sync_directory(const char *path)
{
    char directory[PATH_MAX];

    storage_directory_of(path, directory, sizeof directory);
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        (void)close(fd);
    }
}

enum err storage_replace(const char *path, const void *bytes, size_t size, unsigned mode)
{
    char temporary[PATH_MAX];

    if (snprintf(temporary, sizeof temporary, "%s.new", path) >= (int)sizeof temporary) {
        return ERR_RANGE;
    }
    /* The name is ours alone: what a crash has left is replaced, a planted link never followed. */
    (void)unlink(temporary);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, (mode_t)mode);
    if (fd < 0) {
        return storage_err(errno);
    }
    enum err err = storage_append(fd, bytes, size);
    /* File systems without fsync are as safe as they can be. */
    if (err == ERR_NONE && fsync(fd) != 0 && errno != EINVAL) {
        err = storage_err(errno);
    }
    /* Delayed allocation and network file systems report a full disk only here. */
    if (close(fd) != 0 && err == ERR_NONE) {
        err = storage_err(errno);
    }
    if (err == ERR_NONE && rename(temporary, path) != 0) {
        err = storage_err(errno);
    }
    if (err != ERR_NONE) {
        (void)unlink(temporary);
        return err;
    }
    sync_directory(path);
    return ERR_NONE;
}

bool storage_is_directory(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool storage_is_file(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

enum err storage_make_directory(const char *path, unsigned mode, int64_t uid, int64_t gid)
{
    char part[PATH_MAX];
    size_t length = strlen(path);
    struct stat st;

    if (length == 0 || length >= sizeof part) {
        return ERR_RANGE;
    }
    memcpy(part, path, length + 1);
    for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        /* A sandbox refuses to make even what is there already. */
        if (!storage_is_directory(part) && mkdir(part, 0755) != 0 && errno != EEXIST) {
            return storage_err(errno);
        }
        *slash = '/';
    }
    if (!storage_is_directory(path) && mkdir(path, (mode_t)mode) != 0 && errno != EEXIST) {
        return storage_err(errno);
    }
    if (stat(path, &st) != 0) {
        return storage_err(errno);
    }
    if (!S_ISDIR(st.st_mode)) {
        return ERR_IN_USE;
    }
    uid_t owner = uid < 0 ? st.st_uid : (uid_t)uid;
    gid_t group = gid < 0 ? st.st_gid : (gid_t)gid;
    /* A directory that is everybody's, such as /tmp, stays whose it is. */
    if (!(st.st_mode & S_IWOTH) && (owner != st.st_uid || group != st.st_gid) &&
        chown(path, owner, group) != 0) {
        return storage_err(errno);
    }
    return ERR_NONE;
}

int storage_append_open(const char *path, unsigned mode)
{
    return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
                (mode_t)mode);
}

uint64_t storage_append_size(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && st.st_size > 0 ? (uint64_t)st.st_size : 0;
}

void storage_shift(const char *path, unsigned keep)
{
    char from[PATH_MAX], to[PATH_MAX];

    if (keep == 0) {
        (void)unlink(path);
        return;
    }
    for (unsigned i = keep; i > 0; i--) {
        (void)snprintf(to, sizeof to, "%s.%u", path, i);
        if (i > 1) {
            (void)snprintf(from, sizeof from, "%s.%u", path, i - 1);
        } else {
            (void)snprintf(from, sizeof from, "%s", path);
        }
        (void)rename(from, to); /* one that is not there yet is no loss */
    }
}

void storage_remove(const char *path)
{
    (void)unlink(path);
}

/* The name under which the kernel knows a process; "" when there is none. */
static void process_name(int pid, char name[static 32])
{
    char path[64];
    size_t size = 0;

    name[0] = '\0';
    (void)snprintf(path, sizeof path, "/proc/%d/comm", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return;
    }
    if (read_all(fd, (uint8_t *)name, 31, &size) != ERR_NONE) {
        size = 0;
    }
    name[size] = '\0';
    (void)close(fd);
}

enum err storage_pidfile(const char *path, int *other)
{
    char text[32];
    size_t size = 0;
    char theirs[32], ours[32];

    *other = 0;
    if (storage_read(path, text, sizeof text - 1, &size) == ERR_NONE && size > 0) {
        text[size] = '\0';
        long pid = strtol(text, NULL, 10);

        if (pid > 0 && pid <= INT_MAX && pid != getpid() &&
            (kill((pid_t)pid, 0) == 0 || errno == EPERM)) {
            /* Ids are used again: only a process of our name is the one that wrote the file. */
            process_name((int)pid, theirs);
            process_name(getpid(), ours);
            if (strcmp(theirs, ours) == 0) {
                *other = (int)pid;
                return ERR_IN_USE;
            }
        }
    }
    int length = snprintf(text, sizeof text, "%d\n", (int)getpid());
    return storage_replace(path, text, (size_t)length, 0644);
}
