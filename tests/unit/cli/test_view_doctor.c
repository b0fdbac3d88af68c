/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/view_doctor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <linux/capability.h>
#include <string.h>

static const uint64_t sys_time = UINT64_C(1) << CAP_SYS_TIME;
static const uint64_t sys_admin = UINT64_C(1) << CAP_SYS_ADMIN;

/* A process of that role as noond leaves it. */
static struct doctor_patient healthy(enum doctor_role role)
{
    static const char *const names[] = {"noond", "noond-time", "noond-server", "noon-helper",
                                        "noond"};
    struct doctor_patient patient = {
        .role = role,
        .process = {.pid = 100 + (int)role,
                    .user = "noon",
                    .uid = 998,
                    .no_new_privileges = true,
                    .seccomp = 2,
                    .threads = 1,
                    .resident_octets = 2100000,
                    .descriptors_known = true,
                    .descriptors = 9,
                    .sockets = 1},
    };

    memcpy(patient.process.name, names[role], strlen(names[role]) + 1);
    if (role == DOCTOR_PARENT) {
        patient.process.uid = 0;
        patient.process.seccomp = 0;
        patient.process.no_new_privileges = false;
    }
    patient.process.effective = patient.process.permitted = role == DOCTOR_TIME ? sys_time : 0;
    return patient;
}

static void who_has_what_his_task_needs_has_no_finding(void **state)
{
    static const enum doctor_role roles[] = {DOCTOR_PARENT, DOCTOR_TIME, DOCTOR_SERVER,
                                             DOCTOR_HELPER, DOCTOR_KEY_SERVER};

    (void)state;
    for (unsigned i = 0; i < sizeof roles / sizeof roles[0]; i++) {
        struct doctor_patient patient = healthy(roles[i]);
        assert_int_equal(doctor_findings(&patient), 0);
    }
}

static void only_the_time_process_may_set_the_clock(void **state)
{
    struct doctor_patient server = healthy(DOCTOR_SERVER);
    struct doctor_patient helper = healthy(DOCTOR_HELPER);
    struct doctor_patient time = healthy(DOCTOR_TIME);

    (void)state;
    server.process.permitted = sys_time; /* not in force, but it could be put in force */
    helper.process.effective = sys_time;
    time.process.effective |= sys_admin;
    assert_int_equal(doctor_findings(&server), DOCTOR_RIGHTS);
    assert_int_equal(doctor_findings(&helper), DOCTOR_RIGHTS);
    assert_int_equal(doctor_findings(&time), DOCTOR_RIGHTS);
}

static void a_missing_sandbox_and_root_are_findings(void **state)
{
    struct doctor_patient patient = healthy(DOCTOR_SERVER);

    (void)state;
    patient.process.uid = 0;
    patient.process.seccomp = 0;
    patient.process.no_new_privileges = false;
    assert_int_equal(doctor_findings(&patient), DOCTOR_ROOT | DOCTOR_SYSCALLS | DOCTOR_MAY_GAIN);
}

static void each_process_is_told_in_words(void **state)
{
    struct doctor doctor = {.patients = {healthy(DOCTOR_TIME), healthy(DOCTOR_SERVER)}, .count = 2};
    struct view view = {.color = false};
    char buffer[2000];
    struct text text = text_begin(buffer, sizeof buffer);

    (void)state;
    doctor.patients[1].process.descriptors_known = false;
    doctor.patients[1].process.seccomp = 0;
    doctor.patients[1].process.threads = 4;
    assert_int_equal(view_doctor(&text, &view, &doctor), 1);
    assert_string_equal(
        buffer,
        "noond-time, process 101, user noon: keeps the clock\n"
        "  rights        CAP_SYS_TIME: can set the clock\n"
        "  system calls  only those on its list; it can gain no rights\n"
        "  holds         9 descriptors, 1 socket among them, 1 thread, 2.1 MB\n"
        "noond-server, process 102, user noon: answers clients\n"
        "  rights        no right beyond those of its user\n"
        "  system calls  all; it can gain no rights\n"
        "  holds         descriptors that only root and its user may see, 4 threads, 2.1 MB\n"
        "  !             may make any system call: this kernel or container has no seccomp filter, "
        "or it is --single\n"
        "1 finding\n");
    doctor.patients[1] = healthy(DOCTOR_SERVER);
    text = text_begin(buffer, sizeof buffer);
    assert_int_equal(view_doctor(&text, &view, &doctor), 0);
    assert_non_null(strstr(buffer, "\nno process may do more than it needs\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_has_what_his_task_needs_has_no_finding),
        cmocka_unit_test(only_the_time_process_may_set_the_clock),
        cmocka_unit_test(a_missing_sandbox_and_root_are_findings),
        cmocka_unit_test(each_process_is_told_in_words),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
