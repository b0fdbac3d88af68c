/* SPDX-License-Identifier: BSD-2-Clause */
/* option_others.c - OpenNTPD's ntpd.conf and systemd's timesyncd.conf. */
#include "config/option_rows.h"

#define NOT_YET .verdict = VERDICT_NOT_YET
#define NOTHING .verdict = VERDICT_NOTHING_HERE
#define REFUSED .verdict = VERDICT_REFUSED
#define WEIGHT                                                                                     \
    "noon weighs each source by how sure its time is; `prefer` puts one before the others"
#define ROUTES "noon uses one routing table, the machine's"
#define SENSOR "hardware clocks are written in the native form: see `refclock` in noon.conf(5)"

static const struct option openntpd[] = {
    {.name = "server",
     .repeats = true,
     .scope = SCOPE_OPENNTPD_SERVER,
     .arguments = "NAME [OPTION]...",
     .help = "A server whose time is measured."},
    {.name = "servers",
     .repeats = true,
     .scope = SCOPE_OPENNTPD_SERVER,
     .arguments = "NAME [OPTION]...",
     .help = "A name, of which all addresses are measured; here 16 at most."},
    {.name = "listen",
     .repeats = true,
     .scope = SCOPE_OPENNTPD_LISTEN,
     .arguments = "on ADDRESS|* [rtable TABLE]",
     .help = "Serves everybody who asks on this address; `*`: on all. Without such a line noond "
             "is no server."},
    {.name = "query",
     .repeats = true,
     .arguments = "from ADDRESS",
     .help = "Sends requests from this address; one of each family."},
    {.name = "sensor",
     NOT_YET,
     .repeats = true,
     .scope = SCOPE_OPENNTPD_SENSOR,
     .arguments = "DEVICE|* [OPTION]...",
     .help = "A time sensor of the machine.",
     .reason = SENSOR},
    {.name = "constraint",
     .repeats = true,
     .arguments = "from URL [ADDRESS]...",
     .help =
         "An HTTPS server whose Date bounds the time: servers that are farther than two minutes "
         "from the median of all constraints are not followed, nor is any before one has "
         "answered. Its certificate has to be valid at the time that it tells. With addresses, "
         "these are asked in turn until one answers."},
    {.name = "constraints",
     .repeats = true,
     .arguments = "from URL",
     .help = "The same, and every address of the name counts."},
};

static const struct option openntpd_server[] = {
    {.name = "trusted",
     .flag = SOURCE(unconstrained),
     .help = "Followed whatever `constraint` says, and before it has answered."},
    {.name = "weight",
     NOTHING,
     .standard = "1",
     .neutral = "1",
     .help = "How much it counts, from 1 to 10.",
     .reason = WEIGHT,
     .argument = {WHOLE("WEIGHT", NO_FIELD, 1, 10)}},
    {.name = "rtable",
     NOT_YET,
     .help = "The routing table of requests.",
     .reason = ROUTES,
     .argument = {WHOLE("TABLE", NO_FIELD, 0, 255)}},
};

static const struct option openntpd_listen[] = {
    {.name = "rtable",
     NOT_YET,
     .help = "The routing table of the socket.",
     .reason = ROUTES,
     .argument = {WHOLE("TABLE", NO_FIELD, 0, 255)}},
};

static const struct option openntpd_sensor[] = {
    {.name = "correction",
     NOT_YET,
     .help = "Added to every offset (microseconds).",
     .reason = SENSOR,
     .argument = {WHOLE("MICROSECONDS", NO_FIELD, -127000000, 127000000)}},
    {.name = "refid",
     NOT_YET,
     .help = "Its name, up to four letters.",
     .reason = SENSOR,
     .argument = {ANY_STRING("REFID")}},
    {.name = "stratum",
     NOT_YET,
     .help = "Its stratum.",
     .reason = SENSOR,
     .argument = {WHOLE("STRATUM", NO_FIELD, 1, 15)}},
    {.name = "weight",
     NOT_YET,
     .help = "How much it counts.",
     .reason = SENSOR,
     .argument = {WHOLE("WEIGHT", NO_FIELD, 1, 10)}},
    {.name = "trusted",
     NOT_YET,
     .help = "Measured even when `constraint` can't be asked.",
     .reason = SENSOR},
};

/* Each key takes what is behind its equals sign. */
static const struct option timesyncd[] = {
    {.name = "NTP",
     .repeats = true,
     .arguments = "=NAME...",
     .help = "Servers whose time is measured: all of them, not one after the other. Lines add up; "
             "an empty one forgets those above."},
    {.name = "FallbackNTP",
     .repeats = true,
     .arguments = "=NAME...",
     .help = "Servers that are measured when no other is written. Without it those that the file "
             "names in a comment, as what the distribution has built in."},
    {.name = "RootDistanceMaxSec",
     .standard = "5",
     .arguments = "=SPAN",
     .help = "Sources with a larger root distance are not followed."},
    {.name = "PollIntervalMinSec",
     .standard = "32",
     .arguments = "=SPAN",
     .help = "Asks no more often than this, made a power of two."},
    {.name = "PollIntervalMaxSec",
     .standard = "2048",
     .arguments = "=SPAN",
     .help = "Asks at least so often, made a power of two."},
    {.name = "ConnectionRetrySec",
     NOTHING,
     .arguments = "=SPAN",
     .help = "How long it waits before it tries a server again.",
     .reason = "noon asks all servers all the time, ever less often who does not answer"},
    {.name = "SaveIntervalSec",
     NOTHING,
     .arguments = "=SPAN",
     .help = "How often the time is saved to the disk.",
     .reason = "noon saves the frequency (`driftfile`); the system's clock file is systemd's"},
};

#define TABLE(array)                                                                               \
    {                                                                                              \
        array, sizeof array / sizeof array[0]                                                      \
    }

struct option_table option_others(enum option_scope scope)
{
    static const struct option_table tables[SCOPE_COUNT] = {
        [SCOPE_OPENNTPD] = TABLE(openntpd),
        [SCOPE_OPENNTPD_SERVER] = TABLE(openntpd_server),
        [SCOPE_OPENNTPD_LISTEN] = TABLE(openntpd_listen),
        [SCOPE_OPENNTPD_SENSOR] = TABLE(openntpd_sensor),
        [SCOPE_TIMESYNCD] = TABLE(timesyncd),
    };

    return tables[scope];
}
