/* SPDX-License-Identifier: BSD-2-Clause */
#include "helper/fetch.h"

#include <openssl/err.h>
#include <string.h>

#include "helper/tls.h"
#include "sys/clock.h"
#include "sys/tcp.h"
#include "sys/unix_socket.h"

static void finish(struct fetch *fetch, enum date_result result)
{
    fetch->answer.result = result;
    fetch->answer.took_us =
        fetch->asked.ns == 0 ? 0 : (uint32_t)((clock_steady().ns - fetch->asked.ns) / 1000);
    fetch->phase = FETCH_OVER;
    ERR_clear_error();
}

static bool begin_tls(struct fetch *fetch, SSL_CTX *context)
{
    static const unsigned char protocol[] = "\x08http/1.1";

    /* The dates of the certificates are compared with the time that the server tells. */
    fetch->tls = SSL_new(context);
    if (fetch->tls == NULL || !tls_demand(fetch->tls, fetch->question.name, (struct utc_time){0}) ||
        SSL_set_min_proto_version(fetch->tls, TLS1_2_VERSION) != 1 ||
        SSL_set_alpn_protos(fetch->tls, protocol, sizeof protocol - 1) != 0 ||
        SSL_set_fd(fetch->tls, fetch->fd) != 1) {
        return false;
    }
    SSL_set_verify(fetch->tls, SSL_VERIFY_PEER, NULL);
    SSL_set_connect_state(fetch->tls);
    return true;
}

void fetch_begin(struct fetch *fetch, const struct date_question *question, SSL_CTX *context,
                 struct steady_time now)
{
    memset(fetch, 0, sizeof *fetch);
    fetch->fd = -1;
    fetch->begun = now;
    fetch->question = *question;
    fetch->answer.query = question->query;
    fetch->answer.server = question->address;
    fetch->answer.server.port = question->port;
    if (context == NULL) {
        finish(fetch, DATE_CERTIFICATE);
    } else if (tcp_connect(&fetch->fd, &fetch->answer.server) != ERR_NONE) {
        finish(fetch, DATE_CONNECTION);
    } else if (!begin_tls(fetch, context)) {
        finish(fetch, DATE_TLS);
    } else {
        fetch->phase = FETCH_CONNECTS;
        fetch->wants_write = true;
    }
}

bool fetch_poll(const struct fetch *fetch, struct pollfd *fd)
{
    if (fetch->phase == FETCH_FREE || fetch->phase == FETCH_OVER) {
        return false;
    }
    *fd = (struct pollfd){.fd = fetch->fd, .events = fetch->wants_write ? POLLOUT : POLLIN};
    return true;
}

/* A step of TLS did not succeed: waits for more, or it is over.  True: waits. */
static bool waits(struct fetch *fetch, int result)
{
    int error = SSL_get_error(fetch->tls, result);

    fetch->wants_write = error == SSL_ERROR_WANT_WRITE;
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

static void shake_hands(struct fetch *fetch)
{
    int result = SSL_do_handshake(fetch->tls);

    if (result == 1) {
        tls_validity(SSL_get0_verified_chain(fetch->tls), &fetch->valid_from, &fetch->valid_until);
        fetch->phase = FETCH_WRITES;
    } else if (!waits(fetch, result)) {
        finish(fetch, SSL_get_verify_result(fetch->tls) != X509_V_OK ? DATE_CERTIFICATE : DATE_TLS);
    }
}

static void write_request(struct fetch *fetch)
{
    char request[DATE_REQUEST_MAX];
    size_t length = date_request(&fetch->question, request);
    int result;

    if (fetch->asked.ns == 0) {
        fetch->asked = clock_steady();
    }
    /* Wants the same octets again when it had to wait. */
    memcpy(fetch->buffer, request, length);
    result = SSL_write(fetch->tls, fetch->buffer, (int)length);
    if (result > 0) {
        fetch->phase = FETCH_READS;
        fetch->wants_write = false;
    } else if (!waits(fetch, result)) {
        finish(fetch, DATE_CLOSED);
    }
}

/* True: it is over. */
static bool take_head(struct fetch *fetch)
{
    struct utc_time date = {0};

    switch (date_response(fetch->buffer, fetch->size, &date)) {
    case DATE_HEAD_INCOMPLETE:
        return false;
    case DATE_HEAD_BAD:
        finish(fetch, DATE_RESPONSE);
        break;
    case DATE_HEAD_NO_DATE:
        finish(fetch, DATE_NO_DATE);
        break;
    case DATE_HEAD_OK:
        fetch->answer.date = date;
        finish(fetch, date.ns >= fetch->valid_from.ns && date.ns <= fetch->valid_until.ns
                          ? DATE_OK
                          : DATE_EXPIRED);
        break;
    }
    return true;
}

static void read_response(struct fetch *fetch)
{
    int result;

    while ((result = SSL_read(fetch->tls, fetch->buffer + fetch->size,
                              (int)(sizeof fetch->buffer - fetch->size))) > 0) {
        fetch->size += (size_t)result;
        if (take_head(fetch)) {
            return;
        }
    }
    if (!waits(fetch, result)) {
        finish(fetch, DATE_CLOSED);
    }
}

/* One step in each phase; a phase that ends is followed by the next at once. */
static void take_step(struct fetch *fetch)
{
    if (fetch->phase == FETCH_CONNECTS) {
        if (tcp_connected(fetch->fd) != ERR_NONE) {
            finish(fetch, DATE_CONNECTION);
            return;
        }
        fetch->phase = FETCH_SHAKES_HANDS;
    }
    if (fetch->phase == FETCH_SHAKES_HANDS) {
        shake_hands(fetch);
    }
    if (fetch->phase == FETCH_WRITES) {
        write_request(fetch);
    }
    if (fetch->phase == FETCH_READS) {
        read_response(fetch);
    }
}

struct duration fetch_wait(const struct fetch *fetch, struct steady_time now)
{
    int64_t left_ns = fetch->begun.ns + FETCH_LIMIT_S * NS_PER_S - now.ns;

    return (struct duration){left_ns > 0 ? left_ns : 0};
}

void fetch_work(struct fetch *fetch, struct steady_time now, bool ready)
{
    if (fetch->phase == FETCH_FREE || fetch->phase == FETCH_OVER) {
        return;
    }
    ERR_clear_error();
    if (ready) {
        take_step(fetch);
    }
    if (fetch->phase != FETCH_OVER && fetch_wait(fetch, now).ns == 0) {
        finish(fetch, fetch->phase == FETCH_CONNECTS ? DATE_CONNECTION : DATE_SLOW);
    }
}

void fetch_end(struct fetch *fetch)
{
    SSL_free(fetch->tls);
    unix_close(&fetch->fd);
    memset(fetch, 0, sizeof *fetch);
    fetch->fd = -1;
}
