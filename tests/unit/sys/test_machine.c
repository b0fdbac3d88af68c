/* SPDX-License-Identifier: BSD-2-Clause */
/* test_machine.c - rivals, in a made-up /proc. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "sys/machine.h"

enum { PATH_SIZE = 128 };

static char proc[] = "/tmp/noon-proc-XXXXXX";

static void put(int process, const char *name, int parent, const char *capabilities)
{
    char path[PATH_SIZE];
    FILE *file;

    snprintf(path, sizeof path, "%s/%d", proc, process);
    (void)mkdir(path, 0755);
    snprintf(path, sizeof path, "%s/%d/status", proc, process);
    file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "Name:\t%s\nUmask:\t0022\nPPid:\t%d\nCapEff:\t%s\n", name, parent, capabilities);
    fclose(file);
}

static void put_group(int process, const char *text)
{
    char path[PATH_SIZE];
    FILE *file;

    snprintf(path, sizeof path, "%s/%d/cgroup", proc, process);
    file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs(text, file);
    fclose(file);
}

/* Its command line, words parted by spaces. */
static void give(int process, const char *words)
{
    char path[PATH_SIZE];
    FILE *file;

    snprintf(path, sizeof path, "%s/%d/cmdline", proc, process);
    file = fopen(path, "w");
    assert_non_null(file);
    for (const char *c = words; *c != '\0'; c++) {
        (void)fputc(*c == ' ' ? '\0' : *c, file);
    }
    (void)fputc('\0', file);
    fclose(file);
}

static void drop(int process)
{
    char path[PATH_SIZE];

    snprintf(path, sizeof path, "%s/%d/cmdline", proc, process);
    (void)unlink(path);
    snprintf(path, sizeof path, "%s/%d/cgroup", proc, process);
    (void)unlink(path);
    snprintf(path, sizeof path, "%s/%d/status", proc, process);
    (void)unlink(path);
    snprintf(path, sizeof path, "%s/%d", proc, process);
    (void)rmdir(path);
}

static int open_proc(void **state)
{
    (void)state;
    return mkdtemp(proc) ? 0 : -1;
}

static int close_proc(void **state)
{
    (void)state;
    for (int process = 1; process < 100; process++) {
        drop(process);
    }
    return rmdir(proc);
}

static void only_who_may_set_the_clock_is_a_rival(void **state)
{
    struct machine_rival rival;

    (void)state;
    put(1, "systemd", 0, "000001ffffffffff");
    put(20, "noond", 1, "0000000002000400");
    put(21, "noond-time", 20, "0000000002000000");
    put(22, "noond-server", 20, "0000000000000000");
    put(30, "chronyd", 1, "0000000000000400"); /* -x: it only watches */
    put(31, "bash", 1, "000001ffffffffff");
    assert_false(machine_find_rival(proc, 21, &rival));
    put(30, "chronyd", 1, "0000000002000400");
    assert_true(machine_find_rival(proc, 21, &rival));
    assert_int_equal(rival.process, 30);
    assert_string_equal(rival.name, "chronyd");
    assert_non_null(strstr(rival.remedy, "chrony"));
    drop(30);
}

static void a_second_noond_is_a_rival_but_not_its_own_processes(void **state)
{
    struct machine_rival rival;

    (void)state;
    assert_false(machine_find_rival(proc, 20, &rival));
    put(40, "noond", 1, "0000000000000400");
    put(41, "noond-time", 40, "0000000002000000");
    assert_true(machine_find_rival(proc, 21, &rival));
    assert_int_equal(rival.process, 41);
    assert_non_null(strstr(rival.remedy, "-x"));
    drop(40);
    drop(41);
}

static void the_kernels_short_name_is_known(void **state)
{
    struct machine_rival rival;

    (void)state;
    put(50, "systemd-timesyn", 1, "0000000002000000");
    assert_true(machine_find_rival(proc, 21, &rival));
    assert_string_equal(rival.name, "systemd-timesyn");
    drop(50);
    assert_false(machine_find_rival("/nowhere", 21, &rival));
}

