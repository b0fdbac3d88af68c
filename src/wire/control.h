/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * control.h - what `noon` and noond say to each other over the two Unix sockets.
 *
 * One request, one reply, on a stream socket; big-endian.  A request is a header of 16 octets
 * {"NOON", version 1, 0, command (2), size of the body (4), reserved (4)} and its body; a reply the
 * same with the result in place of the command.  `status.sock` (0666) takes only what changes
 * nothing; `control.sock` (0660) takes everything.
 */
#ifndef WIRE_CONTROL_H
#define WIRE_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONTROL_COMMAND_LIST(X)                                                                    \
    X(STATUS, "status", false, "the status record with all sources")                               \
    X(SOURCE, "source", false, "one source with its history")                                      \
    X(CLIENTS, "clients", false, "who asked this server for time")                                 \
    X(ADD, "add", true, "add a source: a server or pool line")                                     \
    X(DELETE, "delete", true, "remove a source")                                                   \
    X(ONLINE, "online", true, "poll a source again")                                               \
    X(OFFLINE, "offline", true, "stop polling a source")                                           \
    X(BURST, "burst", true, "ask a source several times now")                                      \
    X(STEP, "step", true, "correct what is left by a step, now")                                   \
    X(RELOAD, "reload", true, "read the configuration again")                                      \
    X(REFRESH, "refresh", true, "resolve all names again")                                         \
    X(DRAIN, "drain", true, "send this server's clients elsewhere; `off`: no more")                \
    X(SHUTDOWN, "shutdown", true, "end the daemon")                                                \
    X(ALLOW, "allow", true, "let a prefix ask for time")                                           \
    X(DENY, "deny", true, "refuse time to a prefix")                                               \
    X(CMDALLOW, "cmdallow", true, "let a prefix ask about the daemon")                             \
    X(CMDDENY, "cmddeny", true, "let a prefix ask about the daemon no more")                       \
    X(RULES, "rules", false, "who may ask, by the configuration and by order")

enum control_command {
#define CONTROL_ENUM(name, word, writes, help) CONTROL_##name,
    CONTROL_COMMAND_LIST(CONTROL_ENUM)
#undef CONTROL_ENUM
        CONTROL_COMMAND_COUNT
};

enum control_result {
    CONTROL_OK,
    CONTROL_UNKNOWN,   /* not a command, or not of this version */
    CONTROL_DENIED,    /* changes something, and came to the status socket */
    CONTROL_BAD,       /* the argument can't be understood; the body says why, as text */
    CONTROL_NO_SOURCE, /* no source of that name */
    CONTROL_FAILED,    /* tried and failed; the body says why */
    CONTROL_BUSY,
};

enum {
    CONTROL_HEADER_SIZE = 16,
    CONTROL_ARGUMENT_MAX = 1024,
    CONTROL_REPLY_MAX = 4 << 20,
};

struct control_request {
    enum control_command command;
    uint64_t ticket;                     /* the daemon's: which connection waits */
    char argument[CONTROL_ARGUMENT_MAX]; /* text, ended by 0: a source's name, a source line */
};

/*
 * A request's octets.  Returns how many of `size` were taken; 0: more are needed; negative: this is
 * no request and the connection should be closed.  A command or a version that is not known comes
 * out as CONTROL_COMMAND_COUNT, to be answered by CONTROL_UNKNOWN.
 */
int control_request_decode(struct control_request *request, const uint8_t *bytes, size_t size);
/* Returns the number of octets, 0 when `size` is too small. */
size_t control_request_encode(const struct control_request *request, uint8_t *bytes, size_t size);

struct control_reply_header {
    enum control_result result;
    uint32_t body_size;
};
/* Header only; true when the octets are one. */
bool control_reply_decode(struct control_reply_header *header,
                          const uint8_t bytes[static CONTROL_HEADER_SIZE]);
void control_reply_encode(const struct control_reply_header *header,
                          uint8_t bytes[static CONTROL_HEADER_SIZE]);

const char *control_command_word(enum control_command command);
bool control_command_writes(enum control_command command);

#endif
