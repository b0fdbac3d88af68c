/* SPDX-License-Identifier: BSD-2-Clause */
#include "helper/exchange.h"

#include <openssl/err.h>
#include <openssl/sslerr.h>
#include <string.h>

#include "helper/tls.h"
#include "sys/clock.h"
#include "sys/tcp.h"
#include "sys/unix_socket.h"

static void finish(struct key_exchange *exchange, enum keys_result result, unsigned detail)
{
    int64_t took_ns = clock_steady().ns - exchange->begun.ns;

    exchange->answer.result = result;
    exchange->answer.detail = (uint16_t)(detail < UINT16_MAX ? detail : UINT16_MAX);
    exchange->answer.took_us = (uint32_t)(took_ns / 1000);
    exchange->phase = EXCHANGE_OVER;
    /* What the library says about it is of no use later. */
    ERR_clear_error();
}

/* Certificates */

/* Only looks: when the chain is no good, this is the last time that it is seen. */
static int look(int good, X509_STORE_CTX *store)
{
    const SSL *tls = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct key_exchange *exchange = SSL_get_app_data(tls);
    STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(store);

    if (good == 0 && exchange != NULL && chain != NULL && sk_X509_num(chain) > 0) {
        tls_validity(chain, &exchange->answer.valid_from, &exchange->answer.valid_until);
    }
    return good;
}

static enum keys_result result_of(long verdict)
{
    switch (verdict) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return KEYS_EXPIRED;
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return KEYS_NOT_YET;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return KEYS_NAME;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        return KEYS_UNTRUSTED;
    default:
        return KEYS_CERTIFICATE;
    }
}

static bool begin_tls(struct key_exchange *exchange, SSL_CTX *context)
{
    static const unsigned char protocol[] = "\x07" KE_ALPN;

    exchange->tls = SSL_new(context);
    if (exchange->tls == NULL ||
        !tls_demand(exchange->tls, exchange->question.name, exchange->question.at) ||
        SSL_set_alpn_protos(exchange->tls, protocol, sizeof protocol - 1) != 0 ||
        SSL_set_fd(exchange->tls, exchange->fd) != 1) {
        return false;
    }
    SSL_set_app_data(exchange->tls, exchange);
    SSL_set_verify(exchange->tls, SSL_VERIFY_PEER, look);
    SSL_set_connect_state(exchange->tls);
    return true;
}

static enum keys_result of_connect(enum err err)
{
    return err == ERR_NOT_FOUND     ? KEYS_REFUSED
           : err == ERR_UNREACHABLE ? KEYS_UNREACHABLE
           : err == ERR_DENIED      ? KEYS_UNREACHABLE
                                    : KEYS_TIMEOUT;
}

void exchange_begin(struct key_exchange *exchange, const struct keys_question *question,
                    SSL_CTX *context, struct steady_time now)
{
    struct writer w = {exchange->buffer, sizeof exchange->buffer, false};
    enum err err;

    memset(exchange, 0, sizeof *exchange);
    exchange->fd = -1;
    exchange->begun = now;
    exchange->question = *question;
    exchange->answer.query = question->query;
    exchange->answer.asked = question->server;
    memcpy(exchange->answer.name, question->name, sizeof exchange->answer.name);
    exchange->request = (struct ke_request){
        .algorithm_count = question->algorithm_count, .ntpv4 = true, .compliant_gcm_siv = true};
    memcpy(exchange->request.algorithms, question->algorithms, sizeof question->algorithms);
    ke_request_encode(&w, &exchange->request);
    exchange->length = sizeof exchange->buffer - w.left;
    if (context == NULL) {
        finish(exchange, KEYS_CERTIFICATES, 0);
        return;
    }
    err = tcp_connect(&exchange->fd, &question->server);
    if (err != ERR_NONE) {
        finish(exchange, of_connect(err), 0);
    } else if (!begin_tls(exchange, context)) {
        finish(exchange, KEYS_TLS, 0);
    } else {
        exchange->phase = EXCHANGE_CONNECTS;
        exchange->wants_write = true;
    }
}

bool exchange_poll(const struct key_exchange *exchange, struct pollfd *fd)
{
    if (exchange->phase == EXCHANGE_FREE || exchange->phase == EXCHANGE_OVER) {
        return false;
    }
    *fd = (struct pollfd){.fd = exchange->fd, .events = exchange->wants_write ? POLLOUT : POLLIN};
    return true;
}

