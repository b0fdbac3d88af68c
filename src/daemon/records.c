/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * records.c - the log files of `log measurements statistics tracking`, in chrony's columns, so that
 * what reads those reads these.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/calendar.h"
#include "daemon/config_load.h"
#include "daemon/time_process.h"
#include "sys/storage.h"
#include "sys/unix_socket.h"

enum { LINE_SIZE = 400 };

static int open_one(struct time_process *process, const char *name, const char *heading)
{
    char path[PATH_SIZE];
    const char *directory = config_load_log_dir(process->config);
    int fd;

    snprintf(path, sizeof path, "%s/%s.log", directory, name);
    if (storage_make_directory(directory, 0755, -1, -1) != ERR_NONE) {
        log_format(&process->setup.log, LOG_SEVERITY_WARNING,
                   "the log directory %s can't be made: %s is not written", directory, name);
        return -1;
    }
    fd = storage_append_open(path, 0644);
    if (fd < 0) {
        log_format(&process->setup.log, LOG_SEVERITY_WARNING,
                   "%s can't be opened (%s): not written", path, strerror(errno));
        return -1;
    }
    if (storage_append_empty(fd) && storage_append(fd, heading, strlen(heading)) != ERR_NONE) {
        log_format(&process->setup.log, LOG_SEVERITY_WARNING, "%s can't be written", path);
    }
    return fd;
}

void records_open(struct time_process *process)
{
    uint32_t wanted = process->config->daemon.log;

    process->records = (struct record_files){-1, -1, -1};
    if (wanted & (CONFIG_LOG_MEASUREMENTS | CONFIG_LOG_RAW_MEASUREMENTS)) {
        process->records.measurements =
            open_one(process, "measurements",
                     "# Date Time (UTC) IP-address L St 123 567 ABCD LP RP Score Offset Delay "
                     "Dispersion Root-delay Root-dispersion Refid MT\n");
    }
    if (wanted & CONFIG_LOG_STATISTICS) {
        process->records.statistics =
            open_one(process, "statistics",
                     "# Date Time (UTC) IP-address Std-dev Est-offset Offset-sd Diff-freq "
                     "Est-skew Stress Ns Bs Nr Asym\n");
    }
    if (wanted & CONFIG_LOG_TRACKING) {
        process->records.tracking =
            open_one(process, "tracking",
                     "# Date Time (UTC) IP-address St Freq-ppm Skew-ppm Offset L Co Offset-sd "
                     "Rem-corr Root-delay Root-disp Max-error\n");
    }
}

static void close_one(int *fd)
{
    if (*fd >= 0) {
        unix_close(fd);
    }
    *fd = -1;
}

void records_close(struct time_process *process)
{
    close_one(&process->records.measurements);
    close_one(&process->records.statistics);
    close_one(&process->records.tracking);
}

static void print_date(struct utc_time t, char text[static 32])
{
    struct civil civil = civil_from_utc(t);

    snprintf(text, 32, "%04d-%02d-%02d %02d:%02d:%02d", civil.year, civil.month, civil.day,
             civil.hour, civil.minute, civil.second);
}

static void append(int fd, const char *line, int length)
{
    if (length > 0 && length < LINE_SIZE) {
        /* A full disk must not disturb the clock: the line is lost, the daemon's log says more. */
        enum err ignored = storage_append(fd, line, (size_t)length);
        (void)ignored;
    }
}

static char leap_letter(uint8_t leap)
{
    return "N+-?"[leap & 3];
}

static void write_statistics(struct time_process *process, uint16_t association, const char *date,
                             const char *address)
{
    char line[LINE_SIZE];

    publish_refresh(process);
    for (size_t i = 0; i < process->status.count; i++) {
        const struct source_status *source = &process->status.sources[i];
        struct address own;
        char name[NAME_SIZE];

        if (!node_source_name(process->node, association, name, &own) ||
            !address_equal(&own, &source->address)) {
            continue;
        }
        append(process->records.statistics, line,
               snprintf(line, sizeof line,
                        "%s %-15s %10.3e %10.3e %10.3e %10.3e %10.3e %7.1e %3u %3u %3u %5.2f\n",
                        date, address, source->jitter_s, source->offset_s, source->sd_s,
                        source->freq_s_per_s, process->status.node.freq_sd_s_per_s, 0.0,
                        source->samples, 0u, 0u, 0.0));
        return;
    }
}

void records_measured(struct time_process *process, const struct action_measured *measured)
{
    const struct ntp_packet *packet = &measured->packet;
    const struct sample *sample = &measured->sample;
    bool accepted = measured->reason == DROP_NONE;
    char line[LINE_SIZE], date[32], address_text[ADDRESS_TEXT_SIZE], name[NAME_SIZE];
    struct address address;

    if (process->records.measurements < 0 && process->records.statistics < 0) {
        return;
    }
    if (!node_source_name(process->node, measured->association, name, &address)) {
        return;
    }
    address_print(&address, address_text);
    print_date(time_reading(process).real, date);
    if (process->records.measurements >= 0 &&
        (accepted || (process->config->daemon.log & CONFIG_LOG_RAW_MEASUREMENTS))) {
        append(process->records.measurements, line,
               snprintf(line, sizeof line,
                        "%s %-15s %c %2u %s %s %s %2d %2d %4.2f %10.3e %9.3e %9.3e %9.3e %9.3e "
                        "%08X %d%c\n",
                        date, address_text, leap_letter(packet->leap), packet->stratum, "111",
                        accepted ? "111" : "110", accepted ? "1111" : "1110", packet->poll_log2,
                        packet->poll_log2, 0.0, measured->error_s, sample->delay_s,
                        sample->precision_s, ntp_short_to_s(packet->root_delay),
                        ntp_short_to_s(packet->root_dispersion), packet->refid, packet->mode,
                        sample->stamp_class == STAMP_USER ? 'D' : 'K'));
    }
    if (process->records.statistics >= 0 && accepted) {
        write_statistics(process, measured->association, date, address_text);
    }
}

void records_published(struct time_process *process)
{
    const struct node_status *node = &process->status.node;
    char line[LINE_SIZE], date[32], address_text[ADDRESS_TEXT_SIZE] = "0.0.0.0";

    if (process->records.tracking < 0 || node->reference_time.ns == process->last_tracking.ns) {
        return;
    }
    process->last_tracking = node->reference_time;
    print_date(node->now, date);
    if (node->selected >= 0 && (size_t)node->selected < process->status.count) {
        address_print(&process->status.sources[node->selected].address, address_text);
    }
    append(process->records.tracking, line,
           snprintf(line, sizeof line,
                    "%s %-15s %2u %10.3f %10.3f %10.3e %c %2u %10.3e %10.3e %10.3e %10.3e %10.3e\n",
                    date, address_text, node->stratum, -node->freq_s_per_s * 1e6,
                    node->freq_sd_s_per_s * 1e6, -node->last_correction_s, leap_letter(node->leap),
                    node->agreeing_count, node->sd_s, node->clock_error_s, node->root_delay_s,
                    node->root_dispersion_s, node->bound_s));
}
