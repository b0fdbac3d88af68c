/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_doctor.c - `noon doctor`: what each process of the running noond may do. */
#include <stdio.h>
#include <string.h>

#include "cli/fetch.h"
#include "cli/json.h"
#include "cli/out.h"
#include "cli/view_doctor.h"

static enum doctor_role role_of(const struct inspected *process)
{
    if (strcmp(process->name, "noond-time") == 0) {
        return DOCTOR_TIME;
    }
    if (strcmp(process->name, "noond-server") == 0) {
        return DOCTOR_SERVER;
    }
    if (strcmp(process->name, "noon-nts-server") == 0) {
        return DOCTOR_KEY_SERVER;
    }
    return strcmp(process->name, "noond") == 0 ? DOCTOR_PARENT : DOCTOR_HELPER;
}

static void examine(struct doctor *doctor, int pid)
{
    struct doctor_patient *patient = &doctor->patients[doctor->count];

    if (doctor->count < DOCTOR_PROCESSES_MAX &&
        inspect_process(pid, &patient->process) == ERR_NONE) {
        patient->role = role_of(&patient->process);
        doctor->count++;
    }
}

/* From the process that keeps the clock, which is the one that answers, to its parent and that
 * one's children. */
static bool examine_all(struct doctor *doctor, int time_pid)
{
    int children[DOCTOR_PROCESSES_MAX];
    struct inspected time;

    *doctor = (struct doctor){.count = 0};
    if (inspect_process(time_pid, &time) != ERR_NONE) {
        return false;
    }
    if (strcmp(time.name, "noond-time") != 0) {
        doctor->patients[0] = (struct doctor_patient){DOCTOR_ALONE, time};
        doctor->count = 1;
        return true;
    }
    examine(doctor, time.parent);
    size_t count = inspect_children(time.parent, children, DOCTOR_PROCESSES_MAX);
    for (size_t i = 0; i < count; i++) {
        examine(doctor, children[i]);
    }
    return doctor->count > 0;
}

static json_t *json_of_rights(uint64_t held)
{
    json_t *array = json_array();

    for (unsigned i = 0; i < 64; i++) {
        const char *name = inspect_capability(i);

        if ((held >> i & 1) != 0) {
            json_array_append_new(array, name ? json_string(name) : json_integer(i));
        }
    }
    return array;
}

static json_t *json_of_findings(unsigned found)
{
    json_t *array = json_array();

    for (unsigned bit = 1; bit < DOCTOR_FINDINGS; bit <<= 1) {
        if ((found & bit) != 0) {
            json_array_append_new(array, json_string(doctor_advice((enum doctor_finding)bit)));
        }
    }
    return array;
}

static json_t *json_of_patient(const struct doctor_patient *patient)
{
    const struct inspected *process = &patient->process;
    json_t *object = json_pack(
        "{s:s,s:s,s:i,s:s,s:o,s:b,s:b,s:i,s:I,s:o}", "name", process->name, "task",
        doctor_task(patient->role), "pid", process->pid, "user", process->user, "capabilities",
        json_of_rights(process->effective | process->permitted), "syscalls_filtered",
        process->seccomp == 2, "no_new_privileges", process->no_new_privileges, "threads",
        (int)process->threads, "resident_octets", (json_int_t)process->resident_octets, "findings",
        json_of_findings(doctor_findings(patient)));

    if (process->descriptors_known) {
        json_object_set_new(object, "descriptors", json_integer(process->descriptors));
        json_object_set_new(object, "sockets", json_integer(process->sockets));
    }
    return object;
}

static enum exit_code print_as_json(const struct doctor *doctor)
{
    json_t *array = json_array();
    unsigned found = 0;

    for (size_t i = 0; i < doctor->count; i++) {
        found |= doctor_findings(&doctor->patients[i]);
        json_array_append_new(array, json_of_patient(&doctor->patients[i]));
    }
    return json_print(json_pack("{s:o}", "processes", array), false,
                      found == 0 ? EXIT_CODE_OK : EXIT_CODE_NO);
}

enum exit_code command_doctor(const struct cli *cli)
{
    struct status_record record;
    struct doctor doctor;
    enum exit_code code = fetch_record(cli, &record);

    if (code != EXIT_CODE_OK) {
        return code;
    }
    if (!examine_all(&doctor, (int)record.node.pid)) {
        fprintf(stderr,
                "noon: process %u is not to be seen in /proc: is noond in another container, "
                "or has it just ended?\n",
                record.node.pid);
        code = EXIT_CODE_UNREACHABLE;
    } else if (cli->options.json) {
        code = print_as_json(&doctor);
    } else {
        struct view view = out_view(&record.node);
        struct text text = out_begin(doctor.count);

        code = view_doctor(&text, &view, &doctor) == 0 ? EXIT_CODE_OK : EXIT_CODE_NO;
        code = out_end(&text, code);
    }
    fetch_done(&record);
    return code;
}