/* A step of TLS did not succeed: waits for more, or it is over.  True: waits. */
static bool waits(struct key_exchange *exchange, int result)
{
    int error = SSL_get_error(exchange->tls, result);

    exchange->wants_write = error == SSL_ERROR_WANT_WRITE;
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

static void fail_handshake(struct key_exchange *exchange)
{
    unsigned long error = ERR_peek_error();
    int reason = ERR_GET_REASON(error);
    long verdict = SSL_get_verify_result(exchange->tls);

    if (verdict != X509_V_OK) {
        finish(exchange, result_of(verdict), (unsigned)verdict);
    } else if (reason == SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL) {
        finish(exchange, KEYS_PROTOCOL, (unsigned)reason);
    } else if (error == 0 || reason == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
        finish(exchange, KEYS_CLOSED, 0);
    } else {
        finish(exchange, KEYS_TLS, (unsigned)reason);
    }
}

static void shake_hands(struct key_exchange *exchange)
{
    const unsigned char *protocol = NULL;
    unsigned length = 0;
    int result = SSL_do_handshake(exchange->tls);

    if (result != 1) {
        if (!waits(exchange, result)) {
            fail_handshake(exchange);
        }
        return;
    }
    SSL_get0_alpn_selected(exchange->tls, &protocol, &length);
    if (length != strlen(KE_ALPN) || memcmp(protocol, KE_ALPN, length) != 0) {
        finish(exchange, KEYS_PROTOCOL, 0);
        return;
    }
    tls_validity(SSL_get0_verified_chain(exchange->tls), &exchange->answer.valid_from,
                 &exchange->answer.valid_until);
    exchange->phase = EXCHANGE_WRITES;
}

static void write_request(struct key_exchange *exchange)
{
    int result = SSL_write(exchange->tls, exchange->buffer, (int)exchange->length);

    if (result <= 0) {
        if (!waits(exchange, result)) {
            finish(exchange, KEYS_CLOSED, 0);
        }
        return;
    }
    exchange->size = 0;
    exchange->phase = EXCHANGE_READS;
    exchange->wants_write = false;
}

static bool export_key(const struct key_exchange *exchange, bool to_client,
                       uint8_t key[static KEYS_SECRET_SIZE])
{
    uint8_t context[KE_EXPORT_CONTEXT_SIZE];

    ke_export_context(context, exchange->answer.algorithm, to_client);
    return SSL_export_keying_material(exchange->tls, key, aead_key_size(exchange->answer.algorithm),
                                      KE_EXPORT_LABEL, strlen(KE_EXPORT_LABEL), context,
                                      sizeof context, 1) == 1;
}

/* Where NTP is asked: the same address, another one, or a name that the owner looks up. */
static void take_server(struct key_exchange *exchange, const struct ke_response *response)
{
    struct keys_answer *answer = &exchange->answer;

    answer->server = exchange->question.server;
    answer->server.port = exchange->question.ntp_port;
    if (response->server[0] != '\0' && !address_parse(&answer->server, response->server)) {
        memcpy(exchange->other, response->server, sizeof exchange->other);
    }
    answer->server.port = response->port != 0 ? response->port : exchange->question.ntp_port;
}

static void take_response(struct key_exchange *exchange)
{
    struct keys_answer *answer = &exchange->answer;
    struct ke_response response;
    enum ke_fault fault =
        ke_response_decode(&response, &exchange->request, exchange->buffer, exchange->size);

    if (fault == KE_FAULT_REFUSED) {
        finish(exchange, KEYS_ERROR, response.error);
    } else if (fault != KE_FAULT_NONE) {
        finish(exchange, KEYS_MESSAGE, fault);
    } else {
        answer->algorithm = response.algorithm;
        answer->cookie_count = response.cookie_count;
        memcpy(answer->cookies, response.cookies, sizeof answer->cookies);
        take_server(exchange, &response);
        finish(exchange,
               export_key(exchange, false, answer->to_server) &&
                       export_key(exchange, true, answer->to_client)
                   ? KEYS_OK
                   : KEYS_TLS,
               0);
    }
    OPENSSL_cleanse(&response, sizeof response);
    (void)SSL_shutdown(exchange->tls);
}

static void read_response(struct key_exchange *exchange)
{
    size_t size;
    int result;

    while ((result = SSL_read(exchange->tls, exchange->buffer + exchange->size,
                              (int)(sizeof exchange->buffer - exchange->size))) > 0) {
        exchange->size += (size_t)result;
        if (ke_message_ends(exchange->buffer, exchange->size, &size)) {
            exchange->size = size;
            take_response(exchange);
            return;
        }
    }
    if (waits(exchange, result)) {
        return;
    }
    if (exchange->size == 0) {
        finish(exchange, KEYS_CLOSED, 0);
    } else {
        take_response(exchange);
    }
}

/* One step in each phase; a phase that ends is followed by the next at once. */
static void take_step(struct key_exchange *exchange)
{
    if (exchange->phase == EXCHANGE_CONNECTS) {
        enum err err = tcp_connected(exchange->fd);

        if (err != ERR_NONE) {
            finish(exchange, of_connect(err), 0);
            return;
        }
        exchange->phase = EXCHANGE_SHAKES_HANDS;
    }
    if (exchange->phase == EXCHANGE_SHAKES_HANDS) {
        shake_hands(exchange);
    }
    if (exchange->phase == EXCHANGE_WRITES) {
        write_request(exchange);
    }
    if (exchange->phase == EXCHANGE_READS) {
        read_response(exchange);
    }
}

struct duration exchange_wait(const struct key_exchange *exchange, struct steady_time now)
{
    int64_t limit_s = exchange->phase == EXCHANGE_CONNECTS ? EXCHANGE_CONNECT_S : EXCHANGE_LIMIT_S;
    int64_t left_ns = exchange->begun.ns + limit_s * NS_PER_S - now.ns;

    return (struct duration){left_ns > 0 ? left_ns : 0};
}

void exchange_work(struct key_exchange *exchange, struct steady_time now, bool ready)
{
    if (exchange->phase == EXCHANGE_FREE || exchange->phase == EXCHANGE_OVER) {
        return;
    }
    ERR_clear_error();
    if (ready) {
        take_step(exchange);
    }
    if (exchange->phase != EXCHANGE_OVER && exchange_wait(exchange, now).ns == 0) {
        finish(exchange, exchange->phase == EXCHANGE_CONNECTS ? KEYS_TIMEOUT : KEYS_SLOW, 0);
    }
}

void exchange_end(struct key_exchange *exchange)
{
    SSL_free(exchange->tls);
    unix_close(&exchange->fd);
    OPENSSL_cleanse(exchange, sizeof *exchange);
    exchange->fd = -1;
}
