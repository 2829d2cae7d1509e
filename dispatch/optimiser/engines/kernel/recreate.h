/* Greedy insertion with blinks: where a client costs least beside its neighbours, now and then not looking. */
#ifndef MILEPOST_RECREATE_H
#define MILEPOST_RECREATE_H

#include "route.h"

static void until_blink(Plan *plan, double blink) {
    plan->look = (int64_t)(log(uniform(plan)) / log1p(-blink));
}

static int fits(const Plan *plan, int32_t client, int32_t at, int32_t type) {
    const Tables *tables = plan->tables;
    const int64_t *load = plan->load + (int64_t)at * tables->units;
    const int64_t *room = tables->capacity + (int64_t)type * tables->units;
    const int64_t *demand = tables->demand + (int64_t)client * tables->units;
    for (int32_t unit = 0; unit < tables->units; unit++)
        if (load[unit] + demand[unit] > room[unit]) return 0;
    return tables->allowed[(int64_t)type * tables->clients + client];
}

/* What putting a client behind a node adds; NOWHERE where a rule forbids it, or where it is no less than `least`. */
static inline int64_t price_behind(const Plan *plan, int32_t client, int32_t behind, int32_t at, int64_t least) {
    const Tables *tables = plan->tables;
    const Slot *slot = &plan->slots[at];
    const Node *node = &plan->nodes[behind], *it = &plan->nodes[client], *after = &plan->nodes[node->after];
    int64_t more = (int64_t)row(tables->distance_to, tables, slot->profile, it->location)[node->location] +
                   row(tables->distance, tables, slot->profile, it->location)[after->location] - node->gap;
    int64_t cost = tables->per_distance[slot->type] * more + extra_of(tables, slot->type, client);
    if (slot->count == 0) cost += tables->fixed[slot->type] + tables->per_distance[slot->type] * slot->length;
    if (!tables->priced_time && cost >= least) return NOWHERE;
    if (slot->length + more > tables->max_distance[slot->type]) return NOWHERE;
    if (!tables->timed) return cost;
    int64_t there = row(tables->duration_to, tables, slot->profile, it->location)[node->location];
    int64_t onto = row(tables->duration, tables, slot->profile, it->location)[after->location];
    int64_t begins = larger(node->leaves + there, it->early);
    if (begins > it->late || begins + it->service + onto > after->latest) return NOWHERE;
    if (!tables->priced_time) return cost;
    int64_t time = join(join(plan->ahead[behind], there, alone(it)), onto, plan->behind[node->after]).time;
    if (time > tables->max_duration[slot->type]) return NOWHERE;
    cost += cost_of_time(tables, slot->type, time) - (slot->count ? cost_of_time(tables, slot->type, slot->time) : 0);
    return cost < least ? cost : NOWHERE;
}

static int32_t empty_slot(Plan *plan, int32_t type) {
    if (plan->slots[plan->empty[type]].count == 0) return plan->empty[type];
    for (int32_t at = plan->tables->slots_from[type]; at < plan->tables->slots_from[type + 1]; at++)
        if (plan->slots[at].count == 0) return plan->empty[type] = at;
    return -1;
}

typedef struct {
    int64_t cost;
    int32_t client, behind, slot;
} Place;

static void look_behind(Plan *plan, int32_t client, int32_t behind, int32_t at, double blink, Place *place) {
    int64_t cost = price_behind(plan, client, behind, at, place->cost);
    if (cost == NOWHERE) return;
    if (blink > 0.0 && plan->look-- <= 0) {
        until_blink(plan, blink);
        return;
    }
    place->cost = cost;
    place->client = client;
    place->behind = behind;
    place->slot = at;
}

static void cheapest(Plan *plan, int32_t client, double blink, Place *place) {
    const Tables *tables = plan->tables;
    const int32_t *near = tables->near + (int64_t)client * tables->near_count;
    for (int32_t index = 0; index < tables->near_count; index++) {
        int32_t beside = near[index], at = plan->nodes[beside].slot;
        if (at < 0 || !fits(plan, client, at, plan->slots[at].type)) continue;
        look_behind(plan, client, beside, at, blink, place);
        look_behind(plan, client, plan->nodes[beside].before, at, blink, place);
    }
    for (int32_t type = 0; type < tables->types; type++) {
        int32_t at = empty_slot(plan, type);
        if (at >= 0 && fits(plan, client, at, type)) look_behind(plan, client, plan->slots[at].start, at, 0.0, place);
    }
}

/* Put the best alternative of an item where it costs least, or leave it out where that costs less. */
static void serve(Plan *plan, int32_t item, double blink) {
    const Tables *tables = plan->tables;
    Place place = {tables->price[item], -1, -1, -1};
    for (int32_t index = tables->alternatives_from[item]; index < tables->alternatives_from[item + 1]; index++)
        cheapest(plan, tables->alternatives[index], blink, &place);
    if (place.client < 0) {
        plan->absent[plan->absent_count++] = item;
        return;
    }
    remember(plan, place.slot);
    plan->cost -= tables->price[item];
    put(plan, place.client, place.behind, place.slot);
}

/* Order of insertion: by chance, by demand, far first, close first, and where times matter by window. */
static void sort_taken(Plan *plan, int32_t count) {
    const Tables *tables = plan->tables;
    int32_t order = below(plan, tables->timed ? 17 : 11);
    for (int32_t index = 0; index < count; index++) {
        int32_t item = plan->taken[index], at = index;
        int32_t client = tables->alternatives[tables->alternatives_from[item]];
        double key = order < 4    ? uniform(plan)
                     : order < 8  ? -(double)tables->demand[(int64_t)client * tables->units]
                     : order < 10 ? -(double)tables->to_depot[client]
                     : order < 11 ? (double)tables->to_depot[client]
                     : order < 13 ? (double)(tables->late[client] - tables->early[client])
                     : order < 15 ? (double)tables->early[client]
                                  : -(double)tables->late[client];
        for (; at > 0 && plan->keys[at - 1] > key; at--) {
            plan->keys[at] = plan->keys[at - 1];
            plan->taken[at] = plan->taken[at - 1];
        }
        plan->keys[at] = key;
        plan->taken[at] = item;
    }
}

#endif
