/* SPDX-License-Identifier: BSD-2-Clause */
/* program.h - program.bpf.c as it was compiled, within noon-xdp. */
#ifndef XDP_PROGRAM_H
#define XDP_PROGRAM_H

#include <stddef.h>
#include <stdint.h>

extern const uint8_t xdp_program[];
extern const size_t xdp_program_size;

#endif
