#include "realtime/session/backlog.h"

#include <gtest/gtest.h>

#include <string>

#include "metrics/metrics.h"

namespace tidemill::session {
namespace {

TEST(Backlog, FramesComeOutAsTheyWentIn) {
  Backlog backlog(nullptr);
  EXPECT_EQ(backlog.Pop(), std::nullopt);
  EXPECT_TRUE(backlog.Push("a"));
  EXPECT_TRUE(backlog.Push(""));
  EXPECT_EQ(backlog.Pop(), "a");
  EXPECT_TRUE(backlog.Push("b"));
  EXPECT_EQ(backlog.Pop(), "");
  EXPECT_EQ(backlog.Pop(), "b");
  EXPECT_EQ(backlog.Pop(), std::nullopt);
}

TEST(Backlog, IsFullByBytesAndByFrames) {
  Backlog backlog(nullptr);
  const std::string half(Backlog::kBytesMax / 2 - Backlog::kFrameOverheadBytes, 'x');
  EXPECT_TRUE(backlog.Push(half));
  EXPECT_TRUE(backlog.Push(half));
  EXPECT_FALSE(backlog.Push("")) << "an empty frame is not free";
  backlog.Pop();
  EXPECT_TRUE(backlog.Push(half)) << "what was taken makes room";

  Backlog tiny(nullptr);
  std::size_t frames = 0;
  while (tiny.Push("{}")) ++frames;
  EXPECT_EQ(frames, Backlog::kBytesMax / (Backlog::kFrameOverheadBytes + 2));
  EXPECT_FALSE(Backlog(nullptr).Push(std::string(Backlog::kBytesMax, 'x')));
}

TEST(Backlog, CountsInTheBudgetOfAll) {
  metrics::Registry registry;
  http::BufferBudget budget(256 * 1024, registry);
  const std::string frame(32 * 1024, 'f');
  Backlog one(&budget);
  for (int frames = 0; frames < 4; ++frames) EXPECT_TRUE(one.Push(frame));
  {
    Backlog other(&budget);
    int frames = 0;
    while (other.Push(frame)) ++frames;
    EXPECT_EQ(frames, 3) << "of what is left";
    EXPECT_TRUE(other.Pop());
    EXPECT_TRUE(other.Push(frame));
  }
  EXPECT_TRUE(one.Push(frame)) << "what the other had is given back";
}

}  // namespace
}  // namespace tidemill::session
