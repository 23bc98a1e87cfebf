// The Protobuf encoding of single messages. Codec.h is the way in; this is one half of it.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "realtime/protocol/codec.h"
#include "realtime/protocol/messages.h"
#include "realtime/protocol/wire.h"

namespace tidemill::protocol {

// One command, without the length in front. Empty is an empty command. Of a field that is there twice the
// last counts; texts must be UTF-8; a number must fit its type. What went wrong goes to `status`.
Command DecodeProtobufCommand(std::string_view message, WireStatus& status);
EmulationRequest DecodeProtobufEmulation(std::string_view message, WireStatus& status);

// One more entry of PresenceResult.
void AppendProtobufPresence(const ClientInfo& info, std::string& out);
// Each behind its length.
void AppendProtobufReply(const Reply& reply, std::string& out);
void AppendProtobufPush(const Push& push, Direction direction, std::string& out);
void AppendProtobufPublicationPush(std::string_view channel, const Publication& publication,
                                   Direction direction, std::string& out);
void AppendProtobufDeltaPush(std::string_view channel, const PublicationDelta& publication,
                             Direction direction, std::string& out);

}  // namespace tidemill::protocol
