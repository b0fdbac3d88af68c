/* SPDX-License-Identifier: BSD-2-Clause */
/* main.c - noon-helper: what noond's time process must not do itself.  Started by noond. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper/places.h"
#include "helper/role_keys.h"
#include "helper/role_look.h"
#include "helper/role_nts_server.h"
#include "helper/role_resolve.h"
#include "sys/log.h"
#include "sys/privilege.h"
#include "sys/sandbox.h"
#include "sys/unix_socket.h"

/* The socket to noond: the first descriptor that a child is given. */
enum { SOCKET = 3 };

static const char usage[] =
    "usage: noon-helper --role=resolve|keys [-u USER] [--dns=ADDRESS:PORT[,...]]\n"
    "                   [--find] [--trust=SET:PATH]... [--no-system-certs]\n"
    "                   [--suites=LIST]\n"
    "       noon-helper --role=look [cert=FILE [key=FILE]]... [trust=FILE]...\n"
    "Started by noond and noon, with a socket as descriptor 3; of no use by hand.\n";

struct arguments {
    const char *role, *user, *servers;
    const char *suites; /* of TLS; NULL: the usual ones */
    const char *trusted[TRUST_SETS_MAX];
    size_t trusted_count;
    bool no_system_certs;
    bool find; /* more than names: what DHCP and the firmware say */
};

/* False: not understood. */
static bool parse(struct arguments *arguments, int argc, char *const argv[])
{
    static const struct option options[] = {
        {"role", required_argument, NULL, 'r'},      {"user", required_argument, NULL, 'u'},
        {"dns", required_argument, NULL, 'd'},       {"trust", required_argument, NULL, 't'},
        {"no-system-certs", no_argument, NULL, 'n'}, {"find", no_argument, NULL, 'f'},
        {"suites", required_argument, NULL, 's'},    {NULL, 0, NULL, 0},
    };
    int option;

    *arguments = (struct arguments){.role = NULL};
    while ((option = getopt_long(argc, argv, "u:", options, NULL)) != -1) {
        if (option == 'r') {
            arguments->role = optarg;
        } else if (option == 'u') {
            arguments->user = optarg;
        } else if (option == 'd') {
            arguments->servers = optarg;
        } else if (option == 't' && arguments->trusted_count < TRUST_SETS_MAX) {
            arguments->trusted[arguments->trusted_count++] = optarg;
        } else if (option == 'n') {
            arguments->no_system_certs = true;
        } else if (option == 'f') {
            arguments->find = true;
        } else if (option == 's') {
            arguments->suites = optarg;
        } else {
            return false;
        }
    }
    return optind == argc && arguments->role != NULL &&
           (strcmp(arguments->role, "resolve") == 0 || strcmp(arguments->role, "keys") == 0);
}

/* Files that resolving needs, and the system's certificates; where resolv.conf is a link, also the
 * directory that it leads to. */
static void confine(bool find, const struct log_sink *log)
{
    struct sandbox_paths paths = {
        .read = {"/etc", "/dev/urandom", "/run/systemd/resolve", "/run/NetworkManager",
                 "/run/resolvconf", "/run/connman", "/usr/share/ca-certificates",
                 "/usr/local/share/ca-certificates", "/usr/lib/ssl"},
        .read_count = 9,
    };
    if (find) {
        places_allow(&paths);
    }
    struct sandbox_report report;
    char *real = realpath("/etc/resolv.conf", NULL);
    char *slash = real == NULL ? NULL : strrchr(real, '/');

    if (slash != NULL && slash != real) {
        *slash = '\0';
        paths.read[paths.read_count++] = real;
    }
    if (sandbox_enter(SANDBOX_RESOLVE, &paths, &report) != ERR_NONE) {
        log_format(log, LOG_SEVERITY_INFO,
                   "noon-helper runs with an incomplete sandbox: system calls %s, files %s",
                   report.syscalls ? "closed" : "open", report.files ? "closed" : "open");
    }
    free(real);
}

static int exchange_keys(const struct arguments *arguments, struct dns *dns,
                         const struct log_sink *log)
{
    struct trust trust;

    /* Before the sandbox, since these files may lie anywhere. */
    if (!trust_open(&trust, !arguments->no_system_certs, arguments->suites)) {
        log_line(log, LOG_SEVERITY_ERROR, "OpenSSL can't be started: no keys for NTS");
        return 1;
    }
    for (size_t i = 0; i < arguments->trusted_count; i++) {
        trust_add(&trust, arguments->trusted[i], log);
    }
    confine(false, log);
    int status = role_keys(&trust, dns, SOCKET);
    trust_close(&trust);
    return status;
}

static int find_sources(const struct arguments *arguments, struct dns *dns,
                        const struct log_sink *log)
{
    struct places *places = places_open(arguments->find, log);
    struct finder_places where;
    struct finder *finder;
    int status = 1;

    if (places == NULL) {
        return status;
    }
    where = places_of(places);
    finder = finder_open(dns, &where);
    if (finder != NULL) {
        confine(arguments->find, log);
        status = role_resolve(finder, SOCKET);
        finder_close(finder);
    }
    places_close(places);
    return status;
}

int main(int argc, char *argv[])
{
    struct arguments arguments;
    struct user_ids user = privilege_self();
    struct log_sink log;
    struct dns *dns;

    if (argc > 1 && strcmp(argv[1], "--role=nts-server") == 0) {
        return role_nts_server(argc, argv);
    }
    if (argc > 1 && strcmp(argv[1], "--role=look") == 0) {
        return role_look(argc, argv, SOCKET);
    }
    if (!parse(&arguments, argc, argv)) {
        (void)fputs(usage, stderr);
        return 2;
    }
    log_open(&log, "noon-helper", false, LOG_SEVERITY_INFO);
    if (unix_peer_uid(SOCKET) < 0) {
        (void)fputs(usage, stderr);
        return 2;
    }
    if ((arguments.user != NULL && privilege_find_user(arguments.user, &user) != ERR_NONE) ||
        privilege_drop(&user, PRIVILEGE_KEEP_NONE) != ERR_NONE) {
        log_line(&log, LOG_SEVERITY_ERROR, "noon-helper can't give up its rights: not started");
        return 1;
    }
    dns = dns_open(arguments.servers);
    if (dns == NULL) {
        log_line(&log, LOG_SEVERITY_ERROR, "the resolver can't be started");
        return 1;
    }
    int status;
    if (strcmp(arguments.role, "keys") == 0) {
        status = exchange_keys(&arguments, dns, &log);
    } else {
        status = find_sources(&arguments, dns, &log);
    }
    dns_close(dns);
    return status;
}
