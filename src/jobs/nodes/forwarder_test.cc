// Requests about jobs on a node whose jobs another one has.
#include "jobs/nodes/forwarder.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "jobs/nodes/testing/other_owner.h"
#include "net/task_scope.h"
#include "net/testing/harness.h"
#include "net/testing/run_task.h"

namespace tidemill::nodes {
namespace {

class ForwarderTest : public ::testing::Test {
 protected:
  struct Caller {
    std::optional<api::Outcome> outcome;
    TaskScope scope;  // destroyed: it has hung up
  };
  std::unique_ptr<Caller> Call(std::string_view method, bool waits) {
    auto caller = std::make_unique<Caller>();
    caller->scope.Spawn(net::testing::Keep(
        forwarder_->Forward({.method = method, .params = "{}", .waits = waits}), caller->outcome));
    return caller;
  }
  net::Fd AcceptRequest(std::string_view method) {
    net::Fd fd = node_.Accept();
    EXPECT_TRUE(node_.ReadUntil(fd, "\r\n\r\n{}").starts_with("POST /api/" + std::string(method)));
    return fd;
  }
  static void Answer(const net::Fd& fd) {
    net::testing::WriteAll(fd.get(), "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{\"result\":{}}");
  }
  static std::string Why(const Caller& caller) {
    if (!caller.outcome) return "no answer yet";
    return *caller.outcome ? "it succeeded" : (*caller.outcome).error().detail;
  }
  bool IsClosed(const net::Fd& fd) {
    char byte = 0;
    return node_.Until([&] { return recv(fd.get(), &byte, 1, MSG_DONTWAIT) == 0; });
  }

  testing::OtherOwner node_;
  std::optional<Forwarder> forwarder_{
      std::in_place, *node_.loop, node_.ownership,
      Forwarder::Options{.key = {"0123456789abcdef"}, .answer_bytes_max = 1 << 20}, node_.metrics};
};

TEST_F(ForwarderTest, AnAnswerComesBack) {
  node_.Start();
  const auto caller = Call("jobs_counts", false);
  const net::Fd fd = AcceptRequest("jobs_counts");
  Answer(fd);
  EXPECT_TRUE(node_.Until([&] { return caller->outcome.has_value(); }));
  EXPECT_EQ(**caller->outcome, "{}");
}

TEST_F(ForwarderTest, ADrainedNodeAnswersThoseWhoWaitAndAsksNoMoreForThem) {
  node_.Start();
  const auto first = Call("jobs_fetch", true);
  const net::Fd first_fd = AcceptRequest("jobs_fetch");
  const auto second = Call("jobs_fetch", true);
  const net::Fd second_fd = AcceptRequest("jobs_fetch");
  const auto push = Call("jobs_push", false);
  const net::Fd push_fd = AcceptRequest("jobs_push");
  forwarder_->Drain();
  node_.Turns();
  for (const auto* const caller : {&first, &second}) {
    EXPECT_EQ(Why(**caller), "this node stops; ask another one, or again in a moment");
  }
  EXPECT_TRUE(IsClosed(first_fd) && IsClosed(second_fd)) << "the owner is to give their jobs to others";
  const auto late = Call("jobs_fetch", true);
  node_.Turns();
  EXPECT_EQ(Why(*late), "this node stops; ask another one, or again in a moment");
  // What does not wait runs to its end.
  EXPECT_EQ(Why(*push), "no answer yet");
  Answer(push_fd);
  EXPECT_TRUE(node_.Until([&] { return push->outcome.has_value(); }));
  EXPECT_EQ(Why(*push), "it succeeded");
}

TEST_F(ForwarderTest, AllAreAnsweredWhenTheJobsMoveOn) {
  node_.Start();
  const auto waits = Call("jobs_fetch", true);
  const auto push = Call("jobs_push", false);
  node_.Turns();
  node_.MoveOn();
  node_.Turns();
  for (const auto* const caller : {&waits, &push}) {
    EXPECT_TRUE(Why(**caller).contains("another node has taken the jobs over")) << Why(**caller);
  }
}

// Under AddressSanitizer: the request of a caller that has hung up ends with the forwarder, before the pool
// that it uses, though no turn of the loop comes between.
TEST_F(ForwarderTest, ItEndsWithRequestsWhoseCallersAreGone) {
  node_.Start();
  auto caller = Call("jobs_fetch", true);
  const net::Fd fd = AcceptRequest("jobs_fetch");
  caller.reset();
  forwarder_.reset();
  node_.Turns();
}

}  // namespace
}  // namespace tidemill::nodes
