// What stands in Redis and travels through its pub/sub: publications, joins, leaves, in bytes.
//
// A stored publication and a client's info are Protobuf records; a message is a line that says what it is
// and, for a publication, where it stands in the stream, followed by the record. The line begins with the
// version of the format; messages of another version are ignored, so that nodes of both can share a Redis
// while they are exchanged one by one.
//
//   1P<offset>:<follows>:<epoch>\n<record>   a publication; offset 0 and no epoch without a stream
//   1J\n<record>  1L\n<record>               a join, a leave
//   1E<epoch>\n                              the stream begins anew in this epoch
//
// The scripts (scripts.cc) build the first line of a publication themselves.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "realtime/broker/broker.h"

namespace tidemill::broker::redis_broker {

std::string EncodePublication(const Publication& publication);
// kInvalidArgument. The offset is the caller's to set.
Result<Publication> DecodePublication(std::string_view record);

std::string EncodeClientInfo(const ClientInfo& info);
Result<ClientInfo> DecodeClientInfo(std::string_view record);

struct LivePublication {
  StreamPosition position;
  std::uint64_t follows = 0;  // the offset it directly comes after
  Publication publication;
};
struct JoinMessage {
  ClientInfo info;
};
struct LeaveMessage {
  ClientInfo info;
};
struct NewEpoch {
  std::string epoch;
};
using Message = std::variant<LivePublication, JoinMessage, LeaveMessage, NewEpoch>;

std::string PublicationMessage(const Publication& publication);  // without a stream
std::string JoinText(const ClientInfo& info);
std::string LeaveText(const ClientInfo& info);
// kInvalidArgument: malformed, or of another version.
Result<Message> DecodeMessage(std::string_view text);

}  // namespace tidemill::broker::redis_broker
