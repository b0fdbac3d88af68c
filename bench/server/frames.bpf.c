/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * frames.bpf.c - makes requests in the kernel and puts them on the cable, and looks at the answers
 * where they come in, before anything else in the kernel has work of them.
 */
#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/udp.h>

#include "frames.h"

enum { SPINS = 2000, SLACK_NS = 1000000, NS_IN_S = 1000000000 };

struct frame_plan plan SEC(".data.plan");
struct frame_counts counts SEC(".data.counts");

struct ntp {
    __u8 first, stratum, poll, precision;
    __u32 rest[5];
    __u64 origin, receive, transmit;
} __attribute__((packed, aligned(2)));

struct answer {
    struct ethhdr eth;
    struct iphdr ip;
    struct udphdr udp;
    struct ntp ntp;
} __attribute__((packed, aligned(2)));

static __always_inline __u16 fold(__u64 sum)
{
    for (int i = 0; i < 4; i++) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (__u16)sum;
}

/* Run by the kernel's own hand on frames of its own; not before each is due. */
SEC("xdp")
int make(struct xdp_md *ctx)
{
    struct answer *out = (struct answer *)(long)ctx->data;
    __u64 number = counts.sent;
    __u64 now_ns = bpf_ktime_get_ns();
    __u64 due_ns;

    if ((void *)(out + 1) > (void *)(long)ctx->data_end) {
        return XDP_ABORTED;
    }
    if (number == 0) {
        counts.start_ns = now_ns;
    }
    due_ns = counts.start_ns + (number * plan.interval_2_16 >> 16);
    for (int i = 0; i < SPINS && now_ns < due_ns; i++) {
        now_ns = bpf_ktime_get_ns();
    }
    counts.sent = number + 1;
    counts.end_ns = now_ns;
    __builtin_memcpy(out, plan.frame, FRAME_SIZE);
    out->ip.saddr = bpf_htonl(plan.first + (__u32)(number % plan.clients));
    out->ip.check = (__u16)~fold((__u64)plan.ip_sum + out->ip.saddr);
    out->ntp.transmit = now_ns;
    return bpf_redirect(plan.interface, 0);
}

static __always_inline enum frame_fault look_at(const struct answer *in, __u64 now_ns)
{
    __u64 sum = (__u64)in->ip.saddr + in->ip.daddr + bpf_htons(17) + in->udp.len;
    __u64 ns = now_ns + plan.ns_offset, seconds = plan.seconds_offset + ns / NS_IN_S;
    __u64 receive = bpf_be64_to_cpu(in->ntp.receive), transmit = bpf_be64_to_cpu(in->ntp.transmit);
    __s64 said_ns;

    if (bpf_ntohl(in->ip.daddr) - plan.first >= plan.clients || in->udp.len != bpf_htons(56)) {
        return FAULT_ADDRESS;
    }
    sum += (__u32)bpf_csum_diff(0, 0, (__be32 *)((long)in + 34), 56, 0);
    if (fold(sum) != 0xffff ||
        fold((__u32)bpf_csum_diff(0, 0, (__be32 *)((long)in + 14), 20, 0)) != 0xffff) {
        return FAULT_CHECKSUM;
    }
    if (in->ntp.first != 0x24 || in->ntp.stratum == 0 || in->ntp.stratum > 15) {
        return FAULT_HEADER;
    }
    if (in->ntp.origin > now_ns || now_ns - in->ntp.origin > NS_IN_S) {
        return FAULT_ORIGIN;
    }
    said_ns = (__s64)((receive >> 32) - seconds) * NS_IN_S +
              (__s64)((receive & 0xffffffff) * NS_IN_S >> 32) - (__s64)(ns % NS_IN_S);
    return said_ns > SLACK_NS || said_ns < -(__s64)(now_ns - in->ntp.origin) - SLACK_NS ||
                   transmit <= receive
               ? FAULT_TIME
               : FAULT_NONE;
}

SEC("xdp")
int take(struct xdp_md *ctx)
{
    const struct answer *in = (const struct answer *)(long)ctx->data;
    __u64 now_ns = bpf_ktime_get_ns();
    enum frame_fault fault;
    __u64 latency;

    if ((void *)(in + 1) > (void *)(long)ctx->data_end || in->eth.h_proto != bpf_htons(ETH_P_IP) ||
        in->ip.protocol != 17 || in->udp.source != bpf_htons(123)) {
        return XDP_PASS;
    }
    fault = look_at(in, now_ns);
    counts.answered++;
    if (fault != FAULT_NONE) {
        counts.bad++;
        counts.fault = fault;
        return XDP_DROP;
    }
    latency = (now_ns - in->ntp.origin) / LATENCY_UNIT_NS;
    latency = latency < LATENCIES ? latency : LATENCIES - 1;
    __asm__ volatile("" : "+r"(latency)); /* or the compiler proves what the kernel can't */
    counts.latency[latency & (LATENCIES - 1)]++;
    return XDP_DROP;
}

char terms[] SEC("license") = "Dual BSD/GPL";
