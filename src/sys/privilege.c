/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/privilege.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/must.h"
#include "sys/storage.h"

struct capabilities {
    uint64_t effective, permitted, inheritable;
};

static bool capabilities_get(struct capabilities *out)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {{0}};

    if (syscall(SYS_capget, &header, data) != 0) {
        return false;
    }
    out->effective = (uint64_t)data[1].effective << 32 | data[0].effective;
    out->permitted = (uint64_t)data[1].permitted << 32 | data[0].permitted;
    out->inheritable = (uint64_t)data[1].inheritable << 32 | data[0].inheritable;
    return true;
}

static bool capabilities_set(const struct capabilities *in)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {
        {(uint32_t)in->effective, (uint32_t)in->permitted, (uint32_t)in->inheritable},
        {(uint32_t)(in->effective >> 32), (uint32_t)(in->permitted >> 32),
         (uint32_t)(in->inheritable >> 32)}};

    return syscall(SYS_capset, &header, data) == 0;
}

static uint64_t bit(int capability)
{
    return UINT64_C(1) << capability;
}

/* A number by itself; false: no number, or no id. */
static bool parse_id(const char *text, uint32_t *id)
{
    char *end = NULL;

    if (text[0] < '0' || text[0] > '9') {
        return false;
    }
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    /* The highest means "no change" to the kernel. */
    if (errno != 0 || *end != '\0' || value >= UINT32_MAX) {
        return false;
    }
    *id = (uint32_t)value;
    return true;
}

static enum err find_group(const char *text, uint32_t *gid)
{
    if (parse_id(text, gid)) {
        return ERR_NONE;
    }
    const struct group *group = getgrnam(text);
    if (group == NULL) {
        return ERR_NOT_FOUND;
    }
    *gid = group->gr_gid;
    return ERR_NONE;
}

enum err privilege_find_user(const char *text, struct user_ids *out)
{
    char name[sizeof out->name];
    const char *colon = strchr(text, ':');
    size_t length = colon == NULL ? strlen(text) : (size_t)(colon - text);
    const struct passwd *entry = NULL;

    if (length == 0 || length >= sizeof name || (colon != NULL && colon[1] == '\0')) {
        return ERR_FORMAT;
    }
    memcpy(name, text, length);
    name[length] = '\0';
    *out = (struct user_ids){0};
    if (parse_id(name, &out->uid)) {
        /* A user without an entry: the group of the same number, as containers have it. */
        entry = getpwuid(out->uid);
        out->gid = out->uid;
    } else {
        entry = getpwnam(name);
        if (entry == NULL) {
            return ERR_NOT_FOUND;
        }
        out->uid = entry->pw_uid;
    }
    if (entry != NULL) {
        out->gid = entry->pw_gid;
        (void)snprintf(out->name, sizeof out->name, "%s", entry->pw_name);
    } else {
        (void)snprintf(out->name, sizeof out->name, "%u", out->uid);
    }
    return colon == NULL ? ERR_NONE : find_group(colon + 1, &out->gid);
}

struct user_ids privilege_self(void)
{
    struct user_ids self = {.uid = getuid(), .gid = getgid()};
    const struct passwd *entry = getpwuid(self.uid);

    if (entry != NULL) {
        (void)snprintf(self.name, sizeof self.name, "%s", entry->pw_name);
    } else {
        (void)snprintf(self.name, sizeof self.name, "%u", self.uid);
    }
    return self;
}

/* Groups first: without the uid of root they can't be changed any more. */
static enum err become(const struct user_ids *user)
{
    const gid_t group = user->gid;

    /* Only the user's own group: a daemon has no business with a person's others. */
    if (setgroups(1, &group) != 0 || setresgid(group, group, group) != 0 ||
        setresuid(user->uid, user->uid, user->uid) != 0) {
        return storage_err(errno);
    }
    must(user->uid == 0 || setuid(0) != 0);
    return ERR_NONE;
}

enum err privilege_drop(const struct user_ids *user, enum privilege_keep keep)
{
    struct capabilities have = {0};
    uint64_t wanted = keep == PRIVILEGE_KEEP_TIME ? bit(CAP_SYS_TIME) : 0;
    int death_signal = 0;
    bool other = user->uid != getuid() || user->gid != getgid() || geteuid() != getuid();

    (void)prctl(PR_GET_PDEATHSIG, &death_signal);
    if (other || getuid() == 0) {
        (void)prctl(PR_SET_KEEPCAPS, 1L);
        enum err err = become(user);

        /* Root without the right to change groups, in a container, is still itself. */
        if (err != ERR_NONE && (other || err != ERR_DENIED)) {
            return err;
        }
        (void)prctl(PR_SET_KEEPCAPS, 0L);
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) != 0) {
        return storage_err(errno);
    }
    if (!capabilities_get(&have)) {
        return ERR_UNSUPPORTED;
    }
    wanted &= have.permitted;
    const struct capabilities rest = {.effective = wanted, .permitted = wanted};
    if (!capabilities_set(&rest)) {
        return storage_err(errno);
    }
    /* The kernel forgets it whenever credentials change. */
    if (death_signal != 0) {
        (void)prctl(PR_SET_PDEATHSIG, (long)death_signal);
    }
    return ERR_NONE;
}

void privilege_raise_time(void)
{
    struct capabilities have = {0};

    if (capabilities_get(&have) && (have.permitted & bit(CAP_SYS_TIME)) != 0) {
        have.effective |= bit(CAP_SYS_TIME);
        (void)capabilities_set(&have);
    }
}

void privilege_bound_supervisor(void)
{
    /* To set the clock, bind low ports, give sockets and files away, become others and end them. */
    const uint64_t needed = bit(CAP_SYS_TIME) | bit(CAP_NET_BIND_SERVICE) | bit(CAP_NET_RAW) |
                            bit(CAP_CHOWN) | bit(CAP_FOWNER) | bit(CAP_DAC_OVERRIDE) |
                            bit(CAP_SETUID) | bit(CAP_SETGID) | bit(CAP_KILL);
    struct capabilities have = {0};

    for (int capability = 0; capability < 64; capability++) {
        if ((needed & bit(capability)) == 0) {
            (void)prctl(PR_CAPBSET_DROP, (long)capability, 0L, 0L, 0L);
        }
    }
    if (capabilities_get(&have)) {
        have.effective &= needed;
        have.permitted &= needed;
        have.inheritable &= needed;
        (void)capabilities_set(&have);
    }
}

bool privilege_has(int capability)
{
    struct capabilities have = {0};

    return capabilities_get(&have) && (have.effective & bit(capability)) != 0;
}
