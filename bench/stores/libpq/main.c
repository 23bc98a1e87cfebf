// What the benchmark of stores asks, through libpq in pipeline mode: README.md beside this folder says what
// each mode does. Links libpq dynamically. Where the library has PQsendPipelineSync (17 and later), requests
// that are sent together leave in one write.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <inttypes.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../measuring.h"

enum { kBool = 16, kInt8 = 20, kInt2 = 21, kInt4 = 23, kFloat4 = 700, kFloat8 = 701, kTimestampTz = 1184 };

struct Options {
  const char* mode;
  const char* host;
  const char* port;
  const char* user;
  const char* database;
  int in_flight;
  int connections;
  double seconds;
  double warm_up;
  long long ids;
  const char* sql;
};

struct Buffer {
  char* bytes;
  size_t used;
  size_t room;
};

static long long StatusKiB(const char* field) {
  FILE* status = fopen("/proc/self/status", "r");
  char line[256];
  long long found = 0;
  while (status && fgets(line, sizeof line, status)) {
    if (strncmp(line, field, strlen(field)) == 0) found = atoll(line + strlen(field) + 1);
  }
  if (status) fclose(status);
  return found;
}

static char* Room(struct Buffer* out, size_t bytes) {
  if (out->room - out->used < bytes) {
    out->room = (out->used + bytes) * 2;
    out->bytes = realloc(out->bytes, out->room);
    if (!out->bytes) Die("no memory");
  }
  return out->bytes + out->used;
}

static void Append(struct Buffer* out, const char* bytes, size_t size) {
  memcpy(Room(out, size), bytes, size);
  out->used += size;
}

static void AppendText(struct Buffer* out, const char* text, size_t size) {
  char* to = Room(out, size * 6 + 2);
  char* const start = to;
  *to++ = '"';
  for (size_t i = 0; i < size; ++i) {
    const unsigned char c = (unsigned char)text[i];
    if (c >= 0x20 && c != '"' && c != '\\') {
      *to++ = (char)c;
    } else if (c == '"' || c == '\\') {
      *to++ = '\\';
      *to++ = (char)c;
    } else {
      to += sprintf(to, "\\u%04x", c);
    }
  }
  *to++ = '"';
  out->used += (size_t)(to - start);
}

// "2026-11-27 10:00:00+00" → "2026-11-27T10:00:00Z"
static void AppendTimestamp(struct Buffer* out, const char* text, size_t size) {
  const size_t begin = out->used;
  AppendText(out, text, size);
  if (size > 13 && text[10] == ' ') out->bytes[begin + 11] = 'T';
  if (size > 3 && memcmp(text + size - 3, "+00", 3) == 0) {
    out->used -= 4;
    Append(out, "Z\"", 2);
  }
}

static void AppendField(struct Buffer* out, const PGresult* result, int row, int column) {
  if (PQgetisnull(result, row, column)) {
    Append(out, "null", 4);
    return;
  }
  const char* text = PQgetvalue(result, row, column);
  const size_t size = (size_t)PQgetlength(result, row, column);
  switch (PQftype(result, column)) {
    case kInt2:
    case kInt4:
    case kInt8:
    case kFloat4:
    case kFloat8: Append(out, text, size); break;
    case kBool: *text == 't' ? Append(out, "true", 4) : Append(out, "false", 5); break;
    case kTimestampTz: AppendTimestamp(out, text, size); break;
    default: AppendText(out, text, size);
  }
}

static void AppendRow(struct Buffer* out, const PGresult* result, int row) {
  const int columns = PQnfields(result);
  for (int column = 0; column < columns; ++column) {
    Append(out, column == 0 ? "{" : ",", 1);
    const char* name = PQfname(result, column);
    AppendText(out, name, strlen(name));
    Append(out, ":", 1);
    AppendField(out, result, row, column);
  }
  Append(out, "}", 1);
}

