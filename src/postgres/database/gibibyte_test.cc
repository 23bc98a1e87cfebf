// A value of 1 GiB, more than any setting lets through: it is refused by name, costs no memory, and what is
// asked next on the same connection gets its answer.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <string_view>

#include "net/testing/slowdown.h"
#include "postgres/protocol/wire.h"
#include "postgres/testing/answers.h"
#include "postgres/testing/fake_server.h"
#include "postgres/testing/on_loop.h"

namespace tidemill::postgres {
namespace {

using sql::FailureKind;
using testing::OnLoop;

constexpr std::uint32_t kGibibyte = 1u << 30;
// A sanitizer keeps what was freed.
constexpr std::int64_t kGrowthMax = (net::testing::kSanitized ? 128 : 8) << 20;

// Memory of this process, without what is mapped from files.
std::int64_t ResidentBytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("RssAnon:")) return std::stoll(line.substr(8)) * 1024;
  }
  return 0;
}

bool ReadExactly(int fd, std::string& text, std::size_t bytes) {
  text.resize(bytes);
  if (bytes == 0) return true;  // recv would wait for something
  return recv(fd, text.data(), bytes, MSG_WAITALL) == static_cast<ssize_t>(bytes);
}

bool Send(int fd, std::string_view bytes) {
  return send(fd, bytes.data(), bytes.size(), MSG_WAITALL | MSG_NOSIGNAL) ==
         static_cast<ssize_t>(bytes.size());
}

// A row with one value of 1 GiB, made while it is sent.
bool SendGibibyte(int fd) {
  std::string head(1, 'D');
  AppendUint32(head, 4 + 2 + 4 + kGibibyte);
  head += std::string("\0\1", 2);
  AppendUint32(head, kGibibyte);
  static const std::string piece(1 << 20, 'x');
  bool sent = Send(fd, head);
  for (std::size_t left = kGibibyte; sent && left > 0; left -= piece.size()) sent = Send(fd, piece);
  return sent;
}

// Answers each segment; the second with a value of 1 GiB.
void Serve(int fd) {
  std::string head;
  std::string body;
  if (!ReadExactly(fd, head, 4) || !ReadExactly(fd, body, GetUint32(head.data()) - 4)) return;
  if (!Send(fd, testing::Greeting())) return;
  int segments = 0;
  while (ReadExactly(fd, head, 5) && ReadExactly(fd, body, GetUint32(head.data() + 1) - 4)) {
    if (head[0] != 'S') continue;
    const bool large = ++segments == 2;
    bool sent = true;
    if (large) {
      sent = Send(fd, testing::Described() + testing::BindComplete()) && SendGibibyte(fd) &&
             Send(fd, testing::CommandComplete("SELECT 1"));
    } else {
      sent = Send(fd, testing::OneInteger(std::to_string(segments)));
    }
    if (!sent || !Send(fd, testing::ReadyForQuery())) return;
  }
}

TEST(Gibibyte, IsRefusedByNameAtConstantMemory) {
  const testing::ListeningThread server(Serve);
  DatabaseOptions options = testing::PatientOptions();
  options.pool.shared_connections = 1;
  OnLoop db("postgres://u:p@127.0.0.1:" + std::to_string(server.port()) + "/d?sslmode=disable", options);
  const sql::Call call{.statement = sql::Statement("select v", {.reuse = sql::Reuse::kOnce})};
  const std::int64_t before = ResidentBytes();
  std::int64_t most = before;
  std::optional<sql::Result<sql::RunResult>> refused;
  TaskScope scope;
  scope.Spawn(net::testing::Keep(db.database->Run(call), refused));
  EXPECT_TRUE(testing::DriveUntil(*db.loop, [&] {
    most = std::max(most, ResidentBytes());
    return refused.has_value();
  }));
  ASSERT_FALSE(*refused);
  EXPECT_EQ(refused->error().kind, FailureKind::kLimitExceeded);
  EXPECT_EQ(refused->error().message, "the result is over its limit: a row of 1073741830 bytes");
  EXPECT_LT(most - before, kGrowthMax);
  EXPECT_GT(db.metrics.received_bytes.value(), kGibibyte);
  const auto next = db.Run(call);
  ASSERT_TRUE(next) << next.error().message;
  EXPECT_EQ(next->rows[0][0].text, "3");
  EXPECT_EQ(db.metrics.disconnects.value(), 0u);
}

}  // namespace
}  // namespace tidemill::postgres
