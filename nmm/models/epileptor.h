/* What the models of the Epileptor family share. Two ensembles, one fast (x1, y1: discharges of a seizure), one
 * slower (x2, y2: spikes and waves), and a slow permittivity z that carries the region into a seizure and out of it. */
#ifndef CALI_NMM_MODELS_EPILEPTOR_H
#define CALI_NMM_MODELS_EPILEPTOR_H

#include "nmm/models/model.h"

enum {
    EPI_X0, EPI_IEXT, EPI_IEXT2, EPI_A, EPI_B, EPI_C, EPI_D, EPI_R, EPI_S, EPI_SLOPE, EPI_TAU, EPI_AA, EPI_BB, EPI_KVF,
    EPI_KF, EPI_KS, EPI_TT, EPI_N_PARAMS
};
enum { EPI_X1, EPI_Y1, EPI_Z, EPI_X2, EPI_Y2, EPI_G, EPI_N_STATES };

#define CALI_EPILEPTOR_PARAMS                                                                                          \
    [EPI_X0] = {"x0", "1", -1.6, -10.0, 10.0, "epileptogenicity: with the defaults seizures recur above -2.062, below it rests"},      \
    [EPI_IEXT] = {"Iext", "1", 3.1, -100.0, 100.0, "constant drive of the first ensemble"},                           \
    [EPI_IEXT2] = {"Iext2", "1", 0.45, -100.0, 100.0, "constant drive of the second ensemble"},                       \
    [EPI_A] = {"a", "1", 1.0, -100.0, 100.0, "coefficient of x1^3 for x1 < 0"},                                       \
    [EPI_B] = {"b", "1", 3.0, -100.0, 100.0, "coefficient of x1^2 for x1 < 0"},                                       \
    [EPI_C] = {"c", "1", 1.0, -100.0, 100.0, "constant in y1'"},                                                      \
    [EPI_D] = {"d", "1", 5.0, -100.0, 100.0, "coefficient of x1^2 in y1'"},                                           \
    [EPI_R] = {"r", "1/ms", 0.00035, 0.0, 1.0, "rate of the permittivity"},                                           \
    [EPI_S] = {"s", "1", 4.0, -100.0, 100.0, "weight of x1 - x0 in the permittivity"},                                \
    [EPI_SLOPE] = {"slope", "1", 0.0, -100.0, 100.0, "slope of x1' for x1 >= 0"},                                     \
    [EPI_TAU] = {"tau", "1", 10.0, 1e-3, 1e4, "time constant of y2, in units of 1 / tt"},                             \
    [EPI_AA] = {"aa", "1", 6.0, -100.0, 100.0, "slope of y2' over x2 above -0.25"},                                   \
    [EPI_BB] = {"bb", "1", 2.0, -100.0, 100.0, "weight of g in x2'"},                                                 \
    [EPI_KVF] = {"Kvf", "1", 0.0, -100.0, 100.0, "weight of the input c_x1 in x1'; 0: that coupling is off"},         \
    [EPI_KF] = {"Kf", "1", 0.0, -100.0, 100.0, "weight of the input c_x2 in x2'; 0: that coupling is off"},           \
    [EPI_KS] = {"Ks", "1", 0.0, -100.0, 100.0,                                                                        \
                "weight of the input c_x1 in z'; negative where neighbours recruit; 0: that coupling is off"},        \
    [EPI_TT] = {"tt", "1", 1.0, 1e-4, 100.0, "rate of the whole system"}

#define CALI_EPILEPTOR_STATES                                                                                          \
    [EPI_X1] = {"x1", "1", -1.5, -INFINITY, INFINITY, "fast ensemble: discharges"},                                   \
    [EPI_Y1] = {"y1", "1", -10.0, -INFINITY, INFINITY, "recovery of the fast ensemble"},                              \
    [EPI_Z] = {"z", "1", 3.5, -INFINITY, INFINITY, "permittivity"},                                                   \
    [EPI_X2] = {"x2", "1", -1.0, -INFINITY, INFINITY, "second ensemble: spikes and waves"},                           \
    [EPI_Y2] = {"y2", "1", 0.0, -INFINITY, INFINITY, "recovery of the second ensemble"},                              \
    [EPI_G] = {"g", "1", -0.1, -INFINITY, INFINITY, "x1, filtered"}

