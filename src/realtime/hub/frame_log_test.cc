#include "realtime/hub/frame_log.h"

#include <gtest/gtest.h>

#include <string>

#include "realtime/hub/framing.h"
#include "realtime/protocol/wire.h"

namespace tidemill::hub {
namespace {

constexpr Form kForms[] = {
    {.framing = Framing::kWebsocket},
    {.framing = Framing::kEventStream},
    {.framing = Framing::kLines},
    {.encoding = protocol::Encoding::kProtobuf, .framing = Framing::kDelimited},
};

// In that form `payload` is a message: behind its length where the codec would write it.
std::string Frame(std::string_view payload, const Form& form = {}) {
  std::string message;
  if (form.framing == Framing::kDelimited) protocol::AppendVarint(payload.size(), message);
  message += payload;
  std::string frame;
  AppendFrame(form, message, frame);
  return frame;
}

void AppendBytes(FrameLog& log, std::string_view frame) {
  log.Append(frame.size(), [&](std::string& out) { out += frame; });
}

void Append(FrameLog& log, std::string_view payload) { AppendBytes(log, Frame(payload)); }

std::string Read(const LogCursor& cursor, std::uint64_t end) {
  iovec ranges[64];
  const std::size_t count = Ranges(cursor, end, ranges, 64);
  std::string bytes;
  for (std::size_t i = 0; i < count; ++i)
    bytes.append(static_cast<const char*>(ranges[i].iov_base), ranges[i].iov_len);
  return bytes;
}

void Flush(FrameLog& log) {
  log.BeginFlush();
  log.EndFlush();
}

TEST(FrameLog, ATurnsFramesLieInOnePiece) {
  SegmentPool pool;
  FrameLog log(pool);
  Append(log, "one");
  Append(log, "two");

  iovec ranges[4];
  ASSERT_EQ(Ranges(log.CursorAt(log.begin()), log.end(), ranges, 4), 1u);
  EXPECT_EQ(Read(log.CursorAt(log.begin()), log.end()), Frame("one") + Frame("two"));
  EXPECT_EQ(log.frames(), 2u);
}

TEST(FrameLog, GivesAllMemoryBackWhenNobodyIsBehind) {
  SegmentPool pool;
  FrameLog log(pool);
  for (int i = 0; i < 1000; ++i) Append(log, std::string(1000, 'x'));
  EXPECT_GT(pool.bytes_in_use(), 1'000'000u);

  Flush(log);

  EXPECT_EQ(pool.bytes_in_use(), 0u);
  EXPECT_EQ(log.begin(), log.end());
}

TEST(FrameLog, ACursorKeepsWhatFollowsItAndNothingElse) {
  SegmentPool pool;
  FrameLog log(pool);
  std::string expected;
  for (int i = 0; i < 500; ++i) Append(log, std::string(1000, 'a'));
  LogCursor cursor = log.CursorAt(log.end());
  Flush(log);
  for (int turn = 0; turn < 3; ++turn) {
    const std::string payload(300 * 1024, static_cast<char>('b' + turn));
    Append(log, payload);
    expected += Frame(payload);
    Flush(log);
  }

  EXPECT_LT(pool.bytes_in_use(), 2'500'000u);
  EXPECT_EQ(Read(cursor, log.end()), expected);

  Advance(cursor, log.end() - cursor.position);
  cursor = LogCursor();
  log.Trim();
  EXPECT_EQ(pool.bytes_in_use(), 0u);
}

// What is appended while a flush is under way is of the next one, and stays.
TEST(FrameLog, AFlushEndsWhereTheLogEndedWhenItBegan) {
  for (const std::size_t bytes : {std::size_t{10}, SegmentPool::kSmallestBytes, std::size_t{300 * 1024}}) {
    SCOPED_TRACE(bytes);
    const std::string payload(bytes, 'x');
    SegmentPool pool;
    FrameLog log(pool);
    Append(log, "first");
    Append(log, payload);
    log.BeginFlush();
    Append(log, "second" + payload);
    Append(log, "third");
    EXPECT_EQ(Read(log.CursorAt(log.begin()), log.flush_end()), Frame("first") + Frame(payload));

    log.EndFlush();
    EXPECT_EQ(log.frames(), 2u);
    EXPECT_EQ(Read(log.CursorAt(log.begin()), log.end()), Frame("second" + payload) + Frame("third"));

    Flush(log);
    EXPECT_EQ(log.frames(), 0u);
    EXPECT_EQ(pool.bytes_in_use(), 0u);
  }
}

TEST(FrameLog, RestOfFrameFindsTheFrameThatWasCut) {
  for (const Form& form : kForms) {
    SCOPED_TRACE(static_cast<int>(form.framing));
    SegmentPool pool;
    FrameLog log(pool);
    const std::string frames[] = {Frame("first", form), Frame(std::string(200, 'm'), form),
                                  Frame(std::string(70000, 'l'), form)};
    std::string all;
    for (const std::string& frame : frames) {
      AppendBytes(log, frame);
      all += frame;
    }
    const LogCursor begin = log.CursorAt(log.begin());
    const std::size_t borders[] = {0, frames[0].size(), frames[0].size() + frames[1].size(), all.size()};
    for (std::size_t cut = 0; cut <= all.size(); cut += (cut < 300 ? 1 : 997)) {
      SCOPED_TRACE(cut);
      LogCursor cursor = begin;
      Advance(cursor, cut);
      std::size_t border = 0;
      while (borders[border] < cut) ++border;

      EXPECT_EQ(RestOfFrame(form.framing, begin, cursor), all.substr(cut, borders[border] - cut));
    }
  }
}

TEST(FrameLog, AFrameLongerThanItsRoomIsStillWhole) {
  SegmentPool pool;
  FrameLog log(pool);
  Append(log, "one");
  const LogCursor begin = log.CursorAt(log.begin());
  const std::string huge(SegmentPool::kSmallestBytes + 1, 'h');
  log.Append(1, [&](std::string& out) { out += huge; });
  Append(log, "two");

  EXPECT_EQ(Read(begin, log.end()), Frame("one") + huge + Frame("two"));
  EXPECT_GT(pool.bytes_in_use(), huge.size());
  Flush(log);
  EXPECT_GT(pool.bytes_in_use(), 0u);  // the cursor's
}

TEST(SegmentPool, HandsAUsedSegmentOutAgain) {
  SegmentPool pool;
  Segment* const used = pool.Take(3000);
  used->bytes = "x";
  SegmentRef{used};
  EXPECT_EQ(pool.bytes_in_use(), 0u);
  EXPECT_EQ(pool.bytes_kept(), 4096u);

  const SegmentRef again(pool.Take(4096));
  EXPECT_EQ(again.get(), used);
  EXPECT_EQ(again->bytes, "");
  EXPECT_EQ(pool.bytes_in_use(), 4096u);
  EXPECT_EQ(pool.bytes_kept(), 0u);
}

TEST(SegmentPool, DoesNotKeepOneThatHasGrown) {
  SegmentPool pool;
  {
    SegmentRef grown(pool.Take(1));
    grown->bytes.resize(5000);
    pool.CountAgain(*grown.get());
    EXPECT_EQ(pool.bytes_in_use(), grown->bytes.capacity());
  }
  EXPECT_EQ(pool.bytes_in_use(), 0u);
  EXPECT_EQ(pool.bytes_kept(), 0u);
}

TEST(SegmentPool, KeepsNoMoreThanItsLimit) {
  SegmentPool pool;
  std::vector<SegmentRef> held;
  for (int i = 0; i < 200; ++i) held.emplace_back(pool.Take(SegmentPool::kLargestBytes));
  held.clear();

  EXPECT_LE(pool.bytes_kept(), SegmentPool::kKeptBytesMax);
  EXPECT_EQ(pool.bytes_in_use(), 0u);
}

}  // namespace
}  // namespace tidemill::hub
