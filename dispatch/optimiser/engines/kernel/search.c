/* The search that Python calls: tear out, put back, accept as simulated annealing does; many steps a call. */
#include "keep.h"
#include "neighbours.h"
#include "plan.h"
#include "recreate.h"
#include "ruin.h"
#include "tails.h"

#define TAILS 10   /* exchanges of tails tried after each step */
#define RETRIED 10 /* absent items tried again in a step */

/* Fill in the tables' own `near` and `around`. */
void tables_neighbours(Tables *tables, int32_t *near, int32_t *around, double waiting) {
    fill_neighbours(tables, near, around, waiting);
}

static void *room(size_t count, size_t size) { return calloc(count + 1, size); }

void plan_free(Plan *plan) {
    void *parts[] = {plan->nodes, plan->ahead, plan->behind, plan->slots, plan->load, plan->empty, plan->absent,
                     plan->best, plan->best_count, plan->touched, plan->kept, plan->kept_nodes, plan->kept_ahead,
                     plan->kept_behind, plan->kept_load, plan->was_absent, plan->taken, plan->keys, plan->focus};
    for (size_t index = 0; index < sizeof parts / sizeof *parts; index++) free(parts[index]);
    free(plan);
}

static int allocate(Plan *plan, const Tables *tables) {
    size_t slots = tables->slots, nodes = tables->clients + 2 * slots, spans = tables->priced_time ? nodes : 0;
    size_t items = tables->items;
    plan->nodes = aligned_alloc(64, (nodes + 1) * sizeof(Node));
    plan->ahead = room(spans, sizeof(Span));
    plan->behind = room(spans, sizeof(Span));
    plan->slots = room(slots, sizeof(Slot));
    plan->load = room(slots * tables->units, sizeof(int64_t));
    plan->empty = room(tables->types, sizeof(int32_t));
    plan->absent = room(items, sizeof(int32_t));
    plan->best = room(tables->clients, sizeof(int32_t));
    plan->best_count = room(slots, sizeof(int32_t));
    plan->touched = room(slots, sizeof(uint64_t));
    plan->kept = room(slots, sizeof(Kept));
    plan->kept_nodes = room(nodes, sizeof(KeptNode));
    plan->kept_ahead = room(spans, sizeof(Span));
    plan->kept_behind = room(spans, sizeof(Span));
    plan->kept_load = room(slots * tables->units, sizeof(int64_t));
    plan->was_absent = room(items, sizeof(int32_t));
    plan->taken = room(items, sizeof(int32_t));
    plan->keys = room(items, sizeof(double));
    plan->focus = room(tables->clients, sizeof(int32_t));
    return plan->nodes && plan->ahead && plan->behind && plan->slots && plan->load && plan->empty && plan->absent &&
           plan->best && plan->best_count && plan->touched && plan->kept && plan->kept_nodes && plan->kept_ahead &&
           plan->kept_behind && plan->kept_load && plan->was_absent && plan->taken && plan->keys &&
           plan->focus;
}

/* An empty plan, everything absent; NULL where memory is short. */
Plan *plan_new(const Tables *tables, uint64_t seed) {
    Plan *plan = calloc(1, sizeof(Plan));
    if (!plan) return NULL;
    plan->tables = tables;
    if (!allocate(plan, tables)) {
        plan_free(plan);
        return NULL;
    }
    plan->random = (seed + 1) * UINT64_C(0x9E3779B97F4A7C15) | 1;
    for (int index = 0; index < 20; index++) chance(plan);
    memset(plan->nodes, 0, (tables->clients + 2 * (size_t)tables->slots) * sizeof(Node));
    for (int32_t node = 0; node < tables->clients + 2 * tables->slots; node++) {
        Node *one = &plan->nodes[node];
        one->location = tables->location[node];
        one->service = tables->service[node];
        one->early = tables->early[node];
        one->late = tables->late[node];
        one->before = one->after = one->slot = -1;
    }
    plan->tails = tables->near_count > 0 && !tables->priced_time;
    for (int32_t type = 0; type < tables->types; type++) /* their lengths and extras would have to be summed up */
        plan->tails = plan->tails && tables->max_distance[type] >= INT64_C(1) << 40;
    memcpy(plan->empty, tables->slots_from, sizeof(int32_t) * tables->types);
    return plan;
}

