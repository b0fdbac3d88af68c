#ifndef W_H
#define W_H
#include "config/config.h"
#include "daemon/args.h"
#include "sys/log.h"
#include "sys/page.h"
#include "wire/status.h"
int worker_run(const struct args *args, const struct config *config, const struct log_sink *log);
void worker_status_read(const struct page *page, struct server_status *status);
size_t worker_clients_read(const struct page *page, uint8_t *bytes, size_t capacity);
#endif
