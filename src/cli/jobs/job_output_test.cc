#include "cli/jobs/job_output.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tidemill::cli {
namespace {

using Lines = std::vector<std::string>;

TEST(JobOutput, KeepsBothStreamsAsLinesHoweverTheyCome) {
  JobOutput output;
  output.OnOutput(Stream::kOut, "one\ntw");
  output.OnOutput(Stream::kErr, "warning\r\n");
  output.OnOutput(Stream::kOut, "o\n\nlast");
  EXPECT_EQ(output.TakeLog(2), (Lines{"one", "warning"}));
  output.End();
  EXPECT_EQ(output.TakeLog(100), (Lines{"two", "", "last"}));
  EXPECT_FALSE(output.has_news());
  EXPECT_EQ(output.errors().back(), "warning");
}

TEST(JobOutput, TheResultIsTheLastLineIfItIsJson) {
  struct Case {
    const char* out;
    const char* result;
  };
  const Case cases[] = {
      {"working\n{\"sent\":3}\n\n", R"({"sent":3})"},
      {"{\"sent\":3}", R"({"sent":3})"},
      {"{\"sent\":3}\ndone\n", ""},
      {"", ""},
      {"[1,2\n", ""},
      {"{\"a\":1}\n::progress 100 all\n", R"({"a":1})"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.out);
    JobOutput output;
    output.OnOutput(Stream::kErr, "{\"error\":1}\n");
    output.OnOutput(Stream::kOut, c.out);
    output.End();
    EXPECT_EQ(output.Result(), c.result);
  }
}

TEST(JobOutput, ALineOfProgressIsNoLineOfTheLog) {
  JobOutput output;
  output.OnOutput(Stream::kOut, "::progress 10 page 1\n::progress 40% page 4 of 10\n");
  EXPECT_EQ(output.TakeProgress(), (Progress{.percent = 40, .text = "page 4 of 10"}));
  EXPECT_EQ(output.TakeProgress(), std::nullopt);
  EXPECT_FALSE(output.has_log());
  output.OnOutput(Stream::kOut, "::progress 101 x\n::progress soon\n::progressive\n");
  EXPECT_EQ(output.TakeProgress(), std::nullopt);
  EXPECT_EQ(output.TakeLog(9).size(), 3u);
}

TEST(JobOutput, IsBounded) {
  JobOutput output;
  for (int i = 0; i < 20; ++i) output.OnOutput(Stream::kOut, std::string(10'000, 'x'));
  output.OnOutput(Stream::kOut, "\n");
  EXPECT_EQ(output.TakeLog(1).front().size(), kLogLineBytesMax);
  for (std::size_t i = 0; i < 3 * kLogLinesMax; ++i) output.OnOutput(Stream::kErr, "line\n");
  const Lines kept = output.TakeLog(100'000);
  EXPECT_EQ(kept.size(), kLogLinesMax);
  EXPECT_EQ(kept.back(), "… what follows is not kept");
  EXPECT_EQ(output.errors().size(), kErrorLinesMax);
}

}  // namespace
}  // namespace tidemill::cli
