/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/ask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sys/clock.h"
#include "sys/owner.h"
#include "sys/unix_socket.h"

static const struct duration patience = {5 * NS_PER_S};

static bool too_late(struct steady_time deadline)
{
    return clock_steady().ns >= deadline.ns;
}

static enum ask_outcome send_all(int fd, const uint8_t *bytes, size_t size,
                                 struct steady_time deadline)
{
    while (size > 0) {
        size_t done = 0;
        enum err err = unix_write(fd, bytes, size, &done);

        /* A daemon that has heard enough may have answered already: reading will tell. */
        if (err == ERR_UNREACHABLE) {
            return ASK_ANSWERED;
        }
        if (err == ERR_AGAIN || too_late(deadline)) {
            return ASK_SILENT;
        }
        if (err != ERR_NONE) {
            return ASK_FAILED;
        }
        bytes += done;
        size -= done;
    }
    return ASK_ANSWERED;
}

static enum ask_outcome receive_all(int fd, uint8_t *bytes, size_t size,
                                    struct steady_time deadline)
{
    while (size > 0) {
        size_t done = 0;
        enum err err = unix_read(fd, bytes, size, &done);

        if (err == ERR_UNREACHABLE) {
            return ASK_CUT;
        }
        if (err == ERR_AGAIN || too_late(deadline)) {
            return ASK_SILENT;
        }
        if (err != ERR_NONE) {
            return ASK_FAILED;
        }
        bytes += done;
        size -= done;
    }
    return ASK_ANSWERED;
}

static enum ask_outcome receive_answer(int fd, struct steady_time deadline,
                                       struct ask_answer *answer)
{
    uint8_t head[CONTROL_HEADER_SIZE];
    struct control_reply_header header;
    enum ask_outcome outcome = receive_all(fd, head, sizeof head, deadline);

    if (outcome != ASK_ANSWERED) {
        return outcome;
    }
    if (!control_reply_decode(&header, head)) {
        return ASK_GARBAGE;
    }
    answer->body = malloc((size_t)header.body_size + 1);
    if (answer->body == NULL) {
        return ASK_FAILED;
    }
    answer->body[header.body_size] = '\0';
    answer->size = header.body_size;
    answer->result = header.result;
    return receive_all(fd, answer->body, answer->size, deadline);
}

struct ask_answer ask_socket(const char *path, const struct control_request *request,
                             struct duration timeout)
{
    struct ask_answer answer = {.result = CONTROL_FAILED};
    struct steady_time deadline = {clock_steady().ns + timeout.ns};
    uint8_t bytes[CONTROL_HEADER_SIZE + CONTROL_ARGUMENT_MAX];
    size_t size = control_request_encode(request, bytes, sizeof bytes);
    int fd = -1;
    enum err err = unix_connect(&fd, path, timeout);

    if (err != ERR_NONE) {
        answer.outcome = err == ERR_DENIED                                ? ASK_FORBIDDEN
                         : err == ERR_NOT_FOUND || err == ERR_UNREACHABLE ? ASK_NOBODY
                         : err == ERR_AGAIN                               ? ASK_SILENT
                                                                          : ASK_FAILED;
        return answer;
    }
    answer.outcome = send_all(fd, bytes, size, deadline);
    if (answer.outcome == ASK_ANSWERED) {
        answer.outcome = receive_answer(fd, deadline, &answer);
    }
    unix_close(&fd);
    if (answer.outcome != ASK_ANSWERED) {
        ask_done(&answer);
    }
    return answer;
}

void ask_done(struct ask_answer *answer)
{
    free(answer->body);
    answer->body = NULL;
    answer->size = 0;
}

void ask_path(char path[static ASK_PATH_SIZE], const char *rundir, enum control_command command)
{
    struct text text = text_begin(path, ASK_PATH_SIZE);

    text_add(&text, rundir);
    text_add(&text, control_command_writes(command) ? "/control.sock" : "/status.sock");
}

static void add_all(struct text *text, const char *const *parts)
{
    for (; *parts != NULL; parts++) {
        text_add(text, *parts);
    }
}

