/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/bpf.h"

#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/storage.h"

static uint64_t at(const void *pointer)
{
    return (uint64_t)(uintptr_t)pointer;
}

static long call(enum bpf_cmd command, union bpf_attr *attributes)
{
    return syscall(SYS_bpf, (long)command, attributes, sizeof *attributes);
}

bool bpf_is_map(int fd)
{
    struct bpf_map_info info;
    union bpf_attr attributes;

    memset(&attributes, 0, sizeof attributes);
    memset(&info, 0, sizeof info);
    attributes.info.bpf_fd = (uint32_t)fd;
    attributes.info.info_len = sizeof info;
    attributes.info.info = at(&info);
    return call(BPF_OBJ_GET_INFO_BY_FD, &attributes) == 0;
}

enum err bpf_set(int map, const void *key, const void *value)
{
    union bpf_attr attributes;

    memset(&attributes, 0, sizeof attributes);
    attributes.map_fd = (uint32_t)map;
    attributes.key = at(key);
    attributes.value = at(value);
    return call(BPF_MAP_UPDATE_ELEM, &attributes) == 0 ? ERR_NONE : storage_err(errno);
}

void bpf_remove(int map, const void *key)
{
    union bpf_attr attributes;

    memset(&attributes, 0, sizeof attributes);
    attributes.map_fd = (uint32_t)map;
    attributes.key = at(key);
    (void)call(BPF_MAP_DELETE_ELEM, &attributes);
}

size_t bpf_entries(int map, void *keys, void *values, size_t count)
{
    union bpf_attr attributes;
    uint32_t place = 0; /* the kernel's mark of where it stopped */

    memset(&attributes, 0, sizeof attributes);
    attributes.batch.map_fd = (uint32_t)map;
    attributes.batch.out_batch = at(&place);
    attributes.batch.keys = at(keys);
    attributes.batch.values = at(values);
    attributes.batch.count = (uint32_t)count;
    /* At the end of the table it says that there is no more; what it has copied counts. */
    if (call(BPF_MAP_LOOKUP_BATCH, &attributes) != 0 && errno != ENOENT) {
        return 0;
    }
    return attributes.batch.count <= count ? attributes.batch.count : 0;
}

enum err bpf_attach_xdp(int program, unsigned interface, bool generic, int *link)
{
    union bpf_attr attributes;

    memset(&attributes, 0, sizeof attributes);
    attributes.link_create.prog_fd = (uint32_t)program;
    attributes.link_create.target_ifindex = interface;
    attributes.link_create.attach_type = BPF_XDP;
    attributes.link_create.flags = generic ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE;
    *link = (int)call(BPF_LINK_CREATE, &attributes);
    if (*link >= 0) {
        return ERR_NONE;
    }
    enum err err = storage_err(errno);
    return errno == EBUSY || errno == EEXIST                           ? ERR_IN_USE
           : errno == EOPNOTSUPP || errno == EINVAL || errno == ERANGE ? ERR_UNSUPPORTED
                                                                       : err;
}

void *bpf_memory(int map, size_t size, bool writable)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t whole = (size + page - 1) / page * page;
    void *memory =
        mmap(NULL, whole, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, map, 0);

    return memory != MAP_FAILED ? memory : NULL;
}

void bpf_release(void *memory, size_t size)
{
    if (memory != NULL) {
        (void)munmap(memory, size);
    }
}
