/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/server/ask_chrony.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/bytes.h"
#include "support/near.h"
#include "wire/ntp_packet.h"

enum { SOURCES = 4, CLIENTS = 11 };

#define COUNT(list) (sizeof(list) / sizeof *(list))

static const struct utc_time now = {INT64_C(1800000000) * NS_PER_S};

/* A node that follows the first of three sources; the fourth has no address yet. */
struct scene {
    struct source_status sources[SOURCES];
    struct status_record record;
    struct client_status clients[CLIENTS];
    struct clients_record table;
    struct ask_view view;
    uint8_t bytes[CHRONY_REQUEST_MAX];
    uint8_t reply[CHRONY_REPLY_MAX];
    size_t size; /* of the reply */
};

static struct address address_of(const char *text)
{
    struct address address;

    assert_true(address_parse(&address, text));
    address.port = 123;
    return address;
}

static void fill_source(struct source_status *source, const char *address, uint8_t state)
{
    source->address = address_of(address);
    source->state = state;
    source->stratum = 2;
    source->version = 4;
    source->reach = 0x1ff;
    source->poll_log2 = 6;
    source->packet_mode = NTP_MODE_SERVER;
    source->packet_precision_log2 = -20;
    source->last_sample.ns = now.ns - 7 * NS_PER_S;
    source->last_offset_s = 3e-3;
    source->measured_s = 2e-3;
    source->last_delay_s = 4e-3;
    source->root_delay_s = 2e-3;
    source->root_dispersion_s = 1e-3;
    source->samples = 12;
    source->runs = 5;
    source->span_s = 640;
    source->offset_s = 1e-3;
    source->freq_s_per_s = 2e-6;
    source->freq_sd_s_per_s = 1e-7;
    source->distance_s = 10e-3;
    source->sent = 20;
    source->received = 19;
    source->accepted = 18;
}

static void set_up(struct scene *scene)
{
    struct node_status *node;

    memset(scene, 0, sizeof *scene);
    fill_source(&scene->sources[0], "192.0.2.1", SOURCE_SELECTED);
    fill_source(&scene->sources[1], "2001:db8::1", SOURCE_FALSETICKER);
    fill_source(&scene->sources[2], "192.0.2.3", SOURCE_TRUECHIMER);
    scene->sources[2].distance_s = 20e-3;
    scene->sources[3].state = SOURCE_UNRESOLVED;
    scene->sources[3].id = 9;
    memcpy(scene->sources[3].name, "ntp.example", 12);
    memcpy(scene->sources[0].name, "one.example", 12);
    scene->record.sources = scene->sources;
    scene->record.count = SOURCES;
    node = &scene->record.node;
    node->selected = 0;
    node->stratum = 3;
    node->refid = 0xc0000201;
    node->reference_time.ns = now.ns - 5 * NS_PER_S;
    node->clock_error_s = 1e-4;
    node->last_correction_s = 5e-4;
    node->freq_s_per_s = -3e-6;
    node->freq_sd_s_per_s = 2e-8;
    for (unsigned i = 0; i < CLIENTS; i++) {
        scene->clients[i].address = address_of("198.51.100.1");
        scene->clients[i].address.bytes[3] = (uint8_t)i;
        scene->clients[i].requests = i;
        scene->clients[i].interval_s = 64;
        scene->clients[i].last = now;
    }
    scene->table = (struct clients_record){CLIENTS, CLIENTS, scene->clients};
    scene->view = (struct ask_view){.record = &scene->record, .now = now, .clients = &scene->table};
}

/* Asks with the shortest request that chronyd takes, its body filled by `fill`. */
static struct chrony_request request_of(struct scene *scene, uint16_t command)
{
    static const struct {
        uint16_t command, size;
    } rows[] = {
#define ROW(name, number, open, size, arguments) {number, size},
        CHRONY_COMMAND_LIST(ROW)
#undef ROW
    };
    struct writer w = {.at = scene->bytes, .left = CHRONY_REQUEST_HEADER};
    struct chrony_request request;
    size_t size = 0;

    writer_be(&w, 4, 0x06010000);
    writer_be(&w, 2, command);
    for (size_t i = 0; i < COUNT(rows); i++) {
        size = rows[i].command == command ? rows[i].size : size;
    }
    assert_int_equal(chrony_request_decode(&request, scene->bytes, size, CHRONY_TRUSTED),
                     CHRONY_SUCCESS);
    return request;
}