static void explain_denied(struct text *text, const char *group, const char *command)
{
    if (group != NULL) {
        add_all(text,
                (const char *[]){"not allowed: `", command,
                                 "` is for root and members of the group `", group, "`", NULL});
    } else {
        add_all(text, (const char *[]){"not allowed: `", command, "` is for root", NULL});
    }
}

static enum exit_code explain_result(struct text *text, const struct ask_answer *answer,
                                     const char *group, const char *command)
{
    const char *said = answer->size > 0 ? (const char *)answer->body : NULL;

    switch (answer->result) {
    case CONTROL_OK:
        return EXIT_CODE_OK;
    case CONTROL_UNKNOWN:
        add_all(text, (const char *[]){"noond does not know `", command,
                                       "`: is it older than this noon?", NULL});
        return EXIT_CODE_REFUSED;
    case CONTROL_DENIED:
        explain_denied(text, group, command);
        return EXIT_CODE_REFUSED;
    case CONTROL_BAD:
        text_add(text, said != NULL ? said : "noond does not understand the argument");
        return EXIT_CODE_USAGE;
    case CONTROL_NO_SOURCE:
        text_add(text, said != NULL ? said : "no source has that name: `noon sources` lists them");
        return EXIT_CODE_NO;
    case CONTROL_BUSY:
        text_add(text, said != NULL ? said : "noond is busy with another command: try again");
        return EXIT_CODE_NO;
    case CONTROL_FAILED:
        break;
    }
    text_add(text, said != NULL ? said : "noond tried, and failed");
    return EXIT_CODE_NO;
}

enum exit_code ask_explain(struct text *text, const struct ask_answer *answer, const char *path,
                           const char *group, const char *command)
{
    switch (answer->outcome) {
    case ASK_ANSWERED:
        return explain_result(text, answer, group, command);
    case ASK_FORBIDDEN:
        explain_denied(text, group, command);
        return EXIT_CODE_REFUSED;
    case ASK_NOBODY:
        add_all(text, (const char *[]){"noond is not running: nobody answers at ", path,
                                       " (-r DIR, when its runtime directory is another)", NULL});
        break;
    case ASK_SILENT:
        add_all(text, (const char *[]){"noond does not answer at ", path,
                                       ": no reply in time; it hangs, or is stopped", NULL});
        break;
    case ASK_CUT:
        add_all(text,
                (const char *[]){"noond closed ", path, " in the middle of its answer", NULL});
        break;
    case ASK_GARBAGE:
        add_all(text,
                (const char *[]){"what answers at ", path, " does not speak like noond", NULL});
        break;
    case ASK_FAILED:
        add_all(text,
                (const char *[]){"could not ask ", path, ": no memory, or a name too long", NULL});
        break;
    }
    return EXIT_CODE_UNREACHABLE;
}

enum exit_code ask(const struct cli *cli, enum control_command command, const char *argument,
                   struct ask_answer *answer, struct text *problem)
{
    struct control_request request = {.command = command};
    struct text argument_text = text_begin(request.argument, sizeof request.argument);
    char path[ASK_PATH_SIZE];
    char group[OWNER_NAME_SIZE];
    enum exit_code code;

    text_add(&argument_text, argument != NULL ? argument : "");
    if (argument_text.overrun) {
        text_add(problem, "the argument is too long");
        return EXIT_CODE_USAGE;
    }
    ask_path(path, cli->options.rundir, command);
    *answer = ask_socket(path, &request, patience);
    code = ask_explain(problem, answer, path, owner_group(path, group) ? group : NULL,
                       control_command_word(command));
    if (code != EXIT_CODE_OK) {
        ask_done(answer);
    }
    return code;
}

enum exit_code ask_aloud(const struct cli *cli, enum control_command command, const char *argument,
                         struct ask_answer *answer)
{
    char buffer[ASK_PROBLEM_SIZE];
    struct text problem = text_begin(buffer, sizeof buffer);
    enum exit_code code = ask(cli, command, argument, answer, &problem);

    if (code != EXIT_CODE_OK) {
        fprintf(stderr, "noon: %s\n", buffer);
    }
    return code;
}
