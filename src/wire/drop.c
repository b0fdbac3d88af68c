/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/drop.h"

const char *drop_word(enum drop_reason reason)
{
    static const char *const words[DROP_COUNT] = {
#define X(name, word, sentence) word,
        DROP_LIST(X)
#undef X
    };

    return (unsigned)reason < DROP_COUNT ? words[reason] : "unknown";
}

const char *drop_sentence(enum drop_reason reason)
{
    static const char *const sentences[DROP_COUNT] = {
#define X(name, word, sentence) sentence,
        DROP_LIST(X)
#undef X
    };

    return (unsigned)reason < DROP_COUNT ? sentences[reason] : "a reason that is not known here";
}
