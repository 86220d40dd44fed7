/* The reference pathway as a scalar loop over replications: keyed draws, cubic tables and ticks as in numpy_keyed.py.
   The loader hands over the keys, the tables and the success rates of the trials; all other numbers stand here. */

#include <math.h>
#include <stdint.h>
#include <string.h>

#define MONTHS(x) ((x) * 30.4375 * 1048576.0) /* in ticks of 2**-20 day */
#define REVIEWS 4
#define FILINGS 3

enum { FAIL_P1, FAIL_P2, FAIL_P3, RTF_END, WITHDRAWN, EXHAUSTED, AVAILABLE };

/* The order of the sites in draws.py, visit after visit. */
enum {
    IND_PREP, HELD, HOLD, PHASE_1, PHASE_1_SUCCESS, GAP_1_2, PHASE_2, PHASE_2_SUCCESS, GRANTED, GAP_2_3, PHASE_3,
    PHASE_3_SUCCESS, BLA_PREP, FILED,
    REFUSAL = FILED + FILINGS,
    AMENDED = REFUSAL + FILINGS - 1,
    SLIP = AMENDED + REVIEWS,
    APPROVED = SLIP + REVIEWS,
    WITHDRAW = APPROVED + REVIEWS,
    RESPONSE = WITHDRAW + REVIEWS - 1,
    CLASS_1 = RESPONSE + REVIEWS - 1,
    LAUNCH = CLASS_1 + REVIEWS - 1,
    SITES
};

/* The order of the tables in draws.py. */
enum { T_IND_PREP, T_HOLD, T_PHASE_1, T_PHASE_2, T_GAP_2_3, T_PHASE_3, T_RESPONSE, T_LAUNCH, TABLES };

typedef double cubic[4];

typedef struct {
    uint64_t keys[SITES][2];
    const cubic *tables[TABLES];
    double success[3];
    int32_t rmat;
} model;

typedef struct {
    double t;
    int8_t status, cycles, granted;
} end;

static inline uint64_t mix13(uint64_t w) {
    w = (w ^ (w >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    w = (w ^ (w >> 27)) * UINT64_C(0x94D049BB133111EB);
    return w ^ (w >> 31);
}

static inline uint64_t word(const model *m, uint64_t sequence, int site) {
    return mix13(mix13(sequence + m->keys[site][0]) ^ m->keys[site][1]);
}

static inline double uniform(const model *m, uint64_t sequence, int site) {
    uint64_t bits = word(m, sequence, site) >> 12 | UINT64_C(0x3FF0000000000000);
    double u;
    memcpy(&u, &bits, sizeof u);
    return u - (1.0 - 0x1p-53);
}

/* A duration through its table; z is u, or u - 1 above 1/2, and its top bits are the cell. */
static inline double curved(const model *m, uint64_t sequence, int site, int table, double scale) {
    uint64_t bits = word(m, sequence, site) >> 12 ^ UINT64_C(0x3FF8000000000000);
    double z;
    memcpy(&z, &bits, sizeof z);
    z = z - 1.5 + 0x1p-53;
    memcpy(&bits, &z, sizeof bits);
    const double *a = m->tables[table][bits >> 46];
    return rint((a[0] + z * (a[1] + z * (a[2] + z * a[3]))) * scale);
}

static inline double triangular(double u, double low, double mode, double high, double scale) {
    double rising = low + sqrt(u * ((high - low) * (mode - low)));
    double falling = high - sqrt((1.0 - u) * ((high - low) * (high - mode)));
    return rint((u * (high - low) < mode - low ? rising : falling) * scale);
}

/* From the end of the application's filing to the end. */
static end reviews(const model *m, uint64_t r, double t, int granted) {
    double goal = granted ? MONTHS(6) : MONTHS(10);
    for (int cycle = 0;; cycle++) {
        double amended = uniform(m, r, AMENDED + cycle) < 0.12 ? (cycle ? MONTHS(2) : MONTHS(3)) : 0.0;
        t += goal + amended
             + triangular(uniform(m, r, SLIP + cycle), MONTHS(-0.5), 0.0, MONTHS(1.5), 1.0);
        if (uniform(m, r, APPROVED + cycle) < (cycle ? 0.75 : 0.90))
            return (end){t + curved(m, r, LAUNCH, T_LAUNCH, 1.0), AVAILABLE, cycle + 1, granted};
        if (cycle == REVIEWS - 1)
            return (end){t, EXHAUSTED, REVIEWS, granted};
        if (uniform(m, r, WITHDRAW + cycle) < 0.15)
            return (end){t, WITHDRAWN, cycle + 1, granted};
        t += curved(m, r, RESPONSE + cycle, T_RESPONSE, 1.0);
        goal = uniform(m, r, CLASS_1 + cycle) < 0.25 ? MONTHS(2) : MONTHS(6);
    }
}

/* From the end of Phase 2 to the end. */
static end pivotal(const model *m, uint64_t r, double t, int granted) {
    double shorter = granted ? 0.6 : 1.0;
    t += curved(m, r, GAP_2_3, T_GAP_2_3, shorter);
    t += curved(m, r, PHASE_3, T_PHASE_3, granted ? 0.8 : 1.0);
    if (!(uniform(m, r, PHASE_3_SUCCESS) < m->success[2]))
        return (end){t, FAIL_P3, 0, granted};
    t += triangular(uniform(m, r, BLA_PREP), MONTHS(3), MONTHS(5), MONTHS(12), shorter);
    for (int filing = 0; t += MONTHS(2), !(uniform(m, r, FILED + filing) < 1.0 - 0.03); filing++) {
        if (filing == FILINGS - 1)
            return (end){t, RTF_END, 0, granted};
        t += triangular(uniform(m, r, REFUSAL + filing), MONTHS(2), MONTHS(4), MONTHS(9), 1.0);
    }
    return reviews(m, r, t, granted);
}

static inline end replication(const model *m, uint64_t r) {
    int success = uniform(m, r, PHASE_1_SUCCESS) < m->success[0]; /* asked early, so that a wrong guess costs less */
    double t = curved(m, r, IND_PREP, T_IND_PREP, 1.0) + MONTHS(1);
    if (!(uniform(m, r, HELD) < 1.0 - 0.08))
        t += curved(m, r, HOLD, T_HOLD, 1.0);
    t += curved(m, r, PHASE_1, T_PHASE_1, 1.0);
    if (!success)
        return (end){t, FAIL_P1, 0, 0};
    t += triangular(uniform(m, r, GAP_1_2), MONTHS(1), MONTHS(3), MONTHS(8), 1.0);
    double decided = t + MONTHS(2);
    t += curved(m, r, PHASE_2, T_PHASE_2, 1.0);
    if (!(uniform(m, r, PHASE_2_SUCCESS) < m->success[1]))
        return (end){t, FAIL_P2, 0, 0};
    if (!m->rmat)
        return pivotal(m, r, t, 0);
    return pivotal(m, r, t > decided ? t : decided, uniform(m, r, GRANTED) < 0.40);
}

void run(const model *m, uint64_t first, int64_t count, int8_t *status, double *t_end, int8_t *cycles,
         int8_t *granted) {
    for (int64_t row = 0; row < count; row++) {
        end e = replication(m, (first + (uint64_t)row) * UINT64_C(0x9E3779B97F4A7C15));
        status[row] = e.status;
        t_end[row] = e.t * 0x1p-20;
        cycles[row] = e.cycles;
        granted[row] = e.granted;
    }
}
