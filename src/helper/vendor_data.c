/* SPDX-License-Identifier: BSD-2-Clause */
#include "helper/vendor_data.h"

#include <jansson.h>

/* A list of texts; anything else names nobody. */
static void add_list(const json_t *list, const struct found *found, struct leads *leads)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *host = json_string_value(json_array_get(list, i));

        if (host != NULL) {
            (void)leads_add(leads, host, found);
        }
    }
}

static void add_object(const json_t *object, const struct found *found, struct leads *leads)
{
    static const char *const keys[] = {"noon", "ntp"};

    add_list(json_object_get(object, "ntp_servers"), found, leads);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const json_t *named = json_object_get(object, keys[i]);

        add_list(json_object_get(named, "servers"), found, leads);
        add_list(json_object_get(named, "pools"), found, leads);
    }
}

enum vendor_data vendor_data_read(const char *text, size_t size, const struct found *found,
                                  struct leads *leads)
{
    json_error_t error;
    json_t *whole = json_loadb(text, size, 0, &error);
    const char *key;
    json_t *value;

    if (whole == NULL) {
        return VENDOR_DATA_NOT_JSON;
    }
    add_object(whole, found, leads);
    json_object_foreach(whole, key, value)
    {
        add_object(value, found, leads);
    }
    json_decref(whole);
    return VENDOR_DATA_READ;
}
