/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/server/ask_mru.h"

#include <string.h>

enum {
    FRAGMENTS_LIMIT = 128, /* ntpd's */
    ROWS_LIMIT = 256,
    VALUE_SIZE = 64,
    BISECTIONS = 64,
};

/* A time may differ so much when it is told again: our idea of UTC moves on. */
static const double same_time_s = 1e-3;

/* A number with a dot or without, "0x" for hexadecimal ones; false: it is none. */
static bool number_of(const char *text, double *value)
{
    bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    double scale = 0;
    const char *c = hex ? text + 2 : text;

    *value = 0;
    if (*c == '\0') {
        return false;
    }
    for (; *c != '\0'; c++) {
        int digit = *c >= '0' && *c <= '9'          ? *c - '0'
                    : hex && *c >= 'a' && *c <= 'f' ? *c - 'a' + 10
                    : hex && *c >= 'A' && *c <= 'F' ? *c - 'A' + 10
                                                    : -1;

        if (*c == '.' && !hex && scale == 0) {
            scale = 1;
        } else if (digit < 0 || *value > 1e15) {
            return false;
        } else if (scale == 0) {
            *value = *value * (hex ? 16 : 10) + digit;
        } else {
            scale /= 10;
            *value += digit * scale;
        }
    }
    return true;
}

/* "0x0123abcd.4567ef01" */
static bool time_of(const char *text, struct ntp_ts *t)
{
    t->raw = 0;
    if (strlen(text) != 19 || text[0] != '0' || text[1] != 'x' || text[10] != '.') {
        return false;
    }
    for (unsigned i = 2; i < 19; i++) {
        char c = text[i];
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
                                                : 16;

        if (i == 10) {
            continue;
        }
        if (digit == 16) {
            return false;
        }
        t->raw = t->raw << 4 | digit;
    }
    return true;
}

/* An address without its port: clients are known without. */
static bool address_of(const char *text, struct address *address)
{
    char copy[VALUE_SIZE];
    const char *end = strrchr(text, ':');
    size_t from = text[0] == '[', length;

    if (end == NULL || (from == 1 && (end <= text + 1 || end[-1] != ']'))) {
        return false;
    }
    length = (size_t)(end - text) - 2 * from;
    memcpy(copy, text + from, length);
    copy[length] = '\0';
    return address_parse(address, copy);
}

/* Sets what `name` means.  False: it is none of them. */
static bool set_number(struct mru_query *query, const char *name, double value, struct utc_time now)
{
    const struct {
        const char *name;
        double *value;
    } doubles[] = {
        {"mincount", &query->wish.least_requests},
        {"mindrop", &query->wish.least_dropped},
        {"minscore", &query->wish.least_per_s},
    };
    unsigned whole = value < 1e6 ? (unsigned)value : 1000000;
    int64_t ago_ns = duration_from_s(value < 1e9 ? value : 1e9).ns;

    for (size_t i = 0; i < sizeof doubles / sizeof *doubles; i++) {
        if (strcmp(name, doubles[i].name) == 0) {
            *doubles[i].value = value;
            return true;
        }
    }
    if (strcmp(name, "frags") == 0) {
        query->fragments = whole;
    } else if (strcmp(name, "limit") == 0) {
        query->limit = whole;
    } else if (strcmp(name, "recent") == 0) {
        query->recent = whole;
    } else if (strcmp(name, "maxlstint") == 0) {
        query->wish.not_before.ns = now.ns - ago_ns;
    } else if (strcmp(name, "minlstint") == 0) {
        query->wish.not_after.ns = now.ns - ago_ns;
    } else if (strcmp(name, "resany") == 0) {
        query->wish.any_restraint = (uint16_t)(whole & UINT16_MAX);
    } else if (strcmp(name, "resall") == 0) {
        query->wish.all_restraint = (uint16_t)(whole & UINT16_MAX);
    } else {
        return false;
    }
    return true;
}

/* "addr.3" and "last.3"; false: not one of these. */
static bool set_known(struct mru_query *query, const char *name, const char *value, bool *good)
{
    bool is_address = strncmp(name, "addr.", 5) == 0;
    double index = 0;

    if (!is_address && strncmp(name, "last.", 5) != 0) {
        return false;
    }
    *good = number_of(name + 5, &index) && index < MRU_KNOWN_MAX;
    if (*good) {
        struct mru_known *known = &query->known[(unsigned)index];

        *good = is_address ? address_of(value, &known->address) : time_of(value, &known->last);
        query->known_count =
            query->known_count > (unsigned)index ? query->known_count : (unsigned)index + 1;
    }
    return true;
}

