/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * supervisor.h - the parent of noond's processes, and what they and it say to each other.
 *
 * The parent binds the sockets, makes the shared pages, executes the others by role, hands them
 * descriptors and starts them again when they end.  It reads nothing from the network and nothing
 * of unbounded form from its children: fixed messages of 16 octets.  Nobody else forks.
 */
#ifndef DAEMON_SUPERVISOR_H
#define DAEMON_SUPERVISOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/units.h"
#include "base/words.h"
#include "daemon/descriptors.h"
#include "daemon/premises.h"
#include "daemon/server_totals.h"
#include "daemon/shared_pages.h"
#include "daemon/xdp_feed.h"
#include "daemon/xdp_service.h"
#include "sys/log.h"
#include "sys/page.h"
#include "sys/socket_set.h"
#include "sys/udp.h"

/* What a child is for; the last three are noon-helper. */
enum child_role { CHILD_TIME, CHILD_SERVER, CHILD_RESOLVE, CHILD_KEYS, CHILD_NTS, CHILD_ROLES };

/* What the configuration asks of the parent. */
struct supervisor_plan {
    struct premises_plan premises; /* of the first plan; it counts as long as noond runs */
    struct endpoint endpoints[SOCKET_SET_MAX];
    size_t endpoint_count;
    /* For MESSAGE_OPEN_CLIENT, by family: port, sharing, device. */
    struct udp_options acquisition[2];
    struct xdp_plan xdp;                    /* whoever has asked for the plan takes its rules */
    char key_file[PREMISES_PATH_SIZE];      /* of symmetric keys; "": none */
    struct words arguments[CHILD_ROLES];    /* of each program, its name first */
    char configuration[SHARED_CONFIG_SIZE]; /* for children who can't use the file any more */
};

struct supervisor_setup {
    const char *helper; /* path of noon-helper */
    const char *xdp;    /* path of noon-xdp */
    const struct log_sink *log;
    struct duration look; /* between looks at a time process that is late; 0: as life.h has it */
    /*
     * Reads and checks the configuration: at the start, and at each REBIND.  False: refused, and
     * why has been said; a running parent then keeps the old plan.  `serve`: time is served even if
     * the configuration allows nobody.
     */
    bool (*plan)(void *context, bool serve, struct supervisor_plan *plan);
    void *context;
};

/* Runs until SIGTERM or until the time process has ended deliberately; returns the exit status. */
int supervisor_run(const struct supervisor_setup *setup);

enum message_kind {
    /* from the time process */
    /* serving, or watching: tell the service manager; from a server process: it serves */
    MESSAGE_READY = 1,
    MESSAGE_RELOADING,      /* a reload has begun; READY ends it */
    MESSAGE_STATUS,         /* the life page holds a new sentence for people */
    MESSAGE_START_HELPER,   /* argument: CHILD_RESOLVE or CHILD_KEYS; answered by HELPER */
    MESSAGE_RESTART_SERVER, /* the server's rules have changed: let it read them */
    /* the configuration, or who may ask, has changed: ask for the plan again; argument: 1, somebody
     * may ask for time, whatever the configuration says */
    MESSAGE_REBIND,
    MESSAGE_TRY,         /* could that configuration be served?  argument: any; answered by TRIED */
    MESSAGE_OPEN_CLIENT, /* argument: family; answered by CLIENT */
    MESSAGE_NETWORK,     /* addresses of this machine may have changed */
    MESSAGE_OPEN_KEYS,   /* the file of symmetric keys; answered by KEYS */
    /* to the time process */
    MESSAGE_HELPER, /* with a socket to it; argument: role, value: enum err */
    MESSAGE_CLIENT, /* with a bound UDP socket; argument: family, value: enum err */
    MESSAGE_KEYS,   /* with the file, open for reading; value: enum err */
    MESSAGE_TRIED,  /* argument: that of TRY, value: of endpoints_try() or _trial() */
    MESSAGE_SERVER, /* with the page on which a server process that was started will count */
};

struct message {
    uint32_t kind; /* enum message_kind */
    uint32_t argument;
    uint64_t value;
};

/* --- for the time process ------------------------------------------------------------------ */

/* What the parent has given to the time process. */
struct supervised {
    int channel;
    int status_listener, control_listener; /* -1: none */
    struct page life, line, record, rules, access;
    struct server_totals server;
    struct xdp_feed xdp;
    struct page ke_totals; /* of the key exchange server */
};

/* Takes over the descriptors.  False: this process was not started by a supervisor. */
bool supervised_open(struct supervised *supervised);

/* A server process was started; `fd`: its page, of MESSAGE_SERVER.  Takes the descriptor. */
void supervised_server(struct supervised *supervised, int fd);

/* Promises to call again within that time (life.h): the parent kills and restarts who does not. */
void supervised_awake(struct supervised *supervised, struct steady_time now,
                      struct duration timeout);

MUST_USE enum err supervised_send(const struct supervised *supervised, enum message_kind kind,
                                  uint32_t argument);
/* The next message from the parent and its descriptor (-1: none; the caller's).  ERR_AGAIN: none;
 * ERR_UNREACHABLE: the parent is gone. */
MUST_USE enum err supervised_receive(const struct supervised *supervised, struct message *message,
                                     int *fd);

#endif
