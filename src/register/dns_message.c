/* SPDX-License-Identifier: BSD-2-Clause */
#include "register/dns_message.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <ldns/ldns.h>

#include "base/bytes.h"

enum { FUDGE_S = 300, TSIG_TIME = 1, TSIG_FUDGE = 2, TSIG_MAC = 3, TSIG_ERROR = 5, TSIG_OTHER = 6 };
/* RFC 8945, section 3. */
enum { TSIG_BADSIG = 16, TSIG_BADKEY = 17, TSIG_BADTIME = 18 };

static ldns_rr_type type_of(enum record_type type)
{
    return type == RECORD_A      ? LDNS_RR_TYPE_A
           : type == RECORD_AAAA ? LDNS_RR_TYPE_AAAA
                                 : LDNS_RR_TYPE_SRV;
}

static ldns_rr *rr_of(const struct record *record, unsigned ttl_s)
{
    char line[RECORD_NAME_SIZE + RECORD_DATA_SIZE + 32];
    struct text text = text_begin(line, sizeof line);
    ldns_rr *rr = NULL;

    text_add(&text, record->name);
    text_char(&text, ' ');
    text_u64(&text, ttl_s);
    text_add(&text, " IN ");
    text_add(&text, record_type_word(record->type));
    text_char(&text, ' ');
    text_add(&text, record->data);
    return ldns_rr_new_frm_str(&rr, line, ttl_s, NULL, NULL) == LDNS_STATUS_OK ? rr : NULL;
}

bool dns_message_question(struct dns_message *message, const struct record *record)
{
    ldns_rdf *name = ldns_dname_new_frm_str(record->name);

    *message = (struct dns_message){.packet = NULL};
    if (name == NULL) {
        return false;
    }
    ldns_pkt *packet = ldns_pkt_query_new(name, type_of(record->type), LDNS_RR_CLASS_IN, 0);
    if (packet == NULL) {
        ldns_rdf_deep_free(name);
        return false;
    }
    ldns_pkt_set_random_id(packet);
    message->packet = packet;
    return true;
}

/* Appends them; those to be removed are of class NONE and without TTL (RFC 2136, section 2.5.4). */
static bool push(ldns_rr_list *list, const struct records *records, bool remove, unsigned ttl_s)
{
    for (size_t i = 0; i < records->count; i++) {
        ldns_rr *rr = rr_of(&records->at[i], remove ? 0 : ttl_s);

        if (rr == NULL) {
            return false;
        }
        if (remove) {
            ldns_rr_set_class(rr, LDNS_RR_CLASS_NONE);
        }
        if (!ldns_rr_list_push_rr(list, rr)) {
            ldns_rr_free(rr);
            return false;
        }
    }
    return true;
}

bool dns_message_update(struct dns_message *message, const struct dns_change *change)
{
    ldns_rdf *zone = ldns_dname_new_frm_str(change->zone);
    ldns_rr_list *list = ldns_rr_list_new();
    ldns_pkt *packet = NULL;

    *message = (struct dns_message){.packet = NULL};
    if (zone != NULL && list != NULL && push(list, change->remove, true, 0) &&
        push(list, change->add, false, change->ttl_s)) {
        packet = ldns_update_pkt_new(zone, LDNS_RR_CLASS_IN, NULL, list, NULL);
    }
    if (packet != NULL) {
        zone = NULL; /* is the packet's */
        ldns_pkt_set_random_id(packet);
        ldns_pkt_set_rd(packet, false);
    }
    ldns_rdf_deep_free(zone);
    ldns_rr_list_deep_free(list);
    message->packet = packet;
    return packet != NULL;
}

bool dns_message_sign(struct dns_message *message, const struct tsig_key *key)
{
    return ldns_pkt_tsig_sign(message->packet, key->name, key->secret, FUDGE_S, key->algorithm,
                              NULL) == LDNS_STATUS_OK &&
           ldns_pkt2wire(&message->wire, message->packet, &message->size) == LDNS_STATUS_OK;
}

char *dns_message_text(const struct dns_message *message)
{
    return ldns_pkt2str(message->packet);
}

void dns_message_done(struct dns_message *message)
{
    ldns_pkt_free(message->packet);
    free(message->wire);
    *message = (struct dns_message){.packet = NULL};
}

/* ---- answers ---- */

static struct dns_answer refuse(struct text *why, enum attempt_result result, const char *sentence)
{
    text_add(why, sentence);
    return (struct dns_answer){.result = result};
}

