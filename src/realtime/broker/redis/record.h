// The bytes of publications, joins and leaves in Redis and in its pub/sub.
//
// A stored publication and a client's info are Protobuf records. A message is one line, then a record. The
// line begins with the version of the format and the kind of message; for a publication it has the position
// in the stream. A message of another version is ignored: nodes of two versions may share a Redis during an
// upgrade.
//
//   1P<offset>:<follows>:<epoch>\n<record>   a publication; offset 0 and no epoch without a stream
//   1J\n<record>  1L\n<record>               a join, a leave
//   1E<epoch>\n                              the stream begins anew in this epoch
//
// docs/formats/redis-record.md has the fields and examples. The scripts (scripts.cc) build the first line of
// a publication themselves.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "realtime/broker/broker.h"

namespace tidemill::broker::redis_broker {

std::string EncodePublication(const Publication& publication);
// kInvalidArgument: malformed. Sets no offset.
Result<Publication> DecodePublication(std::string_view record);

std::string EncodeClientInfo(const ClientInfo& info);
Result<ClientInfo> DecodeClientInfo(std::string_view record);

struct PublicationMessage {
  StreamPosition position;
  std::uint64_t follows = 0;  // the offset right before it in the stream
  Publication publication;
};
struct JoinMessage {
  ClientInfo info;
};
struct LeaveMessage {
  ClientInfo info;
};
struct EpochMessage {
  std::string epoch;
};
using Message = std::variant<PublicationMessage, JoinMessage, LeaveMessage, EpochMessage>;

std::string EncodePublicationMessage(const Publication& publication);  // without a stream
std::string EncodeJoinMessage(const ClientInfo& info);
std::string EncodeLeaveMessage(const ClientInfo& info);
// kInvalidArgument: malformed, or of another version.
Result<Message> DecodeMessage(std::string_view text);

}  // namespace tidemill::broker::redis_broker
