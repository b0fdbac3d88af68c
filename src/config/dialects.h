/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dialects.h - the readers of the dialects that are not native, each in three parts: what its
 * daemon does unless told otherwise, one line, and what is settled when all lines were read.
 */
#ifndef CONFIG_DIALECTS_H
#define CONFIG_DIALECTS_H

#include "config/parser.h"

void ntp_begin(struct parser *parser);
bool ntp_directive(struct parser *parser);
void ntp_finish(struct parser *parser);

/* `restrict` and `unrestrict` lines of ntp.conf. */
bool ntp_restrict(struct parser *parser);
bool ntp_unrestrict(struct parser *parser);
/* Who is not mentioned is served.  False: no room for the rule that says so. */
bool ntp_restrict_finish(struct parser *parser);

bool openntpd_directive(struct parser *parser);

void timesyncd_begin(struct parser *parser);
/* A line of size octets; it has a grammar of its own. */
bool timesyncd_line(struct parser *parser);
/* A comment may name what the distribution has built in. */
void timesyncd_comment(struct parser *parser, const char *line, size_t size);
void timesyncd_finish(struct parser *parser);

#endif
