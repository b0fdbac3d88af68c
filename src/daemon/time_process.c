/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/time_process.h"

#include <stdlib.h>
#include <string.h>

#include "base/must.h"
#include "crypto/wipe.h"
#include "daemon/worker_report.h"
#include "sys/entropy.h"
#include "sys/privilege.h"
#include "sys/process.h"
#include "sys/signals.h"

enum {
    SPARE_SOURCES = 64, /* for `noon add` and for pools that grow by a reload */
    POLLFDS_MAX = SOURCES_MAX + CONTROL_POLLFDS + SERVER_LOOP_SOCKETS + NTPCTL_CLIENTS + 9,
};

static const int64_t time_out_ns = 1 * NS_PER_S;

struct clock_reading time_reading(const struct time_process *process)
{
    struct clocks clocks;

    clock_control_read(&process->clock, &clocks);
    return (struct clock_reading){
        .raw = compensation_apply(&process->compensation, clocks.raw),
        .real = clocks.real,
        .mono = clocks.mono,
        .boot = clocks.boot,
        .window = clocks.window,
        .boot_known = clocks.boot_known,
    };
}

struct mono_time time_raw(const struct time_process *process)
{
    return compensation_apply(&process->compensation, clock_raw());
}

struct stamp time_stamp(const struct time_process *process, struct utc_time system,
                        enum udp_stamp_kind kind)
{
    struct stamp stamp = {
        .ns = system.ns,
        .clock = STAMP_CLOCK_REAL,
        .stamp_class = kind == UDP_STAMP_KERNEL ? STAMP_KERNEL : STAMP_USER,
    };

    if (process->clock.kind == CLOCK_CONTROL_VIRTUAL) {
        /* The kernel stamps with a clock that is not the one under discipline. */
        struct clocks clocks;

        clock_control_read(&process->clock, &clocks);
        stamp.ns =
            compensation_apply(&process->compensation, clocks_raw_of_system(&clocks, system)).ns;
        stamp.clock = STAMP_CLOCK_RAW;
    }
    return stamp;
}

void time_post(struct time_process *process, const struct post *post)
{
    if (process->post_count == POST_MAX) {
        return; /* a stamp less: the reply is measured with the worse one */
    }
    process->posts[(process->post_first + process->post_count++) % POST_MAX] = *post;
}

static void draw(struct time_process *process, uint64_t random[static EVENT_RANDOM])
{
    size_t size = EVENT_RANDOM * sizeof random[0];

    if (process->entropy_left < size) {
        entropy_fill(process->entropy, sizeof process->entropy);
        process->entropy_left = sizeof process->entropy;
    }
    process->entropy_left -= size;
    memcpy(random, process->entropy + process->entropy_left, size);
    memset(process->entropy + process->entropy_left, 0, size);
}

void time_deliver(struct time_process *process, struct event *event)
{
    struct clock_reading now = time_reading(process);
    struct actions *actions;

    must(process->depth < sizeof process->actions / sizeof process->actions[0]);
    actions = &process->actions[process->depth++];
    actions->count = 0;
    draw(process, event->random);
    node_step(process->node, &now, event, actions);
    perform(process, actions);
    process->depth--;
}

static void deliver_posts(struct time_process *process)
{
    while (process->post_count > 0) {
        struct post post = process->posts[process->post_first];
        struct event event = {.kind = post.kind};

        process->post_first = (process->post_first + 1) % POST_MAX;
        process->post_count--;
        if (post.kind == EVENT_TX_STAMP) {
            event.tx_stamp = (struct event_tx_stamp){post.association, post.sequence, post.stamp,
                                                     post.own_refid};
        } else {
            event.send_failed =
                (struct event_send_failed){post.association, post.sequence, post.error};
        }
        time_deliver(process, &event);
    }
}

