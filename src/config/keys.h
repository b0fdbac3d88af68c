/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * keys.h - symmetric keys from the text of a key file, as chrony and ntp write them.
 *
 * A line is ID [TYPE] KEY, MD5 without a type.  KEY begins with ASCII: or HEX:; without either it
 * is text for chrony.  For ntp it is hexadecimal when longer than 20 characters: so it is read here
 * when the file is of ntp.conf(5), and when the type's name is one that only ntp knows.
 */
#ifndef CONFIG_KEYS_H
#define CONFIG_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "config/message.h"
#include "crypto/mac.h"

enum { KEYS_MAX = 1024, KEYS_FILE_MAX = 256 << 10 };

struct keys_input {
    const char *file; /* its name, for messages */
    const char *text;
    size_t size;
    bool of_ntp; /* named by an ntp.conf(5) */
};

/*
 * Reads keys into keys[max], in ascending order of their ids, and returns how many.  A line that
 * can't be used is a warning that says why: the other keys hold.
 */
size_t keys_parse(const struct keys_input *input, struct mac_key *keys, size_t max,
                  struct config_report *report);

#endif
