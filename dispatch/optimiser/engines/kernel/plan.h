/* What the search reads and works on. Clients are nodes 0 .. n-1; vehicle (slot) r starts at node n + 2r and ends at
 * n + 2r + 1. An item is what must be served once: a client, or the alternatives of a group. */
#ifndef MILEPOST_PLAN_H
#define MILEPOST_PLAN_H

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define NOWHERE (INT64_C(1) << 60)
#define ABSENT -1

/* Never written here; `tables.py` holds the same fields in the same order and owns the memory. */
typedef struct {
    int32_t clients, slots, types, units, locations, items;
    int32_t near_count, around_count, timed, priced_time;
    const int32_t *distance, *duration; /* (profiles, locations, locations): row = from */
    const int32_t *distance_to, *duration_to; /* the same with row = to, so that all of one client lies together */
    const int32_t *location;            /* by node */
    const int64_t *service, *early, *late;
    const int64_t *demand;    /* (clients, units) */
    const int32_t *slot_type; /* by slot */
    const int32_t *slots_from; /* by type, and one more */
    const int64_t *capacity;   /* (types, units) */
    const int64_t *fixed, *per_distance, *per_duration, *max_distance, *max_duration;
    const int64_t *overtime_after, *overtime; /* by type: duration beyond the first costs the second besides */
    const int32_t *profile;  /* by type */
    const uint8_t *allowed;  /* (types, clients) */
    const int32_t *near;     /* (clients, near_count): insertion beside these */
    const int32_t *around;   /* (clients, around_count): removal among these, itself first */
    const int32_t *to_depot; /* by client */
    const int32_t *item, *alternatives_from, *alternatives;
    const int64_t *price; /* by item: what leaving it out costs */
    const int64_t *extra; /* (types, clients): what serving costs more; NULL: nothing */
} Tables;

typedef struct { /* one cache line */
    int32_t after, before, slot, location;
    int64_t service, early, late;
    int64_t leaves; /* earliest departure */
    int64_t latest; /* latest beginning of service that keeps the rest of the route in time */
    int64_t gap; /* distance to the node after it */
} Node;

typedef struct { /* of a part of a route: how long it takes, and its earliest and latest start */
    int64_t time, early, late;
} Span;

typedef struct {
    int32_t type, count, profile, start;
    int64_t length, time, extra, cost;
} Slot;

typedef struct { /* a route as it was when a step first touched it */
    int32_t slot, from, count;
    Slot was;
} Kept;

typedef struct {
    int32_t node;
    int64_t leaves, latest, gap;
} KeptNode;

typedef struct {
    const Tables *tables;
    Node *nodes;
    Span *ahead, *behind; /* by node, both with it; only where time is priced */
    Slot *slots;
    int64_t *load; /* (slots, units) */
    int32_t *empty; /* by type: a slot likely empty */
    int32_t *absent; /* items not served */
    int32_t absent_count, used;
    int64_t cost, best_cost;
    int32_t best_absent, fresh; /* fresh: the current plan is the best and not written down yet */
    int32_t tails; /* whether tails may be exchanged */
    int32_t *best, *best_count; /* clients of the best plan route after route, and how many by slot */
    uint64_t random;
    int64_t look; /* places looked at before the next is overlooked */
    /* one step's memory */
    uint64_t step, *touched; /* by slot */
    Kept *kept;
    KeptNode *kept_nodes;
    Span *kept_ahead, *kept_behind;
    int64_t *kept_load;
    int32_t kept_count, *was_absent, was_absent_count;
    int32_t *taken;
    int32_t *focus, focus_count; /* clients around whom every other step begins, while there are any */
    double *keys;
} Plan;

static inline uint64_t chance(Plan *plan) { /* xorshift64* (Vigna 2016) */
    uint64_t word = plan->random;
    word ^= word >> 12;
    word ^= word << 25;
    word ^= word >> 27;
    plan->random = word;
    return word * UINT64_C(2685821657736338717);
}

static inline double uniform(Plan *plan) { /* over 0, up to 1 */
    return (double)((chance(plan) >> 11) + 1) * (1.0 / 9007199254740992.0);
}

static inline int32_t below(Plan *plan, int32_t limit) {
    return (int32_t)(((chance(plan) >> 32) * (uint64_t)limit) >> 32);
}

static inline int64_t larger(int64_t one, int64_t other) { return one > other ? one : other; }
static inline int64_t smaller(int64_t one, int64_t other) { return one < other ? one : other; }

static inline const int32_t *row(const int32_t *matrices, const Tables *tables, int32_t profile, int32_t from) {
    return matrices + ((int64_t)profile * tables->locations + from) * tables->locations;
}

#endif
