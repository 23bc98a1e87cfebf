// The embedded database beside its floor: reads by primary key and durable writes of one row, by 1, 64 and
// 1,000 callers; fsync alone, and SQLite in a plain loop. One line of JSON to standard output.
//
//   stores_sqlite FOLDER [SECONDS of each]
//   stores_sqlite FOLDER idle READERS     instead: the memory of the process when each has read 20 rows
#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "base/json_writer.h"
#include "metrics/metrics.h"
#include "net/loop.h"
#include "net/task_scope.h"
#include "sqlite/database.h"
#include "sqlite/kept_rows.h"

namespace tidemill::bench {
namespace {

constexpr std::int64_t kRows = 100'000;
constexpr int kCallers[] = {1, 64, 1000};

const sql::Statement kCreate("create table items (id integer primary key, body text not null)");
const sql::Statement kFill(
    "insert into items with recursive s(n) as (select 1 union all select n + 1 from s where n < ?1) "
    "select n, printf('%0180d', n) from s");
const sql::Statement kFind("select id, body from items where id = ?1");
const sql::Statement kInsert("insert into items (body) values (?1)");
const std::string kBody(180, 'x');

[[noreturn]] void Die(const std::string& why) {
  std::fprintf(stderr, "stores_sqlite: %s\n", why.c_str());
  std::exit(1);
}

double Now() { return static_cast<double>(MonotonicMicros()) / 1e6; }

// How often `step` runs in a second.
template <class Step>
double Rate(double seconds, Step step) {
  const double begun = Now();
  std::uint64_t count = 0;
  double took = 0;
  for (; took < seconds; took = Now() - begun, ++count) step();
  return static_cast<double>(count) / took;
}

double SyncRate(const std::string& folder, double seconds) {
  const std::string path = folder + "/fsync";
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) Die(path);
  const std::string page(4096, 'x');
  const double rate = Rate(seconds, [&] {
    if (write(fd, page.data(), page.size()) < 0 || fdatasync(fd) != 0) Die("fdatasync");
  });
  close(fd);
  unlink(path.c_str());
  return rate;
}

// SQLite alone, in the modes that the store has.
class Floor {
 public:
  explicit Floor(const std::string& path) {
    sqlite3_open(path.c_str(), &db_);
    sqlite3_exec(db_, "pragma synchronous = full; pragma cache_size = -16384", nullptr, nullptr, nullptr);
    sqlite3_prepare_v2(db_, kFind.text().c_str(), -1, &find_, nullptr);
    sqlite3_prepare_v2(db_, kInsert.text().c_str(), -1, &insert_, nullptr);
    if (insert_ == nullptr || find_ == nullptr) Die(sqlite3_errmsg(db_));
  }
  ~Floor() {
    sqlite3_finalize(find_);
    sqlite3_finalize(insert_);
    sqlite3_close(db_);
  }
  void Find(std::int64_t id) {
    sqlite3_bind_int64(find_, 1, id);
    if (sqlite3_step(find_) != SQLITE_ROW || sqlite3_column_bytes(find_, 1) != 180) Die("no row");
    sqlite3_reset(find_);
  }
  void Insert() {
    sqlite3_bind_text(insert_, 1, kBody.data(), static_cast<int>(kBody.size()), SQLITE_STATIC);
    if (sqlite3_step(insert_) != SQLITE_DONE) Die(sqlite3_errmsg(db_));
    sqlite3_reset(insert_);
  }

