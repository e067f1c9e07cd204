/* Pages from their pieces: a frame with marks of the form <!--@name-->, each of which is replaced by a style, a script or data. */
#ifndef CALI_REPORT_PAGE_H
#define CALI_REPORT_PAGE_H

#include "base/text.h"
#include "callosum/report.h"

typedef enum cali_page_frame { CALI_PAGE_RUN, CALI_PAGE_CHECK } cali_page_frame;

/** Fills a frame; marks that name no embedded file are asked of `add_piece`. Errors: those of `add_piece`, MEMORY. */
cal_status cali_page_fill(cal_context *ctx, cali_page_frame frame,
                          cal_status (*add_piece)(cal_context *ctx, void *user, const char *name, cali_text *page),
                          void *user, cali_text *page);

#endif
