// What the operator's service is asked: the JSON body and the headers of a call. Fields and their names are
// those of Centrifugo's proxies.
//
// Pure functions over values.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "realtime/polls/source.h"
#include "realtime/protocol/messages.h"
#include "realtime/proxies/transforms.h"

namespace tidemill::proxies {

// How payloads are sent.
enum class Payloads : bool { kJson, kBase64 };

// The client that the question is about; borrowed.
struct Asker {
  std::string client;
  std::string_view transport;
  std::string_view protocol;  // "json" or "protobuf"
  std::string_view user;
  std::string_view meta = "";  // JSON; "": none is sent
};

// Each: kInvalidArgument, the client's data are not JSON and go as JSON.
Result<std::string> ConnectBody(const Asker& asker, const protocol::ConnectRequest& request,
                                Payloads payloads);
Result<std::string> SubscribeBody(const Asker& asker, const protocol::SubscribeRequest& request,
                                  Payloads payloads);
Result<std::string> PublishBody(const Asker& asker, const protocol::PublishRequest& request,
                                Payloads payloads);
// Of a key that is published, or removed.
Result<std::string> KeyBody(const Asker& asker, const protocol::PublishRequest& request, Payloads payloads);
Result<std::string> RpcBody(const Asker& asker, std::string_view method, std::string_view data,
                            Payloads payloads);
std::string RefreshBody(const Asker& asker, Payloads payloads);
// Of the keys of a polled channel.
std::string PollBody(const polls::Question& question);
std::string SubRefreshBody(const Asker& asker, std::string_view channel, Payloads payloads);

// Which headers of a client are passed on: names, whatever their case.
struct HeaderNames {
  std::vector<std::string> handshake;
  std::vector<std::string> connect;
};

// Those that are always sent, without the ones that the client has; then the client's, of which those of its
// connection go before those of its connect command; and the content's type.
HeaderList HeadersOf(const HeaderList& fixed, const HeaderNames& names, const HeaderList& handshake,
                     const HeaderList& connect);

// Whether the list has that name, whatever its case.
bool Names(const std::vector<std::string>& names, std::string_view name);

}  // namespace tidemill::proxies
