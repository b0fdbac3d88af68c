/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/child.h"

#include <signal.h>
#include <stdint.h>
#include <string.h>

#include "base/must.h"
#include "sys/unix_socket.h"

static struct steady_time later(struct steady_time now, int64_t s)
{
    return (struct steady_time){now.ns + s * NS_PER_S};
}

void child_init(struct child *child)
{
    *child = (struct child){.pid = -1, .channel = -1};
}

void child_want(struct child *child, struct steady_time now)
{
    child->wanted = true;
    child->failures = 0;
    if (child->pid < 0) {
        child->due = now;
    }
}

bool child_is_due(const struct child *child, struct steady_time now)
{
    return child->wanted && child->pid < 0 && child->due.ns <= now.ns;
}

/* Puts the next start off: not at all the first time, then by 1, 2, 4 ... s. */
static void put_off(struct child *child, struct steady_time now)
{
    int64_t pause_s = child->failures == 0 ? 0 : (int64_t)1 << (child->failures - 1);

    child->failures += child->failures < 7;
    child->due = later(now, pause_s < CHILD_PAUSE_MAX_S ? pause_s : CHILD_PAUSE_MAX_S);
}

enum err child_start(struct child *child, const struct child_program *program,
                     struct steady_time now)
{
    int pair[2] = {-1, -1};
    int fds[PROCESS_FDS_MAX];
    enum err err = program->path != NULL ? unix_pair(pair) : ERR_FULL;

    must(program->fd_count < PROCESS_FDS_MAX);
    unix_close(&child->channel);
    child->started = now;
    child->ending = false;
    if (err == ERR_NONE) {
        fds[0] = pair[1];
        for (size_t i = 0; i < program->fd_count; i++) {
            fds[1 + i] = program->fds[i];
        }
        err = process_start(&child->pid, program->path, program->arguments, fds,
                            program->fd_count + 1);
    }
    unix_close(&pair[1]);
    if (err != ERR_NONE) {
        unix_close(&pair[0]);
        put_off(child, now);
    }
    child->channel = pair[0];
    return err;
}

void child_end(struct child *child, struct steady_time now)
{
    if (child->pid > 0 && !child->ending) {
        child->ending = true;
        child->due = later(now, CHILD_END_S);
        process_signal(child->pid, SIGTERM);
    }
}

void child_replace(struct child *child, bool wanted, struct steady_time now)
{
    child->wanted = false;
    if (wanted) {
        child_want(child, now);
    }
    child_end(child, now);
}

void child_kill(struct child *child)
{
    child->ending = child->ending || child->pid > 0;
    process_signal(child->pid, SIGKILL);
}

struct steady_time child_look(struct child *child, struct steady_time now)
{
    if (child->pid > 0 && child->ending && child->due.ns <= now.ns) {
        child_kill(child);
        child->due = later(now, 1); /* a killed process may take its time in the kernel */
    }
    bool waits = child->pid > 0 ? child->ending : child->wanted;
    return waits ? child->due : (struct steady_time){INT64_MAX};
}

void child_ended(struct child *child, struct steady_time now)
{
    child->pid = -1;
    if (child->ending || now.ns - child->started.ns > CHILD_STEADY_S * NS_PER_S) {
        child->failures = 0;
    }
    put_off(child, now);
}
