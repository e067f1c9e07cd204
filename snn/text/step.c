/* The operations of one step of an own neuron. In each sub-step:
 *
 *   1. the states move by the scheme; those held while refractory stay
 *   2. in the last one, receptors act with what arrives at the end of the step; held states stay
 *   3. where the threshold's condition holds, the reset acts. Without a reset a spike is the sub-step in which the
 *      condition becomes true. A neuron that is refractory does not spike
 *
 * A state whose equation is linear in itself and depends on nothing else but parameters (a decaying conductance) moves
 * exactly, whatever the scheme, and stands at its exact value at the stages of RK4 and Heun's rule. Every state moves by an
 * increment; what its rounding loses is carried on to the next (Kahan 1965), unless the file says otherwise.
 *
 * Both sides of a choice are computed and one is taken, so that loops over neurons become vector code. */
#include <stdio.h>
#include <string.h>

#include "snn/text/own.h"

enum { FAILED = CALI_OWN_FAILED, ZERO = CALI_OWN_ZERO };

typedef struct stepper {
    cali_own_neuron *own;
    cali_formula_reader *r;
    cali_formula_builder b;
    size_t n;
    int h, half;             /* length of a sub-step and half of it */
    int x[CALI_MAX_STATES];  /* the states where the step stands, and their roundings */
    int low[CALI_MAX_STATES];
    int symbol[CALI_MAX_STATES];
    int decay[CALI_MAX_STATES]; /* coefficient of a state that moves on its own; ZERO: moves with others */
    int decay_rest[CALI_MAX_STATES]; /* and the constant of its equation */
    int spiked;              /* condition; FAILED: not yet */
    int is_refractory;       /* condition; FAILED: never */
    bool has_failed;
} stepper;

/* ---- operations ------------------------------------------------------------------------------------------ */

static int check(stepper *s, int op)
{
    s->has_failed = s->has_failed || op < 0;
    return op;
}

static int number(stepper *s, double value)
{
    return check(s, cali_formula_push_number(&s->b, value));
}

static int op(stepper *s, int code, int x, int y)
{
    return s->has_failed ? FAILED : check(s, cali_formula_push_op(&s->b, code, x, y, -1));
}

static int add(stepper *s, int x, int y)
{
    return op(s, CALI_FORMULA_ADD, x, y);
}

static int multiply(stepper *s, int x, int y)
{
    return op(s, CALI_FORMULA_MULTIPLY, x, y);
}

static int choose(stepper *s, int truth, int x, int y)
{
    return s->has_failed ? FAILED : x == y ? x : check(s, cali_formula_push_choice(&s->b, truth, x, y));
}

static int exprel(stepper *s, int x)
{
    return s->has_failed ? FAILED : check(s, cali_formula_push_call(&s->b, "exprel", x));
}

static int row(stepper *s, int code, size_t at)
{
    return check(s, cali_formula_push(s->r, s->b.program, (cali_formula_op){code, (int)at, -1, -1, -1, 0.0, false, false}));
}

static int param_row(stepper *s, size_t at)
{
    return row(s, CALI_FORMULA_ROW_PARAM, at);
}

/* The states stand at `values` in what is pushed from now on. */
static void bind(stepper *s, const int *values)
{
    for (size_t i = 0; i < s->n; i++)
        s->b.bound[s->symbol[i]] = values[i];
    for (size_t i = 0; i < s->own->file.n_lets; i++)
        s->b.lets[i] = FAILED;
}

static int expression(stepper *s, const cali_formula_node *root)
{
    return s->has_failed ? FAILED : check(s, cali_formula_push_node(&s->b, root));
}

/* ---- states that move on their own ------------------------------------------------------------------------ */

static void find_decays(stepper *s)
{
    const int zero = number(s, 0.0);
    for (size_t i = 0; i < s->n && !s->has_failed; i++) {
        s->decay[i] = ZERO;
        if (!s->own->is_alone[i])
            continue;
        s->decay[i] = check(s, cali_own_coefficient(&s->b, s->own->equations[i].root, s->symbol[i]));
        int values[CALI_MAX_STATES];
        memcpy(values, s->x, sizeof values);
        values[i] = zero;
        bind(s, values);
        s->decay_rest[i] = expression(s, s->own->equations[i].root);
        bind(s, s->x);
    }
}

