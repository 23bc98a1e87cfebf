#include "postgres/connection/pipeline.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

namespace tidemill::postgres {
namespace {

// Takes answers until one is refused; gives for each the question's number, and "|" where a segment ends.
std::string Placed(Pipeline& pipeline, std::string_view answers) {
  std::string placed;
  for (const char type : answers) {
    const auto place = pipeline.Take(type);
    if (!place) return placed + "!";
    placed += place->ends_segment ? "|" : std::to_string(place->question);
  }
  return placed;
}

std::string Placed(std::string_view questions, std::string_view answers) {
  Pipeline pipeline;
  for (std::string_view rest = questions; !rest.empty();) {
    const std::size_t end = std::min(rest.find('S'), rest.size() - 1) + 1;
    pipeline.Begin();
    pipeline.Ask(rest.substr(0, end));
    rest.remove_prefix(end);
  }
  std::string placed = Placed(pipeline, answers);
  if (!pipeline.empty() && !placed.ends_with('!')) placed += "…";
  return placed;
}

TEST(Pipeline, EachAnswerBelongsToItsQuestion) {
  struct Case {
    const char* name;
    const char* questions;
    const char* answers;
    const char* placed;
  };
  const Case cases[] = {
      {"the usual", "PDBES", "1tT2DDCZ", "0112333|"},
      {"no rows", "PDBES", "1tn2CZ", "01123|"},
      {"prepared", "BES", "2DCZ", "011|"},
      {"two segments", "BESBES", "2DCZ2IZ", "011|01|"},
      {"an empty statement", "BES", "2IZ", "01|"},
      {"nothing but Sync", "SS", "ZZ", "||"},
      {"a portal that goes on", "BEES", "2DsDCZ", "01122|"},
      {"a simple query", "Q", "TDCTDCZ", "000000|"},
      {"copy out", "BYS", "2HddcCZ", "011111|"},
      {"copy in", "BYS", "2GCZ", "011|"},
      {"replication", "Q", "Wdddd", "00000…"},
      {"an error ends its segment only", "PDBESBES", "1EZ2CZ", "01|01|"},
      {"an error in the middle of rows", "BES", "2DDEZ", "0111|"},
      {"an error before anything", "PBES", "EZ", "0|"},
      {"an error of a simple query", "Q", "TDEZ", "000|"},
      {"not there yet", "BES", "2D", "01…"},
      {"an answer to nothing", "", "Z", "!"},
      {"too much", "BES", "2CZZ", "01|!"},
      {"too early an end", "BES", "2Z", "0!"},
      {"a row without a bind", "BES", "D", "!"},
      {"rows after their end", "BES", "2CD", "01!"},
      {"a second error", "BES", "EE", "0!"},
      {"more after an error", "BES", "2EC", "01!"},
      {"a description without parameters", "PDBES", "1T", "0!"},
      {"COPY where there is none", "BES", "2G", "0!"},
      {"COPY both ways where there is none", "BYS", "2W", "0!"},
      {"the next segment's answer", "BESBES", "2C2", "01!"},
      {"an answer to what was not asked", "S", "1", "!"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(Placed(c.questions, c.answers), c.placed);
  }
}

TEST(Pipeline, ASegmentMayStayOpen) {
  Pipeline pipeline;
  EXPECT_EQ(pipeline.Begin(), 0u);
  pipeline.Ask("BE");
  EXPECT_TRUE(pipeline.is_open());
  EXPECT_EQ(Placed(pipeline, "2Ds"), "011");
  EXPECT_FALSE(pipeline.awaits_answer());
  EXPECT_EQ(Placed(pipeline, "Z"), "!") << "there was no Sync yet";
  pipeline.Ask("E");
  EXPECT_TRUE(pipeline.awaits_answer());
  EXPECT_EQ(Placed(pipeline, "DE"), "22");
  EXPECT_FALSE(pipeline.awaits_answer()) << "after an error only a Sync is answered";
  pipeline.Ask("S");
  EXPECT_TRUE(pipeline.awaits_answer());
  EXPECT_EQ(Placed(pipeline, "Z"), "|");
  EXPECT_EQ(pipeline.Begin(), 1u);
}

}  // namespace
}  // namespace tidemill::postgres