/* Departure stamps and ICMP errors first: a reply is measured with its request's stamp. */
static void read_reports(struct time_process *process, uint16_t association)
{
    struct udp_report report;
    bool single = process->setup.args->single;
    enum err error;

    while ((error = udp_report(&process->sockets[association], &report)) != ERR_AGAIN) {
        struct post post = {.association = association};

        if (error == ERR_NONE && report.kind == UDP_REPORT_SENT) {
            post.kind = EVENT_TX_STAMP;
            post.sequence = report.sequence;
            post.stamp = time_stamp(process, report.stamp, UDP_STAMP_KERNEL);
            time_post(process, &post);
        } else if (error == ERR_NONE) {
            post.kind = EVENT_SEND_FAILED;
            post.error = ERR_UNREACHABLE;
            time_post(process, &post);
        } else if (error != ERR_FORMAT) {
            break;
        }
        if (single) {
            break; /* under a simulator one receive call an event */
        }
    }
    deliver_posts(process);
}

static void read_reply(struct time_process *process, uint16_t association)
{
    uint8_t bytes[NTP_PACKET_MAX];
    struct udp_datagram datagram = {.bytes = bytes, .capacity = sizeof bytes};
    struct event event = {.kind = EVENT_DATAGRAM};
    enum err error = udp_receive(&process->sockets[association], &datagram);

    if (error == ERR_UNREACHABLE) {
        struct post post = {
            .kind = EVENT_SEND_FAILED, .association = association, .error = ERR_UNREACHABLE};
        time_post(process, &post);
        deliver_posts(process);
    }
    if (error != ERR_NONE) {
        return;
    }
    event.datagram = (struct event_datagram){
        .association = association,
        .size = (uint16_t)datagram.size,
        .bytes = bytes,
        .received = time_stamp(process, datagram.stamp, datagram.stamp_kind),
    };
    time_deliver(process, &event);
    deliver_posts(process);
}

static void serve_association(struct time_process *process, uint16_t association, short revents)
{
    bool single = process->setup.args->single;

    if (revents & (POLLERR | POLLPRI)) {
        read_reports(process, association);
    } else if (!single && process->sockets[association].stamps) {
        /* The stamp may have come between poll() and now. */
        read_reports(process, association);
    }
    if ((revents & POLLIN) && process->socket_users[association]) {
        read_reply(process, association);
    }
}

/* What one wait looks at; association i lies behind fds[...] with its index beside it. */
struct watch {
    unsigned count, control_from, control_count, server_from, server_count, network, order,
        ntpctl_from, ntpctl_count, files;
    struct pollfd fds[POLLFDS_MAX];
    uint16_t association[POLLFDS_MAX];
};

static void collect(struct time_process *process, struct watch *watch)
{
    watch->count = 0;
    for (size_t i = 0; i < process->capacity; i++) {
        if (process->socket_users[i]) {
            watch->association[watch->count] = (uint16_t)i;
            watch->fds[watch->count++] = (struct pollfd){
                .fd = process->sockets[i].fd,
                .events = POLLIN | (process->sockets[i].stamps ? POLLPRI : 0),
            };
        }
    }
    watch->control_from = watch->count;
    watch->control_count =
        process->control ? control_poll(process->control, watch->fds + watch->count) : 0;
    watch->count += watch->control_count;
    watch->server_from = watch->count;
    watch->server_count =
        process->server ? server_loop_poll(process->server, watch->fds + watch->count) : 0;
    watch->count += watch->server_count;
    if (process->resolver.fd >= 0) {
        watch->fds[watch->count++] = (struct pollfd){.fd = process->resolver.fd, .events = POLLIN};
    }
    watch->ntpctl_from = watch->count;
    watch->ntpctl_count = ntpctl_poll(process, watch->fds + watch->count);
    watch->count += watch->ntpctl_count;
    watch->order = watch->count;
    watch->fds[watch->count++] =
        (struct pollfd){.fd = process->setup.order_socket, .events = POLLIN};
    if (process->exchanger.fd >= 0) {
        watch->fds[watch->count++] = (struct pollfd){.fd = process->exchanger.fd, .events = POLLIN};
    }
    watch->network = watch->count;
    watch->fds[watch->count++] =
        (struct pollfd){.fd = network_fd(&process->network, clock_steady()), .events = POLLIN};
    watch->files = watch->count;
    watch->fds[watch->count++] = (struct pollfd){.fd = process->links.fd, .events = POLLIN};
    if (process->setup.supervised) {
        watch->fds[watch->count++] =
            (struct pollfd){.fd = process->setup.supervised->channel, .events = POLLIN};
    }
}

