/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Clients of OpenSSL and the server in one thread: both are driven in turn over loopback, so that
 * nothing depends on how fast anything is.  Times are what the tests say they are.
 */
#include "helper/ke_service.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/tcp_listen.h"

enum { CAPACITY = 4, PASSES = 2000 };

static char directory[30];

static const char *in_directory(const char *name)
{
    static char texts[4][120];
    static unsigned next;
    char *text = texts[next++ % 4];

    (void)snprintf(text, 120, "%s/%s", directory, name);
    return text;
}

static void make_certificate(const char *name, const char *alternative)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x = X509_new();
    char file[40];

    (void)ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    (void)X509_set_version(x, 2);
    (void)X509_gmtime_adj(X509_getm_notBefore(x), -1000);
    (void)X509_gmtime_adj(X509_getm_notAfter(x), 100000);
    (void)X509_set_pubkey(x, key);
    (void)X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
                                     (const unsigned char *)name, -1, -1, 0);
    (void)X509_set_issuer_name(x, X509_get_subject_name(x));
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, alternative);
    (void)X509_add_ext(x, extension, -1);
    X509_EXTENSION_free(extension);
    assert_true(X509_sign(x, key, EVP_sha256()) > 0);
    (void)snprintf(file, sizeof file, "%s.pem", name);
    FILE *out = fopen(in_directory(file), "w");
    assert_int_equal(PEM_write_X509(out, x), 1);
    (void)fclose(out);
    (void)snprintf(file, sizeof file, "%s.key", name);
    out = fopen(in_directory(file), "w");
    assert_int_equal(PEM_write_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL), 1);
    (void)fclose(out);
    X509_free(x);
    EVP_PKEY_free(key);
}

static int make_certificates(void **state)
{
    (void)state;
    (void)snprintf(directory, sizeof directory, "/tmp/noon-test-ke-XXXXXX");
    assert_non_null(mkdtemp(directory));
    make_certificate("first", "DNS:first.test");
    make_certificate("second", "DNS:second.test");
    return 0;
}

static int remove_certificates(void **state)
{
    char command[100];

    (void)state;
    (void)snprintf(command, sizeof command, "rm -rf '%s'", directory);
    return system(command);
}

/* --- the service ---------------------------------------------------------------------------- */

struct world {
    struct ke_shared shared;
    struct ke_worker worker;
    struct page ring_page, totals_page, access_page;
    struct cookie_ring ring;
    struct steady_time now;
    uint16_t port;
};

static void turn_ring(struct world *w)
{
    uint8_t random[2 * COOKIE_SECRET];

    for (size_t i = 0; i < sizeof random; i++) {
        random[i] = (uint8_t)(rand() >> 3);
    }
    cookie_ring_turn(&w->ring, random, 1);
    page_write(&w->ring_page, &w->ring, sizeof w->ring);
}

static const struct limit_options no_limit = {.enabled = false};

/* The address that clients of these tests have. */
static const struct address loopback = {.family = ADDRESS_IPV4, .bytes = {127, 0, 0, 1}};

static void show_rules(struct world *w, const struct access_rule *rules, size_t count)
{
    page_write(&w->access_page, rules, count * sizeof *rules);
}

static void allow_everybody(struct world *w)
{
    const struct access_rule all = {.allow = true};

    show_rules(w, &all, 1);
}

