/* SPDX-License-Identifier: BSD-2-Clause */
#include "register/dns_place.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "register/dns_message.h"
#include "sys/clock.h"
#include "sys/resolve.h"
#include "sys/storage.h"
#include "sys/tcp.h"
#include "sys/unix_socket.h"

enum { ANSWER_MAX = 65535, SERVERS_MAX = 4, OTHERS_MAY_READ = 07 };

static const struct duration patience = {4 * NS_PER_S};

/* One message on its way, over one connection. */
struct exchange {
    int fd;
    struct steady_time deadline;
    uint8_t *bytes; /* ANSWER_MAX + 2 */
    size_t size;
};

bool dns_place_open(struct access *access, struct text *why)
{
    char text[TSIG_FILE_MAX + 1];
    struct storage_secret file = {
        .path = access->place->key, .fd = -1, .bytes = text, .capacity = TSIG_FILE_MAX};
    enum err err = storage_read_secret(&file);

    if (err != ERR_NONE) {
        text_add(why, file.path);
        text_add(why, err == ERR_NOT_FOUND ? ": there is no such file"
                      : err == ERR_DENIED  ? ": may not be read by the user that this runs as"
                                           : ": can't be read as a file of at most 8 kB");
        return false;
    }
    if ((file.mode & OTHERS_MAY_READ) != 0) {
        text_add(why, file.path);
        text_add(why, ": everybody may read it, so that it keeps no secret: chmod o= ");
        text_add(why, file.path);
        return false;
    }
    text[file.size] = '\0';
    bool good = tsig_key_read(&access->key, access->place->key, text, why);
    explicit_bzero(text, sizeof text);
    return good;
}

/* Waits for the descriptor; false: not in time. */
static bool wait_for(const struct exchange *x, short events)
{
    struct pollfd fd = {.fd = x->fd, .events = events};
    int64_t left_ns = x->deadline.ns - clock_steady().ns;

    return left_ns > 0 && poll(&fd, 1, (int)(left_ns / 1000000) + 1) == 1;
}

static const char *connect_to(struct exchange *x, const struct address *server)
{
    enum err err = tcp_connect(&x->fd, server);

    if (err == ERR_NONE && !wait_for(x, POLLOUT)) {
        return "does not answer";
    }
    if (err == ERR_NONE) {
        err = tcp_connected(x->fd);
    }
    return err == ERR_NONE        ? NULL
           : err == ERR_NOT_FOUND ? "has nobody on that port (TCP)"
           : err == ERR_AGAIN     ? "does not answer"
                                  : "can't be reached";
}

static const char *write_all(struct exchange *x, const uint8_t *bytes, size_t size)
{
    for (size_t done = 0; size > 0; bytes += done, size -= done) {
        enum err err = unix_write(x->fd, bytes, size, &done);

        if (err == ERR_AGAIN) {
            done = 0;
            if (!wait_for(x, POLLOUT)) {
                return "does not take the message";
            }
        } else if (err != ERR_NONE) {
            return "breaks the connection off";
        }
    }
    return NULL;
}

static const char *read_all(struct exchange *x, uint8_t *bytes, size_t size)
{
    for (size_t done = 0; size > 0; bytes += done, size -= done) {
        enum err err = unix_read(x->fd, bytes, size, &done);

        if (err == ERR_AGAIN) {
            done = 0;
            if (!wait_for(x, POLLIN)) {
                return "does not answer";
            }
        } else if (err != ERR_NONE) {
            return "breaks the connection off";
        }
    }
    return NULL;
}

/* A message is preceded by its length (RFC 1035, section 4.2.2). */
static const char *ask(struct exchange *x, const struct dns_message *message)
{
    const uint8_t length[2] = {(uint8_t)(message->size >> 8), (uint8_t)message->size};
    const char *problem = write_all(x, length, sizeof length);

    if (problem == NULL) {
        problem = write_all(x, message->wire, message->size);
    }
    if (problem == NULL) {
        problem = read_all(x, x->bytes, 2);
    }
    if (problem == NULL) {
        x->size = (size_t)x->bytes[0] << 8 | x->bytes[1];
        problem = read_all(x, x->bytes, x->size);
    }
    return problem;
}

static size_t find_server(const struct place *place, struct address servers[static SERVERS_MAX])
{
    size_t count = 1;

    if (!address_parse(&servers[0], place->server) &&
        resolve_name(place->server, ADDRESS_NONE, servers, SERVERS_MAX, &count) !=
            RESOLVE_STATUS_FOUND) {
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        servers[i].port = (uint16_t)place->port;
    }
    return count;
}

