/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/exchanger.h"

#include <stdio.h>
#include <string.h>

#include "base/must.h"
#include "crypto/wipe.h"
#include "sys/storage.h"
#include "sys/unix_socket.h"

void exchanger_init(struct exchanger *exchanger, bool alone, const char *directory)
{
    memset(exchanger, 0, sizeof *exchanger);
    exchanger->fd = -1;
    exchanger->alone = alone;
    (void)snprintf(exchanger->directory, sizeof exchanger->directory, "%s", directory);
}

void exchanger_ask(struct exchanger *exchanger, const struct action_get_keys *get)
{
    unsigned place = (exchanger->first + exchanger->count) % EXCHANGER_QUEUE;

    if (exchanger->count == EXCHANGER_QUEUE) {
        return;
    }
    exchanger->queue[place] = (struct exchanger_question){get->kept_will_do, get->question};
    exchanger->count++;
}

void exchanger_ask_date(struct exchanger *exchanger, const struct date_question *question)
{
    if (exchanger->date_count < EXCHANGER_QUEUE) {
        exchanger->date_queue[exchanger->date_count++] = *question;
    }
}

static const struct exchanger_question *next_question(const struct exchanger *exchanger)
{
    return exchanger->count > 0 ? &exchanger->queue[exchanger->first] : NULL;
}

bool exchanger_needs_helper(const struct exchanger *exchanger)
{
    const struct exchanger_question *next = next_question(exchanger);

    return ((next != NULL && !next->kept_will_do) || exchanger->date_count > 0) &&
           !exchanger->alone && exchanger->fd < 0;
}

bool exchanger_busy(const struct exchanger *exchanger)
{
    const struct exchanger_question *next = next_question(exchanger);

    return (next != NULL && (next->kept_will_do || exchanger->alone)) || exchanger->dated > 0 ||
           (exchanger->date_count > 0 && exchanger->alone);
}

void exchanger_attach(struct exchanger *exchanger, int fd)
{
    unix_close(&exchanger->fd);
    exchanger->fd = fd;
}

static void drop_first(struct exchanger *exchanger)
{
    must(exchanger->count > 0);
    exchanger->first = (exchanger->first + 1) % EXCHANGER_QUEUE;
    exchanger->count--;
}

static void flush_dates(struct exchanger *exchanger)
{
    while (exchanger->fd >= 0 && exchanger->date_count > 0) {
        uint8_t bytes[DATE_QUESTION_SIZE];
        enum err error;

        date_question_encode(&exchanger->date_queue[0], bytes);
        error = unix_send_fd(exchanger->fd, bytes, sizeof bytes, -1);
        if (error == ERR_AGAIN) {
            return;
        }
        if (error != ERR_NONE) {
            unix_close(&exchanger->fd);
            return;
        }
        exchanger->date_count--;
        memmove(exchanger->date_queue, exchanger->date_queue + 1,
                exchanger->date_count * sizeof *exchanger->date_queue);
    }
}

void exchanger_flush(struct exchanger *exchanger)
{
    const struct exchanger_question *next;

    while (exchanger->fd >= 0 && (next = next_question(exchanger)) != NULL && !next->kept_will_do) {
        uint8_t bytes[KEYS_QUESTION_SIZE];
        enum err error;

        keys_question_encode(&next->question, bytes);
        error = unix_send_fd(exchanger->fd, bytes, sizeof bytes, -1);
        if (error == ERR_AGAIN) {
            return;
        }
        if (error != ERR_NONE) {
            unix_close(&exchanger->fd);
            return;
        }
        drop_first(exchanger);
    }
    flush_dates(exchanger);
}

/* The file of the keys that were exchanged with that address; false: none are kept. */
static bool file_of(const struct exchanger *exchanger, const struct address *address,
                    char path[static EXCHANGER_PATH_SIZE])
{
    char text[ADDRESS_TEXT_SIZE];
    int length;

    address_print(address, text);
    length = snprintf(path, EXCHANGER_PATH_SIZE, "%s/%s_%u.nts", exchanger->directory, text,
                      address->port);
    return exchanger->directory[0] != '\0' && length > 0 && length < EXCHANGER_PATH_SIZE;
}

