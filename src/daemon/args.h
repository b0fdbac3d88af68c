/* SPDX-License-Identifier: BSD-2-Clause */
/* args.h - noond's command line. */
#ifndef DAEMON_ARGS_H
#define DAEMON_ARGS_H

#include <stdbool.h>

#include "daemon/order.h"

/*
 * Reads argv and the words of NOOND_FLAGS.  ARGS_EXIT: help or version was printed; ARGS_BAD: a
 * message went to stderr.
 */
enum args_result args_parse(struct args *args, int argc, char *const argv[], const char *flags);

#endif
