/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/server/ask_chrony.h"

#include <math.h>
#include <string.h>

#include "base/fmath.h"
#include "wire/ntp_packet.h"
#include "wire/refid.h"

enum { REFID_LOCAL = 0x7f7f0101, INTERVAL_UNKNOWN = 127, STRATUM_UNSYNCHRONISED = 16 };

/* What chronyd says of a source that it knows nothing of. */
static const double no_skew_ppm = 2000, no_sd_s = 4;

/* What a reply consists of. */
struct answer {
    enum chrony_status status;
    uint16_t code;
    union {
        struct chrony_n_sources n_sources;
        struct chrony_source_data source_data;
        struct chrony_tracking tracking;
        struct chrony_sourcestats sourcestats;
        struct chrony_activity activity;
        struct chrony_name name;
        struct chrony_select_data select_data;
        struct chrony_auth_data auth_data;
        struct chrony_ntp_data ntp_data;
        struct chrony_server_stats server_stats;
        struct chrony_clients clients;
        struct chrony_manual_list manual_list;
    };
};

uint32_t ask_age_s(const struct ask_view *view, struct utc_time then)
{
    if (then.ns == 0) {
        return UINT32_MAX;
    }
    int64_t age_s = (view->now.ns - then.ns) / NS_PER_S;

    return age_s < 0 ? 0 : age_s < UINT32_MAX ? (uint32_t)age_s : UINT32_MAX - 1;
}

const struct source_status *ask_chrony_source(const struct status_record *record,
                                              const struct chrony_address *address)
{
    struct address wanted = chrony_address_to(address);

    for (size_t i = 0; i < record->count; i++) {
        const struct source_status *source = &record->sources[i];
        bool resolved = source->address.family != ADDRESS_NONE;
        struct address unscoped = source->address;

        unscoped.scope = 0; /* the protocol has no room for it */
        if (address->family == CHRONY_ID ? !resolved && source->id == address->id
                                         : resolved && address_equal(&unscoped, &wanted)) {
            return source;
        }
    }
    return NULL;
}

static struct chrony_address address_of(const struct source_status *source)
{
    return source->address.family != ADDRESS_NONE ? chrony_address_from(&source->address)
                                                  : chrony_address_id(source->id);
}

static bool has_sample(const struct source_status *source)
{
    return source->last_sample.ns != 0;
}

/* Marks of `chronyc sources`. */
static uint16_t mark_of(const struct source_status *source)
{
    enum { BEST, UNUSABLE, FALSE, JITTERY, COMBINED, NOT_COMBINED };

    switch (source->state) {
    case SOURCE_SELECTED:
        return BEST;
    case SOURCE_COMBINED:
        return COMBINED;
    case SOURCE_TRUECHIMER:
        return NOT_COMBINED;
    case SOURCE_FALSETICKER:
    case SOURCE_NO_MAJORITY:
        return FALSE;
    case SOURCE_JUMPED:
        return JITTERY;
    default:
        return UNUSABLE;
    }
}

static void source_data(const struct ask_view *view, const struct source_status *source,
                        struct chrony_source_data *data)
{
    double slewing_s = view->record->node.clock_error_s;

    *data = (struct chrony_source_data){
        .address = address_of(source),
        .poll = source->poll_log2,
        .stratum = has_sample(source) ? source->stratum : 0,
        .state = mark_of(source),
        .reachability = source->reach & 0xff,
        .since_sample_s = ask_age_s(view, source->last_sample),
    };
    if (has_sample(source)) {
        data->original_s = -source->measured_s;
        data->latest_s = -(source->last_offset_s + slewing_s);
        data->error_s = (source->root_delay_s + source->last_delay_s) / 2 +
                        source->root_dispersion_s + fmath_exp2i(source->packet_precision_log2);
    }
}