/* The exact increment of such a state over h: h exprel(a h) (a x + b). */
static int decay_increment(stepper *s, size_t i, int x, int h)
{
    const int gain = multiply(s, h, exprel(s, multiply(s, s->decay[i], h)));
    return add(s, multiply(s, multiply(s, gain, s->decay[i]), x), multiply(s, gain, s->decay_rest[i]));
}

/* ---- schemes: the increments of all states over one sub-step --------------------------------------------------- */

static void slopes(stepper *s, const int *values, int *out)
{
    bind(s, values);
    for (size_t i = 0; i < s->n; i++)
        out[i] = s->decay[i] == ZERO ? expression(s, s->own->equations[i].root) : FAILED;
}

/* Where the states stand at a stage: x + h slope, or exactly. */
static void stage(stepper *s, const int *slope, int h, const int *decayed, int *out)
{
    for (size_t i = 0; i < s->n; i++)
        out[i] = s->decay[i] == ZERO ? add(s, multiply(s, h, slope[i]), s->x[i]) : decayed[i];
}

/* States that move on their own, after half of the sub-step and after all of it. */
static void decayed(stepper *s, int *middle, int *end)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->decay[i] != ZERO) {
            middle[i] = add(s, s->x[i], decay_increment(s, i, s->x[i], s->half));
            end[i] = add(s, s->x[i], decay_increment(s, i, s->x[i], s->h));
        }
}

static void euler(stepper *s, int *increment)
{
    int k1[CALI_MAX_STATES];
    slopes(s, s->x, k1);
    for (size_t i = 0; i < s->n; i++)
        increment[i] = s->decay[i] == ZERO ? multiply(s, s->h, k1[i]) : decay_increment(s, i, s->x[i], s->h);
}

static void heun(stepper *s, int *increment)
{
    int k1[CALI_MAX_STATES], k2[CALI_MAX_STATES], middle[CALI_MAX_STATES], end[CALI_MAX_STATES], at[CALI_MAX_STATES];
    decayed(s, middle, end);
    slopes(s, s->x, k1);
    stage(s, k1, s->h, end, at);
    slopes(s, at, k2);
    for (size_t i = 0; i < s->n; i++)
        increment[i] = s->decay[i] == ZERO ? multiply(s, s->half, add(s, k1[i], k2[i])) : decay_increment(s, i, s->x[i], s->h);
}

static void rk4(stepper *s, int *increment)
{
    int k1[CALI_MAX_STATES], k2[CALI_MAX_STATES], k3[CALI_MAX_STATES], k4[CALI_MAX_STATES];
    int middle[CALI_MAX_STATES], end[CALI_MAX_STATES], at[CALI_MAX_STATES];
    decayed(s, middle, end);
    slopes(s, s->x, k1);
    stage(s, k1, s->half, middle, at);
    slopes(s, at, k2);
    stage(s, k2, s->half, middle, at);
    slopes(s, at, k3);
    stage(s, k3, s->h, end, at);
    slopes(s, at, k4);
    const int two = number(s, 2.0), sixth = multiply(s, s->h, number(s, 1.0 / 6.0));
    for (size_t i = 0; i < s->n; i++)
        increment[i] = s->decay[i] == ZERO
                           ? multiply(s, sixth, add(s, multiply(s, two, add(s, k2[i], k3[i])), add(s, k1[i], k4[i])))
                           : decay_increment(s, i, s->x[i], s->h);
}

/* x' = a x + b with a and b as they are at the start: h exprel(a h) x'. */
static void exponential_euler(stepper *s, int *increment)
{
    int k1[CALI_MAX_STATES];
    slopes(s, s->x, k1);
    for (size_t i = 0; i < s->n && !s->has_failed; i++) {
        const cali_formula_expression *e = &s->own->equations[i];
        if (s->decay[i] != ZERO) {
            increment[i] = decay_increment(s, i, s->x[i], s->h);
            continue;
        }
        const int a = cali_own_coefficient(&s->b, e->root, s->symbol[i]);
        if (a == CALI_OWN_NONLINEAR)
            cali_formula_refuse_at(s->r, e->yaml, 0, "C107", "%s is not linear in %s\nbecause scheme: exponential-euler solves "
                                   "each equation as linear in its own state\ntry scheme: rk4", e->label, e->name);
        if (a == CALI_OWN_NONLINEAR || a == FAILED)
            s->has_failed = true;
        const int gain = a == ZERO ? s->h : multiply(s, s->h, exprel(s, multiply(s, a, s->h)));
        increment[i] = multiply(s, gain, k1[i]);
    }
}

