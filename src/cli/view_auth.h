/* SPDX-License-Identifier: BSD-2-Clause */
/* view_auth.h - how a source is authenticated, and why it is not, in words. */
#ifndef CLI_VIEW_AUTH_H
#define CLI_VIEW_AUTH_H

#include "cli/view.h"

/* " nts", " key" or nothing: beside the state in a table. */
const char *view_auth_mark(const struct source_status *source);
/* "NTS with AES-SIV-CMAC-256, 8 cookies, keys exchanged 14:02 ..."; nothing when there is none. */
void view_auth(struct text *text, const struct view *view, const struct source_status *source);
/* Why there are no keys, as a clause. */
void view_auth_no_keys(struct text *text, const struct view *view,
                       const struct source_status *source);
/* Why its certificate is not believed, as a clause. */
void view_auth_doubt(struct text *text, const struct view *view,
                     const struct source_status *source);
/* What to do about missing keys. */
const char *view_auth_advice(const struct source_status *source);

#endif
