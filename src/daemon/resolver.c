/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/resolver.h"

#include <string.h>

#include "base/must.h"
#include "sys/resolve.h"
#include "sys/unix_socket.h"
#include "wire/resolve.h"

/* The C library tells no TTL: ask again after so long. */
enum { IN_PROCESS_TTL_S = 300 };

void resolver_init(struct resolver *resolver, bool in_process)
{
    memset(resolver, 0, sizeof *resolver);
    resolver->fd = -1;
    resolver->in_process = in_process;
}

void resolver_ask(struct resolver *resolver, const struct action_resolve *question)
{
    if (resolver->count == RESOLVER_QUEUE) {
        return;
    }
    resolver->queue[(resolver->first + resolver->count++) % RESOLVER_QUEUE] = *question;
}

bool resolver_needs_helper(const struct resolver *resolver)
{
    return !resolver->in_process && resolver->fd < 0 && resolver->count > 0;
}

void resolver_attach(struct resolver *resolver, int fd)
{
    unix_close(&resolver->fd);
    resolver->fd = fd;
}

static void drop_first(struct resolver *resolver)
{
    must(resolver->count > 0);
    resolver->first = (resolver->first + 1) % RESOLVER_QUEUE;
    resolver->count--;
}

void resolver_flush(struct resolver *resolver)
{
    while (resolver->fd >= 0 && resolver->count > 0) {
        const struct action_resolve *asked = &resolver->queue[resolver->first];
        struct resolve_question question = {.query = asked->query,
                                            .family = asked->family,
                                            .method = asked->method,
                                            .flags = asked->flags};
        uint8_t bytes[RESOLVE_QUESTION_SIZE];
        size_t done = 0;
        enum err error;

        memcpy(question.name, asked->name, sizeof question.name);
        resolve_question_encode(&question, bytes);
        error = unix_write(resolver->fd, bytes, sizeof bytes, &done);
        if (error == ERR_AGAIN) {
            return;
        }
        if (error != ERR_NONE) {
            unix_close(&resolver->fd);
            return;
        }
        drop_first(resolver);
    }
}

static bool answer_in_process(struct resolver *resolver, struct event_resolved *resolved)
{
    const struct action_resolve *asked = &resolver->queue[resolver->first];
    size_t count = 0;

    if (resolver->count == 0) {
        return false;
    }
    resolved->query = asked->query;
    resolved->ttl_s = IN_PROCESS_TTL_S;
    if (asked->method != RESOLVE_ADDRESSES) {
        resolved->result = RESOLVE_FAILED; /* only noon-helper can */
        drop_first(resolver);
        return true;
    }
    switch (resolve_name(asked->name, (enum address_family)asked->family, resolved->addresses,
                         RESOLVED_MAX, &count)) {
    case RESOLVE_STATUS_FOUND:
        resolved->result = RESOLVE_OK;
        break;
    case RESOLVE_STATUS_NO_NAME:
        resolved->result = RESOLVE_NO_NAME;
        break;
    case RESOLVE_STATUS_NO_DATA:
        resolved->result = RESOLVE_NO_DATA;
        break;
    case RESOLVE_STATUS_FAILED:
        resolved->result = RESOLVE_FAILED;
        break;
    }
    resolved->count = (uint8_t)count;
    for (size_t i = 0; i < count; i++) {
        resolved->found[i] = (struct found){.how = FOUND_DNS};
    }
    drop_first(resolver);
    return true;
}

bool resolver_answer(struct resolver *resolver, struct event *event)
{
    uint8_t bytes[RESOLVE_ANSWER_SIZE];
    struct resolve_answer answer;
    size_t size = 0;
    enum err error;

    memset(event, 0, sizeof *event);
    event->kind = EVENT_RESOLVED;
    if (resolver->in_process) {
        return answer_in_process(resolver, &event->resolved);
    }
    if (resolver->fd < 0) {
        return false;
    }
    error = unix_read(resolver->fd, bytes, sizeof bytes, &size);
    if (error == ERR_AGAIN) {
        return false;
    }
    if (error != ERR_NONE || !resolve_answer_decode(&answer, bytes, size)) {
        /* The node asks again after a time-out, of a new helper. */
        unix_close(&resolver->fd);
        return false;
    }
    event->resolved.query = answer.query;
    event->resolved.result = answer.result;
    event->resolved.ttl_s = answer.ttl_s;
    event->resolved.count = answer.count;
    event->resolved.unvalidated = answer.flags == RESOLVE_UNVALIDATED;
    memcpy(event->resolved.addresses, answer.addresses, sizeof answer.addresses);
    memcpy(event->resolved.found, answer.found, sizeof answer.found);
    return true;
}