/* The whole linear system by its propagators, rows behind dt. */
static void exact(stepper *s, int *increment)
{
    const size_t width = s->n + 2, first = s->own->neuron.face.n_params + 2;
    const int current = row(s, CALI_FORMULA_ROW_INPUT, 0);
    for (size_t i = 0; i < s->n; i++) {
        const bool *couples = s->own->couples[i];
        int sum = couples[s->n + 1] ? param_row(s, first + i * width + s->n + 1) : number(s, 0.0);
        if (couples[s->n])
            sum = add(s, multiply(s, current, param_row(s, first + i * width + s->n)), sum);
        for (size_t k = s->n; k-- > 0;)
            if (couples[k])
                sum = add(s, multiply(s, s->x[k], param_row(s, first + i * width + k)), sum);
        increment[i] = sum;
    }
}

/* ---- one sub-step ------------------------------------------------------------------------------------------- */

/* A condition that is true while states are held: refractory from before, or since a spike in this step. */
static int held(stepper *s)
{
    if (s->is_refractory == FAILED)
        return FAILED;
    if (s->spiked == FAILED)
        return s->is_refractory;
    return op(s, CALI_FORMULA_OR, s->is_refractory, s->spiked);
}

/* x + increment with what the last sum lost; what this one loses is the new `low`. */
static void move(stepper *s, size_t i, int increment, int hold, int *x, int *low)
{
    int sum, lost = FAILED;
    if (s->low[i] == FAILED) {
        sum = add(s, increment, s->x[i]);
    } else {
        if (!s->has_failed)
            s->b.program->ops[increment].is_rounded = true; /* the sum that carries is that of cali_add_f32 */
        const int y = add(s, increment, s->low[i]);
        sum = add(s, s->x[i], y);
        lost = op(s, CALI_FORMULA_SUBTRACT, y, op(s, CALI_FORMULA_SUBTRACT, sum, s->x[i]));
    }
    const bool is_held = s->own->is_held[i] && hold != FAILED;
    x[i] = is_held ? choose(s, hold, s->x[i], sum) : sum;
    low[i] = lost == FAILED ? FAILED : is_held ? choose(s, hold, s->low[i], lost) : lost;
}

static void integrate(stepper *s, int hold, int *x, int *low)
{
    int increment[CALI_MAX_STATES];
    switch (s->own->scheme) {
    case CALI_OWN_EULER:
        euler(s, increment);
        break;
    case CALI_OWN_HEUN:
        heun(s, increment);
        break;
    case CALI_OWN_EXPONENTIAL_EULER:
        exponential_euler(s, increment);
        break;
    case CALI_OWN_EXACT:
        exact(s, increment);
        break;
    default:
        rk4(s, increment);
    }
    for (size_t i = 0; i < s->n && !s->has_failed; i++)
        move(s, i, increment[i], hold, x, low);
}

/* Statements one after the other: each sees the states as those before it left them. */
static void run_statements(stepper *s, const cali_own_statements *statements, int *x, bool *is_set)
{
    for (size_t k = 0; k < statements->n && !s->has_failed; k++) {
        const cali_formula_statement *statement = &statements->list[k];
        const size_t i = (size_t)s->own->file.symbols[statement->symbol].index;
        bind(s, x);
        const int value = expression(s, statement->value.root);
        x[i] = statement->is_added   ? add(s, x[i], value)
               : statement->is_taken ? op(s, CALI_FORMULA_SUBTRACT, x[i], value)
                                     : value;
        if (!statement->is_added && !statement->is_taken)
            is_set[i] = true;
    }
}

static void arrive(stepper *s, int hold, int *x)
{
    const cal_neuron *face = &s->own->neuron.face;
    int before[CALI_MAX_STATES];
    bool ignored[CALI_MAX_STATES] = {false};
    memcpy(before, x, sizeof before);
    for (size_t r = 0; r < face->n_receptors; r++) {
        s->b.bound[s->own->file.n_symbols] = row(s, CALI_FORMULA_ROW_INPUT, r + 1); /* the name `weight` */
        run_statements(s, &s->own->receptors[r], x, ignored);
    }
    for (size_t i = 0; i < s->n && hold != FAILED; i++)
        if (s->own->is_held[i])
            x[i] = choose(s, hold, before[i], x[i]);
}