static void open_world_limited(struct world *w, const struct limit_options *limit)
{
    const struct ke_pair pairs[] = {{in_directory("first.pem"), in_directory("first.key")},
                                    {in_directory("second.pem"), in_directory("second.key")}};
    struct sockaddr_in bound;
    socklen_t size = sizeof bound;
    char why[300];

    memset(w, 0, sizeof *w);
    assert_int_equal(page_create(&w->ring_page, NULL, 1, sizeof w->ring), ERR_NONE);
    assert_int_equal(page_create(&w->totals_page, NULL, 2, sizeof(struct ke_totals)), ERR_NONE);
    assert_int_equal(page_create(&w->access_page, NULL, 3, 1000 * sizeof(struct access_rule)),
                     ERR_NONE);
    w->shared = (struct ke_shared){
        .server = ke_server_open(&(struct ke_files){pairs, 2, NULL}, why, sizeof why),
        .grant = {.algorithms = {AEAD_AES_128_GCM_SIV, AEAD_AES_SIV_CMAC_256},
                  .algorithm_count = 2},
        .ring_page = &w->ring_page,
        .totals_page = &w->totals_page,
        .access = {.page = &w->access_page},
        .listener_count = 1,
        .capacity = CAPACITY,
    };
    assert_non_null(w->shared.server);
    assert_int_equal(tcp_listen(&w->shared.listeners[0], &loopback), ERR_NONE);
    assert_int_equal(getsockname(w->shared.listeners[0], (struct sockaddr *)&bound, &size), 0);
    w->port = ntohs(bound.sin_port);
    turn_ring(w);
    allow_everybody(w);
    assert_true(ke_shared_open(&w->shared, limit));
    assert_true(ke_worker_open(&w->worker, &w->shared));
    w->now.ns = NS_PER_S;
}

static void open_world(struct world *w)
{
    open_world_limited(w, &no_limit);
}

static void close_world(struct world *w)
{
    ke_worker_close(&w->worker);
    ke_shared_close(&w->shared);
    ke_server_close(w->shared.server);
    tcp_close(&w->shared.listeners[0]);
    page_close(&w->ring_page);
    page_close(&w->totals_page);
    page_close(&w->access_page);
}

/* One pass of the worker; waits at most a millisecond of real time. */
static void pass(struct world *w)
{
    struct duration timeout = {1000000};
    size_t count = ke_worker_collect(&w->worker, w->now, &timeout);

    (void)poll(w->worker.fds, (nfds_t)count, 1);
    ke_worker_serve(&w->worker, count, w->now);
}

static struct ke_totals totals(struct world *w)
{
    struct ke_totals read = {0};
    size_t size = 0;

    assert_int_equal(page_read(&w->totals_page, &read, sizeof read, &size), ERR_NONE);
    return read;
}

/* --- a client ------------------------------------------------------------------------------- */

struct client {
    const char *name; /* NULL: none is named */
    const char *protocol;
    size_t request_size;
    uint8_t request[4000];
    bool old;    /* TLS 1.2 */
    bool silent; /* begins, and says no more */
    bool hangs_up;
    /* as it went */
    SSL_CTX *context;
    SSL *ssl;
    int fd;
    bool shaken, over;
    size_t sent, answer_size;
    uint8_t answer[8192];
};

static void connect_to(struct client *c, const struct world *w)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(w->port)};

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(c->fd, (struct sockaddr *)&to, sizeof to), 0);
    assert_int_equal(fcntl(c->fd, F_SETFL, O_NONBLOCK), 0);
}

static void begin(struct client *c, const struct world *w)
{
    unsigned char alpn[20];
    char name[40];

    connect_to(c, w);
    c->context = SSL_CTX_new(TLS_client_method());
    if (c->old) {
        (void)SSL_CTX_set_max_proto_version(c->context, TLS1_2_VERSION);
    }
    c->ssl = SSL_new(c->context);
    if (c->protocol != NULL) {
        alpn[0] = (unsigned char)strlen(c->protocol);
        memcpy(alpn + 1, c->protocol, alpn[0]);
        assert_int_equal(SSL_set_alpn_protos(c->ssl, alpn, alpn[0] + 1U), 0);
    }
    if (c->name != NULL) {
        /* The library's macro takes no constant. */
        (void)snprintf(name, sizeof name, "%s", c->name);
        (void)SSL_set_tlsext_host_name(c->ssl, name);
    }
    (void)SSL_set_fd(c->ssl, c->fd);
    SSL_set_connect_state(c->ssl);
}

