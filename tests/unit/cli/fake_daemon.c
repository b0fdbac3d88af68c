/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit/cli/fake_daemon.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/must.h"
#include "sys/unix_socket.h"

static void serve(int listener, const struct fake_reply *reply)
{
    uint8_t request[CONTROL_HEADER_SIZE + CONTROL_ARGUMENT_MAX];
    size_t got = 0;
    size_t done;
    int fd;

    if (unix_accept(listener, &fd) != ERR_NONE) {
        return;
    }
    while (got < CONTROL_HEADER_SIZE) {
        struct pollfd input = {.fd = fd, .events = POLLIN};
        size_t size = 0;

        (void)poll(&input, 1, 2000);
        if (unix_read(fd, request + got, sizeof request - got, &size) != ERR_NONE) {
            break;
        }
        got += size;
    }
    for (size_t sent = 0; sent < reply->size; sent += done) {
        struct pollfd output = {.fd = fd, .events = POLLOUT};

        (void)poll(&output, 1, 2000);
        if (unix_write(fd, reply->bytes + sent, reply->size - sent, &done) != ERR_NONE) {
            break;
        }
    }
    if (reply->silent_s > 0) {
        sleep((unsigned)reply->silent_s);
    }
    unix_close(&fd);
}

static void serve_for_ever(const int listeners[static 2], const struct fake_reply *reply)
{
    for (;;) {
        struct pollfd fds[2] = {{.fd = listeners[0], .events = POLLIN},
                                {.fd = listeners[1], .events = POLLIN}};

        (void)poll(fds, 2, -1);
        for (int i = 0; i < 2; i++) {
            if (fds[i].revents != 0) {
                serve(listeners[i], reply);
            }
        }
    }
}

void fake_daemon_start(struct fake_daemon *daemon, const struct fake_reply *reply, unsigned mode)
{
    struct unix_owner owner = {.mode = 0666, .uid = -1, .gid = -1};
    char path[100];
    int listeners[2];

    snprintf(daemon->directory, sizeof daemon->directory, "/tmp/noon-test-XXXXXX");
    must(mkdtemp(daemon->directory) != NULL);
    snprintf(path, sizeof path, "%s/status.sock", daemon->directory);
    must(unix_listen(&listeners[0], path, &owner) == ERR_NONE);
    owner.mode = mode;
    snprintf(path, sizeof path, "%s/control.sock", daemon->directory);
    must(unix_listen(&listeners[1], path, &owner) == ERR_NONE);
    daemon->process = (int)fork();
    must(daemon->process >= 0);
    if (daemon->process == 0) {
        /* A test that fails in the middle must not leave us behind. */
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        serve_for_ever(listeners, reply);
    }
    unix_close(&listeners[0]);
    unix_close(&listeners[1]);
}

void fake_daemon_stop(struct fake_daemon *daemon)
{
    static const char *const names[] = {"status.sock", "control.sock"};

    (void)kill((pid_t)daemon->process, SIGKILL);
    (void)waitpid((pid_t)daemon->process, NULL, 0);
    for (size_t i = 0; i < 2; i++) {
        char path[100];

        snprintf(path, sizeof path, "%s/%s", daemon->directory, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(daemon->directory);
}

size_t fake_answer(uint8_t *bytes, size_t capacity, enum control_result result, const void *body,
                   size_t size)
{
    struct control_reply_header header = {result, (uint32_t)size};

    must(CONTROL_HEADER_SIZE + size <= capacity);
    control_reply_encode(&header, bytes);
    memcpy(bytes + CONTROL_HEADER_SIZE, body, size);
    return CONTROL_HEADER_SIZE + size;
}
