/* The sum over a message: the same as zlib's and the standard's, whatever the length, the place in memory and the pieces. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <zlib.h>

#include "base/random.h"
#include "callosum/protocols.h"
#include "protocols/crc32.h"

enum { SIZE = 70000 };
static unsigned char text[SIZE + 64];

static void fill(void)
{
    const cali_key key = cali_key_from_seed(5);
    for (uint32_t i = 0; i < sizeof text; i++)
        text[i] = (unsigned char)cali_philox(key, i, 0, 0, 0).word[0];
}

TestSuite(protocols_crc32, .init = fill);

/* The check value of CRC-32/ISO-HDLC: "123456789" gives cbf43926. */
Test(protocols_crc32, has_the_check_value_of_the_standard)
{
    cr_expect(cali_crc32(0, "123456789", 9) == 0xcbf43926u);
    cr_expect(cali_crc32(0, "", 0) == 0);
}

Test(protocols_crc32, is_zlibs_in_each_way_for_each_length_offset_and_beginning)
{
    for (int way = 0; way <= (int)cali_crc32_best(); way++) {
        for (size_t n = 0; n < 1200; n++)
            for (size_t offset = 0; offset < 16; offset += 5) {
                const uint32_t begin = (uint32_t)n * 2654435761u;
                cr_assert(cali_crc32_by((cali_crc32_way)way, begin, text + offset, n) == (uint32_t)crc32_z(begin, text + offset, n),
                          "way %d, %zu bytes at %zu", way, n, offset);
            }
        cr_expect(cali_crc32_by((cali_crc32_way)way, 0, text, SIZE) == (uint32_t)crc32_z(0, text, SIZE));
    }
    cr_expect(cali_crc32(0, text, SIZE) == (uint32_t)crc32_z(0, text, SIZE));
}

Test(protocols_crc32, pieces_give_the_sum_of_the_whole)
{
    const cal_frame pieces[] = {{text, 1}, {text + 1, 299}, {NULL, 0}, {text + 300, 40000}, {text + 40300, SIZE - 40300}};
    const cal_frame whole = {text, SIZE};
    cr_expect(cal_frames_digest(pieces, 5) == cal_frames_digest(&whole, 1));
    text[SIZE / 2] ^= 4;
    cr_expect(cal_frames_digest(pieces, 5) == (uint32_t)crc32_z(0, text, SIZE));
}

Test(protocols_crc32, one_flipped_bit_is_seen_wherever_it_is)
{
    const uint32_t right = cali_crc32(0, text, 3000);
    for (size_t bit = 0; bit < 8 * 3000; bit += 7) {
        text[bit / 8] ^= (unsigned char)(1u << bit % 8);
        cr_assert(cali_crc32(0, text, 3000) != right);
        text[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
}
