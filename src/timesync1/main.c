/* SPDX-License-Identifier: BSD-2-Clause */
/* main.c - noon-timesync1: `timedatectl timesync-status` and `show-timesync` speak of noond. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "timesync1/bus.h"

static const char usage[] =
    "usage: noon-timesync1 [-r DIR]\n"
    "\n"
    "Owns org.freedesktop.timesync1 on the system bus, so that `timedatectl timesync-status` and\n"
    "`timedatectl show-timesync` say how noond's time is. Changes nothing.\n"
    "\n"
    "  -r DIR      noond's runtime directory (/run/noon)\n"
    "  -h          this text\n"
    "  -V          the version\n";

int main(int argc, char *argv[])
{
    const char *run_directory = "/run/noon";
    int option;

    while ((option = getopt(argc, argv, "+r:hV")) != -1) {
        switch (option) {
        case 'r':
            run_directory = optarg;
            break;
        case 'h':
            fputs(usage, stdout);
            return 0;
        case 'V':
            puts("noon-timesync1 " NOON_VERSION);
            return 0;
        default:
            fputs(usage, stderr);
            return 2;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "noon-timesync1: `%s` is not expected\n%s", argv[optind], usage);
        return 2;
    }
    return bus_serve(run_directory);
}