static enum chrony_status ask(struct scene *scene, const struct chrony_request *request, void *body,
                              size_t body_size)
{
    scene->size = ask_chrony(&scene->view, request, scene->reply);
    if (scene->size == 0) {
        return CHRONY_SILENCE;
    }
    assert_true(scene->size <= request->size);
    (void)chrony_reply_decode(scene->reply, scene->size, body, body_size);
    return (enum chrony_status)(scene->reply[8] << 8 | scene->reply[9]);
}

static enum chrony_status ask_index(struct scene *scene, uint16_t command, int32_t index,
                                    void *body, size_t body_size)
{
    struct chrony_request request = request_of(scene, command);

    request.arguments.number[0] = index;
    return ask(scene, &request, body, body_size);
}

static void offsets_of_a_source_are_local_minus_reference(void **state)
{
    struct scene scene;
    struct chrony_source_data data;
    struct chrony_sourcestats stats;

    (void)state;
    set_up(&scene);
    assert_int_equal(ask_index(&scene, CHRONY_SOURCE_DATA, 0, &data, sizeof data), CHRONY_SUCCESS);
    assert_near(data.original_s, -2e-3, 1e-9);
    assert_near(data.latest_s, -3.1e-3, 1e-9);
    assert_near(data.error_s, 3e-3 + 1e-3 + 0x1p-20, 1e-9);
    assert_int_equal(data.since_sample_s, 7);
    assert_int_equal(data.reachability, 0xff);
    assert_int_equal(ask_index(&scene, CHRONY_SOURCESTATS, 0, &stats, sizeof stats),
                     CHRONY_SUCCESS);
    assert_near(stats.offset_s, -1e-3, 1e-9);
    assert_near(stats.resid_freq_ppm, -2, 1e-6);
    assert_near(stats.skew_ppm, 0.1, 1e-6);
    assert_int_equal(stats.samples, 12);
    assert_int_equal(stats.runs, 5);
    assert_int_equal(stats.span_s, 640);
}

static void tracking_has_chronys_signs(void **state)
{
    struct scene scene;
    struct chrony_tracking data;
    struct chrony_request request;

    (void)state;
    set_up(&scene);
    request = request_of(&scene, CHRONY_TRACKING);
    assert_int_equal(ask(&scene, &request, &data, sizeof data), CHRONY_SUCCESS);
    assert_int_equal(data.refid, 0xc0000201);
    assert_int_equal(data.address.family, CHRONY_IPV4);
    assert_int_equal(data.stratum, 3);
    assert_near(data.correction_s, 1e-4, 1e-9);
    assert_near(data.last_offset_s, -5e-4, 1e-9);
    assert_near(data.freq_ppm, 3, 1e-6);
    assert_int_equal(data.reference.ns, now.ns - 5 * NS_PER_S);
}

static void without_time_tracking_names_no_reference(void **state)
{
    struct scene scene;
    struct chrony_tracking data;
    struct chrony_request request;

    (void)state;
    set_up(&scene);
    scene.record.node.leap = NTP_LEAP_UNSYNC;
    scene.record.node.stratum = 16;
    scene.record.node.selected = -1;
    request = request_of(&scene, CHRONY_TRACKING);
    assert_int_equal(ask(&scene, &request, &data, sizeof data), CHRONY_SUCCESS);
    assert_int_equal(data.refid, 0);
    assert_int_equal(data.address.family, CHRONY_ANY);
    assert_int_equal(data.stratum, 0);
    assert_int_equal(data.leap, 3);
    scene.record.node.leap = NTP_LEAP_NONE;
    scene.record.node.refid = 0x7f7f0101;
    scene.record.node.stratum = 10;
    assert_int_equal(ask(&scene, &request, &data, sizeof data), CHRONY_SUCCESS);
    assert_int_equal(data.refid, 0x7f7f0101);
    assert_int_equal(data.address.family, CHRONY_ANY);
    assert_int_equal(data.reference.ns, now.ns);
}

