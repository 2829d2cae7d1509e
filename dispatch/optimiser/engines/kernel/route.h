/* Routes: read anew from their links, mended around a change, kept and taken back. */
#ifndef MILEPOST_ROUTE_H
#define MILEPOST_ROUTE_H

#include "plan.h"

/* Two parts driven one after the other (Vidal et al. 2013); each is taken to be in time. */
static inline Span join(Span first, int64_t travel, Span second) {
    int64_t reach = first.time + travel;
    int64_t wait = larger(0, second.early - reach - first.late);
    Span both = {reach + second.time + wait, larger(second.early - reach, first.early) - wait,
                 smaller(second.late - reach, first.late)};
    return both;
}

static inline Span alone(const Node *node) {
    Span one = {node->service, node->early, node->late};
    return one;
}

static inline int64_t extra_of(const Tables *tables, int32_t type, int32_t client) {
    return tables->extra ? tables->extra[(int64_t)type * tables->clients + client] : 0;
}

static inline int64_t cost_of_time(const Tables *tables, int32_t type, int64_t time) {
    return tables->per_duration[type] * time + tables->overtime[type] * larger(0, time - tables->overtime_after[type]);
}

static int64_t cost_of(const Tables *tables, const Slot *slot) {
    if (slot->count == 0) return 0;
    int64_t cost = tables->fixed[slot->type] + tables->per_distance[slot->type] * slot->length + slot->extra;
    return tables->priced_time ? cost + cost_of_time(tables, slot->type, slot->time) : cost;
}

/* Times of the nodes from `node` on, whose own are to be set, till nothing changes any more. */
static void forwards(Plan *plan, int32_t node, int32_t profile, int full) {
    const Tables *tables = plan->tables;
    Node *nodes = plan->nodes;
    int32_t before = nodes[node].before;
    for (; node >= 0; before = node, node = nodes[node].after) {
        Node *one = &nodes[node];
        int64_t travel = row(tables->duration, tables, profile, nodes[before].location)[one->location];
        int64_t leaves = larger(nodes[before].leaves + travel, one->early) + one->service;
        if (tables->priced_time)
            plan->ahead[node] = join(plan->ahead[before], travel, alone(one));
        else if (!full && leaves == one->leaves)
            return;
        one->leaves = leaves;
    }
}

static void backwards(Plan *plan, int32_t node, int32_t profile, int full) {
    const Tables *tables = plan->tables;
    Node *nodes = plan->nodes;
    int32_t after = nodes[node].after;
    for (; node >= 0; after = node, node = nodes[node].before) {
        Node *one = &nodes[node];
        int64_t travel = row(tables->duration, tables, profile, one->location)[nodes[after].location];
        int64_t latest = smaller(nodes[after].latest - travel - one->service, one->late);
        if (tables->priced_time)
            plan->behind[node] = join(alone(one), travel, plan->behind[after]);
        else if (!full && latest == one->latest)
            return;
        one->latest = latest;
    }
}

/* The plan's cost follows the slot's. */
static void settle(Plan *plan, Slot *slot, int32_t had) {
    if (plan->tables->priced_time) slot->time = plan->ahead[slot->start + 1].time;
    int64_t cost = cost_of(plan->tables, slot);
    plan->cost += cost - slot->cost;
    slot->cost = cost;
    plan->used += (slot->count > 0) - (had > 0);
}

/* Read a whole route from its links. */
static void refresh(Plan *plan, int32_t at) {
    const Tables *tables = plan->tables;
    Slot *slot = &plan->slots[at];
    Node *nodes = plan->nodes;
    int64_t *load = plan->load + (int64_t)at * tables->units;
    int32_t had = slot->count, node = slot->start;
    memset(load, 0, sizeof(int64_t) * tables->units);
    slot->count = 0;
    slot->length = slot->extra = 0;
    while (node != slot->start + 1) {
        int32_t after = nodes[node].after;
        nodes[node].gap = row(tables->distance, tables, slot->profile, nodes[node].location)[nodes[after].location];
        slot->length += nodes[node].gap;
        node = after;
        if (node == slot->start + 1) break;
        slot->count++;
        slot->extra += extra_of(tables, slot->type, node);
        for (int32_t unit = 0; unit < tables->units; unit++)
            load[unit] += tables->demand[(int64_t)node * tables->units + unit];
    }
    if (tables->timed) {
        forwards(plan, nodes[slot->start].after, slot->profile, 1);
        backwards(plan, nodes[slot->start + 1].before, slot->profile, 1);
    }
    settle(plan, slot, had);
}

