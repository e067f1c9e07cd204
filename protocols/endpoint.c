/* Endpoints: what a user may write, resolved to what ZeroMQ binds or connects. Names become numeric addresses here, so that
 * what was checked to be loopback is what is used, and both families of addresses are reached. */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "protocols/links.h"

static const char private_name[] = "callosum-";

/* ---- ipc --------------------------------------------------------------------------------------- */

static cal_status check_path(cal_context *ctx, const char *endpoint, const char *path)
{
    if (path[0] == '\0' || path[0] == '@')
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s: ipc needs the path of a file. Try ipc:///tmp/NAME/hub.", endpoint);
    if (strlen(path) > CALI_ENDPOINT_MAX_PATH)
        return CAL_FAIL(ctx, CAL_ERR_INPUT,
                        "%s: the path has %zu bytes, a socket's name at most %d. Try a shorter folder, for example below /tmp.",
                        endpoint, strlen(path), CALI_ENDPOINT_MAX_PATH);
    return CAL_OK;
}

/* Whether a process listens at the socket file; errno says why not. */
static bool is_alive(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    const int probe = socket(AF_UNIX, SOCK_STREAM, 0);
    if (probe < 0)
        return false;
    const bool is_accepted = connect(probe, (const struct sockaddr *)&address, sizeof address) == 0;
    const int cause = errno;
    close(probe);
    errno = cause;
    return is_accepted || cause == EAGAIN; /* EAGAIN: it listens, and its queue is full */
}

/* Removes private folders of dead processes: kill -9 leaves them. A socket that is being opened does not answer yet, so only those
 * that are a minute old count. */
static void sweep(const char *parent)
{
    enum { OLD_S = 60 };
    const time_t now = time(NULL);
    DIR *directory = opendir(parent);
    if (directory == NULL)
        return;
    for (const struct dirent *at = readdir(directory); at != NULL; at = readdir(directory)) {
        char folder[CALI_ENDPOINT_MAX_PATH + 1], path[CALI_ENDPOINT_MAX_PATH + 1];
        struct stat facts;
        if (strncmp(at->d_name, private_name, sizeof private_name - 1) != 0 || strlen(at->d_name) != sizeof private_name - 1 + 6)
            continue;
        snprintf(folder, sizeof folder, "%s/%.32s", parent, at->d_name);
        snprintf(path, sizeof path, "%.*s/hub", CALI_ENDPOINT_MAX_PATH - 4, folder);
        if (lstat(path, &facts) == 0 && S_ISSOCK(facts.st_mode) && facts.st_uid == geteuid() && now - facts.st_mtime > OLD_S &&
            !is_alive(path) && errno == ECONNREFUSED && unlink(path) == 0)
            rmdir(folder);
    }
    closedir(directory);
}

/* A new folder of mode 0700 below the user's runtime folder or where temporary files go, with a short enough name. */
static cal_status make_private_path(cal_context *ctx, cali_endpoint *out)
{
    const char *const parents[] = {getenv("XDG_RUNTIME_DIR"), getenv("TMPDIR"), "/tmp"};
    int cause = ENOENT;
    for (size_t i = 0; i < sizeof parents / sizeof *parents; i++) {
        if (parents[i] == NULL || parents[i][0] != '/' || strlen(parents[i]) > CALI_ENDPOINT_MAX_PATH - 32)
            continue;
        sweep(parents[i]);
        snprintf(out->folder, sizeof out->folder, "%s/%sXXXXXX", parents[i], private_name);
        if (mkdtemp(out->folder) != NULL) {
            snprintf(out->path, sizeof out->path, "%.*s/hub", CALI_ENDPOINT_MAX_PATH - 4, out->folder);
            return CAL_OK;
        }
        cause = errno;
    }
    out->folder[0] = '\0';
    return CAL_FAIL(ctx, CAL_ERR_IO, "cannot make a private folder for a socket below $TMPDIR or /tmp: %s", strerror(cause));
}

