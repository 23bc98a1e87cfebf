// The checks of `tidemill doctor`. Each looks at one thing of the machine or the settings and says what to
// do.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/settings.h"

namespace tidemill::cli {

enum class Verdict : std::uint8_t { kOk, kWarn, kFail };

struct Diagnosis {
  Verdict verdict = Verdict::kOk;
  std::string subject;  // "open files"
  std::string text;     // what was found; unless it is good, what to do
};

using Diagnoses = std::vector<Diagnosis>;

// doctor_settings.cc: settings that are accepted and still surprise.
void CheckSecrets(const config::Settings& settings, Diagnoses& out);
// doctor_tls.cc: the certificate's files, whether they match, when it expires.
void CheckTls(const config::Settings& settings, Diagnoses& out);
// doctor_network.cc: whether the addresses are free, and who has them; the accept queue.
void CheckAddresses(const config::Settings& settings, Diagnoses& out);
void CheckAcceptQueue(Diagnoses& out);
// doctor_machine.cc
void CheckOpenFiles(const config::Settings& settings, Diagnoses& out);
void CheckCores(const config::Settings& settings, Diagnoses& out);
void CheckMemory(const config::Settings& settings, Diagnoses& out);
void CheckClock(Diagnoses& out);

}  // namespace tidemill::cli
