/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/terminal.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

_Static_assert(sizeof(struct termios) <= TERMINAL_STATE_SIZE, "termios fits");

bool terminal_is_screen(void)
{
    return isatty(STDOUT_FILENO) == 1;
}

void terminal_size(unsigned *columns, unsigned *rows)
{
    struct winsize size;

    *columns = 80;
    *rows = 24;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0) {
        *columns = size.ws_col;
        *rows = size.ws_row;
    }
}

void terminal_open(struct terminal *terminal)
{
    struct termios mode;

    terminal->raw = false;
    if (tcgetattr(STDIN_FILENO, &mode) != 0) {
        return;
    }
    memcpy(terminal->before, &mode, sizeof mode);
    mode.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    mode.c_cc[VMIN] = 1;
    mode.c_cc[VTIME] = 0;
    /* In the background this would stop us, and a screen needs no keys there. */
    if (tcgetpgrp(STDIN_FILENO) == getpgrp()) {
        terminal->raw = tcsetattr(STDIN_FILENO, TCSANOW, &mode) == 0;
    }
}

void terminal_close(struct terminal *terminal)
{
    struct termios mode;

    if (terminal->raw) {
        memcpy(&mode, terminal->before, sizeof mode);
        (void)tcsetattr(STDIN_FILENO, TCSANOW, &mode);
        terminal->raw = false;
    }
}

int terminal_key(void)
{
    struct pollfd fd = {.fd = STDIN_FILENO, .events = POLLIN};
    unsigned char key;
    ssize_t got;

    if (poll(&fd, 1, 0) <= 0) {
        return -1;
    }
    got = read(STDIN_FILENO, &key, 1);
    if (got == 1) {
        return key;
    }
    return got < 0 && (errno == EINTR || errno == EAGAIN) ? -1 : -2;
}

bool terminal_write(const char *text, unsigned long size)
{
    while (size > 0) {
        ssize_t done = write(STDOUT_FILENO, text, size);

        if (done < 0 && errno != EINTR) {
            return false;
        }
        if (done > 0) {
            text += done;
            size -= (unsigned long)done;
        }
    }
    return true;
}
