/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/view_auth.h"

#include "wire/keys.h"

const char *view_auth_mark(const struct source_status *source)
{
    return source->auth == AUTH_MODE_NTS ? " nts" : source->auth == AUTH_MODE_KEY ? " key" : "";
}

static bool has_certificate(const struct source_status *source)
{
    return source->cert_from.ns < source->cert_until.ns;
}

static void add_detail(struct text *text, const struct source_status *source)
{
    if (source->ke_result == KEYS_MESSAGE) {
        text_add(text, ": ");
        text_add(text, ke_fault_sentence((enum ke_fault)source->ke_detail));
    } else if (source->ke_result == KEYS_ERROR) {
        static const char *const errors[] = {
            [KE_ERROR_UNKNOWN_CRITICAL] = ": it does not know a record that must be understood",
            [KE_ERROR_BAD_REQUEST] = ": it takes the request for a bad one",
            [KE_ERROR_INTERNAL] = ": it has an internal error",
        };
        text_add(text, source->ke_detail < sizeof errors / sizeof *errors
                           ? errors[source->ke_detail]
                           : ": with an error that is not known here");
    } else if (source->ke_detail != 0 &&
               (source->ke_result == KEYS_TLS || source->ke_result == KEYS_CERTIFICATE)) {
        text_add(text, " (OpenSSL's error ");
        text_u64(text, source->ke_detail);
        text_char(text, ')');
    }
}

static void add_validity(struct text *text, const struct view *view,
                         const struct source_status *source)
{
    text_add(text, "valid from ");
    view_when(text, view, source->cert_from);
    text_add(text, " until ");
    view_when(text, view, source->cert_until);
}

void view_auth_no_keys(struct text *text, const struct view *view,
                       const struct source_status *source)
{
    if (source->ke_result == KEYS_NONE) {
        text_add(text, "its keys are being exchanged (NTS)");
        return;
    }
    if (source->ke_result == KEYS_OK) {
        text_add(text, source->naks > 0 ? "it could not read its own cookies (NTS NAK): new keys "
                                          "are being exchanged"
                                        : "the cookies are used up: new keys are being exchanged");
        return;
    }
    text_add(text, "no keys (NTS): ");
    text_add(text, keys_result_sentence(source->ke_result));
    add_detail(text, source);
    if (has_certificate(source) &&
        (source->ke_result == KEYS_EXPIRED || source->ke_result == KEYS_NOT_YET)) {
        text_add(text, ", ");
        add_validity(text, view, source);
    }
    text_add(text, "; ");
    view_plural(text, source->ke_attempts, "attempt");
}

void view_auth_doubt(struct text *text, const struct view *view, const struct source_status *source)
{
    text_add(text, "its certificate is ");
    add_validity(text, view, source);
    text_add(text, source->cert_until.ns <= view->now.ns ? ", which is over by this clock"
                   : source->cert_from.ns > view->now.ns
                       ? ", which is still to come by this clock"
                       : ", but this clock is not known to be right");
}

const char *view_auth_advice(const struct source_status *source)
{
    switch ((enum keys_result)source->ke_result) {
    case KEYS_TIMEOUT:
    case KEYS_UNREACHABLE:
        return "Let TCP to port 4460 (or `ntsport`) of the server pass; `noon query NAME` shows "
               "whether NTP alone does. It is tried again by itself.";
    case KEYS_REFUSED:
        return "Does it offer NTS, and on this port (`ntsport`)? It is tried again by itself.";
    case KEYS_UNTRUSTED:
        return "If the issuer is to be trusted, name its certificate by `ntstrustedcerts`; "
               "otherwise somebody answers in the server's place.";
    case KEYS_NAME:
        return "Write the source by the name that its certificate has, not by its address.";
    case KEYS_EXPIRED:
    case KEYS_NOT_YET:
        return "The server's operator has to renew its certificate; or this clock is wrong.";
    case KEYS_CERTIFICATES:
        return "Its log says which file of `ntstrustedcerts` could not be read.";
    case KEYS_NO_HELPER:
        return "noon-helper must be installed beside noond, and noond must not run as --single.";
    case KEYS_NONE:
    case KEYS_OK:
        return "Wait for the exchange, or look at TCP port 4460 on the way.";
    case KEYS_CLOSED:
    case KEYS_SLOW:
    case KEYS_TLS:
    case KEYS_PROTOCOL:
    case KEYS_CERTIFICATE:
    case KEYS_MESSAGE:
    case KEYS_ERROR:
    case KEYS_SERVER:
    case KEYS_RESULT_COUNT:
        break;
    }
    return "The server's operator has to mend it; it is tried again by itself, ever less often.";
}

static void add_nts(struct text *text, const struct view *view, const struct source_status *source)
{
    if (source->last_ke.ns != 0) {
        text_add(text, "NTS with ");
        text_add(text, aead_name(source->key_type));
        text_add(text, ", ");
        view_plural(text, source->cookies, "cookie");
        text_add(text, " of ");
        text_u64(text, source->cookie_size);
        text_add(text, " octets; keys exchanged ");
        view_when_ago(text, view, source->last_ke);
    } else {
        text_add(text, "NTS, without keys");
    }
    text_add(text, "; ");
    view_plural(text, source->ke_attempts, "exchange");
    text_add(text, " tried");
    if (source->ke_took_s > 0) {
        text_add(text, ", the last took ");
        text_duration(text, source->ke_took_s);
    }
    if (source->ke_result > KEYS_OK) {
        text_add(text, " and failed: ");
        text_add(text, keys_result_sentence(source->ke_result));
        add_detail(text, source);
    }
    if (source->naks > 0) {
        text_add(text, "; ");
        view_plural(text, source->naks, "NAK");
    }
    if (has_certificate(source)) {
        text_add(text, "; certificate ");
        add_validity(text, view, source);
    }
}

void view_auth(struct text *text, const struct view *view, const struct source_status *source)
{
    if (source->auth == AUTH_MODE_NTS) {
        add_nts(text, view, source);
    } else if (source->auth == AUTH_MODE_KEY) {
        text_add(text, "symmetric key ");
        text_u64(text, source->key);
        if (source->key_bits > 0) {
            text_add(text, " of ");
            text_u64(text, source->key_bits);
            text_add(text, " bits");
        }
    }
}
