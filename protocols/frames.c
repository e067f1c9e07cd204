/* Frames as they are received, the sizes that both sides keep to, and the digest. */
#include "callosum/protocols.h"
#include "protocols/crc32.h"

const cal_limits cal_limits_greeting = {CAL_PROTOCOL_MAX_GREETING, CAL_PROTOCOL_MAX_GREETING, 4};
const cal_limits cal_limits_open = {CAL_PROTOCOL_MAX_MESSAGE, CAL_PROTOCOL_MAX_FRAME, CAL_PROTOCOL_MAX_FRAMES};

const cal_limits cal_limits_loaded = {SIZE_MAX / 4, SIZE_MAX / 4, CAL_PROTOCOL_MAX_FRAMES};

void cal_frames_release(cal_frames *frames)
{
    if (frames->release != NULL)
        frames->release(frames->owner);
    *frames = (cal_frames){0};
}

size_t cal_dtype_size(cal_dtype dtype)
{
    static const unsigned char sizes[] = {0, 1, 1, 2, 2, 4, 4, 8, 8, 4, 8};
    return (size_t)dtype < sizeof sizes ? sizes[dtype] : 0;
}

uint32_t cal_digest_copy(uint32_t digest, void *to, const void *from, size_t n)
{
    return cali_crc32_copy(digest, to, from, n);
}

uint32_t cal_frames_digest(const cal_frame *frames, size_t n)
{
    uint32_t digest = 0;
    for (size_t i = 0; i < n; i++)
        if (frames[i].size > 0)
            digest = cali_crc32(digest, frames[i].data, frames[i].size);
    return digest;
}
