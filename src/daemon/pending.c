/* SPDX-License-Identifier: BSD-2-Clause */
/* pending.c - holds the place of the parent and the server process, which are being built: until
 * then only --single runs. */
#include "daemon/supervisor.h"
#include "daemon/worker.h"
#include "sys/sandbox.h"
#include <string.h>
int worker_run(const struct args *args, const struct config *config, const struct log_sink *log)
{
    (void)args;
    (void)config;
    (void)log;
    return 1;
}
void worker_status_read(const struct page *page, struct server_status *status)
{
    (void)page;
    memset(status, 0, sizeof *status);
}
size_t worker_clients_read(const struct page *page, uint8_t *bytes, size_t capacity)
{
    (void)page;
    (void)bytes;
    (void)capacity;
    return 0;
}
int supervisor_run(const struct supervisor_setup *s)
{
    (void)s;
    return 1;
}
bool supervised_open(struct supervised *s)
{
    (void)s;
    return false;
}
void supervised_awake(struct supervised *s, struct steady_time n, struct duration t)
{
    (void)s;
    (void)n;
    (void)t;
}
void supervised_base_rate(struct supervised *s, struct freq r)
{
    (void)s;
    (void)r;
}
void supervised_status(struct supervised *s, const char *t)
{
    (void)s;
    (void)t;
}
enum err supervised_send(const struct supervised *s, enum message_kind k, uint32_t a)
{
    (void)s;
    (void)k;
    (void)a;
    return ERR_NONE;
}
enum err supervised_receive(const struct supervised *s, struct message *m, int *fd)
{
    (void)s;
    (void)m;
    *fd = -1;
    return ERR_AGAIN;
}
