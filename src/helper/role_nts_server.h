/* SPDX-License-Identifier: BSD-2-Clause */
/* role_nts_server.h - exchanges keys with NTS clients; holds the TLS key, and nobody else does. */
#ifndef HELPER_ROLE_NTS_SERVER_H
#define HELPER_ROLE_NTS_SERVER_H

/* What noond gives to it, by number. */
enum nts_server_fd {
    NTS_SERVER_FD_CHANNEL = 3,
    NTS_SERVER_FD_RING,   /* page of the cookies' keys: written here, read by the server process */
    NTS_SERVER_FD_TOTALS, /* page of struct ke_totals: written here, read by the time process */
    NTS_SERVER_FD_ACCESS, /* page of who may exchange keys: read here, written by the time process
                           */
    NTS_SERVER_FD_LISTEN, /* the first socket that waits for connections; the others follow */
};

/* Runs until SIGTERM; returns the exit status. */
int role_nts_server(int argc, char *const argv[]);

#endif
