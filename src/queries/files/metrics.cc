#include "queries/files/metrics.h"

#include <string>

namespace tidemill::files {
namespace {

std::array<metrics::Gauge*, kProblemKinds> ProblemGauges(metrics::Registry& registry) {
  std::array<metrics::Gauge*, kProblemKinds> gauges{};
  for (std::size_t i = 0; i < kProblemKinds; ++i) {
    gauges[i] = &registry.AddGauge("tidemill_query_file_problems", "What is wrong with the .sql files.",
                                   {{"kind", std::string(Name(static_cast<ProblemKind>(i)))}});
  }
  return gauges;
}

}  // namespace

FilesMetrics::FilesMetrics(metrics::Registry& registry)
    : files(registry.AddGauge("tidemill_query_files", "The .sql files of the folder.")),
      problems(ProblemGauges(registry)),
      scans(registry.AddCounter("tidemill_query_file_scans_total", "How often the folder was read.")),
      scan_seconds(registry.AddHistogram("tidemill_query_file_scan_seconds", "How long reading it took.",
                                         {0.001, 0.01, 0.1, 1, 10})),
      overflows(registry.AddCounter("tidemill_query_file_watch_overflows_total",
                                    "Changes that the kernel lost; the folder was read again.")),
      polling(registry.AddGauge("tidemill_query_file_watch_polling",
                                "1: the kernel tells of no changes, the folder is read again and again.")) {}

}  // namespace tidemill::files
