#include "realtime/filter/filter.h"

#include <gtest/gtest.h>

#include <string>

#include "realtime/filter/decimal.h"

namespace tidemill::filter {
namespace {

using protocol::Encoding;

std::string Leaf(std::string_view cmp, std::string_view rest) {
  return R"({"key":"k","cmp":")" + std::string(cmp) + '"' + std::string(rest) + "}";
}

bool Matches(std::string_view json, const protocol::Tags& tags) {
  const auto filter = Filter::Parse(Encoding::kJson, json);
  EXPECT_TRUE(filter) << (filter ? "" : filter.error()) << " " << json;
  return filter && (*filter)->Matches(tags);
}

std::string WhyNot(std::string_view json) {
  const auto filter = Filter::Parse(Encoding::kJson, json);
  return filter ? "" : std::string(filter.error().substr(std::string_view("bad request: ").size()));
}

TEST(Filter, ComparesATag) {
  struct Case {
    const char* cmp;
    const char* rest;
    const char* value;  // null: the tag is not there
    bool matches;
  };
  const Case cases[] = {
      {"eq", R"(,"val":"a")", "a", true},
      {"eq", R"(,"val":"a")", "b", false},
      {"eq", R"(,"val":"a")", nullptr, false},
      {"neq", R"(,"val":"a")", "a", false},
      {"neq", R"(,"val":"a")", "b", true},
      {"neq", R"(,"val":"a")", nullptr, true},
      {"in", R"(,"vals":["a","b"])", "b", true},
      {"in", R"(,"vals":["a","b"])", "c", false},
      {"in", R"(,"vals":["a",""])", nullptr, true},
      {"in", R"(,"vals":["a"])", nullptr, false},
      {"nin", R"(,"vals":["a","b"])", "b", false},
      {"nin", R"(,"vals":["a","b"])", "c", true},
      {"nin", R"(,"vals":["a"])", nullptr, true},
      {"nin", R"(,"vals":[""])", nullptr, false},
      {"ex", "", "", true},
      {"ex", "", nullptr, false},
      {"nex", "", "", false},
      {"nex", "", nullptr, true},
      {"sw", R"(,"val":"ab")", "abc", true},
      {"sw", R"(,"val":"bc")", "abc", false},
      {"ew", R"(,"val":"bc")", "abc", true},
      {"ew", R"(,"val":"ab")", "abc", false},
      {"ct", R"(,"val":"bc")", "abcd", true},
      {"ct", R"(,"val":"bd")", "abcd", false},
      {"ct", R"(,"val":"b")", nullptr, false},
      {"lt", R"(,"val":"10")", "9.5", true},
      {"lt", R"(,"val":"10")", "10", false},
      {"lte", R"(,"val":"10")", "10.000", true},
      {"gt", R"(,"val":"-1")", "0", true},
      {"gt", R"(,"val":"9")", "10", true},
      {"gte", R"(,"val":"10")", "9.99", false},
      {"gt", R"(,"val":"1")", "two", false},
      {"lt", R"(,"val":"one")", "0", false},
      {"gt", R"(,"val":"1")", nullptr, false},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(std::string(c.cmp) + c.rest + " of " + (c.value ? c.value : "nothing"));
    protocol::Tags tags = {{"other", "x"}};
    if (c.value) tags.emplace_back("k", c.value);
    EXPECT_EQ(Matches(Leaf(c.cmp, c.rest), tags), c.matches);
  }
}

TEST(Filter, CombinesNodes) {
  const std::string a = Leaf("sw", R"(,"val":"a")");
  const std::string z = Leaf("ew", R"(,"val":"z")");
  const auto of = [](std::string_view op, const std::string& nodes) {
    return R"({"op":")" + std::string(op) + R"(","nodes":[)" + nodes + "]}";
  };
  EXPECT_TRUE(Matches(of("and", a + "," + z), {{"k", "abz"}}));
  EXPECT_FALSE(Matches(of("and", a + "," + z), {{"k", "ab"}}));
  EXPECT_TRUE(Matches(of("or", a + "," + z), {{"k", "ab"}}));
  EXPECT_FALSE(Matches(of("or", a + "," + z), {{"k", "b"}}));
  EXPECT_TRUE(Matches(of("not", a), {{"k", "b"}}));
  EXPECT_FALSE(Matches(of("not", of("or", a + "," + of("and", z))), {{"k", "z"}}));
}

TEST(Filter, FindsATagAmongMany) {
  protocol::Tags tags;
  for (int i = 0; i < 100; ++i) tags.emplace_back("t" + std::to_string(i), std::to_string(i));
  tags.emplace_back("t7", "the last");
  EXPECT_TRUE(Matches(R"({"key":"t99","cmp":"eq","val":"99"})", tags));
  EXPECT_TRUE(Matches(R"({"key":"t7","cmp":"eq","val":"the last"})", tags));
  EXPECT_TRUE(Matches(R"({"key":"t","cmp":"nex"})", tags));
  EXPECT_TRUE(Matches(R"({"key":"u","cmp":"nex"})", tags));
}

TEST(Filter, SaysWhatIsWrong) {
  EXPECT_EQ(WhyNot("{}"), "tf: a node without op needs cmp");
  EXPECT_EQ(WhyNot(R"({"cmp":"like","key":"k","val":"v"})"), "tf: unknown cmp");
  EXPECT_EQ(WhyNot(R"({"cmp":"eq","val":"v"})"), "tf: this cmp needs key");
  EXPECT_EQ(WhyNot(R"({"cmp":"eq","key":"k"})"), "tf: this cmp needs val");
  EXPECT_EQ(WhyNot(R"({"cmp":"eq","key":"k","val":"v","vals":["v"]})"), "tf: only in and nin take vals");
  EXPECT_EQ(WhyNot(R"({"cmp":"in","key":"k"})"), "tf: in and nin need vals");
  EXPECT_EQ(WhyNot(R"({"cmp":"in","key":"k","vals":["v"],"val":"v"})"), "tf: this cmp does not take val");
  EXPECT_EQ(WhyNot(R"({"cmp":"ex","key":"k","val":"v"})"), "tf: this cmp does not take val");
  EXPECT_EQ(WhyNot(R"({"cmp":"ex"})"), "");
  EXPECT_EQ(WhyNot(R"({"op":"xor","nodes":[]})"), "tf: unknown op; there are and, or, not");
  EXPECT_EQ(WhyNot(R"({"op":"and"})"), "tf: and, or, not need nodes");
  EXPECT_EQ(WhyNot(R"({"op":"not","nodes":[{"cmp":"ex"},{"cmp":"ex"}]})"), "tf: not has exactly one node");
  EXPECT_NE(WhyNot(R"({"op":"and","nodes":["x"]})"), "");
  EXPECT_NE(WhyNot(R"({"cmp":"eq","key":"k","val":1})"), "");
}

TEST(Filter, HasLimits) {
  std::string deep = R"({"cmp":"ex"})";
  for (std::size_t i = 1; i < kDepthMax; ++i) deep = R"({"op":"not","nodes":[)" + deep + "]}";
  EXPECT_EQ(WhyNot(deep), "");
  EXPECT_EQ(WhyNot(R"({"op":"not","nodes":[)" + deep + "]}"), "tf: more than 8 nodes inside one another");
  std::string wide;
  for (std::size_t i = 1; i < kNodesMax; ++i)
    wide += std::string(wide.empty() ? "" : ",") + R"({"cmp":"ex"})";
  EXPECT_EQ(WhyNot(R"({"op":"or","nodes":[)" + wide + "]}"), "");
  EXPECT_EQ(WhyNot(R"({"op":"or","nodes":[)" + wide + R"(,{"cmp":"ex"}]})"), "tf: more than 64 nodes");
  EXPECT_EQ(WhyNot(Leaf("eq", R"(,"val":")" + std::string(kFilterBytesMax, 'v') + '"')),
            "tf: more than 4096 bytes");
}

TEST(Filter, OfEitherEncodingIsTheSame) {
  const auto json = Filter::Parse(
      Encoding::kJson,
      R"({"op":"and","nodes":[{"key":"a","cmp":"in","vals":["x","y"]},{"key":"b","cmp":"nex"}]})");
  const std::string in = std::string(
      "\x12\x01"
      "a\x1a\x02"
      "in\x2a\x01x\x2a\x01y");
  const std::string nex = std::string(
      "\x12\x01"
      "b\x1a\x03"
      "nex");
  std::string bytes =
      "\x0a\x03"
      "and";
  bytes += "\x32" + std::string(1, static_cast<char>(in.size())) + in;
  bytes += "\x32" + std::string(1, static_cast<char>(nex.size())) + nex;
  const auto protobuf = Filter::Parse(Encoding::kProtobuf, bytes);
  ASSERT_TRUE(json && protobuf);
  EXPECT_EQ((*json)->canonical(), (*protobuf)->canonical());
  EXPECT_FALSE(Filter::Parse(Encoding::kProtobuf, bytes + "\x32\x7f"));
  EXPECT_FALSE(Filter::Parse(Encoding::kProtobuf, ""));

  const auto other =
      Filter::Parse(Encoding::kJson,
                    R"({"op":"and","nodes":[{"key":"a","cmp":"in","vals":["xy"]},{"key":"b","cmp":"nex"}]})");
  EXPECT_NE((*json)->canonical(), (*other)->canonical());
}

TEST(Filter, SaysHowMuchWorkItIs) {
  const auto work = [](std::string_view json) { return (*Filter::Parse(Encoding::kJson, json))->work(); };
  const std::string plain = Leaf("eq", R"(,"val":"a")");
  EXPECT_EQ(work(plain), 1u);
  EXPECT_EQ(work(R"({"op":"and","nodes":[)" + plain + "," + plain + "]}"), 3u);
  EXPECT_EQ(work(Leaf("lt", R"(,"val":"1")")), 8u);
  EXPECT_EQ(work(Leaf("ct", R"(,"val":"a")")), 100u);
  EXPECT_EQ(work(Leaf("in", R"(,"vals":["1","2","3","4","5","6","7","8"])")), 2u);
}

TEST(Decimals, AreComparedWhateverTheirLength) {
  using std::strong_ordering;
  EXPECT_EQ(CompareDecimals("1", "1.0"), strong_ordering::equal);
  EXPECT_EQ(CompareDecimals("-0", "+0.00"), strong_ordering::equal);
  EXPECT_EQ(CompareDecimals("0012", "12"), strong_ordering::equal);
  EXPECT_EQ(CompareDecimals("0.1", "0.09"), strong_ordering::greater);
  EXPECT_EQ(CompareDecimals("-10", "-9"), strong_ordering::less);
  EXPECT_EQ(CompareDecimals("-1.5", "-1.25"), strong_ordering::less);
  EXPECT_EQ(CompareDecimals("123456789012345678901234567890", "123456789012345678901234567891"),
            strong_ordering::less);
  for (const char* no :
       {"", "-", "+", ".5", "5.", "1.2.3", "1e3", " 1", "--1", "0x1", "1.12345678901234567890"}) {
    EXPECT_FALSE(CompareDecimals(no, "1")) << no;
    EXPECT_FALSE(CompareDecimals("1", no)) << no;
  }
  EXPECT_TRUE(CompareDecimals(std::string(200, '9'), "1"));
  EXPECT_FALSE(CompareDecimals(std::string(201, '9'), "1"));
}

TEST(FilterBoth, MatchesWhatBothMatch) {
  const auto parse = [](std::string_view text) { return *Filter::Parse(protocol::Encoding::kJson, text); };
  const FilterPtr team = parse(R"({"key":"team","cmp":"eq","val":"a"})");
  const FilterPtr role = parse(R"({"op":"or","nodes":[{"key":"role","cmp":"eq","val":"x"},)"
                               R"({"op":"not","nodes":[{"key":"role","cmp":"ex"}]}]})");
  const FilterPtr both = Filter::Both(team, role);
  EXPECT_TRUE(both->Matches({{"team", "a"}, {"role", "x"}}));
  EXPECT_TRUE(both->Matches({{"team", "a"}}));
  EXPECT_FALSE(both->Matches({{"team", "a"}, {"role", "y"}}));
  EXPECT_FALSE(both->Matches({{"team", "b"}, {"role", "x"}}));
  EXPECT_EQ(both->work(), 1 + team->work() + role->work());
  EXPECT_EQ(both->canonical(), Filter::Both(team, role)->canonical());
  EXPECT_NE(both->canonical(), Filter::Both(role, team)->canonical());
  EXPECT_EQ(Filter::Both(nullptr, role), role);
  EXPECT_EQ(Filter::Both(team, nullptr), team);
  EXPECT_EQ(Filter::Both(nullptr, nullptr), nullptr);
}

}  // namespace
}  // namespace tidemill::filter
