#include "cli/table.h"

#include <gtest/gtest.h>

namespace tidemill::cli {
namespace {

TEST(Table, AlignsItsColumns) {
  Table table({{"CHANNEL"}, {.head = "CLIENTS", .is_number = true}, {"DATA"}});
  table.Add({"чат", "7", "{}"});
  table.Add({"a-long-name", "12345678", "[1, 2]"});
  table.Add({"empty", "0", ""});
  EXPECT_EQ(table.ToText(),
            "CHANNEL       CLIENTS  DATA\n"
            "чат                 7  {}\n"
            "a-long-name  12345678  [1, 2]\n"
            "empty               0\n");
}

TEST(Table, LetsNothingCommandTheTerminal) {
  EXPECT_EQ(Printable("a\x1b[2J\tb\x7f"), "a\\x1b[2J\\x09b\\x7f");
  EXPECT_EQ(Printable("\xC2\x9b\x32J \xC2\xA0é"), "\\x9b2J \xC2\xA0é");
  EXPECT_EQ(Printable("\xff\xC3"), "\\xff\\xc3");
}

}  // namespace
}  // namespace tidemill::cli
