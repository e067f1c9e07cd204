/* What the two codimension-3 Epileptors share: a planar fast system, the unfolding of a degenerate Takens-Bogdanov
 * singularity, whose three parameters (mu2, -mu1, nu) lie on a sphere of radius R. A slow variable z carries them along
 * a great circle from the point of offset A to the point of onset B,
 *     (mu2, -mu1, nu) = R (E cos z + F sin z),   E = A / |A|,   F = the unit vector of (A x B) x A,
 * and turns round when the fast system is further than dstar from its resting state. */
#ifndef CALI_NMM_MODELS_BURSTER_H
#define CALI_NMM_MODELS_BURSTER_H

#include "nmm/models/model.h"

typedef struct vector {
    double x, y, z;
} vector;

CAL_HD vector cross(vector a, vector b)
{
    return (vector){a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}

/* The vector of length 1 along a; 0 where a is 0 or too short to have a direction. */
CAL_HD vector unit_vector(vector a)
{
    const double square = a.x * a.x + a.y * a.y + a.z * a.z;
    const double by = square > 1e-30 ? 1.0 / __builtin_sqrt(square > 1e-30 ? square : 1.0) : 0.0;
    return (vector){a.x * by, a.y * by, a.z * by};
}

/* The unit vector in the plane of a and b, at a right angle to a, on the side of b. */
CAL_HD vector towards(vector a, vector b)
{
    return unit_vector(cross(cross(a, b), a));
}

/* radius (a cos angle + b sin angle) */
CAL_HD vector on_circle(double radius, vector a, vector b, double angle)
{
    double s, c;
    cali_sincos(angle, &s, &c);
    return (vector){radius * (a.x * c + b.x * s), radius * (a.y * c + b.y * s), radius * (a.z * c + b.z * s)};
}

/* x of the resting state: a root of x^3 - mu2 x - mu1, on branch 1 the largest, 2 the smallest, 3 the middle one. Where
 * two roots have met and left the real numbers (a saddle-node), the branches that ended there go on as their real part. */
CAL_HD double resting_state(double mu1, double mu2, double branch)
{
    const double half = 0.5 * mu1, third = mu2 * (1.0 / 3.0);
    const double discriminant = half * half - third * third * third;
    const double root = __builtin_sqrt(discriminant < 0.0 ? -discriminant : discriminant);
    /* three real roots: 2 sqrt(mu2 / 3) cos((phi + 2 pi k) / 3) */
    const double phi = cali_atan2(root, half);
    const double turn = branch < 1.5 ? 0.0 : branch < 2.5 ? 2.0 * CALI_PI : -2.0 * CALI_PI;
    double sine, cosine;
    cali_sincos((phi + turn) * (1.0 / 3.0), &sine, &cosine);
    const double three = 2.0 * __builtin_sqrt(third > 0.0 ? third : 0.0) * cosine;
    /* one real root (of Cardano, the sum whose terms have one sign first), and minus its half: the pair's real part */
    const double u = cali_cbrt((half < 0.0 ? -half : half) + root);
    const double size = u + third / (u > 0.0 ? u : 1.0), real = half < 0.0 ? -size : size;
    const double is_real = branch < 1.5 ? (half < 0.0 ? 0.0 : 1.0) : branch < 2.5 ? (half < 0.0 ? 1.0 : 0.0) : 0.0;
    return discriminant < 0.0 ? three : is_real > 0.0 ? real : -0.5 * real;
}

enum { BURST_B, BURST_R, BURST_C, BURST_DSTAR, BURST_KS, BURST_N, BURST_MODIFICATION, BURST_N_PARAMS };
enum { BURST_X, BURST_Y, BURST_Z, BURST_N_STATES };

#define CALI_BURSTER_PARAMS(speed)                                                                                     \
    [BURST_B] = {"b", "1", 1.0, -10.0, 10.0, "kind of unfolding; the default is of focus type"},                      \
    [BURST_R] = {"R", "1", 0.4, 0.0, 2.5, "radius of the sphere of parameters"},                                      \
    [BURST_C] = {"c", "1/ms", speed, 0.0, 1.0, "rate of the slow variable"},                                          \
    [BURST_DSTAR] = {"dstar", "1", 0.3, -10.0, 10.0, "distance from rest at which the slow variable turns round"},    \
    [BURST_KS] = {"Ks", "1", 0.0, -100.0, 100.0, "weight of the input in z'; 0: that coupling is off"},               \
    [BURST_N] = {"N", "1", 1.0, 1.0, 3.0, "branch of the resting state: 1 largest root, 2 smallest, 3 middle"},       \
    [BURST_MODIFICATION] = {"modification", "1", 1.0, 0.0, 1.0, "1: z is held near 1/2 for negative dstar; 0: not"}

#define CALI_BURSTER_STATES                                                                                            \
    [BURST_X] = {"x", "1", 0.5, -INFINITY, INFINITY, "fast variable: the signal"},                                    \
    [BURST_Y] = {"y", "1", 0.0, -INFINITY, INFINITY, "minus the derivative of x"},                                    \
    [BURST_Z] = {"z", "rad", 0.05, -INFINITY, INFINITY, "slow variable: angle on the way from offset to onset"}

/* The equations of x, y and z of region i of n at input c; `at` = (mu2, -mu1, nu). */
CAL_HD void burster(size_t n, size_t i, const double *restrict p, const double *restrict s, vector at, double c,
                    double *restrict dx)
{
    const double x = s[BURST_X * n + i], y = s[BURST_Y * n + i], z = s[BURST_Z * n + i];
    const double mu2 = at.x, mu1 = -at.y, nu = at.z;
    const double away = x - resting_state(mu1, mu2, p[BURST_N * n + i]);
    const double h = z - 0.5, h2 = h * h;
    const double hold = p[BURST_MODIFICATION * n + i] >= 0.5 ? 0.1 * (h2 * h2 * h2 * h) : 0.0;
    dx[BURST_X * n + i] = -y;
    dx[BURST_Y * n + i] = x * x * x - mu2 * x - mu1 - y * (nu + p[BURST_B * n + i] * x + x * x);
    dx[BURST_Z * n + i] = -p[BURST_C * n + i] * (__builtin_sqrt(away * away + y * y) - p[BURST_DSTAR * n + i] + hold +
                                                 p[BURST_KS * n + i] * c);
}

#define CALI_BURSTER_EQUATIONS                                                                                         \
    "x' = -y\n"                                                                                                       \
    "y' = x^3 - mu2 x - mu1 - y (nu + b x + x^2)\n"                                                                   \
    "z' = -c (sqrt((x - x_s)^2 + y^2) - dstar + [0.1 (z - 1/2)^7 with modification] + Ks c_in),  c_in: the input c\n" \
    "x_s: root N of x^3 - mu2 x - mu1, or the real part of the pair in which it ended\n"                              \
    "(mu2, -mu1, nu) = R (E cos z + F sin z),  E = A / |A|,  F = unit vector of (A x B) x A\n"
#define CALI_BURSTER_SOURCE "Saggio, Spiegler, Bernard & Jirsa (2017), J. Math. Neurosci. 7, 7"

#endif