/* 0.1 z^7 pulls z back from negative values. */
CAL_HD double epileptor_floor(double z)
{
    const double z2 = z * z;
    return z < 0.0 ? -0.1 * (z2 * z2 * z2 * z) : 0.0;
}

/* Where z tends: linear in x1, or (`is_nonlinear`) a sigmoid, with which more time passes between seizures. */
CAL_HD double epileptor_target(double is_nonlinear, double s, double x0, double x1, double z)
{
    const double sigmoid = x0 + 3.0 / (1.0 + cali_exp(-(x1 + 0.5) / 0.1));
    const double line = s * (x1 - x0) + epileptor_floor(z);
    return is_nonlinear >= 0.5 ? sigmoid : line;
}

/* The six equations of region i of n. */
CAL_HD void epileptor(size_t n, size_t i, const double *restrict p, const double *restrict x, double is_nonlinear,
                      double c1, double c2, double *restrict dx)
{
    const double x1 = x[EPI_X1 * n + i], y1 = x[EPI_Y1 * n + i], z = x[EPI_Z * n + i], x2 = x[EPI_X2 * n + i];
    const double y2 = x[EPI_Y2 * n + i], g = x[EPI_G * n + i], tt = p[EPI_TT * n + i];
    const double cubic = p[EPI_B * n + i] * x1 - p[EPI_A * n + i] * x1 * x1;
    const double steep = p[EPI_SLOPE * n + i] - x2 + 0.6 * (z - 4.0) * (z - 4.0);
    const double ramp = p[EPI_AA * n + i] * (x2 + 0.25), response = x2 < -0.25 ? 0.0 : ramp;
    const double target = epileptor_target(is_nonlinear, p[EPI_S * n + i], p[EPI_X0 * n + i], x1, z);
    dx[EPI_X1 * n + i] =
        tt * (y1 - z + p[EPI_IEXT * n + i] + p[EPI_KVF * n + i] * c1 + (x1 < 0.0 ? cubic : steep) * x1);
    dx[EPI_Y1 * n + i] = tt * (p[EPI_C * n + i] - p[EPI_D * n + i] * x1 * x1 - y1);
    dx[EPI_Z * n + i] = tt * p[EPI_R * n + i] * (target - z + p[EPI_KS * n + i] * c1);
    dx[EPI_X2 * n + i] = tt * (-y2 + x2 - x2 * x2 * x2 + p[EPI_IEXT2 * n + i] + p[EPI_BB * n + i] * g -
                               0.3 * (z - 3.5) + p[EPI_KF * n + i] * c2);
    dx[EPI_Y2 * n + i] = tt * (response - y2) / p[EPI_TAU * n + i];
    dx[EPI_G * n + i] = -0.01 * tt * (g - 0.1 * x1);
}

#define CALI_EPILEPTOR_FAST                                                                                            \
    "x1' = tt (y1 - z + Iext + Kvf c_x1 + x1 f1)\n"                                                                   \
    "  f1 = b x1 - a x1^2 for x1 < 0, else slope - x2 + 0.6 (z - 4)^2\n"                                              \
    "y1' = tt (c - d x1^2 - y1)\n"
#define CALI_EPILEPTOR_SLOWER                                                                                          \
    "x2' = tt (-y2 + x2 - x2^3 + Iext2 + bb g - 0.3 (z - 3.5) + Kf c_x2)\n"                                           \
    "y2' = tt (f2 - y2) / tau,  f2 = 0 for x2 < -0.25, else aa (x2 + 0.25)\n"                                         \
    "g' = -0.01 tt (g - 0.1 x1)"

#endif
