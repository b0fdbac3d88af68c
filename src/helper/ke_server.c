/* SPDX-License-Identifier: BSD-2-Clause */
#include "helper/ke_server.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/must.h"
#include "sys/entropy.h"
#include "sys/tcp_listen.h"

enum { REQUEST_MAX = 1024, ANSWER_MAX = 8192 };

struct ke_server {
    SSL_CTX *contexts[KE_PAIRS_MAX];
    size_t count;
};

enum stage { STAGE_HANDSHAKE, STAGE_REQUEST, STAGE_ANSWER };

struct ke_session {
    const struct ke_grant *grant;
    SSL *ssl;
    int fd;
    enum stage stage;
    enum ke_failure failure; /* should it fail */
    bool granted;
    size_t size;      /* of the buffer */
    const char *last; /* the answer as it goes out, and the end of TLS behind it; in `ssl` */
    size_t last_size, sent;
    uint8_t buffer[ANSWER_MAX];
};

/* The protocol's name as TLS carries it, its length in front. */
static const unsigned char alpn[] = "\x07" KE_ALPN;

static int select_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_size,
                           const unsigned char *in, unsigned int in_size, void *context)
{
    unsigned char *chosen;

    (void)ssl;
    (void)context;
    if (SSL_select_next_proto(&chosen, out_size, alpn, sizeof alpn - 1, in, in_size) !=
        OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

/* The pair whose certificate is for the name that the client asks for. */
static int select_pair(SSL *ssl, int *alert, void *context)
{
    const struct ke_server *server = context;
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

    (void)alert;
    for (size_t i = 1; name != NULL && i < server->count; i++) {
        X509 *certificate = SSL_CTX_get0_certificate(server->contexts[i]);

        if (X509_check_host(SSL_CTX_get0_certificate(server->contexts[0]), name, 0, 0, NULL) == 1) {
            break;
        }
        if (certificate != NULL && X509_check_host(certificate, name, 0, 0, NULL) == 1) {
            (void)SSL_set_SSL_CTX(ssl, server->contexts[i]);
            break;
        }
    }
    return SSL_TLSEXT_ERR_OK;
}

static bool refuse(char *why, size_t why_size, const char *file, const char *what)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());

    (void)snprintf(why, why_size, "%s %s (%s)", file, what, reason ? reason : "no reason known");
    ERR_clear_error();
    return false;
}

/* What the library has against them stays in its queue of errors. */
static enum ke_trial_fault use_pair(SSL_CTX *context, const struct ke_pair *pair)
{
    if (SSL_CTX_use_certificate_chain_file(context, pair->certificate) != 1) {
        return access(pair->certificate, R_OK) != 0 ? KE_TRIAL_CERTIFICATE_UNREADABLE
                                                    : KE_TRIAL_CERTIFICATE_FORMAT;
    }
    if (SSL_CTX_use_PrivateKey_file(context, pair->key, SSL_FILETYPE_PEM) != 1) {
        if (ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH) {
            return KE_TRIAL_KEY_OTHER;
        }
        return access(pair->key, R_OK) != 0 ? KE_TRIAL_KEY_UNREADABLE : KE_TRIAL_KEY_FORMAT;
    }
    /* A key of another kind than the certificate's is taken without a word. */
    return SSL_CTX_check_private_key(context) == 1 ? KE_TRIAL_GOOD : KE_TRIAL_KEY_OTHER;
}

static bool load_pair(SSL_CTX *context, const struct ke_pair *pair, char *why, size_t why_size)
{
    const enum ke_trial_fault fault = use_pair(context, pair);

    if (fault == KE_TRIAL_CERTIFICATE_UNREADABLE || fault == KE_TRIAL_CERTIFICATE_FORMAT) {
        return refuse(why, why_size, pair->certificate, "can't be used as a certificate in PEM");
    }
    return fault == KE_TRIAL_GOOD ||
           refuse(why, why_size, pair->key,
                  "can't be used as the private key, in PEM, of this certificate");
}

/* Lean: no tickets, no cache, no certificates of clients. */
static SSL_CTX *make_context(struct ke_server *server, const char *suites)
{
    char groups[] = "X25519:P-256:P-384"; /* the library's macro takes no constant */
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());

    if (context == NULL || SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) != 1 ||
        SSL_CTX_set_ciphersuites(context, suites) != 1 ||
        SSL_CTX_set1_groups_list(context, groups) != 1 ||
        SSL_CTX_set_num_tickets(context, 0) != 1) {
        SSL_CTX_free(context);
        return NULL;
    }
    (void)SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
                                           SSL_OP_CIPHER_SERVER_PREFERENCE);
    (void)SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    /* The chain is what the file holds; none is looked for at each handshake. */
    (void)SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
                                        SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                        SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_alpn_select_cb(context, select_protocol, NULL);
    (void)SSL_CTX_set_tlsext_servername_callback(context, select_pair);
    (void)SSL_CTX_set_tlsext_servername_arg(context, server);
    return context;
}

