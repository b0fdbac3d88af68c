/* SPDX-License-Identifier: BSD-2-Clause */
#include "register/credentials.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "register/http.h"
#include "sys/storage.h"

#define METADATA "http://169.254.169.254/latest/"

enum { METADATA_TIMEOUT_MS = 2000, OTHERS_MAY_READ = 07 };

static bool put(char *out, size_t size, const char *value, size_t length)
{
    struct text text = text_begin(out, size);

    text_add_n(&text, value, length);
    return !text.overrun && length > 0;
}

/* `word = value` in one line of a file. */
static bool take_line(struct credentials *credentials, const char *line, size_t length)
{
    const char *equals = memchr(line, '=', length);
    const struct {
        const char *word;
        char *out;
        size_t size;
    } known[] = {
        {"aws_access_key_id", credentials->key_id, sizeof credentials->key_id},
        {"aws_secret_access_key", credentials->secret, sizeof credentials->secret},
        {"aws_session_token", credentials->token, sizeof credentials->token},
    };
    size_t word = strcspn(line, " \t=");

    if (equals == NULL) {
        return true;
    }
    const char *value = equals + 1 + strspn(equals + 1, " \t");
    size_t size = strcspn(value, " \t\r\n");
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (word == strlen(known[i].word) && strncmp(line, known[i].word, word) == 0) {
            return put(known[i].out, known[i].size, value, size);
        }
    }
    return true;
}

bool credentials_of_file(struct credentials *credentials, const char *text)
{
    bool inside = false;

    *credentials = (struct credentials){.key_id = ""};
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");

        if (*text == '[') {
            inside = strncmp(text, "[default]", 9) == 0;
        } else if (inside && *text != '#' && !take_line(credentials, text, length)) {
            return false;
        }
        text += length + (text[length] == '\n');
    }
    return credentials->key_id[0] != '\0' && credentials->secret[0] != '\0';
}

bool credentials_of_role(struct credentials *credentials, const char *json)
{
    json_t *root = json_loads(json, 0, NULL);
    const char *key_id = NULL, *secret = NULL, *token = NULL;
    bool good = root != NULL && json_unpack(root, "{s:s,s:s,s:s}", "AccessKeyId", &key_id,
                                            "SecretAccessKey", &secret, "Token", &token) == 0;

    *credentials = (struct credentials){.key_id = ""};
    good = good && put(credentials->key_id, sizeof credentials->key_id, key_id, strlen(key_id)) &&
           put(credentials->secret, sizeof credentials->secret, secret, strlen(secret)) &&
           put(credentials->token, sizeof credentials->token, token, strlen(token));
    json_decref(root);
    return good;
}

static bool read_file(struct credentials *credentials, const char *path, struct text *why)
{
    char text[CREDENTIALS_FILE_MAX + 1];
    struct storage_secret file = {
        .path = path, .fd = -1, .bytes = text, .capacity = CREDENTIALS_FILE_MAX};

    text_add(why, path);
    if (storage_read_secret(&file) != ERR_NONE) {
        text_add(why, ": there is no such file, or it may not be read");
        return false;
    }
    text[file.size] = '\0';
    bool good = credentials_of_file(credentials, text);
    explicit_bzero(text, sizeof text);
    if ((file.mode & OTHERS_MAY_READ) != 0) {
        text_add(why, ": everybody may read it, so that it keeps no secret: chmod o= it");
        return false;
    }
    text_add(why, good ? "" : ": no aws_access_key_id and aws_secret_access_key in [default]");
    return good;
}

static bool read_environment(struct credentials *credentials)
{
    const char *key_id = getenv("AWS_ACCESS_KEY_ID"), *secret = getenv("AWS_SECRET_ACCESS_KEY");
    const char *token = getenv("AWS_SESSION_TOKEN");

    *credentials = (struct credentials){.key_id = ""};
    return key_id != NULL && secret != NULL &&
           put(credentials->key_id, sizeof credentials->key_id, key_id, strlen(key_id)) &&
           put(credentials->secret, sizeof credentials->secret, secret, strlen(secret)) &&
           (token == NULL || *token == '\0' ||
            put(credentials->token, sizeof credentials->token, token, strlen(token)));
}

/* One question to the metadata service; `token` NULL: asks for one. */
static bool ask_metadata(struct http_answer *answer, const char *path, const char *token)
{
    char url[512], header[CREDENTIALS_TOKEN_SIZE + 32], unused[200];
    struct text at = text_begin(url, sizeof url), line = text_begin(header, sizeof header);
    struct text why = text_begin(unused, sizeof unused);
    struct http_request request = {.method = token == NULL ? "PUT" : "GET",
                                   .url = url,
                                   .headers = {header},
                                   .local = true,
                                   .timeout_ms = METADATA_TIMEOUT_MS};

    text_add(&at, METADATA);
    text_add(&at, path);
    text_add(&line, token == NULL ? "X-aws-ec2-metadata-token-ttl-seconds: 60"
                                  : "X-aws-ec2-metadata-token: ");
    text_add(&line, token == NULL ? "" : token);
    if (at.overrun || line.overrun || !http_ask(&request, answer, &why)) {
        return false;
    }
    /* A portal or a proxy answers with a page: neither a token nor a role's name has blanks. */
    if (answer->status != 200 || answer->size == 0) {
        http_done(answer);
        return false;
    }
    return true;
}

static bool is_one_word(const struct http_answer *answer)
{
    return answer->size < CREDENTIALS_TOKEN_SIZE &&
           answer->body[strspn(answer->body,
                               "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                               "+=,.@_-/")] == '\0';
}

static bool ask_role(struct credentials *credentials, const char *token)
{
    static const char path[] = "meta-data/iam/security-credentials/";
    struct http_answer role = {.body = NULL}, keys = {.body = NULL};
    char of_role[256];
    struct text text = text_begin(of_role, sizeof of_role);
    bool good = ask_metadata(&role, path, token) && is_one_word(&role);

    text_add(&text, path);
    text_add(&text, good ? role.body : "");
    good = good && !text.overrun && ask_metadata(&keys, of_role, token) &&
           credentials_of_role(credentials, keys.body);
    if (keys.body != NULL) {
        explicit_bzero(keys.body, keys.size);
    }
    http_done(&role);
    http_done(&keys);
    return good;
}

bool credentials_find(struct credentials *credentials, const char *file, struct text *why)
{
    struct http_answer token = {.body = NULL};
    bool good;

    if (file[0] != '\0') {
        return read_file(credentials, file, why);
    }
    if (read_environment(credentials)) {
        return true;
    }
    good = ask_metadata(&token, "api/token", NULL) && is_one_word(&token) &&
           ask_role(credentials, token.body);
    http_done(&token);
    if (!good) {
        text_add(why, "there are no credentials: neither a `credentials` file, nor "
                      "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, nor a role of this machine");
    }
    return good;
}
