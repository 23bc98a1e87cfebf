#include "cli/man.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tidemill::cli {
namespace {

TEST(ManPage, ShowsWhatEachKindOfParameterTakes) {
  std::string job;
  std::string ttl = "1h";
  std::string user;
  std::vector<std::string> queues;
  bool json = false;
  const CommandSpec program{
      .name = "tidemill",
      .help = "A program",
      .commands = {{.name = "take",
                    .help = "Takes a job",
                    .parameters = {{"JOB", &job, "Which"},
                                   {"--json", &json, "Prints JSON"},
                                   {"--ttl", &ttl, "How long"},
                                   {.name = "--user", .value = &user, .help = "Who", .required = true},
                                   {"--queue", &queues, "Of these queues"}},
                    .run = [](Io) { return kDone; }}}};
  const std::string page = ManPage(program);
  for (const std::string_view part : {
           ".SS take\n\\fBtidemill take\\fR [\\fIOPTIONS\\fR] \\fIJOB\\fR\n",
           ".TP\n\\fIJOB\\fR\nWhich\n",
           ".TP\n\\fB\\-\\-json\\fR\nPrints JSON\n",
           ".TP\n\\fB\\-\\-ttl\\fR \\fITEXT\\fR (else 1h)\nHow long\n",
           ".TP\n\\fB\\-\\-user\\fR \\fITEXT\\fR (required)\nWho\n",
           ".TP\n\\fB\\-\\-queue\\fR \\fITEXT\\fR ...\nOf these queues\n",
       }) {
    EXPECT_TRUE(page.contains(part)) << part << "\nis not in\n" << page;
  }
}

}  // namespace
}  // namespace tidemill::cli