static void tracking(const struct ask_view *view, struct chrony_tracking *data)
{
    const struct node_status *node = &view->record->node;
    bool synchronised = node->leap != NTP_LEAP_UNSYNC;
    const struct source_status *selected = NULL;

    *data = (struct chrony_tracking){
        .leap = node->leap,
        .reference = node->reference_time,
        .correction_s = node->clock_error_s,
        .last_offset_s = -node->last_correction_s,
        .rms_offset_s = node->rms_correction_s,
        .freq_ppm = -node->freq_s_per_s * 1e6,
        .skew_ppm = node->freq_sd_s_per_s * 1e6,
        .update_interval_s = node->update_interval_s,
        .root_delay_s = node->root_delay_s,
        .root_dispersion_s = node->root_dispersion_s,
    };
    if (node->selected >= 0 && (size_t)node->selected < view->record->count) {
        selected = &view->record->sources[node->selected];
        data->resid_freq_ppm = -selected->freq_s_per_s * 1e6;
    }
    if (synchronised) {
        data->refid = node->refid;
        data->stratum = node->stratum < STRATUM_UNSYNCHRONISED ? node->stratum : 0;
        if (selected != NULL) {
            data->address = chrony_address_from(&selected->address);
        }
    }
    if (synchronised && node->refid == REFID_LOCAL) {
        data->reference = view->now;
    }
}

static uint32_t refid_of(const struct source_status *source)
{
    return source->address.family != ADDRESS_NONE ? address_refid(&source->address) : 0;
}

static void sourcestats(const struct source_status *source, struct chrony_sourcestats *data)
{
    *data = (struct chrony_sourcestats){
        .refid = refid_of(source),
        .address = address_of(source),
        .skew_ppm = no_skew_ppm,
        .sd_s = no_sd_s,
    };
    if (source->samples > 0) {
        data->samples = source->samples;
        data->runs = source->runs;
        data->span_s = source->span_s > 0 ? (uint32_t)source->span_s : 0;
        data->sd_s = sqrt(source->sd_s * source->sd_s + source->jitter_s * source->jitter_s);
        data->resid_freq_ppm = -source->freq_s_per_s * 1e6;
        data->skew_ppm = source->freq_sd_s_per_s * 1e6;
        data->offset_s = -source->offset_s;
        data->offset_error_s = source->sd_s;
    }
}

static void activity(const struct status_record *record, struct chrony_activity *data)
{
    memset(data, 0, sizeof *data);
    for (size_t i = 0; i < record->count; i++) {
        const struct source_status *source = &record->sources[i];

        if (source->address.family == ADDRESS_NONE) {
            data->unresolved++;
        } else if (source->burst) {
            data->burst_online += !source->offline;
            data->burst_offline += source->offline;
        } else {
            data->online += !source->offline;
            data->offline += source->offline;
        }
    }
}

/* Letters of `chronyc selectdata`. */
static uint8_t letter_of(const struct status_record *record, const struct source_status *source)
{
    int32_t selected = record->node.selected;
    bool preferred = selected >= 0 && (size_t)selected < record->count &&
                     record->sources[selected].prefer && !source->prefer;

    switch (source->state) {
    case SOURCE_SELECTED:
        return '*';
    case SOURCE_COMBINED:
        return '+';
    case SOURCE_TRUECHIMER:
        return preferred ? 'P' : 'D';
    case SOURCE_FALSETICKER:
    case SOURCE_NO_MAJORITY:
        return 'x';
    case SOURCE_UNTRUSTED:
        return 'T';
    case SOURCE_TOO_FAR:
        return 'd';
    case SOURCE_NOSELECT:
        return 'N';
    case SOURCE_JUMPED:
        return '~';
    case SOURCE_UNSYNCHRONISED:
    case SOURCE_STRATUM:
        return 's';
    default:
        return source->samples > 0 ? 'S' : 'M';
    }
}

static void select_data(const struct ask_view *view, const struct source_status *source,
                        struct chrony_select_data *data)
{
    const struct status_record *record = view->record;
    int32_t selected = record->node.selected;
    uint16_t options = (uint16_t)(source->noselect | source->prefer << 1 | source->trust << 2 |
                                  source->require << 3);

