/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log_event.h - what a node says, as data; the owner turns it into text.
 *
 * In a sentence {source} is the association's name and address, or a constraint's URL; {a} .. {d}
 * are the values, printed by what follows the colon: {a:time} a length of time, {a:seconds} the
 * same for programs, {a:ppm} a frequency, {a:count}, {a:drop} a drop_reason, {a:stratum},
 * {a:percent}.
 */
#ifndef CORE_NODE_LOG_EVENT_H
#define CORE_NODE_LOG_EVENT_H

#include <stdint.h>

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARNING, LOG_LEVEL_ERROR };

#define LOG_EVENT_LIST(X)                                                                          \
    X(SOURCE_SELECTED, INFO, "now follows {source}, stratum {a:stratum}, delay {b:time}")          \
    X(SOURCE_FALSETICKER, WARNING,                                                                 \
      "{source} disagrees with the majority by {a:time}: not followed")                            \
    X(SOURCE_DRIFTING, WARNING,                                                                    \
      "{source} drifts away from the majority, by {a:time} so far, {b:ppm} now: not followed")     \
    X(SOURCE_TRUECHIMER, INFO, "{source} agrees with the majority again")                          \
    X(SOURCE_UNSYNCHRONISED, WARNING, "{source} says that it has no time: not followed")           \
    X(SOURCE_SYNCHRONISED, INFO, "{source} has time again")                                        \
    X(SOURCE_UNREACHABLE, WARNING, "{source} does not answer: {a:count} requests in a row")        \
    X(SOURCE_REACHABLE, INFO, "{source} answers")                                                  \
    X(SOURCE_KOD, WARNING, "{source} asks for restraint: {a:drop}")                                \
    X(SOURCE_STEPPED, WARNING, "{source} jumped by {a:time}")                                      \
    X(SOURCE_REPLACED, INFO, "{source} is given up: {a:drop}; another of its name is tried")       \
    X(SOURCE_REPLY, DEBUG, "reply from {source}: offset {a:seconds}, delay {b:seconds}")           \
    X(SOURCE_REPLY_REFUSED, DEBUG, "reply from {source} is not used: {a:drop}")                    \
    X(SOURCE_RESOLVED, INFO, "{source} is a new address of its name")                              \
    X(NAME_FAILED, WARNING, "the name of {source} can't be resolved; tried again in {a:time}")     \
    X(NOBODY_FOUND, INFO,                                                                          \
      "`source {source}` finds nobody; looked again in {a:time}, and when that "                   \
      "changes")                                                                                   \
    X(NAME_SAVED, WARNING,                                                                         \
      "the name of {source} can't be looked up: its addresses of {a:time} ago are used meanwhile") \
    X(NAME_SAVED_UNDATED, WARNING,                                                                 \
      "the name of {source} can't be looked up: its addresses of an earlier run are used "         \
      "meanwhile")                                                                                 \
    X(NAME_PRIVATE, INFO,                                                                          \
      "{source} has an address of a private network: right if that network is yours")              \
    X(KEYS_EXCHANGED, INFO, "keys were exchanged with {source} in {a:time}: {b:count} cookies")    \
    X(KEYS_FAILED, WARNING, "no keys from {source}: {a:keys}; tried again in {b:time}")            \
    X(CERTIFICATE_TIME, WARNING,                                                                   \
      "the certificate of {source} is not valid at this clock's time: not followed until the "     \
      "time is known from others")                                                                 \
    X(TIME_VOUCHED, WARNING,                                                                       \
      "{a:count} of {b:count} servers with NTS agree that this clock is wrong by {c:time}: their " \
      "certificates are judged at that time, once more")                                           \
    X(CONSTRAINT_KNOWN, INFO,                                                                      \
      "the time that HTTPS servers tell ({a:count}) is known: sources that are farther from it "   \
      "than {b:time} are not followed")                                                            \
    X(CONSTRAINT_FAILED, WARNING,                                                                  \
      "{source} (constraint {a:count}) tells no time: {b:date}; asked again in {c:time}")          \
    X(SOURCE_CONTRADICTS, WARNING,                                                                 \
      "{source} is {a:time} away from the time that HTTPS servers tell: not followed")             \
    X(SYNCHRONISED, INFO,                                                                          \
      "synchronised: right to within {a:time}, {b:count} of {c:count} sources agree")              \
    X(UNSYNCHRONISED, WARNING, "no longer synchronised")                                           \
    X(NO_MAJORITY, WARNING, "no majority: {a:count} of {b:count} sources agree at most")           \
    X(HOLDOVER, WARNING, "no source is usable: coasting, bound {a:time} and growing")              \
    X(STEPPED, WARNING, "the clock was wrong by {a:time}: stepped")                                \
    X(CLOCK_MOVED, WARNING, "the clock was moved by {a:time}, by order")                           \
    X(CLOCK_PACED, WARNING, "the clock runs at {a:ppm} from now on, by order")                     \
    X(SLEWING, INFO, "the clock is wrong by {a:time}: corrected without a step in {b:time}")       \
    X(CHANGE_REFUSED, ERROR,                                                                       \
      "a correction of {a:time} is beyond maxchange: refused. If it is right, `noon step`")        \
    X(DISTURBED, WARNING, "somebody else stepped the clock by {a:time}: corrected")                \
    X(RIVAL, ERROR,                                                                                \
      "another program keeps adjusting the clock ({a:count} times): noon only watches now. Stop "  \
      "it and `noon reload`")                                                                      \
    X(RIVAL_GONE, INFO, "the other program has stopped adjusting the clock: noon steers again")    \
    X(SUSPENDED, INFO, "the machine slept for {a:time}")                                           \
    X(PAUSED, WARNING, "all sources moved by {a:time}: this machine was paused or migrated")       \
    X(NO_PRIVILEGE, WARNING,                                                                       \
      "not allowed to set the clock (CAP_SYS_TIME): noon measures and publishes, the system "      \
      "clock is left alone")                                                                       \
    X(ADJUST_FAILED, ERROR, "the kernel refused to adjust the clock (error {a:count})")            \
    X(LEAP_ARMED, WARNING, "a leap second ({a:count} s) is announced for the end of this day")     \
    X(TEMPCOMP_LEARNT, INFO,                                                                       \
      "the temperature explains {a:count} % of the frequency's changes: corrected by it, {b:ppm} " \
      "for each unit of the sensor")                                                               \
    X(TEMPCOMP_LOST, INFO,                                                                         \
      "the temperature no longer explains the frequency: not corrected by it")                     \
    X(TEMPCOMP_RANGE, WARNING,                                                                     \
      "tempcomp asks for more than 10 ppm at {a:count}: ignored. Is the sensor's file right?")     \
    X(LEAP_DONE, INFO, "the leap second has passed")                                               \
    X(LOCAL_MODE, WARNING, "no source: serves its own clock as stratum {a:stratum}")               \
    X(LOCAL_MODE_END, INFO, "local mode ends: sources are followed again")                         \
    X(CONFIG_APPLIED, INFO,                                                                        \
      "configuration applied: {a:count} sources added, {b:count} removed, {c:count} kept")

enum log_event_id {
#define LOG_EVENT_ENUM(name, level, sentence) LOG_EVENT_##name,
    LOG_EVENT_LIST(LOG_EVENT_ENUM)
#undef LOG_EVENT_ENUM
        LOG_EVENT_COUNT
};

enum { LOG_NO_SOURCE = 0xffff };

struct log_event {
    enum log_event_id id;
    uint16_t association; /* LOG_NO_SOURCE: none */
    double value[4];      /* {a} .. {d} */
};

#endif
