/* Writes the numbers of eif_table.inc to the standard output: make_eif_table > nmm/tables/eif_table.inc.
 * About three minutes on one core. */
#include <stdio.h>

#include "nmm/tables/eif_response.h"
#include "nmm/tables/eif_table.h"

int main(void)
{
    printf("/* Made by make_eif_table: rate, potential, time constant (1e-7/ms, uV, 0.1 us), sigma fastest. */\n");
    int column = 0;
    for (int i = 0; i < CALI_EIF_N_MU; i++)
        for (int j = 0; j < CALI_EIF_N_SIGMA; j++) {
            const eif_answer a = eif_answer_at(&eif_cakan, CALI_EIF_MU_LOW + i * CALI_EIF_MU_STEP,
                                               CALI_EIF_SIGMA_LOW + j * CALI_EIF_SIGMA_STEP, EIF_FINE_MV);
            column += printf("%ld,%ld,%ld,", lround(a.rate / CALI_EIF_RATE_UNIT), lround(a.v / CALI_EIF_V_UNIT),
                             lround(a.tau / CALI_EIF_TAU_UNIT));
            if (column >= 100)
                column = 0 * printf("\n");
        }
    printf("\n");
    return 0;
}
