// What a check of `tidemill doctor` found: one line of its output.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tidemill::cli {

enum class Verdict : std::uint8_t { kOk, kWarn, kFail };

struct Diagnosis {
  Verdict verdict = Verdict::kOk;
  std::string subject;  // "open files"
  std::string text;     // what was found; unless it is good, what to do
};

using Diagnoses = std::vector<Diagnosis>;

}  // namespace tidemill::cli
