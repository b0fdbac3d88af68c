/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The key exchange server as a program, as noond starts it: with pages, sockets and options.  Its
 * path is the first argument.
 */
#include "helper/role_nts_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/node/options.h"
#include "sys/page.h"
#include "sys/process.h"
#include "sys/tcp_listen.h"
#include "sys/unix_socket.h"
#include "wire/cookie.h"
#include "wire/ke.h"
#include "wire/ke_totals.h"

enum { PATH_SIZE = 100, OPTIONS_MAX = 12, RESTART = 70, PATIENCE_S = 20 };

static char *program;

struct service {
    char directory[30];
    char certificate[PATH_SIZE], key[PATH_SIZE];
    struct page ring, totals, access;
    int listener, channel, pid;
    uint16_t port;
};

static void make_certificate(const struct service *s)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x = X509_new();

    (void)ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    (void)X509_gmtime_adj(X509_getm_notBefore(x), -1000);
    (void)X509_gmtime_adj(X509_getm_notAfter(x), 100000);
    (void)X509_set_pubkey(x, key);
    assert_true(X509_sign(x, key, EVP_sha256()) > 0);
    FILE *out = fopen(s->certificate, "w");
    assert_int_equal(PEM_write_X509(out, x), 1);
    (void)fclose(out);
    out = fopen(s->key, "w");
    assert_int_equal(PEM_write_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL), 1);
    (void)fclose(out);
    X509_free(x);
    EVP_PKEY_free(key);
}

static int open_service(void **state)
{
    static struct service s;
    const struct address loopback = {.family = ADDRESS_IPV4, .bytes = {127, 0, 0, 1}};
    const struct access_rule everybody = {.allow = true};
    struct sockaddr_in bound;
    socklen_t size = sizeof bound;

    (void)snprintf(s.directory, sizeof s.directory, "/tmp/noon-test-role-XXXXXX");
    assert_non_null(mkdtemp(s.directory));
    (void)snprintf(s.certificate, sizeof s.certificate, "%s/one.pem", s.directory);
    (void)snprintf(s.key, sizeof s.key, "%s/one.key", s.directory);
    make_certificate(&s);
    assert_int_equal(page_create(&s.ring, NULL, COOKIE_RING_LAYOUT, sizeof(struct cookie_ring)),
                     ERR_NONE);
    assert_int_equal(page_create(&s.totals, NULL, KE_TOTALS_LAYOUT, sizeof(struct ke_totals)),
                     ERR_NONE);
    assert_int_equal(page_create(&s.access, NULL, KE_ACCESS_LAYOUT, 10 * sizeof everybody),
                     ERR_NONE);
    page_write(&s.access, &everybody, sizeof everybody);
    assert_int_equal(tcp_listen(&s.listener, &loopback), ERR_NONE);
    assert_int_equal(getsockname(s.listener, (struct sockaddr *)&bound, &size), 0);
    s.port = ntohs(bound.sin_port);
    s.pid = s.channel = -1;
    *state = &s;
    return 0;
}

/* Ends it if it runs; its exit status, 128 and more for a signal. */
static int wait_end(struct service *s)
{
    struct process_end end = {.pid = -1};

    for (int i = 0; i < PATIENCE_S * 100 && !process_ended(&end); i++) {
        (void)usleep(10000);
    }
    assert_int_equal(end.pid, s->pid);
    s->pid = -1;
    unix_close(&s->channel);
    return end.status;
}

static int close_service(void **state)
{
    struct service *s = *state;
    char command[60];

    if (s->pid > 0) {
        (void)kill(s->pid, SIGKILL);
        (void)wait_end(s);
    }
    page_close(&s->ring);
    page_close(&s->totals);
    page_close(&s->access);
    tcp_close(&s->listener);
    (void)snprintf(command, sizeof command, "rm -rf '%s'", s->directory);
    return system(command);
}

/* With these options behind its role, ended by NULL; and so many of its descriptors. */
static void start(struct service *s, const char *const *options, size_t fd_count)
{
    static char texts[OPTIONS_MAX][PATH_SIZE + 20];
    char *arguments[OPTIONS_MAX + 3] = {program, texts[0]};
    int pair[2];
    size_t count = 1;

    (void)snprintf(texts[0], sizeof texts[0], "--role=nts-server");
    for (size_t i = 0; options[i] != NULL; i++, count++) {
        assert_true(count < OPTIONS_MAX);
        (void)snprintf(texts[count], sizeof texts[count], "%s", options[i]);
        arguments[count + 1] = texts[count];
    }
    assert_int_equal(unix_pair(pair), ERR_NONE);
    const int fds[] = {pair[1], s->ring.fd, s->totals.fd, s->access.fd, s->listener};
    assert_int_equal(process_start(&s->pid, program, arguments, fds, fd_count), ERR_NONE);
    unix_close(&pair[1]);
    s->channel = pair[0];
}

static const char *option(const char *name, const char *value)
{
    static char texts[4][PATH_SIZE + 20];
    static unsigned next;
    char *text = texts[next++ % 4];

    (void)snprintf(text, sizeof texts[0], "--%s=%s", name, value);
    return text;
}

/* A connection whose handshake is done. */
static SSL *shake(const struct service *s, SSL_CTX *context)
{
    static const unsigned char alpn[] = "\x07" KE_ALPN;
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(s->port)};
    SSL *tls = SSL_new(context);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    (void)SSL_set_fd(tls, fd);
    assert_int_equal(SSL_set_alpn_protos(tls, alpn, sizeof alpn - 1), 0);
    assert_int_equal(SSL_connect(tls), 1);
    return tls;
}

