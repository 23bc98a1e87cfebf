#include "queries/files/database_problem.h"

#include <gtest/gtest.h>

#include <string>

#include "queries/files/testing/parsed.h"

namespace tidemill::files {
namespace {

using Unit = DatabasePosition::Unit;

constexpr std::string_view kText =
    "-- Gr\xc3\xb6\xc3\x9f"
    "e.\n"
    "select '\xc3\xa4', :customer_id, nmae\n"
    "from orders where id = :id";
constexpr std::string_view kPath = "orders.get.sql";

std::string Shown(std::optional<DatabasePosition> position) {
  const Query query = testing::ParseOne(kPath, kText);
  const std::string shown = Describe(
      kPath, kText, DatabaseProblem(kText, query.statements[0], position, "column \"nmae\" does not exist"));
  return shown.substr(0, shown.find(": column")) + shown.substr(shown.find('\n'));
}

TEST(DatabaseProblem, IsShownAtItsPlaceInTheFile) {
  const std::string sent = testing::ParseOne(kPath, kText).statements[0].sql.text;
  ASSERT_EQ(sent, "select '\xc3\xa4', $1, nmae\nfrom orders where id = $2");
  const std::size_t byte = sent.find("nmae");
  const std::string expected =
      "orders.get.sql:2:27\n"
      "  select '\xc3\xa4', :customer_id, nmae\n"
      "                            ^~~~";
  EXPECT_EQ(Shown(DatabasePosition{Unit::kByteFrom0, byte}), expected);
  EXPECT_EQ(Shown(DatabasePosition{Unit::kCharacterFrom1, byte}), expected)
      << "a byte less, and counted from 1";
}

TEST(DatabaseProblem, OfAParameterIsShownAtItsName) {
  const std::string expected =
      "orders.get.sql:3:24\n"
      "  from orders where id = :id\n"
      "                         ^~~";
  const std::string sent = testing::ParseOne(kPath, kText).statements[0].sql.text;
  EXPECT_EQ(Shown(DatabasePosition{Unit::kByteFrom0, sent.find("$2")}), expected);
  EXPECT_EQ(Shown(DatabasePosition{Unit::kByteFrom0, sent.find("$2") + 1}), expected);
}

TEST(DatabaseProblem, WithoutAPlaceIsShownAtTheStatement) {
  const std::string expected =
      "orders.get.sql:2:1\n"
      "  select '\xc3\xa4', :customer_id, nmae\n"
      "  ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~";
  EXPECT_EQ(Shown(std::nullopt), expected);
  EXPECT_EQ(Shown(DatabasePosition{Unit::kByteFrom0, 1000}), expected);
  EXPECT_EQ(Shown(DatabasePosition{Unit::kCharacterFrom1, 0}), expected);
  EXPECT_EQ(Shown(DatabasePosition{Unit::kCharacterFrom1, 1000}), expected);
}

}  // namespace
}  // namespace tidemill::files