struct ke_server *ke_server_open(const struct ke_files *files, char *why, size_t why_size)
{
    static const char usual[] = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:"
                                "TLS_CHACHA20_POLY1305_SHA256";
    struct ke_server *server = calloc(1, sizeof *server);

    must(files->count > 0 && files->count <= KE_PAIRS_MAX);
    if (server == NULL) {
        (void)snprintf(why, why_size, "no memory");
        return NULL;
    }
    for (size_t i = 0; i < files->count; i++) {
        SSL_CTX *context = make_context(server, files->suites != NULL ? files->suites : usual);

        server->contexts[server->count] = context;
        server->count += context != NULL;
        if (context == NULL ? !refuse(why, why_size, "TLS 1.3", "can't be had")
                            : !load_pair(context, &files->pairs[i], why, why_size)) {
            ke_server_close(server);
            return NULL;
        }
    }
    return server;
}

struct ke_trial ke_server_try(const struct ke_files *files)
{
    struct ke_trial trial = {.fault = KE_TRIAL_GOOD};

    for (size_t i = 0; i < files->count && trial.fault == KE_TRIAL_GOOD; i++) {
        SSL_CTX *context = SSL_CTX_new(TLS_server_method());

        if (context != NULL) {
            trial = (struct ke_trial){use_pair(context, &files->pairs[i]), i};
            SSL_CTX_free(context);
        }
    }
    ERR_clear_error();
    return trial;
}

void ke_server_close(struct ke_server *server)
{
    for (size_t i = 0; i < server->count; i++) {
        SSL_CTX_free(server->contexts[i]);
    }
    free(server);
}

struct ke_session *ke_session_open(struct ke_server *server, const struct ke_grant *grant, int fd)
{
    struct ke_session *session = malloc(sizeof *session);

    if (session == NULL) {
        tcp_close(&fd);
        return NULL;
    }
    session->grant = grant;
    session->fd = fd;
    session->stage = STAGE_HANDSHAKE;
    session->failure = KE_FAILED_HANDSHAKE;
    session->granted = false;
    session->size = session->last_size = session->sent = 0;
    session->ssl = SSL_new(server->contexts[0]);
    if (session->ssl == NULL || SSL_set_fd(session->ssl, fd) != 1) {
        ke_session_close(session);
        return NULL;
    }
    SSL_set_accept_state(session->ssl);
    return session;
}

void ke_session_close(struct ke_session *session)
{
    SSL_free(session->ssl);
    tcp_close(&session->fd);
    OPENSSL_cleanse(session->buffer, session->size);
    free(session);
}

int ke_session_fd(const struct ke_session *session)
{
    return session->fd;
}

enum ke_failure ke_session_failure(const struct ke_session *session)
{
    return session->failure;
}

static bool offers(const struct ke_request *request, uint16_t algorithm)
{
    for (size_t i = 0; i < request->algorithm_count; i++) {
        if (request->algorithms[i] == algorithm) {
            return true;
        }
    }
    return false;
}

/*
 * Our best algorithm that the client has offered; 0: none.  Clients of old that offer GCM-SIV
 * without saying that they derive its keys as the RFC says (chrony 4.4 to 4.6 did not) get the
 * other one if they can.
 */
static uint16_t choose(const struct ke_grant *grant, const struct ke_request *request)
{
    uint16_t second = 0;

    for (size_t i = 0; i < grant->algorithm_count; i++) {
        uint16_t algorithm = grant->algorithms[i];

        if (!offers(request, algorithm)) {
            continue;
        }
        if (algorithm != AEAD_AES_128_GCM_SIV || request->compliant_gcm_siv) {
            return algorithm;
        }
        second = algorithm;
    }
    return second;
}

static bool export_key(SSL *ssl, uint16_t algorithm, bool to_client, uint8_t *key)
{
    uint8_t context[KE_EXPORT_CONTEXT_SIZE];

    ke_export_context(context, algorithm, to_client);
    return SSL_export_keying_material(ssl, key, aead_key_size(algorithm), KE_EXPORT_LABEL,
                                      sizeof KE_EXPORT_LABEL - 1, context, sizeof context, 1) == 1;
}

static bool grant_cookies(struct ke_session *session, struct ke_response *response)
{
    struct cookie cookie = {.algorithm = response->algorithm};
    uint8_t nonces[NTS_COOKIES][COOKIE_NONCE];

    if (!export_key(session->ssl, response->algorithm, false, cookie.to_server) ||
        !export_key(session->ssl, response->algorithm, true, cookie.to_client)) {
        return false;
    }
    entropy_fill(nonces, sizeof nonces);
    for (int i = 0; i < NTS_COOKIES; i++) {
        response->cookies[i].size = (uint16_t)cookie_size(response->algorithm);
        cookie_seal(session->grant->cookies, &cookie, nonces[i], response->cookies[i].bytes);
    }
    response->cookie_count = NTS_COOKIES;
    OPENSSL_cleanse(&cookie, sizeof cookie);
    return true;
}