    *data = (struct chrony_select_data){
        .refid = refid_of(source),
        .address = address_of(source),
        .state = letter_of(record, source),
        .authentication = source->authenticated,
        .leap = source->packet_mode != 0 ? source->leap : NTP_LEAP_UNSYNC,
        .configured = options,
        .effective = options,
        .last_sample_ago_s = has_sample(source) ? ask_age_s(view, source->last_sample) : 0,
    };
    if (source->samples > 0) {
        data->low_s = -source->offset_s - source->distance_s;
        data->high_s = -source->offset_s + source->distance_s;
    }
    /* How near it is, compared with the one that is followed. */
    if (selected >= 0 && (size_t)selected < record->count && source->distance_s > 0) {
        data->score = record->sources[selected].distance_s / source->distance_s;
    }
}

/* Bits of the tests 1 2 3 5 6 7 A B C D, from bit 9 on, that a reason for refusal stands for. */
static uint16_t tests_of(const struct source_status *source)
{
    enum { ALL = 0x3ff, SAMPLE = 0xf };

    if (source->packet_mode == 0) {
        return 0;
    }
    switch (source->last_result) {
    case DROP_NONE:
        return ALL;
    case DROP_SERVER_TIME:
        return ALL & ~(0x80 | SAMPLE);
    case DROP_ROOT_DISTANCE:
    case DROP_REFERENCE_TIME:
        return ALL & ~(0x10 | SAMPLE);
    case DROP_DELAY:
    case DROP_NEGATIVE_DELAY:
        return ALL & ~0x8;
    case DROP_TEST_DEVIATION:
        return ALL & ~0x2;
    case DROP_LOOP:
        return ALL & ~0x1;
    case DROP_ORIGIN:
        return ALL & ~(0x100 | SAMPLE);
    default: /* the header: leap, stratum, kisses */
        return ALL & ~(0x20 | SAMPLE);
    }
}

/* Replies whose measurement was looked at, whether it was used or not. */
static uint32_t valid_replies(const struct source_status *source)
{
    return source->accepted + source->drops[DROP_DELAY] + source->drops[DROP_NEGATIVE_DELAY] +
           source->drops[DROP_TEST_DEVIATION] + source->drops[DROP_LEAP_WINDOW] +
           source->drops[DROP_AMBIGUOUS_STAMP];
}

static void ntp_data(const struct source_status *source, struct chrony_ntp_data *data)
{
    *data = (struct chrony_ntp_data){
        .remote = chrony_address_from(&source->address),
        .port = source->address.port,
        .sent = source->sent,
        .received = source->received,
        .valid = valid_replies(source),
        .good = source->accepted,
        .kernel_tx = source->kernel_stamps,
        .kernel_rx = source->kernel_stamps,
    };
    if (source->packet_mode == 0) {
        return;
    }
    bool kernel = source->stamp_class != 0;

    data->local = chrony_address_from(&source->local);
    data->leap = source->leap;
    data->version = source->version;
    data->mode = source->packet_mode;
    data->stratum = source->stratum;
    data->poll = source->packet_poll;
    data->precision = source->packet_precision_log2;
    data->root_delay_s = source->root_delay_s;
    data->root_dispersion_s = source->root_dispersion_s;
    data->refid = source->refid;
    data->reference = source->packet_reference;
    data->offset_s = source->measured_s;
    data->delay_s = source->last_delay_s;
    data->dispersion_s = fmath_exp2i(source->packet_precision_log2);
    data->response_s = utc_diff_s(source->packet_transmit, source->packet_receive);
    data->asymmetry = source->asymmetry;
    data->flags = (uint16_t)(tests_of(source) | (source->interleaved ? 0x4000 : 0) |
                             (source->authenticated ? 0x8000 : 0));
    data->tx_stamp = data->rx_stamp = kernel ? 'K' : 'D';
}

/* Connections that were never spoken with are drops, as those that chronyd refuses. */
static void server_stats(const struct node_status *node, struct chrony_server_stats *data)
{
    const struct server_status *server = &node->server;
    const struct ke_totals *ke = &node->ke_server;

    *data = (struct chrony_server_stats){
        .ntp_hits = server->requests,
        .ntp_drops = server->drops[DROP_RATE_LIMIT],
        .nke_hits = ke->connections,
        .nke_drops = ke->limited + ke->refused + ke->crowded_out,
        .cmd_hits = server->command_requests,
        .cmd_drops = server->command_drops,
        .ntp_interleaved_hits = server->interleaved,
        .ntp_auth_hits = server->authenticated,
    };
}

