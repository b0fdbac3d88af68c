/* SPDX-License-Identifier: BSD-2-Clause */
/* http.h - one request over HTTP and its answer, by libcurl; signed for Amazon where asked for. */
#ifndef REGISTER_HTTP_H
#define REGISTER_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

enum { HTTP_BODY_MAX = 256 << 10, HTTP_HEADERS_MAX = 4 };

/* Signature version 4, which libcurl makes of all headers and the body. */
struct http_signature {
    const char *region, *service;
    const char *key_id, *secret;
};

struct http_request {
    const char *method, *url;
    const char *body; /* NULL: none */
    const char *headers[HTTP_HEADERS_MAX];
    const struct http_signature *signature; /* NULL: not signed */
    const char *authorities;                /* file of certificates to trust; NULL: the system's */
    bool local; /* plain HTTP on the link, past any proxy; else HTTPS alone */
    long timeout_ms;
};

struct http_answer {
    long status;
    char *body; /* ended by a zero; from malloc(), for http_done() */
    size_t size;
};

/* Once, before threads. */
bool http_open(void);

/* Redirections are not followed.  False: no answer; *why says why. */
bool http_ask(const struct http_request *request, struct http_answer *answer, struct text *why);
void http_done(struct http_answer *answer);

#endif