/* Asks and reads; the response's algorithm, 0 for none. */
static uint16_t ask(SSL *tls, struct ke_response *response)
{
    const struct ke_request request = {.algorithms = {AEAD_AES_SIV_CMAC_256, AEAD_AES_128_GCM_SIV},
                                       .algorithm_count = 2,
                                       .compliant_gcm_siv = true,
                                       .ntpv4 = true};
    uint8_t bytes[4096];
    struct writer out = {.at = bytes, .left = sizeof bytes};
    size_t size = 0;
    int got;

    ke_request_encode(&out, &request);
    assert_true(SSL_write(tls, bytes, (int)(sizeof bytes - out.left)) > 0);
    while ((got = SSL_read(tls, bytes + size, (int)(sizeof bytes - size))) > 0) {
        size += (size_t)got;
    }
    /* It has said that this is the end. */
    assert_int_equal(SSL_get_error(tls, got), SSL_ERROR_ZERO_RETURN);
    return ke_response_decode(response, &request, bytes, size) == KE_FAULT_NONE
               ? response->algorithm
               : 0;
}

static void hang_up(SSL *tls)
{
    int fd = SSL_get_fd(tls);

    SSL_free(tls);
    (void)close(fd);
}

static uint16_t exchange(const struct service *s, struct ke_response *response)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL *tls = shake(s, context);
    uint16_t algorithm = ask(tls, response);

    hang_up(tls);
    SSL_CTX_free(context);
    return algorithm;
}

static void it_grants_what_its_options_say_and_shows_the_ring(void **state)
{
    struct service *s = *state;
    const char *const options[] = {option("cert", s->certificate),
                                   option("key", s->key),
                                   option("dir", s->directory),
                                   "--algorithm=15",
                                   "--server=other.test",
                                   "--port=1123",
                                   "--threads=3",
                                   NULL};
    struct cookie_ring ring;
    struct cookie_keys keys;
    struct ke_response response;
    struct cookie cookie;
    char kept[PATH_SIZE];
    size_t size = 0;
    struct stat st;

    start(s, options, 5);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(exchange(s, &response), AEAD_AES_SIV_CMAC_256);
        assert_string_equal(response.server, "other.test");
        assert_int_equal(response.port, 1123);
        assert_int_equal(page_read(&s->ring, &ring, sizeof ring, &size), ERR_NONE);
        cookie_keys_prepare(&keys, &ring);
        assert_true(
            cookie_open(&keys, response.cookies[0].bytes, response.cookies[0].size, &cookie));
    }
    (void)snprintf(kept, sizeof kept, "%s/nts-cookie-keys", s->directory);
    assert_int_equal(stat(kept, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(kill(s->pid, SIGTERM), 0);
    assert_int_equal(wait_end(s), 0);
    struct ke_totals totals;
    assert_int_equal(page_read(&s->totals, &totals, sizeof totals, &size), ERR_NONE);
    assert_int_equal(totals.exchanges, 5);
}

static void who_is_being_served_at_the_end_is_served_to_the_end(void **state)
{
    struct service *s = *state;
    const char *const options[] = {option("cert", s->certificate), option("key", s->key), NULL};
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    struct ke_response response;

    start(s, options, 5);
    SSL *tls = shake(s, context);
    assert_int_equal(kill(s->pid, SIGTERM), 0);
    assert_int_equal(ask(tls, &response), AEAD_AES_128_GCM_SIV);
    assert_int_equal(response.cookie_count, NTS_COOKIES);
    hang_up(tls);
    SSL_CTX_free(context);
    assert_int_equal(wait_end(s), 0);
}

static void what_it_cannot_use_ends_it_so_that_it_is_tried_again(void **state)
{
    struct service *s = *state;
    const struct {
        const char *certificate, *key, *more;
    } rows[] = {
        {"/none.pem", s->key, NULL},
        {s->certificate, s->certificate, NULL},
        {s->certificate, s->key, "--secret=/none"},
        {s->certificate, s->key, "--suites=NONE"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *const options[] = {option("cert", rows[i].certificate),
                                       option("key", rows[i].key), rows[i].more, NULL};

        start(s, options, 5);
        assert_int_equal(wait_end(s), RESTART);
    }
}

static void without_its_descriptors_or_with_odd_options_it_only_explains(void **state)
{
    struct service *s = *state;
    const char *const good[] = {option("cert", s->certificate), option("key", s->key), NULL};
    const char *const odd[][3] = {
        {good[0], NULL}, {good[0], good[1], "--rotate=-1"}, {good[0], good[1], "--what=1"}};

    start(s, good, 2);
    assert_int_equal(wait_end(s), 2);
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        const char *const options[] = {odd[i][0], odd[i][1], odd[i][2], NULL};

        start(s, options, 5);
        assert_int_equal(wait_end(s), 2);
    }
}

#define WITH_SERVICE(test) cmocka_unit_test_setup_teardown(test, open_service, close_service)

int main(int argc, char *argv[])
{
    const struct CMUnitTest tests[] = {
        WITH_SERVICE(it_grants_what_its_options_say_and_shows_the_ring),
        WITH_SERVICE(who_is_being_served_at_the_end_is_served_to_the_end),
        WITH_SERVICE(what_it_cannot_use_ends_it_so_that_it_is_tried_again),
        WITH_SERVICE(without_its_descriptors_or_with_odd_options_it_only_explains),
    };

    program = argc > 1 ? argv[1] : NULL;
    (void)signal(SIGPIPE, SIG_IGN);
    /* For the program alone: the leak sanitizer traces, which the program's own filter forbids. */
    (void)setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return program ? cmocka_run_group_tests_name("helper/role_nts_server", tests, NULL, NULL) : 1;
}
