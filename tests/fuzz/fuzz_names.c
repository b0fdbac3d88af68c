/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "base/must.h"
#include "core/node/names.h"
#include "fuzz/fuzz.h"

enum { NAMES = 8 };

/* Whatever the file says, what was read is in range, and reads the same when written. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct saved_name names[NAMES], back;
    unsigned skipped;
    size_t count = names_parse(names, NAMES, (const char *)bytes, size, &skipped);

    must(count <= NAMES);
    for (size_t i = 0; i < count; i++) {
        char text[SAVED_NAME_LINE_SIZE];
        size_t length = names_format(&names[i], text);

        must(names[i].count > 0 && names[i].count <= RESOLVED_MAX && length < sizeof text);
        must(names_parse(&back, 1, text, length, &skipped) == 1);
        must(memcmp(&back, &names[i], sizeof back) == 0);
    }
    return 0;
}
