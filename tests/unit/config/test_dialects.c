/* SPDX-License-Identifier: BSD-2-Clause */
/* Configurations of other daemons: what they come to, which is what their authors meant. */
#include "fixture.h"

#include "config/print.h"

static struct fixture fixture, again;

static void append_line(void *context, const char *line)
{
    struct text *text = context;

    text_add(text, line);
    text_char(text, '\n');
}

static char printed[256 << 10];

static const char *print(const struct fixture *from)
{
    struct text text = text_begin(printed, sizeof printed);

    config_print(&from->config, append_line, &text);
    assert_false(text.overrun);
    return printed;
}

static const char *difference(void)
{
    static char sentences[64 << 10];
    struct text text = text_begin(sentences, sizeof sentences);

    (void)config_diff(&fixture.config, &again.config, append_line, &text);
    return sentences;
}

static const struct memory_file files[] = {
    {"/etc/ntp/more", "server 192.0.2.77\n"},
    {"/etc/ntp.d/a.conf", "server 192.0.2.78\n"},
    {"ts.conf.d/10-a.conf", "[Time]\nNTP=192.0.2.10\n"},
    {"ts.conf.d/20-b.conf", "[Time]\nNTP=\nNTP=192.0.2.20 192.0.2.21\nRootDistanceMaxSec=2min\n"},
    {0},
};

static bool parse_as(struct fixture *into, const char *file, enum config_dialect dialect,
                     const char *text)
{
    struct memory memory = {.files = files};
    struct config_input input = memory_input(&memory, text);

    input.file = file;
    input.dialect = dialect;
    return parse_with(into, &input);
}

/* What ntpd does unless told otherwise, as the native form has it. */
#define NTPD "maxdistance 1.5\n"
#define STEPS "makestep 0.128 -1\nmaxchange 1000 0 0\n"
#define TIMESYNCD "maxdistance 5\nmakestep 0.4 -1\n"

struct meaning {
    const char *sentence;
    enum config_dialect dialect;
    const char *text;
    const char *native;
};

