/* What the receiver is measured against: one thread of epoll and OpenSSL that takes
 * the same records from the same cars, walks envelope and payload into JSON, appends
 * that to a Redis stream, and answers with the same acknowledgment. It checks little
 * and waits for nothing, so it is about what the machine can do.
 *
 * receiver_anchor PORT REDIS_SOCKET CERTIFICATE KEY CLIENT_CA ACK_FILE ID_OFFSET
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { SHAKING, REQUESTING, STREAMING };
enum { ROOM = 32768, ID = 32 };

struct car {
  int fd, stage, filled;
  SSL *tls;
  unsigned char room[ROOM];
};

static int redis_fd, redis_filled, id_offset, ack_size;
static char redis_room[1 << 20];
static unsigned char ack_frame[512];

static uint32_t u32(const unsigned char *at) {
  uint32_t value;
  memcpy(&value, at, 4);
  return value;
}

static int slot(const unsigned char *frame, uint32_t table, int number) {
  uint32_t layout = table - (int32_t)u32(frame + table);
  uint16_t size, offset;
  memcpy(&size, frame + layout, 2);
  if (4 + 2 * number >= size) return 0;
  memcpy(&offset, frame + layout + 4 + 2 * number, 2);
  return offset;
}

static const unsigned char *vector(const unsigned char *frame, uint32_t table,
                                   int number, uint32_t *size) {
  int offset = slot(frame, table, number);
  *size = 0;
  if (!offset) return frame;
  uint32_t at = table + offset;
  at += u32(frame + at);
  *size = u32(frame + at);
  return frame + at + 4;
}

static uint64_t varint(const unsigned char **at, const unsigned char *end) {
  uint64_t value = 0;
  for (int shift = 0; *at < end && shift < 64; shift += 7) {
    unsigned char byte = *(*at)++;
    value |= (uint64_t)(byte & 127) << shift;
    if (byte < 128) break;
  }
  return value;
}

static char *write_value(char *out, const unsigned char *at, const unsigned char *end) {
  uint64_t tag = varint(&at, end);
  double wide;
  float narrow;
  switch (tag & 7) {
    case 0:
      return out + sprintf(out, "%llu", (unsigned long long)varint(&at, end));
    case 1:
      memcpy(&wide, at, 8);
      return out + sprintf(out, "%.10g", wide);
    case 5:
      memcpy(&narrow, at, 4);
      return out + sprintf(out, "%g", narrow);
  }
  uint64_t size = varint(&at, end);
  if (tag >> 3 == 7) {
    double place[2] = {0, 0};
    if (size >= 18) memcpy(&place[0], at + 1, 8), memcpy(&place[1], at + 10, 8);
    return out + sprintf(out, "{\"latitude\":%.10g,\"longitude\":%.10g}", place[0],
                         place[1]);
  }
  *out++ = '"';
  memcpy(out, at, size);
  out += size;
  *out++ = '"';
  return out;
}

static int write_json(char *start, const unsigned char *at, uint32_t size) {
  const unsigned char *end = at + size;
  char *out = start + sprintf(start, "{\"createdAt\":\"2026-01-01T00:00:00.983Z\",\"data\":{");
  int signals = 0;
  while (at < end) {
    uint64_t tag = varint(&at, end);
    if ((tag & 7) == 0) {
      varint(&at, end);
      continue;
    }
    uint64_t length = varint(&at, end);
    const unsigned char *inner = at, *inner_end = at + length;
    at = inner_end;
    if (tag >> 3 == 3) {
      out += sprintf(out, "},\"vin\":\"%.*s\"", (int)length, inner);
      signals = -1;
    }
    if (tag >> 3 != 1) continue;
    uint64_t key = 0;
    while (inner < inner_end) {
      uint64_t part = varint(&inner, inner_end);
      if (part >> 3 == 1) {
        key = varint(&inner, inner_end);
        continue;
      }
      uint64_t held = varint(&inner, inner_end);
      out += sprintf(out, "%s\"SignalNumber%d\":", signals++ ? "," : "", (int)key);
      out = write_value(out, inner, inner + held);
      inner += held;
    }
  }
  if (signals >= 0) *out++ = '}';
  *out++ = '}';
  return out - start;
}

static void take(struct car *car, const unsigned char *frame) {
  static char json[16384];
  uint32_t root = u32(frame), id_size, payload_size;
  const unsigned char *id = vector(frame, root, 0, &id_size);
  uint32_t message = root + slot(frame, root, 3);
  message += u32(frame + message);
  const unsigned char *payload = vector(frame, message, 2, &payload_size);
  int size = write_json(json, payload, payload_size);
  if (redis_filled < (int)sizeof redis_room - 20000)
    redis_filled += sprintf(
        redis_room + redis_filled,
        "*8\r\n$4\r\nXADD\r\n$6\r\nanchor\r\n$6\r\nMAXLEN\r\n$1\r\n~\r\n$5\r\n10000\r\n"
        "$1\r\n*\r\n$1\r\nb\r\n$%d\r\n%.*s\r\n",
        size, size, json);
  if (id_size == ID) memcpy(ack_frame + id_offset, id, ID);
  SSL_write(car->tls, ack_frame, ack_size);
}

static int upgrade(struct car *car) {
  car->room[car->filled] = 0;
  char *request = (char *)car->room, *key = strcasestr(request, "sec-websocket-key:");
  if (!key || !strstr(request, "\r\n\r\n")) return 0;
  key += 18;
  key += strspn(key, " ");
  char text[128], answer[256];
  unsigned char digest[SHA_DIGEST_LENGTH], encoded[64];
  snprintf(text, sizeof text, "%.*s258EAFA5-E914-47DA-95CA-C5AB0DC85B11",
           (int)strcspn(key, "\r"), key);
  SHA1((unsigned char *)text, strlen(text), digest);
  EVP_EncodeBlock(encoded, digest, sizeof digest);
  int size = sprintf(answer,
                     "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                     "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                     encoded);
  SSL_write(car->tls, answer, size);
  car->filled = 0;
  return 1;
}

static int stream(struct car *car) {
  int done = 0;
  while (car->filled - done >= 6) {
    unsigned char *at = car->room + done;
    int size = at[1] & 127, head = 6;
    if (size == 127 || (at[0] & 15) == 8) return -1;
    if (size == 126) size = at[2] << 8 | at[3], head = 8;
    if (car->filled - done < head + size) break;
    unsigned char *mask = at + head - 4, *content = at + head;
    uint32_t whole = u32(mask);
    int place = 0;
    for (; place + 4 <= size; place += 4) {
      uint32_t word = u32(content + place) ^ whole;
      memcpy(content + place, &word, 4);
    }
    for (; place < size; place++) content[place] ^= mask[place & 3];
    if ((at[0] & 15) == 2) take(car, content);
    done += head + size;
  }
  memmove(car->room, car->room + done, car->filled - done);
  car->filled -= done;
  return 0;
}

static int serve(struct car *car) {
  if (car->stage == SHAKING) {
    int outcome = SSL_do_handshake(car->tls);
    if (outcome != 1) {
      int why = SSL_get_error(car->tls, outcome);
      return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? 0 : -1;
    }
    car->stage = REQUESTING;
  }
  int got;
  while ((got = SSL_read(car->tls, car->room + car->filled,
                         ROOM - car->filled - 1)) > 0) {
    car->filled += got;
    if (car->stage == REQUESTING) {
      if (upgrade(car)) car->stage = STREAMING;
    } else if (stream(car)) {
      return -1;
    }
  }
  int why = SSL_get_error(car->tls, got);
  return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

static void tell_redis(void) {
  static char replies[1 << 18];
  int sent = 0;
  while (sent < redis_filled) {
    int wrote = write(redis_fd, redis_room + sent, redis_filled - sent);
    if (wrote < 0) exit(2);
    sent += wrote;
  }
  redis_filled = 0;
  while (recv(redis_fd, replies, sizeof replies, MSG_DONTWAIT) > 0) {
  }
}

static SSL_CTX *make_tls(char **argument) {
  SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
  SSL_CTX_use_certificate_file(tls, argument[3], SSL_FILETYPE_PEM);
  SSL_CTX_use_PrivateKey_file(tls, argument[4], SSL_FILETYPE_PEM);
  SSL_CTX_load_verify_locations(tls, argument[5], NULL);
  SSL_CTX_set_verify(tls, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
  SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS);
  return tls;
}

static int open_door(int port) {
  int one = 1, door = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(port)};
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  setsockopt(door, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(door, (struct sockaddr *)&here, sizeof here) || listen(door, 4096)) exit(1);
  return door;
}

static void reach_redis(const char *path) {
  struct sockaddr_un there = {.sun_family = AF_UNIX};
  strncpy(there.sun_path, path, sizeof there.sun_path - 1);
  redis_fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (connect(redis_fd, (struct sockaddr *)&there, sizeof there)) exit(1);
}

static void read_ack(const char *path, int offset) {
  FILE *file = fopen(path, "rb");
  if (!file) exit(1);
  int size = fread(ack_frame + 2, 1, 125, file);
  fclose(file);
  ack_frame[0] = 0x82;
  ack_frame[1] = size;
  ack_size = size + 2;
  id_offset = offset + 2;
}

int main(int count, char **argument) {
  if (count != 8) return 1;
  int door = open_door(atoi(argument[1])), one = 1;
  reach_redis(argument[2]);
  SSL_CTX *tls = make_tls(argument);
  read_ack(argument[6], atoi(argument[7]));
  int poll = epoll_create1(0);
  struct epoll_event wanted = {.events = EPOLLIN}, found[256];
  epoll_ctl(poll, EPOLL_CTL_ADD, door, &wanted);
  for (;;) {
    int ready = epoll_wait(poll, found, 256, -1);
    for (int number = 0; number < ready; number++) {
      struct car *car = found[number].data.ptr;
      if (!car) {
        int fd = accept4(door, NULL, NULL, SOCK_NONBLOCK);
        if (fd < 0) continue;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        car = calloc(1, sizeof *car);
        car->fd = fd;
        car->tls = SSL_new(tls);
        SSL_set_fd(car->tls, fd);
        SSL_set_accept_state(car->tls);
        wanted.data.ptr = car;
        epoll_ctl(poll, EPOLL_CTL_ADD, fd, &wanted);
      } else if (serve(car)) {
        close(car->fd);
        SSL_free(car->tls);
        free(car);
      }
    }
    tell_redis();
  }
}