static int64_t seconds_of(const ldns_rdf *rdf)
{
    uint64_t value = 0;

    for (size_t i = 0; i < 6 && i < ldns_rdf_size(rdf); i++) {
        value = value << 8 | ldns_rdf_data(rdf)[i];
    }
    return (int64_t)value;
}

/* Its time, in a refusal that says BADTIME, is in the other data (RFC 8945, section 5.2.3). */
static struct dns_answer refuse_time(struct text *why, const ldns_rr *tsig, bool theirs)
{
    const ldns_rdf *other = ldns_rr_rdf(tsig, TSIG_OTHER);
    int64_t there = seconds_of(ldns_rr_rdf(tsig, TSIG_TIME));

    if (!theirs && ldns_rdf_size(other) == 8) { /* two octets of length before it */
        uint64_t value = 0;

        for (size_t i = 2; i < 8; i++) {
            value = value << 8 | ldns_rdf_data(other)[i];
        }
        there = (int64_t)value;
    }
    text_add(why, "its clock and this machine's differ by ");
    text_duration(why, (double)llabs((long long)(there - (int64_t)time(NULL))));
    return refuse(why, ATTEMPT_REFUSED,
                  " (BADTIME): one of them is wrong, so nothing is registered there");
}

static struct dns_answer refuse_tsig(struct text *why, const ldns_rr *tsig, unsigned error)
{
    switch (error) {
    case TSIG_BADSIG:
        return refuse(why, ATTEMPT_REFUSED, "the secret of the key is another one there (BADSIG)");
    case TSIG_BADKEY:
        return refuse(why, ATTEMPT_REFUSED,
                      "it does not know the key, or not with this algorithm (BADKEY)");
    case TSIG_BADTIME:
        return refuse_time(why, tsig, false);
    default:
        return refuse(why, ATTEMPT_REFUSED, "it refuses the signature");
    }
}

/* A refusal that can be told without a signature, because no harm is in believing it. */
static struct dns_answer refuse_rcode(struct text *why, ldns_pkt_rcode rcode)
{
    switch ((unsigned)rcode) {
    case LDNS_RCODE_SERVFAIL:
        return refuse(why, ATTEMPT_LATER, "it is in trouble itself (SERVFAIL)");
    case LDNS_RCODE_REFUSED:
        return refuse(
            why, ATTEMPT_REFUSED,
            "it does not have the zone, or does not let this key change these names (REFUSED)");
    case LDNS_RCODE_NOTAUTH:
        return refuse(why, ATTEMPT_REFUSED, "it is not the zone's primary server (NOTAUTH)");
    case LDNS_RCODE_NOTZONE:
        return refuse(why, ATTEMPT_REFUSED, "the names are not in the zone (NOTZONE)");
    case LDNS_RCODE_NOTIMPL:
        return refuse(why, ATTEMPT_REFUSED, "it takes no updates (NOTIMP)");
    case LDNS_RCODE_FORMERR:
        return refuse(why, ATTEMPT_REFUSED, "it does not understand the message (FORMERR)");
    default:
        text_add(why, "it answers with code ");
        text_u64(why, (uint64_t)rcode);
        return refuse(why, ATTEMPT_REFUSED, "");
    }
}

static bool is_signed(const struct dns_message *message, const struct tsig_key *key,
                      ldns_pkt *reply, const struct dns_octets *octets)
{
    const ldns_rr *tsig = ldns_pkt_tsig(reply);
    ldns_rdf *algorithm = ldns_dname_new_frm_str(key->algorithm);
    ldns_rdf *name = ldns_dname_new_frm_str(key->name);
    bool ours = algorithm != NULL && name != NULL &&
                ldns_dname_compare(ldns_rr_owner(tsig), name) == 0 &&
                ldns_dname_compare(ldns_rr_rdf(tsig, 0), algorithm) == 0;

    ldns_rdf_deep_free(algorithm);
    ldns_rdf_deep_free(name);
    return ours && ldns_pkt_tsig_verify(reply, octets->bytes, octets->size, key->name, key->secret,
                                        ldns_rr_rdf(ldns_pkt_tsig(message->packet), TSIG_MAC));
}

