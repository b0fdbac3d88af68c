/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_keygen.c - `noon keygen`: a line for a file of symmetric keys, as chronyc prints it. */
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "cli/command.h"
#include "config/keys.h"
#include "config/number.h"
#include "sys/entropy.h"

enum { BITS_STANDARD = 160, BITS_LEAST = 80, BITS_MOST = 4096, OCTET = 8, LINE = 1100 };

static enum exit_code refuse(const char *what, const char *expected)
{
    fprintf(stderr, "noon: \"%s\" can't be that; expected %s\n", what, expected);
    return EXIT_CODE_USAGE;
}

enum exit_code command_keygen(const struct cli *cli)
{
    char *const *words = cli->arguments;
    int count = cli->argument_count;
    int64_t id = 1, bits = BITS_STANDARD;
    enum mac_type type = MAC_SHA1;
    uint8_t secret[MAC_SECRET_MAX];
    char line[LINE];
    struct text text = text_begin(line, sizeof line);
    bool of_ntp;

    if (count > 0 && (!number_whole(words[0], 10, &id) || id < 1 || id > UINT32_MAX)) {
        return refuse(words[0], "the key's number, 1 to 4294967295");
    }
    if (count > 1 && !mac_type_find(words[1], &type, &of_ntp)) {
        return refuse(words[1], "MD5, SHA1, SHA256, SHA384, SHA512, AES128 or AES256");
    }
    size_t size = mac_secret_size(type); /* AES has but one, whatever is asked for */
    if (count > 2 && (!number_whole(words[2], 10, &bits) ||
                      (size == 0 && (bits < BITS_LEAST || bits > BITS_MOST)))) {
        return refuse(words[2], "80 to 4096 bits");
    }
    if (size == 0) {
        size = (size_t)(bits + OCTET - 1) / OCTET;
    }
    entropy_fill(secret, size);
    text_u64(&text, (uint64_t)id);
    text_char(&text, ' ');
    text_add(&text, mac_type_name(type));
    text_add(&text, " HEX:");
    for (size_t i = 0; i < size; i++) {
        static const char digits[] = "0123456789ABCDEF";

        text_char(&text, digits[secret[i] >> 4]);
        text_char(&text, digits[secret[i] & 15]);
    }
    return puts(line) < 0 || fflush(stdout) != 0 ? EXIT_CODE_NO : EXIT_CODE_OK;
}