enum mode6_error mru_parse(const struct mode6_request *request, struct utc_time now,
                           struct mru_query *query)
{
    char name[MODE6_NAME_SIZE], value[VALUE_SIZE];
    size_t at = 0;

    memset(query, 0, sizeof *query);
    query->wish.not_after.ns = INT64_MAX;
    while (mode6_next_name(request, &at, name)) {
        double number = 0;
        bool good = false;

        if (strcmp(name, "nonce") == 0) {
            continue;
        }
        if (!mode6_value(request, name, value, sizeof value)) {
            return MODE6_BAD_VALUE;
        }
        if (set_known(query, name, value, &good)) {
            if (!good) {
                return MODE6_BAD_VALUE;
            }
        } else if (!number_of(value, &number)) {
            return strcmp(name, "laddr") == 0 ? MODE6_UNKNOWN_VARIABLE : MODE6_BAD_VALUE;
        } else if (!set_number(query, name, number, now)) {
            return MODE6_UNKNOWN_VARIABLE;
        }
    }
    return (query->fragments == 0 && query->limit == 0) || query->fragments > FRAGMENTS_LIMIT ||
                   query->limit > ROWS_LIMIT
               ? MODE6_BAD_VALUE
               : MODE6_OK;
}

/* The newest entry that ntpq has and that has not asked since; false: there is none. */
static bool find_older(const struct mru_query *query, const struct mru_tables *tables,
                       struct client_status *older)
{
    for (unsigned i = 0; i < query->known_count; i++) {
        const struct mru_known *known = &query->known[i];

        if (known->address.family != ADDRESS_NONE &&
            tables->find(tables->context, &known->address, older)) {
            double moved_s = ntp_ts_diff_s(ntp_ts_from_utc(older->last), known->last);

            if (moved_s > -same_time_s && moved_s < same_time_s) {
                return true;
            }
        }
    }
    return false;
}

static size_t count_of(const struct mru_tables *tables, const struct client_wish *wish)
{
    struct clients_record none = {.count = 0};

    tables->page(tables->context, wish, &none);
    return (size_t)none.known;
}

/* Begins so late that no more than query->recent are left. */
static void skip_to_recent(const struct mru_query *query, const struct mru_tables *tables,
                           struct client_wish *wish)
{
    struct client_status first;
    struct clients_record one = {.count = 1, .clients = &first};
    int64_t low, high;

    tables->page(tables->context, wish, &one);
    if (one.known <= query->recent || one.count == 0) {
        return;
    }
    /* More than wanted asked after `low`, no more than wanted after `high`. */
    low = first.last.ns - 1;
    high = INT64_MAX;
    for (int i = 0; i < BISECTIONS && high - low > 1; i++) {
        wish->after.last.ns = low + (int64_t)(((uint64_t)high - (uint64_t)low) / 2);
        wish->after.address = (struct address){.family = UINT8_MAX}; /* behind all of that time */
        if (count_of(tables, wish) > query->recent) {
            low = wish->after.last.ns;
        } else {
            high = wish->after.last.ns;
        }
    }
    wish->after.last.ns = high;
    wish->after.address = (struct address){.family = UINT8_MAX};
}

enum mode6_error mru_collect(const struct mru_query *query, const struct mru_tables *tables,
                             size_t most, struct mru_page *page)
{
    struct client_wish wish = query->wish;
    struct clients_record record = {.clients = page->clients};

    page->resumed = false;
    if (query->known_count > 0) {
        if (!find_older(query, tables, &page->older)) {
            return MODE6_UNKNOWN_VARIABLE;
        }
        page->resumed = true;
        wish.after.last = page->older.last;
        wish.after.address = page->older.address;
    } else if (query->recent > 0) {
        skip_to_recent(query, tables, &wish);
    }
    record.count = most < MRU_PAGE_MAX ? most : MRU_PAGE_MAX;
    if (query->limit > 0 && query->limit < record.count) {
        record.count = query->limit;
    }
    tables->page(tables->context, &wish, &record);
    page->count = record.count;
    page->complete = record.known == record.count;
    return MODE6_OK;
}
