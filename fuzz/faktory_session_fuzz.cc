// links: faktory engine_testing store_testing
// Two clients of one server, whatever they say and whenever commits come: each command has one answer, in its
// place and whole; the store is told nothing that contradicts itself; and what is left is read back.
//
// A line is a command of the client whose turn it is. One that begins with '@' is what happens: the other
// client (c), turns (t), time (s), commits that are held (h), that go on (r), that fail (f).
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "base/log.h"
#include "jobs/engine/testing/harness.h"
#include "jobs/faktory/session.h"

namespace {

using namespace tidemill;
using namespace tidemill::faktory;

constexpr std::size_t kLinesMax = 200;
constexpr std::size_t kJobMax = 2048;
constexpr int kTurnsMax = 20'000;

class Client final : public SessionOwner {
 public:
  Client(SessionServices& services, std::string wid) : session_(services, *this, std::move(wid)) {}

  void Say(std::string_view line) {
    if (session_.busy() || session_.ended()) return;
    ++asked_;
    if (Session::IsBulk(line)) {
      session_.ExecuteBulk(std::string(line));
    } else {
      session_.Execute(line);
    }
    session_.Seal();
    if (session_.ended()) --asked_;
  }
  bool settled() const { return !session_.busy() && session_.settled(); }
  void CheckAnswers() const { TM_ASSERT(CountAnswers() == asked_); }

 private:
  void OnAnswers(std::string_view bytes) override { answers_ += bytes; }
  void OnFree() override {}

  std::size_t CountAnswers() const {
    std::string_view rest = answers_;
    std::size_t count = 0;
    for (; !rest.empty(); ++count) {
      const std::size_t end = rest.find("\r\n");
      TM_ASSERT(end != rest.npos && rest.find_first_of("\r\n") == end);
      TM_ASSERT(std::string_view("+-$:").contains(rest[0]));
      std::size_t length = end + 2;
      if (rest[0] == '$' && rest[1] != '-') length += std::stoul(std::string(rest.substr(1, end - 1))) + 2;
      TM_ASSERT(rest.size() >= length && rest.substr(length - 2, 2) == "\r\n");
      rest.remove_prefix(length);
    }
    return count;
  }

  Session session_;
  std::string answers_;
  std::size_t asked_ = 0;
};

class Server {
 public:
  explicit Server(std::shared_ptr<jobs::testing::MemoryTables> tables) : harness_(std::move(tables)) {
    for (const char* const wid : {"w1", "w2"}) (void)harness_.engine.AddWorker({.wid = wid});
    first_.emplace(services_, "w1");
    second_.emplace(services_, "w2");
  }

  void Take(std::string_view line) {
    if (!line.starts_with('@')) return client().Say(line);
    const auto happens = line.substr(1, 1);
    if (happens == "c") is_second_ = !is_second_;
    if (happens == "t") harness_.Turns(5);
    if (happens == "s") harness_.Advance(Seconds(1));
    if (happens == "h") harness_.store.HoldCommits();
    if (happens == "r") harness_.store.ReleaseCommits();
    if (happens == "f") harness_.store.FailCommits(1, {.code = Errc::kLimitExceeded, .detail = "disk full"});
  }

  void Settle() {
    harness_.store.FailCommits(0, {});
    harness_.store.ReleaseCommits();
    for (int turns = 0; !first_->settled() || !second_->settled(); ++turns) {
      TM_ASSERT(turns < kTurnsMax);
      harness_.clock.Advance(Milliseconds(10));
      harness_.Turns(1);
    }
    first_->CheckAnswers();
    second_->CheckAnswers();
    TM_ASSERT(harness_.store.bugs().empty());
  }

 private:
  Client& client() { return is_second_ ? *second_ : *first_; }

  jobs::testing::EngineHarness harness_;
  WorkerWatch watch_{*harness_.loop};
  TaskScope scope_;
  SessionServices services_{.engine = harness_.engine,
                            .scope = scope_,
                            .watch = watch_,
                            .info = [] { return std::string("{}"); },
                            .job_bytes_max = kJobMax};
  std::optional<Client> first_;
  std::optional<Client> second_;
  bool is_second_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  log::Configure({.level = log::Level::kOff, .format = log::Format::kText});
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto tables = std::make_shared<jobs::testing::MemoryTables>();
  {
    Server server(tables);
    for (std::size_t lines = 0; lines < kLinesMax && !bytes.empty(); ++lines) {
      const std::string_view line = bytes.substr(0, bytes.find('\n'));
      server.Take(line);
      bytes.remove_prefix(std::min(bytes.size(), line.size() + 1));
    }
    server.Settle();
  }
  Server again(tables);
  again.Settle();
  return 0;
}
