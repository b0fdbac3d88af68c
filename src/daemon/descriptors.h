/* SPDX-License-Identifier: BSD-2-Clause */
/* descriptors.h - what the parent gives to its children, by number, and how they end. */
#ifndef DAEMON_DESCRIPTORS_H
#define DAEMON_DESCRIPTORS_H

/* Descriptors of every child; /dev/null where a role has none. */
enum supervisor_fd {
    SUPERVISOR_FD_CHANNEL = 3,    /* messages to and from the parent */
    SUPERVISOR_FD_LIFE,           /* time: page written for the parent, life.h */
    SUPERVISOR_FD_LINE,           /* time page: written by time, read by server */
    SUPERVISOR_FD_RECORD,         /* status page: the same */
    SUPERVISOR_FD_COUNTERS,       /* server page: written by server, read by time */
    SUPERVISOR_FD_STATUS_SOCKET,  /* time: listens, mode 0666 */
    SUPERVISOR_FD_CONTROL_SOCKET, /* time: listens, mode 0660 */
    SUPERVISOR_FD_COOKIES,        /* server: page of the cookies' keys, read only */
    SUPERVISOR_FD_NTS_TOTALS,     /* time: what the key exchange server has counted, read only */
    SUPERVISOR_FD_RULES,          /* rules made at runtime: written by time, read by server */
    SUPERVISOR_FD_XDP_LINES,      /* time: maps of the program in the network driver (wire/xdp.h) */
    SUPERVISOR_FD_XDP_COUNTERS,   /* time: likewise */
    SUPERVISOR_FD_XDP_CLIENTS,    /* server: likewise */
    SUPERVISOR_FD_XDP_SETTINGS = SUPERVISOR_FD_XDP_CLIENTS, /* time: likewise */
    SUPERVISOR_FD_CONFIG, /* the configuration in force, for when the file can't be used */
    SUPERVISOR_FD_ACCESS, /* time: page of who may exchange keys, for noon-helper */
    SUPERVISOR_FD_SERVER, /* server: the first of its UDP sockets, the others follow */
};

/* Layouts of the pages that only noond's processes see. */
enum {
    PAGE_LAYOUT_LIFE = 0x6c696631,
    PAGE_LAYOUT_RECORD = 0x72656331,
    PAGE_LAYOUT_COUNTERS = 0x636e7431,
    PAGE_LAYOUT_RULES = 0x72756c31,
    PAGE_LAYOUT_CONFIG = 0x636e6631,
};

/*
 * How a child ends.  Any status below SUPERVISOR_EXIT_RESTART is deliberate: the parent ends
 * everything with the same status.  A signal, or a status from there on, means a restart.
 */
enum { SUPERVISOR_EXIT_RESTART = 70 };

#endif
