#include "api/commands.h"

#include <utility>

namespace tidemill::api {

Commands::Commands(ApiServices services, std::shared_ptr<const ApiSettings> settings)
    : services_(services), settings_(std::move(settings)) {}

// Nothing of ours extends the API with procedures; the method is there so that its callers are told so.
Task<Outcome> Commands::Run(RpcRequest, std::string&) { co_return std::unexpected(kErrorNotFound); }

std::expected<channels::Channel, ErrorCode> Commands::Find(std::string_view channel) const {
  return settings_->rules->Find(channel);
}

}  // namespace tidemill::api
