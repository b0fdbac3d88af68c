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
#include "daemon/descriptors.h"
#include "daemon/nts_service.h"
#include "daemon/server_totals.h"
#include "daemon/supervisor_sockets.h"
#include "sys/log.h"
#include "sys/page.h"
#include "sys/privilege.h"
#include "sys/udp.h"

enum { SUPERVISOR_TRUSTED_MAX = 16, SUPERVISOR_PATH_SIZE = 108 };

/* Certificates that the key exchange trusts: "SET:PATH". */
typedef char supervisor_trusted[SUPERVISOR_PATH_SIZE + 12];

/* What the configuration asks of the parent. */
struct supervisor_plan {
    struct server_plan server;
    /* For MESSAGE_OPEN_CLIENT, by family: port, sharing, device. */
    struct udp_options acquisition[2];
    struct user_ids user;                       /* whom the sockets and directories are given to */
    char run_directory[SUPERVISOR_PATH_SIZE];   /* "": no sockets, no file for `noon now` */
    char state_directory[SUPERVISOR_PATH_SIZE]; /* made if missing; "": none */
    char log_directory[SUPERVISOR_PATH_SIZE];   /* made if missing; "": none */
    supervisor_trusted trusted[SUPERVISOR_TRUSTED_MAX];
    size_t trusted_count;
    bool no_system_certs;
    struct nts_plan nts;
    char pidfile[SUPERVISOR_PATH_SIZE];  /* "": none */
    char key_file[SUPERVISOR_PATH_SIZE]; /* of symmetric keys; "": none */
};

struct supervisor_setup {
    char *const *arguments; /* noond's own, ended by NULL; children get them and --role=ROLE */
    const char *helper;     /* path of noon-helper */
    const struct log_sink *log;
    struct duration look; /* between looks at a time process that is late; 0: 20 s */
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
    MESSAGE_STOPPING,       /* about to end */
    MESSAGE_STATUS,         /* the life page holds a new sentence for people */
    MESSAGE_START_HELPER,   /* argument: enum helper_role; answered by HELPER */
    MESSAGE_RESTART_SERVER, /* the server's rules have changed: let it read them */
    /* the configuration, or who may ask, has changed: ask for the plan again; argument: 1, somebody
     * may ask for time, whatever the configuration says */
    MESSAGE_REBIND,
    MESSAGE_OPEN_CLIENT, /* argument: family; answered by CLIENT */
    MESSAGE_OPEN_KEYS,   /* the file of symmetric keys; answered by KEYS */
    /* to the time process */
    MESSAGE_HELPER,  /* with a socket to it; argument: role, value: enum err */
    MESSAGE_CLIENT,  /* with a bound UDP socket; argument: family, value: enum err */
    MESSAGE_KEYS,    /* with the file, open for reading; value: enum err */
    MESSAGE_REBOUND, /* argument: how many server sockets are open, value: enum err */
    MESSAGE_SERVER,  /* with the page on which a server process that was started will count */
};

enum helper_role { HELPER_RESOLVE, HELPER_KEYS };

struct message {
    uint32_t kind; /* enum message_kind */
    uint32_t argument;
    uint64_t value;
};

/* --- for the time process ------------------------------------------------------------------ */

enum { SUPERVISED_STATUS_SIZE = 160 };

/* What the parent has given to the time process. */
struct supervised {
    int channel;
    int status_listener, control_listener; /* -1: none */
    struct page life, line, record, rules;
    struct server_totals server;
};

/* Takes over the descriptors.  False: this process was not started by a supervisor. */
bool supervised_open(struct supervised *supervised);

/* A server process was started; `fd`: its page, of MESSAGE_SERVER.  Takes the descriptor. */
void supervised_server(struct supervised *supervised, int fd);

/*
 * Promises to call again within that time.  When the promise is broken, and nothing is heard at
 * three more looks 20 s apart, the parent kills and restarts.
 */
void supervised_awake(struct supervised *supervised, struct steady_time now,
                      struct duration timeout);

/* The rate to leave the clock at if this process dies; only if it steers the kernel's clock. */
void supervised_base_rate(struct supervised *supervised, struct freq rate);

/* What the service manager shows, in words. */
void supervised_status(struct supervised *supervised, const char *text);

MUST_USE enum err supervised_send(const struct supervised *supervised, enum message_kind kind,
                                  uint32_t argument);
/* The next message from the parent and its descriptor (-1: none; the caller's).  ERR_AGAIN: none;
 * ERR_UNREACHABLE: the parent is gone. */
MUST_USE enum err supervised_receive(const struct supervised *supervised, struct message *message,
                                     int *fd);

#endif