static void step_client(struct client *c)
{
    int result = 1;

    if (!c->shaken) {
        result = SSL_do_handshake(c->ssl);
        c->shaken = result == 1;
    }
    if (c->shaken && c->hangs_up) {
        c->over = true;
        return;
    }
    while (c->shaken && !c->silent && c->sent < c->request_size && result > 0) {
        result = SSL_write(c->ssl, c->request + c->sent, (int)(c->request_size - c->sent));
        c->sent += result > 0 ? (size_t)result : 0;
    }
    while (c->shaken && result > 0) {
        result =
            SSL_read(c->ssl, c->answer + c->answer_size, (int)(sizeof c->answer - c->answer_size));
        c->answer_size += result > 0 ? (size_t)result : 0;
    }
    int error = result > 0 ? SSL_ERROR_NONE : SSL_get_error(c->ssl, result);
    c->over =
        error != SSL_ERROR_NONE && error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE;
}

static void end(struct client *c)
{
    SSL_free(c->ssl);
    SSL_CTX_free(c->context);
    (void)close(c->fd);
}

/* Until one side has ended it.  The client is still there for questions. */
static void exchange(struct world *w, struct client *c)
{
    begin(c, w);
    for (int i = 0; i < PASSES && !c->over; i++) {
        step_client(c);
        pass(w);
    }
    assert_true(c->over);
}

/* And until the server has counted so many connections to their end. */
static void settle(struct world *w, uint64_t connections)
{
    struct ke_totals t = {0};

    for (int i = 0; i < PASSES && (w->worker.used > 0 || t.connections < connections); i++) {
        pass(w);
        t = totals(w);
    }
    assert_int_equal(w->worker.used, 0);
}

static struct ke_request usual_request(void)
{
    return (struct ke_request){.algorithms = {AEAD_AES_SIV_CMAC_256, AEAD_AES_128_GCM_SIV},
                               .algorithm_count = 2,
                               .ntpv4 = true};
}

static struct client client_asking(const struct ke_request *request)
{
    struct client c = {.protocol = KE_ALPN};
    struct writer out = {.at = c.request, .left = sizeof c.request};

    ke_request_encode(&out, request);
    c.request_size = sizeof c.request - out.left;
    return c;
}

static struct client client_saying(const void *bytes, size_t size)
{
    struct client c = {.protocol = KE_ALPN, .request_size = size};

    assert_true(size <= sizeof c.request);
    memcpy(c.request, bytes, size);
    return c;
}

static enum ke_fault answer_of(const struct client *c, const struct ke_request *request,
                               struct ke_response *response)
{
    return ke_response_decode(response, request, c->answer, c->answer_size);
}

/* --- tests ---------------------------------------------------------------------------------- */

/* Every cookie opens, is of its own kind, and holds the keys that the client has exported. */
static void assert_good_cookies(const struct world *w, const struct client *c,
                                const struct ke_response *response)
{
    static struct cookie_keys keys;
    uint8_t exported[2][AEAD_KEY_SIZE_MAX];

    for (int i = 0; i < 2; i++) {
        uint8_t context[KE_EXPORT_CONTEXT_SIZE];

        ke_export_context(context, response->algorithm, i == 1);
        assert_int_equal(SSL_export_keying_material(c->ssl, exported[i],
                                                    aead_key_size(response->algorithm),
                                                    KE_EXPORT_LABEL, sizeof KE_EXPORT_LABEL - 1,
                                                    context, sizeof context, 1),
                         1);
    }
    cookie_keys_prepare(&keys, &w->ring);
    assert_int_equal(response->cookie_count, NTS_COOKIES);
    for (int i = 0; i < NTS_COOKIES; i++) {
        const struct ke_cookie *cookie = &response->cookies[i];
        struct cookie opened;

        assert_true(cookie_open(&keys, cookie->bytes, cookie->size, &opened));
        assert_int_equal(opened.algorithm, response->algorithm);
        assert_memory_equal(opened.to_server, exported[0], aead_key_size(response->algorithm));
        assert_memory_equal(opened.to_client, exported[1], aead_key_size(response->algorithm));
        for (int k = 0; k < i; k++) {
            assert_memory_not_equal(cookie->bytes, response->cookies[k].bytes, cookie->size);
        }
    }
}