/* Without keys the folder is the door: nobody else may enter it. */
static cal_status check_folder(cal_context *ctx, const cal_wire_def *def, const char *path)
{
    char folder[CALI_ENDPOINT_MAX_PATH + 1];
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash == NULL)
        snprintf(folder, sizeof folder, ".");
    else
        slash[slash == folder] = '\0';
    struct stat facts;
    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        return CAL_FAIL(ctx, CAL_ERR_IO, "%s: cannot make the folder %s: %s", def->endpoint, folder, strerror(errno));
    if (stat(folder, &facts) != 0)
        return CAL_FAIL(ctx, CAL_ERR_IO, "%s: %s: %s", def->endpoint, folder, strerror(errno));
    if (def->keys != NULL || def->is_insecure)
        return CAL_OK;
    if (!S_ISDIR(facts.st_mode) || facts.st_uid != geteuid() || (facts.st_mode & 077) != 0)
        return CAL_FAIL(ctx, CAL_ERR_INPUT,
                        "%s: others may enter the folder %s (mode %03o), and this socket has no keys. Try ipc://*, which makes "
                        "a private folder, or one that is made now: ipc://%s/private/hub.",
                        def->endpoint, folder, (unsigned)facts.st_mode & 0777u, folder);
    return CAL_OK;
}

/* ZeroMQ removes whatever lies at the path. So first: no foreign file, no socket of a living process. */
static cal_status check_leftover(cal_context *ctx, const char *endpoint, const char *path)
{
    struct stat facts;
    if (lstat(path, &facts) != 0)
        return errno == ENOENT ? CAL_OK : CAL_FAIL(ctx, CAL_ERR_IO, "%s: %s", endpoint, strerror(errno));
    if (!S_ISSOCK(facts.st_mode))
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s: this file exists and is no socket. Try another name.", endpoint);
    if (is_alive(path))
        return CAL_FAIL(ctx, CAL_ERR_IO, "%s: another process listens there. Try another name, or ipc://*.", endpoint);
    if (errno != ECONNREFUSED || unlink(path) != 0)
        return CAL_FAIL(ctx, CAL_ERR_IO, "%s: a socket of another process that cannot be removed: %s", endpoint,
                        strerror(errno));
    return CAL_OK;
}

/* A private folder that a former host made and that is opened again goes away at the end, as with its maker. */
static void keep_private_folder(cali_endpoint *out)
{
    const char *end = strrchr(out->path, '/');
    if (end == NULL || strcmp(end, "/hub") != 0)
        return;
    snprintf(out->folder, sizeof out->folder, "%.*s", (int)(end - out->path), out->path);
    const char *name = strrchr(out->folder, '/');
    if (name == NULL || strncmp(name + 1, private_name, sizeof private_name - 1) != 0 || strlen(name + 1) != sizeof private_name - 1 + 6)
        out->folder[0] = '\0';
}

static cal_status resolve_ipc(cal_context *ctx, const cal_wire_def *def, cali_endpoint *out)
{
    const char *path = def->endpoint + strlen("ipc://");
    out->is_local = true;
    if (def->is_listening && strcmp(path, "*") == 0)
        CAL_TRY(make_private_path(ctx, out));
    else {
        CAL_TRY(check_path(ctx, def->endpoint, path));
        snprintf(out->path, sizeof out->path, "%s", path);
        if (def->is_listening) {
            keep_private_folder(out);
            CAL_TRY(check_folder(ctx, def, path));
            CAL_TRY(check_leftover(ctx, def->endpoint, path));
        }
    }
    snprintf(out->text, sizeof out->text, "ipc://%s", out->path);
    return CAL_OK;
}

void cali_endpoint_remove(const cali_endpoint *endpoint)
{
    if (endpoint->path[0] != '\0')
        unlink(endpoint->path);
    if (endpoint->folder[0] != '\0')
        rmdir(endpoint->folder);
}

/* ---- tcp --------------------------------------------------------------------------------------- */

