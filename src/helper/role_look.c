/* SPDX-License-Identifier: BSD-2-Clause */
#include "helper/role_look.h"

#include <dirent.h>
#include <errno.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/units.h"
#include "helper/tls.h"

enum { PATH_SIZE = 4096, LINE_SIZE = 80 };

struct look {
    const char *word;
    int64_t from_s, until_s;
};

/* A key with a passphrase can't be used: nobody is there to type it. */
static int no_passphrase(char *buffer, int size, int writing, void *context)
{
    (void)buffer;
    (void)size;
    (void)writing;
    (void)context;
    return -1;
}

static FILE *open_file(const char *path, struct look *look)
{
    FILE *file = fopen(path, "re");

    if (file == NULL) {
        look->word = errno == EACCES || errno == EPERM ? "denied" : "missing";
    }
    return file;
}

static void read_dates(struct look *look, X509 *certificate)
{
    STACK_OF(X509) *one = sk_X509_new_null();
    struct utc_time from, until;

    if (one != NULL && sk_X509_push(one, certificate) > 0) {
        tls_validity(one, &from, &until);
        look->from_s = from.ns / NS_PER_S;
        look->until_s = until.ns / NS_PER_S;
    }
    sk_X509_free(one);
}

/* The first certificate of a file, which the caller frees; NULL: *look says why. */
static X509 *look_at_certificate(const char *path, struct look *look)
{
    FILE *file = open_file(path, look);
    X509 *certificate;

    if (file == NULL) {
        return NULL;
    }
    certificate = PEM_read_X509(file, NULL, no_passphrase, NULL);
    (void)fclose(file);
    look->word = certificate != NULL ? "ok" : "format";
    if (certificate != NULL) {
        read_dates(look, certificate);
    }
    return certificate;
}

static void look_at_key(const char *path, const X509 *certificate, struct look *look)
{
    FILE *file = open_file(path, look);
    EVP_PKEY *key;

    if (file == NULL) {
        return;
    }
    key = PEM_read_PrivateKey(file, NULL, no_passphrase, NULL);
    (void)fclose(file);
    look->word = key == NULL ? "format" : "ok";
    if (key != NULL && certificate != NULL && X509_check_private_key(certificate, key) != 1) {
        look->word = "mismatch";
    }
    EVP_PKEY_free(key);
}

/* Of all certificates of a file, the dates of the one that is good the longest. */
static void look_at_authorities(const char *path, struct look *look)
{
    FILE *file = open_file(path, look);
    X509 *certificate;

    if (file == NULL) {
        return;
    }
    look->word = look->until_s != 0 ? "ok" : "format";
    while ((certificate = PEM_read_X509(file, NULL, no_passphrase, NULL)) != NULL) {
        struct look one = {.word = "ok"};

        read_dates(&one, certificate);
        X509_free(certificate);
        *look = look->until_s == 0 || one.until_s > look->until_s ? one : *look;
    }
    (void)fclose(file);
}

static void look_at_directory(const char *path, struct look *look)
{
    DIR *directory = opendir(path);
    const struct dirent *entry;

    if (directory == NULL) {
        look->word = errno == EACCES ? "denied" : "missing";
        return;
    }
    while ((entry = readdir(directory)) != NULL) {
        char file[PATH_SIZE];

        if (entry->d_name[0] != '.') {
            (void)snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
            look_at_authorities(file, look);
        }
    }
    (void)closedir(directory);
    look->word = look->until_s != 0 ? "ok" : "format";
}

static bool say(int fd, const struct look *look)
{
    char line[LINE_SIZE];
    int length = snprintf(line, sizeof line, "%s %lld %lld\n", look->word, (long long)look->from_s,
                          (long long)look->until_s);

    return length > 0 && write(fd, line, (size_t)length) == length;
}

int role_look(int argc, char *const argv[], int fd)
{
    X509 *certificate = NULL;
    bool good = true;

    for (int i = 2; good && i < argc; i++) {
        struct look look = {.word = "missing"};
        struct stat status;

        if (strncmp(argv[i], "cert=", 5) == 0) {
            X509_free(certificate);
            certificate = look_at_certificate(argv[i] + 5, &look);
        } else if (strncmp(argv[i], "key=", 4) == 0) {
            look_at_key(argv[i] + 4, certificate, &look);
        } else if (strncmp(argv[i], "trust=", 6) == 0) {
            const char *path = argv[i] + 6;

            if (stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
                look_at_directory(path, &look);
            } else {
                look_at_authorities(path, &look);
            }
        } else {
            good = false;
        }
        good = good && say(fd, &look);
    }
    X509_free(certificate);
    return good ? 0 : 2;
}
