#include "redis/cluster/slot_map.h"

#include <gtest/gtest.h>

namespace tidemill::redis {
namespace {

const Endpoint kAsked{.host = "10.0.0.9", .port = 7};

Reply Integer(std::int64_t value) { return {.kind = Reply::Kind::kInteger, .integer = value}; }
Reply String(std::string text) { return {.kind = Reply::Kind::kString, .text = std::move(text)}; }
Reply Array(std::vector<Reply> elements) {
  return {.kind = Reply::Kind::kArray, .elements = std::move(elements)};
}
Reply Range(std::int64_t first, std::int64_t last, Reply host, std::int64_t port) {
  return Array({Integer(first), Integer(last), Array({std::move(host), Integer(port), String("id")})});
}

TEST(SlotMap, IsReadFromClusterSlots) {
  const Reply reply =
      Array({Range(0, 99, String("a"), 1), Range(100, 199, String("b"), 2), Range(200, 200, String("a"), 1),
             Range(300, 300, Reply{}, 3), Range(301, 301, String(""), 3), Range(302, 302, String("?"), 3)});
  SlotMap map = SlotMap::Parse(reply, kAsked).value();
  const Endpoint a{.host = "a", .port = 1};
  const Endpoint b{.host = "b", .port = 2};
  const Endpoint same_host{.host = "10.0.0.9", .port = 3};
  EXPECT_EQ(*map.PrimaryOf(0), a);
  EXPECT_EQ(*map.PrimaryOf(99), a);
  EXPECT_EQ(*map.PrimaryOf(100), b);
  EXPECT_EQ(*map.PrimaryOf(200), a);
  EXPECT_EQ(map.PrimaryOf(201), nullptr);
  for (const std::uint16_t slot : std::initializer_list<std::uint16_t>{300, 301, 302}) {
    EXPECT_EQ(*map.PrimaryOf(slot), same_host);
  }
  EXPECT_EQ(map.Primaries(), (std::vector<Endpoint>{same_host, a, b}));
  EXPECT_EQ(map.AnySlotOf(b), 100);
  EXPECT_EQ(map.AnySlotOf({.host = "c"}), kSlots);
  EXPECT_FALSE(map.covers_all());
}

TEST(SlotMap, MovesSlots) {
  const Endpoint a{.host = "a", .port = 1};
  const Endpoint b{.host = "b", .port = 2};
  SlotMap map = SlotMap::Parse(Array({Range(0, 16383, String("a"), 1)}), kAsked).value();
  EXPECT_TRUE(map.covers_all());
  map.Move(5, b);
  EXPECT_EQ(*map.PrimaryOf(4), a);
  EXPECT_EQ(*map.PrimaryOf(5), b);
  map.Move(5, a);
  EXPECT_EQ(map.Primaries(), std::vector<Endpoint>{a});
  EXPECT_EQ(map.AnySlotOf(b), kSlots);
}

TEST(SlotMap, RefusesWhatIsNoMap) {
  const Reply cases[] = {
      {.kind = Reply::Kind::kError, .text = "ERR This instance has cluster support disabled"},
      {},
      Array({Integer(1)}),
      Array({Array({Integer(0), Integer(1)})}),
      Array({Range(-1, 5, String("a"), 1)}),
      Array({Range(0, 16384, String("a"), 1)}),
      Array({Range(0, 1, String("a"), 0)}),
      Array({Range(0, 1, String("a"), 65536)}),
      Array({Array({Integer(0), Integer(1), String("a")})}),
  };
  for (const Reply& reply : cases) {
    EXPECT_EQ(SlotMap::Parse(reply, kAsked).error().code, Errc::kInvalidArgument) << ToString(reply);
  }
  EXPECT_TRUE(SlotMap::Parse(Array({}), kAsked).value().Primaries().empty());
}

TEST(Redirection, IsParsed) {
  struct Case {
    std::string_view error;
    Redirection::Kind kind;
    std::uint16_t slot;
    Endpoint to;
  };
  const Case cases[] = {
      {"MOVED 3999 127.0.0.1:6381", Redirection::Kind::kMoved, 3999, {.host = "127.0.0.1", .port = 6381}},
      {"ASK 16383 redis-2.local:1", Redirection::Kind::kAsk, 16383, {.host = "redis-2.local", .port = 1}},
      {"MOVED 0 ::1:6381", Redirection::Kind::kMoved, 0, {.host = "::1", .port = 6381}},
      {"MOVED 0 [::1]:6381", Redirection::Kind::kMoved, 0, {.host = "::1", .port = 6381}},
      {"MOVED 0 :6381", Redirection::Kind::kMoved, 0, {.host = "10.0.0.9", .port = 6381}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.error);
    const Result<Redirection> redirection = Redirection::Parse(c.error, kAsked);
    ASSERT_TRUE(redirection);
    EXPECT_EQ(redirection->kind, c.kind);
    EXPECT_EQ(redirection->slot, c.slot);
    EXPECT_EQ(redirection->to, c.to);
  }
  for (const std::string_view error :
       {"", "MOVED", "MOVED ", "MOVED 1", "MOVED 16384 h:1", "MOVED -1 h:1", "MOVED 1 h",
        "MOVED 1 h:", "MOVED 1 h:0", "MOVED 1 h:65536", "ERR 1 h:1"}) {
    EXPECT_FALSE(Redirection::Parse(error, kAsked)) << error;
  }
}

}  // namespace
}  // namespace tidemill::redis
