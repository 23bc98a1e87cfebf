#include "cli/doctor.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>

#include "base/log.h"
#include "cli/diagnosis.h"
#include "cli/doctor_inside.h"
#include "cli/doctor_keys.h"
#include "cli/doctor_machine.h"
#include "cli/doctor_network.h"
#include "cli/doctor_postgres.h"
#include "cli/doctor_redis.h"
#include "cli/doctor_settings.h"
#include "cli/doctor_sqlite.h"
#include "cli/doctor_tls.h"
#include "cli/settings.h"
#include "settings/settings.h"

namespace tidemill::cli {
namespace {

struct Options {
  SettingsOptions settings;
  bool json = false;
};

constexpr std::array<std::string_view, 3> kNames = {"OK", "WARN", "FAIL"};

std::string ToText(const Diagnoses& found) {
  std::string text;
  for (const Diagnosis& diagnosis : found) {
    text += fmt::format("{:<4} {}: {}\n", kNames[static_cast<std::size_t>(diagnosis.verdict)],
                        diagnosis.subject, diagnosis.text);
  }
  return text;
}

int Examine(const Options& options, Io io) {
  Diagnoses found;
  const Result<settings::Settings> loaded = LoadSettings(options.settings);
  if (loaded) {
    found.push_back({Verdict::kOk, "configuration", "good"});
  } else {
    found.push_back({Verdict::kFail, "configuration", loaded.error().detail});
  }
  // The machine is looked at in any case, as if the settings were the defaults.
  const settings::Settings settings = loaded.value_or(settings::Settings{});
  if (loaded) CheckSecrets(settings, found);
  if (loaded) CheckCautions(settings, MakeSources(options.settings), found);
  CheckAddresses(settings, found);
  CheckTls(settings, found);
  CheckOpenFiles(settings, found);
  CheckAcceptQueue(found);
  CheckCores(settings, found);
  CheckMemory(settings, found);
  CheckClock(found);
  if (loaded) {
    // What the parts of a server would log is said by the findings.
    log::Configure({.level = log::Level::kOff});
    CheckKeySets(settings, found);
    CheckRedis(settings, found);
    CheckPostgres(settings, found);
    CheckSqlite(settings, found);
  }

  Print(io, options.json ? ToJson(found) + "\n" : ToText(found));
  const bool failed = std::ranges::find(found, Verdict::kFail, &Diagnosis::verdict) != found.end();
  return failed ? kFailed : kDone;
}

}  // namespace

CommandSpec DoctorCommand() {
  const auto options = std::make_shared<Options>();
  return {
      .name = "doctor",
      .help = "Looks at the machine, the settings, Redis, PostgreSQL, SQLite and key sets for what will hurt",
      .examples = "  tidemill doctor --config tidemill.toml\n",
      .parameters = {{"--json", &options->json, "Prints the findings as one line of JSON"}},
      .settings = &options->settings,
      .run = [options](Io io) { return Examine(*options, io); }};
}

}  // namespace tidemill::cli
