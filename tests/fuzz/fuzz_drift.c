/* SPDX-License-Identifier: BSD-2-Clause */
#include <math.h>

#include "base/must.h"
#include "core/clock/drift.h"
#include "fuzz/fuzz.h"

/* Whatever the file says, a frequency that comes out is sane, and can be written and read again. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct node_saved saved, back;
    enum drift_result result = drift_parse(&saved, bytes, size);
    char text[DRIFT_TEXT_SIZE];
    size_t length;

    must(result < DRIFT_RESULT_COUNT && drift_sentence(result));
    must(saved.have_freq == (result == DRIFT_OK));
    if (result != DRIFT_OK) {
        return 0;
    }
    must(fabs(saved.freq_s_per_s) <= 0.1 + 1e-9);
    must(saved.freq_sd_s_per_s >= 0 && saved.freq_sd_s_per_s <= 5e-3 + 1e-9);
    length = drift_format(&saved, text);
    must(drift_parse(&back, (const uint8_t *)text, length) == DRIFT_OK);
    must(fabs(back.freq_s_per_s - saved.freq_s_per_s) < 1e-12);
    return 0;
}
