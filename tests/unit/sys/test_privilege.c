/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/privilege.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <linux/capability.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void users_are_found_by_name_and_by_number(void **state)
{
    static const struct {
        const char *text;
        enum err expected;
        uint32_t uid, gid;
    } rows[] = {
        {"root", ERR_NONE, 0, 0},
        {"0", ERR_NONE, 0, 0},
        {"nobody", ERR_NONE, 65534, 65534},
        {"nobody:root", ERR_NONE, 65534, 0},
        {"12345", ERR_NONE, 12345, 12345}, /* no such entry: containers */
        {"12345:54321", ERR_NONE, 12345, 54321},
        {"root:54321", ERR_NONE, 0, 54321},
        {"no-such-user", ERR_NOT_FOUND, 0, 0},
        {"root:no-such-group", ERR_NOT_FOUND, 0, 0},
        {"", ERR_FORMAT, 0, 0},
        {":1", ERR_FORMAT, 0, 0},
        {"1:", ERR_FORMAT, 0, 0},
        {"4294967295", ERR_NOT_FOUND, 0, 0},
        {"12x", ERR_NOT_FOUND, 0, 0},
        {"-1", ERR_NOT_FOUND, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct user_ids ids;

        assert_int_equal(privilege_find_user(rows[i].text, &ids), rows[i].expected);
        if (rows[i].expected == ERR_NONE) {
            assert_int_equal(ids.uid, rows[i].uid);
            assert_int_equal(ids.gid, rows[i].gid);
            assert_true(ids.name[0] != '\0');
        }
    }
    assert_int_equal(privilege_self().uid, getuid());
}

/* Runs in a child: what is given up stays given up. */
static int in_child(int (*run)(void))
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        _exit(run());
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int drop_keeping_time(void)
{
    const struct user_ids user = {.uid = 65534, .gid = 65533};
    int signal = 0;

    (void)prctl(PR_SET_PDEATHSIG, 9L);
    if (privilege_drop(&user, PRIVILEGE_KEEP_TIME) != ERR_NONE) {
        return 1;
    }
    if (getuid() != 65534 || getegid() != 65533 || getgroups(0, NULL) != 1) {
        return 2;
    }
    if (!privilege_has(CAP_SYS_TIME) || privilege_has(CAP_NET_BIND_SERVICE) ||
        privilege_has(CAP_SETUID)) {
        return 3;
    }
    if (setuid(0) == 0 || prctl(PR_GET_NO_NEW_PRIVS, 0L, 0L, 0L, 0L) != 1) {
        return 4;
    }
    (void)prctl(PR_GET_PDEATHSIG, &signal);
    return signal == 9 ? 0 : 5;
}

static int drop_everything(void)
{
    const struct user_ids user = {.uid = 65534, .gid = 65534};

    if (privilege_drop(&user, PRIVILEGE_KEEP_NONE) != ERR_NONE) {
        return 1;
    }
    privilege_raise_time();
    return privilege_has(CAP_SYS_TIME) ? 2 : 0;
}

static int drop_as_root_stays_root_without_rights(void)
{
    const struct user_ids user = {.uid = 0, .gid = 0};

    if (privilege_drop(&user, PRIVILEGE_KEEP_TIME) != ERR_NONE || getuid() != 0) {
        return 1;
    }
    return privilege_has(CAP_SYS_TIME) && !privilege_has(CAP_DAC_OVERRIDE) ? 0 : 2;
}

static int another_user_is_refused_without_the_right(void)
{
    const struct user_ids user = {.uid = 65534, .gid = 65534};
    const struct user_ids other = {.uid = 65533, .gid = 65533};

    if (privilege_drop(&user, PRIVILEGE_KEEP_NONE) != ERR_NONE) {
        return 1;
    }
    /* Being that user already is fine, becoming another is not. */
    if (privilege_drop(&user, PRIVILEGE_KEEP_NONE) != ERR_NONE) {
        return 2;
    }
    return privilege_drop(&other, PRIVILEGE_KEEP_NONE) == ERR_DENIED ? 0 : 3;
}

/* As a file capability of cap_sys_time=p leaves it: permitted, not effective. */
static int permitted_is_raised_to_effective(void)
{
    const struct user_ids user = {.uid = 65534, .gid = 65534};

    if (privilege_drop(&user, PRIVILEGE_KEEP_TIME) != ERR_NONE) {
        return 1;
    }
    /* A setresuid() of root to others clears the effective set; here by hand. */
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {{.permitted = 1U << CAP_SYS_TIME}};
    if (syscall(SYS_capset, &header, data) != 0 || privilege_has(CAP_SYS_TIME)) {
        return 2;
    }
    privilege_raise_time();
    return privilege_has(CAP_SYS_TIME) ? 0 : 3;
}

static int supervisor_keeps_what_it_needs(void)
{
    privilege_bound_supervisor();
    if (prctl(PR_CAPBSET_READ, (long)CAP_SYS_ADMIN, 0L, 0L, 0L) != 0 ||
        prctl(PR_CAPBSET_READ, (long)CAP_SYS_TIME, 0L, 0L, 0L) != 1) {
        return 1;
    }
    if (privilege_has(CAP_SYS_ADMIN) || privilege_has(CAP_NET_ADMIN) ||
        !privilege_has(CAP_SETUID) || !privilege_has(CAP_NET_BIND_SERVICE)) {
        return 2;
    }
    return drop_keeping_time(); /* and its children can still drop */
}

static void what_is_dropped_is_gone(void **state)
{
    (void)state;
    if (geteuid() != 0 || !privilege_has(CAP_SYS_TIME) || !privilege_has(CAP_SETUID)) {
        skip();
    }
    assert_int_equal(in_child(drop_keeping_time), 0);
    assert_int_equal(in_child(drop_everything), 0);
    assert_int_equal(in_child(drop_as_root_stays_root_without_rights), 0);
    assert_int_equal(in_child(another_user_is_refused_without_the_right), 0);
    assert_int_equal(in_child(permitted_is_raised_to_effective), 0);
    assert_int_equal(in_child(supervisor_keeps_what_it_needs), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(users_are_found_by_name_and_by_number),
        cmocka_unit_test(what_is_dropped_is_gone),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
