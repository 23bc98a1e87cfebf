// What a run found: named figures, printed for people and written as one JSON object for bench/run.py.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "load/options.h"
#include "load/usage.h"

namespace load {

class Report {
 public:
  void Add(const std::string& name, double value);
  // p50, p99 and p99.9 of times in microseconds, as NAME_p50_us and so on; sorts them.
  void AddTimes(const std::string& name, std::vector<float>& times_us);
  // The figures must not be used; the first reason counts.
  void Void(const std::string& why);

  // Prints, writes the file if one is wanted, and gives the exit status.
  int Finish(const Options& options) const;

 private:
  std::vector<std::pair<std::string, double>> figures_;
  std::string void_because_;
};

// A stretch of a run: what the server and the generator used in it.
class Stretch {
 public:
  explicit Stretch(const Options& options);

  double Seconds() const;
  // CPU of the server so far, microseconds.
  double ServerCpu() const;
  // Adds seconds, the server's CPU per thing done and the share of its core that the server and the generator
  // had.
  void AddTo(Report& report, const std::string& cpu_name, double things) const;

 private:
  const Options& options_;
  std::int64_t begun_ns_;
  std::int64_t own_cpu_ns_;
  Usage server_;
};

}  // namespace load