static void open_routes(Plan *plan) {
    const Tables *tables = plan->tables;
    for (int32_t at = 0; at < tables->slots; at++) {
        int32_t start = tables->clients + 2 * at;
        Slot *slot = &plan->slots[at];
        slot->type = tables->slot_type[at];
        slot->profile = tables->profile[slot->type];
        slot->start = start;
        plan->nodes[start].slot = plan->nodes[start + 1].slot = at;
        plan->nodes[start].after = start + 1;
        plan->nodes[start + 1].before = start;
        plan->nodes[start].leaves = plan->nodes[start].early + plan->nodes[start].service;
        plan->nodes[start + 1].latest = plan->nodes[start + 1].late;
        if (tables->priced_time) {
            plan->ahead[start] = alone(&plan->nodes[start]);
            plan->behind[start + 1] = alone(&plan->nodes[start + 1]);
        }
    }
}

/* Lay out routes as the current plan: clients one after another, and how many by slot. Each must keep every rule. */
void plan_load(Plan *plan, const int32_t *clients, const int32_t *counts) {
    const Tables *tables = plan->tables;
    for (int32_t client = 0; client < tables->clients; client++) plan->nodes[client].slot = ABSENT;
    open_routes(plan);
    memset(plan->was_absent, 0, sizeof(int32_t) * tables->items);
    plan->absent_count = 0;
    for (int32_t at = 0; at < tables->slots; at++) {
        int32_t last = plan->slots[at].start, end = last + 1;
        for (int32_t index = 0; index < counts[at]; index++, clients++) {
            plan->nodes[last].after = *clients;
            plan->nodes[*clients].before = last;
            plan->nodes[*clients].slot = at;
            plan->was_absent[tables->item[*clients]] = 1;
            last = *clients;
        }
        plan->nodes[last].after = end;
        plan->nodes[end].before = last;
        refresh(plan, at);
    }
    plan->cost = 0;
    for (int32_t at = 0; at < tables->slots; at++) plan->cost += plan->slots[at].cost;
    for (int32_t item = 0; item < tables->items; item++)
        if (!plan->was_absent[item]) {
            plan->absent[plan->absent_count++] = item;
            plan->cost += tables->price[item];
        }
}

/* Let steps begin around these clients rather than anywhere; none: anywhere. */
void plan_focus(Plan *plan, const int32_t *clients, int32_t count) {
    memcpy(plan->focus, clients, sizeof(int32_t) * count);
    plan->focus_count = count;
}

/* The best plan (`current` 0) or the current one; how many items it leaves out. */
int32_t plan_read(const Plan *plan, int32_t current, int32_t *clients, int32_t *counts) {
    if (current) return write_out(plan, clients, counts);
    memcpy(clients, plan->best, sizeof(int32_t) * plan->tables->clients);
    memcpy(counts, plan->best_count, sizeof(int32_t) * plan->tables->slots);
    return plan->best_absent;
}

int64_t plan_cost(const Plan *plan, int32_t current) { return current ? plan->cost : plan->best_cost; }

static int32_t try_absent(Plan *plan, int32_t count) {
    for (int32_t tries = plan->absent_count < RETRIED ? plan->absent_count : RETRIED; tries > 0; tries--) {
        int32_t at = below(plan, plan->absent_count);
        plan->taken[count++] = plan->absent[at];
        plan->absent[at] = plan->absent[--plan->absent_count];
    }
    return count;
}

/* `steps` steps from temperature `heat`, times `cooling` after each. The best plan met is kept. */
void plan_anneal(Plan *plan, int64_t steps, double heat, double cooling, double removed, double longest, double blink) {
    for (; steps > 0; steps--, heat *= cooling) {
        int64_t cost = plan->cost;
        plan->step++;
        plan->kept_count = 0;
        plan->was_absent_count = plan->absent_count;
        memcpy(plan->was_absent, plan->absent, sizeof(int32_t) * plan->absent_count);
        int32_t count = try_absent(plan, ruin(plan, removed, longest));
        sort_taken(plan, count);
        for (int32_t index = 0; index < count; index++) serve(plan, plan->taken[index], blink);
        int accepted = (double)plan->cost < (double)cost - heat * log(uniform(plan));
        int leaves_best = accepted && plan->fresh && plan->cost > cost; /* to be written down first, at this step's cost */
        if (!accepted || leaves_best) {
            take_back(plan);
            plan->cost = cost;
        }
        if (leaves_best) plan_keep(plan);
        note_best(plan);
        for (int tries = 0; tries < TAILS && plan->tails; tries++) swap_tails(plan, heat);
    }
    if (plan->fresh) plan_keep(plan);
}
