/* SPDX-License-Identifier: BSD-2-Clause */
/* test_look.c - certificates and keys of every kind, and what is told of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "helper/role_look.h"

enum { DAY_S = 86400 };

static char directory[] = "/tmp/noon-test-look-XXXXXX";

static FILE *create(const char *name)
{
    char path[120];

    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "a");
    assert_non_null(file);
    return file;
}

/* Appends to NAME.pem a certificate that ends in so many days, and to NAME.key its key. */
static void make_pair(const char *name, int days, const char *passphrase)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x = X509_new();
    char file[60];

    (void)X509_gmtime_adj(X509_getm_notBefore(x), -100L * DAY_S);
    (void)X509_gmtime_adj(X509_getm_notAfter(x), (long)days * DAY_S);
    (void)X509_set_pubkey(x, key);
    assert_true(X509_sign(x, key, EVP_sha256()) > 0);
    (void)snprintf(file, sizeof file, "%s.pem", name);
    FILE *out = create(file);
    assert_int_equal(PEM_write_X509(out, x), 1);
    (void)fclose(out);
    (void)snprintf(file, sizeof file, "%s.key", name);
    out = create(file);
    assert_int_equal(PEM_write_PrivateKey(out, key, passphrase ? EVP_aes_128_cbc() : NULL,
                                          (const unsigned char *)passphrase,
                                          passphrase ? (int)strlen(passphrase) : 0, NULL, NULL),
                     1);
    (void)fclose(out);
    X509_free(x);
    EVP_PKEY_free(key);
}

static int make_files(void **state)
{
    char path[120];

    (void)state;
    assert_non_null(mkdtemp(directory));
    make_pair("good", 90, NULL);
    make_pair("old", -3, NULL);
    make_pair("locked", 90, "secret");
    (void)snprintf(path, sizeof path, "%s/authorities", directory);
    assert_int_equal(mkdir(path, 0700), 0);
    make_pair("authorities/a", 10, NULL);
    make_pair("authorities/b", 20, NULL);
    (void)snprintf(path, sizeof path, "%s/empty", directory);
    assert_int_equal(mkdir(path, 0700), 0);
    (void)fclose(create("nothing"));
    return 0;
}

static int remove_files(void **state)
{
    char command[120];

    (void)state;
    (void)snprintf(command, sizeof command, "rm -r '%s'", directory);
    return system(command);
}

/* What is told of "cert=good.pem key=good.key ..."; %s of a path is added here. */
static int look(const char *const *what, char answer[static 1000])
{
    char texts[8][200];
    char *argv[12] = {texts[0], texts[0]};
    int argc = 2, ends[2];

    (void)snprintf(texts[0], sizeof texts[0], "--role=look");
    for (; what[argc - 2] != NULL; argc++) {
        const char *equals = strchr(what[argc - 2], '=');

        (void)snprintf(texts[argc - 1], sizeof texts[0], "%.*s=%s/%s",
                       (int)(equals - what[argc - 2]), what[argc - 2], directory, equals + 1);
        argv[argc] = texts[argc - 1];
    }
    assert_int_equal(pipe(ends), 0);
    int status = role_look(argc, argv, ends[1]);
    (void)close(ends[1]);
    ssize_t size = read(ends[0], answer, 999);
    (void)close(ends[0]);
    answer[size > 0 ? size : 0] = '\0';
    return status;
}

static void each_file_is_told_as_it_is(void **state)
{
    static const struct {
        const char *what[4];
        const char *word; /* of the last line */
        int days;         /* until its end; 0: no date */
    } rows[] = {
        {{"cert=good.pem"}, "ok", 90},
        {{"cert=old.pem"}, "ok", -3},
        {{"cert=good.key"}, "format", 0},
        {{"cert=none.pem"}, "missing", 0},
        {{"cert=good.pem", "key=good.key"}, "ok", 0},
        {{"cert=good.pem", "key=old.key"}, "mismatch", 0},
        {{"cert=good.pem", "key=none.key"}, "missing", 0},
        {{"cert=good.pem", "key=good.pem"}, "format", 0},
        {{"cert=locked.pem", "key=locked.key"}, "format", 0},
        {{"cert=none.pem", "key=good.key"}, "ok", 0},
        {{"trust=good.pem"}, "ok", 90},
        {{"trust=authorities"}, "ok", 20},
        {{"trust=empty"}, "format", 0},
        {{"trust=nothing"}, "format", 0},
        {{"trust=nowhere"}, "missing", 0},
        {{"cert=none.pem", "cert=good.pem", "key=good.key"}, "ok", 0},
    };
    const long long now = (long long)time(NULL);

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char answer[1000];
        char *line = answer, *end;

        assert_int_equal(look(rows[i].what, answer), 0);
        for (size_t skip = 1; rows[i].what[skip] != NULL; skip++) {
            line = strchr(line, '\n') + 1;
        }
        size_t length = strlen(rows[i].word);
        if (strncmp(line, rows[i].word, length) != 0 || line[length] != ' ') {
            fail_msg("%s: %s", rows[i].what[0], line);
        }
        (void)strtoll(line + length, &end, 10);
        long long left_s = strtoll(end, NULL, 10) - now;
        assert_true(rows[i].days == 0 ? left_s == -now
                                      : llabs(left_s - (long long)rows[i].days * DAY_S) < 600);
    }
}

static void what_nobody_may_read_is_denied(void **state)
{
    char path[120], answer[1000];
    const char *const what[] = {"cert=shut.pem", NULL};

    (void)state;
    (void)fclose(create("shut.pem"));
    (void)snprintf(path, sizeof path, "%s/shut.pem", directory);
    assert_int_equal(chmod(path, 0), 0);
    const bool root = geteuid() == 0;
    if (root) {
        assert_int_equal(seteuid(65534), 0); /* root may read everything */
    }
    assert_int_equal(look(what, answer), 0);
    if (root) {
        assert_int_equal(seteuid(0), 0);
    }
    assert_string_equal(answer, "denied 0 0\n");
}

static void another_word_is_misuse(void **state)
{
    char answer[1000];
    const char *const what[] = {"sign=good.pem", NULL};

    (void)state;
    assert_int_equal(look(what, answer), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_file_is_told_as_it_is),
        cmocka_unit_test(what_nobody_may_read_is_denied),
        cmocka_unit_test(another_word_is_misuse),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
