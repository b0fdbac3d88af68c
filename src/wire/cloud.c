/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/cloud.h"

#include <string.h>

/* Azure's machines among those of Hyper-V. */
static const char azure_tag[] = "7783-7084-3265-9085-8269-3286-77";

static const struct cloud_offer offers[] = {
    {FOUND_BY_AWS,
     {"169.254.169.123", "fd00:ec2::123"},
     true,
     true,
     "on newer instances the ENA adapter has a hardware clock (/dev/ptp*), better than any server, "
     "which unlike the servers does not smear; noon can't use it yet"},
    {FOUND_BY_GCP,
     {"169.254.169.254"},
     true,
     true,
     "on some machine types the host's clock is a device of this machine (/dev/ptp* of ptp_kvm), "
     "better than the server; noon can't use it yet"},
    {FOUND_BY_AZURE,
     {NULL},
     true,
     false,
     "the host's clock is a device of this machine (/dev/ptp_hyperv), and there is no server on "
     "the link; noon can't use the device yet: write `server` or `pool` lines"},
    {FOUND_BY_ALIBABA,
     {"ntp.cloud.aliyuncs.com", "ntp7.cloud.aliyuncs.com", "ntp8.cloud.aliyuncs.com"},
     false,
     false,
     NULL},
    {FOUND_BY_ORACLE, {"169.254.169.254"}, true, false, NULL},
    {FOUND_BY_OPENSTACK, {NULL}, true, false, NULL},
};

enum found_by cloud_recognise(const struct cloud_dmi *dmi)
{
    if (strcmp(dmi->sys_vendor, "Amazon EC2") == 0 || strstr(dmi->bios_version, "amazon") != NULL) {
        return FOUND_BY_AWS;
    }
    if (strcmp(dmi->product_name, "Google Compute Engine") == 0) {
        return FOUND_BY_GCP;
    }
    if (strcmp(dmi->chassis_asset_tag, azure_tag) == 0 ||
        (strcmp(dmi->sys_vendor, "Microsoft Corporation") == 0 &&
         strcmp(dmi->product_name, "Virtual Machine") == 0)) {
        return FOUND_BY_AZURE;
    }
    if (strcmp(dmi->sys_vendor, "Alibaba Cloud") == 0) {
        return FOUND_BY_ALIBABA;
    }
    if (strcmp(dmi->chassis_asset_tag, "OracleCloud.com") == 0) {
        return FOUND_BY_ORACLE;
    }
    if (strncmp(dmi->product_name, "OpenStack ", 10) == 0 ||
        strcmp(dmi->sys_vendor, "OpenStack Foundation") == 0) {
        return FOUND_BY_OPENSTACK;
    }
    return FOUND_BY_NOBODY;
}

const struct cloud_offer *cloud_offer(enum found_by by)
{
    for (size_t i = 0; i < sizeof offers / sizeof offers[0]; i++) {
        if (offers[i].by == by) {
            return &offers[i];
        }
    }
    return NULL;
}