/* Keys of an earlier run, if they are of the same line; KEYS_NONE: there are none. */
static void read_kept(const struct exchanger *exchanger, const struct keys_question *question,
                      struct keys_answer *answer)
{
    char path[EXCHANGER_PATH_SIZE];
    uint8_t bytes[KEYS_ANSWER_SIZE + 1];
    size_t size = 0;
    bool good = file_of(exchanger, &question->server, path) &&
                storage_read(path, bytes, sizeof bytes, &size) == ERR_NONE &&
                keys_answer_decode(answer, bytes, size) && answer->result == KEYS_OK &&
                answer->made.ns != 0 &&
                strncmp(answer->name, question->name, sizeof answer->name) == 0 &&
                answer->asked.port == question->server.port &&
                address_equal(&answer->asked, &question->server);

    if (!good) {
        memset(answer, 0, sizeof *answer);
    }
    answer->query = question->query;
    wipe(bytes, sizeof bytes);
}

/* False: it is no date.  When too many wait it is forgotten, and asked for again. */
static bool keep_date(struct exchanger *exchanger, const uint8_t bytes[static DATE_ANSWER_SIZE])
{
    struct date_answer answer;

    if (!date_answer_decode(&answer, bytes, DATE_ANSWER_SIZE)) {
        return false;
    }
    if (exchanger->dated < EXCHANGER_DATES) {
        exchanger->date_answers[exchanger->dated++] = answer;
    }
    return true;
}

bool exchanger_date(struct exchanger *exchanger, struct date_answer *answer)
{
    if (exchanger->dated > 0) {
        *answer = exchanger->date_answers[0];
        exchanger->dated--;
        memmove(exchanger->date_answers, exchanger->date_answers + 1,
                exchanger->dated * sizeof *exchanger->date_answers);
        return true;
    }
    if (exchanger->alone && exchanger->date_count > 0) {
        *answer =
            (struct date_answer){.query = exchanger->date_queue[--exchanger->date_count].query,
                                 .result = DATE_NO_HELPER};
        return true;
    }
    return false;
}

bool exchanger_answer(struct exchanger *exchanger, struct keys_answer *answer)
{
    const struct exchanger_question *next = next_question(exchanger);
    uint8_t bytes[KEYS_ANSWER_SIZE];
    int passed = -1;
    enum err error;

    if (next != NULL && next->kept_will_do) {
        read_kept(exchanger, &next->question, answer);
        drop_first(exchanger);
        return true;
    }
    if (next != NULL && exchanger->alone) {
        *answer = (struct keys_answer){.query = next->question.query, .result = KEYS_NO_HELPER};
        drop_first(exchanger);
        return true;
    }
    if (exchanger->fd < 0) {
        return false;
    }
    do {
        error = unix_receive_fd(exchanger->fd, bytes, sizeof bytes, &passed);
        unix_close(&passed);
    } while (error == ERR_NONE && keep_date(exchanger, bytes));
    if (error == ERR_AGAIN) {
        return false;
    }
    bool good = error == ERR_NONE && keys_answer_decode(answer, bytes, sizeof bytes);
    wipe(bytes, sizeof bytes);
    if (!good) {
        /* The node asks again after a time-out, of a new helper. */
        unix_close(&exchanger->fd);
        return false;
    }
    answer->made.ns = 0; /* only in files */
    return true;
}

bool exchanger_keep(const struct exchanger *exchanger, const struct keys_answer *keys)
{
    char path[EXCHANGER_PATH_SIZE];
    uint8_t bytes[KEYS_ANSWER_SIZE];
    bool kept;

    if (!file_of(exchanger, &keys->asked, path)) {
        return true;
    }
    keys_answer_encode(keys, bytes);
    kept = storage_replace(path, bytes, sizeof bytes, 0600) == ERR_NONE;
    wipe(bytes, sizeof bytes);
    return kept;
}
