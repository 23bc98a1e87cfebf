// What the benchmark of stores asks, through our own client: ../README.md says what each mode does.
//
// "sqlite:PATH" as --host is the embedded database instead.
#include <sys/resource.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "metrics/metrics.h"
#include "net/loop.h"
#include "net/sleep.h"
#include "net/task_scope.h"
#include "postgres/database/database.h"
#include "sql/json.h"
#include "sqlite/database.h"

namespace tidemill::bench {
namespace {

struct Options {
  std::string mode;
  std::string host;
  std::string port;
  std::string user;
  std::string database;
  std::string sql;
  int in_flight = 1;
  int connections = 1;
  double seconds = 1;
  double warm_up = 0.5;
  std::uint64_t ids = 1;
};

[[noreturn]] void Die(const std::string& why) {
  std::fprintf(stderr, "tidemill: %s\n", why.c_str());
  std::exit(1);
}

double Now() { return static_cast<double>(MonotonicMicros()) / 1e6; }

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

long StatusKiB(const std::string& field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(field + ":")) return std::stol(line.substr(field.size() + 1));
  }
  return 0;
}

// The database and what it stands on.
class Opened {
 public:
  explicit Opened(const Options& options) : loop_(MakeLoop()) {
    constexpr std::string_view kSqlite = "sqlite:";
    if (options.host.starts_with(kSqlite)) {
      sqlite_metrics_ = std::make_unique<sqlite::Metrics>(registry_);
      auto store = sqlite::Store::Open({.path = options.host.substr(kSqlite.size())}, *sqlite_metrics_);
      if (!store) Die(store.error().detail);
      store_ = *std::move(store);
      database_ = std::make_unique<sqlite::Database>(*loop_, *store_);
      return;
    }
    OpenPostgres(options);
  }
  ~Opened() {
    database_.reset();
    loop_->RunOnce({});
  }

  net::Loop& loop() { return *loop_; }
  sql::Database& database() { return *database_; }
  bool IsSqlite() const { return store_ != nullptr; }

 private:
  static std::unique_ptr<net::Loop> MakeLoop() {
    auto loop = net::Loop::Open({});
    if (!loop) Die(loop.error().detail);
    return *std::move(loop);
  }

  void OpenPostgres(const Options& options) {
    const std::string text = "host=" + options.host + " port=" + options.port + " user=" + options.user +
                             " dbname=" + options.database + " sslmode=disable";
    auto address = postgres::Address::Parse(text, "", {.os_user = "nobody"});
    if (!address) Die(address.error().detail);
    auto opener = postgres::SessionOpener::Make({.address = *std::move(address), .parameters = {}});
    if (!opener) Die(opener.error().detail);
    opener_ = *std::move(opener);
    postgres_metrics_ = std::make_unique<postgres::Metrics>(registry_);
    postgres::DatabaseOptions settings;
    settings.pool.shared_connections = static_cast<std::uint32_t>(options.connections);
    settings.limits.rows_max = 2'000'000;
    settings.statement_timeout = Minutes(5);
    database_ = postgres::MakeDatabase(*loop_, *opener_, settings, *postgres_metrics_);
    const double give_up = Now() + 30;
    while (database_->down_since() || postgres_metrics_->connections.value() < options.connections) {
      loop_->RunOnce(Milliseconds(10));
      if (Now() > give_up) Die("no connection in 30 s");
    }
  }

  metrics::Registry registry_;
  std::unique_ptr<net::Loop> loop_;
  std::unique_ptr<sqlite::Metrics> sqlite_metrics_;
  std::unique_ptr<sqlite::Store> store_;
  std::unique_ptr<const postgres::SessionOpener> opener_;
  std::unique_ptr<postgres::Metrics> postgres_metrics_;
  std::unique_ptr<sql::Database> database_;
};

// Runs the loop until nothing of the scope is left.
void DriveToEnd(net::Loop& loop, const TaskScope& scope) {
  while (scope.running() > 0) loop.RunOnce(Milliseconds(100));
}

struct Random {
  std::uint64_t state = 88172645463325252;
  std::uint64_t Below(std::uint64_t bound) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % bound;
  }
};

struct Counts {
  std::uint64_t queries = 0;
  std::uint64_t json_bytes = 0;
  double from = 0;
  double until = 0;
  double cpu_from = 0;
  bool counting = false;
  bool done = false;
};

// One lookup as an endpoint makes it: the row goes from the socket's buffer to JSON.
Task<std::string> LookUp(sql::Database& database, const sql::Statement& statement, std::uint64_t id,
                         std::shared_ptr<const sql::JsonPlan>& plan) {
  auto rows = std::make_shared<sql::JsonRows>(sql::JsonShape::kObject, sql::Integers64::kNumber, plan);
  sql::Call call{
      .statement = statement, .parameters = {static_cast<std::int64_t>(id)}, .access = sql::Access::kRead};
  const auto summary = co_await database.RunInto(std::move(call), rows);
  if (!summary) Die(summary.error().message);
  if (summary->rows != 1) Die("no row");
  plan = rows->plan();
  std::string json = rows->Finish();
  if (!json.starts_with("{\"id\":" + std::to_string(id) + ",")) Die("an answer to another question: " + json);
  co_return json;
}

