/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/status.h"

#include "base/bytes.h"
#include "wire/date.h"
#include "wire/keys.h"

/* {"NOST", version, 0 (3 octets)}, the node, the number of sources (4 octets), the sources. */
static const uint8_t magic[4] = {'N', 'O', 'S', 'T'};

enum { RECORD_VERSION = 1, RECORD_HEADER_SIZE = 8 };

#define WORD(name, word, sentence) word,
#define WORD2(name, word) word,
#define SENTENCE(name, word, sentence) sentence,
#define COUNT(list) (sizeof(list) / sizeof *(list))

static const char *const node_states[] = {NODE_STATE_LIST(WORD)};
static const char *const node_state_sentences[] = {NODE_STATE_LIST(SENTENCE)};
static const char *const node_reasons[] = {NODE_REASON_LIST(WORD)};
static const char *const node_reason_sentences[] = {NODE_REASON_LIST(SENTENCE)};
static const char *const source_states[] = {SOURCE_STATE_LIST(WORD)};
static const char *const source_state_sentences[] = {SOURCE_STATE_LIST(SENTENCE)};
static const char *const drop_words[] = {DROP_LIST(WORD)};
static const char *const backends[] = {"kernel", "virtual", "none", "simulated"};
static const char *const resolve_states[] = {"literal", "waiting", "done", "no-name", "failed"};
static const char *const methods[] = {"dns", "srv", "dhcp", "cloud", "auto"};
static const char *const resolve_results[] = {"ok",     "no-name",  "no-data",
                                              "failed", "servfail", "changed"};
static const char *const found_ways[] = {FOUND_HOW_LIST(WORD2)};
static const char *const found_programs[] = {FOUND_BY_LIST(WORD)};
static const char *const found_people[] = {FOUND_BY_LIST(SENTENCE)};
static const char *const leaps[] = {"none", "insert", "delete", "unsynchronised"};
static const char *const auth_modes[] = {"none", "key", "nts"};
static const char *const ke_results[] = {KEYS_RESULT_LIST(WORD)};
static const char *const date_results[] = {DATE_RESULT_LIST(WORD)};
static const char *const stamp_classes[] = {"user", "kernel", "hardware"};

/* A row's key is its member's path.  F: a plain field; E: an enumeration; L: a list; T: a text. */
#define ROW(member, text, kind, size, list, list_size)                                             \
    {                                                                                              \
#member, text, kind, offsetof(struct OWNER, member), size, list, list_size                 \
    }