static bool has_record(const ldns_pkt *reply, const struct record *record)
{
    const ldns_rr_list *list = ldns_pkt_answer(reply);
    ldns_rr *wanted = rr_of(record, 0);
    bool found = false;

    for (size_t i = 0; wanted != NULL && !found && i < ldns_rr_list_rr_count(list); i++) {
        ldns_rr *rr = ldns_rr_list_rr(list, i);

        ldns_rr2canonical(rr);
        found = ldns_rr_get_type(rr) == ldns_rr_get_type(wanted) &&
                ldns_rr_rd_count(rr) == ldns_rr_rd_count(wanted) &&
                ldns_dname_compare(ldns_rr_owner(rr), ldns_rr_owner(wanted)) == 0;
        for (size_t at = 0; found && at < ldns_rr_rd_count(rr); at++) {
            found = ldns_rdf_compare(ldns_rr_rdf(rr, at), ldns_rr_rdf(wanted, at)) == 0;
        }
    }
    ldns_rr_free(wanted);
    return found;
}

static struct dns_answer judge(const struct dns_message *message, const struct tsig_key *key,
                               ldns_pkt *reply, const struct dns_octets *octets, struct text *why)
{
    const ldns_rr *tsig = ldns_pkt_tsig(reply);
    ldns_pkt_rcode rcode = ldns_pkt_get_rcode(reply);
    bool no_name = rcode == LDNS_RCODE_NXDOMAIN && ldns_pkt_get_opcode(reply) == LDNS_PACKET_QUERY;

    if (!ldns_pkt_qr(reply) || ldns_pkt_id(reply) != ldns_pkt_id(message->packet)) {
        return refuse(why, ATTEMPT_LATER, "its answer belongs to another question");
    }
    if (tsig != NULL && (ldns_rr_rd_count(tsig) != TSIG_OTHER + 1)) {
        return refuse(why, ATTEMPT_LATER, "its signature is malformed");
    }
    unsigned error = tsig != NULL ? ldns_rdf2native_int16(ldns_rr_rdf(tsig, TSIG_ERROR)) : 0;
    if (error != 0) {
        return refuse_tsig(why, tsig, error);
    }
    if (rcode != LDNS_RCODE_NOERROR && !no_name) {
        return refuse_rcode(why, rcode);
    }
    if (tsig == NULL || !is_signed(message, key, reply, octets)) {
        return refuse(why, ATTEMPT_REFUSED, "its answer is not signed by the key");
    }
    if (llabs((long long)(seconds_of(ldns_rr_rdf(tsig, TSIG_TIME)) - (int64_t)time(NULL))) >
        FUDGE_S) {
        return refuse_time(why, tsig, true);
    }
    return (struct dns_answer){.result = ATTEMPT_DONE};
}

/* The name's octets; a pointer to an earlier one ends it. */
static void skip_name(struct reader *r)
{
    uint64_t length;

    while (!r->overrun && (length = reader_be(r, 1)) != 0) {
        if (length >= 0xc0) {
            (void)reader_be(r, 1);
            return;
        }
        (void)reader_take(r, length);
    }
}

/*
 * Is it as long as it says, with one signature at most?  Of several, and of one in a message that
 * breaks off, the library loses the memory.
 */
static bool is_whole(const struct dns_octets *octets)
{
    struct reader r = {.at = octets->bytes, .left = octets->size};
    uint64_t questions, records = 0;
    unsigned count = 0;

    (void)reader_be(&r, 4);
    questions = reader_be(&r, 2);
    for (int section = 0; section < 3; section++) {
        records += reader_be(&r, 2);
    }
    for (; questions > 0 && !r.overrun; questions--) {
        skip_name(&r);
        (void)reader_be(&r, 4);
    }
    for (; records > 0 && !r.overrun; records--) {
        skip_name(&r);
        count += reader_be(&r, 2) == LDNS_RR_TYPE_TSIG;
        (void)reader_be(&r, 6);
        (void)reader_take(&r, reader_be(&r, 2));
    }
    return !r.overrun && count <= 1;
}

struct dns_answer dns_message_answer(const struct dns_message *message, const struct tsig_key *key,
                                     const struct record *record, const struct dns_octets *octets,
                                     struct text *why)
{
    ldns_pkt *reply = NULL;
    struct dns_answer answer;

    if (!is_whole(octets) || ldns_wire2pkt(&reply, octets->bytes, octets->size) != LDNS_STATUS_OK) {
        return refuse(why, ATTEMPT_LATER, "its answer is no DNS message");
    }
    answer = judge(message, key, reply, octets, why);
    answer.found = answer.result == ATTEMPT_DONE && record != NULL && has_record(reply, record);
    ldns_pkt_free(reply);
    return answer;
}
