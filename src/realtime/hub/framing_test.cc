#include "realtime/hub/framing.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tidemill::hub {
namespace {

using protocol::Encoding;

constexpr Form kText{.framing = Framing::kWebsocket};
constexpr Form kBinary{.encoding = Encoding::kProtobuf, .framing = Framing::kWebsocket};
constexpr Form kDeflated{.framing = Framing::kWebsocket, .compressed = true};
constexpr Form kEvents{.framing = Framing::kEventStream};
constexpr Form kLines{.framing = Framing::kLines};
constexpr Form kDelimited{.encoding = Encoding::kProtobuf, .framing = Framing::kDelimited};

std::string InPlace(const Form& form, std::size_t guess, std::string_view message, std::string out = "") {
  const FrameStart start = BeginFrame(form, guess, out);
  out += message;
  EXPECT_EQ(EndFrame(form, start, out), message);
  return out;
}

std::string Appended(const Form& form, std::string_view message) {
  std::string out;
  AppendFrame(form, message, out);
  return out;
}

TEST(Framing, PutsTheBytesOfItsKindAround) {
  const std::string m200(200, 'm');
  const std::string m70000(70000, 'm');
  struct Case {
    const char* name;
    Form form;
    std::string message;
    std::string frame;
  };
  const Case cases[] = {
      {"websocket text", kText, "{}", "\x81\x02{}"},
      {"websocket binary", kBinary, "\x01\x02", "\x82\x02\x01\x02"},
      {"websocket deflated", kDeflated, "zz", "\xc1\x02zz"},
      {"websocket, 125 bytes", kText, std::string(125, 'm'), "\x81\x7d" + std::string(125, 'm')},
      {"websocket, 200 bytes", kText, m200, std::string("\x81\x7e\x00\xc8", 4) + m200},
      {"websocket, 70000 bytes", kText, m70000,
       std::string("\x81\x7f\x00\x00\x00\x00\x00\x01\x11\x70", 10) + m70000},
      {"event stream", kEvents, "{}", "data: {}\n\n"},
      {"event stream, a large one", kEvents, m70000, "data: " + m70000 + "\n\n"},
      {"lines", kLines, "{}", "{}\n"},
      {"delimited, as the codec writes it", kDelimited, "\x02xy", "\x02xy"},
      {"delimited, empty", kDelimited, std::string(1, '\0'), std::string(1, '\0')},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(Appended(c.form, c.message), c.frame);
    // Whatever was guessed, and whatever stands before.
    for (const std::size_t guess : {0u, 125u, 126u, 65535u, 65536u}) {
      EXPECT_EQ(InPlace(c.form, guess, c.message), c.frame);
      EXPECT_EQ(InPlace(c.form, guess, c.message, "before"), "before" + c.frame);
    }
    EXPECT_LE(c.frame.size(), c.message.size() + kFrameOverheadMax);
    EXPECT_EQ(FrameBytes(c.form.framing, c.frame), c.frame.size());
    EXPECT_EQ(FrameBytes(c.form.framing, c.frame + c.frame), c.frame.size());
  }
}

// A browser puts the lines together again. A carriage return ends a line there too.
TEST(Framing, EachLineOfAMessageIsOneOfTheEvent) {
  struct Case {
    const char* message;
    const char* frame;
  };
  const Case cases[] = {
      {"", "data: \n\n"},
      {"a\nb", "data: a\ndata: b\n\n"},
      {"a\r\nb", "data: a\ndata: b\n\n"},
      {"a\rb", "data: a\ndata: b\n\n"},
      {"a\n\nb", "data: a\ndata: \ndata: b\n\n"},
      {"a\n", "data: a\ndata: \n\n"},
      {"\n\r", "data: \ndata: \ndata: \n\n"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.message);
    EXPECT_EQ(Appended(kEvents, c.message), c.frame);
    EXPECT_EQ(FrameBytes(Framing::kEventStream, std::string(c.frame) + "data: next\n\n"),
              std::string(c.frame).size());
  }
}

TEST(Framing, FramesInARowAreFoundOneByOne) {
  for (const Form& form : {kText, kBinary, kEvents, kLines, kDelimited}) {
    SCOPED_TRACE(static_cast<int>(form.framing));
    std::string all;
    std::vector<std::size_t> sizes;
    for (const std::size_t size : {1u, 5u, 124u, 300u, 70000u}) {
      std::string message(size, 'm');
      if (form.framing == Framing::kDelimited) {
        message.clear();
        protocol::AppendPublicationPush(form.encoding, "news", {.data = std::string(size, 'm')}, message);
      }
      const std::size_t before = all.size();
      AppendFrame(form, message, all);
      sizes.push_back(all.size() - before);
    }
    std::string_view rest = all;
    for (const std::size_t size : sizes) {
      ASSERT_EQ(FrameBytes(form.framing, rest), size);
      rest.remove_prefix(size);
    }
    EXPECT_EQ(rest, "");
  }
}

}  // namespace
}  // namespace tidemill::hub