static void who_was_told_to_leave_the_clock_alone_is_none_although_it_may(void **state)
{
    static const struct {
        const char *name, *line;
        bool rival;
    } rows[] = {
        {"chronyd", "/usr/sbin/chronyd -F 1", true},
        {"chronyd", "/usr/sbin/chronyd -x -u root", false},
        {"chronyd", "/usr/sbin/chronyd -dx", false},
        {"chronyd", "/usr/sbin/chronyd -f/etc/x.conf", true},
        {"chronyd", "/usr/sbin/chronyd -f /x", true},
        {"ntpd", "/usr/sbin/ntpd -x -g", true}, /* there it means: slew */
        {"noond", "noond --single -x", false},
        {"noond", "noond --reference 1,0 -d", false},
        {"noond-time", "noond --virtual --role=time", false},
        {"noond-time", "noond -d --role=time", true},
        {"chronyd", "", true},
        {"ntpd", "/usr/sbin/ntpd -p /run/ntpd.pid -c /etc/ntpsec/ntp.conf -g -N -u ntpsec", true},
        {"ntpd", "/usr/sbin/ntpd -f /etc/openntpd/ntpd.conf", true},
        {"phc2sys", "phc2sys -w -s eth0", true},
        {"phc2sys", "phc2sys -w -s eth0 -c CLOCK_REALTIME", true},
        {"phc2sys", "phc2sys -w -s eth0 -cCLOCK_REALTIME", true},
        {"phc2sys", "phc2sys -w -s eth0 -c eth1", false},
        {"phc2sys", "phc2sys -s CLOCK_REALTIME -c eth0 -O 37", false},
        {"phc2sys", "phc2sys -a -r", true},
        {"phc2sys", "phc2sys -arr -z /run/ptp4l", true},
        {"phc2sys", "phc2sys -a -rr", true},
        {"phc2sys", "phc2sys -a", false},
        {"phc2sys", "phc2sys -c", true}, /* cut short: rather named once than not seen */
        {"ptp4l", "ptp4l -i eth0 -s", false},
        {"ptp4l", "ptp4l -i eth0 -S", true},
        {"ptp4l", "ptp4l -i eth0 --time_stamping=software", true},
    };
    struct machine_rival rival;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        put(60, rows[i].name, 1, "000001ffffffffff");
        give(60, rows[i].line);
        if (machine_find_rival(proc, 21, &rival) != rows[i].rival) {
            fail_msg("%s", rows[i].line);
        }
    }
    drop(60);
}

static void its_unit_is_named_when_it_is_a_time_daemons(void **state)
{
    static const struct {
        const char *name, *group, *remedy;
    } rows[] = {
        {"ntpd", "0::/system.slice/ntpsec.service\n", "systemctl disable --now ntpsec.service"},
        {"ntpd", "0::/system.slice/openntpd.service\n", "systemctl disable --now openntpd.service"},
        {"chronyd", "0::/system.slice/chronyd.service\n",
         "systemctl disable --now chronyd.service"},
        {"phc2sys", "0::/system.slice/system-phc2sys.slice/phc2sys@eth0.service\n",
         "systemctl disable --now phc2sys@eth0.service"},
        {"systemd-timesyn", "0::/system.slice/systemd-timesyncd.service\n",
         "systemctl disable --now systemd-timesyncd.service"},
        /* The unit of something else, which it must not end. */
        {"ntpd", "0::/system.slice/docker.service\n",
         "systemctl disable --now ntpsec (or openntpd, or ntp)"},
        {"chronyd", "0::/user.slice/user-0.slice/session-1.scope\n",
         "systemctl disable --now chrony"},
        {"chronyd", "0::/system.slice/chrony;reboot.service\n", "systemctl disable --now chrony"},
        {"chronyd", "0::/chrony.service/other\n", "systemctl disable --now chrony"},
        {"chronyd", "0::/\n", "systemctl disable --now chrony"},
        {"chronyd", "", "systemctl disable --now chrony"},
        {"noond", "0::/system.slice/ntp.service\n", "stop it, or start one of the two with -x"},
    };
    struct machine_rival rival;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        put(70, rows[i].name, 1, "0000000002000000");
        put_group(70, rows[i].group);
        assert_true(machine_find_rival(proc, 21, &rival));
        assert_string_equal(rival.remedy, rows[i].remedy);
        drop(70);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_who_may_set_the_clock_is_a_rival),
        cmocka_unit_test(a_second_noond_is_a_rival_but_not_its_own_processes),
        cmocka_unit_test(the_kernels_short_name_is_known),
        cmocka_unit_test(who_was_told_to_leave_the_clock_alone_is_none_although_it_may),
        cmocka_unit_test(its_unit_is_named_when_it_is_a_time_daemons),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, open_proc, close_proc);
}
