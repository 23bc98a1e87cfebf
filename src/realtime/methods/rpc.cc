#include "realtime/methods/rpc.h"

namespace tidemill::methods {
namespace {

struct RpcParams {};

void Read(JsonReader& json, RpcParams&) { json.Skip(); }

// Nothing extends the API with procedures; the method is there so that its callers are told so.
Task<api::Outcome> Rpc(Services&, RpcParams) { co_return std::unexpected(api::kErrorNotFound); }

}  // namespace

std::vector<api::Method> RpcMethods(Services& services) {
  return {api::MakeMethod(
      "rpc", api::Effect::kReads, services, Rpc,
      {.summary = "Always answered with code 104: no procedures are defined.", .params = R"json({
                             "type": "object", "properties": {"method": {"type": "string"}, "params": {}}
                           })json"})};
}

}  // namespace tidemill::methods
