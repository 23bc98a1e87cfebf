#include "realtime/delta/fossil.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/utf8.h"
#include "realtime/delta/testing/apply_delta.h"

namespace tidemill::delta {
namespace {

std::string Repeated(std::string_view text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += text;
  return out;
}

TEST(FossilEncoder, WritesWhatTheProtocolsServerWrites) {
  const std::string filler(60, 'x');
  FossilEncoder encoder;
  // As recorded from a server of the protocol.
  EXPECT_EQ(encoder.Encode(R"({"k":")" + filler + R"(","v":1})", R"({"k":")" + filler + R"(","v":2})"),
            "1A\n18@0,2:2}PHgvG;");
}

TEST(FossilEncoder, IsAppliedToTheSourceAndNeverLargerThanTheTarget) {
  const std::string long_text = Repeated("The quick brown fox jumps over the lazy dog. ", 40);
  struct Case {
    const char* name;
    std::string source;
    std::string target;
    bool smaller;
  };
  const Case cases[] = {
      {"both empty", "", "", false},
      {"nothing before", "", long_text, false},
      {"nothing after", long_text, "", false},
      {"the same", long_text, long_text, true},
      {"short and the same", "abc", "abc", false},
      {"nothing in common", std::string(400, 'a'), std::string(400, 'b'), false},
      {"a byte in the middle", long_text, std::string(long_text).replace(900, 1, "#"), true},
      {"something in front", long_text, "0123456789" + long_text, true},
      {"something behind", long_text, long_text + "0123456789", true},
      {"the front is gone", long_text, long_text.substr(7), true},
      {"two halves change places", long_text + Repeated("0123456789", 60),
       Repeated("0123456789", 60) + long_text, true},
      {"a run grows", std::string(1000, 'a'), std::string(1100, 'a'), true},
      {"a run shrinks", std::string(1100, 'a'), std::string(1000, 'a'), true},
      {"zero bytes", std::string(100, '\0') + "x", std::string(100, '\0') + "y", true},
      {"words cut apart", Repeated("żółć", 50), Repeated("żółć", 20) + "źólć" + Repeated("żółć", 29), true},
  };
  FossilEncoder encoder;
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto delta = encoder.Encode(c.source, c.target);
    ASSERT_EQ(delta.has_value(), c.smaller);
    if (!delta) continue;
    EXPECT_LT(delta->size(), c.target.size());
    const auto applied = ApplyFossil(c.source, *delta);
    ASSERT_TRUE(applied) << applied.error().detail;
    EXPECT_EQ(*applied, c.target);
  }
}

// Random changes to random text, of few different letters so that blocks repeat, and of many.
TEST(FossilEncoder, AnyChangeIsApplied) {
  std::mt19937 random(42);
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  FossilEncoder encoder;
  std::size_t made = 0;
  for (int round = 0; round < 3000; ++round) {
    const std::size_t letters = round % 3 == 0 ? 2 : round % 3 == 1 ? 26 : 256;
    std::string source(below(1500), 0);
    for (char& c : source) c = static_cast<char>(letters == 256 ? below(256) : 'a' + below(letters));
    std::string target = source;
    for (std::size_t change = below(6); change > 0; --change) {
      const std::size_t at = below(target.size() + 1);
      const std::string piece = source.substr(below(source.size() + 1), below(200));
      switch (below(3)) {
        case 0: target.insert(at, piece); break;
        case 1: target.erase(at, below(100)); break;
        default: target.replace(at, std::min<std::size_t>(below(9), target.size() - at), "changed");
      }
    }
    const auto delta = encoder.Encode(source, target);
    if (!delta) continue;
    ++made;
    ASSERT_LT(delta->size(), target.size());
    const auto applied = ApplyFossil(source, *delta);
    ASSERT_TRUE(applied) << applied.error().detail << " in round " << round;
    ASSERT_EQ(*applied, target) << "in round " << round;
  }
  EXPECT_GT(made, 2000u);
}

// JSON connections carry a delta as a text.
TEST(FossilEncoder, OfTextIsText) {
  const std::string_view characters[] = {"a", "é", "ż", "€", "語", "😀", "😃", "\xe2\x82\xad"};
  std::mt19937 random(7);
  FossilEncoder encoder;
  std::size_t made = 0;
  for (int round = 0; round < 2000; ++round) {
    std::vector<std::string_view> text(20 + random() % 200);
    for (auto& c : text) c = characters[random() % std::size(characters)];
    std::string source;
    for (const auto c : text) source += c;
    for (std::size_t i = 0; i < 3; ++i)
      text[random() % text.size()] = characters[random() % std::size(characters)];
    std::string target;
    for (const auto c : text) target += c;
    const auto delta = encoder.Encode(source, target);
    if (!delta) continue;
    ++made;
    ASSERT_TRUE(IsUtf8(*delta));
    const auto applied = ApplyFossil(source, *delta);
    ASSERT_TRUE(applied);
    ASSERT_EQ(*applied, target);
  }
  EXPECT_GT(made, 1000u);
}

// Data that make a search which looks at every place that is alike take quadratic time: 256 KiB of each would
// take it minutes.
TEST(FossilEncoder, HostileDataTakeNoLongerThanOthers) {
  constexpr std::size_t kBytes = 256 * 1024;
  const std::string block = "0123456789abcdef";
  // The same block over and over, and in the target broken off just before a long match would end.
  std::string runs = Repeated(block, kBytes / block.size());
  std::string broken;
  for (std::size_t i = 0; broken.size() < kBytes; ++i)
    broken += block + block.substr(0, 15) + static_cast<char>(i);
  // Blocks that differ in their last byte only, in the source at their places and in the target moved by one.
  std::string numbered;
  for (std::size_t i = 0; numbered.size() < kBytes; ++i)
    numbered += "aaaaaaaaaaaa" + std::to_string(1000 + i % 9000);
  const std::pair<std::string, std::string> pairs[] = {
      {runs, broken},
      {broken, runs},
      {runs, "x" + runs},
      {numbered, "x" + numbered},
      {numbered, runs + "end"},
      {broken, "x" + broken + "y"},
      {std::string(kBytes, 'a'), broken},
      {std::string(kBytes, '\x80'), "x" + std::string(kBytes, '\x80')}};
  FossilEncoder encoder;
  std::int64_t longest_us = 0;
  for (const auto& [source, target] : pairs) {
    const std::int64_t begun = MonotonicMicros();
    const auto delta = encoder.Encode(source, target);
    longest_us = std::max(longest_us, MonotonicMicros() - begun);
    if (delta) {
      EXPECT_EQ(ApplyFossil(source, *delta).value_or(""), target);
    }
  }
  RecordProperty("longest_us", static_cast<int>(longest_us));
  EXPECT_LT(longest_us, 2'000'000);  // without optimization, on a machine that does other things too
}

}  // namespace
}  // namespace tidemill::delta
