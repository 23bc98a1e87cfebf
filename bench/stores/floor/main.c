// The floor of the benchmark of stores: what a lookup costs whoever speaks with PostgreSQL over a socket. Epoll,
// one recv and one send for each connection in a turn, requests made beforehand but for the id; of the answers only
// the messages' lengths are looked at, and nothing is made of the row. README.md beside this folder says what
// "lookup" does; there is no other mode. Everybody is let in, or it dies.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../measuring.h"

enum { kConnectionsMax = 16, kRead = 256 * 1024, kIdDigits = 10 };

struct Connection {
  int fd;
  int in_flight_max;
  int in_flight;
  size_t skip;        // bytes of a message that are still to come
  char head[5];       // of a message whose head is not whole
  size_t head_bytes;
};

// --- messages

struct Buffer {
  char bytes[64 * 1024];
  size_t used;
};

static void Put(struct Buffer* out, const void* bytes, size_t size) {
  if (out->used + size > sizeof out->bytes) Die("a message is too long");
  memcpy(out->bytes + out->used, bytes, size);
  out->used += size;
}

static void Put16(struct Buffer* out, uint16_t number) {
  number = htons(number);
  Put(out, &number, sizeof number);
}

static void Put32(struct Buffer* out, uint32_t number) {
  number = htonl(number);
  Put(out, &number, sizeof number);
}

// Type, room for the length; gives where that is.
static size_t Begin(struct Buffer* out, char type) {
  if (type != 0) Put(out, &type, 1);
  Put32(out, 0);
  return out->used - 4;
}

static void End(struct Buffer* out, size_t begin) {
  const uint32_t length = htonl((uint32_t)(out->used - begin));
  memcpy(out->bytes + begin, &length, sizeof length);
}

// Bind with one text parameter of kIdDigits digits, Execute, Sync; gives where the digits are.
static size_t PutLookup(struct Buffer* out) {
  size_t begin = Begin(out, 'B');
  Put(out, "\0q\0", 3);
  Put16(out, 0);
  Put16(out, 1);
  Put32(out, kIdDigits);
  const size_t digits = out->used;
  Put(out, "0000000000", kIdDigits);
  Put16(out, 0);
  End(out, begin);
  begin = Begin(out, 'E');
  Put(out, "\0", 1);
  Put32(out, 0);
  End(out, begin);
  End(out, Begin(out, 'S'));
  return digits;
}

// --- connections

static void SendAll(int fd, const char* bytes, size_t size) {
  while (size > 0) {
    const ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);
    if (sent < 0) Die("send: %s", strerror(errno));
    bytes += sent;
    size -= (size_t)sent;
  }
}

