#include "cli/jobs/child_process.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "net/testing/harness.h"
#include "net/testing/run_task.h"

namespace tidemill::cli {
namespace {

struct Recorded final : ChildOutput {
  void OnOutput(Stream stream, std::string_view bytes) override {
    (stream == Stream::kOut ? out : err) += bytes;
  }
  std::string out, err;
};

class ChildProcessTest : public ::testing::Test {
 protected:
  void Start(const std::string& script, std::string input = "", std::vector<std::string> environment = {}) {
    auto child = ChildProcess::Start(
        *loop_,
        {.command = {"sh", "-c", script}, .environment = std::move(environment), .input = std::move(input)},
        output_);
    ASSERT_TRUE(child) << child.error().detail;
    child_ = *std::move(child);
  }
  ExitStatus End() {
    EXPECT_TRUE(net::testing::DriveUntil(*loop_, [&] { return child_->status().has_value(); }));
    return child_->status().value_or(ExitStatus{.code = -1});
  }

  std::unique_ptr<net::Loop> loop_ = net::testing::OpenLoop();
  Recorded output_;
  std::unique_ptr<ChildProcess> child_;
};

TEST_F(ChildProcessTest, GetsInputAndEnvironmentAndGivesOutputAndStatus) {
  Start("cat; echo \"$NAME\" >&2; exit 3", "[1,2]\n", {"NAME=value"});
  EXPECT_EQ(End(), ExitStatus{.code = 3});
  EXPECT_EQ(output_.out, "[1,2]\n");
  EXPECT_EQ(output_.err, "value\n");
}

TEST_F(ChildProcessTest, InputThatIsLongOrNotReadHoldsNothingUp) {
  Start("wc -c", std::string(1 << 20, 'x'));
  EXPECT_EQ(End(), ExitStatus{});
  EXPECT_EQ(std::atoi(output_.out.c_str()), 1 << 20);
  signal(SIGPIPE, SIG_IGN);
  Start("exec 0<&-; exit 0", std::string(1 << 20, 'x'));
  EXPECT_EQ(End(), ExitStatus{});
}

TEST_F(ChildProcessTest, ASignalReachesAllOfItsGroup) {
  Start("sleep 1000 & echo $!; wait");
  ASSERT_TRUE(net::testing::DriveUntil(*loop_, [&] { return output_.out.ends_with('\n'); }));
  child_->Signal(SIGKILL);
  EXPECT_EQ(End(), ExitStatus{.signal = SIGKILL});
  const pid_t grandchild = std::atoi(output_.out.c_str());
  EXPECT_TRUE(net::testing::DriveUntil(*loop_, [&] { return kill(grandchild, 0) != 0; }));
}

TEST_F(ChildProcessTest, EndsWithItsOwner) {
  Start("echo $$; sleep 1000");
  ASSERT_TRUE(net::testing::DriveUntil(*loop_, [&] { return output_.out.ends_with('\n'); }));
  child_.reset();
  EXPECT_NE(kill(std::atoi(output_.out.c_str()), 0), 0);
}

TEST_F(ChildProcessTest, AGrandchildThatKeepsTheOutputOpenIsNotWaitedFor) {
  Start("echo out; sleep 1000 & exit 0");
  EXPECT_EQ(End(), ExitStatus{});
  EXPECT_EQ(output_.out, "out\n");
}

TEST_F(ChildProcessTest, SaysWhatCannotBeRun) {
  const auto missing = ChildProcess::Start(*loop_, {.command = {"no-such-command-here"}}, output_);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Errc::kNotFound);
  EXPECT_EQ(missing.error().detail, "no-such-command-here: No such file or directory");
  const auto folder = ChildProcess::Start(*loop_, {.command = {"/tmp"}}, output_);
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().code, Errc::kPermissionDenied);
}

Task<void> WaitOnce(ChildProcess& child, int& resumed) {
  co_await child.Wait(Milliseconds(20));
  ++resumed;
}

TEST_F(ChildProcessTest, WaitEndsWithTheProcessOrTheTime) {
  Start("sleep 1000");
  int resumed = 0;
  TaskScope scope;
  scope.Spawn(WaitOnce(*child_, resumed));
  EXPECT_TRUE(net::testing::DriveUntil(*loop_, [&] { return resumed == 1; }));
  EXPECT_FALSE(child_->status());
  child_->Signal(SIGTERM);
  scope.Spawn(WaitOnce(*child_, resumed));
  EXPECT_EQ(End(), ExitStatus{.signal = SIGTERM});
}

}  // namespace
}  // namespace tidemill::cli
