#include "jobs/job_api/jid_params.h"

namespace tidemill::jobs {
namespace {

constexpr Member<JidParams> kJidMembers[] = {Required<&JidParams::jid>("jid")};

}  // namespace

void Read(JsonReader& json, JidParams& params) { ReadMembers(json, params, kJidMembers); }

constinit const std::string_view kJidParamsSchema = R"json({
  "type": "object",
  "properties": {"jid": {"type": "string", "description": "The job's id."}},
  "required": ["jid"],
  "examples": [{"jid": "QcFLwPsYLWuCbrJHmAkTxzyv"}]
})json";

}  // namespace tidemill::jobs