static PGconn* Connect(const struct Options* options) {
  const char* names[] = {"host", "port", "user", "dbname", NULL};
  const char* values[] = {options->host, options->port, options->user, options->database, NULL};
  PGconn* connection = PQconnectdbParams(names, values, 0);
  if (PQstatus(connection) != CONNECTION_OK) Die("%s", PQerrorMessage(connection));
  return connection;
}

static void Prepare(PGconn* connection, const struct Options* options) {
  PGresult* prepared = PQprepare(connection, "q", options->sql, 0, NULL);
  if (PQresultStatus(prepared) != PGRES_COMMAND_OK) Die("%s", PQerrorMessage(connection));
  PQclear(prepared);
}

static uint64_t NextRandom(uint64_t* state) {
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return *state;
}

static void Send(PGconn* connection, long long id) {
  static int (*send_sync)(PGconn*) = NULL;
  static bool looked = false;
  if (!looked) {
    send_sync = (int (*)(PGconn*))dlsym(RTLD_DEFAULT, "PQsendPipelineSync");
    looked = true;
  }
  char text[24];
  snprintf(text, sizeof text, "%lld", id);
  const char* values[] = {text};
  if (!PQsendQueryPrepared(connection, "q", 1, values, NULL, NULL, 0)) Die("%s", PQerrorMessage(connection));
  if (!(send_sync ? send_sync(connection) : PQpipelineSync(connection))) Die("%s", PQerrorMessage(connection));
}

// Waits until an answer can be read without blocking, and sends what is left meanwhile.
static void Await(PGconn* connection) {
  for (;;) {
    const int unsent = PQflush(connection);
    if (unsent < 0) Die("%s", PQerrorMessage(connection));
    if (unsent == 0 && !PQisBusy(connection)) return;
    struct pollfd wanted = {.fd = PQsocket(connection), .events = (short)(unsent ? POLLIN | POLLOUT : POLLIN)};
    if (poll(&wanted, 1, 10000) <= 0) Die("no answer in 10 s");
    if ((wanted.revents & POLLIN) && !PQconsumeInput(connection)) Die("%s", PQerrorMessage(connection));
    if (!unsent && !PQisBusy(connection)) return;
  }
}

// One answer of the pipeline: its row into `out`.
static void Receive(PGconn* connection, long long id, struct Buffer* out) {
  PGresult* result = PQgetResult(connection);
  if (PQresultStatus(result) != PGRES_TUPLES_OK || PQntuples(result) != 1) Die("%s", PQerrorMessage(connection));
  if (atoll(PQgetvalue(result, 0, 0)) != id) Die("an answer to another question");
  AppendRow(out, result, 0);
  PQclear(result);
  if (PQgetResult(connection) != NULL) Die("more than one result");
  PGresult* sync = PQgetResult(connection);
  if (PQresultStatus(sync) != PGRES_PIPELINE_SYNC) Die("no sync");
  PQclear(sync);
}

static void Lookup(const struct Options* options) {
  PGconn* connection = Connect(options);
  Prepare(connection, options);
  PQsetnonblocking(connection, 1);
  PQenterPipelineMode(connection);
  long long* ids = calloc((size_t)options->in_flight, sizeof *ids);
  long long sent = 0, received = 0, counted_from = 0;
  uint64_t random = 88172645463325252ull;
  struct Buffer json = {0};
  size_t json_bytes = 0;
  const double begin = Now();
  double from = 0, cpu_from = 0, now = begin;
  while (now < begin + options->warm_up + options->seconds) {
    for (; sent - received < options->in_flight; ++sent) {
      ids[sent % options->in_flight] = 1 + (long long)(NextRandom(&random) % (uint64_t)options->ids);
      Send(connection, ids[sent % options->in_flight]);
    }
    Await(connection);
    while (received < sent && !PQisBusy(connection)) {
      json.used = 0;
      Receive(connection, ids[received % options->in_flight], &json);
      json_bytes += json.used;
      ++received;
    }
    now = Now();
    if (from == 0 && now >= begin + options->warm_up) {
      from = now;
      cpu_from = CpuSeconds();
      counted_from = received;
      json_bytes = 0;
    }
  }
  printf("{\"queries\":%lld,\"seconds\":%.6f,\"cpu_seconds\":%.6f,\"json_bytes\":%zu}\n", received - counted_from,
         now - from, CpuSeconds() - cpu_from, json_bytes);
}

