// The floor of durable jobs: rows inserted into SQLite and deleted again by one writer, with fsync and
// without a protocol. One line of JSON: jobs a second by how many share a transaction.
//
//   job_floor FOLDER [SECONDS of each]
#include <sqlite3.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

constexpr int kBatches[] = {1, 64, 1000};
const std::string kText(190, 'x');

[[noreturn]] void Die(const char* why) {
  std::fprintf(stderr, "job_floor: %s\n", why);
  std::exit(1);
}

double Now() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

class Table {
 public:
  explicit Table(const std::string& path) {
    sqlite3_open(path.c_str(), &db_);
    Do("pragma page_size = 8192; pragma journal_mode = wal; pragma synchronous = full;"
       "create table job (id integer primary key, queue text, jid text, text text)");
    sqlite3_prepare_v2(db_, "insert into job values (?1, 'bench', 'bench-00000000-0000', ?2)", -1, &insert_,
                       nullptr);
    sqlite3_prepare_v2(db_, "delete from job where id = ?1", -1, &delete_, nullptr);
    if (insert_ == nullptr || delete_ == nullptr) Die(sqlite3_errmsg(db_));
  }
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;
  ~Table() {
    sqlite3_finalize(insert_);
    sqlite3_finalize(delete_);
    sqlite3_close(db_);
  }

  void Do(const char* sql) {
    if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) Die(sqlite3_errmsg(db_));
  }
  void Insert(std::int64_t id) {
    sqlite3_bind_text(insert_, 2, kText.data(), static_cast<int>(kText.size()), SQLITE_STATIC);
    Step(insert_, id);
  }
  void Delete(std::int64_t id) { Step(delete_, id); }

 private:
  void Step(sqlite3_stmt* statement, std::int64_t id) {
    sqlite3_bind_int64(statement, 1, id);
    if (sqlite3_step(statement) != SQLITE_DONE) Die(sqlite3_errmsg(db_));
    sqlite3_reset(statement);
  }

  sqlite3* db_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
  sqlite3_stmt* delete_ = nullptr;
};

// Jobs a second of which each is inserted in one transaction and deleted in the next, with `batch` others.
double Rate(const std::string& folder, int batch, double seconds, bool deletes) {
  const std::string path = folder + "/floor.db";
  for (const char* end : {"", "-wal", "-shm"}) unlink((path + end).c_str());
  Table table(path);
  const double begun = Now();
  std::int64_t last = 0;
  double took = 0;
  for (; took < seconds; took = Now() - begun) {
    table.Do("begin immediate");
    for (int i = 0; deletes && last > 0 && i < batch; ++i) table.Delete(last - i);
    for (int i = 0; i < batch; ++i) table.Insert(++last);
    table.Do("commit");
  }
  return static_cast<double>(last) / took;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) Die("usage: job_floor FOLDER [SECONDS]");
  const double seconds = argc > 2 ? std::atof(argv[2]) : 1;
  std::printf("{");
  for (const int batch : kBatches) {
    std::printf("\"push_%d\":%.1f,\"work_%d\":%.1f%s", batch, Rate(argv[1], batch, seconds, false), batch,
                Rate(argv[1], batch, seconds, true), batch == 1000 ? "}\n" : ",");
  }
  return 0;
}
