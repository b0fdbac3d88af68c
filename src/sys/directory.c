/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/directory.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "sys/storage.h"

enum err directory_list(const char *path, char *buffer, size_t capacity, size_t *size)
{
    DIR *directory = opendir(path);
    struct dirent *entry;
    enum err error = ERR_NONE;

    *size = 0;
    if (!directory) {
        return storage_err(errno);
    }
    while (error == ERR_NONE && (entry = readdir(directory)) != NULL) {
        size_t length = strlen(entry->d_name) + 1;

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        if (*size + length > capacity) {
            error = ERR_FULL;
        } else {
            memcpy(buffer + *size, entry->d_name, length);
            *size += length;
        }
    }
    closedir(directory);
    return error;
}

bool directory_exists(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}
