/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/option_rows.h"
#include "wire/chrony.h"

#define NOT_BY_UDP .verdict = VERDICT_NOT_YET
#define NOT_BY_UDP_REASON "is told over the Unix socket alone"

static const struct option local_options[] = {
    {.name = "stratum",
     .section = SECTION_SERVER,
     .standard = "10",
     .help = "Serves at this stratum.",
     .argument = {WHOLE_AS("STRATUM", TYPE_UINT8, LOCAL(stratum), 1, 15)}},
    {.name = "orphan",
     .section = SECTION_SERVER,
     .flag = LOCAL(orphan),
     .help = "Of several such servers that follow each other, the one with the smallest reference "
             "serves its clock and the others follow."},
    {.name = "distance",
     .section = SECTION_SERVER,
     .standard = "1",
     .help = "Starts when the root distance (seconds) has grown to this.",
     .argument = {NUMBER("DISTANCE", LOCAL(distance_s), 0, 1e9)}},
    {.name = "activate",
     .section = SECTION_SERVER,
     .standard = "0",
     .help = "Only once the root distance (seconds) has been below this. 0: at once.",
     .argument = {NUMBER("DISTANCE", LOCAL(activate_s), 0, 1e9)}},
    {.name = "waitsynced",
     .section = SECTION_SERVER,
     .standard = "0",
     .help = "Only so long (seconds) after the last update of the clock.",
     .argument = {NUMBER("INTERVAL", LOCAL(wait_synced_s), 0, 1e9)}},
    {.name = "waitunsynced",
     .section = SECTION_SERVER,
     .help = "Only so long (seconds) after the start or the loss of synchronisation. Without it "
             "300 with `orphan`, else 0.",
     .argument = {NUMBER("INTERVAL", LOCAL(wait_unsynced_s), 0, 1e9)}},
};

static const struct option keyfile_options[] = {
    {.name = "ntp",
     .native = true,
     .flag = DAEMON(keys_of_ntp),
     .help = "The file is read as ntp does: a KEY of more than 20 characters is hexadecimal."},
};

static const struct option leapseclist_options[] = {
    {.name = "checkhash",
     .native = true,
     .flag = DAEMON(leap_check_hash),
     .help = "The file is not used when the hash in it is not that of its lines."},
};

static const struct option driftfile_options[] = {
    {.name = "interval",
     .section = SECTION_CLOCK,
     .standard = "3600",
     .restart = true,
     .help = "Writes the file no more often than this (seconds).",
     .argument = {NUMBER("SECONDS", DAEMON(drift_interval_s), 0, 1e9)}},
};

static const struct option roles[] = {
    {.name = "boundary",
     .section = SECTION_SERVER,
     .native = true,
     .help = "Gives time to the private networks around it, also while its own sources are away."},
};

