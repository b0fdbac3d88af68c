/* SPDX-License-Identifier: BSD-2-Clause */
/* ask_ntpctl.h - ntpctl's questions answered (wire/imsg.h). */
#ifndef CORE_SERVER_ASK_NTPCTL_H
#define CORE_SERVER_ASK_NTPCTL_H

#include "core/server/ask.h"
#include "wire/imsg.h"

/* Octets that an answer about so many sources may need. */
size_t ask_ntpctl_size(size_t sources);

/* The answer to a request of that type; returns its octets, 0 when `size` is too small. */
size_t ask_ntpctl(const struct ask_view *view, enum imsg_type type, uint8_t *bytes, size_t size);

#endif
