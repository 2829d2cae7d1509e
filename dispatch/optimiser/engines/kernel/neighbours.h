/* Who is near whom: in distance, and in distance and time together. */
#ifndef MILEPOST_NEIGHBOURS_H
#define MILEPOST_NEIGHBOURS_H

#include "plan.h"

typedef struct {
    double weight;
    int32_t client;
} Weighed;

/* Into the sorted `count` least so far; `filled` of them are there. */
static inline int32_t sift(Weighed *least, int32_t filled, int32_t count, double weight, int32_t client) {
    if (count == 0 || (filled == count && weight >= least[filled - 1].weight)) return filled;
    int32_t at = filled < count ? filled : count - 1;
    for (; at > 0 && least[at - 1].weight > weight; at--) least[at] = least[at - 1];
    Weighed one = {weight, client};
    least[at] = one;
    return filled < count ? filled + 1 : filled;
}

/* A distance, and the seconds that going from one to the other forces a vehicle to wait or to be late. */
static inline double apart(const Tables *tables, int32_t one, int32_t other, double distance, int64_t travel,
                           double waiting) {
    int64_t wait = tables->early[other] - travel - tables->service[one] - tables->late[one];
    int64_t late = tables->early[one] + tables->service[one] + travel - tables->late[other];
    return distance + waiting * (double)larger(0, wait) + (double)larger(0, late);
}

static void fill_neighbours(const Tables *tables, int32_t *near, int32_t *around, double waiting) {
    int32_t most = tables->near_count > tables->around_count ? tables->near_count : tables->around_count;
    Weighed *least = malloc(sizeof(Weighed) * 2 * ((size_t)most + 1)), *close = least + most + 1;
    if (!least) return;
    for (int32_t client = 0; client < tables->clients; client++) {
        int32_t found = 0, about = 0;
        const int32_t *out = row(tables->distance, tables, 0, tables->location[client]);
        const int32_t *back = row(tables->distance_to, tables, 0, tables->location[client]);
        for (int32_t other = 0; other < tables->clients; other++) {
            double weight = (double)smaller(out[tables->location[other]], back[tables->location[other]]);
            about = sift(close, about, tables->around_count, other == client ? -1.0 : weight, other);
            if (other == client) continue;
            if (tables->timed) {
                int32_t place = tables->location[client], there = tables->location[other];
                int64_t go = row(tables->duration, tables, 0, place)[there];
                int64_t come = row(tables->duration_to, tables, 0, place)[there];
                weight = fmin(apart(tables, client, other, out[there], go, waiting),
                              apart(tables, other, client, back[there], come, waiting));
            }
            found = sift(least, found, tables->near_count, weight, other);
        }
        for (int32_t at = 0; at < found; at++) *near++ = least[at].client;
        for (int32_t at = 0; at < about; at++) *around++ = close[at].client;
    }
    free(least);
}

#endif
