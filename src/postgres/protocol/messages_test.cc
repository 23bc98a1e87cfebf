#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "postgres/protocol/backend.h"
#include "postgres/protocol/frontend.h"
#include "postgres/protocol/wire.h"

namespace tidemill::postgres {
namespace {

using namespace std::string_literals;

TEST(FrontendMessages, AreWrittenAsDocumented) {
  std::string out;
  const std::uint32_t oids[] = {23, 0};
  AppendParse(out, "s1", "select $1", oids);
  EXPECT_EQ(out, "P\0\0\0\x1bs1\0select $1\0\0\2\0\0\0\x17\0\0\0\0"s);
  out.clear();
  AppendDescribe(out, Target::kStatement, "s1");
  AppendExecute(out, "", 7);
  AppendClose(out, Target::kPortal, "p");
  AppendFlush(out);
  AppendSync(out);
  AppendTerminate(out);
  EXPECT_EQ(out,
            "D\0\0\0\x08Ss1\0"
            "E\0\0\0\x09\0\0\0\0\7"
            "C\0\0\0\x07Pp\0"
            "H\0\0\0\4S\0\0\0\4X\0\0\0\4"s);
  out.clear();
  AppendCancelRequest(out, 5, "abcd");
  EXPECT_EQ(out, "\0\0\0\x10\x04\xd2\x16\x2e\0\0\0\5abcd"s);
}

std::string Bound(const sql::Parameters& parameters) {
  std::string out;
  AppendBind(out, {.portal = {}, .statement = {}, .parameters = parameters, .result_formats = {}});
  EXPECT_EQ(GetUint32(out.data() + 1), out.size() - 1);
  return out.substr(5 + 2, out.size() - 5 - 2 - 2);
}

TEST(FrontendMessages, BindWritesParametersAsTextAndBytesAsTheyAre) {
  EXPECT_EQ(Bound({}), "\0\0\0\0"s);
  EXPECT_EQ(Bound({sql::Null{}, true, std::int64_t{-5}}), "\0\0\0\3\xff\xff\xff\xff\0\0\0\1t\0\0\0\2-5"s);
  EXPECT_EQ(Bound({sql::Bytes{"\0x"s}, "t"s}), "\0\2\0\1\0\0\0\2\0\0\0\2\0x\0\0\0\1t"s);
  EXPECT_EQ(Bound({0.1}), "\0\0\0\1\0\0\0\3"s + "0.1");
  EXPECT_EQ(Bound({-std::numeric_limits<double>::infinity()}), "\0\0\0\1\0\0\0\x09-Infinity"s);
  EXPECT_EQ(Bound({std::vector<std::int64_t>{1, -2}}), "\0\0\0\1\0\0\0\6{1,-2}"s);
  EXPECT_EQ(Bound({std::vector<std::string>{"a\"b", "", "c\\"}}),
            "\0\0\0\1\0\0\0\x11{\"a\\\"b\",\"\",\"c\\\\\"}"s);
}

TEST(FrontendMessages, SizeOfIsNeverTooSmall) {
  const sql::Parameters parameters = {sql::Null{},
                                      true,
                                      std::numeric_limits<std::int64_t>::min(),
                                      -1.7976931348623157e+308,
                                      -5e-324,
                                      std::string(100, 'x'),
                                      sql::Bytes{"12"},
                                      std::vector<std::int64_t>(5, std::numeric_limits<std::int64_t>::min()),
                                      std::vector<std::string>{"\"\"\"", ""}};
  for (const sql::Parameter& parameter : parameters)
    EXPECT_LE(Bound({parameter}).size() - 4, SizeOf(parameter));
}

TEST(BackendMessages, AnErrorKeepsItsFields) {
  const auto message = ParseServerMessage(
      "SFEHLER\0VERROR\0C23505\0Mdoppelt\0DKey (id)=(1)\0Hnone\0P7\0spublic\0tthings\0cid\0nthings_pkey\0"
      "F..\0L1\0R_bt_check_unique\0?new\0\0"s);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->severity, "ERROR");
  EXPECT_EQ(message->routine, "_bt_check_unique");
  EXPECT_EQ(message->failure, (sql::Failure{.kind = sql::FailureKind::kUniqueViolation,
                                            .message = "doppelt",
                                            .code = "23505",
                                            .detail = "Key (id)=(1)",
                                            .hint = "none",
                                            .constraint = "things_pkey",
                                            .table = "things",
                                            .column = "id",
                                            .position = 7}));
  EXPECT_FALSE(ParseServerMessage("SERROR\0Mx"s));
  EXPECT_FALSE(ParseServerMessage("SERROR\0"s)) << "without the last NUL";
}

TEST(BackendMessages, ARowIsReadInPlace) {
  const std::string body = "\0\3\0\0\0\2hi\xff\xff\xff\xff\0\0\0\0"s;
  const sql::Kind kinds[] = {sql::Kind::kText, sql::Kind::kInteger, sql::Kind::kText};
  Slots slots;
  ASSERT_TRUE(ParseDataRow(body, kinds, slots));
  const sql::Row row(body.data(), slots);
  EXPECT_EQ(row[0].text, "hi");
  EXPECT_EQ(row[0].text.data(), body.data() + 6);
  EXPECT_TRUE(row[1].is_null());
  EXPECT_FALSE(row[2].is_null());
  EXPECT_EQ(row[2].text, "");
  for (std::size_t end = 0; end < body.size(); ++end) {
    EXPECT_FALSE(ParseDataRow(body.substr(0, end), kinds, slots)) << end;
  }
  EXPECT_FALSE(ParseDataRow(body + "x", kinds, slots));
  EXPECT_FALSE(ParseDataRow(body, std::span(kinds).first(2), slots));
}

TEST(BackendMessages, ACommandTagTellsWhatWasChanged) {
  struct Case {
    std::string tag;
    std::string_view command;
    std::uint64_t rows;
    std::uint64_t affected;
  };
  const Case cases[] = {
      {"INSERT 0 5", "INSERT", 5, 5},         {"UPDATE 18446744073709551615", "UPDATE", ~0ull, ~0ull},
      {"DELETE 0", "DELETE", 0, 0},           {"MERGE 3", "MERGE", 3, 3},
      {"SELECT 7", "SELECT", 7, 0},           {"COPY 4", "COPY", 4, 0},
      {"CREATE TABLE", "CREATE TABLE", 0, 0}, {"DO", "DO", 0, 0},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.tag);
    const std::string body = c.tag + '\0';
    const auto tag = ParseCommandComplete(body);
    ASSERT_TRUE(tag);
    EXPECT_EQ(tag->command, c.command);
    EXPECT_EQ(tag->rows, c.rows);
    EXPECT_EQ(tag->rows_affected(), c.affected);
  }
  EXPECT_FALSE(ParseCommandComplete("SELECT 7"));
}

