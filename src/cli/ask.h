/* SPDX-License-Identifier: BSD-2-Clause */
/* ask.h - one request to noond and its answer, over one of its two sockets. */
#ifndef CLI_ASK_H
#define CLI_ASK_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "base/units.h"
#include "cli/command.h"
#include "wire/control.h"

/* How asking went, before the question of what the answer says. */
enum ask_outcome {
    ASK_ANSWERED,
    ASK_NOBODY,    /* no socket, or nobody behind it */
    ASK_FORBIDDEN, /* this user may not open the socket */
    ASK_SILENT,    /* no answer in time */
    ASK_CUT,       /* the connection ended before the answer did */
    ASK_GARBAGE,   /* what came is no answer of noond */
    ASK_FAILED,    /* the system refused something else */
};

struct ask_answer {
    enum ask_outcome outcome;
    enum control_result result;
    uint8_t *body; /* from malloc, for ask_done(); followed by a zero, NULL when not answered */
    size_t size;
};

enum { ASK_PATH_SIZE = 256 };

/* Asks what listens at `path`, and waits for the whole answer that long at most. */
struct ask_answer ask_socket(const char *path, const struct control_request *request,
                             struct duration timeout);
void ask_done(struct ask_answer *answer);

/* Where this command has to be sent: status.sock, or control.sock if it changes something. */
void ask_path(char path[static ASK_PATH_SIZE], const char *rundir, enum control_command command);

/*
 * What went wrong, for people, from how asking went and what was answered; and the exit code.
 * `group` may do what this user may not; NULL: unknown.  Nothing is appended for EXIT_CODE_OK.
 */
enum exit_code ask_explain(struct text *text, const struct ask_answer *answer, const char *path,
                           const char *group, const char *command);

/*
 * All of it: asks noond; on failure *problem is the sentence that says why.  The argument may be
 * NULL.  On EXIT_CODE_OK the answer is the caller's, for ask_done(); else there is none.
 */
enum exit_code ask(const struct cli *cli, enum control_command command, const char *argument,
                   struct ask_answer *answer, struct text *problem);

enum { ASK_PROBLEM_SIZE = 2048 };
/* The same, saying it on standard error. */
enum exit_code ask_aloud(const struct cli *cli, enum control_command command, const char *argument,
                         struct ask_answer *answer);

#endif
