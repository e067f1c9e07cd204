/* The numbers of eif_table.h, made by make_eif_table.c. */
#include "nmm/tables/eif_table.h"

const int32_t cali_eif_table[CALI_EIF_N_MU * CALI_EIF_N_SIGMA * CALI_EIF_N] = {
#include "nmm/tables/eif_table.inc"
};
