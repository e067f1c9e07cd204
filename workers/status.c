/* What the host tells of its workers beside a run, and what it is asked there: a JSON file that is replaced every second, and a
 * file that names a worker to let go. Both are for other processes of the same user; no result depends on them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "workers/host.h"

enum { MOST_NAME = 1024 };

static void add_slot(cali_text *json, const cal_slot_info *s)
{
    cali_json_open(json, NULL, "{");
    cali_json_text(json, "slot", s->name);
    cali_json_text(json, "state", cal_slot_state_names[s->state]);
    cali_json_text(json, "worker", s->worker);
    cali_json_text(json, "device", s->device);
    cali_json_bool(json, "is_local", s->is_local);
    cali_json_number(json, "pid", (double)s->pid);
    cali_json_number(json, "incarnation", s->incarnation);
    cali_json_number(json, "windows", (double)s->n_windows);
    cali_json_number(json, "lost", (double)s->n_lost);
    cali_json_number(json, "reconnected", (double)s->n_reconnected);
    cali_json_number(json, "replayed_windows", (double)s->n_replayed);
    cali_json_number(json, "compute_s", s->compute_s);
    cali_json_number(json, "link_s", s->link_s);
    cali_json_number(json, "sent_bytes", (double)s->n_sent_bytes);
    cali_json_number(json, "received_bytes", (double)s->n_received_bytes);
    cali_json_close(json, "}");
}

static void write_status(cal_host *host)
{
    cali_text json = {0};
    char draft[4096];
    if (snprintf(draft, sizeof draft, "%s.new", host->status_path) >= (int)sizeof draft)
        return;
    cali_json_open(&json, NULL, "{");
    cali_json_number(&json, "pid", (double)getpid());
    cali_json_bool(&json, "has_ended", host->is_ending);
    cali_json_text(&json, "endpoint", cal_host_endpoint(host));
    cali_json_open(&json, "slots", "[");
    for (size_t i = 0; i < host->n_slots; i++) {
        const cal_slot_info info = cali_slot_info(host->slots[i]);
        add_slot(&json, &info);
    }
    cali_json_close(&json, "]");
    cali_json_close(&json, "}");
    FILE *file = json.is_broken ? NULL : fopen(draft, "w");
    if (file != NULL) { /* a full disk leaves the former one */
        const bool is_whole = fwrite(json.data, 1, json.size, file) == json.size;
        if (fclose(file) == 0 && is_whole)
            rename(draft, host->status_path);
        else
            remove(draft);
    }
    cali_text_free(&json);
}

static void read_request(cal_host *host)
{
    char name[MOST_NAME + 1];
    FILE *file = fopen(host->drain_path, "r");
    if (file == NULL)
        return;
    const size_t n = fread(name, 1, MOST_NAME, file);
    fclose(file);
    remove(host->drain_path);
    name[n] = '\0';
    name[strcspn(name, "\n")] = '\0';
    if (!cali_host_drain(host, name))
        cal_context_note(host->ctx, "drain: no worker or slot \"%.100s\" that could be replaced", name);
}

void cali_host_tell(cal_host *host, double now, bool is_last)
{
    if (host->status_path == NULL || (!is_last && now - host->told_s < 1.0))
        return;
    host->told_s = now;
    write_status(host);
    if (!is_last)
        read_request(host);
}
