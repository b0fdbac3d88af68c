/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * time_process.h - the process that keeps the clock: drives one node, carries out its actions and
 * tells everybody about it.
 *
 * One thread, poll() only.  Under --single it also serves time and resolves names itself; otherwise
 * the server process and noon-helper do.
 */
#ifndef DAEMON_TIME_PROCESS_H
#define DAEMON_TIME_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "core/clock/compensation.h"
#include "core/node/node.h"
#include "core/server/rules.h"
#include "daemon/args.h"
#include "daemon/control.h"
#include "daemon/exchanger.h"
#include "daemon/network.h"
#include "daemon/resolver.h"
#include "daemon/rivals.h"
#include "daemon/sensors.h"
#include "daemon/server_loop.h"
#include "daemon/supervisor.h"
#include "sys/clock.h"
#include "sys/links.h"
#include "sys/log.h"
#include "sys/notify.h"
#include "sys/page.h"
#include "sys/udp.h"
#include "wire/chrony.h"
#include "wire/clients.h"
#include "wire/imsg.h"

/* Programs of OpenNTPD's kind that are connected: who they are, and what came of their request. */
enum { NTPCTL_CLIENTS = 4 };
struct ntpctl_client {
    int fd; /* -1: free */
    size_t received;
    uint8_t request[IMSG_HEADER_SIZE];
};
struct ntpctl {
    int listener; /* -1: none */
    unsigned next;
    struct ntpctl_client clients[NTPCTL_CLIENTS];
};

enum { PATH_SIZE = 4096, POST_MAX = SOURCES_MAX, ENTROPY_SIZE = 1024, REPEATS_MAX = 64 };

/* A small event that waits until the action that caused it is done. */
struct post {
    enum event_kind kind;
    uint16_t association;
    uint32_t sequence;
    uint32_t own_refid;
    struct stamp stamp;
    enum err error;
};

/* When an event was last written to the log: the same one soon after is only counted. */
struct repeat {
    struct steady_time at;
    uint16_t association;
    uint8_t id;
    bool used;
};

/* Log files in `logdir`, of chrony's formats and of ntpd's. */
enum record_kind {
    RECORD_MEASUREMENTS,
    RECORD_STATISTICS,
    RECORD_TRACKING,
    RECORD_SELECTION,
    RECORD_LOOP,
    RECORD_PEER,
    RECORD_RAW,
    RECORD_SYSTEM,
    RECORD_TEMPCOMP,
    RECORD_COUNT
};

struct record_files {
    int fd[RECORD_COUNT];           /* -1: not written */
    unsigned entries[RECORD_COUNT]; /* since it was opened */
};

/* What the process starts with; the descriptors are its own from then on (-1: there is none). */
struct time_setup {
    const struct args *args;
    struct config *config;   /* borrowed; replaced by reloads */
    const char *config_file; /* as read */
    const char *state_dir, *run_dir;
    int status_socket, control_socket;
    int ntpctl_socket;                 /* listens; -1: none */
    int order_socket;                  /* of orders_open() */
    int network_socket;                /* of netlink_open() */
    struct page *time_page;            /* open for writing; NULL: nobody else reads our time */
    struct supervised *supervised;     /* NULL: --single */
    struct udp_socket *server_sockets; /* --single: bound sockets to serve on */
    size_t server_socket_count;
    struct sensors sensors; /* found before the sandbox closed */
    struct log_sink log;
};