static const struct option log_kinds[] = {
    {.name = "measurements",
     .section = SECTION_LOGGING,
     .value = CONFIG_LOG_MEASUREMENTS,
     .help = "Every reply of a synchronised source that passed the tests: measurements.log."},
    {.name = "statistics",
     .section = SECTION_LOGGING,
     .value = CONFIG_LOG_STATISTICS,
     .help = "What is estimated of each source: statistics.log."},
    {.name = "tracking",
     .section = SECTION_LOGGING,
     .value = CONFIG_LOG_TRACKING,
     .help = "Every correction of the clock: tracking.log."},
    {.name = "rawmeasurements",
     .section = SECTION_LOGGING,
     .value = CONFIG_LOG_RAW_MEASUREMENTS,
     .help = "Every answer to a request, refused ones too: measurements.log."},
    {.name = "selection",
     .section = SECTION_LOGGING,
     .value = CONFIG_LOG_SELECTION,
     .help = "The state of each source at each correction: selection.log."},
    {.name = "loopstats",
     .section = SECTION_LOGGING,
     .native = true,
     .value = CONFIG_LOG_LOOPSTATS,
     .help = "Every correction of the clock, in ntpd's columns: loopstats."},
    {.name = "peerstats",
     .section = SECTION_LOGGING,
     .native = true,
     .value = CONFIG_LOG_PEERSTATS,
     .help = "Every answer that passed the tests, in ntpd's columns: peerstats."},
    {.name = "rawstats",
     .section = SECTION_LOGGING,
     .native = true,
     .value = CONFIG_LOG_RAWSTATS,
     .help = "The four times of every such answer, in ntpd's columns: rawstats."},
    {.name = "sysstats",
     .section = SECTION_LOGGING,
     .native = true,
     .value = CONFIG_LOG_SYSSTATS,
     .help = "What the server has counted, each hour, in ntpd's columns: sysstats."},
    {.name = "rtc",
     .section = SECTION_LOGGING,
     .verdict = VERDICT_NOTHING_HERE,
     .help = "The real-time clock.",
     .reason = "noon does not track the real-time clock: there is nothing to log"},
    {.name = "refclocks",
     .section = SECTION_LOGGING,
     .verdict = VERDICT_NOT_YET,
     .help = "The hardware reference clocks.",
     .reason = "hardware reference clocks are not read yet: there is nothing to log"},
    {.name = "tempcomp",
     .section = SECTION_LOGGING,
     .value = CONFIG_LOG_TEMPCOMP,
     .help = "Temperatures and what `tempcomp` corrects by them: tempcomp.log."},
};

static const struct option leapsec_modes[] = {
    {.name = "system",
     .section = SECTION_CLOCK,
     .value = LEAP_SYSTEM,
     .help = "The kernel steps the clock at midnight."},
    {.name = "step", .section = SECTION_CLOCK, .value = LEAP_STEP, .help = "The daemon steps it."},
    {.name = "slew",
     .section = SECTION_CLOCK,
     .value = LEAP_SLEW,
     .help = "The daemon slews it, from midnight on."},
    {.name = "ignore",
     .section = SECTION_CLOCK,
     .value = LEAP_IGNORE,
     .help = "Nothing is done: the second shows up as an offset and is corrected like one."},
};

static const struct option authselect_modes[] = {
    {.name = "require",
     .section = SECTION_SELECTION,
     .value = AUTH_SELECT_REQUIRE,
     .help = "Follows authenticated sources only; the others are measured."},
    {.name = "prefer",
     .section = SECTION_SELECTION,
     .value = AUTH_SELECT_PREFER,
     .help = "Follows authenticated sources only, while any of them can be followed."},
    {.name = "mix",
     .section = SECTION_SELECTION,
     .value = AUTH_SELECT_MIX,
     .help = "Where there are both, the others have to agree with the authenticated ones: those "
             "count as marked `trust` and `require`."},
    {.name = "ignore",
     .section = SECTION_SELECTION,
     .value = AUTH_SELECT_IGNORE,
     .help = "Does not care which sources are authenticated."},
};