static void clients_get_the_servers_best_cipher_and_eight_cookies(void **state)
{
    static const struct {
        uint16_t servers[2];
        uint16_t clients[2];
        bool compliant;
        uint16_t expected;
    } rows[] = {
        {{30, 15}, {15, 30}, true, 30},
        {{30, 15}, {15, 30}, false, 15}, /* old clients derive other keys for it */
        {{30, 15}, {30, 0}, false, 30},  /* ... and some have nothing else */
        {{30, 15}, {15, 0}, true, 15},
        {{15, 30}, {30, 15}, true, 15},
        {{15, 0}, {30, 15}, true, 15},
        {{30, 0}, {15, 30}, true, 30},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ke_request request = usual_request();
        struct ke_response response;
        struct world w;

        open_world(&w);
        memcpy(w.worker.grant.algorithms, rows[i].servers, sizeof rows[i].servers);
        w.worker.grant.algorithm_count = rows[i].servers[1] != 0 ? 2 : 1;
        memcpy(request.algorithms, rows[i].clients, sizeof rows[i].clients);
        request.algorithm_count = rows[i].clients[1] != 0 ? 2 : 1;
        request.compliant_gcm_siv = rows[i].compliant;
        struct client c = client_asking(&request);
        exchange(&w, &c);
        assert_int_equal(answer_of(&c, &request, &response), KE_FAULT_NONE);
        assert_int_equal(response.algorithm, rows[i].expected);
        assert_int_equal(response.compliant_gcm_siv, rows[i].compliant && rows[i].expected == 30);
        assert_good_cookies(&w, &c, &response);
        settle(&w, 1);
        assert_int_equal(totals(&w).exchanges, 1);
        end(&c);
        close_world(&w);
    }
}

static void clients_may_be_sent_to_another_server_and_port(void **state)
{
    struct ke_request request = usual_request();
    struct client c = client_asking(&request);
    struct ke_response response;
    struct world w;

    (void)state;
    open_world(&w);
    w.worker.grant.ntp_server = "time.test";
    w.worker.grant.ntp_port = 1123;
    exchange(&w, &c);
    assert_int_equal(answer_of(&c, &request, &response), KE_FAULT_NONE);
    assert_string_equal(response.server, "time.test");
    assert_int_equal(response.port, 1123);
    end(&c);
    close_world(&w);
}

static void the_certificate_is_that_of_the_name_that_is_asked_for(void **state)
{
    static const struct {
        const char *asked, *expected;
    } rows[] = {{NULL, "first"},
                {"first.test", "first"},
                {"second.test", "second"},
                {"third.test", "first"}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ke_request request = usual_request();
        struct client c = client_asking(&request);
        struct world w;
        char name[40] = "";

        open_world(&w);
        c.name = rows[i].asked;
        exchange(&w, &c);
        X509 *certificate = SSL_get1_peer_certificate(c.ssl);
        assert_non_null(certificate);
        (void)X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name,
                                        sizeof name);
        assert_string_equal(name, rows[i].expected);
        X509_free(certificate);
        end(&c);
        close_world(&w);
    }
}

static void the_cipher_suites_that_were_written_are_the_only_ones(void **state)
{
    struct ke_request request = usual_request();
    struct client c = client_asking(&request);
    struct world w;
    const struct ke_pair pair = {in_directory("first.pem"), in_directory("first.key")};
    char why[300] = "";

    (void)state;
    open_world(&w);
    ke_server_close(w.shared.server);
    w.shared.server = ke_server_open(&(struct ke_files){&pair, 1, "TLS_CHACHA20_POLY1305_SHA256"},
                                     why, sizeof why);
    assert_non_null(w.shared.server);
    exchange(&w, &c);
    assert_string_equal(SSL_get_cipher_name(c.ssl), "TLS_CHACHA20_POLY1305_SHA256");
    end(&c);
    close_world(&w);
    assert_null(ke_server_open(&(struct ke_files){&pair, 1, "NONE"}, why, sizeof why));
    assert_non_null(strstr(why, "TLS 1.3 can't be had"));
}

