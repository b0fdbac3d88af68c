/* SPDX-License-Identifier: BSD-2-Clause */
#include "helper/role_resolve.h"

#include "sys/clock.h"
#include "sys/signals.h"
#include "sys/unix_socket.h"

/* Takes what there is room for.  False: nobody asks any more. */
static bool take_questions(struct finder *finder, int fd)
{
    while (finder_has_room(finder)) {
        uint8_t bytes[RESOLVE_QUESTION_SIZE];
        struct resolve_question question;
        int passed = -1;
        enum err err = unix_receive_fd(fd, bytes, sizeof bytes, &passed);

        unix_close(&passed);
        if (err == ERR_NONE && resolve_question_decode(&question, bytes, sizeof bytes)) {
            finder_ask(finder, &question, clock_steady());
        } else if (err != ERR_NONE && err != ERR_FORMAT) {
            return err == ERR_AGAIN;
        }
    }
    return true;
}

/* False: nobody listens any more. */
static bool give_answers(struct finder *finder, int fd)
{
    struct resolve_answer answer;

    while (finder_answer(finder, &answer)) {
        uint8_t bytes[RESOLVE_ANSWER_SIZE];

        resolve_answer_encode(&answer, bytes);
        /* A full socket costs the answer: it will be asked for again. */
        if (unix_send_fd(fd, bytes, sizeof bytes, -1) == ERR_UNREACHABLE) {
            return false;
        }
    }
    return true;
}

int role_resolve(struct finder *finder, int fd)
{
    bool open = true;

    signals_open(SIGNALS_NORMAL);
    while (open && !signals_take().terminate) {
        struct pollfd fds[1 + FINDER_POLLFDS];
        struct duration timeout = {-1};
        size_t count = finder_poll(finder, clock_steady(), fds + 1, &timeout);

        fds[0] = (struct pollfd){.fd = fd, .events = finder_has_room(finder) ? POLLIN : 0};
        (void)signals_wait(fds, 1 + count, timeout);
        if (fds[0].revents != 0) {
            open = take_questions(finder, fd) &&
                   (fds[0].revents & (POLLHUP | POLLERR | POLLNVAL)) == 0;
        }
        finder_work(finder, clock_steady(), fds + 1, count);
        open = give_answers(finder, fd) && open;
    }
    return 0;
}
