/* SPDX-License-Identifier: BSD-2-Clause */
/* view_doctor.h - what each of noond's processes may do, and whether that is no more than it needs.
 */
#ifndef CLI_VIEW_DOCTOR_H
#define CLI_VIEW_DOCTOR_H

#include "base/text.h"
#include "cli/view.h"
#include "sys/inspect.h"

enum { DOCTOR_PROCESSES_MAX = 32 };

enum doctor_role {
    DOCTOR_PARENT,
    DOCTOR_TIME,
    DOCTOR_SERVER,
    DOCTOR_HELPER,
    DOCTOR_KEY_SERVER,
    DOCTOR_ALONE, /* --single: one process is all of them */
};

struct doctor_patient {
    enum doctor_role role;
    struct inspected process;
};

struct doctor {
    struct doctor_patient patients[DOCTOR_PROCESSES_MAX];
    size_t count;
};

/* What is more than a process needs, a bit each; 0: nothing. */
enum doctor_finding {
    DOCTOR_ROOT = 1 << 0,     /* runs as root without need */
    DOCTOR_RIGHTS = 1 << 1,   /* a capability that its role does not need */
    DOCTOR_SYSCALLS = 1 << 2, /* its system calls are not filtered */
    DOCTOR_MAY_GAIN = 1 << 3, /* could gain rights by executing a program */
    DOCTOR_FINDINGS = 1 << 4, /* how many bits there are */
};

/* The capabilities, CAP_* as bits, that a process of this role may hold. */
uint64_t doctor_needs(enum doctor_role role);
unsigned doctor_findings(const struct doctor_patient *patient);
/* "keeps the clock" */
const char *doctor_task(enum doctor_role role);
/* The finding in a sentence, with what to do. */
const char *doctor_advice(enum doctor_finding finding);

/* The picture; returns how many findings there are. */
unsigned view_doctor(struct text *text, const struct view *view, const struct doctor *doctor);

#endif