static const struct option ratelimit_options[] = {
    {.name = "interval",
     .section = SECTION_SERVER,
     .standard = "3",
     .help = "Answers a client once in 2^POLL seconds on average. A /64 of IPv6 counts as 32 "
             "clients.",
     .argument = {WHOLE_CLAMPED("POLL", TYPE_INT8, NODE(limit.interval_log2), -19, 12)}},
    {.name = "burst",
     .section = SECTION_SERVER,
     .standard = "8",
     .help = "So many at a time.",
     .argument = {WHOLE_CLAMPED("RESPONSES", TYPE_UINT8, NODE(limit.burst), 1, 255)}},
    {.name = "leak",
     .section = SECTION_SERVER,
     .standard = "2",
     .help = "Beyond the limit answers one request in 2^RATE nevertheless, by chance: who sends in "
             "a client's name can't keep it from its time.",
     .argument = {WHOLE_CLAMPED("RATE", TYPE_UINT8, NODE(limit.leak), 1, 4)}},
    {.name = "kod",
     .section = SECTION_SERVER,
     .standard = "0",
     .help = "Beyond the limit asks for restraint (KoD RATE), once in 2^RATE requests; never more "
             "than 64 in a second. 0: never.",
     .argument = {WHOLE_CLAMPED("RATE", TYPE_UINT8, NODE(limit.kod), 0, 4)}},
    {.name = "listed",
     .section = SECTION_SERVER,
     .native = true,
     .flag = NODE(limit.listed),
     .help = "Only clients whose `allow` line says limited; of them those are told whose line says "
             "kod."},
    {.name = "prefixburst",
     .section = SECTION_SERVER,
     .native = true,
     .standard = "0",
     .help = "Answers the clients of a /24, or of a /48 of IPv6, that are not known yet so often "
             "at a time, and then by `prefixinterval`. 0: no such limit. Known is who was "
             "answered three times over eight seconds.",
     .argument = {WHOLE_AS("RESPONSES", TYPE_UINT16, NODE(limit.prefix_burst), 0, 65535)}},
    {.name = "prefixinterval",
     .section = SECTION_SERVER,
     .native = true,
     .standard = "0",
     .help = "Once in 2^POLL seconds; with `prefixburst`.",
     .argument = {WHOLE_AS("POLL", TYPE_INT8, NODE(limit.prefix_interval_log2), -19, 12)}},
    {.name = "ceiling",
     .section = SECTION_SERVER,
     .native = true,
     .standard = "0",
     .help = "So many answers in a second to everybody together; clients that are known come "
             "first. 0: no limit.",
     .argument = {NUMBER("RESPONSES", NODE(limit.ceiling_per_s), 0, 1e9)}},
};

/* Of cmdratelimit.  Whoever asks about the daemon has no timetable to be slowed down by a kiss. */
static const struct option command_ratelimit_options[] = {
    {.name = "interval",
     .section = SECTION_CONTROL,
     .standard = "-4",
     .help = "Answers an address once in 2^POLL seconds on average.",
     .argument = {WHOLE_CLAMPED("POLL", TYPE_INT8, DAEMON(command_limit.interval_log2), -19, 12)}},
    {.name = "burst",
     .section = SECTION_CONTROL,
     .standard = "8",
     .help = "So many at a time.",
     .argument = {WHOLE_CLAMPED("RESPONSES", TYPE_UINT8, DAEMON(command_limit.burst), 1, 255)}},
    {.name = "leak",
     .section = SECTION_CONTROL,
     .standard = "2",
     .help = "Beyond the limit answers one request in 2^RATE nevertheless.",
     .argument = {WHOLE_CLAMPED("RATE", TYPE_UINT8, DAEMON(command_limit.leak), 1, 4)}},
    {.name = "kod",
     .section = SECTION_CONTROL,
     .verdict = VERDICT_NOTHING_HERE,
     .standard = "0",
     .neutral = "0",
     .help = "Beyond the limit asks for restraint, once in 2^RATE requests.",
     .reason = "neither chronyc nor ntpq knows an answer that asks for restraint",
     .argument = {ANY_WHOLE("RATE")}},
};

