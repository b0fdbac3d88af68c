/* SPDX-License-Identifier: BSD-2-Clause */
/* catalogue.h - all scenarios by number and by name. */
#ifndef SIM_CATALOGUE_H
#define SIM_CATALOGUE_H

#include "sim/scenario.h"

size_t catalogue_count(void);
const struct scenario *catalogue_at(size_t index);
/* NULL when there is none of that name. */
const struct scenario *catalogue_find(const char *name);

#endif
