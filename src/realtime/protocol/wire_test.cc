#include "realtime/protocol/wire.h"

#include <gtest/gtest.h>

#include <limits>
#include <protozero/pbf_reader.hpp>
#include <vector>

namespace tidemill::protocol {
namespace {

using namespace std::string_view_literals;

TEST(TakeVarint, ReadsOneToTenBytes) {
  struct Case {
    const char* name;
    std::string_view bytes;
    std::uint64_t want;
    std::size_t rest;
  };
  const Case cases[] = {
      {"zero", "\x00"sv, 0, 0},
      {"one byte, more follows", "\x7f\x01", 127, 1},
      {"two bytes", "\x80\x01", 128, 0},
      {"overlong zero", "\x80\x80\x00"sv, 0, 0},
      {"2^32", "\x80\x80\x80\x80\x10", 1ull << 32, 0},
      {"all ones", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", std::numeric_limits<std::uint64_t>::max(), 0},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    std::string_view bytes = c.bytes;
    WireStatus status;
    EXPECT_EQ(TakeVarint(bytes, status), c.want);
    EXPECT_TRUE(status.ok());
    EXPECT_EQ(bytes.size(), c.rest);
  }
}

TEST(TakeVarint, RefusesWhatDoesNotEndOrFit) {
  for (const std::string_view input :
       {""sv, "\x80"sv, "\xff\xff\xff\xff\xff\xff\xff\xff\xff"sv,
        "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"sv, "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00"sv,
        "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"sv}) {
    SCOPED_TRACE(input.size());
    std::string_view bytes = input;
    WireStatus status;
    TakeVarint(bytes, status);
    EXPECT_FALSE(status.ok());
  }
}

TEST(TakeDelimited, RefusesALengthOverTheRest) {
  struct Case {
    std::string_view bytes;
    bool ok;
    std::string_view want;
  };
  const Case cases[] = {
      {"\x00"sv, true, ""},
      {"\x02hi!", true, "hi"},
      {"\x03hi", false, ""},
      {""sv, false, ""},
      {"\xff\xff\xff\xff\x0f", false, ""},
      // 2^32 + 2: no two bytes if a reader keeps 32 bits of it
      {"\x82\x80\x80\x80\x10hi", false, ""},
      {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", false, ""},
  };
  for (const Case& c : cases) {
    std::string_view bytes = c.bytes;
    WireStatus status;
    EXPECT_EQ(TakeDelimited(bytes, status), c.want);
    EXPECT_EQ(status.ok(), c.ok);
  }
}

// What the message's first field is, read as each type; "" or what went wrong.
std::string Problem(std::string_view message, char as) {
  WireStatus status;
  WireReader wire(message, status);
  while (wire.Next()) {
    if (as == 'v') wire.Integer<std::uint64_t>();
    if (as == 'b') wire.Bytes();
    if (as == 't') wire.Text();
    if (as == 'i') wire.Integer<std::int32_t>();
    if (as == 'u') wire.Integer<std::uint32_t>();
  }
  return status.ok() ? "" : status.what;
}

TEST(WireReader, AcceptsAndRefusesFields) {
  struct Case {
    const char* name;
    std::string_view message;
    char as;  // 's': skip
    const char* want;
  };
  const Case cases[] = {
      {"empty", "", 's', ""},
      {"varint", "\x08\x05", 'v', ""},
      {"bytes", "\x0a\x02hi", 'b', ""},
      {"fixed64 skipped", "\x09\1\2\3\4\5\6\7\x08", 's', ""},
      {"fixed32 skipped", "\x0d\1\2\3\4", 's', ""},
      {"fixed64 cut", "\x09\1\2\3\4\5\6\7", 's', "number without end"},
      {"fixed32 cut", "\x0d\1\2\3", 's', "number without end"},
      {"varint where bytes are due", "\x08\x05", 'b', "wrong wire type"},
      {"bytes where a varint is due", "\x0a\x00"sv, 'v', "wrong wire type"},
      {"fixed where a varint is due", "\x0d\1\2\3\4", 'u', "wrong wire type"},
      {"group skipped", "\x0b\x08\x05\x12\x02hi\x19\1\2\3\4\5\6\7\x08\x25\1\2\3\4\x0c\x08\x05", 's', ""},
      {"empty group", "\x0b\x0c", 's', ""},
      {"group in a group", "\x0b\x13\x0b\x0c\x14\x0c", 's', ""},
      {"group where a varint is due", "\x0b\x0c", 'v', "wrong wire type"},
      {"group where bytes are due", "\x0b\x0a\x00\x0c"sv, 'b', "wrong wire type"},
      {"group without end", "\x0b", 's', "a group without end"},
      {"group cut", "\x0b\x08", 's', "varint without end"},
      {"group with an unknown type in it", "\x0b\x0e", 's', "unknown wire type"},
      {"group with another's end", "\x0b\x14", 's', "the end of another group"},
      {"groups that cross", "\x0b\x13\x0c\x14", 's', "the end of another group"},
      {"group end", "\x0c", 's', "the end of a group that did not begin"},
      {"wire type 6", "\x0e", 's', "unknown wire type"},
      {"wire type 7", "\x0f", 's', "unknown wire type"},
      {"field 0", "\x00\x00"sv, 's', "field number out of range"},
      {"greatest field", "\xf8\xff\xff\xff\x0f\x00"sv, 's', ""},
      {"field over 29 bits", "\x80\x80\x80\x80\x10\x00"sv, 's', "field number out of range"},
      {"field over 32 bits", "\x88\x80\x80\x80\x80\x01\x00"sv, 's', "field number out of range"},
      {"tag alone", "\x08", 'v', "varint without end"},
      {"length over the rest", "\x0a\x03hi", 'b', "length over the rest"},
      {"text not UTF-8", "\x0a\x01\xff", 't', "invalid UTF-8"},
      {"bytes not UTF-8", "\x0a\x01\xff", 'b', ""},
      {"uint32 greatest", "\x08\xff\xff\xff\xff\x0f", 'u', ""},
      {"uint32 over", "\x08\x80\x80\x80\x80\x10", 'u', "number out of range"},
      {"int32 negative", "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 'i', ""},
      {"int32 over", "\x08\x80\x80\x80\x80\x08", 'i', "number out of range"},
      {"second field broken", "\x08\x05\x0a\x09", 's', "length over the rest"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(Problem(c.message, c.as), c.want);
  }
}

TEST(WireReader, BoundsGroupsInGroups) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '\x0b') + std::string(depth, '\x0c');
  };
  EXPECT_EQ(Problem(nested(100), 's'), "");
  EXPECT_EQ(Problem(nested(101), 's'), "groups in groups without end");
  EXPECT_EQ(Problem(nested(1'000'000), 's'), "groups in groups without end");
}

TEST(WireWriter, WritesWhatAnotherReaderReads) {
  for (const std::size_t size :
       {0u, 1u, 120u, 124u, 125u, 126u, 127u, 128u, 129u, 300u, 16383u, 16384u, 70000u}) {
    SCOPED_TRACE(size);
    std::string out = "before";
    WireWriter wire(out);
    wire.Varint(1, 0);
    wire.Varint(2, std::numeric_limits<std::uint64_t>::max());
    wire.Bytes(3, "");
    wire.Message(4, [&](WireWriter& nested) {
      nested.Bytes(1, std::string(size, 'x'));
      nested.Message(20, [](WireWriter&) {});
    });
    wire.Varint(5, 300);

    protozero::pbf_reader reader(out.data() + 6, out.size() - 6);
    ASSERT_TRUE(reader.next(2));
    EXPECT_EQ(reader.get_uint64(), std::numeric_limits<std::uint64_t>::max());
    ASSERT_TRUE(reader.next());
    ASSERT_EQ(reader.tag(), 4u);
    protozero::pbf_reader nested = reader.get_message();
    if (size > 0) {
      ASSERT_TRUE(nested.next(1));
      EXPECT_EQ(nested.get_string(), std::string(size, 'x'));
    }
    ASSERT_TRUE(nested.next(20));
    EXPECT_EQ(nested.get_view().size(), 0u);
    EXPECT_FALSE(nested.next());
    ASSERT_TRUE(reader.next(5));
    EXPECT_EQ(reader.get_uint32(), 300u);
    EXPECT_FALSE(reader.next());
  }
}

// A guess saves moving the bytes; it changes nothing in them.
TEST(AppendDelimited, WritesTheShortestLengthWhateverWasGuessed) {
  for (const std::size_t size : {0u, 1u, 127u, 128u, 16383u, 16384u, 70000u}) {
    const std::string content(size, 'c');
    std::string expected = "before";
    AppendVarint(size, expected);
    expected += content;
    for (const std::uint64_t guess : {0u, 127u, 128u, 16383u, 16384u, 3'000'000u}) {
      std::string out = "before";
      AppendDelimited(out, [&] { out += content; }, guess);
      EXPECT_TRUE(out == expected) << size << " guessed " << guess;
      EXPECT_EQ(out.size(), 6 + VarintBytes(size) + size);
    }
  }
}

}  // namespace
}  // namespace tidemill::protocol
