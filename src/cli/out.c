/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/out.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sys/terminal.h"

enum { FIXED_OCTETS = 32 << 10, SOURCE_OCTETS = 1024 };

struct text out_begin(size_t sources)
{
    size_t size = FIXED_OCTETS + sources * SOURCE_OCTETS;
    char *buffer = malloc(size);

    if (buffer == NULL) {
        fprintf(stderr, "noon: no memory\n");
        exit(EXIT_CODE_NO);
    }
    return text_begin(buffer, size);
}

enum exit_code out_end(struct text *text, enum exit_code code)
{
    fwrite(text->start, 1, text->length, stdout);
    fflush(stdout);
    out_free(text);
    return code;
}

void out_free(struct text *text)
{
    free(text->start);
    text->start = NULL;
}

/* "+0230" as strftime() gives it, in s. */
static int32_t zone_from_text(const char *text)
{
    long value = strtol(text, NULL, 10);
    long size = labs(value);
    long s = size / 100 * 3600 + size % 100 * 60;

    return (int32_t)(value < 0 ? -s : s);
}

struct view out_view(const struct node_status *node)
{
    const char *no_color = getenv("NO_COLOR");
    time_t now = (time_t)(node->now.ns / NS_PER_S);
    const struct tm *here = localtime(&now);
    char zone[16] = "";

    if (here == NULL || strftime(zone, sizeof zone, "%z", here) == 0) {
        zone[0] = '\0';
    }
    return (struct view){
        .now = node->now,
        .zone_s = zone_from_text(zone),
        .color = terminal_is_screen() && (no_color == NULL || *no_color == '\0'),
    };
}
