/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/option_rows.h"

#define UNUSED_RTC                                                                                 \
    "noon does not track the real-time clock; write instead `rtcsync`, which lets the kernel "     \
    "keep it right"

static const struct option directives[] = {
    {.name = "log",
     .section = SECTION_LOGGING,
     .scope = SCOPE_NONE,
     .arguments = "[KIND]...",
     .help = "Writes these kinds of entries to files in `logdir`. Lines add up.",
     .argument = {SET("KIND", DAEMON(log), SCOPE_LOG)}},
    {.name = "logbanner",
     .section = SECTION_LOGGING,
     .standard = "32",
     .help = "Repeats the heading of a log file after so many entries; 0: there is none.",
     .argument = {WHOLE("ENTRIES", DAEMON(log_banner), 0, 2147483647)}},
    {.name = "logchange",
     .section = SECTION_LOGGING,
     .standard = "1",
     .help = "A correction larger than this (seconds) is logged.",
     .argument = {NUMBER("THRESHOLD", NODE(log_change_s), 0, ANY_S)}},
    {.name = "logdir",
     .section = SECTION_LOGGING,
     .restart = true,
     .help = "The directory of the files that `log` asks for.",
     .argument = {STRING("DIRECTORY", DAEMON(log_dir))}},
    {.name = "logfile",
     .section = SECTION_LOGGING,
     .native = true,
     .restart = true,
     .help = "The log of a noond in the background is appended to this file instead of going to "
             "the system log. What rotates it has to copy and empty it (logrotate: "
             "`copytruncate`).",
     .argument = {STRING("FILE", DAEMON(log_file))}},
    {.name = "logsize",
     .section = SECTION_LOGGING,
     .native = true,
     .standard = "0 0",
     .help = "A log file that has grown to so many octets gets the ending `.1`, and a new one is "
             "begun; COUNT such older files of each kind are kept. 0: no limit.",
     .argument = {WHOLE("OCTETS", DAEMON(log_size), 0, 2147483647),
                  WHOLE("COUNT", DAEMON(log_keep), 0, 1000)}},
    {.name = "mailonchange",
     .section = SECTION_LOGGING,
     .verdict = VERDICT_NOTHING_HERE,
     .help = "Sends mail about a large correction.",
     .reason = "noon sends no mail; write instead `logchange THRESHOLD`, and have the log watched",
     .argument = {STRING("ADDRESS", NO_FIELD), NUMBER("THRESHOLD", NO_FIELD, 0, ANY_S)}},

    {.name = "confdir",
     .section = SECTION_FILES,
     .repeats = true,
     .arguments = "DIRECTORY...",
     .help = "Reads the files `*.conf` of these directories, by order of their names. Of files "
             "with the same name the first directory's is read. A directory that is missing is "
             "as good as empty."},
    {.name = "sourcedir",
     .section = SECTION_FILES,
     .repeats = true,
     .arguments = "DIRECTORY...",
     .help = "The same with `*.sources`, which may only have `server` and `pool` lines and can "
             "be read again alone. A wrong line in them is left out with a warning."},
    {.name = "include",
     .section = SECTION_FILES,
     .repeats = true,
     .arguments = "FILE",
     .help = "Reads another file here. The last part of its name may have the wildcards `*`, "
             "`?` and `[...]`."},

    {.name = "lock_all",
     .section = SECTION_PROCESS,
     .restart = true,
     .flag = DAEMON(lock_memory),
     .help = "Keeps noond in memory, never paged out. Started as another user than root it needs "
             "`LimitMEMLOCK=infinity` in its unit."},
    {.name = "pidfile",
     .section = SECTION_PROCESS,
     .restart = true,
     .help = "Where the process number is written. `/`: nowhere.",
     .argument = {STRING("FILE", DAEMON(pid_file))}},
    {.name = "sched_priority",
     .section = SECTION_PROCESS,
     .restart = true,
     .standard = "0",
     .help = "Runs the time process under SCHED_FIFO with this priority; 0: as an ordinary one. "
             "The server's threads stay ordinary, so that no flood takes the processor from all "
             "others. Started as another user than root it needs `LimitRTPRIO` in its unit.",
     .argument = {WHOLE("PRIORITY", DAEMON(sched_priority), 0, 99)}},
    {.name = "user",
     .section = SECTION_PROCESS,
     .restart = true,
     .help = "The user as whom the daemon runs: a name, a number, or UID:GID.",
     .argument = {STRING("USER", DAEMON(user))}},

    {.name = "rtcsync",
     .section = SECTION_RTC,
     .flag = NODE(rtcsync),
     .help = "Lets the kernel copy the time to the real-time clock every 11 minutes."},
    {.name = "hwclockfile",
     .section = SECTION_RTC,
     .verdict = VERDICT_NOTHING_HERE,
     .help = "The file by which hwclock(8) knows whether the real-time clock keeps UTC.",
     .reason = UNUSED_RTC,
     .argument = {STRING("FILE", NO_FIELD)}},
    {.name = "rtcautotrim",
     .section = SECTION_RTC,
     .verdict = VERDICT_NOTHING_HERE,
     .help = "Sets the real-time clock when it is wrong by this much.",
     .reason = UNUSED_RTC,
     .argument = {NUMBER("THRESHOLD", NO_FIELD, 0, ANY_S)}},
    {.name = "rtcdevice",
     .section = SECTION_RTC,
     .verdict = VERDICT_NOTHING_HERE,
     .help = "The device of the real-time clock.",
     .reason = UNUSED_RTC,
     .argument = {STRING("DEVICE", NO_FIELD)}},
    {.name = "rtcfile",
     .section = SECTION_RTC,
     .verdict = VERDICT_NOTHING_HERE,
     .help = "Where the drift of the real-time clock is kept.",
     .reason = UNUSED_RTC,
     .argument = {STRING("FILE", NO_FIELD)}},
    {.name = "rtconutc",
     .section = SECTION_RTC,
     .verdict = VERDICT_NOTHING_HERE,
     .help = "The real-time clock keeps UTC.",
     .reason = "the system reads the real-time clock at boot; set it to UTC with timedatectl(1)"},
};

struct option_table option_system(void)
{
    return (struct option_table){directives, sizeof directives / sizeof directives[0]};
}
