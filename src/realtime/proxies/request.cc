#include "realtime/proxies/request.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/base64.h"
#include "base/json.h"

namespace tidemill::proxies {
namespace {

class Body {
 public:
  Body(const Asker& asker, Payloads payloads) : payloads_(payloads) {
    json_.BeginObject();
    json_.Member("client", asker.client);
    json_.Member("transport", asker.transport);
    json_.Member("protocol", asker.protocol);
    json_.Member("encoding", payloads == Payloads::kBase64 ? "binary" : "json");
  }

  void User(const Asker& asker) { json_.Member("user", asker.user); }
  void Text(JsonName name, std::string_view text) {
    if (!text.empty()) json_.Member(name, text);
  }
  void Meta(const Asker& asker) {
    if (!asker.meta.empty()) json_.RawMember("meta", asker.meta);
  }
  void Data(std::string_view data) {
    if (data.empty()) return;
    if (payloads_ == Payloads::kBase64) {
      json_.Member("b64data", Base64Encode(data, Base64::kStandard));
    } else if (IsJson(data)) {
      json_.RawMember("data", data);
    } else {
      has_binary_ = true;
    }
  }
  JsonWriter& json() { return json_; }

  std::string Take() {
    json_.EndObject();
    return std::move(text_);
  }
  Result<std::string> Finish() {
    if (!has_binary_) return Take();
    return Fail(Errc::kInvalidArgument, "the client's data are not JSON, and binary_encoding is off");
  }

 private:
  const Payloads payloads_;
  std::string text_;
  JsonWriter json_{text_};
  bool has_binary_ = false;
};

bool Has(const HeaderList& headers, std::string_view name) {
  return std::ranges::any_of(headers,
                             [name](const auto& header) { return EqualIgnoringCase(header.first, name); });
}

}  // namespace

Result<std::string> ConnectBody(const Asker& asker, const protocol::ConnectRequest& request,
                                Payloads payloads) {
  Body body(asker, payloads);
  body.Data(request.data);
  body.Text("name", request.name);
  body.Text("version", request.version);
  if (!request.subs.empty()) {
    body.json().Key("channels");
    body.json().BeginArray();
    for (const auto& [channel, sub] : request.subs) body.json().String(channel);
    body.json().EndArray();
  }
  return body.Finish();
}

Result<std::string> SubscribeBody(const Asker& asker, const protocol::SubscribeRequest& request,
                                  Payloads payloads) {
  Body body(asker, payloads);
  body.User(asker);
  body.Text("channel", request.channel);
  body.Text("token", request.token);
  body.Meta(asker);
  body.Data(request.data);
  return body.Finish();
}

Result<std::string> PublishBody(const Asker& asker, const protocol::PublishRequest& request,
                                Payloads payloads) {
  Body body(asker, payloads);
  body.User(asker);
  body.Text("channel", request.channel);
  body.Data(request.data);
  body.Meta(asker);
  return body.Finish();
}

Result<std::string> KeyBody(const Asker& asker, const protocol::PublishRequest& request, Payloads payloads) {
  Body body(asker, payloads);
  body.Text("user", asker.user);
  body.Text("channel", request.channel);
  body.Text("key", request.key);
  if (!request.removed) body.Data(request.data);
  body.Meta(asker);
  return body.Finish();
}

Result<std::string> RpcBody(const Asker& asker, std::string_view method, std::string_view data,
                            Payloads payloads) {
  Body body(asker, payloads);
  body.User(asker);
  body.Text("method", method);
  body.Data(data);
  body.Meta(asker);
  return body.Finish();
}

std::string RefreshBody(const Asker& asker, Payloads payloads) {
  Body body(asker, payloads);
  body.User(asker);
  body.Meta(asker);
  return body.Take();
}

std::string SubRefreshBody(const Asker& asker, std::string_view channel, Payloads payloads) {
  Body body(asker, payloads);
  body.User(asker);
  body.Text("channel", channel);
  body.Meta(asker);
  return body.Take();
}

std::string PollBody(const polls::Question& question) {
  std::string text;
  JsonWriter json(text);
  json.BeginObject();
  json.Member("channel", question.channel);
  json.Key("items");
  json.BeginArray();
  for (const polls::Asked& item : question.items) {
    json.BeginObject();
    json.Member("key", item.key);
    if (question.versioned) json.Member("version", item.version);
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  return text;
}

bool Names(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::any_of(names,
                             [name](const std::string& each) { return EqualIgnoringCase(each, name); });
}

HeaderList HeadersOf(const HeaderList& fixed, const HeaderNames& names, const HeaderList& handshake,
                     const HeaderList& connect) {
  HeaderList all = {{"Content-Type", "application/json"}};
  HeaderList clients;
  for (const auto& header : handshake) {
    if (Names(names.handshake, header.first)) clients.push_back(header);
  }
  for (const auto& header : connect) {
    if (Names(names.connect, header.first) && !Has(clients, header.first)) clients.push_back(header);
  }
  for (const auto& header : fixed) {
    if (!Has(clients, header.first)) all.push_back(header);
  }
  all.insert(all.end(), clients.begin(), clients.end());
  return all;
}

}  // namespace tidemill::proxies
