// job_store_cost: how many jobs a second the store of jobs keeps, by the number of jobs in a flush.
//
// One flusher, as the engine is one: each flush inserts a batch of jobs of 190 bytes and deletes the batch
// before it, and the next begins when it is on disk. "push" inserts only. Beside each figure stands the
// floor: how many fsyncs of 4 KiB a second the same disk does.
//
//   job_store_cost sqlite /var/tmp/jobs.db [seconds]
//   job_store_cost postgres postgres://postgres@127.0.0.1/postgres [seconds]
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "base/assert.h"
#include "base/log.h"
#include "jobs/store/schema.h"
#include "jobs/store/sql_store.h"
#include "opened_database.h"

namespace tidemill {
namespace {

using bench::Await;
using bench::Need;
using bench::OpenedDatabase;

class Measurement {
 public:
  Measurement(OpenedDatabase& opened, double seconds)
      : loop_(*opened.loop), store_(jobs::MakeSqlStore(loop_, *opened.database, {})), seconds_(seconds) {
    epoch_ = Need(Await(loop_, store_->Acquire({.node = "bench", .ttl = Hours(1)}))).epoch;
  }

  void Run(std::uint64_t batch, bool deletes) {
    Need(Await(loop_, store_->Clear(epoch_)));
    std::uint64_t jobs = 0;
    std::uint64_t flushes = 0;
    std::uint64_t before = 0;
    const std::int64_t begun = MonotonicMicros();
    std::int64_t now = begun;
    for (; static_cast<double>(now - begun) < seconds_ * 1e6; now = MonotonicMicros()) {
      jobs::Flush flush{.epoch = epoch_, .number = ++number_};
      for (; deletes && before < id_ && jobs > 0; ++before) flush.ready_deletes.emplace_back(before + 1);
      before = id_;
      for (std::uint64_t i = 0; i < batch; ++i) flush.ready.push_back(Next());
      Need(Await(loop_, store_->Commit(std::make_shared<const jobs::Flush>(std::move(flush)))));
      jobs += batch;
      ++flushes;
    }
    const double seconds = static_cast<double>(now - begun) / 1e6;
    std::printf("  %-13s batch %5lu: %8.0f jobs/s, %6.0f flushes/s, %5.0f us each\n",
                deletes ? "insert+delete" : "push", batch, static_cast<double>(jobs) / seconds,
                static_cast<double>(flushes) / seconds, seconds * 1e6 / static_cast<double>(flushes));
    std::fflush(stdout);
  }

 private:
  jobs::StoredJob Next() {
    const std::string number = std::to_string(1'000'000'000 + ++id_);
    return {
        .id = jobs::JobId(id_),
        .jid = "j" + number,
        .queue = "default",
        .type = "SendMail",
        .text =
            R"({"jid":"j)" + number +
            R"(","jobtype":"SendMail","args":["somebody@example.org",17,{"a":"b"}],)"
            R"("queue":"default","created_at":"2026-11-27T10:00:00.123456Z","retry":25,"custom":{"n":1}})"};
  }

  net::Loop& loop_;
  const std::unique_ptr<jobs::Store> store_;
  const double seconds_;
  std::uint64_t epoch_ = 0;
  std::uint64_t number_ = 0;
  std::uint64_t id_ = 0;
};

void PrintFloor(const std::string& folder) {
  const std::string path = folder + "/floor";
  const int fd = open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  const std::string block(4096, 'x');
  int syncs = 0;
  const std::int64_t begun = MonotonicMicros();
  for (; MonotonicMicros() - begun < 500'000; ++syncs)
    if (pwrite(fd, block.data(), block.size(), syncs % 256 * 4096) < 0 || fdatasync(fd) != 0) std::exit(1);
  close(fd);
  unlink(path.c_str());
  std::printf("floor: %d writes of 4 KiB with fdatasync a second in %s\n", syncs * 2, folder.c_str());
}

int Main(int count, char** arguments) {
  if (count < 3) {
    std::fprintf(stderr, "job_store_cost sqlite FILE | postgres URL [seconds]\n");
    return 2;
  }
  log::Configure({.level = log::Level::kOff});
  const std::string dialect = arguments[1];
  const std::string where = arguments[2];
  if (dialect == "sqlite") PrintFloor(std::filesystem::path(where).parent_path());
  OpenedDatabase opened(dialect, where, jobs::JobsSchema());
  std::printf("%s\n", dialect.c_str());
  Measurement measurement(opened, count > 3 ? std::atof(arguments[3]) : 2);
  for (const std::uint64_t batch : {1u, 10u, 64u, 100u, 1000u}) measurement.Run(batch, true);
  for (const std::uint64_t batch : {64u, 1000u}) measurement.Run(batch, false);
  return 0;
}

}  // namespace
}  // namespace tidemill

int main(int count, char** arguments) { return tidemill::Main(count, arguments); }
