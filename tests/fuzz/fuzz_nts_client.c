/* SPDX-License-Identifier: BSD-2-Clause */
/* Any datagrams at a client with NTS, and any course of key exchanges: nothing is believed that
 * was not sealed, cookies are never more than eight, and exchanges never follow in quick
 * succession. */
#include <assert.h>
#include <string.h>

#include "base/bytes.h"
#include "core/client/nts.h"
#include "fuzz/fuzz.h"

static void answer(struct nts *nts, struct mono_time now, uint8_t how)
{
    struct keys_answer answer = {
        .query = 1,
        .result = (enum keys_result)(how % KEYS_RESULT_COUNT),
        .algorithm = how & 128 ? AEAD_AES_128_GCM_SIV : AEAD_AES_SIV_CMAC_256,
        .cookie_count = (uint8_t)(1 + how % NTS_COOKIES),
    };

    for (unsigned i = 0; i < NTS_COOKIES; i++) {
        answer.cookies[i].size = (uint16_t)(1 + how);
    }
    if (nts_take(nts, &answer, now, (struct utc_time){0}, how)) {
        assert(answer.result == KEYS_OK && nts_ready(nts));
    }
}

static void check(struct nts *nts, const uint8_t *bytes, size_t size)
{
    unsigned before = nts->keys.cookie_count;

    assert(nts_check(nts, bytes, size) != DROP_NONE);
    assert(nts->keys.cookie_count == before);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader in = {data, size, false};
    struct mono_time now = {0}, last = {-NS_PER_S * 100};
    uint32_t sequence = 0;
    struct nts nts;

    nts_init(&nts, now, 1000);
    while (in.left > 0) {
        uint8_t what = (uint8_t)reader_be(&in, 1), how = (uint8_t)reader_be(&in, 1);
        uint8_t request[NTS_PACKET] = {0x23};
        uint64_t random[NTS_RANDOM] = {what, how};

        now.ns += (int64_t)how * NS_PER_S;
        nts_prepare(&nts);
        if (nts_due(&nts, now)) {
            /* The first question is for keys that were kept: no exchange. */
            assert(!nts.saved_tried || mono_sub(now, last).ns >= 8 * NS_PER_S);
            last = nts.saved_tried ? now : last;
            nts_asked(&nts, 1, now);
            if (what & 1) {
                answer(&nts, now, how);
            }
        } else if (nts_ready(&nts) && what & 2) {
            assert(nts_protect(&nts, ++sequence, random, request) <= NTS_PACKET);
            request[0] = 0x24;
            check(&nts, request, sizeof request);
        }
        (void)nts_time_out(&nts, now);
        if (what & 4) {
            nts_soon(&nts, now);
        }
        check(&nts, in.at, in.left);
        assert(nts.keys.cookie_count <= NTS_COOKIES);
    }
    nts_done(&nts);
    return 0;
}