static void every_state_has_its_mark_and_its_letter(void **state)
{
    static const struct {
        uint8_t state;
        uint16_t mark;
        char letter;
    } rows[] = {
        {SOURCE_SELECTED, 0, '*'},    {SOURCE_COMBINED, 4, '+'},       {SOURCE_TRUECHIMER, 5, 'D'},
        {SOURCE_FALSETICKER, 2, 'x'}, {SOURCE_NO_MAJORITY, 2, 'x'},    {SOURCE_TOO_FAR, 1, 'd'},
        {SOURCE_NOSELECT, 1, 'N'},    {SOURCE_MEASURING, 1, 'S'},      {SOURCE_JUMPED, 3, '~'},
        {SOURCE_UNTRUSTED, 1, 'T'},   {SOURCE_UNSYNCHRONISED, 1, 's'}, {SOURCE_BAD, 1, 'S'},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct scene scene;
        struct chrony_source_data data;
        struct chrony_select_data select;

        set_up(&scene);
        scene.sources[2].state = rows[i].state;
        (void)ask_index(&scene, CHRONY_SOURCE_DATA, 2, &data, sizeof data);
        assert_int_equal(data.state, rows[i].mark);
        (void)ask_index(&scene, CHRONY_SELECT_DATA, 2, &select, sizeof select);
        assert_int_equal(select.state, rows[i].letter);
        assert_near(select.score, 0.5, 1e-6);
        assert_near(select.low_s, -21e-3, 1e-8);
        assert_near(select.high_s, -1e-3 + 20e-3, 1e-8);
    }
}

static void a_preferred_source_is_why_others_wait(void **state)
{
    struct scene scene;
    struct chrony_select_data data;

    (void)state;
    set_up(&scene);
    scene.sources[0].prefer = true;
    (void)ask_index(&scene, CHRONY_SELECT_DATA, 2, &data, sizeof data);
    assert_int_equal(data.state, 'P');
    (void)ask_index(&scene, CHRONY_SELECT_DATA, 0, &data, sizeof data);
    assert_int_equal(data.configured, 2);
}

static void a_source_without_address_is_counted_and_has_its_number(void **state)
{
    struct scene scene;
    struct chrony_n_sources n_sources;
    struct chrony_source_data data;
    struct chrony_sourcestats stats;
    struct chrony_name name;
    struct chrony_request request;

    (void)state;
    set_up(&scene);
    request = request_of(&scene, CHRONY_N_SOURCES);
    assert_int_equal(ask(&scene, &request, &n_sources, sizeof n_sources), CHRONY_SUCCESS);
    assert_int_equal(n_sources.count, SOURCES);
    assert_int_equal(ask_index(&scene, CHRONY_SOURCE_DATA, 3, &data, sizeof data), CHRONY_SUCCESS);
    assert_int_equal(data.address.family, CHRONY_ID);
    assert_int_equal(data.address.id, 9);
    assert_int_equal(data.since_sample_s, UINT32_MAX);
    assert_int_equal(data.stratum, 0);
    assert_near(data.original_s, 0, 0);
    assert_int_equal(ask_index(&scene, CHRONY_SOURCESTATS, 3, &stats, sizeof stats),
                     CHRONY_SUCCESS);
    assert_near(stats.skew_ppm, 2000, 0);
    request = request_of(&scene, CHRONY_NTP_SOURCE_NAME);
    request.arguments.address[0] = chrony_address_id(9);
    assert_int_equal(ask(&scene, &request, &name, sizeof name), CHRONY_SUCCESS);
    assert_string_equal(name.name, "ntp.example");
    request = request_of(&scene, CHRONY_NTP_DATA);
    request.arguments.address[0] = chrony_address_id(9);
    assert_int_equal(ask(&scene, &request, &name, sizeof name), CHRONY_NO_SUCH_SOURCE);
}

static void what_is_not_there_is_no_such_source(void **state)
{
    static const int32_t indexes[] = {-1, SOURCES, INT32_MAX, INT32_MIN};
    struct scene scene;
    struct chrony_source_data data;
    struct chrony_request request;

    (void)state;
    set_up(&scene);
    for (size_t i = 0; i < COUNT(indexes); i++) {
        assert_int_equal(ask_index(&scene, CHRONY_SOURCE_DATA, indexes[i], &data, sizeof data),
                         CHRONY_NO_SUCH_SOURCE);
        assert_int_equal(scene.size, CHRONY_REPLY_HEADER);
    }
    request = request_of(&scene, CHRONY_AUTH_DATA);
    assert_int_equal(ask(&scene, &request, &data, sizeof data), CHRONY_NO_SUCH_SOURCE);
}