static const struct meaning meanings[] = {
    {"ntpd serves everybody when nobody is restricted", DIALECT_NTP, "server 192.0.2.1\n",
     "server 192.0.2.1\n" NTPD STEPS "allow\n"},
    {"peer is measured like a server; -4 and -6 choose the family", DIALECT_NTP,
     "peer a.example\nserver -4 b.example iburst\npool -6 c.example\n",
     "server a.example\nserver b.example iburst ipv4\npool c.example ipv6\n" NTPD STEPS "allow\n"},
    {"a trailing comment, tabs and quotes are nothing", DIALECT_NTP,
     "server\t\"192.0.2.1\"  prefer # the lab's clock\r\n\r\ndriftfile \"/var/lib/ntp/drift\" #x\n",
     "server 192.0.2.1 prefer\n" NTPD "driftfile /var/lib/ntp/drift\n" STEPS "allow\n"},
    {"a boundary server: nobody but its network is served", DIALECT_NTP,
     "server 169.254.169.123 prefer iburst minpoll 4 maxpoll 4\n"
     "restrict default ignore\nrestrict -6 default ignore\nrestrict 127.0.0.1\nrestrict ::1\n"
     "restrict 10.20.0.0 mask 255.255.0.0 nomodify notrap nopeer noquery\n",
     "server 169.254.169.123 minpoll 4 maxpoll 4 iburst prefer\n" NTPD STEPS
     "deny 0.0.0.0/0\ndeny ::/0\nallow 127.0.0.1/32\nallow ::1/128\nallow 10.20.0.0/16\n"},
    {"restrict default is about both families, -4 and -6 about one", DIALECT_NTP,
     "server 192.0.2.1\nrestrict -4 default ignore\n",
     "server 192.0.2.1\n" NTPD STEPS "deny 0.0.0.0/0\nallow ::/0\n"},
    {"restrict by name", DIALECT_NTP,
     "server 192.0.2.1\nrestrict default noserve\nrestrict host.example noquery\n",
     "server 192.0.2.1\n" NTPD STEPS "deny 0.0.0.0/0\ndeny ::/0\nallow host.example\n"},
    {"flags of several lines about one prefix add up", DIALECT_NTP,
     "server 192.0.2.1\nrestrict 10.0.0.0 mask 255.0.0.0 nomodify\n"
     "restrict 10.0.0.0 mask 255.0.0.0 ignore\n",
     "server 192.0.2.1\n" NTPD STEPS "deny 10.0.0.0/8\nallow\n"},
    {"what Debian ships: limits for others than this machine", DIALECT_NTP,
     "server 192.0.2.1\nrestrict -4 default kod notrap nomodify nopeer noquery limited\n"
     "restrict -6 default kod notrap nomodify nopeer noquery limited\n"
     "restrict 127.0.0.1\nrestrict ::1\n",
     "server 192.0.2.1\n" NTPD STEPS "ratelimit kod 2 listed\n"
     "allow 0.0.0.0/0 limited kod\nallow ::/0 limited kod\nallow 127.0.0.1/32\n"
     "allow ::1/128\n"},
    {"who may ask for the state, who must prove himself, who must be modern", DIALECT_NTP,
     "server 192.0.2.1\nrestrict default noquery\nrestrict 10.0.0.0 mask 255.0.0.0\n"
     "restrict 10.9.0.0 mask 255.255.0.0 noquery notrust\nrestrict fd00:: mask ffff:: version\n"
     "restrict 10.8.0.0 mask 255.255.0.0 noserve\ndiscard average 5\n",
     "server 192.0.2.1\n" NTPD STEPS
     "allow 0.0.0.0/0\nallow ::/0\nallow 10.0.0.0/8\nallow 10.9.0.0/16 authenticated\n"
     "allow fd00::/16 version4\ndeny 10.8.0.0/16\n"
     "cmdallow 10.0.0.0/8\ncmddeny 10.9.0.0/16\ncmdallow fd00::/16\ncmdallow 10.8.0.0/16\n"},
    {"sources may ask under restrict source", DIALECT_NTP,
     "restrict default ignore\nrestrict source nomodify\nserver 192.0.2.1\npeer a.example\n",
     "server 192.0.2.1\nserver a.example\n" NTPD STEPS
     "deny 0.0.0.0/0\ndeny ::/0\nallow 192.0.2.1/32\nallow a.example\n"},
    {"unrestrict takes a restriction back", DIALECT_NTP,
     "server 192.0.2.1\nrestrict default ignore\nunrestrict default\n",
     "server 192.0.2.1\n" NTPD STEPS "allow\n"},
    {"its own clock is local mode, at the stratum that clients saw", DIALECT_NTP,
     "server 192.0.2.1\nserver 127.127.1.0\nfudge 127.127.1.0 stratum 10\n",
     "server 192.0.2.1\n" NTPD STEPS "local stratum 11\nallow\n"},
    {"orphans", DIALECT_NTP, "server 192.0.2.1\ntos orphan 6 orphanwait 60\n",
     "server 192.0.2.1\n" NTPD STEPS "local stratum 6 orphan waitunsynced 60\nallow\n"},
    {"panic and step", DIALECT_NTP, "server 192.0.2.1\ntinker panic 0\ntinker step 0.5\n",
     "server 192.0.2.1\n" NTPD "makestep 0.5 -1\nallow\n"},
    {"a step of 0 is none", DIALECT_NTP, "server 192.0.2.1\ntinker step 0\n",
     "server 192.0.2.1\n" NTPD "maxchange 1000 0 0\nallow\n"},
    {"pools share maxclock", DIALECT_NTP,
     "pool a.example\npool b.example\npool c.example\ntos maxclock 8\n",
     "pool a.example maxsources 3\npool b.example maxsources 3\npool c.example maxsources 3\n" NTPD
         STEPS "allow\n"},
    {"one address is listened on, and the other family not", DIALECT_NTP,
     "server 192.0.2.1\ninterface ignore wildcard\ninterface listen 192.0.2.9\n",
     "server 192.0.2.1\n" NTPD STEPS "bindaddress 192.0.2.9\nallow\ndeny all ::/0\n"},
    {"a client listens on loopback only", DIALECT_NTP,
     "server 192.0.2.1\ninterface ignore all\ninterface listen 127.0.0.1\n",
     "server 192.0.2.1\n" NTPD STEPS "bindaddress 127.0.0.1\nallow\ndeny all ::/0\n"},
    {"loopback beside an address", DIALECT_NTP,
     "server 192.0.2.1\nnic listen 127.0.0.1\nnic listen 192.0.2.9\nnic listen ::1\n",
     "server 192.0.2.1\n" NTPD STEPS "bindaddress 192.0.2.9\nbindaddress ::1\nallow\n"},
    {"an interface by name", DIALECT_NTP, "server 192.0.2.1\ninterface listen eth0\n",
     "server 192.0.2.1\n" NTPD STEPS "binddevice eth0\nallow\n"},
    {"a family that is ignored", DIALECT_NTP, "server 192.0.2.1\ninterface ignore ipv6\n",
     "server 192.0.2.1\n" NTPD STEPS "allow\ndeny all ::/0\n"},
    {"files of measurements", DIALECT_NTP,
     "server 192.0.2.1\nstatsdir /var/log/ntp\nstatistics loopstats peerstats\n",
     "server 192.0.2.1\n" NTPD STEPS "log loopstats peerstats\nlogdir /var/log/ntp\nallow\n"},
    {"nor when they are switched off, unless they are switched on again", DIALECT_NTP,
     "server 192.0.2.1\nstatsdir /var/log/ntp\nstatistics loopstats\ndisable stats\n",
     "server 192.0.2.1\n" NTPD STEPS "logdir /var/log/ntp\nallow\n"},
    {"clients are not remembered when that is switched off", DIALECT_NTP,
     "server 192.0.2.1\ndisable monitor calibrate\n",
     "server 192.0.2.1\n" NTPD STEPS "noclientlog\nallow\n"},
    {"but for those that are limited", DIALECT_NTP,
     "server 192.0.2.1\ndisable monitor\nrestrict default limited\n",
     "server 192.0.2.1\n" NTPD STEPS
     "ratelimit listed\nallow 0.0.0.0/0 limited\nallow ::/0 limited\n"},
    {"without a place none are written", DIALECT_NTP,
     "server 192.0.2.1\nstatistics loopstats peerstats\n",
     "server 192.0.2.1\n" NTPD STEPS "allow\n"},
    {"symmetric keys", DIALECT_NTP, "keys /etc/ntp/keys\nserver 192.0.2.1 key 7\n",
     "server 192.0.2.1 key 7\n" NTPD STEPS "keyfile /etc/ntp/keys ntp\nallow\n"},
    {"a list of leap seconds, which has to be whole", DIALECT_NTP,
     "server 192.0.2.1\nleapfile /etc/leaps\n",
     "server 192.0.2.1\n" NTPD "leapseclist /etc/leaps checkhash\n" STEPS "allow\n"},
    {"or not", DIALECT_NTP, "server 192.0.2.1\nleapfile /etc/leaps ignorehash\n",
     "server 192.0.2.1\n" NTPD "leapseclist /etc/leaps\n" STEPS "allow\n"},
    {"only sources between two strata are followed", DIALECT_NTP,
     "server 192.0.2.1\ntos floor 2 ceiling 5\n",
     "server 192.0.2.1\nmaxdistance 1.5\nmaxstratum 4\nminstratum 2\n" STEPS "allow\n"},
    {"a ceiling of 16 is none", DIALECT_NTP, "server 192.0.2.1\ntos ceiling 16\ndscp 46\n",
     "server 192.0.2.1\ndscp 46\n" NTPD STEPS "allow\n"},
    {"an included file", DIALECT_NTP, "includefile /etc/ntp/more\n",
     "server 192.0.2.77\n" NTPD STEPS "allow\n"},
    {"unpeer", DIALECT_NTP, "server 192.0.2.1\nserver 192.0.2.2\nunpeer 192.0.2.1\n",
     "server 192.0.2.2\n" NTPD STEPS "allow\n"},
    {"an NTS server, whose lines add up", DIALECT_NTP,
     "server 192.0.2.1\nnts cert /etc/ntp/chain.pem\nnts key /etc/ntp/key.pem\n"
     "nts cookie /var/lib/ntp/nts-keys\nnts mintls TLS1.3 aead AES_SIV_CMAC_256\n"
     "nts tlsciphersuites TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256\nnts enable\n",
     "server 192.0.2.1\nntsservercert /etc/ntp/chain.pem\nntsserverkey /etc/ntp/key.pem\n"
     "ntsaeads 15\n" NTPD STEPS
     "ntsciphersuites TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256\nallow\n"},
    {"Debian's files of an NTS server when none are written", DIALECT_NTP,
     "server 192.0.2.1\nnts enable\n",
     "server 192.0.2.1\nntsservercert /etc/ntpsec/cert-chain.pem\nntsserverkey "
     "/etc/ntpsec/key.pem\n" NTPD STEPS "allow\n"},
    {"a certificate alone makes no NTS server, nor does one that is disabled", DIALECT_NTP,
     "server 192.0.2.1\nnts enable\nnts key /k\nnts cert /c\nnts disable\n",
     "server 192.0.2.1\n" NTPD STEPS "allow\n"},
    {"clients of NTS: the port of key exchange, and what each trusts", DIALECT_NTP,
     "server a.example nts iburst\nserver b.example:4461 nts ca /b.pem\n"
     "server [2001:db8::1]:4462 ca /c.pem nts minpoll 0\nserver [2001:db8::2] nts ca /b.pem\n"
     "server -4 c.example:123 nts aead AES_SIV_CMAC_256\nserver ca nts\nnts ca /all.pem\n",
     "server a.example iburst nts\nserver b.example nts certset 1 ntsport 4461\n"
     "server 2001:db8::1 minpoll 0 nts certset 2 ntsport 4462\n"
     "server 2001:db8::2 nts certset 1\nserver c.example nts ntsport 123 ipv4\nserver ca nts\n"
     "ntstrustedcerts 1 /b.pem\nntstrustedcerts 2 /c.pem\nntstrustedcerts /all.pem\n" NTPD STEPS
     "nosystemcert\nallow\n"},
    {"OpenNTPD is no server without listen on", DIALECT_OPENNTPD,
     "servers pool.example # all of them\nserver 192.0.2.1\n",
     "pool pool.example maxsources 16\nserver 192.0.2.1\n"},
    {"listen on all", DIALECT_OPENNTPD, "server 192.0.2.1\nlisten on *\n",
     "server 192.0.2.1\nallow\n"},
    {"listen on one address of each family, and ask from one", DIALECT_OPENNTPD,
     "listen on 192.0.2.9\nlisten on ::1\nserver 192.0.2.1 trusted\nquery from 192.0.2.8\n",
     "server 192.0.2.1 unconstrained\nbindacqaddress 192.0.2.8\nbindaddress 192.0.2.9\nbindaddress "
     "::1\n"
     "allow 0.0.0.0/0\nallow ::/0\n"},
    {"dates of HTTPS servers bound the time", DIALECT_OPENNTPD,
     "servers pool.example\nconstraint from \"https://www.example.com/a?b\" 192.0.2.7 2001:db8::7\n"
     "constraints from \"https://www.example.org\"\nconstraint from 9.9.9.9\n",
     "pool pool.example maxsources 16\n"
     "constraint https://www.example.com/a?b 192.0.2.7 2001:db8::7\n"
     "constraints https://www.example.org\nconstraint 9.9.9.9\n"},
    {"timesyncd's servers and its distance", DIALECT_TIMESYNCD,
     "[Time]\nNTP=192.0.2.1 a.example\nFallbackNTP=b.example\nRootDistanceMaxSec=1\n",
     "server 192.0.2.1 minpoll 5 maxpoll 11 iburst\nserver a.example minpoll 5 maxpoll 11 iburst\n"
     "maxdistance 1\nmakestep 0.4 -1\n"},
    {"the fallback when there is no other", DIALECT_TIMESYNCD,
     "[Time]\nFallbackNTP=b.example\nPollIntervalMinSec=1min 4s\nPollIntervalMaxSec=1024\n",
     "server b.example iburst\n" TIMESYNCD},
    {"what the distribution has built in, as the comment tells", DIALECT_TIMESYNCD,
     "[Time]\n#NTP=\n#FallbackNTP=c.example d.example\n",
     "server c.example minpoll 5 maxpoll 11 iburst\nserver d.example minpoll 5 maxpoll 11 "
     "iburst\n" TIMESYNCD},
    {"an empty fallback is none", DIALECT_TIMESYNCD,
     "[Time]\n#FallbackNTP=c.example\nFallbackNTP=\n", TIMESYNCD},
    {"an empty NTP= forgets those above", DIALECT_TIMESYNCD,
     "[Time]\nNTP=192.0.2.1\nNTP=\nNTP=192.0.2.2\n",
     "server 192.0.2.2 minpoll 5 maxpoll 11 iburst\n" TIMESYNCD},
};

