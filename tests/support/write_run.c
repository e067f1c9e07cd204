/* write_run DIRECTORY [usual | hostile | plain | number of regions | connectome with centres]:
 * writes a synthetic run folder and its report. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "callosum/report.h"
#include "support/support.h"
#include "support/synthetic.h"

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    cali_synthetic def = cali_synthetic_default();
    const char *kind = argc > 2 ? argv[2] : "";
    if (strcmp(kind, "hostile") == 0) {
        def.first_label = "</script><b>bold</b><!--<img src=x onerror=alert(1)>";
        def.title = "</title><script>throw new Error('title ran')</script>";
        def.spiking_label = "<img src=x onerror=throw(1)>\"'`&lt;";
        def.started = "</script><i>raw</i><!--";
        def.duration_ms = 2000.0;
        def.is_complete = false;
    } else if (strcmp(kind, "plain") == 0) { /* nothing but the recording of a short run */
        def.has_manifest = def.has_connectome = def.has_sensors = false;
        def.spiking = def.n_regions;
        def.duration_ms = 300.0;
        def.transient_ms = 0.0;
    } else if (atoi(kind) > 0 && strchr(kind, '.') == NULL) {
        def.n_regions = (size_t)atoi(kind);
    }
    cal_context *ctx = cali_test_context(2);
    cal_connectome *connectome = NULL;
    cal_status status = cali_directory_make(ctx, argv[1]);
    if (status == CAL_OK && strchr(kind, '.') != NULL) {
        cal_connectome_source source = cal_connectome_source_default();
        source.path = kind;
        status = cal_connectome_load(ctx, &source, &connectome);
        def.connectome = connectome;
    }
    if (status == CAL_OK)
        status = cali_synthetic_write(ctx, &def, argv[1]);
    if (status == CAL_OK)
        status = cal_report_write(ctx, argv[1], NULL);
    char *summary = NULL;
    if (status == CAL_OK)
        status = cal_report_summary(ctx, argv[1], NULL, false, &summary);
    if (status != CAL_OK)
        fprintf(stderr, "%s\n", cal_context_message(ctx));
    else
        fputs(summary, stdout);
    free(summary);
    cal_connectome_destroy(&connectome);
    cal_context_destroy(&ctx);
    return status == CAL_OK ? 0 : 1;
}