static void Stream(const struct Options* options) {
  PGconn* connection = Connect(options);
  const double begin = Now(), cpu_begin = CpuSeconds();
  if (!PQsendQuery(connection, options->sql) || !PQsetSingleRowMode(connection)) {
    Die("%s", PQerrorMessage(connection));
  }
  long long rows = 0;
  size_t json_bytes = 0;
  struct Buffer json = {0};
  for (PGresult* result; (result = PQgetResult(connection)) != NULL; PQclear(result)) {
    if (PQresultStatus(result) == PGRES_TUPLES_OK) continue;
    if (PQresultStatus(result) != PGRES_SINGLE_TUPLE) Die("%s", PQerrorMessage(connection));
    AppendRow(&json, result, 0);
    Append(&json, "\n", 1);
    ++rows;
    if (json.used > 65536) {
      json_bytes += json.used;
      json.used = 0;
    }
  }
  printf("{\"rows\":%lld,\"seconds\":%.6f,\"cpu_seconds\":%.6f,\"json_bytes\":%zu,\"peak_kib\":%lld}\n", rows,
         Now() - begin, CpuSeconds() - cpu_begin, json_bytes + json.used, StatusKiB("VmHWM"));
}

static void Idle(const struct Options* options) {
  for (int i = 0; i < options->connections; ++i) {
    PGconn* connection = Connect(options);
    Prepare(connection, options);
    const char* values[] = {"1"};
    PQclear(PQexecPrepared(connection, "q", 1, values, NULL, NULL, 0));
  }
  printf("{\"anonymous_kib\":%lld}\n", StatusKiB("RssAnon"));
}

static void Check(const struct Options* options) {
  PGconn* connection = Connect(options);
  Prepare(connection, options);
  for (long long id = 1; id <= options->ids; ++id) {
    char text[24];
    snprintf(text, sizeof text, "%lld", id);
    const char* values[] = {text};
    PGresult* result = PQexecPrepared(connection, "q", 1, values, NULL, NULL, 0);
    if (PQresultStatus(result) != PGRES_TUPLES_OK) Die("%s", PQerrorMessage(connection));
    struct Buffer json = {0};
    AppendRow(&json, result, 0);
    printf("%.*s\n", (int)json.used, json.bytes);
    PQclear(result);
  }
}

int main(int argc, char** argv) {
  struct Options options = {.in_flight = 1, .connections = 1, .seconds = 1, .warm_up = 0.5, .ids = 1};
  for (int i = 1; i + 1 < argc; i += 2) {
    const char* name = argv[i];
    const char* value = argv[i + 1];
    if (strcmp(name, "--mode") == 0) options.mode = value;
    else if (strcmp(name, "--host") == 0) options.host = value;
    else if (strcmp(name, "--port") == 0) options.port = value;
    else if (strcmp(name, "--user") == 0) options.user = value;
    else if (strcmp(name, "--database") == 0) options.database = value;
    else if (strcmp(name, "--in-flight") == 0) options.in_flight = atoi(value);
    else if (strcmp(name, "--connections") == 0) options.connections = atoi(value);
    else if (strcmp(name, "--seconds") == 0) options.seconds = atof(value);
    else if (strcmp(name, "--warm-up") == 0) options.warm_up = atof(value);
    else if (strcmp(name, "--ids") == 0) options.ids = atoll(value);
    else if (strcmp(name, "--sql") == 0) options.sql = value;
    else Die("what is %s?", name);
  }
  if (!options.mode || !options.sql) Die("--mode and --sql are needed");
  if (strcmp(options.mode, "lookup") == 0) Lookup(&options);
  else if (strcmp(options.mode, "stream") == 0) Stream(&options);
  else if (strcmp(options.mode, "idle") == 0) Idle(&options);
  else if (strcmp(options.mode, "check") == 0) Check(&options);
  else Die("what is %s?", options.mode);
  return 0;
}
