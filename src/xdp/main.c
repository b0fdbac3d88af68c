/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * main.c - noon-xdp: loads the program that answers in the network driver, hands it to noond with
 * its tables and ends.
 *
 * The only program that needs CAP_BPF and CAP_NET_ADMIN, for some milliseconds, and the only one
 * that knows libbpf.  noond starts it before it gives up what it does not need itself; whoever has
 * the program may attach it.
 *
 * usage: noon-xdp CLIENTS PREFIXES, with the socket of wire/xdp.h's offers as descriptor 3
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "sys/unix_socket.h"
#include "wire/xdp.h"
#include "xdp/program.h"

enum { CHANNEL = 3, ENTRIES_MAX = 1 << 24 };

static const char *const part_names[XDP_PARTS] = {
    [XDP_PART_LINES] = ".data.lines",
    [XDP_PART_SETTINGS] = ".data.settings",
    [XDP_PART_COUNTERS] = ".data.counters",
    [XDP_PART_CLIENTS] = "clients",
    [XDP_PART_OWN] = "own",
    [XDP_PART_ACCESS_IPV4] = "access_ipv4",
    [XDP_PART_ACCESS_IPV6] = "access_ipv6",
};

static int __attribute__((format(printf, 1, 2))) refuse(const char *format, ...)
{
    struct xdp_offer offer = {.part = XDP_PARTS};
    va_list values;

    va_start(values, format);
    (void)vsnprintf(offer.text, sizeof offer.text, format, values);
    va_end(values);
    enum err ignored = unix_send_fd(CHANNEL, &offer, sizeof offer, -1);
    (void)ignored; /* who does not listen has ended */
    return 1;
}

/* libbpf's own words are for programmers. */
static int say_nothing(enum libbpf_print_level level, const char *format, va_list values)
{
    (void)level;
    (void)format;
    (void)values;
    return 0;
}

static bool set_entries(struct bpf_object *object, const char *name, const char *text)
{
    char *end = NULL;
    unsigned long entries = strtoul(text, &end, 10);
    struct bpf_map *map = bpf_object__find_map_by_name(object, name);

    return *end == '\0' && entries > 0 && entries <= ENTRIES_MAX && map != NULL &&
           bpf_map__set_max_entries(map, (uint32_t)entries) == 0;
}

/* Opens the program with its tables of the size that is wanted; NULL: it can't be. */
static struct bpf_object *open_program(char *const arguments[])
{
    struct bpf_object *object = bpf_object__open_mem(xdp_program, xdp_program_size, NULL);
    struct bpf_map *map =
        object != NULL ? bpf_object__find_map_by_name(object, ".data.settings") : NULL;
    const struct xdp_settings settings = {.hold = 1};

    if (map == NULL || !set_entries(object, "clients", arguments[1]) ||
        !set_entries(object, "access_ipv4", arguments[2]) ||
        !set_entries(object, "access_ipv6", arguments[2]) ||
        bpf_map__set_initial_value(map, &settings, sizeof settings) != 0) {
        return NULL;
    }
    return object;
}

static int hand_over(const struct bpf_object *object)
{
    for (uint32_t part = 0; part < XDP_PARTS; part++) {
        const struct xdp_offer offer = {.part = part};
        int fd = part == XDP_PART_PROGRAM
                     ? bpf_program__fd(bpf_object__find_program_by_name(object, "noon_answer"))
                     : bpf_map__fd(bpf_object__find_map_by_name(object, part_names[part]));

        if (unix_send_fd(CHANNEL, &offer, sizeof offer, fd) != ERR_NONE) {
            return 1;
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        (void)fprintf(stderr, "noon-xdp: started by noond itself, for the directive `xdp`\n");
        return 2;
    }
    (void)libbpf_set_print(say_nothing);
    struct bpf_object *object = open_program(argv);
    if (object == NULL) {
        return refuse("the program can't be prepared (%s)", strerror(errno));
    }
    int error = bpf_object__load(object);
    if (error == -EPERM || error == -EACCES) {
        return refuse("noond may not load it (CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON are needed)");
    }
    if (error != 0) {
        return refuse("this kernel does not accept the program (%s)", strerror(-error));
    }
    return hand_over(object);
}