static int Dial(const char* host, const char* port) {
  if (host[0] == '/') {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/.s.PGSQL.%s", host, port);
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (connect(fd, (struct sockaddr*)&address, sizeof address) != 0) Die("connect: %s", strerror(errno));
    return fd;
  }
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
  if (inet_pton(AF_INET, strcmp(host, "localhost") == 0 ? "127.0.0.1" : host, &address.sin_addr) != 1) Die("%s", host);
  const int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  if (connect(fd, (struct sockaddr*)&address, sizeof address) != 0) Die("connect: %s", strerror(errno));
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

// How many answers have ended in these bytes.
static int CountEnds(struct Connection* connection, const char* bytes, size_t size) {
  int ends = 0;
  const char* const end = bytes + size;
  while (bytes < end) {
    if (connection->skip > 0) {
      const size_t some = connection->skip < (size_t)(end - bytes) ? connection->skip : (size_t)(end - bytes);
      connection->skip -= some;
      bytes += some;
      continue;
    }
    connection->head[connection->head_bytes++] = *bytes++;
    if (connection->head_bytes < sizeof connection->head) continue;
    connection->head_bytes = 0;
    uint32_t length;
    memcpy(&length, connection->head + 1, sizeof length);
    connection->skip = ntohl(length) - 4;
    if (connection->head[0] == 'Z') ++ends;
    if (connection->head[0] == 'E') Die("the server answers with an error");
  }
  return ends;
}

static void AwaitEnd(struct Connection* connection) {
  static char bytes[kRead];
  for (;;) {
    const ssize_t got = recv(connection->fd, bytes, sizeof bytes, 0);
    if (got <= 0) Die("the server closes the connection");
    if (CountEnds(connection, bytes, (size_t)got) > 0 && connection->skip == 0) return;
  }
}

static void Open(struct Connection* connection, const char* host, const char* port, const char* user,
                 const char* database, const char* sql) {
  static struct Buffer out;
  connection->fd = Dial(host, port);
  out.used = 0;
  size_t begin = Begin(&out, 0);
  Put32(&out, 3 << 16);
  const char* const words[] = {"user", user, "database", database, ""};
  for (size_t i = 0; i < 5; ++i) Put(&out, words[i], strlen(words[i]) + 1);
  End(&out, begin);
  SendAll(connection->fd, out.bytes, out.used);
  AwaitEnd(connection);
  out.used = 0;
  begin = Begin(&out, 'P');
  Put(&out, "q", 2);
  Put(&out, sql, strlen(sql) + 1);
  Put16(&out, 0);
  End(&out, begin);
  End(&out, Begin(&out, 'S'));
  SendAll(connection->fd, out.bytes, out.used);
  AwaitEnd(connection);
}

// --- lookups

static uint64_t NextRandom(uint64_t* state) {
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return *state;
}

// As many as may be in flight more, in one write.
static void Refill(struct Connection* connection, uint64_t* random, uint64_t ids) {
  static struct Buffer one;
  static size_t digits;
  static char out[256 * 128];
  if (one.used == 0) digits = PutLookup(&one);
  if (one.used > 128) Die("a lookup is too long");
  size_t used = 0;
  for (; connection->in_flight < connection->in_flight_max; ++connection->in_flight) {
    char* const at = out + used;
    memcpy(at, one.bytes, one.used);
    uint64_t id = 1 + NextRandom(random) % ids;
    for (size_t i = kIdDigits; i > 0; --i, id /= 10) at[digits + i - 1] = (char)('0' + id % 10);
    used += one.used;
  }
  SendAll(connection->fd, out, used);
}

int main(int argc, char** argv) {
  const char *mode = "", *host = "", *port = "", *user = "", *database = "", *sql = "";
  int in_flight = 1, count = 1;
  double seconds = 1, warm_up = 0.5;
  uint64_t ids = 1;
  for (int i = 1; i + 1 < argc; i += 2) {
    const char* name = argv[i];
    const char* value = argv[i + 1];
    if (strcmp(name, "--mode") == 0) mode = value;
    else if (strcmp(name, "--host") == 0) host = value;
    else if (strcmp(name, "--port") == 0) port = value;
    else if (strcmp(name, "--user") == 0) user = value;
    else if (strcmp(name, "--database") == 0) database = value;
    else if (strcmp(name, "--in-flight") == 0) in_flight = atoi(value);
    else if (strcmp(name, "--connections") == 0) count = atoi(value);
    else if (strcmp(name, "--seconds") == 0) seconds = atof(value);
    else if (strcmp(name, "--warm-up") == 0) warm_up = atof(value);
    else if (strcmp(name, "--ids") == 0) ids = strtoull(value, NULL, 10);
    else if (strcmp(name, "--sql") == 0) sql = value;
    else Die("what is %s?", name);
  }
  if (strcmp(mode, "lookup") != 0) Die("--mode is lookup");
  if (count < 1 || count > kConnectionsMax || in_flight < count || in_flight / count > 256) {
    Die("%d in flight on %d connections", in_flight, count);
  }
  static struct Connection connections[kConnectionsMax];
  static char bytes[kRead];
  uint64_t random = 88172645463325252ull;
  const int epoll = epoll_create1(0);
  for (int i = 0; i < count; ++i) {
    Open(&connections[i], host, port, user, database, sql);
    connections[i].in_flight_max = in_flight / count;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &connections[i]};
    epoll_ctl(epoll, EPOLL_CTL_ADD, connections[i].fd, &event);
    Refill(&connections[i], &random, ids);
  }
  long long received = 0, counted_from = 0, received_bytes = 0;
  const double begin = Now();
  double from = 0, cpu_from = 0, now = begin;
  while (now < begin + warm_up + seconds) {
    struct epoll_event events[kConnectionsMax];
    const int ready = epoll_wait(epoll, events, kConnectionsMax, 10000);
    if (ready <= 0) Die("no answer in 10 s");
    for (int i = 0; i < ready; ++i) {
      struct Connection* const connection = events[i].data.ptr;
      const ssize_t got = recv(connection->fd, bytes, sizeof bytes, 0);
      if (got <= 0) Die("the server closes the connection");
      received_bytes += got;
      const int ends = CountEnds(connection, bytes, (size_t)got);
      received += ends;
      connection->in_flight -= ends;
      if (ends > 0) Refill(connection, &random, ids);
    }
    now = Now();
    if (from == 0 && now >= begin + warm_up) {
      from = now;
      cpu_from = CpuSeconds();
      counted_from = received;
      received_bytes = 0;
    }
  }
  printf("{\"queries\":%lld,\"seconds\":%.6f,\"cpu_seconds\":%.6f,\"json_bytes\":0,\"received_bytes\":%lld}\n",
         received - counted_from, now - from, CpuSeconds() - cpu_from, received_bytes);
  return 0;
}
