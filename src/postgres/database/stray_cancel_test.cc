#include <gtest/gtest.h>
#include <sys/socket.h>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "net/socket.h"
#include "net/task_scope.h"
#include "postgres/protocol/wire.h"
#include "postgres/testing/answers.h"
#include "postgres/testing/fake_server.h"
#include "postgres/testing/on_loop.h"

namespace tidemill::postgres {
namespace {

using testing::DriveUntil;
using testing::OnLoop;

// --- a server whose cancellings come too late: each hits whoever comes after the one that it was meant for

std::string Canceled() {
  return testing::StatementError("57014", "canceling statement due to user request") +
         testing::ReadyForQuery();
}

// In front of a statement that only reads.
const std::string kReadOnly =
    testing::Message('1', "") + testing::BindComplete() + testing::CommandComplete("SET");
const std::string kIdle = testing::ReadyForQuery();

// Answers of one session, a segment each; `after_cancel` waits until a CancelRequest has come.
struct Answer {
  std::string bytes;
  bool after_cancel = false;
};

class LateServer {
 public:
  explicit LateServer(std::vector<Answer> answers)
      : answers_(std::move(answers)), listening_([this](int fd) { Accept(fd); }) {}
  ~LateServer() { stopping_ = true; }

  std::string url() const {
    return "postgres://u:p@127.0.0.1:" + std::to_string(listening_.port()) + "/d?sslmode=disable";
  }
  int cancels() const { return cancels_; }
  std::size_t answered() const { return answered_; }

 private:
  static std::string Read(int fd, std::size_t bytes) {
    std::string text(bytes, '\0');
    return recv(fd, text.data(), bytes, MSG_WAITALL) == static_cast<ssize_t>(bytes) ? text : "";
  }
  static void Send(int fd, std::string_view bytes) {
    EXPECT_EQ(send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  }

  // The session has a thread of its own, so that a CancelRequest finds somebody.
  void Accept(int fd) {
    constexpr std::uint32_t kCancelCode = 80877102;
    const std::string length = Read(fd, 4);
    if (length.empty()) return;
    const std::string hello = Read(fd, GetUint32(length.data()) - 4);
    if (GetUint32(hello.data()) == kCancelCode) {
      ++cancels_;
      return;
    }
    session_ = std::jthread([this, own = net::Fd(dup(fd))] { Serve(own.get()); });
  }

  void Serve(int fd) {
    Send(fd, testing::Greeting());
    for (const Answer& answer : answers_) {
      std::string header;
      do {
        header = Read(fd, 5);
        if (header.empty()) return;
        if (const auto rest = GetUint32(header.data() + 1) - 4; rest > 0) Read(fd, rest);
      } while (header[0] != 'S');
      while (answer.after_cancel && cancels_ == 0 && !stopping_) std::this_thread::yield();
      ++answered_;
      Send(fd, answer.bytes);
    }
    Read(fd, 1);
  }

  const std::vector<Answer> answers_;
  std::atomic<int> cancels_{0};
  std::atomic<std::size_t> answered_{0};
  std::atomic<bool> stopping_{false};
  std::jthread session_;
  testing::ListeningThread listening_;  // last: its thread uses all above
};

// --- its caller

struct Values : sql::RowSink {
  void OnColumns(std::shared_ptr<const sql::Columns> /*columns*/) override { ++columns; }
  void OnRow(const sql::Row& row) override { texts.emplace_back(row[0].text); }
  int columns = 0;
  std::vector<std::string> texts;
};

sql::Call Once(const char* text) {
  return {.statement = sql::Statement(text, {.reuse = sql::Reuse::kOnce, .parameter_oids = {}}),
          .access = sql::Access::kRead};
}

Task<void> Drop(Database& database) { (void)co_await database.Run(Once("select 'dropped'")); }

class StrayCancel : public ::testing::Test {
 protected:
  // The first answer says who is asked, the second is of a statement whose caller hangs up. It ends although
  // it is cancelled, and the cancelling hits what `ask` has sent behind it.
  template <class T>
  std::optional<T> Hit(std::vector<std::string> then, const std::function<Task<T>(Database&)>& ask) {
    std::vector<Answer> answers = {
        {.bytes = testing::OneInteger("9") + kIdle},
        {.bytes = kReadOnly + testing::OneInteger("0") + kIdle, .after_cancel = true}};
    for (std::string& bytes : then) answers.push_back({.bytes = std::move(bytes)});
    LateServer server(std::move(answers));
    DatabaseOptions options = testing::PatientOptions();
    options.pool.shared_connections = 1;
    OnLoop db(server.url(), options);
    auto dropped = std::make_unique<TaskScope>();
    dropped->Spawn(Drop(*db.database));
    std::optional<T> result;
    TaskScope scope;
    scope.Spawn(net::testing::Keep(ask(*db.database), result));
    db.loop->RunOnce({});
    dropped.reset();
    EXPECT_TRUE(DriveUntil(*db.loop, [&] { return result.has_value(); }));
    EXPECT_EQ(server.cancels(), 1);
    EXPECT_EQ(server.answered(), 2 + then.size());
    resent = db.metrics.resent.value();
    return result;
  }