/* Put a client behind a node of the slot's route. */
static void put(Plan *plan, int32_t client, int32_t behind, int32_t at) {
    const Tables *tables = plan->tables;
    Node *nodes = plan->nodes;
    Slot *slot = &plan->slots[at];
    int32_t after = nodes[behind].after;
    int64_t into = row(tables->distance_to, tables, slot->profile, nodes[client].location)[nodes[behind].location];
    int64_t onward = row(tables->distance, tables, slot->profile, nodes[client].location)[nodes[after].location];
    slot->length += into + onward - nodes[behind].gap;
    nodes[behind].gap = into;
    nodes[client].gap = onward;
    nodes[behind].after = nodes[after].before = client;
    nodes[client].before = behind;
    nodes[client].after = after;
    nodes[client].slot = at;
    nodes[client].leaves = nodes[client].latest = -1;
    for (int32_t unit = 0; unit < tables->units; unit++)
        plan->load[(int64_t)at * tables->units + unit] += tables->demand[(int64_t)client * tables->units + unit];
    slot->count++;
    slot->extra += extra_of(tables, slot->type, client);
    if (tables->timed) {
        forwards(plan, client, slot->profile, 0);
        backwards(plan, client, slot->profile, 0);
    }
    settle(plan, slot, slot->count - 1);
}

/* Keep a route as it is, the first time a step touches it. */
static void remember(Plan *plan, int32_t at) {
    if (plan->touched[at] == plan->step) return;
    plan->touched[at] = plan->step;
    const Tables *tables = plan->tables;
    Kept *kept = &plan->kept[plan->kept_count];
    kept->slot = at;
    kept->was = plan->slots[at];
    kept->from = plan->kept_count ? kept[-1].from + kept[-1].count : 0;
    kept->count = 0;
    memcpy(plan->kept_load + (int64_t)plan->kept_count * tables->units, plan->load + (int64_t)at * tables->units,
           sizeof(int64_t) * tables->units);
    plan->kept_count++;
    for (int32_t node = kept->was.start; node >= 0; node = plan->nodes[node].after) {
        int32_t to = kept->from + kept->count++;
        KeptNode one = {node, plan->nodes[node].leaves, plan->nodes[node].latest, plan->nodes[node].gap};
        plan->kept_nodes[to] = one;
        if (tables->priced_time) {
            plan->kept_ahead[to] = plan->ahead[node];
            plan->kept_behind[to] = plan->behind[node];
        }
    }
}

/* Make the plan what it was when the step began. */
static void take_back(Plan *plan) {
    const Tables *tables = plan->tables;
    for (int32_t index = 0; index < plan->kept_count; index++) { /* first all out: clients may have changed routes */
        int32_t start = plan->kept[index].was.start;
        for (int32_t node = plan->nodes[start].after; node != start + 1; node = plan->nodes[node].after)
            plan->nodes[node].slot = ABSENT;
    }
    for (int32_t index = 0; index < plan->kept_count; index++) {
        const Kept *kept = &plan->kept[index];
        plan->used += (kept->was.count > 0) - (plan->slots[kept->slot].count > 0);
        plan->slots[kept->slot] = kept->was;
        memcpy(plan->load + (int64_t)kept->slot * tables->units, plan->kept_load + (int64_t)index * tables->units,
               sizeof(int64_t) * tables->units);
        int32_t last = -1;
        for (int32_t at = kept->from; at < kept->from + kept->count; at++) {
            const KeptNode *one = &plan->kept_nodes[at];
            Node *node = &plan->nodes[one->node];
            node->before = last;
            if (last >= 0) plan->nodes[last].after = one->node;
            node->slot = kept->slot;
            node->leaves = one->leaves;
            node->latest = one->latest;
            node->gap = one->gap;
            if (tables->priced_time) {
                plan->ahead[one->node] = plan->kept_ahead[at];
                plan->behind[one->node] = plan->kept_behind[at];
            }
            last = one->node;
        }
    }
    memcpy(plan->absent, plan->was_absent, sizeof(int32_t) * plan->was_absent_count);
    plan->absent_count = plan->was_absent_count;
}

#endif
