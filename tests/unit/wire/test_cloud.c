/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/cloud.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/address.h"

static void providers_are_recognised_by_their_firmware(void **state)
{
    static const struct {
        struct cloud_dmi dmi;
        enum found_by by;
    } rows[] = {
        {{.sys_vendor = "Amazon EC2", .product_name = "m7i.large"}, FOUND_BY_AWS},
        {{.sys_vendor = "Xen", .product_name = "HVM domU", .bios_version = "4.11.amazon"},
         FOUND_BY_AWS},
        {{.sys_vendor = "Google", .product_name = "Google Compute Engine"}, FOUND_BY_GCP},
        {{.sys_vendor = "Google", .product_name = "Chromebook"}, FOUND_BY_NOBODY},
        {{.sys_vendor = "Microsoft Corporation", .product_name = "Virtual Machine"},
         FOUND_BY_AZURE},
        {{.sys_vendor = "Microsoft Corporation", .product_name = "Surface"}, FOUND_BY_NOBODY},
        {{.chassis_asset_tag = "7783-7084-3265-9085-8269-3286-77"}, FOUND_BY_AZURE},
        {{.sys_vendor = "Alibaba Cloud", .product_name = "Alibaba Cloud ECS"}, FOUND_BY_ALIBABA},
        {{.sys_vendor = "QEMU", .chassis_asset_tag = "OracleCloud.com"}, FOUND_BY_ORACLE},
        {{.sys_vendor = "OpenStack Foundation", .product_name = "OpenStack Nova"},
         FOUND_BY_OPENSTACK},
        {{.sys_vendor = "RDO", .product_name = "OpenStack Compute"}, FOUND_BY_OPENSTACK},
        {{.sys_vendor = "QEMU", .product_name = "Standard PC"}, FOUND_BY_NOBODY},
        {{.sys_vendor = ""}, FOUND_BY_NOBODY},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(cloud_recognise(&rows[i].dmi), rows[i].by);
    }
}

static void what_is_said_to_be_on_the_link_is(void **state)
{
    (void)state;
    for (int by = 0; by < FOUND_BY_COUNT; by++) {
        const struct cloud_offer *offer = cloud_offer((enum found_by)by);

        assert_int_equal(offer != NULL, by >= FOUND_BY_AWS);
        for (int i = 0; offer != NULL && i < CLOUD_SERVERS_MAX && offer->servers[i] != NULL; i++) {
            struct address address;
            bool literal = address_parse(&address, offer->servers[i]);

            assert_int_equal(literal, offer->on_link);
            assert_true(!literal || address_is_private(&address));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(providers_are_recognised_by_their_firmware),
        cmocka_unit_test(what_is_said_to_be_on_the_link_is),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
