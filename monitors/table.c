/* The table of monitors. */
#include <string.h>

#include "monitors/monitor.h"

#define SANZ_LEON \
    "Sanz-Leon, Knock, Spiegler & Jirsa (2015), NeuroImage 111, 385-430"
#define FRISTON \
    "Friston, Harrison & Penny (2003), NeuroImage 19, 1273-1302; the same values in Deco, Ponce-Alvarez, Mantini, " \
    "Romani, Hagmann & Corbetta (2013), J. Neurosci. 33, 11239-11252"
#define STEPHAN \
    "Stephan, Weiskopf, Drysdale, Robinson & Friston (2007), NeuroImage 38, 387-401; 1.5 T, echo time 40 ms"
#define BALLOON \
    "s' = epsilon x - kappa s - gamma (f - 1)\n" \
    "f' = s\n" \
    "tau v' = f - v^(1/alpha)\n" \
    "tau q' = f (1 - (1 - rho)^(1/f)) / rho - q v^(1/alpha - 1)\n" \
    "y = V_0 (k_1 (1 - q) + k_2 (1 - q / v) + k_3 (1 - v))"

static const cal_monitor_kind kinds[] = {
    {.name = "raw", .title = "Every step", .formula = "y(t_n) = x(t_n)", .source = SANZ_LEON, .feed = CAL_FEED_STEPS,
     .ops = &cali_ops_last},
    {.name = "sub-sample", .title = "The value at the end of each interval", .formula = "y(t) = x(t)",
     .source = SANZ_LEON, .feed = CAL_FEED_SAMPLES, .ops = &cali_ops_last},
    {.name = "temporal-average", .title = "Mean over each interval",
     .formula = "y(t) = 1/n sum_k x(t - k dt), k = 0 ... n - 1, n dt = every", .source = SANZ_LEON,
     .feed = CAL_FEED_STEPS, .ops = &cali_ops_mean},
    {.name = "spatial-average", .title = "Mean over the regions of each group", .formula = "y_g = mean of x_i, i in g",
     .source = SANZ_LEON, .feed = CAL_FEED_SAMPLES, .has_groups = true, .ops = &cali_ops_groups},
    {.name = "global-average", .title = "Mean over all regions", .formula = "y = mean of x_i", .source = SANZ_LEON,
     .feed = CAL_FEED_SAMPLES, .has_groups = true, .ops = &cali_ops_groups},
    {.name = "bold", .title = "BOLD as a convolution with a haemodynamic response", .unit = "1",
     .formula = "y(t) = int_0^L h(s) x(t - s) ds", .source = "that of the kernel", .feed = CAL_FEED_MEANS,
     .has_kernel = true, .ops = &cali_ops_bold},
    {.name = "balloon", .title = "BOLD by the balloon model, coefficients of 2003", .unit = "1", .formula = BALLOON,
     .source = FRISTON, .params = cali_balloon_friston, .n_params = CALI_N_BALLOON_PARAMS, .feed = CAL_FEED_MEANS,
     .ops = &cali_ops_balloon},
    {.name = "balloon-2007", .title = "BOLD by the balloon model, revised coefficients", .unit = "1", .formula = BALLOON,
     .source = STEPHAN, .params = cali_balloon_stephan, .n_params = CALI_N_BALLOON_PARAMS, .feed = CAL_FEED_MEANS,
     .ops = &cali_ops_balloon},
    {.name = "eeg", .title = "Potentials at electrodes on the scalp", .unit = "1", .formula = "y_s = sum_i L_si x_i",
     .source = SANZ_LEON, .feed = CAL_FEED_SAMPLES, .has_lead_field = true, .ops = &cali_ops_projection},
    {.name = "meg", .title = "Magnetic fields at sensors outside the head", .unit = "1",
     .formula = "y_s = sum_i L_si x_i", .source = SANZ_LEON, .feed = CAL_FEED_SAMPLES, .has_lead_field = true,
     .ops = &cali_ops_projection},
    {.name = "seeg", .title = "Potentials at electrodes in the brain", .unit = "1", .formula = "y_s = sum_i L_si x_i",
     .source = SANZ_LEON, .feed = CAL_FEED_SAMPLES, .has_lead_field = true, .ops = &cali_ops_projection},
};

size_t cal_monitor_n_kinds(void)
{
    return sizeof kinds / sizeof *kinds;
}

const cal_monitor_kind *cal_monitor_kind_at(size_t index)
{
    return index < cal_monitor_n_kinds() ? &kinds[index] : NULL;
}

const cal_monitor_kind *cal_monitor_kind_find(const char *name)
{
    for (size_t i = 0; name != NULL && i < cal_monitor_n_kinds(); i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    return NULL;
}
