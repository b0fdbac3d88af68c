/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * orders.h - chronyc on its Unix socket: questions are answered from the node's status, orders are
 * carried out.  Who may write to the socket may do everything.
 */
#ifndef DAEMON_ORDERS_H
#define DAEMON_ORDERS_H

#include "config/config.h"
#include "daemon/args.h"
#include "sys/log.h"
#include "sys/privilege.h"

/*
 * Opens the socket: `bindcmdaddress PATH`, else chronyd.sock in the directory given by -r, else
 * /run/chrony/chronyd.sock, the one that chronyc looks for.  Its directory is made for `user`
 * (NULL: who we are) with mode 0770, because clients put their own sockets beside it.  -1: there is
 * none.
 */
int orders_open(const struct args *args, const struct config *config, const struct user_ids *user,
                const struct log_sink *log);
/* Path of that socket; NULL: none is wanted. */
const char *orders_path(const struct args *args, const struct config *config, char *buffer,
                        size_t size);

#endif
