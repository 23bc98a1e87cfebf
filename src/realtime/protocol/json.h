// The JSON encoding of single messages. Codec.h is the way in; this is one half of it.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "realtime/protocol/codec.h"
#include "realtime/protocol/messages.h"

namespace tidemill::protocol {

// One command, without the newline that separates it. A null is as if the member were not there; of a
// member that is there twice the last counts; keys are compared byte by byte.
Result<Command> DecodeJsonCommand(std::string_view text);
Result<ConnectRequest> DecodeJsonConnect(std::string_view text);
Result<EmulationRequest> DecodeJsonEmulation(std::string_view text);

void AppendJsonReply(const Reply& reply, std::string& out);
// One more entry of PresenceResult: `out` is empty at first, and wants a '}' after the last.
void AppendJsonPresence(const ClientInfo& info, std::string& out);
void AppendJsonPush(const Push& push, Direction direction, std::string& out);
void AppendJsonPublicationPush(std::string_view channel, const Publication& publication, Direction direction,
                               std::string& out);
void AppendJsonDeltaPush(std::string_view channel, const PublicationDelta& publication, Direction direction,
                         std::string& out);

}  // namespace tidemill::protocol
