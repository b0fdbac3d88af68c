/* SPDX-License-Identifier: BSD-2-Clause */
/* files.h - the files of a configuration, line by line: the first one and those it includes. */
#ifndef CONFIG_FILES_H
#define CONFIG_FILES_H

#include "config/parser.h"

/* The text, or the file, that the input names.  False: there was an error. */
bool files_read_main(struct parser *parser);

/* A file that a line asks for. */
bool files_read(struct parser *parser, const char *path);

/* Does the name match a pattern with *, ? and [...]? */
bool files_match(const char *pattern, const char *name);

#endif
