/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rule_lines.h - who may ask: the answer to CONTROL_RULES.
 *
 * Text: a line for each rule in the order in which they count, a mark and the rule as noon.conf(5)
 * has it.  Those of `allow` and `deny` first, then those of `cmdallow` and `cmddeny`.
 */
#ifndef WIRE_RULE_LINES_H
#define WIRE_RULE_LINES_H

enum {
    RULE_LINES_CONFIGURED = '=', /* of the configuration */
    RULE_LINES_ORDERED = '+',    /* by order, until noond ends */
    RULE_LINES_CUT = '.',        /* alone on the last line: there are more than one answer holds */
    RULE_LINES_CUT_SIZE = 2,
};

#endif