struct time_process {
    struct time_setup setup;
    struct config *config;
    struct node *node;
    size_t capacity;
    struct clock_control clock;
    struct compensation compensation; /* of CLOCK_MONOTONIC_RAW, as the node wants it */
    struct sensors sensors;
    bool privileged;
    struct udp_socket *sockets; /* of associations, by index */
    uint32_t *socket_users;     /* 1: open */
    struct address *locals;     /* of `sockets` */
    struct control *control;
    struct ntpctl ntpctl;
    struct resolver resolver;
    struct exchanger exchanger;
    struct network network;
    struct server_loop *server; /* --single */
    struct notify notify;
    struct record_files records;
    struct status_record status; /* the last published one; its sources are ours */
    uint8_t *record;             /* the same, encoded */
    size_t record_capacity;
    struct time_line line;
    struct utc_time started;
    uint64_t log_repeats;
    uint32_t reloads, reload_failures;
    uint32_t tries; /* of time_ask_sockets(), so that no answer is taken for another */
    char reload_error[STATUS_NAME_SIZE];        /* of the last reload; "": it was applied */
    struct links links;                         /* of the configuration's directories */
    uint64_t command_requests, command_drops;   /* of chronyc, on its Unix socket */
    struct utc_time last_tracking, last_system; /* lines of the log files */
    struct steady_time saved_at;                /* 0: not yet */
    char notified[256];
    double notified_bound_s; /* in it */
    bool draining;           /* by `noon drain` */
    struct runtime_rules rules;
    struct clients_record snapshot; /* for chronyc; clients NULL: none */
    struct steady_time snapshot_at;
    bool rules_serve; /* with them somebody may ask for time; of no meaning when there are none */
    bool stop, want_reload, save_failed, keys_failed, names_failed, helper_asked;
    struct saved_name *names; /* of an earlier run */
    uint32_t names_version;   /* that is in the file */
    struct steady_time names_at;
    int exit_status;
    struct steady_time stop_at; /* -t; 0: no limit */
    struct post posts[POST_MAX];
    unsigned post_first, post_count;
    uint8_t entropy[ENTROPY_SIZE];
    size_t entropy_left;
    struct repeat repeats[REPEATS_MAX];
    struct rivals rivals;
    struct actions actions[3]; /* one for each depth of performing */
    unsigned depth;
};

/* Runs until it is told to stop.  Returns the exit status. */
int time_process_run(const struct time_setup *setup);

/* time_process.c: one event into the node, and what follows from it. */
void time_deliver(struct time_process *process, struct event *event);
struct clock_reading time_reading(const struct time_process *process);
/* RAW as the node knows it. */
struct mono_time time_raw(const struct time_process *process);
/* A stamp of the kernel's clock as the node wants it. */
struct stamp time_stamp(const struct time_process *process, struct utc_time system,
                        enum udp_stamp_kind kind);
void time_post(struct time_process *process, const struct post *post);

/* announce.c: what the service manager and the supervisor are told. */
void time_tell_ready(struct time_process *process);
void time_tell_reloading(struct time_process *process);
void time_tell_stopping(struct time_process *process);
void time_tell_status(struct time_process *process, const char *text);
/* After a reload: sockets and files may have moved ... */
void time_tell_moved(struct time_process *process);
/* ... and a server with old rules or keys has to read the new ones. */
void time_tell_rules(struct time_process *process);
/* Interfaces or addresses have changed. */
void time_tell_network(struct time_process *process);
/* Takes what the supervisor says; asks it for a resolver when one is needed. */
void time_hear_parent(struct time_process *process);
/*
 * A UDP socket that the parent has opened for requests of this family, on a port that we may not
 * bind; -1: none.  Waits for it a second at most.
 */
int time_ask_socket(struct time_process *process, uint8_t family);
/*
 * The file of symmetric keys, which this process may not be allowed to open itself; -1: alone, or
 * there is none.
 */
int time_ask_keys(struct time_process *process);
/*
 * Whether the parent could open the sockets of the configuration that is in the file: of
 * endpoints_try().  0: it could, or nobody is there to ask.
 */
uint64_t time_ask_sockets(struct time_process *process);
/* The client table for CONTROL_CLIENTS; returns the octets used. */
size_t time_clients(const struct time_process *process, uint8_t *bytes, size_t capacity);

