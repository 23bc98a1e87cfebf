#include "jobs/faktory/settings.h"

#include <fmt/format.h>

#include "config/section.h"
#include "jobs/faktory/line_reader.h"
#include "jobs/job/job.h"

namespace tidemill::faktory {
namespace {

constexpr config::Row<FaktorySettings> kFaktory[] = {
    {"listen",
     config::Of<&FaktorySettings::listen>,
     {.doc = "Where workers and producers of Faktory's protocol connect, once jobs.enabled is true. An empty "
             "list: nowhere.",
      .reload = config::Reload::kNo}},
    {"plain_tcp",
     config::Of<&FaktorySettings::plain_tcp>,
     {.doc = "Without TLS although http_server.tls has a certificate; else clients use tcp+tls://.",
      .reload = config::Reload::kNo}},
    {"password",
     config::Of<&FaktorySettings::password>,
     {.doc = "That clients must know (tcp://:password@host:7419). None is asked for while it is empty.",
      .reload = config::Reload::kNo}},
    {"description",
     config::Of<&FaktorySettings::description>,
     {.doc =
          "What INFO says that the server is. Tests of some clients do more where it has \"Enterprise\" in "
          "it.",
      .reload = config::Reload::kNo}},
    {"connections_max",
     config::Of<&FaktorySettings::connections_max>,
     {.doc = "Connections at once; one more is told \"too many connections\".",
      .min = 1,
      .max = 1'000'000,
      .reload = config::Reload::kNo}},
    {"line_bytes_max",
     config::Of<&FaktorySettings::line_bytes_max>,
     {.doc = "Bytes of one command; a client that sends more is closed.",
      .min = 1024,
      .max = 1 << 30,
      .reload = config::Reload::kNo}},
    {"job_bytes_max",
     config::Of<&FaktorySettings::job_bytes_max>,
     {.doc = "Bytes of one job.", .min = 256, .max = job::kJobBytesMax, .reload = config::Reload::kNo}},
    {"buffers_bytes_max",
     config::Of<&FaktorySettings::buffers_bytes_max>,
     {.doc = "Bytes that commands which have not arrived whole, and answers that were not taken, may take on "
             "all connections together; a quarter of it before HELLO.",
      .min = 1 << 20,
      .max = 64 * config::kGiB,
      .reload = config::Reload::kNo}},
    {"answer_timeout",
     config::Of<&FaktorySettings::answer_timeout>,
     {.doc = "How long a client may leave its answers before it is closed.",
      .min = 100,
      .max = config::kHour,
      .reload = config::Reload::kNo}},
};

void Check(const FaktorySettings& faktory, const std::string& prefix, config::Findings& findings) {
  if (faktory.description.find_first_of("\r\n") != std::string::npos) {
    findings.push_back({.key = prefix + "description", .text = ": one line"});
  }
  if (faktory.buffers_bytes_max < faktory.line_bytes_max) {
    findings.push_back({.key = prefix + "buffers_bytes_max",
                        .others = {prefix + "line_bytes_max"},
                        .text = fmt::format(" = {}: must be at least {}line_bytes_max, {}",
                                            faktory.buffers_bytes_max, prefix, faktory.line_bytes_max)});
  }
}

}  // namespace

config::Section<FaktorySettings> FaktorySection() { return {.rows = kFaktory, .check = Check}; }

}  // namespace tidemill::faktory
