/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/reference.h"

#include <math.h>
#include <stdlib.h>

#include "sys/clock.h"
#include "sys/entropy.h"
#include "sys/signals.h"
#include "sys/udp.h"
#include "wire/ntp_packet.h"

enum { REFERENCE_PORT = 11123 };

struct reference {
    const struct args *args;
    struct udp_socket socket;
    uint64_t answers;
};

/* Sum of uniform numbers: near enough to a normal one, and bounded. */
static int64_t noise_ns(double sd_s)
{
    double sum = 0;

    for (int i = 0; i < 12; i++) {
        sum += (double)(entropy_u64() >> 11) * 0x1p-53;
    }
    return llround((sum - 6) * sd_s * 1e9);
}

static struct ntp_ts reference_time(const struct reference *reference, struct mono_time raw,
                                    int64_t noise)
{
    struct utc_time utc = {raw.ns + reference->args->reference_offset_ns + noise};

    return ntp_ts_from_utc(utc);
}

static void answer(struct reference *reference, const struct udp_datagram *asked)
{
    struct ntp_packet packet;
    struct clocks now;
    uint8_t bytes[NTP_HEADER_SIZE];
    struct udp_message message = {
        .bytes = bytes, .size = sizeof bytes, .to = asked->from, .from = asked->to};
    struct utc_time left;
    enum err ignored;
    /* One noise for both stamps of an answer: it shifts the offset and leaves the delay alone. */
    int64_t noise = noise_ns(reference->args->reference_noise_s);

    if (ntp_packet_decode(&packet, asked->bytes, asked->size) != DROP_NONE ||
        packet.mode != NTP_MODE_CLIENT) {
        return;
    }
    clocks_read(&now);
    packet.leap = NTP_LEAP_NONE;
    packet.mode = NTP_MODE_SERVER;
    packet.stratum = 1;
    packet.precision_log2 = -24;
    packet.root_delay.raw = 0;
    packet.root_dispersion = ntp_short_from_s_up(4 * reference->args->reference_noise_s);
    packet.refid = 0x54455354; /* TEST */
    packet.origin = packet.transmit;
    packet.receive = reference_time(reference, clocks_raw_of_system(&now, asked->stamp), noise);
    packet.transmit = reference_time(reference, clock_raw(), noise);
    packet.reference = packet.receive;
    ntp_packet_encode(&packet, bytes);
    ignored = udp_send(&reference->socket, &message, &left);
    (void)ignored; /* a test's client asks again */
    reference->answers++;
}

static enum err open_socket(struct reference *reference, const struct config *config,
                            const struct log_sink *log)
{
    struct udp_options options = {.stamps = true, .local = config->daemon.bind[0]};
    char text[ADDRESS_TEXT_SIZE];
    enum err error;

    if (options.local.family == ADDRESS_NONE) {
        options.local = config->daemon.bind[1];
    }
    if (options.local.family == ADDRESS_NONE) {
        options.local = (struct address){.family = ADDRESS_IPV4, .bytes = {127, 0, 0, 1}};
    }
    options.local.port = config->daemon.port == 123 ? REFERENCE_PORT : config->daemon.port;
    address_print_port(&options.local, text);
    if (!address_is_loopback(&options.local)) {
        log_format(log, LOG_SEVERITY_ERROR,
                   "a test reference serves on loopback only, not on %s; write `bindaddress "
                   "127.0.0.1`",
                   text);
        return ERR_RANGE;
    }
    error = udp_server_open(&reference->socket, &options);
    if (error != ERR_NONE) {
        log_format(log, LOG_SEVERITY_ERROR, "%s can't be bound", text);
    } else {
        log_format(log, LOG_SEVERITY_INFO, "test reference on %s", text);
    }
    return error;
}

int reference_run(const struct args *args, const struct config *config, const struct log_sink *log)
{
    struct reference reference = {.args = args, .socket = {.fd = -1}};
    int64_t stop_ns =
        args->seconds > 0 ? clock_steady().ns + duration_from_s(args->seconds).ns : INT64_MAX;

    if (open_socket(&reference, config, log) != ERR_NONE) {
        return 1;
    }
    signals_open(SIGNALS_NORMAL);
    while (!signals_take().terminate && clock_steady().ns < stop_ns) {
        uint8_t bytes[NTP_PACKET_MAX];
        struct udp_datagram asked = {.bytes = bytes, .capacity = sizeof bytes};
        struct pollfd fd = {.fd = reference.socket.fd, .events = POLLIN};

        if (signals_wait(&fd, 1, (struct duration){NS_PER_S}) > 0 &&
            udp_receive(&reference.socket, &asked) == ERR_NONE &&
            address_is_loopback(&asked.from)) {
            answer(&reference, &asked);
        }
    }
    udp_close(&reference.socket);
    return 0;
}