/* Sends the message to the first address that answers; false: *why says what happened at the last.
 */
static bool deliver(const struct access *access, struct exchange *x,
                    const struct dns_message *message, struct text *why)
{
    struct address servers[SERVERS_MAX];
    size_t count = find_server(access->place, servers);
    const char *problem = "has no address that could be found";

    for (size_t i = 0; i < count && problem != NULL; i++) {
        x->fd = -1;
        x->deadline.ns = clock_steady().ns + patience.ns / (int64_t)count;
        problem = connect_to(x, &servers[i]);
        if (problem == NULL) {
            problem = ask(x, message);
        }
        unix_close(&x->fd);
    }
    if (problem != NULL) {
        text_add(why, "it ");
        text_add(why, problem);
    }
    return problem == NULL;
}

/* Signs, sends and reads the answer.  `record`: what a question is about. */
static struct dns_answer carry_out(const struct access *access, struct dns_message *message,
                                   const struct record *record, struct text *why)
{
    struct dns_answer answer = {.result = ATTEMPT_LATER};
    struct exchange x = {.fd = -1, .bytes = malloc(ANSWER_MAX + 2)};

    if (x.bytes == NULL || !dns_message_sign(message, &access->key)) {
        text_add(why, "there is no memory");
    } else if (deliver(access, &x, message, why)) {
        const struct dns_octets octets = {.bytes = x.bytes, .size = x.size};

        answer = dns_message_answer(message, &access->key, record, &octets, why);
    }
    free(x.bytes);
    return answer;
}

/* Those of `wanted` that the server does not have. */
static enum attempt_result find_missing(const struct access *access, const struct attempt *attempt,
                                        struct records *missing)
{
    missing->count = 0;
    for (size_t i = 0; i < attempt->wanted->count; i++) {
        const struct record *record = &attempt->wanted->at[i];
        struct dns_message message;
        struct dns_answer answer = {.result = ATTEMPT_LATER};

        if (dns_message_question(&message, record)) {
            answer = carry_out(access, &message, record, attempt->why);
            dns_message_done(&message);
        }
        if (answer.result != ATTEMPT_DONE) {
            return answer.result;
        }
        if (!answer.found) {
            (void)records_add(missing, record);
        }
    }
    return ATTEMPT_DONE;
}

enum attempt_result dns_place_attempt(const struct access *access, struct attempt *attempt)
{
    struct records missing, removed = {.count = 0};
    struct dns_change change = {access->place->zone, attempt->ttl_s, &missing, &removed};
    struct dns_answer answer = {.result = ATTEMPT_LATER};
    struct dns_message message;
    enum attempt_result looked = find_missing(access, attempt, &missing);

    if (looked != ATTEMPT_DONE) {
        return looked;
    }
    for (size_t i = 0; i < attempt->old->count; i++) {
        if (!records_have(attempt->wanted, &attempt->old->at[i])) {
            (void)records_add(&removed, &attempt->old->at[i]);
        }
    }
    if (missing.count + removed.count == 0) {
        return ATTEMPT_DONE;
    }
    if (!dns_message_update(&message, &change)) {
        text_add(attempt->why, "there is no memory");
        return ATTEMPT_LATER;
    }
    answer = carry_out(access, &message, NULL, attempt->why);
    dns_message_done(&message);
    if (answer.result == ATTEMPT_DONE) {
        attempt->added = (unsigned)missing.count;
        attempt->removed = (unsigned)removed.count;
    }
    return answer.result;
}

static bool show(const struct access *access, const struct dns_change *change, const char *what)
{
    struct dns_message message;
    char *text = NULL;

    if (dns_message_update(&message, change)) {
        text = dns_message_text(&message);
        dns_message_done(&message);
    }
    if (text != NULL) {
        char *rest = strstr(text, ";; ADDITIONAL SECTION"); /* where the signature goes */

        if (rest != NULL) {
            *rest = '\0';
        }
        printf("# %s %s: to %s, port %u, over TCP, signed by %s %s\n%s\n", what,
               access->place->name, access->place->server, access->place->port, access->key.name,
               access->key.algorithm, text);
    }
    free(text);
    return text != NULL;
}

bool dns_place_show(const struct access *access, const struct records *records, unsigned ttl_s)
{
    static const struct records none = {.count = 0};
    const struct dns_change add = {access->place->zone, ttl_s, records, &none};
    const struct dns_change remove = {access->place->zone, ttl_s, &none, records};

    return show(access, &add, "to register") && show(access, &remove, "to withdraw");
}
