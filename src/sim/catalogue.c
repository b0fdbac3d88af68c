/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/catalogue.h"

#include <string.h>

#include "base/must.h"

static const struct scenario_table *const tables[] = {
    &scenarios_paths, &scenarios_servers,  &scenarios_machine, &scenarios_names,   &scenarios_leap,
    &scenarios_fleet, &scenarios_operator, &scenarios_hostile, &scenarios_sources, &scenarios_nts,
};

enum { TABLES = sizeof tables / sizeof *tables };

size_t catalogue_count(void)
{
    size_t count = 0;

    for (size_t i = 0; i < TABLES; i++) {
        count += tables[i]->count;
    }
    return count;
}

const struct scenario *catalogue_at(size_t index)
{
    for (size_t i = 0; i < TABLES; i++) {
        if (index < tables[i]->count) {
            return &tables[i]->rows[index];
        }
        index -= tables[i]->count;
    }
    must(false);
    return NULL;
}

const struct scenario *catalogue_find(const char *name)
{
    for (size_t i = 0; i < catalogue_count(); i++) {
        const struct scenario *scenario = catalogue_at(i);
        if (strcmp(scenario->name, name) == 0) {
            return scenario;
        }
    }
    return NULL;
}
