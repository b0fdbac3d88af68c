/* SPDX-License-Identifier: BSD-2-Clause */
#include "helper/tls.h"

#include <openssl/x509v3.h>

#include "base/address.h"

static struct utc_time utc_of(const ASN1_TIME *time)
{
    struct tm tm;
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    int days = 0, seconds = 0;
    int64_t s = 0;

    if (epoch != NULL && ASN1_TIME_to_tm(time, &tm) == 1 &&
        ASN1_TIME_diff(&days, &seconds, epoch, time) == 1) {
        s = (int64_t)days * 86400 + seconds;
    }
    ASN1_TIME_free(epoch);
    /* A date without end ("99991231235959Z") is beyond what ns since 1970 can count. */
    return (struct utc_time){s > INT64_MAX / NS_PER_S   ? INT64_MAX
                             : s < INT64_MIN / NS_PER_S ? INT64_MIN
                                                        : s * NS_PER_S};
}

void tls_validity(STACK_OF(X509) * chain, struct utc_time *from, struct utc_time *until)
{
    from->ns = INT64_MIN;
    until->ns = INT64_MAX;
    for (int i = 0; i < sk_X509_num(chain); i++) {
        const X509 *one = sk_X509_value(chain, i);
        struct utc_time begin = utc_of(X509_get0_notBefore(one));
        struct utc_time end = utc_of(X509_get0_notAfter(one));

        *from = begin.ns > from->ns ? begin : *from;
        *until = end.ns < until->ns ? end : *until;
    }
}

bool tls_demand(SSL *tls, const char *name, struct utc_time at)
{
    X509_VERIFY_PARAM *param = SSL_get0_param(tls);
    struct address literal;

    if (at.ns == 0) {
        /* Whoever asked judges the dates: noond knows how far its clock is to be trusted. */
        X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_NO_CHECK_TIME);
    } else {
        X509_VERIFY_PARAM_set_time(param, (time_t)(at.ns / NS_PER_S));
    }
    if (address_parse(&literal, name)) {
        size_t size = literal.family == ADDRESS_IPV4 ? 4 : 16;

        return X509_VERIFY_PARAM_set1_ip(param, literal.bytes, size) == 1;
    }
    SSL_set_hostflags(tls, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set1_host(tls, name) == 1 &&
           SSL_ctrl(tls, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                    (char *)(uintptr_t)name) == 1;
}