/* Of ntsratelimit.  TLS has no answer that asks for restraint. */
static const struct option nts_ratelimit_options[] = {
    {.name = "interval",
     .section = SECTION_AUTHENTICATION,
     .standard = "6",
     .help = "Exchanges keys with an address once in 2^POLL seconds on average. A /64 of IPv6 "
             "counts as 32 clients.",
     .argument = {WHOLE_CLAMPED("POLL", TYPE_INT8, DAEMON(nts_limit.interval_log2), -19, 12)}},
    {.name = "burst",
     .section = SECTION_AUTHENTICATION,
     .standard = "8",
     .help = "So many at a time.",
     .argument = {WHOLE_CLAMPED("RESPONSES", TYPE_UINT8, DAEMON(nts_limit.burst), 1, 255)}},
    {.name = "leak",
     .section = SECTION_AUTHENTICATION,
     .standard = "2",
     .help = "Beyond the limit takes one connection in 2^RATE nevertheless.",
     .argument = {WHOLE_CLAMPED("RATE", TYPE_UINT8, DAEMON(nts_limit.leak), 1, 4)}},
    {.name = "kod",
     .section = SECTION_AUTHENTICATION,
     .verdict = VERDICT_NOTHING_HERE,
     .standard = "0",
     .neutral = "0",
     .help = "Beyond the limit asks for restraint, once in 2^RATE requests.",
     .reason = "a connection that is closed says nothing",
     .argument = {ANY_WHOLE("RATE")}},
};

static const struct option smoothtime_options[] = {
    {.name = "leaponly",
     .section = SECTION_SERVER,
     .verdict = VERDICT_NOT_YET,
     .help = "Smooths leap seconds only.",
     .reason = "the served time is not smoothed or smeared yet"},
};

static const struct option open_commands[] = {
    {.name = "activity", .value = CHRONY_OPEN_ACTIVITY, .help = "How many sources are asked."},
    {.name = "authdata", .value = CHRONY_OPEN_AUTHDATA, .help = "How sources are authenticated."},
    {.name = "clients", NOT_BY_UDP, .help = "The clients.", .reason = NOT_BY_UDP_REASON},
    {.name = "manual", NOT_BY_UDP, .help = "Times typed in.", .reason = NOT_BY_UDP_REASON},
    {.name = "ntpdata", .value = CHRONY_OPEN_NTPDATA, .help = "The last answers of sources."},
    {.name = "rtcdata",
     .value = CHRONY_OPEN_RTCDATA,
     .help = "The real-time clock: that it is not tracked."},
    {.name = "selectdata", .value = CHRONY_OPEN_SELECTDATA, .help = "How sources are chosen."},
    {.name = "serverstats", .value = CHRONY_OPEN_SERVERSTATS, .help = "What was served."},
    {.name = "smoothing",
     .value = CHRONY_OPEN_SMOOTHING,
     .help = "The smoothing: that there is none."},
    {.name = "sourcename", .value = CHRONY_OPEN_SOURCENAME, .help = "Names of sources."},
    {.name = "sources", .value = CHRONY_OPEN_SOURCES, .help = "The sources."},
    {.name = "sourcestats", .value = CHRONY_OPEN_SOURCESTATS, .help = "Their estimates."},
    {.name = "tracking", .value = CHRONY_OPEN_TRACKING, .help = "The clock."},
};

#define TABLE(array)                                                                               \
    {                                                                                              \
        array, sizeof array / sizeof array[0]                                                      \
    }

struct option_table option_keywords(enum option_scope scope)
{
    static const struct option_table tables[SCOPE_COUNT] = {
        [SCOPE_LOCAL] = TABLE(local_options),
        [SCOPE_KEYFILE] = TABLE(keyfile_options),
        [SCOPE_LEAPSECLIST] = TABLE(leapseclist_options),
        [SCOPE_DRIFTFILE] = TABLE(driftfile_options),
        [SCOPE_ROLE] = TABLE(roles),
        [SCOPE_LOG] = TABLE(log_kinds),
        [SCOPE_LEAPSECMODE] = TABLE(leapsec_modes),
        [SCOPE_AUTHSELECTMODE] = TABLE(authselect_modes),
        [SCOPE_RATELIMIT] = TABLE(ratelimit_options),
        [SCOPE_CMD_RATELIMIT] = TABLE(command_ratelimit_options),
        [SCOPE_NTS_RATELIMIT] = TABLE(nts_ratelimit_options),
        [SCOPE_SMOOTHTIME] = TABLE(smoothtime_options),
        [SCOPE_OPENCOMMANDS] = TABLE(open_commands),
    };

    return tables[scope];
}
