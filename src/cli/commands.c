/* SPDX-License-Identifier: BSD-2-Clause */
/* commands.c - the one table of subcommands. */
#include "cli/command.h"
#include "cli/view_sources.h"

#define MANY 64

static const char source_line_text[] =
    "SOURCE is written as in the configuration: `noon add server ntp.example iburst`. It lasts "
    "until\n"
    "noond ends or reloads. Put `--` in front when a value is negative.\n";

static const char acting_text[] =
    "NAME is a source's name as configured, or its address. Without one, all sources are meant.\n";

static const char rule_text[] =
    "PREFIX is written as in the configuration: 10.0.0.0/8, fd00::/8, 192.0.2.7. Without one, "
    "everybody\n"
    "is meant. As there, the most specific prefix decides; `all` also replaces what was said "
    "about\n"
    "prefixes within. Holds at once and until noond ends; the configuration stays as it is.\n";

const struct command commands[] = {
    {"", "V", "", 0, 0, "how the time is, in one sentence",
     "Exits 0 when the time is known, 1 when not.\n", command_sentence},
    {"status", "", "", 0, 0, "the state of the clock and of noond on one page",
     "Exits 0 when the time is known, 1 when not.\n", command_status},
    {"sources", "", "", 0, 0, "all sources in a table", view_sources_help, command_sources},
    {"source", "", "NAME", 1, 1, "everything about one source, with its history",
     "NAME is its name as configured, or its address. The history has a character for each hour "
     "of\n"
     "three days: # all requests were answered, + most, - fewer, . none, blank: nothing was "
     "asked.\n",
     command_source},
    {"why", "", "[NAME]", 0, 1, "why the time, or a source, is not as it should be",
     "Says since when, and what would change it.\n", command_why},
    {"watch", "in", "", 0, 0, "a live screen",
     "Ends on q, Escape or ctrl-C. Where standard output is no terminal, prints one picture after\n"
     "another. The chart shows the error of the clock (*) and its bound (-) over time.\n",
     command_watch},
    {"query", "np46t", "HOST[:PORT]", 1, 1, "ask a server directly, without noond",
     "Changes nothing and needs no privilege. The offset is the server's time minus the system\n"
     "clock's; +- is its root distance, the most by which an honest server can be wrong. Public\n"
     "servers are asked once every 2 seconds at most.\n",
     command_query},
    {"wait", "bst", "", 0, 0, "wait until the time is good enough",
     "Also waits for a noond that is not running yet. Without --bound and --sources any known "
     "time\n"
     "is good enough. Exits 0 when it is, 1 (or 3, without noond) after --timeout.\n",
     command_wait},
    {"ready", "bs", "", 0, 0, "is the time good enough? Answers at once",
     "The same conditions as `noon wait`: exits 0 for yes, 1 for no. Meant for probes.\n",
     command_ready},
    {"now", "T", "", 0, 0, "the time, as the interval that holds it",
     "Reads noond's page in shared memory; asks over the socket where there is none. Exits 0 when\n"
     "the time is known (and with --truth lies within the interval), 1 when not.\n",
     command_now},
    {"check", "PDL", "FILE", 1, 1, "what each line of a configuration means",
     "Needs no noond. The file is noon's own, chrony.conf, ntp.conf, OpenNTPD's ntpd.conf or\n"
     "timesyncd.conf. Exits 0 when everything holds as written, 1 when not; with --lint also 1 "
     "when\n"
     "there is a warning of what may be regretted.\n",
     command_check},
    {"keygen", "", "[ID [TYPE [BITS]]]", 0, 3, "make a symmetric key, as a line for a key file",
     "Needs no noond. ID is 1 to 4294967295 (1), TYPE is MD5, SHA1 (the default), SHA256, SHA384,\n"
     "SHA512, AES128 or AES256, BITS 80 to 4096 (160) and fixed for AES. Both ends need the line,\n"
     "in the file that `keyfile` names.\n",
     command_keygen},
    {"sources-from", "", "CLIENT [INTERFACE [EVENT]]", 1, 3,
     "for hooks of DHCP clients: keep the time servers that one was told",
     "CLIENT is dhclient, dhcpcd, udhcpc or networkmanager. The servers are taken from the "
     "variables\n"
     "that it calls its hook with; INTERFACE and EVENT too, unless they are given. Writes\n"
     "/run/noon-dhcp/INTERFACE.CLIENT.sources, or removes it; `source dhcp` follows within a "
     "second.\n",
     command_sources_from},
    {"clients", "Sn", "", 0, 0, "who asks this server for time",
     "The busiest first; `--sort last` shows the latest first, `--count 20` the first twenty of "
     "the\n"
     "order. IPv6 clients are known by their /64.\n",
     command_clients},
    {"rules", "", "", 0, 0, "who may ask for time, and who about noond",
     "The rules of the configuration and those given by order (`noon allow`, chronyc's `allow`),\n"
     "as noon.conf(5) writes them.\n",
     command_rules},
    {"doctor", "", "", 0, 0, "what each of noond's processes may do",
     "Looks at the running processes themselves, in /proc: user, capabilities, filters. As root "
     "it\n"
     "sees their descriptors too. Exits 0 when none may do more than it needs, 1 when one does.\n",
     command_doctor},
    {"add", "", "SOURCE", 1, MANY, "add a source", source_line_text, command_act},
    {"delete", "", "NAME", 1, 1, "remove a source",
     "NAME is its name as configured, or its address.\n", command_act},
    {"online", "", "[NAME]", 0, 1, "ask sources again that were taken offline", acting_text,
     command_act},
    {"offline", "", "[NAME]", 0, 1, "stop asking sources", acting_text, command_act},
    {"burst", "", "[NAME]", 0, 1, "ask sources several times now", acting_text, command_act},
    {"step", "", "", 0, 0, "correct what is left by a step, now", "", command_act},
    {"reload", "", "", 0, 0, "read the configuration again",
     "It is checked first: with an error, or a port that somebody else has, the old one stays, "
     "and\n"
     "the reason is told (exit 1). What changes is printed.\n",
     command_act},
    {"refresh", "", "", 0, 0, "look up the names of all sources again", "", command_act},
    {"drain", "", "[off]", 0, 1, "send this server's clients elsewhere",
     "From now on answers say that there is no time here, so that clients turn to their other\n"
     "servers; the clock is kept as before. `noon drain off` serves again. A restart does so "
     "too.\n",
     command_act},
    {"allow", "", "[all] [PREFIX]", 0, 2, "let a prefix ask this server for time", rule_text,
     command_act},
    {"deny", "", "[all] [PREFIX]", 0, 2, "refuse time to a prefix", rule_text, command_act},
    {"cmdallow", "", "[all] [PREFIX]", 0, 2, "let a prefix ask about noond from elsewhere",
     rule_text, command_act},
    {"cmddeny", "", "[all] [PREFIX]", 0, 2, "... and no more", rule_text, command_act},
    {"shutdown", "", "", 0, 0, "end noond", "", command_act},
    {"help", "", "[COMMAND]", 0, 1, "explain the commands, or one of them",
     "`noon help json` documents the JSON.\n", command_help},
    {"version", "", "", 0, 0, "print the version of this program", "", command_version},
    {.name = 0},
};
