/* A run that was: what its folder says of it. What `resume` and `rerun` share. */
#ifndef CALI_CLI_RESUME_H
#define CALI_CLI_RESUME_H

#include "base/text.h"
#include "base/tree.h"
#include "callosum/experiment.h"

typedef struct cali_past_run {
    cali_tree *tree;
    cali_node *manifest;
    cal_command command; /* its texts belong to the tree */
    const char **overrides, **placement, **returns; /* of the command */
    const char *endpoint; /* where its workers came to, or NULL */
    char *last_return;    /* in `returns`, not of the tree */
    cal_experiment *experiment;
} cali_past_run;

/** Reads manifest.json and experiment.yaml of a run's folder. Errors: INPUT, IO, MEMORY. Free in both cases. */
cal_status cali_past_run_load(cal_context *ctx, const char *directory, cali_past_run *run);
void cali_past_run_free(cali_past_run *run);

/** Adds a line for the version of the program and for each input file that are others now. Errors: IO (a file is gone),
 *  MEMORY. */
cal_status cali_past_run_changes(cal_context *ctx, const cali_past_run *run, cali_text *changes);

#endif
