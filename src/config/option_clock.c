/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/option_rows.h"

static const struct option directives[] = {
    {.name = "accuracytarget",
     .section = SECTION_CLOCK,
     .native = true,
     .standard = "0",
     .help = "Polls no more often than this accuracy (seconds) needs. 0: as often as `minpoll` "
             "and `maxpoll` let it.",
     .argument = {NUMBER("ACCURACY", NODE(accuracy_target_s), 0, ANY_S)}},
    {.name = "clockprecision",
     .section = SECTION_CLOCK,
     .verdict = VERDICT_NOT_YET,
     .help = "The resolution of the clock, in place of the measured one.",
     .reason = "noon measures the resolution of the clock and can't be told another",
     .argument = {NUMBER("PRECISION", NO_FIELD, 0, 1)}},
    {.name = "corrtimeratio",
     .section = SECTION_CLOCK,
     .standard = "3",
     .help = "How long a correction takes: larger values slew more slowly, with less error of "
             "the frequency and more of the time.",
     .argument = {NUMBER("RATIO", NODE(corr_time_ratio), 0, 1e6)}},
    {.name = "driftfile",
     .section = SECTION_CLOCK,
     .restart = true,
     .scope = SCOPE_DRIFTFILE,
     .arguments = "FILE [interval SECONDS]",
     .help = "Where the frequency error of the clock is kept over a restart.",
     .argument = {STRING("FILE", DAEMON(drift_file))}},
    {.name = "fallbackdrift",
     .section = SECTION_CLOCK,
     .verdict = VERDICT_NOTHING_HERE,
     .neutral = "0 0",
     .help = "Long-term averages of the frequency, used when no source answers.",
     .reason = "the frequency that noon last estimated is that of as long a time as it was steady, "
               "and is kept without a source",
     .argument = {WHOLE("MINIMUM", NO_FIELD, 0, 31), WHOLE("MAXIMUM", NO_FIELD, 0, 31)}},
    {.name = "leapsecmode",
     .section = SECTION_CLOCK,
     .standard = "system",
     .help = "How the clock takes a leap second.",
     .argument = {ENUM("MODE", NODE(leap_mode), SCOPE_LEAPSECMODE)}},
    {.name = "leapsectz",
     .section = SECTION_CLOCK,
     .help = "A time zone of the system that knows the leap seconds, right/UTC: announces one when "
             "the sources don't. It is read at the start and at a reload.",
     .argument = {STRING("TIMEZONE", DAEMON(leap_zone))}},
    {.name = "leapseclist",
     .section = SECTION_CLOCK,
     .scope = SCOPE_LEAPSECLIST,
     .help = "A file with the leap seconds, as leap-seconds.list of the tz database: the same. "
             "Behind its end of validity it says nothing.",
     .argument = {STRING("FILE", DAEMON(leap_list))}},
    {.name = "makestep",
     .section = SECTION_CLOCK,
     .help = "Corrects by a step what is larger than THRESHOLD (seconds), in the first LIMIT "
             "updates only; a negative LIMIT: always. Without it every correction is a slew.",
     .argument = {NUMBER("THRESHOLD", NODE(step.threshold_s), 0, ANY_S),
                  WHOLE("LIMIT", NODE(step.limit), -2147483647, 2147483647)}},
    {.name = "maxchange",
     .section = SECTION_CLOCK,
     .help = "Refuses a correction larger than OFFSET (seconds) after START updates. The first "
             "IGNORE times it is only left out, then the state is unsynchronised with that "
             "reason; a negative IGNORE: always only left out. The daemon goes on measuring.",
     .argument = {NUMBER("OFFSET", NODE(change.offset_s), 1e-9, ANY_S),
                  WHOLE("START", NODE(change.start), 0, 2147483647),
                  WHOLE("IGNORE", NODE(change.ignore), -2147483647, 2147483647)}},
    {.name = "maxclockerror",
     .section = SECTION_CLOCK,
     .standard = "1",
     .help = "The frequency error (ppm) that the clock may gain on its own: the bound on the "
             "error grows at least so fast.",
     .argument = {PPM("PPM", NODE(max_clock_error_s_per_s), 0, 1e6)}},
    {.name = "maxdrift",
     .section = SECTION_CLOCK,
     .standard = "500000",
     .help = "A larger frequency error (ppm) is not believed.",
     .argument = {PPM_CLAMPED("PPM", NODE(max_drift_s_per_s), 0, 500000)}},
    {.name = "maxupdateskew",
     .section = SECTION_CLOCK,
     .standard = "1000",
     .help = "An estimate of the frequency less sure than this (ppm) is not used.",
     .argument = {PPM("PPM", NODE(max_update_skew_s_per_s), 0, 1e6)}},
    {.name = "maxslewrate",
     .section = SECTION_CLOCK,
     .standard = "83333.333",
     .help = "The clock is slewed no faster than this (ppm).",
     .argument = {PPM_CLAMPED("PPM", NODE(max_slew_s_per_s), 1e-3, 100000)}},
    {.name = "tempcomp",
     .section = SECTION_CLOCK,
     .arguments = "auto | FILE INTERVAL auto | FILE INTERVAL T0 K0 K1 K2 | FILE INTERVAL "
                  "POINTS-FILE",
     .help = "Corrects the frequency by the temperature that FILE shows, read every INTERVAL "
             "seconds: by K0 + K1 * (T - T0) + K2 * (T - T0)^2 ppm, positive where the clock would "
             "be slow; by a file with a temperature and a correction in ppm on each line; or, with "
             "auto, as it is learnt from the changes of both. `auto` alone looks at all sensors of "
             "/sys/class/hwmon every 30 seconds and uses the one that explains the most.",
     .argument = {STRING("FILE", DAEMON(tempcomp))}},
};

struct option_table option_clock(void)
{
    return (struct option_table){directives, sizeof directives / sizeof directives[0]};
}
