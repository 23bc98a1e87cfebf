#include "load/report.h"

#include <algorithm>
#include <cstdio>

#include "load/wire.h"

namespace load {
namespace {

double Percentile(const std::vector<float>& sorted, double share) {
  if (sorted.empty()) return 0;
  return static_cast<double>(
      sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))]);
}

}  // namespace

void Report::Add(const std::string& name, double value) { figures_.emplace_back(name, value); }

void Report::AddTimes(const std::string& name, std::vector<float>& times_us) {
  std::sort(times_us.begin(), times_us.end());
  Add(name + "_p50_us", Percentile(times_us, 0.5));
  Add(name + "_p99_us", Percentile(times_us, 0.99));
  Add(name + "_p999_us", Percentile(times_us, 0.999));
}

void Report::Void(const std::string& why) {
  if (void_because_.empty()) void_because_ = why;
}

int Report::Finish(const Options& options) const {
  std::string json = "{\"scenario\":\"" + options.scenario + "\"";
  for (const auto& [name, value] : figures_) {
    char text[64];
    std::snprintf(text, sizeof(text), "%.6g", value);
    std::printf("%-28s %s\n", name.c_str(), text);
    json += ",\"" + name + "\":" + text;
  }
  if (!void_because_.empty()) json += ",\"void\":\"" + void_because_ + "\"";
  json += "}\n";
  if (!options.json_out.empty()) {
    std::FILE* const file = std::fopen(options.json_out.c_str(), "w");
    if (file == nullptr) Die("cannot write " + options.json_out);
    std::fputs(json.c_str(), file);
    std::fclose(file);
  }
  if (void_because_.empty()) return 0;
  std::fprintf(stderr, "load: void: %s\n", void_because_.c_str());
  return 3;
}

Stretch::Stretch(const Options& options)
    : options_(options),
      begun_ns_(Now()),
      own_cpu_ns_(OwnCpu()),
      server_(UsageOf(options.server_pids, options.server_core)) {}

double Stretch::Seconds() const { return static_cast<double>(Now() - begun_ns_) / 1e9; }

double Stretch::ServerCpu() const {
  return static_cast<double>(UsageOf(options_.server_pids, options_.server_core).cpu_ns - server_.cpu_ns) /
         1e3;
}

void Stretch::AddTo(Report& report, const std::string& cpu_name, double things) const {
  const double seconds = Seconds();
  const double cpu_us = ServerCpu();
  const double own = static_cast<double>(OwnCpu() - own_cpu_ns_) / 1e9 / seconds;
  report.Add("seconds", seconds);
  report.Add(cpu_name, things > 0 ? cpu_us / things : 0);
  report.Add("server_cpu_share", cpu_us / 1e6 / seconds);
  report.Add("generator_cpu_share", own);
}

}  // namespace load
