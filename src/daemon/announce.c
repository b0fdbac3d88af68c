/* SPDX-License-Identifier: BSD-2-Clause */
/* announce.c - between the time process, its supervisor and the service manager. */
#include "daemon/life.h"
#include "daemon/time_process.h"
#include "sys/signals.h"
#include "sys/unix_socket.h"

enum { TRIAL_S = 5 };

static void tell_parent(struct time_process *process, enum message_kind kind, uint32_t argument)
{
    if (supervised_send(process->setup.supervised, kind, argument) == ERR_UNREACHABLE) {
        process->stop = true; /* without its parent this process has no purpose */
    }
}

void time_tell_ready(struct time_process *process)
{
    if (process->setup.supervised) {
        tell_parent(process, MESSAGE_READY, 0);
    } else {
        notify_ready(&process->notify);
    }
}

void time_tell_reloading(struct time_process *process)
{
    if (process->setup.supervised) {
        tell_parent(process, MESSAGE_RELOADING, 0);
    } else {
        notify_reloading(&process->notify, clock_steady());
    }
}

void time_tell_stopping(struct time_process *process)
{
    if (!process->setup.supervised) { /* else the parent sees our end */
        notify_stopping(&process->notify);
    }
}

void time_tell_status(struct time_process *process, const char *text)
{
    if (process->setup.supervised) {
        life_tell(&process->setup.supervised->life, text);
        tell_parent(process, MESSAGE_STATUS, 0);
    } else {
        notify_status(&process->notify, text);
    }
}

void time_tell_moved(struct time_process *process)
{
    if (process->setup.supervised) {
        tell_parent(process, MESSAGE_REBIND, access_orders_serve(process));
    }
}

void time_tell_rules(struct time_process *process)
{
    if (process->setup.supervised) {
        tell_parent(process, MESSAGE_RESTART_SERVER, 0);
    } else {
        server_loop_options(process->server, &process->config->node, &process->rules.time);
    }
}

void time_tell_network(struct time_process *process)
{
    if (process->setup.supervised) {
        tell_parent(process, MESSAGE_NETWORK, 0);
    }
}

static void take_message(struct time_process *process, const struct message *message, int fd)
{
    if (message->kind == MESSAGE_HELPER && message->argument == CHILD_RESOLVE) {
        process->helper_asked = false;
        if (fd >= 0) {
            resolver_attach(&process->resolver, fd);
            fd = -1;
        }
    }
    if (message->kind == MESSAGE_SERVER && fd >= 0) {
        supervised_server(process->setup.supervised, fd);
        fd = -1;
    } else if (message->kind == MESSAGE_HELPER && message->argument == CHILD_KEYS) {
        process->exchanger.asked = false;
        if (fd >= 0) {
            exchanger_attach(&process->exchanger, fd);
            fd = -1;
        }
    }
    unix_close(&fd);
}

/*
 * Asks, and waits for the answer, which takes the place of the question: a second at most, or as
 * long as a trial of certificates may take.  Returns the descriptor that came with it; -1: none.
 * False in *came: no answer.
 */
static int ask_parent(struct time_process *process, struct message *question,
                      enum message_kind answer, bool *came)
{
    const struct supervised *supervised = process->setup.supervised;
    const int64_t most_ns = (answer == MESSAGE_TRIED ? TRIAL_S : 1) * NS_PER_S;
    const int64_t until_ns = clock_steady().ns + most_ns;
    struct message message;
    int fd = -1;

    *came = false;
    tell_parent(process, (enum message_kind)question->kind, question->argument);
    for (int64_t left_ns = most_ns; left_ns > 0; left_ns = until_ns - clock_steady().ns) {
        struct pollfd channel = {.fd = supervised->channel, .events = POLLIN};
        enum err error;

        (void)signals_wait(&channel, 1, (struct duration){left_ns});
        error = supervised_receive(supervised, &message, &fd);
        if (error == ERR_NONE && message.kind == answer) {
            if (message.argument == question->argument) {
                *question = message;
                *came = true;
                return fd;
            }
            unix_close(&fd); /* an answer that came too late for an earlier request */
        } else if (error == ERR_NONE) {
            take_message(process, &message, fd);
        } else if (error != ERR_AGAIN) {
            break;
        }
    }
    return -1;
}

int time_ask_socket(struct time_process *process, uint8_t family)
{
    struct message question = {.kind = MESSAGE_OPEN_CLIENT, .argument = family};
    bool came;

    return ask_parent(process, &question, MESSAGE_CLIENT, &came);
}

int time_ask_keys(struct time_process *process)
{
    struct message question = {.kind = MESSAGE_OPEN_KEYS};
    bool came;

    return process->setup.supervised ? ask_parent(process, &question, MESSAGE_KEYS, &came) : -1;
}

uint64_t time_ask_sockets(struct time_process *process)
{
    struct message question = {.kind = MESSAGE_TRY, .argument = ++process->tries};
    bool came = false;

    if (process->setup.supervised) {
        int fd = ask_parent(process, &question, MESSAGE_TRIED, &came);
        unix_close(&fd); /* none belongs to it */
    }
    /* Who does not answer has not refused. */
    return came ? question.value : 0;
}

void time_hear_parent(struct time_process *process)
{
    struct message message;
    enum err error;
    int fd;

    if (!process->setup.supervised) {
        return;
    }
    if (resolver_needs_helper(&process->resolver) && !process->helper_asked) {
        process->helper_asked = true;
        tell_parent(process, MESSAGE_START_HELPER, CHILD_RESOLVE);
    }
    if (exchanger_needs_helper(&process->exchanger) && !process->exchanger.asked) {
        process->exchanger.asked = true;
        tell_parent(process, MESSAGE_START_HELPER, CHILD_KEYS);
    }
    while ((error = supervised_receive(process->setup.supervised, &message, &fd)) == ERR_NONE) {
        take_message(process, &message, fd);
    }
    if (error == ERR_UNREACHABLE) {
        process->stop = true;
    }
}

size_t time_clients(const struct time_process *process, uint8_t *bytes, size_t capacity)
{
    const struct supervised *supervised = process->setup.supervised;

    return server_clients_read(process->server, supervised ? &supervised->server : NULL, bytes,
                               capacity);
}