/* The condition of a spike. */
static int crossing(stepper *s, int hold, const int *x)
{
    int truth;
    bind(s, x);
    truth = expression(s, s->own->threshold.root);
    if (s->own->reset.n == 0) {
        bind(s, s->x);
        const int before = expression(s, s->own->threshold.root);
        truth = op(s, CALI_FORMULA_AND, truth, op(s, CALI_FORMULA_NOT, before, FAILED));
    }
    return hold == FAILED ? truth : op(s, CALI_FORMULA_AND, truth, op(s, CALI_FORMULA_NOT, hold, FAILED));
}

static void sub_step(stepper *s, bool is_last)
{
    int x[CALI_MAX_STATES], low[CALI_MAX_STATES], reset[CALI_MAX_STATES];
    bool is_set[CALI_MAX_STATES] = {false};
    const int hold = held(s), zero = number(s, 0.0);
    integrate(s, hold, x, low);
    if (s->has_failed)
        return;
    if (is_last)
        arrive(s, hold, x);
    const int spikes = crossing(s, hold, x);
    memcpy(reset, x, sizeof reset);
    run_statements(s, &s->own->reset, reset, is_set);
    for (size_t i = 0; i < s->n && !s->has_failed; i++) {
        s->x[i] = choose(s, spikes, reset[i], x[i]);
        s->low[i] = low[i] != FAILED && is_set[i] ? choose(s, spikes, zero, low[i]) : low[i];
    }
    s->spiked = s->spiked == FAILED ? spikes : op(s, CALI_FORMULA_OR, s->spiked, spikes);
}

/* ---- the programs ---------------------------------------------------------------------------------------------- */

static void set_up(stepper *s)
{
    cali_own_neuron *own = s->own;
    const size_t n_params = own->neuron.face.n_params;
    s->n = own->n_states;
    s->h = param_row(s, n_params);
    if (own->n_sub_steps > 1)
        s->h = multiply(s, s->h, number(s, 1.0 / own->n_sub_steps));
    s->half = multiply(s, s->h, number(s, 0.5));
    s->spiked = s->is_refractory = FAILED;
    if (own->refractory_row >= 0)
        s->is_refractory = op(s, CALI_FORMULA_LESS, number(s, 0.0),
                              row(s, CALI_FORMULA_ROW_STATE, (size_t)own->refractory_row));
    for (size_t i = 0; i < s->n; i++) {
        s->symbol[i] = cali_own_state_symbol(own, i);
        s->x[i] = row(s, CALI_FORMULA_ROW_STATE, i);
        s->low[i] = own->low[i] >= 0 ? row(s, CALI_FORMULA_ROW_STATE, (size_t)own->low[i]) : FAILED;
    }
    find_decays(s);
}

static void store(stepper *s)
{
    cali_own_neuron *own = s->own;
    int *results = own->step.results;
    for (size_t i = 0; i < s->n; i++) {
        results[i] = s->x[i];
        if (own->low[i] >= 0)
            results[own->low[i]] = s->low[i];
    }
    if (own->refractory_row >= 0) {
        const int left = row(s, CALI_FORMULA_ROW_STATE, (size_t)own->refractory_row);
        const int fewer = choose(s, s->is_refractory, op(s, CALI_FORMULA_SUBTRACT, left, number(s, 1.0)), number(s, 0.0));
        results[own->refractory_row] = choose(s, s->spiked, param_row(s, own->neuron.face.n_params + 1), fewer);
    }
    results[own->neuron.face.n_states] = choose(s, s->spiked, number(s, 1.0), number(s, 0.0));
}

static bool make_step(cali_formula_reader *r)
{
    cali_own_neuron *own = cali_own_neuron_of(r);
    stepper s = {.own = own, .r = r};
    memset(&own->step, 0, sizeof own->step);
    if (!cali_formula_begin(r, &own->step, own->neuron.face.n_states + 1, &s.b))
        return false;
    s.b.simplifies = true;
    s.b.bound = cali_formula_take(r, own->file.n_symbols + 1, sizeof *s.b.bound);
    if (s.b.bound == NULL)
        return false;
    for (size_t i = 0; i <= own->file.n_symbols; i++)
        s.b.bound[i] = FAILED;
    set_up(&s);
    for (unsigned k = 0; k < own->n_sub_steps && !s.has_failed; k++)
        sub_step(&s, k + 1 == own->n_sub_steps);
    if (!s.has_failed)
        store(&s);
    return !s.has_failed && r->n_mistakes == 0 && !r->is_out_of_memory;
}

