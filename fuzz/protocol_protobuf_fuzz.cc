// links: protocol
// A Protobuf frame never crashes the reader; what it accepts protozero reads as well; replies and pushes made
// of it are read back by protozero to the same values.
#include <cstdint>
#include <protozero/pbf_reader.hpp>

#include "base/assert.h"
#include "realtime/protocol/codec.h"

namespace {

using namespace tidemill::protocol;

// The message in `out`, behind its length.
protozero::pbf_reader MessageIn(std::string_view out) {
  const char* at = out.data();
  const char* const end = out.data() + out.size();
  const std::uint64_t length = protozero::decode_varint(&at, end);
  TM_ASSERT(length == static_cast<std::uint64_t>(end - at));
  return {at, static_cast<std::size_t>(end - at)};
}

Publication PublicationIn(protozero::pbf_reader message) {
  Publication publication;
  while (message.next()) {
    if (message.tag() == 4) {
      publication.data = message.get_string();
    } else if (message.tag() == 6) {
      publication.offset = message.get_uint64();
    } else {
      message.skip();
    }
  }
  return publication;
}

void CheckPush(const PublishRequest& request) {
  const Publication publication{.data = request.data,
                                .info = ClientInfo{.user = request.key, .client = request.channel},
                                .offset = request.data.size(),
                                .tags = {{request.key, request.channel}}};
  std::string out;
  AppendPublicationPush(Encoding::kProtobuf, request.channel, publication, out);
  protozero::pbf_reader reply = MessageIn(out);
  TM_ASSERT(reply.next(4));
  protozero::pbf_reader push = reply.get_message();
  std::string channel;
  Publication read;
  while (push.next()) {
    if (push.tag() == 2) {
      channel = push.get_string();
    } else if (push.tag() == 4) {
      read = PublicationIn(push.get_message());
    } else {
      push.skip();
    }
  }
  TM_ASSERT(channel == request.channel);
  TM_ASSERT(read.data == request.data);
  TM_ASSERT(read.offset == request.data.size());
}

void CheckReply(const ConnectRequest& request) {
  ConnectResult result{.client = request.name, .data = request.data};
  for (const auto& [channel, sub] : request.subs) {
    result.subs.emplace_back(channel, SubscribeResult{.epoch = sub.epoch, .offset = sub.offset});
  }
  std::string out;
  AppendReply(Encoding::kProtobuf, {1, std::move(result)}, out);
  protozero::pbf_reader reply = MessageIn(out);
  TM_ASSERT(reply.next(5));
  protozero::pbf_reader connect = reply.get_message();
  std::size_t subs = 0;
  while (connect.next()) {
    if (connect.tag() == 6) ++subs;
    connect.skip();
  }
  TM_ASSERT(subs == request.subs.size());
}

// The number of messages; throws where it does not read them.
std::size_t CountWithProtozero(std::string_view frame) {
  const char* at = frame.data();
  const char* const end = at + frame.size();
  std::size_t count = 0;
  for (; at != end; ++count) {
    const std::uint64_t length = protozero::decode_varint(&at, end);
    protozero::pbf_reader message(at, length);
    while (message.next()) message.skip();
    at += length;
  }
  return count;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view frame(reinterpret_cast<const char*>(data), size);
  CommandReader reader(Encoding::kProtobuf, frame);
  std::size_t commands = 0;
  bool accepted = false;
  for (;;) {
    const auto command = reader.Next();
    accepted = command.has_value();
    if (!command || !*command) break;
    ++commands;
    if (const auto* publish = std::get_if<PublishRequest>(&(*command)->request)) CheckPush(*publish);
    if (const auto* connect = std::get_if<ConnectRequest>(&(*command)->request)) CheckReply(*connect);
  }
  (void)ReadEmulationRequest(Encoding::kProtobuf, frame);
  if (!accepted) return 0;

  try {
    TM_ASSERT(CountWithProtozero(frame) == commands);
  } catch (const protozero::invalid_tag_exception&) {
    // It refuses the field numbers 19000 to 19999, which are only reserved.
  } catch (const protozero::unknown_pbf_wire_type_exception&) {
    // It knows no groups.
  }
  return 0;
}
