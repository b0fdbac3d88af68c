/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/owner.h"

#include <grp.h>
#include <stddef.h>
#include <sys/stat.h>

#include "base/text.h"

bool owner_group(const char *path, char name[static OWNER_NAME_SIZE])
{
    struct text text = text_begin(name, OWNER_NAME_SIZE);
    const struct group *group;
    struct stat info;

    if (stat(path, &info) != 0) {
        return false;
    }
    group = getgrgid(info.st_gid);
    if (group != NULL) {
        text_add(&text, group->gr_name);
    } else {
        text_u64(&text, info.st_gid);
    }
    return true;
}
