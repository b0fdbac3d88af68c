/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SOURCES = 3 };

/* Octets that one field takes in its struct. */
static size_t size_in_struct(const struct status_field *field)
{
    static const uint8_t sizes[] = {
        [FIELD_BOOL] = 1,  [FIELD_U8] = 1,      [FIELD_I8] = 1,      [FIELD_U16] = 2,
        [FIELD_I32] = 4,   [FIELD_U32] = 4,     [FIELD_U64] = 8,     [FIELD_DOUBLE] = 8,
        [FIELD_TIME] = 8,  [FIELD_TEXT] = 1,    [FIELD_DROPS32] = 4, [FIELD_DROPS64] = 8,
        [FIELD_HOURS] = 4, [FIELD_ADDRESS] = 0,
    };

    return field->type == FIELD_ADDRESS ? sizeof(struct address)
                                        : (size_t)field->count * sizes[field->type];
}

/* Gives every field of a struct a value of its own, and leaves what no field covers 0. */
static void fill(void *object, const struct status_field *fields, size_t count, unsigned seed)
{
    uint8_t *bytes = object;

    for (size_t i = 0; i < count; i++) {
        uint8_t *at = bytes + fields[i].offset;
        size_t size = size_in_struct(&fields[i]);

        for (size_t j = 0; j < size; j++) {
            at[j] = (uint8_t)((i * 31 + j * 7 + seed) | 1);
        }
        if (fields[i].type == FIELD_BOOL) {
            *at = 1;
        } else if (fields[i].type == FIELD_TEXT) {
            memset(at, 'a' + (int)(i % 26), size - 1);
            at[size - 1] = '\0';
        } else if (fields[i].type == FIELD_ADDRESS) {
            struct address address;

            memset(&address, 0, sizeof address);
            (void)address_parse(&address, "fe80::5%4");
            address.port = (uint16_t)(1000 + seed);
            memcpy(at, &address, sizeof address);
        }
    }
}

static void fill_record(struct status_record *record, struct source_status *sources)
{
    size_t count;
    const struct status_field *fields = status_node_fields(&count);

    memset(record, 0, sizeof *record);
    memset(sources, 0, SOURCES * sizeof *sources);
    fill(&record->node, fields, count, 3);
    fields = status_source_fields(&count);
    for (unsigned i = 0; i < SOURCES; i++) {
        fill(&sources[i], fields, count, 10 * i);
    }
    record->count = SOURCES;
    record->sources = sources;
}

static void every_field_comes_back(void **state)
{
    struct source_status sources[SOURCES];
    struct source_status back_sources[SOURCES];
    struct status_record record;
    struct status_record back = {.sources = back_sources};
    size_t capacity = status_size_max(SOURCES);
    uint8_t *bytes = malloc(capacity);
    size_t size;

    (void)state;
    fill_record(&record, sources);
    size = status_encode(&record, bytes, capacity);
    assert_true(size > 0 && size <= capacity);
    memset(back_sources, 0xaa, sizeof back_sources);
    memset(&back.node, 0xaa, sizeof back.node);
    assert_true(status_decode(&back, SOURCES, bytes, size));
    assert_int_equal(back.count, SOURCES);
    assert_memory_equal(&back.node, &record.node, sizeof back.node);
    assert_memory_equal(back_sources, sources, sizeof sources);
    free(bytes);
}

/* A member that nobody put into the tables would silently stay 0 at the reader's. */
static void check_covered(const struct status_field *fields, size_t count, size_t struct_size,
                          size_t padding)
{
    uint8_t *covered = calloc(1, struct_size);
    size_t missing = 0;

    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < size_in_struct(&fields[i]); j++) {
            assert_true(fields[i].offset + j < struct_size);
            assert_int_equal(covered[fields[i].offset + j], 0);
            covered[fields[i].offset + j] = 1;
        }
    }
    for (size_t i = 0; i < struct_size; i++) {
        missing += covered[i] == 0;
    }
    free(covered);
    if (missing >= padding) {
        fail_msg("%zu octets belong to no field", missing);
    }
}

