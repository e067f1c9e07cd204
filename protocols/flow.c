#include "protocols/flow.h"

#include <arpa/inet.h>
#include <linux/tcp.h> /* libc's own has no bytes received */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* False: closed meanwhile, or no connection of tcp. */
static bool count_bytes(int file, uint64_t *out)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof info;
    if (getsockopt(file, IPPROTO_TCP, TCP_INFO, &info, &size) != 0 ||
        size < offsetof(struct tcp_info, tcpi_bytes_received) + sizeof info.tcpi_bytes_received)
        return false;
    *out = info.tcpi_bytes_received;
    return true;
}

static void write_address(int file, char *out, size_t size)
{
    struct sockaddr_storage peer = {0};
    socklen_t length = sizeof peer;
    char text[INET6_ADDRSTRLEN] = "?";
    if (getpeername(file, (struct sockaddr *)&peer, &length) == 0 && peer.ss_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)&peer)->sin_addr, text, sizeof text);
    else if (peer.ss_family == AF_INET6)
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)&peer)->sin6_addr, text, sizeof text);
    snprintf(out, size, "%s", text);
}

/* NULL: no file, or no memory. */
static cali_flow *reach(cali_flows *flows, int file)
{
    const size_t i = (size_t)file;
    if (file < 0)
        return NULL;
    if (i >= flows->n) {
        const size_t n = 2 * i + 64;
        cali_flow *grown = realloc(flows->of, n * sizeof *grown);
        if (grown == NULL)
            return NULL;
        memset(grown + flows->n, 0, (n - flows->n) * sizeof *grown);
        flows->of = grown;
        flows->n = n;
    }
    return &flows->of[i];
}

bool cali_flow_open(cali_flows *flows, int file)
{
    cali_flow *f = reach(flows, file);
    if (f == NULL) {
        shutdown(file, SHUT_RDWR);
        return false;
    }
    /* its first message may have been heard before */
    *f = (cali_flow){.is_open = true, .has_spoken = f->has_spoken, .has_ever_spoken = f->has_spoken};
    return true;
}

void cali_flow_heard(cali_flows *flows, int file)
{
    cali_flow *f = reach(flows, file);
    if (f != NULL)
        f->has_spoken = f->has_ever_spoken = true;
}

/* Files are closed by a thread of ZeroMQ, and their numbers used again: what is judged here is held until it is cut. */
static bool cut(int file, uint64_t most, char *address, size_t size)
{
    uint64_t n_bytes = 0;
    const int held = dup(file);
    if (held < 0)
        return false;
    const bool is_endless = count_bytes(held, &n_bytes) && n_bytes > most;
    if (is_endless) {
        write_address(held, address, size); /* a line that is cut has none */
        shutdown(held, SHUT_RDWR);
    }
    close(held);
    return is_endless;
}

size_t cali_flow_look(cali_flows *flows, char *address, size_t size)
{
    size_t n_cut = 0;
    for (size_t i = 0; i < flows->n; i++) {
        cali_flow *f = &flows->of[i];
        uint64_t n_bytes = 0;
        const bool has_spoken = f->has_spoken;
        f->has_spoken = false;
        f->is_open = f->is_open && count_bytes((int)i, &n_bytes);
        if (!f->is_open)
            continue;
        if (has_spoken || n_bytes < f->n_bytes)
            f->n_bytes = n_bytes;
        const uint64_t most = f->n_bytes + (f->has_ever_spoken ? flows->most : flows->most_first);
        if (n_bytes > most && cut((int)i, most, address, size)) {
            f->is_open = false;
            n_cut++;
        }
    }
    return n_cut;
}

void cali_flow_free(cali_flows *flows)
{
    free(flows->of);
    *flows = (cali_flows){0};
}
