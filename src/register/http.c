/* SPDX-License-Identifier: BSD-2-Clause */
#include "register/http.h"

#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

bool http_open(void)
{
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

/* libcurl's type; what would be too long ends the transfer. */
static size_t take(char *bytes, size_t one, size_t count, void *data)
{
    struct http_answer *answer = data;
    size_t size = one * count;

    if (size > HTTP_BODY_MAX - answer->size) {
        return 0;
    }
    memcpy(answer->body + answer->size, bytes, size);
    answer->size += size;
    answer->body[answer->size] = '\0';
    return size;
}

static bool set_signature(CURL *curl, const struct http_signature *signature)
{
    char provider[300], user[400];
    struct text text = text_begin(provider, sizeof provider);

    text_add(&text, "aws:amz:");
    text_add(&text, signature->region);
    text_char(&text, ':');
    text_add(&text, signature->service);
    struct text login = text_begin(user, sizeof user);
    text_add(&login, signature->key_id);
    text_char(&login, ':');
    text_add(&login, signature->secret);
    bool good = !text.overrun && !login.overrun &&
                curl_easy_setopt(curl, CURLOPT_AWS_SIGV4, provider) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_USERPWD, user) == CURLE_OK;
    explicit_bzero(user, sizeof user);
    return good;
}

static bool set_up(CURL *curl, const struct http_request *request, struct curl_slist *headers,
                   struct http_answer *answer)
{
    CURLcode bad = CURLE_OK;

    bad |= curl_easy_setopt(curl, CURLOPT_URL, request->url);
    bad |= curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
    bad |= curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, request->local ? "http" : "https");
    bad |= curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, request->timeout_ms);
    bad |= curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, request->timeout_ms / 2);
    bad |= curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    bad |= curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    bad |= curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    bad |= curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    bad |= curl_easy_setopt(curl, CURLOPT_USERAGENT, "noon-register/" NOON_VERSION);
    if (request->body != NULL) {
        bad |= curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body);
    }
    if (request->local) {
        bad |= curl_easy_setopt(curl, CURLOPT_PROXY, "");
    }
    if (request->authorities != NULL) {
        bad |= curl_easy_setopt(curl, CURLOPT_CAINFO, request->authorities);
    }
    return bad == CURLE_OK &&
           (request->signature == NULL || set_signature(curl, request->signature));
}

static struct curl_slist *list_headers(const struct http_request *request, bool *good)
{
    struct curl_slist *list = NULL;

    for (size_t i = 0; i < HTTP_HEADERS_MAX && request->headers[i] != NULL; i++) {
        struct curl_slist *longer = curl_slist_append(list, request->headers[i]);

        *good = *good && longer != NULL;
        list = longer != NULL ? longer : list;
    }
    return list;
}

bool http_ask(const struct http_request *request, struct http_answer *answer, struct text *why)
{
    bool good = true;
    struct curl_slist *headers = list_headers(request, &good);
    CURL *curl = curl_easy_init();
    CURLcode code = CURLE_OUT_OF_MEMORY;

    *answer = (struct http_answer){.body = malloc(HTTP_BODY_MAX + 1)};
    if (good && curl != NULL && answer->body != NULL && set_up(curl, request, headers, answer)) {
        answer->body[0] = '\0';
        code = curl_easy_perform(curl);
        (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer->status);
    }
    if (code != CURLE_OK) {
        text_add(why,
                 code == CURLE_WRITE_ERROR ? "its answer is too long" : curl_easy_strerror(code));
        http_done(answer);
    }
    curl_easy_cleanup(curl);
    curl_slist_free_all(headers);
    return code == CURLE_OK;
}

void http_done(struct http_answer *answer)
{
    free(answer->body);
    *answer = (struct http_answer){.body = NULL};
}