static void the_tables_cover_the_structs_but_for_padding(void **state)
{
    size_t count;
    const struct status_field *fields = status_node_fields(&count);

    (void)state;
    check_covered(fields, count, sizeof(struct node_status), 32);
    fields = status_source_fields(&count);
    check_covered(fields, count, sizeof(struct source_status), 32);
}

static void names_are_unique_and_explained(void **state)
{
    (void)state;
    for (int table = 0; table < 2; table++) {
        size_t count;
        const struct status_field *fields =
            table ? status_source_fields(&count) : status_node_fields(&count);

        for (size_t i = 0; i < count; i++) {
            assert_true(strlen(fields[i].help) > 10);
            assert_true((fields[i].words != NULL) == (fields[i].word_count > 0));
            for (size_t j = 0; j < i; j++) {
                assert_string_not_equal(fields[i].name, fields[j].name);
            }
        }
    }
}

/* Appends to the node's section, or cuts it, as a newer or older program would have written it. */
static size_t resize_node(uint8_t *bytes, size_t size, int by)
{
    uint32_t length =
        (uint32_t)bytes[8] << 24 | (uint32_t)bytes[9] << 16 | (uint32_t)bytes[10] << 8 | bytes[11];
    size_t end = 12 + length;

    memmove(bytes + (size_t)((int)end + by), bytes + end, size - end);
    if (by > 0) {
        memset(bytes + end, 0x5a, (size_t)by);
    }
    length = (uint32_t)((int)length + by);
    for (unsigned i = 0; i < 4; i++) {
        bytes[8 + i] = (uint8_t)(length >> (24 - 8 * i));
    }
    return (size_t)((int)size + by);
}

/* On the wire, behind that field of the node. */
static int octets_after(const char *name)
{
    size_t count;
    const struct status_field *fields = status_node_fields(&count);
    int octets = 0;

    while (count > 0 && strcmp(fields[--count].name, name) != 0) {
        bool list = fields[count].type == FIELD_DROPS64;
        bool text = fields[count].type == FIELD_TEXT; /* its length goes before, no zero behind */

        octets += (int)size_in_struct(&fields[count]) + (list ? 2 : text ? 1 : 0);
    }
    return octets;
}

static void a_newer_record_is_read_as_far_as_it_is_known(void **state)
{
    struct source_status sources[SOURCES];
    struct source_status back_sources[SOURCES];
    struct status_record record;
    struct status_record back = {.sources = back_sources};
    size_t capacity = status_size_max(SOURCES) + 100;
    uint8_t *bytes = malloc(capacity);
    size_t size;

    (void)state;
    fill_record(&record, sources);
    size = status_encode(&record, bytes, capacity);
    size = resize_node(bytes, size, 37);
    assert_true(status_decode(&back, SOURCES, bytes, size));
    assert_memory_equal(&back.node, &record.node, sizeof back.node);
    assert_memory_equal(back_sources, sources, sizeof sources);
    free(bytes);
}

static void fields_that_an_older_record_lacks_are_zero(void **state)
{
    struct source_status sources[SOURCES];
    struct source_status back_sources[SOURCES];
    struct status_record record;
    struct status_record back = {.sources = back_sources};
    size_t capacity = status_size_max(SOURCES);
    uint8_t *bytes = malloc(capacity);
    size_t size;

    (void)state;
    fill_record(&record, sources);
    size = status_encode(&record, bytes, capacity);
    size = resize_node(bytes, size, -octets_after("server.serving"));
    assert_true(status_decode(&back, SOURCES, bytes, size));
    assert_int_equal(back.node.server.serving, 1);
    assert_int_equal(back.node.server.requests, 0);
    assert_int_equal(back.node.server.drops[DROP_COUNT - 1], 0);
    assert_int_equal(back.node.log_repeats, record.node.log_repeats);
    assert_memory_equal(back_sources, sources, sizeof sources);
    free(bytes);
}