static int8_t interval_log2(double interval_s)
{
    int8_t log2 = 0;

    if (!(interval_s > 0)) {
        return INTERVAL_UNKNOWN;
    }
    for (; interval_s >= 1.4142135623730951 && log2 < 24; interval_s /= 2) {
        log2++;
    }
    for (; interval_s < 0.7071067811865476 && log2 > -16; interval_s *= 2) {
        log2--;
    }
    return log2;
}

static void fill_client(const struct ask_view *view, const struct client_status *client,
                        struct chrony_client *out)
{
    *out = (struct chrony_client){
        .address = chrony_address_from(&client->address),
        .ntp_hits = (uint32_t)client->requests,
        .ntp_drops = (uint32_t)client->dropped,
        .ntp_interval = interval_log2(client->interval_s),
        .nke_interval = INTERVAL_UNKNOWN,
        .cmd_interval = INTERVAL_UNKNOWN,
        .ntp_timeout_interval = INTERVAL_UNKNOWN,
        .last_ntp_ago_s = ask_age_s(view, client->last),
        .last_nke_ago_s = UINT32_MAX,
        .last_cmd_ago_s = UINT32_MAX,
    };
}

/* A page is full unless the table ends: chronyc asks for the next one only then. */
static void clients(const struct ask_view *view, const struct chrony_arguments *arguments,
                    struct chrony_clients *data)
{
    uint32_t first = (uint32_t)arguments->number[0], most = (uint32_t)arguments->number[1];
    uint32_t least_hits = (uint32_t)arguments->number[2];
    uint32_t count = (uint32_t)view->clients->count;

    memset(data, 0, sizeof *data);
    data->indices = count;
    data->next = first;
    while (data->next < count && data->count < most && data->count < CHRONY_CLIENTS_PAGE) {
        const struct client_status *client = &view->clients->clients[data->next++];

        if (client->requests >= least_hits) {
            fill_client(view, client, &data->clients[data->count++]);
        }
    }
}

static void by_index(const struct ask_view *view, const struct chrony_request *request,
                     struct answer *answer)
{
    const struct status_record *record = view->record;
    int32_t index = request->arguments.number[0];
    const struct source_status *source;

    if (index < 0 || (size_t)index >= record->count) {
        answer->status = CHRONY_NO_SUCH_SOURCE;
        return;
    }
    source = &record->sources[index];
    if (request->command == CHRONY_SOURCE_DATA) {
        answer->code = CHRONY_REPLY_SOURCE_DATA;
        source_data(view, source, &answer->source_data);
    } else if (request->command == CHRONY_SOURCESTATS) {
        answer->code = CHRONY_REPLY_SOURCESTATS;
        sourcestats(source, &answer->sourcestats);
    } else {
        answer->code = CHRONY_REPLY_SELECT_DATA;
        select_data(view, source, &answer->select_data);
    }
}

static void auth_data(const struct ask_view *view, const struct source_status *source,
                      struct chrony_auth_data *data)
{
    /* chronyd counts attempts since the keys were last good for an answer. */
    const bool settled = source->authenticated && source->ke_result == KEYS_OK;

    *data = (struct chrony_auth_data){
        .mode = source->auth, /* numbered as enum auth_mode */
        .key_type = source->key_type,
        .key_id = source->auth == AUTH_MODE_KEY ? source->key : source->last_ke.ns != 0,
        .key_bits = source->key_bits,
        .ke_attempts = settled ? 0 : (uint16_t)source->ke_attempts,
        .last_ke_ago_s = ask_age_s(view, source->last_ke),
        .cookies = source->cookies,
        .cookie_length = source->cookie_size,
        .nak = source->naks > 0,
    };
}

static void by_address(const struct ask_view *view, const struct chrony_request *request,
                       struct answer *answer)
{
    const struct source_status *source =
        ask_chrony_source(view->record, &request->arguments.address[0]);

