/* Tails exchanged between two routes (2-opt*: Potvin and Rousseau 1995), which tearing out strings rarely finds. */
#ifndef MILEPOST_TAILS_H
#define MILEPOST_TAILS_H

#include "keep.h"
#include "route.h"

#define CLOSEST 20 /* a client is led on to one of so many neighbours */

/* Whether the part up to `head` and the part from `tail` on fit into one vehicle. */
static int tails_fit(const Plan *plan, int32_t head, int32_t tail, int32_t type) {
    const Tables *tables = plan->tables;
    for (int32_t unit = 0; unit < tables->units; unit++) {
        int64_t room = tables->capacity[(int64_t)type * tables->units + unit];
        for (int32_t node = head; node < tables->clients; node = plan->nodes[node].before)
            room -= tables->demand[(int64_t)node * tables->units + unit];
        for (int32_t node = tail; node < tables->clients; node = plan->nodes[node].after)
            room -= tables->demand[(int64_t)node * tables->units + unit];
        if (room < 0) return 0;
    }
    return 1;
}

/* The nodes from `tail` on become the end of the slot's route, behind `head`. */
static void hang(Plan *plan, int32_t head, int32_t tail, int32_t last, int32_t at) {
    Node *nodes = plan->nodes;
    int32_t end = plan->slots[at].start + 1;
    if (tail >= plan->tables->clients) { /* nothing follows */
        nodes[head].after = end;
        nodes[end].before = head;
        return;
    }
    nodes[head].after = tail;
    nodes[tail].before = head;
    nodes[last].after = end;
    nodes[end].before = last;
    for (int32_t node = tail; node != end; node = nodes[node].after) nodes[node].slot = at;
}

static int tails_in_time(const Plan *plan, int32_t head, int32_t tail, int32_t profile) {
    const Node *from = &plan->nodes[head], *to = &plan->nodes[tail];
    return from->leaves + row(plan->tables->duration, plan->tables, profile, from->location)[to->location] <= to->latest;
}

/* Lead a chance client on to a neighbour of another route, if annealing at `heat` accepts what that costs. */
static void swap_tails(Plan *plan, double heat) {
    const Tables *tables = plan->tables;
    Node *nodes = plan->nodes;
    int32_t few = tables->near_count < CLOSEST ? tables->near_count : CLOSEST;
    int32_t head = below(plan, tables->clients);
    int32_t tail = tables->near[(int64_t)head * tables->near_count + below(plan, few)];
    int32_t here = nodes[head].slot, there = nodes[tail].slot;
    if (here < 0 || there < 0 || here == there || plan->slots[here].type != plan->slots[there].type) return;
    int32_t type = plan->slots[here].type, profile = plan->slots[here].profile;
    int32_t ahead = nodes[tail].before, behind = nodes[head].after;
    int64_t more = row(tables->distance, tables, profile, nodes[head].location)[nodes[tail].location] - nodes[head].gap +
                   row(tables->distance, tables, profile, nodes[ahead].location)[nodes[behind].location] -
                   nodes[ahead].gap;
    if (ahead >= tables->clients && behind >= tables->clients) more = -nodes[head].gap - nodes[ahead].gap +
                   row(tables->distance, tables, profile, nodes[head].location)[nodes[tail].location];
    if ((double)(tables->per_distance[type] * more) >= -heat * log(uniform(plan))) return;
    if (tables->timed && !(tails_in_time(plan, head, tail, profile) && tails_in_time(plan, ahead, behind, profile))) return;
    if (!tails_fit(plan, head, tail, type) || !tails_fit(plan, ahead, behind, type)) return;
    if (plan->fresh && more > 0) plan_keep(plan);
    int32_t last_here = nodes[plan->slots[here].start + 1].before, last_there = nodes[plan->slots[there].start + 1].before;
    hang(plan, head, tail, last_there, here);
    hang(plan, ahead, behind, last_here, there);
    refresh(plan, here);
    refresh(plan, there);
    note_best(plan);
}

#endif
