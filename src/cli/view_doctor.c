/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/view_doctor.h"

static const uint64_t sys_time = UINT64_C(1) << INSPECT_SYS_TIME;

uint64_t doctor_needs(enum doctor_role role)
{
    switch (role) {
    case DOCTOR_TIME: /* with `lock_all` and `sched_priority` the other two */
        return sys_time | UINT64_C(1) << INSPECT_IPC_LOCK | UINT64_C(1) << INSPECT_SYS_NICE;
    case DOCTOR_PARENT: /* binds, opens keys, becomes the others' user */
    case DOCTOR_ALONE:  /* what it was given: it drops nothing */
        return UINT64_MAX;
    case DOCTOR_SERVER:
    case DOCTOR_HELPER:
    case DOCTOR_KEY_SERVER:
        break;
    }
    return 0;
}

const char *doctor_task(enum doctor_role role)
{
    static const char *const tasks[] = {
        [DOCTOR_PARENT] = "binds sockets, starts the others again; reads nothing from the network",
        [DOCTOR_TIME] = "keeps the clock",
        [DOCTOR_SERVER] = "answers clients",
        [DOCTOR_HELPER] = "resolves names and speaks TLS",
        [DOCTOR_KEY_SERVER] = "exchanges keys with NTS clients; it alone holds the TLS key",
        [DOCTOR_ALONE] = "everything in one process (--single)",
    };

    return tasks[role];
}

const char *doctor_advice(enum doctor_finding finding)
{
    switch (finding) {
    case DOCTOR_ROOT:
        return "runs as root: give it a user of its own with `user NAME` or -u";
    case DOCTOR_RIGHTS:
        return "holds rights that it does not need: start noond with no more than CAP_SYS_TIME and "
               "CAP_NET_BIND_SERVICE";
    case DOCTOR_SYSCALLS:
        return "may make any system call: this kernel or container has no seccomp filter, or it is "
               "--single";
    case DOCTOR_MAY_GAIN:
        return "could gain rights by executing a program (no_new_privs is off)";
    case DOCTOR_FINDINGS:
        break;
    }
    return "";
}

unsigned doctor_findings(const struct doctor_patient *patient)
{
    const struct inspected *process = &patient->process;
    uint64_t held = process->effective | process->permitted;
    unsigned found = 0;

    if ((held & ~doctor_needs(patient->role)) != 0) {
        found |= DOCTOR_RIGHTS;
    }
    if (patient->role == DOCTOR_PARENT) {
        return found; /* not sandboxed: sandboxes are inherited by what it starts */
    }
    found |= process->uid == 0 ? DOCTOR_ROOT : 0;
    found |= process->seccomp != 2 ? DOCTOR_SYSCALLS : 0;
    found |= process->no_new_privileges ? 0 : DOCTOR_MAY_GAIN;
    return found;
}

static void add_rights(struct text *text, uint64_t held)
{
    bool first = true;

    if (held == 0) {
        text_add(text, "no right beyond those of its user");
        return;
    }
    for (unsigned i = 0; i < 64; i++) {
        const char *name = inspect_capability(i);

        if ((held >> i & 1) == 0) {
            continue;
        }
        text_add(text, first ? "" : ", ");
        first = false;
        if (name != NULL) {
            text_add(text, name);
        } else {
            text_add(text, "capability ");
            text_u64(text, i);
        }
    }
    text_add(text, (held & sys_time) != 0 ? ": can set the clock" : ": can't set the clock");
}

static void add_patient(struct text *text, const struct view *view,
                        const struct doctor_patient *patient)
{
    const struct inspected *process = &patient->process;

    view_colored(text, view, VIEW_BOLD, process->name);
    text_add(text, ", process ");
    text_u64(text, (uint64_t)process->pid);
    text_add(text, ", user ");
    text_add(text, process->user);
    text_add(text, ": ");
    text_add(text, doctor_task(patient->role));
    text_add(text, "\n  rights        ");
    add_rights(text, process->effective | process->permitted);
    text_add(text, "\n  system calls  ");
    text_add(text, process->seccomp == 2 ? "only those on its list" : "all");
    text_add(text, process->no_new_privileges ? "; it can gain no rights"
                                              : "; it could gain rights by executing a program");
    text_add(text, "\n  holds         ");
    if (process->descriptors_known) {
        view_plural(text, process->descriptors, "descriptor");
        text_add(text, ", ");
        view_plural(text, process->sockets, "socket");
        text_add(text, " among them, ");
    } else {
        text_add(text, "descriptors that only root and its user may see, ");
    }
    view_plural(text, process->threads, "thread");
    text_add(text, ", ");
    text_fixed(text, (double)process->resident_octets / 1e6, 1);
    text_add(text, " MB\n");
}

unsigned view_doctor(struct text *text, const struct view *view, const struct doctor *doctor)
{
    unsigned count = 0;

    for (size_t i = 0; i < doctor->count; i++) {
        const struct doctor_patient *patient = &doctor->patients[i];
        unsigned found = doctor_findings(patient);

        add_patient(text, view, patient);
        for (unsigned bit = 1; bit < DOCTOR_FINDINGS; bit <<= 1) {
            if ((found & bit) != 0) {
                text_add(text, "  ");
                view_colored(text, view, VIEW_WARN, "!");
                text_add(text, "             ");
                text_add(text, doctor_advice((enum doctor_finding)bit));
                text_char(text, '\n');
                count++;
            }
        }
    }
    if (count == 0) {
        text_add(text, "no process may do more than it needs\n");
    } else {
        view_plural(text, count, "finding");
        text_char(text, '\n');
    }
    return count;
}