static bool is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct in_addr v4 = ((const struct sockaddr_in *)(const void *)address)->sin_addr;
        return ntohl(v4.s_addr) >> 24 == 127;
    }
    const struct in6_addr v6 = ((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    return IN6_IS_ADDR_LOOPBACK(&v6) || (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == 127);
}

/* The `turn`-th address, those of IPv4 first; NULL: the list is empty. */
static const struct addrinfo *choose(const struct addrinfo *list, unsigned turn)
{
    unsigned n = 0;
    for (const struct addrinfo *at = list; at != NULL; at = at->ai_next)
        n += at->ai_family == AF_INET || at->ai_family == AF_INET6;
    if (n == 0)
        return NULL;
    unsigned wanted = turn % n;
    static const int families[] = {AF_INET, AF_INET6};
    for (size_t i = 0; i < 2; i++)
        for (const struct addrinfo *at = list; at != NULL; at = at->ai_next)
            if (at->ai_family == families[i] && wanted-- == 0)
                return at;
    return NULL;
}

static bool is_port(const char *port, bool is_listening)
{
    if (strcmp(port, "*") == 0)
        return is_listening;
    const size_t n = strspn(port, "0123456789");
    const long number = strtol(port, NULL, 10);
    return n > 0 && n < 6 && port[n] == '\0' && number > 0 && number < 65536;
}

static cal_status resolve_name(cal_context *ctx, const cal_wire_def *def, const char *name, const char *port, unsigned turn,
                               cali_endpoint *out)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    char numeric[128];
    const int code = getaddrinfo(name, NULL, &hints, &list);
    const struct addrinfo *one = code == 0 ? choose(list, turn) : NULL;
    if (one == NULL || getnameinfo(one->ai_addr, one->ai_addrlen, numeric, sizeof numeric, NULL, 0, NI_NUMERICHOST) != 0) {
        if (list != NULL)
            freeaddrinfo(list);
        return CAL_FAIL(ctx, CAL_ERR_IO, "%s: no address of %s: %s. Try its number, as in tcp://192.0.2.7:5570.",
                        def->endpoint, name, code != 0 ? gai_strerror(code) : "neither IPv4 nor IPv6");
    }
    out->is_local = is_loopback(one->ai_addr);
    out->is_ipv6 = one->ai_family == AF_INET6;
    freeaddrinfo(list);
    snprintf(out->text, sizeof out->text, out->is_ipv6 ? "tcp://[%s]:%s" : "tcp://%s:%s", numeric, port);
    return CAL_OK;
}

static cal_status resolve_tcp(cal_context *ctx, const cal_wire_def *def, unsigned turn, cali_endpoint *out)
{
    char name[200];
    const char *begin = def->endpoint + strlen("tcp://"), *colon = strrchr(begin, ':');
    const bool has_brackets = begin[0] == '[' && colon != NULL && colon > begin + 1 && colon[-1] == ']';
    const size_t length = colon == NULL ? 0 : (size_t)(colon - begin);
    if (length == 0 || length >= sizeof name || !is_port(colon + 1, def->is_listening) ||
        (!has_brackets && memchr(begin, ':', length) != NULL))
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s: no address and port from 1 to 65535. Try tcp://%s:5570 or tcp://[::1]:5570.",
                        def->endpoint, def->is_listening ? "127.0.0.1" : "HOST");
    snprintf(name, sizeof name, "%.*s", (int)(length - 2 * has_brackets), begin + has_brackets);
    if (strcmp(name, "*") != 0)
        return resolve_name(ctx, def, name, colon + 1, turn, out);
    if (!def->is_listening)
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s: * stands for all addresses of the listening side. Try the host's name.",
                        def->endpoint);
    out->is_ipv6 = true; /* and IPv4 */
    snprintf(out->text, sizeof out->text, "tcp://*:%s", colon + 1);
    return CAL_OK;
}

cal_status cali_endpoint_resolve(cal_context *ctx, const cal_wire_def *def, unsigned turn, cali_endpoint *out)
{
    *out = (cali_endpoint){0};
    if (strncmp(def->endpoint, "ipc://", 6) == 0)
        return resolve_ipc(ctx, def, out);
    if (strncmp(def->endpoint, "tcp://", 6) == 0)
        return resolve_tcp(ctx, def, turn, out);
    return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s: an endpoint begins with ipc:// or tcp://. Try tcp://127.0.0.1:5570.",
                    def->endpoint);
}
