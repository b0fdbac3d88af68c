/* SPDX-License-Identifier: BSD-2-Clause */
/* bus.h - the object /org/freedesktop/timesync1 on the system bus. */
#ifndef TIMESYNC1_BUS_H
#define TIMESYNC1_BUS_H

/*
 * Owns the name org.freedesktop.timesync1 and answers with what noond says at RUNDIR/status.sock,
 * asked anew for each question.  Runs until a signal ends the process or the bus goes away; returns
 * the exit code, having said why on standard error.
 */
int bus_serve(const char *run_directory);

#endif
