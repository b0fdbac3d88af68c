/* SPDX-License-Identifier: BSD-2-Clause */
#include "helper/trust.h"

#include <dirent.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_SIZE = 4096 };

static SSL_CTX *new_context(const char *suites)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());

    if (context == NULL || SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) != 1 ||
        (suites != NULL && SSL_CTX_set_ciphersuites(context, suites) != 1)) {
        SSL_CTX_free(context);
        return NULL;
    }
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    /* One exchange a connection: nothing is resumed. */
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(context, SSL_MODE_AUTO_RETRY);
    /* A server's own certificate may be trusted as it is. */
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
    return context;
}

static struct trust_set *find(struct trust *trust, uint32_t number)
{
    for (unsigned i = 0; i < trust->count; i++) {
        if (trust->sets[i].number == number) {
            return &trust->sets[i];
        }
    }
    return NULL;
}

static struct trust_set *find_or_make(struct trust *trust, uint32_t number)
{
    struct trust_set *set = find(trust, number);

    if (set == NULL && trust->count < TRUST_SETS_MAX) {
        set = &trust->sets[trust->count];
        *set = (struct trust_set){.number = number, .context = new_context(trust->suites)};
        trust->count += set->context != NULL;
        set = set->context != NULL ? set : NULL;
    }
    return set;
}

bool trust_open(struct trust *trust, bool system_certificates, const char *suites)
{
    struct trust_set *set;

    *trust = (struct trust){.suites = suites};
    set = find_or_make(trust, 0);
    if (set != NULL && system_certificates) {
        set->broken = SSL_CTX_set_default_verify_paths(set->context) != 1;
    }
    return set != NULL;
}

/* The files of a directory; returns how many were read. */
static unsigned add_directory(SSL_CTX *context, const char *path)
{
    DIR *directory = opendir(path);
    const struct dirent *entry;
    unsigned read = 0;

    if (directory == NULL) {
        return 0;
    }
    while ((entry = readdir(directory)) != NULL) {
        char file[PATH_SIZE];

        (void)snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
        if (entry->d_name[0] != '.') {
            read += SSL_CTX_load_verify_file(context, file) == 1;
        }
    }
    (void)closedir(directory);
    return read;
}

void trust_add(struct trust *trust, const char *what, const struct log_sink *log)
{
    char *path;
    unsigned long number = strtoul(what, &path, 10);
    struct trust_set *set = find_or_make(trust, (uint32_t)number);

    if (set == NULL || *path++ != ':') {
        return;
    }
    if (SSL_CTX_load_verify_file(set->context, path) != 1 &&
        add_directory(set->context, path) == 0) {
        set->broken = true;
        log_format(log, LOG_SEVERITY_WARNING,
                   "%s has no certificates in PEM, or may not be read by this user "
                   "(ntstrustedcerts): sources of set %lu get no keys",
                   path, number);
    }
}

SSL_CTX *trust_context(const struct trust *trust, uint32_t number)
{
    for (unsigned i = 0; i < trust->count; i++) {
        if (trust->sets[i].number == number) {
            return trust->sets[i].broken ? NULL : trust->sets[i].context;
        }
    }
    return NULL;
}

void trust_close(struct trust *trust)
{
    for (unsigned i = 0; i < trust->count; i++) {
        SSL_CTX_free(trust->sets[i].context);
    }
    trust->count = 0;
}
