/* What a built network tells of its definition. */
#include <stdlib.h>

#include "base/memory.h"
#include "snn/network.h"

cal_status cali_definition_keep(cal_snn *self)
{
    cal_snn_population *populations = NULL;
    cal_snn_space *spaces = NULL;
    cal_snn_port *ports = NULL;
    CAL_TRY(cali_alloc(self->ctx, self->n_populations, sizeof *populations, "populations", &populations));
    self->kept = cal_snn_def_default();
    self->kept.populations = populations;
    CAL_TRY(cali_alloc(self->ctx, self->n_populations, sizeof *spaces, "positions", &spaces));
    self->kept.spaces = spaces;
    CAL_TRY(cali_alloc(self->ctx, self->n_ports, sizeof *ports, "ports", &ports));
    self->kept.ports = ports;
    self->kept.name = self->name;
    self->kept.dt = self->dt;
    self->kept.window = self->window;
    self->kept.n_populations = self->n_populations;
    self->kept.n_ports = self->n_ports;
    for (size_t i = 0; i < self->n_populations; i++) {
        const cali_population *p = &self->populations[i];
        populations[i] = (cal_snn_population){.name = p->name, .n = p->n};
        populations[i].neuron = p->neuron == NULL ? NULL : &p->neuron->face;
        spaces[i] = p->space;
    }
    for (size_t i = 0; i < self->n_ports; i++) {
        const cali_port *p = &self->ports[i];
        const cal_neuron *neuron = populations[p->def.population].neuron;
        ports[i] = p->def;
        ports[i].name = p->name;
        ports[i].state = p->def.kind == CAL_PORT_MEAN ? neuron->states[p->state].name : NULL;
        ports[i].receptor = p->def.kind == CAL_PORT_POISSON
                                ? neuron->receptors[self->poissons[p->poisson].receptor].name
                                : NULL;
    }
    return CAL_OK;
}

void cali_definition_free(cal_snn *self)
{
    free((void *)self->kept.populations);
    free((void *)self->kept.ports);
    free((void *)self->kept.spaces);
}

const cal_snn_def *cal_snn_get_def(const cal_snn *snn)
{
    return &snn->kept;
}