static void each_dialect_comes_to_what_its_author_meant(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
        const struct meaning *row = &meanings[i];

        if (!parse_as(&fixture, "x", row->dialect, row->text)) {
            fail_msg("%s: %s", row->sentence, message_at(&fixture, 0));
        }
        if (strcmp(print(&fixture), row->native) != 0) {
            fail_msg("%s:\n%s\ninstead of\n%s", row->sentence, printed, row->native);
        }
        assert_true(parse_as(&again, "x", DIALECT_CHRONY, row->native));
        if (strcmp(difference(), "") != 0) {
            fail_msg("%s: read again: %s", row->sentence, difference());
        }
    }
}

static void drop_ins_of_timesyncd_are_read_behind_its_file(void **state)
{
    (void)state;
    assert_true(parse_as(&fixture, "ts.conf", DIALECT_TIMESYNCD, "[Time]\nNTP=192.0.2.1\n"));
    assert_string_equal(print(&fixture), "server 192.0.2.20 minpoll 5 maxpoll 11 iburst\n"
                                         "server 192.0.2.21 minpoll 5 maxpoll 11 iburst\n"
                                         "maxdistance 120\nmakestep 0.4 -1\n");
}

static void the_dialect_is_recognised(void **state)
{
    static const struct {
        const char *file, *text;
        enum config_dialect dialect;
    } rows[] = {
        {"x.conf", "server 192.0.2.1\n", DIALECT_CHRONY},
        {"/etc/ntp.conf", "server 192.0.2.1\n", DIALECT_NTP},
        {"/app/ntpd.conf", "server 192.0.2.1\n", DIALECT_OPENNTPD},
        {"/etc/ntp.conf", "pool a.example\nmakestep 1 3\nrtcsync\n", DIALECT_CHRONY},
        {"/etc/noon/noon.conf", "server 192.0.2.1\nrestrict default ignore\n", DIALECT_NTP},
        {"/etc/ntpd.conf", "driftfile /x\nrestrict default noquery\ntinker panic 0\n", DIALECT_NTP},
        {"x", "servers pool.example\n", DIALECT_OPENNTPD},
        {"x", "server 192.0.2.1\nlisten on *\n", DIALECT_OPENNTPD},
        {"x", "server 192.0.2.1 weight 5\n", DIALECT_OPENNTPD},
        {"x", "server -4 a.example iburst\n", DIALECT_NTP},
        {"x", "server a.example preempt\n", DIALECT_NTP},
        {"x", "server a.example maxdelay 0.1\n", DIALECT_CHRONY},
        {"x", "[Time]\nNTP=a.example\n", DIALECT_TIMESYNCD},
        {"/etc/systemd/timesyncd.conf", "", DIALECT_TIMESYNCD},
        {"x", "", DIALECT_CHRONY},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum config_dialect dialect =
            dialect_recognise(rows[i].file, rows[i].text, strlen(rows[i].text), DIALECT_UNKNOWN);

        if (dialect != rows[i].dialect) {
            fail_msg("%s: %s is %s", rows[i].file, rows[i].text, dialect_name(dialect));
        }
    }
}