static void a_truncated_or_foreign_record_is_refused(void **state)
{
    struct source_status sources[SOURCES];
    struct status_record record;
    struct status_record back = {.sources = sources};
    size_t capacity = status_size_max(SOURCES);
    uint8_t *bytes = malloc(capacity);
    size_t size;

    (void)state;
    fill_record(&record, sources);
    size = status_encode(&record, bytes, capacity);
    for (size_t i = 0; i < size; i++) {
        uint8_t *exact = malloc(i > 0 ? i : 1);

        memcpy(exact, bytes, i);
        assert_false(status_decode(&back, SOURCES, exact, i));
        free(exact);
    }
    bytes[4] = 2;
    assert_false(status_decode(&back, SOURCES, bytes, size));
    bytes[4] = 1;
    bytes[0] = 'n';
    assert_false(status_decode(&back, SOURCES, bytes, size));
    free(bytes);
}

static void no_more_sources_are_filled_than_there_is_room_for(void **state)
{
    struct source_status sources[SOURCES];
    struct source_status back_sources[2];
    struct status_record record;
    struct status_record back = {.sources = back_sources};
    size_t capacity = status_size_max(SOURCES);
    uint8_t *bytes = malloc(capacity);
    size_t size;

    (void)state;
    fill_record(&record, sources);
    size = status_encode(&record, bytes, capacity);
    memset(&back_sources[1], 0x77, sizeof back_sources[1]);
    assert_true(status_decode(&back, 1, bytes, size));
    assert_int_equal(back.count, 1);
    assert_int_equal(back_sources[1].weight != 0, 1);
    assert_memory_equal(&back_sources[0], &sources[0], sizeof sources[0]);
    free(bytes);
}

static void a_buffer_too_small_gives_no_record(void **state)
{
    struct source_status sources[SOURCES];
    struct status_record record;
    size_t capacity = status_size_max(SOURCES);
    uint8_t *bytes = malloc(capacity);
    size_t size;

    (void)state;
    fill_record(&record, sources);
    size = status_encode(&record, bytes, capacity);
    for (size_t i = 0; i < size; i += 13) {
        assert_int_equal(status_encode(&record, bytes, i), 0);
    }
    assert_int_equal(status_encode(&record, bytes, size), size);
    free(bytes);
}

static void text_that_fills_its_field_stays_text(void **state)
{
    struct status_record record = {.count = 0};
    struct status_record back;
    uint8_t bytes[4096];
    size_t size;

    (void)state;
    memset(record.node.version, 'v', sizeof record.node.version); /* no zero at the end */
    size = status_encode(&record, bytes, sizeof bytes);
    assert_true(status_decode(&back, 0, bytes, size));
    assert_int_equal(strlen(back.node.version), sizeof back.node.version - 1);
}

static void an_unknown_word_is_named_so(void **state)
{
    (void)state;
    assert_string_equal(node_state_word(NODE_HOLDOVER), "holdover");
    assert_string_equal(node_reason_word(NODE_REASON_NO_MAJORITY), "no-majority");
    assert_string_equal(source_state_word(SOURCE_FALSETICKER), "falseticker");
    assert_string_equal(clock_backend_word(BACKEND_VIRTUAL), "virtual");
    assert_string_equal(resolve_state_word(RESOLVE_STATE_NO_NAME), "no-name");
    assert_string_equal(node_state_word(NODE_STATE_COUNT), "unknown");
    assert_string_equal(source_state_sentence(200), "unknown");
    assert_string_equal(clock_backend_word(77), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_comes_back),
        cmocka_unit_test(the_tables_cover_the_structs_but_for_padding),
        cmocka_unit_test(names_are_unique_and_explained),
        cmocka_unit_test(a_newer_record_is_read_as_far_as_it_is_known),
        cmocka_unit_test(fields_that_an_older_record_lacks_are_zero),
        cmocka_unit_test(a_truncated_or_foreign_record_is_refused),
        cmocka_unit_test(no_more_sources_are_filled_than_there_is_room_for),
        cmocka_unit_test(a_buffer_too_small_gives_no_record),
        cmocka_unit_test(text_that_fills_its_field_stays_text),
        cmocka_unit_test(an_unknown_word_is_named_so),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
