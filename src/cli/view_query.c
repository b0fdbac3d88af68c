/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/view_query.h"

#include <string.h>

#include "wire/refid.h"

const char *query_leap_word(uint8_t leap)
{
    static const char *const words[] = {"none", "insert", "delete", "unsynchronised"};

    return words[leap & 3];
}

/* Why an answer tells no time (RFC 5905, section 7.4 for the kiss codes). */
static enum drop_reason refusal_of(const struct ntp_packet *packet)
{
    char code[REFID_TEXT_SIZE];

    if (packet->stratum == 0) {
        refid_print(packet->refid, 0, code);
        if (strcmp(code, "RATE") == 0) {
            return DROP_KOD_RATE;
        }
        if (strcmp(code, "DENY") == 0 || strcmp(code, "RSTR") == 0) {
            return DROP_KOD_DENY;
        }
        if (code[0] >= 'A' && code[0] <= 'Z') {
            return DROP_KOD_OTHER;
        }
    }
    if (packet->leap == NTP_LEAP_UNSYNC) {
        return DROP_UNSYNCHRONISED;
    }
    return packet->stratum == 0 || packet->stratum > 15 ? DROP_STRATUM : DROP_NONE;
}

bool query_take(struct query_answer *answer, const struct query_request *request,
                const uint8_t *bytes, size_t size, struct utc_time received)
{
    struct ntp_packet *packet = &answer->packet;
    double out_s;
    double back_s;

    if (ntp_packet_decode(packet, bytes, size) != DROP_NONE || packet->mode != NTP_MODE_SERVER ||
        packet->origin.raw != request->nonce.raw) {
        return false;
    }
    /* T1..T4 as in RFC 5905, section 8. */
    out_s = ntp_ts_diff_s(packet->receive, ntp_ts_from_utc(request->sent));
    back_s = ntp_ts_diff_s(packet->transmit, ntp_ts_from_utc(received));
    answer->offset_s = (out_s + back_s) / 2;
    answer->delay_s = out_s - back_s;
    answer->root_distance_s = (answer->delay_s + ntp_short_to_s(packet->root_delay)) / 2 +
                              ntp_short_to_s(packet->root_dispersion);
    answer->refusal = refusal_of(packet);
    return true;
}

const struct query_answer *query_best(const struct query_answer *answers, size_t count)
{
    const struct query_answer *best = NULL;

    for (size_t i = 0; i < count; i++) {
        if (answers[i].refusal == DROP_NONE &&
            (best == NULL || answers[i].delay_s < best->delay_s)) {
            best = &answers[i];
        }
    }
    return best;
}

static void add_offset(struct text *text, const struct query_answer *answer)
{
    text_add(text, "offset ");
    text_offset(text, answer->offset_s);
    text_add(text, " +- ");
    text_duration(text, answer->root_distance_s);
    text_add(text, ", delay ");
    text_duration(text, answer->delay_s);
}

void view_query(struct text *text, const char *server, const struct query_answer *answer)
{
    const struct ntp_packet *packet = &answer->packet;
    char refid[REFID_TEXT_SIZE];

    refid_print(packet->refid, packet->stratum, refid);
    text_add(text, server);
    text_add(text, ": ");
    if (packet->stratum == 0) {
        text_add(text, drop_sentence(answer->refusal));
        if (answer->refusal != DROP_UNSYNCHRONISED && answer->refusal != DROP_STRATUM) {
            text_add(text, ", kiss code ");
            text_add(text, refid);
        }
        text_char(text, '\n');
        return;
    }
    if (answer->refusal != DROP_NONE) {
        text_add(text, drop_sentence(answer->refusal));
        text_add(text, "; ");
    }
    add_offset(text, answer);
    text_add(text, ", stratum ");
    text_u64(text, packet->stratum);
    text_add(text, ", refid ");
    text_add(text, refid);
    text_add(text, ", root delay ");
    text_duration(text, ntp_short_to_s(packet->root_delay));
    text_add(text, ", root dispersion ");
    text_duration(text, ntp_short_to_s(packet->root_dispersion));
    text_add(text, ", leap ");
    text_add(text, query_leap_word(packet->leap));
    text_add(text, answer->kernel_stamps ? ", kernel stamps\n" : ", user stamps\n");
}

void view_query_summary(struct text *text, const char *server, const struct query_answer *answers,
                        size_t count, size_t lost)
{
    const struct query_answer *best = query_best(answers, count);

    text_add(text, server);
    text_add(text, ": ");
    if (best != NULL) {
        text_add(text, "best ");
        add_offset(text, best);
        text_add(text, "; ");
    }
    text_u64(text, count);
    text_add(text, count == 1 ? " answer, " : " answers, ");
    text_u64(text, lost);
    text_add(text, " lost\n");
}
