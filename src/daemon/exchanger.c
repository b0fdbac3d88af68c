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

static const struct exchanger_question *next_question(const struct exchanger *exchanger)
{
    return exchanger->count > 0 ? &exchanger->queue[exchanger->first] : NULL;
}

bool exchanger_needs_helper(const struct exchanger *exchanger)
{
    const struct exchanger_question *next = next_question(exchanger);

    return next != NULL && !next->kept_will_do && !exchanger->alone && exchanger->fd < 0;
}

bool exchanger_busy(const struct exchanger *exchanger)
{
    const struct exchanger_question *next = next_question(exchanger);

    return next != NULL && (next->kept_will_do || exchanger->alone);
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
    error = unix_receive_fd(exchanger->fd, bytes, sizeof bytes, &passed);
    unix_close(&passed);
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