/* One connection that comes to nothing, and how it was counted. */
static struct ke_totals count_failed(struct client *c)
{
    struct world w;

    open_world(&w);
    exchange(&w, c);
    settle(&w, 1);
    struct ke_totals t = totals(&w);
    assert_int_equal(t.connections, 1);
    assert_int_equal(t.exchanges, 0);
    end(c);
    close_world(&w);
    return t;
}

static void who_speaks_something_else_fails_in_the_handshake(void **state)
{
    struct ke_request request = usual_request();
    struct client old = client_asking(&request), web = client_asking(&request),
                  mute = client_asking(&request);

    (void)state;
    old.old = true;
    web.protocol = "http/1.1";
    mute.protocol = NULL;
    assert_int_equal(count_failed(&old).handshakes_failed, 1);
    assert_int_equal(count_failed(&web).handshakes_failed, 1);
    assert_int_equal(count_failed(&mute).handshakes_failed, 1);
    assert_int_equal(mute.answer_size, 0);
}

static void garbage_instead_of_tls_fails_in_the_handshake(void **state)
{
    static const char garbage[] = "GET / HTTP/1.0\r\n\r\n";
    struct client c = {.fd = -1};
    struct world w;

    (void)state;
    open_world(&w);
    connect_to(&c, &w);
    assert_int_equal(send(c.fd, garbage, sizeof garbage, 0), sizeof garbage);
    settle(&w, 1);
    assert_int_equal(totals(&w).handshakes_failed, 1);
    (void)close(c.fd);
    close_world(&w);
}

static void requests_that_are_not_sound_are_told_so(void **state)
{
    static const struct {
        uint8_t bytes[24];
        size_t size;
        uint16_t error;
    } rows[] = {
        /* a critical record of type 0x123 */
        {{0x81, 0x23, 0, 0, 0x80, 0, 0, 0}, 8, KE_ERROR_UNKNOWN_CRITICAL},
        /* an algorithm of one octet */
        {{0x80, 1, 0, 2, 0, 0, 0x80, 4, 0, 1, 15, 0x80, 0, 0, 0}, 15, KE_ERROR_BAD_REQUEST},
        /* the protocol twice */
        {{0x80, 1, 0, 2, 0, 0, 0x80, 1, 0, 2, 0, 0, 0x80, 0, 0, 0}, 16, KE_ERROR_BAD_REQUEST},
        /* nothing but an end */
        {{0x80, 0, 0, 0}, 4, KE_ERROR_BAD_REQUEST},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct client c = client_saying(rows[i].bytes, rows[i].size);
        struct ke_request request = usual_request();
        struct ke_response response;
        struct ke_totals t = count_failed(&c);
        enum ke_fault fault = answer_of(&c, &request, &response);

        if (i + 1 < sizeof rows / sizeof rows[0]) {
            assert_int_equal(fault, KE_FAULT_REFUSED);
            assert_int_equal(response.error, rows[i].error);
            assert_int_equal(t.bad_requests, 1);
        } else {
            assert_int_not_equal(fault, KE_FAULT_NONE);
            assert_int_equal(t.bad_requests + t.no_cipher, 1);
        }
    }
}

static void a_request_without_an_end_is_broken_off(void **state)
{
    uint8_t many[4000];
    struct client c;

    (void)state;
    /* Records that need not be understood, and more of them than anybody has. */
    for (size_t i = 0; i < sizeof many; i += 4) {
        const uint8_t record[4] = {0x01, 0x23, 0, 0};

        memcpy(many + i, record, sizeof record);
    }
    c = client_saying(many, sizeof many);
    assert_int_equal(count_failed(&c).bad_requests, 1);
    assert_int_equal(c.answer_size, 0);
}

