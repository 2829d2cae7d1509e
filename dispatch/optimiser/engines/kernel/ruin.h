/* Strings of neighbouring routes torn out around a chance client (SISR: Christiaens and Vanden Berghe 2020). */
#ifndef MILEPOST_RUIN_H
#define MILEPOST_RUIN_H

#include "route.h"

#define SPLIT 0.5  /* share of strings that leave a piece of themselves in place */
#define FOCUSED 0.5
#define ENDS 0.01 /* chance that this piece grows no more */

static void cut(Plan *plan, int32_t client) {
    Node *node = &plan->nodes[client];
    plan->nodes[node->before].after = node->after;
    plan->nodes[node->after].before = node->before;
    node->slot = ABSENT;
}

/* Take out `length` clients in a row, the given one in or near it, perhaps around a piece that stays. */
static int32_t tear(Plan *plan, int32_t client, int32_t length, int32_t count, int32_t taken) {
    const Node *nodes = plan->nodes;
    int32_t kept = 0, ahead = 0, behind = 0, first = client;
    if (length > 1 && length < count && uniform(plan) < SPLIT) {
        kept = 1;
        while (length + kept < count && uniform(plan) > ENDS) kept++;
    }
    int32_t whole = length + kept, start = nodes[client].slot * 2 + plan->tables->clients;
    for (int32_t node = nodes[client].before; ahead < whole - 1 && node != start; node = nodes[node].before) ahead++;
    for (int32_t node = nodes[client].after; behind < whole - 1 && node != start + 1; node = nodes[node].after) behind++;
    int32_t least = whole - 1 - behind; /* at least so many before the client */
    int32_t back = least + below(plan, ahead - least + 1);
    int32_t stays = kept ? 1 + below(plan, length - 1) : whole;
    while (back--) first = nodes[first].before;
    for (int32_t at = 0; at < whole; at++) {
        int32_t after = nodes[first].after;
        if (at < stays || at >= stays + kept) {
            cut(plan, first);
            plan->taken[taken++] = plan->tables->item[first];
        }
        first = after;
    }
    return taken;
}

/* Tear out about `removed` clients, at most `longest` of a route; how many items are now in `taken`. */
static int32_t ruin(Plan *plan, double removed, double longest) {
    const Tables *tables = plan->tables;
    double most = fmin(longest, (double)tables->clients / (plan->used > 0 ? plan->used : 1));
    if (most < 1.0) most = 1.0;
    int32_t strings = (int32_t)(uniform(plan) * (4.0 * removed / (1.0 + most) - 1.0) + 1.0), torn = 0, taken = 0;
    int32_t centre = below(plan, tables->clients);
    if (plan->focus_count && uniform(plan) < FOCUSED) centre = plan->focus[below(plan, plan->focus_count)];
    const int32_t *around = tables->around + (int64_t)centre * tables->around_count;
    for (int32_t index = 0; index < tables->around_count && torn < strings; index++) {
        int32_t at = plan->nodes[around[index]].slot;
        if (at < 0 || plan->touched[at] == plan->step) continue;
        remember(plan, at);
        torn++;
        int32_t count = plan->slots[at].count;
        int32_t length = (int32_t)(uniform(plan) * fmin(count, most) + 1.0);
        taken = tear(plan, around[index], length < count ? length : count, count, taken);
        refresh(plan, at);
    }
    for (int32_t index = 0; index < taken; index++) plan->cost += tables->price[plan->taken[index]];
    return taken;
}

#endif