/* perform.c */
/* Closes the sockets of all associations: the next request opens a new one. */
void perform_close_sockets(struct time_process *process);
void perform(struct time_process *process, const struct actions *actions);
/* At which the clock would keep right, as far as known: to be left running. */
struct freq perform_best_rate(const struct time_process *process);
void perform_log(struct time_process *process, const struct log_event *event);

/* publish.c */
void publish(struct time_process *process);
/* Its line, for the program in the network driver (xdp_feed.h), or that there is none to serve. */
void publish_to_driver(struct time_process *process);
/* Brings process->status up to date without publishing: what `noon` sees. */
void publish_refresh(struct time_process *process);

/* commands.c: a control_handler; `context` is the process. */
void commands_handle(void *context, const struct control_request *request, bool may_write,
                     struct control_response *response);
void commands_reload(struct time_process *process, struct control_response *response);

/* watch_files.c: a configuration that is exchanged as a whole is reloaded. */
void time_open_files(struct time_process *process);
/* After a reload: other directories may be read now. */
void time_watch_files(struct time_process *process);
void time_look_at_files(struct time_process *process);

/*
 * access_orders.c: who may ask, by order.  What was ordered before this process began (it may have
 * been restarted) is taken over by access_orders_open().
 */
void access_orders_open(struct time_process *process);
/* ERR_RANGE: no such prefix; ERR_FULL: too many.  Holds for every request from now on. */
MUST_USE enum err access_order(struct time_process *process, const struct access_rule *rule,
                               bool command);
/* There is another configuration. */
void access_orders_reloaded(struct time_process *process);
/* Counters of clients are set back. */
void access_orders_forget(struct time_process *process);
/* May somebody ask for time who may not by the configuration? */
bool access_orders_serve(const struct time_process *process);
/* `noon allow` and the like: a line of the configuration. */
void access_orders_line(struct time_process *process, const struct control_request *request,
                        struct control_response *response);
/* access_list.c: all rules, in words (wire/rule_lines.h). */
void access_list(const struct time_process *process, struct control_response *response);

/* ntpctl.c: takes the listening socket (-1: none); what is to be polled; what became ready. */
void ntpctl_open(struct time_process *process, int listener);
unsigned ntpctl_poll(const struct time_process *process,
                     struct pollfd fds[static NTPCTL_CLIENTS + 1]);
void ntpctl_serve(struct time_process *process, const struct pollfd *fds, unsigned count);
void ntpctl_close(struct time_process *process);

/* orders.c: chronyc on its Unix socket.  Takes one datagram; removes the socket. */
void orders_serve(struct time_process *process);
void orders_close(struct time_process *process);
/* chrony_orders.c: the answer to a time that was typed in; returns its octets. */
size_t chrony_orders_set_time(struct time_process *process, const struct chrony_request *request,
                              uint8_t reply[static CHRONY_REPLY_MAX]);
/* ... does what any other request orders; CHRONY_FAILED: nothing that is done here. */
enum chrony_status chrony_orders_carry_out(struct time_process *process,
                                           const struct chrony_request *request);

/* records.c */
void records_open(struct time_process *process);
void records_measured(struct time_process *process, const struct action_measured *measured);
void records_published(struct time_process *process);
void records_temperature(struct time_process *process);
void records_close(struct time_process *process);

/* once.c: ends -q and -Q when there is an answer. */
void once_check(struct time_process *process);

/* keep.c: what survives a restart. */
struct node_saved keep_load(const struct time_process *process);
void keep_save(struct time_process *process);
/* Keys of NTS: at the end, and when there are new ones. */
void keep_keys(struct time_process *process);
/* Reads the addresses that names had in an earlier run into process->names; how many there are. */
size_t keep_load_names(struct time_process *process);
/* Writes the addresses that names have, when they have changed, or now and then. */
void keep_names(struct time_process *process);
/* No time before this is true: the last one that was saved, or when the program was built. */
struct utc_time keep_not_before(const struct time_process *process);
/* Time never goes back over a boot: a clock that is before the last time saved is set to it. */
void keep_forward_clock(struct time_process *process);

#endif