/* The refractory time and the linear system, in double precision. */
static bool make_prelude(cali_formula_reader *r)
{
    cali_own_neuron *own = cali_own_neuron_of(r);
    const bool is_exact = own->scheme == CALI_OWN_EXACT, is_refractory = own->refractory.root != NULL;
    const size_t n = own->n_states, n_system = is_exact ? n * (n + 2) : 0;
    cali_formula_builder b;
    if (!cali_formula_begin(r, &own->prelude, 1 + n_system, &b))
        return false;
    b.simplifies = true;
    const int time = is_refractory ? cali_formula_push_node(&b, own->refractory.root) : cali_formula_push_number(&b, 0.0);
    if (time < 0)
        return false;
    if (!own->prelude.ops[time].is_fixed)
        return cali_formula_refuse_at(r, own->refractory.yaml, 0, "C107", "refractory.time depends on more than parameters\n"
                                      "because it is a number of steps, the same after every spike\ntry a parameter");
    own->prelude.results[0] = time;
    own->n_base = own->neuron.face.n_params + 2 + n_system;
    return !is_exact || cali_own_linear_system(r, &b, own->prelude.results + 1);
}

/* The constants of the kernel: each row of parameters that the step reads. False: they are too many. */
static bool number_constants(cali_own_neuron *own)
{
    size_t n = 0;
    for (int i = 0; i < own->step.n; i++) {
        cali_formula_op *o = &own->step.ops[i];
        if (o->code != CALI_FORMULA_ROW_PARAM)
            continue;
        if (n < CALI_MAX_CONSTANTS)
            own->row_of[n] = o->a;
        o->a = (int)n++;
    }
    own->neuron.n_constants = n;
    return n <= CALI_MAX_CONSTANTS;
}

/* Which states move on their own: their rounding dies away with them and needs no row. */
static bool find_alone(cali_formula_reader *r)
{
    cali_own_neuron *own = cali_own_neuron_of(r);
    cali_formula_program scratch = {0};
    cali_formula_builder b;
    if (!cali_formula_begin(r, &scratch, 0, &b))
        return false;
    for (size_t i = 0; i < own->n_states; i++) {
        const cali_formula_node *root = own->equations[i].root;
        const int a = cali_own_coefficient(&b, root, cali_own_state_symbol(own, i));
        own->is_alone[i] = a >= 0 && scratch.ops[a].is_fixed;
        for (size_t k = 0; k <= own->n_states && own->is_alone[i]; k++) {
            const int symbol = k < own->n_states ? cali_own_state_symbol(own, k) : cali_own_current_symbol(own);
            own->is_alone[i] = k == i || cali_own_coefficient(&b, root, symbol) == ZERO;
        }
    }
    return !r->is_out_of_memory;
}

static bool make_kernel(cali_formula_reader *r, bool is_all)
{
    cali_own_neuron *own = cali_own_neuron_of(r);
    memset(&own->derive, 0, sizeof own->derive);
    return make_step(r) && cali_formula_hoist(r, &own->step, &own->derive, own->n_base, is_all);
}

bool cali_own_neuron_make(cali_formula_reader *r)
{
    cali_own_neuron *own = cali_own_neuron_of(r);
    if (!cali_formula_make(r, own->equations, own->n_states, &own->slopes) || !cali_formula_finish(r, &own->slopes) ||
        !make_prelude(r) || !find_alone(r))
        return false;
    cali_own_neuron_add_rows(r);
    if (r->n_mistakes > 0 || r->is_out_of_memory || !make_kernel(r, true))
        return false;
    /* every product of parameters is a constant of its own, where there is room for so many */
    if (!number_constants(own) && (!make_kernel(r, false) || !number_constants(own)))
        return cali_formula_refuse(r, 0, 0, "C106", "the neuron needs %zu constants, but may have %d\nbecause each part that "
                                   "depends on parameters alone is one\ntry fewer parameters", own->neuron.n_constants,
                                   CALI_MAX_CONSTANTS);
    if (own->n_base + own->derive.n_results > CALI_OWN_MAX_ROWS)
        return cali_formula_refuse(r, 0, 0, "C106", "the neuron has too many parts that depend on parameters alone");
    return cali_formula_contract(r, &own->step) && cali_formula_finish(r, &own->step) &&
           cali_formula_finish(r, &own->derive) && cali_formula_finish(r, &own->prelude);
}