static struct duration time_to_sleep(struct time_process *process)
{
    int64_t deadline_ns = node_deadline(process->node).ns, now_ns = time_raw(process).ns;
    /* A deadline in the past may be as far away as a number can be: compare before subtracting. */
    int64_t until_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0;

    if (process->post_count > 0 || process->want_reload ||
        (process->resolver.in_process && process->resolver.count > 0) ||
        exchanger_busy(&process->exchanger)) {
        return (struct duration){0};
    }
    if (sensors_deadline(&process->sensors).ns - clock_steady().ns < until_ns) {
        until_ns = sensors_deadline(&process->sensors).ns - clock_steady().ns;
    }
    if (process->stop_at.ns != 0 && process->stop_at.ns - clock_steady().ns < until_ns) {
        until_ns = process->stop_at.ns - clock_steady().ns;
    }
    /* Somebody who is connected has to be dropped when he falls silent. */
    if (process->control && control_busy(process->control) && until_ns > time_out_ns) {
        until_ns = time_out_ns;
    }
    if (process->notify.watchdog.ns > 0 && until_ns > process->notify.watchdog.ns / 2) {
        until_ns = process->notify.watchdog.ns / 2;
    }
    return (struct duration){until_ns > 0 ? until_ns : 0};
}

static void take_signals(struct time_process *process)
{
    struct signal_flags flags = signals_take();

    process->stop |= flags.terminate;
    process->want_reload |= flags.reload;
}

static void serve_ready(struct time_process *process, const struct watch *watch)
{
    for (unsigned i = 0; i < watch->control_from; i++) {
        if (watch->fds[i].revents && process->socket_users[watch->association[i]] &&
            process->sockets[watch->association[i]].fd == watch->fds[i].fd) {
            serve_association(process, watch->association[i], watch->fds[i].revents);
        }
    }
    for (unsigned i = 0; i < watch->server_count; i++) {
        if (watch->fds[watch->server_from + i].revents) {
            server_loop_serve(process->server, watch->fds[watch->server_from + i].fd);
        }
    }
    if (watch->fds[watch->network].revents && network_take(&process->network, clock_steady())) {
        struct event event = {.kind = EVENT_NETWORK};

        time_tell_network(process);
        time_deliver(process, &event);
        deliver_posts(process);
    }
    if (watch->fds[watch->files].revents & POLLIN) {
        time_look_at_files(process);
    }
    if (watch->fds[watch->order].revents & POLLIN) {
        orders_serve(process);
        deliver_posts(process);
    }
    ntpctl_serve(process, watch->fds + watch->ntpctl_from, watch->ntpctl_count);
    if (process->control) {
        control_serve(process->control, watch->fds + watch->control_from, watch->control_count,
                      clock_steady());
    }
}

static void serve_exchanger(struct time_process *process)
{
    struct keys_answer answer;
    struct event event = {.kind = EVENT_KEYS, .keys = &answer};
    bool some = false;

    exchanger_flush(&process->exchanger);
    while (exchanger_answer(&process->exchanger, &answer)) {
        some |= answer.result == KEYS_OK && answer.made.ns == 0;
        time_deliver(process, &event);
        deliver_posts(process);
        wipe(&answer, sizeof answer);
    }
    struct date_answer date;
    struct event dated = {.kind = EVENT_DATE};
    while (exchanger_date(&process->exchanger, &date)) {
        dated.date = date;
        time_deliver(process, &dated);
        deliver_posts(process);
    }
    exchanger_flush(&process->exchanger);
    if (some) {
        keep_keys(process);
    }
}

static void serve_resolver(struct time_process *process)
{
    struct event event;
    bool some = false;

    resolver_flush(&process->resolver);
    while (resolver_answer(&process->resolver, &event)) {
        some |= event.resolved.result == RESOLVE_OK;
        time_deliver(process, &event);
        deliver_posts(process);
    }
    if (some) {
        keep_names(process);
    }
    serve_exchanger(process);
    time_hear_parent(process);
}

/* One pass: wait, take what is ready, let the node do what is due. */
/* Only who steers the machine's own clock has rivals. */
static void watch_rivals(struct time_process *process)
{
    if (process->clock.kind == CLOCK_CONTROL_KERNEL && process->privileged &&
        !process->setup.args->single) {
        rivals_look(&process->rivals, clock_steady(), false, &process->setup.log);
    }
}

