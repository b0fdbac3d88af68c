/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * world_state.h - everything that a simulated world consists of.
 *
 * Scenarios build and change worlds through world.h; this header is for those who look inside: the
 * modules that make the world go round, judges and tests.
 */
#ifndef SIM_WORLD_STATE_H
#define SIM_WORLD_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/check.h"
#include "sim/computer.h"
#include "sim/dns.h"
#include "sim/keys.h"
#include "sim/machine.h"
#include "sim/network.h"
#include "sim/queue.h"
#include "sim/server.h"
#include "sim/service.h"
#include "sim/utc_scale.h"

enum { DATAGRAM_MAX = SIM_PROTECTED_MAX, HOST_NONE = 0xffff, EXPECT_ANY = 0xff };

/* How much of everything a world can hold. */
struct world_limits {
    unsigned nodes;
    unsigned hosts;   /* servers, and nodes that serve */
    unsigned sources; /* of one node: capacity, and lines of configuration */
    unsigned events;  /* under way at a time; 0: enough for the rest */
    unsigned names;
};

/* One association's socket: connected, and known by its number to the network. */
struct sim_socket {
    bool open;
    uint32_t number; /* of the world's sockets */
    uint16_t host;   /* HOST_NONE: nobody has that address */
    struct address peer;
};

/* The two directions between a node and a host. */
struct link {
    bool known; /* the paths are set up */
    struct route there, back;
    struct true_time last_arrival; /* of a request, for servers that limit rates */
    bool arrived;
    struct true_time last_sent;
    bool sent;
    uint16_t overheard_size; /* the last answer that arrived: what an eavesdropper can send again */
    uint8_t overheard[DATAGRAM_MAX];
};

/* Somebody who answers on port 123: a server, or a node. */
struct host {
    struct address address;
    int node; /* index; -1: `server` answers */
    struct server server;
    struct sim_certificate certificate;
    struct route_options path; /* of links that nobody has described */
};

/* What a daemon learns from send(), told to the program when the batch is done. */
struct sent_report {
    enum err error;
    uint16_t association;
    uint32_t sequence;
    struct stamp sent;
};

enum { SENT_REPORTS_MAX = 512 };

/* What a run is judged by, of one node. */
struct figures {
    struct true_time locked; /* first synchronised publication since the start; NEVER */
    struct true_time ready;  /* ACTION_READY */
    uint64_t sent, steps, wakes, events, publishes, saves, resolves, answers_served;
    uint64_t disturbed_steps;    /* by others */
    uint64_t steers_judged;      /* in the judged period */
    struct true_time first_sent; /* NEVER: nothing yet */
    int64_t send_second;         /* of the latest request ... */
    unsigned sent_in_second;     /* ... and how many there were in it */
    unsigned peak_per_s;
    uint64_t measured[DROP_COUNT];          /* replies taken (NONE) and refused */
    uint64_t samples, judged, synchronised; /* the latter two: in the judged period */
    double clock_square_sum, clock_max_s;   /* of the disciplined clock, judged */
    double line_square_sum, line_max_s;     /* of published time, judged and synchronised */
    double bound_sum_s, bound_max_s;
    double clock_now_s, line_now_s, bound_now_s; /* last sample */
};

struct sim_node {
    const struct machine *machine;
    void *memory; /* of machine->size() octets */
    size_t memory_size;
    void *program; /* NULL: not running */
    struct computer computer;
    struct node_options options; /* what the scenario writes: the configuration file */
    struct source_options *sources;
    struct node_options parsed[2];   /* as the program was given them, by turns ... */
    struct source_options *lines[2]; /* ... since it borrows one set while it takes the other */
    unsigned parsed_now;
    struct access_rule access;
    struct address address;
    int host; /* index under which it serves; -1 */
    struct prng prng;
    struct sim_socket *sockets;
    struct node_saved saved;
    struct utc_time not_before; /* the last time that was trusted */
    struct time_line line;
    struct action_status status;
    bool published;
    struct true_time started;
    struct true_time temperature_at; /* when the sensors are read again */
    struct true_time wake_at;        /* of the earliest wake in the queue; NEVER */
    bool overdue;                    /* the deadline has passed already */
    unsigned depth;                  /* of batches being carried out */
    unsigned report_first, report_count;
    struct sent_report reports[SENT_REPORTS_MAX];
    uint32_t logs[LOG_EVENT_COUNT];
    struct action_answer answer; /* to the last command */
    struct service service;
    unsigned answers;
    struct check check;
    struct figures figures;
};

struct world;
/* Something that a scenario does at an instant; `argument` is the scenario's. */
typedef void world_script(struct world *world, int argument);

enum happening_kind {
    HAPPEN_START,    /* a program starts */
    HAPPEN_WAKE,     /* poll() times out */
    HAPPEN_NUDGE,    /* poll() ends early: the clock was set (TFD_TIMER_CANCEL_ON_SET) */
    HAPPEN_REQUEST,  /* a datagram reaches a host */
    HAPPEN_REPLY,    /* a datagram reaches a node's client socket */
    HAPPEN_TX_STAMP, /* the kernel hands out a transmit stamp */
    HAPPEN_RESOLVED,
    HAPPEN_KEYS, /* a key exchange has come to its end */
    HAPPEN_SCRIPT,
    HAPPEN_SAMPLE,
};

struct happening {
    enum happening_kind kind;
    uint16_t node, host, association;
    uint32_t socket;
    uint32_t sequence; /* of the send, or of the query */
    union {
        struct {
            uint16_t size;
            bool forged;
            uint8_t bytes[DATAGRAM_MAX];
        };
        struct stamp stamp;
        struct keys_question question;
        struct {
            uint8_t family;
            char name[NAME_SIZE];
        };
        struct {
            world_script *script;
            int argument;
        };
    };
    uint32_t next_free;
};

/* Told about what happens; for traces.  Any of its functions may be NULL. */
struct observer {
    void *context;
    void (*action)(void *context, const struct world *world, unsigned node,
                   const struct action *action);
    void (*sample)(void *context, const struct world *world, unsigned node);
};

struct world {
    struct world_limits limits;
    uint64_t seed;
    struct utc_scale utc;
    struct true_time now, end, judged_from;
    double sample_s;
    struct queue queue;
    struct happening *happenings;
    uint32_t free_happening; /* UINT32_MAX: none */
    struct sim_node *nodes;
    unsigned node_count;
    struct host *hosts;
    unsigned host_count;
    struct link *links; /* [node][host] */
    struct dns dns;
    struct prng prng; /* the scenario's */
    uint32_t socket_numbers;
    uint64_t digest;
    const struct observer *observer;
    void *note; /* the scenario's own state: `note_size` octets of its memory */
};

/* Space for something that will happen; NULL, and a violation of `node`, when there is too much. */
struct happening *world_post(struct world *world, unsigned node, struct true_time when);
/* The happening of a queue entry; give it back with world_forget(). */
struct happening *world_happening(struct world *world, uint32_t what);
void world_forget(struct world *world, uint32_t what);

struct link *world_link(struct world *world, unsigned node, unsigned host);
/* HOST_NONE when nobody has the address. */
unsigned world_find_host(const struct world *world, const struct address *address);
/* Mix a value into the digest of the run. */
void world_digest(struct world *world, uint64_t value);
/* Truth at the node's `now`. */
struct check_instant world_instant(struct world *world, struct sim_node *node);

#endif