 private:
  sqlite3* db_ = nullptr;
  sqlite3_stmt* find_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
};

struct Run {
  bool reads = false;
  double until = 0;
  std::uint64_t calls_max = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t done = 0;
  std::minstd_rand random{7};
  std::vector<double> waits;
};

Task<void> Call(sqlite::Database& database, Run& run) {
  while (Now() < run.until && run.done < run.calls_max) {
    const double begun = Now();
    sql::Call call{.statement = kInsert, .parameters = {kBody}};
    if (run.reads) {
      const auto id = static_cast<std::int64_t>(run.random() % kRows) + 1;
      call = {.statement = kFind, .parameters = {id}, .access = sql::Access::kRead};
    }
    const auto result = co_await database.Run(std::move(call));
    if (!result) Die(result.error().message);
    ++run.done;
    run.waits.push_back(Now() - begun);
  }
}

double Percentile(std::vector<double>& waits, double part) {
  std::ranges::sort(waits);
  return waits.empty() ? 0
                       : waits[static_cast<std::size_t>(part * static_cast<double>(waits.size() - 1))] * 1e6;
}

void Measure(net::Loop& loop, sqlite::Database& database, bool reads, int callers, double seconds,
             JsonWriter& json) {
  Run run{.reads = reads, .until = Now() + seconds};
  const double begun = Now();
  TaskScope scope;
  for (int i = 0; i < callers; ++i) scope.Spawn(Call(database, run));
  while (scope.running() > 0) loop.RunOnce(Milliseconds(10));
  json.BeginObject();
  json.Member("what", reads ? "read" : "write");
  json.Member("callers", callers);
  json.Member("per_second", static_cast<std::uint64_t>(static_cast<double>(run.done) / (Now() - begun)));
  json.Member("p50_us", static_cast<std::uint64_t>(Percentile(run.waits, 0.5)));
  json.Member("p99_us", static_cast<std::uint64_t>(Percentile(run.waits, 0.99)));
  json.EndObject();
}

// What a read would cost that ran on the loop itself.
double InPlaceRate(const std::string& path, double seconds) {
  auto connection = sqlite::Connection::Open({.path = path});
  if (!connection) Die(connection.error().message);
  std::minstd_rand random{7};
  return Rate(seconds, [&] {
    const auto id = static_cast<std::int64_t>(random() % kRows) + 1;
    sqlite::KeptRows kept;
    if (!(*connection)->Run({.statement = kFind, .parameters = {id}, .access = sql::Access::kRead}, kept))
      Die("no row");
  });
}

long AnonymousKiB() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("RssAnon:")) return std::stol(line.substr(8));
  }
  return 0;
}

// The database is there, of MeasureAll.
void MeasureIdle(const std::string& folder, std::uint32_t readers) {
  metrics::Registry registry;
  sqlite::Metrics metrics(registry);
  auto loop = net::Loop::Open({});
  auto store = sqlite::Store::Open({.path = folder + "/bench.db", .readers = readers}, metrics);
  if (!loop || !store) Die(store ? loop.error().detail : store.error().detail);
  {
    sqlite::Database database(**loop, **store);
    Run run{.reads = true, .until = Now() + 30, .calls_max = 20 * readers};
    TaskScope scope;
    for (std::uint32_t i = 0; i < 4 * readers; ++i) scope.Spawn(Call(database, run));
    while (scope.running() > 0) (*loop)->RunOnce(Milliseconds(10));
  }
  std::printf("{\"anonymous_kib\":%ld}\n", AnonymousKiB());
}

void MeasureAll(const std::string& folder, double seconds) {
  const std::string path = folder + "/bench.db";
  for (const char* end : {"", "-wal", "-shm", ".lock"}) unlink((path + end).c_str());
  metrics::Registry registry;
  sqlite::Metrics metrics(registry);
  auto loop = net::Loop::Open({});
  auto store = sqlite::Store::Open({.path = path}, metrics);
  if (!loop || !store) Die(store ? loop.error().detail : store.error().detail);
  std::string line;
  JsonWriter json(line);
  json.BeginObject();
  {
    sqlite::Database database(**loop, **store);
    TaskScope scope;
    scope.Spawn([](sqlite::Database& d) -> Task<void> {
      if (!co_await d.Run({.statement = kCreate})) Die("create");
      if (!co_await d.Run({.statement = kFill, .parameters = {kRows}})) Die("fill");
    }(database));
    while (scope.running() > 0) (*loop)->RunOnce(Milliseconds(10));
    json.Member("fsyncs_per_second", static_cast<std::uint64_t>(SyncRate(folder, seconds)));
    json.Member("in_place_reads_per_second", static_cast<std::uint64_t>(InPlaceRate(path, seconds)));
    json.Key("store");
    json.BeginArray();
    for (const bool reads : {true, false}) {
      for (const int callers : kCallers) Measure(**loop, database, reads, callers, seconds, json);
    }
    json.EndArray();
  }
  (*store).reset();
  Floor floor(path);
  std::minstd_rand random{7};
  json.Member("floor_reads_per_second", static_cast<std::uint64_t>(Rate(seconds, [&] {
                floor.Find(static_cast<std::int64_t>(random() % kRows) + 1);
              })));
  json.Member("floor_writes_per_second", static_cast<std::uint64_t>(Rate(seconds, [&] { floor.Insert(); })));
  json.EndObject();
  std::puts(line.c_str());
}

}  // namespace
}  // namespace tidemill::bench

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: stores_sqlite FOLDER [SECONDS | idle READERS]\n");
    return 2;
  }
  if (argc > 3 && std::string(argv[2]) == "idle") {
    tidemill::bench::MeasureIdle(argv[1], static_cast<std::uint32_t>(std::atoi(argv[3])));
    return 0;
  }
  tidemill::bench::MeasureAll(argv[1], argc > 2 ? std::atof(argv[2]) : 3);
}
