#include "realtime/session/backlog.h"

#include <gtest/gtest.h>

namespace tidemill::session {
namespace {

TEST(Backlog, FramesComeOutAsTheyWentIn) {
  Backlog backlog;
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
  Backlog backlog;
  const std::string half(Backlog::kBytesMax / 2 - Backlog::kFrameOverheadBytes, 'x');
  EXPECT_TRUE(backlog.Push(half));
  EXPECT_TRUE(backlog.Push(half));
  EXPECT_FALSE(backlog.Push("")) << "an empty frame is not free";
  backlog.Pop();
  EXPECT_TRUE(backlog.Push(half)) << "what was taken makes room";

  Backlog tiny;
  std::size_t frames = 0;
  while (tiny.Push("{}")) ++frames;
  EXPECT_EQ(frames, Backlog::kBytesMax / (Backlog::kFrameOverheadBytes + 2));
  EXPECT_FALSE(Backlog().Push(std::string(Backlog::kBytesMax, 'x')));
}

}  // namespace
}  // namespace tidemill::session
