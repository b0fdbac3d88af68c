/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * drop.h - every reason for which a datagram or a sample is not used.
 *
 * Each reason is a counter in the status record and a word in `noon why`.  DROP_LIST pairs the
 * constant with its name in JSON and the sentence that people read.
 */
#ifndef WIRE_DROP_H
#define WIRE_DROP_H

#define DROP_LIST(X)                                                                               \
    X(NONE, "none", "accepted")                                                                    \
    X(SHORT, "short", "shorter than an NTP header")                                                \
    X(FORMAT, "format", "malformed extension fields or MAC")                                       \
    X(VERSION, "version", "a version of NTP that is not spoken here")                              \
    X(MODE, "mode", "a mode of NTP that is not expected here")                                     \
    X(ORIGIN, "origin", "not an answer to what was asked (duplicate, late or forged)")             \
    X(UNSYNCHRONISED, "unsynchronised", "the server says that it has no time (leap 3)")            \
    X(STRATUM, "stratum", "the server's stratum is 0, above 15, or outside what is allowed")       \
    X(ROOT_DISTANCE, "root-distance", "the server is too far from its own reference")              \
    X(REFERENCE_TIME, "reference-time", "the server was set after it answered, or long ago")       \
    X(LOOP, "loop", "the server follows this machine")                                             \
    X(DELAY, "delay", "the round trip was longer than allowed")                                    \
    X(NEGATIVE_DELAY, "negative-delay", "the round trip is shorter than the server's own part")    \
    X(AMBIGUOUS_STAMP, "ambiguous-stamp", "the clock was stepped while the answer was in flight")  \
    X(KOD_RATE, "kod-rate", "the server asks for fewer requests (RATE)")                           \
    X(KOD_DENY, "kod-deny", "the server refuses this machine (DENY, RSTR)")                        \
    X(KOD_OTHER, "kod-other", "the server sent another kiss code")                                 \
    X(TEST_DEVIATION, "deviation", "the delay stands out against the offsets seen so far")         \
    X(LEAP_WINDOW, "leap-window", "measured within two seconds of a leap second")                  \
    X(ACCESS, "access", "the address is not allowed")                                              \
    X(RATE_LIMIT, "rate-limit", "the client asks too often")                                       \
    X(NOT_SERVING, "not-serving", "this machine does not serve time now")                          \
    X(STALE, "stale", "waited too long to be answered truthfully")                                 \
    X(SERVER_TIME, "server-time", "the server's two times contradict each other or are missing")   \
    X(SOURCE, "source", "the sender's address or port can't be that of a client")                  \
    X(UNAUTHENTICATED, "unauthenticated", "not authenticated, as it must be")                      \
    X(BAD_MAC, "bad-mac", "its MAC is wrong, or of a key that is not known here")                  \
    X(CRYPTO_NAK, "crypto-nak", "the server does not know the key, or has another one")            \
    X(NTS_ID, "nts-id", "not a reply to what was asked (NTS identifier)")                          \
    X(NTS_FORGED, "nts-forged", "its NTS authenticator is wrong: forged, or changed on the way")   \
    X(NTS_NAK, "nts-nak", "the server can't read the cookie (NTS NAK)")                            \
    X(NTS_COOKIE, "nts-cookie", "its NTS cookie is not of this server, or it was changed")         \
    X(NTS_NOT_SERVED, "nts-not-served", "it asks by NTS, which is not served here")

enum drop_reason {
#define DROP_ENUM(name, word, sentence) DROP_##name,
    DROP_LIST(DROP_ENUM)
#undef DROP_ENUM
        DROP_COUNT
};

/* The reason's name in JSON and counters, "root-distance"; never NULL. */
const char *drop_word(enum drop_reason reason);
/* The reason as a clause for people; never NULL. */
const char *drop_sentence(enum drop_reason reason);

#endif
