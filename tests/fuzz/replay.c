/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * replay.c - runs a fuzz target without a fuzzer, under any compiler.
 *
 * Feeds it the files of its corpus (whatever a fuzzer once found stays tested), each of them cut
 * short at every length, and a fixed series of pseudo-random inputs.  TAP on standard output; a
 * bug shows as a crash.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"

enum { INPUT_MAX = 65536, RANDOM_INPUTS = 20000, RANDOM_LENGTH_MAX = 1500, CUTS_MAX = 2048 };

/* Pseudo-random bits from a 64-bit state (xorshift), the same in every run. */
static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Gives the target its own copy of exactly `size` bytes, so that a sanitizer sees any overrun. */
static void feed(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);

    if (copy == NULL) {
        abort();
    }
    memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

/* Feeds one file and its prefixes; returns 0 when it could not be read. */
static int replay_file(const char *folder, const char *name)
{
    static uint8_t input[INPUT_MAX];
    char path[4096];
    FILE *file;
    size_t size, cut;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "rb");
    if (file == NULL) {
        return 0;
    }
    size = fread(input, 1, sizeof input, file);
    fclose(file);
    feed(input, size);
    for (cut = 0; cut < size && cut < CUTS_MAX; cut++) {
        feed(input, cut);
    }
    return 1;
}

static unsigned replay_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    unsigned files = 0;

    if (dir == NULL) {
        return 0;
    }
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] != '.') {
            files += (unsigned)replay_file(folder, entry->d_name);
        }
    }
    closedir(dir);
    return files;
}

int main(int argc, char **argv)
{
    uint8_t input[RANDOM_LENGTH_MAX];
    uint64_t state = UINT64_C(0x9e3779b97f4a7c15);
    unsigned files, i;

    printf("1..2\n");
    files = argc > 1 ? replay_folder(argv[1]) : 0;
    if (files > 0) {
        printf("ok 1 - %u corpus files and their prefixes are taken without a crash\n", files);
    } else {
        printf("ok 1 - corpus # SKIP no corpus for this target yet\n");
    }
    for (i = 0; i < RANDOM_INPUTS; i++) {
        size_t size = (size_t)(next_random(&state) % (i % 4 == 0 ? RANDOM_LENGTH_MAX : 128));
        size_t at;

        for (at = 0; at < size; at++) {
            input[at] = (uint8_t)(next_random(&state) >> 32);
        }
        feed(input, size);
    }
    printf("ok 2 - %d random inputs are taken without a crash\n", RANDOM_INPUTS);
    return 0;
}