static void who_hangs_up_after_the_handshake_has_made_a_bad_request(void **state)
{
    struct ke_request request = usual_request();
    struct client c = client_asking(&request);
    struct world w;

    (void)state;
    c.hangs_up = true;
    open_world(&w);
    exchange(&w, &c);
    (void)SSL_shutdown(c.ssl);
    (void)shutdown(c.fd, SHUT_RDWR);
    settle(&w, 1);
    assert_int_equal(totals(&w).bad_requests, 1);
    end(&c);
    close_world(&w);
}

static void nothing_in_common_is_said_and_gives_no_cookies(void **state)
{
    /* AEAD_AES_128_GCM, and the protocol 7. */
    static const uint8_t cipher[] = {0x80, 1, 0, 2, 0, 0, 0x80, 4, 0, 2, 0, 1, 0x80, 0, 0, 0};
    static const uint8_t protocol[] = {0x80, 1, 0, 2, 0, 7, 0x80, 4, 0, 2, 0, 15, 0x80, 0, 0, 0};
    const struct {
        const uint8_t *bytes;
        size_t size;
        enum ke_fault expected;
    } rows[] = {{cipher, sizeof cipher, KE_FAULT_NO_ALGORITHM},
                {protocol, sizeof protocol, KE_FAULT_NO_PROTOCOL}};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct ke_request request = usual_request();
        struct client c = client_saying(rows[i].bytes, rows[i].size);
        struct ke_response response;
        struct ke_totals t = count_failed(&c);

        assert_int_equal(answer_of(&c, &request, &response), rows[i].expected);
        assert_int_equal(response.cookie_count, 0);
        assert_int_equal(t.no_cipher, 1);
    }
}

/* Connections of whom the server has seen something, and that stay open. */
static void let_linger(struct world *w, struct client *clients, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct ke_request request = usual_request();

        clients[i] = client_asking(&request);
        clients[i].silent = true;
        begin(&clients[i], w);
        for (int k = 0; k < PASSES && !clients[i].shaken; k++) {
            step_client(&clients[i]);
            pass(w);
        }
        assert_true(clients[i].shaken);
    }
    assert_int_equal(w->worker.used, count);
}

static void who_says_nothing_is_put_out_after_five_seconds(void **state)
{
    struct client clients[2];
    struct world w;

    (void)state;
    open_world(&w);
    let_linger(&w, clients, 2);
    w.now.ns += 4900000000;
    pass(&w);
    assert_int_equal(w.worker.used, 2);
    w.now.ns += 200000000;
    pass(&w);
    assert_int_equal(w.worker.used, 0);
    pass(&w);
    assert_int_equal(totals(&w).slow, 2);
    end(&clients[0]);
    end(&clients[1]);
    close_world(&w);
}

static void when_all_places_are_taken_the_oldest_gives_way_after_half_a_second(void **state)
{
    struct ke_request request = usual_request();
    struct client clients[CAPACITY], late = client_asking(&request);
    struct world w;

    (void)state;
    open_world(&w);
    let_linger(&w, clients, CAPACITY);
    begin(&late, &w);
    for (int i = 0; i < 20; i++) {
        step_client(&late);
        pass(&w);
    }
    assert_int_equal(w.worker.used, CAPACITY);
    assert_int_equal(totals(&w).crowded_out, 0);
    w.now.ns += 600000000;
    for (int i = 0; i < PASSES && !late.over; i++) {
        step_client(&late);
        pass(&w);
    }
    assert_true(late.answer_size > 0);
    assert_int_equal(totals(&w).crowded_out, 1);
    assert_int_equal(totals(&w).exchanges, 1);
    for (size_t i = 0; i < CAPACITY; i++) {
        end(&clients[i]);
    }
    end(&late);
    close_world(&w);
}

