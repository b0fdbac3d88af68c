/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/server/ask_mode6.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "wire/ntp_packet.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

enum { SOURCES = 3, LOG_SIZE = 1 << 20 };

#define NOW_NS (INT64_C(1800000000) * NS_PER_S)

static const struct siphash_key key = {{3, 4}};

/* A node that follows the first of its sources; the third has no address. */
struct scene {
    struct source_status sources[SOURCES];
    struct status_record record;
    struct client_log log;
    struct time_line line;
    struct mru_tables tables;
    struct ask_view view;
    struct ask_stranger stranger;
    struct mode6_answer answer;
};

static struct scene scene;

static uint64_t log_memory[LOG_SIZE / 8] __attribute__((aligned(64)));

static void page_of(void *context, const struct client_wish *wish, struct clients_record *page)
{
    size_t most = page->count;

    (void)context;
    page->count = page->known = 0;
    client_log_page(&scene.log, &scene.line, wish, page, most);
}

static bool find_one(void *context, const struct address *address, struct client_status *client)
{
    (void)context;
    return client_log_find(&scene.log, address, &scene.line, client);
}

/* Client 198.51.x.y asked so often, for the last time so long ago; of odd ones the last was
 * refused. */
static void visit(int number, int64_t ago_s, int times)
{
    struct address from = {.family = ADDRESS_IPV4, .bytes = {198, 51}};

    from.bytes[2] = (uint8_t)(100 + number / 256);
    from.bytes[3] = (uint8_t)number;
    for (int i = times - 1; i >= 0; i--) {
        struct steady_time at = {(1000000 - ago_s - 2 * i) * NS_PER_S};
        struct client_visit visit = client_log_visit(&scene.log, &from, at);

        client_log_count(&scene.log, &visit, 4, number % 2 && i == 0 ? DROP_RATE_LIMIT : DROP_NONE);
    }
}

static int set_up(void **state)
{
    struct source_status *first = &scene.sources[0], *second = &scene.sources[1];

    (void)state;
    memset(&scene, 0, sizeof scene);
    assert_true(address_parse(&first->address, "192.0.2.1"));
    first->address.port = 123;
    first->state = SOURCE_SELECTED;
    first->association = 4;
    first->packet_mode = NTP_MODE_SERVER;
    first->stratum = 1;
    first->refid = 0x47505300;
    first->reach = 0xffff;
    first->poll_log2 = 6;
    first->offset_s = 0.0125;
    first->last_delay_s = 0.001;
    first->samples = 5;
    first->sent = 20;
    memcpy(first->name, "a\"b,c=d", 8);
    assert_true(address_parse(&second->address, "2001:db8::1"));
    second->association = 5;
    second->state = SOURCE_MEASURING;
    second->sent = 3;
    memcpy(second->name, "2001:db8::1", 12);
    scene.sources[2].association = UINT16_MAX;
    scene.record.sources = scene.sources;
    scene.record.count = SOURCES;
    scene.record.node.state = NODE_SYNCHRONISED;
    scene.record.node.stratum = 2;
    scene.record.node.refid = 0xc0000201;
    scene.record.node.root_delay_s = 0.002;
    scene.record.node.server.requests = 77;
    scene.view.record = &scene.record;
    scene.view.now.ns = NOW_NS;
    memset(log_memory, 0, sizeof log_memory);
    client_log_init(&scene.log, log_memory, sizeof log_memory, &key);
    scene.line = (struct time_line){.from = {1000000 * NS_PER_S}, .utc = {NOW_NS}};
    scene.tables = (struct mru_tables){NULL, page_of, find_one};
    scene.view.tables = &scene.tables;
    for (int i = 0; i < 3; i++) {
        visit(i, i == 1 ? 9 : i, 5);
    }
    assert_true(address_parse(&scene.stranger.from, "203.0.113.5"));
    scene.stranger.key = &key;
    return 0;
}

static enum mode6_error ask(uint8_t op, uint16_t association, const char *text)
{
    struct mode6_request request = {
        .version = 2, .op = op, .association = association, .text = text, .size = strlen(text)};
    enum mode6_error error = ask_mode6(&scene.view, &request, &scene.stranger, &scene.answer);

    scene.answer.text[scene.answer.size] = '\0';
    return error;
}

