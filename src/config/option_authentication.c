/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/option_rows.h"

static const struct option directives[] = {
    {.name = "keyfile",
     .section = SECTION_AUTHENTICATION,
     .scope = SCOPE_KEYFILE,
     .help = "The file with the symmetric keys, of `key` on server lines and of clients: lines of "
             "ID TYPE KEY, where TYPE is MD5, SHA1, SHA256, SHA384, SHA512, AES128 or AES256 and "
             "KEY begins with ASCII: or HEX:, as `noon keygen` prints them. Files of ntp are read "
             "too. Keep it from others: mode 0640. Read again at each reload.",
     .argument = {STRING("FILE", DAEMON(key_file))}},
    {.name = "ntsaeads",
     .section = SECTION_AUTHENTICATION,
     .arguments = "ID...",
     .help = "The ciphers for NTS, the best first, of clients and of the server: 15, "
             "AES-SIV-CMAC-256, which everybody has, and 30, AES-128-GCM-SIV, whose cookies are "
             "shorter. Without it, clients ask for 15 before 30, and the server gives 30 before "
             "15."},
    {.name = "ntsdumpdir",
     .section = SECTION_AUTHENTICATION,
     .help = "Where keys and cookies of NTS are kept over a restart, which then needs no key "
             "exchange. Without it, the state directory.",
     .argument = {STRING("DIRECTORY", DAEMON(nts_dir))}},
    {.name = "ntscachedir",
     .section = SECTION_AUTHENTICATION,
     .help = "The old name of `ntsdumpdir`.",
     .argument = {STRING("DIRECTORY", DAEMON(nts_dir))}},
    {.name = "ntsrefresh",
     .section = SECTION_AUTHENTICATION,
     .standard = "2419200",
     .help = "After how long (seconds) a client renews its NTS keys. 0: never.",
     .argument = {NUMBER("INTERVAL", NODE(nts_refresh_s), 0, 2147483647)}},
    {.name = "ntstrustedcerts",
     .section = SECTION_AUTHENTICATION,
     .repeats = true,
     .restart = true,
     .arguments = "[SET] FILE|DIRECTORY",
     .help = "Certificates that are trusted for NTS, in PEM: of authorities, or of a server "
             "itself. SET is a number by which `certset` names them; without it, 0.",
     .argument = {WORDS("FILE", 1, 2)}},
    {.name = "nosystemcert",
     .section = SECTION_AUTHENTICATION,
     .restart = true,
     .flag = DAEMON(no_system_certs),
     .help = "Does not trust the system's certificates for NTS."},
    {.name = "nocerttimecheck",
     .section = SECTION_AUTHENTICATION,
     .standard = "0",
     .help = "Ignores the dates of certificates before that many updates of the clock: for a "
             "machine whose clock may be wrong at the start, and that has fewer than three servers "
             "with NTS, which could vouch for the time. Whoever has an expired certificate's key "
             "can then send false time.",
     .argument = {WHOLE("UPDATES", NODE(no_cert_time_check), 0, 2147483647)}},
    {.name = "ntsciphersuites",
     .section = SECTION_AUTHENTICATION,
     .native = true,
     .restart = true,
     .help = "The cipher suites of TLS 1.3 for NTS, of the server and of clients, the best first, "
             "with colons between them: TLS_AES_256_GCM_SHA384, TLS_CHACHA20_POLY1305_SHA256, "
             "TLS_AES_128_GCM_SHA256, TLS_AES_128_CCM_SHA256, TLS_AES_128_CCM_8_SHA256. Without "
             "it, the usual three.",
     .argument = {STRING("LIST", DAEMON(nts_suites))}},
    {.name = "ntsport",
     .section = SECTION_AUTHENTICATION,
     .standard = "4460",
     .help = "The TCP port on which an NTS server exchanges keys.",
     .argument = {PORT("PORT", DAEMON(nts_port))}},
    {.name = "ntsservercert",
     .section = SECTION_AUTHENTICATION,
     .repeats = true,
     .arguments = "FILE",
     .help =
         "The certificate, in PEM and with its chain, of an NTS server. With several, each with "
         "its `ntsserverkey`, clients get the one for the name that they ask for. It is read "
         "again at each reload.",
     .argument = {WORDS("FILE", 1, 1)}},
    {.name = "ntsserverkey",
     .section = SECTION_AUTHENTICATION,
     .repeats = true,
     .arguments = "FILE",
     .help = "The private key, in PEM, of an `ntsservercert`, in the same order. Only the process "
             "that exchanges keys reads it.",
     .argument = {WORDS("FILE", 1, 1)}},
    {.name = "ntsprocesses",
     .section = SECTION_AUTHENTICATION,
     .standard = "1",
     .help = "How many threads exchange NTS keys, in the process of its own that does it. As many "
             "as processors can do so at a time.",
     .argument = {WHOLE_CLAMPED("PROCESSES", TYPE_INT, DAEMON(nts_threads), 0, 64)}},
    {.name = "maxntsconnections",
     .section = SECTION_AUTHENTICATION,
     .standard = "100",
     .help = "How many NTS key exchanges run at a time. One that takes longer than 5 seconds is "
             "broken off, and earlier when others wait. It holds for each of `ntsprocesses`.",
     .argument = {WHOLE_CLAMPED("CONNECTIONS", TYPE_INT, DAEMON(nts_connections), 1, 1000)}},
    {.name = "ntsntpserver",
     .section = SECTION_AUTHENTICATION,
     .help = "The NTP server that NTS clients are sent to. It needs the same keys of cookies: see "
             "`ntssharedsecret`.",
     .argument = {STRING("NAME", DAEMON(nts_ntp_server))}},
    {.name = "ntsrotate",
     .section = SECTION_AUTHENTICATION,
     .standard = "604800",
     .help = "After how long (seconds) an NTS server changes the key that seals cookies. They are "
             "good for two changes more. 0: never by itself.",
     .argument = {WHOLE("INTERVAL", DAEMON(nts_rotate_s), 0, 2147483647)}},
    {.name = "ntssharedsecret",
     .section = SECTION_AUTHENTICATION,
     .native = true,
     .help = "A file with 16 to 256 secret octets, the same on all NTS servers of one name: the "
             "keys of cookies are derived from it and the time, so that each of them accepts the "
             "cookies of the others. Whoever learns the secret can read the keys of all clients, "
             "of the past too. Without it the keys are random, and kept in the file "
             "nts-cookie-keys of `ntsdumpdir`, which may be copied to other servers.",
     .argument = {STRING("FILE", DAEMON(nts_secret))}},
    {.name = "ntsratelimit",
     .section = SECTION_AUTHENTICATION,
     .flag = DAEMON(nts_limit.enabled),
     .scope = SCOPE_NTS_RATELIMIT,
     .arguments = "[OPTION]...",
     .help = "Closes connections for NTS key exchanges at once when they come from one address too "
             "often. They are counted as `limited`."},
};

struct option_table option_authentication(void)
{
    return (struct option_table){directives, sizeof directives / sizeof directives[0]};
}
