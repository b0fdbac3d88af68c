/* SPDX-License-Identifier: BSD-2-Clause */
/* option_tables.h - the parts of the option table; only option.c looks at them. */
#ifndef CONFIG_OPTION_TABLES_H
#define CONFIG_OPTION_TABLES_H

#include "config/option.h"

struct option_table option_directives(void);
/* All other scopes; `scope` is not SCOPE_DIRECTIVE. */
struct option_table option_keywords(enum option_scope scope);

#endif
