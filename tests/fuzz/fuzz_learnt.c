/* SPDX-License-Identifier: BSD-2-Clause */
#include <math.h>
#include <string.h>

#include "base/must.h"
#include "core/clock/learnt.h"
#include "fuzz/fuzz.h"

/* Whatever the file says, what was read could be true, and reads the same when written. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const struct learnt_names names = {.count = 3, .name = {"a", "coretemp/temp1_input"}};
    struct tempcomp_learnt learnt, back;
    char text[LEARNT_TEXT_SIZE];

    if (!learnt_parse(&learnt, &names, (const char *)bytes, size)) {
        must(learnt.weight == 0);
        return 0;
    }
    must(learnt.weight >= 1 && learnt.weight <= 101 && learnt.yy >= 0 && learnt.yy < 1e-7);
    must(learnt_parse(&back, &names, text, learnt_format(&learnt, &names, text)));
    must(fabs(back.weight - learnt.weight) < 1e-6);
    for (unsigned i = 0; i < TEMPCOMP_TRACES; i++) {
        must(isfinite(learnt.traces[i].xy) && learnt.traces[i].xx >= 0);
        must(fabs(back.traces[i].xx - learnt.traces[i].xx) <= 1e-9 * learnt.traces[i].xx);
    }
    return 0;
}
