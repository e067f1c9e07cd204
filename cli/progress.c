#include "cli/progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#define BAR_CELLS 32
#define REDRAW_S 0.1
#define LOG_S 10.0

cali_progress cali_progress_start(cal_time from, cal_time duration, bool is_silent)
{
    const double now = cali_wall_s();
    return (cali_progress){.is_terminal = isatty(STDERR_FILENO) == 1, .is_silent = is_silent, .start_s = now,
                           .last_s = now, .duration = duration, .from = from};
}

/* The participant that took longest, with its share of the work of all. */
static void find_slowest(const cal_session *session, const char **name, double *share)
{
    const cal_plan plan = cal_session_plan(session);
    const cal_cost cost = cal_session_cost(session);
    double most = cost.coupler.host_s, all = cost.coupler.host_s + cost.coupler.exchange_s;
    *name = "host";
    for (size_t k = 0; k < plan.n_networks; k++) {
        all += cost.coupler.sub_s[k];
        if (cost.coupler.sub_s[k] > most) {
            most = cost.coupler.sub_s[k];
            *name = plan.networks[k].region;
        }
    }
    *share = all > 0.0 ? 100.0 * most / all : 0.0;
}

void cali_progress_show(cali_progress *p, const cal_session *session)
{
    const double now = cali_wall_s();
    const cal_time t = cal_session_time(session);
    const bool is_end = t >= p->duration;
    if (p->is_silent || (!is_end && now - p->last_s < (p->is_terminal ? REDRAW_S : LOG_S)))
        return;
    p->last_s = now;
    const double done = (double)t / (double)p->duration, spent = now - p->start_s, simulated = (double)t * 1e-9;
    const double here = (double)(t - p->from) * 1e-9; /* by this process */
    const double left = here > 0.0 ? spent / here * (double)(p->duration - t) * 1e-9 : 0.0;
    const double speed = spent > 0.0 ? here / spent : 0.0;
    const char *name;
    double share;
    find_slowest(session, &name, &share);
    char bar[BAR_CELLS * 3 + 1] = "";
    for (int i = 0; i < BAR_CELLS && p->is_terminal; i++)
        strcat(bar, i < (int)(done * BAR_CELLS) ? "━" : "─");
    fprintf(stderr, "%s%s %.1f of %g s done   %.1f x real time   left %.0f s", p->is_terminal ? "\r\033[K" : "", bar,
            simulated, (double)p->duration * 1e-9, speed, left);
    if (cal_session_plan(session).n_networks > 0 && cal_session_plan(session).connectome != NULL)
        fprintf(stderr, "   slowest: %s %.0f %%", name, share);
    if (is_end || !p->is_terminal)
        fputc('\n', stderr);
    fflush(stderr);
}