Task<void> KeepLookingUp(sql::Database& database, sql::Statement statement, const Options& options,
                         Random& random, Counts& counts, std::shared_ptr<const sql::JsonPlan>& plan) {
  while (!counts.done) {
    const std::string json = co_await LookUp(database, statement, 1 + random.Below(options.ids), plan);
    if (!counts.counting) continue;
    ++counts.queries;
    counts.json_bytes += json.size();
  }
}

Task<void> Time(net::Loop& loop, const Options& options, Counts& counts) {
  co_await net::Sleep(loop, Milliseconds(static_cast<std::int64_t>(options.warm_up * 1000)));
  counts.counting = true;
  counts.from = Now();
  counts.cpu_from = CpuSeconds();
  co_await net::Sleep(loop, Milliseconds(static_cast<std::int64_t>(options.seconds * 1000)));
  counts.done = true;
  std::printf("{\"queries\":%ju,\"seconds\":%.6f,\"cpu_seconds\":%.6f,\"json_bytes\":%ju}\n",
              static_cast<std::uintmax_t>(counts.queries), Now() - counts.from,
              CpuSeconds() - counts.cpu_from, static_cast<std::uintmax_t>(counts.json_bytes));
}

void Lookup(Opened& opened, const Options& options) {
  Random random;
  Counts counts;
  std::shared_ptr<const sql::JsonPlan> plan;
  const sql::Statement statement(options.sql);
  TaskScope scope;
  scope.Spawn(Time(opened.loop(), options, counts));
  for (int i = 0; i < options.in_flight; ++i) {
    scope.Spawn(KeepLookingUp(opened.database(), statement, options, random, counts, plan));
  }
  DriveToEnd(opened.loop(), scope);
}

Task<void> ReadAll(sql::Database& database, const Options& options) {
  const double begin = Now();
  const double cpu_begin = CpuSeconds();
  auto stream =
      co_await database.Stream({.statement = sql::Statement(options.sql), .access = sql::Access::kRead});
  if (!stream) Die(stream.error().message);
  sql::JsonRows json(sql::JsonShape::kLines);
  json.OnColumns(std::make_shared<sql::Columns>((*stream)->columns()));
  std::uint64_t json_bytes = 0;
  for (;;) {
    const auto piece = co_await (*stream)->Next();
    if (!piece) Die(piece.error().message);
    if (!*piece) break;
    for (std::size_t i = 0; i < (**piece).size(); ++i) json.OnRow((**piece)[i]);
    json_bytes += json.Take().size();
  }
  std::printf("{\"rows\":%ju,\"seconds\":%.6f,\"cpu_seconds\":%.6f,\"json_bytes\":%ju,\"peak_kib\":%ld}\n",
              static_cast<std::uintmax_t>(json.rows()), Now() - begin, CpuSeconds() - cpu_begin,
              static_cast<std::uintmax_t>(json_bytes), StatusKiB("VmHWM"));
}

Task<void> LookUpOnce(sql::Database& database, sql::Statement statement,
                      std::shared_ptr<const sql::JsonPlan>& plan) {
  (void)co_await LookUp(database, statement, 1, plan);
}

void Idle(Opened& opened, const Options& options) {
  std::shared_ptr<const sql::JsonPlan> plan;
  const sql::Statement statement(options.sql);
  {
    TaskScope scope;
    for (int i = 0; i < options.connections * 4; ++i)
      scope.Spawn(LookUpOnce(opened.database(), statement, plan));
    DriveToEnd(opened.loop(), scope);
  }
  std::printf("{\"anonymous_kib\":%ld}\n", StatusKiB("RssAnon"));
}

Task<void> PrintRows(sql::Database& database, const Options& options) {
  std::shared_ptr<const sql::JsonPlan> plan;
  const sql::Statement statement(options.sql);
  for (std::uint64_t id = 1; id <= options.ids; ++id) {
    const std::string json = co_await LookUp(database, statement, id, plan);
    std::printf("%s\n", json.c_str());
  }
}

Options Parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    const std::string value = argv[i + 1];
    if (name == "--mode")
      options.mode = value;
    else if (name == "--host")
      options.host = value;
    else if (name == "--port")
      options.port = value;
    else if (name == "--user")
      options.user = value;
    else if (name == "--database")
      options.database = value;
    else if (name == "--sql")
      options.sql = value;
    else if (name == "--in-flight")
      options.in_flight = std::stoi(value);
    else if (name == "--connections")
      options.connections = std::stoi(value);
    else if (name == "--seconds")
      options.seconds = std::stod(value);
    else if (name == "--warm-up")
      options.warm_up = std::stod(value);
    else if (name == "--ids")
      options.ids = std::stoull(value);
    else
      Die("what is " + name + "?");
  }
  return options;
}

int Run(const Options& options) {
  Opened opened(options);
  TaskScope scope;
  if (options.mode == "lookup") {
    Lookup(opened, options);
  } else if (options.mode == "stream") {
    scope.Spawn(ReadAll(opened.database(), options));
  } else if (options.mode == "idle") {
    Idle(opened, options);
  } else if (options.mode == "check") {
    scope.Spawn(PrintRows(opened.database(), options));
  } else {
    Die("--mode is needed: lookup, stream, idle or check");
  }
  DriveToEnd(opened.loop(), scope);
  return 0;
}

}  // namespace
}  // namespace tidemill::bench

int main(int argc, char** argv) { return tidemill::bench::Run(tidemill::bench::Parse(argc, argv)); }
