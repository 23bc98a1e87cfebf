// load: puts a server under load and says what it did. See options.cc for the usage.
#include <cstdio>
#include <string>
#include <string_view>

#include "load/options.h"
#include "load/report.h"
#include "load/scenarios.h"
#include "load/wire.h"

namespace {

struct Scenario {
  std::string_view name;
  void (*run)(const load::Options&, load::Report&);
};

constexpr Scenario kScenarios[] = {
    {"fanout", load::RunFanout},     {"rate", load::RunRate},       {"latency", load::RunRate},
    {"connect", load::RunConnect},   {"publish", load::RunPublish}, {"idle", load::RunIdle},
    {"storm", load::RunStorm},       {"witness", load::RunWitness}, {"neighbour", load::RunNeighbour},
    {"requests", load::RunRequests},
};

}  // namespace

int main(int argc, char** argv) {
  const load::Options options = load::ParseOptions(argc, argv);
  for (const Scenario& scenario : kScenarios) {
    if (scenario.name != options.scenario) continue;
    load::Report report;
    scenario.run(options, report);
    return report.Finish(options);
  }
  std::fprintf(stderr, "load: no scenario '%s'\n", options.scenario.c_str());
  return 2;
}