static void what_is_wrong_is_said_with_what_to_write(void **state)
{
    static const struct {
        enum config_dialect dialect;
        const char *text, *message;
    } rows[] = {
        {DIALECT_NTP, "restrict default -6 ignore\n",
         "warning x:1: \"-6\" stands behind the address; write instead restrict -6 default "
         "FLAG..."},
        {DIALECT_NTP, "restrict ${ipv4_net} mask ${ipv4_mask} nomodify\n",
         "error x:1: \"${ipv4_net}\" is a place of a template that was not filled in; expected the "
         "value itself"},
        {DIALECT_CHRONY, "allow {{ network }}\n",
         "error x:1: \"{{\" is a place of a template that was not filled in; expected the value "
         "itself"},
        {DIALECT_CHRONY, "server @NTP_SERVER@\n",
         "error x:1: \"@NTP_SERVER@\" is a place of a template that was not filled in; expected "
         "the "
         "value itself"},
        {DIALECT_CHRONY, "server %NTP_SERVERS%\n",
         "error x:1: \"%NTP_SERVERS%\" is a place of a template that was not filled in; expected "
         "the value itself, as in \"server ntp.example.com\""},
        {DIALECT_CHRONY, "allow $NETWORK\n",
         "error x:1: \"$NETWORK\" is a place of a template that was not filled in; expected the "
         "value itself, as in \"allow 10.0.0.0/8\""},
        {DIALECT_NTP, "server $(NTP)\n", "error x:1: \"$(NTP)\" is a place of a template"},
        {DIALECT_OPENNTPD, "servers <pool>\n",
         "error x:1: \"<pool>\" is a place of a template that was not filled in; expected the "
         "value "
         "itself, as in \"servers pool.ntp.org\""},
        {DIALECT_CHRONY, "server iburst a.example\n",
         "error x:1: \"iburst\" stands where the name is expected; write instead \"server "
         "a.example "
         "iburst\""},
        {DIALECT_CHRONY, "server a.example b.example iburst\n",
         "error x:1: \"b.example\" is a second name; write it on a line of its own: \"server "
         "b.example\""},
        {DIALECT_OPENNTPD, "server 192.0.2.1 192.0.2.2\n",
         "error x:1: \"192.0.2.2\" is a second name; write it on a line of its own"},
        {DIALECT_CHRONY, "pool a.example, b.example\n",
         "error x:1: \"a.example,\" has a comma; write each source on a line of its own, as \"pool "
         "a.example\""},
        {DIALECT_CHRONY, "pool a.example iburst,maxsources 4\n",
         "error x:1: \"iburst,maxsources\" has a comma; options are separated by spaces"},
        {DIALECT_CHRONY, "server https://a.example/\n",
         "error x:1: \"https://a.example/\" is a URL; write the name or address alone: "
         "\"a.example\""},
        {DIALECT_CHRONY, "server a.example:1123\n",
         "error x:1: \"a.example:1123\" has a port, which is written as an option; write instead "
         "\"server a.example port 1123\""},
        {DIALECT_NTP, "server a.example:1123\n",
         "error x:1: \"a.example:1123\" has a port, and ntp's servers are asked on port 123"},
        {DIALECT_CHRONY, "server 10.0.0.0/24\n",
         "error x:1: \"10.0.0.0/24\" is a network; expected the name or address of one server"},
        {DIALECT_OPENNTPD, "server a.example iburst\n",
         "error x:1: \"iburst\" is an option of the dialect chrony, and this file is read as "
         "openntpd; leave it out"},
        {DIALECT_NTP, "server a.example maxdelay 0.1\n",
         "error x:1: \"maxdelay\" is an option of the dialect chrony, and this file is read as "
         "ntp"},
        {DIALECT_CHRONY, "allow from 10.0.0.0/8\n",
         "error x:1: \"from\" is one word too many; write instead \"allow 10.0.0.0/8\""},
        {DIALECT_CHRONY, "allow 10.0.0.0 255.0.0.0\n",
         "error x:1: \"255.0.0.0\" is a mask; write instead \"allow 10.0.0.0/8\""},
        {DIALECT_CHRONY, "allow 10.0.0.0/255.255.0.0\n",
         "error x:1: \"10.0.0.0/255.255.0.0\" has a mask behind the slash; write instead "
         "\"10.0.0.0/16\""},
        {DIALECT_CHRONY, "allow 10.0.0.0/8 # inner\n",
         "error x:1: \"#\" is no option of allow; a comment stands on a line of its own"},
        {DIALECT_NTP, "restrict 10.0.0.0 255.0.0.0 noquery\n",
         "error x:1: \"255.0.0.0\" lacks the word mask; write instead \"restrict 10.0.0.0 mask "
         "255.0.0.0 FLAG...\""},
        {DIALECT_TIMESYNCD, "[Time]\nNTP=a.example # ours\n",
         "error x:2: a comment stands on a line of its own"},
        {DIALECT_CHRONY, "commandkey 1\n",
         "warning x:1: \"commandkey\" is obsolete and does nothing: chronyc is known by its Unix "
         "socket; remove the line"},
        {DIALECT_NTP, "authenticate no\n",
         "warning x:1: \"authenticate\" is obsolete and does nothing: who is not written as"},
        {DIALECT_NTP, "clientlimit 3\n",
         "warning x:1: \"clientlimit\" is obsolete and does nothing: write `restrict default "
         "limited`"},
        {DIALECT_NTP, "restrict 10.0.0.0 mask 255.0.255.0\n",
         "error x:1: \"255.0.255.0\" is no mask of a prefix; expected one like 255.255.255.0, "
         "whose "
         "ones are all in front"},
        {DIALECT_NTP, "restrict nomodify\n", "error x:1: restrict lacks whom it is about"},
        {DIALECT_NTP, "restrict mask 255.0.0.0\n", "error x:1: mask lacks its address"},
        {DIALECT_NTP, "restrict\n", "error x:1: restrict lacks whom it is about"},
        {DIALECT_NTP, "restrict default noqery\n",
         "error x:1: \"noqery\" is no option of restrict; write instead \"noquery\""},
        {DIALECT_NTP, "restrict -6 10.0.0.1\n", "error x:1: the address is not of the family"},
        {DIALECT_NTP, "makestep 1 3\n",
         "error x:1: \"makestep\" is a directive of the dialect chrony, and this file is read as "
         "ntp; keep to one of them, or name it with --dialect"},
        {DIALECT_CHRONY, "server a.example\nrestrict default ignore\n",
         "error x:2: \"restrict\" is a directive of the dialect ntp"},
        {DIALECT_OPENNTPD, "driftfile /x\n",
         "error x:1: \"driftfile\" is a directive of the dialect chrony"},
        {DIALECT_NTP, "server a.example autokey\n",
         "error x:1: server autokey is refused: Autokey "
         "is broken"},
        {DIALECT_NTP, "server a.example nts noval\n",
         "error x:1: server noval is refused: anybody could take the server's place; write instead "
         "`ca FILE`"},
        {DIALECT_NTP, "server a.example nts require b.example\n",
         "error x:1: server require is refused: noon follows the NTP server"},
        {DIALECT_NTP, "server a.example nts ask b.example\n",
         "warning x:1: server ask means nothing here: the server that exchanges the keys"},
        {DIALECT_NTP, "server a.example:70000 nts\n",
         "error x:1: \"a.example:70000\" has a port, and ntp's servers are asked on port 123"},
        {DIALECT_NTP, "server a.example ca /x\n",
         "warning x:1: ca has an effect only with nts; write both"},
        {DIALECT_NTP, "server a.example nts ca\n", "error x:1: ca lacks its FILE|DIRECTORY"},
        {DIALECT_NTP, "nts\n", "error x:1: nts lacks what it is about"},
        {DIALECT_NTP, "nts maxtls TLS1.2\n", "error x:1: nts TLS1.2 is refused: NTS wants TLS 1.3"},
        {DIALECT_NTP, "nts mintls 1.1\n",
         "error x:1: mintls can't be \"1.1\"; expected TLS1.2 or TLS1.3"},
        {DIALECT_NTP, "nts tlsciphersuites TLS_AES_128_GCM_SHA256:NULL\n",
         "error x:1: \"TLS_AES_128_GCM_SHA256:NULL\" names a cipher suite that TLS 1.3 does not "
         "have"},
        {DIALECT_CHRONY, "ntsciphersuites AES\n",
         "error x:1: \"AES\" names a cipher suite that TLS 1.3 does not have"},
        {DIALECT_NTP, "nts cokie /x\n",
         "error x:1: \"cokie\" is no option of nts; write instead \"cookie\""},
        {DIALECT_NTP, "nts aead AES_SIV_CMAC_512\n",
         "warning x:1: nts AES_SIV_CMAC_512 means nothing here: is not spoken here"},
        {DIALECT_NTP, "crypto pw secret\n", "error x:1: crypto is refused: Autokey is broken"},
        {DIALECT_NTP, "server 127.127.20.0 prefer\n",
         "warning x:1: 127.127.20.0 is a hardware clock"},
        {DIALECT_NTP, "interface listen 192.0.2.1\ninterface listen 192.0.2.2\n",
         "error x:2: noon serves on one address of each family"},
        {DIALECT_NTP, "disable ntp\n",
         "error x:1: disable ntp is refused: noon corrects the clock"},
        {DIALECT_OPENNTPD, "constraints from \"http://www.example\"\n",
         "error x:1: \"http://www.example\" is no HTTPS URL; expected for example"},
        {DIALECT_OPENNTPD, "constraints from www.example 192.0.2.1\n",
         "error x:1: constraints asks all addresses of the name and takes none"},
        {DIALECT_OPENNTPD, "constraint from www.example www.example.com\n",
         "error x:1: \"www.example.com\" is no address"},
        {DIALECT_OPENNTPD, "constraint www.example\n", "error x:1: constraint lacks \"from\""},
        {DIALECT_OPENNTPD, "listen 192.0.2.1\n", "error x:1: listen lacks \"on\""},
        {DIALECT_OPENNTPD, "server a.example weight 3\n",
         "warning x:1: server weight means nothing here"},
        {DIALECT_TIMESYNCD, "NTP=a.example\n", "warning x:1: the line stands in no section [Time]"},
        {DIALECT_TIMESYNCD, "[Time]\nNPT=a.example\n",
         "error x:2: unknown key \"NPT\"; write instead \"NTP\""},
        {DIALECT_TIMESYNCD, "[Time]\nPollIntervalMinSec=soon\n",
         "error x:2: PollIntervalMinSec can't be \"soon\"; expected a span of time"},
        {DIALECT_TIMESYNCD, "[Time]\nserver a.example\n",
         "error x:2: \"server a.example\" is no line of timesyncd.conf; expected KEY=VALUE"},
        {DIALECT_CHRONY, "\xff\xfes\0e\0", "error x:1: the file is in UTF-16; save it as UTF-8"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct memory memory = {.files = files};
        struct config_input input = memory_input(&memory, rows[i].text);

        input.file = "x";
        input.dialect = rows[i].dialect;
        input.lookup = NULL;
        (void)parse_with(&fixture, &input);
        if (strncmp(message_at(&fixture, 0), rows[i].message, strlen(rows[i].message)) != 0) {
            fail_msg("%s: %s", rows[i].text, message_at(&fixture, 0));
        }
    }
}

static void files_of_other_editors_are_read(void **state)
{
    static const struct {
        enum config_dialect dialect;
        const char *text, *native;
    } rows[] = {
        {DIALECT_NTP, "\xef\xbb\xbfserver\t192.0.2.1\tiburst\t#x\r\nrestrict\tdefault\tignore\r\n",
         "server 192.0.2.1 iburst\n" NTPD STEPS "deny 0.0.0.0/0\ndeny ::/0\n"},
        {DIALECT_OPENNTPD, "\xef\xbb\xbfserver\t192.0.2.1\r\nlisten\ton\t*\r\n",
         "server 192.0.2.1\nallow\n"},
        {DIALECT_TIMESYNCD, "\xef\xbb\xbf[Time]\r\nNTP=192.0.2.1\t192.0.2.2\r\n\r\n",
         "server 192.0.2.1 minpoll 5 maxpoll 11 iburst\n"
         "server 192.0.2.2 minpoll 5 maxpoll 11 iburst\n" TIMESYNCD},
        {DIALECT_CHRONY, "\tserver  192.0.2.1 \t iburst\r\n \r\n\t# x\r\nallow\t10.0.0.0/8",
         "server 192.0.2.1 iburst\nallow 10.0.0.0/8\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_true(parse_as(&fixture, "x", rows[i].dialect, rows[i].text));
        assert_string_equal(print(&fixture), rows[i].native);
    }
    assert_true(parse_as(&fixture, "x", DIALECT_CHRONY,
                         "\xef\xbb\xbfserver\t192.0.2.1\tiburst\r\nrtcsync\r\n"));
    assert_string_equal(print(&fixture), "server 192.0.2.1 iburst\nrtcsync\n");
    assert_int_equal(fixture.report.count, 0);
}

/* As a generator writes them: nothing but time and memory that the parser has. */
static void ten_thousand_lines_are_read(void **state)
{
    static char text[10000 * 48];
    struct text out = text_begin(text, sizeof text);

    (void)state;
    text_add(&out, "server 192.0.2.1\nrestrict default ignore\n");
    for (unsigned i = 0; i < 10000; i++) {
        text_add(&out, "restrict 10.0.");
        text_u64(&out, i / 256 % 4);
        text_char(&out, '.');
        text_u64(&out, i % 256);
        text_add(&out, " nomodify noquery\n");
    }
    assert_false(out.overrun);
    assert_true(parse_as(&fixture, "x", DIALECT_NTP, text));
    out = text_begin(text, sizeof text);
    for (unsigned i = 0; i < 10000; i++) {
        text_add(&out, "restrict 10.0.0.0 mask 255.0.0.0 noquery\n");
    }
    assert_true(parse_as(&fixture, "x", DIALECT_NTP, text));
    out = text_begin(text, sizeof text);
    text_add(&out, "server 192.0.2.1\n");
    for (unsigned i = 0; i < 10000; i++) {
        text_add(&out, i % 2 ? "allow 10." : "# 10.");
        text_u64(&out, i / 256);
        text_char(&out, '.');
        text_u64(&out, i % 256);
        text_add(&out, ".0/24\n");
    }
    assert_false(out.overrun);
    assert_true(parse_as(&fixture, "x", DIALECT_CHRONY, text));
    assert_int_equal(fixture.config.node.access_count, 5000);
    /* Every line wrong: as many messages as there is room for, and how many more. */
    out = text_begin(text, sizeof text);
    for (unsigned i = 0; i < 10000; i++) {
        text_add(&out, "frobnicate 10\n");
    }
    assert_false(parse_as(&fixture, "x", DIALECT_OPENNTPD, text));
    assert_int_equal(fixture.report.errors, 10000);
    assert_true(fixture.report.lost > 9000);
}

/* ---- each row ------------------------------------------------------------------------------- */

/* A line that has the row in it, and how its message calls it. */
struct row_line {
    enum config_dialect dialect;
    enum option_scope scope;
    const char *in_front;
};

static void sample(struct text *text, const struct option *option)
{
    for (unsigned i = 0; i < option_argument_count(option); i++) {
        const struct option_argument *argument = &option->argument[i];

        text_char(text, ' ');
        if (argument->type == TYPE_SET || argument->type == TYPE_ENUM) {
            size_t works = 0;

            while (option_at(argument->scope, works)->verdict != VERDICT_WORKS) {
                works++;
            }
            text_add(text, option_at(argument->scope, works)->name);
        } else if (argument->type == TYPE_STRING) {
            text_add(text, strcmp(option->name, "tlsciphersuites") == 0 ? "TLS_AES_128_GCM_SHA256"
                                                                        : "/x");
        } else if (argument->type == TYPE_WORDS) {
            for (unsigned j = 0; j < argument->minimum; j++) {
                text_add(text, j ? " 1" : "1");
            }
        } else {
            text_u64(text, argument->minimum < 5 && argument->maximum >= 5
                               ? 5
                               : (uint64_t)argument->maximum);
        }
    }
}

/* Directives that need more than their arguments' types say. */
static const char *special_line(const char *name)
{
    static const struct {
        const char *name, *line;
    } rows[] = {
        {"server", "server a.example"},
        {"servers", "servers a.example"},
        {"pool", "pool a.example"},
        {"peer", "peer a.example"},
        {"unpeer", "server b.example\nunpeer b.example"},
        {"fudge", "fudge 127.127.1.0 stratum 3"},
        {"restrict", "restrict 10.0.0.1"},
        {"unrestrict", "unrestrict 10.0.0.1"},
        {"interface", "interface listen eth0"},
        {"nic", "nic listen eth0"},
        {"includefile", "includefile /etc/ntp/more"},
        {"listen", "listen on ::1"},
        {"query", "query from ::1"},
        {"sensor", "sensor nmea0"},
        {"constraint", "constraint from https://www.example.com/"},
        {"constraints", "constraints from https://www.example.com/"},
        {"nts", "nts disable"},
        {"NTP", "NTP=a.example"},
        {"FallbackNTP", "FallbackNTP=a.example"},
        {"RootDistanceMaxSec", "RootDistanceMaxSec=2"},
        {"PollIntervalMinSec", "PollIntervalMinSec=64"},
        {"PollIntervalMaxSec", "PollIntervalMaxSec=34min 8s"},
        {"ConnectionRetrySec", "ConnectionRetrySec=30s"},
        {"SaveIntervalSec", "SaveIntervalSec=60"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return rows[i].line;
        }
    }
    return NULL;
}

static void check_row(const struct row_line *row, const struct option *option)
{
    char line[512];
    struct text text = text_begin(line, sizeof line);
    bool keyword = row->in_front[0] && row->scope != SCOPE_TIMESYNCD;
    const char *special = keyword ? NULL : special_line(option->name);
    bool works = option->verdict == VERDICT_WORKS;

    text_add(&text, row->scope == SCOPE_TIMESYNCD
                        ? ""
                        : "server 192.0.2.7\nserver 192.0.2.8\nserver 192.0.2.9\n"
                          "server 192.0.2.10\nserver 192.0.2.11\n");
    text_add(&text, row->in_front);
    text_add(&text, special ? special : option->name);
    if (!special) {
        sample(&text, option);
    }
    text_add(&text, strcmp(option->name, "maxpoll") == 0 ? " minpoll 4\n" : "\n");
    bool parsed = parse_as(&fixture, "x", row->dialect, line);
    if (parsed == (option->verdict == VERDICT_REFUSED) || fixture.report.count != !works ||
        fixture.report.not_yet != (option->verdict == VERDICT_NOT_YET)) {
        fail_msg("%s(%s): %s", line, verdict_name(option->verdict), message_at(&fixture, 0));
    }
    assert_true(works || strstr(message_at(&fixture, 0), option->reason));
}

static void every_row_behaves_as_its_verdict_says(void **state)
{
    static const struct row_line rows[] = {
        {DIALECT_NTP, SCOPE_NTP, ""},
        {DIALECT_NTP, SCOPE_NTP_SOURCE, "server a.example nts "},
        {DIALECT_NTP, SCOPE_NTP_RESTRICT, "restrict default "},
        {DIALECT_NTP, SCOPE_NTP_FUDGE, "fudge 127.127.1.0 "},
        {DIALECT_NTP, SCOPE_NTP_TINKER, "tinker "},
        {DIALECT_NTP, SCOPE_NTP_TOS, "tos "},
        {DIALECT_NTP, SCOPE_NTP_ENABLE, "enable "},
        {DIALECT_NTP, SCOPE_NTP_DISABLE, "disable "},
        {DIALECT_NTP, SCOPE_NTP_MRU, "mru "},
        {DIALECT_NTP, SCOPE_NTP_RLIMIT, "rlimit "},
        {DIALECT_NTP, SCOPE_NTP_DISCARD, "discard "},
        {DIALECT_NTP, SCOPE_NTP_STATISTICS, "statistics "},
        {DIALECT_NTP, SCOPE_NTP_LEAPFILE, "leapfile /x "},
        {DIALECT_NTP, SCOPE_NTP_NTS, "nts "},
        {DIALECT_NTP, SCOPE_NTP_AEAD, "nts aead "},
        {DIALECT_NTP, SCOPE_NTP_MINTLS, "nts mintls "},
        {DIALECT_NTP, SCOPE_NTP_MAXTLS, "nts maxtls "},
        {DIALECT_OPENNTPD, SCOPE_OPENNTPD, ""},
        {DIALECT_OPENNTPD, SCOPE_OPENNTPD_SERVER, "server a.example "},
        {DIALECT_OPENNTPD, SCOPE_OPENNTPD_LISTEN, "listen on * "},
        {DIALECT_OPENNTPD, SCOPE_OPENNTPD_SENSOR, "sensor nmea0 "},
        {DIALECT_TIMESYNCD, SCOPE_TIMESYNCD, "[Time]\nNTP=192.0.2.7\n"},
    };
    bool covered[SCOPE_COUNT] = {false};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t count = option_count(rows[i].scope);

        for (size_t j = 0; j < count; j++) {
            check_row(&rows[i], option_at(rows[i].scope, j));
        }
        covered[rows[i].scope] = true;
    }
    for (unsigned scope = SCOPE_NTP; scope < SCOPE_COUNT; scope++) {
        assert_true(covered[scope]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_dialect_comes_to_what_its_author_meant),
        cmocka_unit_test(drop_ins_of_timesyncd_are_read_behind_its_file),
        cmocka_unit_test(the_dialect_is_recognised),
        cmocka_unit_test(what_is_wrong_is_said_with_what_to_write),
        cmocka_unit_test(files_of_other_editors_are_read),
        cmocka_unit_test(ten_thousand_lines_are_read),
        cmocka_unit_test(every_row_behaves_as_its_verdict_says),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