static void watch_temperature(struct time_process *process)
{
    struct event event = {.kind = EVENT_TEMPERATURE};

    if (sensors_read(&process->sensors, process->config, clock_steady(), &event.temperature,
                     &process->setup.log)) {
        time_deliver(process, &event);
        deliver_posts(process);
        records_temperature(process);
    }
}

/* The program in the network driver wants to hear of us all the time. */
static void feed_driver(struct time_process *process)
{
    struct supervised *supervised = process->setup.supervised;
    const struct steady_time now = clock_steady();

    if (supervised && xdp_feed_wait(&supervised->xdp, now).ns == 0) {
        publish_to_driver(process);
    }
}

static void pass(struct time_process *process, struct watch *watch)
{
    struct event timer = {.kind = EVENT_TIMER};
    struct duration timeout, quiet;
    int ready;

    resolver_flush(&process->resolver);
    exchanger_flush(&process->exchanger);
    collect(process, watch);
    timeout = time_to_sleep(process);
    quiet = network_wait(&process->network, clock_steady());
    if (quiet.ns >= 0 && quiet.ns < timeout.ns) {
        timeout = quiet;
    }
    if (process->setup.supervised) {
        struct duration renew = xdp_feed_wait(&process->setup.supervised->xdp, clock_steady());

        if (renew.ns >= 0 && renew.ns < timeout.ns) {
            timeout = renew;
        }
        supervised_awake(process->setup.supervised, clock_steady(), timeout);
    }
    ready = signals_wait(watch->fds, watch->count, timeout);
    take_signals(process);
    if (ready > 0) {
        serve_ready(process, watch);
    }
    serve_resolver(process);
    if (node_deadline(process->node).ns <= time_raw(process).ns) {
        time_deliver(process, &timer);
        deliver_posts(process);
    }
    watch_temperature(process);
    if (process->want_reload) {
        process->want_reload = false;
        commands_reload(process, NULL);
    }
    feed_driver(process);
    watch_rivals(process);
    notify_watchdog(&process->notify);
}

static void choose_clock(struct time_process *process)
{
    const struct args *args = process->setup.args;
    struct clock_limits limits = {
        .max_rate_s_per_s = process->config->node.max_slew_s_per_s + 1e-3,
        .not_before = {INT64_C(1577836800) * NS_PER_S}, /* 2020 */
    };

    process->privileged = false;
    if (args->virtual_clock) {
        clock_control_virtual(&process->clock, &limits, duration_from_s(args->virtual_offset_s),
                              (struct freq){args->virtual_freq_s_per_s});
        return;
    }
    if (args->observe) {
        clock_control_none(&process->clock);
        return;
    }
    if (!args->single) {
        privilege_raise_time();
    }
    process->privileged = clock_control_kernel(&process->clock, &limits) == ERR_NONE;
    if (!process->privileged) {
        struct log_event event = {.id = LOG_EVENT_NO_PRIVILEGE, .association = LOG_NO_SOURCE};
        perform_log(process, &event);
    }
}

static bool start_node(struct time_process *process)
{
    struct clock_state state = {0};
    struct node_setup setup = {
        .options = &process->config->node,
        .may_adjust = process->clock.kind != CLOCK_CONTROL_NONE,
        .max_rate_s_per_s = 0.1,
        .precision_s = clock_precision_s(),
        .random = entropy_u64(),
        .capacity = process->capacity,
    };
    void *memory = calloc(1, node_size(process->capacity));

    if (!memory) {
        return false;
    }
    setup.backend = process->clock.kind == CLOCK_CONTROL_KERNEL    ? BACKEND_KERNEL
                    : process->clock.kind == CLOCK_CONTROL_VIRTUAL ? BACKEND_VIRTUAL
                                                                   : BACKEND_NONE;
    if (clock_control_state(&process->clock, &state) == ERR_NONE) {
        setup.rate = state.rate;
    }
    keep_forward_clock(process);
    setup.saved = keep_load(process);
    setup.name_count = keep_load_names(process);
    setup.names = process->names;
    setup.not_before = keep_not_before(process);
    setup.now = time_reading(process);
    process->started = setup.now.real;
    process->node = node_init(memory, &setup);
    return true;
}

