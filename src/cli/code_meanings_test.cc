#include "cli/code_meanings.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "realtime/protocol/codes.h"

namespace tidemill::cli {
namespace {

TEST(CodeMeanings, AreThereForEachCodeAndNoOther) {
  std::set<std::uint32_t> wanted;
  for (const auto& each : protocol::AllErrorCodes()) wanted.insert(each.code);
  for (const auto& each : protocol::AllUnsubscribeCodes()) wanted.insert(each.code);
  for (const auto& each : protocol::AllDisconnectCodes()) wanted.insert(each.code);
  std::set<std::uint32_t> explained;
  for (const CodeMeaning& each : AllCodeMeanings()) {
    EXPECT_TRUE(explained.empty() || *explained.rbegin() < each.code) << each.code;
    explained.insert(each.code);
    EXPECT_FALSE(each.meaning.empty()) << each.code;
  }
  EXPECT_EQ(explained, wanted);
}

TEST(CodeMeanings, ThePageOfTheGuideIsWhatTheyMake) {
  std::ifstream file(TM_DOCS "/guide/codes.md");
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), CodesAsMarkdown()) << "tidemill codes --markdown >docs/guide/codes.md";
}

}  // namespace
}  // namespace tidemill::cli
