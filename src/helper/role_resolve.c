/* SPDX-License-Identifier: BSD-2-Clause */
#include "helper/role_resolve.h"

#include "sys/clock.h"
#include "sys/signals.h"
#include "sys/unix_socket.h"

/* Takes what there is room for.  False: nobody asks any more. */
static bool take_questions(struct dns *dns, int fd)
{
    while (dns_has_room(dns)) {
        uint8_t bytes[RESOLVE_QUESTION_SIZE];
        struct resolve_question question;
        int passed = -1;
        enum err err = unix_receive_fd(fd, bytes, sizeof bytes, &passed);

        unix_close(&passed);
        if (err == ERR_NONE && resolve_question_decode(&question, bytes, sizeof bytes)) {
            dns_ask(dns, &question, clock_steady());
        } else if (err != ERR_NONE && err != ERR_FORMAT) {
            return err == ERR_AGAIN;
        }
    }
    return true;
}

/* False: nobody listens any more. */
static bool give_answers(struct dns *dns, int fd)
{
    struct resolve_answer answer;

    while (dns_answer(dns, &answer)) {
        uint8_t bytes[RESOLVE_ANSWER_SIZE];

        resolve_answer_encode(&answer, bytes);
        /* A full socket costs the answer: it will be asked for again. */
        if (unix_send_fd(fd, bytes, sizeof bytes, -1) == ERR_UNREACHABLE) {
            return false;
        }
    }
    return true;
}

int role_resolve(struct dns *dns, int fd)
{
    bool open = true;

    signals_open(SIGNALS_NORMAL);
    while (open && !signals_take().terminate) {
        struct pollfd fds[1 + DNS_POLLFDS];
        struct duration timeout = {-1};
        size_t count = dns_poll(dns, clock_steady(), fds + 1, &timeout);

        fds[0] = (struct pollfd){.fd = fd, .events = dns_has_room(dns) ? POLLIN : 0};
        (void)signals_wait(fds, 1 + count, timeout);
        dns_work(dns, clock_steady(), fds + 1, count);
        if (fds[0].revents != 0) {
            open =
                take_questions(dns, fd) && (fds[0].revents & (POLLHUP | POLLERR | POLLNVAL)) == 0;
        }
        open = give_answers(dns, fd) && open;
    }
    return 0;
}
