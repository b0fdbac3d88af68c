/* SPDX-License-Identifier: BSD-2-Clause */
#include "helper/role_keys.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "helper/dates.h"
#include "helper/exchange.h"
#include "sys/clock.h"
#include "sys/signals.h"
#include "sys/unix_socket.h"

struct keys_role {
    const struct trust *trust;
    struct dns *dns;
    int fd;
    struct steady_time idle_since;
    struct key_exchange exchanges[ROLE_KEYS_AT_ONCE];
    bool looked_up[ROLE_KEYS_AT_ONCE]; /* dns has been asked for the server's address */
    struct dates dates;
};

static_assert((int)DATES_QUERY > (int)ROLE_KEYS_AT_ONCE, "queries to dns are told apart");

static struct key_exchange *find_free(struct keys_role *role)
{
    for (unsigned i = 0; i < ROLE_KEYS_AT_ONCE; i++) {
        if (role->exchanges[i].phase == EXCHANGE_FREE) {
            return &role->exchanges[i];
        }
    }
    return NULL;
}

/* Takes what there is room for.  False: nobody asks any more. */
static bool take_questions(struct keys_role *role)
{
    struct key_exchange *exchange;

    while ((exchange = find_free(role)) != NULL && dates_have_room(&role->dates)) {
        uint8_t bytes[KEYS_QUESTION_SIZE];
        struct keys_question question;
        struct date_question date;
        int passed = -1;
        enum err err = unix_receive_fd(role->fd, bytes, sizeof bytes, &passed);

        unix_close(&passed);
        if (err == ERR_NONE && keys_question_decode(&question, bytes, sizeof bytes)) {
            exchange_begin(exchange, &question, trust_context(role->trust, question.cert_set),
                           clock_steady());
        } else if (err == ERR_NONE && date_question_decode(&date, bytes, sizeof bytes)) {
            dates_ask(&role->dates, &date);
        } else if (err != ERR_NONE && err != ERR_FORMAT) {
            return err == ERR_AGAIN;
        }
    }
    return true;
}

/* The server has named another one for NTP: by its name. */
static void look_up(struct keys_role *role, unsigned index)
{
    struct key_exchange *exchange = &role->exchanges[index];
    struct resolve_question question = {.query = index + 1,
                                        .family = exchange->question.server.family};

    if (!dns_has_room(role->dns)) {
        return;
    }
    memcpy(question.name, exchange->other, sizeof question.name);
    role->looked_up[index] = true;
    dns_ask(role->dns, &question, clock_steady());
}

static void take_addresses(struct keys_role *role)
{
    struct resolve_answer resolved;

    while (dns_answer(role->dns, &resolved)) {
        unsigned index = resolved.query - 1;
        struct key_exchange *exchange;

        if (resolved.query >= DATES_QUERY) {
            dates_resolved(&role->dates, &resolved);
            continue;
        }
        if (index >= ROLE_KEYS_AT_ONCE || !role->looked_up[index]) {
            continue;
        }
        exchange = &role->exchanges[index];
        role->looked_up[index] = false;
        exchange->other[0] = '\0';
        if (resolved.result == RESOLVE_OK) {
            uint16_t port = exchange->answer.server.port;

            exchange->answer.server = resolved.addresses[0];
            exchange->answer.server.port = port;
        } else {
            exchange->answer.result = KEYS_SERVER;
        }
    }
}

/* False: nobody listens any more. */
static bool give_answers(struct keys_role *role)
{
    uint8_t bytes[KEYS_ANSWER_SIZE];
    bool listens = true;

    for (unsigned i = 0; i < ROLE_KEYS_AT_ONCE; i++) {
        struct key_exchange *exchange = &role->exchanges[i];

        if (exchange->phase != EXCHANGE_OVER) {
            continue;
        }
        if (exchange->answer.result == KEYS_OK && exchange->other[0] != '\0') {
            if (!role->looked_up[i]) {
                look_up(role, i);
            }
            continue;
        }
        keys_answer_encode(&exchange->answer, bytes);
        /* A full socket costs the answer: it will be asked for again. */
        listens = unix_send_fd(role->fd, bytes, sizeof bytes, -1) != ERR_UNREACHABLE && listens;
        OPENSSL_cleanse(bytes, sizeof bytes);
        exchange_end(exchange);
    }
    return listens;
}