static void an_address_that_comes_too_often_is_turned_away_and_counted(void **state)
{
    const struct limit_options limit = {.enabled = true, .interval_log2 = 6, .burst = 3, .leak = 4};
    struct ke_totals t;
    struct world w;

    (void)state;
    open_world_limited(&w, &limit);
    for (unsigned i = 0; i < 40; i++) {
        struct ke_request request = usual_request();
        struct client c = client_asking(&request);

        exchange(&w, &c);
        settle(&w, i + 1);
        end(&c);
    }
    t = totals(&w);
    assert_int_equal(t.connections, 40);
    assert_int_equal(t.limited + t.exchanges, 40);
    /* The burst, and of the rest one in 16 on average. */
    assert_in_range(t.exchanges, 3, 12);
    /* After its interval it is welcome again. */
    w.now.ns += 200 * NS_PER_S;
    struct ke_request request = usual_request();
    struct client c = client_asking(&request);
    exchange(&w, &c);
    assert_true(c.answer_size > 0);
    end(&c);
    close_world(&w);
}

/* Does a client get cookies?  With `connections` before it. */
static bool is_served(struct world *w, uint64_t connections)
{
    struct ke_request request = usual_request();
    struct client c = client_asking(&request);

    exchange(w, &c);
    settle(w, connections + 1);
    end(&c);
    return c.answer_size > 0;
}

static void who_may_not_ask_for_time_gets_no_keys_and_is_counted(void **state)
{
    const struct address net = {.family = ADDRESS_IPV4, .bytes = {127}};
    const struct address other = {.family = ADDRESS_IPV4, .bytes = {192, 0, 2}};
    const struct {
        struct access_rule rules[2];
        size_t count;
        bool served;
    } rows[] = {
        {{{.prefix = loopback, .bits = 32, .allow = true}}, 1, true},
        {{{.allow = true}, {.prefix = net, .bits = 8}}, 2, false},
        {{{.prefix = net, .bits = 8}, {.prefix = loopback, .bits = 32, .allow = true}}, 2, true},
        {{{.prefix = loopback, .bits = 32, .allow = true}, {.all = true}}, 2, false},
        {{{.prefix = other, .bits = 24, .allow = true}}, 1, false},
        {{{.allow = false}}, 0, false},
        /* No such prefix: nobody, rather than everybody. */
        {{{.allow = true}, {.prefix = net, .bits = 33, .allow = true}}, 2, false},
        {{{.allow = true}}, 1, true},
    };
    uint64_t refused = 0;
    struct world w;

    (void)state;
    open_world(&w);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        show_rules(&w, rows[i].rules, rows[i].count);
        assert_int_equal(is_served(&w, i), rows[i].served);
        refused += !rows[i].served;
        assert_int_equal(totals(&w).refused, refused);
    }
    assert_int_equal(totals(&w).exchanges + refused, sizeof rows / sizeof rows[0]);
    close_world(&w);
}

static void as_long_as_nobody_has_said_who_may_ask_clients_wait(void **state)
{
    struct ke_request request = usual_request();
    struct client c = client_asking(&request);
    struct world w;

    (void)state;
    open_world(&w);
    page_close(&w.access_page);
    assert_int_equal(page_create(&w.access_page, NULL, 3, 1000 * sizeof(struct access_rule)),
                     ERR_NONE);
    begin(&c, &w);
    for (int i = 0; i < 20; i++) {
        struct duration timeout = {3600 * NS_PER_S};

        step_client(&c);
        pass(&w);
        /* It looks again soon, although nothing will wake it. */
        (void)ke_worker_collect(&w.worker, w.now, &timeout);
        assert_true(timeout.ns < NS_PER_S);
    }
    assert_int_equal(w.worker.used, 0);
    assert_false(c.shaken);
    allow_everybody(&w);
    for (int i = 0; i < PASSES && !c.over; i++) {
        step_client(&c);
        pass(&w);
    }
    assert_true(c.answer_size > 0);
    end(&c);
    close_world(&w);
}

static void keys_that_have_changed_seal_the_next_cookies(void **state)
{
    struct world w;

    (void)state;
    open_world(&w);
    for (unsigned i = 0; i < 3; i++) {
        struct ke_request request = usual_request();
        struct client c = client_asking(&request);
        struct ke_response response;

        exchange(&w, &c);
        assert_int_equal(answer_of(&c, &request, &response), KE_FAULT_NONE);
        const uint8_t *id = response.cookies[0].bytes;
        assert_int_equal((uint32_t)id[0] << 24 | (uint32_t)id[1] << 16 | (uint32_t)id[2] << 8 |
                             id[3],
                         w.ring.keys[1].id);
        assert_good_cookies(&w, &c, &response);
        end(&c);
        turn_ring(&w);
    }
    close_world(&w);
}