/* The answer to the request in the buffer takes its place. */
static void make_answer(struct ke_session *session, size_t size)
{
    const struct ke_grant *grant = session->grant;
    struct ke_request request = {.port = 0};
    struct ke_response response = {.algorithm = 0};
    enum ke_fault fault = ke_request_decode(&request, session->buffer, size);

    if (fault == KE_FAULT_NONE || fault == KE_FAULT_NO_ALGORITHM) {
        response.ntpv4 = request.ntpv4;
        response.algorithm = request.ntpv4 ? choose(grant, &request) : 0;
        response.compliant_gcm_siv =
            request.compliant_gcm_siv && response.algorithm == AEAD_AES_128_GCM_SIV;
    } else if (fault != KE_FAULT_NO_PROTOCOL) {
        response.failed = true;
        response.error =
            fault == KE_FAULT_CRITICAL ? KE_ERROR_UNKNOWN_CRITICAL : KE_ERROR_BAD_REQUEST;
    }
    if (response.algorithm != 0) {
        if (grant->ntp_server != NULL) {
            (void)snprintf(response.server, sizeof response.server, "%s", grant->ntp_server);
        }
        response.port = grant->ntp_port;
        session->granted = grant_cookies(session, &response);
        session->failure = session->granted ? KE_FAILED_REQUEST : KE_FAILED_INTERNAL;
        response.failed = !session->granted;
        response.error = KE_ERROR_INTERNAL;
    } else if (!response.failed) {
        session->failure = KE_FAILED_CIPHER;
    }
    struct writer w = {.at = session->buffer, .left = sizeof session->buffer};
    ke_response_encode(&w, &response);
    session->size = sizeof session->buffer - w.left;
}

/*
 * The answer and the end of TLS as octets: they leave with the end of the connection, in one packet
 * where the library would send three.
 */
static bool seal_answer(struct ke_session *session)
{
    BIO *memory = BIO_new(BIO_s_mem());
    char *bytes = NULL;

    if (memory == NULL) {
        return false;
    }
    SSL_set0_wbio(session->ssl, memory);
    if (SSL_write(session->ssl, session->buffer, (int)session->size) != (int)session->size) {
        return false;
    }
    (void)SSL_shutdown(session->ssl);
    session->last_size = (size_t)BIO_get_mem_data(memory, &bytes);
    session->last = bytes;
    return true;
}

/* What a call of the library that did not succeed means. */
static enum ke_progress progress_of(struct ke_session *session, int result)
{
    switch (SSL_get_error(session->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        return KE_WANTS_READ;
    case SSL_ERROR_WANT_WRITE:
        return KE_WANTS_WRITE;
    default:
        ERR_clear_error(); /* or the next session would be blamed */
        return KE_FAILED;
    }
}

static enum ke_progress read_request(struct ke_session *session)
{
    size_t whole = 0;

    while (!ke_message_ends(session->buffer, session->size, &whole)) {
        if (session->size == REQUEST_MAX) {
            return KE_FAILED; /* no honest client has so much to say */
        }
        int got = SSL_read(session->ssl, session->buffer + session->size,
                           (int)(REQUEST_MAX - session->size));
        if (got <= 0) {
            return progress_of(session, got);
        }
        session->size += (size_t)got;
    }
    make_answer(session, whole);
    if (!seal_answer(session)) {
        ERR_clear_error();
        session->failure = KE_FAILED_INTERNAL;
        return KE_FAILED;
    }
    session->stage = STAGE_ANSWER;
    return KE_WANTS_WRITE;
}

static enum ke_progress write_answer(struct ke_session *session)
{
    while (session->sent < session->last_size) {
        size_t done = 0;
        enum err err = tcp_send_last(session->fd, session->last + session->sent,
                                     session->last_size - session->sent, &done);

        if (err != ERR_NONE) {
            return err == ERR_AGAIN ? KE_WANTS_WRITE : KE_FAILED;
        }
        session->sent += done;
    }
    return session->granted ? KE_DONE : KE_FAILED;
}

/* Who names no protocol at all gets as far as this. */
static bool speaks_ke(SSL *ssl)
{
    const unsigned char *chosen;
    unsigned int size;

    SSL_get0_alpn_selected(ssl, &chosen, &size);
    return size == sizeof alpn - 2 && memcmp(chosen, alpn + 1, size) == 0;
}

enum ke_progress ke_session_drive(struct ke_session *session)
{
    enum ke_progress progress = KE_WANTS_READ;

    if (session->stage == STAGE_HANDSHAKE) {
        int result = SSL_do_handshake(session->ssl);

        if (result != 1) {
            return progress_of(session, result);
        }
        if (!speaks_ke(session->ssl)) {
            return KE_FAILED;
        }
        session->stage = STAGE_REQUEST;
        session->failure = KE_FAILED_REQUEST;
    }
    if (session->stage == STAGE_REQUEST) {
        progress = read_request(session);
    }
    return session->stage == STAGE_ANSWER ? write_answer(session) : progress;
}