static struct time_process *make(const struct time_setup *setup)
{
    struct time_process *process = calloc(1, sizeof *process);
    size_t wanted = setup->config->node.source_count * 4 + SPARE_SOURCES;
    size_t reply_max, clients_max;

    if (!process) {
        return NULL;
    }
    process->setup = *setup;
    process->config = setup->config;
    process->sensors = setup->sensors;
    process->capacity = wanted < SOURCES_MAX ? wanted : SOURCES_MAX;
    reply_max = status_size_max(process->capacity);
    clients_max = clients_size_max(WORKER_CLIENTS_TOLD);
    process->sockets = calloc(process->capacity, sizeof *process->sockets);
    process->socket_users = calloc(process->capacity, sizeof *process->socket_users);
    process->locals = calloc(process->capacity, sizeof *process->locals);
    process->status.sources = calloc(process->capacity, sizeof *process->status.sources);
    process->record_capacity = reply_max;
    process->record = calloc(1, reply_max);
    process->control =
        control_open(setup->status_socket, setup->control_socket,
                     reply_max > clients_max ? reply_max : clients_max, commands_handle, process);
    if (!process->sockets || !process->socket_users || !process->locals ||
        !process->status.sources || !process->record || !process->control) {
        return NULL;
    }
    process->notify.fd = -1;
    ntpctl_open(process, setup->ntpctl_socket);
    network_open(&process->network, setup->network_socket);
    time_open_files(process);
    resolver_init(&process->resolver, setup->args->single);
    exchanger_init(&process->exchanger, setup->supervised == NULL,
                   setup->supervised == NULL               ? ""
                   : setup->config->daemon.nts_dir != NULL ? setup->config->daemon.nts_dir
                                                           : setup->state_dir);
    access_orders_open(process);
    if (setup->server_socket_count > 0) {
        process->server = server_loop_open(setup->server_sockets, setup->server_socket_count,
                                           &process->config->node);
    }
    return process;
}

/* Leaves the clock running at the best rate known, and says goodbye. */
static void end(struct time_process *process)
{
    struct clock_change change;
    struct freq base = perform_best_rate(process);

    keep_save(process);
    keep_keys(process);
    if (process->privileged && process->status.node.state != NODE_STARTING) {
        clock_control_set_rate(&process->clock, base, &change);
    }
    records_close(process);
    orders_close(process);
    ntpctl_close(process);
    time_tell_stopping(process);
    for (size_t i = 0; i < process->capacity; i++) {
        if (process->socket_users[i]) {
            udp_close(&process->sockets[i]);
        }
    }
    server_loop_close(process->server);
    control_close(process->control);
    network_close(&process->network);
    links_close(&process->links);
    log_line(&process->setup.log, LOG_SEVERITY_INFO, "ends");
}

int time_process_run(const struct time_setup *setup)
{
    struct time_process *process = make(setup);
    struct watch *watch = calloc(1, sizeof *watch);
    struct event timer = {.kind = EVENT_TIMER};
    int status;

    if (!process || !watch) {
        log_line(&setup->log, LOG_SEVERITY_ERROR, "not enough memory to start");
        return 1;
    }
    signals_open(setup->args->single ? SIGNALS_SINGLE : SIGNALS_NORMAL);
    if (!setup->supervised) {
        notify_open(&process->notify);
    }
    choose_clock(process);
    if (!start_node(process)) {
        log_line(&setup->log, LOG_SEVERITY_ERROR, "not enough memory for the sources");
        return 1;
    }
    records_open(process);
    if (setup->args->seconds > 0) {
        process->stop_at.ns = clock_steady().ns + duration_from_s(setup->args->seconds).ns;
    }
    /* The first wait comes before the first event: a simulator's clocks settle in it. */
    signals_wait(NULL, 0, (struct duration){1000000});
    if (setup->time_page) {
        page_mark_set(setup->time_page, PAGE_MARK_DRAINING, 0); /* may be of an earlier life */
    }
    time_deliver(process, &timer);
    deliver_posts(process);
    publish(process);
    time_tell_ready(process);
    while (!process->stop) {
        pass(process, watch);
        once_check(process);
        if (process->stop_at.ns != 0 && clock_steady().ns >= process->stop_at.ns) {
            process->stop = true;
        }
    }
    end(process);
    status = process->exit_status;
    free(watch);
    return status;
}
