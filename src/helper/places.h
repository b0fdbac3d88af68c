/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * places.h - where this machine's DHCP clients, hook scripts and firmware name time servers.
 *
 * docs/sources.md has the list.
 */
#ifndef HELPER_PLACES_H
#define HELPER_PLACES_H

#include "helper/finder.h"
#include "sys/log.h"

/* Directories that a sandbox has to leave open for reading. */
extern const char *const places_read[];
extern const size_t places_read_count;

struct places;

/* NULL: no memory.  `follow`: watch them.  Borrows `log`, for what is refused; NULL: unsaid. */
struct places *places_open(bool follow, const struct log_sink *log);
void places_close(struct places *places);
/* As the finder wants them; borrows. */
struct finder_places places_of(struct places *places);

#endif