static void assert_says(const char *part)
{
    if (strstr(scene.answer.text, part) == NULL) {
        fail_msg("`%s` is not in `%s`", part, scene.answer.text);
    }
}

static void associations_have_numbers_and_states(void **state)
{
    (void)state;
    assert_int_equal(ask(MODE6_READ_STATUS, 0, ""), MODE6_OK);
    assert_int_equal(scene.answer.status, 0x0615);
    assert_int_equal(scene.answer.size, 8);
    assert_memory_equal(scene.answer.text, "\0\5\x96\x1a\0\6\x80\x11", 8);
    scene.record.node.leap = NTP_LEAP_UNSYNC;
    scene.record.node.state = NODE_STARTING;
    assert_int_equal(ask(MODE6_UNSPECIFIED, 0, ""), MODE6_OK);
    assert_int_equal(scene.answer.status, 0xc016);
    assert_int_equal(scene.answer.size, 0);
}

static void the_tally_follows_from_the_state(void **state)
{
    static const struct {
        uint8_t state;
        unsigned selection;
    } rows[] = {
        {SOURCE_SELECTED, 6},    {SOURCE_COMBINED, 4},    {SOURCE_TRUECHIMER, 3},
        {SOURCE_FALSETICKER, 1}, {SOURCE_NO_MAJORITY, 1}, {SOURCE_NOSELECT, 0},
        {SOURCE_UNREACHABLE, 0}, {SOURCE_MEASURING, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        scene.sources[0].state = rows[i].state;
        assert_int_equal(ask_mode6_peer_status(&scene.sources[0]) >> 8 & 7, rows[i].selection);
    }
}

static void variables_have_ntpds_units_and_signs(void **state)
{
    (void)state;
    assert_int_equal(ask(MODE6_READ_VARIABLES, 5, "offset,delay,reach,refid,stratum,ppoll"),
                     MODE6_OK);
    assert_string_equal(scene.answer.text,
                        "offset=12.500000, delay=1.000000, reach=0xff, refid=GPS, "
                        "stratum=1,\r\nppoll=6\r\n");
    assert_int_equal(scene.answer.status, 0x961a);
    assert_int_equal(ask(MODE6_READ_VARIABLES, 0, "rootdelay,refid,peer,ss_received"), MODE6_OK);
    assert_string_equal(scene.answer.text,
                        "rootdelay=2.000, refid=192.0.2.1, peer=5, ss_received=77\r\n");
}

static void who_never_answered_is_init_and_stratum_16(void **state)
{
    (void)state;
    assert_int_equal(ask(MODE6_READ_VARIABLES, 6, ""), MODE6_OK);
    assert_says("srcadr=2001:db8::1,");
    assert_says("stratum=16,");
    assert_says("refid=INIT,");
    assert_says("reach=0x00,");
    assert_says("unreach=3,");
    assert_says("rec=0x00000000.00000000");
    assert_true(strstr(scene.answer.text, "reftime=") < strstr(scene.answer.text, "rec="));
    assert_null(strstr(scene.answer.text, "srchost"));
}

static void text_in_quotes_confuses_no_parser(void **state)
{
    (void)state;
    assert_int_equal(ask(MODE6_READ_VARIABLES, 5, "srchost"), MODE6_OK);
    assert_string_equal(scene.answer.text, "srchost=\"abcd\"\r\n");
}

static void whole_groups_are_known(void **state)
{
    static const char *const groups[] = {
        "peeradr,peermode,leap,stratum,precision,rootdelay,rootdisp,rootdist,refid,reftime,"
        "sys_jitter,clk_jitter,clk_wander,authdelay",
        "ss_uptime,ss_numctlreq,ss_reset,ss_received,ss_thisver,ss_oldver,ss_badformat,ss_badauth,"
        "ss_declined,ss_restricted,ss_limited,ss_kodsent,ss_processed,ss_processed_r,ss_ver1zero_r",
        "koffset,kfreq,kmaxerr,kesterr,kstflags,ktimeconst,kprecis,kfreqtol,kppsfreq,kppsstab,"
        "kppsjitter,kppscalibdur,kppscalibs,kppsjitexc,kppsstbexc,kppscaliberrs",
        "mru_enabled,mru_hashslots,mru_depth,mru_deepest,mru_maxdepth,mru_mindepth,mru_maxage,"
        "mru_minage,mru_mem,mru_maxmem,mru_exists,mru_new,mru_recycleold,mru_recyclefull,mru_none,"
        "mru_oldest_age",
        "iostats_reset,total_rbuf,free_rbuf,used_rbuf,rbuf_lowater,io_dropped,io_ignored,"
        "io_received,io_sent,io_sendfailed,io_wakeups,io_goodwakeups",
        "timerstats_reset,timer_overruns,timer_xmts",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(groups); i++) {
        assert_int_equal(ask(MODE6_READ_VARIABLES, 0, groups[i]), MODE6_OK);
    }
}

static void what_is_not_there_has_ntpds_errors(void **state)
{
    static const struct {
        uint8_t op;
        uint16_t association;
        const char *text;
        enum mode6_error error;
    } rows[] = {
        {MODE6_READ_VARIABLES, 0, "stratum,nosuchvar", MODE6_UNKNOWN_VARIABLE},
        {MODE6_READ_VARIABLES, 5, "nosuchvar", MODE6_UNKNOWN_VARIABLE},
        {MODE6_READ_VARIABLES, 1, "", MODE6_BAD_ASSOCIATION},
        {MODE6_READ_STATUS, 9999, "", MODE6_BAD_ASSOCIATION},
        {MODE6_READ_CLOCK, 0, "", MODE6_BAD_ASSOCIATION},
        {MODE6_WRITE_VARIABLES, 0, "leap=0", MODE6_NO_PERMISSION},
        {MODE6_WRITE_CLOCK, 0, "", MODE6_NO_PERMISSION},
        {MODE6_CONFIGURE, 0, "x", MODE6_NO_PERMISSION},
        {MODE6_READ_ORDERED, 0, "ifstats", MODE6_NO_PERMISSION},
        {6, 0, "", MODE6_BAD_OP},
        {31, 0, "", MODE6_BAD_OP},
        {MODE6_READ_MRU, 0, "frags=1", MODE6_SILENCE},
        {MODE6_READ_MRU, 0, "nonce=000000000000000000000000, frags=1", MODE6_SILENCE},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(ask(rows[i].op, rows[i].association, rows[i].text), rows[i].error);
    }
}

/* Asks for a nonce and returns a request for the list with it. */
static const char *with_nonce(const char *more)
{
    static char text[1000];

    assert_int_equal(ask(MODE6_REQUEST_NONCE, 0, ""), MODE6_OK);
    assert_int_equal(scene.answer.size, 32);
    snprintf(text, sizeof text, "%.30s%s", scene.answer.text, more);
    return text;
}

static void clients_are_listed_for_who_has_a_nonce_the_oldest_first(void **state)
{
    const char *request;

    (void)state;
    request = with_nonce(", frags=32");
    assert_int_equal(ask(MODE6_READ_MRU, 0, request), MODE6_OK);
    assert_says("addr.0=198.51.100.1:123");
    assert_says("addr.1=198.51.100.2:123");
    assert_says("addr.2=198.51.100.0:123");
    assert_says("ct.0=5");
    assert_says("last.newest=");
    assert_int_equal(ask(MODE6_READ_MRU, 0, with_nonce("")), MODE6_BAD_VALUE);
}

static void a_nonce_is_good_for_its_owner_and_for_16_seconds(void **state)
{
    const char *request;

    (void)state;
    request = with_nonce(", frags=4");
    scene.stranger.from.bytes[3] ^= 1;
    assert_int_equal(ask(MODE6_READ_MRU, 0, request), MODE6_SILENCE);
    scene.stranger.from.bytes[3] ^= 1;
    scene.view.now.ns += 15 * NS_PER_S;
    assert_int_equal(ask(MODE6_READ_MRU, 0, request), MODE6_OK);
    scene.view.now.ns += 2 * NS_PER_S;
    assert_int_equal(ask(MODE6_READ_MRU, 0, request), MODE6_SILENCE);
}

static void the_list_keeps_to_the_fragments_that_are_wanted(void **state)
{
    (void)state;
    assert_int_equal(ask(MODE6_READ_MRU, 0, with_nonce(", frags=1")), MODE6_OK);
    assert_true(scene.answer.size <= MODE6_FRAGMENT_SIZE);
    assert_says("addr.0=198.51.100.1:123");
    assert_null(strstr(scene.answer.text, "addr.1="));
    assert_null(strstr(scene.answer.text, "now=")); /* there are more */
}

/* The value behind "name=" in the answer. */
static const char *value_of(const char *name, char *value, size_t size)
{
    char wanted[MODE6_NAME_SIZE];
    const char *at;

    snprintf(wanted, sizeof wanted, "%s=", name);
    at = strstr(scene.answer.text, wanted);
    assert_non_null(at);
    at += strlen(wanted);
    snprintf(value, size, "%.*s", (int)strcspn(at, ",\r"), at);
    return value;
}

static void a_list_of_any_length_is_had_page_by_page_while_clients_go_on_asking(void **state)
{
    enum { MANY = 1000 };
    static bool seen[MANY];
    char request[1000] = ", frags=32", address[64], last[64], name[32];
    int pages = 0, entries = 0;

    (void)state;
    memset(seen, 0, sizeof seen);
    for (int i = 0; i < MANY; i++) {
        visit(i, 2000 - i, 1);
    }
    for (bool complete = false; !complete && pages < 100; pages++) {
        int count = 0;

        assert_int_equal(ask(MODE6_READ_MRU, 0, with_nonce(request)), MODE6_OK);
        assert_true(scene.answer.size <= 30 * MODE6_FRAGMENT_SIZE);
        assert_true(pages == 0 || strstr(scene.answer.text, "addr.older=") != NULL);
        for (;; count++) {
            unsigned third, fourth;

            snprintf(name, sizeof name, "addr.%d", count);
            snprintf(request, sizeof request, "%s=", name);
            if (strstr(scene.answer.text, request) == NULL) {
                break;
            }
            assert_int_equal(sscanf(value_of(name, address, sizeof address), "198.51.%u.%u:123",
                                    &third, &fourth),
                             2);
            seen[(third - 100) * 256 + fourth] = true;
        }
        entries += count;
        complete = strstr(scene.answer.text, ", now=") != NULL ||
                   strstr(scene.answer.text, "\nnow=") != NULL;
        snprintf(name, sizeof name, "last.%d", count - 1);
        value_of(name, last, sizeof last);
        /* The newest one that was told asks again: the one before it is good yet. */
        snprintf(request, sizeof request, ", frags=32, addr.0=%s, last.0=%s", address, last);
        if (pages == 3) {
            unsigned third, fourth;
            char before[64], before_last[64];

            assert_int_equal(sscanf(address, "198.51.%u.%u:123", &third, &fourth), 2);
            visit((int)((third - 100) * 256 + fourth), 1, 1);
            snprintf(name, sizeof name, "addr.%d", count - 2);
            value_of(name, before, sizeof before);
            snprintf(name, sizeof name, "last.%d", count - 2);
            value_of(name, before_last, sizeof before_last);
            snprintf(request, sizeof request,
                     ", frags=32, addr.0=%s, last.0=%s, addr.1=%s, last.1=%s", address, last,
                     before, before_last);
        }
    }
    assert_true(pages > 10 && pages < 40);
    for (int i = 0; i < MANY; i++) {
        assert_true(seen[i]);
    }
    assert_int_equal(entries, MANY + 1); /* one was met twice */
}

static void when_nothing_that_is_known_holds_any_more_ntpq_is_told_to_begin_anew(void **state)
{
    (void)state;
    assert_int_equal(ask(MODE6_READ_MRU, 0,
                         with_nonce(", frags=4, addr.0=198.51.100.0:123, "
                                    "last.0=0x00000001.00000000")),
                     MODE6_UNKNOWN_VARIABLE);
    assert_int_equal(ask(MODE6_READ_MRU, 0,
                         with_nonce(", frags=4, addr.0=203.0.113.1:123, "
                                    "last.0=0x00000001.00000000")),
                     MODE6_UNKNOWN_VARIABLE);
}

static void clients_are_filtered_and_limited_as_ntpd_does(void **state)
{
    static const struct {
        const char *filter;
        unsigned clients;
    } rows[] = {
        {", limit=2", 2},
        {", frags=32, limit=1", 1},
        {", frags=32, mincount=6", 1},
        {", frags=32, mindrop=1", 1},
        {", frags=32, resany=0x20", 1},
        {", frags=32, resall=0x22", 0},
        {", frags=32, maxlstint=5", 3},
        {", frags=32, minlstint=5", 1},
        {", frags=32, minscore=0.4", 4},
        {", frags=32, minscore=0.6", 0},
        {", frags=32, recent=2", 2},
        {", frags=32, recent=9", 4},
        {", frags=32", 4},
    };

    (void)state;
    visit(4, 3, 6);
    for (size_t i = 0; i < COUNT(rows); i++) {
        unsigned clients = 0;

        assert_int_equal(ask(MODE6_READ_MRU, 0, with_nonce(rows[i].filter)), MODE6_OK);
        for (const char *c = scene.answer.text; (c = strstr(c, "addr.")) != NULL; c++) {
            clients++;
        }
        if (clients != rows[i].clients) {
            fail_msg("%s: %u", rows[i].filter, clients);
        }
    }
    assert_int_equal(ask(MODE6_READ_MRU, 0, with_nonce(", limit=9")), MODE6_OK);
    assert_says("rs.0=0x20");
    assert_says("rs.1=0x00");
}

static void nonsense_in_a_request_for_the_list_is_a_bad_value(void **state)
{
    static const struct {
        const char *text;
        enum mode6_error error;
    } rows[] = {
        {", frags=129", MODE6_BAD_VALUE},
        {", limit=257", MODE6_BAD_VALUE},
        {", limit=x", MODE6_BAD_VALUE},
        {", limit=1.2.3", MODE6_BAD_VALUE},
        {", limit=", MODE6_BAD_VALUE},
        {", limit=0x", MODE6_BAD_VALUE},
        {", limit", MODE6_BAD_VALUE},
        {", limit=3, laddr=192.0.2.1:123", MODE6_UNKNOWN_VARIABLE},
        {", limit=3, nosuch=1", MODE6_UNKNOWN_VARIABLE},
        {", limit=3, addr.16=192.0.2.1:123", MODE6_BAD_VALUE},
        {", limit=3, addr.=192.0.2.1:123", MODE6_BAD_VALUE},
        {", limit=3, addr.0=192.0.2.1", MODE6_BAD_VALUE},
        {", limit=3, addr.0=[fd00::1:123", MODE6_BAD_VALUE},
        {", limit=3, addr.0=]:1", MODE6_BAD_VALUE},
        {", limit=3, last.0=1.5", MODE6_BAD_VALUE},
        {", limit=3, last.0=0xeead6b85.21c9d2g1", MODE6_BAD_VALUE},
        {", limit=3, mincount=99999999999999999999999999", MODE6_BAD_VALUE},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        enum mode6_error error = ask(MODE6_READ_MRU, 0, with_nonce(rows[i].text));

        if (error != rows[i].error) {
            fail_msg("%s: %d", rows[i].text, error);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(associations_have_numbers_and_states, set_up),
        cmocka_unit_test_setup(the_tally_follows_from_the_state, set_up),
        cmocka_unit_test_setup(variables_have_ntpds_units_and_signs, set_up),
        cmocka_unit_test_setup(who_never_answered_is_init_and_stratum_16, set_up),
        cmocka_unit_test_setup(text_in_quotes_confuses_no_parser, set_up),
        cmocka_unit_test_setup(whole_groups_are_known, set_up),
        cmocka_unit_test_setup(what_is_not_there_has_ntpds_errors, set_up),
        cmocka_unit_test_setup(clients_are_listed_for_who_has_a_nonce_the_oldest_first, set_up),
        cmocka_unit_test_setup(a_nonce_is_good_for_its_owner_and_for_16_seconds, set_up),
        cmocka_unit_test_setup(the_list_keeps_to_the_fragments_that_are_wanted, set_up),
        cmocka_unit_test_setup(a_list_of_any_length_is_had_page_by_page_while_clients_go_on_asking,
                               set_up),
        cmocka_unit_test_setup(when_nothing_that_is_known_holds_any_more_ntpq_is_told_to_begin_anew,
                               set_up),
        cmocka_unit_test_setup(clients_are_filtered_and_limited_as_ntpd_does, set_up),
        cmocka_unit_test_setup(nonsense_in_a_request_for_the_list_is_a_bad_value, set_up),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