#define F(kind, member, help) ROW(member, help, FIELD_##kind, 1, NULL, 0)
#define E(member, list, help) ROW(member, help, FIELD_U8, 1, list, COUNT(list))
#define L(kind, member, element, help)                                                             \
    ROW(member, help, FIELD_##kind, sizeof(((struct OWNER *)0)->member) / (element), NULL, 0)
#define T(member, help) L(TEXT, member, 1, help)

/* The order is the order on the wire: new fields go to the end, none is ever taken out. */
#define OWNER node_status
static const struct status_field node_fields[] = {
    T(version, "version of the daemon"),
    T(config_file, "the configuration file it has read"),
    F(U32, pid, "process id of the process that keeps the time"),
    E(state, node_states, "what the node does"),
    E(reason, node_reasons, "why it is not synchronised, or not well"),
    E(backend, backends, "the clock that is kept"),
    F(BOOL, privileged, "the daemon may set the kernel's clock"),
    F(TIME, now, "the node's UTC when the record was written"),
    F(TIME, started, "when the daemon started"),
    F(TIME, state_since, "since when `state` holds"),
    F(TIME, reference_time, "last update of the estimate"),
    F(DOUBLE, bound_s, "the node's UTC is wrong by at most this; negative: unknown"),
    F(DOUBLE, sd_s, "precision of the node's UTC (one standard deviation), no promise"),
    F(DOUBLE, clock_error_s, "the node's UTC - the clock that is kept: still to be slewed"),
    F(DOUBLE, freq_s_per_s, "of the free-running clock, s/s; positive: it is slow"),
    F(DOUBLE, freq_sd_s_per_s, "standard deviation of freq_s_per_s"),
    F(DOUBLE, wander, "random walk of the frequency, s/s per square root of a second"),
    F(DOUBLE, slew_s_per_s, "rate of the slew in progress, s/s"),
    F(DOUBLE, root_delay_s, "round trip to the reference clock, as announced to clients"),
    F(DOUBLE, root_dispersion_s, "dispersion to the reference clock, as announced to clients"),
    F(DOUBLE, last_correction_s, "correction of the last update"),
    F(U8, stratum, "as announced to clients"),
    E(leap, leaps, "leap second announced for the end of this month"),
    F(U32, refid, "reference identifier announced to clients"),
    F(U32, source_count, "sources configured; every address of a pool counts"),
    F(U32, usable_count, "sources that could be followed"),
    F(U32, agreeing_count, "sources that agree with the majority"),
    F(I32, selected, "index of the selected source; -1: none"),
    F(U32, steps, "steps of the clock made by the daemon"),
    F(DOUBLE, last_step_s, "size of the last one"),
    F(TIME, last_step_time, "when it was made"),
    F(U32, disturbances, "steps of the clock made by others"),
    F(U32, suspends, "times that the machine slept"),
    F(U32, pauses, "times that the machine was paused or migrated"),
    F(U32, rivals, "adjustments of the clock by other programs"),
    F(U32, updates, "updates of the estimate"),
    F(U32, reloads, "configurations applied while running"),
    F(U32, reload_failures, "configurations refused while running"),
    F(U32, leap_armed, "leap seconds handed to the kernel"),
    F(U64, log_repeats, "log lines that were only counted"),
    F(BOOL, server.serving, "a socket is open and somebody may ask"),
    F(U64, server.requests, "datagrams that reached the server"),
    F(U64, server.answers, "answers sent"),
    L(DROPS64, server.drops, 8, "requests not answered, by reason"),
    F(U64, server.interleaved, "answers in interleaved mode (RFC 9769)"),
    F(DOUBLE, rms_correction_s, "root mean square of the corrections, lately"),
    F(DOUBLE, update_interval_s, "between the last two updates"),
    F(U64, server.command_requests, "requests of chronyc's protocol"),
    F(U64, server.command_drops, "those of them that were not answered"),
    F(U64, server.kisses, "clients told to ask less often (KoD RATE)"),
    F(U64, server.newcomers, "clients entered into the table"),
    F(U64, server.forgotten, "clients pushed out of the table by others"),
    F(U64, server.untracked, "requests of clients for which the table had no room"),
    F(U64, server.authenticated, "answers authenticated by a symmetric key or NTS"),
    F(BOOL, server.draining, "clients are told that there is no time here, by `noon drain`"),
    F(U64, server.overflows, "datagrams for which there was no room in a socket's queue"),
    F(U64, server.unsent_full, "answers that did not leave: no room in the queue"),
    F(U64, server.unsent_no_route,
      "answers that did not leave: no route, or no interface any more"),
    F(U64, server.unsent_refused, "answers that did not leave: a firewall, or another reason"),
    F(U64, server.receive_errors, "errors where a request was expected"),
    F(I8, precision_log2, "of reading the clock, log2 s"),
    F(DOUBLE, temperature, "that the frequency is corrected by, in the unit of the sensor's file"),
    F(DOUBLE, tempcomp_s_per_s, "correction of the frequency by temperature, s/s"),
    F(DOUBLE, tempcomp_explained,
      "part of the changes of frequency that the temperature explains (tempcomp auto), 0 to 1"),
    T(reload_error, "why the configuration that lies on disk was refused; empty: it was not"),
    F(U64, server.driver_answers, "answers of the program in the network driver (`xdp`)"),
    F(U64, server.nts_answers, "answers authenticated by NTS"),
    F(U64, server.nts_naks, "clients told that their cookie can't be opened (NTS NAK)"),
    F(U64, server.nts_cookies, "cookies given with answers"),
    F(U32, keys_exchanged, "key exchanges (NTS), as a client, that brought keys"),
    F(U32, keys_failed, "key exchanges (NTS), as a client, that failed"),
    F(U64, ke_server.connections, "connections to the key exchange server (NTS)"),
    F(U64, ke_server.exchanges, "of them, those that got keys and cookies"),
    F(U64, ke_server.handshakes_failed,
      "... that came to no TLS 1.3 connection: another version or protocol, or hung up"),
    F(U64, ke_server.bad_requests, "... whose request was not sound, too long or not finished"),
    F(U64, ke_server.no_cipher, "... that asked for no cipher or protocol that is spoken here"),
    F(U64, ke_server.slow, "... that had not finished in time"),
    F(U64, ke_server.crowded_out, "... that were closed to make room for others"),
    F(U64, ke_server.limited, "... that came too often (ntsratelimit)"),
    F(U64, ke_server.internal_errors, "... that failed for lack of memory"),
    F(U32, constraint_lines, "constraint lines configured"),
    F(U32, constraint_servers, "HTTPS servers that have told the time"),
    E(constraint_result, date_results, "of a constraint that failed lately, else of all"),
    F(TIME, constraint_time, "when one told the time last; null: never"),
    F(DOUBLE, constraint_offset_s, "median of what HTTPS servers say - the node's UTC"),
    F(U32, constraint_failures, "questions to HTTPS servers that got no time"),
    F(U32, constraint_rejections, "times that a source was found to contradict them"),
    F(U64, server.driver_native, "interfaces at which the network driver answers (`xdp`)"),
    F(U64, server.driver_generic,
      "... at which the kernel does in its stead, which saves little (`xdp`)"),
    F(U64, ke_server.refused,
      "connections to the key exchange server from addresses that may not ask for time (deny)"),
};
#undef OWNER

#define OWNER source_status
static const struct status_field source_fields[] = {
    T(name, "as configured"),
    F(ADDRESS, address, "with port; null: not resolved"),
    E(state, source_states, "what becomes of the source"),
    E(resolve, resolve_states, "state of its name"),
    F(BOOL, pool, "one address of a pool"),
    F(BOOL, prefer, "preferred, as configured"),
    F(BOOL, noselect, "measured only, as configured"),
    F(BOOL, trust, "trusted, as configured"),
    F(BOOL, require, "required, as configured"),
    F(BOOL, offline, "not asked, by order of the operator"),
    F(BOOL, xleave, "interleaved mode is asked for"),
    F(U8, stratum, "as the source announced"),
    E(leap, leaps, "as the source announced"),
    F(U32, refid, "as the source announced"),
    F(U16, reach, "the last 16 requests, newest in bit 0; 1: answered"),
    F(I8, poll_log2, "interval of the requests, log2 s"),
    F(U8, version, "NTP version of the requests"),
    E(stamp_class, stamp_classes, "where the last sample's timestamps come from"),
    E(last_drop, drop_words, "why the last refused answer was refused"),
    F(TIME, state_since, "since when `state` holds"),
    F(TIME, last_answer, "last datagram from it; null: never"),
    F(TIME, last_sample, "last measurement; null: never"),
    F(TIME, next_poll, "when it will be asked again"),
    F(TIME, resolved_at, "when its name was last resolved; null: never"),
    F(DOUBLE, offset_s, "the source's UTC - the node's, now"),
    F(DOUBLE, sd_s, "standard deviation of offset_s"),
    F(DOUBLE, last_offset_s, "of the last sample"),
    F(DOUBLE, last_delay_s, "of the last sample: round trip"),
    F(DOUBLE, floor_s, "least round trip of the path"),
    F(DOUBLE, jitter_s, "mean queueing delay above it, one way"),
    F(DOUBLE, freq_s_per_s, "of the source against the node's UTC, s/s"),
    F(DOUBLE, root_delay_s, "as the source announced"),
    F(DOUBLE, root_dispersion_s, "as the source announced"),
    F(DOUBLE, distance_s, "half-width of the interval in which it places UTC"),
    F(DOUBLE, weight, "share in the combination, 0..1"),
    F(U32, samples, "in the estimate's memory"),
    F(U32, sent, "requests sent"),
    F(U32, received, "datagrams received"),
    F(U32, accepted, "answers that were measured"),
    F(U32, kod, "kiss-o'-death packets received"),
    F(U32, jumps, "confirmed steps of the source's time"),
    F(U32, address_changes, "changes of the address behind its name"),
    F(U32, send_errors, "requests that did not leave, or were refused on the way (ICMP)"),
    L(DROPS32, drops, 4, "answers refused, by reason"),
    L(HOURS, hours, 4, "requests and answers of each hour, the present one first"),
    F(U32, key, "number of the symmetric key that authenticates it; 0: none"),
    F(U32, id, "number of its line, which chronyc names it by while it has no address"),
    F(U16, association, "number of its association"),
    F(ADDRESS, local, "our address and port towards it; null: not known"),
    F(BOOL, burst, "asked in quick succession, now"),
    F(I8, minpoll, "shortest interval of the requests, log2 s"),
    F(I8, maxpoll, "longest interval of the requests, log2 s"),
    E(last_result, drop_words, "what became of the last answer"),
    F(I8, packet_poll, "poll interval in the last answer, log2 s"),
    F(I8, packet_precision_log2, "precision in the last answer, log2 s; 0: there was none"),
    F(U8, packet_mode, "mode of the last answer; 0: there was none"),
    F(TIME, packet_reference, "reference time in the last answer"),
    F(TIME, packet_receive, "receive time in the last answer"),
    F(TIME, packet_transmit, "transmit time in the last answer"),
    F(BOOL, interleaved, "the last sample was measured in interleaved mode"),
    F(DOUBLE, measured_s, "offset of the last sample against the clock as it was then"),
    F(DOUBLE, span_s, "time over which the samples in memory reach"),
    F(U32, runs, "runs of samples on one side of what was expected"),
    F(DOUBLE, freq_sd_s_per_s, "standard deviation of freq_s_per_s"),
    F(DOUBLE, asymmetry, "of the path's jitter, -0.5 .. 0.5"),
    F(BOOL, authenticated, "the last sample came with a good signature"),
    F(U32, kernel_stamps, "samples with timestamps of the kernel at this end"),
    F(BOOL, drifting, "drifts away from the majority: a falseticker whatever its interval"),
    F(DOUBLE, moved_s, "moved against the other sources since it joined them"),
    F(DOUBLE, wobble_s, "its clock is itself steered, and swings by this (one deviation); 0: no"),
    F(DOUBLE, wobble_span_s, "within about so long"),
    E(auth, auth_modes, "how its answers are authenticated"),
    F(U16, key_type, "NTS: number of the AEAD; a key: chrony's number of its type; 0: none"),
    F(U16, key_bits, "length of the key"),
    E(ke_result, ke_results, "NTS: how the last key exchange went"),
    F(U16, ke_detail, "NTS: the number of the error, as the result says"),
    F(U32, ke_attempts, "NTS: key exchanges that were tried"),
    F(U32, naks, "NTS: requests whose cookie the server could not read"),
    F(TIME, last_ke, "NTS: when keys were last exchanged; null: never"),
    F(DOUBLE, ke_took_s, "NTS: how long the last key exchange took"),
    F(TIME, cert_from, "NTS: from when the server's certificate is valid"),
    F(TIME, cert_until, "NTS: until when the server's certificate is valid"),
    F(U8, cookies, "NTS: cookies in stock"),
    F(U16, cookie_size, "NTS: octets of a cookie"),
    E(method, methods, "how its line finds addresses"),
    E(resolve_result, resolve_results, "what the last look-up of its name came to"),
    F(BOOL, unvalidated, "the resolver could not validate its address (DNSSEC)"),
    F(TIME, saved_at,
      "its address is that of an earlier run, found then, since its name can't be looked up; null: "
      "no"),
    E(found_how, found_ways, "who named its address: used because"),
    E(found_by, found_programs, "the program or provider that its address was learnt from"),
    F(U16, srv_priority, "of its SRV record; the least is used first"),
    F(U16, srv_weight, "of its SRV record"),
    T(found_interface, "interface whose DHCP lease named it"),
};
#undef OWNER

static const struct field_table node_table = {node_fields, COUNT(node_fields),
                                              sizeof(struct node_status)};
static const struct field_table source_table = {source_fields, COUNT(source_fields),
                                                sizeof(struct source_status)};

const struct status_field *status_node_fields(size_t *count)
{
    *count = COUNT(node_fields);
    return node_fields;
}

const struct status_field *status_source_fields(size_t *count)
{
    *count = COUNT(source_fields);
    return source_fields;
}

size_t status_encode(const struct status_record *record, uint8_t *bytes, size_t size)
{
    struct writer w = {.at = bytes, .left = size};

    writer_put(&w, magic, sizeof magic);
    writer_be(&w, 4, (uint64_t)RECORD_VERSION << 24);
    fields_encode(&w, &node_table, &record->node);
    writer_be(&w, 4, record->count);
    for (size_t i = 0; i < record->count && !w.overrun; i++) {
        fields_encode(&w, &source_table, &record->sources[i]);
    }
    return w.overrun ? 0 : size - w.left;
}

bool status_decode(struct status_record *record, size_t capacity, const uint8_t *bytes, size_t size)
{
    struct reader r = {.at = bytes, .left = size};
    const uint8_t *start = reader_take(&r, sizeof magic);
    uint64_t version = reader_be(&r, 4) >> 24;
    uint64_t count;

    record->count = 0;
    if (r.overrun || memcmp(start, magic, sizeof magic) != 0 || version != RECORD_VERSION ||
        !fields_decode(&r, &node_table, &record->node)) {
        return false;
    }
    count = reader_be(&r, 4);
    while (record->count < capacity && record->count < count) {
        if (!fields_decode(&r, &source_table, &record->sources[record->count])) {
            return false;
        }
        record->count++;
    }
    return !r.overrun;
}

size_t status_size_max(size_t sources)
{
    return RECORD_HEADER_SIZE + fields_size_max(&node_table) + 4 +
           sources * fields_size_max(&source_table);
}

static const char *pick(const char *const *list, size_t count, uint8_t value)
{
    return value < count ? list[value] : "unknown";
}

const char *node_state_word(uint8_t state)
{
    return pick(node_states, COUNT(node_states), state);
}

const char *node_state_sentence(uint8_t state)
{
    return pick(node_state_sentences, COUNT(node_state_sentences), state);
}

const char *node_reason_word(uint8_t reason)
{
    return pick(node_reasons, COUNT(node_reasons), reason);
}

const char *node_reason_sentence(uint8_t reason)
{
    return pick(node_reason_sentences, COUNT(node_reason_sentences), reason);
}

const char *source_state_word(uint8_t state)
{
    return pick(source_states, COUNT(source_states), state);
}

const char *source_state_sentence(uint8_t state)
{
    return pick(source_state_sentences, COUNT(source_state_sentences), state);
}

const char *clock_backend_word(uint8_t backend)
{
    return pick(backends, COUNT(backends), backend);
}

const char *resolve_state_word(uint8_t state)
{
    return pick(resolve_states, COUNT(resolve_states), state);
}

const char *found_by_people(uint8_t by)
{
    return pick(found_people, COUNT(found_people), by);
}

bool node_status_has_time(const struct node_status *node)
{
    return (node->state == NODE_SYNCHRONISED || node->state == NODE_HOLDOVER) && node->bound_s >= 0;
}