static void ntpdata_has_the_other_sign_and_the_tests(void **state)
{
    static const struct {
        uint8_t result;
        uint16_t tests;
    } rows[] = {
        {DROP_NONE, 0x3ff},          {DROP_SERVER_TIME, 0x370}, {DROP_STRATUM, 0x3d0},
        {DROP_ROOT_DISTANCE, 0x3e0}, {DROP_DELAY, 0x3f7},       {DROP_TEST_DEVIATION, 0x3fd},
        {DROP_LOOP, 0x3fe},          {DROP_KOD_RATE, 0x3d0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct scene scene;
        struct chrony_ntp_data data;
        struct chrony_request request;

        set_up(&scene);
        scene.sources[0].last_result = rows[i].result;
        scene.sources[0].stamp_class = 1;
        request = request_of(&scene, CHRONY_NTP_DATA);
        request.arguments.address[0] = chrony_address_from(&scene.sources[0].address);
        assert_int_equal(ask(&scene, &request, &data, sizeof data), CHRONY_SUCCESS);
        assert_near(data.offset_s, 2e-3, 1e-9);
        assert_int_equal(data.flags, rows[i].tests);
        assert_int_equal(data.tx_stamp, 'K');
        assert_int_equal(data.port, 123);
        assert_int_equal(data.good, 18);
    }
}

static void a_source_never_heard_from_has_nothing_but_counters(void **state)
{
    struct scene scene;
    struct chrony_ntp_data data;
    struct chrony_request request;

    (void)state;
    set_up(&scene);
    scene.sources[0].packet_mode = 0;
    request = request_of(&scene, CHRONY_NTP_DATA);
    request.arguments.address[0] = chrony_address_from(&scene.sources[0].address);
    assert_int_equal(ask(&scene, &request, &data, sizeof data), CHRONY_SUCCESS);
    assert_int_equal(data.mode, 0);
    assert_int_equal(data.flags, 0);
    assert_int_equal(data.local.family, CHRONY_ANY);
    assert_int_equal(data.sent, 20);
}

static void activity_counts_every_source_once(void **state)
{
    struct scene scene;
    struct chrony_activity data;
    struct chrony_request request;

    (void)state;
    set_up(&scene);
    scene.sources[1].offline = true;
    scene.sources[2].burst = true;
    request = request_of(&scene, CHRONY_ACTIVITY);
    assert_int_equal(ask(&scene, &request, &data, sizeof data), CHRONY_SUCCESS);
    assert_int_equal(data.online, 1);
    assert_int_equal(data.offline, 1);
    assert_int_equal(data.burst_online, 1);
    assert_int_equal(data.burst_offline, 0);
    assert_int_equal(data.unresolved, 1);
}

static void keys_and_cookies_are_told(void **state)
{
    struct scene scene;
    struct chrony_auth_data data;
    struct chrony_request request;

    (void)state;
    set_up(&scene);
    request = request_of(&scene, CHRONY_AUTH_DATA);
    request.arguments.address[0] = chrony_address_from(&scene.sources[0].address);
    assert_int_equal(ask(&scene, &request, &data, sizeof data), CHRONY_SUCCESS);
    assert_int_equal(data.mode, 0);
    assert_int_equal(data.last_ke_ago_s, UINT32_MAX);
    scene.sources[0].auth = AUTH_MODE_KEY;
    scene.sources[0].key = 10;
    scene.sources[0].key_type = 3;
    scene.sources[0].key_bits = 256;
    assert_int_equal(ask(&scene, &request, &data, sizeof data), CHRONY_SUCCESS);
    assert_int_equal(data.mode, 1);
    assert_int_equal(data.key_id, 10);
    assert_int_equal(data.key_type, 3);
    scene.sources[0].auth = AUTH_MODE_NTS;
    scene.sources[0].key = 0;
    scene.sources[0].key_type = 15;
    scene.sources[0].cookies = 8;
    scene.sources[0].cookie_size = 100;
    scene.sources[0].last_ke.ns = now.ns - 95 * NS_PER_S;
    assert_int_equal(ask(&scene, &request, &data, sizeof data), CHRONY_SUCCESS);
    assert_int_equal(data.mode, 2);
    assert_int_equal(data.cookies, 8);
    assert_int_equal(data.cookie_length, 100);
    assert_int_equal(data.last_ke_ago_s, 95);
}

static void clients_come_in_full_pages(void **state)
{
    struct scene scene;
    struct chrony_clients page;
    struct chrony_request request;

    (void)state;
    set_up(&scene);
    request = request_of(&scene, CHRONY_CLIENT_ACCESSES);
    request.arguments.number[1] = 8;
    request.arguments.number[2] = 1;
    assert_int_equal(ask(&scene, &request, &page, sizeof page), CHRONY_SUCCESS);
    assert_int_equal(page.count, 8);
    assert_int_equal(page.next, 9); /* the first had no hit and was left out */
    assert_int_equal(page.clients[0].ntp_hits, 1);
    assert_int_equal(page.clients[0].ntp_interval, 6);
    assert_int_equal(page.clients[0].last_ntp_ago_s, 0);
    request.arguments.number[0] = (int32_t)page.next;
    assert_int_equal(ask(&scene, &request, &page, sizeof page), CHRONY_SUCCESS);
    assert_int_equal(page.count, 2);
    assert_int_equal(page.next, page.indices);
    request.arguments.number[0] = -1;
    assert_int_equal(ask(&scene, &request, &page, sizeof page), CHRONY_SUCCESS);
    assert_int_equal(page.count, 0);
    scene.view.clients = NULL;
    assert_int_equal(ask(&scene, &request, &page, sizeof page), CHRONY_INACTIVE);
}

static void facilities_that_are_not_there_say_so(void **state)
{
    static const struct {
        uint16_t command;
        enum chrony_status status;
    } rows[] = {
        {CHRONY_NULL, CHRONY_SUCCESS},          {CHRONY_LOGON, CHRONY_FAILED},
        {CHRONY_RTCREPORT, CHRONY_NO_RTC},      {CHRONY_SMOOTHING, CHRONY_NOT_ENABLED},
        {CHRONY_MANUAL_LIST, CHRONY_UNAUTH},    {CHRONY_MAKESTEP, CHRONY_SILENCE},
        {CHRONY_ADD_SOURCE, CHRONY_SILENCE},    {CHRONY_SHUTDOWN, CHRONY_SILENCE},
        {CHRONY_ACCHECK, CHRONY_ACCESS_DENIED},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct scene scene;
        struct chrony_clients body;
        struct chrony_request request;

        set_up(&scene);
        request = request_of(&scene, rows[i].command);
        assert_int_equal(ask(&scene, &request, &body, sizeof body), rows[i].status);
    }
}

static void access_is_told_by_the_rules_in_force(void **state)
{
    struct access_node nodes[8];
    struct access_rule rule = {.prefix = address_of("198.51.100.0"), .bits = 24, .allow = true};
    struct access_tree tree;
    struct scene scene;
    struct chrony_clients body;
    struct chrony_request request;
    struct address inside = address_of("198.51.100.7"), loopback = address_of("::1");
    size_t bad;

    (void)state;
    set_up(&scene);
    access_init(&tree, nodes, COUNT(nodes));
    assert_int_equal(access_build(&tree, &rule, 1, &bad), ERR_NONE);
    request = request_of(&scene, CHRONY_ACCHECK);
    request.arguments.address[0] = chrony_address_from(&inside);
    assert_int_equal(ask(&scene, &request, &body, sizeof body), CHRONY_ACCESS_DENIED);
    scene.view.access = &tree;
    assert_int_equal(ask(&scene, &request, &body, sizeof body), CHRONY_ACCESS_ALLOWED);
    request = request_of(&scene, CHRONY_CMDACCHECK);
    request.arguments.address[0] = chrony_address_from(&inside);
    assert_int_equal(ask(&scene, &request, &body, sizeof body), CHRONY_ACCESS_DENIED);
    scene.view.command_access = &tree;
    assert_int_equal(ask(&scene, &request, &body, sizeof body), CHRONY_ACCESS_ALLOWED);
    request.arguments.address[0] = chrony_address_from(&loopback); /* which needs no rule */
    assert_int_equal(ask(&scene, &request, &body, sizeof body), CHRONY_ACCESS_DENIED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offsets_of_a_source_are_local_minus_reference),
        cmocka_unit_test(tracking_has_chronys_signs),
        cmocka_unit_test(without_time_tracking_names_no_reference),
        cmocka_unit_test(every_state_has_its_mark_and_its_letter),
        cmocka_unit_test(a_preferred_source_is_why_others_wait),
        cmocka_unit_test(a_source_without_address_is_counted_and_has_its_number),
        cmocka_unit_test(what_is_not_there_is_no_such_source),
        cmocka_unit_test(ntpdata_has_the_other_sign_and_the_tests),
        cmocka_unit_test(a_source_never_heard_from_has_nothing_but_counters),
        cmocka_unit_test(activity_counts_every_source_once),
        cmocka_unit_test(keys_and_cookies_are_told),
        cmocka_unit_test(clients_come_in_full_pages),
        cmocka_unit_test(facilities_that_are_not_there_say_so),
        cmocka_unit_test(access_is_told_by_the_rules_in_force),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
