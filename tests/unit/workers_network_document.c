/* protocols/NETWORK-MODEL.md is made of the list of fields. After a change of it:
 *   CALLOSUM_WRITE_DOCS=1 build/tests/unit_workers_network_document */
#include "workers/network_model.h"
#include "support/docs.h"

static const char begin[] =
    "# A spiking network as a map\n"
    "\n"
    "The `model` of CONFIGURE (PROTOCOL.md) for a worker that announces the model \"callosum-network\". It is the whole network, and\n"
    "data only: no code, no paths, no objects of a language. Another simulator can build the same network of it: the equations behind\n"
    "the names stand in docs/neurons.md, docs/plasticity.md and docs/topologies.md.\n"
    "\n"
    "    {name: \"callosum-network\", network: \"thalamus\", dt_ns: 100000, window_ns: 1000000, seed: 7, stream: 3,\n"
    "     populations: [{name: \"E\", neuron: \"lif\", n: 800, settings: [{name: \"tau_m\", value: {kind: \"constant\", a: 20.0}}]},\n"
    "                   {name: \"I\", neuron: \"lif\", n: 200}],\n"
    "     projections: [{from: 0, to: 1, receptor: \"excitatory\", rule: \"fixed-in-degree\", in_degree: 80, has_multapses: true,\n"
    "                    weight: {kind: \"constant\", a: 16.2}, delay_ms: {kind: \"constant\", a: 1.5}}],\n"
    "     ports: [{name: \"rate\", kind: \"rate\", population: 0, samples: 10}]}\n"
    "\n"
    "Rules:\n"
    "\n"
    "- A member that is absent is 0, false, empty or nothing. Members in **bold** are always there.\n"
    "- A receiver that meets a member which it does not know refuses the map (E203): a network without it would be another one. So a\n"
    "  new member needs no new version of the protocol. Unknown neurons and synapses are E201, other unknown names E203.\n"
    "- An integer is not negative, unless its type says so; reals are 64-bit floats. Texts are compared letter by letter. Arrays are\n"
    "  those of PROTOCOL.md, section 3, of one dimension; large ones are blobs. Times of the type *ns* are signed nanoseconds.\n"
    "- Populations are numbered from 0 in the order of their list, and so are the neurons of each, and projections.\n"
    "- Conditions that several members must meet together (delays of at least a step, weights of the right sign, rules that can be met)\n"
    "  are those of an experiment file; a receiver checks them before it builds.\n"
    "- Random numbers: the distribution is part of the model, the draws are not. callosum's own worker draws each number as a function\n"
    "  of `seed`, `stream`, its use and its place, so that the same map gives the same bits on every machine.\n"
    "- callosum writes members in the order of the tables below and leaves out what is absent; reading a map and writing it again gives\n"
    "  the same bytes. The model digest of READY is a SHA-256 over its version and these bytes without the members marked *free*, on\n"
    "  which no state depends: a saved state fits a network of the same digest.\n"
    "- A map has at most 1,048,576 values (an array is one; about 70,000 projections), a list 100,000 items, an array 2^32 - 1. A map\n"
    "  with an array above 64 MiB, or above 256 MiB as a whole, comes by LOAD (PROTOCOL.md, section 6); a host or a worker that finds it\n"
    "  too large for its memory refuses it with its size.\n";

static const char *type_of(const cali_model_field *f, char *text, size_t size)
{
    static const char *const numbers[] = {"?", "i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64", "f32", "f64"};
    switch (f->kind) {
    case CALI_MODEL_UINT:
        snprintf(text, size, f->size == 8 ? "u64" : "u32");
        break;
    case CALI_MODEL_OWN:
        snprintf(text, size, "u32");
        break;
    case CALI_MODEL_TIME:
        snprintf(text, size, "ns");
        break;
    case CALI_MODEL_REAL:
        snprintf(text, size, "real");
        break;
    case CALI_MODEL_BOOL:
        snprintf(text, size, "bool");
        break;
    case CALI_MODEL_TEXT:
    case CALI_MODEL_FORMULA:
    case CALI_MODEL_ENTRY:
        snprintf(text, size, "text");
        break;
    case CALI_MODEL_CHOICE:
        snprintf(text, size, "text");
        for (size_t i = 0; i < f->names->n; i++) {
            const size_t at = strlen(text);
            snprintf(text + at, size - at, "%s %s", i == 0 ? ":" : ",", f->names->names[i]);
        }
        break;
    case CALI_MODEL_MAP:
    case CALI_MODEL_MAP_AT:
        snprintf(text, size, "map, [%s](#%s)", f->of->title, f->of->title);
        break;
    case CALI_MODEL_LIST:
        snprintf(text, size, "list of [%s](#%s)", f->of->title, f->of->title);
        break;
    case CALI_MODEL_FIXED:
    case CALI_MODEL_ARRAY:
        snprintf(text, size, "%s array", numbers[f->dtype]);
        break;
    case CALI_MODEL_STAYS:
        break;
    }
    for (char *at = strchr(text, '#'); at != NULL && *at != '\0'; at++)
        *at = *at == ' ' ? '-' : *at;
    return text;
}

static void add_field(cali_text *page, const cali_model_field *f)
{
    char type[256];
    const bool is_always = (f->flags & CALI_MODEL_ALWAYS) != 0;
    if (f->kind == CALI_MODEL_STAYS)
        return;
    cali_text_format(page, "| %s`%s`%s | %s | %s | %s", is_always ? "**" : "", f->key, is_always ? "**" : "",
                     type_of(f, type, sizeof type), f->unit == NULL ? "" : f->unit, f->meaning);
    if (f->when != NULL && f->kind != CALI_MODEL_MAP)
        cali_text_format(page, "; only with `%s`", f->when);
    cali_text_format(page, "%s |\n", (f->flags & CALI_MODEL_FREE) != 0 ? " (*free*)" : "");
}

Test(network_document, the_page_is_that_of_the_list)
{
    cali_text page = {0};
    cali_text_add(&page, begin);
    for (size_t i = 0; i < cali_model_n_structs; i++) {
        const cali_model_struct *of = cali_model_structs[i];
        cali_text_format(&page, "\n## %s\n\n%s\n\n| member | type | unit | meaning |\n|---|---|---|---|\n", of->title, of->text);
        for (size_t k = 0; k < of->n_fields; k++)
            add_field(&page, &of->fields[k]);
    }
    cr_assert(not(page.is_broken));
    cali_test_expect_page("../protocols/NETWORK-MODEL.md", &page, "unit_workers_network_document");
    cali_text_free(&page);
}
