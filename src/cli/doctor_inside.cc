#include "cli/doctor_inside.h"

#include <array>
#include <string_view>

#include "base/json_writer.h"
#include "cli/doctor_keys.h"
#include "cli/doctor_machine.h"
#include "cli/doctor_network.h"
#include "cli/doctor_postgres.h"
#include "cli/doctor_redis.h"
#include "cli/doctor_settings.h"
#include "cli/doctor_tls.h"

namespace tidemill::cli {
namespace {

constexpr std::array<std::string_view, 3> kJsonNames = {"ok", "warn", "fail"};

}  // namespace

Diagnoses ExamineFromInside(const settings::Settings& settings, const config::Sources& sources) {
  Diagnoses found;
  CheckSecrets(settings, found);
  CheckCautions(settings, sources, found);
  CheckTls(settings, found);
  CheckOpenFiles(settings, found);
  CheckAcceptQueue(found);
  CheckCores(settings, found);
  CheckMemory(settings, found);
  CheckClock(found);
  CheckKeySets(settings, found);
  CheckRedis(settings, found);
  CheckPostgres(settings, found);
  return found;
}

std::string ToJson(const Diagnoses& found) {
  std::string text;
  JsonWriter json(text);
  json.BeginArray();
  for (const Diagnosis& diagnosis : found) {
    json.BeginObject();
    json.Member("verdict", kJsonNames[static_cast<std::size_t>(diagnosis.verdict)]);
    json.Member("subject", diagnosis.subject);
    json.Member("text", diagnosis.text);
    json.EndObject();
  }
  json.EndArray();
  return text;
}

}  // namespace tidemill::cli