TEST(BackendMessages, ARowDescriptionDoesNotBelieveItsCount) {
  const auto columns = ParseRowDescription("\0\1id\0\0\0\x40\0\0\1\0\0\0\x17\0\4\xff\xff\xff\xff\0\0"s);
  ASSERT_TRUE(columns);
  ASSERT_EQ(columns->size(), 1u);
  EXPECT_EQ((*columns)[0],
            (ColumnDescription{
                .name = "id", .table_oid = 0x4000, .attribute = 1, .type_oid = 23, .type_bytes = 4}));
  EXPECT_FALSE(ParseRowDescription("\xff\xffid\0"s));
  EXPECT_FALSE(ParseParameterDescription("\0\2\0\0\0\x17"s));
  EXPECT_EQ(ParseParameterDescription("\0\1\0\0\0\x17"s), std::vector<std::uint32_t>{23});
}

TEST(BackendMessages, TheSmallOnes) {
  EXPECT_EQ(ParseReadyForQuery("T"), TransactionStatus::kOpen);
  EXPECT_FALSE(ParseReadyForQuery("x"));
  const std::string notified = "\0\0\0\7news\0hello\0"s;
  const auto notification = ParseNotification(notified);
  ASSERT_TRUE(notification);
  EXPECT_EQ(notification->process_id, 7);
  EXPECT_EQ(notification->channel, "news");
  EXPECT_EQ(notification->payload, "hello");
  const std::string reported = "TimeZone\0UTC\0"s;
  EXPECT_EQ(ParseParameterStatus(reported)->value, "UTC");
  EXPECT_FALSE(ParseParameterStatus("TimeZone\0UTC"s));
  EXPECT_EQ(ParseCopyResponse("\1\0\2\0\1\0\0"s)->binary_columns, (std::vector<bool>{true, false}));
  EXPECT_FALSE(ParseCopyResponse("\0\0\2\0\0"s));
}

}  // namespace
}  // namespace tidemill::postgres
