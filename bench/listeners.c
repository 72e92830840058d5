/* Listeners of server-sent events: one thread, many connections, counts and delays.
   listeners PORT FILE WARM_S SECONDS; FILE has a line "PATH AUTHORIZATION" for each
   connection. Each event carries "t":NANOSECONDS of the monotonic clock. Prints
   "open N", "window", and one line of JSON. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ROOM = 65536, MOST = 16384, BUCKETS = 500000 };
struct line { int fd, kept, answered; char *text; };
static unsigned delays[BUCKETS];
static const char MARK[] = "\"t\":";

static long long now_ns(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return at.tv_sec * 1000000000LL + at.tv_nsec;
}

static int dial(int port) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
  inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(fd, (void *)&to, sizeof to)) { perror("connect"); exit(1); }
  return fd;
}

static double percentile(long long total, double part) {
  long long sum = 0;
  for (int at = 0; at < BUCKETS; at++)
    if ((sum += delays[at]) >= total * part) return at / 100.0;
  return BUCKETS / 100.0;
}

int main(int count, char **words) {
  if (count != 5) return 2;
  int port = atoi(words[1]), ep = epoll_create1(0), opened = 0, answered = 0;
  static struct line lines[MOST];
  static struct epoll_event ready[1024];
  char path[512], authorization[512], request[1400];
  FILE *file = fopen(words[2], "r");
  while (opened < MOST && fscanf(file, "%511s %511s", path, authorization) == 2) {
    struct line *line = &lines[opened++];
    line->fd = dial(port);
    line->text = malloc(ROOM + 1);
    int size = snprintf(request, sizeof request,
        "GET %s HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n"
        "Authorization: Bearer %s\r\n\r\n", path, authorization);
    if (write(line->fd, request, size) != size) return 1;
    fcntl(line->fd, F_SETFL, O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = line};
    epoll_ctl(ep, EPOLL_CTL_ADD, line->fd, &event);
    if (opened % 50 == 0) usleep(20000);
  }
  long long end = now_ns() + 30000000000LL;
  while (answered < opened && now_ns() < end) {
    int found = epoll_wait(ep, ready, 1024, 100);
    for (int at = 0; at < found; at++) {
      struct line *line = ready[at].data.ptr;
      int size = recv(line->fd, line->text, ROOM, 0);
      if (size > 0 && !line->answered) {
        if (size < 12 || memcmp(line->text + 9, "200", 3)) return 3;
        line->answered = 1, answered++;
      }
    }
  }
  printf("open %d\n", answered);
  fflush(stdout);
  getchar();
  long long from = now_ns() + (long long)(atof(words[3]) * 1e9);
  long long until = from + (long long)(atof(words[4]) * 1e9);
  long long events = 0, reads = 0;
  int closed = 0, is_on = 0;
  for (long long at_ns; (at_ns = now_ns()) < until;) {
    if (!is_on && at_ns >= from) { is_on = 1; printf("window\n"); fflush(stdout); }
    int found = epoll_wait(ep, ready, 1024, 20);
    for (int at = 0; at < found; at++) {
      struct line *line = ready[at].data.ptr;
      int size = recv(line->fd, line->text + line->kept, ROOM - line->kept, 0);
      if (size <= 0) {
        if (size < 0 && errno == EAGAIN) continue;
        close(line->fd);
        closed++;
        continue;
      }
      at_ns = now_ns();
      reads += is_on;
      char *from_here = line->text, *last = line->text + line->kept + size, *mark;
      *last = 0;
      while ((mark = memmem(from_here, last - from_here, MARK, 4)) && last - mark > 24) {
        from_here = mark + 4;
        if (!is_on) continue;
        long long delay = (at_ns - atoll(from_here)) / 10000;
        delays[delay < 0 ? 0 : delay >= BUCKETS ? BUCKETS - 1 : delay]++;
        events++;
      }
      char *kept = last - from_here > 32 ? last - 32 : from_here;
      if (mark) kept = mark;
      line->kept = last - kept;
      memmove(line->text, kept, line->kept);
    }
  }
  printf("{\"events\":%lld,\"reads\":%lld,\"p50\":%.2f,\"p99\":%.2f,\"closed\":%d}\n",
         events, reads, percentile(events, 0.5), percentile(events, 0.99), closed);
  return 0;
}
