/* Accepts and closes TCP connections, and logs each as tiny_check logs an execution.
 *   tcp_sink PORT LOGFILE
 * So the number of connects in a window is counted outside the scheduler that makes them. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
int main(int argc, char **argv) {
    if (argc != 3) return fprintf(stderr, "tcp_sink PORT LOGFILE\n"), 2;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int l = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    setsockopt(l, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(l, (void *)&a, sizeof a) || listen(l, 4096)) return perror("tcp_sink"), 2;
    for (uint32_t n = 0;; n++) {
        int c = accept4(l, 0, 0, SOCK_CLOEXEC);
        if (c < 0) continue;
        close(c);
        struct { uint64_t ns; uint32_t id, pid; } r;
        struct timespec t;
        clock_gettime(CLOCK_REALTIME, &t);
        r.ns = (uint64_t)t.tv_sec * 1000000000ull + t.tv_nsec;
        r.id = n;
        r.pid = 0;
        int fd = open(argv[2], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
        if (fd >= 0) { if (write(fd, &r, sizeof r) < 0) return 3; close(fd); }
    }
}