static bool give_dates(struct keys_role *role)
{
    uint8_t bytes[DATE_ANSWER_SIZE];
    struct date_answer answer;
    bool listens = true;

    while (dates_answer(&role->dates, &answer)) {
        date_answer_encode(&answer, bytes);
        listens = unix_send_fd(role->fd, bytes, sizeof bytes, -1) != ERR_UNREACHABLE && listens;
    }
    return listens;
}

static bool is_idle(const struct keys_role *role)
{
    for (unsigned i = 0; i < ROLE_KEYS_AT_ONCE; i++) {
        if (role->exchanges[i].phase != EXCHANGE_FREE) {
            return false;
        }
    }
    return dates_idle(&role->dates);
}

/*
 * Gives what is there, before the next wait: names that are in a file are looked up at once, and
 * no descriptor tells.  False: nobody listens any more.
 */
static bool settle(struct keys_role *role)
{
    bool listens = give_answers(role);

    take_addresses(role);
    listens = give_answers(role) && listens;
    return give_dates(role) && listens;
}

/* One wait and what follows from it.  False: it is over. */
static bool pass(struct keys_role *role)
{
    struct pollfd fds[1 + ROLE_KEYS_AT_ONCE + DATES_AT_ONCE + DNS_POLLFDS];
    unsigned of[ROLE_KEYS_AT_ONCE], count = 0;
    struct duration timeout = {ROLE_KEYS_IDLE_S * NS_PER_S};
    bool open = true;

    for (unsigned i = 0; i < ROLE_KEYS_AT_ONCE; i++) {
        if (exchange_poll(&role->exchanges[i], &fds[1 + count])) {
            struct duration wait = exchange_wait(&role->exchanges[i], clock_steady());

            timeout = wait.ns < timeout.ns ? wait : timeout;
            of[count++] = i;
        }
    }
    struct pollfd *of_dates = fds + 1 + count;
    size_t dates = dates_poll(&role->dates, of_dates, &timeout);
    size_t names = dns_poll(role->dns, clock_steady(), of_dates + dates, &timeout);
    bool room = find_free(role) != NULL && dates_have_room(&role->dates);
    fds[0] = (struct pollfd){.fd = role->fd, .events = room ? POLLIN : 0};
    (void)signals_wait(fds, 1 + count + dates + names, timeout);
    for (unsigned i = 0; i < count; i++) {
        exchange_work(&role->exchanges[of[i]], clock_steady(), fds[1 + i].revents != 0);
    }
    dates_work(&role->dates, of_dates, dates);
    dns_work(role->dns, clock_steady(), of_dates + dates, names);
    if (fds[0].revents != 0) {
        open = take_questions(role) && (fds[0].revents & (POLLHUP | POLLERR | POLLNVAL)) == 0;
    }
    if (!is_idle(role)) {
        role->idle_since = clock_steady();
    }
    return settle(role) && open &&
           clock_steady().ns - role->idle_since.ns < ROLE_KEYS_IDLE_S * NS_PER_S;
}

int role_keys(const struct trust *trust, struct dns *dns, int fd)
{
    struct keys_role *role = calloc(1, sizeof *role);

    if (role == NULL) {
        return 1;
    }
    *role = (struct keys_role){.trust = trust, .dns = dns, .fd = fd, .idle_since = clock_steady()};
    for (unsigned i = 0; i < ROLE_KEYS_AT_ONCE; i++) {
        role->exchanges[i].fd = -1;
    }
    dates_init(&role->dates, trust, dns);
    signals_open(SIGNALS_NORMAL);
    while (!signals_take().terminate && pass(role)) {
    }
    for (unsigned i = 0; i < ROLE_KEYS_AT_ONCE; i++) {
        exchange_end(&role->exchanges[i]);
    }
    dates_close(&role->dates);
    free(role);
    return 0;
}
