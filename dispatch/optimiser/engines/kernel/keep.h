/* The best plan, written down: once for a run of better ones, when the first worse step is about to leave it. */
#ifndef MILEPOST_KEEP_H
#define MILEPOST_KEEP_H

#include "plan.h"

static int32_t write_out(const Plan *plan, int32_t *clients, int32_t *counts) {
    for (int32_t at = 0; at < plan->tables->slots; at++) {
        const Slot *slot = &plan->slots[at];
        counts[at] = slot->count;
        if (slot->count == 0) continue;
        for (int32_t node = plan->nodes[slot->start].after; node != slot->start + 1; node = plan->nodes[node].after)
            *clients++ = node;
    }
    return plan->absent_count;
}

/* Take the current plan for the best, whatever it costs. */
void plan_keep(Plan *plan) {
    plan->best_cost = plan->cost;
    plan->best_absent = write_out(plan, plan->best, plan->best_count);
    plan->fresh = 0;
}

static inline void note_best(Plan *plan) {
    if (plan->cost >= plan->best_cost) return;
    plan->best_cost = plan->cost;
    plan->fresh = 1;
}

#endif
