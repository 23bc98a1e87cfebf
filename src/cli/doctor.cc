#include "cli/doctor.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>

#include "cli/diagnosis.h"
#include "cli/doctor_machine.h"
#include "cli/doctor_network.h"
#include "cli/doctor_settings.h"
#include "cli/doctor_tls.h"
#include "cli/settings.h"

namespace tidemill::cli {
namespace {

int Examine(const SettingsOptions& options, Io io) {
  Diagnoses found;
  const Result<config::Settings> loaded = LoadSettings(options);
  if (loaded) {
    found.push_back({Verdict::kOk, "configuration", "good"});
  } else {
    found.push_back({Verdict::kFail, "configuration", loaded.error().detail});
  }
  // The machine is looked at in any case, as if the settings were the defaults.
  const config::Settings settings = loaded.value_or(config::Settings{});
  if (loaded) CheckSecrets(settings, found);
  CheckAddresses(settings, found);
  CheckTls(settings, found);
  CheckOpenFiles(settings, found);
  CheckAcceptQueue(found);
  CheckCores(settings, found);
  CheckMemory(settings, found);
  CheckClock(found);

  constexpr std::array<std::string_view, 3> kNames = {"OK", "WARN", "FAIL"};
  for (const Diagnosis& diagnosis : found) {
    Print(io, fmt::format("{:<4} {}: {}\n", kNames[static_cast<std::size_t>(diagnosis.verdict)],
                          diagnosis.subject, diagnosis.text));
  }
  const bool failed = std::ranges::find(found, Verdict::kFail, &Diagnosis::verdict) != found.end();
  return failed ? kFailed : kDone;
}

}  // namespace

CommandSpec DoctorCommand() {
  const auto options = std::make_shared<SettingsOptions>();
  return {.name = "doctor",
          .help = "Looks at the machine and the settings for what will hurt",
          .examples = "  tidemill doctor --config tidemill.toml\n",
          .settings = options.get(),
          .run = [options](Io io) { return Examine(*options, io); }};
}

}  // namespace tidemill::cli