    if (source == NULL ||
        (request->command == CHRONY_NTP_DATA && source->address.family == ADDRESS_NONE)) {
        answer->status = CHRONY_NO_SUCH_SOURCE;
    } else if (request->command == CHRONY_NTP_DATA) {
        answer->code = chrony_reply_for(request);
        ntp_data(source, &answer->ntp_data);
    } else if (request->command == CHRONY_NTP_SOURCE_NAME) {
        answer->code = CHRONY_REPLY_NAME;
        memcpy(answer->name.name, source->name, sizeof answer->name.name);
    } else {
        answer->code = CHRONY_REPLY_AUTH_DATA;
        auth_data(view, source, &answer->auth_data);
    }
}

static enum chrony_status access_status(const struct access_tree *tree,
                                        const struct chrony_address *wanted)
{
    struct address address = chrony_address_to(wanted);

    /* What is no address is allowed nothing, as with chronyd. */
    return tree != NULL && address.family != ADDRESS_NONE && access_allows(tree, &address, NULL)
               ? CHRONY_ACCESS_ALLOWED
               : CHRONY_ACCESS_DENIED;
}

static void about_clients(const struct ask_view *view, const struct chrony_request *request,
                          struct answer *answer)
{
    if (view->clients == NULL) {
        answer->status = CHRONY_INACTIVE;
        return;
    }
    answer->code = CHRONY_REPLY_CLIENTS;
    clients(view, &request->arguments, &answer->clients);
}

/* False: it is no question. */
static bool fill(const struct ask_view *view, const struct chrony_request *request,
                 struct answer *answer)
{
    switch (request->command) {
    case CHRONY_NULL:
        break;
    case CHRONY_LOGON: /* of times when there were passwords */
        answer->status = CHRONY_FAILED;
        break;
    case CHRONY_N_SOURCES:
        answer->code = CHRONY_REPLY_N_SOURCES;
        answer->n_sources.count = (uint32_t)view->record->count;
        break;
    case CHRONY_SOURCE_DATA:
    case CHRONY_SOURCESTATS:
    case CHRONY_SELECT_DATA:
        by_index(view, request, answer);
        break;
    case CHRONY_NTP_DATA:
    case CHRONY_NTP_SOURCE_NAME:
    case CHRONY_AUTH_DATA:
        by_address(view, request, answer);
        break;
    case CHRONY_TRACKING:
        answer->code = CHRONY_REPLY_TRACKING;
        tracking(view, &answer->tracking);
        break;
    case CHRONY_ACTIVITY:
        answer->code = CHRONY_REPLY_ACTIVITY;
        activity(view->record, &answer->activity);
        break;
    case CHRONY_SERVER_STATS:
        answer->code = chrony_reply_for(request);
        server_stats(&view->record->node, &answer->server_stats);
        break;
    case CHRONY_CLIENT_ACCESSES:
        about_clients(view, request, answer);
        break;
    case CHRONY_ACCHECK:
        answer->status = access_status(view->access, &request->arguments.address[0]);
        break;
    case CHRONY_CMDACCHECK:
        /* Of the rules alone, as chronyd: this machine needs none. */
        answer->status = access_status(view->command_access, &request->arguments.address[0]);
        break;
    case CHRONY_RTCREPORT:
        answer->status = CHRONY_NO_RTC;
        break;
    case CHRONY_SMOOTHING:
        answer->status = CHRONY_NOT_ENABLED;
        break;
    case CHRONY_MANUAL_LIST:
        if (view->manual != NULL) {
            answer->code = CHRONY_REPLY_MANUAL_LIST;
            answer->manual_list = *view->manual;
        } else {
            answer->status = CHRONY_UNAUTH; /* by UDP: they are only known on the socket */
        }
        break;
    default:
        return false;
    }
    return true;
}

size_t ask_chrony(const struct ask_view *view, const struct chrony_request *request,
                  uint8_t reply[static CHRONY_REPLY_MAX])
{
    struct answer answer = {.status = CHRONY_SUCCESS, .code = CHRONY_REPLY_NONE};

    if (!fill(view, request, &answer)) {
        return 0;
    }
    if (answer.status != CHRONY_SUCCESS || answer.code == CHRONY_REPLY_NONE) {
        return chrony_status_encode(request, answer.status, reply);
    }
    return chrony_reply_encode(request, answer.code, &answer.source_data, reply);
}
