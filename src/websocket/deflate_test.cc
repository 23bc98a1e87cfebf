#include "websocket/deflate.h"

#include <gtest/gtest.h>

#include "websocket/testing/client_frames.h"

namespace tidemill::websocket {
namespace {

TEST(NegotiateDeflate, TakesTheFirstOfferItCanKeep) {
  const std::string agreed = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
  struct Case {
    const char* offered;
    std::string answer;  // "": declined
  };
  const Case cases[] = {
      {"", ""},
      {"permessage-deflate", agreed},
      {"permessage-deflate; client_max_window_bits", agreed},
      {"permessage-deflate; client_max_window_bits=8", agreed},
      {"permessage-deflate; client_max_window_bits=15", agreed},
      {"permessage-deflate; client_max_window_bits=16", ""},
      {"permessage-deflate; client_max_window_bits=7", ""},
      {"permessage-deflate; client_max_window_bits=010", ""},
      {"permessage-deflate; server_no_context_takeover", agreed},
      {"permessage-deflate; client_no_context_takeover; server_no_context_takeover", agreed},
      {"permessage-deflate; server_no_context_takeover=1", ""},
      {"permessage-deflate; client_no_context_takeover=true", ""},
      {"permessage-deflate; server_max_window_bits=15", agreed + "; server_max_window_bits=15"},
      {"permessage-deflate; server_max_window_bits=\"10\"", agreed + "; server_max_window_bits=10"},
      {"permessage-deflate; server_max_window_bits=9", agreed + "; server_max_window_bits=9"},
      {"permessage-deflate; server_max_window_bits=8", ""},
      {"permessage-deflate; server_max_window_bits=16", ""},
      {"permessage-deflate; server_max_window_bits", ""},
      {"permessage-deflate; server_max_window_bits=1a", ""},
      {"permessage-deflate; server_no_context_takeover; server_no_context_takeover", ""},
      {"permessage-deflate; client_max_window_bits; client_max_window_bits=10", ""},
      {"permessage-deflate; unheard_of", ""},
      {"permessage-bzip2", ""},
      {"x-webkit-deflate-frame", ""},
      {"permessage-bzip2, permessage-deflate", agreed},
      {"permessage-deflate; unheard_of, permessage-deflate", agreed},
      {"permessage-deflate; server_max_window_bits=8, permessage-deflate; server_max_window_bits=12",
       agreed + "; server_max_window_bits=12"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.offered);
    const auto offers = ParseExtensions(c.offered);
    ASSERT_TRUE(offers);
    std::string answer;
    EXPECT_EQ(NegotiateDeflate(*offers, 9, answer).has_value(), !c.answer.empty());
    EXPECT_EQ(answer, c.answer);
  }
}

TEST(NegotiateDeflate, DeclinesWindowsSmallerThanTheCallerCanUse) {
  std::string answer;
  const auto offers = ParseExtensions("permessage-deflate; server_max_window_bits=14");
  EXPECT_FALSE(NegotiateDeflate(*offers, 15, answer));
  EXPECT_TRUE(NegotiateDeflate(*offers, 14, answer));
}

TEST(ParseExtensions, RefusesWhatIsNotAList) {
  for (const char* header : {"a;", "a; b=", "a b", "a; b=\"", "a; b=\"\"", "a; b=\"x y\"", ";", "a;;b", "a=b",
                             "a, b;", "\"a\"", "a; =b", "a; b=\"x\\"}) {
    EXPECT_FALSE(ParseExtensions(header)) << header;
  }
}

TEST(ParseExtensions, ReadsNamesValuesAndEmptyElements) {
  const auto offers = ParseExtensions(" , a ; b = 1;c=\"\\2x\" ,, d\t");
  ASSERT_TRUE(offers);
  ASSERT_EQ(offers->size(), 2u);
  EXPECT_EQ(offers->front().name, "a");
  ASSERT_EQ(offers->front().parameters.size(), 2u);
  EXPECT_EQ(offers->front().parameters[0].value, "1");
  EXPECT_EQ(offers->front().parameters[1].value, "2x");
  EXPECT_EQ(offers->back().name, "d");
}

std::string Prose(std::size_t bytes) {
  std::string text;
  for (unsigned i = 0; text.size() < bytes; ++i)
    text += "{\"id\":" + std::to_string(i * 7919 % 1000) + ",\"on\":true}";
  text.resize(bytes);
  return text;
}

TEST(DeflateMessage, ClientsThatKeepTheirInflaterReadMessageAfterMessage) {
  for (int window_bits = 9; window_bits <= 15; ++window_bits) {
    for (const std::size_t bytes : {60u, 249u, 250u, 251u, 512u, 3000u, 20'000u, 70'000u, 300'000u}) {
      SCOPED_TRACE(testing::Message() << window_bits << " bits, " << bytes << " bytes");
      const std::string first = Prose(bytes);
      const std::string second(bytes, 'z');
      const auto one = DeflateMessage(first, window_bits);
      const auto two = DeflateMessage(second, window_bits);
      ASSERT_TRUE(one && two);
      EXPECT_LT(one->size(), bytes);
      EXPECT_EQ(InflateAsClient({*one, *two, *one}, window_bits), first + '|' + second + '|' + first + '|');
    }
  }
}

TEST(DeflateMessage, GivesNothingWhenItWouldNotBeSmaller) {
  EXPECT_FALSE(DeflateMessage("", 15));
  EXPECT_FALSE(DeflateMessage("a", 15));
  EXPECT_FALSE(DeflateMessage("abcdefgh", 15));
  std::string noise;
  std::uint32_t state = 1;
  for (int i = 0; i < 100'000; ++i) noise += static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  EXPECT_FALSE(DeflateMessage(noise, 15));
}

TEST(MessageInflater, ReadsEachMessageByItself) {
  const auto inflater = MessageInflater::Make({});
  for (const std::string& message : {Prose(100), Prose(100'000), std::string(), std::string("x")}) {
    std::string out;
    ASSERT_TRUE(inflater->Inflate(DeflateAsClient(message), 200'000, out));
    EXPECT_EQ(out, message);
  }
}

TEST(MessageInflater, ReadsABlockMarkedAsLast) {
  // The example of RFC 7692 section 7.2.3.4, and one with a second stream behind the first.
  const std::string hello("\xf3\x48\xcd\xc9\xc9\x07\x00\x00", 8);
  std::string out;
  ASSERT_TRUE(MessageInflater::Make({})->Inflate(hello, 100, out));
  EXPECT_EQ(out, "Hello");
  out.clear();
  ASSERT_TRUE(MessageInflater::Make({})->Inflate(hello.substr(0, 7) + hello, 100, out));
  EXPECT_EQ(out, "HelloHello");
}

TEST(MessageInflater, StopsAtTheLimitWithoutFillingMemory) {
  const std::string bomb = DeflateAsClient(std::string(100 * 1024 * 1024, '\0'));
  ASSERT_LT(bomb.size(), 110'000u);
  std::string out;
  const auto inflated = MessageInflater::Make({})->Inflate(bomb, 65'536, out);
  ASSERT_FALSE(inflated);
  EXPECT_EQ(inflated.error().code, Errc::kLimitExceeded);
  EXPECT_LE(out.size(), 65'537u);
  EXPECT_LE(out.capacity(), 2u * 65'537u);
}

TEST(MessageInflater, RefusesDamage) {
  const std::string good = DeflateAsClient(Prose(1000));
  const std::string damaged[] = {"\xff", good.substr(0, good.size() / 2), good + "\x07",
                                 std::string("\x00\x05\x00\x00", 4), good + std::string(1, '\0')};
  for (const std::string& bytes : damaged) {
    std::string out;
    const auto inflated = MessageInflater::Make({})->Inflate(bytes, 10'000, out);
    ASSERT_FALSE(inflated) << bytes.size();
    EXPECT_EQ(inflated.error().code, Errc::kInvalidArgument);
  }
}

}  // namespace
}  // namespace tidemill::websocket
