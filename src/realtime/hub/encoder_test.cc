#include "realtime/hub/encoder.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "realtime/hub/framing.h"

namespace tidemill::hub {
namespace {

using protocol::Direction;
using protocol::Encoding;
using protocol::Publication;

std::string BytesOf(const FrameLog& log) {
  iovec ranges[16];
  const std::size_t count = Ranges(log.CursorAt(log.begin()), log.end(), ranges, 16);
  std::string bytes;
  for (std::size_t i = 0; i < count; ++i)
    bytes.append(static_cast<const char*>(ranges[i].iov_base), ranges[i].iov_len);
  return bytes;
}

std::string FrameOf(const Form& form, const Publication& publication) {
  std::string message;
  protocol::AppendPublicationPush(form.encoding, "news", publication, message, form.direction);
  std::string frame;
  AppendFrame(form, message, frame);
  return frame;
}

const Form kPlainForms[] = {
    {},
    {.join_leave = true},
    {.direction = Direction::kUnidirectional},
    {.framing = Framing::kEventStream},
    {.framing = Framing::kEventStream, .direction = Direction::kUnidirectional},
    {.framing = Framing::kLines},
    {.framing = Framing::kLines, .direction = Direction::kUnidirectional},
    {.encoding = Encoding::kProtobuf},
    {.encoding = Encoding::kProtobuf, .framing = Framing::kDelimited},
    {.encoding = Encoding::kProtobuf,
     .framing = Framing::kDelimited,
     .direction = Direction::kUnidirectional},
};

// Whichever form comes first is encoded in place; the others have its bytes.
TEST(Encoder, EveryFormGetsItsFrameInAnyOrder) {
  SegmentPool pool;
  Encoder encoder(128);
  const std::size_t count = std::size(kPlainForms);
  for (std::size_t first = 0; first < count; ++first) {
    std::vector<std::unique_ptr<FrameLog>> logs;
    std::vector<std::string> expected(count);
    for (std::size_t i = 0; i < count; ++i) logs.push_back(std::make_unique<FrameLog>(pool));
    // Sizes on either side of where a header grows, so that guesses from the one before are wrong.
    for (const std::size_t size : {1u, 5000u, 40u, 80u, 90u, 70000u, 65480u, 3u}) {
      const Publication publication{.data = std::string(size, '1'), .offset = size, .data_is_json = true};
      encoder.Begin("news", publication);
      for (std::size_t i = 0; i < count; ++i) {
        const std::size_t at = (first + i) % count;
        EXPECT_TRUE(encoder.AppendTo(*logs[at], kPlainForms[at]));
        expected[at] += FrameOf(kPlainForms[at], publication);
      }
    }
    for (std::size_t i = 0; i < count; ++i) {
      SCOPED_TRACE(i);
      EXPECT_TRUE(BytesOf(*logs[i]) == expected[i]);
      EXPECT_EQ(logs[i]->frames(), 8u);
    }
  }
}

TEST(Encoder, APlainFormBesideACompressedOneGetsTheWholeMessage) {
  const Form deflated{.compressed = true};
  const Publication publication{.data = std::string(2000, '1'), .data_is_json = true};
  for (const bool compressed_first : {true, false}) {
    SCOPED_TRACE(compressed_first);
    SegmentPool pool;
    Encoder encoder(128);
    FrameLog plain_log(pool);
    FrameLog deflated_log(pool);
    encoder.Begin("news", publication);
    if (compressed_first) encoder.AppendTo(deflated_log, deflated);
    encoder.AppendTo(plain_log, {});
    if (!compressed_first) encoder.AppendTo(deflated_log, deflated);

    EXPECT_EQ(BytesOf(plain_log), FrameOf({}, publication));
    EXPECT_EQ(BytesOf(deflated_log)[0], '\xc1');
    EXPECT_LT(BytesOf(deflated_log).size(), 200u);
  }
}

TEST(Encoder, RefusesJsonFormsWhatIsNotJson) {
  SegmentPool pool;
  Encoder encoder(128);
  FrameLog log(pool);
  const Publication bytes{.data = "\xff"};
  encoder.Begin("news", bytes);
  EXPECT_FALSE(encoder.AppendTo(log, {}));
  EXPECT_FALSE(encoder.AppendTo(log, {.compressed = true}));
  EXPECT_EQ(log.end(), 0u);
  EXPECT_TRUE(encoder.AppendTo(log, {.encoding = Encoding::kProtobuf}));

  // The next event is looked at anew.
  const Publication json{.data = "[]"};
  encoder.Begin("news", json);
  EXPECT_TRUE(encoder.AppendTo(log, {}));
}

TEST(Encoder, WritesJoinsAndLeaves) {
  SegmentPool pool;
  Encoder encoder(128);
  FrameLog log(pool);
  const protocol::ClientInfo info{.user = "u", .client = "c"};
  const protocol::Push push{.channel = "news", .body = protocol::LeavePush{info}};
  encoder.Begin(push, protocol::InfoPushBytesMax("news", info));
  EXPECT_TRUE(encoder.AppendTo(log, {.framing = Framing::kLines, .direction = Direction::kUnidirectional}));

  EXPECT_EQ(BytesOf(log), R"({"channel":"news","leave":{"info":{"user":"u","client":"c"}}})"
                          "\n");
}

}  // namespace
}  // namespace tidemill::hub