  std::uint64_t resent = 0;
};

const std::string kRows = kReadOnly + testing::Described() + testing::BindComplete() + testing::DataRow("1") +
                          testing::DataRow("2");

TEST_F(StrayCancel, AStreamedReadIsWholeAlthoughItWasHitInItsMiddle) {
  const auto values = std::make_shared<Values>();
  const auto done = Hit<sql::Result<sql::Summary>>(
      {kRows + Canceled(), kRows + testing::DataRow("3") + testing::CommandComplete("SELECT 3") + kIdle},
      [&](Database& database) { return database.RunInto(Once("select n"), values); });
  ASSERT_TRUE(done && *done) << (*done).error().message;
  EXPECT_EQ((*done)->rows, 3u);
  EXPECT_EQ(values->columns, 1);
  EXPECT_EQ(values->texts, (std::vector<std::string>{"1", "2", "3"}));
  EXPECT_EQ(resent, 1u);
}

TEST_F(StrayCancel, OneThatIsNotHitIsGivenAsItIs) {
  const auto values = std::make_shared<Values>();
  const auto done = Hit<sql::Result<sql::Summary>>(
      {kRows + testing::CommandComplete("SELECT 3") + kIdle},
      [&](Database& database) { return database.RunInto(Once("select n"), values); });
  ASSERT_TRUE(done && *done) << (*done).error().message;
  EXPECT_EQ(values->texts, (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(resent, 0u);
}

TEST_F(StrayCancel, AReadThatIsHitAgainIsSentAgain) {
  const auto done = Hit<sql::Result<sql::RunResult>>(
      {kRows + Canceled(), kReadOnly + Canceled(), kRows + testing::CommandComplete("SELECT 3") + kIdle},
      [](Database& database) { return database.Run(Once("select n")); });
  ASSERT_TRUE(done && *done) << (*done).error().message;
  EXPECT_EQ((*done)->rows.size(), 2u);
  EXPECT_EQ(resent, 2u);
}

TEST_F(StrayCancel, AWriteHasNotHappenedAndIsSentAgain) {
  const std::string rows = testing::Described() + testing::BindComplete() + testing::DataRow("1");
  const auto values = std::make_shared<Values>();
  const auto done = Hit<sql::Result<sql::Summary>>({rows + testing::CommandComplete("SELECT 3") + Canceled(),
                                                    rows + testing::CommandComplete("SELECT 3") + kIdle},
                                                   [&](Database& database) {
                                                     sql::Call call =
                                                         Once("insert into t values (1) returning n");
                                                     call.access = sql::Access::kWrite;
                                                     return database.RunInto(std::move(call), values);
                                                   });
  ASSERT_TRUE(done && *done) << (*done).error().message;
  EXPECT_EQ(values->texts, (std::vector<std::string>{"1"}));
}

TEST_F(StrayCancel, ADescriptionIsAskedForAgain) {
  const auto done = Hit<sql::Result<sql::Description>>(
      {Canceled(), testing::Described() + kIdle},
      [](Database& database) { return database.Describe(sql::Statement("select n")); });
  ASSERT_TRUE(done && *done) << (*done).error().message;
  EXPECT_EQ((*done)->columns.size(), 1u);
}

}  // namespace
}  // namespace tidemill::postgres
