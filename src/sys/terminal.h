/* SPDX-License-Identifier: BSD-2-Clause */
/* terminal.h - the screen and keyboard behind standard input and output. */
#ifndef SYS_TERMINAL_H
#define SYS_TERMINAL_H

#include <stdbool.h>

enum { TERMINAL_STATE_SIZE = 128 };

/* What the terminal was before; the caller's memory, its members are private. */
struct terminal {
    bool raw;
    _Alignas(8) unsigned char before[TERMINAL_STATE_SIZE];
};

/* Does standard output go to a terminal? */
bool terminal_is_screen(void);

/* Size of the screen; 80 x 24 where it is not known. */
void terminal_size(unsigned *columns, unsigned *rows);

/*
 * Single keys without echo from now on, if standard input is a terminal.  Signals from the
 * keyboard stay.  terminal_close() must follow, whatever happens in between.
 */
void terminal_open(struct terminal *terminal);
void terminal_close(struct terminal *terminal);

/* The next key that was pressed; -1: none now; -2: nothing will ever come. */
int terminal_key(void);

/* Everything to standard output; false when nobody takes it any more. */
bool terminal_write(const char *text, unsigned long size);

#endif