static void what_an_earlier_process_has_counted_goes_on(void **state)
{
    const struct ke_totals before = {.connections = 7, .exchanges = 5, .slow = 2};
    struct ke_request request = usual_request();
    struct client c = client_asking(&request);
    struct world w;

    (void)state;
    open_world(&w);
    page_write(&w.totals_page, &before, sizeof before);
    assert_true(ke_shared_open(&w.shared, &no_limit));
    exchange(&w, &c);
    settle(&w, 8);
    assert_int_equal(totals(&w).connections, 8);
    assert_int_equal(totals(&w).exchanges, 6);
    assert_int_equal(totals(&w).slow, 2);
    end(&c);
    close_world(&w);
}

static void who_is_closing_lets_nobody_in(void **state)
{
    struct ke_request request = usual_request();
    struct client c = client_asking(&request);
    struct world w;

    (void)state;
    open_world(&w);
    w.worker.closing = true;
    begin(&c, &w);
    for (int i = 0; i < 20; i++) {
        step_client(&c);
        pass(&w);
    }
    assert_int_equal(w.worker.used, 0);
    assert_int_equal(c.shaken, false);
    end(&c);
    close_world(&w);
}

static void files_that_are_no_good_are_named(void **state)
{
    static const struct {
        const char *certificate, *key, *named;
    } rows[] = {
        {"none.pem", "first.key", "none.pem"},     {"first.pem", "none.key", "none.key"},
        {"first.pem", "second.key", "second.key"}, {"first.key", "first.key", "first.key"},
        {"first.pem", "first.pem", "first.pem"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct ke_pair pair = {in_directory(rows[i].certificate), in_directory(rows[i].key)};
        char why[300] = "";

        assert_null(ke_server_open(&(struct ke_files){&pair, 1, NULL}, why, sizeof why));
        assert_non_null(strstr(why, rows[i].named));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clients_get_the_servers_best_cipher_and_eight_cookies),
        cmocka_unit_test(clients_may_be_sent_to_another_server_and_port),
        cmocka_unit_test(the_certificate_is_that_of_the_name_that_is_asked_for),
        cmocka_unit_test(the_cipher_suites_that_were_written_are_the_only_ones),
        cmocka_unit_test(who_speaks_something_else_fails_in_the_handshake),
        cmocka_unit_test(garbage_instead_of_tls_fails_in_the_handshake),
        cmocka_unit_test(requests_that_are_not_sound_are_told_so),
        cmocka_unit_test(a_request_without_an_end_is_broken_off),
        cmocka_unit_test(who_hangs_up_after_the_handshake_has_made_a_bad_request),
        cmocka_unit_test(nothing_in_common_is_said_and_gives_no_cookies),
        cmocka_unit_test(who_says_nothing_is_put_out_after_five_seconds),
        cmocka_unit_test(when_all_places_are_taken_the_oldest_gives_way_after_half_a_second),
        cmocka_unit_test(an_address_that_comes_too_often_is_turned_away_and_counted),
        cmocka_unit_test(who_may_not_ask_for_time_gets_no_keys_and_is_counted),
        cmocka_unit_test(as_long_as_nobody_has_said_who_may_ask_clients_wait),
        cmocka_unit_test(keys_that_have_changed_seal_the_next_cookies),
        cmocka_unit_test(what_an_earlier_process_has_counted_goes_on),
        cmocka_unit_test(who_is_closing_lets_nobody_in),
        cmocka_unit_test(files_that_are_no_good_are_named),
    };

    (void)signal(SIGPIPE, SIG_IGN);
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("helper/ke_service", tests, make_certificates,
                                       remove_certificates);
}
