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
#include "sys/sandbox.h"

/*
 * Adds the directories that a sandbox has to leave open for reading.  One under /run that is not
 * there yet is allowed by what it will be made in: all of /run, as long as nothing made
 * /run/noon-dhcp before (our tmpfiles.d does).
 */
void places_allow(struct sandbox_paths *paths);
/* Of these, each within the next, the first that is there; if none is, the last. */
const char *places_nearest(const char *const candidates[static 3]);

struct places;

/* NULL: no memory.  `follow`: watch them.  Borrows `log`, for what is refused; NULL: unsaid. */
struct places *places_open(bool follow, const struct log_sink *log);
void places_close(struct places *places);
/* As the finder wants them; borrows. */
struct finder_places places_of(struct places *places);

#endif
