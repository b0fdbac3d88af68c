/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "base/must.h"
#include "core/node/restraint.h"
#include "fuzz/fuzz.h"

/* Whatever the file says, what was read is in range, and reads the same when written. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct node_saved saved = {0}, back = {0};
    char text[RESTRAINT_TEXT_SIZE];
    size_t length;

    restraint_parse(&saved, (const char *)bytes, size);
    must(saved.kod_count <= NODE_KOD_MAX);
    length = restraint_format(&saved, text);
    must(length < RESTRAINT_TEXT_SIZE);
    must(restraint_parse(&back, text, length) == 0 && back.kod_count == saved.kod_count);
    for (unsigned i = 0; i < saved.kod_count; i++) {
        must(address_equal(&back.kod[i].address, &saved.kod[i].address));
        must(back.kod[i].until.ns == saved.kod[i].until.ns);
        must(back.kod[i].poll_floor == saved.kod[i].poll_floor && saved.kod[i].poll_floor <= 17);
        must(back.kod[i].denials == saved.kod[i].denials);
    }
    return 0;
}
