/* SPDX-License-Identifier: BSD-2-Clause */
/* option_rows.h - how the rows of the option table are written; only the tables include it. */
#ifndef CONFIG_OPTION_ROWS_H
#define CONFIG_OPTION_ROWS_H

#include "config/config.h"
#include "config/option_tables.h"

/* Where a field lies: in struct config, or of a source's option in struct source_options. */
#define FIELD(member) offsetof(struct config, member)
#define NODE(member) offsetof(struct config, node.member)
#define LOCAL(member) offsetof(struct config, node.local.member)
#define SOURCE(member) offsetof(struct source_options, member)
#define NTP_NTS(member) offsetof(struct config, ntp_nts.member)
#define DAEMON(member) offsetof(struct config, daemon.member)

#define ANY_S 1e9 /* as good as no limit */

#define STRING(name, field)                                                                        \
    {                                                                                              \
        name, TYPE_STRING, field                                                                   \
    }
#define NUMBER(name, field, least, most)                                                           \
    {                                                                                              \
        name, TYPE_DOUBLE, field, least, most                                                      \
    }
#define WHOLE(name, field, least, most)                                                            \
    {                                                                                              \
        name, TYPE_INT, field, least, most                                                         \
    }
#define PORT(name, field)                                                                          \
    {                                                                                              \
        name, TYPE_UINT16, field, 0, 65535                                                         \
    }
#define PPM(name, field, least, most)                                                              \
    {                                                                                              \
        name, TYPE_DOUBLE, field, least, most, .ppm = true                                         \
    }
#define PPM_CLAMPED(name, field, least, most)                                                      \
    {                                                                                              \
        name, TYPE_DOUBLE, field, least, most, .ppm = true, .clamp = true                          \
    }
#define ADDRESS(name, field)                                                                       \
    {                                                                                              \
        name, TYPE_ADDRESS, field                                                                  \
    }
#define BINDING(name, field)                                                                       \
    {                                                                                              \
        name, TYPE_BINDING, field                                                                  \
    }
#define ENUM(name, field, values)                                                                  \
    {                                                                                              \
        name, TYPE_ENUM, field, .scope = values                                                    \
    }
#define SET(name, field, values)                                                                   \
    {                                                                                              \
        name, TYPE_SET, field, .scope = values                                                     \
    }
#define NUMBER_CLAMPED(name, field, least, most)                                                   \
    {                                                                                              \
        name, TYPE_DOUBLE, field, least, most, .clamp = true                                       \
    }
#define WHOLE_AS(name, type, field, least, most)                                                   \
    {                                                                                              \
        name, type, field, least, most                                                             \
    }
#define WHOLE_CLAMPED(name, type, field, least, most)                                              \
    {                                                                                              \
        name, type, field, least, most, .clamp = true                                              \
    }
/* Understood, and stored nowhere. */
#define ANY_NUMBER(name) NUMBER(name, NO_FIELD, -1e9, 1e9)
#define ANY_WHOLE(name) WHOLE(name, NO_FIELD, -2147483647, 2147483647)
#define ANY_STRING(name) STRING(name, NO_FIELD)
#define WORDS(name, least, most)                                                                   \
    {                                                                                              \
        name, TYPE_WORDS, NO_FIELD, least, most                                                    \
    }

#endif
