/* Sockets that are lists in memory, in the place of protocols/wire.c: for fuzzers of what stands behind them. One file includes
 * this; its definitions keep the linker from taking the real ones. */
#ifndef CALI_TESTS_FAKE_WIRE_H
#define CALI_TESTS_FAKE_WIRE_H

#include <stdlib.h>
#include <string.h>

#include "callosum/protocols.h"
#include "protocols/links.h"

enum { FAKE_QUEUE = 64 };

typedef struct fake_letter {
    cal_peer peer;
    cal_frames frames;
} fake_letter;

/* What the side under test will receive, and what it sent last. */
static fake_letter fake_queue[FAKE_QUEUE];
static size_t fake_n;
static bool fake_is_cut;
static void (*fake_sent)(const cal_frame *frames, size_t n); /* hook */

struct cal_hub {
    int unused;
};
struct cal_wire {
    int unused;
};
static cal_hub fake_hub;
static cal_wire fake_wire;

static void fake_release(void *owner)
{
    free(owner);
}

/* A copy of the frames in one block. */
static cal_frames fake_copy(const cal_frame *frames, size_t n)
{
    cal_frames out = {.n = n, .release = fake_release};
    size_t size = 1;
    for (size_t i = 0; i < n; i++)
        size += frames[i].size;
    unsigned char *at = malloc(size);
    if (at == NULL)
        abort();
    out.owner = at;
    for (size_t i = 0; i < n; i++) {
        if (frames[i].size > 0)
            memcpy(at, frames[i].data, frames[i].size);
        out.frames[i] = (cal_frame){at, frames[i].size};
        at += frames[i].size;
    }
    return out;
}

/* Puts a message of `peer` into the queue; a full one drops it. */
static void fake_post(uint8_t peer, const cal_header *header, const cal_frame *frames, size_t n)
{
    unsigned char head[CAL_HEADER_SIZE];
    cal_frame all[CAL_PROTOCOL_MAX_FRAMES];
    if (fake_n == FAKE_QUEUE || n + 1 > CAL_PROTOCOL_MAX_FRAMES)
        return;
    all[0] = (cal_frame){head, cal_header_encode(header, head)};
    memcpy(all + 1, frames, n * sizeof *frames);
    fake_queue[fake_n++] = (fake_letter){{.size = 1, .id = {peer}}, fake_copy(all, n + 1)};
}

static void fake_reset(void)
{
    for (size_t i = 0; i < fake_n; i++)
        cal_frames_release(&fake_queue[i].frames);
    fake_n = 0;
    fake_is_cut = false;
}

bool cali_key_make(cal_key_pair *out)
{
    (void)out;
    return false;
}

bool cali_key_public(const char *secret_key, char public_key[CAL_KEY_SIZE])
{
    (void)secret_key;
    (void)public_key;
    return false;
}

cal_status cal_hub_create(cal_context *ctx, const char *keys_folder, cal_hub **out)
{
    (void)ctx;
    (void)keys_folder;
    *out = &fake_hub;
    return CAL_OK;
}

void cal_hub_destroy(cal_hub **hub)
{
    *hub = NULL;
}

cal_door cal_hub_get_door(cal_hub *hub)
{
    (void)hub;
    return (cal_door){0};
}

cal_status cal_hub_open(cal_hub *hub, const cal_wire_def *def, cal_wire **out)
{
    (void)hub;
    (void)def;
    *out = &fake_wire;
    return CAL_OK;
}

void cal_wire_close(cal_wire **wire)
{
    *wire = NULL;
}

const char *cal_wire_endpoint(const cal_wire *wire)
{
    (void)wire;
    return "ipc:///fake";
}

bool cal_wire_send(cal_wire *wire, const cal_peer *to, const cal_frame *frames, size_t n)
{
    (void)wire;
    (void)to;
    if (fake_sent != NULL)
        fake_sent(frames, n);
    return !fake_is_cut;
}

bool cal_wire_lend(cal_wire *wire, const cal_peer *to, const cal_frame *frames, size_t n, const cal_lender *lender)
{
    (void)lender;
    return cal_wire_send(wire, to, frames, n);
}

bool cal_wire_receive(cal_wire *wire, cal_peer *from, cal_frames *frames)
{
    (void)wire;
    if (fake_n == 0)
        return false;
    *from = fake_queue[0].peer;
    *frames = fake_queue[0].frames;
    memmove(fake_queue, fake_queue + 1, --fake_n * sizeof *fake_queue);
    return true;
}

uint64_t cal_wire_n_dropped(const cal_wire *wire)
{
    (void)wire;
    return 0;
}

/* Nothing more will come: the link is cut, so that nobody waits. */
bool cal_wire_wait(cal_wire *const *wires, size_t n, int timeout_ms)
{
    (void)wires;
    (void)n;
    (void)timeout_ms;
    fake_is_cut = fake_is_cut || fake_n == 0;
    return fake_n > 0;
}

cal_wire_link cal_wire_get_link(cal_wire *wire)
{
    (void)wire;
    return fake_is_cut ? CAL_LINK_CUT : CAL_LINK_UP;
}


#endif
